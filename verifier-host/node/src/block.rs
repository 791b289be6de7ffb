//! The block loop: one writer, one block at a time.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior};
use zera_host::{BLOCK_VERIFICATIONS, BlockReport, SignedTx};

use crate::error::{Fault, panic_message};
use crate::node::BlockMode;
use crate::record::Record;
use crate::shared::{Ask, Shared, Unavailable, next};

/// Makes blocks until the node closes or fails.
pub(crate) async fn run(shared: Arc<Shared>, mut asks: mpsc::Receiver<Ask>) {
    let mut closing = shared.closing.subscribe();
    let mut ticks = match shared.mode {
        BlockMode::Every(period) => {
            let mut ticks = tokio::time::interval(period);
            // A slow block delays the ones after it; it does not crowd them.
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks.reset();
            Some(ticks)
        }
        BlockMode::Instant => None,
    };
    loop {
        let ask = tokio::select! {
            biased;
            _ = closing.wait_for(|closing| *closing) => return,
            Some(ask) = asks.recv() => Some(ask),
            () = due(&shared, ticks.as_mut()) => None,
        };
        let empty_too = ask.is_some() || ticks.is_some();
        let maker = Arc::clone(&shared);
        let made = match tokio::task::spawn_blocking(move || make(&maker, empty_too)).await {
            Ok(made) => made,
            Err(error) if error.is_panic() => {
                Err(Stop::Fault(Fault::Writer { message: panic_message(error.into_panic().as_ref()) }))
            }
            Err(_) => Err(Stop::Closed),
        };
        match made {
            Ok(report) => {
                if let Some((ask, report)) = ask.zip(report) {
                    // Whoever asked may have gone.
                    let _ = ask.send(report.header);
                }
            }
            Err(Stop::Closed) => return,
            Err(Stop::Fault(fault)) => return shared.fail(fault),
        }
    }
}

/// Until the next block is due: a tick, or something that waits.
async fn due(shared: &Shared, ticks: Option<&mut Interval>) {
    match ticks {
        Some(ticks) => {
            ticks.tick().await;
        }
        None => shared.wake.notified().await,
    }
}

enum Stop {
    Fault(Fault),
    Closed,
}

impl From<Unavailable> for Stop {
    fn from(why: Unavailable) -> Self {
        match why {
            Unavailable::Fault(fault) => Stop::Fault(fault.into()),
            Unavailable::Closed | Unavailable::Busy | Unavailable::Reader => Stop::Closed,
        }
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Fault(fault)
    }
}

/// Makes one block of what is ready; none where nothing is and `empty_too` is not set.
fn make(shared: &Shared, empty_too: bool) -> Result<Option<BlockReport>, Stop> {
    shared.beat().busy = Some(Instant::now());
    let report = apply(shared, empty_too);
    let mut beat = shared.beat();
    beat.busy = None;
    if let Ok(Some(_)) = &report {
        beat.block = Instant::now();
    }
    report
}

fn apply(shared: &Shared, empty_too: bool) -> Result<Option<BlockReport>, Stop> {
    let txs: Vec<SignedTx> = {
        let pool = shared.pool();
        shared
            .read(|chain| pool.ready(&chain.head().hash(), |sender| chain.nonce(sender).map_err(Unavailable::Fault)))?
    };
    if txs.is_empty() && !empty_too {
        return Ok(None);
    }
    // A block judges no more proofs than this; a verdict that is missing after all is computed where it is needed.
    let mut jobs = shared.read(|chain| chain.proof_jobs(&txs).map_err(Unavailable::Fault))?;
    jobs.truncate(BLOCK_VERIFICATIONS);
    let start = Instant::now();
    let verdicts = shared.judge(&jobs)?;
    if !jobs.is_empty() {
        shared.metrics.verify_time.observe(start.elapsed().as_secs_f64());
        shared.metrics.verified_ahead.inc_by(u64::try_from(jobs.len()).unwrap_or(u64::MAX));
    }
    let record = Record::new(&txs);
    // In one step for every reader: the block, what waits after it, and the height. A cursor that a reader has seen is then
    // never beyond the head, and what is in a block never still waits.
    let mut pool = shared.pool();
    let (report, expired, contracts) = shared.write(|chain| {
        let start = Instant::now();
        let report = chain.apply(txs, verdicts).map_err(Unavailable::Fault)?;
        shared.metrics.apply_time.observe(start.elapsed().as_secs_f64());
        let expired = pool.settle(&report, next(report.header.height));
        let contracts = record.contracts(chain, &report).map_err(Unavailable::Fault)?;
        shared.mailbox().settle(chain.market().map_err(Unavailable::Fault)?);
        shared.head.send_replace(report.header.height);
        Ok::<_, Stop>((report, expired, contracts))
    })?;
    drop(pool);
    let height = report.header.height;
    tracing::debug!(
        %height,
        txs = report.receipts.len(),
        events = report.events.len(),
        rejected = report.rejected.len(),
        deferred = report.deferred.len(),
        proofs = jobs.len(),
        "block"
    );
    record.tell(&shared.metrics, &report, &contracts);
    for (tx, expiry) in expired {
        shared.metrics.not_taken("waiting", "expired");
        tracing::info!(%tx, %height, reason = format!("expired at height {expiry}"), "rejected after it waited");
    }
    let moved = !report.receipts.is_empty() || !report.rejected.is_empty();
    if moved && !report.deferred.is_empty() {
        shared.wake.notify_one();
    }
    Ok(Some(report))
}
