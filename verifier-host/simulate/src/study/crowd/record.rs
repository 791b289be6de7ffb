//! What a run leaves behind.

use crate::agent::Kind;

/// Where money was at a block.
#[derive(Clone, Copy, Debug, Default)]
pub struct Capital {
    pub block: u64,
    pub escrowed: f64,
    pub burned: f64,
    pub paid: f64,
    pub treasury: f64,
    /// All money less what was minted, in units.
    pub error: u128,
}

/// Counts of a run; by mode where there are two: proved, attested.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub transitions: u64,
    pub market_s: f64,
    pub refused: u64,
    pub scans: u64,
    pub conservation_error: u128,
    pub missed: u64,
    pub rescued: u64,
    pub finals: [u64; 2],
    pub false_finals: [u64; 2],
    /// Tasks by the number of blocks that they lived.
    pub latency: [Vec<u64>; 2],
    pub locks: [u64; Kind::ALL.len()],
    pub made_zra: [f64; Kind::ALL.len()],
    pub capital: Vec<Capital>,
    pub expired: u64,
    pub cancelled: u64,
    pub released: u64,
    pub reauctioned: u64,
    pub rejected: u64,
    pub challenged: u64,
    pub upheld: u64,
    pub overturned: u64,
    pub voided: u64,
    pub slashes: u64,
}

impl Record {
    pub fn ended(&mut self, mode: usize, blocks: u64) {
        let at = blocks as usize;
        let counts = &mut self.latency[mode];
        if counts.len() <= at {
            counts.resize(at + 1, 0);
        }
        counts[at] += 1;
    }

    pub fn longest(&self, mode: usize) -> u64 {
        self.latency[mode].len().saturating_sub(1) as u64
    }

    pub fn events(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("transitions", self.transitions),
            ("refused calls", self.refused),
            ("final, proved mode", self.finals[0]),
            ("final, attested mode", self.finals[1]),
            ("false and final, proved mode", self.false_finals[0]),
            ("false and final, attested mode", self.false_finals[1]),
            ("expired", self.expired),
            ("cancelled", self.cancelled),
            ("released", self.released),
            ("rounds after the first", self.reauctioned),
            ("proofs rejected", self.rejected),
            ("locks missed", self.missed),
            ("rescued", self.rescued),
            ("challenges", self.challenged),
            ("answers upheld", self.upheld),
            ("answers overturned", self.overturned),
            ("challenges that nobody settled", self.voided),
            ("slashes", self.slashes),
        ]
    }
}
