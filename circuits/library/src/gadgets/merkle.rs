//! Roots of binary Merkle trees: `node = poseidon(left, right)`.

use super::field::{Cell, decode, encode};
use zera_ir::{Bit, Builder, Lc};
use zera_statement::poseidon;

/// Most levels.
pub const DEPTH_MAX: usize = 32;

/// The root over `leaf` with these siblings, lowest first; bit `i` of `index` is 1 where the node of level `i` is a
/// right child.
///
/// `None` above 32 levels, where `index` is `2^depth` or above, and where a cell is not canonical.
pub fn root(leaf: &Cell, siblings: &[Cell], index: u64) -> Option<Cell> {
    if siblings.len() > DEPTH_MAX || index >> siblings.len() != 0 {
        return None;
    }
    let mut node = decode(leaf)?;
    for (level, sibling) in siblings.iter().enumerate() {
        let sibling = decode(sibling)?;
        let pair = if index >> level & 1 == 1 { [sibling, node] } else { [node, sibling] };
        node = poseidon::hash(&pair)?;
    }
    Some(encode(&node))
}

/// [`root`]: 241 rows a level, 240 of them Poseidon's and one to put the two in order.
///
/// # Panics
/// Unless there are as many bits as siblings.
pub fn merkle_root(builder: &mut Builder, leaf: &Lc, siblings: &[Lc], index_bits: &[Bit]) -> Lc {
    assert_eq!(siblings.len(), index_bits.len(), "merkle: a bit a level");
    let mut node = leaf.clone();
    for (sibling, right_child) in siblings.iter().zip(index_bits) {
        let left = builder.select(right_child, sibling, &node);
        let right = node.add(sibling).sub(&left);
        node = builder.poseidon(&[left, right]).expect("two inputs");
    }
    node
}
