//! The market as a value: rows, balances, the buckets that money moves between, and conservation.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;
use zera_abi::{AccountId, Amount, Height, KeyId, TaskId};

use crate::coins::Coins;
use crate::error::MarketError;
use crate::index::{Index, Timers};
use crate::key::KeyRow;
use crate::note::Note;
use crate::rows::Rows;
use crate::rules::{Rules, RulesError};
use crate::standing::{Decayed, Standing};
use crate::task::{Bucket, Task, TaskState};
use crate::undo::Undo;
use crate::vote::{Schedule, Votes};

/// An account's money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Free to spend.
    pub free: Amount,
    /// In stakes, commit deposits, bonds of challenges and fees of demands.
    pub locked: Amount,
}

/// Where all money is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Sum of free balances.
    pub free: Amount,
    /// Sum of what tasks hold.
    pub escrowed: Amount,
    /// Of that, stakes.
    pub stakes: Amount,
    /// Sum of deposits, those on their way back included, without what backs locks.
    pub staked: Amount,
    /// Sum of the deposits of keys.
    pub key_deposits: Amount,
    /// Votes over the rules, and deposits of proposals.
    pub voting: Amount,
    /// The insurance.
    pub insurance: Amount,
    /// The treasury.
    pub treasury: Amount,
    /// Burnt for good.
    pub burned: Amount,
    /// Everything ever minted.
    pub minted: Amount,
    /// What false answers cost of late; burnt or paid long since, so no part of the sum.
    pub slashed: Decayed,
}

impl Totals {
    /// Free, escrowed, staked, deposits of keys, votes, insurance, treasury and burnt; `None` where the sum does not fit.
    pub fn sum(&self) -> Option<Amount> {
        let owned = [self.free, self.escrowed, self.staked, self.key_deposits, self.voting];
        let others = [self.insurance, self.treasury, self.burned];
        owned.into_iter().chain(others).try_fold(Amount::ZERO, |sum, part| sum.checked_add(part))
    }
}

/// Four lines of the cache, what every lock reads in the first.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct AccountRow {
    pub(crate) id: AccountId,
    pub(crate) free: Amount,
    pub(crate) locked: Amount,
    /// Tasks it is the holder of, in no order.
    pub(crate) held: SmallVec<[u32; 4]>,
    pub(crate) dirty: bool,
    /// The stakes at the locks of these.
    pub(crate) reserved: Amount,
    pub(crate) standing: Option<Standing>,
}

impl AccountRow {
    /// How many tasks it is the holder of.
    pub(crate) fn locks(&self) -> u32 {
        // No more than the rules' most for a provider, which is a `u32`.
        self.held.len() as u32
    }
}

/// Accounts, tasks and totals. Rows lie in dense lists; ids are looked up once, where a transition enters.
#[derive(Clone)]
pub struct Market {
    pub(crate) rules: Vec<Arc<Rules>>,
    pub(crate) accounts: Rows<AccountRow>,
    pub(crate) account_ids: Index,
    pub(crate) tasks: Rows<Task>,
    pub(crate) task_ids: Index,
    pub(crate) keys: Vec<KeyRow>,
    pub(crate) key_ids: Index,
    /// Tasks that time does something to.
    pub(crate) due: Timers,
    /// Accounts that time does something to, in the order in which it does it.
    pub(crate) standings_due: BTreeSet<(Height, u32)>,
    /// The first such task of each withdrawn key, with its key: who is refunded next.
    pub(crate) revoking: BTreeSet<(u32, u32)>,
    pub(crate) votes: Votes,
    pub(crate) totals: Totals,
    pub(crate) notes: Vec<Note>,
    pub(crate) notes_drained: u64,
    // Rows to write at the next `take_changes`.
    pub(crate) accounts_dirty: Vec<u32>,
    pub(crate) tasks_dirty: Vec<u32>,
    pub(crate) keys_dirty: Vec<u32>,
    pub(crate) totals_dirty: bool,
    pub(crate) rules_saved: usize,
    pub(crate) tasks_saved: usize,
    // Undo.
    pub(crate) log: Vec<Undo>,
    pub(crate) recording: bool,
    pub(crate) epoch: u64,
}

impl fmt::Debug for Market {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Market")
            .field("accounts", &self.accounts.len())
            .field("tasks", &self.tasks.len())
            .field("totals", &self.totals)
            .finish_non_exhaustive()
    }
}

impl Market {
    /// An empty market under `rules`, with the standard schedule of votes.
    ///
    /// # Errors
    /// [`RulesError`] where the rules do not pass [`Rules::check`].
    pub fn new(rules: Rules) -> Result<Market, RulesError> {
        Market::with_schedule(rules, Schedule::standard())
    }

    /// An empty market under `rules` whose votes go by `schedule`.
    ///
    /// # Errors
    /// [`RulesError`] where either does not pass its check.
    pub fn with_schedule(rules: Rules, schedule: Schedule) -> Result<Market, RulesError> {
        rules.check()?;
        schedule.check()?;
        Ok(Market::empty(vec![Arc::new(rules)], schedule))
    }

    pub(crate) fn empty(rules: Vec<Arc<Rules>>, schedule: Schedule) -> Market {
        Market {
            rules,
            accounts: Rows::default(),
            account_ids: Index::default(),
            tasks: Rows::default(),
            task_ids: Index::default(),
            keys: Vec::new(),
            key_ids: Index::default(),
            due: Timers::default(),
            standings_due: BTreeSet::new(),
            revoking: BTreeSet::new(),
            votes: Votes::new(schedule),
            totals: Totals::default(),
            notes: Vec::new(),
            notes_drained: 0,
            accounts_dirty: Vec::new(),
            tasks_dirty: Vec::new(),
            keys_dirty: Vec::new(),
            totals_dirty: true,
            rules_saved: 0,
            tasks_saved: 0,
            log: Vec::new(),
            recording: false,
            epoch: 0,
        }
    }

    /// The rules that the next task opens under.
    ///
    /// # Panics
    /// Never: a market has at least one version of rules.
    pub fn rules(&self) -> &Rules {
        self.rules_latest().1
    }

    /// The rules of a version that there is.
    pub fn rules_of(&self, version: u32) -> Option<&Rules> {
        self.rules.get(version as usize).map(Arc::as_ref)
    }

    /// The number of those rules, from 0.
    pub fn rules_version(&self) -> u32 {
        self.rules_latest().0
    }

    /// Adopts `rules` for tasks opened from now on; returns their version.
    ///
    /// # Errors
    /// [`RulesError`] where the rules do not pass [`Rules::check`].
    pub fn adopt(&mut self, rules: Rules) -> Result<u32, RulesError> {
        rules.check()?;
        let version = u32::try_from(self.rules.len())
            .map_err(|_| RulesError::Relation { what: "more versions than can be numbered" })?;
        self.rules.push(Arc::new(rules));
        self.record(|_| Undo::NewRules);
        Ok(version)
    }

    /// An account's money; nothing for an account that never had any.
    pub fn account(&self, id: &AccountId) -> Balance {
        self.find_account(id).map_or(Balance::default(), |at| {
            let row = self.account_row(at);
            Balance { free: row.free, locked: row.locked }
        })
    }

    /// Every account, in the order in which it first got money.
    pub fn accounts(&self) -> impl Iterator<Item = (&AccountId, Balance)> {
        self.accounts.iter().map(|row| (&row.id, Balance { free: row.free, locked: row.locked }))
    }

    /// Where all money is; O(1).
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// A task by its name.
    pub fn task(&self, id: &TaskId) -> Option<&Task> {
        self.find_task(id).map(|at| self.task_at(at))
    }

    /// Every task, in the order of opening.
    pub fn tasks(&self) -> impl DoubleEndedIterator<Item = &Task> + ExactSizeIterator {
        self.tasks.iter()
    }

    /// Bounty and declared value of the tasks of `key` that have not ended.
    pub fn key_exposure(&self, key: &KeyId) -> Amount {
        self.find_key(key).map_or(Amount::ZERO, |at| self.key_row(at).exposure)
    }

    /// New money for `account`: genesis, or a test network's faucet.
    ///
    /// # Errors
    /// [`MarketError::Range`] where the total would not fit 128 bits.
    pub fn mint(&mut self, account: AccountId, amount: Amount) -> Result<(), MarketError> {
        let minted = self.totals.minted;
        let Some(sum) = minted.checked_add(amount) else {
            let max = Amount::MAX.checked_sub(minted).unwrap_or(Amount::ZERO);
            return Err(MarketError::Range { what: "mint", got: amount, min: Amount::ZERO, max });
        };
        let at = self.account_or_new(account)?;
        self.totals.minted = sum;
        self.totals_dirty = true;
        self.credit(at, Coins::mint(amount));
        self.assert_balanced();
        Ok(())
    }

    /// Moves free money between accounts.
    ///
    /// # Errors
    /// [`MarketError::Funds`].
    pub fn transfer(&mut self, from: AccountId, to: AccountId, amount: Amount) -> Result<(), MarketError> {
        if amount.is_zero() {
            return Ok(());
        }
        let from = self.payer(&from, amount)?;
        let to = self.account_or_new(to)?;
        let coins = self.debit(from, amount);
        self.credit(to, coins);
        self.assert_balanced();
        Ok(())
    }

    /// Takes a fee to the treasury.
    ///
    /// # Errors
    /// [`MarketError::Funds`].
    pub fn charge(&mut self, from: AccountId, amount: Amount) -> Result<(), MarketError> {
        if amount.is_zero() {
            return Ok(());
        }
        let from = self.payer(&from, amount)?;
        let coins = self.debit(from, amount);
        self.pay_treasury(coins);
        self.assert_balanced();
        Ok(())
    }

    /// The notes since the last call, in order.
    pub fn drain_notes(&mut self) -> Vec<Note> {
        self.notes_drained = self.notes_end();
        std::mem::take(&mut self.notes)
    }

    // Rows by dense index. An index is made where its row is pushed and lives in that row's market only; rows leave only by
    // a rollback, which also takes everything that could name them.

    #[expect(clippy::indexing_slicing, reason = "account indices are made by account_or_new alone")]
    pub(crate) fn account_row(&self, at: u32) -> &AccountRow {
        &self.accounts[at]
    }

    #[expect(clippy::indexing_slicing, reason = "account indices are made by account_or_new alone")]
    pub(crate) fn account_mut(&mut self, at: u32) -> &mut AccountRow {
        &mut self.accounts[at]
    }

    #[expect(clippy::indexing_slicing, reason = "task indices are made by opening alone")]
    pub(crate) fn task_at(&self, at: u32) -> &Task {
        &self.tasks[at]
    }

    #[expect(clippy::indexing_slicing, reason = "task indices are made by opening alone")]
    pub(crate) fn task_mut(&mut self, at: u32) -> &mut Task {
        &mut self.tasks[at]
    }

    #[expect(clippy::indexing_slicing, reason = "key indices are made by key_or_new alone")]
    pub(crate) fn key_row(&self, at: u32) -> &KeyRow {
        &self.keys[at as usize]
    }

    #[expect(clippy::indexing_slicing, reason = "key indices are made by key_or_new alone")]
    pub(crate) fn key_mut(&mut self, at: u32) -> &mut KeyRow {
        &mut self.keys[at as usize]
    }

    #[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a market has at least one version")]
    pub(crate) fn rules_latest(&self) -> (u32, &Arc<Rules>) {
        let last = self.rules.len() - 1;
        (last as u32, &self.rules[last])
    }

    pub(crate) fn find_account(&self, id: &AccountId) -> Option<u32> {
        self.account_ids.find(&id.0, |at| &self.account_row(at).id.0)
    }

    pub(crate) fn find_task(&self, id: &TaskId) -> Option<u32> {
        self.task_ids.find(&id.0, |at| &self.task_at(at).terms.id.0)
    }

    pub(crate) fn find_key(&self, id: &KeyId) -> Option<u32> {
        self.key_ids.find(&id.0, |at| &self.key_row(at).id.0)
    }

    pub(crate) fn find(&self, id: &TaskId) -> Result<u32, MarketError> {
        self.find_task(id).ok_or(MarketError::UnknownTask { task: *id })
    }

    pub(crate) fn account_or_new(&mut self, id: AccountId) -> Result<u32, MarketError> {
        if let Some(at) = self.find_account(&id) {
            return Ok(at);
        }
        let at = dense("accounts", self.accounts.len())?;
        self.accounts.push(AccountRow {
            id,
            free: Amount::ZERO,
            locked: Amount::ZERO,
            held: SmallVec::new(),
            reserved: Amount::ZERO,
            standing: None,
            dirty: true,
        });
        self.account_ids.insert(&id.0, at);
        self.record(|_| Undo::NewAccount);
        self.accounts_dirty.push(at);
        Ok(at)
    }

    // Before a row changes: its old value goes to the log, its index to the rows to write.

    pub(crate) fn touch_account(&mut self, at: u32) -> &mut AccountRow {
        self.record(|market| {
            let row = market.account_row(at);
            Undo::Account {
                at,
                free: row.free,
                locked: row.locked,
                reserved: row.reserved,
                standing: row.standing.clone().map(Box::new),
            }
        });
        if !self.account_row(at).dirty {
            self.accounts_dirty.push(at);
        }
        let row = self.account_mut(at);
        row.dirty = true;
        row
    }

    pub(crate) fn touch_task(&mut self, at: u32) {
        self.record(|market| Undo::Task { at, live: Box::new(market.task_at(at).live.clone()) });
        if !self.task_at(at).dirty {
            self.tasks_dirty.push(at);
        }
        self.task_mut(at).dirty = true;
    }

    /// Changes a touched task's state and keeps its place in the order of what is due.
    pub(crate) fn set_state(&mut self, at: u32, change: impl FnOnce(&mut TaskState)) {
        let before = self.task_at(at).due();
        change(&mut self.task_mut(at).live.state);
        self.reschedule(at, before);
    }

    pub(crate) fn reschedule(&mut self, at: u32, before: Option<Height>) {
        let after = self.task_at(at).due();
        if before == after {
            return;
        }
        if let Some(height) = before {
            self.due.unplan(height, at);
        }
        if let Some(height) = after {
            self.due.plan(height, at);
        }
    }

    // Money. Every move is a take and a put; `totals` follows each, so that `assert_balanced` sees what is lost between.

    /// The account, where its free balance covers `need`.
    pub(crate) fn payer(&self, id: &AccountId, need: Amount) -> Result<u32, MarketError> {
        let at = self.find_account(id);
        let have = at.map_or(Amount::ZERO, |at| self.account_row(at).free);
        match at {
            Some(at) if have >= need => Ok(at),
            _ => Err(MarketError::Funds { account: *id, need, have }),
        }
    }

    /// Takes from a free balance that [`payer`](Market::payer) found to cover it.
    pub(crate) fn debit(&mut self, at: u32, amount: Amount) -> Coins {
        let coins = Coins::take(&mut self.touch_account(at).free, amount);
        self.totals.free = taken(self.totals.free, amount);
        must(coins)
    }

    pub(crate) fn credit(&mut self, at: u32, coins: Coins) {
        if coins.amount().is_zero() {
            return;
        }
        self.totals.free = put(self.totals.free, coins.amount());
        coins.put(&mut self.touch_account(at).free);
    }

    pub(crate) fn escrow_put(&mut self, at: u32, bucket: Bucket, coins: Coins) {
        self.totals.escrowed = put(self.totals.escrowed, coins.amount());
        coins.put(self.task_mut(at).live.escrow.bucket_mut(bucket));
    }

    pub(crate) fn escrow_take(&mut self, at: u32, bucket: Bucket, amount: Amount) -> Coins {
        self.totals.escrowed = taken(self.totals.escrowed, amount);
        must(Coins::take(self.task_mut(at).live.escrow.bucket_mut(bucket), amount))
    }

    pub(crate) fn escrow_take_all(&mut self, at: u32, bucket: Bucket) -> Coins {
        let amount = self.task_at(at).live.escrow.bucket(bucket);
        self.escrow_take(at, bucket, amount)
    }

    /// Moves free money of `account` into a stake or a deposit.
    pub(crate) fn lock_money(&mut self, account: u32, at: u32, bucket: Bucket, amount: Amount) {
        let coins = self.debit(account, amount);
        let row = self.account_mut(account);
        row.locked = put(row.locked, amount);
        self.escrow_put(at, bucket, coins);
    }

    /// Takes money of `account` out of a stake or a deposit.
    pub(crate) fn unlock_money(&mut self, account: u32, at: u32, bucket: Bucket, amount: Amount) -> Coins {
        let row = self.touch_account(account);
        row.locked = taken(row.locked, amount);
        self.escrow_take(at, bucket, amount)
    }

    pub(crate) fn key_deposit_put(&mut self, coins: Coins) {
        coins.put(&mut self.totals.key_deposits);
    }

    pub(crate) fn key_deposit_take(&mut self, amount: Amount) -> Coins {
        must(Coins::take(&mut self.totals.key_deposits, amount))
    }

    pub(crate) fn voting_put(&mut self, coins: Coins) {
        coins.put(&mut self.totals.voting);
    }

    pub(crate) fn voting_take(&mut self, amount: Amount) -> Coins {
        must(Coins::take(&mut self.totals.voting, amount))
    }

    pub(crate) fn burn(&mut self, coins: Coins) {
        self.totals_dirty |= !coins.amount().is_zero();
        coins.put(&mut self.totals.burned);
    }

    pub(crate) fn pay_treasury(&mut self, coins: Coins) {
        self.totals_dirty |= !coins.amount().is_zero();
        coins.put(&mut self.totals.treasury);
    }

    pub(crate) fn pay_insurance(&mut self, coins: Coins) {
        self.totals_dirty |= !coins.amount().is_zero();
        coins.put(&mut self.totals.insurance);
    }

    pub(crate) fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    pub(crate) fn notes_end(&self) -> u64 {
        self.notes_drained.saturating_add(self.notes.len() as u64)
    }
}

/// The next dense index of a vector of `len` rows, below the greatest: an index of ids has that for a place where nothing is.
pub(crate) fn dense(what: &'static str, len: usize) -> Result<u32, MarketError> {
    let max = u64::from(u32::MAX);
    let at = u32::try_from(len).ok().filter(|at| *at < u32::MAX);
    at.ok_or(MarketError::Limit { what, got: len as u64, max })
}

#[expect(clippy::expect_used, reason = "a bucket holds what the transition put there: anything else is our bug")]
fn must(coins: Option<Coins>) -> Coins {
    coins.expect("a bucket holds less than the transition takes")
}

#[expect(clippy::expect_used, reason = "no sum exceeds what was minted, which fits")]
fn put(total: Amount, amount: Amount) -> Amount {
    total.checked_add(amount).expect("a total exceeds what was minted")
}

#[expect(clippy::expect_used, reason = "a total is at least each of its parts: anything else is our bug")]
fn taken(total: Amount, amount: Amount) -> Amount {
    total.checked_sub(amount).expect("a total is less than one of its parts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_index_is_of_no_row() {
        let most = u32::MAX as usize;
        assert_eq!(dense("rows", most - 1), Ok(u32::MAX - 1));
        let refused = MarketError::Limit { what: "rows", got: most as u64, max: u32::MAX.into() };
        assert_eq!(dense("rows", most), Err(refused));
        assert!(dense("rows", most + 1).is_err());
    }
}
