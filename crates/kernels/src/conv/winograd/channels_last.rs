//! Images with their channels last, so that vectors run along channels.

/// Channels are padded with zeros to a multiple of this: the longest vector.
pub const BLOCK: usize = 16;

/// Channels with their padding.
pub fn padded(channels: usize) -> usize {
    channels.next_multiple_of(BLOCK)
}

/// Where the pixels of an image `[C, H, W]` lie in one of `[height, width, padded C]`.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub channels: usize,
    /// Height and width of the image.
    pub size: [usize; 2],
    /// Rows above and columns to the left of it.
    pub margin: [usize; 2],
    /// Height and width with all margins.
    pub outer: [usize; 2],
}

impl Frame {
    /// Values of the framed image.
    pub fn len(&self) -> usize {
        self.outer[0] * self.outer[1] * padded(self.channels)
    }

    /// Puts an image into its frame, whose margins stay as they are.
    #[inline(always)]
    pub fn put(&self, image: &[f32], framed: &mut [f32]) {
        let [height, width] = self.size;
        let area = height * width;
        let channels = padded(self.channels);
        for first in (0..self.channels).step_by(BLOCK) {
            let count = BLOCK.min(self.channels - first);
            let image = &image[first * area..][..count * area];
            for y in 0..height {
                let at = (y + self.margin[0]) * self.outer[1] + self.margin[1];
                let row = &mut framed[at * channels..][..width * channels];
                for x in (0..width).step_by(BLOCK) {
                    let columns = BLOCK.min(width - x);
                    let mut block = [[0.0; BLOCK]; BLOCK];
                    for (block, plane) in block.iter_mut().zip(image.chunks_exact(area)) {
                        let from = &plane[y * width + x..][..columns];
                        block[..columns].copy_from_slice(from);
                    }
                    let row = &mut row[x * channels..];
                    for (column, to) in row.chunks_mut(channels).take(columns).enumerate() {
                        let to = &mut to[first..first + BLOCK];
                        for (to, block) in to.iter_mut().zip(&block) {
                            *to = block[column];
                        }
                    }
                }
            }
        }
    }

    /// Takes the image out of its frame, with `bias` of each channel added.
    #[inline(always)]
    pub fn take(&self, framed: &[f32], bias: Option<&[f32]>, image: &mut [f32]) {
        let [height, width] = self.size;
        let area = height * width;
        let channels = padded(self.channels);
        for first in (0..self.channels).step_by(BLOCK) {
            let count = BLOCK.min(self.channels - first);
            let image = &mut image[first * area..][..count * area];
            for y in 0..height {
                let at = (y + self.margin[0]) * self.outer[1] + self.margin[1];
                let row = &framed[at * channels..][..width * channels];
                for x in (0..width).step_by(BLOCK) {
                    let columns = BLOCK.min(width - x);
                    let mut block = [[0.0; BLOCK]; BLOCK];
                    let row = &row[x * channels..];
                    for (block, from) in block.iter_mut().zip(row.chunks(channels)).take(columns) {
                        block.copy_from_slice(&from[first..first + BLOCK]);
                    }
                    for (channel, plane) in image.chunks_exact_mut(area).enumerate() {
                        let bias = bias.map_or(0.0, |bias| bias[first + channel]);
                        let to = &mut plane[y * width + x..][..columns];
                        for (to, block) in to.iter_mut().zip(&block) {
                            *to = block[channel] + bias;
                        }
                    }
                }
            }
        }
    }
}
