//! Answers, good and bad: what a proof is paid and what a bad one costs.

use anyhow::Context;
use zera_abi::{Amount, Bps};
use zera_host::Action;
use zera_market::{Answer, Rules};
use zera_provider::Conduct;
use zera_provider::view::EventView;

use super::super::network::{ALICE, BOB};
use super::super::prices::{dollars, question};
use super::scene::{MAX_SPREAD_BPS, Scene};

impl Scene<'_> {
    /// The predicate holds, or it does not: both are answers.
    pub(super) async fn answered(
        &mut self,
        provider: usize,
        date: &str,
        bound: u64,
        outcome: bool,
    ) -> anyhow::Result<()> {
        let asked = question(date, bound, MAX_SPREAD_BPS)?;
        let mut sorted = asked.quotes.clone();
        sorted.sort_unstable();
        let median = sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(0);
        self.check(
            format!("on {date} the median of nine feeds is {} dollars, the bound is {bound}", dollars(median)),
            (median > asked.threshold) == outcome,
        );
        self.conduct(provider, Conduct::Honest);
        self.ask(date, bound).await?;
        let locked = self.event("task_locked", |_| true).await?;
        self.check(
            "a stake is locked before any proof is looked at",
            locked.amount("stake").is_some_and(|s| !s.is_zero()),
        );
        self.settled(provider, outcome).await?;
        let closed = self.event("task_final", |_| true).await?;
        self.check("the whole stake comes back", closed.amount("stake_returned") == locked.amount("stake"));
        Ok(())
    }

    /// One corrupted proof, then a good one.
    pub(super) async fn corrupted(&mut self) -> anyhow::Result<()> {
        self.conduct(ALICE, Conduct::CorruptProof);
        self.ask("2018-10-10", 70).await?;
        let locked = self.event("task_locked", |_| true).await?;
        let rejected = self.event("proof_rejected", |_| true).await?;
        self.conduct(ALICE, Conduct::Honest);
        let stake = locked.amount("stake").context("the event names no stake")?;
        let quarter = stake.share(Bps::new(2_500).context("2500 basis points")?);
        let expected = quarter.checked_add(Rules::local().verify_fee);
        self.check("a quarter of the stake and the verification are burnt", rejected.amount("burned") == expected);
        self.settled(ALICE, true).await
    }

    /// Three corrupted proofs: the task is lost to a rescuer.
    pub(super) async fn exhausted(&mut self) -> anyhow::Result<()> {
        self.conduct(ALICE, Conduct::CorruptProof);
        self.ask("2018-11-20", 60).await?;
        let locked = self.event("task_locked", |_| true).await?;
        self.conduct(BOB, Conduct::Honest);
        let opened = self.event("rescue_opened", |_| true).await?;
        self.check("the third bad proof opens the rescue", opened.fields.get("late") == Some(&false.into()));
        self.settled(BOB, false).await?;
        let burned = self
            .network
            .feed
            .since(self.mark)
            .into_iter()
            .filter(|seen| seen.event.event == "proof_rejected" && seen.event.task() == self.task)
            .filter_map(|seen| seen.event.amount("burned"))
            .try_fold(Amount::ZERO, Amount::checked_add);
        let left = locked.amount("stake").zip(burned).and_then(|(stake, burned)| stake.checked_sub(burned));
        self.split(left.context("more was burnt than staked")?, BOB)
    }

    /// A proof copied from another provider's submission.
    pub(super) async fn copied(&mut self) -> anyhow::Result<()> {
        let network = self.network;
        // Alice's accepted proof lies open on the chain.
        let accepted: Vec<EventView> = network.feed.since(0).into_iter().map(|seen| seen.event).collect();
        let alice = network.providers.get(ALICE).map(|alice| alice.account);
        let source = accepted
            .iter()
            .find(|event| event.event == "task_accepted" && event.account("provider") == alice)
            .and_then(EventView::task)
            .context("Alice has no accepted answer yet")?;
        let view = network.client.task(&source).await?.context("the node does not know the task")?;
        let submission = view.submissions.iter().find(|s| s.accepted).context("the task has no accepted submission")?;
        self.conduct(BOB, Conduct::ReplayProof(submission.proof.clone()));
        // The same question again, so that outcome and input root are the same.
        self.ask("2018-10-03", 70).await?;
        let task = self.task.context("no task")?;
        self.event("task_locked", |_| true).await?;
        // Whoever does not hold the lock is not even heard.
        let answer = Answer { outcome: submission.outcome, declared: Vec::new(), proof: submission.proof.clone() };
        let theft = network.stranger.send(Action::Submit { task, answer }, 5_000_000).await?;
        self.check(
            format!("a stranger without the lock is refused: {}", theft.status.name),
            theft.ending == "refused" && theft.status.name == "E_UNAUTH",
        );
        let rejected = self.event("proof_rejected", |_| true).await?;
        self.conduct(BOB, Conduct::Honest);
        self.check(
            "the copied proof does not verify: task and provider are in the statement",
            rejected.account("provider") == network.providers.get(BOB).map(|bob| bob.account),
        );
        let seen = network.client.task(&task).await?.context("the node does not know the task")?;
        self.check(
            "it is the same proof, byte for byte",
            seen.submissions.first().is_some_and(|s| s.proof == submission.proof && !s.accepted),
        );
        self.settled(BOB, true).await
    }
}
