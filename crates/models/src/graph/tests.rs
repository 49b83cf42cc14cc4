use std::collections::HashMap;

use super::{
    Graph,
    layout::{Rectangle, Shape, row},
};
use crate::{LayerSpec, Layers, NetworkSpec, architectures};

fn named(name: &str, layer: LayerSpec) -> (String, LayerSpec) {
    (name.into(), layer)
}

/// A network with a block of each kind.
fn small() -> NetworkSpec {
    let conv = || LayerSpec::conv2d(4, 3).padding(1);
    let residual = LayerSpec::Residual {
        body: vec![named("conv", conv()), named("bn", LayerSpec::batch_norm())],
        shortcut: Layers::new(),
        after: vec![named("relu", LayerSpec::relu())],
    };
    let concat = LayerSpec::Concat {
        branches: vec![vec![named("a", LayerSpec::conv2d(2, 1))], Layers::new()],
    };
    let auxiliary = LayerSpec::Auxiliary {
        layers: vec![
            named("flatten", LayerSpec::flatten()),
            named("fc", LayerSpec::linear(10)),
        ],
        weight: 0.3,
    };
    NetworkSpec::new("small")
        .layer("conv", conv())
        .layer("block", residual)
        .layer("mixed", concat)
        .layer("aux", auxiliary)
        .layer("flatten", LayerSpec::flatten())
        .layer("fc", LayerSpec::linear(10))
}

/// Names that mean something in one of the languages, or in all of them.
const NASTY: [&str; 9] = [
    "<script>alert('1')</script>",
    "a\"]; n9 [label=\"b",
    "end\\",
    "a&lt;b&c",
    "%%{init: {}}%%",
    "-- + _a_ *b* `c` #35;",
    "line\nbreak\u{0}\u{202e}",
    "日本語",
    "}",
];

fn nasty() -> NetworkSpec {
    let residual = |name: &str| LayerSpec::Residual {
        body: vec![named(name, LayerSpec::conv2d(1, 1))],
        shortcut: Layers::new(),
        after: Layers::new(),
    };
    let start = NetworkSpec::new("<b> \"net\" & \\ more");
    NASTY
        .iter()
        .fold(start, |spec, name| spec.layer(name, residual(name)))
}

/// All networks of the zoo, and others with more in them.
fn graphs() -> Vec<(String, Graph, Vec<String>)> {
    let zoo = architectures().map(|known| {
        let image = known.usual_image;
        let model = known.model(known.usual_classes);
        (model.spec(image).unwrap(), image)
    });
    let others = [
        (small(), [1, 8, 8]),
        (nasty(), [1, 8, 8]),
        (NetworkSpec::new("empty"), [1, 8, 8]),
        (
            crate::googlenet(10)
                .auxiliary_heads()
                .spec([3, 32, 32])
                .unwrap(),
            [3, 32, 32],
        ),
    ];
    let all = zoo.chain(others).map(|(spec, image)| {
        let layers = spec.summary(image).unwrap().layers;
        let names = layers.into_iter().filter(|layer| !layer.block);
        let names = names.map(|layer| super::label::printable(&layer.name));
        let graph = spec.graph(image).unwrap();
        (spec.name().to_string(), graph, names.collect())
    });
    all.collect()
}

#[test]
fn a_small_network_as_dot() {
    let expected = include_str!("small.dot");
    assert_eq!(small().graph([1, 8, 8]).unwrap().to_dot(), expected);
}

#[test]
fn a_small_network_as_mermaid() {
    let expected = include_str!("small.mmd");
    assert_eq!(small().graph([1, 8, 8]).unwrap().to_mermaid(), expected);
}

#[test]
fn what_is_opened_is_closed() {
    for (name, graph, _) in graphs() {
        let dot = graph.to_dot();
        // What is left without the texts in quotes.
        let quoted = dot.replace("\\\\", "").replace("\\\"", "");
        let bare: String = quoted.split('"').step_by(2).collect();
        for [open, close] in [['{', '}'], ['[', ']']] {
            assert_eq!(
                bare.matches(open).count(),
                bare.matches(close).count(),
                "{name}: {dot}"
            );
        }
        let mermaid = graph.to_mermaid();
        let starting = |word: &str| {
            let lines = mermaid.lines().map(str::trim_start);
            lines.filter(|line| line.starts_with(word)).count()
        };
        assert_eq!(starting("subgraph "), starting("end"), "{name}: {mermaid}");
        assert_eq!(
            starting("subgraph "),
            bare.matches("subgraph").count(),
            "{name}"
        );
        // Title and labels alone have quotes, two each.
        assert_eq!(mermaid.matches('"').count() % 2, 0, "{name}: {mermaid}");
    }
}

#[test]
fn edges_go_between_boxes_that_are_there() {
    for (name, graph, _) in graphs() {
        let dot = graph.to_dot();
        let lines = || dot.lines().map(str::trim);
        let mut boxes: HashMap<&str, [usize; 2]> = lines()
            .filter_map(|line| {
                Some((
                    line.split_once(" [label=")
                        .or(line.split_once(" [shape="))?
                        .0,
                    [0; 2],
                ))
            })
            .filter(|(name, _)| name.starts_with('n') && *name != "node")
            .collect();
        let edges = lines().filter_map(|line| line.strip_suffix(';')?.split_once(" -> "));
        for (from, to) in edges {
            boxes
                .get_mut(from)
                .unwrap_or_else(|| panic!("{name}: {from}"))[0] += 1;
            boxes.get_mut(to).unwrap_or_else(|| panic!("{name}: {to}"))[1] += 1;
        }
        let without = |end: usize| boxes.values().filter(|ends| ends[end] == 0).count();
        // The images come from nowhere; the logits, and each loss, go nowhere.
        assert_eq!(without(1), 1, "{name}: {dot}");
        assert_eq!(
            without(0),
            1 + dot.matches("loss ×").count(),
            "{name}: {dot}"
        );
    }
}

#[test]
fn every_layer_is_in_every_format_once() {
    for (name, graph, mut names) in graphs() {
        names.sort();
        let svg = graph.to_svg();
        let svg = roxmltree::Document::parse(&svg).unwrap_or_else(|e| panic!("{name}: {e}: {svg}"));
        let groups = svg.descendants().filter(|n| n.has_tag_name("g"));
        let titles =
            groups.filter_map(|g| g.first_element_child().filter(|n| n.has_tag_name("title")));
        let mut titles: Vec<&str> = titles.map(|title| title.text().unwrap()).collect();
        titles.sort_unstable();
        assert_eq!(titles, names, "{name}");
        let arrows = |text: String| text.matches(": ").count();
        // The title of Mermaid has a colon as well, and so may have names.
        if name != "<b> \"net\" & \\ more" {
            assert_eq!(arrows(graph.to_dot()), names.len(), "{name}");
            assert_eq!(arrows(graph.to_mermaid()), names.len() + 1, "{name}");
        }
    }
}

#[test]
fn names_are_escaped() {
    let graph = nasty().graph([1, 8, 8]).unwrap();
    let [dot, mermaid, svg] = [graph.to_dot(), graph.to_mermaid(), graph.to_svg()];
    assert!(
        dot.contains(r#"label="a\"]; n9 [label=\"b: Conv2d 1×1, 1 → 1×8×8""#),
        "{dot}"
    );
    assert!(dot.contains(r#"label="end\\: Conv2d"#), "{dot}");
    assert!(dot.contains("a&amp;lt;b&amp;c: Conv2d"), "{dot}");
    assert!(dot.contains("line\u{fffd}break\u{fffd}\u{fffd}: "), "{dot}");
    assert!(
        mermaid.contains("\"#60;script#62;alert('1')#60;/script#62;: "),
        "{mermaid}"
    );
    assert!(
        mermaid.contains("title: \"<b> \\\"net\\\" & \\\\ more\""),
        "{mermaid}"
    );
    assert!(!mermaid.contains("%%{"), "{mermaid}");
    assert!(!svg.contains("<script>"), "{svg}");
    let svg = roxmltree::Document::parse(&svg).unwrap();
    let texts: Vec<&str> = svg.descendants().filter_map(|n| n.text()).collect();
    for name in NASTY {
        let shown = super::label::printable(name);
        assert!(texts.contains(&shown.as_str()), "{shown}");
    }
}

#[test]
fn no_boxes_overlap_and_all_are_in_the_picture() {
    for (name, graph, names) in graphs() {
        let picture = row(&graph.parts);
        let boxes: Vec<Rectangle> = picture
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Box(place, _) => Some(*place),
                _ => None,
            })
            .collect();
        assert!(boxes.len() > names.len() / 4, "{name}");
        let apart = |a: Rectangle, b: Rectangle| {
            a.x + a.width <= b.x
                || b.x + b.width <= a.x
                || a.y + a.height <= b.y
                || b.y + b.height <= a.y
        };
        for (at, a) in boxes.iter().enumerate() {
            for b in &boxes[at + 1..] {
                assert!(apart(*a, *b), "{name}: {a:?} {b:?}");
            }
        }
        let inside = |r: &Rectangle| {
            r.x >= -picture.left
                && r.x + r.width <= picture.right
                && r.y >= 0.0
                && r.y + r.height <= picture.height
        };
        assert!(boxes.iter().all(inside), "{name}");
        // Frames lie within each other or apart, and cut through no box.
        let frames = picture.shapes.iter().filter_map(|shape| match shape {
            Shape::Frame(place, _) => Some(*place),
            _ => None,
        });
        let within = |a: &Rectangle, b: &Rectangle| {
            a.x >= b.x
                && a.y >= b.y
                && a.x + a.width <= b.x + b.width
                && a.y + a.height <= b.y + b.height
        };
        for frame in frames {
            assert!(inside(&frame), "{name}: {frame:?}");
            for place in &boxes {
                assert!(
                    apart(*place, frame) || within(place, &frame),
                    "{name}: {frame:?}"
                );
            }
        }
    }
}

#[test]
fn lines_run_through_no_boxes() {
    for (name, graph, _) in graphs() {
        let shapes = row(&graph.parts).shapes;
        for line in &shapes {
            let Shape::Line { points, .. } = line else {
                continue;
            };
            for ends in points.windows(2) {
                let [[x1, y1], [x2, y2]] = [ends[0], ends[1]];
                // They go straight down, left or right.
                assert!(x1 == x2 || y1 == y2, "{name}");
                for shape in &shapes {
                    if let Shape::Box(place, _) = shape {
                        let beside = x1.max(x2) <= place.x
                            || x1.min(x2) >= place.x + place.width
                            || y1.max(y2) <= place.y
                            || y1.min(y2) >= place.y + place.height;
                        assert!(beside, "{name}: {ends:?} {place:?}");
                    }
                }
            }
        }
    }
}
