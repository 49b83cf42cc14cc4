//! Weights `[outputs, inputs, places]` in blocks of 16 columns by 16 channels, with the
//! columns side by side, and back. Columns are the outputs or the inputs, and channels
//! what is summed over, the others.

use super::channels_last::{BLOCK, copy};
use crate::simd::Vectors;

/// Where the weights of a channel and a column are.
#[derive(Debug, Clone, Copy)]
pub struct Weights<'a> {
    pub values: &'a [f32],
    pub channels: usize,
    /// From a channel to the next.
    pub channel_step: usize,
    pub columns: usize,
    /// From a column to the next.
    pub column_step: usize,
    /// Places of the kernel: so many values lie side by side.
    pub places: usize,
}

impl<'a> Weights<'a> {
    /// Those that a forward pass sums over inputs with.
    pub fn of_outputs(values: &'a [f32], inputs: usize, outputs: usize, places: usize) -> Self {
        Self {
            values,
            channels: inputs,
            channel_step: places,
            columns: outputs,
            column_step: inputs * places,
            places,
        }
    }

    /// Those that a backward pass sums over outputs with.
    pub fn of_inputs(values: &'a [f32], inputs: usize, outputs: usize, places: usize) -> Self {
        Self {
            values,
            channels: outputs,
            channel_step: inputs * places,
            columns: inputs,
            column_step: places,
            places,
        }
    }

    /// The weights of 16 channels and 16 columns from the given ones on, zeros for those
    /// that there are not. `lines` has `16 · places` lines: line `channel · places + place`
    /// has the columns of that channel and place.
    #[inline(always)]
    pub fn gather<S: Vectors>(
        &self,
        simd: S,
        channel: usize,
        column: usize,
        lines: &mut [[f32; BLOCK]],
    ) {
        let channels = BLOCK.min(self.channels - channel.min(self.channels));
        let columns = BLOCK.min(self.columns - column.min(self.columns));
        // What lies side by side: the places of all channels, or those of one.
        let (runs, run) = match self.channel_step == self.places {
            true => (1, self.places * BLOCK),
            false => (BLOCK, self.places),
        };
        for (index, lines) in lines[..runs * run].chunks_exact_mut(run).enumerate() {
            let len = match runs {
                1 => channels * self.places,
                _ if index < channels => self.places,
                _ => 0,
            };
            let first = (channel + index) * self.channel_step + column * self.column_step;
            for (at, lines) in lines.chunks_mut(BLOCK).enumerate() {
                let done = at * BLOCK;
                let len = len.saturating_sub(done).min(BLOCK);
                let mut block = [[0.0; BLOCK]; BLOCK];
                for (row, values) in block.iter_mut().enumerate().take(columns) {
                    if len > 0 {
                        let from = first + row * self.column_step + done;
                        copy(&self.values[from..][..len], values);
                    }
                }
                simd.transpose(&mut block);
                for (line, values) in lines.iter_mut().zip(&block) {
                    *line = *values;
                }
            }
        }
    }
}

/// Puts what [`Weights::gather`] gives for `channels` of one of its blocks into `rows`,
/// `row_len` values for each column, from their value `start` on.
#[inline(always)]
pub fn scatter<S: Vectors>(
    simd: S,
    lines: &[[f32; BLOCK]],
    rows: &mut [f32],
    row_len: usize,
    start: usize,
    len: usize,
) {
    for (at, lines) in lines.chunks_exact(BLOCK).enumerate() {
        let done = at * BLOCK;
        if done >= len {
            break;
        }
        let mut block = [[0.0; BLOCK]; BLOCK];
        block.copy_from_slice(lines);
        simd.transpose(&mut block);
        let count = BLOCK.min(len - done);
        for (row, values) in rows.chunks_exact_mut(row_len).zip(&block) {
            let to = &mut row[start + done..][..count];
            match to.as_chunks_mut::<BLOCK>() {
                ([whole], []) => *whole = *values,
                _ => to.copy_from_slice(&values[..count]),
            }
        }
    }
}
