//! Late providers: who repairs, who pays, and who is first.

use anyhow::Context;
use tokio::time::{Duration, Instant, sleep};
use zera_abi::{Amount, Height};
use zera_market::{Rules, price};
use zera_provider::{Conduct, Report};

use super::super::network::{ALICE, BOB, CAROL};
use super::scene::Scene;

impl Scene<'_> {
    /// A provider locks and goes silent; another rescues.
    pub(super) async fn silent(&mut self) -> anyhow::Result<()> {
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
        self.split(stake, BOB)
    }

    /// A provider is late and rescues its own task: it is paid the lock's price and loses a part of its stake.
    pub(super) async fn self_rescued(&mut self) -> anyhow::Result<()> {
        self.conduct(ALICE, Conduct::RescueItself);
        self.ask("2018-11-13", 60).await?;
        let locked = self.event("task_locked", |_| true).await?;
        let opened = self.event("rescue_opened", |_| true).await?;
        self.check("its lock lapses first", opened.fields.get("late") == Some(&true.into()));
        self.settled(ALICE, false).await?;
        let accepted = self.event("task_accepted", |_| true).await?;
        let closed = self.event("task_final", |_| true).await?;
        self.check(
            "the price does not climb for whoever was late",
            closed.amount("paid").is_some() && closed.amount("paid") == locked.amount("price"),
        );
        let rules = Rules::local();
        let stake = locked.amount("stake").context("the event names no stake")?;
        let deadline = Height(locked.fields.get("lock_deadline").and_then(serde_json::Value::as_u64).unwrap_or(0));
        let late = accepted.height.since(deadline).0;
        let fee = price::late_fee(stake, rules.late_floor_share, late, rules.rescue_blocks);
        let slashed = self.event("stake_slashed", |_| true).await?;
        self.check(
            format!(
                "{late} blocks late cost {fee} of {stake} ZRA, all of it burnt: nobody is the hero of its own fault"
            ),
            slashed.amount("burned") == Some(fee) && slashed.account("hero").is_none(),
        );
        self.check("the rest of the stake comes back", closed.amount("stake_returned") == stake.checked_sub(fee));
        Ok(())
    }

    /// Two rescuers have proofs and commit; one is paid, the other loses nothing but fees.
    pub(super) async fn raced(&mut self) -> anyhow::Result<()> {
        self.conduct(ALICE, Conduct::SilentAfterLock);
        self.ask("2018-11-20", 60).await?;
        let locked = self.event("task_locked", |_| true).await?;
        // Both hold their commitments back until both have a proof.
        for rescuer in [BOB, CAROL] {
            self.conduct(rescuer, Conduct::HoldRescue);
        }
        self.event("rescue_opened", |_| true).await?;
        self.proofs(&[BOB, CAROL]).await?;
        for rescuer in [BOB, CAROL] {
            self.conduct(rescuer, Conduct::Honest);
        }
        let first = self.event("rescue_committed", |_| true).await?;
        let first = first.account("provider");
        let second = self.event("rescue_committed", |event| event.account("provider") != first).await;
        self.check("both commit before either shows its proof", second.is_ok());
        let accepted = self.event("task_accepted", |_| true).await?;
        let won = |rescuer: &usize| {
            self.network.providers.get(*rescuer).is_some_and(|p| accepted.account("provider") == Some(p.account))
        };
        let winner = [BOB, CAROL].into_iter().find(won).context("neither of the two was accepted")?;
        let loser = if winner == BOB { CAROL } else { BOB };
        let name = self.network.providers.get(winner).map_or("nobody", |provider| provider.name);
        self.settled(winner, false).await?;
        let burnt = self.events().into_iter().any(|event| event.event == "deposit_burned");
        self.check(
            "the other gets its deposit back: it came second, it was not idle",
            !burnt && self.locked(loser).await? == Amount::ZERO,
        );
        let shown = self.view().await?.submissions;
        self.check(
            format!("the first valid reveal wins: {name}"),
            shown.first().is_some_and(|first| first.accepted && Some(first.provider) == accepted.account("provider"))
                && shown.iter().filter(|submission| submission.accepted).count() == 1,
        );
        self.split(locked.amount("stake").context("the event names no stake")?, winner)
    }

    /// Waits until each of them has a proof of this story's task that verifies.
    async fn proofs(&self, providers: &[usize]) -> anyhow::Result<()> {
        let until = Instant::now() + self.network.patience;
        let task = self.task.context("no task")?;
        let proved = |reports: Vec<Report>| {
            reports.iter().any(|report| matches!(report, Report::SelfVerified { task: of, .. } if *of == task))
        };
        while !providers.iter().filter_map(|at| self.network.providers.get(*at)).all(|p| proved(p.reports())) {
            anyhow::ensure!(Instant::now() < until, "did not happen in time: the rescuers' proofs");
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }
}
