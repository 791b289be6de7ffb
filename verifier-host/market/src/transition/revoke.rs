//! T20: the refund of a withdrawn key's tasks.

use zera_abi::{Amount, Height};

use crate::market::Market;
use crate::note::Note;
use crate::task::{Bucket, Task, TaskState, reason};

/// Tasks revoked at the start of a block, at most.
///
/// A withdrawal is one transaction and its refunds are not paid for by it, so a block's share is bounded: a revocation with
/// all of its 64 commitments moves money some 70 times, about as much as 20 transitions, and each note may wake a contract.
/// Nothing is lost by waiting, since nothing else happens to these tasks.
pub const REVOCATIONS_MAX: usize = 64;

impl Market {
    /// Revokes the oldest tasks of withdrawn keys.
    pub(super) fn revoke_oldest(&mut self, now: Height) {
        for _ in 0..REVOCATIONS_MAX {
            let Some((at, _)) = self.revoking.first().copied() else { return };
            self.revoke(now, at);
            assert!(self.task_at(at).live.state.is_terminal(), "a revoked task has ended");
        }
    }

    /// Gives back what is left in each bucket to whoever put it there: nobody is at fault.
    fn revoke(&mut self, now: Height, at: u32) {
        self.touch_task(at);
        let Task { terms, live, .. } = self.task_at(at);
        let (task, requester, party) = (terms.id, terms.requester_at, live.party);
        let (bounty, bond, stake, deposits) =
            (live.escrow.bounty, live.escrow.bond, live.escrow.stake, live.escrow.deposit);
        // The price held for a payee came from the requester; a hero's share, held or waiting, from the offender's stake.
        let (price, offender) = match &live.state {
            TaskState::Accepted { price, dispute: Some(_), .. } => (*price, party),
            TaskState::Accepted { price, offender, .. } => {
                (*price, offender.and_then(|id| self.find_account(&id)).unwrap_or(party))
            }
            _ => (Amount::ZERO, party),
        };
        let demand_fee = live.state.demand_fee();

        for bucket in [Bucket::Bounty, Bucket::Bond] {
            let coins = self.escrow_take_all(at, bucket);
            self.credit(requester, coins);
        }
        let mut hold = self.escrow_take_all(at, Bucket::Hold);
        let held = hold.split(price);
        self.credit(requester, held);
        let hero_share = hold.amount();
        self.credit(offender, hold);
        let challenge = self.task_at(at).live.escrow.challenge;
        let challenger = self.task_at(at).live.state.challenger().and_then(|id| self.find_account(id));
        if let Some(challenger) = challenger {
            let coins = self.unlock_money(challenger, at, Bucket::Challenge, challenge);
            self.credit(challenger, coins);
        }
        if !stake.is_zero() {
            let stake = self.take_whole_stake(party, at);
            self.give_back(party, stake);
        }
        self.return_deposits(at);
        if !demand_fee.is_zero() {
            let coins = self.unlock_money(party, at, Bucket::Deposit, demand_fee);
            self.credit(party, coins);
        }
        self.leave_lock(at);
        self.end(at, TaskState::Revoked { reason: reason::KEY_WITHDRAWN, at: now });
        // None exceeds what was minted.
        let sum = |parts: &[Amount]| {
            parts.iter().try_fold(Amount::ZERO, |sum, part| sum.checked_add(*part)).unwrap_or(Amount::MAX)
        };
        self.note(Note::Revoked {
            task,
            requester_paid: sum(&[bounty, bond, price]),
            stake_returned: sum(&[stake, hero_share]),
            deposits_returned: sum(&[deposits, challenge]),
        });
        self.assert_task(at);
    }
}
