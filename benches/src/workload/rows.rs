//! What a block writes.

use rand::{Rng, RngCore};
use rand_chacha::ChaCha20Rng;
use zera_market::ports::{Change, Table};

/// Rows of one block.
pub const ROWS: usize = 200;

/// Accounts, tasks and inputs that blocks touch again and again.
const KNOWN: u64 = 10_000;

/// An endless series of blocks of [`ROWS`] rows, with a busy block's mix of tables and sizes.
pub struct Blocks {
    height: u64,
    rng: ChaCha20Rng,
}

impl Default for Blocks {
    fn default() -> Blocks {
        Blocks { height: 0, rng: crate::workload::rng(0x1ed9e4) }
    }
}

impl Blocks {
    /// The next block's rows.
    pub fn next_block(&mut self) -> Vec<Change> {
        self.height += 1;
        let mut changes = Vec::with_capacity(ROWS);
        for (table, count, len) in [
            (Table::Accounts, 60, 36),
            (Table::Nonces, 30, 8),
            (Table::Tasks, 20, 400),
            (Table::Kv, 15, 64),
            (Table::Txs, 15, 600),
            (Table::Receipts, 15, 80),
            (Table::TxIndex, 15, 12),
            (Table::Events, 28, 120),
            (Table::Blocks, 1, 168),
            (Table::Meta, 1, 168),
        ] {
            for index in 0..count {
                let key = self.key(table, index);
                let mut value = vec![0; len];
                self.rng.fill_bytes(&mut value);
                changes.push(Change { table, key, value: Some(value) });
            }
        }
        assert_eq!(changes.len(), ROWS);
        changes
    }

    fn key(&mut self, table: Table, index: u32) -> Vec<u8> {
        match table {
            Table::Meta => b"head".to_vec(),
            Table::Blocks => self.height.to_be_bytes().to_vec(),
            Table::Txs | Table::Receipts | Table::Events => {
                [self.height.to_be_bytes().as_slice(), &index.to_be_bytes()].concat()
            }
            Table::TxIndex => {
                let mut hash = vec![0; 32];
                self.rng.fill_bytes(&mut hash);
                hash
            }
            _ => spread(self.rng.gen_range(0..KNOWN)).to_vec(),
        }
    }
}

/// 32 bytes for a number, in no order.
fn spread(number: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (chunk, word) in bytes.chunks_mut(8).zip(1u64..) {
        chunk.copy_from_slice(&(number ^ word << 60).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    }
    bytes
}
