//! Nested undo: what a rolled-back transaction or call leaves is exactly what it found.
//!
//! A checkpoint is a position in a log of overwritten values. Nothing is logged before the first checkpoint of a block, and
//! [`Market::take_changes`] forgets the log, so a market that is driven without checkpoints pays nothing.

use zera_abi::{Amount, Height};

use crate::key::KeyBond;
use crate::market::{Market, Totals};
use crate::standing::Standing;
use crate::task::{Live, TaskState};
use crate::vote::Tally;

/// A point to go back to. Dropping it keeps what was done since.
#[must_use = "dropping a checkpoint keeps what follows; say so with `let _ =` or `drop`"]
#[derive(Debug)]
pub struct Checkpoint {
    epoch: u64,
    log: usize,
    notes: u64,
    totals: Totals,
    totals_dirty: bool,
    accounts_dirty: usize,
    tasks_dirty: usize,
    keys_dirty: usize,
    proposals_dirty: usize,
    ballots_dirty: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Undo {
    Account {
        at: u32,
        free: Amount,
        locked: Amount,
        reserved: Amount,
        standing: Option<Box<Standing>>,
    },
    NewAccount,
    Task {
        at: u32,
        live: Box<Live>,
    },
    NewTask,
    Exposure {
        at: u32,
        exposure: Amount,
    },
    Bond {
        at: u32,
        bond: KeyBond,
    },
    /// A timer that will not act any more was let go.
    Unscheduled {
        due: Height,
        at: u32,
    },
    NewKey,
    NewRules,
    NewProposal,
    Proposal {
        at: u32,
        tally: Box<Tally>,
    },
    Ballot {
        key: (u32, u32),
        before: Option<Amount>,
    },
}

impl Market {
    /// Marks this point. Checkpoints nest; an outer one may be rolled back after inner ones were kept or rolled back.
    pub fn checkpoint(&mut self) -> Checkpoint {
        self.recording = true;
        Checkpoint {
            epoch: self.epoch,
            log: self.log.len(),
            notes: self.notes_end(),
            totals: self.totals,
            totals_dirty: self.totals_dirty,
            accounts_dirty: self.accounts_dirty.len(),
            tasks_dirty: self.tasks_dirty.len(),
            keys_dirty: self.keys_dirty.len(),
            proposals_dirty: self.votes.proposals_dirty.len(),
            ballots_dirty: self.votes.ballots_dirty.len(),
        }
    }

    /// Goes back to `checkpoint`: state, notes not yet drained and pending changes.
    ///
    /// # Panics
    /// Where [`take_changes`](Market::take_changes) was called since, or an outer checkpoint was rolled back before.
    pub fn rollback(&mut self, checkpoint: Checkpoint) {
        assert!(checkpoint.epoch == self.epoch, "a checkpoint does not outlive its block");
        assert!(checkpoint.log <= self.log.len(), "an outer checkpoint was rolled back before");
        while self.log.len() > checkpoint.log {
            if let Some(undo) = self.log.pop() {
                self.undo(undo);
            }
        }
        for at in self.accounts_dirty.split_off(checkpoint.accounts_dirty) {
            if let Some(row) = self.accounts.get_mut(at) {
                row.dirty = false;
            }
        }
        for at in self.tasks_dirty.split_off(checkpoint.tasks_dirty) {
            if let Some(task) = self.tasks.get_mut(at) {
                task.dirty = false;
            }
        }
        for at in self.keys_dirty.split_off(checkpoint.keys_dirty) {
            if let Some(row) = self.keys.get_mut(at as usize) {
                row.dirty = false;
            }
        }
        self.votes.proposals_dirty.truncate(checkpoint.proposals_dirty);
        self.votes.ballots_dirty.truncate(checkpoint.ballots_dirty);
        self.totals = checkpoint.totals;
        self.totals_dirty = checkpoint.totals_dirty;
        let keep = checkpoint.notes.saturating_sub(self.notes_drained);
        self.notes.truncate(usize::try_from(keep).unwrap_or(usize::MAX));
    }

    pub(crate) fn record(&mut self, undo: impl FnOnce(&Market) -> Undo) {
        if self.recording {
            let undo = undo(self);
            self.log.push(undo);
        }
    }

    pub(crate) fn forget_log(&mut self) {
        self.log.clear();
        self.recording = false;
        self.epoch = self.epoch.wrapping_add(1);
    }

    fn undo(&mut self, undo: Undo) {
        match undo {
            Undo::Account { at, free, locked, reserved, standing } => {
                let row = self.account_mut(at);
                let before = row.standing.as_ref().and_then(Standing::due);
                let after = standing.as_deref().and_then(Standing::due);
                (row.free, row.locked, row.reserved) = (free, locked, reserved);
                row.standing = standing.map(|standing| *standing);
                self.reschedule_standing(at, before, after);
            }
            Undo::NewAccount => {
                if let Some(row) = self.accounts.pop() {
                    self.account_ids.remove(&row.id.0, self.accounts.len() as u32);
                }
            }
            Undo::Task { at, live } => {
                let task = self.task_at(at);
                let (before, ended, key) = (task.due(), task.live.state.is_terminal(), task.terms.key_at);
                let lives_again = ended && !live.state.is_terminal();
                self.leave_holder(at);
                self.task_mut(at).live = *live;
                self.reschedule(at, before);
                if matches!(self.task_at(at).live.state, TaskState::Assigned { .. }) {
                    let holder = self.task_at(at).live.party;
                    self.account_mut(holder).held.push(at);
                }
                if lives_again {
                    let id = self.task_at(at).terms.id;
                    self.task_ids.revive(&id.0, at);
                    self.rejoin_key(key, at);
                }
            }
            Undo::NewTask => {
                if let Some(task) = self.tasks.pop() {
                    if let Some(due) = task.due() {
                        self.due.unplan(due, task.sequence);
                    }
                    self.task_ids.remove(&task.terms.id.0, task.sequence);
                    self.forget_key_task(task.terms.key_at);
                }
            }
            Undo::Exposure { at, exposure } => self.key_mut(at).exposure = exposure,
            Undo::Bond { at, bond } => {
                self.key_mut(at).bond = bond;
                self.requeue(at);
            }
            Undo::Unscheduled { due, at } => {
                self.due.plan(due, at);
            }
            Undo::NewKey => {
                if let Some(key) = self.keys.pop() {
                    self.key_ids.remove(&key.id.0, self.keys.len() as u32);
                }
            }
            Undo::NewRules => {
                self.rules.pop();
                // The next version of this number may be another one.
                self.votes.forget_rooms();
            }
            Undo::NewProposal => {
                if let Some(proposal) = self.votes.proposals.pop() {
                    self.votes.open.remove(&proposal.id);
                }
            }
            Undo::Proposal { at, tally } => {
                self.votes.set_tally(at, *tally);
                // It may have been derived for rules that are undone, too.
                self.votes.at_mut(at).room = None;
            }
            Undo::Ballot { key, before } => {
                match before {
                    Some(amount) => self.votes.ballots.insert(key, amount),
                    None => self.votes.ballots.remove(&key),
                };
            }
        }
    }
}
