//! Whether one more job fits: earliest deadline first, with slack; and a brake that learns from misses.

use zera_abi::Height;

/// Work that must be done before a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Last height at which the answer may be in a block.
    pub deadline: Height,
    /// Proving time that is left, alone on the machine.
    pub work_ms: u64,
}

/// Whether all slots meet their deadlines when the machine always works on the one whose deadline is nearest.
///
/// Jobs share the machine's threads, so running two at once gains nothing: the machine is one server, for which earliest
/// deadline first misses nothing that any order could meet. `margin` blocks are kept for sending. With `block_ms` 0, where
/// blocks come with transactions, only the margin counts.
pub fn feasible(now: Height, block_ms: u64, margin: u64, slots: &[Slot]) -> bool {
    let mut order = slots.to_vec();
    order.sort_by_key(|slot| slot.deadline);
    let mut busy_ms: u64 = 0;
    order.iter().all(|slot| {
        busy_ms = busy_ms.saturating_add(slot.work_ms);
        let blocks = slot.deadline.since(now).0;
        blocks > margin && (block_ms == 0 || busy_ms <= (blocks - margin).saturating_mul(block_ms))
    })
}

/// How many jobs may be held at once: halves after two misses in a row, grows by one with each success.
///
/// Misses cascade: a slow machine that goes on locking loses every stake. Additive increase and multiplicative decrease
/// bring it down to what it can do and up again by itself, without anybody's help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brake {
    max: usize,
    limit: usize,
    misses: u32,
}

impl Brake {
    /// Starts at `max`, at least 1.
    pub fn new(max: usize) -> Brake {
        Brake { max: max.max(1), limit: max.max(1), misses: 0 }
    }

    /// How many jobs may be held.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// A job was delivered.
    pub fn success(&mut self) {
        self.misses = 0;
        self.limit = (self.limit + 1).min(self.max);
    }

    /// A lock was lost.
    pub fn miss(&mut self) {
        self.misses += 1;
        if self.misses >= 2 {
            self.misses = 0;
            self.limit = (self.limit / 2).max(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(deadline: u64, work_ms: u64) -> Slot {
        Slot { deadline: Height(deadline), work_ms }
    }

    #[test]
    fn boundaries_of_one_job() {
        // Ten blocks of 100 ms, two of them kept: 800 ms.
        assert!(feasible(Height(0), 100, 2, &[slot(10, 800)]));
        assert!(!feasible(Height(0), 100, 2, &[slot(10, 801)]));
        assert!(!feasible(Height(8), 100, 2, &[slot(10, 0)]));
        assert!(!feasible(Height(11), 100, 2, &[slot(10, 0)]));
        assert!(feasible(Height(0), 0, 2, &[slot(10, u64::MAX)]));
    }

    #[test]
    fn a_nearer_deadline_goes_first_and_may_break_a_later_one() {
        let held = slot(20, 1_000);
        assert!(feasible(Height(0), 100, 0, &[held, slot(10, 1_000)]));
        assert!(!feasible(Height(0), 100, 0, &[held, slot(10, 1_000), slot(10, 1)]));
        assert!(!feasible(Height(0), 100, 0, &[slot(20, 1_500), slot(10, 600)]));
    }

    /// Every set of three small jobs, against all orders of working.
    #[test]
    fn no_order_does_better() {
        let meets = |order: [Slot; 3]| {
            let mut busy = 0;
            order.iter().all(|slot| {
                busy += slot.work_ms;
                busy <= slot.deadline.0
            })
        };
        for code in 0..4u64.pow(6) {
            let digit = |at: u32| code / 4u64.pow(at) % 4;
            let [a, b, c] = [0, 2, 4].map(|at| slot(digit(at) + 1, digit(at + 1)));
            let any = [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]].into_iter().any(meets);
            assert_eq!(feasible(Height(0), 1, 0, &[a, b, c]), any, "{a:?} {b:?} {c:?}");
        }
    }

    #[test]
    fn the_brake_halves_after_two_misses_and_recovers_by_one() {
        let mut brake = Brake::new(8);
        brake.miss();
        brake.success();
        brake.miss();
        assert_eq!(brake.limit(), 8);
        brake.miss();
        assert_eq!(brake.limit(), 4);
        (0..6).for_each(|_| brake.miss());
        assert_eq!(brake.limit(), 1);
        (0..20).for_each(|_| brake.success());
        assert_eq!(brake.limit(), 8);
    }
}
