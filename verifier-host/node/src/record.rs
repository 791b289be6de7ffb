//! What a block leaves in the log and the metrics. Reasons are told here in full: they are the operator's, not the guest's.

use std::collections::BTreeMap;

use zera_abi::{AccountId, TaskId, TxHash};
use zera_host::{Action, BlockReport, Chain, Ending, Event, EventValue, NodeFault, Receipt, Rejection, SignedTx};

use crate::metrics::Metrics;
use crate::reason;

/// What is kept of a transaction to tell of it afterwards.
struct Sent {
    action: &'static str,
    sender: AccountId,
    task: Option<TaskId>,
    contract: Option<AccountId>,
    proof: Option<Box<[u8; 256]>>,
}

impl Sent {
    fn new(tx: &SignedTx) -> Sent {
        let tx = tx.tx();
        let (contract, proof) = match &tx.action {
            Action::Call { contract, .. } => (Some(*contract), None),
            // Who opens a task for itself stands where a contract does.
            Action::Open { .. } => (Some(tx.sender), None),
            Action::Submit { answer, .. } | Action::Reveal { answer, .. } | Action::Settle { answer, .. } => {
                (None, Some(answer.proof.clone()))
            }
            _ => (None, None),
        };
        Sent { action: tx.action.name(), sender: tx.sender, task: task_of(&tx.action), contract, proof }
    }
}

/// The task that an action is about.
pub(crate) fn task_of(action: &Action) -> Option<TaskId> {
    match action {
        Action::Lock { task }
        | Action::Release { task }
        | Action::Submit { task, .. }
        | Action::Commit { task, .. }
        | Action::Reveal { task, .. }
        | Action::Attest { task, .. }
        | Action::Challenge { task, .. }
        | Action::Settle { task, .. }
        | Action::SealingKey { task, .. }
        | Action::Demand { task }
        | Action::Deliver { task, .. }
        | Action::Complain { task, .. }
        | Action::SettleNatively { task, .. }
        | Action::Cancel { task } => Some(*task),
        _ => None,
    }
}

/// The transactions of a block, before it is applied.
pub(crate) struct Record {
    sent: BTreeMap<TxHash, Sent>,
}

impl Record {
    pub(crate) fn new(txs: &[SignedTx]) -> Record {
        Record { sent: txs.iter().map(|tx| (tx.hash(), Sent::new(tx))).collect() }
    }

    /// The contracts whose tasks the block's events and transactions are about.
    pub(crate) fn contracts(
        &self,
        chain: &Chain,
        report: &BlockReport,
    ) -> Result<BTreeMap<TaskId, AccountId>, NodeFault> {
        let market = chain.market()?;
        let named = report.events.iter().filter_map(Event::task).chain(self.sent.values().filter_map(|sent| sent.task));
        Ok(named.filter_map(|task| Some((task, *market.task(&task)?.requester()))).collect())
    }

    /// Counts and logs what became of the block.
    pub(crate) fn tell(&self, metrics: &Metrics, report: &BlockReport, contracts: &BTreeMap<TaskId, AccountId>) {
        metrics.blocks.inc();
        for receipt in &report.receipts {
            self.receipt(metrics, report, receipt, contracts);
        }
        for (hash, why) in &report.rejected {
            self.rejected(metrics, hash, why);
        }
        for (index, event) in report.events.iter().enumerate() {
            metrics.events.get_or_create(&[("event", event.name())]).inc();
            self.event(report, index, event, contracts);
        }
    }

    fn receipt(
        &self,
        metrics: &Metrics,
        report: &BlockReport,
        receipt: &Receipt,
        contracts: &BTreeMap<TaskId, AccountId>,
    ) {
        let Some(sent) = self.sent.get(&receipt.tx) else { return };
        let (ending, status) = (ending(&receipt.ending), receipt.status());
        metrics.fuel.inc_by(receipt.fuel_used);
        metrics.txs.get_or_create(&[("action", sent.action), ("ending", ending)]).inc();
        if receipt.ending != Ending::Done {
            metrics.refusals.get_or_create(&[("action", sent.action), ("status", status.name())]).inc();
        }
        let proof = sent.proof.as_ref().and_then(|proof| match receipt.ending {
            Ending::Done => Some(("verified", "none")),
            Ending::Rejected(status) => Some(("refused", reason::proof(proof, status))),
            _ => None,
        });
        if let Some((verdict, reason)) = proof {
            metrics.proofs.get_or_create(&[("verdict", verdict), ("reason", reason)]).inc();
        }
        let contract = sent.contract.or_else(|| contracts.get(&sent.task?).copied());
        tracing::info!(
            height = report.header.height.0,
            tx = %receipt.tx,
            action = sent.action,
            provider = %sent.sender,
            task = sent.task.map(tracing::field::display),
            contract = contract.map(tracing::field::display),
            ending,
            status = status.name(),
            fuel = receipt.fuel_used,
            proof = proof.map(|(_, reason)| reason),
            reason = receipt.detail,
            "transaction"
        );
    }

    fn rejected(&self, metrics: &Metrics, hash: &TxHash, why: &Rejection) {
        metrics.not_taken("waiting", reason::rejection(why));
        let sent = self.sent.get(hash);
        tracing::info!(
            tx = %hash,
            action = sent.map(|sent| sent.action),
            provider = sent.map(|sent| tracing::field::display(sent.sender)),
            task = sent.and_then(|sent| sent.task).map(tracing::field::display),
            contract = sent.and_then(|sent| sent.contract).map(tracing::field::display),
            reason = %why,
            "rejected after it waited"
        );
    }

    fn event(&self, report: &BlockReport, index: usize, event: &Event, contracts: &BTreeMap<TaskId, AccountId>) {
        let fields = event.fields();
        let id = |name: &str| match fields.iter().find(|(found, _)| *found == name) {
            Some((_, EventValue::Id(id))) => Some(AccountId(*id)),
            _ => None,
        };
        let task = event.task();
        let contract = id("contract").or_else(|| contracts.get(&task?).copied());
        let provider = id("provider");
        tracing::info!(
            height = report.header.height.0,
            index,
            event = event.name(),
            task = task.map(tracing::field::display),
            contract = contract.map(tracing::field::display),
            provider = provider.map(tracing::field::display),
            tx = self.cause(report, event, contract, provider).map(tracing::field::display),
            reason = reason_of(event),
            "event"
        );
    }

    /// The transaction of the block that made `event`, where only one can have.
    fn cause(
        &self,
        report: &BlockReport,
        event: &Event,
        contract: Option<AccountId>,
        provider: Option<AccountId>,
    ) -> Option<TxHash> {
        let actions: &[&str] = match event {
            Event::TaskOpened { .. } => &["call", "open"],
            Event::ContractEvent { .. } => &["call"],
            Event::TaskCancelled { .. } => &["cancel"],
            Event::TaskLocked { .. } => &["lock"],
            Event::TaskReleased { .. } => &["release"],
            Event::RescueCommitted { .. } | Event::ChallengeCommitted { .. } => &["commit"],
            Event::TaskAttested { .. } => &["attest"],
            Event::TaskChallenged { .. } => &["challenge"],
            Event::ChallengeSettled { .. } => &["settle"],
            Event::SealingKeyGiven { .. } => &["sealing_key"],
            Event::DeliveryDemanded { .. } => &["demand"],
            Event::InputUnavailable { wrong: true, .. } => &["complain"],
            Event::ProofRejected { .. } | Event::TaskAccepted { .. } | Event::TaskFailed { .. } => {
                &["submit", "reveal", "settle"]
            }
            _ => return None,
        };
        let mut found = report.receipts.iter().filter(|receipt| {
            self.sent.get(&receipt.tx).is_some_and(|sent| {
                actions.contains(&sent.action)
                    && (sent.task == event.task() || (sent.task.is_none() && sent.contract == contract))
                    && provider.is_none_or(|provider| provider == sent.sender)
            })
        });
        let first = found.next()?;
        found.next().is_none().then_some(first.tx)
    }
}

/// Why it happened, for the events that have a reason.
fn reason_of(event: &Event) -> Option<&str> {
    match event {
        Event::Callback { detail, .. } => Some(detail),
        Event::TaskFailed { outcome, .. } => Some(outcome.as_str()),
        Event::RescueOpened { late: true, .. } => Some("late"),
        Event::RescueOpened { late: false, .. } => Some("bad proofs"),
        Event::ProofRejected { .. } => Some("the proof does not verify"),
        Event::InputUnavailable { wrong: false, .. } => Some("private bytes were not delivered"),
        Event::InputUnavailable { wrong: true, .. } => Some("other private bytes were delivered"),
        _ => None,
    }
}

/// The word for an ending.
pub(crate) fn ending(ending: &Ending) -> &'static str {
    match ending {
        Ending::Done => "done",
        Ending::Refused(_) => "refused",
        Ending::Aborted { .. } => "aborted",
        Ending::Trapped => "trapped",
        Ending::Rejected(_) => "rejected",
    }
}
