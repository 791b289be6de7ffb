//! Keys: who answers for one with a deposit, and what becomes of it.

use zera_abi::{AccountId, Amount, KeyId, Level, TaskId};

use crate::error::MarketError;
use crate::market::{Market, dense};
use crate::note::Note;
use crate::task::{Task, TaskState};
use crate::undo::Undo;

/// How a key stands. It only ever moves down this list, and a withdrawn key stays withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyBond {
    /// Nobody bonded it. Tasks may name it where the host lets them; nothing is paid to who breaks it.
    None,
    /// In force; the deposit is the reward of who breaks it.
    Bonded {
        /// Who bonded it, and may take the deposit back.
        owner: AccountId,
        /// What it holds.
        deposit: Amount,
    },
    /// Its owner took the deposit back: no task opens with it any more, and none was left.
    Released {
        /// Who that was.
        owner: AccountId,
    },
    /// Broken: its tasks are revoked, nothing else happens to them.
    Withdrawn {
        /// Who was paid its deposit.
        reporter: AccountId,
    },
}

impl KeyBond {
    /// What the key holds.
    pub const fn deposit(&self) -> Amount {
        match self {
            KeyBond::Bonded { deposit, .. } => *deposit,
            KeyBond::None | KeyBond::Released { .. } | KeyBond::Withdrawn { .. } => Amount::ZERO,
        }
    }

    pub(crate) const fn is_withdrawn(&self) -> bool {
        matches!(self, KeyBond::Withdrawn { .. })
    }
}

/// A key that a task was opened with, or that was bonded.
#[derive(Clone, Debug)]
pub(crate) struct KeyRow {
    pub(crate) id: KeyId,
    /// Bounty and value of its tasks that have not ended.
    pub(crate) exposure: Amount,
    pub(crate) bond: KeyBond,
    /// Every task opened with it, in that order.
    pub(crate) tasks: Vec<u32>,
    /// The place there of the first that has not ended.
    pub(crate) first: usize,
    /// Its entry in `Market::revoking`: the first of its tasks that have not ended, where it is withdrawn.
    pub(crate) next_revoked: Option<u32>,
    pub(crate) dirty: bool,
}

impl KeyRow {
    pub(crate) const fn new(id: KeyId) -> KeyRow {
        KeyRow {
            id,
            exposure: Amount::ZERO,
            bond: KeyBond::None,
            tasks: Vec::new(),
            first: 0,
            next_revoked: None,
            dirty: false,
        }
    }
}

impl Market {
    /// How `key` stands; [`KeyBond::None`] for one that the market never heard of.
    pub fn key_bond(&self, key: &KeyId) -> KeyBond {
        self.find_key(key).map_or(KeyBond::None, |at| self.key_row(at).bond)
    }

    /// Whether `key` was broken. From then on its tasks that have not ended wait for their refund and for nothing else.
    pub fn key_is_withdrawn(&self, key: &KeyId) -> bool {
        self.key_bond(key).is_withdrawn()
    }

    /// The level at which the task's answer stands: [`Task::level`], and pending where its key was withdrawn before it was
    /// final. Final is a floor for contracts: nothing takes it back.
    pub fn level(&self, task: &Task) -> Level {
        match task.live.state {
            TaskState::Final { .. } => Level::Final,
            _ if self.is_frozen(task) => Level::Pending,
            _ => task.level(),
        }
    }

    /// Whether the task has an answer of the level that its requester waits for, on a key in force or for good.
    pub fn answer_stands(&self, task: &TaskId) -> bool {
        self.task(task).is_some_and(|task| task.answer().is_some() && self.level(task) >= task.terms.level)
    }

    /// Moves `deposit` from `owner` into the key's own bucket. How much it has to be is the host's to ask
    /// ([`Rules::key_deposit`](crate::Rules::key_deposit)); a key of the genesis has none.
    ///
    /// # Errors
    /// [`MarketError::KeyExists`] where it was bonded before, however it stands now; [`Funds`](MarketError::Funds).
    pub fn bond_key(&mut self, key: KeyId, owner: AccountId, deposit: Amount) -> Result<(), MarketError> {
        if self.key_bond(&key) != KeyBond::None {
            return Err(MarketError::KeyExists { key });
        }
        let account = if deposit.is_zero() { None } else { Some(self.payer(&owner, deposit)?) };
        let at = self.key_or_new(key)?;

        if let Some(account) = account {
            let coins = self.debit(account, deposit);
            self.key_deposit_put(coins);
        }
        self.set_bond(at, KeyBond::Bonded { owner, deposit });
        self.assert_balanced();
        Ok(())
    }

    /// Withdraws a key that `reporter` has proven broken, for good, and pays its deposit to `reporter`; returns how much that
    /// was. The proof is the caller's to check. [`tick`](Market::tick) revokes the key's tasks (T20).
    ///
    /// # Errors
    /// [`MarketError::UnknownKey`] where it was neither bonded nor used; [`KeyWithdrawnBefore`](MarketError::KeyWithdrawnBefore).
    pub fn withdraw_key(&mut self, key: KeyId, reporter: AccountId) -> Result<Amount, MarketError> {
        let at = self.find_key(&key).ok_or(MarketError::UnknownKey { key })?;
        let bond = self.key_row(at).bond;
        if bond.is_withdrawn() {
            return Err(MarketError::KeyWithdrawnBefore { key });
        }
        let reward = bond.deposit();
        self.pay_deposit(reward, reporter)?;
        self.set_bond(at, KeyBond::Withdrawn { reporter });
        self.note(Note::KeyWithdrawn { key, reporter, reward });
        self.assert_balanced();
        Ok(reward)
    }

    /// Gives the deposit back to `owner`, once no task depends on the key; no task opens with it from then on.
    ///
    /// # Errors
    /// In this order: [`MarketError::UnknownKey`], [`KeyWithdrawn`](MarketError::KeyWithdrawn),
    /// [`NotKeyOwner`](MarketError::NotKeyOwner), [`KeyState`](MarketError::KeyState) where it was released before or has tasks
    /// that have not ended.
    pub fn release_key(&mut self, key: KeyId, owner: AccountId) -> Result<Amount, MarketError> {
        let at = self.find_key(&key).ok_or(MarketError::UnknownKey { key })?;
        let (bonded_by, deposit, released) = match self.key_row(at).bond {
            KeyBond::None => return Err(MarketError::UnknownKey { key }),
            KeyBond::Withdrawn { .. } => return Err(MarketError::KeyWithdrawn { key }),
            KeyBond::Released { owner } => (owner, Amount::ZERO, true),
            KeyBond::Bonded { owner, deposit } => (owner, deposit, false),
        };
        if owner != bonded_by {
            return Err(MarketError::NotKeyOwner { key, account: owner });
        }
        if released {
            return Err(MarketError::KeyState { key, what: "was released before" });
        }
        if self.first_live(at).is_some() {
            return Err(MarketError::KeyState { key, what: "has tasks that have not ended" });
        }
        self.pay_deposit(deposit, owner)?;
        self.set_bond(at, KeyBond::Released { owner });
        self.assert_balanced();
        Ok(deposit)
    }

    /// The task, unless it waits for its refund.
    pub(crate) fn find_in_force(&self, id: &TaskId) -> Result<u32, MarketError> {
        let at = self.find(id)?;
        let task = self.task_at(at);
        if self.is_frozen(task) { Err(MarketError::KeyWithdrawn { key: task.terms.key }) } else { Ok(at) }
    }

    /// Whether the task has not ended and its key is withdrawn.
    pub(crate) fn is_frozen(&self, task: &Task) -> bool {
        self.key_row(task.terms.key_at).bond.is_withdrawn() && !task.live.state.is_terminal()
    }

    /// Whether a task may open with the key.
    pub(crate) fn check_key(&self, key: KeyId) -> Result<(), MarketError> {
        match self.key_bond(&key) {
            KeyBond::None | KeyBond::Bonded { .. } => Ok(()),
            KeyBond::Released { .. } => Err(MarketError::KeyReleased { key }),
            KeyBond::Withdrawn { .. } => Err(MarketError::KeyWithdrawn { key }),
        }
    }

    pub(crate) fn key_or_new(&mut self, id: KeyId) -> Result<u32, MarketError> {
        if let Some(at) = self.find_key(&id) {
            return Ok(at);
        }
        let at = dense("keys", self.keys.len())?;
        self.keys.push(KeyRow::new(id));
        self.key_ids.insert(&id.0, at);
        self.record(|_| Undo::NewKey);
        Ok(at)
    }

    pub(crate) fn set_exposure(&mut self, at: u32, exposure: Amount) {
        self.record(|market| Undo::Exposure { at, exposure: market.key_row(at).exposure });
        self.key_mut(at).exposure = exposure;
    }

    fn set_bond(&mut self, at: u32, bond: KeyBond) {
        self.record(|market| Undo::Bond { at, bond: market.key_row(at).bond });
        if !self.key_row(at).dirty {
            self.keys_dirty.push(at);
        }
        let row = self.key_mut(at);
        row.dirty = true;
        row.bond = bond;
        self.requeue(at);
    }

    fn pay_deposit(&mut self, deposit: Amount, to: AccountId) -> Result<(), MarketError> {
        if deposit.is_zero() {
            return Ok(());
        }
        let account = self.account_or_new(to)?;
        let coins = self.key_deposit_take(deposit);
        self.credit(account, coins);
        Ok(())
    }

    /// The first task of the key that has not ended.
    pub(crate) fn first_live(&self, key: u32) -> Option<u32> {
        let row = self.key_row(key);
        row.tasks.get(row.first).copied()
    }

    /// The newest task is one of the key's: the key answers for it.
    pub(crate) fn join_key(&mut self, key: u32, task: u32) {
        self.key_mut(key).tasks.push(task);
        self.pass_ended(key);
    }

    /// Undo: an ended task has not.
    pub(crate) fn rejoin_key(&mut self, key: u32, task: u32) {
        let row = self.key_mut(key);
        row.first = row.first.min(row.tasks.partition_point(|other| *other < task));
        self.requeue(key);
    }

    /// Undo: the key's newest task was never opened.
    pub(crate) fn forget_key_task(&mut self, key: u32) {
        let row = self.key_mut(key);
        row.tasks.pop();
        row.first = row.first.min(row.tasks.len());
        self.requeue(key);
    }

    /// Passes what has ended of the key's first tasks: each once, so that opening a task pays for it.
    pub(crate) fn pass_ended(&mut self, key: u32) {
        let row = self.key_row(key);
        let ended = |task: &&u32| self.task_at(**task).live.state.is_terminal();
        let passed = row.tasks.iter().skip(row.first).take_while(ended).count();
        let row = self.key_mut(key);
        row.first = row.first.saturating_add(passed);
        self.requeue(key);
    }

    /// Makes the key's entry in the queue of revocations what it has to be: derived from its bond and its live tasks alone.
    pub(crate) fn requeue(&mut self, at: u32) {
        let row = self.key_row(at);
        let before = row.next_revoked;
        let after = if row.bond.is_withdrawn() { self.first_live(at) } else { None };
        if before == after {
            return;
        }
        if let Some(task) = before {
            self.revoking.remove(&(task, at));
        }
        if let Some(task) = after {
            self.revoking.insert((task, at));
        }
        self.key_mut(at).next_revoked = after;
    }
}
