//! What the loop and its jobs share.

use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::Signer;
use tokio::sync::watch;
use zera_abi::{AccountId, Amount, Bps, ChainId, Height, TaskId};
use zera_host::decline_message;
use zera_market::doubled;

use super::ProviderConfig;
use super::fetch::Fetches;
use crate::calibrate::Estimates;
use crate::decline::{Decline, Declined};
use crate::error::{ClientError, DaemonError};
use crate::job::{AnyJob, Terms};
use crate::journal::Journal;
use crate::market::MarketClient;
use crate::private::PrivateBytes;
use crate::prove::Prover;
use crate::report::{Report, Reporter};
use crate::view::{RulesView, StandingView, StatusView, TaskView};
use crate::wallet::Wallet;
use crate::workshop::Workshop;

/// Most fuel of a lock, release or commitment: about twice its price.
pub(super) const LOCK_FUEL: u64 = 600_000;
/// Most fuel of a submission or reveal: the price with all thirteen declared values.
pub(super) const SUBMIT_FUEL: u64 = 6_000_000;
/// Most fuel of giving a key: about twice its price.
pub(super) const SEALING_FUEL: u64 = 2_000_000;
/// Most fuel of a complaint, beside that of the bytes that are opened.
pub(super) const COMPLAINT_FUEL: u64 = 4_000_000;
/// Of each of them: a permutation for 465 of them costs 300,000.
pub(super) const COMPLAINT_FUEL_BYTE: u64 = 1_000;

/// Rules of the market that decisions need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Windows {
    pub(super) lock_blocks: u64,
    pub(super) rescue_blocks: u64,
    pub(super) reveal_blocks: u64,
    pub(super) start_share: Bps,
    pub(super) commit_deposit: Amount,
    pub(super) bond_share: Bps,
    pub(super) bond_floor: Amount,
    pub(super) execution_share: Bps,
    pub(super) margin_bps: u64,
    pub(super) price_margin_bps: u64,
    pub(super) deliver_blocks: u64,
    pub(super) notice_blocks: u64,
    pub(super) demand_share: Bps,
    pub(super) demand_fee: Amount,
}

impl Windows {
    pub(super) fn read(rules: &RulesView) -> Result<Windows, DaemonError> {
        let number = |name: &str| {
            let what = || ClientError::Answer { what: format!("the market's rules have no number {name}") };
            rules.number(name).ok_or_else(what)
        };
        let share = |name: &str| {
            let bps = number(name)?;
            let what = || ClientError::Answer { what: format!("rule {name}: {bps} basis points") };
            u16::try_from(bps).ok().and_then(Bps::new).ok_or_else(what)
        };
        Ok(Windows {
            lock_blocks: number("lock_blocks")?,
            rescue_blocks: number("rescue_blocks")?,
            reveal_blocks: number("reveal_blocks")?,
            start_share: share("start_share")?,
            commit_deposit: Amount::from_units(number("commit_deposit")?.into()),
            bond_share: share("bond_share")?,
            bond_floor: Amount::from_units(number("bond_floor")?.into()),
            execution_share: share("execution_share")?,
            margin_bps: number("margin_bps")?,
            price_margin_bps: number("price_margin_bps")?,
            deliver_blocks: number("deliver_blocks")?,
            notice_blocks: number("notice_blocks")?,
            demand_share: share("demand_share")?,
            demand_fee: Amount::from_units(number("demand_fee")?.into()),
        })
    }

    /// What a lock of `stake` has to leave in the deposit of an account that stands like this; `None` where it does not fit.
    pub(super) fn margin_kept(&self, standing: &StandingView, stake: Amount) -> Option<Amount> {
        let reserved = standing.reserved.checked_add(stake)?;
        // The market counts four offences at most.
        let worth = doubled(reserved, standing.liveness.min(4_000))?.mul_ratio(self.price_margin_bps, 10_000)?;
        worth.checked_sub(reserved).unwrap_or(Amount::ZERO).mul_ratio(self.margin_bps, 10_000)
    }

    /// What proving a trap or an exceeded bound is paid: a share of the requester's bond, which follows from the bounty.
    pub(super) fn execution_fee(&self, bounty_max: Amount) -> Amount {
        bounty_max.share(self.bond_share).max(self.bond_floor).share(self.execution_share)
    }
}

pub(super) struct Shared<C> {
    pub(super) config: ProviderConfig,
    pub(super) client: Arc<C>,
    pub(super) wallet: Wallet<C>,
    pub(super) journal: Arc<Journal>,
    pub(super) prover: Arc<dyn Prover>,
    pub(super) workshop: Workshop,
    pub(super) estimates: Arc<Estimates>,
    pub(super) reporter: Arc<Reporter>,
    pub(super) windows: Windows,
    pub(super) chain: ChainId,
    pub(super) account: AccountId,
    pub(super) fetches: Arc<Fetches>,
    pub(super) status: watch::Receiver<StatusView>,
    pub(super) stopping: watch::Receiver<bool>,
}

impl<C: MarketClient> Shared<C> {
    pub(super) fn tell(&self, report: Report) {
        self.reporter.tell(report);
    }

    /// Tells the node why a task is not taken, so that whoever asks can read it. Nothing here waits for that or depends on it.
    pub(super) fn publish_decline(&self, task: TaskId, reason: Decline) {
        let message = decline_message(&self.chain, &task, reason.code());
        let signature = self.config.key.sign(&message).to_bytes();
        let (client, account) = (Arc::clone(&self.client), self.account);
        tokio::spawn(async move {
            if let Err(error) = client.decline(&task, &account, reason.code(), &signature).await {
                tracing::debug!(%task, %reason, %error, "the node does not keep the reason");
            }
        });
    }

    /// Height of the last block that we know of.
    pub(super) fn height(&self) -> Height {
        self.status.borrow().height
    }

    /// The private bytes for a task; none where its predicate reads none.
    ///
    /// # Errors
    /// [`Decline::InputMissing`] where nobody has delivered them.
    pub(super) fn private(&self, terms: &Terms) -> Result<PrivateBytes, Declined> {
        let len = self.prover.offer(&terms.predicate).map_or(0, |offer| offer.private_len);
        if len == 0 {
            return Ok(PrivateBytes::default());
        }
        let missing = |detail: String| Declined::new(Decline::InputMissing, detail);
        let folder = self
            .config
            .private
            .as_ref()
            .ok_or_else(|| missing(format!("{len} private input bytes, and no folder of them")))?;
        let found = folder.find(&terms.task, &terms.expected, len).map_err(missing)?;
        found.ok_or_else(|| missing(format!("{len} private input bytes that nobody has delivered")))
    }

    pub(super) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Until the daemon is told to stop.
    pub(super) async fn stopped(&self) {
        if self.stopping.clone().wait_for(|stop| *stop).await.is_err() {
            // The handle is gone, and with it soon this.
            std::future::pending::<()>().await;
        }
    }

    /// Writes a job to the book, off the loop's threads; `false` where that failed.
    pub(super) async fn keep(&self, job: AnyJob) -> bool {
        let (journal, task) = (Arc::clone(&self.journal), job.terms().task);
        let put = tokio::task::spawn_blocking(move || journal.put(&job)).await;
        let what = match put {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        self.tell(Report::JournalFailed { task, what });
        false
    }

    /// Removes a job that has ended from the book.
    pub(super) async fn forget(&self, task: TaskId) {
        let journal = Arc::clone(&self.journal);
        let removed = tokio::task::spawn_blocking(move || journal.remove(&task)).await;
        if let Ok(Err(error)) = removed {
            self.tell(Report::JournalFailed { task, what: error.to_string() });
        }
    }

    /// The canonical state of a task, asked for until there is an answer.
    pub(super) async fn task(&self, id: &TaskId) -> Option<TaskView> {
        let mut pause = self.config.patience.pause;
        loop {
            match self.client.task(id).await {
                Ok(found) => return found,
                Err(error) => tracing::debug!(task = %id, %error, "asking again"),
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(self.config.patience.pause_max);
        }
    }

    /// Until the height changes, the drill does, or a while has passed.
    pub(super) async fn change(&self) {
        let (mut status, mut drill) = (self.status.clone(), self.config.drill.clone());
        status.mark_unchanged();
        drill.mark_unchanged();
        tokio::select! {
            Ok(()) = status.changed() => {}
            Ok(()) = drill.changed() => {}
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}
