//! The imports outside WASM: what a test needs, with the signatures of `imports.rs`.

use std::cell::RefCell;

use crate::testing::only_in_wasm;
use crate::Field;

/// What an intrinsic that is not imitated unwinds with.
pub(crate) struct OnlyInWasm;

thread_local! {
    static INPUTS: RefCell<[Vec<u8>; 2]> = RefCell::default();
}

pub(crate) fn set_inputs(public: &[u8], private: &[u8]) {
    INPUTS.with(|inputs| *inputs.borrow_mut() = [public.to_vec(), private.to_vec()]);
}

fn read(which: usize, dst: &mut [u8], offset: u32) {
    INPUTS.with(|inputs| {
        let from = offset as usize;
        let input = &inputs.borrow()[which];
        dst.copy_from_slice(input.get(from..from + dst.len()).expect("input out of range"));
    });
}

pub(crate) fn read_public(dst: &mut [u8], offset: u32) {
    read(0, dst, offset);
}

pub(crate) fn read_private(dst: &mut [u8], offset: u32) {
    read(1, dst, offset);
}

pub(crate) fn assume(cond: bool) {
    assert!(cond, "assume");
}

pub(crate) fn trap() -> ! {
    panic!("trap")
}

pub(crate) fn bound(_: u32) {}

/// FIPS 180-4. The constants are the first bits of the fractional parts of roots of primes, and computed as such.
pub(crate) fn sha256(dst: &mut [u8; 32], src: &[u8]) {
    let primes: Vec<u128> = (2u128..312).filter(|n| (2..*n).all(|d| n % d != 0)).collect();
    // The greatest integer x with x^power <= prime * 2^(32 power), less its whole part.
    let root = |prime: u128, power: u32| {
        let fits = |x: u128| x.pow(power) <= prime << (32 * power);
        (0..36).rev().fold(0u128, |x, bit| if fits(x | 1 << bit) { x | 1 << bit } else { x }) as u32
    };
    let k: Vec<u32> = primes.iter().map(|prime| root(*prime, 3)).collect();
    let mut state: Vec<u32> = primes[..8].iter().map(|prime| root(*prime, 2)).collect();
    let mut padded = src.to_vec();
    padded.push(0x80);
    padded.resize((padded.len() + 8 + 63) / 64 * 64 - 8, 0);
    padded.extend((src.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks(64) {
        let mut w: Vec<u32> = block.chunks(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]])).collect();
        for i in 16..64 {
            let (x, y) = (w[i - 15], w[i - 2]);
            let s0 = x.rotate_right(7) ^ x.rotate_right(18) ^ x >> 3;
            let s1 = y.rotate_right(17) ^ y.rotate_right(19) ^ y >> 10;
            w.push(w[i - 16].wrapping_add(s0).wrapping_add(w[i - 7]).wrapping_add(s1));
        }
        let mut v = state.clone();
        for i in 0..64 {
            let s1 = v[4].rotate_right(6) ^ v[4].rotate_right(11) ^ v[4].rotate_right(25);
            let choice = (v[4] & v[5]) ^ (!v[4] & v[6]);
            let t1 = v[7].wrapping_add(s1).wrapping_add(choice).wrapping_add(k[i]).wrapping_add(w[i]);
            let s0 = v[0].rotate_right(2) ^ v[0].rotate_right(13) ^ v[0].rotate_right(22);
            let majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
            v.rotate_right(1);
            v[4] = v[4].wrapping_add(t1);
            v[0] = t1.wrapping_add(s0).wrapping_add(majority);
        }
        for (word, add) in state.iter_mut().zip(v) {
            *word = word.wrapping_add(add);
        }
    }
    for (bytes, word) in dst.chunks_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
}

/// Keccak[512] with padding 01. Constants come out of their definitions: the LFSR, and the walk over the lanes.
pub(crate) fn keccak256(dst: &mut [u8; 32], src: &[u8]) {
    const RATE: usize = 136;
    let mut padded = src.to_vec();
    padded.resize(src.len() / RATE * RATE + RATE, 0);
    padded[src.len()] ^= 0x01;
    *padded.last_mut().expect("a block") ^= 0x80;
    let mut a = [0u64; 25];
    for block in padded.chunks(RATE) {
        for (lane, bytes) in a.iter_mut().zip(block.chunks(8)) {
            *lane ^= bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        }
        keccak_f(&mut a);
    }
    for (bytes, lane) in dst.chunks_mut(8).zip(a) {
        bytes.copy_from_slice(&lane.to_le_bytes());
    }
}

fn keccak_f(a: &mut [u64; 25]) {
    let mut lfsr = 1u8;
    for _ in 0..24 {
        let c: Vec<u64> = (0..5).map(|x| (0..5).fold(0, |sum, y| sum ^ a[x + 5 * y])).collect();
        for i in 0..25 {
            a[i] ^= c[(i + 4) % 5] ^ c[(i + 1) % 5].rotate_left(1);
        }
        let (mut x, mut y, mut moved) = (1, 0, a[1]);
        for t in 0..24u32 {
            let next = (y, (2 * x + 3 * y) % 5);
            x = next.0;
            y = next.1;
            let lane = a[x + 5 * y];
            a[x + 5 * y] = moved.rotate_left((t + 1) * (t + 2) / 2 % 64);
            moved = lane;
        }
        for row in a.chunks_mut(5) {
            let old = [row[0], row[1], row[2], row[3], row[4]];
            for x in 0..5 {
                row[x] = old[x] ^ (!old[(x + 1) % 5] & old[(x + 2) % 5]);
            }
        }
        for j in 0..7 {
            a[0] ^= u64::from(lfsr & 1) << ((1u32 << j) - 1);
            lfsr = (lfsr << 1) ^ ((lfsr >> 7) * 0x71);
        }
    }
}

pub(crate) fn poseidon(_: &mut Field, _: &[Field]) {
    only_in_wasm("poseidon")
}

pub(crate) fn merkle_root(_: &mut Field, _: &Field, _: &[Field], _: u64) {
    only_in_wasm("merkle_root")
}

pub(crate) fn eddsa_verify(_: &[Field; 2], _: &[Field; 3], _: &Field) -> bool {
    only_in_wasm("eddsa_verify")
}

pub(crate) fn field_add(_: &mut Field, _: &Field, _: &Field) {
    only_in_wasm("field_add")
}

pub(crate) fn field_sub(_: &mut Field, _: &Field, _: &Field) {
    only_in_wasm("field_sub")
}

pub(crate) fn field_mul(_: &mut Field, _: &Field, _: &Field) {
    only_in_wasm("field_mul")
}

pub(crate) fn field_inv(_: &mut Field, _: &Field) {
    only_in_wasm("field_inv")
}

/// Canonical cells are equal where their bytes are; the order is of the modulus' bytes, highest last.
pub(crate) fn field_eq(a: &Field, b: &Field) -> bool {
    const MODULUS: [u8; 32] = [
        0x01, 0x00, 0x00, 0xf0, 0x93, 0xf5, 0xe1, 0x43, 0x91, 0x70, 0xb9, 0x79, 0x48, 0xe8, 0x33, 0x28, 0x5d, 0x58,
        0x81, 0x81, 0xb6, 0x45, 0x50, 0xb8, 0x29, 0xa0, 0x31, 0xe1, 0x72, 0x4e, 0x64, 0x30,
    ];
    let canonical = |cell: &Field| cell.0.iter().rev().lt(MODULUS.iter().rev());
    assert!(canonical(a) && canonical(b), "cell at or above the modulus");
    a.0 == b.0
}
