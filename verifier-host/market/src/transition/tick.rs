//! What time does: the start of every block.

use zera_abi::Height;

use crate::ahead::READ_AHEAD;
use crate::market::Market;
use crate::task::{Delivery, TaskState};
use crate::undo::Undo;

impl Market {
    /// First the votes, so that a rule adopted in a block is one for the tasks opened in it: at most
    /// [`PROPOSALS_MAX`](crate::vote::PROPOSALS_MAX) proposals, in order of opening. Then T20: the oldest tasks of withdrawn keys, at most
    /// [`REVOCATIONS_MAX`](crate::REVOCATIONS_MAX) a call. Then deposits that are free again and margin calls that nobody answered, by
    /// (height, account). Then T7, T9c, T11,
    /// T14, T16, T17, T21, the end of the clock and unrevealed deposits: all that is due at or before `now`, ordered by (due height,
    /// order of opening), except of tasks whose key is withdrawn. To be called at the start of every block, before its transactions.
    ///
    /// Cost: proportional to what is due. Each task is due at most once a transition, and a task has at most
    /// `rounds_max + commits + 3` of them, each paid for by whoever opened, locked or committed.
    pub fn tick(&mut self, now: Height) {
        self.tick_votes(now);
        self.revoke_oldest(now);
        while let Some((due, account)) = self.standings_due.first().copied() {
            if due > now {
                break;
            }
            self.tick_standing(now, account);
            assert!(self.standings_due.first().copied() != Some((due, account)), "an account stays due at {due}");
        }
        while let Some((due, tasks)) = self.due.pop(now) {
            for some in tasks.chunks(READ_AHEAD) {
                self.read_tasks_ahead(some.iter());
                for at in some {
                    self.tick_task(now, due, *at);
                }
            }
        }
    }

    /// What is due of a task at `due`, where it still is.
    fn tick_task(&mut self, now: Height, due: Height, at: u32) {
        let Some(task) = self.tasks.get(at).filter(|task| task.due() == Some(due)) else { return };
        if self.is_frozen(task) {
            // Its refund is all that is left to do, and has a queue of its own.
            self.record(|_| Undo::Unscheduled { due, at });
            return;
        }
        match &self.task_at(at).live.state {
            TaskState::Open { clock } => {
                let clock = *clock;
                self.end_round(now, at, clock);
            }
            TaskState::Assigned { delivery: Delivery::Demanded { .. }, .. } => {
                self.touch_task(at);
                self.end_undelivered(now, at, false);
            }
            TaskState::Assigned { .. } => {
                self.touch_task(at);
                self.leave_lock(at);
                self.open_rescue(now, at, true);
                self.assert_task(at);
            }
            TaskState::Rescue { expires, .. } if now > *expires => self.expire(now, at),
            TaskState::Rescue { .. } => self.burn_unrevealed(now, at),
            TaskState::Attested { .. } => self.end_window(now, at),
            TaskState::Challenged { .. } => self.void(now, at),
            TaskState::Accepted { .. } => self.finalise(now, at),
            TaskState::Final { .. }
            | TaskState::Cancelled { .. }
            | TaskState::Expired { .. }
            | TaskState::Failed { .. }
            | TaskState::Undelivered { .. }
            | TaskState::Revoked { .. } => {}
        }
        // Progress: what is due later, or nothing. Anything else would not end.
        let task = self.task_at(at);
        assert!(task.due().is_none_or(|next| next > due), "task {} stays due at {due}", task.terms.id);
    }
}
