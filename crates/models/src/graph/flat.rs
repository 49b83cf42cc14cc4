//! Numbered boxes, clusters and edges, for languages that know no series and forks.

use super::{Block, Graph, Node, Part};

/// What is written before the edges, in order.
pub(super) enum Item<'a> {
    Node(usize, &'a Node),
    Open(usize, &'a Block),
    Close,
}

#[derive(Default)]
pub(super) struct Flat<'a> {
    pub items: Vec<Item<'a>>,
    /// The numbers of the boxes from and to which edges go.
    pub edges: Vec<(usize, usize)>,
    nodes: usize,
    blocks: usize,
}

impl<'a> Flat<'a> {
    pub fn new(graph: &'a Graph) -> Self {
        let mut flat = Self::default();
        flat.parts(&graph.parts, None);
        flat
    }

    /// Adds parts that come after box `from`: the box that they end in.
    fn parts(&mut self, parts: &'a [Part], from: Option<usize>) -> Option<usize> {
        let parts = parts.iter();
        parts.fold(from, |from, part| match part {
            Part::Node(node) => Some(self.node(node, &[from])),
            Part::Fork(fork) => {
                let ends = fork.branches.iter().map(|branch| self.parts(branch, from));
                let ends: Vec<Option<usize>> = ends.collect();
                Some(self.node(&fork.join, &ends))
            }
            Part::Block(block) => self.block(block, from),
            Part::Aside(block) => {
                self.block(block, from);
                from
            }
        })
    }

    fn node(&mut self, node: &'a Node, from: &[Option<usize>]) -> usize {
        let number = self.nodes;
        self.nodes += 1;
        self.items.push(Item::Node(number, node));
        let edges = from.iter().flatten().map(|&from| (from, number));
        self.edges.extend(edges);
        number
    }

    fn block(&mut self, block: &'a Block, from: Option<usize>) -> Option<usize> {
        self.items.push(Item::Open(self.blocks, block));
        self.blocks += 1;
        let end = self.parts(&block.parts, from);
        self.items.push(Item::Close);
        end
    }
}

/// A text that grows by indented lines.
#[derive(Default)]
pub(super) struct Lines {
    pub text: String,
    pub depth: usize,
}

impl Lines {
    pub fn add(&mut self, line: &str) {
        self.text += &"  ".repeat(self.depth);
        self.text += line;
        self.text.push('\n');
    }
}
