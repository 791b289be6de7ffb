//! Signs of life on standard error, for what takes longer than a second.

use std::io::IsTerminal;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget};

use crate::output::Output;

/// Silence before the first sign.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two lines where standard error is no terminal.
const INTERVAL: Duration = Duration::from_secs(10);
/// Between two turns of the spinner.
const TICK: Duration = Duration::from_millis(120);

/// Work under way; dropping it ends the signs.
pub struct Progress {
    label: Arc<Mutex<String>>,
    done: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Work begins.
    pub fn start(label: impl Into<String>) -> Progress {
        let label = Arc::new(Mutex::new(label.into()));
        let (done, ended) = mpsc::channel();
        let shown = Arc::clone(&label);
        // Without a thread there are no signs of life; the work is the same.
        let thread =
            std::thread::Builder::new().name("zera-progress".to_owned()).spawn(move || show(&shown, &ended)).ok();
        Progress { label, done: Some(done), thread }
    }

    /// The work has come to its next step.
    pub fn step(&self, label: impl Into<String>) {
        *self.label.lock().unwrap_or_else(PoisonError::into_inner) = label.into();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn show(label: &Mutex<String>, ended: &mpsc::Receiver<()>) {
    let start = Instant::now();
    let text = || label.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let goes_on = |wait| matches!(ended.recv_timeout(wait), Err(RecvTimeoutError::Timeout));
    if !goes_on(PATIENCE) {
        return;
    }
    if std::io::stderr().is_terminal() {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_elapsed(start.elapsed());
        while goes_on(TICK) {
            bar.set_message(format!("{} ({} s)", text(), start.elapsed().as_secs()));
            bar.tick();
        }
        bar.finish_and_clear();
    } else {
        Output::progress(&format!("{} ..", text()));
        while goes_on(INTERVAL) {
            Output::progress(&format!("{} .. {} s", text(), start.elapsed().as_secs()));
        }
    }
}
