//! What a proof will take of this machine, before it takes it.

use crate::error::ProveError;

/// Sizes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Wires, with wire 0.
    pub wires: u64,
    /// Points of the domain.
    pub domain: u64,
}

/// Memory in bytes, as upper bounds for [`zera_kernels::CpuEngine`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// A [`Prover`](crate::Prover): points in lanes' form, roots and powers of the domain.
    pub key: u64,
    /// One proof beside it: the rows' values, the same in lanes, and scalars sorted for five sums at once.
    pub proof: u64,
}

/// Bytes that a thread of a sum holds: a block's sums, a batch under way, references and buckets of a window.
const THREAD: u64 = 8 << 20;

impl Plan {
    /// For a key of these sizes and this many threads.
    ///
    /// Points take 64 bytes in G1 and 128 in G2, and up to 4 more where some of a list are infinity; roots and powers five
    /// times 40 bytes a point of the domain. A proof holds three vectors of 32 bytes and three of 40 over the domain, and 36
    /// bytes a scalar for each of five sums.
    pub const fn of(sizes: Sizes, threads: u64) -> Plan {
        let Sizes { wires, domain } = sizes;
        let points = 3 * 68 * wires + 132 * wires + 68 * domain;
        let key = points + 5 * 40 * domain;
        let proof = (3 * 32 + 3 * 40 + 36) * domain + 4 * 36 * wires + (threads + 1) * THREAD;
        Plan { key, proof }
    }

    /// The same while a key is decoded, as lists of points of 72 and 136 bytes and `terms` terms of 48 and again of 40, and then taken
    /// list by list.
    pub const fn converting(self, sizes: Sizes, terms: u64) -> Plan {
        let Sizes { wires, domain } = sizes;
        // The domain's roots, which are counted in the key, are not there yet.
        let decoded = ((3 * 72 + 136) * wires + 72 * domain + (48 + 40) * terms).saturating_sub(5 * 40 * domain);
        Plan { key: self.key, proof: if decoded > self.proof { decoded } else { self.proof } }
    }

    /// Both.
    pub const fn total(&self) -> u64 {
        self.key + self.proof
    }

    /// Refuses what the machine cannot hold, so that nothing is killed half way.
    ///
    /// # Errors
    /// [`ProveError::Memory`].
    pub const fn check(&self, available: u64) -> Result<(), ProveError> {
        if self.total() <= available { Ok(()) } else { Err(ProveError::Memory { needed: self.total(), available }) }
    }
}

/// Bytes that this process may still take, by the kernel's own estimate and the limit of its control group; `None` where
/// neither can be read.
pub fn available() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let machine = read("/proc/meminfo").and_then(|text| memory_available(&text));
    let group = read("/sys/fs/cgroup/memory.max").and_then(|max| {
        let max: u64 = max.trim().parse().ok()?;
        let used: u64 = read("/sys/fs/cgroup/memory.current")?.trim().parse().ok()?;
        Some(max.saturating_sub(used))
    });
    [machine, group].into_iter().flatten().min()
}

/// `MemAvailable` of `/proc/meminfo`, which is in KiB.
fn memory_available(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_refused_by_its_numbers() {
        let plan = Plan::of(Sizes { wires: 1 << 18, domain: 1 << 18 }, 2);
        assert_eq!(plan.check(plan.total()), Ok(()));
        let available = plan.total() - 1;
        assert_eq!(plan.check(available), Err(ProveError::Memory { needed: plan.total(), available }));
    }

    #[test]
    fn converting_takes_what_the_decoded_key_takes() {
        let sizes = Sizes { wires: 1 << 18, domain: 1 << 18 };
        let plan = Plan::of(sizes, 1);
        assert_eq!(plan.converting(sizes, 0), plan, "the proof takes more than the lists of points");
        let terms = 1 << 24;
        let decoded = (3 * 72 + 136 + 72 - 200) * (1 << 18) + 88 * terms;
        assert_eq!(plan.converting(sizes, terms).total(), plan.key + decoded);
    }

    #[test]
    fn the_kernels_estimate_is_read() {
        let text = "MemTotal:       24000000 kB\nMemFree:          100 kB\nMemAvailable:    2048 kB\n";
        assert_eq!(memory_available(text), Some(2 << 20));
        assert_eq!(memory_available("MemAvailable: none"), None);
        assert_eq!(memory_available(""), None);
    }
}
