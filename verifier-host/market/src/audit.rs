//! Whether money adds up: after every transition in totals, and row by row on demand.

use zera_abi::Amount;

use crate::market::Market;
use crate::standing::Standing;
use crate::task::{Task, TaskState};

/// A full scan does not add up: our bug, or a damaged store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: rows add up to {rows}, recorded {recorded}")]
pub struct Unbalanced {
    /// Which sum.
    pub what: &'static str,
    /// By the rows.
    pub rows: Amount,
    /// By the record.
    pub recorded: Amount,
}

impl Market {
    /// Adds everything up again, row by row: conservation, locked balances, deposits, ended tasks, exposures and deposits of keys, votes.
    ///
    /// # Errors
    /// [`Unbalanced`] with the first sum that differs.
    pub fn conserved(&self) -> Result<(), Unbalanced> {
        let same = |what, rows: Amount, recorded: Amount| {
            if rows == recorded { Ok(()) } else { Err(Unbalanced { what, rows, recorded }) }
        };
        let sum = |a: Amount, b: Amount| a.checked_add(b).unwrap_or(Amount::MAX);
        let free = self.accounts.iter().fold(Amount::ZERO, |total, row| sum(total, row.free));
        same("free balances", free, self.totals.free)?;
        let escrowed = self.tasks.iter().fold(Amount::ZERO, |total, task| sum(total, task.live.escrow.total()));
        same("escrows", escrowed, self.totals.escrowed)?;
        let stakes = self.tasks.iter().fold(Amount::ZERO, |total, task| sum(total, task.live.escrow.stake));
        same("stakes", stakes, self.totals.stakes)?;
        let standings = self.accounts.iter().filter_map(|row| row.standing.as_ref());
        let staked = standings.fold(Amount::ZERO, |total, standing| sum(total, standing.slashable()));
        same("deposits", staked, self.totals.staked)?;
        let deposits = self.keys.iter().fold(Amount::ZERO, |total, row| sum(total, row.bond.deposit()));
        same("deposits of keys", deposits, self.totals.key_deposits)?;
        let mut votes = vec![Amount::ZERO; self.votes.proposals.len()];
        for ((_, proposal), amount) in &self.votes.ballots {
            if let Some(total) = votes.get_mut(*proposal as usize) {
                *total = sum(*total, *amount);
            }
        }
        let mut voting = Amount::ZERO;
        for (proposal, votes) in self.votes.proposals.iter().zip(votes) {
            same("votes for a proposal", votes, proposal.support())?;
            let deposit = if proposal.state().is_ended() { Amount::ZERO } else { proposal.deposit() };
            voting = sum(voting, sum(votes, deposit));
        }
        same("money in votes", voting, self.totals.voting)?;
        same("all money", self.totals.sum().unwrap_or(Amount::MAX), self.totals.minted)?;
        let mut locked = vec![Amount::ZERO; self.accounts.len()];
        let mut backing = vec![Amount::ZERO; self.accounts.len()];
        let mut reserved = vec![Amount::ZERO; self.accounts.len()];
        let mut exposures = vec![Amount::ZERO; self.keys.len()];
        let add = |sums: &mut [Amount], at: u32, part: Amount| {
            if let Some(total) = sums.get_mut(at as usize) {
                *total = sum(*total, part);
            }
        };
        for task in self.tasks.iter() {
            let (state, escrow) = (&task.live.state, &task.live.escrow);
            if state.is_terminal() {
                same("an ended task", escrow.total(), Amount::ZERO)?;
                continue;
            }
            add(&mut exposures, task.terms.key_at, sum(task.terms.bounty_max, task.terms.value_at_risk));
            add(&mut locked, task.live.party, escrow.stake);
            add(&mut backing, task.live.party, task.live.backed);
            if let TaskState::Assigned { stake, .. } = state {
                add(&mut reserved, task.live.party, *stake);
            }
            let commits = state.commits();
            add(&mut locked, task.live.party, state.demand_fee());
            let deposits = commits.iter().fold(state.demand_fee(), |total, commit| sum(total, commit.deposit));
            same("deposits of a task", deposits, escrow.deposit)?;
            for commit in commits {
                add(&mut locked, commit.account, commit.deposit);
            }
            match state.challenger().and_then(|id| self.find_account(id)) {
                Some(challenger) => add(&mut locked, challenger, escrow.challenge),
                None => same("a challenge of nobody", escrow.challenge, Amount::ZERO)?,
            }
        }
        for ((row, locked), (backing, reserved)) in
            self.accounts.iter().zip(locked).zip(backing.into_iter().zip(reserved))
        {
            same("a locked balance", locked, row.locked)?;
            same("the stakes at an account's locks", reserved, row.reserved)?;
            let recorded = row.standing.as_ref().map_or(Amount::ZERO, Standing::backing);
            same("what a deposit backs", backing, recorded)?;
        }
        for (key, exposure) in self.keys.iter().zip(exposures) {
            same("a key's exposure", exposure, key.exposure)?;
        }
        Ok(())
    }

    pub(crate) fn assert_balanced(&self) {
        assert!(self.totals.sum() == Some(self.totals.minted), "money was made or lost: {:?}", self.totals);
    }

    /// Conservation, and an ended task holds nothing.
    pub(crate) fn assert_task(&self, at: u32) {
        self.assert_balanced();
        let Task { terms, live, .. } = self.task_at(at);
        assert!(
            !live.state.is_terminal() || live.escrow.total().is_zero(),
            "task {} is {} and holds {:?}",
            terms.id,
            live.state.name(),
            live.escrow
        );
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use zera_abi::{AccountId, Height, KeyId, Level, PredicateId, TaskId};

    use super::*;
    use crate::rules::Rules;
    use crate::task::{Mode, Opening};

    /// Task 0 of an account with money left.
    fn market() -> Market {
        let rules = Rules::standard();
        let (who, bounty_max) = (AccountId([1; 32]), rules.bounty_floor);
        let opening = Opening {
            task: TaskId([2; 32]),
            requester: who,
            predicate: PredicateId([3; 32]),
            key: KeyId([4; 32]),
            input_root: [5; 32],
            declared: 0,
            expected: vec![],
            bounty_max,
            min_stake: Amount::ZERO,
            value_at_risk: Amount::ZERO,
            deadline: Height(rules.deadline_max_blocks),
            level: Level::Accepted,
            fee: rules.opening_fee(bounty_max),
            witness_only: false,
            mode: Mode::Proved,
            delivers: false,
        };
        let mut market = Market::new(rules).expect("rules");
        market.mint(who, Amount::from_units(1 << 60)).expect("minted");
        market.open(Height(0), opening).expect("opens");
        market
    }

    /// Invariants 1 and 2: what is wrong is our bug, and whatever comes next stops.
    #[test]
    fn a_market_that_lost_money_or_ended_a_task_with_some_stops() {
        let stops = |damage: fn(&mut Market), act: fn(&mut Market)| {
            let mut market = market();
            damage(&mut market);
            catch_unwind(AssertUnwindSafe(|| act(&mut market))).is_err()
        };
        let charge = |market: &mut Market| {
            market.charge(AccountId([1; 32]), Amount::from_units(1)).expect("it has a unit");
        };
        let check = |market: &mut Market| market.assert_task(0);
        assert!(!stops(|_| (), charge) && !stops(|_| (), check));
        assert!(stops(|market| market.totals.burned = Amount::from_units(1), charge));
        assert!(stops(|market| market.task_mut(0).live.state = TaskState::Cancelled { at: Height(0) }, check));
    }
}
