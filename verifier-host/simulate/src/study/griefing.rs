//! Study 5: what attacks cost those who mount them and those who suffer them.

mod attack;

use serde::Deserialize;

use super::{Stage, check};
use crate::error::SimulateError;
use crate::outcome::{Figure, Outcome, Table};
use crate::plot::{Bar, bars};
use crate::scenario::within;
use crate::stats::digits;
use attack::{Arena, Damage};

/// The numbers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Providers that run a task natively before they decide.
    pub preflights: u32,
    /// The bounty of the attack on a large task, in ZRA.
    pub large: f64,
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        within("preflights", &self.preflights, (1..=1_000).contains(&self.preflights), "1 to 1000")?;
        within("large", &self.large, (1.0..=10_000.0).contains(&self.large), "1 to 10000")
    }
}

pub(super) fn run(stage: Stage<'_>, settings: &Settings) -> Result<Outcome, SimulateError> {
    let costs = stage.scenario.costs;
    let arena = Arena { costs, preflights: settings.preflights };
    let all: Vec<(&str, Damage, &str)> = vec![
        (
            "cancel before a lock",
            arena.cancel()?,
            "a cancelled task pays every preflight, or the fee of opening is at least c_x",
        ),
        ("lock and stall, rescued", arena.stall(true)?, ""),
        ("lock and stall, nobody rescues", arena.stall(false)?, ""),
        ("lapse and rescue oneself", arena.self_rescue()?, ""),
        (
            "lock and release, every block",
            arena.release()?,
            "a release costs more with each one of a task, or the share is of the bounty and not of a stake that falls as the price climbs",
        ),
        ("three false proofs, then a rescue", arena.garbage()?, ""),
        ("fill the rescue's commitments", arena.fill_rescue()?, ""),
        ("challenge a right answer", arena.challenge(1.0)?, ""),
        (
            "challenge a right answer, proof 3 times as dear",
            arena.challenge(3.0)?,
            "the bond follows the cost of a proof: D >= 10 c_p of market.md 3.3, not half of the bounty",
        ),
        (
            "challenge an attester that can not prove",
            arena.challenge_unproved(false)?,
            "an attester proves or loses: who has no prover attests only where all inputs are public, and has the chain run the predicate",
        ),
        ("challenge an attester that can not prove, inputs public", arena.challenge_unproved(true)?, ""),
        (
            "commit to a challenge in the last block, reveal nothing",
            arena.late_commitment()?,
            "a commitment of the window's last blocks costs the delay that it buys, or the window ends for commitments earlier",
        ),
        ("attest falsely and stay silent, three times", arena.reopen()?, ""),
        (
            "a task that traps, proven",
            arena.trap(true)?,
            "the bond covers a proof: R >= c_p / 0.8 (T15), or providers decline what traps natively",
        ),
        (
            "a task that traps, declined after preflight",
            arena.trap(false)?,
            "the fee of opening is at least c_x for each preflight, or an expired task that nobody locked loses c_x of its bond",
        ),
        ("fill the challenge's commitments, bounty 1", arena.fill_challenge(1.0)?, ""),
        (
            "fill the challenge's commitments, large bounty",
            arena.fill_challenge(settings.large)?,
            "deposits of challenges grow with the bounty, and a challenge that is revealed needs no free place among commitments that are not",
        ),
    ];
    let mut outcome = stage.outcome();
    outcome.transitions = all.iter().map(|(_, damage, _)| damage.calls).sum();
    let mut table = Table::new("griefing", &["attack", "victims_zra", "attacker_zra", "factor", "rule_to_consider"]);
    let (mut shown, mut over) = (Vec::new(), Vec::new());
    for (name, damage, rule) in &all {
        let factor = damage.factor();
        table.row([(*name).into(), damage.victims.into(), damage.attacker.into(), factor.into(), (*rule).into()]);
        shown.push(Bar { name: (*name).to_owned(), value: factor });
        if factor > 1.0 {
            over.push(format!("{name} ({})", digits(factor)));
            if !rule.is_empty() {
                outcome.findings.push(format!("{name}: factor {}. Rule to consider: {rule}.", digits(factor)));
            }
        }
    }
    outcome.checks.push(check(
        "no attack costs its victims more than its author",
        "victims' loss over attacker's loss is at most 1 for every attack (market.md 3.2, griefing factor)",
        if over.is_empty() { "all at most 1".to_owned() } else { format!("above 1: {}", over.join("; ")) },
        over.is_empty(),
    ));
    outcome.method = vec![
        format!(
            "One attack each against the standard rules, bounty 1 ZRA, c_x = {}, c_p = {}, v_d = {} a block, {} providers preflight. Losses \
             are balances against what the same course would have left without the attack, and the requester's blocks of delay \
             times v_d. There is nothing random in it.",
            digits(costs.native),
            digits(costs.proof),
            digits(costs.delay),
            settings.preflights,
        ),
        format!(
            "The attacker orders its transactions first. Filling a challenge's commitments takes from whoever relied on the answer the value at the \
             gate; large means {} ZRA.",
            digits(settings.large)
        ),
        "An attacker that gains has a factor without bound. Withholding inputs is not possible here: inputs come with the request.".to_owned(),
    ];
    outcome.figures.push(Figure {
        name: "griefing".to_owned(),
        caption: "Victims' loss over attacker's loss; at the line both lose the same. Bars end at the edge where the factor exceeds it.".to_owned(),
        svg: bars("Griefing factor", &shown, 1.0, 8.0),
    });
    outcome.tables.push(table);
    Ok(outcome)
}
