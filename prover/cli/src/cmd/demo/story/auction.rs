//! Tasks that end, or change hands, before there is a proof.

use anyhow::Context;
use zera_abi::{Amount, Bps, Height};
use zera_market::{Rules, reason};
use zera_provider::Conduct;
use zera_provider::view::TaskStage;

use super::super::network::{ALICE, BOB, BOUNTY_ZRA, CALLBACK_FUEL};
use super::super::prices::question;
use super::scene::{MAX_SPREAD_BPS, Scene};

impl Scene<'_> {
    /// The asker takes a task back that nobody has locked.
    pub(super) async fn cancelled(&mut self) -> anyhow::Result<()> {
        let network = self.network;
        let before = self.owned(&network.asker).await?;
        let asked = question("2018-10-03", 70, MAX_SPREAD_BPS)?.encode()?;
        self.ask_for(network.special, &asked).await?;
        let opened = self.event("task_opened", |_| true).await?;
        let rules = Rules::local();
        network.wait_for(Height(opened.height.0.saturating_add(rules.cancel_delay_blocks))).await?;
        let handle = self.view().await?.handle;
        network.tell_asker("cancel", handle.to_le_bytes().to_vec()).await?;
        let cancelled = self.event("task_cancelled", |_| true).await?;
        self.check(
            format!("not before {} blocks after it was opened", rules.cancel_delay_blocks),
            cancelled.height.since(opened.height).0 >= rules.cancel_delay_blocks,
        );
        self.ended_as(TaskStage::Cancelled).await?;
        let kept = self.opening_costs().await?.checked_add(rules.storage_fee);
        self.check(
            format!("bounty and bond are back but for the storage fee of {} ZRA", rules.storage_fee),
            kept.is_some() && before.checked_sub(self.owned(&network.asker).await?) == kept,
        );
        Ok(())
    }

    /// A provider hands its lock back before its start deadline; another answers.
    pub(super) async fn released(&mut self) -> anyhow::Result<()> {
        self.conduct(ALICE, Conduct::ReleaseAfterLock);
        self.ask("2018-10-03", 70).await?;
        let locked = self.event("task_locked", |_| true).await?;
        let released = self.event("task_released", |_| true).await?;
        self.conduct(BOB, Conduct::Honest);
        let stake = locked.amount("stake").context("the event names no stake")?;
        let share = Bps::new(200).map(|bps| stake.share(bps));
        self.check("a fiftieth of the stake is burnt", share.is_some() && released.amount("burned") == share);
        self.check("the rest is free again", self.locked(ALICE).await? == Amount::ZERO);
        self.settled(BOB, true).await
    }

    /// Nobody bids: two more rounds at higher ceilings, then the task expires and the asker is told.
    pub(super) async fn expired(&mut self) -> anyhow::Result<()> {
        let network = self.network;
        let before = self.owned(&network.asker).await?;
        let asked = question("2018-12-27", 50, MAX_SPREAD_BPS)?.encode()?;
        let bounty = self.ask_for(network.special, &asked).await?;
        let opened = self.event("task_opened", |_| true).await?;
        let rules = Rules::local();
        for round in 2..=rules.rounds_max {
            let again = self
                .event("task_reauctioned", |event| event.fields.get("round") == Some(&u64::from(round).into()))
                .await?;
            let blocks = rules.auction_blocks.saturating_mul(u64::from(round).saturating_sub(1));
            let ceiling = rules.round_ceiling(bounty, round);
            self.check(
                format!("round {round} begins {blocks} blocks after the question and pays up to {ceiling} ZRA"),
                again.amount("ceiling") == Some(ceiling) && again.height.since(opened.height).0 == blocks,
            );
        }
        self.event("task_expired", |_| true).await?;
        self.told(reason::NO_LOCK).await?;
        self.ended_as(TaskStage::Expired).await?;
        let kept = self.opening_costs().await?;
        self.check(
            "bounty and bond are back in full",
            before.checked_sub(self.owned(&network.asker).await?) == Some(kept),
        );
        Ok(())
    }

    /// What opening a task costs for good: the fee, and the call-back's fuel.
    async fn opening_costs(&self) -> anyhow::Result<Amount> {
        let price = self.network.client.status().await?.fuel_price;
        let bounty = Amount::from_zra(BOUNTY_ZRA).context("the bounty does not fit")?;
        let fuel = Amount::from_units(u128::from(price).saturating_mul(CALLBACK_FUEL.into()));
        fuel.checked_add(Rules::local().opening_fee(bounty)).context("the fees do not fit")
    }
}
