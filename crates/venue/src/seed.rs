//! Random numbers that are the same on every machine: `ChaCha` streams named by what they are for.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of its own for every purpose, so that using one more number somewhere shifts nothing elsewhere.
pub(crate) fn stream(seed: u64, purpose: &str) -> ChaCha8Rng {
    // FNV-1a: std's hasher makes no promise to stay the same between releases.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ seed;
    for byte in purpose.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    ChaCha8Rng::seed_from_u64(hash)
}

/// Nearly standard normal, within ±6. Sums and no logarithm: the bits do not depend on the platform's mathematics.
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0
}
