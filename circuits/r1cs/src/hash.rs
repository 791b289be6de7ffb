//! The hash function of tables that are looked up and never walked.
//!
//! It is fixed, so that not even the time taken varies between runs. Whoever chooses the keys can make them collide: for
//! keys that come from a program under compilation, whose author would only slow down his own compiler.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map whose order means nothing: it must not be walked.
pub type Table<K, V> = HashMap<K, V, BuildHasherDefault<Fixed>>;

/// Word-wise multiply and rotate (the hash of rustc and Firefox), finished so that low bits depend on all of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fixed(u64);

impl Fixed {
    fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Fixed {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.word(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.word(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, word: u8) {
        self.word(u64::from(word));
    }

    fn write_u32(&mut self, word: u32) {
        self.word(u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        self.word(word);
    }

    fn write_usize(&mut self, word: usize) {
        self.word(word as u64);
    }

    fn write_i128(&mut self, word: i128) {
        self.word(word as u64);
        self.word((word >> 64) as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}
