//! The statement as wires: input bytes, root, binding, outcome.

use crate::{Bit, Builder, Int, Lc, Word, interval::to_field};
use ark_bn254::Fr;
use ark_ff::One;
use ethnum::I256;
use zera_statement::{BYTES_PER_ELEMENT, ELEMENTS_PER_BLOCK};

/// How many bytes a predicate reads and how many further public values it declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Public input bytes.
    pub public_len: usize,
    /// Private input bytes.
    pub private_len: usize,
    /// Declared values after the three of every statement.
    pub declared: usize,
}

/// What a predicate says: the outcome is 3 where a bound was exceeded, else 2 where it trapped, else `truth`.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The answer where there is one.
    pub truth: Bit,
    /// Whether the predicate trapped.
    pub trap: Bit,
    /// Whether it exceeded a declared bound.
    pub exceeded: Bit,
}

/// Which of the two inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Public,
    Private,
}

impl Builder {
    /// Eight bits of an input byte, each with a row of its own (Bool).
    pub(crate) fn read_byte(&mut self, input: Input, index: usize) -> Vec<Bit> {
        let wires = self.allocate_byte(input, index);
        wires
            .into_iter()
            .map(|wire| {
                let bit = Lc::wire(wire);
                self.assert_zero_or(&bit, Fr::one());
                Bit::assume_boolean(bit)
            })
            .collect()
    }

    /// The bits of public byte `index`, least first.
    ///
    /// # Panics
    /// Past the layout's public bytes.
    pub fn public_byte(&self, index: usize) -> &[Bit] {
        &self.public_bits[8 * index..8 * index + 8]
    }

    /// The bits of private byte `index`, least first.
    ///
    /// # Panics
    /// Past the layout's private bytes.
    pub fn private_byte(&self, index: usize) -> &[Bit] {
        &self.private_bits[8 * index..8 * index + 8]
    }

    /// `len` public bytes from `offset`, little-endian, as one word; free, and its bits are known.
    ///
    /// # Panics
    /// Past the layout's public bytes, and unless `len` is 1 to 8.
    pub fn public_word(&mut self, offset: usize, len: usize) -> Word {
        Word::from_bits(&self.public_bits[8 * offset..8 * (offset + len)])
    }

    /// `len` private bytes from `offset`, little-endian, as one word; free, and its bits are known.
    ///
    /// # Panics
    /// Past the layout's private bytes, and unless `len` is 1 to 8.
    pub fn private_word(&mut self, offset: usize, len: usize) -> Word {
        Word::from_bits(&self.private_bits[8 * offset..8 * (offset + len)])
    }

    /// The integer of [`Builder::public_word`].
    ///
    /// # Panics
    /// As [`Builder::public_word`].
    pub fn public_int(&mut self, offset: usize, len: usize) -> Int {
        let word = self.public_word(offset, len);
        self.remembered(&word)
    }

    /// The integer of [`Builder::private_word`].
    ///
    /// # Panics
    /// As [`Builder::private_word`].
    pub fn private_int(&mut self, offset: usize, len: usize) -> Int {
        let word = self.private_word(offset, len);
        self.remembered(&word)
    }

    fn remembered(&mut self, word: &Word) -> Int {
        let bits = self.word_bits(word);
        self.remember_split(word.int(), &bits);
        word.int().clone()
    }

    /// [`zera_statement::input_root`] of the public bytes: `h = length`, then Poseidon of `h` and up to 15 elements of 31
    /// bytes, block by block.
    pub(crate) fn input_root(&mut self) -> Lc {
        let bits = self.public_bits.clone();
        self.root_of(&bits)
    }

    /// [`zera_statement::input_root`] of the private bytes, which as a declared value commits to them; costs what the root
    /// of the public ones does.
    pub fn private_commitment(&mut self) -> Lc {
        let bits = self.private_bits.clone();
        self.root_of(&bits)
    }

    fn root_of(&mut self, bits: &[Bit]) -> Lc {
        let elements: Vec<Lc> =
            bits.chunks(8 * BYTES_PER_ELEMENT).map(|bits| Int::from_bits(bits).rep().clone()).collect();
        let length = bits.len() as u64 / 8;
        let mut root = Lc::constant(Fr::from(length));
        if elements.is_empty() {
            return self.poseidon(&[root]).expect("one input");
        }
        for block in elements.chunks(ELEMENTS_PER_BLOCK) {
            let mut inputs = vec![root];
            inputs.extend_from_slice(block);
            root = self.poseidon(&inputs).expect("at most 16 inputs");
        }
        root
    }

    /// `exceeded ? 3 : trap ? 2 : truth`: at most two rows.
    pub(crate) fn outcome(&mut self, verdict: &Verdict) -> Lc {
        let constant = |value: u32| Lc::constant(to_field(I256::from(value)));
        let answered = self.select(&verdict.trap, &constant(2), verdict.truth.lc());
        self.select(&verdict.exceeded, &constant(3), &answered)
    }
}
