//! Vectors of the width that the machine has.

use std::sync::OnceLock;

use pulp::Simd;

/// Code for vectors of any width.
pub trait Kernel {
    type Output;

    /// Must be inlined: what is not compiled into its caller has no wide vectors.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
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

impl Level {
    /// The best of this machine. `KILN_SIMD=scalar` or `avx2` asks for less.
    fn detect() -> Self {
        let wish = std::env::var("KILN_SIMD").unwrap_or_default();
        let wish = wish.trim().to_ascii_lowercase();
        let all = Self::all();
        let of_name = all.iter().find(|level| level.name() == wish);
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
            Self::Scalar => kernel.run(pulp::Scalar::new()),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => Simd::vectorize(simd, Run(kernel)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => Simd::vectorize(simd, Run(kernel)),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(simd) => Simd::vectorize(simd, Run(kernel)),
        }
    }
}

struct Run<K>(K);

impl<K: Kernel> pulp::WithSimd for Run<K> {
    type Output = K::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> K::Output {
        self.0.run(simd)
    }
}

/// The level that kernels run at.
pub fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(Level::detect)
}
