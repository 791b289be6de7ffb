//! Private bytes, sealed, on their way from a requester to the holder of a lock. No part of the chain's state: in memory alone, and
//! gone with a restart, after which they are sent again or delivered on the chain.

use std::collections::BTreeMap;

use zera_abi::{AccountId, TaskId};
use zera_host::is_signed_by;
use zera_host::sealed::{Address, mail_message};
use zera_market::{Market, TaskState};

/// Most messages at a time.
pub(crate) const MESSAGES_MAX: usize = 4096;
/// Most bytes of them together.
pub(crate) const BYTES_MAX: usize = 64 * 1024 * 1024;

/// A message, as it waits for its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) to: Address,
    pub(crate) from: AccountId,
    pub(crate) sealed: Vec<u8>,
}

/// Why a message is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotKept {
    #[error("sealed bytes: the signature is not the sender's for this task, holder and key")]
    Signature,
    #[error("sealed bytes: another sender's are there already")]
    OtherSender,
    #[error("sealed bytes: the mailbox is full")]
    Full,
}

/// Checks the sender's signature: strictly, as those of transactions are.
pub(crate) fn check_signature(message: &Message, signature: &[u8; 64]) -> Result<(), NotKept> {
    let signed = mail_message(&message.to, &message.sealed);
    if is_signed_by(&message.from, &signed, signature) { Ok(()) } else { Err(NotKept::Signature) }
}

/// One message a task: a task has one holder, and the holder one key.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    messages: BTreeMap<TaskId, Message>,
    len: usize,
}

impl Mailbox {
    /// Keeps a message; one to the same address only in place of another of the same sender. Says whether there was none.
    pub(crate) fn put(&mut self, message: Message) -> Result<bool, NotKept> {
        let before = self.messages.get(&message.to.task);
        let same = before.filter(|before| before.to == message.to);
        if same.is_some_and(|before| before.from != message.from) {
            return Err(NotKept::OtherSender);
        }
        let (count, freed) = (self.messages.len(), before.map_or(0, |before| before.sealed.len()));
        let len = self.len.saturating_sub(freed).saturating_add(message.sealed.len());
        if len > BYTES_MAX || (before.is_none() && count >= MESSAGES_MAX) {
            return Err(NotKept::Full);
        }
        let is_new = same.is_none();
        self.len = len;
        self.messages.insert(message.to.task, message);
        Ok(is_new)
    }

    /// The message for the holder at this address.
    pub(crate) fn get(&self, to: &Address) -> Option<&Message> {
        self.messages.get(&to.task).filter(|message| message.to == *to)
    }

    /// Drops what nobody waits for any more.
    pub(crate) fn settle(&mut self, market: &Market) {
        self.messages.retain(|task, message| market.task(task).is_some_and(|task| waits(task.state(), &message.to)));
        self.len = self.messages.values().map(|message| message.sealed.len()).sum();
    }

    /// How many there are.
    #[cfg(test)]
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.messages.len(), self.len)
    }
}

/// Whether the holder at this address still holds the task.
fn waits(state: &TaskState, to: &Address) -> bool {
    match state {
        TaskState::Assigned { provider, delivery, .. } => *provider == to.provider && delivery.key() == Some(&to.key),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};
    use zera_abi::ChainId;

    fn message(task: u32, key: u8, from: u8, len: usize) -> Message {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&task.to_be_bytes());
        let to = Address { chain: ChainId([1; 32]), task: TaskId(id), provider: AccountId([2; 32]), key: [key; 32] };
        Message { to, from: AccountId([from; 32]), sealed: vec![3; len] }
    }

    #[test]
    fn one_message_an_address_of_its_first_sender() {
        let mut mailbox = Mailbox::default();
        assert_eq!(mailbox.put(message(1, 1, 1, 10)), Ok(true));
        assert_eq!(mailbox.put(message(1, 1, 2, 10)), Err(NotKept::OtherSender));
        assert_eq!(mailbox.put(message(1, 1, 1, 30)), Ok(false));
        assert_eq!(mailbox.get(&message(1, 1, 1, 0).to), Some(&message(1, 1, 1, 30)));
        assert_eq!(mailbox.count(), (1, 30));
        // Another lock has another key, and what was for the one before is of no use.
        assert_eq!(mailbox.put(message(1, 2, 2, 5)), Ok(true));
        assert_eq!(mailbox.get(&message(1, 1, 1, 0).to), None);
        assert_eq!(mailbox.count(), (1, 5));
    }

    #[test]
    fn it_is_bounded_in_messages_and_bytes() {
        let mut mailbox = Mailbox::default();
        for task in 0..MESSAGES_MAX as u32 {
            mailbox.put(message(task, 1, 1, 1)).unwrap();
        }
        assert_eq!(mailbox.put(message(u32::MAX, 1, 1, 1)), Err(NotKept::Full));
        assert_eq!(mailbox.put(message(0, 1, 1, 2)), Ok(false), "in place of another");
        let mut mailbox = Mailbox::default();
        assert_eq!(mailbox.put(message(0, 1, 1, BYTES_MAX + 1)), Err(NotKept::Full));
        assert_eq!(mailbox.put(message(0, 1, 1, BYTES_MAX)), Ok(true));
        assert_eq!(mailbox.put(message(1, 1, 1, 1)), Err(NotKept::Full));
        assert_eq!(mailbox.put(message(0, 1, 1, 1)), Ok(false));
        assert_eq!(mailbox.put(message(1, 1, 1, 1)), Ok(true));
    }

    #[test]
    fn a_signature_is_for_one_address_and_one_message() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let message = Message { from: AccountId(key.verifying_key().to_bytes()), ..message(1, 1, 1, 10) };
        let signature = key.sign(&mail_message(&message.to, &message.sealed)).to_bytes();
        assert_eq!(check_signature(&message, &signature), Ok(()));
        let others = [
            Message { sealed: vec![4; 10], ..message.clone() },
            Message { from: AccountId([9; 32]), ..message.clone() },
            Message { to: Address { key: [2; 32], ..message.to }, ..message.clone() },
            Message { to: Address { chain: ChainId([2; 32]), ..message.to }, ..message.clone() },
            Message { to: Address { provider: AccountId([3; 32]), ..message.to }, ..message.clone() },
        ];
        for other in others {
            assert_eq!(check_signature(&other, &signature), Err(NotKept::Signature));
        }
    }
}
