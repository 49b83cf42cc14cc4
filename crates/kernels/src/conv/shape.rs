//! What a convolution goes from and to.

/// Pixels of an image with its padding, at most, for each of the image and of the output.
const MOST_PADDED: usize = 64;

/// The shape of a two-dimensional convolution, `[N, C, H, W]` with weights
/// `[outputs, C / groups, kernel]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvShape {
    pub batch: usize,
    pub groups: usize,
    /// Channels of the input in one group.
    pub inputs: usize,
    /// Channels of the output in one group.
    pub outputs: usize,
    /// Height and width, here and in all that follows.
    pub image: [usize; 2],
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    /// Zeros on both sides.
    pub padding: [usize; 2],
    pub dilation: [usize; 2],
}

impl ConvShape {
    /// Height and width of the output; `None` where the kernel does not fit, or
    /// something that counts is 0.
    pub fn output(&self) -> Option<[usize; 2]> {
        let counts = [self.batch, self.groups, self.inputs, self.outputs];
        if counts.contains(&0) || self.stride.contains(&0) || self.dilation.contains(&0) {
            return None;
        }
        let mut output = [0; 2];
        for (axis, output) in output.iter_mut().enumerate() {
            let places = self.kernel[axis].checked_sub(1)?;
            let reach = self.dilation[axis].checked_mul(places)?;
            let padded = self.padded(axis);
            if self.image[axis] == 0 {
                return None;
            }
            *output = padded.checked_sub(reach)?.checked_sub(1)? / self.stride[axis] + 1;
        }
        Some(output)
    }

    /// Pixels of an axis of the image with its padding.
    fn padded(&self, axis: usize) -> usize {
        self.padding[axis]
            .saturating_mul(2)
            .saturating_add(self.image[axis])
    }

    /// Whether the padding is in proportion. The kernels copy the image with it, which a
    /// stride as large as the padding would make of any size beside image and output.
    pub fn is_in_proportion(&self) -> bool {
        let area = |[height, width]: [usize; 2]| height.saturating_mul(width);
        let held = area(self.image).saturating_add(area(self.output().unwrap_or_default()));
        area([0, 1].map(|axis| self.padded(axis))) <= held.saturating_mul(MOST_PADDED)
    }

    /// Places of the kernel.
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Values of one image.
    pub fn input_len(&self) -> usize {
        self.groups * self.inputs * self.image[0] * self.image[1]
    }

    /// Values of the weights of one group.
    pub fn weight_len(&self) -> usize {
        self.outputs * self.inputs * self.taps()
    }
}
