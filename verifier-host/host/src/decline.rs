//! What a provider signs that does not take a task, and says why.

use zera_abi::{ChainId, TaskId};

/// Most bytes of a reason.
pub const REASON_LEN_MAX: usize = 32;

/// What a provider signs for the node that tells its reason: `"zera/decline/v1" || chain || task || reason`.
pub fn decline_message(chain: &ChainId, task: &TaskId, reason: &str) -> Vec<u8> {
    [b"zera/decline/v1".as_slice(), chain.as_bytes(), task.as_bytes(), reason.as_bytes()].concat()
}
