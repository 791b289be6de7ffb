//! A rule that changes while a question is open.

use anyhow::Context;
use zera_abi::{Amount, Height};
use zera_host::{Action, RuleName};
use zera_market::{Rules, Schedule};
use zera_provider::Conduct;
use zera_provider::view::ProposalView;

use super::super::network::{ALICE, done, zra};
use super::scene::Scene;

/// What a lock has more, if the vote passes: 12 blocks become 14.
const MORE_BLOCKS: u64 = 2;
/// What the operator puts behind it.
const VOTES_ZRA: u64 = 40;
/// Fuel limit of a proposal or a vote.
const FUEL: u64 = 5_000_000;

impl Scene<'_> {
    /// The operator votes for longer locks. A question from before is answered under the rules of its opening.
    pub(super) async fn voted(&mut self) -> anyhow::Result<()> {
        let network = self.network;
        let (old, schedule) = (Rules::local().lock_blocks, Schedule::local());
        let new = old.saturating_add(MORE_BLOCKS);
        let before = network.client.account(&network.operator.account()).await?;
        let rule = RuleName::new("lock_blocks").ok().context("not a name")?;
        let send = |action| async { done(network.operator.send(action, FUEL).await?, "voting") };
        let proposed = send(Action::Propose { rule, value: u128::from(new) }).await?;
        let proposal = proposed.data.as_slice().try_into().map(u64::from_le_bytes).context("no proposal's number")?;
        send(Action::Support { proposal, amount: zra(VOTES_ZRA) }).await?;
        let standing = self.proposal(proposal).await?;
        self.check(
            format!("{VOTES_ZRA} ZRA are locked for it, apart from stakes"),
            standing.support == zra(VOTES_ZRA) && network.client.market().await?.totals.voting >= zra(VOTES_ZRA),
        );
        let passed = self.event("proposal_passed", |_| true).await?;
        let foretold = standing.passes.is_some_and(|passes| passes == passed.height);
        self.check(format!("conviction grows with time: it passes in block {}, as foretold", passed.height), foretold);

        // Asked while the time lock runs, and answered after it.
        self.ask("2018-10-03", 70).await?;
        let first = self.task;
        let ended = self.end_of(proposal).await?;
        let wait = schedule.half_life_blocks;
        self.check(
            format!("it is a rule {wait} blocks later, after its time lock"),
            ended.0.checked_sub(passed.height.0) == Some(wait),
        );
        let market = network.client.market().await?;
        self.check(
            format!("a lock has {new} blocks from now on, by version 1 of the rules"),
            market.rules.number("lock_blocks") == Some(new) && market.rules_version == 1,
        );
        self.conduct(ALICE, Conduct::Honest);
        let kept = self.locked_for().await?;
        self.check(format!("the question from before has {old} blocks, as when it was asked"), kept == Some(old));
        self.settled(ALICE, true).await?;

        self.forget_task();
        self.ask("2018-12-27", 50).await?;
        let longer = self.locked_for().await?;
        self.check(format!("the one after has {new}"), longer == Some(new) && self.task != first);
        self.settled(ALICE, false).await?;

        send(Action::Support { proposal, amount: Amount::ZERO }).await?;
        let after = network.client.account(&network.operator.account()).await?;
        // Fees of the votes and of two questions, no more.
        let paid = before.free.checked_sub(after.free);
        self.check(
            "deposit and votes are back in full",
            after.voting.is_zero() && paid.is_some_and(|paid| paid < zra(1)),
        );
        Ok(())
    }

    async fn proposal(&self, proposal: u64) -> anyhow::Result<ProposalView> {
        self.network.client.proposal(proposal).await?.context("the node does not know the proposal")
    }

    /// The block in which a proposal became a rule.
    async fn end_of(&self, proposal: u64) -> anyhow::Result<Height> {
        let wanted = |event: &zera_provider::view::EventView| {
            event.event == "proposal_ended" && event.text("state") == Some("adopted")
        };
        self.network.feed.wait(self.mark, "proposal_ended", self.network.patience, wanted).await?;
        self.proposal(proposal).await?.ended.context("the proposal has not ended")
    }

    /// How many blocks the lock of this story's task has.
    async fn locked_for(&self) -> anyhow::Result<Option<u64>> {
        let locked = self.event("task_locked", |_| true).await?;
        let deadline = locked.fields.get("lock_deadline").and_then(serde_json::Value::as_u64);
        Ok(deadline.and_then(|deadline| deadline.checked_sub(locked.height.0)))
    }

    /// The next question is another task.
    fn forget_task(&mut self) {
        self.mark = self.network.feed.mark();
        self.task = None;
    }
}
