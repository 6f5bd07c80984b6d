//! Chance from a seed: `SplitMix64` (Steele, Lea and Flood, 2014), the same on every machine and in every release.
//!
//! Each part of the world has a stream of its own, so that taking one kind of fault away leaves the others' draws alone.

use market::TimeDelta;

/// A stream of chance.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// One of a seed's streams, by name.
    #[must_use]
    pub fn new(seed: u64, stream: &str) -> Self {
        let name = stream.bytes().fold(0_u64, |hash, byte| hash.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte));
        let mut dice = Self(seed ^ name.rotate_left(17));
        dice.draw();
        dice
    }

    /// 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 to `bound - 1`.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.draw()) * u128::from(bound.max(1))) >> 64) as u64
    }

    /// `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as u64) as i64
    }

    /// True so many times in ten thousand.
    pub fn chance(&mut self, in_ten_thousand: u64) -> bool {
        self.below(10_000) < in_ten_thousand
    }

    /// One of them.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// Milliseconds from `low` to `high`.
    pub fn millis(&mut self, low: i64, high: i64) -> TimeDelta {
        TimeDelta::milliseconds(self.between(low, high))
    }

    /// Seconds from `low` to `high`.
    pub fn seconds(&mut self, low: i64, high: i64) -> TimeDelta {
        self.millis(low * 1_000, high * 1_000)
    }

    /// Bell-shaped, mean 0, deviation 1, never beyond 3.5: the sum of four parts of one draw.
    pub fn bell(&mut self) -> f64 {
        let bits = self.draw();
        let sum: i64 = (0..4).map(|part| ((bits >> (16 * part)) & 0xffff) as i64).sum();
        (sum - 2 * 0xffff) as f64 / 37_837.2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_published_one() {
        // The generator's first outputs from a state of zero.
        let mut dice = Dice(0);
        assert_eq!([dice.draw(), dice.draw()], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }

    #[test]
    fn streams_differ_and_repeat() {
        assert_eq!(Dice::new(7, "venue").draw(), Dice::new(7, "venue").draw());
        assert_ne!(Dice::new(7, "venue").draw(), Dice::new(7, "market").draw());
        assert_ne!(Dice::new(7, "venue").draw(), Dice::new(8, "venue").draw());
    }

    #[test]
    fn the_bell_has_mean_zero_and_deviation_one() {
        let mut dice = Dice::new(1, "bell");
        let draws: Vec<f64> = (0..20_000).map(|_| dice.bell()).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let deviation = (draws.iter().map(|x| x * x).sum::<f64>() / 20_000.0).sqrt();
        assert!(mean.abs() < 0.03 && (deviation - 1.0).abs() < 0.03, "{mean} {deviation}");
    }
}
