#![doc = include_str!("../docs/rows.md")]

mod read;

use std::collections::BTreeSet;

use zera_abi::{Amount, Height};

pub(crate) use self::read::{
    TaskRow, read_account, read_amount, read_ballot, read_bond, read_id, read_proposal, read_slashed, read_task,
    rules_of,
};
use crate::key::{KeyBond, KeyRow};
use crate::market::{AccountRow, Market, Totals};
use crate::ports::{Change, Table};
use crate::rules::Rules;
use crate::standing::Standing;
use crate::task::{Clock, Commit, Delivery, Dispute, Escrow, Task, TaskState};
use crate::vote::{Proposal, ProposalState, Schedule};

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
