//! Mermaid: <https://mermaid.js.org/syntax/flowchart.html>.

use super::{
    Class, GREY, Graph, INK, Node,
    flat::{Flat, Item, Lines},
};

pub(super) fn write(graph: &Graph) -> String {
    let flat = Flat::new(graph);
    let mut lines = Lines::default();
    for line in ["---", &title(&graph.title), "---", "flowchart TB"] {
        lines.add(line);
    }
    lines.depth += 1;
    let mut aside = Vec::new();
    for item in &flat.items {
        match item {
            Item::Node(number, node) => lines.add(&box_of(*number, node)),
            Item::Open(number, block) => {
                let label = escaped(&block.label);
                lines.add(&format!("subgraph b{number}[\"{label}\"]"));
                lines.depth += 1;
                if block.training_only {
                    aside.push(format!("b{number}"));
                }
            }
            Item::Close => {
                lines.depth -= 1;
                lines.add("end");
            }
        }
    }
    for (from, to) in &flat.edges {
        lines.add(&format!("n{from} --> n{to}"));
    }
    for class in Class::ALL {
        lines.add(&format!(
            "classDef {} fill:{},stroke:{GREY},color:{INK},text-align:left",
            class.name(),
            class.colour()
        ));
    }
    if !aside.is_empty() {
        lines.add("classDef aside stroke-dasharray:4 3");
        lines.add(&format!("class {} aside", aside.join(",")));
    }
    lines.text
}

fn box_of(number: usize, node: &Node) -> String {
    let text: Vec<String> = node.lines.iter().map(|l| escaped(&l.text())).collect();
    let text = text.join("<br/>");
    let class = node.class();
    let (open, close) = match class {
        Class::Sum => ("((", "))"),
        Class::Mark => ("([", "])"),
        _ => ("[", "]"),
    };
    format!("n{number}{open}\"{text}\"{close}:::{}", class.name())
}

/// The title as YAML, whose double-quoted strings take JSON's escapes.
fn title(title: &str) -> String {
    let title = title.replace('\\', "\\\\").replace('"', "\\\"");
    format!("title: \"{title}\"")
}

/// What HTML and Markdown would take for their own becomes an entity; so does a
/// `+` alone, the beginning of a list.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '#' | '&' | '<' | '>' | '\\' | '`' | '*' | '_' | '+' | '[' | ']' | '{' | '}'
            | '%' | '~' | '$' => {
                safe += &format!("#{};", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    safe
}
