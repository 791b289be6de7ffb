//! What one call may use, and what it has used.

use wasmtime::{Memory, ResourceLimiter};

use crate::contract::Call;
use crate::cost::CostSchedule;
use crate::validate::{MEMORY_PAGES_MAX, TABLE_ELEMENTS_MAX, WASM_PAGE_LEN};
use crate::world::World;

/// Most bytes of a storage or configuration key.
pub const KEY_MAX: usize = 128;
/// Most bytes of a stored value.
pub const VALUE_MAX: usize = 16 * 1024;
/// Most writes to storage in a call, removals included.
pub const WRITES_MAX: u32 = 256;
/// Most bytes of an event's topic.
pub const TOPIC_MAX: usize = 64;
/// Most bytes of an event's data.
pub const EVENT_DATA_MAX: usize = 1024;
/// Most events of a call.
pub const EVENTS_MAX: u32 = 32;
/// Most bytes that a call returns.
pub const RETURN_DATA_MAX: usize = 4 * 1024;
/// Most bytes of an abort's message.
pub const ABORT_MESSAGE_MAX: usize = 256;
/// Most bytes of a predicate's name.
pub const PREDICATE_NAME_MAX: usize = 64;
/// Most bytes that a call logs; the rest is paid for and dropped.
pub const LOG_MAX: usize = 16 * 1024;

/// The state of one call: the world it was lent, its arguments, and its counters.
pub(crate) struct Frame<W> {
    pub(crate) world: W,
    pub(crate) call: Call,
    pub(crate) cost: CostSchedule,
    memory: Option<Memory>,
    limits: Limits,
    writes: Count,
    events: Count,
    logged: usize,
    returned: Vec<u8>,
}

/// A counter with a maximum.
#[derive(Clone, Copy, Debug)]
struct Count {
    left: u32,
}

impl Count {
    fn take(&mut self) -> bool {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

impl<W: World> Frame<W> {
    pub(crate) fn new(world: W, call: Call, cost: CostSchedule) -> Frame<W> {
        Frame {
            world,
            call,
            cost,
            memory: None,
            limits: Limits,
            writes: Count { left: WRITES_MAX },
            events: Count { left: EVENTS_MAX },
            logged: 0,
            returned: Vec::new(),
        }
    }

    pub(crate) fn limits(&mut self) -> &mut Limits {
        &mut self.limits
    }

    pub(crate) fn set_memory(&mut self, memory: Memory) {
        self.memory = Some(memory);
    }

    pub(crate) fn memory(&self) -> Option<Memory> {
        self.memory
    }

    /// Counts a write; `false` where there were [`WRITES_MAX`] already.
    pub(crate) fn count_write(&mut self) -> bool {
        self.writes.take()
    }

    /// Counts an event; `false` where there were [`EVENTS_MAX`] already.
    pub(crate) fn count_event(&mut self) -> bool {
        self.events.take()
    }

    /// Counts `len` bytes of log; `false` where that exceeds [`LOG_MAX`].
    pub(crate) fn count_log(&mut self, len: usize) -> bool {
        match self.logged.checked_add(len) {
            Some(logged) if logged <= LOG_MAX => {
                self.logged = logged;
                true
            }
            _ => false,
        }
    }

    /// Sets what the call returns; the last one stands.
    pub(crate) fn set_returned(&mut self, bytes: Vec<u8>) {
        self.returned = bytes;
    }

    /// The world, and what the call returns.
    pub(crate) fn into_parts(self) -> (W, Vec<u8>) {
        (self.world, self.returned)
    }
}

/// Growth beyond what validation allows is refused; a growth that this machine can not provide is a fault of the node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits;

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let most = usize::try_from(MEMORY_PAGES_MAX).unwrap_or(0).saturating_mul(WASM_PAGE_LEN);
        Ok(desired <= most && maximum.is_none_or(|maximum| desired <= maximum))
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        // Growth beyond the maximum never comes here: `memory_growing` has refused it, and the guest saw -1.
        Err(error)
    }

    fn table_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let most = usize::try_from(TABLE_ELEMENTS_MAX).unwrap_or(0);
        Ok(desired <= most && maximum.is_none_or(|maximum| desired <= maximum))
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }
}
