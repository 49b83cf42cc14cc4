//! The sum that ends a residual block, with its ReLU.

use crate::{
    activation::rectified,
    parallel,
    simd::{Kernel, Level, Vectors},
};

/// Adds `other` to `sum`, value by value; the ReLU of that, if asked for.
pub fn add(level: Level, sum: &mut [f32], other: &[f32], relu: bool) {
    parallel::each_with(sum, other, |sum, other| {
        level.run(Add { sum, other, relu });
    });
}

struct Add<'a> {
    sum: &'a mut [f32],
    other: &'a [f32],
    relu: bool,
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, _simd: S) {
        let pairs = self.sum.iter_mut().zip(self.other);
        if self.relu {
            pairs.for_each(|(sum, &other)| *sum = rectified(*sum + other));
        } else {
            pairs.for_each(|(sum, &other)| *sum += other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{parallel::CHUNK, reference::numbers};

    #[test]
    fn sums_with_and_without_relu() {
        for count in [1, 37, 2 * CHUNK + 5] {
            let (a, b) = (numbers("a", count), numbers("b", count));
            let sums: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
            let rectified: Vec<f32> = sums.iter().map(|v| v.max(0.0)).collect();
            for level in Level::all() {
                for (relu, expected) in [(false, &sums), (true, &rectified)] {
                    let mut values = a.clone();
                    add(level, &mut values, &b, relu);
                    assert_eq!(&values, expected, "{count} values, {}", level.name());
                }
            }
        }
    }
}
