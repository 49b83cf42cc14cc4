//! The exponential function, in arithmetic alone: no branch and no table, so that the
//! compiler computes a whole vector of them at once.
//!
//! `e^x` is `2^n · e^r` with a whole `n` and `|r| <= ln 2 / 2`. The power of 2 is written
//! into the exponent's bits, and the rest is a polynomial.

use std::f32::consts::LOG2_E;

use crate::simd::Vectors;

/// Below, `e^x` is 0: what it is lies under the normal numbers of `f32`.
const LOWEST: f32 = -88.0;
/// Above, it is infinite.
const HIGHEST: f32 = 89.0;

/// `ln 2` in two parts. The first has so few bits that its product with `n` is exact.
const LN2: [f32; 2] = [0.693_115_23, 3.194_618_3e-5];

/// `(e^r - 1 - r) / r²`, the lowest power first, by `coefficients.py`.
const EXPM1: [f32; 5] = [
    0.499_999_97,
    0.166_665_43,
    0.041_667_2,
    0.008_366_58,
    0.001_388_251_1,
];

/// `e^x`, to 2e-7 of it. Not a number stays so.
#[inline(always)]
pub fn exp<S: Vectors>(simd: S, x: f32) -> f32 {
    let (power, rest) = parts(simd, x);
    power * (1.0 + rest)
}

/// `e^x - 1` for `x <= 0`, to 2e-7 of it, near 0 as well. Not a number stays so.
#[inline(always)]
pub fn exp_m1<S: Vectors>(simd: S, x: f32) -> f32 {
    let (power, rest) = parts(simd, x);
    simd.multiply_add(power, rest, power - 1.0)
}

/// `2^n` and `e^r - 1`, where `x` is `n · ln 2 + r`.
#[inline(always)]
fn parts<S: Vectors>(simd: S, x: f32) -> (f32, f32) {
    /// Numbers as large as `3 · 2^22` are whole: added, it rounds. Their lowest bits are
    /// then `n + 127`, an exponent as `f32` stores it: 0 makes `2^n` zero, and 255 infinite.
    const ROUND: f32 = 12_582_912.0 + 127.0;

    // Not `clamp`, and not `max`: the first is a branch, the second loses what is not a
    // number.
    let x = if x < LOWEST { LOWEST } else { x };
    let x = if x > HIGHEST { HIGHEST } else { x };
    let rounded = simd.multiply_add(x, LOG2_E, ROUND);
    let power = f32::from_bits(rounded.to_bits() << 23);
    let n = rounded - ROUND;
    let r = simd.multiply_add(n, -LN2[0], x);
    let r = simd.multiply_add(n, -LN2[1], r);
    let rest = polynomial(simd, EXPM1, r);
    (power, simd.multiply_add(r * r, rest, r))
}

/// The polynomial of these coefficients, the lowest power first, at `x`.
#[inline(always)]
pub fn polynomial<S: Vectors, const N: usize>(simd: S, coefficients: [f32; N], x: f32) -> f32 {
    let mut sum = coefficients[N - 1];
    for &coefficient in coefficients[..N - 1].iter().rev() {
        sum = simd.multiply_add(sum, x, coefficient);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Kernel, Level};

    /// What `exp` and `exp_m1` make of each value.
    struct Both<'a>(&'a [f32]);

    impl Kernel for Both<'_> {
        type Output = Vec<[f32; 2]>;

        #[inline(always)]
        fn run<S: Vectors>(self, simd: S) -> Self::Output {
            let both = |&x| [exp(simd, x), exp_m1(simd, x)];
            self.0.iter().map(both).collect()
        }
    }

    #[test]
    fn as_the_standard_library_in_f64() {
        // Every `n` for which `f32` has normal numbers.
        let x: Vec<f32> = (-87_300..=88_300).map(|at| at as f32 * 1e-3).collect();
        let small = (-40..0).map(|power| -(2.0_f32.powi(power)));
        let x: Vec<f32> = x.into_iter().chain(small).collect();
        for level in Level::all() {
            for (&x, [e, less]) in x.iter().zip(level.run(Both(&x))) {
                let exact = f64::from(x).exp();
                let error = (f64::from(e) - exact).abs() / exact;
                assert!(error <= 2e-7, "exp({x}): {e}, {}", level.name());
                let exact = f64::from(x).exp_m1();
                let error = (f64::from(less) - exact).abs();
                assert!(
                    x > 0.0 || error <= 2e-7 * exact.abs(),
                    "exp_m1({x}): {less}, {}",
                    level.name()
                );
            }
        }
    }

    #[test]
    fn at_the_ends_and_beyond() {
        let x = [f32::NEG_INFINITY, -1e30, -88.1, -0.0, 0.0, 88.8, 1e30];
        let x = [&x[..], &[f32::INFINITY]].concat();
        let zero_to_infinite = [0.0, 0.0, 0.0, 1.0, 1.0, f32::INFINITY, f32::INFINITY];
        for level in Level::all() {
            let found = level.run(Both(&x));
            for (at, expected) in zero_to_infinite.into_iter().enumerate() {
                assert_eq!(found[at][0], expected, "exp({}), {}", x[at], level.name());
            }
            assert_eq!(found[7][0], f32::INFINITY);
            let less = [-1.0, -1.0, -1.0, 0.0, 0.0];
            for (at, expected) in less.into_iter().enumerate() {
                assert_eq!(found[at][1], expected, "exp_m1({})", x[at]);
            }
            for payload in [f32::NAN, -f32::NAN, f32::from_bits(0x7fc0_01ff)] {
                let [found] = level.run(Both(&[payload]))[..] else {
                    panic!("one value was given");
                };
                assert!(found.iter().all(|value| value.is_nan()));
            }
        }
    }
}
