//! Whether to take a task: cheap checks first, nothing at stake yet.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use zera_abi::{Amount, Height, Outcome};
use zera_statement::task_id;

use super::fetch::fetch;
use super::shared::{LOCK_FUEL, SEALING_FUEL, SUBMIT_FUEL};
use super::state::{Active, Foreseen, State};
use crate::decline::{Decline, Declined};
use crate::job::{Job, Offered, Terms, Way};
use crate::market::MarketClient;
use crate::prove::ProveFault;
use crate::schedule::{Slot, feasible};
use crate::view::{AccountView, TaskView};

/// Every one that a proof can have.
const OUTCOMES: [Outcome; 4] = [Outcome::False, Outcome::True, Outcome::Trap, Outcome::BoundExceeded];

impl<C: MarketClient> State<C> {
    /// A job to begin, or why not. `account` is this provider's before what was decided in this look.
    pub(super) async fn consider(
        &mut self,
        by: Way,
        task: &TaskView,
        account: &AccountView,
    ) -> Result<(Job<Offered>, Active), Declined> {
        let shared = Arc::clone(&self.shared);
        let config = &shared.config;
        let no = |reason, detail: String| Err(Declined::new(reason, detail));

        if config.deny.contains(&task.contract) {
            return no(Decline::DenyListed, format!("requester {}", task.contract));
        }
        let listed = config.predicates.as_ref().is_none_or(|served| served.contains(&task.predicate));
        let Some(offer) = shared.prover.offer(&task.predicate).filter(|_| listed) else {
            let said = if listed { fetch(&shared, &task.predicate, &task.key) } else { String::new() };
            return no(Decline::UnknownPredicate, format!("predicate {}{said}", task.predicate));
        };
        if offer.key != task.key {
            return no(Decline::UnknownKey, format!("key {}, here is {}", task.key, offer.key));
        }
        let public_len = task.public.len();
        if public_len > config.public_len_max {
            return no(Decline::TooLarge, format!("{public_len} input bytes, at most {}", config.public_len_max));
        }
        if offer.rows > config.rows_max {
            return no(Decline::TooLarge, format!("{} rows, at most {}", offer.rows, config.rows_max));
        }
        let terms = Arc::new(Terms::of(shared.chain, task));
        if !terms.root_holds() {
            return no(Decline::InputMismatch, format!("the {public_len} input bytes do not have the task's root"));
        }
        let name = task_id(&shared.chain, &task.contract, task.handle);
        if name != task.id || task.not_after != task.deadline {
            return no(Decline::IdMismatch, format!("shown as {}, its terms name {name}", task.id));
        }
        if public_len != offer.public_len {
            return no(
                Decline::InputMissing,
                format!("{public_len} input bytes, the predicate reads {}", offer.public_len),
            );
        }

        let foreseen = self.native(by, &terms).await?;
        match foreseen {
            Foreseen::Outcome(outcome) if !config.outcomes.contains(&outcome) => {
                return no(Decline::OutcomeNotServed, format!("the native answer is {outcome}"));
            }
            Foreseen::Unknown if OUTCOMES.iter().any(|outcome| !config.outcomes.contains(outcome)) => {
                let why = "the answer is not known before the private bytes come, and not every one is served";
                return no(Decline::OutcomeNotServed, why.to_owned());
            }
            _ => {}
        }

        let deadline = self.deadline(by, task.rescue_expires.unwrap_or(task.not_after), terms.delivers);
        let work_ns = shared.estimates.work_ns(&task.predicate).unwrap_or(u64::MAX);
        let candidate = Slot { deadline, work_ms: work_ns.div_ceil(1_000_000) };
        let (next, block_ms) = (Height(shared.height().0.saturating_add(1)), shared.status.borrow().block_ms);
        let waits = match foreseen {
            Foreseen::Outcome(_) => 0,
            Foreseen::Unknown => self.wait(next, deadline)?,
        };
        if !feasible(Height(next.0.saturating_add(waits)), block_ms, config.margin_blocks, &[candidate]) {
            let (blocks, work_ms) = (deadline.since(next).0.saturating_sub(waits), candidate.work_ms);
            return no(Decline::Deadline, format!("{work_ms} ms of work, {blocks} blocks of {block_ms} ms"));
        }

        let (stake, transactions) = match by {
            // The key and a demand beside.
            Way::Lock if foreseen == Foreseen::Unknown => {
                let with_fee = task.stake_required.and_then(|stake| stake.checked_add(shared.windows.demand_fee));
                (with_fee, LOCK_FUEL.saturating_mul(2).saturating_add(SEALING_FUEL).saturating_add(SUBMIT_FUEL))
            }
            Way::Lock => (task.stake_required, LOCK_FUEL.saturating_add(SUBMIT_FUEL)),
            Way::Rescue => (Some(shared.windows.commit_deposit), LOCK_FUEL.saturating_add(SUBMIT_FUEL)),
        };
        let (Some(clock), Some(stake)) = (task.price, stake) else {
            return no(Decline::Underpriced, "no price for the next block".to_owned());
        };
        let fees = u128::from(shared.status.borrow().fuel_price).saturating_mul(transactions.into());
        let fees = Amount::from_units(fees);
        // The deposit of a rescue comes back with every reveal; a lock's stake is what can be lost.
        let risked = if by == Way::Lock { stake } else { Amount::ZERO };
        // An answer is paid by the clock; what ends a task without one is paid by the rules, and there is nothing to bid.
        let answered = (clock, config.price.least(work_ns, risked, fees), Decline::Underpriced);
        let execution_fee = shared.windows.execution_fee(task.bounty_max);
        let ended = (execution_fee, config.price.covering(work_ns, risked, fees), Decline::FeeBelowCost);
        let (what, offers) = match foreseen {
            Foreseen::Outcome(outcome) if outcome.as_bool().is_some() => (outcome.as_str(), vec![answered]),
            Foreseen::Outcome(outcome) => (outcome.as_str(), vec![ended]),
            // It may be either, or the requester does not deliver, which is paid like a trap.
            Foreseen::Unknown => ("an answer that is not known yet", vec![answered, ended]),
        };
        for (price, least, reason) in offers {
            if least.is_none_or(|least| price < least) {
                let least = least.map_or_else(|| "no price".to_owned(), |least| format!("{least} ZRA"));
                return no(reason, format!("{price} ZRA for {what}, asked is {least}"));
            }
        }
        let price = match foreseen {
            Foreseen::Outcome(outcome) if outcome.as_bool().is_none() => execution_fee,
            _ => clock,
        };

        let (held, limit) = (self.active.len(), self.brake.limit());
        if held >= limit {
            return no(Decline::OverCapacity, format!("{held} jobs, at most {limit}"));
        }
        let mut slots: Vec<Slot> = self.active.values().map(Active::slot).collect();
        // Work that is nearly done in time stays feasible; what is late already is not the candidate's fault.
        slots.retain(|slot| slot.work_ms > 0 && feasible(next, block_ms, 0, &[*slot]));
        slots.push(candidate);
        if !feasible(next, block_ms, config.margin_blocks, &slots) {
            return no(Decline::OverCapacity, format!("{held} jobs before it leave too little time"));
        }

        let at_risk = sum(self.active.values().map(|active| active.stake).chain([stake]));
        if at_risk > config.max_stake {
            return no(Decline::CollateralLow, format!("{at_risk} ZRA at risk, at most {}", config.max_stake));
        }
        let pending = self.active.values().filter(|active| !active.progress.landed.load(Ordering::Relaxed));
        let needed = sum(pending.map(|active| active.stake).chain([stake, fees]));
        let (free, standing) = (account.free, &account.standing);
        // A lock's stake comes out of the deposit first; nothing else does.
        let deposit = if by == Way::Lock { standing.staked } else { Amount::ZERO };
        let have = sum([free, deposit].into_iter());
        if have < needed {
            return no(Decline::CollateralLow, format!("{have} ZRA free or staked, {needed} ZRA needed"));
        }
        if by == Way::Lock {
            let left = deposit.checked_sub(stake).unwrap_or(Amount::ZERO);
            let keep = shared.windows.margin_kept(standing, stake).unwrap_or(Amount::MAX);
            if left < keep {
                let why = format!(
                    "after earlier faults the deposit has to keep {keep} ZRA beside the stake, and keeps {left}"
                );
                return no(Decline::CollateralLow, why);
            }
            if let Some(until) = standing.jailed_until {
                return no(Decline::Jailed, format!("no lock before block {until}, as an answer did not come"));
            }
            if let Some(capacity) = standing.capacity.filter(|capacity| standing.locks >= *capacity) {
                return no(Decline::OverCapacity, format!("the market lets this account hold {capacity} locks"));
            }
        }

        let active = Active { stake, deadline, work_ms: candidate.work_ms, progress: Arc::default() };
        Ok((Job { terms, state: Offered { by, price, stake, sent: None } }, active))
    }

    /// Blocks of a lock that may go by before private bytes are delivered: the clock stands from their demand on.
    fn wait(&self, next: Height, deadline: Height) -> Result<u64, Declined> {
        let (windows, blocks) = (self.shared.windows, deadline.since(next).0);
        let demand = zera_market::price::start_blocks(blocks, windows.demand_share);
        // The key in the block after the lock, then the notice; a block more, or a demand could miss its window.
        if demand < windows.notice_blocks.saturating_add(2) {
            let why = format!("a lock of {blocks} blocks is too short to demand private bytes in");
            return Err(Declined::new(Decline::Deadline, why));
        }
        Ok(demand)
    }

    /// The native answer, where the task takes it: once for each task, off the loop's threads. Nothing is known of it where the
    /// requester owes the private bytes to whoever holds the lock, and they are not here.
    async fn native(&mut self, by: Way, terms: &Arc<Terms>) -> Result<Foreseen, Declined> {
        let looked = self.looked.entry(terms.task).or_default();
        match looked.native {
            // They may be here meanwhile.
            Some(Foreseen::Unknown) | None => {}
            Some(known) => return Ok(known),
        }
        if let Some(declined) = &looked.exhausted {
            return Err(declined.clone());
        }
        let (shared, order) = (Arc::clone(&self.shared), Arc::clone(terms));
        let run = move || {
            let private = match shared.private(&order) {
                Err(_) if by == Way::Lock && order.delivers => return Ok(Foreseen::Unknown),
                private => private?,
            };
            let preview = shared.prover.preview(&order.predicate, &order.public, &private);
            let preview = preview.map_err(|fault| {
                let exhausted = matches!(fault, ProveFault::OutOfFuel { .. });
                let reason = if exhausted { Decline::OutOfFuel } else { Decline::NoAnswer };
                Declined::new(reason, fault.to_string())
            })?;
            order.takes(&preview).map(|()| Foreseen::Outcome(preview.outcome))
        };
        let ran = tokio::task::spawn_blocking(run).await;
        let panicked = |_| Declined::new(Decline::NoAnswer, "the native run panicked");
        let ran = ran.map_err(panicked)?;
        let looked = self.looked.entry(terms.task).or_default();
        // Of refusals the dear one alone is kept: private bytes may still be delivered.
        match &ran {
            Ok(foreseen) => looked.native = Some(*foreseen),
            Err(declined) if declined.reason == Decline::OutOfFuel => looked.exhausted = Some(declined.clone()),
            Err(_) => {}
        }
        ran
    }
}

/// The sum; more than anybody has where it does not fit.
fn sum(mut amounts: impl Iterator<Item = Amount>) -> Amount {
    amounts.try_fold(Amount::ZERO, Amount::checked_add).unwrap_or(Amount::MAX)
}
