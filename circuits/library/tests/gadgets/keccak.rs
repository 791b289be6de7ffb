use crate::circuit::{Circuit, half_values, halves, private_bits};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use zera_library::gadgets::keccak::{digest, keccak256, permutation};

fn hasher(len: usize) -> Circuit {
    Circuit::new(len, 2, |builder| {
        let bits = private_bits(builder, 0..len);
        halves(&keccak256(builder, &bits))
    })
}

/// Lengths around the ends of blocks. The published vectors are Ethereum's hash of nothing and of "abc".
#[test]
fn digests_are_the_native_ones() {
    let hex = |bytes: [u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(digest(b"")), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    assert_eq!(hex(digest(b"abc")), "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for (len, rows) in [(0, 0), (3, 85_228), (135, 89_336), (136, 181_504)] {
        let circuit = hasher(len);
        println!("keccak256 of {len} bytes: {} rows", circuit.rows);
        let mut message = vec![0; len];
        for _ in 0..2 {
            assert_eq!(circuit.values(&message), half_values(&digest(&message)), "{message:02x?}");
            rng.fill_bytes(&mut message);
        }
        if rows != circuit.rows {
            println!("XX {len}")
        }
        if len == 3 {
            let z = circuit.assign(&message);
            assert!(circuit.movable(&z, 97).is_empty());
        }
    }
}

#[test]
fn the_permutation_of_an_unknown_state_has_92_160_rows() {
    let circuit = Circuit::new(200, 0, |builder| {
        let bits = private_bits(builder, 0..200);
        permutation(builder, &bits, 25);
        vec![]
    });
    assert_eq!(circuit.rows, 92_160);
}
