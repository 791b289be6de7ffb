//! Study 2: honest less malicious over detection and stake.

use serde::Deserialize;

use super::expected_value::safe_stake;
use super::{Stage, check};
use crate::agent::Kind;
use crate::dispute::{Parties, Terms, fixed_price, play};
use crate::error::SimulateError;
use crate::outcome::{Figure, Outcome, Table};
use crate::plot::heat;
use crate::scenario::{jobs, list, within};
use crate::stats::{Mean, digits, root};
use crate::world::World;

/// The numbers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Values of `q`.
    pub detections: Vec<f64>,
    /// Stakes over the bounty; the rules ask for two.
    pub stakes: Vec<f64>,
    /// `G` over the bounty.
    pub gain: f64,
    /// Jobs of each kind in each cell, for each seed.
    pub jobs: u32,
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        jobs(self.jobs)?;
        list("detections", &self.detections, 0.001, 0.999)?;
        list("stakes", &self.stakes, 2.0, 1e6)?;
        within("gain", &self.gain, (0.0..=1e6).contains(&self.gain), "0 to 1000000")
    }
}

pub(super) fn run(stage: Stage<'_>, settings: &Settings) -> Result<Outcome, SimulateError> {
    let costs = stage.scenario.costs;
    let played = stage.per_seed(|mut rng| {
        let (mut grid, mut calls) = (Vec::new(), 0);
        for &detection in &settings.detections {
            let mut row = Vec::new();
            for &stake in &settings.stakes {
                let terms = Terms { price: 1.0, stake, gain: settings.gain, prior: 0.5, detection };
                let mut made = [0.0; 2];
                for (made, kind) in made.iter_mut().zip([Kind::Honest, Kind::Malicious]) {
                    let mut world = World::new(fixed_price())?;
                    let parties = Parties::new(&mut world, 1)?;
                    let jobs = settings.jobs as usize;
                    *made = play(&mut world, &parties, kind, jobs, &costs, &terms, &mut rng)?.attester;
                    calls += world.calls;
                }
                row.push(made[0] - made[1]);
            }
            grid.push(row);
        }
        Ok((grid, calls))
    })?;
    let mut outcome = stage.outcome();
    outcome.transitions = played.iter().map(|(_, calls)| calls).sum();
    let mut cells = Table::new("heat", &["q", "stake_zra", "honest_less_malicious_zra", "half_95", "safe_stake_zra"]);
    let mut contour = Table::new("heat-contour", &["q", "safe_stake_zra", "measured_zra", "half_95", "difference"]);
    let (mut means, mut wrong, mut worst) = (Vec::new(), 0, 0.0f64);
    for (i, &q) in settings.detections.iter().enumerate() {
        let safe = safe_stake(q, settings.gain, costs.native);
        let mut row = Vec::new();
        for (j, &stake) in settings.stakes.iter().enumerate() {
            let value = Mean::of(&played.iter().map(|(grid, _)| grid[i][j]).collect::<Vec<_>>());
            cells.row([q.into(), stake.into(), value.mean.into(), value.half.into(), safe.into()]);
            // A cell whose interval holds zero says nothing either way.
            wrong += usize::from(value.mean.abs() > value.half && (value.mean > 0.0) != (stake > safe));
            row.push(value.mean);
        }
        means.push(row);
        // The market asks for a stake of twice the bounty, so a contour below that is not reached.
        if safe >= 2.0 {
            let roots = played.iter().filter_map(|(grid, _)| {
                root(&settings.stakes.iter().copied().zip(grid[i].iter().copied()).collect::<Vec<_>>())
            });
            let measured = Mean::of(&roots.collect::<Vec<_>>());
            let difference = measured.mean / safe - 1.0;
            worst = worst.max(difference.abs());
            contour.row([q.into(), safe.into(), measured.mean.into(), measured.half.into(), difference.into()]);
        }
    }
    outcome.checks.push(check(
        "the contour is on the curve",
        "the stake where lying stops paying is within 10 % of S*(q) at every q (market.md 3.2)",
        format!("the greatest difference is {} %", digits(100.0 * worst)),
        worst <= 0.1,
    ));
    outcome.checks.push(check(
        "every cell is on its side",
        "honest attesters make more exactly where the stake exceeds S*(q)",
        format!("{wrong} of {} cells are on the other side, beyond their intervals", cells.rows.len()),
        wrong == 0,
    ));
    outcome.method = vec![format!(
        "{} jobs of each kind in each cell for each seed, bounty and price 1 ZRA, G = {}, c_x = {}; otherwise as for the expected \
         value. The contour is where the straight line through a row's stakes crosses zero.",
        settings.jobs,
        digits(settings.gain),
        digits(costs.native),
    )];
    let curve: Vec<(f64, f64)> =
        (1..200).map(|i| f64::from(i) / 200.0).map(|q| (q, safe_stake(q, settings.gain, costs.native))).collect();
    outcome.figures.push(Figure {
        name: "heat".to_owned(),
        caption:
            "Honest less malicious, ZRA a job: blue where honesty makes more, red where lying does. The line is S*(q)."
                .to_owned(),
        svg: heat("Honest less malicious", "q", "stake", &settings.detections, &settings.stakes, &means, &curve),
    });
    outcome.tables.extend([cells, contour]);
    Ok(outcome)
}
