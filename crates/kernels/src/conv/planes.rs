//! Images as the direct kernels read them: with margins of zeros, so that a place of
//! the kernel is nothing but a distance in memory.
//!
//! The pixels of a channel lie in rows of one pitch, image after image. What a kernel
//! reads for its output at `q = row · pitch + column` at one of its places is `q` plus
//! a constant, for every `q`: vectors run along `q`, over the ends of rows and images,
//! and what they compute for the few `q` that are no output is dropped. A row's right
//! margin is the left margin of the next, and an image's lower margin the upper one of
//! the next image. A stride is undone by keeping the even rows and columns (in general
//! each residue, a *phase*) in planes of their own.

/// Values beyond the last plane that a vector may read.
const SLACK: usize = 256;

/// The layout of some images of some channels.
#[derive(Debug, Clone)]
pub struct Planes {
    pub channels: usize,
    pub images: usize,
    size: [usize; 2],
    phases: [usize; 2],
    margin: [usize; 2],
    /// Rows that an image takes in a phase.
    rows: usize,
    /// Values from a row to the next.
    pub pitch: usize,
    /// Rows below that only the last image needs.
    below: usize,
    /// Zeros after a channel.
    spare: usize,
}

impl Planes {
    /// For images of `size` with `margin` zeros above and to the left of them, of which
    /// outputs of `output` rows and columns, `phases` apart, read at up to `reach` from
    /// where each begins.
    pub fn new(
        channels: usize,
        images: usize,
        size: [usize; 2],
        phases: [usize; 2],
        margin: [usize; 2],
        output: [usize; 2],
        reach: [usize; 2],
    ) -> Self {
        let mut lengths = [0; 2];
        let mut beyond = [0; 2];
        for axis in 0..2 {
            let (held, phase) = (margin[axis] + size[axis], phases[axis]);
            let read = (output[axis] - 1) * phase + reach[axis] + 1;
            beyond[axis] = read.saturating_sub(held);
            lengths[axis] = match phases {
                [1, 1] => (size[axis] + margin[axis].max(beyond[axis])).max(output[axis]),
                _ => held.max(read).div_ceil(phase),
            };
        }
        Self {
            channels,
            images,
            size,
            phases,
            margin,
            rows: lengths[0],
            pitch: lengths[1],
            below: beyond[0] + 1,
            spare: 0,
        }
    }

    /// Values from an image to the next.
    pub fn image_len(&self) -> usize {
        self.rows * self.pitch
    }

    /// Values from a channel to the next.
    pub fn channel_len(&self) -> usize {
        self.phases[0] * self.phases[1] * self.images * self.image_len() + self.spare
    }

    /// Values in all.
    pub fn len(&self) -> usize {
        self.channels * self.channel_len() + self.below * self.pitch + SLACK
    }

    /// Pixels of a channel.
    pub fn area(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Images of one phase and of `size`, whose pixels lie where those are that an output
    /// of these planes is computed from. A vector may read beyond the end of a channel.
    pub fn of_outputs(&self, channels: usize, size: [usize; 2]) -> Self {
        Self {
            channels,
            size,
            phases: [1; 2],
            margin: [0; 2],
            spare: 16,
            ..*self
        }
    }

    /// The distance to what an output reads at `place` from where it begins.
    pub fn distance(&self, place: [usize; 2]) -> usize {
        let [sy, sx] = self.phases;
        let phase = (place[0] % sy) * sx + place[1] % sx;
        let shift = (place[0] / sy) * self.pitch + place[1] / sx;
        phase * self.images * self.image_len() + shift
    }

    /// Puts one channel of one image into `planes`, which held zeros or other images of
    /// the same layout.
    #[inline(always)]
    pub fn fill(&self, planes: &mut [f32], channel: usize, image: usize, pixels: &[f32]) {
        let [height, width] = self.size;
        let [sy, sx] = self.phases;
        let [top, left] = self.margin;
        let base = channel * self.channel_len() + image * self.image_len();
        let phase_len = self.images * self.image_len();
        for (y, row) in pixels.chunks_exact(width).take(height).enumerate() {
            let at = y + top;
            let start = base + (at % sy) * sx * phase_len + (at / sy) * self.pitch;
            if sx == 1 {
                copy_row(row, &mut planes[start + left..]);
                continue;
            }
            for phase in 0..sx {
                // The first pixel whose column is of this phase.
                let first = (phase + sx - left % sx) % sx;
                let Some(count) = width.checked_sub(first).map(|rest| rest.div_ceil(sx)) else {
                    continue;
                };
                let to = start + phase * phase_len + (first + left) / sx;
                let to = &mut planes[to..][..count];
                if sx == 2 {
                    // A loop that can be vectorised.
                    for (to, from) in to.iter_mut().zip(row[first..].chunks(2)) {
                        *to = from[0];
                    }
                } else {
                    for (to, from) in to.iter_mut().zip(row[first..].iter().step_by(sx)) {
                        *to = *from;
                    }
                }
            }
        }
    }
}

/// A row of an image to the beginning of `to`. Rows are short: the call of a function that
/// copies takes longer than the copy.
#[inline(always)]
pub fn copy_row(row: &[f32], to: &mut [f32]) {
    let to = &mut to[..row.len()];
    let (blocks, rest) = row.as_chunks::<8>();
    let (to_blocks, to_rest) = to.as_chunks_mut::<8>();
    for (to, block) in to_blocks.iter_mut().zip(blocks) {
        *to = *block;
    }
    for (to, value) in to_rest.iter_mut().zip(rest) {
        *to = *value;
    }
}
