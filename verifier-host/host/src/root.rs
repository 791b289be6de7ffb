//! The state root: a hash chain over each block's changes.
//!
//! `root_h = SHA-256("zera/state/v1" || root_{h-1} || merkle)`, `merkle` the SHA-256 Merkle root over the block's changes
//! to the state's tables, sorted by (table, key); a leaf is `SHA-256(0x00 || table u8 || key_len u32 LE || key || tag ||
//! value)` with tag 0 for a removed row and 1 for a written one, an inner node `SHA-256(0x01 || left || right)`, an odd
//! node moves up as it is, and no changes give 32 zero bytes.

use sha2::{Digest, Sha256};
use zera_market::ports::{Change, Table};

/// Whether a table is state. Blocks, transactions, receipts, events and the node's own notes are derived.
pub const fn is_state(table: Table) -> bool {
    !matches!(
        table,
        Table::Meta
            | Table::Blocks
            | Table::Txs
            | Table::Receipts
            | Table::TxIndex
            | Table::Events
            | Table::Submissions
    )
}

/// The root after `changes`, at most one change a row, in any order.
pub fn advance(previous: &[u8; 32], changes: &[Change]) -> [u8; 32] {
    let mut state: Vec<&Change> = changes.iter().filter(|change| is_state(change.table)).collect();
    state.sort_by(|a, b| (a.table, &a.key).cmp(&(b.table, &b.key)));
    let leaves = state.into_iter().map(leaf).collect();
    let mut hasher = Sha256::new_with_prefix(b"zera/state/v1");
    hasher.update(previous);
    hasher.update(merkle(leaves));
    hasher.finalize().into()
}

fn leaf(change: &Change) -> [u8; 32] {
    let mut hasher = Sha256::new_with_prefix([0u8, change.table.code()]);
    hasher.update(u32::try_from(change.key.len()).unwrap_or(u32::MAX).to_le_bytes());
    hasher.update(&change.key);
    match &change.value {
        None => hasher.update([0]),
        Some(value) => {
            hasher.update([1]);
            hasher.update(value);
        }
    }
    hasher.finalize().into()
}

/// SHA-256 Merkle root; an odd node moves up unchanged.
pub fn merkle(mut level: Vec<[u8; 32]>) -> [u8; 32] {
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => {
                    let mut hasher = Sha256::new_with_prefix([1u8]);
                    hasher.update(left);
                    hasher.update(right);
                    hasher.finalize().into()
                }
                [odd] => *odd,
                _ => [0; 32],
            })
            .collect();
    }
    level.first().copied().unwrap_or([0; 32])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(table: Table, key: &[u8], value: Option<&[u8]>) -> Change {
        Change { table, key: key.to_vec(), value: value.map(<[u8]>::to_vec) }
    }

    #[test]
    fn order_of_changes_does_not_matter_and_everything_else_does() {
        let a = change(Table::Kv, b"a", Some(b"1"));
        let b = change(Table::Kv, b"b", None);
        let start = [0; 32];
        let root = advance(&start, &[a.clone(), b.clone()]);
        assert_eq!(root, advance(&start, &[b.clone(), a.clone()]));
        assert_ne!(root, advance(&[1; 32], &[a.clone(), b.clone()]));
        assert_ne!(root, advance(&start, std::slice::from_ref(&a)));
        assert_ne!(root, advance(&start, &[a.clone(), change(Table::Kv, b"b", Some(b""))]));
        assert_ne!(root, advance(&start, &[change(Table::Config, b"a", Some(b"1")), b.clone()]));
        // Derived tables are outside the root.
        assert_eq!(root, advance(&start, &[a, b, change(Table::Events, b"e", Some(b"x"))]));
    }
}
