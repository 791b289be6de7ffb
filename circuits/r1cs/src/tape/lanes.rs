//! Where a running tape keeps its values: as small as their ranges allow.

use super::range::Range;
use ark_bn254::{Fr, FrConfig};
use ark_ff::{AdditiveGroup, BigInt, Field, MontConfig, PrimeField, Zero};

/// The scalar `R = 2^256`, by which a raw integer becomes a scalar in one Montgomery product.
pub(super) const MONTGOMERY: Fr = Fr::new_unchecked(FrConfig::R2);
/// Bytes after the last bit, so that eight bits are read and written at once wherever one is.
const PADDING: usize = 8;

/// A file of values of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// 0 or 1, in a byte.
    Bit,
    /// Fits an `i64`.
    Small,
    /// Fits an `i128` within [`super::range::BOUND`].
    Wide,
    /// Any scalar.
    Field,
}

impl Lane {
    pub(super) fn of(range: Option<Range>) -> Lane {
        match range {
            Some(range) if range.is_bit() => Lane::Bit,
            Some(range) if range.fits_i64() => Lane::Small,
            Some(_) => Lane::Wide,
            None => Lane::Field,
        }
    }
}

/// A place in a lane: the lane in the two highest bits. There are fewer than 2^30 registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(u32);

impl Slot {
    pub(super) fn new(lane: Lane, index: u32) -> Slot {
        Slot((lane as u32) << 30 | index)
    }

    #[inline(always)]
    pub(super) fn lane(self) -> Lane {
        match self.0 >> 30 {
            0 => Lane::Bit,
            1 => Lane::Small,
            2 => Lane::Wide,
            _ => Lane::Field,
        }
    }

    /// Place in its lane.
    #[inline(always)]
    pub(super) fn index(self) -> u32 {
        self.0 & ((1 << 30) - 1)
    }

    #[inline(always)]
    fn at(self) -> usize {
        self.index() as usize
    }
}

/// Values in each lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sizes(pub [u32; 4]);

impl Sizes {
    /// A fresh slot. Slots of a lane are handed out in the order in which they are written.
    pub(super) fn slot(&mut self, lane: Lane) -> Slot {
        let next = &mut self.0[lane as usize];
        *next += 1;
        Slot::new(lane, *next - 1)
    }
}

/// The values themselves. Operands of integer methods are never in the field lane: lowering saw to it.
pub(super) struct Lanes {
    pub bits: Vec<u8>,
    pub small: Vec<i64>,
    pub wide: Vec<i128>,
    pub field: Vec<Fr>,
}

impl Lanes {
    pub(super) fn new(Sizes([bits, small, wide, field]): Sizes) -> Lanes {
        Lanes {
            bits: vec![0; bits as usize + PADDING],
            small: vec![0; small as usize],
            wide: vec![0; wide as usize],
            field: vec![Fr::ZERO; field as usize],
        }
    }

    /// A value of the bit or the small lane.
    #[inline(always)]
    pub(super) fn small(&self, slot: Slot) -> i64 {
        match slot.lane() {
            Lane::Bit => self.bits[slot.at()].into(),
            _ => self.small[slot.at()],
        }
    }

    /// A value of any lane but the field's.
    #[inline(always)]
    pub(super) fn integer(&self, slot: Slot) -> i128 {
        match slot.lane() {
            Lane::Bit => self.bits[slot.at()].into(),
            Lane::Small => self.small[slot.at()].into(),
            _ => self.wide[slot.at()],
        }
    }

    /// A value of any lane.
    #[inline(always)]
    pub(super) fn scalar(&self, slot: Slot) -> Fr {
        match slot.lane() {
            Lane::Bit => bit(self.bits[slot.at()] != 0),
            Lane::Field => self.field[slot.at()],
            _ => scaled(self.integer(slot), &MONTGOMERY),
        }
    }

    #[inline(always)]
    pub(super) fn is_zero(&self, slot: Slot) -> bool {
        match slot.lane() {
            Lane::Field => self.field[slot.at()].is_zero(),
            _ => self.integer(slot) == 0,
        }
    }

    /// The canonical integer, where it is below 2^128.
    pub(super) fn unsigned(&self, slot: Slot) -> Option<u128> {
        match slot.lane() {
            Lane::Field => match self.field[slot.at()].into_bigint() {
                BigInt([low, high, 0, 0]) => Some(u128::from(high) << 64 | u128::from(low)),
                _ => None,
            },
            // A negative one is r - |n|, above 2^128.
            _ => u128::try_from(self.integer(slot)).ok(),
        }
    }

    /// Writes a value to the bit or the small lane.
    #[inline(always)]
    pub(super) fn put_small(&mut self, to: Slot, value: i64) {
        match to.lane() {
            Lane::Bit => self.bits[to.at()] = value as u8,
            _ => self.small[to.at()] = value,
        }
    }

    /// Writes a value to any lane but the field's.
    #[inline(always)]
    pub(super) fn put_integer(&mut self, to: Slot, value: i128) {
        match to.lane() {
            Lane::Bit => self.bits[to.at()] = value as u8,
            Lane::Small => self.small[to.at()] = value as i64,
            _ => self.wide[to.at()] = value,
        }
    }

    /// Writes an integer below 2^128 to any lane; it fits.
    pub(super) fn put_unsigned(&mut self, to: Slot, value: u128) {
        match to.lane() {
            Lane::Field => self.field[to.at()] = raw(value) * MONTGOMERY,
            _ => self.put_integer(to, value as i128),
        }
    }

    /// Writes a value to the field lane.
    #[inline(always)]
    pub(super) fn put_field(&mut self, to: Slot, value: Fr) {
        self.field[to.at()] = value;
    }

    /// Bits `first..first + len` as one number, lowest first; at most 64.
    #[inline(always)]
    pub(super) fn pack(&self, first: u32, len: u32) -> u64 {
        let bytes = &self.bits[first as usize..][..len.next_multiple_of(8) as usize];
        let mut packed = 0;
        for (at, eight) in bytes.chunks_exact(8).enumerate() {
            let eight = u64::from_le_bytes(eight.try_into().expect("chunks of eight"));
            // Moves byte j, 0 or 1, to bit 56 + j: no two of the products meet.
            packed |= eight.wrapping_mul(0x0102_0408_1020_4080) >> 56 << (8 * at);
        }
        // What stands after the last bit does not count.
        packed & u64::MAX >> (64 - len)
    }

    /// Writes the `len` lowest bits of a number; at most 64. Up to seven slots after them are overwritten: nothing has
    /// been written there yet, as slots are handed out in the order of writing.
    #[inline(always)]
    pub(super) fn unpack(&mut self, first: u32, len: u32, value: u64) {
        let bytes = &mut self.bits[first as usize..][..len.next_multiple_of(8) as usize];
        for (at, eight) in bytes.chunks_exact_mut(8).enumerate() {
            // Bit j of the byte alone in byte j, then moved down to bit 0 of it.
            let spread = (value >> (8 * at) & 0xff).wrapping_mul(0x0101_0101_0101_0101) & 0x8040_2010_0804_0201;
            let ones = (spread + 0x7f7f_7f7f_7f7f_7f7f) >> 7 & 0x0101_0101_0101_0101;
            eight.copy_from_slice(&ones.to_le_bytes());
        }
    }
}

#[inline(always)]
pub(super) fn bit(value: bool) -> Fr {
    if value { Fr::ONE } else { Fr::ZERO }
}

/// The scalar `value / R`.
#[inline(always)]
fn raw(value: u128) -> Fr {
    Fr::new_unchecked(BigInt([value as u64, (value >> 64) as u64, 0, 0]))
}

/// `value * scale / R`: with [`MONTGOMERY`], the integer as a scalar.
#[inline(always)]
pub(super) fn scaled(value: i128, scale: &Fr) -> Fr {
    let product = raw(value.unsigned_abs()) * scale;
    if value < 0 { -product } else { product }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_undoes_unpacking_at_every_length_and_place() {
        for len in 1..=64 {
            for first in [0, 1, 7, 8, 13] {
                let mut lanes = Lanes::new(Sizes([first + len, 0, 0, 0]));
                let value = 0x9e37_79b9_7f4a_7c15_u64 >> (64 - len);
                lanes.unpack(first, len, value);
                for at in 0..len {
                    assert_eq!(u64::from(lanes.bits[(first + at) as usize]), value >> at & 1);
                }
                // Set bits beyond the last one are not read.
                lanes.bits[(first + len) as usize..].fill(1);
                assert_eq!(lanes.pack(first, len), value, "{len} bits at {first}");
                assert!(lanes.bits[..first as usize].iter().all(|bit| *bit == 0));
            }
        }
    }

    #[test]
    fn integers_become_the_scalars_that_the_field_makes_of_them() {
        let edge = 1 << 126;
        for value in [0, 1, -1, 255, i64::MAX.into(), i64::MIN.into(), 1 << 64, edge, -edge] {
            let magnitude = Fr::from(i128::unsigned_abs(value));
            assert_eq!(scaled(value, &MONTGOMERY), if value < 0 { -magnitude } else { magnitude });
            let scale = Fr::from(3u64).inverse().unwrap();
            assert_eq!(scaled(value, &(scale * MONTGOMERY)) * Fr::from(3u64), scaled(value, &MONTGOMERY));
        }
    }
}
