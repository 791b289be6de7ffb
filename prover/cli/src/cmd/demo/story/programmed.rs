//! Predicates that are programs: compiled, published, asked for by name, answered by whoever had never heard of them.

use anyhow::Context;
use sha2::{Digest, Sha256};
use zera_abi::Outcome;
use zera_provider::Conduct;

use super::scene::Scene;

impl Scene<'_> {
    /// A contract asks for a program by its name; a provider takes its file from the node, runs it, stakes and proves.
    pub(super) async fn programmed(&mut self, provider: usize, program: usize, case: &str) -> anyhow::Result<()> {
        let network = self.network;
        let ready = network.programs.get(program).context("no such program")?;
        let answerer = network.providers.get(provider).context("no such provider")?;
        let (source, id) = (ready.source, ready.program.id());
        let case = source.case(case)?;
        let native = ready.program.native.answer(&case.public, &case.private)?;
        self.check(
            format!("run natively, the module says {}, as an implementation in Python does", case.outcome),
            native == Some(case.outcome),
        );
        self.check(format!("{} had never heard of it", answerer.name), !answerer.knows(&id));
        self.conduct(provider, Conduct::Honest);
        self.ask_by_name(source.asked_as, &case.public).await?;
        let asked = self.view().await?;
        let meant = network.client.predicate(source.asked_as).await?.context("the name means nothing")?;
        let hash: [u8; 32] = Sha256::digest(source.module).into();
        self.check(
            format!("{} names the circuit of exactly these {} bytes of WASM", source.asked_as, source.module.len()),
            asked.predicate == id && meant.id == id && meant.program_hash == hash,
        );
        if !case.private.is_empty() {
            self.check("nothing fixes the private bytes, so that only true is an answer", asked.witness_only);
            let task = self.task.context("no task")?;
            std::fs::write(answerer.private.join(task.to_string()), &case.private)
                .context("delivering the private bytes")?;
        }
        let locked = self.event("task_locked", |_| true).await?;
        self.check(format!("{} took its file from the node before it staked", answerer.name), answerer.knows(&id));
        self.settled(provider, case.outcome == Outcome::True).await?;
        let closed = self.event("task_final", |_| true).await?;
        self.check("the whole stake comes back", closed.amount("stake_returned") == locked.amount("stake"));
        if let Some(task) = self.task.filter(|_| !case.private.is_empty()) {
            // They have done their work.
            std::fs::remove_file(answerer.private.join(task.to_string())).context("removing the private bytes")?;
        }
        Ok(())
    }
}
