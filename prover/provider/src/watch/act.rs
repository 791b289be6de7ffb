//! What a watcher does about a wrong answer: commits, reveals, settles.

use std::sync::Arc;

use zera_abi::{Amount, Height, Outcome};
use zera_host::Action;
use zera_market::{Answer, challenge_digest, commit_digest};

use super::Watcher;
use super::look::{FAILURES_MAX, Look, Looked, certain};
use super::sight::Sight;
use crate::court::Case;
use crate::job::Terms;
use crate::market::MarketClient;
use crate::predicate::Program;
use crate::private::PrivateBytes;
use crate::prove::{Groth16, KeySource, Order, Prover};
use crate::view::{TaskView, TxResult};

/// Most fuel of a commitment and of a challenge: about twice its price.
const ACT_FUEL: u64 = 600_000;
/// Most fuel of a settlement by a proof: the price with all thirteen declared values.
const SETTLE_FUEL: u64 = 6_000_000;

impl<C: MarketClient> Watcher<C> {
    /// The answer is wrong: whatever its stage takes.
    pub(super) async fn object(&mut self, task: &TaskView, found: Outcome) {
        if task.is_accepted() { self.contradict(task, found).await } else { self.challenge(task, found).await }
    }

    /// Commits to a challenge and reveals it, under one turn: the window is a few blocks, and no other transaction may take it.
    async fn challenge(&mut self, task: &TaskView, found: Outcome) {
        let until = task.challenge_until.unwrap_or(Height(0));
        if self.height >= until {
            self.mark(task, Look::Done);
            self.once(task, Sight::Held { task: task.id, why: "its window is over".to_owned() });
            return;
        }
        let bond = task.bounty_max.share(self.bonds.share).max(self.bonds.floor);
        if let Err(why) = self.affords(bond).await {
            self.once(task, Sight::Held { task: task.id, why });
            return;
        }
        // From here on a deposit is at stake.
        self.tally.follow(task.id);
        let salt = self.secret("salt", task);
        let digest = commit_digest(&salt, &self.account, &task.id, &challenge_digest(found));
        let turn = self.wallet.turn().await;
        let commit = Action::Commit { task: task.id, digest };
        // Of before a restart there may be a commitment already. It is the same, and its window may be about to close.
        let before = task.commits.iter().find(|commit| commit.account == self.account).map(|commit| commit.height);
        let committed = match before {
            Some(_) => None,
            None => Some(match turn.sign(commit, ACT_FUEL, Some(until)).await {
                Ok(tx) => turn.deliver(&tx).await,
                Err(error) => Err(error),
            }),
        };
        let (fee, height, refused) = match committed.transpose() {
            Ok(None) => (Amount::ZERO, before.unwrap_or(self.height), None),
            Ok(Some(result)) if result.is_done() || result.status.name == "E_DUP" => (result.fee, result.height, None),
            Ok(Some(result)) => {
                (result.fee, result.height, Some(format!("commitment: {}: {}", result.status.name, result.detail)))
            }
            Err(error) => (Amount::ZERO, self.height, Some(format!("commitment: {error}"))),
        };
        let revealed = match &refused {
            Some(_) => None,
            None => {
                let last = Height(height.0.saturating_add(self.bonds.reveal_blocks));
                let reveal = Action::Challenge { task: task.id, salt, claimed: found };
                Some(match turn.sign(reveal, ACT_FUEL, Some(last)).await {
                    Ok(tx) => turn.deliver(&tx).await,
                    Err(error) => Err(error),
                })
            }
        };
        drop(turn);
        self.tally.paid(fee);
        let why = match (refused, revealed) {
            (Some(why), _) => why,
            (None, Some(Ok(result))) => {
                self.tally.paid(result.fee);
                if result.is_done() {
                    self.tally.challenges += 1;
                    self.see(Sight::Challenged { task: task.id, claimed: found, bond });
                    return;
                }
                format!("challenge: {}: {}", result.status.name, result.detail)
            }
            (None, Some(Err(error))) => format!("challenge: {error}"),
            (None, None) => return,
        };
        self.fail(task, why);
    }

    /// Whether another bond is within the budget, and there.
    async fn affords(&self, bond: Amount) -> Result<(), String> {
        let account = self.client.account(&self.account).await.map_err(|error| error.to_string())?;
        let bound = account.locked.checked_add(self.tally.lost).and_then(|sum| sum.checked_add(bond));
        if bound.is_none_or(|bound| bound > self.config.budget) {
            return Err(format!(
                "a bond of {bond} ZRA beside {} ZRA in bonds and {} ZRA lost is above the budget of {} ZRA",
                account.locked, self.tally.lost, self.config.budget
            ));
        }
        let fees =
            Amount::from_units(u128::from(self.fuel_price).saturating_mul(u128::from(2 * ACT_FUEL + SETTLE_FUEL)));
        let needed = bond.checked_add(self.bonds.deposit).and_then(|sum| sum.checked_add(fees));
        match needed {
            Some(needed) if needed <= account.free => Ok(()),
            _ => Err(format!("a bond of {bond} ZRA and fees, and {} ZRA are free", account.free)),
        }
    }

    /// Settles the challenges that are ours.
    pub(super) async fn settle_ours(&mut self, challenged: &[TaskView]) {
        let account = self.account;
        for task in challenged.iter().filter(|task| task.challenger == Some(account)) {
            let key = (task.id, task.state);
            let looked = self.looked.entry(key).or_insert_with(|| Looked::begun(None));
            if looked.state == Look::Done || looked.failures >= FAILURES_MAX {
                continue;
            }
            if let Err(why) = self.settle(task).await {
                self.fail(task, why);
            }
        }
    }

    async fn settle(&mut self, task: &TaskView) -> Result<(), String> {
        let program = self.program(&task.predicate).await?;
        self.fits(task, &program)?;
        let found = certain(&program, task).await?;
        if Some(found) == task.outcome {
            // Somebody with our key was wrong: to show it would only cost more.
            self.mark(task, Look::Done);
            return Err("our challenge is wrong".to_owned());
        }
        let last = task.respond_until;
        let proof_first = self.config.proofs_first && self.config.keys.is_some();
        let mut why = String::new();
        for by_proof in [proof_first, !proof_first] {
            let prepared = if by_proof { self.proof(task, &program).await } else { self.run_of(task, &program).await };
            let (action, fuel, by) = match prepared {
                Ok((action, fuel)) => (action, fuel, if by_proof { "proof" } else { "native run" }),
                Err(not) => {
                    why = if why.is_empty() { not } else { format!("{why}; {not}") };
                    continue;
                }
            };
            let result = self.send(action, fuel, last).await?;
            if result.is_done() {
                self.mark(task, Look::Done);
                self.see(Sight::Settled { task: task.id, outcome: found, by, fee: result.fee });
                return Ok(());
            }
            return Err(format!("settlement: {}: {}", result.status.name, result.detail));
        }
        // Silence settles it as well: the bond comes back, with a share of the stake.
        self.mark(task, Look::Done);
        Err(format!("can not be settled here: {why}"))
    }

    /// A proof was taken that says something else: the host's own run withdraws its key.
    async fn contradict(&mut self, task: &TaskView, found: Outcome) {
        self.mark(task, Look::Done);
        let done = async {
            let program = self.program(&task.predicate).await?;
            let (action, fuel) = self.run_of(task, &program).await?;
            self.send(action, fuel, None).await
        };
        match done.await {
            Ok(result) if result.is_done() => {
                let said = task.outcome.unwrap_or(found);
                self.see(Sight::Contradicted { task: task.id, key: task.key, said, found, fee: result.fee });
            }
            Ok(result) => self.fail(task, format!("contradiction: {}: {}", result.status.name, result.detail)),
            Err(why) => self.fail(task, format!("contradiction: {why}")),
        }
    }

    async fn send(&mut self, action: Action, fuel: u64, last: Option<Height>) -> Result<TxResult, String> {
        let turn = self.wallet.turn().await;
        let sent = match turn.sign(action, fuel, last).await {
            Ok(tx) => turn.deliver(&tx).await,
            Err(error) => Err(error),
        };
        drop(turn);
        let result = sent.map_err(|error| error.to_string())?;
        self.tally.paid(result.fee);
        Ok(result)
    }

    /// The action that has the host run the predicate, and its price.
    async fn run_of(&self, task: &TaskView, program: &Arc<Program>) -> Result<(Action, u64), String> {
        let (program, public) = (Arc::clone(program), task.public.clone());
        let case = tokio::task::spawn_blocking(move || Case::new(&program, &public)).await;
        let case = case.map_err(|_| "the native run panicked".to_owned())??;
        Ok((case.action(task.id), case.price(&self.cost)))
    }

    /// The action that settles by a proof of ours.
    async fn proof(&mut self, task: &TaskView, program: &Arc<Program>) -> Result<(Action, u64), String> {
        let prover = self.prover(program).await?;
        let offer = prover.offer(&task.predicate).ok_or("no keys")?;
        if offer.key != task.key {
            return Err(format!("the task is pinned to key {}, here is {}", task.key, offer.key));
        }
        let terms = Terms::of(self.chain, task);
        let order = Order {
            binding: terms.binding(self.account),
            public: terms.public.clone(),
            private: PrivateBytes::default(),
            input_root: terms.input_root,
        };
        let made = tokio::task::spawn_blocking(move || prover.prove(&order, &mut |_| ())).await;
        let answer: Answer = made.map_err(|_| "the prover panicked".to_owned())?.map_err(|fault| fault.to_string())?;
        Ok((Action::Settle { task: task.id, answer }, SETTLE_FUEL))
    }

    /// The prover of one predicate; its keys are read, or made, the first time.
    async fn prover(&mut self, program: &Arc<Program>) -> Result<Arc<dyn Prover>, String> {
        let id = program.id();
        if let Some(prover) = self.provers.get(&id) {
            return Ok(Arc::clone(prover));
        }
        let Some(folder) = self.config.keys.clone() else { return Err("no folder of keys to prove with".to_owned()) };
        let program = Program::clone(program);
        let load = move || Groth16::load(&KeySource::Folder(folder), Some(&[id]), &[program]);
        let loaded = tokio::task::spawn_blocking(load).await.map_err(|_| "the loading of keys panicked".to_owned())?;
        let prover: Arc<dyn Prover> = Arc::new(loaded.map_err(|error| error.to_string())?);
        self.provers.insert(id, Arc::clone(&prover));
        Ok(prover)
    }
}
