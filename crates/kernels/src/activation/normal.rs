//! The normal distribution, of which GELU is made.

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use super::exponential::{exp, polynomial};
use crate::simd::Vectors;

/// The density at 0, `1 / √(2π)`.
const PEAK: f32 = FRAC_2_SQRT_PI * FRAC_1_SQRT_2 / 2.0;

/// Where `u = (a - KNOT) / (a + KNOT)`, which takes `0..∞` to `-1..1`, is 0.
const KNOT: f32 = 2.0;

/// `Φ(-a) · e^(a²/2) · (a + KNOT)` over `u`, the lowest power first, by `coefficients.py`.
const TAIL: [f32; 11] = [
    0.672_408,
    -0.331_404_54,
    0.028_798_383,
    0.036_721_267,
    -0.000_483_149_08,
    -0.006_749_383_6,
    -0.001_890_134_9,
    0.000_878_818_86,
    0.000_721_505_2,
    0.000_035_217_134,
    -0.000_073_252_7,
];

/// Distribution function and density at `x`: `Φ(x)` to 2e-7, and for negative `x` its
/// first digits however small it is; `φ(x)` to 1e-7. Not a number stays so.
#[inline(always)]
pub fn normal<S: Vectors>(simd: S, x: f32) -> (f32, f32) {
    let bell = exp(simd, -0.5 * x * x);
    let inverse = 1.0 / (x.abs() + KNOT);
    // Not the quotient of the definition, which infinity has none of.
    let u = simd.multiply_add(inverse, -2.0 * KNOT, 1.0);
    let tail = bell * inverse * polynomial(simd, TAIL, u);
    let below = if x < 0.0 { tail } else { 1.0 - tail };
    (below, PEAK * bell)
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::{
        reference::of_all_sizes,
        simd::{Kernel, Level},
    };

    /// `Φ(x)` in `f64`: the series of Marsaglia (Evaluating the normal distribution,
    /// 2004), whose terms are all of one sign. To about 1e-15.
    pub fn distribution(x: f64) -> f64 {
        // Beyond, it is 0 or 1 to that accuracy.
        let x = x.clamp(-9.0, 9.0);
        let (mut sum, mut term) = (x, x);
        for odd in (3..400).step_by(2) {
            term *= x * x / f64::from(odd);
            sum += term;
        }
        0.5 + sum * density(x)
    }

    /// `φ(x)` in `f64`.
    pub fn density(x: f64) -> f64 {
        (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
    }

    struct Normal<'a>(&'a [f32]);

    impl Kernel for Normal<'_> {
        type Output = Vec<(f32, f32)>;

        #[inline(always)]
        fn run<S: Vectors>(self, simd: S) -> Self::Output {
            self.0.iter().map(|&x| normal(simd, x)).collect()
        }
    }

    /// From Python:
    /// `for x in (...): print((x, math.erfc(-x / math.sqrt(2)) / 2))`
    const EXACT: [(f64, f64); 10] = [
        (-10.0, 7.619853024160593e-24),
        (-6.5, 4.016000583859125e-11),
        (-3.25, 0.0005770250423907673),
        (-1.0, 0.15865525393145707),
        (-0.125, 0.4502617751698871),
        (0.0, 0.5),
        (0.125, 0.5497382248301129),
        (1.0, 0.8413447460685429),
        (3.25, 0.9994229749576092),
        (6.5, 0.99999999995984),
    ];

    #[test]
    fn the_reference_is_right() {
        for (x, exact) in EXACT {
            assert!((distribution(x) - exact).abs() < 1e-14, "{x}");
        }
    }

    #[test]
    fn small_values_have_their_first_digits() {
        let x: Vec<f32> = EXACT.iter().map(|&(x, _)| x as f32).collect();
        for level in Level::all() {
            for ((found, _), (x, exact)) in level.run(Normal(&x)).into_iter().zip(EXACT) {
                let error = (f64::from(found) - exact).abs() / exact;
                // The rounding of x²/2 counts as often as it is large.
                let allowed = 3e-7 + x * x * 5e-8;
                assert!(error <= allowed, "{x}: {found}, {}", level.name());
            }
        }
    }

    #[test]
    fn distribution_and_density() {
        let grid = (-30_000..=30_000).map(|at| at as f32 * 3e-4);
        let x: Vec<f32> = grid.chain(of_all_sizes(100_000)).collect();
        let exact = x.iter().map(|&x| f64::from(x));
        let exact: Vec<_> = exact.map(|x| (distribution(x), self::density(x))).collect();
        for level in Level::all() {
            let found = x.iter().zip(level.run(Normal(&x)));
            for ((&x, (below, density)), exact) in found.zip(&exact) {
                assert!(
                    (f64::from(below) - exact.0).abs() <= 2e-7,
                    "Φ({x}): {below}"
                );
                assert!(
                    (f64::from(density) - exact.1).abs() <= 1e-7,
                    "φ({x}): {density}"
                );
            }
        }
    }
}
