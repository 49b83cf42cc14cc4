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
            // Of a step of a list at least the step.
            let step = || line_of(&self.text, &key[..=key.rfind(']')?]);
            let line = line_of(&self.text, key).or_else(step)?;
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
        self.within_tables(table)?;
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

    /// That what the key of a [`set`](Self::set) stands in is a table, or not there.
    fn within_tables(&self, table: &DeTable<'_>) -> Result<(), ConfigError> {
        let Some((within, _)) = self.key().and_then(|key| key.rsplit_once('.')) else {
            return Ok(());
        };
        let refuse = |name: &str, kind: &str| {
            Err(ConfigError::Set {
                given: self.key().unwrap_or_default().into(),
                problem: format!("`{name}` is {kind}, and no table with keys: set it as a whole"),
            })
        };
        let defaults = defaults();
        let (mut own, mut given) = (Some(&defaults), Some(table));
        let mut end = 0;
        for name in within.split('.') {
            end += name.len();
            let (of_own, of_given) = (
                own.and_then(|table| table.get(name)),
                given
                    .and_then(|table| table.get(name))
                    .map(Spanned::get_ref),
            );
            (own, given) = (
                of_own.and_then(toml::Value::as_table),
                of_given.and_then(DeValue::as_table),
            );
            let is_list = of_own.is_some_and(toml::Value::is_array)
                || of_given.is_some_and(DeValue::is_array);
            match (of_own.is_some(), of_given.is_some()) {
                _ if own.is_some() || given.is_some() => {}
                (false, false) => {}
                _ if is_list => return refuse(&within[..end], "a list"),
                _ => return refuse(&within[..end], "a value"),
            }
            end += 1;
        }
        Ok(())
    }

    fn wrong(&self, message: String) -> ConfigError {
        ConfigError::Parse {
            file: self.name.clone(),
            message,
        }
    }
}

/// Whether one of two keys is the other one, or a table or list that it stands in.
#[must_use]
pub fn overlap(one: &str, other: &str) -> bool {
    // Of `groups[0]`, the list.
    let names = |key| str::split(key, '.').map(|part| part.split('[').next().unwrap_or(part));
    names(one)
        .zip(names(other))
        .all(|(one, other)| one == other)
}

/// The tables whose keys depend on their `name`, each with the keys that do not.
const NAMED: [(&str, &[&str]); 4] = [
    (
        "optimizer",
        &[
            "decay_norm_and_bias",
            "clip_value",
            "clip_norm",
            "freeze",
            "groups",
        ],
    ),
    ("schedule", &["warmup_epochs"]),
    ("loss", &[]),
    ("average", &[]),
];

/// The configuration that is made of nothing, as a table.
fn defaults() -> toml::Table {
    toml::Table::try_from(TrainConfig::default()).expect("plain values")
}

/// The names in the tables of [`NAMED`], as far as they are given.
fn names(table: &DeTable<'_>) -> [Option<String>; NAMED.len()] {
    NAMED.map(|(within, _)| {
        let name = table.get(within)?.get_ref().as_table()?.get("name")?;
        name.get_ref().as_str().map(Into::into)
    })
}

/// Where the last of `layers` that gives `key` does so: file and line, or `--set KEY`.
#[must_use]
pub fn place(layers: &[Layer], key: &str) -> Option<String> {
    layers.iter().rev().find_map(|layer| layer.place(key))
}

impl TrainConfig {
    /// The default, with `layers` over it, the last one on top.
    ///
    /// Where a [set](Layer::set) key makes `optimizer.name`, `schedule.name`,
    /// `loss.name` or `average.name` another one than the texts below it, what they
    /// say in that table for their own name falls away, and the new one has its
    /// defaults: all but the patterns, groups and clipping of the optimizer and
    /// `schedule.warmup_epochs`.
    ///
    /// # Errors
    /// [`ConfigError::Parse`] with the layer, the line and the key. Values are
    /// checked by [`validate`](Self::validate).
    pub fn from_layers(layers: &[Layer]) -> Result<Self, ConfigError> {
        let mut table = DeTable::new();
        let mut text = String::new();
        let mut below = names(&table);
        // Where the texts stand: other keys were set.
        let mut texts = Vec::new();
        for layer in layers {
            let start = text.len();
            layer.put_into(&mut table, start)?;
            text += &layer.text;
            text += "\n";
            if !matches!(layer.kind, Kind::Set { .. }) {
                below = names(&table);
                texts.push(start..text.len());
            }
        }
        let read = |table: &DeTable<'_>| {
            let root = Spanned::new(0..text.len(), DeValue::Table(table.clone()));
            Self::deserialize(ValueDeserializer::from(root)).map_err(|error| {
                let document = Document::new(&text);
                let wrong = wrong_step(&document, table)
                    .or_else(|| wrong_init(&document, table))
                    .unwrap_or_else(|| toml_table::explain(&document, table, &error));
                at_its_layer(layers, wrong.line, wrong.problem)
            })
        };
        // What falls away has to be right as well.
        let whole = read(&table)?;
        match drop_of_other_names(&mut table, &below, &texts) {
            true => read(&table),
            false => Ok(whole),
        }
    }
}

/// Takes the keys out of `table` that stand in `texts` and belong to other names than
/// it has now, those `below`. Whether there are any.
fn drop_of_other_names(
    table: &mut DeTable<'_>,
    below: &[Option<String>],
    texts: &[Range<usize>],
) -> bool {
    let defaults = defaults();
    let now = names(table);
    let mut any = false;
    for (((within, common), below), now) in NAMED.into_iter().zip(below).zip(now) {
        let own = || Some(defaults.get(within)?.get("name")?.as_str()?.to_string());
        if below.clone().or_else(own) == now.or_else(own) {
            continue;
        }
        let Some(DeValue::Table(inner)) = table.get_mut(within).map(Spanned::get_mut) else {
            continue;
        };
        let falls = |name: &Name<'_>| {
            let at = name.span().start;
            let in_text = texts.iter().any(|text| text.contains(&at));
            in_text && !common.contains(&name.get_ref().as_ref())
        };
        let names: Vec<String> = inner
            .iter()
            .filter(|(name, _)| falls(name))
            .map(|(name, _)| name.get_ref().to_string())
            .collect();
        any |= !names.is_empty();
        for name in names {
            inner.remove(name.as_str());
        }
    }
    any
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
mod tests;
