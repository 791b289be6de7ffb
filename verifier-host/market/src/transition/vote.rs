//! Votes over the rules: proposing, supporting, and what a block's clock makes of it. Beside the transition table of tasks.

use zera_abi::{AccountId, Amount, Height};

use crate::error::MarketError;
use crate::market::{Market, dense};
use crate::note::Note;
use crate::undo::Undo;
use crate::vote::{
    Change, Overtaken, PROPOSALS_MAX, Poll, Proposal, ProposalState, SUPPORT_MAX, Schedule, Tally, VoteError, after,
    reached,
};

impl Market {
    /// Asks that `rule` be `value`, in units, for tasks opened once that is adopted; takes the deposit and returns the proposal's
    /// number. The deposit comes back when the proposal is adopted or overtaken, and burns when it expires.
    ///
    /// # Errors
    /// In this order: [`VoteError::UnknownRule`], [`Same`](VoteError::Same), [`Step`](VoteError::Step),
    /// [`Follows`](VoteError::Follows), [`Rules`](VoteError::Rules), [`Exists`](VoteError::Exists), [`MarketError::Limit`] where
    /// [`PROPOSALS_MAX`] are open, [`Funds`](MarketError::Funds).
    pub fn propose(&mut self, now: Height, proposer: AccountId, rule: &str, value: u128) -> Result<u64, MarketError> {
        let (version, rules) = self.rules_latest();
        let change = Change::new(rules, &self.votes.schedule, rule, value)?;
        let same = |at: &&u32| {
            let other = self.votes.at(**at);
            (other.rule, other.old, other.new) == (change.rule, change.old, value)
        };
        if let Some(other) = self.votes.open.iter().find(same) {
            return Err(VoteError::Exists { proposal: u64::from(*other) }.into());
        }
        let open = self.votes.open.len();
        if open >= PROPOSALS_MAX {
            let max = PROPOSALS_MAX as u64;
            return Err(MarketError::Limit { what: "proposals at a time", got: max.saturating_add(1), max });
        }
        let deposit = self.votes.schedule.deposit(open);
        let account = self.payer(&proposer, deposit)?;
        let id = dense("proposals", self.votes.proposals.len())?;

        let effective = self.effective_supply();
        let coins = self.debit(account, deposit);
        self.voting_put(coins);
        let Change { rule, old, room, .. } = change;
        let tally =
            Tally { support: Amount::ZERO, conviction: 0, updated: now, effective, state: ProposalState::Voting };
        let expires = after(now, self.votes.schedule.expiry_blocks);
        self.votes.proposals.push(Proposal {
            id,
            proposer,
            rule,
            old,
            new: value,
            opened: now,
            expires,
            deposit,
            tally,
            proposer_at: account,
            room: Some((version, room)),
        });
        self.votes.open.insert(id);
        self.votes.proposals_dirty.push(id);
        self.record(|_| Undo::NewProposal);
        let proposal = u64::from(id);
        self.note(Note::ProposalOpened { proposal, proposer, rule, old, new: value, deposit });
        self.assert_balanced();
        Ok(proposal)
    }

    /// Makes `amount` what `voter` has locked for a proposal, 0 to take all of it back. The money moves at once in both directions;
    /// conviction follows over the half-life.
    ///
    /// Constant cost, however many vote. What is locked for a proposal that has ended can only be taken back.
    ///
    /// # Errors
    /// In this order: [`VoteError::Unknown`], [`Ended`](VoteError::Ended), [`MarketError::Range`] below the least vote or above
    /// what the votes of one proposal may add up to, [`Funds`](MarketError::Funds).
    pub fn support(&mut self, now: Height, proposal: u64, voter: AccountId, amount: Amount) -> Result<(), MarketError> {
        let at = self.votes.find(proposal)?;
        let before = self.ballot(proposal, &voter);
        let tally = self.votes.at(at).tally;
        if tally.state.is_ended() && amount > before {
            return Err(VoteError::Ended { proposal, state: tally.state.name() }.into());
        }
        let others = tally.support.checked_sub(before).unwrap_or(Amount::ZERO);
        let (min, max) = (self.votes.schedule.ballot_floor, SUPPORT_MAX.checked_sub(others).unwrap_or(Amount::ZERO));
        if !amount.is_zero() && (amount < min || amount > max) {
            return Err(MarketError::Range { what: "votes", got: amount, min, max });
        }
        if amount == before {
            return Ok(());
        }
        let more = amount.checked_sub(before).unwrap_or(Amount::ZERO);
        let account = self.payer(&voter, more)?;

        let settled = self.settled(at, now);
        let support = others.checked_add(amount).unwrap_or(SUPPORT_MAX);
        self.set_tally(at, Tally { support, ..settled });
        self.set_ballot(account, at, amount);
        if more.is_zero() {
            let less = before.checked_sub(amount).unwrap_or(Amount::ZERO);
            let coins = self.voting_take(less);
            self.credit(account, coins);
        } else {
            let coins = self.debit(account, more);
            self.voting_put(coins);
        }
        self.note(Note::ProposalSupported { proposal, voter, amount, support });
        self.assert_balanced();
        Ok(())
    }

    /// What the clock makes of proposals, at the start of a block and before its tasks: at most [`PROPOSALS_MAX`] powers of alpha.
    ///
    /// In order of opening. What a proposal is measured against is the greatest effective supply of the starts of blocks since it
    /// was opened, so taking other votes away lowers no threshold.
    pub(crate) fn tick_votes(&mut self, now: Height) {
        if self.votes.open.is_empty() {
            return;
        }
        let effective = self.effective_supply();
        let open: Vec<u32> = self.votes.open.iter().copied().collect();
        for at in &open {
            let tally = self.votes.at(*at).tally;
            if effective > tally.effective {
                self.set_tally(*at, Tally { effective, ..tally });
            }
        }
        for at in open {
            self.tick_proposal(now, at);
        }
    }

    fn tick_proposal(&mut self, now: Height, at: u32) {
        let (version, rules) = self.rules_latest();
        let need = match self.votes.need(at, version, rules) {
            Ok(need) => need,
            Err(why) => return self.end_proposal(now, at, ProposalState::Overtaken { at: now, why }),
        };
        let proposal = self.votes.at(at);
        let half_life = self.votes.schedule.half_life(proposal.pace());
        let enough = || need.is_some_and(|need| reached(proposal.conviction_at(now, half_life)) >= need);
        match proposal.tally.state {
            ProposalState::Voting if now > proposal.expires => {
                self.end_proposal(now, at, ProposalState::Expired { at: now });
            }
            ProposalState::Voting if enough() => {
                let executes = after(now, half_life);
                let settled = self.settled(at, now);
                self.set_tally(at, Tally { state: ProposalState::Passed { at: now, executes }, ..settled });
                self.note(Note::ProposalPassed { proposal: u64::from(at), executes });
            }
            ProposalState::Passed { executes, .. } if now >= executes => {
                if enough() {
                    self.execute(now, at);
                } else {
                    let settled = self.settled(at, now);
                    self.set_tally(at, Tally { state: ProposalState::Voting, ..settled });
                    self.note(Note::ProposalLapsed { proposal: u64::from(at) });
                }
            }
            _ => self.keep_room(at),
        }
    }

    /// Adopts the rules of a proposal that has come through its time lock.
    fn execute(&mut self, now: Height, at: u32) {
        let change = self.votes.change(at, self.rules_latest().1);
        let state = match change.map(|change| self.adopt(change.rules)) {
            Ok(Ok(version)) => ProposalState::Adopted { at: now, version },
            Ok(Err(_)) => ProposalState::Overtaken { at: now, why: Overtaken::Relation },
            Err(why) => ProposalState::Overtaken { at: now, why },
        };
        self.end_proposal(now, at, state);
    }

    fn end_proposal(&mut self, now: Height, at: u32, state: ProposalState) {
        let settled = self.settled(at, now);
        self.set_tally(at, Tally { state, ..settled });
        let Proposal { proposer_at, deposit, .. } = *self.votes.at(at);
        let coins = self.voting_take(deposit);
        let (returned, burned) = match state {
            ProposalState::Expired { .. } => (Amount::ZERO, deposit),
            _ => (deposit, Amount::ZERO),
        };
        if burned.is_zero() {
            self.credit(proposer_at, coins);
        } else {
            self.burn(coins);
        }
        self.note(Note::ProposalEnded { proposal: u64::from(at), state, deposit_returned: returned, burned });
        self.assert_balanced();
    }

    /// The proposal with its conviction brought up to `now`.
    fn settled(&self, at: u32, now: Height) -> Tally {
        let proposal = self.votes.at(at);
        if proposal.tally.state.is_ended() {
            return proposal.tally;
        }
        let half_life = self.votes.schedule.half_life(proposal.pace());
        Tally { conviction: proposal.conviction_at(now, half_life), updated: now, ..proposal.tally }
    }

    /// Keeps what was derived for the rules in force, so that it is derived once for each version.
    fn keep_room(&mut self, at: u32) {
        let (version, rules) = self.rules_latest();
        if self.votes.at(at).room.is_none_or(|(known, _)| known != version)
            && let Ok(change) = self.votes.change(at, rules)
        {
            self.votes.at_mut(at).room = Some((version, change.room));
        }
    }

    fn set_tally(&mut self, at: u32, tally: Tally) {
        self.record(|market| Undo::Proposal { at, tally: Box::new(market.votes.at(at).tally) });
        self.votes.set_tally(at, tally);
        self.votes.proposals_dirty.push(at);
    }

    fn set_ballot(&mut self, account: u32, at: u32, amount: Amount) {
        let key = (account, at);
        let before =
            if amount.is_zero() { self.votes.ballots.remove(&key) } else { self.votes.ballots.insert(key, amount) };
        self.record(|_| Undo::Ballot { key, before });
        self.votes.ballots_dirty.push(key);
    }

    /// What votes are measured against now. What was burnt has no vote.
    fn effective_supply(&self) -> Amount {
        let supply = self.totals.minted.checked_sub(self.totals.burned).unwrap_or(Amount::ZERO);
        self.votes.schedule.effective(supply, self.votes.active())
    }

    // What is known of votes.

    /// The numbers of voting itself.
    pub fn schedule(&self) -> &Schedule {
        &self.votes.schedule
    }

    /// Every proposal, in order of opening.
    pub fn proposals(&self) -> impl DoubleEndedIterator<Item = &Proposal> + ExactSizeIterator {
        self.votes.proposals.iter()
    }

    /// A proposal by its number.
    pub fn proposal(&self, proposal: u64) -> Option<&Proposal> {
        self.votes.find(proposal).ok().map(|at| self.votes.at(at))
    }

    /// The deposit that the next proposal needs.
    pub fn proposal_deposit(&self) -> Amount {
        self.votes.schedule.deposit(self.votes.open.len())
    }

    /// How a proposal stands at `now`, the height of the next block or a later one.
    pub fn poll(&self, proposal: u64, now: Height) -> Option<Poll> {
        let at = self.votes.find(proposal).ok()?;
        let found = self.votes.at(at);
        let half_life = self.votes.schedule.half_life(found.pace());
        let (version, rules) = self.rules_latest();
        let ended = found.tally.state.is_ended();
        let need = if ended { None } else { self.votes.need(at, version, rules).ok().flatten() };
        let voting = matches!(found.tally.state, ProposalState::Voting);
        let passes = need.filter(|_| voting).and_then(|need| self.votes.passes(at, now, need));
        Some(Poll {
            conviction: reached(found.conviction_at(now, half_life)),
            need,
            effective: found.tally.effective,
            passes,
        })
    }

    /// The conviction of a proposal at `now` in full: Q64.64 units, rounded down.
    pub fn conviction(&self, proposal: u64, now: Height) -> Option<u128> {
        let found = self.proposal(proposal)?;
        Some(found.conviction_at(now, self.votes.schedule.half_life(found.pace())))
    }

    /// What `account` has locked for a proposal.
    pub fn ballot(&self, proposal: u64, account: &AccountId) -> Amount {
        let key = self.find_account(account).zip(self.votes.find(proposal).ok());
        key.and_then(|key| self.votes.ballots.get(&key).copied()).unwrap_or(Amount::ZERO)
    }

    /// What `account` has locked for votes, by proposal.
    pub fn ballots(&self, account: &AccountId) -> impl Iterator<Item = (u64, Amount)> {
        let at = self.find_account(account);
        let range = at.map(|at| self.votes.ballots.range((at, 0)..=(at, u32::MAX)));
        range.into_iter().flatten().map(|((_, proposal), amount)| (u64::from(*proposal), *amount))
    }
}
