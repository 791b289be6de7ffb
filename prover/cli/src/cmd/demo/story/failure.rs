//! Predicates without an answer: the proof that there is none is paid for, too.

use anyhow::Context;
use zera_abi::{Amount, Outcome};
use zera_library::compound_growth::{self, Input};
use zera_market::{Rules, reason};
use zera_provider::Conduct;
use zera_provider::view::TaskStage;

use super::super::network::{ALICE, BOB};
use super::scene::Scene;

impl Scene<'_> {
    /// The predicate traps: nothing grows from nothing.
    pub(super) async fn trapped(&mut self) -> anyhow::Result<()> {
        let input = Input { principal: 0, target: 1_000, rate_bps: 500, periods: 12 };
        self.no_answer(ALICE, input, Outcome::Trap, reason::TRAP).await
    }

    /// The predicate exceeds a bound: more periods than its circuit unrolls.
    pub(super) async fn exceeded(&mut self) -> anyhow::Result<()> {
        let periods = compound_growth::MAX_PERIODS.saturating_add(1);
        let input = Input { principal: 1_000, target: 2_000, rate_bps: 500, periods };
        self.no_answer(BOB, input, Outcome::BoundExceeded, reason::BOUND_EXCEEDED).await
    }

    async fn no_answer(&mut self, provider: usize, input: Input, outcome: Outcome, reason: u16) -> anyhow::Result<()> {
        let network = self.network;
        self.check(
            format!("run natively, it ends in {outcome}"),
            compound_growth::evaluate(&input.encode(), &[]) == outcome,
        );
        self.conduct(provider, Conduct::Honest);
        let bounty = self.ask_for(network.growth, &input.encode()).await?;
        self.event("task_locked", |_| true).await?;
        let failed = self.event("task_failed", |_| true).await?;
        let prover = network.providers.get(provider).context("no such provider")?;
        self.check(
            format!("{} proves {outcome} with an ordinary proof", prover.name),
            failed.account("provider") == Some(prover.account) && failed.text("outcome") == Some(outcome.as_str()),
        );
        let rules = Rules::local();
        let (bond, fee) = (rules.bond(bounty), rules.bond(bounty).share(rules.execution_share));
        self.check(
            format!("of the asker's bond of {bond} ZRA the prover is paid {fee} ZRA at once"),
            !fee.is_zero() && failed.amount("paid") == Some(fee),
        );
        let told = self.told(reason).await?;
        self.check("in the same block", told == failed.height);
        self.ended_as(TaskStage::Failed).await?;
        self.check("the whole stake is free again", self.locked(provider).await? == Amount::ZERO);
        self.check("no lock was lost to it", self.events().iter().all(|event| event.event != "stake_slashed"));
        Ok(())
    }
}
