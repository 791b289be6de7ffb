//! Who acts, and what it costs them.

use serde::Deserialize;

/// A way of playing. What each does is told where it is done: `dispute.rs` for attested answers, `study/crowd.rs` for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Runs, proves or attests what it found, in time.
    Honest,
    /// Attests the likelier outcome without running anything.
    Lazy,
    /// Says what is false where it gains by it.
    Malicious,
    /// Locks and stalls; challenges what is right.
    Griefer,
    /// Provider, challenger and prover of one owner: answers falsely, and challenges itself before another can.
    Colluder,
    /// Proving times with a heavy tail.
    Slow,
    /// Locks, then releases or lets lapse.
    Squatter,
    /// Locks in the first block, whatever the price.
    Sniper,
    /// One owner behind many accounts.
    Sybil,
    /// Honest, and looks at others' answers.
    Watcher,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 10] = [
        Kind::Honest,
        Kind::Lazy,
        Kind::Malicious,
        Kind::Griefer,
        Kind::Colluder,
        Kind::Slow,
        Kind::Squatter,
        Kind::Sniper,
        Kind::Sybil,
        Kind::Watcher,
    ];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Honest => "honest",
            Kind::Lazy => "lazy",
            Kind::Malicious => "malicious",
            Kind::Griefer => "griefer",
            Kind::Colluder => "colluder",
            Kind::Slow => "slow",
            Kind::Squatter => "squatter",
            Kind::Sniper => "sniper",
            Kind::Sybil => "sybil",
            Kind::Watcher => "watcher",
        }
    }
}

/// What things cost, in ZRA for a bounty of one. All of it is assumed; only thresholds that follow from it are claims.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// `c_x`: a native run.
    pub native: f64,
    /// `c_p`: a proof.
    pub proof: f64,
    /// `m`: the margin over cost without which nobody moves.
    pub margin: f64,
    /// `v_d`: what a block of delay costs a requester.
    pub delay: f64,
}

impl Default for Costs {
    /// market.md 3.2 and 6.3: `c_x = 0.01`, `c_p = 0.3`; margin and delay are this simulation's.
    fn default() -> Costs {
        Costs { native: 0.01, proof: 0.3, margin: 0.1, delay: 0.01 }
    }
}
