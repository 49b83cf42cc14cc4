//! Tables in Markdown.

/// A table. The heads and each row have as many cells.
pub fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| {
        let cells: Vec<String> = cells
            .into_iter()
            .map(|cell| match cell.is_empty() {
                true => " ".into(),
                false => format!(" {} ", escaped(&cell)),
            })
            .collect();
        format!("|{}|\n", cells.join("|"))
    };
    let mut text = line(heads.iter().map(|head| (*head).into()).collect());
    text += &format!("|{}\n", "---|".repeat(heads.len()));
    for row in rows {
        text += &line(row.clone());
    }
    text
}

/// A paragraph, in lines no longer than the page's, but for longer words.
pub fn paragraph(text: &str) -> String {
    const MOST: usize = 92;
    let mut lines = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let more = word.chars().count();
        if length > 0 && length + 1 + more > MOST {
            lines.push('\n');
            length = 0;
        } else if length > 0 {
            lines.push(' ');
            length += 1;
        }
        lines += word;
        length += more;
    }
    lines + "\n"
}

/// A cell has no bars and no lines of its own.
fn escaped(cell: &str) -> String {
    cell.replace('|', "\\|").replace('\n', " ")
}

/// What failed, in the place of a figure. The last sentence of an error may be long.
pub fn failed(error: &str) -> String {
    const MOST: usize = 80;
    let line = error.lines().next().unwrap_or_default();
    match line.chars().count() > MOST {
        true => format!("failed: {}…", line.chars().take(MOST).collect::<String>()),
        false => format!("failed: {line}"),
    }
}

/// Notes below a table, and their marks in it.
#[derive(Default)]
pub struct Notes(Vec<String>);

impl Notes {
    /// The mark of a note; the same note has the same.
    pub fn mark(&mut self, note: &str) -> String {
        let known = self.0.iter().position(|known| known == note);
        let at = known.unwrap_or_else(|| {
            self.0.push(note.into());
            self.0.len() - 1
        });
        superscript(at + 1)
    }

    /// A line for each note, after an empty one.
    pub fn text(&self) -> String {
        let lines = self.0.iter().enumerate();
        let lines: Vec<String> = lines
            .map(|(at, note)| format!("{} {note}", superscript(at + 1)))
            .collect();
        match lines.is_empty() {
            true => String::new(),
            // Two spaces end a line.
            false => format!("\n{}\n", lines.join("  \n")),
        }
    }
}

fn superscript(number: usize) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digits = number.to_string();
    let digits = digits.bytes().map(|digit| usize::from(digit - b'0'));
    digits.map(|digit| DIGITS[digit]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_line_a_row() {
        let rows = [vec!["a|b".into(), String::new()]];
        assert_eq!(
            table(&["", "x"], &rows),
            "| | x |\n|---|---|\n| a\\|b | |\n"
        );
    }

    #[test]
    fn paragraphs_have_lines_of_the_page() {
        let words = ["ten-chars,"; 20].join(" ");
        let text = paragraph(&words);
        let lengths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert_eq!(lengths, [87, 87, 43]);
        assert_eq!(text.replace('\n', " ").trim(), words);
        assert_eq!(paragraph("µ"), "µ\n");
    }

    #[test]
    fn notes_are_numbered_once() {
        let mut notes = Notes::default();
        assert_eq!(notes.text(), "");
        assert_eq!(
            ["a", "b", "a"].map(|note| notes.mark(note)),
            ["¹", "²", "¹"]
        );
        assert_eq!(notes.text(), "\n¹ a  \n² b\n");
        assert_eq!(superscript(12), "¹²");
    }
}
