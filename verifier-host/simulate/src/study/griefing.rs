//! Study 5: what attacks cost those who mount them and those who suffer them.

mod attack;
mod demand;

use serde::Deserialize;

use super::{Stage, check};
use crate::error::SimulateError;
use crate::outcome::{Figure, Outcome, Table};
use crate::plot::{Axis, Bar, Curve, Mark, bars, lines};
use crate::scenario::within;
use crate::stats::{Mean, digits};
use attack::{Arena, Damage};

/// The numbers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Providers that run a task natively before they decide.
    pub preflights: u32,
    /// The bounty of the attack on a large task, in ZRA.
    pub large: f64,
    /// What a transaction costs its sender, in ZRA: 270,000 units of fuel at 10^-9 each (host, `docs/cost.md`).
    #[serde(default = "transaction")]
    pub transaction: f64,
    /// What it costs to deliver 16 KiB of private bytes on the chain: 410,000 units of fuel and 140 a byte.
    #[serde(default = "publish")]
    pub publish: f64,
}

fn transaction() -> f64 {
    0.00027
}

fn publish() -> f64 {
    0.0027
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        within("preflights", &self.preflights, (1..=1_000).contains(&self.preflights), "1 to 1000")?;
        within("large", &self.large, (1.0..=10_000.0).contains(&self.large), "1 to 10000")?;
        for (name, cost) in [("transaction", self.transaction), ("publish", self.publish)] {
            within(name, &cost, (1e-9..=1.0).contains(&cost), "10^-9 to 1")?;
        }
        Ok(())
    }
}

pub(super) fn run(stage: Stage<'_>, settings: &Settings) -> Result<Outcome, SimulateError> {
    let costs = stage.scenario.costs;
    let Settings { preflights, transaction, publish, .. } = *settings;
    let arena = Arena { costs, preflights, transaction, publish };
    let demands = arena.demands()?;
    let by_delay = arena.by_delay()?;
    let mut all: Vec<(&str, Damage, &str)> = vec![
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
            "a release costs more with each one of a task, or the share is of the bounty and not of a stake that falls \
             as the price climbs",
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
            "challenge an attester that can not prove, and nobody else does",
            arena.challenge_unproved(false)?,
            "an attester proves or loses: who has no prover attests only what the chain can run within its fuel",
        ),
        ("challenge an attester that can not prove, the chain runs it", arena.challenge_unproved(true)?, ""),
        ("challenge an attester that can not prove, another can", arena.challenge_proved_by_another()?, ""),
        (
            "commit to a challenge in the last block, reveal nothing",
            arena.late_commitment()?,
            "a commitment of the window's last blocks costs the delay that it buys, or the window ends for commitments \
             earlier",
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
            "the fee of opening is at least c_x for each preflight, or an expired task that nobody locked loses c_x of \
             its bond",
        ),
        ("fill the challenge's commitments, bounty 1", arena.fill_challenge(1.0)?, ""),
        (
            "fill the challenge's commitments, large bounty",
            arena.fill_challenge(settings.large)?,
            "deposits of challenges grow with the bounty, and a challenge that is revealed needs no free place among \
             commitments that are not",
        ),
    ];
    all.extend(demands.iter().map(|demand| (demand.name, demand.played, demand.rule)));
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
    let mut table_of_demands = Table::new(
        "demands",
        &[
            "attack",
            "formula",
            "victims_predicted_zra",
            "victims_zra",
            "attacker_predicted_zra",
            "attacker_zra",
            "factor_predicted",
            "factor",
        ],
    );
    for demand in &demands {
        let (expected, played) = (demand.predicted, demand.played);
        table_of_demands.row([
            demand.name.into(),
            demand.formula.into(),
            expected.victims.into(),
            played.victims.into(),
            expected.attacker.into(),
            played.attacker.into(),
            expected.factor().into(),
            played.factor().into(),
        ]);
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-6;
        outcome.checks.push(check(
            format!("what it costs to {}", demand.name),
            format!("factor {} = {}; {}", demand.formula, digits(expected.factor()), shown_losses(&expected)),
            format!("factor {}; {}", digits(played.factor()), shown_losses(&played)),
            near(expected.victims, played.victims) && near(expected.attacker, played.attacker),
        ));
    }
    outcome.tables.push(table_of_demands);
    let even = arena.even_delay();
    // Where the measured line passes 1, between two whole numbers of blocks.
    let passes = by_delay.windows(2).find(|pair| pair[0].2 <= 1.0 && pair[1].2 > 1.0);
    let passes = passes.map_or(f64::NAN, |pair| pair[0].0 + (1.0 - pair[0].2) / (pair[1].2 - pair[0].2));
    outcome.checks.push(check(
        "a demand for nothing costs more than it does harm where the requester is quick",
        format!("up to (2 f + t - u) / v = {} blocks until the delivery (T16b, T16c)", digits(even)),
        format!("up to {} blocks, of {} that a requester has", digits(passes), by_delay.len()),
        (passes - even).abs() <= 1e-6,
    ));
    outcome.method = vec![
        format!(
            "One attack each against the standard rules, bounty 1 ZRA, c_x = {}, c_p = {}, v_d = {} a block, {} \
             providers preflight. Losses are balances against what the same course would have left without the attack, \
             and the requester's blocks of delay times v_d. There is nothing random in it.",
            digits(costs.native),
            digits(costs.proof),
            digits(costs.delay),
            settings.preflights,
        ),
        format!(
            "The attacker orders its transactions first. Filling a challenge's commitments takes from whoever relied \
             on the answer the value at the gate; large means {} ZRA.",
            digits(settings.large)
        ),
        "An attacker that gains has a factor without bound. Public inputs can not be withheld: they come with the \
         request."
            .to_owned(),
        format!(
            "Private bytes that a request fixes are owed to the holder (T16). Demands count transactions, t = {} ZRA, \
             and a delivery on the chain, u = {} ZRA; a holder answers {} blocks of its clock after the bytes. f is \
             the fee of a demand, R the requester's bond, e the share of it that pays a holder, F the fee of opening. \
             Lost profit is what the holder would have made at a price of the whole bounty. Nobody else sees \
             whether bytes came without the chain, so no fee of a demand is right for both sides.",
            digits(transaction),
            digits(publish),
            attack::PROVING,
        ),
    ];
    outcome.figures.push(Figure {
        name: "griefing".to_owned(),
        caption: "Victims' loss over attacker's loss; at the line both lose the same. Bars end at the edge where the \
                  factor exceeds it."
            .to_owned(),
        svg: bars("Griefing factor", &shown, 1.0, 8.0),
    });
    outcome.figures.push(Figure {
        name: "demands".to_owned(),
        caption: "A demand for bytes that came: griefing factor by the blocks until the requester delivers on the \
                  chain. Upright: where both lose the same."
            .to_owned(),
        svg: lines(
            "A demand for nothing",
            Axis::linear("blocks until the delivery"),
            Axis::linear("griefing factor"),
            &[
                Curve::measured("played", 1, &by_delay.iter().map(|at| (at.0, exactly(at.2))).collect::<Vec<_>>()),
                Curve::expected(
                    "(d v + u - f) / (f + t)",
                    0,
                    &by_delay.iter().map(|at| (at.0, at.1)).collect::<Vec<_>>(),
                ),
            ],
            &[Mark { at: even, name: "factor 1".to_owned() }],
        ),
    });
    outcome.tables.push(table);
    Ok(outcome)
}

fn exactly(mean: f64) -> Mean {
    Mean { mean, half: 0.0 }
}

fn shown_losses(damage: &Damage) -> String {
    format!("victims lose {}, the attacker {} ZRA", digits(damage.victims), digits(damage.attacker))
}
