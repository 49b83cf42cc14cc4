//! `cargo xtask readme`: the README's tables, out of the files of measurements.

mod accuracy;
mod blocks;
mod compare;
mod data;
mod diff;
mod markdown;
mod origin;
mod overhead;
mod time_to_accuracy;
mod train;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};

use self::{
    blocks::{Block, blocks, filled},
    diff::diff,
};
use crate::{
    accuracy::standings,
    bench::{cases::Ratio, compare::record::Record},
    csv_file::{read, write_whole},
};

const PAGE: &str = "README.md";

/// Makes the page of a file of measurements.
type Make = fn(&Path) -> anyhow::Result<String>;

/// A block: its name, its file, how it is made, and the command that makes the file.
const BENCHES: [(&str, &str, Make, &str); 5] = [
    (
        "bench: train",
        "train.csv",
        |file| train::block(&read(file)?),
        "cargo xtask bench train --python PYTHON",
    ),
    (
        "bench: time-to-accuracy",
        "time-to-accuracy.csv",
        |file| time_to_accuracy::block(&read(file)?),
        "cargo xtask bench time-to-accuracy --data-dir DIR --python PYTHON",
    ),
    (
        "bench: data",
        "data.csv",
        |file| data::block(&read(file)?),
        "cargo xtask bench data --data-dir DIR --python PYTHON",
    ),
    (
        "bench: overhead",
        "overhead.csv",
        |file| overhead::block(&read(file)?),
        "cargo xtask bench overhead",
    ),
    (
        "bench: compare",
        "compare.json",
        |file| compare::block(&Record::read(file)?),
        "cargo xtask bench compare",
    ),
];
const ACCURACY: &str = "results: accuracy";

/// Writes the README's blocks again, or only checks them.
pub fn run(check: bool) -> anyhow::Result<()> {
    let path = crate::root().join(PAGE);
    let shown = || path.display().to_string();
    let page = fs::read_to_string(&path).with_context(shown)?;
    let new = made(&page, crate::root()).context(PAGE)?;
    if check {
        return same(&page, &new);
    }
    match page == new.page {
        true => println!("{PAGE} is as it should be"),
        false => {
            write_whole(&path, new.page.as_bytes())?;
            println!("{}", path.display());
        }
    }
    Ok(())
}

/// A page with its blocks made anew.
struct Made {
    page: String,
    blocks: Vec<Block>,
    texts: Vec<String>,
}

fn made(page: &str, root: &Path) -> anyhow::Result<Made> {
    let blocks = blocks(page)?;
    let texts = blocks.iter().map(|block| {
        let text = text(&block.name, root);
        text.with_context(|| format!("line {}: block `{}`", block.line, block.name))
    });
    let texts = texts.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Made {
        page: filled(page, &blocks, &texts),
        blocks,
        texts,
    })
}

/// What belongs into a block of that name.
fn text(name: &str, root: &Path) -> anyhow::Result<String> {
    if name == ACCURACY {
        return accuracy::block(&standings(root)?);
    }
    let bench = BENCHES.iter().find(|(known, ..)| *known == name);
    let Some((_, file, make, command)) = bench else {
        let known = BENCHES.iter().map(|(name, ..)| *name);
        let known: Vec<&str> = known.chain([ACCURACY]).collect();
        bail!("there is no such block; there are {}", known.join(", "));
    };
    let shown = PathBuf::from("assets/bench").join(file);
    let path = root.join(&shown);
    ensure!(
        path.exists(),
        "there is no {}: `{command}` makes it",
        shown.display()
    );
    make(&path).with_context(|| format!("{}", shown.display()))
}

/// Whether nothing would be written.
fn same(page: &str, new: &Made) -> anyhow::Result<()> {
    let mut problems = String::new();
    for (block, text) in new.blocks.iter().zip(&new.texts) {
        let old = &page[block.inside.clone()];
        if old != text {
            problems += &format!(
                "line {}: block `{}` is not what the measurements say:\n{}",
                block.line,
                block.name,
                diff(old, text)
            );
        }
    }
    ensure!(
        problems.is_empty(),
        "{PAGE}: {problems}`cargo xtask readme` writes it again"
    );
    Ok(())
}

/// `2.6 (1.9 to 3.2)`.
fn ratio(of: Ratio) -> String {
    let decimals = match of.median {
        ..2.0 => 2,
        2.0..10.0 => 1,
        _ => 0,
    };
    let Ratio {
        median,
        lowest,
        highest,
    } = of;
    format!("{median:.decimals$} ({lowest:.decimals$} to {highest:.decimals$})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_is_not_as_measured_is_named_with_what_mends_it() {
        let root = crate::root();
        let page = "a\n<!-- bench: train -->\nold\n<!-- end -->\nb\n";
        let new = made(page, root).unwrap();
        let error = same(page, &new).unwrap_err().to_string();
        for words in [
            "README.md: line 2: block `bench: train`",
            "\n-old\n+Kiln ",
            "`cargo xtask readme` writes it again",
        ] {
            assert!(error.contains(words), "{error}");
        }
        let again = made(&new.page, root).unwrap();
        assert!(same(&new.page, &again).is_ok());
        assert_eq!(again.page, new.page);
        assert!(again.page.starts_with("a\n<!-- bench: train -->\nKiln "));
        assert!(again.page.ends_with("|\n<!-- end -->\nb\n"));
    }

    #[test]
    fn an_unknown_block_and_a_missing_file_are_named() {
        let problem =
            |page: &str| format!("{:#}", made(page, Path::new("/no/such")).err().unwrap());
        let error = problem("<!-- bench: speed -->\n<!-- end -->\n");
        assert!(
            error.starts_with(
                "line 1: block `bench: speed`: there is no such block; there are bench: train,"
            ),
            "{error}"
        );
        let error = problem("\n<!-- bench: data -->\n<!-- end -->\n");
        assert_eq!(
            error,
            "line 2: block `bench: data`: there is no assets/bench/data.csv: `cargo xtask bench data \
             --data-dir DIR --python PYTHON` makes it"
        );
    }

    #[test]
    fn ratios_have_the_digits_that_count() {
        let of = |median: f64| {
            ratio(Ratio {
                median,
                lowest: median - 0.21,
                highest: median + 0.3,
            })
        };
        assert_eq!(of(1.258), "1.26 (1.05 to 1.56)");
        assert_eq!(of(2.61), "2.6 (2.4 to 2.9)");
        assert_eq!(of(69.3), "69 (69 to 70)");
    }
}
