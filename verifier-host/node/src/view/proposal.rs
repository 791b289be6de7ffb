//! Proposals and votes.

use serde::{Serialize, Serializer};
use zera_abi::{AccountId, Amount, Height};
use zera_market::{Market, Proposal, ProposalState, Schedule};

use super::market::numbers;
use super::{Text, Units};

/// A proposal as it stands in the next block.
#[derive(Serialize)]
pub(crate) struct ProposalView {
    id: u64,
    proposer: Text<AccountId>,
    rule: &'static str,
    old: Text<u128>,
    new: Text<u128>,
    opened: u64,
    expires: u64,
    deposit: Units,
    pace: &'static str,
    half_life_blocks: u64,
    state: &'static str,
    support: Units,
    conviction: Units,
    need: Option<Units>,
    effective: Units,
    passes: Option<u64>,
    executes: Option<u64>,
    ended: Option<u64>,
    version: Option<u32>,
    reason: Option<&'static str>,
}

impl ProposalView {
    /// `next` is the height of the next block.
    pub(crate) fn new(market: &Market, proposal: &Proposal, next: Height) -> ProposalView {
        let poll = market.poll(proposal.id(), next);
        let (mut executes, mut ended, mut version, mut reason) = (None, None, None, None);
        match *proposal.state() {
            ProposalState::Voting => {}
            ProposalState::Passed { executes: at, .. } => executes = Some(at.0),
            ProposalState::Adopted { at, version: adopted } => (ended, version) = (Some(at.0), Some(adopted)),
            ProposalState::Overtaken { at, why } => (ended, reason) = (Some(at.0), Some(why.as_str())),
            ProposalState::Expired { at } => (ended, reason) = (Some(at.0), Some("it did not pass in time")),
        }
        ProposalView {
            id: proposal.id(),
            proposer: Text(*proposal.proposer()),
            rule: proposal.rule(),
            old: Text(proposal.old()),
            new: Text(proposal.new_value()),
            opened: proposal.opened().0,
            expires: proposal.expires().0,
            deposit: Units(proposal.deposit()),
            pace: proposal.pace().name(),
            half_life_blocks: market.schedule().half_life(proposal.pace()),
            state: proposal.state().name(),
            support: Units(proposal.support()),
            conviction: Units(poll.map_or(Amount::ZERO, |poll| poll.conviction)),
            need: poll.and_then(|poll| poll.need).map(Units),
            effective: Units(poll.map_or(Amount::ZERO, |poll| poll.effective)),
            passes: poll.and_then(|poll| poll.passes).map(|at| at.0),
            executes,
            ended,
            version,
            reason,
        }
    }
}

/// The numbers of voting itself: amounts as strings, everything else as numbers.
pub(crate) struct ScheduleView(pub(crate) Schedule);

impl Serialize for ScheduleView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        numbers(serializer, self.0.entries(), Schedule::is_amount)
    }
}

/// What an account has locked for a proposal.
#[derive(Serialize)]
pub(crate) struct BallotView {
    proposal: u64,
    amount: Units,
}

impl BallotView {
    pub(crate) fn new((proposal, amount): (u64, Amount)) -> BallotView {
        BallotView { proposal, amount: Units(amount) }
    }
}
