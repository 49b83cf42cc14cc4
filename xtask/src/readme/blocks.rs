//! The marked blocks of a page: `<!-- bench: train -->` … `<!-- end -->`, each marker a line
//! of its own. What is between is generated.

use std::ops::Range;

use anyhow::{bail, ensure};

/// A block of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// `bench: train`.
    pub name: String,
    /// Of its first marker, from 1.
    pub line: usize,
    /// The bytes of the page that are between the markers.
    pub inside: Range<usize>,
}

/// What comments that are markers begin with.
const KINDS: [&str; 2] = ["bench", "results"];

/// A marker.
enum Marker {
    Begin(String),
    End,
}

/// The blocks of a page, in its order.
///
/// # Errors
/// A block that does not end, or an end without beginning: names the line.
pub fn blocks(page: &str) -> anyhow::Result<Vec<Block>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let mut at = 0;
    for (number, line) in page.split_inclusive('\n').enumerate() {
        let number = number + 1;
        let next = at + line.len();
        match (marker(line), open.take()) {
            (None, block) => open = block,
            (Some(Marker::Begin(name)), None) => {
                open = Some(Block {
                    name,
                    line: number,
                    inside: next..next,
                });
            }
            (Some(Marker::Begin(name)), Some(block)) => bail!(
                "line {number}: block `{name}` begins inside of `{}`, which has no <!-- end --> \
                 since line {}",
                block.name,
                block.line
            ),
            (Some(Marker::End), Some(block)) => blocks.push(Block {
                inside: block.inside.start..at,
                ..block
            }),
            (Some(Marker::End), None) => {
                bail!("line {number}: <!-- end --> without a block that begins")
            }
        }
        at = next;
    }
    if let Some(block) = open {
        bail!(
            "line {}: block `{}` has no <!-- end -->",
            block.line,
            block.name
        );
    }
    ensure!(
        !blocks.is_empty(),
        "no block is marked, such as <!-- bench: train --> … <!-- end -->"
    );
    Ok(blocks)
}

/// The marker that a line is. Other comments are none.
fn marker(line: &str) -> Option<Marker> {
    let inner = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    let inner = inner.trim();
    if inner == "end" {
        return Some(Marker::End);
    }
    let (kind, name) = inner.split_once(':')?;
    let kind = kind.trim();
    KINDS
        .contains(&kind)
        .then(|| Marker::Begin(format!("{kind}: {}", name.trim())))
}

/// The page with `texts` in its blocks, one for each.
pub fn filled(page: &str, blocks: &[Block], texts: &[String]) -> String {
    let mut filled = String::new();
    let mut from = 0;
    for (block, text) in blocks.iter().zip(texts) {
        filled += &page[from..block.inside.start];
        filled += text;
        from = block.inside.end;
    }
    filled + &page[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# A\n<!-- a comment: yes -->\n<!-- bench: train -->\nold\n<!-- end -->\n\
                        prose\n<!--results:accuracy-->\n<!-- end -->\nend";

    #[test]
    fn blocks_are_found_and_filled() {
        let found = blocks(PAGE).unwrap();
        let names: Vec<_> = found.iter().map(|b| (b.name.as_str(), b.line)).collect();
        assert_eq!(names, [("bench: train", 3), ("results: accuracy", 7)]);
        assert_eq!(&PAGE[found[0].inside.clone()], "old\n");
        let page = filled(PAGE, &found, &["new\n".into(), "more\n".into()]);
        assert_eq!(
            page,
            "# A\n<!-- a comment: yes -->\n<!-- bench: train -->\nnew\n<!-- end -->\n\
             prose\n<!--results:accuracy-->\nmore\n<!-- end -->\nend"
        );
    }

    #[test]
    fn what_is_not_closed_or_opened_is_named_with_its_line() {
        let problem = |page: &str| blocks(page).unwrap_err().to_string();
        assert_eq!(
            problem("a\n<!-- bench: train -->\nb\n<!-- ned -->\n"),
            "line 2: block `bench: train` has no <!-- end -->"
        );
        assert_eq!(
            problem("<!-- bench: train -->\n<!-- bench: data -->\n<!-- end -->\n"),
            "line 2: block `bench: data` begins inside of `bench: train`, which has no \
             <!-- end --> since line 1"
        );
        assert_eq!(
            problem("\n<!-- end -->\n"),
            "line 2: <!-- end --> without a block that begins"
        );
        assert!(problem("nothing\n").starts_with("no block is marked"));
    }
}
