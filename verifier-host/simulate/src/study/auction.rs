//! Study 9: tasks that nobody locks, with and without a second round.

use rand::Rng;
use serde::Deserialize;
use zera_abi::{Amount, Outcome as Answered};
use zera_market::{Mode, Rules, TaskState};

use super::{Stage, check};
use crate::dispute::PURSE_ZRA;
use crate::error::SimulateError;
use crate::outcome::{Figure, Outcome, Table};
use crate::plot::{Axis, Curve, Mark, lines};
use crate::scenario::{jobs, list, within};
use crate::stats::{Mean, digits};
use crate::world::{Ask, World, units};

/// The numbers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// First ceilings over the clearing price, which is one ZRA.
    pub ceilings: Vec<f64>,
    /// Providers that look at a task.
    pub providers: u32,
    /// Spread of what they ask, as the standard deviation of its logarithm.
    pub spread: f64,
    /// Tasks for each ceiling and seed.
    pub jobs: u32,
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        jobs(self.jobs)?;
        list("ceilings", &self.ceilings, 0.01, 100.0)?;
        within("providers", &self.providers, (1..=1_000).contains(&self.providers), "1 to 1000")?;
        within("spread", &self.spread, (0.0..=3.0).contains(&self.spread), "0 to 3")
    }
}

pub(super) fn run(stage: Stage<'_>, settings: &Settings) -> Result<Outcome, SimulateError> {
    let with = Rules { locks_max: 1_000_000, ..Rules::standard() };
    let without = Rules { rounds_max: 1, ..with.clone() };
    // What later rounds add to the first ceiling.
    let raise = (f64::from(with.raise_bps) / 10_000.0).powi(i32::from(with.rounds_max) - 1);
    let played = stage.per_seed(|mut rng| {
        let (mut shares, mut calls) = (Vec::new(), 0);
        for &ceiling in &settings.ceilings {
            // The same offers for both.
            let asked: Vec<Amount> = (0..settings.jobs).map(|_| units(least_offer(settings, &mut rng))).collect();
            let (re, a) = zero_bids(with.clone(), ceiling * raise, &asked)?;
            let (once, b) = zero_bids(without.clone(), ceiling, &asked)?;
            shares.push([once, re]);
            calls += a + b;
        }
        Ok((shares, calls))
    })?;
    let mut outcome = stage.outcome();
    outcome.transitions = played.iter().map(|(_, calls)| calls).sum();
    let mut table = Table::new("auction", &["ceiling_over_clearing", "reauction", "zero_bid_share", "half_95"]);
    let mut of = [Vec::new(), Vec::new()];
    for (at, &ceiling) in settings.ceilings.iter().enumerate() {
        for (way, points) in of.iter_mut().enumerate() {
            let share = Mean::of(&played.iter().map(|(shares, _)| shares[at][way]).collect::<Vec<_>>());
            let name = if way == 0 { "no" } else { "yes" };
            table.row([ceiling.into(), name.into(), share.mean.into(), share.half.into()]);
            points.push((ceiling, share));
        }
    }
    let half = of.each_ref().map(|points| crossing(points, 0.5));
    let ratio = half[0] / half[1];
    outcome.checks.push(check(
        "re-auctions serve ceilings that are too low",
        format!(
            "half of the tasks find nobody at 1/{} of the ceiling without (two raises of a quarter, T21), within 10 %",
            digits(raise)
        ),
        format!("at {} with, {} without: 1/{}", digits(half[1]), digits(half[0]), digits(ratio)),
        (ratio / raise - 1.0).abs() <= 0.1,
    ));
    let worse = of[0].iter().zip(&of[1]).filter(|((_, once), (_, again))| again.mean > once.mean).count();
    outcome.checks.push(check(
        "a re-auction never loses a bid",
        "no ceiling has more tasks without a bid than without re-auctions",
        format!("{worse} of {} ceilings", settings.ceilings.len()),
        worse == 0,
    ));
    outcome.method = vec![format!(
        "{} tasks for each ceiling and seed; {} providers look at each and ask for exp(N(0, {})) ZRA, so that the middle one asks \
         for one; the cheapest locks as soon as the clock's price is what it asks. With re-auctions the requester has escrowed {} \
         times the first ceiling, and rounds climb to it; without, the first ceiling is all.",
        settings.jobs,
        settings.providers,
        digits(settings.spread),
        digits(raise),
    )];
    let curves = [Curve::measured("one round", 0, &of[0]), Curve::measured("three rounds", 1, &of[1])];
    let marks = [
        Mark { at: half[0], name: "half, one round".to_owned() },
        Mark { at: half[0] / raise, name: "predicted with three".to_owned() },
    ];
    outcome.figures.push(Figure {
        name: "auction".to_owned(),
        caption: "Share of tasks that nobody locks, by the first ceiling over the middle offer.".to_owned(),
        svg: lines(
            "Zero bids against the ceiling",
            Axis::linear("first ceiling over clearing price"),
            Axis::share("without a bid"),
            &curves,
            &marks,
        ),
    });
    outcome.tables.push(table);
    Ok(outcome)
}

fn least_offer(settings: &Settings, rng: &mut rand_chacha::ChaCha8Rng) -> f64 {
    let offers = (0..settings.providers).map(|_| (settings.spread * normal(rng)).exp());
    offers.fold(f64::INFINITY, f64::min)
}

/// A draw of N(0, 1), by Box and Muller.
pub(super) fn normal(rng: &mut rand_chacha::ChaCha8Rng) -> f64 {
    let (radius, angle): (f64, f64) = (rng.gen_range(f64::EPSILON..1.0), rng.gen_range(0.0..std::f64::consts::TAU));
    (-2.0 * radius.ln()).sqrt() * angle.cos()
}

/// Where a falling curve passes `level`.
fn crossing(points: &[(f64, Mean)], level: f64) -> f64 {
    let pair = points.windows(2).find(|pair| pair[0].1.mean >= level && pair[1].1.mean < level);
    pair.map_or(f64::NAN, |pair| {
        let ((x0, y0), (x1, y1)) = ((pair[0].0, pair[0].1.mean), (pair[1].0, pair[1].1.mean));
        x0 + (y0 - level) / (y0 - y1) * (x1 - x0)
    })
}

/// The share of tasks that end without a lock.
fn zero_bids(rules: Rules, bounty: f64, asked: &[Amount]) -> Result<(f64, u64), SimulateError> {
    let mut world = World::new(rules)?;
    let (requester, provider) = (world.agent(units(PURSE_ZRA))?, world.agent(units(PURSE_ZRA))?);
    let ask =
        Ask { bounty: units(bounty), stake: Amount::ZERO, value: Amount::ZERO, mode: Mode::Proved, deadline: None };
    world.block();
    let mut waiting = Vec::new();
    for &least in asked {
        waiting.push((world.open(requester, ask, Answered::True)?, least));
    }
    while !waiting.is_empty() {
        let mut left = Vec::with_capacity(waiting.len());
        for (job, least) in std::mem::take(&mut waiting) {
            if !matches!(world.state(job), TaskState::Open { .. }) {
                continue;
            }
            if world.price(job) >= least {
                world.lock(job, provider)?;
                let answer = world.proof(job, provider);
                let _ = world.submit(job, provider, answer)?;
            } else {
                left.push((job, least));
            }
        }
        waiting = left;
        world.block();
    }
    world.finish()?;
    let expired = world.market.tasks().filter(|task| matches!(task.state(), TaskState::Expired { .. })).count();
    Ok((expired as f64 / asked.len().max(1) as f64, world.calls))
}
