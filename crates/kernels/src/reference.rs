//! What the kernels are tested with.

use chacha20::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// The generator of a test, by its name.
pub fn generator(name: &str) -> ChaCha8Rng {
    let seed = name.bytes().fold(0_u64, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    ChaCha8Rng::seed_from_u64(seed)
}

/// Numbers in [-1, 1), the same for the same name and count.
pub fn numbers(name: &str, count: usize) -> Vec<f32> {
    let mut random = generator(name);
    (0..count)
        .map(|_| random.random::<f32>() * 2.0 - 1.0)
        .collect()
}

/// Numbers of both signs, as many between 2⁻¹⁴ and 2⁻¹³ as between any other powers up to 2⁴.
pub fn of_all_sizes(count: usize) -> impl Iterator<Item = f32> {
    let mut random = generator("of all sizes");
    (0..count).map(move |_| {
        let size = random.random_range(-14.0_f32..4.0).exp2();
        if random.random() { size } else { -size }
    })
}

/// Fails where a value is further from what is expected than 1e-5 of the largest one.
#[track_caller]
pub fn close(actual: &[f32], expected: &[f64]) {
    assert_eq!(actual.len(), expected.len());
    let largest = expected.iter().fold(1.0_f64, |a, b| a.max(b.abs()));
    for (at, (&actual, &expected)) in actual.iter().zip(expected).enumerate() {
        let distance = (f64::from(actual) - expected).abs();
        assert!(
            distance <= 1e-5 * largest,
            "value {at}: {actual}, expected {expected}"
        );
    }
}
