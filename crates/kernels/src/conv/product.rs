//! Matrix products over channels, and over pixels, of images whose channels are last.

use pulp::Simd;
use rayon::prelude::*;

use super::channels_last::{BLOCK, padded};
use crate::{
    scratch::{Scratch, scratch},
    simd::{Kernel, Level, Vectors},
};

/// Rows of results in registers.
const ROWS: usize = 6;
/// Terms of a sum over pixels that are added up before the next rows and columns are gone
/// to: so many pixels stay in the second cache.
const RUN: usize = 512;

/// How columns are cut into panels: where each begins, and its vectors.
#[inline(always)]
fn panels<S: Simd>(columns: usize) -> impl Iterator<Item = (usize, usize)> {
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

/// The widths of the panels of `columns` columns, in values.
struct Widths(usize);

impl Kernel for Widths {
    type Output = Vec<usize>;

    #[inline(always)]
    fn run<S: Vectors>(self, _: S) -> Vec<usize> {
        let panels = panels::<S>(self.0);
        panels.map(|(_, size)| size * S::F32_LANES).collect()
    }
}

/// Values from one block of a panel to the next. Not a power of 2: what lies that far
/// apart shares its place in a cache.
pub fn block_step(width: usize) -> usize {
    BLOCK * width + BLOCK
}

/// Matrices `[depth, columns]`, `places` of them, in the order in which products read
/// them: panels of columns; of each, blocks of [`BLOCK`] rows; of each, those of all places,
/// [`block_step`] apart.
pub struct Panels {
    values: Scratch,
    columns: usize,
    places: usize,
    depth: usize,
}

impl Panels {
    /// Of `depth` rows, a multiple of [`BLOCK`]. `fill` fills a panel of `columns` from
    /// `first` on, in parallel with others; what it leaves out is whatever it was.
    pub fn new(
        level: Level,
        places: usize,
        depth: usize,
        columns: usize,
        fill: impl Fn(usize, usize, &mut [f32]) + Sync,
    ) -> Self {
        let columns = padded(columns);
        let widths = level.run(Widths(columns));
        let blocks = depth / BLOCK * places;
        let total = widths.iter().map(|&width| blocks * block_step(width)).sum();
        let mut values = scratch(total);
        let mut rest = &mut values[..];
        let mut parts = Vec::with_capacity(widths.len());
        let mut first = 0;
        for width in widths {
            let (part, others) = rest.split_at_mut(blocks * block_step(width));
            parts.push((first, width, part));
            rest = others;
            first += width;
        }
        let parts = parts.into_par_iter();
        parts.for_each(|(first, width, part)| fill(first, width, part));
        Self {
            values,
            columns,
            places,
            depth,
        }
    }
}

/// `to[targets[row] + column] = Σ rows[starts[row] + taps[tap] + k] · panels[tap · depth + k, column]`,
/// summed over `tap` and `k`.
pub struct RowsByPanels<'a> {
    pub rows: &'a [f32],
    pub starts: &'a [usize],
    pub taps: &'a [usize],
    pub panels: &'a Panels,
    /// Which of the matrices of the panels.
    pub place: usize,
    pub targets: &'a [usize],
    pub to: &'a mut [f32],
}

impl Kernel for RowsByPanels<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(mut self, simd: S) {
        let rows = self.starts.len();
        let blocks = self.panels.depth / BLOCK * self.panels.places;
        let mut start = 0;
        for (first, size) in panels::<S>(self.panels.columns) {
            let len = blocks * block_step(size * S::F32_LANES);
            let panel = &self.panels.values[start..][..len];
            start += len;
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
        let step = block_step(width);
        let depth = self.panels.depth / self.taps.len();
        let mut blocks = panel[self.place * step..].chunks(self.panels.places * step);
        let mut sums = [[simd.splat_f32s(0.0); NR]; MR];
        for &tap in self.taps {
            let mut rows = [&[][..]; MR];
            for (i, to) in rows.iter_mut().enumerate() {
                let row = &self.rows[self.starts[row + i] + tap..][..depth];
                *to = row.as_chunks::<BLOCK>().0;
            }
            for (at, panel) in (0..depth / BLOCK).zip(&mut blocks) {
                let mut values = [&[0.0; BLOCK]; MR];
                for (to, row) in values.iter_mut().zip(&rows) {
                    *to = &row[at];
                }
                let panel = panel[..BLOCK * width].chunks_exact(width);
                for (k, columns) in panel.enumerate() {
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
        }
        for (i, sums) in sums.iter().enumerate() {
            let to = &mut self.to[self.targets[row + i] + first..][..width];
            let (to, _) = S::as_mut_simd_f32s(to);
            for (to, &sum) in to.iter_mut().zip(sums) {
                *to = sum;
            }
        }
        MR
    }
}

/// `to[row, column] += Σ_k left[starts[k] + row] · right[k, column]`.
pub struct Transposed<'a> {
    pub left: &'a [f32],
    pub starts: &'a [usize],
    /// `[starts, columns]`.
    pub right: &'a [f32],
    pub columns: usize,
    /// `[rows, columns]`.
    pub to: &'a mut [f32],
}

impl Kernel for Transposed<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(mut self, simd: S) {
        let rows = self.to.len() / self.columns;
        let all = self.starts;
        for (at, starts) in all.chunks(RUN).enumerate() {
            let right = &self.right[at * RUN * self.columns..][..starts.len() * self.columns];
            for (first, size) in panels::<S>(self.columns) {
                let mut row = 0;
                let terms = (starts, right);
                while row < rows {
                    row += match (rows - row, size) {
                        (ROWS.., 4) => self.block::<S, 6, 4>(simd, terms, row, first),
                        (4.., 4) => self.block::<S, 4, 4>(simd, terms, row, first),
                        (2.., 4) => self.block::<S, 2, 4>(simd, terms, row, first),
                        (_, 4) => self.block::<S, 1, 4>(simd, terms, row, first),
                        (ROWS.., 2) => self.block::<S, 6, 2>(simd, terms, row, first),
                        (4.., 2) => self.block::<S, 4, 2>(simd, terms, row, first),
                        (2.., 2) => self.block::<S, 2, 2>(simd, terms, row, first),
                        (_, 2) => self.block::<S, 1, 2>(simd, terms, row, first),
                        (ROWS.., _) => self.block::<S, 6, 1>(simd, terms, row, first),
                        (4.., _) => self.block::<S, 4, 1>(simd, terms, row, first),
                        (2.., _) => self.block::<S, 2, 1>(simd, terms, row, first),
                        (_, _) => self.block::<S, 1, 1>(simd, terms, row, first),
                    };
                }
            }
        }
    }
}

impl Transposed<'_> {
    #[inline(always)]
    fn block<S: Simd, const MR: usize, const NR: usize>(
        &mut self,
        simd: S,
        (starts, right): (&[usize], &[f32]),
        row: usize,
        first: usize,
    ) -> usize {
        let width = NR * S::F32_LANES;
        let mut sums = [[simd.splat_f32s(0.0); NR]; MR];
        for (&start, right) in starts.iter().zip(right.chunks_exact(self.columns)) {
            let left = &self.left[start + row..][..MR];
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
