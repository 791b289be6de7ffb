//! The intrinsics of a program's native run: the native twins of the circuits that the compiler puts in their place. One for
//! whoever runs a program, so that the host's runs are a provider's and a watcher's.

use zera_library::gadgets::{eddsa, field, keccak, merkle, poseidon, sha256};
use zera_native::Intrinsics;
use zera_native::predicate::Cell;

/// [`Intrinsics`] by the functions of [`zera_library::gadgets`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Gadgets;

impl Intrinsics for Gadgets {
    fn sha256(&self, bytes: &[u8]) -> [u8; 32] {
        sha256::digest(bytes)
    }

    fn keccak256(&self, bytes: &[u8]) -> [u8; 32] {
        keccak::digest(bytes)
    }

    fn poseidon(&self, cells: &[Cell]) -> Option<Cell> {
        poseidon::hash_cells(cells)
    }

    fn merkle_root(&self, leaf: &Cell, siblings: &[Cell], index: u64) -> Option<Cell> {
        merkle::root(leaf, siblings, index)
    }

    fn eddsa_verify(&self, key: &[Cell; 2], signature: &[Cell; 3], message: &Cell) -> Option<bool> {
        eddsa::verify(key, signature, message)
    }

    fn field_add(&self, a: &Cell, b: &Cell) -> Option<Cell> {
        field::add(a, b)
    }

    fn field_sub(&self, a: &Cell, b: &Cell) -> Option<Cell> {
        field::sub(a, b)
    }

    fn field_mul(&self, a: &Cell, b: &Cell) -> Option<Cell> {
        field::mul(a, b)
    }

    fn field_inv(&self, a: &Cell) -> Option<Cell> {
        field::inverse(a)
    }

    fn field_eq(&self, a: &Cell, b: &Cell) -> Option<bool> {
        field::equal(a, b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex32(text: &str) -> Cell {
        hex::decode(text).expect("hex").try_into().expect("32 bytes")
    }

    fn cell(value: u64) -> Cell {
        let mut cell = [0; 32];
        cell[..8].copy_from_slice(&value.to_le_bytes());
        cell
    }

    /// r, which is no cell.
    const ORDER: Cell = [
        0x01, 0x00, 0x00, 0xf0, 0x93, 0xf5, 0xe1, 0x43, 0x91, 0x70, 0xb9, 0x79, 0x48, 0xe8, 0x33, 0x28, 0x5d, 0x58,
        0x81, 0x81, 0xb6, 0x45, 0x50, 0xb8, 0x29, 0xa0, 0x31, 0xe1, 0x72, 0x4e, 0x64, 0x30,
    ];

    /// Digests as FIPS 180-2 (appendix B.1) and the Keccak team's test vectors print them.
    #[test]
    fn digests_are_the_published_ones() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Gadgets.sha256(b"abc"), hex32(abc));
        let empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
        assert_eq!(Gadgets.keccak256(b""), hex32(empty));
    }

    /// circomlib's test vector for Poseidon of 1 and 2, big-endian.
    #[test]
    fn a_node_of_a_tree_is_circomlib_s_poseidon() {
        let mut published = hex32("115cc0f5e7d690413df64c6b9662e9cf2a3617f2743245519e19607a4417189a");
        published.reverse();
        let (one, two) = (cell(1), cell(2));
        assert_eq!(Gadgets.poseidon(&[one, two]), Some(published));
        assert_eq!(Gadgets.merkle_root(&one, &[two], 0), Some(published));
        assert_eq!(Gadgets.merkle_root(&two, &[one], 1), Some(published));
        assert_ne!(Gadgets.merkle_root(&one, &[two], 1), Some(published), "the other side");
        assert_eq!(Gadgets.merkle_root(&one, &[two], 2), None, "an index beyond the tree");
        assert_eq!(Gadgets.poseidon(&[one, ORDER]), None, "not canonical");
    }

    #[test]
    fn signatures_verify_for_their_message_only() {
        let secret = [7; 32];
        let (key, signature) = (eddsa::public_key(&secret), eddsa::sign(&secret, &cell(5)).expect("a cell"));
        assert_eq!(Gadgets.eddsa_verify(&key, &signature, &cell(5)), Some(true));
        assert_eq!(Gadgets.eddsa_verify(&key, &signature, &cell(6)), Some(false));
        assert_eq!(Gadgets.eddsa_verify(&[cell(1), cell(1)], &signature, &cell(5)), Some(false), "off the curve");
        assert_eq!(Gadgets.eddsa_verify(&key, &signature, &ORDER), None, "not canonical");
    }

    #[test]
    fn arithmetic_is_of_the_field() {
        let (two, three) = (cell(2), cell(3));
        let mut largest = ORDER;
        largest[0] = 0;
        assert_eq!(Gadgets.field_add(&two, &three), Some(cell(5)));
        assert_eq!(Gadgets.field_add(&largest, &two), Some(cell(1)));
        assert_eq!(Gadgets.field_sub(&two, &three), Some(largest));
        assert_eq!(Gadgets.field_mul(&two, &three), Some(cell(6)));
        let half = Gadgets.field_inv(&two).expect("not zero");
        assert_eq!(Gadgets.field_mul(&half, &two), Some(cell(1)));
        assert_eq!(Gadgets.field_inv(&cell(0)), None);
        assert_eq!((Gadgets.field_eq(&two, &two), Gadgets.field_eq(&two, &three)), (Some(true), Some(false)));
        for refused in
            [Gadgets.field_add(&two, &ORDER), Gadgets.field_sub(&ORDER, &two), Gadgets.field_mul(&two, &ORDER)]
        {
            assert_eq!(refused, None, "not canonical");
        }
        assert_eq!(Gadgets.field_eq(&two, &ORDER), None, "not canonical");
    }
}
