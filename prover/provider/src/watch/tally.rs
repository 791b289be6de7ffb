//! What a watcher has earned and lost, by what the chain's events say.

use std::collections::BTreeMap;

use zera_abi::{AccountId, Amount, TaskId};

use super::sight::Sight;
use crate::view::EventView;

/// Most tasks that are followed to their end.
const FOLLOWED_MAX: usize = 4096;

/// Money of one run of a watcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Paid to it: shares of stakes and bonds, prices of proofs, rewards.
    pub earned: Amount,
    /// Bonds and deposits that it lost.
    pub lost: Amount,
    /// Fees of its transactions.
    pub fees: Amount,
    /// Challenges that it made.
    pub challenges: u64,
    account: AccountId,
    /// Tasks that we have challenged, and whether we have settled them.
    ours: BTreeMap<TaskId, bool>,
}

impl Tally {
    pub(super) fn new(account: AccountId) -> Tally {
        let zero = Amount::ZERO;
        Tally { earned: zero, lost: zero, fees: zero, challenges: 0, account, ours: BTreeMap::new() }
    }

    /// A task that we have challenged.
    pub(super) fn follow(&mut self, task: TaskId) {
        if self.ours.len() < FOLLOWED_MAX {
            self.ours.entry(task).or_insert(false);
        }
    }

    pub(super) fn paid(&mut self, fee: Amount) {
        self.fees = sum(self.fees, fee);
    }

    /// Counts what an event says of our money.
    pub(super) fn hear(&mut self, event: &EventView) -> Vec<Sight> {
        let us = |field: &str| event.account(field) == Some(self.account);
        if event.event == "key_withdrawn" && us("reporter") {
            let amount = event.amount("reward").unwrap_or(Amount::ZERO);
            self.earned = sum(self.earned, amount);
            return event.key().map(|key| Sight::Rewarded { key, amount }).into_iter().collect();
        }
        let Some(task) = event.task() else { return Vec::new() };
        let Some(settled) = self.ours.get(&task).copied() else { return Vec::new() };
        let amount = |field: &str| event.amount(field).unwrap_or(Amount::ZERO);
        let mut earned: Vec<(Amount, &'static str)> = Vec::new();
        let mut lost = Amount::ZERO;
        match event.event.as_str() {
            "challenge_settled" => {
                let by_us = us("settler");
                self.ours.insert(task, by_us);
            }
            "attestation_slashed" => {
                earned.push((amount("challenger_paid"), "challenge"));
                if settled {
                    earned.push((amount("settler_paid"), "settlement"));
                }
            }
            "stake_slashed" if us("hero") => earned.push((amount("hero_paid"), "silence")),
            "challenge_lost" => {
                lost = sum(amount("burned"), amount("settler_paid"));
                if us("settler") {
                    lost = amount("burned");
                }
            }
            "deposit_burned" if us("provider") => lost = amount("burned"),
            "task_final" | "task_failed" if us("provider") => earned.push((amount("paid"), "answer")),
            _ => {}
        }
        let over = ["task_final", "task_failed", "task_expired", "task_revoked", "challenge_voided"];
        if over.contains(&event.event.as_str()) {
            self.ours.remove(&task);
        }
        let mut sights = Vec::new();
        for (amount, by) in earned {
            if !amount.is_zero() {
                self.earned = sum(self.earned, amount);
                sights.push(Sight::Earned { task, amount, by });
            }
        }
        if !lost.is_zero() {
            self.lost = sum(self.lost, lost);
            sights.push(Sight::Lost { task, amount: lost });
        }
        sights
    }
}

fn sum(a: Amount, b: Amount) -> Amount {
    // None exceeds what was minted.
    a.checked_add(b).unwrap_or(Amount::MAX)
}
