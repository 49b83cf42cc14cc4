//! A confusion matrix as a heat map, as SVG.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use crate::chart::{Area, Drawn, INK, SERIES, svg_of};

/// What is right, on the diagonal, and what is wrong: blue and orange of Okabe and Ito's
/// palette, told apart by everybody.
const RIGHT: RGBColor = SERIES[0];
const WRONG: RGBColor = SERIES[1];
const GRID: RGBColor = RGBColor(225, 225, 225);

/// More of a name is cut off, in characters.
const LONGEST_NAME: usize = 24;
const MARGIN: i32 = 16;
/// Title, legend and the heading of the columns.
const HEAD: i32 = 92;
/// At least as wide as the legend.
const NARROWEST: i32 = 580;

/// The picture of a confusion matrix, `[class][predicted]`: each row is a class, each
/// column what its images were taken for, with their number. A cell is the darker, the
/// larger its share of the images of its class is, by the root of that share: so a
/// hundredth can still be seen.
///
/// # Panics
/// If `counts` is not a square of the length of `classes`.
#[must_use]
pub fn confusion_svg(classes: &[String], counts: &[Vec<usize>], title: &str) -> String {
    assert_eq!(counts.len(), classes.len(), "a row for each class");
    let plan = Layout::of(classes, counts);
    svg_of(plan.size(), |area| draw(area, &plan, counts, title))
}

/// Where things lie, in pixels.
struct Layout {
    names: Vec<String>,
    /// The side of a cell.
    cell: i32,
    /// Of the numbers in the cells, and of the names.
    number: i32,
    name: i32,
    /// The width of the names on the left, and the height of those above.
    left: i32,
    above: i32,
}

impl Layout {
    fn of(classes: &[String], counts: &[Vec<usize>]) -> Self {
        let names: Vec<String> = classes.iter().map(|name| cut(name)).collect();
        let (cell, name) = match classes.len() {
            0..=12 => (44, 14),
            13..=30 => (30, 13),
            _ => (18, 11),
        };
        let longest = names.iter().map(|name| name.chars().count()).max();
        let most = counts.iter().flatten().max().unwrap_or(&0);
        let digits = most.to_string().len() as i32;
        // A letter is somewhat more than half as wide as high.
        let width = |letters: usize| (letters as f64 * f64::from(name) * 0.62) as i32;
        let room = width(longest.unwrap_or(0)) + 10;
        let upright = room <= cell;
        Self {
            cell,
            number: (cell * 3 / (2 * digits.max(3))).min(15),
            name,
            left: room,
            above: if upright { name + 8 } else { room },
            names,
        }
    }

    fn side(&self) -> i32 {
        self.cell * self.names.len() as i32
    }

    fn size(&self) -> (u32, u32) {
        let width = (2 * MARGIN + self.left + self.side()).max(NARROWEST);
        let height = MARGIN + HEAD + self.above + self.side() + MARGIN;
        (width as u32, height as u32)
    }

    /// The upper left corner of a cell.
    fn corner(&self, row: usize, column: usize) -> (i32, i32) {
        let at = |number: usize| self.cell * number as i32;
        (
            MARGIN + self.left + at(column),
            MARGIN + HEAD + self.above + at(row),
        )
    }

    /// The middle of a cell.
    fn middle(&self, row: usize, column: usize) -> (i32, i32) {
        let (x, y) = self.corner(row, column);
        (x + self.cell / 2, y + self.cell / 2)
    }

    /// Whether the names of the columns stand upright.
    fn is_upright(&self) -> bool {
        self.left <= self.cell
    }
}

fn draw(area: &Area<'_>, plan: &Layout, counts: &[Vec<usize>], title: &str) -> Drawn {
    area.fill(&WHITE)?;
    let font = |size: i32| ("sans-serif", size).into_font();
    let style = |size: i32, colour: RGBColor, across: HPos, down: VPos| {
        font(size).color(&colour).pos(Pos::new(across, down))
    };
    let left = style(14, INK, HPos::Left, VPos::Top);
    area.draw_text(
        title,
        &style(20, INK, HPos::Left, VPos::Top),
        (MARGIN, MARGIN),
    )?;
    let rows = "each row a class, each column what its images were taken for";
    area.draw_text(rows, &left, (MARGIN, MARGIN + 28))?;
    legend(area, &left)?;

    let size = plan.names.len();
    for (at, name) in plan.names.iter().enumerate() {
        let (x, y) = plan.middle(at, 0);
        let (before, down) = (x - plan.cell / 2 - 5, y);
        let row = style(plan.name, INK, HPos::Right, VPos::Center);
        area.draw_text(name, &row, (before, down))?;
        let (across, top) = (plan.middle(0, at).0, plan.corner(0, at).1 - 5);
        let column = match plan.is_upright() {
            true => style(plan.name, INK, HPos::Center, VPos::Bottom),
            false => {
                let turned = font(plan.name).transform(FontTransform::Rotate270);
                turned.color(&INK).pos(Pos::new(HPos::Left, VPos::Center))
            }
        };
        area.draw_text(name, &column, (across, top))?;
    }
    for (row, counts) in counts.iter().enumerate() {
        let images: usize = counts.iter().sum();
        for (column, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let share = count as f64 / images as f64;
            let colour = shade(if row == column { RIGHT } else { WRONG }, share);
            let (x, y) = plan.corner(row, column);
            let cell = [(x, y), (x + plan.cell, y + plan.cell)];
            area.draw(&Rectangle::new(cell, colour.filled()))?;
            let number = style(plan.number, ink_on(colour), HPos::Center, VPos::Center);
            area.draw_text(&count.to_string(), &number, plan.middle(row, column))?;
        }
    }
    let (start, end) = (plan.corner(0, 0), plan.corner(size, size));
    for at in 0..=size {
        let (x, y) = plan.corner(at, at);
        area.draw(&PathElement::new([(x, start.1), (x, end.1)], GRID))?;
        area.draw(&PathElement::new([(start.0, y), (end.0, y)], GRID))?;
    }
    Ok(())
}

/// What the colours mean.
fn legend(area: &Area<'_>, style: &TextStyle<'_>) -> Drawn {
    let top = MARGIN + 54;
    let mut x = MARGIN;
    for (name, colour) in [("right:", RIGHT), ("wrong:", WRONG)] {
        area.draw_text(name, style, (x, top))?;
        x += 48;
        for (share, label) in [(0.01, "1 %"), (0.1, "10 %"), (0.5, "50 %"), (1.0, "100 %")] {
            let fill = shade(colour, share).filled();
            area.draw(&Rectangle::new([(x, top), (x + 16, top + 16)], fill))?;
            area.draw_text(label, style, (x + 20, top))?;
            x += 24 + 8 * label.len() as i32;
        }
        x += 6;
    }
    Ok(())
}

/// `colour` on white, as much of it as the root of `share`.
fn shade(colour: RGBColor, share: f64) -> RGBColor {
    let strength = share.sqrt();
    let mixed = |part: u8| (255.0 + (f64::from(part) - 255.0) * strength).round() as u8;
    RGBColor(mixed(colour.0), mixed(colour.1), mixed(colour.2))
}

/// What can be read on `ground`: dark on light, white on dark. By the brightness of ITU-R
/// 601-2.
fn ink_on(RGBColor(red, green, blue): RGBColor) -> RGBColor {
    let weighted = |part: u8, weight: u32| u32::from(part) * weight;
    match weighted(red, 299) + weighted(green, 587) + weighted(blue, 114) < 130_000 {
        true => WHITE,
        false => INK,
    }
}

fn cut(name: &str) -> String {
    match name.chars().count() > LONGEST_NAME {
        true => {
            let kept = name.chars().take(LONGEST_NAME - 1);
            kept.chain(['…']).collect()
        }
        false => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|at| format!("<class> {at}")).collect()
    }

    /// The cells, in order: their colour and their number.
    fn cells(svg: &str) -> Vec<(String, String)> {
        let after = |text: &str, word: &str| {
            let (_, rest) = text.split_once(word).unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        let lines: Vec<&str> = svg.split("<rect ").skip(1).collect();
        let text = |part: &str| {
            let (_, rest) = part.split_once("<text ").unwrap();
            let (_, rest) = rest.split_once(">\n").unwrap();
            rest.lines().next().unwrap().to_owned()
        };
        // The paper and the legend come first.
        let cells = lines.iter().skip(1 + 8);
        cells
            .map(|part| (after(part, "fill=\""), text(part)))
            .collect()
    }

    #[test]
    fn cells_are_as_dark_as_the_root_of_their_share() {
        let counts = vec![vec![75, 25], vec![0, 4]];
        let svg = confusion_svg(&names(2), &counts, "a & b");
        assert!(svg.contains("a &amp; b") && svg.contains("&lt;class&gt; 1"));
        assert!(!svg.contains("<class>"));
        let expected = [
            // 255 + (part − 255) · √share
            (shade(RIGHT, 0.75), "75"),
            (RGBColor(234, 175, 128), "25"),
            (RIGHT, "4"),
        ];
        let expected = expected.map(|(RGBColor(r, g, b), number)| {
            (format!("#{r:02X}{g:02X}{b:02X}"), number.to_owned())
        });
        assert_eq!(cells(&svg), expected);
    }

    #[test]
    fn draws_any_number_of_classes() {
        for count in [0, 1, 13, 100] {
            let mut counts = vec![vec![0; count]; count];
            for (at, row) in counts.iter_mut().enumerate() {
                row[at] = 90;
                row[(at * 7 + 1) % count] += 10;
            }
            let svg = confusion_svg(&names(count), &counts, "t");
            assert!(svg.trim_end().ends_with("</svg>"), "{count}");
            let shown = cells(&svg).len();
            assert!((count..=2 * count).contains(&shown), "{count}: {shown}");
        }
        let long = "a name that is longer than there is room for";
        let svg = confusion_svg(&[long.into()], &[vec![1]], "t");
        assert!(svg.contains("a name that is longer t…") && !svg.contains("room"));
    }
}
