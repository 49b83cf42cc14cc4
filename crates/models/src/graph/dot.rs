//! DOT: <https://graphviz.org/doc/info/lang.html>.

use super::{
    Class, GREY, Graph, INK, Node,
    flat::{Flat, Item, Lines},
};

pub(super) fn write(graph: &Graph) -> String {
    let flat = Flat::new(graph);
    let mut lines = Lines::default();
    let title = quoted(&graph.title);
    lines.add(&format!("digraph {title} {{"));
    lines.depth += 1;
    for attributes in [
        format!("graph [label={title}, labelloc=t, fontname=\"monospace\", fontsize=14]"),
        format!(
            "node [shape=box, style=\"filled,rounded\", fontname=\"monospace\", fontsize=11, \
             height=0.3, color=\"{GREY}\", fontcolor=\"{INK}\"]"
        ),
        format!("edge [color=\"{GREY}\", arrowsize=0.7]"),
    ] {
        lines.add(&format!("{attributes};"));
    }
    for item in &flat.items {
        match item {
            Item::Node(number, node) => lines.add(&box_of(*number, node)),
            Item::Open(number, block) => {
                let style = match block.training_only {
                    true => "rounded,dashed",
                    false => "rounded",
                };
                lines.add(&format!("subgraph cluster_{number} {{"));
                lines.depth += 1;
                lines.add(&format!(
                    "graph [label={}, labeljust=l, style=\"{style}\", color=\"{GREY}\", fontsize=11];",
                    quoted(&block.label)
                ));
            }
            Item::Close => {
                lines.depth -= 1;
                lines.add("}");
            }
        }
    }
    for (from, to) in &flat.edges {
        lines.add(&format!("n{from} -> n{to};"));
    }
    lines.depth -= 1;
    lines.add("}");
    lines.text
}

fn box_of(number: usize, node: &Node) -> String {
    let fill = node.class().colour();
    let text: String = match node.lines.as_slice() {
        [line] => escaped(&line.text()),
        // To the left, each ended by `\l`.
        lines => lines
            .iter()
            .map(|line| escaped(&line.text()) + "\\l")
            .collect(),
    };
    let shape = match node.class() {
        Class::Sum => "shape=circle, margin=0.02, ",
        Class::Mark => "shape=oval, ",
        _ => "",
    };
    format!("n{number} [{shape}label=\"{text}\", fillcolor=\"{fill}\"];")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// A backslash begins `\n`, `\l` and `\N` in a label, and `&` an HTML entity.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
}
