//! From tables of TOML to layers.

use std::collections::HashMap;

use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::error::Wrong;
use crate::{
    LayerSpec, Layers,
    shape::join,
    toml_table::{self, Document, TableError},
};

/// Layers that a network may have, those within blocks included.
const MOST: usize = 10_000;
/// Blocks within blocks.
const DEEPEST: usize = 32;
/// Characters of a name: those of blocks are a part of the names within.
pub(super) const LONGEST: usize = 100;

/// Keys whose value may be `"classes"`.
const SIZES: [&str; 2] = ["channels", "features"];
/// Keys of blocks that hold layers.
const WITHIN: [&str; 5] = ["body", "shortcut", "after", "branches", "layers"];

/// The block that layers are in.
#[derive(Clone, Copy)]
struct Block<'a> {
    /// Its name; empty for the network itself.
    path: &'a str,
    /// The key that the layers stand under.
    list: &'a str,
    depth: usize,
}

/// Walks through the layers of a file.
pub(super) struct Walk<'a> {
    document: &'a Document<'a>,
    /// The number of classes.
    classes: &'a str,
    lines: HashMap<String, usize>,
}

impl<'a> Walk<'a> {
    pub fn new(document: &'a Document<'a>, classes: &'a str) -> Self {
        Self {
            document,
            classes,
            lines: HashMap::new(),
        }
    }

    /// The layers of a network: at least one.
    pub fn network(&mut self, list: Spanned<DeValue<'a>>) -> Result<Layers, Wrong> {
        let line = self.document.line(list.span().start);
        let block = Block {
            path: "",
            list: "layers",
            depth: 0,
        };
        let layers = self.list(list, block)?;
        match layers.is_empty() {
            true => Err(Wrong::new(line, "a network has at least one layer".into()).key("layers")),
            false => Ok(layers),
        }
    }

    /// The lines of the layers by their full names.
    pub fn into_lines(self) -> HashMap<String, usize> {
        self.lines
    }

    fn list(&mut self, list: Spanned<DeValue<'a>>, block: Block<'_>) -> Result<Layers, Wrong> {
        let line = self.document.line(list.span().start);
        let wrong = |problem| Wrong::new(line, problem).key(block.list);
        let key = block.list;
        let DeValue::Array(tables) = list.into_inner() else {
            return Err(wrong(match block.path {
                "" => {
                    "`layers` is a list: begin each layer with [[layers]], in two brackets".into()
                }
                _ => format!("`{key}` is a list of layers: {key} = [{{ … }}, {{ … }}]"),
            }));
        };
        if block.depth > DEEPEST {
            return Err(wrong(format!("more than {DEEPEST} blocks within blocks")));
        }
        let tables = tables.into_iter().enumerate();
        tables
            .map(|(at, table)| self.layer(table, at + 1, block))
            .collect()
    }

    fn layer(
        &mut self,
        table: Spanned<DeValue<'a>>,
        position: usize,
        block: Block<'_>,
    ) -> Result<(String, LayerSpec), Wrong> {
        let (document, span) = (self.document, table.span());
        let line = document.line(span.start);
        let place = match block.path {
            "" => position.to_string(),
            path => format!("{position} in the {} of `{path}`", block.list),
        };
        if self.lines.len() == MOST {
            return Err(Wrong::new(line, format!("more than {MOST} layers")).layer(&place));
        }
        let DeValue::Table(mut table) = table.into_inner() else {
            let problem = "a layer is a table with `name` and `kind`";
            return Err(Wrong::new(line, problem.into()).layer(&place));
        };
        let Some((key, name)) = table.remove_entry("name") else {
            let problem = "`name` is missing, under which its weights are stored";
            return Err(Wrong::new(line, problem.into()).layer(&place));
        };
        let name = read_name(document, &key, &name).map_err(|wrong| wrong.layer(&place))?;
        let path = join(block.path, &name);
        let quoted = format!("`{path}`");
        if let Some(first) = self.lines.get(&path) {
            let problem = format!("the layer on line {first} has this name, too");
            let line = document.line(key.span().start);
            return Err(Wrong::new(line, problem).layer(&quoted).key("name"));
        }
        self.lines.insert(path.clone(), line);
        let layer = self.kind(Spanned::new(span, table), &path, block.depth);
        layer
            .map(|layer| (name, layer))
            .map_err(|wrong| match wrong.layer {
                Some(_) => wrong,
                None => wrong.layer(&quoted),
            })
    }

    /// A layer without its name.
    fn kind(
        &mut self,
        table: Spanned<DeTable<'a>>,
        path: &str,
        depth: usize,
    ) -> Result<LayerSpec, Wrong> {
        let (document, span) = (self.document, table.span());
        let line = document.line(span.start);
        let mut table = table.into_inner();
        let kind = table.get("kind").and_then(|kind| kind.get_ref().as_str());
        let kind = kind.unwrap_or_default().to_string();

        let mut within = DeTable::new();
        for key in WITHIN {
            if let Some((key, value)) = table.remove_entry(key) {
                within.insert(key, value);
            }
        }
        for key in SIZES {
            if let Some(size) = table.get_mut(key)
                && size.get_ref().as_str() == Some("classes")
            {
                // A number is TOML, always.
                if let Ok(number) = DeValue::parse(self.classes) {
                    *size = Spanned::new(size.span(), number.into_inner());
                }
            }
        }
        let others = ["name"].iter().chain(lists_of(&kind));
        let others: Vec<&str> = others.copied().collect();
        let table = Spanned::new(span, DeValue::Table(table));
        let mut layer: LayerSpec =
            toml_table::read(document, &table, "kind", &others).map_err(or_classes)?;

        let mut take = |list: &str, required: bool| match within.remove(list) {
            None if required => Err(Wrong::new(
                line,
                format!("`{list}` is missing, with the layers of the block"),
            )),
            value => Ok(value),
        };
        let depth = depth + 1;
        match &mut layer {
            LayerSpec::Residual {
                body,
                shortcut,
                after,
            } => {
                for (list, layers) in [("body", body), ("shortcut", shortcut), ("after", after)] {
                    if let Some(value) = take(list, list == "body")? {
                        *layers = self.list(value, Block { path, list, depth })?;
                    }
                }
            }
            LayerSpec::Concat { branches } => {
                if let Some(value) = take("branches", true)? {
                    *branches = self.branches(value, path, depth)?;
                }
            }
            LayerSpec::Auxiliary { layers, .. } => {
                if let Some(value) = take("layers", true)? {
                    let list = "layers";
                    *layers = self.list(value, Block { path, list, depth })?;
                }
            }
            _ => {}
        }
        match within.keys().next() {
            None => Ok(layer),
            Some(key) => {
                let own = toml_table::keys_of::<LayerSpec>("kind", &kind);
                let own = own.iter().map(String::as_str);
                let known: Vec<&str> = ["kind"].into_iter().chain(others).chain(own).collect();
                let list = key.get_ref();
                let problem = toml_table::unknown("key ", list, &known);
                Err(Wrong::new(document.line(key.span().start), problem).key(list))
            }
        }
    }

    fn branches(
        &mut self,
        value: Spanned<DeValue<'a>>,
        path: &str,
        depth: usize,
    ) -> Result<Vec<Layers>, Wrong> {
        let line = self.document.line(value.span().start);
        let wrong = || {
            let problem = "`branches` is a list of lists of layers: \
                           branches = [[{ name = \"a\", kind = \"relu\" }], [{ … }, { … }]]";
            Wrong::new(line, problem.into()).key("branches")
        };
        let DeValue::Array(branches) = value.into_inner() else {
            return Err(wrong());
        };
        let mut lists = Vec::new();
        for branch in branches {
            if !branch.get_ref().is_array() {
                return Err(wrong());
            }
            let list = "branches";
            lists.push(self.list(branch, Block { path, list, depth })?);
        }
        Ok(lists)
    }
}

/// The keys of a kind of layer that hold layers.
fn lists_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "residual" => &["body", "shortcut", "after"],
        "concat" => &["branches"],
        "auxiliary" => &["layers"],
        _ => &[],
    }
}

/// A size that is no number can be `"classes"` as well.
fn or_classes(error: TableError) -> Wrong {
    let mut wrong = Wrong::from(error);
    let is_size = wrong.key.as_deref().is_some_and(|key| SIZES.contains(&key));
    if is_size && wrong.problem.ends_with("at least 0") {
        wrong.problem.push_str(", or \"classes\"");
    }
    wrong
}

/// A name of a layer.
fn read_name(
    document: &Document<'_>,
    key: &Spanned<DeString<'_>>,
    value: &Spanned<DeValue<'_>>,
) -> Result<String, Wrong> {
    let possible = |name: &&str| {
        name.chars().count() <= LONGEST
            && !name.contains(|c: char| c.is_control() || c.is_whitespace())
            && !name.split('.').any(str::is_empty)
    };
    match value.get_ref().as_str().filter(possible) {
        Some(name) => Ok(name.into()),
        None => Err(Wrong::new(
            document.line(key.span().start),
            format!(
                "name = {}: it must be one word in quotes, of at most {LONGEST} characters; it \
                 may have dots, with something before and after each",
                document.excerpt(value.span())
            ),
        )
        .key("name")),
    }
}
