//! What stories are made of: questions, waiting, checks.

use anyhow::Context;
use zera_abi::{AccountId, Amount, Bps, Height, PredicateId, TaskId};
use zera_market::Rules;
use zera_provider::Conduct;
use zera_provider::view::{EventView, TaskStage, TaskView};

use super::super::network::Network;
use super::super::prices::question;
use super::Check;

/// Widest spread of the feeds that still counts as a price.
pub(super) const MAX_SPREAD_BPS: u16 = 1_000;

/// A story while it is played.
pub(super) struct Scene<'a> {
    pub(super) network: &'a Network,
    /// Events before it are of earlier stories.
    pub(super) mark: usize,
    pub(super) task: Option<TaskId>,
    /// The contract that asked.
    contract: AccountId,
    pub(super) checks: Vec<Check>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(network: &'a Network) -> Scene<'a> {
        Scene { network, mark: network.feed.mark(), task: None, contract: network.contract, checks: Vec::new() }
    }

    pub(super) fn check(&mut self, what: impl Into<String>, holds: bool) {
        self.checks.push(Check { what: what.into(), holds });
    }

    pub(super) fn conduct(&self, provider: usize, conduct: Conduct) {
        if let Some(provider) = self.network.providers.get(provider) {
            provider.conduct.send_replace(conduct);
        }
    }

    /// Waits for an event of this story's task.
    pub(super) async fn event(&self, name: &str, more: impl Fn(&EventView) -> bool) -> anyhow::Result<EventView> {
        let task = self.task;
        let wanted = |event: &EventView| event.event == name && (task.is_none() || event.task() == task) && more(event);
        self.network.feed.wait(self.mark, name, self.network.patience, wanted).await
    }

    /// Every event of this story's task so far.
    pub(super) fn events(&self) -> Vec<EventView> {
        let seen = self.network.feed.since(self.mark).into_iter().map(|seen| seen.event);
        seen.filter(|event| event.task() == self.task).collect()
    }

    /// The published contract asks about a day; gives the bounty's ceiling.
    pub(super) async fn ask(&mut self, date: &str, bound: u64) -> anyhow::Result<Amount> {
        let question = question(date, bound, MAX_SPREAD_BPS)?;
        self.network.ask(&question).await?;
        self.opened().await
    }

    /// The other contract asks for any predicate; gives the bounty's ceiling.
    pub(super) async fn ask_for(&mut self, predicate: PredicateId, public: &[u8]) -> anyhow::Result<Amount> {
        self.contract = self.network.asker;
        self.network.ask_for(predicate, public).await?;
        self.opened().await
    }

    /// The operator asks for itself and fixes what the private bytes commit to; gives the bounty's ceiling.
    pub(super) async fn ask_alone(
        &mut self,
        predicate: PredicateId,
        public: &[u8],
        fixed: &[u8; 32],
    ) -> anyhow::Result<Amount> {
        self.network.ask_alone(predicate, public, fixed).await?;
        self.opened().await
    }

    /// The other contract asks for whatever a name means; gives the bounty's ceiling.
    pub(super) async fn ask_by_name(&mut self, name: &str, public: &[u8]) -> anyhow::Result<Amount> {
        self.contract = self.network.asker;
        self.network.ask_by_name(name, public).await?;
        self.opened().await
    }

    /// The operator asks for itself and takes an answer that nobody proved; gives the bounty's ceiling.
    pub(super) async fn ask_attested(&mut self, predicate: PredicateId, public: &[u8]) -> anyhow::Result<Amount> {
        self.network.ask_attested(predicate, public).await?;
        self.opened().await
    }

    async fn opened(&mut self) -> anyhow::Result<Amount> {
        let opened = self.event("task_opened", |_| true).await?;
        self.task = opened.task();
        self.task.context("the event names no task")?;
        opened.amount("bounty").context("the event names no bounty")
    }

    /// The task as the node has it.
    pub(super) async fn view(&self) -> anyhow::Result<TaskView> {
        let task = self.task.context("no task")?;
        self.network.client.task(&task).await?.context("the node does not know the task")
    }

    /// What an account owns, free, locked and staked.
    pub(super) async fn owned(&self, account: &AccountId) -> anyhow::Result<Amount> {
        let view = self.network.client.account(account).await?;
        view.owned().context("a balance does not fit")
    }

    /// What a provider has in stakes and deposits.
    pub(super) async fn locked(&self, provider: usize) -> anyhow::Result<Amount> {
        let provider = self.network.providers.get(provider).context("no such provider")?;
        Ok(self.network.client.account(&provider.account).await?.locked)
    }

    /// The task has ended so, and holds nothing.
    pub(super) async fn ended_as(&mut self, stage: TaskStage) -> anyhow::Result<()> {
        let view = self.view().await?;
        let empty = view.escrow.values().all(|amount| amount.as_str() == Some("0"));
        self.check("nothing is left in the task's escrows", view.state == stage && empty);
        Ok(())
    }

    /// The asker was told that there is no answer, and why; gives the block.
    pub(super) async fn told(&mut self, reason: u16) -> anyhow::Result<Height> {
        let called = self.event("callback", |_| true).await?;
        self.check(
            "the asker is told by on_result_failed",
            called.text("entry") == Some("on_result_failed")
                && called.fields.get("done") == Some(&serde_json::Value::Bool(true)),
        );
        let kept = self.network.failed_reason().await?;
        self.check(format!("and has kept the reason, {reason}"), kept == Some(reason));
        Ok(called.height)
    }

    /// The answer is accepted, the contract acts in the same block, and after the window the money has moved.
    pub(super) async fn settled(&mut self, provider: usize, outcome: bool) -> anyhow::Result<()> {
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
        let state = network.contract_state(&self.contract).await?;
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
        self.ended_as(TaskStage::Final).await
    }

    /// The stake, or what was left of it, is split 50/35/15 with the rescuer as the hero.
    pub(super) fn split(&mut self, stake: Amount, rescuer: usize) -> anyhow::Result<()> {
        let slashes: Vec<EventView> =
            self.events().into_iter().filter(|event| event.event == "stake_slashed").collect();
        let sum = |field: &str| {
            slashes.iter().filter_map(|event| event.amount(field)).try_fold(Amount::ZERO, Amount::checked_add)
        };
        let share = |bps: u16| Bps::new(bps).map(|bps| stake.share(bps));
        let (hero, requester) = (share(3_500), share(1_500));
        self.check(format!("of {stake} ZRA half is burnt, 35 % go to the rescuer, 15 % to the asker"), {
            let burned = hero.and_then(|hero| requester.and_then(|r| stake.checked_sub(hero)?.checked_sub(r)));
            sum("hero_paid") == hero && sum("requester_paid") == requester && sum("burned") == burned
        });
        let rescuer = self.network.providers.get(rescuer).map(|rescuer| rescuer.account);
        self.check(
            "the rescuer is the hero",
            slashes
                .iter()
                .filter(|event| event.amount("hero_paid").is_some_and(|a| !a.is_zero()))
                .all(|event| event.account("hero") == rescuer),
        );
        Ok(())
    }
}
