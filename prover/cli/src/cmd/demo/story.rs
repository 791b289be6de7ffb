//! The stories: each sets a scene, lets the network act, and checks that it ended as the rules say.

use std::time::Duration;

use anyhow::Context;
use zera_abi::{Amount, Bps, Height, TaskId};
use zera_host::Action;
use zera_market::{Answer, Rules};
use zera_provider::Conduct;
use zera_provider::view::{EventView, TaskStage};

use super::network::Network;
use super::prices::{dollars, question};

/// How long a story waits for one step.
const PATIENCE: Duration = Duration::from_secs(20);
/// Alice among the providers.
const ALICE: usize = 0;
/// Bob among the providers.
const BOB: usize = 1;
/// Widest spread of the feeds that still counts as a price.
const MAX_SPREAD_BPS: u16 = 1_000;

/// One thing that had to hold, and whether it did.
#[derive(Clone, Debug)]
pub struct Check {
    /// What had to hold.
    pub what: String,
    /// Whether it did.
    pub holds: bool,
}

/// How a story ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The story's title.
    pub title: &'static str,
    /// Its task.
    pub task: Option<TaskId>,
    /// Everything that had to hold.
    pub checks: Vec<Check>,
}

impl Ending {
    /// Whether everything held.
    pub fn is_good(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.holds)
    }
}

/// A story of the demo.
#[derive(Clone, Copy, Debug)]
pub enum Story {
    /// The predicate holds.
    True,
    /// The predicate does not hold.
    False,
    /// A provider locks and goes silent; another rescues.
    Silent,
    /// One corrupted proof, then a good one.
    Corrupted,
    /// Three corrupted proofs: the task is lost to a rescuer.
    Exhausted,
    /// A proof copied from another provider's submission.
    Copied,
}

impl Story {
    /// Every story, in the order of the demo.
    pub const ALL: [Story; 6] =
        [Story::True, Story::False, Story::Silent, Story::Corrupted, Story::Exhausted, Story::Copied];

    /// Its title.
    pub const fn title(self) -> &'static str {
        match self {
            Story::True => "the price is above the bound: true, proved, acted on in the same block",
            Story::False => "the price is below the bound: false is an answer too",
            Story::Silent => "a provider locks and goes silent: slashed at its deadline, rescued by the other",
            Story::Corrupted => "a corrupted proof costs a quarter of the stake; the next one is good",
            Story::Exhausted => "three corrupted proofs: the task is taken away and rescued",
            Story::Copied => "a proof copied from another provider is worth nothing",
        }
    }

    /// Plays the story.
    pub async fn play(self, network: &Network) -> Ending {
        let mut scene = Scene { network, mark: network.feed.mark(), task: None, checks: Vec::new() };
        let played = match self {
            Story::True => scene.answered(ALICE, "2018-10-03", 70, true).await,
            Story::False => scene.answered(BOB, "2018-12-27", 50, false).await,
            Story::Silent => scene.silent().await,
            Story::Corrupted => scene.corrupted().await,
            Story::Exhausted => scene.exhausted().await,
            Story::Copied => scene.copied().await,
        };
        if let Err(error) = played {
            scene.check(format!("{error:#}"), false);
        }
        for provider in &network.providers {
            provider.conduct.send_replace(Conduct::Idle);
        }
        Ending { title: self.title(), task: scene.task, checks: scene.checks }
    }
}

struct Scene<'a> {
    network: &'a Network,
    mark: usize,
    task: Option<TaskId>,
    checks: Vec<Check>,
}

impl Scene<'_> {
    fn check(&mut self, what: impl Into<String>, holds: bool) {
        self.checks.push(Check { what: what.into(), holds });
    }

    fn conduct(&self, provider: usize, conduct: Conduct) {
        if let Some(provider) = self.network.providers.get(provider) {
            provider.conduct.send_replace(conduct);
        }
    }

    /// Waits for an event of this story's task.
    async fn event(&self, name: &str, more: impl Fn(&EventView) -> bool) -> anyhow::Result<EventView> {
        let task = self.task;
        let wanted = |event: &EventView| event.event == name && (task.is_none() || event.task() == task) && more(event);
        self.network.feed.wait(self.mark, name, PATIENCE, wanted).await
    }

    /// The contract asks about a day; gives the bounty's ceiling.
    async fn ask(&mut self, date: &str, bound: u64) -> anyhow::Result<Amount> {
        let question = question(date, bound, MAX_SPREAD_BPS)?;
        self.network.ask(&question).await?;
        let opened = self.event("task_opened", |_| true).await?;
        self.task = opened.task();
        self.task.context("the event names no task")?;
        opened.amount("bounty").context("the event names no bounty")
    }

    /// The answer is accepted, the contract acts in the same block, and after the window the money has moved.
    async fn settled(&mut self, provider: usize, outcome: bool) -> anyhow::Result<()> {
        let network = self.network;
        let provider = network.providers.get(provider).context("no such provider")?;
        let accepted = self.event("task_accepted", |_| true).await?;
        let called = self.event("callback", |_| true).await?;
        let word = if outcome { "true" } else { "false" };
        self.check(format!("{} answers {word}", provider.name), accepted.text("outcome") == Some(word));
        self.check(
            format!("{} is the one who is paid", provider.name),
            accepted.account("provider") == Some(provider.account),
        );
        self.check(
            "the contract acted in the block that carried the proof",
            called.height == accepted.height && called.fields.get("done") == Some(&serde_json::Value::Bool(true)),
        );
        let state = network.contract_state().await?;
        self.check(format!("the contract's state says {word}"), state == Some(vec![u8::from(outcome)]));
        let closed = self.event("task_final", |_| true).await?;
        let window = closed.height.since(accepted.height).0;
        self.check(
            format!("final after a window of {window} blocks, not before"),
            window == Rules::local().final_blocks,
        );
        self.check(
            "the price that was held is paid",
            closed.amount("paid") >= accepted.amount("price")
                && closed.amount("paid").is_some_and(|paid| !paid.is_zero()),
        );
        let task = self.task.context("no task")?;
        let view = network.client.task(&task).await?.context("the node does not know the task")?;
        let empty = view.escrow.values().all(|amount| amount.as_str() == Some("0"));
        self.check("nothing is left in the task's escrows", view.state == TaskStage::Final && empty);
        Ok(())
    }

    async fn answered(&mut self, provider: usize, date: &str, bound: u64, outcome: bool) -> anyhow::Result<()> {
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

    async fn silent(&mut self) -> anyhow::Result<()> {
        self.conduct(ALICE, Conduct::SilentAfterLock);
        self.ask("2018-11-13", 60).await?;
        let locked = self.event("task_locked", |_| true).await?;
        self.conduct(BOB, Conduct::Honest);
        let opened = self.event("rescue_opened", |_| true).await?;
        let deadline = locked.fields.get("lock_deadline").and_then(serde_json::Value::as_u64).unwrap_or(u64::MAX);
        self.check(
            "the rescue opens in the block after the deadline",
            opened.height == Height(deadline.saturating_add(1)) && opened.fields.get("late") == Some(&true.into()),
        );
        self.event("rescue_committed", |_| true).await?;
        self.settled(BOB, false).await?;
        let stake = locked.amount("stake").context("the event names no stake")?;
        self.split(stake).await
    }

    /// The stake, or what was left of it, is split 50/35/15 with the rescuer as the hero.
    async fn split(&mut self, stake: Amount) -> anyhow::Result<()> {
        let slashes: Vec<EventView> = self
            .network
            .feed
            .since(self.mark)
            .into_iter()
            .map(|seen| seen.event)
            .filter(|event| event.event == "stake_slashed" && event.task() == self.task)
            .collect();
        let sum = |field: &str| {
            slashes.iter().filter_map(|event| event.amount(field)).try_fold(Amount::ZERO, Amount::checked_add)
        };
        let share = |bps: u16| Bps::new(bps).map(|bps| stake.share(bps));
        let (hero, requester) = (share(3_500), share(1_500));
        self.check(format!("of {stake} ZRA half is burnt, 35 % go to the rescuer, 15 % to the asker"), {
            let burned = hero.and_then(|hero| requester.and_then(|r| stake.checked_sub(hero)?.checked_sub(r)));
            sum("hero_paid") == hero && sum("requester_paid") == requester && sum("burned") == burned
        });
        let bob = self.network.providers.get(BOB).map(|bob| bob.account);
        self.check(
            "the rescuer is the hero",
            slashes
                .iter()
                .filter(|event| event.amount("hero_paid").is_some_and(|a| !a.is_zero()))
                .all(|event| event.account("hero") == bob),
        );
        Ok(())
    }

    async fn corrupted(&mut self) -> anyhow::Result<()> {
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

    async fn exhausted(&mut self) -> anyhow::Result<()> {
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
        self.split(left.context("more was burnt than staked")?).await
    }

    async fn copied(&mut self) -> anyhow::Result<()> {
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
