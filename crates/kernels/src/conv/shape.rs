//! What a convolution goes from and to.

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
            let reach = self.dilation[axis] * self.kernel[axis].checked_sub(1)?;
            let padded = self.image[axis] + 2 * self.padding[axis];
            if self.image[axis] == 0 {
                return None;
            }
            *output = padded.checked_sub(reach + 1)? / self.stride[axis] + 1;
        }
        Some(output)
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
