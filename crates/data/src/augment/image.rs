/// An image that is being changed: bytes, channel by channel, row by row.
///
/// A step either changes its pixels in place, or writes the next image beside
/// it; none allocates once the buffers have grown.
#[derive(Debug, Clone, Default)]
pub struct Image {
    pixels: Vec<u8>,
    shape: [usize; 3],
    /// Where the next image is written.
    next: Vec<u8>,
    scratch: Scratch,
}

/// Room for what a step needs beside the two images. What it holds at first is
/// not said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scratch {
    pub words: Vec<u64>,
    pub floats: Vec<f32>,
    pub room: Vec<f32>,
    pub weights: Vec<i32>,
    pub sums: Vec<i32>,
}

/// Two images are equal if their shapes and pixels are.
impl PartialEq for Image {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape && self.pixels == other.pixels
    }
}

impl Eq for Image {}

impl Image {
    /// An image of `shape`, `[channels, height, width]`.
    ///
    /// # Panics
    /// If `pixels` is not that long.
    #[must_use]
    pub fn new(pixels: Vec<u8>, shape: [usize; 3]) -> Self {
        assert_eq!(pixels.len(), shape.iter().product::<usize>(), "{shape:?}");
        Self {
            pixels,
            shape,
            next: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// Makes this the image `pixels` of `shape`, keeping the buffers.
    pub(crate) fn load(&mut self, pixels: &[u8], shape: [usize; 3]) {
        assert_eq!(pixels.len(), shape.iter().product::<usize>(), "{shape:?}");
        self.pixels.clear();
        self.pixels.extend_from_slice(pixels);
        self.shape = shape;
    }

    /// `channels × height × width` bytes.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The bytes, to be changed in place.
    pub(crate) fn pixels_mut(&mut self) -> &mut [u8] {
        &mut self.pixels
    }

    /// `[channels, height, width]`.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// The image with its levels upside down: of each byte, 255 less it.
    #[must_use]
    pub fn inverted(&self) -> Self {
        let pixels = self.pixels.iter().map(|byte| 255 - byte).collect();
        Self::new(pixels, self.shape)
    }

    /// The image in grey, one channel: PIL's `convert("L")` of an RGB image, else the first
    /// channel.
    #[must_use]
    pub fn grey(&self) -> Self {
        let [channels, height, width] = self.shape;
        let plane = height * width;
        let (red, rest) = self.pixels.split_at(plane);
        let pixels = match channels {
            3 => {
                let (green, blue) = rest.split_at(plane);
                let colours = red.iter().zip(green).zip(blue);
                colours.map(|((&r, &g), &b)| grey([r, g, b])).collect()
            }
            _ => red.to_vec(),
        };
        Self::new(pixels, [1, height, width])
    }

    /// Bytes of one channel.
    pub(crate) fn plane(&self) -> usize {
        self.shape[1] * self.shape[2]
    }

    /// Room to be used between two changes.
    pub(crate) fn scratch(&mut self) -> &mut Scratch {
        &mut self.scratch
    }

    /// Writes a new image of `shape` with `draw(old, new)`. What `new` holds at
    /// first is not said: `draw` writes every byte of it.
    pub(crate) fn redraw(&mut self, shape: [usize; 3], draw: impl FnOnce(&[u8], &mut [u8])) {
        self.redraw_with(shape, |old, new, _| draw(old, new));
    }

    /// As [`redraw`](Self::redraw), with room for more.
    pub(crate) fn redraw_with(
        &mut self,
        shape: [usize; 3],
        draw: impl FnOnce(&[u8], &mut [u8], &mut Scratch),
    ) {
        self.next.resize(shape.iter().product(), 0);
        draw(&self.pixels, &mut self.next, &mut self.scratch);
        std::mem::swap(&mut self.pixels, &mut self.next);
        self.shape = shape;
    }
}

/// PIL's `convert("L")`: the weights of ITU-R 601-2, in 16 bits behind the point.
pub(crate) fn grey(rgb: [u8; 3]) -> u8 {
    let [red, green, blue] = rgb.map(u32::from);
    ((19_595 * red + 38_470 * green + 7_471 * blue + 0x8000) >> 16) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_grey_as_in_pil() {
        // PIL.Image.new("RGB", (1, 1), colour).convert("L").getpixel((0, 0))
        let image = Image::new(vec![255, 0, 0, 9, 0, 255, 0, 90, 0, 0, 255, 200], [3, 2, 2]);
        let grey = image.grey();
        assert_eq!(grey.shape(), [1, 2, 2]);
        assert_eq!(grey.pixels(), [76, 150, 29, 78]);
        assert_eq!(grey.grey(), grey);
    }
}
