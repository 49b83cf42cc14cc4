//! Which outputs a pixel of the input meets, for input gradients under a stride.

use super::shape::ConvShape;

/// The pixels of the input that are, along one axis, `stride` apart, and what of the
/// kernel meets them.
pub struct Residue {
    /// The first of them.
    pub first: usize,
    pub count: usize,
    /// The output that meets the first of them at the first place of a kernel.
    pub begin: usize,
    /// Places of the kernel, and how many outputs back the one is that meets a pixel there.
    pub places: Vec<(usize, usize)>,
}

impl Residue {
    /// Outputs before the first that are read.
    pub fn before(&self) -> usize {
        let back = self.places.iter().map(|&(_, back)| back).max();
        back.unwrap_or(0).saturating_sub(self.begin)
    }

    /// How far the outputs of the last place of the kernel lie beyond `margin`.
    pub fn reach(&self, margin: usize) -> usize {
        let back = self.places.iter().map(|&(_, back)| back).min();
        back.map_or(0, |back| margin + self.begin - back)
    }
}

/// All residues of an axis that have pixels.
pub fn residues(shape: &ConvShape, axis: usize) -> Vec<Residue> {
    let (stride, padding, dilation) = (
        shape.stride[axis],
        shape.padding[axis],
        shape.dilation[axis],
    );
    let last = shape.image[axis] - 1 + padding;
    let of = |residue: usize| {
        let begin = padding.saturating_sub(residue).div_ceil(stride);
        let end = last
            .checked_sub(residue)
            .map_or(0, |rest| rest / stride + 1);
        let meets = |place: usize| {
            let back = (place * dilation).checked_sub(residue)?;
            (back % stride == 0).then_some((place, back / stride))
        };
        Residue {
            first: (stride * begin + residue).saturating_sub(padding),
            count: end.saturating_sub(begin),
            begin,
            places: (0..shape.kernel[axis]).filter_map(meets).collect(),
        }
    };
    let all = (0..stride).map(of);
    all.filter(|residue| residue.count > 0).collect()
}
