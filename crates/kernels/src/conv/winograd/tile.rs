//! Winograd's transforms along one axis (Lavin and Gray, "Fast Algorithms for
//! Convolutional Neural Networks", 2016).
//!
//! A tile of `M` outputs of a kernel of 3 is a product of `A = M + 2` pairs, not `3 M`.
//! The points of interpolation are 0, ∞, ±3/4 and ±3/2 for `M = 4`: with them, the
//! rounding is that of the direct sum, and a sixth of that with the usual 0, ∞, ±1, ±2
//! on 256 channels; and 0, ∞, ±1 for `M = 2`.

use pulp::Simd;

/// A linear transform of lines of `N` into lines of `R`.
pub trait Line<const N: usize, const R: usize> {
    fn of<S: Simd>(simd: S, line: [S::f32s; N]) -> [S::f32s; R];
}

/// The transforms for tiles of `M` outputs, which take `A` products along each axis.
pub trait Tile<const M: usize, const A: usize>: Copy + Sync {
    /// Bᵀ: of pixels.
    type Input: Line<A, A>;

    /// G: of weights.
    type Kernel: Line<3, A>;

    /// Aᵀ: of products, to outputs.
    type Output: Line<A, M>;

    /// A: of gradients of outputs, to those of products.
    type OutputGradient: Line<M, A>;

    /// Gᵀ: of gradients of transformed weights, to those of weights.
    type KernelGradient: Line<A, 3>;
}

/// Tiles of 4.
#[derive(Debug, Clone, Copy)]
pub struct Four;

impl Tile<4, 6> for Four {
    type Input = FourInput;
    type Kernel = FourKernel;
    type Output = FourOutput;
    type OutputGradient = FourOutputGradient;
    type KernelGradient = FourKernelGradient;
}

pub struct FourInput;

impl Line<6, 6> for FourInput {
    #[inline(always)]
    fn of<S: Simd>(simd: S, d: [S::f32s; 6]) -> [S::f32s; 6] {
        // Even and odd parts, at p and at q.
        let even_p = plus(simd, -Q2, d[2], d[4]);
        let odd_p = times(simd, P, plus(simd, -Q2, d[1], d[3]));
        let even_q = plus(simd, -P2, d[2], d[4]);
        let odd_q = times(simd, Q, plus(simd, -P2, d[1], d[3]));
        [
            plus(simd, P2 * Q2, d[0], plus(simd, -(P2 + Q2), d[2], d[4])),
            simd.add_f32s(even_p, odd_p),
            simd.sub_f32s(even_p, odd_p),
            simd.add_f32s(even_q, odd_q),
            simd.sub_f32s(even_q, odd_q),
            plus(simd, P2 * Q2, d[1], plus(simd, -(P2 + Q2), d[3], d[5])),
        ]
    }
}

pub struct FourKernel;

impl Line<3, 6> for FourKernel {
    #[inline(always)]
    fn of<S: Simd>(simd: S, g: [S::f32s; 3]) -> [S::f32s; 6] {
        let even_p = simd.add_f32s(times(simd, 1.0 / AT_P, g[0]), times(simd, P2 / AT_P, g[2]));
        let odd_p = times(simd, P / AT_P, g[1]);
        let even_q = simd.add_f32s(times(simd, 1.0 / AT_Q, g[0]), times(simd, Q2 / AT_Q, g[2]));
        let odd_q = times(simd, Q / AT_Q, g[1]);
        [
            times(simd, 1.0 / AT_0, g[0]),
            simd.add_f32s(even_p, odd_p),
            simd.sub_f32s(even_p, odd_p),
            simd.add_f32s(even_q, odd_q),
            simd.sub_f32s(even_q, odd_q),
            g[2],
        ]
    }
}

pub struct FourOutput;

impl Line<6, 4> for FourOutput {
    #[inline(always)]
    fn of<S: Simd>(simd: S, m: [S::f32s; 6]) -> [S::f32s; 4] {
        let (sum_p, difference_p) = (simd.add_f32s(m[1], m[2]), simd.sub_f32s(m[1], m[2]));
        let (sum_q, difference_q) = (simd.add_f32s(m[3], m[4]), simd.sub_f32s(m[3], m[4]));
        [
            simd.add_f32s(m[0], simd.add_f32s(sum_p, sum_q)),
            plus(simd, P, difference_p, times(simd, Q, difference_q)),
            plus(simd, P2, sum_p, times(simd, Q2, sum_q)),
            plus(
                simd,
                P * P2,
                difference_p,
                plus(simd, Q * Q2, difference_q, m[5]),
            ),
        ]
    }
}

pub struct FourOutputGradient;

impl Line<4, 6> for FourOutputGradient {
    #[inline(always)]
    fn of<S: Simd>(simd: S, y: [S::f32s; 4]) -> [S::f32s; 6] {
        let even_p = plus(simd, P2, y[2], y[0]);
        let odd_p = plus(simd, P * P2, y[3], times(simd, P, y[1]));
        let even_q = plus(simd, Q2, y[2], y[0]);
        let odd_q = plus(simd, Q * Q2, y[3], times(simd, Q, y[1]));
        [
            y[0],
            simd.add_f32s(even_p, odd_p),
            simd.sub_f32s(even_p, odd_p),
            simd.add_f32s(even_q, odd_q),
            simd.sub_f32s(even_q, odd_q),
            y[3],
        ]
    }
}

pub struct FourKernelGradient;

impl Line<6, 3> for FourKernelGradient {
    #[inline(always)]
    fn of<S: Simd>(simd: S, u: [S::f32s; 6]) -> [S::f32s; 3] {
        let (sum_p, difference_p) = (simd.add_f32s(u[1], u[2]), simd.sub_f32s(u[1], u[2]));
        let (sum_q, difference_q) = (simd.add_f32s(u[3], u[4]), simd.sub_f32s(u[3], u[4]));
        [
            plus(
                simd,
                1.0 / AT_0,
                u[0],
                plus(simd, 1.0 / AT_P, sum_p, times(simd, 1.0 / AT_Q, sum_q)),
            ),
            plus(
                simd,
                P / AT_P,
                difference_p,
                times(simd, Q / AT_Q, difference_q),
            ),
            plus(simd, P2 / AT_P, sum_p, plus(simd, Q2 / AT_Q, sum_q, u[5])),
        ]
    }
}

const P: f32 = 0.75;
const Q: f32 = 1.5;
const P2: f32 = P * P;
const Q2: f32 = Q * Q;
/// The products of the distances of a point from all others.
const AT_0: f32 = P2 * Q2;
const AT_P: f32 = 2.0 * P2 * (P2 - Q2);
const AT_Q: f32 = 2.0 * Q2 * (Q2 - P2);

/// Tiles of 2.
#[derive(Debug, Clone, Copy)]
pub struct Two;

impl Tile<2, 4> for Two {
    type Input = TwoInput;
    type Kernel = TwoKernel;
    type Output = TwoOutput;
    type OutputGradient = TwoOutputGradient;
    type KernelGradient = TwoKernelGradient;
}

pub struct TwoInput;

impl Line<4, 4> for TwoInput {
    #[inline(always)]
    fn of<S: Simd>(simd: S, d: [S::f32s; 4]) -> [S::f32s; 4] {
        [
            simd.sub_f32s(d[0], d[2]),
            simd.add_f32s(d[1], d[2]),
            simd.sub_f32s(d[2], d[1]),
            simd.sub_f32s(d[3], d[1]),
        ]
    }
}

pub struct TwoKernel;

impl Line<3, 4> for TwoKernel {
    #[inline(always)]
    fn of<S: Simd>(simd: S, g: [S::f32s; 3]) -> [S::f32s; 4] {
        let half = simd.splat_f32s(0.5);
        let even = simd.mul_f32s(half, simd.add_f32s(g[0], g[2]));
        let odd = simd.mul_f32s(half, g[1]);
        [
            g[0],
            simd.add_f32s(even, odd),
            simd.sub_f32s(even, odd),
            g[2],
        ]
    }
}

pub struct TwoOutput;

impl Line<4, 2> for TwoOutput {
    #[inline(always)]
    fn of<S: Simd>(simd: S, m: [S::f32s; 4]) -> [S::f32s; 2] {
        [
            simd.add_f32s(m[0], simd.add_f32s(m[1], m[2])),
            simd.add_f32s(simd.sub_f32s(m[1], m[2]), m[3]),
        ]
    }
}

pub struct TwoOutputGradient;

impl Line<2, 4> for TwoOutputGradient {
    #[inline(always)]
    fn of<S: Simd>(simd: S, y: [S::f32s; 2]) -> [S::f32s; 4] {
        [
            y[0],
            simd.add_f32s(y[0], y[1]),
            simd.sub_f32s(y[0], y[1]),
            y[1],
        ]
    }
}

pub struct TwoKernelGradient;

impl Line<4, 3> for TwoKernelGradient {
    #[inline(always)]
    fn of<S: Simd>(simd: S, u: [S::f32s; 4]) -> [S::f32s; 3] {
        let half = simd.splat_f32s(0.5);
        let sum = simd.mul_f32s(half, simd.add_f32s(u[1], u[2]));
        let difference = simd.mul_f32s(half, simd.sub_f32s(u[1], u[2]));
        [
            simd.add_f32s(u[0], sum),
            difference,
            simd.add_f32s(sum, u[3]),
        ]
    }
}

/// `a · b`.
#[inline(always)]
fn times<S: Simd>(simd: S, a: f32, b: S::f32s) -> S::f32s {
    simd.mul_f32s(simd.splat_f32s(a), b)
}

/// `a · b + c`.
#[inline(always)]
fn plus<S: Simd>(simd: S, a: f32, b: S::f32s, c: S::f32s) -> S::f32s {
    simd.mul_add_e_f32s(simd.splat_f32s(a), b, c)
}

/// Transforms every column of a square, and then every row of what comes out.
#[inline(always)]
pub fn square<S: Simd, L: Line<N, R>, const N: usize, const R: usize>(
    simd: S,
    from: &[[S::f32s; N]; N],
) -> [[S::f32s; R]; R] {
    let zero = simd.splat_f32s(0.0);
    let mut columns = [[zero; N]; R];
    for j in 0..N {
        let mut column = [zero; N];
        for i in 0..N {
            column[i] = from[i][j];
        }
        let to = L::of(simd, column);
        for i in 0..R {
            columns[i][j] = to[i];
        }
    }
    let mut rows = [[zero; R]; R];
    for i in 0..R {
        rows[i] = L::of(simd, columns[i]);
    }
    rows
}
