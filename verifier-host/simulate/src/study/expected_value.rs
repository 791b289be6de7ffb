//! Study 1: what each kind of attester makes of a job, against its stake.

use serde::Deserialize;

use super::{Stage, check};
use crate::agent::{Costs, Kind};
use crate::dispute::{Parties, Terms, fixed_price, play};
use crate::error::SimulateError;
use crate::outcome::{Figure, Outcome, Table};
use crate::plot::{Axis, Curve, Mark, lines};
use crate::scenario::{jobs, list, within};
use crate::stats::{Mean, digits, root};
use crate::world::{World, signed, units, zra};

/// The numbers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Stakes as multiples of `S*`.
    pub multiples: Vec<f64>,
    /// `G` over the bounty.
    pub gain: f64,
    /// `q`.
    pub detection: f64,
    /// Share of answers that are true.
    pub prior: f64,
    /// Jobs of each kind at each stake, for each seed.
    pub jobs: u32,
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        jobs(self.jobs)?;
        list("multiples", &self.multiples, 0.01, 100.0)?;
        within("gain", &self.gain, (0.0..=1e6).contains(&self.gain), "0 to 1000000")?;
        within("detection", &self.detection, (0.001..=0.999).contains(&self.detection), "0.001 to 0.999")?;
        within("prior", &self.prior, (0.0..=1.0).contains(&self.prior), "0 to 1")
    }
}

const KINDS: [Kind; 6] = [Kind::Honest, Kind::Lazy, Kind::Malicious, Kind::Colluder, Kind::Squatter, Kind::Sybil];
/// Accounts of a sybil.
const ACCOUNTS: usize = 8;

/// `S* = ((1-q)/q) G - B + c_x/q` with `B = 1`: market.md 3.2.
pub(super) fn safe_stake(detection: f64, gain: f64, native: f64) -> f64 {
    (1.0 - detection) / detection * gain - 1.0 + native / detection
}

pub(super) fn run(stage: Stage<'_>, settings: &Settings) -> Result<Outcome, SimulateError> {
    let costs = stage.scenario.costs;
    let safe = safe_stake(settings.detection, settings.gain, costs.native);
    let Settings { gain, detection, prior, .. } = *settings;
    // Nine tenths of what the gate lets through at the least stake and this price, with the rules' own q and cost of a run.
    let rules = fixed_price();
    let (least, share) = (2.0, f64::from(rules.detection_share.get()) / 10_000.0);
    let gate = zra(signed(rules.value_gate(units(least))));
    let gate_costs = Costs { native: zra(signed(rules.execution_cost)), ..costs };
    let gate_terms = Terms { price: 1.0, stake: least, gain: 0.9 * gate, prior, detection: share };
    // For each seed, stake and kind: what a job made, and how many calls it took.
    let played = stage.per_seed(|mut rng| {
        let mut made = Vec::new();
        let mut calls = 0;
        for multiple in &settings.multiples {
            let terms = Terms { price: 1.0, stake: multiple * safe, gain, prior, detection };
            let mut of_stake = Vec::new();
            for kind in KINDS {
                let mut world = World::new(fixed_price())?;
                let parties = Parties::new(&mut world, if kind == Kind::Sybil { ACCOUNTS } else { 1 })?;
                let payoff = play(&mut world, &parties, kind, settings.jobs as usize, &costs, &terms, &mut rng)?;
                calls += world.calls;
                of_stake.push(payoff.attester);
            }
            made.push(of_stake);
        }
        let mut gated = [0.0; 3];
        for (made, kind) in gated.iter_mut().zip([Kind::Honest, Kind::Malicious, Kind::Colluder]) {
            let mut world = World::new(fixed_price())?;
            let parties = Parties::new(&mut world, 1)?;
            let jobs = 4 * settings.jobs as usize;
            *made = play(&mut world, &parties, kind, jobs, &gate_costs, &gate_terms, &mut rng)?.attester;
            calls += world.calls;
        }
        Ok((made, gated, calls))
    })?;
    let mut outcome = stage.outcome();
    outcome.transitions = played.iter().map(|(_, _, calls)| calls).sum();
    let mean =
        |stake: usize, kind: usize| Mean::of(&played.iter().map(|(made, _, _)| made[stake][kind]).collect::<Vec<_>>());
    let mut table = Table::new("expected-value", &["kind", "stake_over_safe", "stake_zra", "net_zra", "half_95"]);
    let mut curves = Vec::new();
    for (at, kind) in KINDS.iter().enumerate() {
        let points: Vec<(f64, Mean)> = settings.multiples.iter().enumerate().map(|(i, &x)| (x, mean(i, at))).collect();
        for (x, value) in &points {
            table.row([kind.name().into(), (*x).into(), (x * safe).into(), value.mean.into(), value.half.into()]);
        }
        if *kind != Kind::Squatter {
            curves.push(Curve::measured(kind.name(), at, &points));
        }
    }
    outcome.tables.push(table);
    // Where a kind makes as much as an honest one, by the straight line through all stakes, for each seed.
    let flip = |kind: usize| {
        let roots = played.iter().filter_map(|(made, _, _)| {
            root(&settings.multiples.iter().zip(made).map(|(&x, of)| (x, of[kind] - of[0])).collect::<Vec<_>>())
        });
        Mean::of(&roots.collect::<Vec<_>>())
    };
    let (malicious, colluder) = (flip(2), flip(3));
    // A colluder that is found loses what is burnt and the requester's share, proves for itself and is paid the price.
    let cartel = ((1.0 - detection) * gain - detection * costs.proof + costs.native) / (0.65 * detection);
    outcome.checks.push(check(
        "lying stops paying at S*",
        format!("malicious less honest changes sign within 10 % of S* = {} (market.md 3.2)", digits(safe)),
        format!("at {} S*", malicious.shown()),
        (malicious.mean - 1.0).abs() <= 0.1,
    ));
    outcome.checks.push(check(
        "S* holds against a cartel, too",
        "attester, challenger and prover of one owner make less than honest ones above S*",
        format!("they stop gaining at {} S* = {} ZRA", colluder.shown(), digits(colluder.mean * safe)),
        colluder.mean <= 1.1,
    ));
    let gated = [0, 1, 2].map(|kind| Mean::of(&played.iter().map(|(_, gated, _)| gated[kind]).collect::<Vec<_>>()));
    for (kind, name) in [(1, "a liar"), (2, "a cartel")] {
        outcome.checks.push(check(
            format!("below the value gate lying pays nothing to {name}"),
            format!(
                "at V = {} of a gate of {} ZRA it makes less than an honest one (market.md 3.2)",
                digits(0.9 * gate),
                digits(gate)
            ),
            format!("{} against {} ZRA a job", gated[kind].shown(), gated[0].shown()),
            gated[kind].mean < gated[0].mean,
        ));
    }
    let gaps = played.iter().flat_map(|(made, _, _)| made.iter().map(|of| (of[5] - of[0]).abs()));
    let gap = gaps.fold(0.0, f64::max);
    outcome.checks.push(check(
        "splitting an account changes nothing",
        "a sybil makes what an honest one makes, to a unit a job (market.md 4)",
        format!("the greatest difference is {} ZRA a job", digits(gap)),
        gap <= 1e-9,
    ));
    if colluder.mean > 1.1 {
        outcome.findings.push(format!(
            "A cartel that challenges and proves its own false answer gets the hero's share (35 %) and the price back, so it loses \
             65 % of its stake and not all of it. It breaks even at ((1-q) G - q c_p + c_x) / (0.65 q) = {} ZRA, {} S* (measured \
             {} S*), which is why the value gate counts 50 % of the stake: the requester may be of the cartel.",
            digits(cartel),
            digits(cartel / safe),
            digits(colluder.mean),
        ));
    }
    outcome.method = vec![
        format!(
            "{} jobs of each kind at each stake for each seed, bounty and price 1 ZRA, G = {}, q = {}, P(true) = {}, c_x = {}, \
             c_p = {}. The price is held at the bounty by rules within their bounds, so that B in the formula is a number.",
            settings.jobs,
            digits(gain),
            digits(detection),
            digits(prior),
            digits(costs.native),
            digits(costs.proof),
        ),
        "A watcher looks at a share q of the answers, drawn at random, and challenges and proves each false one. A liar knows what \
         is false for nothing. A colluder sees a challenge before it is in a block and comes before it."
            .to_owned(),
        "A squatter is in the table only: it loses its whole stake.".to_owned(),
    ];
    let marks = [
        Mark { at: 1.0, name: "S*".to_owned() },
        Mark { at: cartel / safe, name: "cartel, by its formula".to_owned() },
    ];
    outcome.figures.push(Figure {
        name: "expected-value".to_owned(),
        caption: "What a job makes by kind of attester. Upright: where lying should stop paying.".to_owned(),
        svg: lines(
            "Expected value against stake",
            Axis::linear("stake over S*"),
            Axis::linear("ZRA a job"),
            &curves,
            &marks,
        ),
    });
    Ok(outcome)
}
