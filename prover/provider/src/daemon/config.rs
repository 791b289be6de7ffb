//! What an operator decides.

use std::path::PathBuf;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use tokio::sync::watch;
use zera_abi::{AccountId, Amount, Outcome, PredicateId};

use crate::conduct::Conduct;
use crate::error::DaemonError;
use crate::predicate::Program;
use crate::price::PriceRule;
use crate::private::PrivateFolder;
use crate::prove::KeySource;
use crate::wallet::Patience;
use crate::wasm;

/// How predicates are taken from the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Folder of their keys, which are made there where they are missing.
    pub keys: PathBuf,
    /// Most bytes of a file. Rows are bounded as for every predicate.
    pub len_max: usize,
    /// Most predicates that are taken up.
    pub predicates_max: usize,
}

impl Fetch {
    /// 16 MiB a file, 64 predicates.
    pub const fn standard(keys: PathBuf) -> Fetch {
        Fetch { keys, len_max: 16 << 20, predicates_max: 64 }
    }
}

/// Everything that an operator decides.
#[derive(Clone)]
pub struct ProviderConfig {
    /// The account's key: stakes, signs, is paid.
    pub key: SigningKey,
    /// Where proving keys are.
    pub keys: KeySource,
    /// The job book's file.
    pub journal: PathBuf,
    /// What is served; all that there are keys for where `None`.
    pub predicates: Option<Vec<PredicateId>>,
    /// Predicates beside those of the library.
    pub programs: Vec<Program>,
    /// Whether predicates that a task names and nothing here knows are taken from the node.
    pub fetch: Option<Fetch>,
    /// Most fuel of a native run of a predicate's program; a task whose run takes more is declined.
    pub native_fuel: u64,
    /// Where private input bytes are.
    pub private: Option<PrivateFolder>,
    /// Threads of a proof.
    pub threads: usize,
    /// Most proofs at once. They share the threads, so more than one helps only where one does not fill them.
    pub max_concurrent: usize,
    /// Most jobs between lock and answer; those beyond the ones that are proved wait, earliest deadline first.
    pub max_jobs: usize,
    /// Most stake of jobs between lock and answer, all together.
    pub max_stake: Amount,
    /// What a job must bring in.
    pub price: PriceRule,
    /// Native answers that are proved here before there is a lock; one that is locked is proved whatever it is. Traps and
    /// exceeded bounds are paid a fixed fee from the requester's bond, so they are taken only where it covers their cost.
    pub outcomes: Vec<Outcome>,
    /// Most public input bytes.
    pub public_len_max: usize,
    /// Most rows of a predicate's matrices.
    pub rows_max: u64,
    /// Requesters that get nothing.
    pub deny: Vec<AccountId>,
    /// Whether tasks whose lock has lapsed are answered, too.
    pub rescue: bool,
    /// Whether tasks that take an answer without a proof get one; it is proved when somebody challenges.
    pub attest: bool,
    /// Blocks kept between the end of a proof and its deadline.
    pub margin_blocks: u64,
    /// Blocks after which a lock that has not landed is given up: the offer was another by then.
    pub lock_expiry_blocks: u64,
    /// Between two looks at the chain's height.
    pub poll: Duration,
    /// How the wallet waits.
    pub patience: Patience,
    /// Most time that a stop takes.
    pub drain: Duration,
    /// Drills; a channel whose sender is gone keeps its last value.
    pub drill: watch::Receiver<Conduct>,
}

impl std::fmt::Debug for ProviderConfig {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let account = AccountId(self.key.verifying_key().to_bytes());
        f.debug_struct("ProviderConfig")
            .field("account", &account)
            .field("journal", &self.journal)
            .finish_non_exhaustive()
    }
}

impl ProviderConfig {
    /// Settings for a local network: cheap, quick, honest, one proof at a time.
    pub fn local(key: SigningKey, keys: KeySource, journal: PathBuf) -> ProviderConfig {
        let (_, drill) = watch::channel(Conduct::Honest);
        ProviderConfig {
            key,
            keys,
            journal,
            predicates: None,
            programs: Vec::new(),
            fetch: None,
            native_fuel: wasm::FUEL,
            private: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            max_concurrent: 1,
            max_jobs: 4,
            max_stake: Amount::from_units(1_000 * zera_abi::amount::UNITS_PER_ZRA),
            price: PriceRule {
                per_second: Amount::from_units(1_000_000),
                per_job: Amount::from_units(100_000),
                stake_risk_bps: 10,
                margin_bps: 2_000,
                floor: Amount::from_units(1_000_000),
            },
            outcomes: vec![Outcome::False, Outcome::True, Outcome::Trap, Outcome::BoundExceeded],
            public_len_max: zera_abi::wire::MAX_PUBLIC_LEN,
            rows_max: 1 << 22,
            deny: Vec::new(),
            rescue: true,
            attest: false,
            margin_blocks: 2,
            lock_expiry_blocks: 5,
            poll: Duration::from_millis(25),
            patience: Patience { give_up_after: None, resend_after: Duration::from_secs(1), ..Patience::local() },
            drain: Duration::from_secs(60),
            drill,
        }
    }

    pub(super) fn check(&self) -> Result<(), DaemonError> {
        let rules = [
            ((1..=1024).contains(&self.threads), "threads: expected 1 to 1024"),
            ((1..=256).contains(&self.max_concurrent), "concurrent proofs: expected 1 to 256"),
            (
                (self.max_concurrent..=4096).contains(&self.max_jobs),
                "jobs: expected at least the concurrent proofs, at most 4096",
            ),
            (self.poll >= Duration::from_millis(1), "poll interval: expected at least 1 ms"),
            (self.lock_expiry_blocks >= 1, "lock expiry: expected at least 1 block"),
            (self.patience.give_up_after.is_none(), "patience: a daemon does not give up on what it has signed"),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, what)) => Err(DaemonError::Config(what.to_owned())),
            None => Ok(()),
        }
    }

    /// How the daemon is to behave now.
    pub(super) fn conduct(&self) -> Conduct {
        self.drill.borrow().clone()
    }
}
