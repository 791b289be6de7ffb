//! What the daemon tells whoever watches it.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;
use zera_abi::{AccountId, Amount, Height, Outcome, PredicateId, TaskId, TxHash};

use crate::decline::Declined;

/// Most reports that wait to be read; later ones are counted and dropped.
pub const REPORTS_MAX: usize = 4096;

/// One thing that happened. Times are in nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "fields are named after what they are")]
pub enum Report {
    /// The daemon is ready.
    Started { account: AccountId, height: Height, resumed: usize },
    /// How long a predicate takes on this machine, all steps together.
    Calibrated { predicate: PredicateId, name: String, rows: u64, work_ns: u64, measured: bool },
    /// A task that is open to us.
    Seen { task: TaskId, predicate: PredicateId, price: Option<Amount> },
    /// It was not taken.
    Declined { task: TaskId, declined: Declined },
    /// A job of before the restart goes on.
    Resumed { task: TaskId, stage: &'static str },
    /// Our stake holds the task.
    Locked { task: TaskId, price: Amount, stake: Amount, lock_deadline: Height },
    /// The native answer.
    Native { task: TaskId, outcome: Outcome, ns: u64 },
    /// The assignment is computed.
    Witness { task: TaskId, wires: u64, ns: u64 },
    /// Every row of the matrices holds for it.
    Rows { task: TaskId, rows: u64, ns: u64 },
    /// The proof is made.
    Proved { task: TaskId, ns: u64 },
    /// And verifies under the task's key for the task's statement.
    SelfVerified { task: TaskId, ns: u64 },
    /// An answer was sent.
    Submitted { task: TaskId, tx: TxHash },
    /// A transaction that did not land was sent again, the same bytes.
    Resent { tx: TxHash, times: u32 },
    /// An answer was given without a proof, the stake behind it.
    Attested { task: TaskId, outcome: Outcome },
    /// And somebody says that it is wrong.
    Challenged { task: TaskId, challenger: Option<AccountId> },
    /// A rescue was announced.
    Committed { task: TaskId, tx: TxHash },
    /// And shown.
    Revealed { task: TaskId, tx: TxHash },
    /// The requester was told what private bytes are to be sealed to.
    KeyGiven { task: TaskId, tx: TxHash },
    /// They did not come, and were demanded.
    Demanded { task: TaskId, tx: TxHash },
    /// Something else was delivered, which was shown.
    Complained { task: TaskId, tx: TxHash },
    /// The task ended with a requester who did not deliver, and pays for it.
    Undelivered { task: TaskId },
    /// The answer was taken.
    Accepted { task: TaskId, outcome: Outcome },
    /// The node refused what was sent.
    Rejected { task: TaskId, detail: String },
    /// The task is final and paid.
    Finalised { task: TaskId, paid: Amount },
    /// A lock was handed back before its start deadline.
    Released { task: TaskId },
    /// A job came to nothing.
    Lost { task: TaskId, why: String },
    /// The node did not answer.
    Unreachable { what: String },
    /// The job book could not be written: after a crash the job would not be known.
    JournalFailed { task: TaskId, what: String },
}

/// The sending side. Never waits: a watcher that does not read loses reports, the work goes on.
#[derive(Debug)]
pub(crate) struct Reporter {
    sender: mpsc::Sender<Report>,
    dropped: AtomicU64,
}

impl Reporter {
    pub(crate) fn new() -> (Reporter, mpsc::Receiver<Report>) {
        let (sender, receiver) = mpsc::channel(REPORTS_MAX);
        (Reporter { sender, dropped: AtomicU64::new(0) }, receiver)
    }

    pub(crate) fn tell(&self, report: Report) {
        match &report {
            Report::Lost { .. }
            | Report::Rejected { .. }
            | Report::Unreachable { .. }
            | Report::JournalFailed { .. } => {
                tracing::warn!(?report);
            }
            _ => tracing::debug!(?report),
        }
        if self.sender.try_send(report).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}
