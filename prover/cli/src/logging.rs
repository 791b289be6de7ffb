//! The log: on standard error, as much of it as `ZERA_LOG` says; and all of it in memory, where a command wants to look at it.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt};

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Everything that is logged, whatever is shown of it.
#[derive(Clone, Debug, Default)]
pub struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    /// The lines so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Kept;

    fn make_writer(&'a self) -> Kept {
        self.clone()
    }
}

/// Starts the log. `ZERA_LOG` says how much of it is shown, in the words of `tracing`; `keep` takes all of it.
pub fn start(format: LogFormat, keep: Option<&Kept>) {
    let filter = EnvFilter::try_from_env("ZERA_LOG").unwrap_or_else(|_| EnvFilter::new("error,zera_node=warn"));
    let shown = fmt::layer::<Registry>().with_writer(io::stderr);
    let shown = match format {
        LogFormat::Text => shown.with_ansi(io::stderr().is_terminal()).with_filter(filter).boxed(),
        LogFormat::Json => shown.json().flatten_event(true).with_filter(filter).boxed(),
    };
    let kept = keep.map(|kept| {
        fmt::layer().with_ansi(false).with_writer(kept.clone()).with_filter(EnvFilter::new("warn,zera=trace"))
    });
    let _set_before = tracing_subscriber::registry().with(shown).with(kept).try_init();
}
