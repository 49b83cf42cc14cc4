//! A configuration out of several parts, of which the later ones go over the
//! earlier ones.
//!
//! All parts are merged into one table, which is read once: a part may hold keys
//! that mean something only together with those of another. Every key keeps its
//! place in the text of its part, for errors.

use std::{borrow::Cow, ops::Range, path::Path};

use models::toml_table::{self, Document};
use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

use super::{ConfigError, TrainConfig, line_of};
use crate::lines::{wrong_init, wrong_step};

/// A part of a configuration: a text of TOML, or one key with its value.
///
/// ```
/// use trainer::{TrainConfig, config::Layer};
///
/// let layers = [
///     Layer::text("my.toml", "epochs = 3\n[optimizer]\nname = \"adam\""),
///     Layer::set("optimizer.lr=0.01")?,
/// ];
/// let config = TrainConfig::from_layers(&layers)?;
/// assert_eq!((config.epochs, config.optimizer.lr), (3, Some(0.01)));
/// # Ok::<(), trainer::config::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// What errors call it.
    name: String,
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// A document, whose lines errors name.
    Text,
    /// The table of that name in a document.
    Table(&'static str),
    /// `key=value`: where the parts of the key stand, and where the value begins.
    Set {
        key: Vec<Range<usize>>,
        value: usize,
    },
}

impl Layer {
    /// TOML `text`, in errors called `name`. Its tables go over those of earlier
    /// layers key by key; everything else, lists as well, takes the place of what
    /// was there.
    #[must_use]
    pub fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            kind: Kind::Text,
        }
    }

    /// A file of TOML.
    ///
    /// # Errors
    /// [`ConfigError::Read`].
    pub fn file(path: &Path) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self::text(file, text)),
            Err(e) => Err(ConfigError::Read {
                file,
                message: e.to_string(),
            }),
        }
    }

    /// The table `table` of TOML `text`, as [`text`](Self::text).
    pub(crate) fn table(
        name: impl Into<String>,
        text: impl Into<String>,
        table: &'static str,
    ) -> Self {
        Self {
            kind: Kind::Table(table),
            ..Self::text(name, text)
        }
    }

    /// One key with its value, as [`set`](Self::set); in errors called `name`.
    ///
    /// # Errors
    /// What is wrong with the key.
    pub(crate) fn setting(name: String, key: &str, value: &toml::Value) -> Result<Self, String> {
        Ok(Self {
            name,
            text: format!("{key}={value}"),
            kind: Kind::Set {
                key: parts_of(key)?,
                value: key.len() + 1,
            },
        })
    }

    /// One key, with the value that takes the place of what it was: also of a
    /// whole table. `assignment` is `KEY=VALUE`, such as `optimizer.lr=0.05` or
    /// `augment=[]`; what is no TOML is text: `model=lenet5`.
    ///
    /// # Errors
    /// [`ConfigError::Set`] if that is no key, or a value in quotes or brackets
    /// that is no TOML.
    pub fn set(assignment: &str) -> Result<Self, ConfigError> {
        let wrong = |problem: String| ConfigError::Set {
            given: assignment.into(),
            problem,
        };
        let Some((key, written)) = assignment.split_once('=') else {
            return Err(wrong(
                "it must be KEY=VALUE, such as optimizer.lr=0.05".into(),
            ));
        };
        let value = assignment.len() - written.trim_start().len();
        let written = written.trim();
        if is_toml(written)
            && let Err(e) = DeValue::parse(written)
        {
            return Err(wrong(format!("the value is no TOML: {}", e.message())));
        }
        let parts = parts_of(key).map_err(wrong)?;
        let names: Vec<&str> = parts.iter().map(|at| &assignment[at.clone()]).collect();
        Ok(Self {
            name: format!("--set {}", names.join(".")),
            text: assignment.into(),
            kind: Kind::Set { key: parts, value },
        })
    }

    /// The key of [`set`](Self::set); none of a text.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match self.kind {
            Kind::Text | Kind::Table(_) => None,
            Kind::Set { .. } => self.name.strip_prefix("--set "),
        }
    }

    /// Where this layer gives `key` (`optimizer.lr`), a table with it or something
    /// in it: file and line, or `--set KEY`.
    fn place(&self, key: &str) -> Option<String> {
        let line = |key: &str| {
            let line = line_of(&self.text, key)?;
            Some(format!("{}, line {line}", self.name))
        };
        match &self.kind {
            Kind::Text => line(key),
            Kind::Table(table) => line(&format!("{table}.{key}")),
            Kind::Set { key: parts, .. } => {
                let names: Vec<&str> = parts.iter().map(|at| &self.text[at.clone()]).collect();
                overlap(&names.join("."), key).then(|| self.name.clone())
            }
        }
    }

    /// Puts this layer over `table`. `offset` is where its text begins among those
    /// of all layers.
    fn put_into<'a>(&'a self, table: &mut DeTable<'a>, offset: usize) -> Result<(), ConfigError> {
        let (key, value) = match &self.kind {
            Kind::Set { key, value } => (key, value),
            Kind::Text => {
                merge(table, moved_table(self.parsed()?, offset));
                return Ok(());
            }
            Kind::Table(name) => {
                let inner = self.parsed()?.remove(*name).map(Spanned::into_inner);
                if let Some(DeValue::Table(inner)) = inner {
                    merge(table, moved_table(inner, offset));
                }
                return Ok(());
            }
        };
        let written = self.text[*value..].trim_end();
        let found = match DeValue::parse(written) {
            // No key is a date: what looks like one is a name.
            Ok(found) if !matches!(found.get_ref(), DeValue::Datetime(_)) => found,
            _ => Spanned::new(0..written.len(), DeValue::String(written.into())),
        };
        let path: Vec<Name<'a>> = key
            .iter()
            .map(|at| {
                let name = Cow::Borrowed(&self.text[at.clone()]);
                Spanned::new(at.start + offset..at.end + offset, name)
            })
            .collect();
        set(table, &path, moved(found, offset + value));
        Ok(())
    }

    fn parsed(&self) -> Result<DeTable<'_>, ConfigError> {
        let parsed = DeTable::parse(&self.text).map_err(|mut e| {
            e.set_input(Some(&self.text));
            self.wrong(e.to_string().trim_end().into())
        })?;
        Ok(parsed.into_inner())
    }

    fn wrong(&self, message: String) -> ConfigError {
        ConfigError::Parse {
            file: self.name.clone(),
            message,
        }
    }
}

/// Whether one of two keys is the other one, or a table that it stands in.
#[must_use]
pub fn overlap(one: &str, other: &str) -> bool {
    let both = one.split('.').zip(other.split('.'));
    both.into_iter().all(|(one, other)| one == other)
}

/// Where the last of `layers` that gives `key` does so: file and line, or `--set KEY`.
#[must_use]
pub fn place(layers: &[Layer], key: &str) -> Option<String> {
    layers.iter().rev().find_map(|layer| layer.place(key))
}

impl TrainConfig {
    /// The default, with `layers` over it, the last one on top.
    ///
    /// # Errors
    /// [`ConfigError::Parse`] with the layer, the line and the key. Values are
    /// checked by [`validate`](Self::validate).
    pub fn from_layers(layers: &[Layer]) -> Result<Self, ConfigError> {
        let mut table = DeTable::new();
        let mut text = String::new();
        for layer in layers {
            layer.put_into(&mut table, text.len())?;
            text += &layer.text;
            text += "\n";
        }
        let root = Spanned::new(0..text.len(), DeValue::Table(table.clone()));
        Self::deserialize(ValueDeserializer::from(root)).map_err(|error| {
            let document = Document::new(&text);
            let wrong = wrong_step(&document, &table)
                .or_else(|| wrong_init(&document, &table))
                .unwrap_or_else(|| toml_table::explain(&document, &table, &error));
            at_its_layer(layers, wrong.line, wrong.problem)
        })
    }
}

/// The error of a line of the texts of all layers.
fn at_its_layer(layers: &[Layer], mut line: usize, problem: String) -> ConfigError {
    for layer in layers {
        let lines = layer.text.matches('\n').count() + 1;
        if line <= lines {
            return layer.wrong(match layer.kind {
                Kind::Text | Kind::Table(_) => format!("line {line}: {problem}"),
                Kind::Set { .. } => problem,
            });
        }
        line -= lines;
    }
    ConfigError::Parse {
        file: "the configuration".into(),
        message: problem,
    }
}

/// Where the parts of a key stand in it.
fn parts_of(key: &str) -> Result<Vec<Range<usize>>, String> {
    let mut parts = Vec::new();
    let mut start = 0;
    for part in key.split('.') {
        let name = part.trim();
        let is_bare = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        if name.is_empty() || !name.chars().all(is_bare) {
            return Err(format!(
                "`{}` is no key: names with dots between them, such as optimizer.lr",
                key.trim()
            ));
        }
        let at = start + part.len() - part.trim_start().len();
        parts.push(at..at + name.len());
        start += part.len() + 1;
    }
    Ok(parts)
}

/// Whether somebody who wrote this must have meant TOML, and no text.
fn is_toml(written: &str) -> bool {
    written.starts_with(['[', '{', '"', '\''])
}

type Name<'a> = Spanned<Cow<'a, str>>;

/// Sets `path` to `value`, in tables that are made where there are none.
fn set<'a>(table: &mut DeTable<'a>, path: &[Name<'a>], value: Spanned<DeValue<'a>>) {
    let Some((name, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        replace(table, name.clone(), value);
        return;
    }
    let is_table = |value: &Spanned<DeValue<'_>>| value.get_ref().is_table();
    if !table.get(name.get_ref().as_ref()).is_some_and(is_table) {
        let empty = DeValue::Table(DeTable::new());
        replace(table, name.clone(), Spanned::new(name.span(), empty));
    }
    if let Some(value_there) = table.get_mut(name.get_ref().as_ref())
        && let DeValue::Table(inner) = value_there.get_mut()
    {
        set(inner, rest, value);
    }
}

/// Puts `upper` over `lower`, tables key by key.
fn merge<'a>(lower: &mut DeTable<'a>, upper: DeTable<'a>) {
    for (name, value) in upper {
        let there = lower.get_mut(name.get_ref().as_ref());
        match (there.map(Spanned::get_mut), value) {
            (Some(DeValue::Table(lower)), value) if value.get_ref().is_table() => {
                if let DeValue::Table(upper) = value.into_inner() {
                    merge(lower, upper);
                }
            }
            (_, value) => replace(lower, name, value),
        }
    }
}

/// Inserts a key anew: the place of an old one would stay.
fn replace<'a>(table: &mut DeTable<'a>, name: Name<'a>, value: Spanned<DeValue<'a>>) {
    table.remove(name.get_ref().as_ref());
    table.insert(name, value);
}

/// The same table, `by` bytes further on.
fn moved_table(table: DeTable<'_>, by: usize) -> DeTable<'_> {
    let mut moved_on = DeTable::new();
    for (name, value) in table {
        let span = name.span();
        let name = Spanned::new(span.start + by..span.end + by, name.into_inner());
        moved_on.insert(name, moved(value, by));
    }
    moved_on
}

/// The same value, `by` bytes further on.
fn moved(value: Spanned<DeValue<'_>>, by: usize) -> Spanned<DeValue<'_>> {
    let span = value.span();
    let inner = match value.into_inner() {
        DeValue::Table(table) => DeValue::Table(moved_table(table, by)),
        DeValue::Array(items) => {
            DeValue::Array(items.into_iter().map(|item| moved(item, by)).collect())
        }
        plain => plain,
    };
    Spanned::new(span.start + by..span.end + by, inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str, sets: &[&str]) -> Result<TrainConfig, ConfigError> {
        let mut layers = vec![Layer::text("my.toml", text)];
        for set in sets {
            layers.push(Layer::set(set)?);
        }
        TrainConfig::from_layers(&layers)
    }

    #[test]
    fn later_layers_go_over_earlier_ones() {
        let text = "epochs = 3\n[optimizer]\nlr = 0.1\nmomentum = 0.5\n";
        for (sets, same_as) in [
            (
                &[][..],
                "epochs = 3\noptimizer = { lr = 0.1, momentum = 0.5 }",
            ),
            (
                &["optimizer.lr=0.2", "epochs = 4"],
                "epochs = 4\noptimizer = { lr = 0.2, momentum = 0.5 }",
            ),
            (&["optimizer={lr=0.2}"], "epochs = 3\noptimizer.lr = 0.2"),
            (
                &[
                    "optimizer.lr=1",
                    "optimizer.lr=2.0",
                    "schedule.name=constant",
                ],
                "epochs = 3\noptimizer = { lr = 2.0, momentum = 0.5 }\n\
                 schedule.name = \"constant\"",
            ),
            (
                &[
                    "augment=[]",
                    "model=lenet-small",
                    "network.init.conv={name=\"normal\", std=1}",
                ],
                "augment = []\nmodel = \"lenet-small\"\nepochs = 3\n\
                 network.init.conv = { name = \"normal\", std = 1.0 }\n\
                 optimizer = { lr = 0.1, momentum = 0.5 }",
            ),
            (
                &[
                    "dataset=folder:/my photos=1",
                    "data_dir=2024-01-01",
                    "weights=\"a b\"",
                ],
                "dataset = \"folder:/my photos=1\"\ndata_dir = \"2024-01-01\"\n\
                 weights = \"a b\"\nepochs = 3\noptimizer = { lr = 0.1, momentum = 0.5 }",
            ),
        ] {
            let expected = TrainConfig::from_toml(same_as, Path::new("same.toml")).unwrap();
            assert_eq!(with(text, sets), Ok(expected), "{sets:?}");
        }
        // A text goes over another key by key.
        let layers = [
            Layer::text("a", text),
            Layer::text("b", "optimizer.lr = 7.0"),
        ];
        let optimizer = TrainConfig::from_layers(&layers).unwrap().optimizer;
        assert_eq!((optimizer.lr, optimizer.momentum), (Some(7.0), Some(0.5)));
    }

    #[test]
    fn errors_name_the_layer() {
        for (text, set, message) in [
            (
                "seed = 1\nepoch = 2",
                "seed=2",
                "my.toml: line 2: there is no key `epoch` (did you mean `epochs`?); known: model, ",
            ),
            (
                "[optimizer]\nrate = 1\n",
                "seed=2",
                "my.toml: line 2: optimizer: there is no key `rate`",
            ),
            (
                "seed = 1",
                "optimiser.lr=1",
                "--set optimiser.lr: there is no key `optimiser` (did you mean `optimizer`?)",
            ),
            (
                "[optimizer]\nlr = 1.0\n",
                "optimizer.lrr=1",
                "--set optimizer.lrr: optimizer: there is no key `lrr` (did you mean `lr`?); \
                 known: name, lr, ",
            ),
            (
                "seed = 1",
                "optimizer.lr=fast",
                "--set optimizer.lr: optimizer: lr = fast: it must be a number",
            ),
            (
                "seed = 1",
                "optimizer.name=adamm",
                "--set optimizer.name: optimizer: name: there is no `adamm` \
                 (did you mean `adam`?); known: ",
            ),
            (
                "seed = 1",
                "epochs.more=1",
                "--set epochs.more: epochs = epochs: it must be a whole number of at least 0",
            ),
            (
                "epochs = 1.5\n",
                "seed=1",
                "my.toml: line 1: epochs = 1.5: it must be a whole number of at least 0",
            ),
            (
                "epochs = 1",
                "augment=[{name=\"random-corp\"}]",
                "--set augment: augment, step 1 (random-corp): name: there is no `random-corp`",
            ),
            (
                "epochs = 1\n[[augment]]\nname = \"cutout\"",
                "seed=1",
                "my.toml: line 2: augment, step 1 (cutout): `size` is missing",
            ),
            (
                "seed = 1",
                "network.init.conv.std=0.5",
                "--set network.init.conv.std: network.init: conv",
            ),
            (
                "seed = 1",
                "valid=some",
                "--set valid: valid = some: it must be a number of images, or a share from 0.0 to 1.0",
            ),
            (
                "seed = 1",
                "backend=flexx",
                "--set backend: backend = flexx: there is no backend",
            ),
            ("seed = 1", "epochs", "--set epochs: it must be KEY=VALUE"),
            ("seed = 1", "=1", "--set =1: `` is no key"),
            ("seed = 1", "a b=1", "--set a b=1: `a b` is no key"),
            (
                "seed = 1",
                "augment=[1",
                "--set augment=[1: the value is no TOML: ",
            ),
        ] {
            let error = with(text, &[set]).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}\nis not\n{message}");
        }
    }

    #[test]
    fn a_value_is_no_place_for_other_keys() {
        let config = with("", &["model=a\nepochs = 3"]).unwrap();
        assert_eq!((&*config.model, config.epochs), ("a\nepochs = 3", 15));
    }

    #[test]
    fn finds_the_place_of_a_key() {
        let layers = [
            Layer::text(
                "my.toml",
                "epochs = 3\n[optimizer]\nlr = 0.1\nmomentum = 0.2",
            ),
            Layer::set("optimizer.lr=0.2").unwrap(),
            Layer::set("network.init.conv={}").unwrap(),
        ];
        for (key, expected) in [
            ("epochs", Some("my.toml, line 1")),
            ("optimizer.momentum", Some("my.toml, line 4")),
            ("optimizer.lr", Some("--set optimizer.lr")),
            ("network.init", Some("--set network.init.conv")),
            ("network.init.conv.std", Some("--set network.init.conv")),
            ("seed", None),
        ] {
            assert_eq!(place(&layers, key).as_deref(), expected);
        }
    }
}
