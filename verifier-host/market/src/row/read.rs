//! Reading rows. Nothing that a store holds is trusted: each value has one form, and what is not one is no row.

use std::sync::Arc;

use zera_abi::wire::{MAX_DECLARED, Reader};
use zera_abi::{AccountId, Amount, Height, KeyId, Level, Outcome, PredicateId, TaskId};

use super::{VERSION, VOTE_VERSION};
use crate::key::KeyBond;
use crate::rules::Rules;
use crate::standing::{Decayed, Score, Standing, UNBONDINGS_MAX, Unbonding};
use crate::task::{Clock, Commit, Delivery, Dispute, Escrow, Mode, TaskState};
use crate::vote::{Overtaken, Proposal, ProposalState, SUPPORT_MAX, Tally};

/// A task row as it lies on disk; dense indices and rules are found by the restorer.
pub(crate) struct TaskRow {
    pub(crate) sequence: u64,
    pub(crate) rules_version: u32,
    pub(crate) requester: AccountId,
    pub(crate) predicate: PredicateId,
    pub(crate) key: KeyId,
    pub(crate) input_root: [u8; 32],
    /// `witness_only`, `delivers`.
    pub(crate) private: (bool, bool),
    pub(crate) mode: Mode,
    pub(crate) level: Level,
    pub(crate) declared: u8,
    pub(crate) expected: Vec<[u8; 32]>,
    pub(crate) bounty_max: Amount,
    pub(crate) min_stake: Amount,
    pub(crate) value_at_risk: Amount,
    pub(crate) opened: Height,
    pub(crate) deadline: Height,
    pub(crate) escrow: Escrow,
    pub(crate) reopens: u8,
    pub(crate) backed: Amount,
    /// Dense indices inside are 0.
    pub(crate) state: TaskState,
}

/// Reads an account row: free, locked, standing. `None` where it is not one; so for every reader below.
pub(crate) fn read_account(bytes: &[u8]) -> Option<(Amount, Amount, Option<Standing>)> {
    let mut r = Row(Reader::new(bytes));
    r.version()?;
    let (free, locked) = (r.amount()?, r.amount()?);
    let standing = if r.bool()? { Some(r.standing()?) } else { None };
    r.end()?;
    Some((free, locked, standing))
}

pub(crate) fn read_slashed(bytes: &[u8]) -> Option<Decayed> {
    let mut r = Row(Reader::new(bytes));
    let slashed = Decayed { amount: r.amount()?, height: r.height()? };
    r.end()?;
    Some(slashed)
}

pub(crate) fn read_bond(bytes: &[u8]) -> Option<KeyBond> {
    let mut r = Row(Reader::new(bytes));
    r.version()?;
    let bond = match r.byte()? {
        1 => KeyBond::Bonded { owner: r.provider()?, deposit: r.amount()? },
        2 => KeyBond::Released { owner: r.provider()? },
        3 => KeyBond::Withdrawn { reporter: r.provider()? },
        _ => return None,
    };
    r.end()?;
    Some(bond)
}

/// Its number and dense indices are the restorer's to find.
pub(crate) fn read_proposal(bytes: &[u8]) -> Option<Proposal> {
    let mut r = Row(Reader::new(bytes));
    r.vote_version()?;
    let proposal = Proposal {
        id: 0,
        proposer: r.provider()?,
        rule: r.rule()?,
        old: r.0.u128().ok()?,
        new: r.0.u128().ok()?,
        opened: r.height()?,
        expires: r.height()?,
        deposit: r.amount()?,
        tally: Tally {
            support: r.amount()?,
            conviction: r.0.u128().ok()?,
            updated: r.height()?,
            effective: r.amount()?,
            state: match r.byte()? {
                1 => ProposalState::Voting,
                2 => ProposalState::Passed { at: r.height()?, executes: r.height()? },
                3 => ProposalState::Adopted { at: r.height()?, version: r.0.u32().ok()? },
                4 => ProposalState::Overtaken { at: r.height()?, why: Overtaken::from_code(r.byte()?)? },
                5 => ProposalState::Expired { at: r.height()? },
                _ => return None,
            },
        },
        proposer_at: 0,
        room: None,
    };
    r.end()?;
    (proposal.tally.support <= SUPPORT_MAX).then_some(proposal)
}

pub(crate) fn read_ballot(bytes: &[u8]) -> Option<Amount> {
    let mut r = Row(Reader::new(bytes));
    r.vote_version()?;
    let amount = r.amount()?;
    r.end()?;
    // None is no row.
    (!amount.is_zero()).then_some(amount)
}

pub(crate) fn read_amount(bytes: &[u8]) -> Option<Amount> {
    let mut r = Row(Reader::new(bytes));
    let amount = r.amount()?;
    r.end()?;
    Some(amount)
}

pub(crate) fn read_id(bytes: &[u8]) -> Option<TaskId> {
    bytes.try_into().ok().map(TaskId)
}

pub(crate) fn read_task(bytes: &[u8]) -> Option<TaskRow> {
    let mut r = Row(Reader::new(bytes));
    r.version()?;
    let row = TaskRow {
        sequence: r.0.u64().ok()?,
        rules_version: r.0.u32().ok()?,
        requester: AccountId(r.id()?),
        predicate: PredicateId(r.id()?),
        key: KeyId(r.id()?),
        input_root: r.id()?,
        private: r.private()?,
        mode: Mode::from_code(r.byte()?)?,
        level: Level::from_code(r.byte()?)?,
        declared: r.byte()?,
        expected: r.values()?,
        bounty_max: r.amount()?,
        min_stake: r.amount()?,
        value_at_risk: r.amount()?,
        opened: r.height()?,
        deadline: r.height()?,
        escrow: Escrow {
            bounty: r.amount()?,
            stake: r.amount()?,
            bond: r.amount()?,
            hold: r.amount()?,
            deposit: r.amount()?,
            challenge: r.amount()?,
        },
        reopens: r.byte()?,
        backed: r.amount()?,
        state: r.state()?,
    };
    r.end()?;
    Some(row)
}

struct Row<'a>(Reader<'a>);

impl Row<'_> {
    fn version(&mut self) -> Option<()> {
        (self.byte()? == VERSION).then_some(())
    }
    fn vote_version(&mut self) -> Option<()> {
        (self.byte()? == VOTE_VERSION).then_some(())
    }
    fn rule(&mut self) -> Option<&'static str> {
        let len = usize::from(self.byte()?);
        let name = self.0.take(len).ok()?;
        Rules::standard().entries().into_iter().map(|(name, ..)| name).find(|known| known.as_bytes() == name)
    }
    fn end(&self) -> Option<()> {
        self.0.end().ok()
    }
    fn byte(&mut self) -> Option<u8> {
        self.0.u8().ok()
    }
    fn bool(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
    fn private(&mut self) -> Option<(bool, bool)> {
        match self.byte()? {
            0 => Some((false, false)),
            1 => Some((true, false)),
            2 => Some((false, true)),
            _ => None,
        }
    }
    fn id(&mut self) -> Option<[u8; 32]> {
        self.0.array().ok()
    }
    fn amount(&mut self) -> Option<Amount> {
        self.0.u128().ok().map(Amount::from_units)
    }
    fn height(&mut self) -> Option<Height> {
        self.0.u64().ok().map(Height)
    }
    fn outcome(&mut self) -> Option<Outcome> {
        Outcome::from_code(self.byte()?)
    }
    fn provider(&mut self) -> Option<AccountId> {
        self.id().map(AccountId)
    }

    fn score(&mut self) -> Option<Score> {
        Some(Score { value: self.0.u32().ok()?, height: self.height()? })
    }

    /// What is there or not has one form of each value.
    fn optional<T: Default + PartialEq>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        let there = self.bool()?;
        let value = read(self)?;
        if there { Some(Some(value)) } else { (value == T::default()).then_some(None) }
    }

    fn standing(&mut self) -> Option<Standing> {
        let staked = self.amount()?;
        let count = usize::from(self.byte()?);
        if count > UNBONDINGS_MAX {
            return None;
        }
        let unbonding: Option<Vec<Unbonding>> =
            (0..count).map(|_| Some(Unbonding { amount: self.amount()?, due: self.height()? })).collect();
        let unbonding = unbonding?;
        if !unbonding.is_sorted_by_key(|part| part.due) {
            return None;
        }
        let [liveness, safety, releases] = [self.score()?, self.score()?, self.score()?];
        let capacity = self.optional(|r| r.0.u32().ok())?;
        let (misses, jailed_until) = (self.byte()?, self.height()?);
        let called = self.optional(|r| r.height())?;
        let backing = Amount::ZERO;
        Some(Standing {
            staked,
            unbonding,
            liveness,
            safety,
            releases,
            capacity,
            misses,
            jailed_until,
            called,
            backing,
        })
    }

    fn values(&mut self) -> Option<Vec<[u8; 32]>> {
        let count = usize::from(self.byte()?);
        if count > MAX_DECLARED {
            return None;
        }
        (0..count).map(|_| self.id()).collect()
    }

    fn clock(&mut self) -> Option<Clock> {
        Some(Clock { round: self.byte()?, ceiling: self.amount()?, started: self.height()?, ends: self.height()? })
    }

    fn commit(&mut self) -> Option<Commit> {
        Some(Commit {
            provider: self.provider()?,
            digest: self.id()?,
            height: self.height()?,
            deposit: self.amount()?,
            account: 0,
        })
    }

    fn commits(&mut self) -> Option<Vec<Commit>> {
        let count = self.byte()?;
        (0..count).map(|_| self.commit()).collect()
    }

    fn dispute(&mut self) -> Option<Dispute> {
        let [attester, challenger, settler] = [self.provider()?, self.provider()?, self.provider()?];
        let (upheld, native, fee) = (self.bool()?, self.bool()?, self.amount()?);
        // One form of each value.
        let native_fee = if native { Some(fee) } else { fee.is_zero().then_some(None)? };
        Some(Dispute { attester, challenger, settler, upheld, native_fee })
    }

    fn delivery(&mut self) -> Option<Delivery> {
        Some(match self.byte()? {
            0 => Delivery::Unkeyed,
            1 => Delivery::Keyed { key: self.id()?, since: self.height()? },
            2 => Delivery::Demanded {
                key: self.id()?,
                since: self.height()?,
                until: self.height()?,
                fee: self.amount()?,
            },
            3 => Delivery::Delivered { key: self.id()? },
            4 => Delivery::Withdrawn { key: self.id()? },
            _ => return None,
        })
    }

    fn state(&mut self) -> Option<TaskState> {
        Some(match self.byte()? {
            1 => TaskState::Open { clock: self.clock()? },
            2 => TaskState::Assigned {
                provider: self.provider()?,
                price: self.amount()?,
                stake: self.amount()?,
                locked: self.height()?,
                start_deadline: self.height()?,
                lock_deadline: self.height()?,
                attempts: self.byte()?,
                clock: self.clock()?,
                delivery: self.delivery()?,
            },
            3 => TaskState::Rescue {
                offender: self.provider()?,
                late: self.bool()?,
                price: self.amount()?,
                opened: self.height()?,
                expires: self.height()?,
                commits: self.commits()?,
            },
            4 => TaskState::Accepted {
                provider: self.provider()?,
                outcome: self.outcome()?,
                declared: self.values()?,
                price: self.amount()?,
                accepted: self.height()?,
                final_at: self.height()?,
                offender: if self.bool()? { Some(self.provider()?) } else { None },
                dispute: if self.bool()? { Some(Box::new(self.dispute()?)) } else { None },
            },
            5 => TaskState::Final {
                provider: self.provider()?,
                outcome: self.outcome()?,
                declared: self.values()?,
                paid: self.amount()?,
                at: self.height()?,
            },
            6 => TaskState::Cancelled { at: self.height()? },
            7 => TaskState::Expired { reason: self.0.u16().ok()?, at: self.height()? },
            8 => TaskState::Failed { provider: self.provider()?, outcome: self.outcome()?, at: self.height()? },
            10 => TaskState::Attested {
                provider: self.provider()?,
                outcome: self.outcome()?,
                declared: self.values()?,
                price: self.amount()?,
                attested: self.height()?,
                until: self.height()?,
                commits: self.commits()?,
            },
            11 => TaskState::Challenged {
                provider: self.provider()?,
                outcome: self.outcome()?,
                declared: self.values()?,
                price: self.amount()?,
                challenger: self.provider()?,
                claimed: self.outcome()?,
                challenged: self.height()?,
                until: self.height()?,
            },
            9 => TaskState::Revoked { reason: self.0.u16().ok()?, at: self.height()? },
            12 => TaskState::Undelivered { provider: self.provider()?, at: self.height()? },
            _ => return None,
        })
    }
}

/// The rules that a task row refers to.
pub(crate) fn rules_of(rules: &[Arc<Rules>], version: u32) -> Option<Arc<Rules>> {
    rules.get(usize::try_from(version).ok()?).cloned()
}
