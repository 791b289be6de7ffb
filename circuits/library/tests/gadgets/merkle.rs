use crate::circuit::{Circuit, private_cell};
use ark_bn254::Fr;
use ark_ff::UniformRand;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use zera_library::gadgets::field::{Cell, decode, encode};
use zera_library::gadgets::merkle::{merkle_root, root};
use zera_library::gadgets::poseidon::hash_cells;

/// Leaf, siblings, then the index in four bytes.
fn tree(depth: usize) -> Circuit {
    Circuit::new(32 * (depth + 1) + 4, 1, |builder| {
        let cells: Vec<_> = (0..=depth).map(|at| private_cell(builder, at)).collect();
        let index = crate::circuit::private_bits(builder, 32 * (depth + 1)..32 * (depth + 1) + 4);
        vec![merkle_root(builder, &cells[0], &cells[1..], &index[..depth])]
    })
}

#[test]
fn roots_are_the_native_ones_in_241_rows_a_level() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for depth in [0, 1, 5, 20] {
        let circuit = tree(depth);
        assert_eq!(circuit.rows, 241 * depth);
        for case in 0..4 {
            let cells: Vec<Cell> = (0..=depth).map(|_| encode(&Fr::rand(&mut rng))).collect();
            let index = match case {
                0 => 0,
                1 => (1u32 << depth) - 1,
                _ => rng.next_u32() & ((1 << depth) - 1),
            };
            let private: Vec<u8> = cells.iter().flatten().copied().chain(index.to_le_bytes()).collect();
            let z = circuit.assign(&private);
            let native = root(&cells[0], &cells[1..], u64::from(index)).unwrap();
            assert_eq!(circuit.declared(&z), [decode(&native).unwrap()]);
            // The definition, from the root down to the leaf.
            let by_hand = cells[1..].iter().enumerate().fold(cells[0], |node, (level, sibling)| {
                let pair = if index >> level & 1 == 0 { [node, *sibling] } else { [*sibling, node] };
                hash_cells(&pair).unwrap()
            });
            assert_eq!(native, by_hand);
            assert!(circuit.movable(&z, if depth > 5 { 37 } else { 1 }).is_empty());
        }
    }
}

#[test]
fn what_traps() {
    let zero = [0; 32];
    assert!(root(&zero, &[zero; 32], u64::from(u32::MAX)).is_some());
    assert_eq!(root(&zero, &[zero; 33], 0), None, "deeper than 32");
    assert_eq!(root(&zero, &[zero; 2], 4), None, "an index beyond the tree");
    assert_eq!(root(&zero, &[], 1), None);
    assert_eq!(root(&zero, &[], 0), Some(zero));
    assert_eq!(root(&[0xff; 32], &[zero], 0), None, "a leaf that is not canonical");
    assert_eq!(root(&zero, &[zero, [0xff; 32]], 0), None, "a sibling that is not canonical");
    assert_eq!(hash_cells(&[]), None);
    assert_eq!(hash_cells(&[zero; 17]), None);
    assert_eq!(hash_cells(&[zero, [0xff; 32]]), None);
    // circomlibjs 0.1.7: poseidon([1, 2]).
    let [mut one, mut two] = [zero; 2];
    (one[0], two[0]) = (1, 2);
    let expected = "7853200120776062878684798364095072458815029376092732009249414926327459813530";
    let expected: Fr = expected.parse().ok().unwrap();
    assert_eq!(hash_cells(&[one, two]), Some(encode(&expected)));
    assert!(hash_cells(&[one; 16]).is_some());
}
