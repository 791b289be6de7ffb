//! Call-backs that wait for room. Timers may end any number of tasks in one block, and each has fuel paid for its call-back;
//! so a block runs as many as fit into a share of its fuel, oldest first, and the rest stand as rows until the next one.
//! Call-backs of a transaction do not come here: a block takes a submission only with the fuel for them.

use std::collections::VecDeque;

use zera_market::ports::{Store, Table, walk};

use crate::overlay::{Overlay, parse};
use crate::state::Callback;
use crate::world::NodeFault;

/// Most fuel that a block gives to call-backs of its clock: half of what it may use.
pub(crate) const CALLBACK_SHARE: u64 = crate::admit::BLOCK_FUEL / 2;

/// The queue; every entry is a row, in order.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    queue: VecDeque<(u64, Callback)>,
    next: u64,
}

impl Waiting {
    /// Reads the rows back.
    pub(crate) fn restore(store: &dyn Store) -> Result<Waiting, NodeFault> {
        let mut waiting = Waiting::default();
        walk(store, Table::Callbacks, &[], |(key, value)| {
            let damaged = || NodeFault::State { what: "a waiting call-back's key does not read back".to_owned() };
            let sequence = u64::from_be_bytes(key.as_slice().try_into().map_err(|_| damaged())?);
            waiting.next = sequence.checked_add(1).ok_or_else(damaged)?;
            waiting.queue.push_back((sequence, parse(Table::Callbacks, &value)?));
            Ok::<_, NodeFault>(())
        })?;
        Ok(waiting)
    }

    /// Puts a call-back at the end.
    pub(crate) fn push(&mut self, overlay: &mut Overlay, callback: Callback) {
        // Numbers start again from 0 whenever nothing waits, so they never run out.
        if self.queue.is_empty() {
            self.next = 0;
        }
        overlay.put(Table::Callbacks, &self.next.to_be_bytes(), &callback);
        self.queue.push_back((self.next, callback));
        self.next = self.next.saturating_add(1);
    }

    /// The oldest call-backs, as many as `room` holds the fuel of.
    pub(crate) fn within(&self, mut room: u64) -> impl Iterator<Item = &Callback> {
        self.queue.iter().map(|(_, callback)| callback).take_while(move |callback| {
            let left = room.checked_sub(callback.fuel);
            room = left.unwrap_or(0);
            left.is_some()
        })
    }

    /// The oldest call-back, where `room` holds its fuel.
    pub(crate) fn pop(&mut self, overlay: &mut Overlay, room: u64) -> Option<Callback> {
        if self.queue.front().is_none_or(|(_, callback)| callback.fuel > room) {
            return None;
        }
        let (sequence, callback) = self.queue.pop_front()?;
        overlay.write(Table::Callbacks, &sequence.to_be_bytes(), None);
        Some(callback)
    }
}
