//! Lanes: threads that take a block's independent parts. How many there are changes no result, only when it is there.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Builder;

use crate::world::NodeFault;

/// Most threads with a stack of their own length: 64 of a guest's are 40 GiB of addresses, of which a guest touches what it
/// uses.
const DEEP_MAX: usize = 64;

/// How many threads work on the independent parts of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lanes(NonZeroUsize);

impl Lanes {
    /// Everything on the thread that asks, one part after the other.
    pub const ONE: Lanes = Lanes(NonZeroUsize::MIN);

    /// That many threads; none is started that would have nothing to do.
    pub const fn new(count: NonZeroUsize) -> Lanes {
        Lanes(count)
    }

    /// How many.
    pub const fn count(self) -> usize {
        self.0.get()
    }

    /// `work` on every part; the results in the order of the parts, whatever the threads. Each thread takes the next part
    /// that nobody has, so the longest ones belong to the front. With one lane all of it runs on this thread.
    ///
    /// # Errors
    /// [`NodeFault::Panic`] where `work` panicked, [`NodeFault::Thread`] where a thread does not start: then there is no
    /// result at all.
    pub(crate) fn run<T: Sync, R: Send>(self, parts: &[T], work: impl Fn(&T) -> R + Sync) -> Result<Vec<R>, NodeFault> {
        if self.count().min(parts.len()) <= 1 {
            // Nothing of a half-done part is kept, so there is no state that a panic could leave broken.
            return catch_unwind(AssertUnwindSafe(|| parts.iter().map(work).collect()))
                .map_err(|payload| NodeFault::panic(payload.as_ref()));
        }
        self.spread(parts, None, work)
    }

    /// As [`Lanes::run`], but never on this thread: on at most 64 whose stack has `stack_len` bytes.
    ///
    /// # Errors
    /// As [`Lanes::run`].
    pub(crate) fn run_deep<T: Sync, R: Send>(
        self,
        parts: &[T],
        stack_len: usize,
        work: impl Fn(&T) -> R + Sync,
    ) -> Result<Vec<R>, NodeFault> {
        let lanes = Lanes(self.0.min(NonZeroUsize::new(DEEP_MAX).unwrap_or(self.0)));
        lanes.spread(parts, Some(stack_len), work)
    }

    fn spread<T: Sync, R: Send>(
        self,
        parts: &[T],
        stack_len: Option<usize>,
        work: impl Fn(&T) -> R + Sync,
    ) -> Result<Vec<R>, NodeFault> {
        let next = AtomicUsize::new(0);
        let lane = || {
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                match parts.get(at) {
                    Some(part) => done.push((at, work(part))),
                    None => return done,
                }
            }
        };
        let ended: Vec<Result<Vec<(usize, R)>, NodeFault>> = std::thread::scope(|scope| {
            let start = |index| {
                let builder = Builder::new().name(format!("lane-{index}"));
                let builder = if let Some(len) = stack_len { builder.stack_size(len) } else { builder };
                builder.spawn_scoped(scope, lane)
            };
            let started: Vec<_> = (0..self.count().min(parts.len())).map(start).collect();
            // Every thread is waited for, also after one that failed: a scope panics over a panic that nobody asked about.
            let wait = |thread: std::io::Result<std::thread::ScopedJoinHandle<'_, _>>| match thread {
                Ok(thread) => thread.join().map_err(|payload| NodeFault::panic(payload.as_ref())),
                Err(error) => Err(NodeFault::Thread(error)),
            };
            started.into_iter().map(wait).collect()
        });
        let mut done = Vec::with_capacity(parts.len());
        for lane in ended {
            done.extend(lane?);
        }
        done.sort_unstable_by_key(|(at, _)| *at);
        Ok(done.into_iter().map(|(_, result)| result).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(count: usize) -> Lanes {
        Lanes::new(NonZeroUsize::new(count).unwrap())
    }

    #[test]
    fn every_part_is_done_once_and_in_order_whatever_the_lanes() {
        for count in [1, 2, 3, 8, 64] {
            for parts in [0usize, 1, 2, 7, 300] {
                let parts: Vec<usize> = (0..parts).collect();
                let expected: Vec<usize> = parts.iter().map(|part| part * 2).collect();
                assert_eq!(lanes(count).run(&parts, |part| part * 2).unwrap(), expected, "{count}");
                assert_eq!(lanes(count).run_deep(&parts, 1 << 20, |part| part * 2).unwrap(), expected, "{count}");
            }
        }
    }

    #[test]
    fn a_panic_is_a_fault_and_leaves_no_result() {
        let parts: Vec<usize> = (0..100).collect();
        for count in [1, 2, 8] {
            let work = |part: &usize| {
                assert!(*part % 50 != 27, "part {part}");
                *part
            };
            for ended in [lanes(count).run(&parts, work), lanes(count).run_deep(&parts, 1 << 20, work)] {
                let Err(NodeFault::Panic { message }) = ended else { panic!("{count} lanes: {ended:?}") };
                assert!(["part 27", "part 77"].contains(&message.as_str()), "{message}");
            }
        }
    }

    #[test]
    fn a_thread_that_does_not_start_is_a_fault() {
        let ended = lanes(2).run_deep(&[1, 2], usize::MAX / 2, |part| *part);
        assert!(matches!(ended, Err(NodeFault::Thread(_))), "{ended:?}");
    }
}
