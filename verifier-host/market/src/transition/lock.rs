//! T3 lock, T22 release.

use zera_abi::{AccountId, Height, TaskId};

use super::wrong_state;
use crate::error::MarketError;
use crate::market::Market;
use crate::note::Note;
use crate::price;
use crate::task::{Bucket, Clock, Delivery, Task, TaskState, later};

impl Market {
    /// T3: takes the task at the block's clock price; the stake leaves the provider's free balance.
    ///
    /// # Errors
    /// [`MarketError::UnknownTask`], [`KeyWithdrawn`](MarketError::KeyWithdrawn), [`State`](MarketError::State), [`Funds`](MarketError::Funds),
    /// [`Limit`](MarketError::Limit) at the provider's cap of locks.
    pub fn lock(&mut self, now: Height, task: &TaskId, provider: AccountId) -> Result<(), MarketError> {
        let at = self.find_in_force(task)?;
        let found = self.task_at(at);
        let clock = match found.live.state {
            // The next tick starts another round or ends the task.
            TaskState::Open { clock } if now < clock.ends => clock,
            _ => return Err(wrong_state(found, "lock")),
        };
        let (Some(price), Some(stake)) = (found.price_at(now), found.stake_required_at(now)) else {
            return Err(wrong_state(found, "lock"));
        };
        let rules = &found.terms.rules;
        // Not before `now + 1`: a round ends at `deadline - tail` at the latest.
        let lock_deadline = later(now, rules.lock_blocks).min(found.terms.last_lock());
        let start_deadline = later(now, price::start_blocks(lock_deadline.since(now).0, rules.start_share));
        let locks_max = rules.locks_max;
        let account = self.payer(&provider, stake)?;
        let locks = self.account_row(account).locks;
        if locks >= locks_max {
            return Err(MarketError::Limit {
                what: "locks of the provider",
                got: u64::from(locks).saturating_add(1),
                max: u64::from(locks_max),
            });
        }

        self.touch_task(at);
        self.lock_money(account, at, Bucket::Stake, stake);
        self.account_mut(account).locks = locks.saturating_add(1);
        self.task_mut(at).live.party = account;
        self.set_state(at, |state| {
            *state = TaskState::Assigned {
                provider,
                price,
                stake,
                locked: now,
                start_deadline,
                lock_deadline,
                attempts: 0,
                clock,
                delivery: Delivery::Unkeyed,
            };
        });
        self.note(Note::Locked { task: *task, provider, price, stake, lock_deadline });
        self.assert_task(at);
        Ok(())
    }

    /// T22: the holder gives the task back before it has to have started. The round's clock has gone on meanwhile.
    ///
    /// # Errors
    /// [`MarketError::UnknownTask`], [`KeyWithdrawn`](MarketError::KeyWithdrawn), [`State`](MarketError::State), [`Late`](MarketError::Late),
    /// [`Unauthorized`](MarketError::Unauthorized).
    pub fn release(&mut self, now: Height, task: &TaskId, provider: AccountId) -> Result<(), MarketError> {
        let at = self.find_in_force(task)?;
        let Task { live, terms, .. } = self.task_at(at);
        let TaskState::Assigned { provider: holder, stake, start_deadline, clock, .. } = live.state else {
            return Err(wrong_state(self.task_at(at), "release"));
        };
        if now > start_deadline {
            return Err(MarketError::Late { task: *task, event: "release", now, until: start_deadline });
        }
        if provider != holder {
            return Err(MarketError::Unauthorized { task: *task, account: provider, role: "holder" });
        }
        let (account, fee) = (live.party, stake.share(terms.rules.release_share));

        self.touch_task(at);
        self.withdraw_demand(now, at);
        let burned = self.return_stake_less(at, account, fee);
        self.leave_lock(account);
        self.set_state(at, |state| *state = TaskState::Open { clock: Clock { ..clock } });
        self.note(Note::Released { task: *task, provider, burned });
        self.assert_task(at);
        Ok(())
    }

    /// Burns `fee` of what is left of the stake and returns the rest to its owner.
    pub(super) fn return_stake_less(&mut self, at: u32, account: u32, fee: zera_abi::Amount) -> zera_abi::Amount {
        let left = self.task_at(at).live.escrow.stake;
        let mut stake = self.unlock_money(account, at, Bucket::Stake, left);
        let fee = stake.split(fee);
        let burned = fee.amount();
        self.burn(fee);
        self.credit(account, stake);
        burned
    }

    /// One lock less for the account's cap.
    pub(super) fn leave_lock(&mut self, account: u32) {
        let row = self.touch_account(account);
        row.locks = row.locks.saturating_sub(1);
    }
}
