#![doc = include_str!("../docs/rows.md")]

use std::sync::Arc;

use zera_abi::wire::{MAX_DECLARED, Reader};
use zera_abi::{AccountId, Amount, Height, KeyId, Level, Outcome, PredicateId, TaskId};

use crate::key::{KeyBond, KeyRow};
use crate::market::{AccountRow, Market, Totals};
use crate::ports::{Change, Table};
use crate::rules::Rules;
use crate::task::{Clock, Commit, Delivery, Dispute, Escrow, Mode, Task, TaskState};

/// Version byte of account, task and key rows. 1 had no offender in an accepted task, 2 nothing of attested answers.
const VERSION: u8 = 4;

impl Market {
    /// The rows that changed since the last call, sorted by table and key; nothing is ever removed. Ends all checkpoints.
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
        for task in self.tasks.iter().skip(self.tasks_saved) {
            changes.push(sequence_change(task));
        }
        self.tasks_saved = self.tasks.len();
        for (version, rules) in self.rules.iter().enumerate().skip(self.rules_saved) {
            changes.push(rules_change(version, rules));
        }
        self.rules_saved = self.rules.len();
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
        sort(&mut rows);
        rows
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
    change(Table::Accounts, row.id.0, out)
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

pub(crate) const TOTALS: [&str; 4] = ["burned", "insurance", "minted", "treasury"];

fn totals_changes(totals: &Totals) -> [Change; 4] {
    let amounts = [totals.burned, totals.insurance, totals.minted, totals.treasury];
    let mut pairs = TOTALS.into_iter().zip(amounts);
    std::array::from_fn(|_| {
        let (name, amount) = pairs.next().unwrap_or(("", Amount::ZERO));
        change(Table::Totals, name.as_bytes(), amount.units().to_le_bytes().to_vec())
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
            if let Some(Dispute { attester, challenger, settler, upheld, native_fee }) = dispute {
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
    /// Dense indices inside are 0.
    pub(crate) state: TaskState,
}

/// Reads an account row: free, locked. `None` where it is not one; so for every reader below.
pub(crate) fn read_account(bytes: &[u8]) -> Option<(Amount, Amount)> {
    let mut r = Row(Reader::new(bytes));
    r.version()?;
    let balance = (r.amount()?, r.amount()?);
    r.end()?;
    Some(balance)
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
                dispute: if self.bool()? { Some(self.dispute()?) } else { None },
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
