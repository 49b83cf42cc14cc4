//! A configuration out of several parts, of which the later ones go over the
//! earlier ones.
//!
//! All parts are merged into one table, which is read once: a part may hold keys
//! that mean something only together with those of another. Every key keeps its
//! place in the text of its part, for errors.

mod merge;
mod named;

use std::{borrow::Cow, ops::Range, path::Path};

use models::toml_table::{self, Document};
use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

use merge::{Name, merge, moved, moved_table, set};
use named::{defaults, drop_of_other_names, names};

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
        Ok(Self::text(path.display().to_string(), read_text(path)?))
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

/// The text of a file of settings, which may be a pipe.
///
/// # Errors
/// [`ConfigError::Read`], also if it is larger than 1 MiB or no text.
pub(crate) fn read_text(path: &Path) -> Result<String, ConfigError> {
    toml_table::read_text(path, "configuration").map_err(|e| ConfigError::Read {
        file: path.display().to_string(),
        message: e.to_string(),
    })
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

/// More names than any key has.
const DEEPEST: usize = 16;

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
        if parts.len() > DEEPEST {
            return Err(format!(
                "it has more than {DEEPEST} names with dots between them, and no key is so deep"
            ));
        }
        start += part.len() + 1;
    }
    Ok(parts)
}

/// Whether somebody who wrote this must have meant TOML, and no text.
fn is_toml(written: &str) -> bool {
    written.starts_with(['[', '{', '"', '\''])
}

#[cfg(test)]
mod tests;
