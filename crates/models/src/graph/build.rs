//! From the nested lists of layers to the parts of a picture.

use std::collections::HashMap;

use super::{
    Block, Class, Fork, Graph, Line, Node, Part,
    label::{arguments, class, keeps_shape, number, printable},
};
use crate::{LayerSpec, LayerSummary, Layers, NetworkSpec, Shape, Summary, shape::join};

pub(super) fn graph(spec: &NetworkSpec, summary: &Summary) -> Graph {
    let rows = summary.layers.iter();
    let builder = Builder(rows.map(|row| (row.name.as_str(), row)).collect());
    let mut parts = vec![mark("images", Some(Shape::Map(summary.image))).into()];
    parts.extend(builder.layers(&spec.layers, ""));
    Graph {
        title: printable(&summary.title()),
        parts,
    }
}

/// What is known of the layers, by their whole names.
struct Builder<'a>(HashMap<&'a str, &'a LayerSummary>);

impl Builder<'_> {
    fn layers(&self, layers: &Layers, block: &str) -> Vec<Part> {
        let mut parts = Vec::new();
        for (name, layer) in layers {
            let path = join(block, name);
            // Shape inference went through the same layers.
            let Some(row) = self.0.get(path.as_str()) else {
                continue;
            };
            let part = self.layer(name, layer, row);
            match (part, parts.last_mut()) {
                (Part::Node(next), Some(Part::Node(before)))
                    if keeps_shape(layer) && before.is_layer() =>
                {
                    before.lines.extend(next.lines);
                }
                (part, _) => parts.push(part),
            }
        }
        parts
    }

    fn layer(&self, name: &str, layer: &LayerSpec, row: &LayerSummary) -> Part {
        let path = &row.name;
        let fork = |branches: Vec<&Layers>, join: Line, first_in_line| {
            let branches = branches.iter().map(|branch| self.layers(branch, path));
            Part::Fork(Fork {
                branches: branches.collect(),
                join: join.into(),
                first_in_line,
            })
        };
        let block = |label: String, parts| Block {
            label: printable(&label),
            parts,
            training_only: row.training_only,
        };
        let label = format!("{path} ({})", row.kind);
        match layer {
            LayerSpec::Residual {
                body,
                shortcut,
                after,
            } => {
                let mut parts = vec![fork(vec![body, shortcut], sum(), true)];
                parts.extend(self.layers(after, path));
                Part::Block(block(label, parts))
            }
            LayerSpec::Concat { branches } => {
                let join = mark("concat", Some(row.output));
                let fork = fork(branches.iter().collect(), join, false);
                Part::Block(block(label, vec![fork]))
            }
            LayerSpec::Auxiliary { layers, weight } => {
                let mut parts = self.layers(layers, path);
                let loss = format!("loss × {}", number(*weight));
                parts.push(mark(&loss, None).into());
                Part::Aside(block(format!("{path} (training only)"), parts))
            }
            layer => {
                let what = match arguments(layer).as_str() {
                    "" => row.kind.into(),
                    arguments => format!("{} {arguments}", row.kind),
                };
                Line {
                    path: printable(path),
                    name: printable(name),
                    what,
                    output: (!keeps_shape(layer)).then_some(row.output),
                    class: class(layer),
                }
                .into()
            }
        }
    }
}

fn mark(what: &str, output: Option<Shape>) -> Line {
    Line {
        path: String::new(),
        name: String::new(),
        what: what.into(),
        output,
        class: Class::Mark,
    }
}

fn sum() -> Line {
    Line {
        class: Class::Sum,
        ..mark("+", None)
    }
}

impl From<Line> for Node {
    fn from(line: Line) -> Self {
        Self { lines: vec![line] }
    }
}

impl From<Line> for Part {
    fn from(line: Line) -> Self {
        Self::Node(line.into())
    }
}
