//! T3 lock, T22 release.

use std::sync::Arc;

use zera_abi::{AccountId, Amount, Height, TaskId};

use super::wrong_state;
use crate::error::MarketError;
use crate::market::Market;
use crate::note::Note;
use crate::price;
use crate::task::{Clock, Delivery, Task, TaskState, later};

impl Market {
    /// T3: takes the task at the block's clock price; the stake leaves the provider's deposit, or its free balance where that does not hold it.
    ///
    /// # Errors
    /// [`MarketError::UnknownTask`], [`KeyWithdrawn`](MarketError::KeyWithdrawn), [`State`](MarketError::State), [`Funds`](MarketError::Funds),
    /// [`Jailed`](MarketError::Jailed), [`Deposit`](MarketError::Deposit) where the provider's deposit is below its floor or its margin,
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
        let collateral = self.collateral(now, &provider, stake, rules)?;

        self.touch_task(at);
        self.lock_stake(&collateral, at, stake);
        let row = self.account_mut(collateral.account);
        row.held.push(at);
        row.reserved = row.reserved.checked_add(stake).unwrap_or(Amount::MAX);
        self.task_mut(at).live.party = collateral.account;
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
        let (account, rules) = (live.party, Arc::clone(&terms.rules));

        self.touch_task(at);
        self.withdraw_demand(now, at);
        let fee = self.release_fee(now, account, stake, &rules);
        let mut stake = self.take_whole_stake(account, at);
        let fee = stake.coins.split(fee);
        let burned = fee.amount();
        self.burn(fee);
        self.give_back(account, stake);
        self.leave_lock(at);
        self.set_state(at, |state| *state = TaskState::Open { clock: Clock { ..clock } });
        self.note(Note::Released { task: *task, provider, burned });
        self.assert_task(at);
        Ok(())
    }

    /// The lock of an assigned task is over: one less for its holder's cap.
    pub(crate) fn leave_lock(&mut self, at: u32) {
        let Task { live, .. } = self.task_at(at);
        let TaskState::Assigned { stake, .. } = live.state else { return };
        let account = live.party;
        self.leave_holder(at);
        let row = self.touch_account(account);
        row.reserved = row.reserved.checked_sub(stake).unwrap_or(Amount::ZERO);
    }

    /// Takes an assigned task out of the locks by account.
    pub(crate) fn leave_holder(&mut self, at: u32) {
        let live = &self.task_at(at).live;
        if matches!(live.state, TaskState::Assigned { .. }) {
            let held = &mut self.account_mut(live.party).held;
            if let Some(place) = held.iter().position(|task| *task == at) {
                held.swap_remove(place);
            }
        }
    }
}
