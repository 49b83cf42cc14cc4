//! The products between the transforms: for each of the places of a tile, a matrix
//! product over channels, or over tiles.

use pulp::Simd;

use super::channels_last::BLOCK;
use crate::simd::Kernel;

/// Rows of results in registers.
const ROWS: usize = 6;

/// `to[row, column] = Σ_k rows[row, k] · panels[k, column]`.
pub struct RowsByPanels<'a> {
    /// `[rows, depth]`, `row_step` values apart, of which depth is a multiple of [`BLOCK`].
    pub rows: &'a [f32],
    pub row_step: usize,
    pub depth: usize,
    /// Panel after panel, of each the matrices `[depth, columns of the panel]` of all
    /// places, of which this is the product at `place` of `places`.
    pub panels: &'a [f32],
    pub place: usize,
    pub places: usize,
    /// `[rows, columns]`.
    pub to: &'a mut [f32],
    pub columns: usize,
}

impl Kernel for RowsByPanels<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let rows = self.to.len() / self.columns;
        for (first, size) in panels::<S>(self.columns) {
            let width = size * S::F32_LANES;
            let start = first * self.places + self.place * width;
            let panel = &self.panels[start * self.depth..][..self.depth * width];
            let mut row = 0;
            while row < rows {
                row += match (rows - row, size) {
                    (ROWS.., 4) => self.block::<S, 6, 4>(simd, panel, row, first),
                    (4.., 4) => self.block::<S, 4, 4>(simd, panel, row, first),
                    (2.., 4) => self.block::<S, 2, 4>(simd, panel, row, first),
                    (_, 4) => self.block::<S, 1, 4>(simd, panel, row, first),
                    (ROWS.., 2) => self.block::<S, 6, 2>(simd, panel, row, first),
                    (4.., 2) => self.block::<S, 4, 2>(simd, panel, row, first),
                    (2.., 2) => self.block::<S, 2, 2>(simd, panel, row, first),
                    (_, 2) => self.block::<S, 1, 2>(simd, panel, row, first),
                    (ROWS.., _) => self.block::<S, 6, 1>(simd, panel, row, first),
                    (4.., _) => self.block::<S, 4, 1>(simd, panel, row, first),
                    (2.., _) => self.block::<S, 2, 1>(simd, panel, row, first),
                    (_, _) => self.block::<S, 1, 1>(simd, panel, row, first),
                };
            }
        }
    }
}

/// How columns are cut into panels: where each begins, and its vectors.
#[inline(always)]
pub fn panels<S: Simd>(columns: usize) -> impl Iterator<Item = (usize, usize)> {
    let most = if S::REGISTER_COUNT >= 32 { 4 } else { 2 };
    let total = columns / S::F32_LANES;
    let mut at = 0;
    std::iter::from_fn(move || {
        let size = match total - at {
            0 => return None,
            left if left >= most => most,
            2 | 3 => 2,
            _ => 1,
        };
        let panel = (at * S::F32_LANES, size);
        at += size;
        Some(panel)
    })
}

impl RowsByPanels<'_> {
    #[inline(always)]
    fn block<S: Simd, const MR: usize, const NR: usize>(
        &mut self,
        simd: S,
        panel: &[f32],
        row: usize,
        first: usize,
    ) -> usize {
        let width = NR * S::F32_LANES;
        let mut rows = [&[][..]; MR];
        for (i, to) in rows.iter_mut().enumerate() {
            let row = &self.rows[(row + i) * self.row_step..][..self.depth];
            *to = row.as_chunks::<BLOCK>().0;
        }
        let mut sums = [[simd.splat_f32s(0.0); NR]; MR];
        for (at, panel) in panel.chunks_exact(width * BLOCK).enumerate() {
            let mut values = [&[0.0; BLOCK]; MR];
            for (to, row) in values.iter_mut().zip(&rows) {
                *to = &row[at];
            }
            for (k, columns) in panel.chunks_exact(width).enumerate() {
                let (columns, _) = S::as_simd_f32s(columns);
                let columns = &columns[..NR];
                for (sums, values) in sums.iter_mut().zip(&values) {
                    let value = simd.splat_f32s(values[k % BLOCK]);
                    for (sum, &column) in sums.iter_mut().zip(columns) {
                        *sum = simd.mul_add_e_f32s(value, column, *sum);
                    }
                }
            }
        }
        for (i, sums) in sums.iter().enumerate() {
            let to = &mut self.to[(row + i) * self.columns + first..][..width];
            let (to, _) = S::as_mut_simd_f32s(to);
            for (to, &sum) in to.iter_mut().zip(sums) {
                *to = sum;
            }
        }
        MR
    }
}

/// `to[row, column] += Σ_k left[k, row] · right[k, column]`.
pub struct Transposed<'a> {
    /// `[depth, rows]`.
    pub left: &'a [f32],
    pub rows: usize,
    /// `[depth, columns]`.
    pub right: &'a [f32],
    pub columns: usize,
    /// `[rows, columns]`.
    pub to: &'a mut [f32],
}

impl Kernel for Transposed<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        for (first, size) in panels::<S>(self.columns) {
            let mut row = 0;
            while row < self.rows {
                row += match (self.rows - row, size) {
                    (ROWS.., 4) => self.block::<S, 6, 4>(simd, row, first),
                    (4.., 4) => self.block::<S, 4, 4>(simd, row, first),
                    (2.., 4) => self.block::<S, 2, 4>(simd, row, first),
                    (_, 4) => self.block::<S, 1, 4>(simd, row, first),
                    (ROWS.., 2) => self.block::<S, 6, 2>(simd, row, first),
                    (4.., 2) => self.block::<S, 4, 2>(simd, row, first),
                    (2.., 2) => self.block::<S, 2, 2>(simd, row, first),
                    (_, 2) => self.block::<S, 1, 2>(simd, row, first),
                    (ROWS.., _) => self.block::<S, 6, 1>(simd, row, first),
                    (4.., _) => self.block::<S, 4, 1>(simd, row, first),
                    (2.., _) => self.block::<S, 2, 1>(simd, row, first),
                    (_, _) => self.block::<S, 1, 1>(simd, row, first),
                };
            }
        }
    }
}

impl Transposed<'_> {
    #[inline(always)]
    fn block<S: Simd, const MR: usize, const NR: usize>(
        &mut self,
        simd: S,
        row: usize,
        first: usize,
    ) -> usize {
        let width = NR * S::F32_LANES;
        let mut sums = [[simd.splat_f32s(0.0); NR]; MR];
        let left = self.left.chunks_exact(self.rows);
        for (left, right) in left.zip(self.right.chunks_exact(self.columns)) {
            let left = &left[row..][..MR];
            let (right, _) = S::as_simd_f32s(&right[first..][..width]);
            let right = &right[..NR];
            for (sums, &left) in sums.iter_mut().zip(left) {
                let left = simd.splat_f32s(left);
                for (sum, &right) in sums.iter_mut().zip(right) {
                    *sum = simd.mul_add_e_f32s(left, right, *sum);
                }
            }
        }
        for (i, sums) in sums.iter().enumerate() {
            let to = &mut self.to[(row + i) * self.columns + first..][..width];
            let (to, _) = S::as_mut_simd_f32s(to);
            for (to, &sum) in to.iter_mut().zip(sums) {
                *to = simd.add_f32s(*to, sum);
            }
        }
        MR
    }
}
