//! T12 commit, which T8 begins with, too; T13 reveal (and T15 from a rescue), T14 expiry.

use std::sync::Arc;

use zera_abi::{AccountId, Amount, Height, TaskId};

use super::settle::ends_task;
use super::{claim, wrong_state};
use crate::claim::{Answer, Ruling, Verified, commit_digest};
use crate::error::MarketError;
use crate::market::Market;
use crate::note::Note;
use crate::ports::{Claim, Verify};
use crate::price;
use crate::standing::{LATE, OFFENCE};
use crate::task::{Bucket, Commit, Task, TaskState, later, reason};

/// Where a task in rescue stands, without its commitments.
struct Rescue {
    offender: AccountId,
    offender_at: u32,
    late: bool,
    price: Amount,
    opened: Height,
    expires: Height,
}

impl Market {
    /// T12: commits to an answer of a task in rescue, or to a challenge of an attested answer, and deposits for it. One commitment
    /// of an account at a time; the offender may, too.
    ///
    /// # Errors
    /// [`MarketError::UnknownTask`], [`KeyWithdrawn`](MarketError::KeyWithdrawn), [`CommitExists`](MarketError::CommitExists), [`State`](MarketError::State),
    /// [`Late`](MarketError::Late), [`Funds`](MarketError::Funds), [`Limit`](MarketError::Limit).
    pub fn commit(
        &mut self,
        now: Height,
        task: &TaskId,
        provider: AccountId,
        digest: [u8; 32],
    ) -> Result<(), MarketError> {
        let at = self.find_in_force(task)?;
        let found = self.task_at(at);
        // A rescue's reveal comes a block later at the earliest; a challenge's may come after the window.
        let (commits, last, challenge) = match &found.live.state {
            TaskState::Rescue { commits, expires, .. } => (commits, Height(expires.0.saturating_sub(1)), false),
            TaskState::Attested { commits, until, .. } => (commits, *until, true),
            _ => return Err(wrong_state(found, "commit")),
        };
        if commits.iter().any(|commit| commit.provider == provider) {
            return Err(MarketError::CommitExists { task: *task, provider });
        }
        if now > last {
            return Err(MarketError::Late { task: *task, event: "commit", now, until: last });
        }
        let (rules, max) = (&found.terms.rules, found.terms.rules.commits_max);
        let deposit = if challenge { rules.challenge_deposit(found.terms.bounty_max) } else { rules.commit_deposit };
        let account = self.payer(&provider, deposit)?;
        let count = commits.len() as u64;
        if count >= u64::from(max) {
            let got = count.saturating_add(1);
            return Err(MarketError::Limit { what: "commitments of the task", got, max: u64::from(max) });
        }

        self.touch_task(at);
        self.lock_money(account, at, Bucket::Deposit, deposit);
        self.set_state(at, |state| {
            if let Some(commits) = state.commits_mut() {
                commits.push(Commit { provider, digest, height: now, deposit, account });
            }
        });
        self.note(if challenge {
            Note::ChallengeCommitted { task: *task, challenger: provider }
        } else {
            Note::RescueCommitted { task: *task, provider }
        });
        self.assert_task(at);
        Ok(())
    }

    /// T13, or T15 from a rescue: judges what was committed to 1 to `reveal_blocks` blocks before.
    ///
    /// The first valid reveal wins, and a block's transactions apply in order. A proof that does not verify costs the deposit.
    ///
    /// # Errors
    /// [`MarketError::UnknownTask`], [`KeyWithdrawn`](MarketError::KeyWithdrawn), [`State`](MarketError::State), [`Early`](MarketError::Early),
    /// [`Late`](MarketError::Late), [`Unauthorized`](MarketError::Unauthorized) without a commitment,
    /// [`Reveal`](MarketError::Reveal), and those of [`claim`](Market::claim); none reaches the judge.
    pub fn reveal(
        &mut self,
        now: Height,
        task: &TaskId,
        provider: AccountId,
        salt: [u8; 32],
        answer: Answer,
        judge: &mut dyn Verify,
    ) -> Result<Ruling, MarketError> {
        let at = self.find_in_force(task)?;
        let found = self.task_at(at);
        let TaskState::Rescue { offender, late, price, opened, expires, commits } = &found.live.state else {
            return Err(wrong_state(found, "reveal"));
        };
        if now > *expires {
            return Err(MarketError::Late { task: *task, event: "reveal", now, until: *expires });
        }
        let Some(commit) = commits.iter().find(|commit| commit.provider == provider).copied() else {
            return Err(MarketError::Unauthorized { task: *task, account: provider, role: "committed rescuer" });
        };
        let (from, until) = (later(commit.height, 1), later(commit.height, found.terms.rules.reveal_blocks));
        if now < from {
            return Err(MarketError::Early { task: *task, event: "reveal", now, from });
        }
        if now > until {
            return Err(MarketError::Late { task: *task, event: "reveal", now, until });
        }
        if commit_digest(&salt, &provider, task, &answer.digest()) != commit.digest {
            return Err(MarketError::Reveal { task: *task, provider });
        }
        let claim = claim(found, provider, &answer)?;
        let rescue = Rescue {
            offender: *offender,
            offender_at: found.live.party,
            late: *late,
            price: *price,
            opened: *opened,
            expires: *expires,
        };
        let judged = Verified::judge(claim, &answer.proof, judge);

        self.touch_task(at);
        let ruling = match judged {
            Ok(verified) => {
                self.return_deposits(at);
                self.repair(now, at, commit.account, rescue, verified)
            }
            Err(verdict) => {
                self.burn_deposits(at, |pending| pending.provider == provider);
                self.note(Note::ProofRejected { task: *task, provider, attempt: 0, burned: commit.deposit });
                Ruling::Rejected(verdict)
            }
        };
        self.assert_task(at);
        Ok(ruling)
    }

    /// The fault is repaired: the offender's stake is split, or its late fee burnt where it rescued itself.
    fn repair(&mut self, now: Height, at: u32, rescuer: u32, rescue: Rescue, verified: Verified<Claim>) -> Ruling {
        let terms = &self.task_at(at).terms;
        let (task, bounty_max, floor) = (terms.id, terms.bounty_max, terms.rules.late_floor_share);
        let rules = Arc::clone(&terms.rules);
        let (elapsed, window) = (now.since(rescue.opened).0, rescue.expires.since(rescue.opened).0);
        let alone = rescuer == rescue.offender_at;
        let ends = ends_task(verified.get().outcome);
        let (mut burned, mut requester_paid) = (Amount::ZERO, Amount::ZERO);
        let price = if alone {
            // A cartel of one neither climbs the price nor earns the hero's share.
            let waiting = self.escrow_take_all(at, Bucket::Hold);
            burned = waiting.amount();
            self.burn(waiting);
            if rescue.late {
                let left = self.task_at(at).live.escrow.stake;
                let fee = price::late_fee(left, floor, elapsed, window);
                let fee_coins = self.take_stake(rescuer, at, fee);
                self.burn(fee_coins.coins);
                burned = fee;
            }
            rescue.price
        } else {
            if rescue.late {
                let stake = self.take_whole_stake(rescue.offender_at, at);
                let (hero, burnt, paid) = self.slash(at, stake.coins);
                (burned, requester_paid) = (burnt, paid);
                self.escrow_put(at, Bucket::Hold, hero);
            }
            price::rescue_price(rescue.price, bounty_max, elapsed, window)
        };
        self.note(Note::Slashed {
            task,
            provider: rescue.offender,
            burned,
            hero: (!alone).then_some(verified.get().provider),
            hero_paid: self.task_at(at).live.escrow.hold,
            requester_paid,
            insurance_paid: Amount::ZERO,
        });
        let weight = if alone { LATE } else { OFFENCE };
        self.offend(now, rescue.offender_at, weight, !alone, &rules);
        if ends {
            // Nothing is left to wait for: the hero is paid now.
            let hero = self.escrow_take_all(at, Bucket::Hold);
            self.credit(rescuer, hero);
            self.fail(now, at, rescuer, verified);
            Ruling::Failed
        } else {
            self.accept(now, at, rescuer, price, verified);
            Ruling::Accepted
        }
    }

    /// Burns deposits whose window has passed.
    pub(super) fn burn_unrevealed(&mut self, now: Height, at: u32) {
        self.touch_task(at);
        let Task { terms, .. } = self.task_at(at);
        let (task, window) = (terms.id, terms.rules.reveal_blocks);
        for Commit { provider, deposit, .. } in self.burn_deposits(at, |pending| now > later(pending.height, window)) {
            self.note(Note::DepositBurned { task, provider, burned: deposit });
        }
        self.assert_task(at);
    }

    /// T14: nobody rescued. The requester gets everything back, the hero's share goes to the insurance.
    pub(super) fn expire(&mut self, now: Height, at: u32) {
        self.touch_task(at);
        let Task { terms, live, .. } = self.task_at(at);
        let (task, requester, offender, rules) = (terms.id, terms.requester_at, live.party, Arc::clone(&terms.rules));
        for Commit { provider, deposit, .. } in self.burn_deposits(at, |_| true) {
            self.note(Note::DepositBurned { task, provider, burned: deposit });
        }
        let provider = self.account_row(offender).id;
        let stake = self.take_whole_stake(offender, at);
        let (hero, burned, requester_paid) = self.slash(at, stake.coins);
        let waiting = self.escrow_take_all(at, Bucket::Hold);
        // One of the two is zero: the hero's share waits only where the stake was slashed before.
        let insurance_paid = hero.amount().max(waiting.amount());
        self.pay_insurance(hero);
        self.pay_insurance(waiting);
        self.note(Note::Slashed {
            task,
            provider,
            burned,
            hero: None,
            hero_paid: Amount::ZERO,
            requester_paid,
            insurance_paid,
        });
        for bucket in [Bucket::Bounty, Bucket::Bond] {
            let coins = self.escrow_take_all(at, bucket);
            self.credit(requester, coins);
        }
        self.end(at, TaskState::Expired { reason: reason::NOT_RESCUED, at: now });
        self.note(Note::Expired { task });
        self.offend(now, offender, OFFENCE, true, &rules);
        self.assert_task(at);
    }

    /// Removes the commitments that `which` names, their deposits still in escrow.
    fn drop_commits(&mut self, at: u32, which: impl Fn(&Commit) -> bool) -> Vec<Commit> {
        let mut dropped = Vec::new();
        self.set_state(at, |state| {
            if let Some(commits) = state.commits_mut() {
                dropped = commits.iter().filter(|commit| which(commit)).copied().collect();
                commits.retain(|commit| !which(commit));
            }
        });
        dropped
    }

    pub(super) fn burn_deposits(&mut self, at: u32, which: impl Fn(&Commit) -> bool) -> Vec<Commit> {
        let dropped = self.drop_commits(at, which);
        for commit in &dropped {
            let coins = self.unlock_money(commit.account, at, Bucket::Deposit, commit.deposit);
            self.burn(coins);
        }
        dropped
    }

    /// The task is answered or revoked: deposits still in their windows go back, the winner's and those of who came second.
    pub(super) fn return_deposits(&mut self, at: u32) {
        for commit in self.drop_commits(at, |_| true) {
            let coins = self.unlock_money(commit.account, at, Bucket::Deposit, commit.deposit);
            self.credit(commit.account, coins);
        }
    }
}
