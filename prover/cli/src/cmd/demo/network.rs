//! The embedded network: a node with its ledger, an operator, two contracts, three providers. Everything talks to the node over
//! its HTTP API on a loopback port, as it would from other machines.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};
use zera_abi::wire::Request;
use zera_abi::{AccountId, Amount, Blocks, Height, Level, PredicateId};
use zera_host::{Action, ConfigEntry, Genesis, RequestBytes};
use zera_ledger::Ledger;
use zera_library::{compound_growth, special_price};
use zera_market::{Rules, Schedule};
use zera_node::{ArtefactLimits, ArtefactPlace, BlockMode, Node, NodeConfig, artefact_message, publication};
use zera_params::Keys;
use zera_provider::http::{Client, Limits};
use zera_provider::view::TxResult;
use zera_provider::{Patience, Wallet};
use zera_r1cs::Artefact;

use super::asker;
use super::feed::{Feed, Seen};
use super::program::Ready;
use super::provider::Provider;
use super::timeline::Names;
use super::watcher::Watching;
use crate::logging::Kept;

/// Alice among the providers.
pub const ALICE: usize = 0;
/// Bob among the providers.
pub const BOB: usize = 1;
/// Carol among the providers.
pub const CAROL: usize = 2;
/// The contract of the published snippet, as it is committed.
const WASM: &[u8] = include_bytes!("../../../../../contracts/prebuilt/special_price.wasm");
/// What each provider stakes when the demo starts.
const DEPOSIT_ZRA: u64 = 50;
/// Bounty that the contract offers at most.
pub const BOUNTY_ZRA: u64 = 4;
/// Least stake that it asks for.
const MIN_STAKE_ZRA: u64 = 2;
/// Fuel that a contract reserves for its call-back.
pub const CALLBACK_FUEL: u64 = 3_000_000;
/// Blocks until the asker's deadline, as the snippet has it.
const DEADLINE_BLOCKS: u64 = 100;
/// Fuel limit of a contract call.
const CALL_FUEL: u64 = 20_000_000;
/// Fuel limit of everything else that the operator does.
const SETUP_FUEL: u64 = 100_000_000;

/// Keys in the demo's folder.
pub const KEYS_DIR: &str = "keys";

/// The running network.
pub struct Network {
    /// The node's API.
    pub client: Arc<Client>,
    /// Everything that happens.
    pub feed: Feed,
    /// Who deploys the contract and calls it.
    pub operator: Wallet<Client>,
    /// An account that owns nothing but fees and tries what it should not.
    pub stranger: Wallet<Client>,
    /// Who re-runs what nobody proved.
    pub watcher: Watching,
    /// The providers: Alice, Bob, Carol.
    pub providers: [Provider; 3],
    /// The contract of the published snippet.
    pub contract: AccountId,
    /// The contract that asks for any predicate.
    pub asker: AccountId,
    /// The special-price predicate.
    pub special: PredicateId,
    /// The compound-growth predicate.
    pub growth: PredicateId,
    /// Predicates that are programs.
    pub programs: Vec<Ready>,
    /// How long a story waits for one step.
    pub patience: Duration,
    /// Names of accounts.
    pub names: Names,
    /// Genesis supply.
    pub supply: Amount,
    /// Folder of ledger, keys and journals.
    pub data: PathBuf,
    /// Everything that is logged.
    pub log: Kept,
    node: Node,
}

/// A predicate that the network answers.
pub struct Served {
    /// Its matrices.
    pub artefact: &'static Artefact,
    /// Its keys.
    pub keys: Arc<Keys>,
}

/// How the network is set up.
pub struct Setup<'a> {
    /// Folder of ledger, keys and journals.
    pub data: &'a Path,
    /// Time between blocks.
    pub block: Duration,
    /// Where the API listens.
    pub listen: SocketAddr,
    /// Threads a proof may use.
    pub threads: usize,
    /// Everything that is logged.
    pub log: Kept,
}

impl Setup<'_> {
    /// Folder of keys.
    pub fn keys(&self) -> PathBuf {
        self.data.join(KEYS_DIR)
    }
}

/// A key that is the same in every demo: the accounts hold play money on a chain of their own.
pub fn demo_key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(format!("zera/demo/{name}")).into())
}

/// Its account.
pub fn account(name: &str) -> AccountId {
    AccountId(demo_key(name).verifying_key().to_bytes())
}

/// So many ZRA.
pub fn zra(zra: u64) -> Amount {
    Amount::from_units(u128::from(zra) * zera_abi::amount::UNITS_PER_ZRA)
}

/// The demo's genesis: short windows, development keys.
fn genesis() -> Genesis {
    let balances = [
        ("operator", 200),
        ("author", 10),
        ("stranger", 10),
        ("watcher", 20),
        ("alice", 100),
        ("bob", 100),
        ("carol", 100),
    ];
    Genesis {
        name: "demo".to_owned(),
        development: true,
        rules: Rules::local(),
        voting: Schedule::local(),
        fuel_price: 1,
        key_activation: Blocks(0),
        name_timelock: Blocks(100),
        accounts: balances.map(|(name, amount)| (account(name), zra(amount))).to_vec(),
    }
}

/// Starts everything: node, set-up transactions, providers.
pub async fn start(
    setup: &Setup<'_>,
    served: &[Served],
    programs: Vec<Ready>,
    started: Instant,
    say: impl Fn(&str) + Send + Sync + Clone + 'static,
) -> anyhow::Result<Network> {
    let ledger = Ledger::open(setup.data.join("ledger.redb")).context("opening the ledger")?;
    let genesis = genesis();
    let supply = genesis.accounts.iter().try_fold(Amount::ZERO, |sum, (_, amount)| sum.checked_add(*amount));
    let node = Node::start(NodeConfig {
        genesis,
        store: Arc::new(ledger),
        listen: setup.listen,
        block: BlockMode::Every(setup.block),
        verify_threads: setup.threads,
        artefacts: (ArtefactPlace::Memory, ArtefactLimits::standard()),
        token: None,
    })
    .await
    .context("starting the node")?;
    let url = format!("http://{}", node.addr());
    let client = Arc::new(Client::new(&url, None, Limits::local())?);
    let status = client.status().await?;
    ensure!(
        status.height.0 < 2,
        "the ledger in {} holds an earlier demo; choose an empty folder",
        setup.data.display()
    );

    let mut names = Names::default();
    for name in ["operator", "author", "stranger", "watcher", "Alice", "Bob", "Carol"] {
        names.name(account(&name.to_lowercase()), name);
    }
    let operator = Wallet::new(demo_key("operator"), Arc::clone(&client), Patience::local());
    let stranger = Wallet::new(demo_key("stranger"), Arc::clone(&client), Patience::local());
    for Served { artefact, keys } in served {
        done(operator.send(Action::Publish(publication(artefact)), SETUP_FUEL).await?, "publishing the predicate")?;
        let register = Action::RegisterKey { predicate: artefact.predicate_id(), key: keys.verifying.encode() };
        done(operator.send(register, SETUP_FUEL).await?, "registering the key")?;
    }
    let author = Wallet::new(demo_key("author"), Arc::clone(&client), Patience::local());
    for ready in &programs {
        publish(&author, ready, &client, &status.chain_id).await?;
    }
    let config = [
        ("OFFCHAIN_COMP_MIN_STAKE", zra(MIN_STAKE_ZRA)),
        ("OFFCHAIN_COMP_BOUNTY", zra(BOUNTY_ZRA)),
        ("OFFCHAIN_COMP_CALLBACK_FUEL", Amount::from_units(u128::from(CALLBACK_FUEL))),
    ]
    .map(|(key, amount)| ConfigEntry { key: key.to_owned(), amount })
    .to_vec();
    let deploy = Action::Deploy { wasm: WASM.to_vec(), config, endowment: zra(60) };
    let contract = deployed(&operator, deploy).await?;
    names.name(contract, "special-price");
    let deploy = Action::Deploy { wasm: asker::WASM.to_vec(), config: Vec::new(), endowment: zra(20) };
    let asker = deployed(&operator, deploy).await?;
    names.name(asker, "asker");

    let tell = {
        let names = names.clone();
        let say = say.clone();
        move |seen: &Seen| {
            if let Some(sentence) = names.sentence(&seen.event) {
                say(&format!("{:>7.2}s  block {:<4} {sentence}", millis(seen.at_ms), seen.event.height));
            }
        }
    };
    let feed = Feed::follow(&client, started, tell);
    // A deposit answers for faults: after one a stake counts for more, and without a deposit there would be no next lock for a while.
    for name in ["alice", "bob", "carol"] {
        let wallet = Wallet::new(demo_key(name), Arc::clone(&client), Patience::local());
        done(wallet.send(Action::Stake { amount: zra(DEPOSIT_ZRA) }, SETUP_FUEL).await?, "staking")?;
    }
    let providers = [
        Provider::start("Alice", setup, &client, served).await.context("starting provider Alice")?,
        Provider::start("Bob", setup, &client, served).await.context("starting provider Bob")?,
        Provider::start("Carol", setup, &client, served).await.context("starting provider Carol")?,
    ];
    let watcher = Watching::start(setup, &client).await.context("starting the watcher")?;
    let id = |name: &str| {
        let found = served.iter().map(|served| served.artefact).find(|artefact| artefact.manifest.name == name);
        found.map(Artefact::predicate_id).with_context(|| format!("{name} is not served"))
    };
    let (special, growth) = (id(special_price::NAME)?, id(compound_growth::NAME)?);
    // The longest wait of a story is for the rounds of an auction; on a busy machine each step may take seconds.
    let patience = Duration::from_secs(20).max(setup.block.saturating_mul(60));
    let supply = supply.context("the genesis supply does not fit")?;
    Ok(Network {
        client,
        feed,
        operator,
        stranger,
        watcher,
        providers,
        contract,
        asker,
        special,
        growth,
        programs,
        patience,
        names,
        supply,
        data: setup.data.to_path_buf(),
        log: setup.log.clone(),
        node,
    })
}

/// The author publishes a program: what the chain keeps, a name that contracts ask by, the key, and the file for providers.
async fn publish(
    author: &Wallet<Client>,
    ready: &Ready,
    client: &Client,
    chain: &zera_abi::ChainId,
) -> anyhow::Result<()> {
    let (id, artefact) = (ready.program.id(), &ready.program.artefact);
    done(author.send(Action::Publish(publication(artefact)), SETUP_FUEL).await?, "publishing the program")?;
    let name = Action::Name { name: ready.source.asked_as.to_owned(), predicate: id };
    done(author.send(name, SETUP_FUEL).await?, "naming the program")?;
    let register = Action::RegisterKey { predicate: id, key: ready.keys.verifying.encode() };
    done(author.send(register, SETUP_FUEL).await?, "registering the program's key")?;
    let bytes = artefact.encode();
    let sha256 = Sha256::digest(&bytes).into();
    let signature = demo_key("author").sign(&artefact_message(chain, &sha256)).to_bytes();
    Ok(client.put_artefact(&id, &signature, &bytes).await?)
}

/// Deploys a contract and gives its address.
async fn deployed(operator: &Wallet<Client>, deploy: Action) -> anyhow::Result<AccountId> {
    let deployed = done(operator.send(deploy, SETUP_FUEL).await?, "deploying the contract")?;
    Ok(AccountId(deployed.data.as_slice().try_into().context("the receipt holds no address")?))
}

fn millis(ms: u64) -> f64 {
    // Shown to people only.
    #[expect(clippy::cast_precision_loss, reason = "a demo does not run for 2^52 milliseconds")]
    let seconds = ms as f64 / 1000.0;
    seconds
}

/// The result, or an error with the node's own words.
pub fn done(result: TxResult, what: &str) -> anyhow::Result<TxResult> {
    if !result.is_done() {
        bail!("{what}: {} ({}): {}", result.ending, result.status.name, result.detail);
    }
    Ok(result)
}

impl Network {
    /// Calls the contract's `evaluate_complex_condition` with a question.
    ///
    /// # Errors
    /// Where the call is not done.
    pub async fn ask(&self, question: &special_price::Input) -> anyhow::Result<TxResult> {
        let input = question.encode()?.to_vec();
        let action = Action::Call { contract: self.contract, entry: "evaluate_complex_condition".to_owned(), input };
        done(self.operator.send(action, CALL_FUEL).await?, "asking")
    }

    /// Calls the asker with a request for `predicate`, at the price of the other contract.
    ///
    /// # Errors
    /// Where the call is not done.
    pub async fn ask_for(&self, predicate: PredicateId, public: &[u8]) -> anyhow::Result<TxResult> {
        let ask = self.question(predicate, public).await?;
        self.tell_asker("ask", ask.encode()?).await
    }

    /// Calls the asker with a request for whatever `name` means, at the price of the other contract.
    ///
    /// # Errors
    /// Where the call is not done.
    pub async fn ask_by_name(&self, name: &str, public: &[u8]) -> anyhow::Result<TxResult> {
        let ask = self.question(PredicateId([0; 32]), public).await?;
        self.tell_asker("ask_by_name", ask.encode_by_name(name)?).await
    }

    /// The operator asks for itself, and takes an answer that nobody proved.
    ///
    /// # Errors
    /// Where the task is not opened.
    pub async fn ask_attested(&self, predicate: PredicateId, public: &[u8]) -> anyhow::Result<TxResult> {
        let deadline = self.client.status().await?.height.0.saturating_add(2 * DEADLINE_BLOCKS);
        let request = Request {
            predicate,
            public,
            bounty: zra(BOUNTY_ZRA).units(),
            min_stake: 0,
            value_at_risk: 0,
            deadline,
            callback_fuel: 0,
            expected: &[],
            attested: true,
            level: Level::Attested,
        };
        let request = RequestBytes::new(&request).ok().context("the request is too long")?;
        done(self.operator.send(Action::Open { request }, SETUP_FUEL).await?, "asking")
    }

    async fn question<'a>(&self, predicate: PredicateId, public: &'a [u8]) -> anyhow::Result<asker::Ask<'a>> {
        let deadline = Height(self.client.status().await?.height.0.saturating_add(DEADLINE_BLOCKS));
        Ok(asker::Ask { predicate, public, bounty: zra(BOUNTY_ZRA), deadline, callback_fuel: CALLBACK_FUEL })
    }

    /// The operator asks for itself, without a contract, and fixes what the private bytes commit to.
    ///
    /// # Errors
    /// Where the task is not opened.
    pub async fn ask_alone(&self, predicate: PredicateId, public: &[u8], fixed: &[u8; 32]) -> anyhow::Result<TxResult> {
        let question = self.question(predicate, public).await?;
        let request = RequestBytes::new(&Request {
            predicate,
            public,
            bounty: question.bounty.units(),
            min_stake: 0,
            value_at_risk: 0,
            deadline: question.deadline.0,
            callback_fuel: 0,
            expected: fixed,
            attested: false,
            level: Level::Accepted,
        });
        let request = request.ok().context("the request is too long")?;
        done(self.operator.send(Action::Open { request }, SETUP_FUEL).await?, "asking")
    }

    /// Calls an entry of the asker.
    ///
    /// # Errors
    /// Where the call is not done.
    pub async fn tell_asker(&self, entry: &'static str, input: Vec<u8>) -> anyhow::Result<TxResult> {
        let action = Action::Call { contract: self.asker, entry: entry.to_owned(), input };
        done(self.operator.send(action, CALL_FUEL).await?, entry)
    }

    /// Why the asker's last task without an answer ended: `None` before the first one.
    ///
    /// # Errors
    /// Where the node does not answer.
    pub async fn failed_reason(&self) -> anyhow::Result<Option<u16>> {
        let kept = self.client.storage(&self.asker, asker::FAILED_KEY).await?;
        Ok(kept.and_then(|bytes| bytes.try_into().ok()).map(u16::from_le_bytes))
    }

    /// Waits for a block.
    ///
    /// # Errors
    /// Where it does not come in time.
    pub async fn wait_for(&self, height: Height) -> anyhow::Result<()> {
        let until = Instant::now() + self.patience;
        while self.client.status().await?.height < height {
            ensure!(Instant::now() < until, "block {height} did not come in time");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// What a contract has written as the answer: `None` before the first one.
    ///
    /// # Errors
    /// Where the node does not answer.
    pub async fn contract_state(&self, contract: &AccountId) -> anyhow::Result<Option<Vec<u8>>> {
        Ok(self.client.storage(contract, b"state").await?)
    }

    /// Stops providers and node, in this order.
    ///
    /// # Errors
    /// Where one of them does not stop cleanly.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.watcher.stop().await.context("stopping the watcher")?;
        for provider in self.providers {
            let name = provider.name;
            provider.stop().await.with_context(|| format!("stopping {name}"))?;
        }
        drop(self.feed);
        self.node.shutdown().await.context("stopping the node")?;
        Ok(())
    }
}
