use crate::circuit::{Circuit, half_values, halves, private_bits};
use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use zera_ir::Bit;
use zera_library::gadgets::sha256::{compress, digest, sha256};

fn hasher(len: usize) -> Circuit {
    Circuit::new(len, 2, |builder| {
        let bits = private_bits(builder, 0..len);
        halves(&sha256(builder, &bits))
    })
}

/// State and block, all unknown; declares the new state.
fn compression() -> Circuit {
    Circuit::new(96, 2, |builder| {
        let bits = private_bits(builder, 0..96);
        let word = |at: usize| bits[32 * at..32 * at + 32].to_vec();
        let state = std::array::from_fn(word);
        let block = std::array::from_fn(|at| word(8 + at));
        let next = compress(builder, &state, &block);
        let bits: Vec<Bit> = next.into_iter().flatten().collect();
        halves(&bits)
    })
}

/// Lengths around the ends of blocks; FIPS 180-4's "abc".
#[test]
fn digests_are_the_native_ones() {
    let hex = |bytes: [u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(digest(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for (len, rows) in [(0, 0), (3, 14_179), (32, 14_676), (55, 14_859), (56, 25_621), (64, 25_738), (119, 29_968)] {
        let circuit = hasher(len);
        println!("sha256 of {len} bytes: {} rows", circuit.rows);
        let mut message = vec![0; len];
        for case in 0..4 {
            assert_eq!(circuit.values(&message), half_values(&digest(&message)), "{message:02x?}");
            match case {
                0 => message.fill(0xff),
                _ => rng.fill_bytes(&mut message),
            }
        }
        assert_eq!(circuit.rows, rows, "{len} bytes");
    }
}

/// FIPS 180-4, section 6.2.2, word by word.
fn compress_plainly(state: [u32; 8], block: [u32; 16]) -> [u32; 8] {
    // Fractional parts of cube roots of primes, which doubles hold to 32 bits.
    let primes = (2u32..312).filter(|n| (2..*n).all(|d| n % d != 0));
    let k: Vec<u32> = primes.map(|p| ((f64::from(p).cbrt().fract()) * 4_294_967_296.0) as u32).collect();
    assert_eq!(k.len(), 64);
    let mut w = block.to_vec();
    for t in 16..64 {
        let s0 = w[t - 15].rotate_right(7) ^ w[t - 15].rotate_right(18) ^ w[t - 15] >> 3;
        let s1 = w[t - 2].rotate_right(17) ^ w[t - 2].rotate_right(19) ^ w[t - 2] >> 10;
        w.push(w[t - 16].wrapping_add(s0).wrapping_add(w[t - 7]).wrapping_add(s1));
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
    for t in 0..64 {
        let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let t1 = h.wrapping_add(s1).wrapping_add(e & f ^ !e & g).wrapping_add(k[t]).wrapping_add(w[t]);
        let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let t2 = s0.wrapping_add(a & b ^ a & c ^ b & c);
        (a, b, c, d, e, f, g, h) = (t1.wrapping_add(t2), a, b, c, d.wrapping_add(t1), e, f, g);
    }
    let new = [a, b, c, d, e, f, g, h];
    std::array::from_fn(|i| state[i].wrapping_add(new[i]))
}

#[test]
fn the_compression_of_unknown_words_has_15_109_rows_and_one_assignment() {
    let circuit = compression();
    println!("compress: {} rows, {} wires", circuit.rows, circuit.wires.len());
    assert_eq!(circuit.rows, 15_109);
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    for case in 0..8 {
        let words: [u32; 24] = std::array::from_fn(|_| match case {
            0 => 0,
            1 => u32::MAX,
            2 => 0x8000_0000,
            _ => rng.next_u32(),
        });
        let private: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let z = circuit.assign(&private);
        let (state, block) = (words[..8].try_into().unwrap(), words[8..].try_into().unwrap());
        let next: Vec<u8> = compress_plainly(state, block).iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(circuit.declared(&z), half_values(&next), "case {case}");
        let step = if case < 4 { 5 } else { 41 };
        assert_eq!(circuit.movable(&z, step), Vec::<usize>::new());
    }
}

/// Two rounds share rows and one equation. Whatever a pair of its wires could trade without the equation noticing, some
/// other row notices: a unit from one digit to the other, between a bit and its neighbour, between a bit and a product.
#[test]
fn the_equation_of_two_rounds_leaves_no_pair_of_wires_room() {
    let circuit = compression();
    let matrices = &circuit.artefact.matrices;
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut private = vec![0; 96];
    rng.fill_bytes(&mut private);
    let z = circuit.assign(&private);
    // Boolean rows of long combinations within the rounds.
    let equations: Vec<usize> = (0..matrices.rows())
        .filter(|row| circuit.artefact.spans.text(*row).is_some_and(|text| text.contains("rounds")))
        .filter(|row| matrices.a.row(*row).0.len() > 130)
        .collect();
    assert_eq!(equations.len(), 64, "one for e and one for a every two rounds");
    for row in [equations[0], equations[33], equations[63]] {
        let (wires, coefficients) = matrices.a.row(row);
        let terms: Vec<(usize, Fr)> = wires
            .iter()
            .map(|wire| *wire as usize)
            .zip(coefficients.iter().copied())
            .filter(|(wire, _)| *wire > 0)
            .collect();
        let mut forged = z.clone();
        for (one, c) in terms.iter().step_by(5) {
            for (other, d) in terms.iter().filter(|(other, _)| other != one) {
                for delta in [Fr::one(), -Fr::one()] {
                    forged[*one] += delta;
                    forged[*other] -= delta * c * d.inverse().unwrap();
                    assert!(!circuit.holds_around(&forged, &[*one, *other]), "wires {one} and {other}");
                    (forged[*one], forged[*other]) = (z[*one], z[*other]);
                }
            }
        }
    }
}

/// The row of a majority holds for one other value; the equation refuses it, alone and with any wire that makes up for
/// it, because it is 2^100 away.
#[test]
fn the_other_root_of_a_majority_is_far_away() {
    let circuit = compression();
    let matrices = &circuit.artefact.matrices;
    let far = Fr::from(1u128 << 100);
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let mut private = vec![0; 96];
    rng.fill_bytes(&mut private);
    let z = circuit.assign(&private);
    let rows: Vec<usize> = (0..matrices.rows())
        .filter(|row| matrices.a.row(*row).1.contains(&far) || matrices.a.row(*row).1.contains(&-far))
        .filter(|row| matrices.c.row(*row).0.is_empty())
        .collect();
    assert_eq!(rows.len(), 32 * 32);
    let mut forged = z.clone();
    for row in rows.iter().step_by(7) {
        let [a, b] = [&matrices.a, &matrices.b].map(|matrix| matrix.row(*row).0);
        let m = *a.iter().filter(|wire| b.contains(wire)).max().unwrap() as usize;
        let [left, right] = [&matrices.a, &matrices.b].map(|matrix| matrix.dot(*row, &z));
        assert!(left.is_zero() != right.is_zero());
        // Both factors hold the wire once.
        forged[m] = z[m] - left - right;
        assert!((matrices.a.dot(*row, &forged) * matrices.b.dot(*row, &forged)).is_zero());
        assert!(!circuit.holds_around(&forged, &[m]));
        let equation = *circuit.mentions(m).last().unwrap() as usize;
        let coefficient = |wire: u32| {
            let (wires, coefficients) = matrices.a.row(equation);
            coefficients[wires.iter().position(|w| *w == wire).unwrap()]
        };
        let off = (forged[m] - z[m]) * coefficient(m as u32);
        for wire in matrices.a.row(equation).0.iter().filter(|wire| **wire > 0 && **wire as usize != m) {
            let at = *wire as usize;
            forged[at] -= off * coefficient(*wire).inverse().unwrap();
            assert!(!circuit.holds_around(&forged, &[m, at]), "wires {m} and {at}");
            forged[at] = z[at];
        }
        forged[m] = z[m];
    }
}
