use std::{
    convert::Infallible,
    io::{self, Cursor},
    path::Path,
};

use embedded_graphics::{
    Pixel,
    draw_target::DrawTarget,
    geometry::{OriginDimensions, Point, Size},
    mono_font::{MonoFont, MonoTextStyle, iso_8859_1::FONT_6X13},
    pixelcolor::{Rgb888, RgbColor},
    text::{Alignment, Baseline, Text},
};
use image::{ImageFormat, Rgb, RgbImage};

use crate::{TrainError, write_whole};

pub(super) const FONT: &MonoFont = &FONT_6X13;
/// Space around a tile, in pixels.
pub(super) const MARGIN: u32 = 6;
/// Small images are magnified to at least this side.
const SIDE: u32 = 72;
pub(super) const PAPER: Rgb<u8> = Rgb([255; 3]);
/// Around an image that is marked, in pixels: one of them within it.
const FRAME: u32 = 3;
/// Vermilion of Okabe and Ito's palette: told apart by everybody.
const MARK: Rgb<u8> = Rgb([213, 94, 0]);
const INK: Rgb888 = Rgb888::new(0x22, 0x22, 0x22);

/// An image of a [`grid`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Bytes, channel by channel, row by row.
    pub pixels: Vec<u8>,
    /// `[channels, height, width]`, with 1 channel (grey) or 3 (RGB).
    pub shape: [usize; 3],
    /// What is written below, a line for each; cut off where it is wider than the image.
    pub caption: Vec<String>,
}

/// Images side by side on white, in rows of `columns`, each with its caption:
/// torchvision's `make_grid`, with labels. Images smaller than 72 pixels are
/// magnified by a whole number, so that their pixels stay visible.
///
/// # Panics
/// If there is no tile or column, the shapes of the tiles differ, or they are
/// neither grey nor RGB.
#[must_use]
pub fn grid(tiles: &[Tile], columns: usize) -> RgbImage {
    grid_of_side(tiles, columns, SIDE)
}

/// As [`grid`], of images magnified to at least `side` pixels.
///
/// # Panics
/// As [`grid`].
#[must_use]
pub fn grid_of_side(tiles: &[Tile], columns: usize, side: u32) -> RgbImage {
    drawn(tiles, &vec![false; tiles.len()], columns, side)
}

/// As [`grid`], with a frame around those that `marked` says, such as mistakes. A
/// caption should say the same, for those who do not see the colour.
///
/// # Panics
/// As [`grid`], or if there are not as many marks as tiles.
#[must_use]
pub fn marked_grid(tiles: &[Tile], marked: &[bool], columns: usize) -> RgbImage {
    drawn(tiles, marked, columns, SIDE)
}

fn drawn(tiles: &[Tile], marked: &[bool], columns: usize, side: u32) -> RgbImage {
    assert_eq!(tiles.len(), marked.len(), "a mark for each tile");
    let [channels, height, width] = tiles.first().expect("at least one tile").shape;
    assert!([1, 3].contains(&channels), "{channels} channels");
    let (height, width) = (height as u32, width as u32);
    let columns = columns.clamp(1, tiles.len()) as u32;
    let rows = (tiles.len() as u32).div_ceil(columns);
    let scale = side.div_ceil(height.max(width)).max(1);
    let lines = tiles.iter().map(|tile| tile.caption.len()).max();
    let line = FONT.character_size.height;
    let cell = [
        width * scale + MARGIN,
        height * scale + MARGIN + line * lines.unwrap_or(0) as u32,
    ];

    let mut paper = Paper(RgbImage::from_pixel(
        columns * cell[0] + MARGIN,
        rows * cell[1] + MARGIN,
        PAPER,
    ));
    for (at, tile) in tiles.iter().enumerate() {
        assert_eq!(tile.shape, tiles[0].shape, "tiles of one shape");
        let (row, column) = (at as u32 / columns, at as u32 % columns);
        let (left, top) = (MARGIN + column * cell[0], MARGIN + row * cell[1]);
        for y in 0..height * scale {
            for x in 0..width * scale {
                let colour = tile.colour(x / scale, y / scale);
                paper.0.put_pixel(left + x, top + y, colour);
            }
        }
        if marked[at] {
            paper.frame([left, top], [width * scale, height * scale]);
        }
        for (number, text) in tile.caption.iter().enumerate() {
            let place = Point::new(
                (left + width * scale / 2) as i32,
                (top + height * scale + number as u32 * line) as i32,
            );
            paper.write(&cut(text, width * scale), place);
        }
    }
    paper.0
}

impl Tile {
    fn colour(&self, x: u32, y: u32) -> Rgb<u8> {
        let [channels, height, width] = self.shape;
        let plane = height * width;
        let at = y as usize * width + x as usize;
        // A grey image has the same plane for all three.
        Rgb([0, 1, 2].map(|channel| self.pixels[channel.min(channels - 1) * plane + at]))
    }
}

/// As much of `text` as fits into `width` pixels.
fn cut(text: &str, width: u32) -> String {
    let most = (width / FONT.character_size.width) as usize;
    match text.chars().count() > most {
        true => text
            .chars()
            .take(most.saturating_sub(2))
            .chain("..".chars())
            .collect(),
        false => text.into(),
    }
}

/// Writes a picture as PNG.
///
/// # Errors
/// [`TrainError::Io`]. A file of that name, if any, is then as it was.
pub fn write_png(picture: &RgbImage, path: &Path) -> Result<(), TrainError> {
    let bytes = png(picture).map_err(TrainError::io("draw", path))?;
    write_whole(path, &bytes)
}

/// The bytes of a picture as PNG.
///
/// # Errors
/// What the encoder says.
pub fn png(picture: &RgbImage) -> io::Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(io::Error::other)?;
    Ok(bytes.into_inner())
}

/// A picture that text is drawn on.
pub(super) struct Paper(pub RgbImage);

impl Paper {
    /// Draws a frame around the image of `[width, height]` at `[left, top]`.
    fn frame(&mut self, [left, top]: [u32; 2], [width, height]: [u32; 2]) {
        let outside = FRAME - 1;
        let (left, top) = (left - outside, top - outside);
        let (width, height) = (width + 2 * outside, height + 2 * outside);
        for y in 0..height {
            for x in 0..width {
                let depth = x.min(y).min(width - 1 - x).min(height - 1 - y);
                if depth < FRAME {
                    self.0.put_pixel(left + x, top + y, MARK);
                }
            }
        }
    }

    /// Writes `text` with the middle of its upper edge at `place`.
    fn write(&mut self, text: &str, place: Point) {
        self.write_from(text, place, Alignment::Center);
    }

    /// Writes `text` with its upper edge at `place`, which is its left end, middle or
    /// right end.
    pub(super) fn write_from(&mut self, text: &str, place: Point, alignment: Alignment) {
        let style = MonoTextStyle::new(FONT, INK);
        let mut text = Text::with_alignment(text, place, style, alignment);
        text.text_style.baseline = Baseline::Top;
        let Ok(_) = embedded_graphics::Drawable::draw(&text, self);
    }
}

impl OriginDimensions for Paper {
    fn size(&self) -> Size {
        Size::new(self.0.width(), self.0.height())
    }
}

impl DrawTarget for Paper {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<Rgb888>>,
    {
        for Pixel(place, colour) in pixels {
            if let (Ok(x), Ok(y)) = (u32::try_from(place.x), u32::try_from(place.y))
                && let Some(pixel) = self.0.get_pixel_mut_checked(x, y)
            {
                *pixel = Rgb([colour.r(), colour.g(), colour.b()]);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(byte: u8, caption: &str) -> Tile {
        Tile {
            pixels: [vec![byte; 12], vec![0; 12], vec![255; 12]].concat(),
            shape: [3, 3, 4],
            caption: vec![caption.into()],
        }
    }

    #[test]
    fn magnifies_and_lays_out_in_rows() {
        let tiles: Vec<Tile> = (0..5).map(|i| tile(10 * i, "")).collect();
        let picture = grid(&tiles, 2);
        // 18 times, so that 4 pixels become 72.
        assert_eq!(
            picture.dimensions(),
            (2 * (72 + 6) + 6, 3 * (54 + 6 + 13) + 6)
        );
        assert_eq!(picture.get_pixel(0, 0), &PAPER);
        for (at, (x, y)) in [(6, 6), (84, 6), (6, 79), (84, 79), (6, 152)]
            .into_iter()
            .enumerate()
        {
            assert_eq!(picture.get_pixel(x, y), &Rgb([10 * at as u8, 0, 255]));
            assert_eq!(
                picture.get_pixel(x + 71, y + 53),
                &Rgb([10 * at as u8, 0, 255])
            );
        }
        assert_eq!(picture.get_pixel(84, 152), &PAPER);
    }

    #[test]
    fn a_mark_is_a_frame_around_its_image_alone() {
        let tiles = [tile(0, "a"), tile(0, "a")];
        let [plain, marked] = [[false, false], [false, true]].map(|m| marked_grid(&tiles, &m, 2));
        assert_eq!(plain, grid(&tiles, 2));
        let differ: Vec<(u32, u32)> = plain
            .enumerate_pixels()
            .filter(|(x, y, pixel)| marked.get_pixel(*x, *y) != *pixel)
            .map(|(x, y, _)| (x, y))
            .collect();
        // The image begins at 84, 6 and is 72×54 pixels large.
        let frame = 76 * 58 - 70 * 52;
        assert_eq!(differ.len(), frame);
        assert!(differ.iter().all(|&(x, y)| marked.get_pixel(x, y) == &MARK));
        assert!(differ.contains(&(82, 4)) && differ.contains(&(157, 61)));
    }

    #[test]
    fn captions_are_written_and_cut() {
        let [without, with] = [grid(&[tile(0, "")], 1), grid(&[tile(0, "cat")], 1)];
        assert_ne!(without, with);
        // Above the caption nothing changes.
        assert!((0..60).all(|y| (0..84).all(|x| without.get_pixel(x, y) == with.get_pixel(x, y))));
        assert_eq!(cut("automobile", 72), "automobile");
        assert_eq!(cut("flatfish and more", 72), "flatfish a..");
        assert_eq!(cut("été", 72), "été");
    }
}
