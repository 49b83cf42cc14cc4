//! Tables of text.

/// Rows of as many cells beneath each other, `right` being the columns of numbers.
pub fn aligned<R: AsRef<[String]>>(rows: &[R], right: &[usize]) -> String {
    let mut widths = Vec::new();
    for row in rows {
        let cells = row.as_ref();
        widths.resize(cells.len().max(widths.len()), 0);
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &R| {
        let cells = row.as_ref().iter().zip(&widths).enumerate();
        let cells = cells.map(|(at, (cell, &width))| match right.contains(&at) {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        format!("{}\n", line.trim_end())
    };
    rows.iter().map(line).collect()
}

/// At most so many characters of a text.
pub fn cut(text: &str, most: usize) -> String {
    match text.chars().count() > most {
        true => text.chars().take(most - 1).chain(['…']).collect(),
        false => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = |cells: [&str; 3]| cells.map(String::from);
        let rows = [row(["name", "n", "über"]), row(["a", "100", ""])];
        assert_eq!(aligned(&rows, &[1]), "name    n  über\na     100\n");
        assert_eq!(aligned::<Vec<String>>(&[], &[]), "");
        assert_eq!(
            (cut("über", 4), cut("übers", 4)),
            ("über".into(), "übe…".into())
        );
    }
}
