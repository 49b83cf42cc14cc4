use embedded_graphics::{geometry::Point, text::Alignment};
use image::{RgbImage, imageops::replace};

use super::{
    ColourMap,
    grid::{FONT, MARGIN, PAPER, Paper},
};

/// A part of a [`sheet`].
#[derive(Debug, Clone)]
pub struct Section {
    /// What is written above, a paragraph for each.
    pub heading: Vec<String>,
    /// The picture.
    pub picture: RgbImage,
}

/// The narrowest sheet, in pixels: some 60 characters, so that headings can be read.
const NARROWEST: u32 = 372;

/// Sections below each other on white, each with its heading, which is broken between
/// words where it is wider than the widest picture.
///
/// # Panics
/// If there is no section.
#[must_use]
pub fn sheet(sections: &[Section]) -> RgbImage {
    let widths = sections.iter().map(|section| section.picture.width());
    let width = widths.max().expect("at least one section").max(NARROWEST);
    let line = FONT.character_size.height;
    let most = ((width - 2 * MARGIN) / FONT.character_size.width) as usize;
    let headings: Vec<Vec<String>> = sections
        .iter()
        .map(|section| {
            section
                .heading
                .iter()
                .flat_map(|text| broken(text, most))
                .collect()
        })
        .collect();
    let heights = sections.iter().zip(&headings);
    let heights = heights.map(|(s, lines)| MARGIN + lines.len() as u32 * line + s.picture.height());

    let mut paper = Paper(RgbImage::from_pixel(width, heights.sum(), PAPER));
    let mut top = 0;
    for (section, lines) in sections.iter().zip(&headings) {
        top += MARGIN;
        for text in lines {
            let place = Point::new(MARGIN as i32, top as i32);
            paper.write_from(text, place, Alignment::Left);
            top += line;
        }
        replace(&mut paper.0, &section.picture, 0, top.into());
        top += section.picture.height();
    }
    paper.0
}

/// `text` in lines of at most `most` characters, broken between words; a longer word has
/// a line of its own, and is cut off by the edge.
fn broken(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

/// Width and height of the colours of a bar, in pixels.
const BAR: [u32; 2] = [168, 12];

/// What the colours of a map stand for, from `low` (0) to `high` (1).
#[must_use]
pub fn colour_bar(map: ColourMap, low: &str, high: &str) -> RgbImage {
    let [width, height] = BAR;
    let letters = |text: &str| text.chars().count() as u32 * FONT.character_size.width;
    let left = MARGIN + letters(low) + MARGIN;
    let size = [
        left + width + MARGIN + letters(high) + MARGIN,
        FONT.character_size.height + MARGIN,
    ];
    let mut paper = Paper(RgbImage::from_pixel(size[0], size[1], PAPER));
    for x in 0..width {
        let colour = map.colour(x as f32 / (width - 1) as f32);
        for y in 0..height {
            paper.0.put_pixel(left + x, y, image::Rgb(colour));
        }
    }
    paper.write_from(low, Point::new(MARGIN as i32, 0), Alignment::Left);
    let right = Point::new((left + width + MARGIN) as i32, 0);
    paper.write_from(high, right, Alignment::Left);
    paper.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_lie_below_their_headings() {
        let part = |colour: u8, size: [u32; 2], heading: &[&str]| Section {
            heading: heading.iter().map(ToString::to_string).collect(),
            picture: RgbImage::from_pixel(size[0], size[1], image::Rgb([colour; 3])),
        };
        let long = "word ".repeat(80);
        let sections = [
            part(9, [400, 20], &["one", "two"]),
            part(8, [10, 10], &[&long]),
        ];
        let picture = sheet(&sections);
        // 64 characters a line, so 12 words of four letters and 11 spaces: 7 lines.
        let second = 6 + 2 * 13 + 20 + 6 + 7 * 13;
        assert_eq!(picture.dimensions(), (400, second + 10));
        assert_eq!(picture.get_pixel(0, 6 + 2 * 13).0, [9; 3]);
        assert_eq!(picture.get_pixel(9, second + 9).0, [8; 3]);
        assert_eq!(picture.get_pixel(10, second + 9), &PAPER);
        let dark = |range: std::ops::Range<u32>| {
            range
                .into_iter()
                .any(|y| picture.get_pixel(10, y).0[0] < 128)
        };
        assert!(dark(6..19) && dark(19..32), "both paragraphs are written");
    }

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(broken("one two three", 7), ["one two", "three"]);
        assert_eq!(broken("a-very-long-word b", 4), ["a-very-long-word", "b"]);
        assert!(broken("", 4).is_empty());
    }

    #[test]
    fn a_bar_goes_from_the_lowest_to_the_highest_colour() {
        let bar = colour_bar(ColourMap::Viridis, "0", "1");
        assert_eq!(bar.get_pixel(18, 0).0, ColourMap::Viridis.colour(0.0));
        assert_eq!(
            bar.get_pixel(18 + 167, 11).0,
            ColourMap::Viridis.colour(1.0)
        );
    }
}
