//! The watcher: re-runs answers that nobody proved, challenges those that are wrong, shows what is right, and earns by it.
//!
//! ```text
//! events, heights --> look: sample, program, native run and circuit agree --> wrong? --commit, reveal--> challenged
//!                                                                             challenged by us --native run, or proof--> settled
//! ```
//!
//! Nothing is kept on disk. What to do next is read from the chain before every step, and what must survive a restart is derived
//! from the account's key: which answers are in the sample, and the salt of a commitment. A node that lies about an answer costs the
//! deposit of a commitment; it can not make the watcher say something false, since what it says it has computed.

mod act;
mod find;
mod look;
mod sight;
mod tally;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use zera_abi::{AccountId, Amount, Bps, ChainId, Height, PredicateId, TaskId};
use zera_host::CostSchedule;

pub use sight::Sight;
pub use tally::Tally;

use crate::error::{ClientError, DaemonError};
use crate::market::MarketClient;
use crate::predicate::Program;
use crate::prove::Prover;
use crate::view::{Cursor, TaskStage, TaskView};
use crate::wallet::{Patience, Wallet};
use crate::wasm;
use find::Found;
use look::Looked;

/// Everything that whoever runs a watcher decides.
#[derive(Clone)]
pub struct WatchConfig {
    /// The account's key: bonds, signs, is paid.
    pub key: SigningKey,
    /// Predicates that are known here, beside the library's.
    pub programs: Vec<Program>,
    /// Most bytes of a predicate's file that is taken from the node; none are where `None`.
    pub fetch_len_max: Option<usize>,
    /// Most rows of a predicate that is looked at.
    pub rows_max: u64,
    /// Most fuel of a native run.
    pub native_fuel: u64,
    /// Folder of proving keys, made where they are missing; without it only the host's own runs settle anything.
    pub keys: Option<PathBuf>,
    /// Whether a proof comes first where there are keys: it earns the price and more of the stake, and takes longer.
    pub proofs_first: bool,
    /// Whether answers that were proved are run too: a key that proves something false is worth its deposit.
    pub proved: bool,
    /// Most money that may lie in bonds, with what was lost in this run.
    pub budget: Amount,
    /// Share of the answers that is looked at, drawn by the account's key.
    pub sample: Bps,
    /// Between two looks at the chain's height.
    pub poll: Duration,
    /// How the wallet waits.
    pub patience: Patience,
}

impl WatchConfig {
    /// Settings for a local network: everything is looked at, and proofs are made only by who asks for them.
    pub fn local(key: SigningKey) -> WatchConfig {
        WatchConfig {
            key,
            programs: Vec::new(),
            fetch_len_max: Some(16 << 20),
            rows_max: 1 << 22,
            native_fuel: wasm::FUEL,
            keys: None,
            proofs_first: false,
            proved: false,
            budget: Amount::from_units(100 * zera_abi::amount::UNITS_PER_ZRA),
            sample: Bps::ONE,
            poll: Duration::from_millis(25),
            patience: Patience { resend_after: Duration::from_secs(1), ..Patience::local() },
        }
    }
}

impl std::fmt::Debug for WatchConfig {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WatchConfig")
            .field("account", &AccountId(self.key.verifying_key().to_bytes()))
            .field("budget", &self.budget)
            .field("sample", &self.sample)
            .finish_non_exhaustive()
    }
}

/// The rules of the market that a watcher needs.
#[derive(Clone, Copy, Debug)]
struct Bonds {
    share: Bps,
    floor: Amount,
    deposit: Amount,
    reveal_blocks: u64,
}

/// A watcher of one chain.
pub struct Watcher<C> {
    config: WatchConfig,
    client: Arc<C>,
    wallet: Wallet<C>,
    account: AccountId,
    chain: ChainId,
    height: Height,
    bonds: Bonds,
    cost: CostSchedule,
    fuel_price: u64,
    programs: BTreeMap<PredicateId, Found>,
    provers: BTreeMap<PredicateId, Arc<dyn Prover>>,
    looked: BTreeMap<(TaskId, TaskStage), Looked>,
    tally: Tally,
    tell: Box<dyn FnMut(&Sight) + Send + Sync>,
    reachable: bool,
}

impl<C: MarketClient> Watcher<C> {
    /// Reads the chain's rules and prices; `tell` hears what happens.
    ///
    /// # Errors
    /// [`DaemonError`].
    pub async fn new(
        config: WatchConfig,
        client: C,
        tell: impl FnMut(&Sight) + Send + Sync + 'static,
    ) -> Result<Watcher<C>, DaemonError> {
        let client = Arc::new(client);
        let status = client.status().await?;
        let rules = client.rules().await?;
        let number = |name: &str| {
            let what = || ClientError::Answer { what: format!("the market's rules have no number {name}") };
            rules.number(name).ok_or_else(what)
        };
        let share = number("challenge_bond_share")?;
        let share = u16::try_from(share).ok().and_then(Bps::new);
        let bonds = Bonds {
            share: share
                .ok_or_else(|| ClientError::Answer { what: "rule challenge_bond_share: no share".to_owned() })?,
            floor: Amount::from_units(number("challenge_bond_floor")?.into()),
            deposit: Amount::from_units(number("commit_deposit")?.into()),
            reveal_blocks: number("reveal_blocks")?,
        };
        let cost = client.cost().await?;
        let known =
            || ClientError::Answer { what: format!("the node's cost schedule {} is not known here", cost.version) };
        let schedule = cost.schedule().ok_or_else(known)?;
        let account = AccountId(config.key.verifying_key().to_bytes());
        let wallet = Wallet::new(config.key.clone(), Arc::clone(&client), config.patience).on_chain(status.chain_id);
        let known = config.programs.iter().map(|program| (program.id(), Found::here(program.clone())));
        Ok(Watcher {
            programs: known.collect(),
            client,
            wallet,
            account,
            chain: status.chain_id,
            height: status.height,
            bonds,
            cost: schedule,
            fuel_price: status.fuel_price,
            provers: BTreeMap::new(),
            looked: BTreeMap::new(),
            tally: Tally::new(account),
            tell: Box::new(tell),
            reachable: true,
            config,
        })
    }

    /// The account that bonds and is paid.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Watches until `stop` says true; a step that is under way is finished, and what was challenged is settled first.
    ///
    /// # Errors
    /// [`DaemonError::OtherChain`].
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) -> Result<Tally, DaemonError> {
        let (account, height) = (self.account, self.height);
        let mut events = self.client.events(Some(Cursor { height, index: u32::MAX }));
        let resumed = self.take_over().await?;
        self.see(Sight::Started { account, height, resumed });
        let mut swept = None;
        let mut ticks = tokio::time::interval(self.config.poll);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = told(&mut stop) => break,
                Some(event) = events.next() => match event {
                    Ok(event) => {
                        for sight in self.tally.hear(&event) {
                            self.see(sight);
                        }
                    }
                    Err(error) => tracing::debug!(%error, "events interrupted"),
                },
                _ = ticks.tick() => match self.client.status().await {
                    Ok(status) if status.chain_id != self.chain => {
                        return Err(DaemonError::OtherChain { expected: self.chain, found: status.chain_id });
                    }
                    Ok(status) if swept == Some(status.height) => {}
                    Ok(status) => {
                        self.height = status.height;
                        match self.sweep(&stop).await {
                            Ok(()) => (swept, self.reachable) = (Some(status.height), true),
                            Err(error) => self.unreachable(&error).await,
                        }
                    }
                    Err(error) => self.unreachable(&error).await,
                },
            }
        }
        match self.client.tasks(TaskStage::Challenged).await {
            Ok(challenged) => self.settle_ours(&challenged).await,
            // What is not settled is the next start's, or silence settles it.
            Err(error) => self.unreachable(&error).await,
        }
        Ok(self.tally)
    }

    /// What the chain has of ours from before: a challenge that is not settled, or not final.
    async fn take_over(&mut self) -> Result<usize, ClientError> {
        let mut resumed = 0;
        for stage in [TaskStage::Challenged, TaskStage::Accepted] {
            for task in self.client.tasks(stage).await? {
                if task.challenger == Some(self.account) {
                    self.tally.follow(task.id);
                    resumed += 1;
                }
            }
        }
        Ok(resumed)
    }

    /// Tells once that the node does not give what is asked for, and waits a little.
    async fn unreachable(&mut self, error: &ClientError) {
        if std::mem::take(&mut self.reachable) {
            self.see(Sight::Unreachable { what: error.to_string() });
        }
        tokio::time::sleep(self.config.patience.pause).await;
    }

    /// Looks at everything that stands unproved, the nearest end first, and goes on with what is challenged.
    async fn sweep(&mut self, stop: &watch::Receiver<bool>) -> Result<(), ClientError> {
        let mut attested = self.client.tasks(TaskStage::Attested).await?;
        attested.sort_by_key(|task| (task.challenge_until, task.id));
        let challenged = self.client.tasks(TaskStage::Challenged).await?;
        let accepted = if self.config.proved { self.client.tasks(TaskStage::Accepted).await? } else { Vec::new() };
        let present: std::collections::BTreeSet<(TaskId, TaskStage)> =
            attested.iter().chain(&challenged).chain(&accepted).map(|task| (task.id, task.state)).collect();
        self.looked.retain(|key, _| present.contains(key));
        self.settle_ours(&challenged).await;
        for task in attested.iter().chain(&accepted) {
            if *stop.borrow() {
                return Ok(());
            }
            self.consider(task).await;
        }
        Ok(())
    }

    fn see(&mut self, sight: Sight) {
        tracing::debug!(?sight);
        (self.tell)(&sight);
    }

    /// 32 bytes that nobody but the key's holder can tell, the same after a restart.
    fn secret(&self, purpose: &str, task: &TaskView) -> [u8; 32] {
        let until = task.challenge_until.unwrap_or(Height(0)).0.to_le_bytes();
        let mut hasher = Sha256::new_with_prefix(format!("zera/watch/{purpose}/v1"));
        hasher.update(self.config.key.to_bytes());
        hasher.update(self.chain.0);
        hasher.update(task.id.as_bytes());
        hasher.update(until);
        hasher.finalize().into()
    }

    /// Whether an answer is in the sample.
    fn is_drawn(&self, task: &TaskView) -> bool {
        let [a, b, c, d, ..] = self.secret("sample", task);
        u32::from_le_bytes([a, b, c, d]) % 10_000 < u32::from(self.config.sample.get())
    }
}

/// Until it says true, or whoever could say so is gone.
async fn told(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        tracing::debug!("nobody is left to stop the watcher");
    }
}

#[cfg(test)]
mod tests;
