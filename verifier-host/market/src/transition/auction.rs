//! T1 open, T2 cancel, T21 re-auction, and the end of the clock.

use std::sync::Arc;

use zera_abi::wire::MAX_DECLARED;
use zera_abi::{AccountId, Amount, Height, Level, TaskId};

use super::wrong_state;
use crate::error::MarketError;
use crate::market::{Market, dense};
use crate::note::Note;
use crate::rules::Rules;
use crate::task::{Bucket, Clock, Escrow, Live, Mode, Opening, Task, TaskState, Terms, later, reason};
use crate::undo::Undo;

impl Market {
    /// T1: escrows the bounty and the requester's bond, and starts the first round at `now`.
    ///
    /// # Errors
    /// [`MarketError`]: an unoffered level, a known task, a deadline without room or too far, money, a limit, a key out of force,
    /// the declared values; in this order.
    pub fn open(&mut self, now: Height, opening: Opening) -> Result<(), MarketError> {
        let (rules_version, rules) = self.rules_latest();
        let rules = Arc::clone(rules);
        match (opening.level, opening.mode) {
            (Level::Accepted | Level::Final, _) | (Level::Attested, Mode::Attested) => {}
            (level @ (Level::Pending | Level::Attested), _) => return Err(MarketError::Level { level }),
        }
        if opening.mode == Mode::Attested && opening.witness_only {
            return Err(MarketError::Mode { what: "a witness that the request does not fix" });
        }
        if self.find_task(&opening.task).is_some() {
            return Err(MarketError::TaskExists { task: opening.task });
        }
        if opening.mode == Mode::Attested && opening.delivers {
            return Err(MarketError::Mode { what: "private bytes, which nobody else could look at" });
        }
        if opening.delivers && opening.witness_only {
            return Err(MarketError::Delivery { what: "bytes that the request does not fix" });
        }
        check_deadline(&rules, &opening, now)?;
        let least = rules.opening_fee(opening.bounty_max);
        if opening.fee < least {
            return Err(MarketError::Fee { need: least, offered: opening.fee });
        }
        let bond = rules.bond(opening.bounty_max);
        let need = [opening.bounty_max, bond, opening.fee]
            .into_iter()
            .try_fold(Amount::ZERO, |sum, part| sum.checked_add(part))
            .unwrap_or(Amount::MAX);
        let requester_at = self.payer(&opening.requester, need)?;
        let (min, max) = (rules.bounty_floor, rules.bounty_ceiling);
        if opening.bounty_max < min || opening.bounty_max > max {
            return Err(MarketError::Range { what: "bounty", got: opening.bounty_max, min, max });
        }
        let at_most = |what, got: Amount, max: Amount| {
            if got > max { Err(MarketError::Range { what, got, min: Amount::ZERO, max }) } else { Ok(()) }
        };
        at_most("value at risk", opening.value_at_risk, rules.value_ceiling)?;
        if opening.mode == Mode::Attested {
            at_most("value at risk of an attested answer", opening.value_at_risk, gate(&rules, &opening))?;
        }
        let exposure = opening
            .bounty_max
            .checked_add(opening.value_at_risk)
            .and_then(|value| self.key_exposure(&opening.key).checked_add(value))
            .unwrap_or(Amount::MAX);
        at_most("value of the key's tasks", exposure, rules.key_value_ceiling)?;
        self.check_key(opening.key)?;
        let declared = usize::from(opening.declared);
        if declared > MAX_DECLARED || opening.expected.len() > declared {
            return Err(MarketError::Count {
                expected: declared.min(MAX_DECLARED),
                got: opening.expected.len().max(declared),
            });
        }
        let sequence = dense("tasks", self.tasks.len())?;
        let key_at = self.key_or_new(opening.key)?;

        self.set_exposure(key_at, exposure);
        let fee = self.debit(requester_at, opening.fee);
        self.pay_treasury(fee);
        let id = opening.task;
        let last_lock = last_lock(&rules, opening.mode, opening.delivers, opening.deadline);
        let clock = round(&rules, opening.bounty_max, last_lock, 1, now);
        let task = Task {
            sequence,
            live: Live {
                state: TaskState::Open { clock },
                escrow: Escrow::default(),
                party: 0,
                reopens: 0,
                backed: Amount::ZERO,
            },
            terms: Terms {
                id,
                requester: opening.requester,
                predicate: opening.predicate,
                key: opening.key,
                input_root: opening.input_root,
                witness_only: opening.witness_only,
                mode: opening.mode,
                delivers: opening.delivers,
                declared: opening.declared,
                expected: opening.expected,
                bounty_max: opening.bounty_max,
                min_stake: opening.min_stake,
                value_at_risk: opening.value_at_risk,
                opened: now,
                deadline: opening.deadline,
                level: opening.level,
                rules_version,
                rules,
                requester_at,
                key_at,
            },
            dirty: true,
        };
        self.due.plan(clock.ends, sequence);
        self.tasks.push(task);
        self.task_ids.insert(&id.0, sequence);
        self.join_key(key_at, sequence);
        self.record(|_| Undo::NewTask);
        self.tasks_dirty.push(sequence);
        let bounty = self.debit(requester_at, opening.bounty_max);
        self.escrow_put(sequence, Bucket::Bounty, bounty);
        let bond = self.debit(requester_at, bond);
        self.escrow_put(sequence, Bucket::Bond, bond);
        self.note(Note::Opened { task: id });
        self.assert_task(sequence);
        Ok(())
    }

    /// T2: the requester takes an open task back; the storage fee stays.
    ///
    /// # Errors
    /// [`MarketError::UnknownTask`], [`KeyWithdrawn`](MarketError::KeyWithdrawn), [`State`](MarketError::State), [`Early`](MarketError::Early),
    /// [`Unauthorized`](MarketError::Unauthorized).
    pub fn cancel(&mut self, now: Height, task: &TaskId, by: AccountId) -> Result<(), MarketError> {
        let at = self.find_in_force(task)?;
        let Task { terms, live, .. } = self.task_at(at);
        if !matches!(live.state, TaskState::Open { .. }) {
            return Err(wrong_state(self.task_at(at), "cancel"));
        }
        if by != terms.requester {
            return Err(MarketError::Unauthorized { task: *task, account: by, role: "requester" });
        }
        let from = later(terms.opened, terms.rules.cancel_delay_blocks);
        if now < from {
            return Err(MarketError::Early { task: *task, event: "cancel", now, from });
        }
        let (requester, fee) = (terms.requester_at, terms.rules.storage_fee);

        self.touch_task(at);
        let mut bond = self.escrow_take_all(at, Bucket::Bond);
        let fee = bond.split(fee);
        self.pay_treasury(fee);
        self.credit(requester, bond);
        let bounty = self.escrow_take_all(at, Bucket::Bounty);
        self.credit(requester, bounty);
        self.end(at, TaskState::Cancelled { at: now });
        self.note(Note::Cancelled { task: *task });
        self.assert_task(at);
        Ok(())
    }

    /// T21: the next round, or the end of the task where rounds or room are used up.
    pub(super) fn end_round(&mut self, now: Height, at: u32, clock: Clock) {
        self.touch_task(at);
        let Task { terms, .. } = self.task_at(at);
        let (id, requester) = (terms.id, terms.requester_at);
        if clock.round < terms.rules.rounds_max && terms.has_room(now) {
            let clock = terms.round(clock.round.saturating_add(1), now);
            self.set_state(at, |state| *state = TaskState::Open { clock });
            self.note(Note::Reauctioned { task: id, round: clock.round, ceiling: clock.ceiling });
        } else {
            for bucket in [Bucket::Bounty, Bucket::Bond] {
                let coins = self.escrow_take_all(at, bucket);
                self.credit(requester, coins);
            }
            self.end(at, TaskState::Expired { reason: reason::NO_LOCK, at: now });
            self.note(Note::Expired { task: id });
        }
        self.assert_task(at);
    }

    /// Enters a terminal state; the key answers for the task no longer.
    pub(super) fn end(&mut self, at: u32, end: TaskState) {
        let terms = &self.task_at(at).terms;
        let (id, key, bounty, value) = (terms.id, terms.key_at, terms.bounty_max, terms.value_at_risk);
        let left = self.key_row(key).exposure.checked_sub(bounty).and_then(|left| left.checked_sub(value));
        assert!(left.is_some(), "a key's exposure is less than that of its task");
        self.set_exposure(key, left.unwrap_or(Amount::ZERO));
        self.set_state(at, |state| *state = end);
        self.task_ids.retire(&id.0, at);
        self.pass_ended(key);
    }
}

impl Terms {
    /// Whether a round that starts at `now` leaves room for all that may follow it.
    pub(super) fn has_room(&self, now: Height) -> bool {
        let room = zera_abi::Blocks(self.rules.room_blocks(self.mode, self.delivers));
        now.checked_add(room).is_some_and(|end| end <= self.deadline)
    }

    /// The round of that number, from `now`.
    pub(super) fn round(&self, number: u8, now: Height) -> Clock {
        round(&self.rules, self.bounty_max, self.last_lock(), number, now)
    }

    /// The last height of a lock's deadline, before its clock ever stood.
    pub(super) fn last_lock(&self) -> Height {
        last_lock(&self.rules, self.mode, self.delivers, self.deadline)
    }
}

/// The last height of a lock's deadline: what may follow it fits before the task's.
fn last_lock(rules: &Rules, mode: Mode, delivers: bool, deadline: Height) -> Height {
    Height(deadline.0.saturating_sub(rules.tail_blocks(mode, delivers)))
}

/// The greatest value at risk of an attested answer: what the least stake secures.
fn gate(rules: &Rules, opening: &Opening) -> Amount {
    let stake = rules.attested_stake(opening.bounty_max).unwrap_or(Amount::MAX);
    rules.value_gate(stake.max(opening.min_stake).max(rules.stake_floor))
}

/// A round that starts at `now` and ends with its auction, or where what may follow would no longer fit.
fn round(rules: &Rules, bounty_max: Amount, last_lock: Height, number: u8, now: Height) -> Clock {
    Clock {
        round: number,
        ceiling: rules.round_ceiling(bounty_max, number),
        started: now,
        ends: later(now, rules.auction_blocks).min(last_lock),
    }
}

fn check_deadline(rules: &Rules, opening: &Opening, now: Height) -> Result<(), MarketError> {
    let Opening { mode, delivers, deadline, .. } = *opening;
    let min = later(now, rules.deadline_min_blocks.max(rules.room_blocks(mode, delivers)));
    let max = later(now, rules.deadline_max_blocks);
    if deadline < min || deadline > max {
        return Err(MarketError::Deadline { deadline, now, min, max });
    }
    Ok(())
}
