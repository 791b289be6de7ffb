//! Study 4: whether somebody repairs a missed lock, with and without the residual bounty.

use rand::Rng;
use serde::Deserialize;
use zera_abi::{Amount, Outcome as Answered};
use zera_market::{Mode, Rules, TaskState};

use super::{Stage, check};
use crate::dispute::{PURSE_ZRA, fixed_price};
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
    /// Stakes over the bounty.
    pub stakes: Vec<f64>,
    /// Costs of a proof, over the bounty.
    pub proofs: Vec<f64>,
    /// A task's cost of a proof differs from these by up to this share.
    pub spread: f64,
    /// Tasks for each stake, cost and way of deciding, for each seed.
    pub jobs: u32,
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        jobs(self.jobs)?;
        list("stakes", &self.stakes, 0.01, 1_000.0)?;
        list("proofs", &self.proofs, 0.001, 1_000.0)?;
        within("spread", &self.spread, (0.0..=0.9).contains(&self.spread), "0 to 0.9")
    }
}

/// What a rescuer counts on.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Reward {
    /// The price of the block of its reveal, and the hero's share: the market's rules.
    Residual,
    /// The hero's share alone, as where the price is zero once the lock's deadline has passed.
    Stake,
}

pub(super) fn run(stage: Stage<'_>, settings: &Settings) -> Result<Outcome, SimulateError> {
    let margin = 1.0 + stage.scenario.costs.margin;
    let hero = f64::from(Rules::standard().hero_share.get()) / 10_000.0;
    let ways = [Reward::Residual, Reward::Stake];
    let played = stage.per_seed(|mut rng| {
        let (mut shares, mut calls) = (Vec::new(), 0);
        for &proof in &settings.proofs {
            for &stake in &settings.stakes {
                for way in ways {
                    // The price is the bounty from the start, so that the least stake of the rules is out of the way.
                    let rules =
                        Rules { stake_share: zera_abi::Bps::new(100).unwrap_or(zera_abi::Bps::ONE), ..fixed_price() };
                    let costs = costs(settings, proof, margin, &mut rng);
                    let (share, done) = rescued(rules, way, stake, margin, &costs)?;
                    shares.push(share);
                    calls += done;
                }
            }
        }
        // The standard rules as they are: a lock at the first price, a rescue that climbs to the bounty.
        let mut standard = Vec::new();
        for &proof in &settings.proofs {
            let costs = costs(settings, proof, margin, &mut rng);
            let rules = Rules { locks_max: 1_000_000, ..Rules::standard() };
            let (share, done) = rescued(rules, Reward::Residual, 0.0, margin, &costs)?;
            standard.push(share);
            calls += done;
        }
        Ok((shares, standard, calls))
    })?;
    let mut outcome = stage.outcome();
    outcome.transitions = played.iter().map(|(_, _, calls)| calls).sum();
    let mut table = Table::new("rescue", &["proof_zra", "stake_zra", "residual_bounty", "rescued_share", "half_95"]);
    let (mut curves, mut marks, mut worst, mut misplaced) = (Vec::new(), Vec::new(), 1.0f64, Vec::new());
    let mut at = 0;
    for (i, &proof) in settings.proofs.iter().enumerate() {
        let step = proof * margin / hero;
        marks.push(Mark { at: step, name: format!("c_p (1+m) / hero, c_p = {}", digits(proof)) });
        let mut of = [Vec::new(), Vec::new()];
        for &stake in &settings.stakes {
            for (way, points) in of.iter_mut().enumerate() {
                let share = Mean::of(&played.iter().map(|(shares, _, _)| shares[at]).collect::<Vec<_>>());
                at += 1;
                let with = if way == 0 { "yes" } else { "no" };
                table.row([proof.into(), stake.into(), with.into(), share.mean.into(), share.half.into()]);
                points.push((stake, share));
                if way == 0 {
                    worst = worst.min(share.mean);
                }
                // Outside the spread of costs the step is sharp.
                let (low, high) = (step * (1.0 - settings.spread), step * (1.0 + settings.spread));
                let expected = if stake >= high { 1.0 } else { 0.0 };
                if way == 1 && (stake >= high || stake < low) && (share.mean - expected).abs() > 1e-9 {
                    misplaced.push(format!("c_p {} stake {}", digits(proof), digits(stake)));
                }
            }
        }
        let [with, without] = of;
        curves.push(Curve::measured(&format!("c_p = {}, residual bounty", digits(proof)), 2 * i, &with));
        curves.push(Curve::measured(&format!("c_p = {}, stake alone", digits(proof)), 2 * i + 1, &without));
    }
    let standard: Vec<f64> = played.iter().flat_map(|(_, standard, _)| standard.iter().copied()).collect();
    let least = standard.iter().copied().fold(1.0, f64::min);
    outcome.checks.push(check(
        "with the residual bounty every missed lock is rescued",
        "at least 99.9 % at every stake (market.md 6.2, 6.3 D)",
        format!(
            "at least {} %; under the standard rules as they are at least {} %",
            digits(100.0 * worst),
            digits(100.0 * least)
        ),
        worst >= 0.999 && least >= 0.999,
    ));
    outcome.checks.push(check(
        "without it rescue begins at c_p (1+m) / hero",
        "none below the step, all above (market.md 3.2)",
        if misplaced.is_empty() { "so at every stake".to_owned() } else { format!("not at {}", misplaced.join("; ")) },
        misplaced.is_empty(),
    ));
    outcome.method = vec![
        format!(
            "{} tasks for each point and seed, all locked and left to lapse; a rescuer waits until its reward is c_p (1 + m), m = {}, \
             then commits, and reveals a block later. A task's c_p is within {} % of the value named, and c_p (1 + m) at \
             most the bounty: nobody locks a task that is not.",
            settings.jobs,
            digits(margin - 1.0),
            digits(100.0 * settings.spread),
        ),
        "Without the residual bounty is not a rule of the market but a rescuer that counts the hero's share of the stake only, which \
         is what it would be paid where the price falls to zero after the lock's deadline; the market pays it more."
            .to_owned(),
        "Rescuers are never short: capacity is the subject of the outage. The standard rules, in the second number, lock at 25.6 % \
         of the bounty and climb."
            .to_owned(),
    ];
    outcome.figures.push(Figure {
        name: "rescue".to_owned(),
        caption: "Share of missed locks that somebody rescues. Upright: where the stake alone should begin to suffice."
            .to_owned(),
        svg: lines("Rescue against stake", Axis::log("stake over bounty"), Axis::share("rescued"), &curves, &marks),
    });
    outcome.tables.push(table);
    Ok(outcome)
}

/// What proofs of tasks cost that somebody would lock at all: `c_p (1 + m)` is within the bounty.
fn costs(settings: &Settings, proof: f64, margin: f64, rng: &mut rand_chacha::ChaCha8Rng) -> Vec<f64> {
    let costs = spread(proof, settings.spread, settings.jobs, rng);
    costs.into_iter().map(|cost| cost.min(1.0 / margin)).collect()
}

/// Costs within a share of `proof`.
pub(super) fn spread(proof: f64, share: f64, count: u32, rng: &mut rand_chacha::ChaCha8Rng) -> Vec<f64> {
    (0..count).map(|_| proof * rng.gen_range(1.0 - share..=1.0 + share)).collect()
}

/// The share of tasks that end with an answer, after every lock lapsed.
pub(super) fn rescued(
    rules: Rules,
    way: Reward,
    stake: f64,
    margin: f64,
    costs: &[f64],
) -> Result<(f64, u64), SimulateError> {
    let hero = rules.hero_share;
    let mut world = World::new(rules)?;
    let (requester, locker) = (world.agent(units(PURSE_ZRA))?, world.agent(units(PURSE_ZRA))?);
    let rescuer = world.agent(units(PURSE_ZRA))?;
    let ask = Ask { bounty: units(1.0), stake: units(stake), value: Amount::ZERO, mode: Mode::Proved, deadline: None };
    world.block();
    let mut open = Vec::new();
    for &cost in costs {
        let job = world.open(requester, ask, Answered::True)?;
        world.lock(job, locker)?;
        let least = units(cost * margin);
        open.push((job, least));
    }
    let tasks = open.len();
    let mut committed: Vec<(usize, Amount)> = Vec::new();
    while !open.is_empty() {
        world.block();
        for (job, _) in committed.drain(..) {
            let _ = world.reveal(job, rescuer)?;
        }
        open.retain(|&(job, _)| !world.state(job).is_terminal());
        let mut waiting = Vec::with_capacity(open.len());
        for (job, least) in std::mem::take(&mut open) {
            let TaskState::Rescue { expires, .. } = world.state(job) else {
                waiting.push((job, least));
                continue;
            };
            let staked = world.market.task(&world.task(job)).map_or(Amount::ZERO, |task| task.escrow().stake);
            let share = staked.share(hero);
            let reward = match way {
                Reward::Residual => world.price(job).checked_add(share).unwrap_or(Amount::MAX),
                Reward::Stake => share,
            };
            if reward >= least && world.now < expires.0 {
                world.commit(job, rescuer)?;
                committed.push((job, least));
            } else {
                waiting.push((job, least));
            }
        }
        open = waiting;
    }
    world.block();
    for (job, _) in committed {
        let _ = world.reveal(job, rescuer)?;
    }
    world.finish()?;
    let answered = world.market.tasks().filter(|task| matches!(task.state(), TaskState::Final { .. })).count();
    Ok((answered as f64 / tasks.max(1) as f64, world.calls))
}
