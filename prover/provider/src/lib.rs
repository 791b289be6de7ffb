//! The daemon: finds tasks, decides, stakes, proves, verifies its own proof, submits.
//!
//! ```text
//! node <--http--> MarketClient --events, heights--> Daemon: one loop over one enum of inputs
//!                                                     | consider: preflight, price, schedule -> lock, or a reason why not
//!                                                     | one task a job: lock -> prove -> submit, or commit and reveal
//!                                                     | Workshop: proving threads, earliest deadline first
//!                                                     | Journal: what a crash must not forget
//! ```
//!
//! Decisions are taken on the node's state as it is asked for, never on an event alone: an event that is lost, late or
//! repeated changes when something happens, not what.
//!
//! - [`daemon`]: [`Daemon`], its configuration and handle.
//! - [`job`], [`journal`]: how far a job has come, in one process and across restarts.
//! - [`prove`]: from terms to a verified answer; the port [`Prover`] and its implementation. [`predicate`]: what is proved and
//!   where its native answer comes from; [`wasm`]: programs. [`private`]: where private bytes come from.
//! - [`court`]: what the host can run by itself; [`watch`]: the watcher, who re-runs answers that nobody proved.
//! - [`price`], [`schedule`], [`decline`]: whether to take a task, and why not.
//! - [`market`], [`http`], [`view`], [`wallet`]: the node's API; also the command line's client.
//! - [`Conduct`], [`Report`]: drills, and what happened, for whoever watches.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod calibrate;
pub mod conduct;
pub mod court;
pub mod daemon;
pub mod decline;
pub mod error;
mod file;
pub mod http;
pub mod job;
pub mod journal;
pub mod json;
pub mod market;
pub mod predicate;
pub mod price;
pub mod private;
pub mod prove;
pub mod report;
pub mod schedule;
pub mod view;
pub mod wallet;
pub mod wasm;
pub mod watch;
mod workshop;

pub use conduct::Conduct;
pub use court::Case;
pub use daemon::{Daemon, DaemonHandle, ProviderConfig};
pub use decline::{Decline, Declined, Declines};
pub use error::{ClientError, DaemonError, WalletError};
pub use http::{Client, Limits};
pub use job::{AnyJob, Job};
pub use journal::{Journal, JournalError};
pub use market::{EventStream, MarketClient};
pub use predicate::{Native, Preview, Program};
pub use price::PriceRule;
pub use private::PrivateFolder;
pub use prove::{Groth16, KeySource, Prover};
pub use report::Report;
pub use wallet::{Patience, Wallet};
pub use wasm::Wasm;
pub use watch::{Sight, Tally, WatchConfig, Watcher};
pub use zera_host::Gadgets;
