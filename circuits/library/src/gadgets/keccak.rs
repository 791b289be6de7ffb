//! Keccak-256 as Ethereum uses it: rate 136 bytes, padding `0x01 .. 0x80`.
//!
//! Bits are those of the bytes in order, each byte's least significant first, which is Keccak's own order.

use sha3::{Digest, Keccak256};
use zera_ir::{Bit, Builder};

/// Bytes absorbed by one permutation.
pub const RATE_BYTES: usize = 136;
/// Bits of a lane; the state is 25 of them, `x + 5 y`.
const LANE: usize = 64;
const ROUNDS: usize = 24;
/// Bits of the digest.
const DIGEST_BITS: usize = 256;
/// `a ^ b ^ c`.
const XOR: u8 = 0x96;
/// `a ^ (!b & c)`: bit `a + 2 b + 4 c`.
const CHI: u8 = 0x9a;

/// The digest of bytes.
pub fn digest(message: &[u8]) -> [u8; 32] {
    Keccak256::digest(message).into()
}

/// The 256 bits of [`digest`]: 92,160 rows a block (FIPS 202: 24 rounds of 640 for the column parities, 1,600 for
/// theta and 1,600 for chi; the rest moves wires), less what known bits save and 2,624 in the last round, of which only
/// the digest is computed.
///
/// # Panics
/// Unless the bits are whole bytes.
pub fn keccak256(builder: &mut Builder, message: &[Bit]) -> Vec<Bit> {
    assert!(message.len().is_multiple_of(8), "keccak: {} bits are not whole bytes", message.len());
    let rate = 8 * RATE_BYTES;
    let mut padded = message.to_vec();
    padded.push(Bit::constant(true));
    padded.resize(padded.len().next_multiple_of(rate), Bit::constant(false));
    *padded.last_mut().expect("at least one block") = Bit::constant(true);
    let mut state = vec![Bit::constant(false); 25 * LANE];
    let blocks = padded.len() / rate;
    for (at, block) in padded.chunks(rate).enumerate() {
        builder.span("absorb", |builder| {
            for (bit, input) in state.iter_mut().zip(block) {
                *bit = builder.lookup([&*bit, input, &Bit::constant(false)], XOR);
            }
        });
        let lanes = if at + 1 == blocks { DIGEST_BITS / LANE } else { 25 };
        state = builder.span("permutation", |builder| permutation(builder, &state, lanes));
    }
    state.truncate(DIGEST_BITS);
    state
}

/// The permutation of 1,600 bits (Keccak-f), the first `lanes` lanes of it: 92,160 rows for all 25, where no input bit is
/// known.
///
/// # Panics
/// Unless the state has 1,600 bits and `lanes` is 1 to 25.
pub fn permutation(builder: &mut Builder, state: &[Bit], lanes: usize) -> Vec<Bit> {
    assert!(state.len() == 25 * LANE && (1..=25).contains(&lanes), "keccak: a state of 25 lanes");
    let mut state = state.to_vec();
    let mut constants = RoundConstants(1);
    for round in 0..ROUNDS {
        let wanted = if round + 1 == ROUNDS { lanes } else { 25 };
        state = one_round(builder, &state, constants.next_constant(), wanted);
    }
    state
}

/// One round; `wanted` lanes of its result.
fn one_round(builder: &mut Builder, state: &[Bit], constant: u64, wanted: usize) -> Vec<Bit> {
    // C[x] = A[x, 0] ^ .. ^ A[x, 4], two rows a bit.
    let parity: Vec<Bit> = (0..5 * LANE)
        .map(|at| {
            let column: [&Bit; 5] = std::array::from_fn(|y| &state[at + 5 * LANE * y]);
            let three = builder.lookup([column[0], column[1], column[2]], XOR);
            builder.lookup([&three, column[3], column[4]], XOR)
        })
        .collect();
    let offsets = rotations();
    let mut out = Vec::with_capacity(wanted * LANE);
    for y in 0..wanted.div_ceil(5) {
        // B[x, y] = rot(A[x', y'] ^ C[x' - 1] ^ rot(C[x' + 1], 1)): theta, then rho and pi.
        let row: Vec<Vec<Bit>> = (0..5)
            .map(|x| {
                // pi sends (x', y') to (y', 2 x' + 3 y'), so y' = x and x' = x + 3 y.
                let (from_x, from_y) = ((x + 3 * y) % 5, x);
                let lane = from_x + 5 * from_y;
                let turned = |bit: usize| (bit + LANE - offsets[lane]) % LANE;
                (0..LANE)
                    .map(turned)
                    .map(|bit| {
                        let left = &parity[(from_x + 4) % 5 * LANE + bit];
                        let right = &parity[(from_x + 1) % 5 * LANE + (bit + LANE - 1) % LANE];
                        builder.lookup([&state[lane * LANE + bit], left, right], XOR)
                    })
                    .collect()
            })
            .collect();
        for x in 0..(wanted - 5 * y).min(5) {
            let [this, next, after] = [x, x + 1, x + 2].map(|at| &row[at % 5]);
            for (bit, ((a, b), c)) in this.iter().zip(next).zip(after).enumerate() {
                let chi = builder.lookup([a, b, c], CHI);
                let flip = x + y == 0 && constant >> bit & 1 == 1;
                out.push(if flip { chi.not() } else { chi });
            }
        }
    }
    out
}

/// The LFSR `x^8 + x^6 + x^5 + x^4 + 1` of the round constants.
struct RoundConstants(u8);

impl RoundConstants {
    /// Bit `2^j - 1` of the constant is the LFSR's next output, `j = 0..=6`.
    fn next_constant(&mut self) -> u64 {
        let mut constant = 0;
        for j in 0..7 {
            if self.0 & 1 == 1 {
                constant |= 1 << ((1u32 << j) - 1);
            }
            self.0 = if self.0 & 0x80 == 0 { self.0 << 1 } else { self.0 << 1 ^ 0x71 };
        }
        constant
    }
}

/// How far rho turns each lane: `(t + 1) (t + 2) / 2` on the walk `(x, y) -> (y, 2 x + 3 y)` from `(1, 0)`.
fn rotations() -> [usize; 25] {
    let mut offsets = [0; 25];
    let (mut x, mut y) = (1, 0);
    for t in 0..24 {
        offsets[x + 5 * y] = (t + 1) * (t + 2) / 2 % LANE;
        (x, y) = (y, (2 * x + 3 * y) % 5);
    }
    offsets
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First and last constants and some offsets of FIPS 202 (section 3.2.5 and table 2).
    #[test]
    fn constants_and_offsets() {
        let mut constants = RoundConstants(1);
        let all: Vec<u64> = (0..ROUNDS).map(|_| constants.next_constant()).collect();
        assert_eq!(all[..3], [0x1, 0x8082, 0x8000_0000_0000_808a]);
        assert_eq!(all[23], 0x8000_0000_8000_8008);
        assert_eq!(rotations()[..5], [0, 1, 62, 28, 27]);
        assert_eq!(rotations()[24], 14);
        for x in 0..8u8 {
            let (a, b, c) = (x & 1, x >> 1 & 1, x >> 2 & 1);
            assert_eq!(CHI >> x & 1, a ^ ((b ^ 1) & c));
            assert_eq!(XOR >> x & 1, a ^ b ^ c);
        }
    }
}
