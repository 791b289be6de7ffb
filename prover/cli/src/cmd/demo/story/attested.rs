//! Answers that nobody proved: what a stake and a watcher make of them.

use anyhow::Context;
use zera_abi::{AccountId, Amount, Outcome};
use zera_host::Action;
use zera_market::{Rules, challenge_digest, commit_digest};
use zera_provider::view::{EventView, TaskStage};
use zera_provider::{Case, Conduct};

use super::super::network::{ALICE, BOB, CAROL, done};
use super::super::prices::question;
use super::super::program;
use super::scene::{MAX_SPREAD_BPS, Scene};

/// Fuel of a commitment and of a challenge.
const ACT_FUEL: u64 = 600_000;

impl Scene<'_> {
    /// A lie is attested; the watcher finds it, bonds, proves, and is paid out of the liar's stake.
    pub(super) async fn lied(&mut self) -> anyhow::Result<()> {
        let network = self.network;
        let watcher = network.watcher.account;
        self.conduct(ALICE, Conduct::AttestFalsely);
        let asked = question("2018-10-03", 70, MAX_SPREAD_BPS)?;
        let before = self.owned(&watcher).await?;
        self.ask_attested(network.special, &asked.encode()?).await?;
        let locked = self.event("task_locked", |_| true).await?;
        let attested = self.event("task_attested", |_| true).await?;
        self.check("Alice says false where the answer is true, and proves nothing", says(&attested, Outcome::False));
        let challenged = self.event("task_challenged", |_| true).await?;
        self.check(
            "the watcher has run it again and bonds that the answer is true",
            challenged.account("challenger") == Some(watcher) && challenged.text("claimed") == Some("true"),
        );
        let settled = self.event("challenge_settled", |_| true).await?;
        self.check(
            "it settles that by a proof: the predicate is no program that the chain could run",
            settled.account("settler") == Some(watcher)
                && says(&settled, Outcome::True)
                && !flag(&settled, "upheld")
                && !flag(&settled, "native"),
        );
        let accepted = self.event("task_accepted", |_| true).await?;
        let closed = self.event("task_final", |_| true).await?;
        self.check("the proof is paid, the lie is not", closed.account("provider") == Some(watcher));
        let slashed = self.event("attestation_slashed", |_| true).await?;
        let stake = locked.amount("stake").context("the event names no stake")?;
        let rules = Rules::local();
        let (requester, hero) = (stake.share(rules.requester_share), stake.share(rules.hero_share));
        let (challenger, burned) =
            (stake.share(rules.challenger_share), stake.checked_sub(hero).and_then(|rest| rest.checked_sub(requester)));
        self.check(
            format!("of {stake} ZRA half is burnt, 15 % go to the asker, 10 % to who challenged, 25 % to who proved"),
            slashed.amount("burned") == burned
                && slashed.amount("requester_paid") == Some(requester)
                && slashed.amount("challenger_paid") == Some(challenger)
                && slashed.amount("settler_paid") == hero.checked_sub(challenger),
        );
        let gain = hero.checked_add(accepted.amount("price").context("no price")?).context("more than fits")?;
        let after = self.owned(&watcher).await?;
        let fees = before.checked_add(gain).and_then(|sum| sum.checked_sub(after));
        self.check(
            format!("the watcher has gained {gain} ZRA, less the fees of three transactions"),
            fees.is_some_and(|fees| !fees.is_zero() && fees < Amount::from_units(20_000_000)),
        );
        self.ended_as(TaskStage::Final).await?;
        self.check("nothing of the liar's stake comes back", self.locked(ALICE).await? == Amount::ZERO);
        Ok(())
    }

    /// A true answer is challenged; anyone has the chain run the program, and the challenger pays for that.
    pub(super) async fn upheld(&mut self) -> anyhow::Result<()> {
        let network = self.network;
        let ready = network.programs.get(program::RUST).context("no such program")?;
        let case = ready.source.case("at both bounds")?;
        self.conduct(BOB, Conduct::SilentWhenChallenged);
        self.ask_attested(ready.program.id(), &case.public).await?;
        let locked = self.event("task_locked", |_| true).await?;
        let attested = self.event("task_attested", |_| true).await?;
        self.check(
            format!("Bob says {}, which is right, and proves nothing", case.outcome),
            says(&attested, case.outcome),
        );
        let bond = self.challenge(Outcome::False).await?;
        let run = Case::new(&ready.program, &case.public).map_err(|why| anyhow::anyhow!(why))?;
        let cost = network.client.cost().await?.schedule().context("the node's prices are not known here")?;
        let task = self.task.context("no task")?;
        let asked = done(network.operator.send(run.action(task), run.price(&cost)).await?, "the native run")?;
        let ran = self.event("native_run", |_| true).await?;
        self.check(
            format!(
                "the chain runs the program's {} bytes on the input that it holds: {}",
                ready.source.module.len(),
                case.outcome
            ),
            says(&ran, case.outcome) && ran.amount("fee") == Some(asked.fee),
        );
        let settled = self.event("challenge_settled", |_| true).await?;
        self.check("without a proof: the answer stands", flag(&settled, "upheld") && flag(&settled, "native"));
        let lost = self.event("challenge_lost", |_| true).await?;
        self.check(
            format!("of the challenger's bond of {bond} ZRA {} ZRA pay for the run, the rest is burnt", asked.fee),
            lost.amount("settler_paid") == Some(asked.fee) && lost.amount("burned") == bond.checked_sub(asked.fee),
        );
        let closed = self.event("task_final", |_| true).await?;
        self.check(
            "Bob is paid the price and has its whole stake back",
            closed.amount("paid") == locked.amount("price")
                && closed.amount("stake_returned") == locked.amount("stake"),
        );
        self.ended_as(TaskStage::Final).await
    }

    /// Nobody shows which of the two is right: there is no answer, the attester bears it, and the task is open again.
    pub(super) async fn void(&mut self) -> anyhow::Result<()> {
        let network = self.network;
        self.conduct(CAROL, Conduct::SilentWhenChallenged);
        let asked = question("2018-12-27", 50, MAX_SPREAD_BPS)?;
        self.ask_attested(network.special, &asked.encode()?).await?;
        let locked = self.event("task_locked", |_| true).await?;
        let attested = self.event("task_attested", |_| true).await?;
        self.check("Carol says false, which is right, and proves nothing", says(&attested, Outcome::False));
        let bond = self.challenge(Outcome::True).await?;
        let challenged = self.event("task_challenged", |_| true).await?;
        // Whoever answers it next is ready before it is open.
        let voided = self.event("challenge_voided", |_| true).await?;
        self.conduct(ALICE, Conduct::Honest);
        self.conduct(CAROL, Conduct::Idle);
        let rules = Rules::local();
        let silence = voided.height.since(challenged.height).0;
        self.check(
            format!("{silence} blocks of silence later there is no answer, least of all the challenger's"),
            silence == rules.respond_blocks.saturating_add(1) && flag(&voided, "reopened"),
        );
        let slashed = self.event("stake_slashed", |_| true).await?;
        let stake = locked.amount("stake").context("the event names no stake")?;
        let hero = stake.share(rules.hero_share);
        self.check(
            format!("Carol could have proved it: 35 % of {stake} ZRA go to the challenger, whose bond comes back"),
            slashed.account("hero") == Some(network.stranger.account())
                && slashed.amount("hero_paid") == Some(hero)
                && slashed.amount("requester_paid") == Some(stake.share(rules.requester_share))
                && voided.amount("bond_returned") == Some(bond),
        );
        let alice = network.providers.get(ALICE).map(|alice| alice.account);
        self.event("task_attested", |event| event.account("provider") == alice && says(event, Outcome::False)).await?;
        let closed = self.event("task_final", |_| true).await?;
        self.check(
            "Alice says false as well, nobody objects, and after its window that is final",
            closed.account("provider") == alice,
        );
        self.ended_as(TaskStage::Final).await
    }

    /// The stranger says that the answer is wrong; gives the bond.
    async fn challenge(&self, claimed: Outcome) -> anyhow::Result<Amount> {
        let (task, stranger) = (self.task.context("no task")?, &self.network.stranger);
        let account: AccountId = stranger.account();
        let salt = [7; 32];
        let digest = commit_digest(&salt, &account, &task, &challenge_digest(claimed));
        done(stranger.send(Action::Commit { task, digest }, ACT_FUEL).await?, "committing to a challenge")?;
        done(stranger.send(Action::Challenge { task, salt, claimed }, ACT_FUEL).await?, "challenging")?;
        let challenged = self.event("task_challenged", |event| event.account("challenger") == Some(account)).await?;
        challenged.amount("bond").context("the event names no bond")
    }
}

fn says(event: &EventView, outcome: Outcome) -> bool {
    event.text("outcome") == Some(outcome.as_str())
}

fn flag(event: &EventView, field: &str) -> bool {
    event.fields.get(field).and_then(serde_json::Value::as_bool).unwrap_or(false)
}
