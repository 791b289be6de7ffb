#![doc = include_str!("../docs/rows.md")]

use std::collections::BTreeSet;
use std::sync::Arc;

use zera_abi::wire::{MAX_DECLARED, Reader};
use zera_abi::{AccountId, Amount, Height, KeyId, Level, Outcome, PredicateId, TaskId};

use crate::key::{KeyBond, KeyRow};
use crate::market::{AccountRow, Market, Totals};
use crate::ports::{Change, Table};
use crate::rules::Rules;
use crate::standing::{Decayed, Score, Standing, UNBONDINGS_MAX, Unbonding};
use crate::task::{Clock, Commit, Delivery, Dispute, Escrow, Mode, Task, TaskState};
use crate::vote::{Overtaken, Proposal, ProposalState, SUPPORT_MAX, Schedule, Tally};

/// Version byte of account, task and key rows. 1 had no offender in an accepted task, 2 nothing of attested answers, 3 nothing of deposits.
const VERSION: u8 = 4;
/// Version byte of rows of proposals and votes.
const VOTE_VERSION: u8 = 1;

impl Market {
    /// The rows that changed since the last call, sorted by table and key; nothing is removed but votes that were taken back. Ends all checkpoints.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        for at in std::mem::take(&mut self.accounts_dirty) {
            let row = self.account_mut(at);
            row.dirty = false;
            changes.push(account_change(row));
        }
        for at in std::mem::take(&mut self.tasks_dirty) {
            let task = self.task_mut(at);
            task.dirty = false;
            changes.push(task_change(task));
        }
        for at in std::mem::take(&mut self.keys_dirty) {
            let row = self.key_mut(at);
            row.dirty = false;
            changes.extend(bond_change(row));
        }
        for task in self.tasks.since(self.tasks_saved) {
            changes.push(sequence_change(task));
        }
        self.tasks_saved = self.tasks.len();
        for (version, rules) in self.rules.iter().enumerate().skip(self.rules_saved) {
            changes.push(rules_change(version, rules));
        }
        self.rules_saved = self.rules.len();
        self.take_votes(&mut changes);
        if std::mem::take(&mut self.totals_dirty) {
            changes.extend(totals_changes(&self.totals));
        }
        self.forget_log();
        sort(&mut changes);
        changes
    }

    /// Every row, sorted by table and key: what a store holds after all [`take_changes`](Market::take_changes) so far.
    pub fn rows(&self) -> Vec<Change> {
        let mut rows: Vec<Change> = self.accounts.iter().map(account_change).collect();
        rows.extend(self.tasks.iter().map(task_change));
        rows.extend(self.keys.iter().filter_map(bond_change));
        rows.extend(self.tasks.iter().map(sequence_change));
        rows.extend(self.rules.iter().enumerate().map(|(version, rules)| rules_change(version, rules)));
        rows.extend(totals_changes(&self.totals));
        rows.push(schedule_change(&self.votes.schedule));
        rows.extend(self.votes.proposals.iter().map(proposal_change));
        rows.extend(self.votes.ballots.keys().map(|key| self.ballot_change(*key)));
        sort(&mut rows);
        rows
    }

    fn take_votes(&mut self, changes: &mut Vec<Change>) {
        if !std::mem::replace(&mut self.votes.schedule_saved, true) {
            changes.push(schedule_change(&self.votes.schedule));
        }
        let proposals: BTreeSet<u32> = std::mem::take(&mut self.votes.proposals_dirty).into_iter().collect();
        changes.extend(proposals.into_iter().map(|at| proposal_change(self.votes.at(at))));
        let ballots: BTreeSet<(u32, u32)> = std::mem::take(&mut self.votes.ballots_dirty).into_iter().collect();
        changes.extend(ballots.into_iter().map(|key| self.ballot_change(key)));
    }

    fn ballot_change(&self, key: (u32, u32)) -> Change {
        let (account, proposal) = key;
        let id = self.account_row(account).id;
        let value = self.votes.ballots.get(&key).map(|amount| {
            let mut out = vec![VOTE_VERSION];
            put_amount(&mut out, *amount);
            out
        });
        let key = [id.0.as_slice(), &u64::from(proposal).to_be_bytes()].concat();
        Change { table: Table::Ballots, key, value }
    }
}

fn sort(changes: &mut [Change]) {
    changes.sort_by(|a, b| (a.table, &a.key).cmp(&(b.table, &b.key)));
}

fn change(table: Table, key: impl Into<Vec<u8>>, value: Vec<u8>) -> Change {
    Change { table, key: key.into(), value: Some(value) }
}

fn account_change(row: &AccountRow) -> Change {
    let mut out = vec![VERSION];
    put_amount(&mut out, row.free);
    put_amount(&mut out, row.locked);
    out.push(u8::from(row.standing.is_some()));
    if let Some(standing) = &row.standing {
        put_standing(&mut out, standing);
    }
    change(Table::Accounts, row.id.0, out)
}

fn put_standing(out: &mut Vec<u8>, standing: &Standing) {
    put_amount(out, standing.staked);
    out.push(u8::try_from(standing.unbonding.len()).unwrap_or(u8::MAX));
    for part in &standing.unbonding {
        put_amount(out, part.amount);
        put_height(out, part.due);
    }
    for score in [standing.liveness, standing.safety, standing.releases] {
        out.extend_from_slice(&score.value.to_le_bytes());
        put_height(out, score.height);
    }
    out.push(u8::from(standing.capacity.is_some()));
    out.extend_from_slice(&standing.capacity.unwrap_or(0).to_le_bytes());
    out.push(standing.misses);
    put_height(out, standing.jailed_until);
    out.push(u8::from(standing.called.is_some()));
    put_height(out, standing.called.unwrap_or(Height(0)));
}

/// A key that nobody bonded or withdrew has no row: its tasks say all of it.
fn bond_change(row: &KeyRow) -> Option<Change> {
    let mut out = vec![VERSION];
    match &row.bond {
        KeyBond::None => return None,
        KeyBond::Bonded { owner, deposit } => {
            out.push(1);
            out.extend_from_slice(&owner.0);
            put_amount(&mut out, *deposit);
        }
        KeyBond::Released { owner } => {
            out.push(2);
            out.extend_from_slice(&owner.0);
        }
        KeyBond::Withdrawn { reporter } => {
            out.push(3);
            out.extend_from_slice(&reporter.0);
        }
    }
    Some(change(Table::KeyBonds, row.id.0, out))
}

fn sequence_change(task: &Task) -> Change {
    change(Table::TaskSeq, task.sequence().to_be_bytes(), task.terms.id.0.to_vec())
}

fn rules_change(version: usize, rules: &Rules) -> Change {
    // Versions are numbered by `adopt`, which refuses one that does not fit.
    let version = u32::try_from(version).unwrap_or(u32::MAX);
    change(Table::Rules, version.to_be_bytes(), rules.encode())
}

pub(crate) const TOTALS: [&str; 5] = ["burned", "insurance", "minted", "slashed", "treasury"];

fn totals_changes(totals: &Totals) -> [Change; 5] {
    let amounts = [totals.burned, totals.insurance, totals.minted, totals.slashed.amount, totals.treasury];
    let mut pairs = TOTALS.into_iter().zip(amounts);
    std::array::from_fn(|_| {
        let (name, amount) = pairs.next().unwrap_or(("", Amount::ZERO));
        let mut value = amount.units().to_le_bytes().to_vec();
        if name == "slashed" {
            put_height(&mut value, totals.slashed.height);
        }
        change(Table::Totals, name.as_bytes(), value)
    })
}

fn task_change(task: &Task) -> Change {
    let Task { terms, live, .. } = task;
    let mut out = vec![VERSION];
    out.extend_from_slice(&task.sequence().to_le_bytes());
    out.extend_from_slice(&terms.rules_version.to_le_bytes());
    out.extend_from_slice(&terms.requester.0);
    out.extend_from_slice(&terms.predicate.0);
    out.extend_from_slice(&terms.key.0);
    out.extend_from_slice(&terms.input_root);
    // Where a witness is enough nothing is fixed, and so nothing owed.
    let private = if terms.delivers { 2 } else { u8::from(terms.witness_only) };
    out.extend_from_slice(&[private, terms.mode.code(), terms.level.code(), terms.declared]);
    put_values(&mut out, &terms.expected);
    put_amount(&mut out, terms.bounty_max);
    put_amount(&mut out, terms.min_stake);
    put_amount(&mut out, terms.value_at_risk);
    put_height(&mut out, terms.opened);
    put_height(&mut out, terms.deadline);
    let Escrow { bounty, stake, bond, hold, deposit, challenge } = live.escrow;
    for part in [bounty, stake, bond, hold, deposit, challenge] {
        put_amount(&mut out, part);
    }
    out.push(live.reopens);
    put_amount(&mut out, live.backed);
    put_state(&mut out, &live.state);
    change(Table::Tasks, terms.id.0, out)
}

fn put_amount(out: &mut Vec<u8>, amount: Amount) {
    out.extend_from_slice(&amount.units().to_le_bytes());
}

fn put_height(out: &mut Vec<u8>, height: Height) {
    out.extend_from_slice(&height.0.to_le_bytes());
}

/// At most [`MAX_DECLARED`] values, so the count fits a byte.
fn put_values(out: &mut Vec<u8>, values: &[[u8; 32]]) {
    out.push(u8::try_from(values.len()).unwrap_or(u8::MAX));
    for value in values {
        out.extend_from_slice(value);
    }
}

fn put_clock(out: &mut Vec<u8>, clock: &Clock) {
    out.push(clock.round);
    put_amount(out, clock.ceiling);
    put_height(out, clock.started);
    put_height(out, clock.ends);
}

/// At most `commits_max`, a byte.
fn put_commits(out: &mut Vec<u8>, commits: &[Commit]) {
    out.push(u8::try_from(commits.len()).unwrap_or(u8::MAX));
    for commit in commits {
        out.extend_from_slice(&commit.provider.0);
        out.extend_from_slice(&commit.digest);
        put_height(out, commit.height);
        put_amount(out, commit.deposit);
    }
}

fn put_state(out: &mut Vec<u8>, state: &TaskState) {
    match state {
        TaskState::Open { clock } => {
            out.push(1);
            put_clock(out, clock);
        }
        TaskState::Assigned {
            provider,
            price,
            stake,
            locked,
            start_deadline,
            lock_deadline,
            attempts,
            clock,
            delivery,
        } => {
            out.push(2);
            out.extend_from_slice(&provider.0);
            put_amount(out, *price);
            put_amount(out, *stake);
            put_height(out, *locked);
            put_height(out, *start_deadline);
            put_height(out, *lock_deadline);
            out.push(*attempts);
            put_clock(out, clock);
            put_delivery(out, delivery);
        }
        TaskState::Rescue { offender, late, price, opened, expires, commits } => {
            out.push(3);
            out.extend_from_slice(&offender.0);
            out.push(u8::from(*late));
            put_amount(out, *price);
            put_height(out, *opened);
            put_height(out, *expires);
            put_commits(out, commits);
        }
        TaskState::Attested { provider, outcome, declared, price, attested, until, commits } => {
            out.push(10);
            out.extend_from_slice(&provider.0);
            out.push(outcome.code());
            put_values(out, declared);
            put_amount(out, *price);
            put_height(out, *attested);
            put_height(out, *until);
            put_commits(out, commits);
        }
        TaskState::Challenged { provider, outcome, declared, price, challenger, claimed, challenged, until } => {
            out.push(11);
            out.extend_from_slice(&provider.0);
            out.push(outcome.code());
            put_values(out, declared);
            put_amount(out, *price);
            out.extend_from_slice(&challenger.0);
            out.push(claimed.code());
            put_height(out, *challenged);
            put_height(out, *until);
        }
        TaskState::Accepted { provider, outcome, declared, price, accepted, final_at, offender, dispute } => {
            out.push(4);
            out.extend_from_slice(&provider.0);
            out.push(outcome.code());
            put_values(out, declared);
            put_amount(out, *price);
            put_height(out, *accepted);
            put_height(out, *final_at);
            out.push(u8::from(offender.is_some()));
            if let Some(offender) = offender {
                out.extend_from_slice(&offender.0);
            }
            out.push(u8::from(dispute.is_some()));
            if let Some(Dispute { attester, challenger, settler, upheld, native_fee }) = dispute.as_deref() {
                for id in [attester, challenger, settler] {
                    out.extend_from_slice(&id.0);
                }
                out.extend_from_slice(&[u8::from(*upheld), u8::from(native_fee.is_some())]);
                put_amount(out, native_fee.unwrap_or(Amount::ZERO));
            }
        }
        TaskState::Final { provider, outcome, declared, paid, at } => {
            out.push(5);
            out.extend_from_slice(&provider.0);
            out.push(outcome.code());
            put_values(out, declared);
            put_amount(out, *paid);
            put_height(out, *at);
        }
        TaskState::Cancelled { at } => {
            out.push(6);
            put_height(out, *at);
        }
        TaskState::Expired { reason, at } => {
            out.push(7);
            out.extend_from_slice(&reason.to_le_bytes());
            put_height(out, *at);
        }
        TaskState::Failed { provider, outcome, at } => {
            out.push(8);
            out.extend_from_slice(&provider.0);
            out.push(outcome.code());
            put_height(out, *at);
        }
        TaskState::Revoked { reason, at } => {
            out.push(9);
            out.extend_from_slice(&reason.to_le_bytes());
            put_height(out, *at);
        }
        TaskState::Undelivered { provider, at } => {
            out.push(12);
            out.extend_from_slice(&provider.0);
            put_height(out, *at);
        }
    }
}

fn put_delivery(out: &mut Vec<u8>, delivery: &Delivery) {
    let tag = match delivery {
        Delivery::Unkeyed => 0,
        Delivery::Keyed { .. } => 1,
        Delivery::Demanded { .. } => 2,
        Delivery::Delivered { .. } => 3,
        Delivery::Withdrawn { .. } => 4,
    };
    out.push(tag);
    if let Some(key) = delivery.key() {
        out.extend_from_slice(key);
    }
    match delivery {
        Delivery::Keyed { since, .. } => put_height(out, *since),
        Delivery::Demanded { since, until, fee, .. } => {
            put_height(out, *since);
            put_height(out, *until);
            put_amount(out, *fee);
        }
        Delivery::Unkeyed | Delivery::Delivered { .. } | Delivery::Withdrawn { .. } => {}
    }
}

pub(crate) const SCHEDULE: &[u8] = b"schedule";

fn schedule_change(schedule: &Schedule) -> Change {
    change(Table::Voting, SCHEDULE, schedule.encode())
}

fn proposal_change(proposal: &Proposal) -> Change {
    let Proposal { id, proposer, rule, old, new, opened, expires, deposit, tally, .. } = proposal;
    let mut out = vec![VOTE_VERSION];
    out.extend_from_slice(&proposer.0);
    // Names of rules are shorter than 256 bytes.
    out.push(u8::try_from(rule.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(rule.as_bytes());
    out.extend_from_slice(&old.to_le_bytes());
    out.extend_from_slice(&new.to_le_bytes());
    put_height(&mut out, *opened);
    put_height(&mut out, *expires);
    put_amount(&mut out, *deposit);
    put_amount(&mut out, tally.support);
    out.extend_from_slice(&tally.conviction.to_le_bytes());
    put_height(&mut out, tally.updated);
    put_amount(&mut out, tally.effective);
    match tally.state {
        ProposalState::Voting => out.push(1),
        ProposalState::Passed { at, executes } => {
            out.push(2);
            put_height(&mut out, at);
            put_height(&mut out, executes);
        }
        ProposalState::Adopted { at, version } => {
            out.push(3);
            put_height(&mut out, at);
            out.extend_from_slice(&version.to_le_bytes());
        }
        ProposalState::Overtaken { at, why } => {
            out.push(4);
            put_height(&mut out, at);
            out.push(why as u8);
        }
        ProposalState::Expired { at } => {
            out.push(5);
            put_height(&mut out, at);
        }
    }
    change(Table::Proposals, u64::from(*id).to_be_bytes(), out)
}

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
