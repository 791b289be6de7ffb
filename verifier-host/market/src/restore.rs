//! From rows back to a market.

use std::sync::Arc;

use smallvec::SmallVec;
use zera_abi::{AccountId, Amount, KeyId};

use crate::audit::Unbalanced;
use crate::market::{AccountRow, Market};
use crate::ports::{Row, Store, StoreError, Table, walk};
use crate::row::{self, TaskRow};
use crate::rules::{Rules, RulesError};
use crate::task::{Live, Task, TaskState, Terms};
use crate::vote::{PROPOSALS_MAX, ProposalState, Schedule};

/// Why a store holds no market.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// It can not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It holds no rules, so no market was ever written to it.
    #[error("market: no rules in the store")]
    Empty,
    /// A row is not what this version writes.
    #[error("market: {} row {key} is damaged: {what}", .table.name())]
    Row {
        /// The table.
        table: Table,
        /// The row's key in hex.
        key: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Rules of an unknown version, or out of bounds.
    #[error("market: rules version {version}: {source}")]
    Rules {
        /// Which.
        version: u32,
        /// Why.
        source: RulesError,
    },
    /// The numbers of voting are of an unknown version, or out of bounds.
    #[error("market: voting: {source}")]
    Schedule {
        /// Why.
        source: RulesError,
    },
    /// The rows do not add up.
    #[error("market: {0}")]
    Unbalanced(#[from] Unbalanced),
}

impl Market {
    /// The market that a store's rows describe; it goes on exactly as the one that wrote them. Checks every row, that they
    /// add up, and that nothing refers to a row that is not there.
    ///
    /// # Errors
    /// [`RestoreError`].
    pub fn restore(store: &dyn Store) -> Result<Market, RestoreError> {
        let mut market = Market::empty(restore_rules(store)?, restore_schedule(store)?);
        each(store, Table::Totals, |key, value| {
            let totals = &mut market.totals;
            if key == b"slashed" {
                totals.slashed = row::read_slashed(value).ok_or("not an amount with its height")?;
                return Ok(());
            }
            let amount = row::read_amount(value).ok_or("not an amount")?;
            match key {
                b"burned" => totals.burned = amount,
                b"insurance" => totals.insurance = amount,
                b"minted" => totals.minted = amount,
                b"treasury" => totals.treasury = amount,
                _ => return Err("not a total of this version"),
            }
            Ok(())
        })?;
        each(store, Table::Accounts, |key, value| market.restore_account(key, value))?;
        let mut ids = Vec::new();
        each(store, Table::TaskSeq, |key, value| {
            let sequence = (ids.len() as u64).to_be_bytes();
            if key != sequence {
                return Err("not the next sequence number");
            }
            ids.push(row::read_id(value).ok_or("not a task id")?);
            Ok(())
        })?;
        for id in &ids {
            let value = store.read(Table::Tasks, id.as_bytes())?;
            let restored = value.as_deref().ok_or("missing").and_then(|value| market.restore_task(id, value));
            restored.map_err(|what| damaged(Table::Tasks, id.as_bytes(), what))?;
        }
        each(store, Table::KeyBonds, |key, value| market.restore_bond(key, value))?;
        each(store, Table::Proposals, |key, value| market.restore_proposal(key, value))?;
        each(store, Table::Ballots, |key, value| market.restore_ballot(key, value))?;
        for task in market.tasks.iter() {
            let broken = market.key_row(task.terms.key_at).bond.is_withdrawn();
            if matches!(task.live.state, TaskState::Revoked { .. }) && !broken {
                return Err(damaged(Table::Tasks, task.terms.id.as_bytes(), "revoked, and its key is in force"));
            }
        }
        market.conserved()?;
        market.totals_dirty = false;
        market.rules_saved = market.rules.len();
        market.votes.schedule_saved = true;
        market.tasks_saved = market.tasks.len();
        Ok(market)
    }

    fn restore_account(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        let id = AccountId(key.try_into().map_err(|_| "not an account id")?);
        let (free, locked, standing) = row::read_account(value).ok_or("not an account of this version")?;
        let at = u32::try_from(self.accounts.len()).map_err(|_| "more accounts than can be numbered")?;
        if let Some(standing) = &standing {
            let staked = self.totals.staked.checked_add(standing.slashable());
            self.totals.staked = staked.ok_or("deposits do not fit")?;
            if let Some(due) = standing.due() {
                self.standings_due.insert((due, at));
            }
        }
        self.accounts.push(AccountRow {
            id,
            free,
            locked,
            held: SmallVec::new(),
            reserved: Amount::ZERO,
            standing,
            dirty: false,
        });
        self.account_ids.insert(&id.0, at);
        self.totals.free = self.totals.free.checked_add(free).ok_or("free balances do not fit")?;
        Ok(())
    }

    /// Comes after the tasks, so that a withdrawn key queues what is left of its own.
    fn restore_bond(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        let id = KeyId(key.try_into().map_err(|_| "not a key id")?);
        let bond = row::read_bond(value).ok_or("not a key of this version")?;
        let at = self.key_or_new(id).map_err(|_| "more keys than can be numbered")?;
        let deposits = self.totals.key_deposits.checked_add(bond.deposit()).ok_or("deposits do not fit")?;
        self.totals.key_deposits = deposits;
        self.key_mut(at).bond = bond;
        self.requeue(at);
        Ok(())
    }

    fn restore_proposal(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        let id = u32::try_from(self.votes.proposals.len()).map_err(|_| "more proposals than can be numbered")?;
        if key != u64::from(id).to_be_bytes() {
            return Err("not the next proposal");
        }
        let mut proposal = row::read_proposal(value).ok_or("not a proposal of this version")?;
        proposal.id = id;
        proposal.proposer_at = self.find_account(&proposal.proposer).ok_or("unknown account")?;
        match *proposal.state() {
            ProposalState::Adopted { version, .. } => {
                row::rules_of(&self.rules, version).ok_or("unknown rules")?;
            }
            state if !state.is_ended() => {
                self.votes.open.insert(id);
                let voting = self.totals.voting.checked_add(proposal.deposit).ok_or("deposits do not fit")?;
                self.totals.voting = voting;
            }
            _ => {}
        }
        self.votes.proposals.push(proposal);
        if self.votes.open.len() > PROPOSALS_MAX { Err("more proposals than may be open") } else { Ok(()) }
    }

    fn restore_ballot(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        let (account, proposal) = key.split_at_checked(32).ok_or("not an account and a proposal")?;
        let account = account.try_into().map(AccountId).map_err(|_| "not an account id")?;
        let account = self.find_account(&account).ok_or("unknown account")?;
        let proposal = proposal.try_into().map(u64::from_be_bytes).map_err(|_| "not a proposal's number")?;
        let proposal = self.votes.find(proposal).map_err(|_| "unknown proposal")?;
        let amount = row::read_ballot(value).ok_or("not a vote of this version")?;
        self.totals.voting = self.totals.voting.checked_add(amount).ok_or("votes do not fit")?;
        self.votes.ballots.insert((account, proposal), amount);
        Ok(())
    }

    fn restore_task(&mut self, id: &zera_abi::TaskId, value: &[u8]) -> Result<(), &'static str> {
        let mut task: TaskRow = row::read_task(value).ok_or("not a task of this version")?;
        let sequence = u32::try_from(self.tasks.len()).map_err(|_| "more tasks than can be numbered")?;
        if task.sequence != u64::from(sequence) {
            return Err("another sequence number than its place");
        }
        let rules = row::rules_of(&self.rules, task.rules_version).ok_or("unknown rules")?;
        let find = |id: &AccountId| self.find_account(id).ok_or("unknown account");
        let requester_at = find(&task.requester)?;
        let party = match &mut task.state {
            TaskState::Assigned { provider, .. }
            | TaskState::Final { provider, .. }
            | TaskState::Failed { provider, .. }
            | TaskState::Undelivered { provider, .. } => find(provider)?,
            TaskState::Accepted { provider, offender, dispute, .. } => {
                offender.as_ref().map(&find).transpose()?;
                // Both are found again when it is final.
                let payee = find(provider)?;
                match dispute {
                    Some(dispute) => {
                        find(&dispute.challenger)?;
                        find(&dispute.settler)?;
                        find(&dispute.attester)?
                    }
                    None => payee,
                }
            }
            TaskState::Attested { provider, commits, .. } => {
                for commit in commits {
                    commit.account = find(&commit.provider)?;
                }
                find(provider)?
            }
            TaskState::Challenged { provider, challenger, .. } => {
                find(challenger)?;
                find(provider)?
            }
            TaskState::Rescue { offender, commits, .. } => {
                for commit in commits {
                    commit.account = find(&commit.provider)?;
                }
                find(offender)?
            }
            TaskState::Open { .. }
            | TaskState::Cancelled { .. }
            | TaskState::Expired { .. }
            | TaskState::Revoked { .. } => 0,
        };
        let key_at = self.key_or_new(task.key).map_err(|_| "more keys than can be numbered")?;
        if !task.state.is_terminal() {
            let add = |sum: Amount, part| sum.checked_add(part).ok_or("exposure does not fit");
            let exposure = add(add(self.key_row(key_at).exposure, task.bounty_max)?, task.value_at_risk)?;
            self.key_mut(key_at).exposure = exposure;
        }
        if let TaskState::Assigned { stake, .. } = task.state {
            let row = self.account_mut(party);
            row.held.push(sequence);
            row.reserved = row.reserved.checked_add(stake).ok_or("stakes do not fit")?;
        }
        if task.backed > task.escrow.stake {
            return Err("a deposit backs more than the stake");
        }
        if !task.backed.is_zero() {
            let standing = self.account_mut(party).standing.as_mut().ok_or("backed by no deposit")?;
            standing.backing = standing.backing.checked_add(task.backed).ok_or("stakes do not fit")?;
        }
        self.totals.stakes = self.totals.stakes.checked_add(task.escrow.stake).ok_or("stakes do not fit")?;
        self.totals.escrowed = self.totals.escrowed.checked_add(task.escrow.total()).ok_or("escrows do not fit")?;
        let ended = task.state.is_terminal();
        let task = Task {
            sequence,
            live: Live { state: task.state, escrow: task.escrow, party, reopens: task.reopens, backed: task.backed },
            terms: Terms {
                id: *id,
                requester: task.requester,
                predicate: task.predicate,
                key: task.key,
                input_root: task.input_root,
                witness_only: task.private.0,
                mode: task.mode,
                delivers: task.private.1,
                declared: task.declared,
                expected: task.expected,
                bounty_max: task.bounty_max,
                min_stake: task.min_stake,
                value_at_risk: task.value_at_risk,
                opened: task.opened,
                deadline: task.deadline,
                level: task.level,
                rules_version: task.rules_version,
                rules,
                requester_at,
                key_at,
            },
            dirty: false,
        };
        if let Some(due) = task.due() {
            self.due.plan(due, sequence);
        }
        self.tasks.push(task);
        self.task_ids.insert(&id.0, sequence);
        if ended {
            self.task_ids.retire(&id.0, sequence);
        }
        self.join_key(key_at, sequence);
        Ok(())
    }
}

fn restore_rules(store: &dyn Store) -> Result<Vec<Arc<Rules>>, RestoreError> {
    let mut rows: Vec<Row> = Vec::new();
    each(store, Table::Rules, |key, value| {
        if key != (rows.len() as u32).to_be_bytes() {
            return Err("not the next version");
        }
        rows.push((key.to_vec(), value.to_vec()));
        Ok(())
    })?;
    if rows.is_empty() {
        return Err(RestoreError::Empty);
    }
    (0u32..)
        .zip(rows)
        .map(|(version, (_, value))| {
            Rules::decode(&value).map(Arc::new).map_err(|source| RestoreError::Rules { version, source })
        })
        .collect()
}

fn restore_schedule(store: &dyn Store) -> Result<Schedule, RestoreError> {
    let row = store.read(Table::Voting, row::SCHEDULE)?;
    let missing = || damaged(Table::Voting, row::SCHEDULE, "missing");
    let bytes = row.ok_or_else(missing)?;
    Schedule::decode(&bytes).map_err(|source| RestoreError::Schedule { source })
}

/// Calls `visit` with each row of a table, in order of their keys, a page at a time.
fn each(
    store: &dyn Store,
    table: Table,
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), &'static str>,
) -> Result<(), RestoreError> {
    walk(store, table, &[], |(key, value)| visit(&key, &value).map_err(|what| damaged(table, &key, what)))?;
    Ok(())
}

fn damaged(table: Table, key: &[u8], what: &'static str) -> RestoreError {
    let key = key.iter().map(|byte| format!("{byte:02x}")).collect();
    RestoreError::Row { table, key, what }
}
