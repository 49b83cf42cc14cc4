//! The JSON Schema of a configuration, from the types that read it.

use schemars::{
    Schema,
    generate::SchemaSettings,
    transform::{RecursiveTransform, Transform},
};
use serde_json::Value;

use super::TrainConfig;

/// The JSON Schema (draft 2020-12) of a configuration: every key with its meaning,
/// its type and its default, if it has one. What stands between keys is checked by
/// [`TrainConfig::validate`].
#[must_use]
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<TrainConfig>();
    RecursiveTransform(plain).transform(&mut schema);
    schema.to_value()
}

/// Without what there is in Rust and not in TOML.
fn plain(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if let Some(Value::String(text)) = object.get_mut("description") {
        *text = prose(text);
    }
    // TOML has no null: the key is left out.
    object.retain(|name, value| name != "default" || !value.is_null());
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            object.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
        if let [Value::Object(only)] = &choices[..] {
            let only = only.clone();
            object.remove("anyOf");
            for (name, value) in only {
                object.entry(name).or_insert(value);
            }
        }
    }
}

/// Documentation as it is read outside of Rust: without links to its items, and
/// with one line a paragraph, but for code.
fn prose(documentation: &str) -> String {
    let mut is_code = false;
    let mut text = String::new();
    for line in documentation.lines() {
        let is_fence = line.trim_start().starts_with("```");
        let joins = !is_code && !is_fence && !line.trim().is_empty() && !line.starts_with("- ");
        match text.chars().last() {
            None | Some('\n') => {}
            Some(_) if joins => text.push(' '),
            Some(_) => text.push('\n'),
        }
        let at_end = |text: &mut String| text.push('\n');
        if is_code || is_fence {
            text += line;
            at_end(&mut text);
        } else if line.trim().is_empty() {
            at_end(&mut text);
        } else {
            text += line;
        }
        is_code ^= is_fence;
    }
    without_links(text.trim())
}

/// Without the links of Rust's documentation: `` [`name`] ``, and `[words](path)`
/// unless that is an address.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('[') {
        plain += &rest[..start];
        rest = &rest[start..];
        let Some((words, after)) = rest[1..].split_once(']') else {
            break;
        };
        let path = after
            .strip_prefix('(')
            .and_then(|path| path.split_once(')'));
        match path {
            Some((path, after)) if !path.contains("://") => {
                plain += words;
                rest = after;
            }
            None if words.starts_with('`') && words.ends_with('`') => {
                plain += words;
                rest = after;
            }
            _ => {
                plain.push('[');
                rest = &rest[1..];
            }
        }
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls `see` with every schema in `schema`, the outermost first.
    fn each(schema: &Value, see: &mut dyn FnMut(&Value)) {
        see(schema);
        match schema {
            Value::Object(object) => object.values().for_each(|inner| each(inner, see)),
            Value::Array(items) => items.iter().for_each(|inner| each(inner, see)),
            _ => {}
        }
    }

    #[test]
    fn every_key_is_documented_and_no_table_is_open() {
        let mut tables = 0;
        each(&schema(), &mut |schema| {
            let Some(keys) = schema.get("properties").and_then(Value::as_object) else {
                return;
            };
            // A key that is called so.
            if schema.get("type").is_none_or(|name| name != "object") {
                return;
            }
            tables += 1;
            assert_eq!(schema["additionalProperties"], false, "{schema:#}");
            for (key, value) in keys {
                let is_tag = value.get("const").is_some();
                let text = value.get("description").and_then(Value::as_str);
                assert!(is_tag || text.is_some_and(|text| !text.is_empty()), "{key}");
            }
        });
        // The configuration, its sections, steps, initialisations.
        assert!(tables > 30, "{tables}");
    }

    #[test]
    fn nothing_of_rust_is_left() {
        each(&schema(), &mut |schema| {
            if let Some(text) = schema.get("description").and_then(Value::as_str) {
                assert!(!text.contains("[`") && !text.contains("::"), "{text}");
            }
            if let Some(name) = schema.get("type") {
                assert_ne!(name, "null");
            }
            assert!(schema.get("default").is_none_or(|value| !value.is_null()));
        });
    }

    #[test]
    fn documentation_becomes_prose() {
        let rust = "Of [`a`](b::c) and\n[`d`], in [the module](self), not [x, y].\n\nMore:\n\n```toml\nx = 1\n\ny = 2\n```";
        assert_eq!(
            prose(rust),
            "Of `a` and `d`, in the module, not [x, y].\n\nMore:\n\n```toml\nx = 1\n\ny = 2\n```"
        );
    }
}
