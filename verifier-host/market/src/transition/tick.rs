//! What time does: the start of every block.

use zera_abi::Height;

use crate::market::Market;
use crate::task::TaskState;

impl Market {
    /// T11, T14, T17, T21, the end of the clock and unrevealed deposits: all that is due at or before `now`, ordered by
    /// (due height, order of opening). To be called at the start of every block, before its transactions.
    ///
    /// Cost: proportional to what is due. Each task is due at most once a transition, and a task has at most
    /// `rounds_max + commits + 3` of them, each paid for by whoever opened, locked or committed.
    pub fn tick(&mut self, now: Height) {
        while let Some((due, at)) = self.due.first().copied() {
            if due > now {
                break;
            }
            match &self.task_at(at).live.state {
                TaskState::Open { clock } => {
                    let clock = *clock;
                    self.end_round(now, at, clock);
                }
                TaskState::Assigned { .. } => {
                    self.touch_task(at);
                    let account = self.task_at(at).live.party;
                    self.leave_lock(account);
                    self.open_rescue(now, at, true);
                    self.assert_task(at);
                }
                TaskState::Rescue { expires, .. } if now > *expires => self.expire(now, at),
                TaskState::Rescue { .. } => self.burn_unrevealed(now, at),
                TaskState::Accepted { .. } => self.finalise(now, at),
                TaskState::Final { .. }
                | TaskState::Cancelled { .. }
                | TaskState::Expired { .. }
                | TaskState::Failed { .. } => {}
            }
            // Progress: what is due later, or nothing. Anything else would not end.
            let next = self.due.first().copied();
            assert!(next != Some((due, at)), "task {} stays due at {due}", self.task_at(at).terms.id);
        }
    }
}
