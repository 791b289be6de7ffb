//! T16: private bytes on their way from the requester to the holder. They come sealed to the holder's key and without the chain;
//! where they do not, the holder demands them, and the requester delivers on the chain or pays.

use zera_abi::{AccountId, Height, TaskId};

use super::wrong_state;
use crate::error::MarketError;
use crate::market::Market;
use crate::note::Note;
use crate::task::{Bucket, Delivery, Task, TaskState, later};

/// What of a lock its deliveries depend on.
struct Held {
    at: u32,
    delivery: Delivery,
}

impl Market {
    /// T16a: the holder says what its private bytes are to be sealed to, once a lock. Whether `key` is one is for the caller to
    /// check: what nobody can seal to could never be delivered.
    ///
    /// # Errors
    /// [`MarketError::UnknownTask`], [`KeyWithdrawn`](MarketError::KeyWithdrawn), [`NotOwed`](MarketError::NotOwed) where the predicate
    /// reads none, [`State`](MarketError::State), [`Late`](MarketError::Late), [`Unauthorized`](MarketError::Unauthorized).
    pub fn give_key(
        &mut self,
        now: Height,
        task: &TaskId,
        provider: AccountId,
        key: [u8; 32],
    ) -> Result<(), MarketError> {
        let terms = &self.task_at(self.find_in_force(task)?).terms;
        if !terms.delivers && !terms.witness_only {
            return Err(MarketError::NotOwed { task: *task, what: "no private bytes are delivered" });
        }
        let held = self.held(now, task, provider, "give a key")?;
        if held.delivery != Delivery::Unkeyed {
            return Err(wrong_state(self.task_at(held.at), "give another key"));
        }

        self.touch_task(held.at);
        self.set_delivery(held.at, Delivery::Keyed { key, since: now });
        self.note(Note::Keyed { task: *task, provider, key });
        self.assert_task(held.at);
        Ok(())
    }

    /// T16b: the holder demands what did not come, once a lock and for a fee; the lock's clock stands from now on.
    ///
    /// # Errors
    /// [`MarketError::UnknownTask`], [`KeyWithdrawn`](MarketError::KeyWithdrawn), [`NotOwed`](MarketError::NotOwed) where the request
    /// fixes no private bytes: who asks for a witness need not have one; [`State`](MarketError::State) without a key or after another
    /// demand, [`Unauthorized`](MarketError::Unauthorized), [`Early`](MarketError::Early), [`Late`](MarketError::Late),
    /// [`Funds`](MarketError::Funds).
    pub fn demand(&mut self, now: Height, task: &TaskId, provider: AccountId) -> Result<(), MarketError> {
        let terms = &self.task_at(self.find_in_force(task)?).terms;
        if !terms.delivers {
            return Err(MarketError::NotOwed { task: *task, what: "the requester owes no private bytes" });
        }
        let (deliver, fee) = (terms.rules.deliver_blocks, terms.rules.demand_fee);
        let held = self.held(now, task, provider, "demand")?;
        let window = self.task_at(held.at).demand_window();
        let (Delivery::Keyed { key, .. }, Some((from, until))) = (held.delivery, window) else {
            return Err(wrong_state(self.task_at(held.at), "demand"));
        };
        if now < from {
            return Err(MarketError::Early { task: *task, event: "demand", now, from });
        }
        if now > until {
            return Err(MarketError::Late { task: *task, event: "demand", now, until });
        }
        let account = self.payer(&provider, fee)?;

        self.touch_task(held.at);
        self.lock_money(account, held.at, Bucket::Deposit, fee);
        let until = later(now, deliver);
        self.set_delivery(held.at, Delivery::Demanded { key, since: now, until, fee });
        self.note(Note::Demanded { task: *task, provider, fee, until });
        self.assert_task(held.at);
        Ok(())
    }

    /// T16c: the requester has delivered on the chain, what only the caller can keep. The fee is its own, and the clock goes on.
    ///
    /// # Errors
    /// [`MarketError::UnknownTask`], [`KeyWithdrawn`](MarketError::KeyWithdrawn), [`State`](MarketError::State) where nothing is
    /// demanded, [`Late`](MarketError::Late), [`Unauthorized`](MarketError::Unauthorized).
    pub fn deliver(&mut self, now: Height, task: &TaskId, by: AccountId) -> Result<(), MarketError> {
        let at = self.find_in_force(task)?;
        let Task { terms, live, .. } = self.task_at(at);
        let TaskState::Assigned { delivery: Delivery::Demanded { until, .. }, .. } = live.state else {
            return Err(wrong_state(self.task_at(at), "deliver"));
        };
        if now > until {
            return Err(MarketError::Late { task: *task, event: "deliver", now, until });
        }
        if by != terms.requester {
            return Err(MarketError::Unauthorized { task: *task, account: by, role: "requester" });
        }

        self.touch_task(at);
        self.close_demand(now, at, true);
        self.assert_task(at);
        Ok(())
    }

    /// T16e: what was delivered on the chain is not what the request fixed. That is for the caller to have found out: it keeps what
    /// was delivered, and the holder has shown it the key's secret.
    ///
    /// # Errors
    /// [`MarketError::UnknownTask`], [`KeyWithdrawn`](MarketError::KeyWithdrawn), [`State`](MarketError::State) where nothing was
    /// delivered, [`Late`](MarketError::Late), [`Unauthorized`](MarketError::Unauthorized).
    pub fn complain(&mut self, now: Height, task: &TaskId, provider: AccountId) -> Result<(), MarketError> {
        let Held { at, .. } = self.may_complain(now, task, provider)?;
        self.touch_task(at);
        self.end_undelivered(now, at, true);
        Ok(())
    }

    /// Whether [`complain`](Market::complain) would be taken: to be asked before what was delivered is looked at, which costs more.
    ///
    /// # Errors
    /// Those of [`complain`](Market::complain).
    pub fn check_complaint(&self, now: Height, task: &TaskId, provider: AccountId) -> Result<(), MarketError> {
        self.may_complain(now, task, provider).map(drop)
    }

    fn may_complain(&self, now: Height, task: &TaskId, provider: AccountId) -> Result<Held, MarketError> {
        let held = self.held(now, task, provider, "complain")?;
        match held.delivery {
            Delivery::Delivered { .. } => Ok(held),
            _ => Err(wrong_state(self.task_at(held.at), "complain")),
        }
    }

    /// The lock, where `provider` holds it and `now` is not after its end.
    fn held(&self, now: Height, task: &TaskId, provider: AccountId, event: &'static str) -> Result<Held, MarketError> {
        let at = self.find_in_force(task)?;
        let found = self.task_at(at);
        let TaskState::Assigned { provider: holder, lock_deadline, delivery, .. } = found.live.state else {
            return Err(wrong_state(found, event));
        };
        let until = delivery.deadline(lock_deadline, now);
        if now > until {
            return Err(MarketError::Late { task: *task, event, now, until });
        }
        if provider != holder {
            return Err(MarketError::Unauthorized { task: *task, account: provider, role: "holder" });
        }
        Ok(Held { at, delivery })
    }

    /// The holder acts although it waits for a delivery: it needs none any more.
    pub(crate) fn withdraw_demand(&mut self, now: Height, at: u32) {
        if matches!(self.task_at(at).live.state, TaskState::Assigned { delivery: Delivery::Demanded { .. }, .. }) {
            self.close_demand(now, at, false);
        }
    }

    /// The fee goes to the requester, and the clock goes on from where it stood.
    fn close_demand(&mut self, now: Height, at: u32, delivered: bool) {
        let Task { terms, live, .. } = self.task_at(at);
        let TaskState::Assigned { provider, lock_deadline, delivery, .. } = live.state else { return };
        let Delivery::Demanded { key, fee, .. } = delivery else { return };
        let (task, requester, holder) = (terms.id, terms.requester_at, live.party);
        let coins = self.unlock_money(holder, at, Bucket::Deposit, fee);
        self.credit(requester, coins);
        let deadline = delivery.deadline(lock_deadline, now);
        self.set_state(at, |state| {
            if let TaskState::Assigned { lock_deadline, delivery, .. } = state {
                *lock_deadline = deadline;
                *delivery = if delivered { Delivery::Delivered { key } } else { Delivery::Withdrawn { key } };
            }
        });
        self.note(Note::DemandClosed { task, provider, delivered, fee_paid: fee, lock_deadline: deadline });
    }

    /// T16d, T16e: the requester is at fault. Its bond pays the holder's costs and is burnt for the rest; everything else goes back
    /// to whoever put it up.
    pub(super) fn end_undelivered(&mut self, now: Height, at: u32, wrong: bool) {
        let Task { terms, live, .. } = self.task_at(at);
        let TaskState::Assigned { provider, .. } = live.state else { return };
        let (task, requester, share) = (terms.id, terms.requester_at, terms.rules.execution_share);
        let (holder, stake, fee) = (live.party, live.escrow.stake, live.state.demand_fee());
        self.leave_lock(at);
        let coins = self.take_whole_stake(holder, at);
        self.give_back(holder, coins);
        let coins = self.unlock_money(holder, at, Bucket::Deposit, fee);
        self.credit(holder, coins);
        let mut bond = self.escrow_take_all(at, Bucket::Bond);
        let pay = bond.split(bond.amount().share(share));
        let (paid, burned) = (pay.amount(), bond.amount());
        self.credit(holder, pay);
        self.burn(bond);
        let bounty = self.escrow_take_all(at, Bucket::Bounty);
        self.credit(requester, bounty);
        self.end(at, TaskState::Undelivered { provider, at: now });
        self.note(Note::Undelivered { task, provider, wrong, paid, burned, stake_returned: stake, fee_returned: fee });
        self.assert_task(at);
    }

    fn set_delivery(&mut self, at: u32, to: Delivery) {
        self.set_state(at, |state| {
            if let TaskState::Assigned { delivery, .. } = state {
                *delivery = to;
            }
        });
    }
}
