//! Why providers did not take a task, as they say themselves: what a requester reads whose question nobody answers. No part of the
//! chain's state; in memory alone, and a provider may say what it likes, so nothing is decided by it.

use std::collections::{BTreeMap, BTreeSet};

use zera_abi::{AccountId, ChainId, TaskId};
use zera_host::{REASON_LEN_MAX, decline_message, is_signed_by};
use zera_market::{Market, TaskState};

/// Most providers that are counted for one task.
pub(crate) const PROVIDERS_MAX: usize = 64;
/// Most reasons of one provider for one task: its mind changes with the price.
pub(crate) const REASONS_MAX: usize = 8;
/// Most reasons at a time, of all tasks.
pub(crate) const DECLINES_MAX: usize = 65_536;
/// Why a reason is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotKept {
    #[error("reason: expected 1 to {REASON_LEN_MAX} small letters, digits and underscores")]
    Reason,
    #[error("decline: the signature is not the provider's for this task and reason")]
    Signature,
    #[error("decline: no more of them are kept")]
    Full,
}

/// A provider's reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declined {
    pub(crate) task: TaskId,
    pub(crate) provider: AccountId,
    pub(crate) reason: String,
}

/// Checks form and signature: strictly, as those of transactions are.
pub(crate) fn check(chain: &ChainId, declined: &Declined, signature: &[u8; 64]) -> Result<(), NotKept> {
    let Declined { task, provider, reason } = declined;
    let letters = reason.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    if !letters || reason.is_empty() || reason.len() > REASON_LEN_MAX {
        return Err(NotKept::Reason);
    }
    let signed = is_signed_by(provider, &decline_message(chain, task, reason), signature);
    if signed { Ok(()) } else { Err(NotKept::Signature) }
}

/// The reasons of each task, each with who gave it.
#[derive(Debug, Default)]
pub(crate) struct Declines {
    tasks: BTreeMap<TaskId, BTreeMap<AccountId, BTreeSet<String>>>,
    count: usize,
}

impl Declines {
    /// Keeps a reason; one that is there already is taken again. Where there is no room, those of tasks that have ended go first.
    pub(crate) fn put(&mut self, declined: Declined, market: &Market) -> Result<(), NotKept> {
        if self.count >= DECLINES_MAX {
            self.tasks.retain(|task, _| market.task(task).is_some_and(|task| !task.state().is_terminal()));
            self.count = self.tasks.values().flat_map(BTreeMap::values).map(BTreeSet::len).sum();
        }
        let Declined { task, provider, reason } = declined;
        let providers = self.tasks.get(&task);
        let reasons = providers.and_then(|providers| providers.get(&provider));
        if reasons.is_some_and(|reasons| reasons.contains(&reason)) {
            return Ok(());
        }
        let crowded = reasons.is_none() && providers.is_some_and(|providers| providers.len() >= PROVIDERS_MAX);
        if crowded || reasons.is_some_and(|reasons| reasons.len() >= REASONS_MAX) || self.count >= DECLINES_MAX {
            return Err(NotKept::Full);
        }
        self.tasks.entry(task).or_default().entry(provider).or_default().insert(reason);
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    /// How many providers gave each reason.
    pub(crate) fn of(&self, task: &TaskId) -> BTreeMap<String, u64> {
        let mut counted: BTreeMap<String, u64> = BTreeMap::new();
        for reason in self.tasks.get(task).into_iter().flat_map(BTreeMap::values).flatten() {
            let count = counted.entry(reason.clone()).or_default();
            *count = count.saturating_add(1);
        }
        counted
    }
}

/// Whether there is something to decline: a lock, or a rescue.
pub(crate) fn is_offered(state: &TaskState) -> bool {
    matches!(state, TaskState::Open { .. } | TaskState::Rescue { .. })
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};
    use zera_market::Rules;

    use super::*;

    const CHAIN: ChainId = ChainId([1; 32]);

    fn declined(task: u32, provider: u8, reason: &str) -> Declined {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&task.to_be_bytes());
        Declined { task: TaskId(id), provider: AccountId([provider; 32]), reason: reason.to_owned() }
    }

    #[test]
    fn reasons_are_counted_once_a_provider_and_bounded() {
        let market = Market::new(Rules::local()).unwrap();
        let mut declines = Declines::default();
        for provider in 0..PROVIDERS_MAX as u8 {
            assert_eq!(declines.put(declined(1, provider, "underpriced"), &market), Ok(()));
            assert_eq!(declines.put(declined(1, provider, "underpriced"), &market), Ok(()));
        }
        assert_eq!(declines.put(declined(1, 200, "underpriced"), &market), Err(NotKept::Full));
        assert_eq!(declines.of(&declined(1, 0, "").task)["underpriced"], PROVIDERS_MAX as u64);
        for n in 0..REASONS_MAX {
            assert_eq!(declines.put(declined(2, 1, &format!("r{n}")), &market), Ok(()));
        }
        assert_eq!(declines.put(declined(2, 1, "one_more"), &market), Err(NotKept::Full));
        // All of these tasks are unknown here, so they go when there is no room.
        for task in 0..u32::try_from(DECLINES_MAX).unwrap() {
            declines.put(declined(10 + task, 1, "deadline"), &market).unwrap();
        }
        assert!(declines.count <= DECLINES_MAX && declines.of(&declined(1, 0, "").task).is_empty());
    }

    #[test]
    fn a_signature_is_for_one_chain_task_and_reason() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let mine = Declined { provider: AccountId(key.verifying_key().to_bytes()), ..declined(1, 0, "underpriced") };
        let signature = key.sign(&decline_message(&CHAIN, &mine.task, &mine.reason)).to_bytes();
        assert_eq!(check(&CHAIN, &mine, &signature), Ok(()));
        assert_eq!(check(&ChainId([2; 32]), &mine, &signature), Err(NotKept::Signature));
        let others = [
            Declined { reason: "deadline".to_owned(), ..mine.clone() },
            Declined { task: declined(2, 0, "").task, ..mine.clone() },
            Declined { provider: AccountId([9; 32]), ..mine.clone() },
        ];
        for other in others {
            assert_eq!(check(&CHAIN, &other, &signature), Err(NotKept::Signature));
        }
        for reason in ["", "A", "a b", "<b>", &"a".repeat(REASON_LEN_MAX + 1)] {
            let odd = Declined { reason: reason.to_owned(), ..mine.clone() };
            assert_eq!(check(&CHAIN, &odd, &signature), Err(NotKept::Reason), "{reason}");
        }
    }
}
