//! The rows that a block has changed so far, over the store; with marks to go back to.

use std::collections::BTreeMap;
use std::sync::Arc;

use zera_market::ports::{Change, Store, Table};

use crate::codec::Field;
use crate::world::NodeFault;

type Key = (Table, Vec<u8>);

/// What an overlay lies on.
pub(crate) trait Under {
    /// The row below.
    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, NodeFault>;
}

impl Under for Arc<dyn Store> {
    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, NodeFault> {
        Ok(self.as_ref().read(table, key)?)
    }
}

/// A view of the rows below with changes on top: of the store with a block's, or of a block with a rehearsal's.
pub(crate) struct Overlay<U = Arc<dyn Store>> {
    under: U,
    rows: BTreeMap<Key, Option<Vec<u8>>>,
    /// What each write of the block replaced in `rows`, oldest first.
    undo: Vec<(Key, Option<Option<Vec<u8>>>)>,
}

/// A point to go back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(usize);

impl Overlay {
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.under
    }
}

impl<U: Under> Overlay<U> {
    pub(crate) fn new(under: U) -> Overlay<U> {
        Overlay { under, rows: BTreeMap::new(), undo: Vec::new() }
    }

    pub(crate) fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, NodeFault> {
        match self.rows.get(&(table, key.to_vec())) {
            Some(value) => Ok(value.clone()),
            None => self.under.read(table, key),
        }
    }

    /// A row as its type. Bytes that are not one were damaged after we wrote them: a fault, not an answer.
    pub(crate) fn row<T: Field>(&self, table: Table, key: &[u8]) -> Result<Option<T>, NodeFault> {
        self.read(table, key)?.map(|bytes| parse(table, &bytes)).transpose()
    }

    pub(crate) fn write(&mut self, table: Table, key: &[u8], value: Option<Vec<u8>>) {
        let key = (table, key.to_vec());
        let before = self.rows.insert(key.clone(), value);
        self.undo.push((key, before));
    }

    pub(crate) fn put<T: Field>(&mut self, table: Table, key: &[u8], value: &T) {
        self.write(table, key, Some(value.bytes()));
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark(self.undo.len())
    }

    pub(crate) fn rollback(&mut self, mark: Mark) {
        while self.undo.len() > mark.0 {
            let Some((key, before)) = self.undo.pop() else { break };
            match before {
                Some(value) => self.rows.insert(key, value),
                None => self.rows.remove(&key),
            };
        }
    }

    /// Every changed row once, in order of table and key; the overlay is empty after it.
    pub(crate) fn drain(&mut self) -> Vec<Change> {
        self.undo.clear();
        std::mem::take(&mut self.rows).into_iter().map(|((table, key), value)| Change { table, key, value }).collect()
    }
}

/// Bytes of a row as its type.
pub(crate) fn parse<T: Field>(table: Table, bytes: &[u8]) -> Result<T, NodeFault> {
    T::parse(bytes)
        .map_err(|error| NodeFault::State { what: format!("{} row does not read back: {error}", table.name()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use zera_market::ports::MemStore;

    #[test]
    fn rollback_restores_the_view_and_drain_gives_each_row_once() {
        let store = Arc::new(MemStore::default());
        store.commit(&[Change { table: Table::Kv, key: vec![1], value: Some(vec![10]) }]).unwrap();
        let mut overlay = Overlay::new(store as Arc<dyn Store>);
        overlay.write(Table::Kv, &[2], Some(vec![20]));
        let mark = overlay.mark();
        overlay.write(Table::Kv, &[1], None);
        overlay.write(Table::Kv, &[2], Some(vec![21]));
        overlay.write(Table::Kv, &[2], Some(vec![22]));
        assert_eq!(overlay.read(Table::Kv, &[1]).unwrap(), None);
        overlay.rollback(mark);
        assert_eq!(overlay.read(Table::Kv, &[1]).unwrap(), Some(vec![10]));
        assert_eq!(overlay.read(Table::Kv, &[2]).unwrap(), Some(vec![20]));
        assert_eq!(overlay.drain(), vec![Change { table: Table::Kv, key: vec![2], value: Some(vec![20]) }]);
        assert_eq!(overlay.drain(), vec![]);
    }
}
