//! Where the windows of a pooling layer lie.

use std::ops::Range;

use crate::parallel::CHUNK;

/// Windows of a layer, and the planes they move over. The order of pairs is height, width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    /// On either side; at most half the kernel, so that no window misses the plane.
    pub padding: [usize; 2],
    /// Of the plane.
    pub input: [usize; 2],
    /// How many windows there are.
    pub output: [usize; 2],
}

/// Where a column of the kernel meets the plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The windows of a row in which it does.
    pub windows: Range<usize>,
    /// The column of the plane that it is on in the first of them. A stride lies between
    /// it and the next.
    pub first: usize,
}

impl Window {
    /// Windows over planes of that size, counted as PyTorch does. `None` where a window
    /// would miss the plane, or none fits.
    pub fn new(
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
        ceil_mode: bool,
        input: [usize; 2],
    ) -> Option<Self> {
        let mut output = [0; 2];
        for axis in 0..2 {
            let (kernel, stride, padding) = (kernel[axis], stride[axis], padding[axis]);
            if kernel == 0 || stride == 0 {
                return None;
            }
            let padded = input[axis] + 2 * padding;
            if padding > kernel / 2 || padded < kernel || input[axis] == 0 {
                return None;
            }
            let way = padded - kernel;
            output[axis] = match ceil_mode {
                false => way / stride + 1,
                true => {
                    let count = way.div_ceil(stride) + 1;
                    // The last one must start in the plane or in the padding before it.
                    count - usize::from((count - 1) * stride >= input[axis] + padding)
                }
            };
        }
        // Places in a plane are kept as `u32`.
        u32::try_from(input[0] * input[1]).ok()?;
        Some(Self {
            kernel,
            stride,
            padding,
            input,
            output,
        })
    }

    /// Values of a plane.
    pub fn area(self) -> usize {
        self.input[0] * self.input[1]
    }

    /// Windows of a plane.
    pub fn windows(self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Planes of a task.
    pub fn planes(self) -> usize {
        (CHUNK / self.area()).max(1)
    }

    /// The rows of the plane that the windows of an output row see.
    #[inline(always)]
    pub fn rows(self, output: usize) -> Range<usize> {
        let start = output * self.stride[0];
        let end = (start + self.kernel[0] - self.padding[0]).min(self.input[0]);
        start.saturating_sub(self.padding[0])..end
    }

    /// For each column of the kernel that any window sees, its windows.
    pub fn all_columns(self) -> Vec<Columns> {
        let (stride, padding) = (self.stride[1], self.padding[1]);
        let of_kernel = |kernel: usize| {
            let start = padding.saturating_sub(kernel).div_ceil(stride);
            let end = (self.input[1] + padding).saturating_sub(kernel);
            let end = end.div_ceil(stride).min(self.output[1]);
            (start < end).then(|| Columns {
                windows: start..end,
                first: start * stride + kernel - padding,
            })
        };
        (0..self.kernel[1]).filter_map(of_kernel).collect()
    }

    /// The values that a window counts along an axis.
    #[inline(always)]
    pub fn counted(self, axis: usize, output: usize, with_padding: bool) -> usize {
        let start = output * self.stride[axis];
        let end = start + self.kernel[axis];
        let (input, padding) = (self.input[axis], self.padding[axis]);
        match with_padding {
            true => end.min(input + 2 * padding) - start,
            false => end.min(input + padding) - start.max(padding),
        }
    }
}
