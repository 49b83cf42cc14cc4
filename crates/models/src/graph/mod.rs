//! A network as a picture: Graphviz's DOT, Mermaid, SVG.
//!
//! Blocks become clusters, layers boxes. A layer that changes no shape, such as a
//! batch norm or an activation, is drawn as a further line of the box before it.
//!
//! The SVG is laid out here. Graphviz lays out clusters, but as a program of its
//! own; of the crates, `layout-rs` reads DOT without clusters and `dagre`'s ports
//! draw no SVG. Nor is a general layout needed: networks are series-parallel, so
//! that every box has its place by recursion, and no lines cross.

mod build;
mod dot;
mod flat;
mod label;
mod layout;
mod mermaid;
mod svg;
#[cfg(test)]
mod tests;

use crate::{NetworkSpec, Shape, Summary};

/// The layers of a network and what goes from one to the next, to be drawn. Made
/// by [`NetworkSpec::graph`].
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    title: String,
    /// From the images on.
    parts: Vec<Part>,
}

/// One of the things in a row.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    Node(Node),
    Fork(Fork),
    Block(Block),
    /// A block that the row goes past: what it makes of its input ends in it.
    Aside(Block),
}

/// A box.
#[derive(Debug, Clone, PartialEq)]
struct Node {
    /// At least one.
    lines: Vec<Line>,
}

/// A line of a box: a layer, or what is not a layer.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    /// The whole name of the layer; empty in what is not a layer.
    path: String,
    /// Its name within its block; empty in what is not a layer.
    name: String,
    /// What it is, with its main arguments.
    what: String,
    /// What it gives, where that is another shape than it is given.
    output: Option<Shape>,
    class: Class,
}

/// What several branches make of the same input.
#[derive(Debug, Clone, PartialEq)]
struct Fork {
    /// At least one; an empty branch is the input itself.
    branches: Vec<Vec<Part>>,
    /// Where they meet.
    join: Node,
    /// Whether the first branch is the one to be drawn in line.
    first_in_line: bool,
}

/// Parts with a frame around them.
#[derive(Debug, Clone, PartialEq)]
struct Block {
    label: String,
    parts: Vec<Part>,
    training_only: bool,
}

/// What a line is coloured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Class {
    Convolution,
    Linear,
    Norm,
    Activation,
    Pooling,
    Other,
    /// Not a layer: the sum of branches.
    Sum,
    /// Not a layer: images, junctions, losses.
    Mark,
}

impl Class {
    const ALL: [Self; 8] = [
        Self::Convolution,
        Self::Linear,
        Self::Norm,
        Self::Activation,
        Self::Pooling,
        Self::Other,
        Self::Sum,
        Self::Mark,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Convolution => "convolution",
            Self::Linear => "linear",
            Self::Norm => "norm",
            Self::Activation => "activation",
            Self::Pooling => "pooling",
            Self::Other => "other",
            Self::Sum => "sum",
            Self::Mark => "mark",
        }
    }

    /// Pale enough for dark text, on a light and on a dark page.
    fn colour(self) -> &'static str {
        match self {
            Self::Convolution => "#c6dbef",
            Self::Linear => "#fdd0a2",
            Self::Norm => "#e7e7e7",
            Self::Activation => "#f7edb5",
            Self::Pooling => "#c7e9c0",
            Self::Other => "#f4f4f4",
            Self::Sum | Self::Mark => "#dadaeb",
        }
    }
}

/// Of text in boxes.
const INK: &str = "#1b1b1b";
/// Of lines and of text beside boxes: to be seen on a light and on a dark page.
const GREY: &str = "#7b7b7b";

impl Node {
    fn class(&self) -> Class {
        self.lines[0].class
    }

    fn is_layer(&self) -> bool {
        !matches!(self.class(), Class::Sum | Class::Mark)
    }
}

impl Line {
    /// All of it as text.
    fn text(&self) -> String {
        let name = match self.name.as_str() {
            "" => String::new(),
            name => format!("{name}: "),
        };
        match (self.output, self.class) {
            (Some(output), Class::Mark) => format!("{} {output}", self.what),
            (Some(output), _) => format!("{name}{} → {output}", self.what),
            (None, _) => format!("{name}{}", self.what),
        }
    }
}

impl Graph {
    pub(crate) fn new(spec: &NetworkSpec, summary: &Summary) -> Self {
        build::graph(spec, summary)
    }

    /// As DOT, for Graphviz.
    #[must_use]
    pub fn to_dot(&self) -> String {
        dot::write(self)
    }

    /// As a Mermaid flowchart, which GitHub and many editors draw within Markdown.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        mermaid::write(self)
    }

    /// As a picture, for a light or a dark page.
    #[must_use]
    pub fn to_svg(&self) -> String {
        svg::write(self)
    }
}
