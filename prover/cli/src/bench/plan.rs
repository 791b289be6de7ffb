//! What is measured, and how often.

use std::time::Duration;

/// Least and most `log2` of a chain's domain.
pub const CHAIN: std::ops::RangeInclusive<u32> = 6..=20;

/// How much of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Most samples of a cell: one predicate on one number of threads.
    pub samples: usize,
    /// Most samples of a point of the chain.
    pub chain_samples: usize,
    /// Runs before the first sample.
    pub warmups: usize,
    /// A cell ends after this long, with fewer samples, but for [`Plan::LEAST`].
    pub cell: Duration,
    /// How long the saturated machine is watched.
    pub saturated: Duration,
    /// Times that keys are loaded.
    pub cold: usize,
    /// Numbers of threads, ascending.
    pub threads: Vec<usize>,
    /// The chain's domains, as `log2`.
    pub chain: Vec<u32>,
    /// The chain's numbers of threads.
    pub chain_threads: Vec<usize>,
}

impl Plan {
    /// Samples of a cell, however long they take.
    pub const LEAST: usize = 3;

    /// For a machine of so many processors.
    pub fn full(cpus: usize) -> Plan {
        Plan {
            samples: 100,
            chain_samples: 10,
            warmups: 3,
            cell: Duration::from_secs(30),
            saturated: Duration::from_secs(10),
            cold: 5,
            threads: threads(cpus),
            chain: vec![12, 13, 14, 15, 16, 18],
            chain_threads: vec![1, cpus],
        }
        .sorted()
    }

    /// Under two minutes on two processors.
    pub fn quick(cpus: usize) -> Plan {
        Plan {
            samples: 30,
            chain_samples: 5,
            warmups: 2,
            cell: Duration::from_millis(2_500),
            saturated: Duration::from_millis(1_500),
            cold: 3,
            chain: vec![12, 13, 14, 15, 16],
            chain_threads: vec![cpus],
            ..Plan::full(cpus)
        }
        .sorted()
    }

    /// With at most so many samples of anything.
    pub fn with_samples(mut self, samples: usize) -> Plan {
        self.samples = samples;
        self.chain_samples = self.chain_samples.min(samples);
        self.cold = self.cold.min(samples);
        self
    }

    /// On these numbers of threads.
    pub fn with_threads(mut self, threads: Vec<usize>) -> Plan {
        self.threads = threads;
        self = self.sorted();
        self.chain_threads = self.threads.last().copied().into_iter().collect();
        self
    }

    /// With these chains.
    pub fn with_chain(mut self, chain: Vec<u32>) -> Plan {
        self.chain = chain;
        self.sorted()
    }

    fn sorted(mut self) -> Plan {
        for list in [&mut self.threads, &mut self.chain_threads] {
            list.sort_unstable();
            list.dedup();
        }
        self.chain.sort_unstable();
        self.chain.dedup();
        self
    }
}

/// 1, 2, 4 and so on, and all there are.
fn threads(cpus: usize) -> Vec<usize> {
    let mut threads: Vec<usize> = (0..).map(|i| 1 << i).take_while(|&threads| threads < cpus).collect();
    threads.push(cpus.max(1));
    threads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_double_and_end_with_all() {
        for (cpus, expected) in [(1, vec![1]), (2, vec![1, 2]), (6, vec![1, 2, 4, 6]), (8, vec![1, 2, 4, 8])] {
            assert_eq!(threads(cpus), expected);
            assert_eq!(Plan::quick(cpus).threads, expected);
        }
        assert_eq!(Plan::full(1).chain_threads, [1]);
        let plan = Plan::full(8).with_samples(4).with_threads(vec![4, 1, 4]).with_chain(vec![9, 8, 9]);
        assert_eq!((plan.threads, plan.chain_threads, plan.chain), (vec![1, 4], vec![4], vec![8, 9]));
        assert_eq!((plan.samples, plan.chain_samples, plan.cold), (4, 4, 4));
    }
}
