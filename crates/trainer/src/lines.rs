//! Where in the TOML of a configuration something stands.

use data::augment::Augment;
use models::{
    InitOptions,
    toml_table::{self, Document, TableError},
};
use toml::de::{DeTable, DeValue};

/// The first step in `augment` of a configuration that is none. The parser's own
/// message points to the first of them all.
pub(crate) fn wrong_step(document: &Document<'_>, root: &DeTable<'_>) -> Option<TableError> {
    let DeValue::Array(steps) = root.get("augment")?.get_ref() else {
        return None;
    };
    steps.iter().enumerate().find_map(|(at, step)| {
        let name = step.get_ref().as_table().and_then(|table| {
            let name = table.get("name")?.get_ref().as_str()?;
            Some(format!(" ({name})"))
        });
        let error = toml_table::read::<Augment>(document, step, "name", &[]).err()?;
        let name = name.unwrap_or_default();
        Some(TableError {
            problem: format!("augment, step {}{name}: {}", at + 1, error.problem),
            ..error
        })
    })
}

/// What is wrong with the table `network.init` of a configuration: the parser's
/// own message has Rust's names in it.
pub(crate) fn wrong_init(document: &Document<'_>, root: &DeTable<'_>) -> Option<TableError> {
    let network = root.get("network")?.get_ref().as_table()?;
    let error = toml_table::read::<InitOptions>(document, network.get("init")?, "", &[]).err()?;
    Some(TableError {
        problem: format!("network.init: {}", error.problem),
        ..error
    })
}

/// The line (from 1) on which `key` (`optimizer.lr`, `optimizer.groups[0].lr_scale`,
/// `optimizer.freeze[1]`) stands in TOML `text`.
#[must_use]
pub fn line_of(text: &str, key: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let mut table = root.get_ref();
    let mut parts = key.split('.').peekable();
    while let Some(part) = parts.next() {
        let (name, index) = match part.strip_suffix(']').and_then(|p| p.split_once('[')) {
            Some((name, index)) => (name, Some(index.parse::<usize>().ok()?)),
            None => (part, None),
        };
        let (name, mut value) = table.get_key_value(name)?;
        let mut start = name.span().start;
        if let Some(index) = index {
            value = value.get_ref().as_array()?.get(index)?;
            start = value.span().start;
        }
        if parts.peek().is_none() {
            return Some(Document::new(text).line(start));
        }
        table = value.get_ref().as_table()?;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::TrainConfig;

    #[test]
    fn a_wrong_step_is_named_with_its_line() {
        let two = |second: &str| {
            let first = "epochs = 1\n[[augment]]\nname = \"random-horizontal-flip\"\n";
            TrainConfig::from_toml(
                &format!("{first}[[augment]]\n{second}"),
                Path::new("my.toml"),
            )
            .unwrap_err()
            .to_string()
        };
        for (second, words) in [
            (
                "name = \"cutout\"",
                "line 4: augment, step 2 (cutout): `size` is missing",
            ),
            (
                "name = \"random-crop\"\npad = 1",
                "line 6: augment, step 2 (random-crop): there is no key `pad` \
                 (did you mean `padding`?); known: ",
            ),
            (
                "name = \"random-crop\"\nsize = 3\npadding = -1",
                "line 7: augment, step 2 (random-crop): padding = -1: ",
            ),
            (
                "name = \"random-affine\"\ndegrees = 1\nscale = [1, 2, 3]",
                "line 7: augment, step 2 (random-affine): scale = [1, 2, 3]: ",
            ),
            (
                "name = \"random-corp\"",
                "line 5: augment, step 2 (random-corp): name: there is no `random-corp` \
                 (did you mean `random-crop`?); known: ",
            ),
            (
                "padding = 1",
                "line 4: augment, step 2: `name` is missing; known: center-crop, ",
            ),
        ] {
            let error = two(second);
            assert!(error.starts_with(&format!("my.toml: {words}")), "{error}");
        }
    }

    #[test]
    fn a_wrong_initialisation_is_named_with_its_line() {
        for (line, words) in [
            (
                "linear = \"kaiming\"",
                "linear = \"kaiming\": it must be a table, { name = \"…\" }",
            ),
            (
                "conv = { name = \"kaiming\" }",
                "conv: there is no `kaiming` (did you mean `kaiming-",
            ),
            (
                "convs = 1",
                "there is no key `convs` (did you mean `conv`?)",
            ),
        ] {
            let text = format!("[network]\ndropout = 0.5\n[network.init]\n{line}");
            let error = TrainConfig::from_toml(&text, Path::new("my.toml"));
            let error = error.unwrap_err().to_string();
            let start = format!("my.toml: line 4: network.init: {words}");
            assert!(error.starts_with(&start), "{error}");
        }
    }

    #[test]
    fn finds_the_line_of_a_key() {
        let text = "# lr\nepochs = 1\n[optimizer]\nlr = 0\n";
        assert_eq!(line_of(text, "epochs"), Some(2));
        assert_eq!(line_of(text, "optimizer.lr"), Some(4));
        assert_eq!(line_of(text, "optimizer.name"), None);
        assert_eq!(line_of("[", "epochs"), None);
        let text = "[o]\nf = [\n\"a\",\n\"b\"]\n[[o.g]]\np = 1\n[[o.g]]\np = 2\n";
        assert_eq!(line_of(text, "o.f[1]"), Some(4));
        assert_eq!(line_of(text, "o.g[1].p"), Some(8));
        assert_eq!(line_of(text, "o.g[2].p"), None);
    }
}
