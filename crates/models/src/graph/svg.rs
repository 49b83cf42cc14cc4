//! The picture of a network as SVG.

use super::{
    Block, Class, GREY, Graph, INK, Line, Node,
    layout::{LINE, PADDING, Picture, Rectangle, SPACE, Shape, row, text_width},
};

/// Around everything.
const MARGIN: f64 = 16.0;
/// Height of the title above.
const TITLE: f64 = 30.0;

pub(super) fn write(graph: &Graph) -> String {
    let Picture {
        left,
        right,
        height,
        shapes,
        ..
    } = row(&graph.parts);
    let title = escaped(&graph.title);
    // The title is set larger than other text.
    let width = (left + right).max(1.2 * text_width(&graph.title)) + 2.0 * MARGIN;
    let height = height + TITLE + 2.0 * MARGIN;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" \
         viewBox=\"0 0 {w} {h}\" role=\"img\">\n\
         <title>{title}</title>\n\
         <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"8\" \
         markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0.5 8 4 0 7.5z\" fill=\"{GREY}\"/>\
         </marker></defs>\n\
         <g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" \
         font-size=\"12\" fill=\"{INK}\">\n\
         <text x=\"{MARGIN}\" y=\"{MARGIN}\" dy=\"0.7em\" font-size=\"14\" font-weight=\"bold\" \
         fill=\"{GREY}\">{title}</text>\n",
        w = number(width),
        h = number(height),
    );
    for shape in shapes {
        text += &match shape.moved(left + MARGIN, TITLE + MARGIN) {
            Shape::Box(place, node) => drawn(place, node),
            Shape::Frame(place, block) => frame(place, block),
            Shape::Line { points, arrow } => line(&points, arrow),
        };
        text.push('\n');
    }
    text + "</g>\n</svg>\n"
}

fn drawn(place: Rectangle, node: &Node) -> String {
    let centre = number(place.x + place.width / 2.0);
    match node.class() {
        Class::Sum | Class::Mark => {
            let y = number(place.y + place.height / 2.0);
            let text = escaped(&node.lines[0].text());
            outline(
                place,
                place.height / 2.0,
                &format!("fill=\"{}\"", node.class().colour()),
            ) + &format!(
                "<text x=\"{centre}\" y=\"{y}\" dy=\"0.35em\" text-anchor=\"middle\">{text}</text>"
            )
        }
        _ => {
            let lines = node.lines.iter().enumerate().map(|(at, line)| {
                let place = Rectangle {
                    y: place.y + at as f64 * LINE,
                    height: LINE,
                    ..place
                };
                layer(place, line)
            });
            lines.collect::<String>() + &outline(place, 2.0, "fill=\"none\"")
        }
    }
}

/// A line of a box: the name, what it is, and on the right what it gives.
fn layer(place: Rectangle, line: &Line) -> String {
    let Rectangle {
        x,
        y,
        width,
        height,
    } = place;
    let middle = number(y + height / 2.0);
    let text = |x: f64, attributes: &str, text: &str| {
        format!(
            "<text x=\"{}\" y=\"{middle}\" dy=\"0.35em\"{attributes}>{}</text>",
            number(x),
            escaped(text)
        )
    };
    let name = x + PADDING;
    let output = line.output.map_or(String::new(), |output| {
        let attributes = " text-anchor=\"end\" fill-opacity=\"0.65\"";
        text(x + width - PADDING, attributes, &output.to_string())
    });
    format!(
        "<g><title>{}</title><rect {} fill=\"{}\"/>{}{}{output}</g>",
        escaped(&line.path),
        geometry(place),
        line.class.colour(),
        text(name, " font-weight=\"bold\"", &line.name),
        text(name + text_width(&line.name) + SPACE, "", &line.what),
    )
}

fn frame(place: Rectangle, block: &Block) -> String {
    let dashes = match block.training_only {
        true => " stroke-dasharray=\"5 4\"",
        false => "",
    };
    let x = number(place.x + PADDING);
    let y = number(place.y + LINE / 2.0 + 2.0);
    outline(
        place,
        8.0,
        &format!("fill=\"{GREY}\" fill-opacity=\"0.08\"{dashes}"),
    ) + &format!(
        "<text x=\"{x}\" y=\"{y}\" dy=\"0.35em\" fill=\"{GREY}\">{}</text>",
        escaped(&block.label)
    )
}

fn outline(place: Rectangle, radius: f64, attributes: &str) -> String {
    let place = geometry(place);
    format!("<rect {place} rx=\"{radius}\" stroke=\"{GREY}\" {attributes}/>")
}

fn line(points: &[[f64; 2]], arrow: bool) -> String {
    let points = points
        .iter()
        .map(|[x, y]| format!("{},{}", number(*x), number(*y)));
    let points: Vec<String> = points.collect();
    let end = match arrow {
        true => " marker-end=\"url(#arrow)\"",
        false => "",
    };
    format!(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{GREY}\" stroke-width=\"1.2\"{end}/>",
        points.join(" ")
    )
}

fn geometry(place: Rectangle) -> String {
    format!(
        "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
        number(place.x),
        number(place.y),
        number(place.width),
        number(place.height)
    )
}

/// With a decimal at most.
fn number(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
