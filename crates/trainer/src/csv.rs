//! Tables with commas (RFC 4180).

/// A cell: in quotes, if there is something in it that would end it.
#[must_use]
pub fn csv_cell(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_cell_is_quoted() {
        // csv.writer(sys.stdout).writerow(["a b", 'a,"b"', "a\nb"]) of Python
        let cells = ["a b", "a,\"b\"", "a\nb"].map(csv_cell);
        assert_eq!(cells, ["a b", "\"a,\"\"b\"\"\"", "\"a\nb\""]);
    }
}
