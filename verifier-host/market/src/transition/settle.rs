//! T4, T5, T5', T15 of a lock holder, and T17.

use std::sync::Arc;

use zera_abi::{AccountId, Amount, Height, Outcome, TaskId};

use super::{claim, wrong_state};
use crate::claim::{Answer, Ruling, Verified};
use crate::coins::Coins;
use crate::error::MarketError;
use crate::market::Market;
use crate::note::Note;
use crate::ports::{Claim, Verify};
use crate::price;
use crate::task::{Bucket, Task, TaskState, later};

impl Market {
    /// T4, T5, T5' or T15: judges the holder's answer. Nobody else's reaches the judge.
    ///
    /// # Errors
    /// [`MarketError::UnknownTask`], [`KeyWithdrawn`](MarketError::KeyWithdrawn), [`State`](MarketError::State), [`Late`](MarketError::Late),
    /// [`Unauthorized`](MarketError::Unauthorized), and those of [`claim`](Market::claim): none costs the holder anything.
    /// A proof that does not verify is no error: it changed the market.
    pub fn submit(
        &mut self,
        now: Height,
        task: &TaskId,
        provider: AccountId,
        answer: Answer,
        judge: &mut dyn Verify,
    ) -> Result<Ruling, MarketError> {
        let at = self.find_in_force(task)?;
        let found = self.task_at(at);
        let TaskState::Assigned { provider: holder, price, stake, lock_deadline, attempts, delivery, .. } =
            found.live.state
        else {
            return Err(wrong_state(found, "submit"));
        };
        let lock_deadline = delivery.deadline(lock_deadline, now);
        if now > lock_deadline {
            return Err(MarketError::Late { task: *task, event: "submit", now, until: lock_deadline });
        }
        if provider != holder {
            return Err(MarketError::Unauthorized { task: *task, account: provider, role: "holder" });
        }
        let claim = claim(found, provider, &answer)?;
        let judged = Verified::judge(claim, &answer.proof, judge);

        self.touch_task(at);
        self.withdraw_demand(now, at);
        let ruling = match judged {
            Ok(verified) => {
                let account = self.task_at(at).live.party;
                self.leave_lock(at);
                self.succeed_at(at, account);
                if verified.get().outcome.as_bool().is_some() {
                    self.accept(now, at, account, price, verified);
                    Ruling::Accepted
                } else {
                    self.fail(now, at, account, verified);
                    Ruling::Failed
                }
            }
            Err(verdict) => {
                self.reject(now, at, stake, attempts);
                Ruling::Rejected(verdict)
            }
        };
        self.assert_task(at);
        Ok(ruling)
    }

    /// T5, or T5' at the last attempt.
    fn reject(&mut self, now: Height, at: u32, stake: Amount, before: u8) {
        let Task { terms, live, .. } = self.task_at(at);
        let (task, left, account) = (terms.id, live.escrow.stake, live.party);
        let provider = self.account_row(account).id;
        let attempt = before.saturating_add(1);
        if attempt < terms.rules.attempts_max {
            let rules = &terms.rules;
            let fee = price::attempt_fee(stake, rules.attempt_share, before, rules.verify_fee, left);
            let stake = self.take_stake(account, at, fee);
            self.burn(stake.coins);
            self.set_state(at, |state| {
                if let TaskState::Assigned { attempts, .. } = state {
                    *attempts = attempt;
                }
            });
            self.note(Note::ProofRejected { task, provider, attempt, burned: fee });
        } else {
            self.note(Note::ProofRejected { task, provider, attempt, burned: Amount::ZERO });
            let stake = self.take_whole_stake(account, at);
            let (hero, burned, requester_paid) = self.slash(at, stake.coins);
            self.escrow_put(at, Bucket::Hold, hero);
            self.note(Note::Slashed {
                task,
                provider,
                burned,
                hero: None,
                hero_paid: Amount::ZERO,
                requester_paid,
                insurance_paid: Amount::ZERO,
            });
            self.leave_lock(at);
            self.open_rescue(now, at, false);
        }
    }

    /// Splits a stake: requester's share paid, the rest but the hero's share burnt. Returns the hero's share, what was burnt
    /// and what the requester got; the remainder of rounding is burnt.
    pub(super) fn slash(&mut self, at: u32, mut stake: Coins) -> (Coins, Amount, Amount) {
        let terms = &self.task_at(at).terms;
        let (rules, requester) = (&terms.rules, terms.requester_at);
        let whole = stake.amount();
        let (hero_share, requester_share) = (whole.share(rules.hero_share), whole.share(rules.requester_share));
        let hero = stake.split(hero_share);
        let paid = stake.split(requester_share);
        let amounts = (stake.amount(), paid.amount());
        self.credit(requester, paid);
        self.burn(stake);
        (hero, amounts.0, amounts.1)
    }

    /// From Assigned to Rescue. The window ends with the lock's deadline plus the rescue time in either case.
    pub(super) fn open_rescue(&mut self, now: Height, at: u32, late: bool) {
        let Task { terms, live, .. } = self.task_at(at);
        let TaskState::Assigned { provider, price, lock_deadline, .. } = live.state else { return };
        let (task, account, rules) = (terms.id, live.party, Arc::clone(&terms.rules));
        let expires = later(lock_deadline, rules.rescue_blocks);
        self.miss(account, &rules);
        let opened = if late { lock_deadline } else { now };
        self.set_state(at, |state| {
            *state = TaskState::Rescue { offender: provider, late, price, opened, expires, commits: Vec::new() };
        });
        self.note(Note::RescueOpened { task, provider, late, expires });
    }

    /// The end of T4 and T13: `price` is held for the payee, the surplus goes back. Takes nothing but a verified claim.
    pub(super) fn accept(&mut self, now: Height, at: u32, payee: u32, price: Amount, verified: Verified<Claim>) {
        let Claim { task, provider, outcome, declared, .. } = verified.into_inner();
        let Task { terms, live, .. } = self.task_at(at);
        let offender = match live.state {
            TaskState::Rescue { offender, .. } if payee != live.party => Some(offender),
            _ => None,
        };
        let (requester, final_at) = (terms.requester_at, later(now, terms.rules.final_blocks));
        let held = self.escrow_take(at, Bucket::Bounty, price);
        self.escrow_put(at, Bucket::Hold, held);
        let surplus = self.escrow_take_all(at, Bucket::Bounty);
        self.credit(requester, surplus);
        self.task_mut(at).live.party = payee;
        self.set_state(at, |state| {
            *state = TaskState::Accepted {
                provider,
                outcome,
                declared,
                price,
                accepted: now,
                final_at,
                offender,
                dispute: None,
            };
        });
        self.note(Note::Accepted { task, provider, outcome, price });
    }

    /// T15: a proven trap or exceeded bound. The execution fee and what is left of the payee's stake are paid, the rest of the
    /// bond is halved, the bounty goes back.
    pub(super) fn fail(&mut self, now: Height, at: u32, payee: u32, verified: Verified<Claim>) {
        let Claim { task, provider, outcome, .. } = verified.into_inner();
        let terms = &self.task_at(at).terms;
        let (requester, share) = (terms.requester_at, terms.rules.execution_share);
        let mut bond = self.escrow_take_all(at, Bucket::Bond);
        let fee = bond.split(bond.amount().share(share));
        let paid = fee.amount();
        self.credit(payee, fee);
        let back = bond.split(Amount::from_units(bond.amount().units() >> 1));
        self.credit(requester, back);
        self.burn(bond);
        let bounty = self.escrow_take_all(at, Bucket::Bounty);
        self.credit(requester, bounty);
        let stake = self.take_whole_stake(payee, at);
        self.give_back(payee, stake);
        self.end(at, TaskState::Failed { provider, outcome, at: now });
        self.note(Note::Failed { task, provider, outcome, paid });
    }

    /// T17: pays what was held, returns stake and bond.
    pub(super) fn finalise(&mut self, now: Height, at: u32) {
        let Task { terms, live, .. } = self.task_at(at);
        let TaskState::Accepted { provider, outcome, dispute, .. } = &live.state else { return };
        let (provider, outcome, dispute) = (*provider, *outcome, dispute.clone());
        let (task, requester, payee, stake) = (terms.id, terms.requester_at, live.party, live.escrow.stake);
        self.touch_task(at);
        if let Some(dispute) = dispute {
            self.finalise_dispute(now, at, &dispute);
            return;
        }
        let held = self.escrow_take_all(at, Bucket::Hold);
        let paid = held.amount();
        self.credit(payee, held);
        let coins = self.take_whole_stake(payee, at);
        self.give_back(payee, coins);
        let bond = self.escrow_take_all(at, Bucket::Bond);
        self.credit(requester, bond);
        let declared = self.take_declared(at);
        self.end(at, TaskState::Final { provider, outcome, declared, paid, at: now });
        self.note(Note::Finalised { task, provider, paid, stake_returned: stake, confirmed: false });
        self.assert_task(at);
    }

    /// An answer of the holder's counts for its standing.
    pub(super) fn succeed_at(&mut self, at: u32, account: u32) {
        let rules = Arc::clone(&self.task_at(at).terms.rules);
        self.succeed(account, &rules);
    }

    /// Moves the declared values out of a state that is about to change.
    pub(super) fn take_declared(&mut self, at: u32) -> Vec<[u8; 32]> {
        match &mut self.task_mut(at).live.state {
            TaskState::Accepted { declared, .. }
            | TaskState::Attested { declared, .. }
            | TaskState::Challenged { declared, .. } => std::mem::take(declared),
            _ => Vec::new(),
        }
    }
}

/// Whether the outcome ends a task rather than answers it.
pub(super) fn ends_task(outcome: Outcome) -> bool {
    outcome.as_bool().is_none()
}
