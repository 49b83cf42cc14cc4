//! Tables of a TOML document as values of a type, with errors that say on which
//! line and under which key something is wrong, and what would be possible.
//!
//! The parser's own errors point at the beginning of the first table of a list,
//! since serde reads a table with a tag (`kind = "conv2d"`) as a whole.

use std::{
    fs::File,
    io::{self, Read},
    ops::Range,
    path::Path,
};

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue, ValueDeserializer},
};

use crate::suggest;

/// Bytes that a file may have.
pub const LARGEST: u64 = 1 << 20;

/// The text of a file, which may be a pipe; `what` is what errors say that it is to be.
///
/// # Errors
/// Those of the system, and if it is larger than [`LARGEST`] or no text.
pub fn read_text(file: &Path, what: &str) -> io::Result<String> {
    let mut bytes = Vec::new();
    // One more than it may have: what is longer may have no end.
    File::open(file)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        let problem = format!("it is larger than 1 MiB, which no {what} is");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
    }
    let no_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is no text in UTF-8");
    String::from_utf8(bytes).map_err(no_text)
}

/// The text of a document, with its lines counted.
#[derive(Debug)]
pub struct Document<'a> {
    text: &'a str,
    ends: Vec<usize>,
}

impl<'a> Document<'a> {
    /// Counts the lines of `text`.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at).collect();
        Self { text, ends }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The line, from 1, on which a byte stands.
    #[must_use]
    pub fn line(&self, byte: usize) -> usize {
        self.ends.partition_point(|&end| end < byte) + 1
    }

    /// The column, from 1, of a byte, and what is written on its line.
    #[must_use]
    pub fn around(&self, byte: usize) -> String {
        let line = self.line(byte);
        let start = if line == 1 {
            0
        } else {
            self.ends[line - 2] + 1
        };
        let end = self.ends.get(line - 1).copied();
        let before = self.text.get(start..byte).unwrap_or_default();
        format!(
            "column {} of `{}`",
            before.chars().count() + 1,
            self.excerpt(start..end.unwrap_or(self.text.len())),
        )
    }

    /// What is written there, its beginning if that is long.
    #[must_use]
    pub fn excerpt(&self, span: Range<usize>) -> String {
        beginning(self.text.get(span).unwrap_or_default())
    }
}

/// The message about a key or a name that is not known, and what is.
pub(crate) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    format!(
        "there is no {what}`{}`{}",
        beginning(name),
        suggest(name, known)
    )
}

/// The first line of a text, or the first part of it: a message is no place for
/// all that may be in a file.
fn beginning(text: &str) -> String {
    const LONGEST: usize = 40;
    let text = text.trim();
    let first = text.chars().take_while(|&c| c == '\t' || !c.is_control());
    let mut beginning: String = first.take(LONGEST).collect();
    if beginning.len() < text.len() {
        beginning.push('…');
    }
    beginning
}

/// Why a table is no value of the type that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableError {
    /// The line, from 1: that of the key, if one is wrong, else that of the table.
    pub line: usize,
    /// The key that is wrong; `None` if one is missing.
    pub key: Option<String>,
    /// What is wrong, with the key, and what would be possible.
    pub problem: String,
}

/// Reads a table.
///
/// `tag` is the key that says which variant of `T` it is, and empty if there is
/// none. `others` are keys that the table may have in the file and that have been
/// taken out of it before.
///
/// # Errors
/// [`TableError`] for the first thing that is wrong.
pub fn read<T: DeserializeOwned>(
    document: &Document<'_>,
    table: &Spanned<DeValue<'_>>,
    tag: &str,
    others: &[&str],
) -> Result<T, TableError> {
    let message = match try_read(table.clone()) {
        Ok(value) => return Ok(value),
        Err(message) => message,
    };
    let probe = Probe::<T> {
        table,
        tag,
        read: try_read,
    };
    let fault = probe.fault(&message);
    let at = fault.map_or(table.span(), |(key, _)| key.span());
    let words = Words { document, fault };
    let problem = match &message {
        m if m.starts_with("missing field") && fault.is_none() => probe.missing(m),
        m if m.starts_with("unknown field") => words.unknown_field(m, tag, others),
        m => words.of(m),
    };
    Err(TableError {
        line: document.line(at.start),
        key: fault.map(|(key, _)| key.get_ref().to_string()),
        problem,
    })
}

/// Why `root`, the table of a whole document, is no value of a type: `error` of
/// serde in words, with the tables that the wrong key stands in.
#[must_use]
pub fn explain(document: &Document<'_>, root: &DeTable<'_>, error: &toml::de::Error) -> TableError {
    let message = error.message();
    let mut tables = Vec::new();
    let span = error.span().unwrap_or(0..0);
    let fault = find(root, &span, &mut tables);
    let words = Words { document, fault };
    let problem = match message.starts_with("unknown field") {
        true => words.unknown_field(message, "", &[]),
        false => words.of(message),
    };
    let within = match tables.is_empty() {
        true => String::new(),
        false => format!("{}: ", tables.join(".")),
    };
    let at = fault.map_or(span, |(key, _)| key.span());
    TableError {
        line: document.line(at.start),
        key: fault.map(|(key, _)| key.get_ref().to_string()),
        problem: within + &problem,
    }
}

/// The key that stands at `span`, or whose value does; the names of the tables
/// that it stands in are put into `tables`.
fn find<'t, 'a>(
    table: &'t DeTable<'a>,
    span: &Range<usize>,
    tables: &mut Vec<String>,
) -> Option<Entry<'t, 'a>> {
    table.iter().find_map(|(key, value)| {
        if key.span() == *span || value.span() == *span {
            return Some((key, value));
        }
        let mut inside = |name: String, value: &'t Spanned<DeValue<'a>>| {
            tables.push(name);
            let found = find(value.get_ref().as_table()?, span, tables);
            if found.is_none() {
                tables.pop();
            }
            found
        };
        match value.get_ref() {
            DeValue::Table(_) => inside(key.get_ref().to_string(), value),
            DeValue::Array(items) => items.iter().enumerate().find_map(|(at, item)| {
                if !item.get_ref().is_table() {
                    return holds(item, span).then_some((key, value));
                }
                inside(format!("{} {}", key.get_ref(), at + 1), item)
            }),
            _ => None,
        }
    })
}

/// Whether a value, or one in the lists that it is made of, stands at `span`.
fn holds(value: &Spanned<DeValue<'_>>, span: &Range<usize>) -> bool {
    let items = value.get_ref().as_array();
    value.span() == *span || items.is_some_and(|items| items.iter().any(|item| holds(item, span)))
}

/// The keys that a variant of `T` has, the tag itself left out.
#[must_use]
pub fn keys_of<T: DeserializeOwned>(tag: &str, variant: &str) -> Vec<String> {
    let mut table = DeTable::new();
    // No field has an empty name.
    for (key, value) in [(tag, variant), ("", "")] {
        table.insert(
            Spanned::new(0..0, key.into()),
            Spanned::new(0..0, DeValue::String(value.into())),
        );
    }
    let message = try_read::<T>(Spanned::new(0..0, DeValue::Table(table))).err();
    let names = message.as_deref().map(|m| quoted(m).skip(1));
    names.into_iter().flatten().map(Into::into).collect()
}

/// A key with its value.
type Entry<'t, 'a> = (&'t Spanned<DeString<'a>>, &'t Spanned<DeValue<'a>>);

fn try_read<T: DeserializeOwned>(table: Spanned<DeValue<'_>>) -> Result<T, String> {
    T::deserialize(ValueDeserializer::from(table)).map_err(|e| e.message().to_string())
}

/// Reads parts of a table that cannot be read as a whole.
struct Probe<'t, 'a, T> {
    table: &'t Spanned<DeValue<'a>>,
    tag: &'t str,
    read: fn(Spanned<DeValue<'a>>) -> Result<T, String>,
}

impl<'t, 'a, T> Probe<'t, 'a, T> {
    /// The key that makes for `message`: with the tag alone beside it, there is
    /// the same message. None if a key is missing.
    fn fault(&self, message: &str) -> Option<Entry<'t, 'a>> {
        let table = self.table.get_ref().as_table()?;
        let named = quoted(message).next();
        if message.starts_with("unknown field")
            && let Some(entry) = named.and_then(|name| table.get_key_value(name))
        {
            return Some(entry);
        }
        if message.starts_with("missing field") && named.is_some_and(|name| self.has(name)) {
            return None;
        }
        let tag = table.get_key_value(self.tag);
        let mut entries = tag.into_iter().chain(table.iter());
        entries.find(|(key, value)| {
            let alone = self.with_tag(key.get_ref(), (*value).clone());
            alone.err().as_deref() == Some(message)
        })
    }

    /// Whether the table can have a key of this name.
    fn has(&self, name: &str) -> bool {
        let any = Spanned::new(0..0, DeValue::Boolean(true));
        let unknown = format!("unknown field `{name}`");
        self.with_tag(name, any)
            .err()
            .is_none_or(|message| name == self.tag || !message.starts_with(&unknown))
    }

    /// That a key is missing; if it is the tag, with what that can be.
    fn missing(&self, message: &str) -> String {
        let field = quoted(message).next().unwrap_or_default();
        if field != self.tag {
            return format!("`{field}` is missing");
        }
        // No variant has an empty name.
        let none = Spanned::new(0..0, DeValue::String("".into()));
        let message = self.with_tag(field, none).err().unwrap_or_default();
        let known: Vec<&str> = quoted(&message).skip(1).collect();
        format!("`{field}` is missing{}", suggest("", &known))
    }

    /// Reads a table of the tag and one other key.
    fn with_tag(&self, key: &str, value: Spanned<DeValue<'a>>) -> Result<T, String> {
        let mut small = DeTable::new();
        let whole = self.table.get_ref().as_table();
        if let Some((tag, variant)) = whole.and_then(|table| table.get_key_value(self.tag)) {
            small.insert(tag.clone(), variant.clone());
        }
        small.remove(key);
        small.insert(Spanned::new(0..0, key.to_string().into()), value);
        (self.read)(Spanned::new(self.table.span(), DeValue::Table(small)))
    }
}

/// Puts messages of serde into words for somebody who writes a file.
struct Words<'t, 'a> {
    document: &'t Document<'a>,
    /// The key that is wrong.
    fault: Option<Entry<'t, 'a>>,
}

impl Words<'_, '_> {
    fn unknown_field(&self, message: &str, tag: &str, others: &[&str]) -> String {
        let mut names = quoted(message);
        let name = names.next().unwrap_or_default();
        let (mut within, mut known) = (String::new(), Vec::new());
        match self.fault {
            // Of a table in the table.
            Some((key, _)) if key.get_ref() != name => within = format!("{}: ", key.get_ref()),
            _ => {
                known.extend((!tag.is_empty()).then_some(tag));
                known.extend(others);
            }
        }
        known.extend(names);
        within + &unknown("key ", name, &known)
    }

    fn of(&self, message: &str) -> String {
        let Some((key, value)) = self.fault else {
            return match message.rsplit_once(", expected ") {
                Some((_, expected)) => format!("it must be {}", plain(expected)),
                None => message.into(),
            };
        };
        let key = key.get_ref();
        if message.starts_with("unknown variant") {
            let mut names = quoted(message);
            let name = names.next().unwrap_or_default();
            let known: Vec<&str> = names.collect();
            return format!("{key}: {}", unknown("", name, &known));
        }
        let written = self.document.excerpt(value.span());
        if message.starts_with("missing field") {
            let field = quoted(message).next().unwrap_or_default();
            return format!("{key} = {written}: `{field}` is missing");
        }
        // What is found is the value, or something in it.
        let is_single = match value.get_ref() {
            DeValue::Array(_) => message.starts_with("invalid type: sequence"),
            DeValue::Table(_) => message.starts_with("invalid type: map"),
            _ => true,
        };
        match message.rsplit_once(", expected ") {
            Some((_, expected)) if is_single => {
                format!("{key} = {written}: it must be {}", plain(expected))
            }
            Some((found, expected)) => {
                let (found, expected) = (beginning(found), plain(expected));
                format!("{key} = {written}: {found}; it must be {expected}")
            }
            // What the type says of itself.
            None if message.starts_with("a ") => format!("{key} = {written}: it must be {message}"),
            None => format!("{key} = {written}: {message}"),
        }
    }
}

/// What serde expects, without Rust's names.
fn plain(expected: &str) -> &str {
    match expected {
        "usize" | "u64" => "a whole number of at least 0",
        "u32" => "a whole number of at least 0 and at most 4294967295",
        "u16" => "a whole number of at least 0 and at most 65535",
        "u8" => "a whole number of at least 0 and at most 255",
        "f64" | "f32" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        // Of integers that no type takes.
        "any value" => "a smaller number",
        "variant identifier" => "a name in quotes",
        other if other.starts_with("struct ") => "a table",
        other if other.starts_with("internally tagged enum ") => "a table, { name = \"…\" }",
        other => other,
    }
}

/// The names in backticks: of a message of serde about an unknown name, that and
/// then all that are known.
pub fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message.split('`').skip(1).step_by(2)
}
