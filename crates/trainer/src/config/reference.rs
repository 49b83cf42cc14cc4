//! The reference page of configurations, from their schema.

use std::collections::{BTreeMap, BTreeSet};

use models::toml_table::quoted;
use serde_json::{Map, Value};

use super::{TrainConfig, schema};

/// What the page begins with.
const HEAD: &str = "\
# The configuration

<!-- Written by `cargo xtask docs` from the documentation of the types that read a
     configuration. Change it there. -->

A configuration is made of layers, the later over the earlier: the defaults below; a recipe
(`--recipe NAME`, of those that `kiln recipes` lists) or a file of TOML (`--config FILE.toml`);
keys that are set (`--set optimizer.lr=0.05`, as often as wanted, also of a whole table) and
flags such as `--epochs 5`, of which no two may give the same key. `kiln config`, with the same
flags, prints what comes of it, and `kiln config --schema` the JSON Schema that this page is
made from.

Where `--set` or a flag makes `optimizer.name`, `schedule.name`, `loss.name` or `average.name`
another one than the layers below, what a recipe or a file says in that table falls away, and
the new name has its own defaults. Kept are `clip_norm`, `clip_value`, `freeze`, `groups` and
`decay_norm_and_bias` of the optimizer, and `warmup_epochs` of the schedule.

A key in a table `[optimizer]` is `optimizer.lr` for `--set`. Unknown keys are errors. Numbers
that the network computes with, such as rates and weights, are 0 or from 1.2e-38 to 3.4e38 in
size, which 32 bits can hold.
";

/// The page, as Markdown: a table for each table of the configuration.
#[must_use]
pub fn reference() -> String {
    let schema = schema();
    let mut page = Page {
        schema: &schema,
        text: HEAD.into(),
        described: BTreeMap::new(),
        chosen: BTreeSet::new(),
    };
    page.table(&Place::default(), &schema);
    page.text
}

/// Where in a configuration a table stands.
#[derive(Debug, Clone, Default)]
struct Place {
    /// `optimizer`, empty for the outermost table.
    key: String,
    /// Whether there are several, in a list.
    is_list: bool,
    /// Its `name`, where that decides which keys there are.
    variant: Option<String>,
}

impl Place {
    fn of(&self, key: &str, is_list: bool) -> Self {
        let key = match self.key.is_empty() {
            true => key.to_string(),
            false => format!("{}.{key}", self.key),
        };
        Self {
            key,
            is_list,
            variant: None,
        }
    }

    /// As TOML writes it.
    fn header(&self) -> String {
        match self.is_list {
            true => format!("[[{}]]", self.key),
            false => format!("[{}]", self.key),
        }
    }

    /// The anchor that Markdown gives the heading.
    fn anchor(&self) -> String {
        self.key.replace('.', "").to_lowercase()
    }

    /// The names of the keys as they are declared, which the schema does not keep:
    /// what is told when one is not known. No key has an empty name.
    fn declared(&self) -> Vec<String> {
        let header = match self.key.is_empty() {
            true => String::new(),
            false => self.header(),
        };
        let variant = self.variant.as_ref();
        let tag = variant.map_or(String::new(), |name| format!("name = \"{name}\"\n"));
        let probe = format!("{header}\n{tag}\"\" = 0\n");
        let message = toml::from_str::<TrainConfig>(&probe).err();
        let message = message.map_or(String::new(), |error| error.message().into());
        match message.starts_with("unknown field ``") {
            true => quoted(&message).skip(1).map(Into::into).collect(),
            false => Vec::new(),
        }
    }
}

struct Page<'a> {
    schema: &'a Value,
    text: String,
    /// The types whose variants have been told, with where.
    described: BTreeMap<&'a str, Place>,
    /// The types of which it has been told what their names mean.
    chosen: BTreeSet<&'a str>,
}

/// What a key holds beside plain values.
enum Inner<'a> {
    /// A table.
    Table(&'a Value),
    /// A table whose `name` says which keys it has.
    Variants(&'a [Value]),
}

impl<'a> Page<'a> {
    /// The table of a table's keys, and what is in them below it.
    fn table(&mut self, place: &Place, node: &'a Value) {
        let Some(keys) = node.get("properties").and_then(Value::as_object) else {
            return;
        };
        self.push("\n| key | type | default | meaning |\n|---|---|---|---|\n");
        let sorted = sorted(place, keys);
        for &(key, value) in &sorted {
            self.row(place, node, key, value);
        }
        for &(key, value) in &sorted {
            self.choices(key, value);
        }
        for &(key, value) in &sorted {
            self.inside(place, key, value);
        }
    }

    fn row(&mut self, place: &Place, node: &Value, key: &str, value: &'a Value) {
        let is_required = node
            .get("required")
            .and_then(Value::as_array)
            .is_some_and(|required| required.iter().any(|name| name == key));
        let inner = self.inner(value);
        let default = match (value.get("default"), &inner) {
            (_, Some((Inner::Table(_), _))) => String::new(),
            (Some(default), _) => format!("`{}`", toml(default)),
            (None, _) if is_required => "must be given".into(),
            (None, _) => String::new(),
        };
        let kind = match inner {
            Some((_, is_list)) => {
                let below = place.of(key, is_list);
                format!("[`{}`](#{})", below.header(), below.anchor())
            }
            None => self.kind(value),
        };
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        let meaning = value.get("description").and_then(Value::as_str);
        let meaning = cell(meaning.unwrap_or_default());
        let (kind, default) = (cell(&kind), cell(&default));
        self.push(&format!("| `{key}` | {kind} | {default} | {meaning} |\n"));
    }

    /// What each of the names means that a key can have, if that is told and has
    /// not been before.
    fn choices(&mut self, key: &str, value: &'a Value) {
        if definition(value).is_some_and(|name| !self.chosen.insert(name)) {
            return;
        }
        let one_of = self.resolve(value).get("oneOf").and_then(Value::as_array);
        let told: Vec<(String, &str)> = one_of
            .into_iter()
            .flatten()
            .filter_map(|choice| {
                let text = choice.get("description")?.as_str()?;
                Some((toml(choice.get("const")?), text))
            })
            .collect();
        if told.is_empty() {
            return;
        }
        self.push(&format!("\n`{key}` can be\n\n"));
        for (name, text) in told {
            self.push(&format!("- `{name}`: {}\n", text.replace('\n', " ")));
        }
    }

    /// A section of the table, or tables, that a key holds.
    fn inside(&mut self, place: &Place, key: &str, value: &'a Value) {
        let Some((inner, is_list)) = self.inner(value) else {
            return;
        };
        let place = place.of(key, is_list);
        let depth = "#".repeat(2 + place.key.matches('.').count());
        self.push(&format!("\n{depth} `{}`\n", place.header()));
        let named = definition(value).or_else(|| definition(value.get("items")?));
        let node = self.resolve(value.get("items").unwrap_or(value));
        if let Some(text) = node.get("description").and_then(Value::as_str) {
            self.push(&format!("\n{text}\n"));
        }
        match inner {
            Inner::Table(node) => self.table(&place, node),
            Inner::Variants(variants) => {
                if let Some(name) = named
                    && let Some(before) = self.described.insert(name, place.clone())
                {
                    let (header, anchor) = (before.header(), before.anchor());
                    self.push(&format!("\nAs for [`{header}`](#{anchor}).\n"));
                    self.described.insert(name, before);
                    return;
                }
                for variant in variants {
                    self.variant(&place, variant);
                }
            }
        }
    }

    /// One of the tables that a key can hold.
    fn variant(&mut self, place: &Place, node: &'a Value) {
        let Some(keys) = node.get("properties").and_then(Value::as_object) else {
            return;
        };
        let name = keys.get("name").and_then(|name| name.get("const"));
        let Some(name) = name.and_then(Value::as_str) else {
            return;
        };
        self.push(&format!("\n**`name = \"{name}\"`**"));
        if let Some(text) = node.get("description").and_then(Value::as_str) {
            self.push(&format!(": {text}"));
        }
        self.push("\n");
        if keys.len() > 1 {
            let place = Place {
                variant: Some(name.into()),
                ..place.clone()
            };
            self.table(&place, node);
        }
    }

    /// The tables that a key holds, if it does; and whether in a list.
    fn inner(&self, value: &'a Value) -> Option<(Inner<'a>, bool)> {
        let node = self.resolve(value);
        if let Some(items) = node.get("items") {
            let (inner, _) = self.inner(items)?;
            return Some((inner, true));
        }
        if node.get("properties").is_some() {
            return Some((Inner::Table(node), false));
        }
        let variants = node.get("oneOf")?.as_array()?;
        let are_tables = variants.iter().all(|one| one.get("properties").is_some());
        are_tables.then_some((Inner::Variants(variants), false))
    }

    /// What a plain value can be, in words.
    fn kind(&self, value: &'a Value) -> String {
        let node = self.resolve(value);
        if let Some(only) = node.get("const") {
            return format!("`{}`", toml(only));
        }
        for any in ["oneOf", "anyOf", "enum"] {
            if let Some(choices) = node.get(any).and_then(Value::as_array) {
                let of = |choice: &'a Value| match choice.is_object() {
                    true => self.kind(choice),
                    false => format!("`{}`", toml(choice)),
                };
                let choices: Vec<String> = choices.iter().map(of).collect();
                let separator = if choices.len() > 2 { ", " } else { " or " };
                return choices.join(separator);
            }
        }
        match node.get("type").and_then(Value::as_str) {
            Some("boolean") => "true or false".into(),
            Some("string") => "text".into(),
            Some("array") => self.list(node),
            Some(number @ ("integer" | "number")) => number.to_string() + &range(node),
            _ => String::new(),
        }
    }

    fn list(&self, node: &'a Value) -> String {
        let item = node.get("items").map(|item| self.kind(item));
        let item = item.unwrap_or_default();
        let bound = |name| node.get(name).and_then(Value::as_u64);
        match (bound("minItems"), bound("maxItems")) {
            (Some(least), Some(most)) if least == most => format!("list of {least}: {item}"),
            _ => format!("list: {item}"),
        }
    }

    /// The definition that a schema refers to, or itself.
    fn resolve(&self, node: &'a Value) -> &'a Value {
        let found = definition(node).and_then(|name| self.schema.get("$defs")?.get(name));
        found.unwrap_or(node)
    }

    fn push(&mut self, text: &str) {
        self.text += text;
    }
}

/// The name of the definition that a schema refers to.
fn definition(node: &Value) -> Option<&str> {
    node.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

/// The keys of a table but for its tag, as they are declared.
fn sorted<'a>(place: &Place, keys: &'a Map<String, Value>) -> Vec<(&'a str, &'a Value)> {
    let declared = place.declared();
    let at = |key: &str| declared.iter().position(|name| name == key);
    let mut sorted: Vec<(&str, &Value)> = keys
        .iter()
        .filter(|(_, value)| value.get("const").is_none())
        .map(|(key, value)| (key.as_str(), value))
        .collect();
    sorted.sort_by_key(|(key, _)| at(key).unwrap_or(usize::MAX));
    sorted
}

/// ` (1 to 256)`, as far as there are bounds.
fn range(node: &Value) -> String {
    let bound = |name: &str| node.get(name).map(toml);
    let below = bound("exclusiveMaximum").map(|most| format!("below {most}"));
    let above = bound("exclusiveMinimum").map(|least| format!("above {least}"));
    let bounds = match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => vec![format!("{least} to {most}")],
        (least, most) => {
            let least = above.or(least.map(|least| format!("at least {least}")));
            let most = below.or(most.map(|most| format!("at most {most}")));
            [least, most].into_iter().flatten().collect()
        }
    };
    match bounds.is_empty() {
        true => String::new(),
        false => format!(" ({})", bounds.join(", ")),
    }
}

/// A value as TOML writes it on one line.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(toml).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(table) => {
            // What decides about the others comes first.
            let (name, others): (Vec<_>, Vec<_>) = table.iter().partition(|(k, _)| *k == "name");
            let keys = name.into_iter().chain(others);
            let keys: Vec<String> = keys.map(|(k, v)| format!("{k} = {}", toml(v))).collect();
            format!("{{ {} }}", keys.join(", "))
        }
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page in the repository is this one: `cargo xtask docs` writes it anew.
    #[test]
    fn the_committed_page_is_up_to_date() {
        let committed = include_str!("../../../../docs/configuration.md");
        assert!(
            committed == reference(),
            "docs/configuration.md is not what the types say: cargo xtask docs"
        );
    }

    #[test]
    fn keys_are_in_the_order_of_their_declaration() {
        let place = |key: &str, is_list, variant: Option<&str>| Place {
            key: key.into(),
            is_list,
            variant: variant.map(Into::into),
        };
        let declared = |place: Place| place.declared();
        assert_eq!(declared(Place::default())[..2], ["model", "dataset"]);
        assert_eq!(
            declared(place("optimizer", false, None))[..2],
            ["name", "lr"]
        );
        let step = place("augment", true, Some("random-crop"));
        assert_eq!(declared(step)[..2], ["size", "padding"]);
    }

    #[test]
    fn every_key_and_step_is_on_the_page() {
        let page = reference();
        for section in [Place::default(), Place::default().of("optimizer", false)] {
            for key in section.declared() {
                assert!(page.contains(&format!("| `{key}` |")), "{key}");
            }
        }
        for step in data::augment::Augment::NAMES {
            assert!(page.contains(&format!("**`name = \"{step}\"`**")), "{step}");
        }
    }
}
