//! Reading ahead: what a block's calls will wait for is asked of the memory together, before the first of them.
//!
//! At a hundred thousand accounts and as many live tasks most of a transition's time is that of ten to twenty reads that miss every
//! cache, one after the other. Reads that do not depend on each other go side by side.

use std::hint::black_box;

use smallvec::SmallVec;
use zera_abi::{AccountId, TaskId};

use crate::market::{AccountRow, Market};
use crate::task::{Live, Task, TaskState, Terms};

/// Calls that are read ahead together: enough that their reads overlap, and their rows, 48 KiB, stay in a second-level cache.
pub const READ_AHEAD: usize = 32;

/// Of as many calls.
type Ahead<T> = SmallVec<[T; READ_AHEAD]>;

impl Market {
    /// Reads the rows that calls about these tasks by these accounts will read, so that the calls find them in the cache. Nothing follows
    /// from it but time.
    ///
    /// For whoever applies many calls in a row: [`READ_AHEAD`] of them at a time, the rest of `calls` is not looked at. Names that are
    /// not known cost a read or two. Time costs nothing here, since [`tick`](Market::tick) reads ahead by itself.
    pub fn read_ahead<'a>(&self, calls: impl IntoIterator<Item = (&'a TaskId, &'a AccountId)>) {
        let tag =
            |(task, account): (&TaskId, &AccountId)| (self.task_ids.tag(&task.0), self.account_ids.tag(&account.0));
        let tags: Ahead<(u32, u32)> = calls.into_iter().take(READ_AHEAD).map(tag).collect();
        // Step by step, and in each step all of them.
        let homes = |sum, tags: &(u32, u32)| sum ^ self.task_ids.home(tags.0) ^ self.account_ids.home(tags.1);
        black_box(tags.iter().fold(0, homes));
        let tasks: Ahead<u32> = tags.iter().filter_map(|tags| self.task_ids.guess(tags.0)).collect();
        let accounts: Ahead<u32> = tags.iter().filter_map(|tags| self.account_ids.guess(tags.1)).collect();
        self.read_tasks_ahead(tasks.iter());
        self.read_accounts_ahead(accounts.into_iter());
    }

    /// The rows of tasks and those of their parties.
    pub(crate) fn read_tasks_ahead<'a>(&self, tasks: impl Iterator<Item = &'a u32> + Clone) {
        let rows = tasks.filter_map(|at| self.tasks.get(*at));
        black_box(rows.clone().fold(0, |sum, task| sum ^ lines_of_task(task)));
        self.read_accounts_ahead(rows.flat_map(|task| [task.terms.requester_at, task.live.party]));
    }

    fn read_accounts_ahead(&self, accounts: impl Iterator<Item = u32>) {
        let rows = accounts.filter_map(|at| self.accounts.get(at));
        black_box(rows.fold(0, |sum, row| sum ^ lines_of_account(row)));
    }
}

/// Something of every line of the cache that a transition reads. No branch hangs on what comes from far, so that none is guessed wrong.
fn lines_of_task(task: &Task) -> u8 {
    let Task { terms, live, .. } = task;
    let Terms { id, requester, key, input_root, bounty_max, deadline, .. } = terms;
    let Live { state, escrow, party, .. } = live;
    let amounts = [bounty_max, &escrow.bounty, &escrow.challenge].map(|amount| amount.units() as u8);
    let state = u8::from(matches!(state, TaskState::Final { .. }));
    let ids = [id.0[0], requester.0[0], key.0[0], input_root[0]];
    let sum = ids.into_iter().chain(amounts).fold(state, |sum, byte| sum ^ byte);
    sum ^ deadline.0 as u8 ^ *party as u8
}

fn lines_of_account(row: &AccountRow) -> u8 {
    let AccountRow { free, reserved, standing, .. } = row;
    let later = standing.as_ref().map_or(0, |standing| standing.releases.value);
    free.units() as u8 ^ reserved.units() as u8 ^ later as u8
}
