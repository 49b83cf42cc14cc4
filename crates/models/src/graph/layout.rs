//! Places for all boxes: parts in a row below each other, branches side by side.

use super::{Block, Class, Fork, Node, Part};

/// Width of a character of the fixed-width font; wider in no common one.
const CHARACTER: f64 = 7.25;
/// Between the texts in a line.
pub(super) const SPACE: f64 = 1.5 * CHARACTER;
/// Height of a line of text in a box.
pub(super) const LINE: f64 = 21.0;
/// Between the edge of a box and its text.
pub(super) const PADDING: f64 = 9.0;
/// Between boxes that follow each other.
const GAP: f64 = 20.0;
/// Between branches side by side.
const BESIDE: f64 = 26.0;
/// From where branches part to where they begin.
const SPREAD: f64 = 18.0;
/// Between a frame and what is in it, on the left and right.
const FRAME: f64 = 14.0;
/// The same above, where the label is, and below.
const FRAME_ABOVE: f64 = 30.0;
const FRAME_BELOW: f64 = 14.0;
/// Side of a sum's circle.
const SUM: f64 = 24.0;
/// Room on each side of a branch without boxes.
const LANE: f64 = 10.0;

/// Something drawn. x is counted from the line that the picture's input comes in
/// and its output goes out on, y from the top of the picture downwards.
#[derive(Debug, Clone)]
pub(super) enum Shape<'a> {
    Box(Rectangle, &'a Node),
    Frame(Rectangle, &'a Block),
    Line {
        points: Vec<[f64; 2]>,
        /// Whether the end is an arrowhead.
        arrow: bool,
    },
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Rectangle {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// Shapes, and the room they take.
#[derive(Debug, Default)]
pub(super) struct Picture<'a> {
    /// How far it reaches to the left of x = 0.
    pub left: f64,
    /// How far it reaches to the right of x = 0.
    pub right: f64,
    pub height: f64,
    /// Those behind come first.
    pub shapes: Vec<Shape<'a>>,
    /// Whether the input goes into a box at the very top.
    box_on_top: bool,
}

/// Parts below each other.
pub(super) fn row(parts: &[Part]) -> Picture<'_> {
    let widest = parts.iter().map(|part| match part {
        Part::Node(node) if node.is_layer() => width(node),
        _ => 0.0,
    });
    let widest = widest.fold(0.0, f64::max);
    let mut whole = Picture::default();
    for (at, part) in parts.iter().enumerate() {
        let picture = match part {
            Part::Node(node) if node.is_layer() => single(node, widest),
            Part::Node(node) => single(node, width(node)),
            Part::Fork(f) => fork(f),
            Part::Block(b) => block(b, true),
            Part::Aside(b) => aside(b),
        };
        if at == 0 {
            whole.box_on_top = picture.box_on_top;
        } else {
            whole.down(GAP, picture.box_on_top);
        }
        let height = whole.height;
        whole.height += picture.height;
        whole.put(picture, [0.0, height]);
    }
    whole
}

/// A box alone.
fn single(node: &Node, width: f64) -> Picture<'_> {
    let height = match node.is_layer() {
        true => LINE * node.lines.len() as f64,
        false => SUM,
    };
    let rectangle = Rectangle {
        x: -width / 2.0,
        y: 0.0,
        width,
        height,
    };
    Picture {
        left: width / 2.0,
        right: width / 2.0,
        height,
        shapes: vec![Shape::Box(rectangle, node)],
        box_on_top: true,
    }
}

/// A frame with its parts. `through` is whether its output leaves it below.
fn block(block: &Block, through: bool) -> Picture<'_> {
    let inner = row(&block.parts);
    // The input comes in beside the label.
    let label = text_width(&block.label) + 2.0 * PADDING;
    let mut whole = Picture {
        left: (inner.left + FRAME).max(label),
        right: inner.right + FRAME,
        height: 0.0,
        shapes: Vec::new(),
        box_on_top: false,
    };
    let rectangle = Rectangle {
        x: -whole.left,
        y: 0.0,
        width: whole.left + whole.right,
        height: FRAME_ABOVE + inner.height + FRAME_BELOW,
    };
    whole.shapes.push(Shape::Frame(rectangle, block));
    whole.down(FRAME_ABOVE, inner.box_on_top);
    whole.height += inner.height;
    whole.put(inner, [0.0, FRAME_ABOVE]);
    match through {
        true => whole.down(FRAME_BELOW, false),
        false => whole.height += FRAME_BELOW,
    }
    whole
}

/// A block on the right, and the row that goes past.
fn aside(b: &Block) -> Picture<'_> {
    let picture = block(b, false);
    let x = BESIDE + picture.left;
    let mut whole = Picture::default();
    whole.line(vec![[0.0, 0.0], [x, 0.0], [x, SPREAD]], false);
    let height = SPREAD + picture.height;
    whole.put(picture, [x, SPREAD]);
    whole.down(height, false);
    whole
}

/// Branches side by side, and below them where they meet.
fn fork(fork: &Fork) -> Picture<'_> {
    let branches: Vec<Picture<'_>> = fork.branches.iter().map(|branch| row(branch)).collect();
    let mut cursor = 0.0;
    let mut centres = Vec::with_capacity(branches.len());
    for branch in &branches {
        centres.push(cursor + branch.left.max(LANE));
        cursor += branch.left.max(LANE) + branch.right.max(LANE) + BESIDE;
    }
    let middle = centres.len() / 2;
    let axis = match (fork.first_in_line, centres.len() % 2) {
        (true, _) => centres[0],
        (false, 1) => centres[middle],
        (false, _) => f64::midpoint(centres[middle - 1], centres[middle]),
    };

    let join = single(&fork.join, width(&fork.join));
    let longest = branches.iter().map(|b| b.height).fold(0.0, f64::max);
    let top = SPREAD + longest + GAP;
    let (edge, centre) = (join.right, top + join.height / 2.0);
    let mut whole = Picture {
        left: axis,
        right: cursor - BESIDE - axis,
        height: top + join.height,
        ..Picture::default()
    };
    for (branch, x) in branches.into_iter().zip(centres) {
        let x = x - axis;
        let bottom = SPREAD + branch.height;
        whole.line(vec![[0.0, 0.0], [x, 0.0], [x, SPREAD]], branch.box_on_top);
        whole.line(
            match x.abs() < edge {
                true => vec![[x, bottom], [x, top]],
                false => vec![[x, bottom], [x, centre], [edge.copysign(x), centre]],
            },
            true,
        );
        whole.put(branch, [x, SPREAD]);
    }
    whole.put(join, [0.0, top]);
    whole
}

impl<'a> Picture<'a> {
    /// Adds another at `x`, `y`. The height stays as it is.
    fn put(&mut self, other: Self, [x, y]: [f64; 2]) {
        self.left = self.left.max(other.left - x);
        self.right = self.right.max(other.right + x);
        let shapes = other.shapes.into_iter();
        self.shapes.extend(shapes.map(|shape| shape.moved(x, y)));
    }

    /// A line straight down, by which it becomes higher.
    fn down(&mut self, length: f64, arrow: bool) {
        let bottom = self.height + length;
        self.line(vec![[0.0, self.height], [0.0, bottom]], arrow);
        self.height = bottom;
    }

    fn line(&mut self, points: Vec<[f64; 2]>, arrow: bool) {
        self.shapes.push(Shape::Line { points, arrow });
    }
}

impl Shape<'_> {
    pub fn moved(self, x: f64, y: f64) -> Self {
        let shift = |r: Rectangle| Rectangle {
            x: r.x + x,
            y: r.y + y,
            ..r
        };
        match self {
            Self::Box(rectangle, node) => Self::Box(shift(rectangle), node),
            Self::Frame(rectangle, block) => Self::Frame(shift(rectangle), block),
            Self::Line { points, arrow } => Self::Line {
                points: points.iter().map(|p| [p[0] + x, p[1] + y]).collect(),
                arrow,
            },
        }
    }
}

/// Width of a box that its lines fit into.
fn width(node: &Node) -> f64 {
    if node.class() == Class::Sum {
        return SUM;
    }
    let lines = node.lines.iter().map(|line| {
        let name = match line.name.is_empty() {
            true => 0.0,
            false => text_width(&line.name) + SPACE,
        };
        let output = |output: crate::Shape| SPACE + text_width(&output.to_string());
        name + text_width(&line.what) + line.output.map_or(0.0, output)
    });
    lines.fold(0.0, f64::max) + 2.0 * PADDING
}

pub(super) fn text_width(text: &str) -> f64 {
    // Scripts from Hangul on, and pictograms, take two places as a rule.
    let places = text.chars().map(|c| if c < '\u{1100}' { 1.0 } else { 2.0 });
    places.sum::<f64>() * CHARACTER
}
