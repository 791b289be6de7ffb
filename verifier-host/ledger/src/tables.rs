//! Names and types of the tables on disk.

use redb::TableDefinition;
use zera_market::ports::Table;

/// Version of the layout of tables and keys; a file of another version is refused.
pub const SCHEMA: u32 = 1;

/// The ledger's own table, apart from the `Store`'s: what kind of file this is.
pub(crate) const FORMAT: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("zera/format");
/// The one row of [`FORMAT`]: the schema, `u32` big-endian.
pub(crate) const FORMAT_SCHEMA: &[u8] = b"schema";

/// A table of the `Store`: bytes to bytes, so that a key sorts as it does in memory.
pub(crate) const fn definition(table: Table) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
    TableDefinition::new(table.name())
}
