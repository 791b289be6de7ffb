//! T1 open, T2 cancel, T21 re-auction, and the end of the clock.

use std::sync::Arc;

use zera_abi::wire::MAX_DECLARED;
use zera_abi::{AccountId, Amount, Height, Level, TaskId};

use super::wrong_state;
use crate::error::MarketError;
use crate::market::{Market, dense};
use crate::note::Note;
use crate::rules::Rules;
use crate::task::{Bucket, Clock, Escrow, Live, Opening, Task, TaskState, Terms, later, reason};
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
        match opening.level {
            Level::Accepted | Level::Final => {}
            level @ (Level::Pending | Level::Attested) => return Err(MarketError::Level { level }),
        }
        if self.task_ids.find(&opening.task.0).is_some() {
            return Err(MarketError::TaskExists { task: opening.task });
        }
        check_deadline(&rules, now, opening.deadline)?;
        if opening.fee < rules.open_fee {
            return Err(MarketError::Fee { need: rules.open_fee, offered: opening.fee });
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
        let clock = round(&rules, opening.bounty_max, opening.deadline, 1, now);
        let task = Task {
            sequence,
            live: Live { state: TaskState::Open { clock }, escrow: Escrow::default(), party: 0 },
            terms: Terms {
                id,
                requester: opening.requester,
                predicate: opening.predicate,
                key: opening.key,
                input_root: opening.input_root,
                witness_only: opening.witness_only,
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
        self.due.insert((clock.ends, sequence));
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
        let room =
            now.checked_add(zera_abi::Blocks(terms.rules.room_blocks())).is_some_and(|end| end <= terms.deadline);
        if clock.round < terms.rules.rounds_max && room {
            let number = clock.round.saturating_add(1);
            let clock = round(&terms.rules, terms.bounty_max, terms.deadline, number, now);
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
        let (key, bounty, value) = (terms.key_at, terms.bounty_max, terms.value_at_risk);
        let left = self.key_row(key).exposure.checked_sub(bounty).and_then(|left| left.checked_sub(value));
        assert!(left.is_some(), "a key's exposure is less than that of its task");
        self.set_exposure(key, left.unwrap_or(Amount::ZERO));
        self.set_state(at, |state| *state = end);
        self.leave_key(key, at);
    }
}

/// A round that starts at `now` and ends with its auction, or where a rescue would no longer fit.
fn round(rules: &Rules, bounty_max: Amount, deadline: Height, number: u8, now: Height) -> Clock {
    let last_lock = Height(deadline.0.saturating_sub(rules.rescue_blocks));
    Clock {
        round: number,
        ceiling: rules.round_ceiling(bounty_max, number),
        started: now,
        ends: later(now, rules.auction_blocks).min(last_lock),
    }
}

fn check_deadline(rules: &Rules, now: Height, deadline: Height) -> Result<(), MarketError> {
    let min = later(now, rules.deadline_min_blocks.max(rules.room_blocks()));
    let max = later(now, rules.deadline_max_blocks);
    if deadline < min || deadline > max {
        return Err(MarketError::Deadline { deadline, now, min, max });
    }
    Ok(())
}
