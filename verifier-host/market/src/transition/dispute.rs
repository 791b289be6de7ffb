//! T6 attest, T7 confirm, T8 challenge, and how a challenge ends: T9a and T9b by a proof, T9d by a native run, T9c by silence.

use std::sync::Arc;

use zera_abi::{AccountId, Amount, Height, Outcome, TaskId};

use super::{check_answer, claim, wrong_state};
use crate::claim::{Answer, Ruling, Verified, challenge_digest, commit_digest};
use crate::error::MarketError;
use crate::market::Market;
use crate::note::Note;
use crate::ports::{Claim, Verify};
use crate::standing::OFFENCE;
use crate::task::{Bucket, Dispute, Mode, Task, TaskState, later, reason};

/// What a native run of a predicate gave, on the task's own input under the circuit's bounds. The host runs it: a run that ends for
/// want of fuel is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NativeRun {
    /// The outcome.
    pub outcome: Outcome,
    /// What whoever asked for the run has paid for it; whoever was wrong pays it back.
    pub fee: Amount,
}

/// What settles a challenge.
enum Evidence {
    Proof(Verified<Claim>),
    Native(NativeRun),
}

impl Market {
    /// T6: the holder answers without a proof, with its whole stake behind the answer.
    ///
    /// # Errors
    /// [`MarketError::UnknownTask`], [`KeyWithdrawn`](MarketError::KeyWithdrawn), [`State`](MarketError::State), also after a bad
    /// proof, which took of the stake; [`Late`](MarketError::Late), [`Unauthorized`](MarketError::Unauthorized),
    /// [`ProofRequired`](MarketError::ProofRequired), [`NotAttestable`](MarketError::NotAttestable) for a trap or an exceeded
    /// bound; [`Count`](MarketError::Count), [`Commitment`](MarketError::Commitment).
    pub fn attest(
        &mut self,
        now: Height,
        task: &TaskId,
        provider: AccountId,
        outcome: Outcome,
        declared: Vec<[u8; 32]>,
    ) -> Result<(), MarketError> {
        let at = self.find_in_force(task)?;
        let found = self.task_at(at);
        let TaskState::Assigned { provider: holder, price, lock_deadline, attempts: 0, delivery, .. } =
            found.live.state
        else {
            return Err(wrong_state(found, "attest"));
        };
        let lock_deadline = delivery.deadline(lock_deadline, now);
        if now > lock_deadline {
            return Err(MarketError::Late { task: *task, event: "attest", now, until: lock_deadline });
        }
        if provider != holder {
            return Err(MarketError::Unauthorized { task: *task, account: provider, role: "holder" });
        }
        if found.terms.mode != Mode::Attested {
            return Err(MarketError::ProofRequired { task: *task });
        }
        if outcome.as_bool().is_none() {
            return Err(MarketError::NotAttestable { task: *task, outcome });
        }
        check_answer(found, outcome, &declared)?;
        let until = later(now, found.terms.rules.challenge_blocks);

        self.touch_task(at);
        self.leave_lock(at);
        self.set_state(at, |state| {
            *state =
                TaskState::Attested { provider, outcome, declared, price, attested: now, until, commits: Vec::new() };
        });
        self.note(Note::Attested { task: *task, provider, outcome, until });
        self.assert_task(at);
        Ok(())
    }

    /// T8: reveals a challenge that was committed to 1 to `reveal_blocks` blocks before, and bonds for it. One challenge of an answer:
    /// deposits of others that committed go back.
    ///
    /// # Errors
    /// [`MarketError::UnknownTask`], [`KeyWithdrawn`](MarketError::KeyWithdrawn), [`State`](MarketError::State),
    /// [`Unauthorized`](MarketError::Unauthorized) without a commitment, [`Early`](MarketError::Early), [`Late`](MarketError::Late),
    /// [`Reveal`](MarketError::Reveal), [`SameOutcome`](MarketError::SameOutcome), [`Funds`](MarketError::Funds).
    pub fn challenge(
        &mut self,
        now: Height,
        task: &TaskId,
        challenger: AccountId,
        salt: [u8; 32],
        claimed: Outcome,
    ) -> Result<(), MarketError> {
        let at = self.find_in_force(task)?;
        let found = self.task_at(at);
        let TaskState::Attested { provider, outcome, price, commits, .. } = &found.live.state else {
            return Err(wrong_state(found, "challenge"));
        };
        let Some(commit) = commits.iter().find(|commit| commit.provider == challenger).copied() else {
            return Err(MarketError::Unauthorized { task: *task, account: challenger, role: "committed challenger" });
        };
        let terms = &found.terms;
        let (from, until) = (later(commit.height, 1), later(commit.height, terms.rules.reveal_blocks));
        if now < from {
            return Err(MarketError::Early { task: *task, event: "challenge", now, from });
        }
        if now > until {
            return Err(MarketError::Late { task: *task, event: "challenge", now, until });
        }
        if commit_digest(&salt, &challenger, task, &challenge_digest(claimed)) != commit.digest {
            return Err(MarketError::Reveal { task: *task, provider: challenger });
        }
        // Declared values that the request left open are part of the answer, and can be wrong where the outcome is not.
        let open_values = usize::from(terms.declared) > terms.expected.len();
        if claimed == *outcome && !open_values {
            return Err(MarketError::SameOutcome { task: *task, outcome: claimed });
        }
        let (provider, outcome, price) = (*provider, *outcome, *price);
        let (bond, until) = (terms.rules.challenge_bond(terms.bounty_max), later(now, terms.rules.respond_blocks));
        let account = self.payer(&challenger, bond)?;

        self.touch_task(at);
        self.return_deposits(at);
        self.lock_money(account, at, Bucket::Challenge, bond);
        let declared = self.take_declared(at);
        self.set_state(at, |state| {
            *state = TaskState::Challenged {
                provider,
                outcome,
                declared,
                price,
                challenger,
                claimed,
                challenged: now,
                until,
            };
        });
        self.note(Note::Challenged { task: *task, challenger, claimed, bond, until });
        self.assert_task(at);
        Ok(())
    }

    /// T9a, T9b: anyone settles a challenge by a proof of the outcome, whichever it is. A proof that does not verify costs the
    /// deposit of a commitment, which is burnt.
    ///
    /// # Errors
    /// [`MarketError::UnknownTask`], [`KeyWithdrawn`](MarketError::KeyWithdrawn), [`State`](MarketError::State), [`Late`](MarketError::Late),
    /// [`Funds`](MarketError::Funds) without what a false proof costs, and those of [`claim`](Market::claim); none reaches the judge.
    pub fn settle(
        &mut self,
        now: Height,
        task: &TaskId,
        settler: AccountId,
        answer: Answer,
        judge: &mut dyn Verify,
    ) -> Result<Ruling, MarketError> {
        let at = self.find_challenged(now, task)?;
        let found = self.task_at(at);
        let claim = claim(found, settler, &answer)?;
        let fee = found.terms.rules.commit_deposit;
        let account = self.payer(&settler, fee)?;
        let judged = Verified::judge(claim, &answer.proof, judge);

        self.touch_task(at);
        let ruling = match judged {
            Ok(verified) => self.resolve(now, at, account, Evidence::Proof(verified)),
            Err(verdict) => {
                let coins = self.debit(account, fee);
                self.burn(coins);
                self.note(Note::ProofRejected { task: *task, provider: settler, attempt: 0, burned: fee });
                Ruling::Rejected(verdict)
            }
        };
        self.assert_task(at);
        Ok(ruling)
    }

    /// T9d: a native run settles a challenge. That it is a run of the task's predicate on the task's input is the caller's to see to,
    /// and that all of the input is public.
    ///
    /// # Errors
    /// [`MarketError::UnknownTask`], [`KeyWithdrawn`](MarketError::KeyWithdrawn), [`State`](MarketError::State), [`Late`](MarketError::Late),
    /// [`Funds`](MarketError::Funds) for an account that never had any; [`Mode`](MarketError::Mode) where an answer declares values that
    /// the request did not fix: a native run has none.
    pub fn settle_natively(
        &mut self,
        now: Height,
        task: &TaskId,
        settler: AccountId,
        run: NativeRun,
    ) -> Result<Ruling, MarketError> {
        let at = self.find_challenged(now, task)?;
        let terms = &self.task_at(at).terms;
        if usize::from(terms.declared) > terms.expected.len() {
            return Err(MarketError::Mode { what: "a native run of a predicate that declares values" });
        }
        let account = self.payer(&settler, Amount::ZERO)?;

        self.touch_task(at);
        let ruling = self.resolve(now, at, account, Evidence::Native(run));
        self.assert_task(at);
        Ok(ruling)
    }

    /// The task, where its challenge may be settled now.
    fn find_challenged(&self, now: Height, task: &TaskId) -> Result<u32, MarketError> {
        let at = self.find_in_force(task)?;
        let TaskState::Challenged { until, .. } = self.task_at(at).live.state else {
            return Err(wrong_state(self.task_at(at), "settle"));
        };
        if now > until {
            return Err(MarketError::Late { task: *task, event: "settle", now, until });
        }
        Ok(at)
    }

    /// What is known now decides; who is paid and who is slashed waits for final, as the key may yet be proven broken. A trap or an
    /// exceeded bound ends the task at once, as ever.
    fn resolve(&mut self, now: Height, at: u32, settler_at: u32, evidence: Evidence) -> Ruling {
        let Task { terms, live, .. } = self.task_at(at);
        let TaskState::Challenged { provider: attester, outcome: said, price, challenger, .. } = live.state else {
            return Ruling::Failed;
        };
        let (task, requester, final_at) = (terms.id, terms.requester_at, later(now, terms.rules.final_blocks));
        let settler = self.account_row(settler_at).id;
        let declared_before = self.take_declared(at);
        let (outcome, declared, native_fee) = match &evidence {
            Evidence::Proof(verified) => (verified.get().outcome, verified.get().declared.clone(), None),
            Evidence::Native(run) => (run.outcome, declared_before.clone(), Some(run.fee)),
        };
        let upheld = outcome == said && declared == declared_before;
        let dispute = Dispute { attester, challenger, settler, upheld, native_fee };
        self.note(Note::Settled { task, settler, outcome, upheld, native: native_fee.is_some() });
        if outcome.as_bool().is_none() {
            self.pay_dispute(now, at, &dispute);
            match evidence {
                Evidence::Proof(verified) => self.fail(now, at, settler_at, verified),
                Evidence::Native(_) => self.fail_natively(now, at, settler_at, outcome),
            }
            return Ruling::Failed;
        }
        // A native run has no author to pay.
        let price = if upheld || native_fee.is_none() { price } else { Amount::ZERO };
        let held = self.escrow_take(at, Bucket::Bounty, price);
        self.escrow_put(at, Bucket::Hold, held);
        let surplus = self.escrow_take_all(at, Bucket::Bounty);
        self.credit(requester, surplus);
        let provider = if upheld { attester } else { settler };
        self.set_state(at, |state| {
            *state = TaskState::Accepted {
                provider,
                outcome,
                declared,
                price,
                accepted: now,
                final_at,
                offender: None,
                dispute: Some(Box::new(dispute)),
            };
        });
        self.note(Note::Accepted { task, provider, outcome, price });
        Ruling::Accepted
    }

    /// Burns what was not revealed; where no commitment can become a challenge any more, the answer stands.
    pub(super) fn end_window(&mut self, now: Height, at: u32) {
        self.burn_unrevealed(now, at);
        if let TaskState::Attested { until, commits, .. } = &self.task_at(at).live.state
            && now > *until
            && commits.is_empty()
        {
            self.confirm(now, at);
        }
    }

    /// T7: nobody challenged.
    fn confirm(&mut self, now: Height, at: u32) {
        let Task { terms, live, .. } = self.task_at(at);
        let TaskState::Attested { provider, outcome, price, .. } = live.state else { return };
        let (task, requester, payee, stake) = (terms.id, terms.requester_at, live.party, live.escrow.stake);
        self.touch_task(at);
        let coins = self.escrow_take(at, Bucket::Bounty, price);
        self.credit(payee, coins);
        for bucket in [Bucket::Bounty, Bucket::Bond] {
            let coins = self.escrow_take_all(at, bucket);
            self.credit(requester, coins);
        }
        let coins = self.take_whole_stake(payee, at);
        self.give_back(payee, coins);
        self.succeed_at(at, payee);
        let declared = self.take_declared(at);
        self.end(at, TaskState::Final { provider, outcome, declared, paid: price, at: now });
        self.note(Note::Finalised { task, provider, paid: price, stake_returned: stake, confirmed: true });
        self.assert_task(at);
    }

    /// T9c: nobody settled, so there is no answer, least of all the challenger's. The attester bears it, as it could have proved.
    pub(super) fn void(&mut self, now: Height, at: u32) {
        let Task { terms, live, .. } = self.task_at(at);
        let TaskState::Challenged { provider: attester, challenger, .. } = live.state else { return };
        let (task, requester, attester_at) = (terms.id, terms.requester_at, live.party);
        let bond = live.escrow.challenge;
        let rules = Arc::clone(&terms.rules);
        let reopened = live.reopens < terms.rules.reopens_max && terms.has_room(now);
        self.touch_task(at);
        let challenger_at = self.known(&challenger);
        let coins = self.unlock_money(challenger_at, at, Bucket::Challenge, bond);
        self.credit(challenger_at, coins);
        let stake = self.take_whole_stake(attester_at, at);
        let (hero, mut burned, requester_paid) = self.slash(at, stake.coins);
        let hero_paid = if challenger == attester { Amount::ZERO } else { hero.amount() };
        if challenger == attester {
            burned = burned.checked_add(hero.amount()).unwrap_or(Amount::MAX);
            self.burn(hero);
        } else {
            self.credit(challenger_at, hero);
        }
        self.note(Note::Slashed {
            task,
            provider: attester,
            burned,
            hero: (challenger != attester).then_some(challenger),
            hero_paid,
            requester_paid,
            insurance_paid: Amount::ZERO,
        });
        self.note(Note::Voided { task, challenger, bond_returned: bond, reopened });
        self.offend(now, attester_at, OFFENCE, true, &rules);
        if reopened {
            let clock = self.task_at(at).terms.round(1, now);
            let live = &mut self.task_mut(at).live;
            live.reopens = live.reopens.saturating_add(1);
            live.party = 0;
            self.set_state(at, |state| *state = TaskState::Open { clock });
        } else {
            for bucket in [Bucket::Bounty, Bucket::Bond] {
                let coins = self.escrow_take_all(at, bucket);
                self.credit(requester, coins);
            }
            self.end(at, TaskState::Expired { reason: reason::UNSETTLED, at: now });
            self.note(Note::Expired { task });
        }
        self.assert_task(at);
    }

    /// T17 of an answer that a challenge led to.
    pub(super) fn finalise_dispute(&mut self, now: Height, at: u32, dispute: &Dispute) {
        let Task { terms, live, .. } = self.task_at(at);
        let TaskState::Accepted { provider, outcome, .. } = live.state else { return };
        let (task, requester, stake) = (terms.id, terms.requester_at, live.escrow.stake);
        let payee = self.known(&provider);
        let held = self.escrow_take_all(at, Bucket::Hold);
        let paid = held.amount();
        self.credit(payee, held);
        let bond = self.escrow_take_all(at, Bucket::Bond);
        self.credit(requester, bond);
        self.pay_dispute(now, at, dispute);
        let declared = self.take_declared(at);
        self.end(at, TaskState::Final { provider, outcome, declared, paid, at: now });
        let stake_returned = if dispute.upheld { stake } else { Amount::ZERO };
        self.note(Note::Finalised { task, provider, paid, stake_returned, confirmed: false });
        self.assert_task(at);
    }

    /// Stake and bond go where the dispute says; nobody is paid for having been wrong.
    fn pay_dispute(&mut self, now: Height, at: u32, dispute: &Dispute) {
        let Task { terms, live, .. } = self.task_at(at);
        let (task, attester_at) = (terms.id, live.party);
        let (stake, bond) = (live.escrow.stake, live.escrow.challenge);
        let bond_share = bond.share(terms.rules.bond_prover_share);
        let challenger_part = stake.share(terms.rules.challenger_share);
        let (challenger_at, settler_at) = (self.known(&dispute.challenger), self.known(&dispute.settler));
        let mut bond = self.unlock_money(challenger_at, at, Bucket::Challenge, bond);
        let rules = Arc::clone(&self.task_at(at).terms.rules);
        let stake = self.take_whole_stake(attester_at, at);
        // What a native run earns is what it cost.
        let most = |part: Amount| dispute.native_fee.map_or(part, |fee| fee.min(part));
        if dispute.upheld {
            self.give_back(attester_at, stake);
            self.succeed(attester_at, &rules);
            let part = if dispute.settler == dispute.challenger { Amount::ZERO } else { most(bond_share) };
            let coins = bond.split(part);
            let (settler_paid, burned) = (coins.amount(), bond.amount());
            self.credit(settler_at, coins);
            self.burn(bond);
            let Dispute { challenger, settler, .. } = *dispute;
            self.note(Note::ChallengeLost { task, challenger, burned, settler, settler_paid });
            return;
        }
        self.credit(challenger_at, bond);
        let lost = stake.coins.amount();
        let (mut hero, mut burned, requester_paid) = self.slash(at, stake.coins);
        let settler_part = most(hero.amount().checked_sub(challenger_part).unwrap_or(Amount::ZERO));
        let mut pay = |market: &mut Market, who: AccountId, to: u32, part: Amount| {
            let coins = hero.split(if who == dispute.attester { Amount::ZERO } else { part });
            let paid = coins.amount();
            market.credit(to, coins);
            paid
        };
        let challenger_paid = pay(self, dispute.challenger, challenger_at, challenger_part);
        let settler_paid = pay(self, dispute.settler, settler_at, settler_part);
        burned = burned.checked_add(hero.amount()).unwrap_or(Amount::MAX);
        self.burn(hero);
        self.note(Note::AttestationSlashed {
            task,
            attester: dispute.attester,
            burned,
            challenger_paid,
            settler_paid,
            requester_paid,
        });
        self.lie(now, attester_at, task, lost, &rules);
    }

    /// T15 by a native run: nobody proved, so the bond goes back whole.
    fn fail_natively(&mut self, now: Height, at: u32, settler_at: u32, outcome: Outcome) {
        let terms = &self.task_at(at).terms;
        let (task, requester) = (terms.id, terms.requester_at);
        for bucket in [Bucket::Bounty, Bucket::Bond] {
            let coins = self.escrow_take_all(at, bucket);
            self.credit(requester, coins);
        }
        let provider = self.account_row(settler_at).id;
        self.end(at, TaskState::Failed { provider, outcome, at: now });
        self.note(Note::Failed { task, provider, outcome, paid: Amount::ZERO });
    }

    /// The dense index of an account that a task names.
    #[expect(
        clippy::expect_used,
        reason = "rows of accounts are never removed, and restoring looks up all that a task names"
    )]
    fn known(&self, id: &AccountId) -> u32 {
        self.find_account(id).expect("an account that a task names")
    }
}
