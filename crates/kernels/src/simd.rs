//! Vectors of the width that the machine has.

use std::sync::OnceLock;

use pulp::{NullaryFnOnce, Simd};

use crate::environment;

/// Values of the longest vector.
pub const WIDEST: usize = 16;

/// What is not the same for vectors of every width.
pub trait Vectors: Simd {
    /// `a · b + c`, rounded once where the machine can: for loops over single values, which
    /// the compiler makes vectors of.
    #[inline(always)]
    fn multiply_add(self, a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }

    /// Makes rows of columns.
    #[inline(always)]
    fn transpose(self, block: &mut [[f32; WIDEST]; WIDEST]) {
        let rows = *block;
        for (i, to) in block.iter_mut().enumerate() {
            for (to, row) in to.iter_mut().zip(&rows) {
                *to = row[i];
            }
        }
    }
}

impl Vectors for pulp::Scalar {
    /// In two roundings: one would be a function's call for every value.
    #[inline(always)]
    fn multiply_add(self, a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}

#[cfg(target_arch = "x86_64")]
impl Vectors for pulp::x86::V3 {}

#[cfg(target_arch = "x86_64")]
impl Vectors for pulp::x86::V4 {
    /// Pairs of values, pairs of pairs, and so on: shuffles alone.
    #[inline(always)]
    fn transpose(self, block: &mut [[f32; WIDEST]; WIDEST]) {
        use std::arch::x86_64::{__m512, __m512d};
        let f = self.avx512f;
        let mut rows: [__m512; WIDEST] = pulp::cast(*block);
        for pair in 0..8 {
            let (a, b) = (rows[2 * pair], rows[2 * pair + 1]);
            rows[2 * pair] = f._mm512_unpacklo_ps(a, b);
            rows[2 * pair + 1] = f._mm512_unpackhi_ps(a, b);
        }
        let mut quads = rows;
        for quad in 0..4 {
            for half in 0..2 {
                let a: __m512d = pulp::cast(rows[4 * quad + half]);
                let b: __m512d = pulp::cast(rows[4 * quad + half + 2]);
                quads[4 * quad + 2 * half] = pulp::cast(f._mm512_unpacklo_pd(a, b));
                quads[4 * quad + 2 * half + 1] = pulp::cast(f._mm512_unpackhi_pd(a, b));
            }
        }
        // Now row 4·q + c has, in its lane of 4 number l, column 4·l + c of rows 4·q to
        // 4·q + 3.
        let mut columns = quads;
        for column in 0..4 {
            let quad = |q: usize| quads[4 * q + column];
            let even_low = f._mm512_shuffle_f32x4::<0x88>(quad(0), quad(1));
            let odd_low = f._mm512_shuffle_f32x4::<0xdd>(quad(0), quad(1));
            let even_high = f._mm512_shuffle_f32x4::<0x88>(quad(2), quad(3));
            let odd_high = f._mm512_shuffle_f32x4::<0xdd>(quad(2), quad(3));
            columns[column] = f._mm512_shuffle_f32x4::<0x88>(even_low, even_high);
            columns[column + 4] = f._mm512_shuffle_f32x4::<0x88>(odd_low, odd_high);
            columns[column + 8] = f._mm512_shuffle_f32x4::<0xdd>(even_low, even_high);
            columns[column + 12] = f._mm512_shuffle_f32x4::<0xdd>(odd_low, odd_high);
        }
        *block = pulp::cast(columns);
    }
}

#[cfg(target_arch = "aarch64")]
impl Vectors for pulp::aarch64::Neon {}

/// Code for vectors of any width.
pub trait Kernel {
    type Output;

    /// Must be inlined: what is not compiled into its caller has no wide vectors.
    fn run<S: Vectors>(self, simd: S) -> Self::Output;
}

/// The instruction sets that code is compiled for.
#[derive(Debug, Clone, Copy)]
pub enum Level {
    /// One value at a time.
    Scalar,
    /// AVX2 with fused multiply-add: 8 values.
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    /// AVX-512: 16 values.
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    /// NEON: 4 values.
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
}

/// The variable of the environment that asks for a level.
pub const VARIABLE: &str = "KILN_SIMD";

impl Level {
    /// The best of this machine. `KILN_SIMD=scalar` or `avx2` asks for less.
    fn detect() -> Self {
        let wish = environment::word(VARIABLE);
        let all = Self::all();
        let of_name = all.iter().find(|l| wish.as_deref() == Some(l.name()));
        let best = all.last().expect("every machine has the scalar level");
        *of_name.unwrap_or(best)
    }

    /// Those of this machine, the best last.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(pulp::x86::V3::try_new().map(Self::Avx2));
            all.extend(pulp::x86::V4::try_new().map(Self::Avx512));
        }
        #[cfg(target_arch = "aarch64")]
        all.extend(pulp::aarch64::Neon::try_new().map(Self::Neon));
        all
    }

    /// As in `KILN_SIMD`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "avx512",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "neon",
        }
    }

    /// Runs `kernel` with the vectors of this level.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            Self::Scalar => run(pulp::Scalar::new(), kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => run(simd, kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => run(simd, kernel),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(simd) => run(simd, kernel),
        }
    }
}

#[inline(always)]
fn run<S: Vectors, K: Kernel>(simd: S, kernel: K) -> K::Output {
    /// Not a closure, which need not be compiled into its caller.
    struct Run<S, K>(S, K);

    impl<S: Vectors, K: Kernel> NullaryFnOnce for Run<S, K> {
        type Output = K::Output;

        #[inline(always)]
        fn call(self) -> K::Output {
            self.1.run(self.0)
        }
    }

    simd.vectorize(Run(simd, kernel))
}

/// The level that kernels run at.
pub fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(Level::detect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns_at_every_level() {
        struct Transpose([[f32; WIDEST]; WIDEST]);
        impl Kernel for Transpose {
            type Output = [[f32; WIDEST]; WIDEST];

            #[inline(always)]
            fn run<S: Vectors>(mut self, simd: S) -> Self::Output {
                simd.transpose(&mut self.0);
                self.0
            }
        }
        let mut block = [[0.0; WIDEST]; WIDEST];
        for (i, row) in block.iter_mut().enumerate() {
            for (j, value) in row.iter_mut().enumerate() {
                *value = (100 * i + j) as f32;
            }
        }
        for level in Level::all() {
            let transposed = level.run(Transpose(block));
            for i in 0..WIDEST {
                for j in 0..WIDEST {
                    assert_eq!(transposed[i][j], block[j][i], "{}", level.name());
                }
            }
        }
    }
}
