//! Finding orders by their ids: hash maps whose hashers are fixed, so that nothing depends on the process.
//!
//! The venue's ids are random already; texts and symbols go through FNV-1a by words of eight bytes. Iteration order is
//! never used.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

/// A map with a fixed hasher.
pub(super) type FixedMap<K, V> = HashMap<K, V, BuildHasherDefault<FixedHasher>>;

/// Mixes eight bytes at a time.
#[derive(Clone, Copy)]
pub(super) struct FixedHasher(u64);

impl Default for FixedHasher {
    fn default() -> Self {
        Self(OFFSET)
    }
}

impl FixedHasher {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(PRIME).rotate_left(29);
    }
}

impl Hasher for FixedHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in words.by_ref() {
            self.mix(u64::from_le_bytes(word.try_into().expect("chunks of eight")));
        }
        let rest = words.remainder().iter().fold(0, |rest, byte| rest << 8 | u64::from(*byte));
        self.mix(rest ^ bytes.len() as u64);
    }

    fn write_u8(&mut self, value: u8) {
        self.mix(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.mix(value);
    }

    fn write_u128(&mut self, value: u128) {
        self.mix(value as u64);
        self.mix((value >> 64) as u64);
    }

    fn write_usize(&mut self, value: usize) {
        self.mix(value as u64);
    }

    fn finish(&self) -> u64 {
        // The map takes its bucket from the low bits and its tag from the high ones.
        self.0 ^ self.0 >> 32 ^ self.0 << 25
    }
}
