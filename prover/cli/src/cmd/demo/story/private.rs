//! Private bytes that a request fixes: sealed to whoever holds the lock, or withheld.

use anyhow::Context;
use ed25519_dalek::Signer;
use rand::RngCore;
use rand::rngs::OsRng;
use zera_abi::{Amount, Bps, Outcome};
use zera_host::sealed::{Address, mail_message, seal};
use zera_market::{Rules, reason};
use zera_provider::Conduct;
use zera_provider::view::TaskStage;
use zera_statement::{input_root, scalar_to_be};

use super::super::network::{account, demo_key};
use super::super::program::{Case, FIXED};
use super::super::search::Needles;
use super::scene::Scene;

/// Bytes of the secret that are looked for together: a hash of its register, or what stands before the first.
const PIECE: usize = 16;

impl Scene<'_> {
    /// The operator asks and fixes the private bytes of a case, which nobody else has; somebody locks and gives its key.
    async fn fixed(&mut self, provider: usize, case: &str) -> anyhow::Result<(Case, Address)> {
        let network = self.network;
        let ready = network.programs.get(FIXED).context("no such program")?;
        let holder = network.providers.get(provider).context("no such provider")?;
        let case = ready.source.case(case)?;
        self.conduct(provider, Conduct::Honest);
        let commitment = scalar_to_be(&input_root(&case.private));
        self.ask_alone(ready.program.id(), &case.public, &commitment).await?;
        let asked = self.view().await?;
        self.check(
            "the request fixes what the private bytes commit to, so every outcome is an answer, and owes them to the holder",
            asked.expected == [commitment] && asked.delivers && !asked.witness_only,
        );
        let given = self.event("sealing_key_given", |_| true).await?;
        let view = self.view().await?;
        let here = std::fs::read_dir(&holder.private).context("reading the folder of private bytes")?.count();
        self.check(
            format!("{} stakes without having seen them", holder.name),
            here == 0 && view.held_by(&holder.account),
        );
        let chain = network.client.status().await?.chain_id;
        let key = view.sealing_key.context("no key was given")?;
        self.check(
            format!("the key is {}'s for this task alone", holder.name),
            given.account("provider") == Some(holder.account) && given.text("sealing_key") == Some(&hex::encode(key)),
        );
        Ok((case, Address { chain, task: view.id, provider: holder.account, key }))
    }

    /// The bytes go through the node's mailbox, sealed; afterwards everything that was kept is searched for them.
    pub(super) async fn sealed(&mut self, provider: usize, case: &str) -> anyhow::Result<()> {
        let network = self.network;
        let (case, to) = self.fixed(provider, case).await?;
        let name = network.providers.get(provider).context("no such provider")?.name;
        let mut seed = [0; 32];
        OsRng.fill_bytes(&mut seed);
        let sealed = seal(&to, &case.private, &seed)?;
        let signature = demo_key("operator").sign(&mail_message(&to, &sealed)).to_bytes();
        network.client.send_sealed(&to.task, &account("operator"), &sealed, &signature).await?;
        // What anybody may fetch meanwhile; it is gone as soon as there is an answer.
        let fetched = network.client.sealed(&to.task).await?;
        let accepted = self.event("task_accepted", |_| true).await?;
        let word = if case.outcome == Outcome::True { "true" } else { "false" };
        self.check(format!("{name} opens them and proves {word}"), accepted.text("outcome") == Some(word));
        self.check("nothing was demanded", self.events().iter().all(|event| event.event != "delivery_demanded"));
        self.check("and nothing is left in the mailbox", network.client.sealed(&to.task).await?.is_none());
        self.event("task_final", |_| true).await?;
        self.ended_as(TaskStage::Final).await?;
        self.nowhere(&case, serde_json::to_vec(&fetched)?).await
    }

    /// Searches every event, answer, report, log line and file for the private bytes.
    async fn nowhere(&mut self, case: &Case, fetched: Vec<u8>) -> anyhow::Result<()> {
        let network = self.network;
        let needles = Needles::of(&case.private, PIECE);
        let log = network.log.bytes();
        let lines = log.iter().filter(|byte| **byte == b'\n').count();
        let events: Vec<Vec<u8>> =
            network.feed.since(0).iter().map(|seen| serde_json::to_vec(&seen.event)).collect::<Result<_, _>>()?;
        let mut answers = vec![fetched];
        for task in network.client.tasks(None).await? {
            answers.push(serde_json::to_vec(&task)?);
            answers.push(serde_json::to_vec(&network.client.sealed(&task.id).await?)?);
        }
        for account in network.providers.iter().map(|provider| provider.account).chain([account("operator")]) {
            answers.push(serde_json::to_vec(&network.client.account(&account).await?)?);
        }
        answers.push(serde_json::to_vec(&network.client.predicates().await?)?);
        answers.push(serde_json::to_vec(&network.client.status().await?)?);
        let reports: Vec<String> = network
            .providers
            .iter()
            .flat_map(|provider| provider.reports())
            .map(|report| format!("{report:?}"))
            .collect();
        let (files, found) = needles.in_folder(&network.data)?;
        let clean = |all: &[Vec<u8>]| !all.iter().any(|one| needles.are_in(one));
        self.check("what was looked for is found where it is", needles.are_in(&case.private));
        self.check(format!("no event shows them, of {}", events.len()), events.len() > 10 && clean(&events));
        self.check(format!("no answer of the node, of {}", answers.len()), clean(&answers));
        self.check(
            format!("no report of a provider, of {}", reports.len()),
            reports.len() > 10 && !reports.iter().any(|report| needles.are_in(report.as_bytes())),
        );
        self.check(
            format!("no line of the log at its most talkative, of {lines}"),
            lines > 10 && !needles.are_in(&log),
        );
        let holds = files > 5 && found.is_none();
        let place = found.map_or_else(String::new, |found| format!(": {found}"));
        self.check(format!("no file of ledger, keys and job books, of {files}{place}"), holds);
        Ok(())
    }

    /// Nobody delivers: the holder demands, waits, and is paid from the bond.
    pub(super) async fn withheld(&mut self, provider: usize, case: &str) -> anyhow::Result<()> {
        let network = self.network;
        let holder = network.providers.get(provider).context("no such provider")?;
        let (before, asker) = (self.owned(&holder.account).await?, account("operator"));
        self.fixed(provider, case).await?;
        let bond = self.view().await?.escrow.get("bond").and_then(|bond| bond.as_str()?.parse().ok());
        let bond = Amount::from_units(bond.context("the task holds no bond")?);
        let demanded = self.event("delivery_demanded", |_| true).await?;
        let rules = Rules::local();
        self.check("a demand costs a fee until it is met", demanded.amount("fee") == Some(rules.demand_fee));
        let free = network.client.account(&asker).await?.free;
        let ended = self.event("input_unavailable", |_| true).await?;
        let waited = ended.height.since(demanded.height).0;
        self.check(
            format!(
                "the asker has {} blocks to deliver on the chain, and the lock's clock stands",
                rules.deliver_blocks
            ),
            waited == rules.deliver_blocks + 1,
        );
        let share = Bps::new(8_000).map(|share| bond.share(share)).context("a share")?;
        let rest = bond.checked_sub(share).context("a share of the whole")?;
        self.check(
            format!("of its bond of {bond} ZRA {share} ZRA pay the provider, and {rest} ZRA are burnt"),
            ended.amount("paid") == Some(share) && ended.amount("burned") == Some(rest),
        );
        let view = self.view().await?;
        self.check("the bounty goes back to the asker", {
            let after = network.client.account(&asker).await?.free;
            after.checked_sub(free) == Some(view.bounty_max)
        });
        self.check("the task has failed for want of its input", view.reason == reason::INPUT_UNAVAILABLE);
        self.check(
            format!("{} has its stake and its fee back, and more than before", holder.name),
            self.owned(&holder.account).await? > before,
        );
        self.ended_as(TaskStage::Failed).await
    }
}
