//! Attested answers that somebody runs again: how many looks deter a liar, how many a watcher has reason for, and what
//! looks are worth where watchers do not know of each other.

mod assignment;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
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
use assignment::{Assigned, Looks};

/// The numbers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Values of `q`, the share of answers that somebody looks at.
    pub detections: Vec<f64>,
    /// `G` over the bounty; that at the gate is played beside them.
    pub gains: Vec<f64>,
    /// Jobs of each kind at each `q` and `G`, for each seed.
    pub jobs: u32,
    /// Costs of a run at which watchers look for their equilibrium.
    pub natives: Vec<f64>,
    /// `G` of liars there.
    pub gain: f64,
    /// Generations.
    pub generations: u32,
    /// Jobs of each kind in a generation.
    pub sample: u32,
    /// How strongly a ZRA a job, or the cost of a look, moves shares.
    pub rate: f64,
    /// Watchers that look at the same answers.
    pub watchers: u32,
    /// Looks for each answer, over all watchers.
    pub loads: Vec<f64>,
    /// False answers for each of these, for each seed.
    pub answers: u32,
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        jobs(self.jobs)?;
        list("detections", &self.detections, 0.0, 1.0)?;
        within("detections", &self.detections.len(), self.detections.len() > 1, "two numbers at least")?;
        list("gains", &self.gains, 0.0, 1e6)?;
        list("natives", &self.natives, 1e-4, 1.0)?;
        within("gain", &self.gain, (0.0..=1e6).contains(&self.gain), "0 to 1000000")?;
        within("generations", &self.generations, (10..=10_000).contains(&self.generations), "10 to 10000")?;
        within("sample", &self.sample, (1..=10_000).contains(&self.sample), "1 to 10000")?;
        within("rate", &self.rate, (0.001..=1.0).contains(&self.rate), "0.001 to 1")?;
        within("watchers", &self.watchers, (1..=64).contains(&self.watchers), "1 to 64")?;
        list("loads", &self.loads, 0.001, f64::from(self.watchers))?;
        within("answers", &self.answers, (1..=100_000).contains(&self.answers), "1 to 100000")
    }
}

/// Stake over bounty of attested answers: the rules' least.
const STAKE: f64 = 2.0;
/// Least share of liars or watchers.
const FLOOR: f64 = 0.001;

/// What of a stake that somebody is shown to have lost comes back to a cartel.
fn hero() -> f64 {
    f64::from(fixed_price().hero_share.get()) / 10_000.0
}

/// `q* = (G + c_x) / (G + B + S)`, `B = 1`: market.md 3.1, 3.2.
fn deterrent(gain: f64, native: f64) -> f64 {
    (gain + native) / (gain + 1.0 + STAKE)
}

/// The same of a cartel that finds itself: it keeps the price, proves, and loses all but the hero's share.
fn deterrent_of_cartel(gain: f64, costs: &Costs) -> f64 {
    (gain + costs.native) / (gain + (1.0 - hero()) * STAKE + costs.proof)
}

/// What finding a lie brings who challenges and proves: hero's share and price, less the proof.
fn reward(costs: &Costs) -> f64 {
    hero() * STAKE + 1.0 - costs.proof
}

/// One seed: what honest, malicious and colluding attesters make by gain and `q`, with what a look at honest ones
/// makes; where shares of liars and looks come to by cost of a run; and looks by way of assigning them and load.
struct Played {
    made: Vec<Vec<[f64; 4]>>,
    equilibria: Vec<[f64; 2]>,
    looks: Vec<Vec<Looks>>,
    calls: u64,
}

pub(super) fn run(stage: Stage<'_>, settings: &Settings) -> Result<Outcome, SimulateError> {
    let costs = stage.scenario.costs;
    let rules = fixed_price();
    let gate = zra(signed(rules.value_gate(units(STAKE))));
    let gains: Vec<f64> = [gate].into_iter().chain(settings.gains.iter().copied()).collect();
    let played = stage.per_seed(|mut rng| {
        let mut all = Played { made: Vec::new(), equilibria: Vec::new(), looks: Vec::new(), calls: 0 };
        for &gain in &gains {
            let mut row = Vec::new();
            for &detection in &settings.detections {
                let terms = Terms { price: 1.0, stake: STAKE, gain, prior: 0.5, detection };
                let mut world = World::new(fixed_price())?;
                let parties = Parties::new(&mut world, 1)?;
                let mut cell = [0.0; 4];
                for (at, kind) in [Kind::Honest, Kind::Malicious, Kind::Colluder].into_iter().enumerate() {
                    let made = play(&mut world, &parties, kind, settings.jobs as usize, &costs, &terms, &mut rng)?;
                    cell[at] = made.attester;
                    if kind == Kind::Honest {
                        cell[3] = made.look;
                    }
                }
                all.calls += world.calls;
                row.push(cell);
            }
            all.made.push(row);
        }
        for &native in &settings.natives {
            let (shares, calls) = equilibrium(settings, &Costs { native, ..costs }, &mut rng)?;
            all.equilibria.push(shares);
            all.calls += calls;
        }
        for (way, _) in Assigned::ALL {
            let mut row = Vec::new();
            for &load in &settings.loads {
                let (looks, calls) = assignment::play(settings, way, load, &costs, &mut rng)?;
                row.push(looks);
                all.calls += calls;
            }
            all.looks.push(row);
        }
        Ok(all)
    })?;
    let mut outcome = stage.outcome();
    outcome.transitions = played.iter().map(|seed| seed.calls).sum();
    deterrence(&mut outcome, settings, &gains, &played, &costs);
    equilibria(&mut outcome, settings, &played, &costs);
    assignments(&mut outcome, settings, &played, &costs);
    outcome.method = vec![
        format!(
            "{} jobs of each kind at each q and G for each seed, bounty and price 1, stake {STAKE}, c_x = {}, c_p = \
             {}: the standard rules with their price held. A watcher looks at a share q of the answers, drawn at \
             random, pays c_x for each look, and challenges and proves each false one. The first G is the value at the \
             gate.",
            settings.jobs,
            digits(costs.native),
            digits(costs.proof),
        ),
        format!(
            "Watchers' equilibrium: {} generations of {} jobs of each kind. Odds of lying grow by exp({} times what a \
             lie makes more than an honest answer), odds of a look by exp({0} times what it makes, counted in costs of \
             a run), each side reckoning with the last change going on; both start anywhere, and the second half \
             counts. G = {}.",
            settings.generations,
            settings.sample,
            digits(settings.rate),
            digits(settings.gain),
        ),
        format!(
            "Who looks: {} watchers, {} false answers for each load and seed. By their own draws each looks at an \
             answer with probability load / n, as with a verifiable random function that each evaluates for itself; \
             thrown, each look falls on any answer; dealt, looks go round. The market has no such rule: who reveals a \
             challenge first has it, the deposits of others go back, and the order within a block is drawn.",
            settings.watchers, settings.answers,
        ),
    ];
    Ok(outcome)
}

/// What lying makes more than honesty, against `q`.
fn deterrence(outcome: &mut Outcome, settings: &Settings, gains: &[f64], played: &[Played], costs: &Costs) {
    let mut table =
        Table::new("audits", &["gain_zra", "q", "attester", "more_than_honest_zra", "half_95", "predicted_zra"]);
    let mut lines_table =
        Table::new("audits-deterrence", &["gain_zra", "attester", "predicted_q", "measured_q", "half_95"]);
    let (mut curves, mut marks, mut worst, mut shown) = (Vec::new(), Vec::new(), 0.0f64, Vec::new());
    let mut gate_q = [Mean::default(); 2];
    for (g, &gain) in gains.iter().enumerate() {
        for (at, name) in ["malicious", "colluder"].into_iter().enumerate() {
            let line = if at == 0 { deterrent(gain, costs.native) } else { deterrent_of_cartel(gain, costs) };
            // Both are straight in q: G + c_x at none, nothing at the line.
            let predicted = |q: f64| (gain + costs.native) * (1.0 - q / line);
            let mut points = Vec::new();
            for (i, &q) in settings.detections.iter().enumerate() {
                let more = Mean::of(
                    &played.iter().map(|seed| seed.made[g][i][1 + at] - seed.made[g][i][0]).collect::<Vec<_>>(),
                );
                table.row([
                    gain.into(),
                    q.into(),
                    name.into(),
                    more.mean.into(),
                    more.half.into(),
                    predicted(q).into(),
                ]);
                points.push((q, more));
            }
            let roots = played.iter().filter_map(|seed| {
                let row = settings.detections.iter().zip(&seed.made[g]);
                root(&row.map(|(&q, made)| (q, made[1 + at] - made[0])).collect::<Vec<_>>())
            });
            let measured = Mean::of(&roots.collect::<Vec<_>>());
            worst = worst.max((measured.mean - line).abs());
            shown.push(format!("G {} {name} {} ({})", digits(gain), digits(measured.mean), digits(line)));
            lines_table.row([gain.into(), name.into(), line.into(), measured.mean.into(), measured.half.into()]);
            if g == 0 {
                gate_q[at] = measured;
            }
            // The picture is of the least and the greatest of what is asked for.
            if g == 1 {
                let ends: Vec<(f64, f64)> = [0.0, 1.0].map(|q| (q, predicted(q))).into();
                curves.push(Curve::measured(&format!("{name}, G = {}", digits(gain)), at, &points));
                curves.push(Curve::expected(&format!("{name}, by its formula"), 2 + at, &ends));
                marks.push(Mark { at: line, name: format!("q*, {name}") });
            }
        }
    }
    outcome.checks.push(check(
        "lying stops paying at q*",
        "(G + c_x) / (G + B + S) for a liar, (G + c_x) / (G + (1 - h) S + c_p) for a cartel that finds itself \
         (market.md 3.2, with the 65 % that it loses); within 0.02",
        shown.join("; "),
        worst <= 0.02,
    ));
    let counted = f64::from(fixed_price().detection_share.get()) / 10_000.0;
    outcome.checks.push(check(
        "the detection that the gate counts on deters what it lets through",
        format!(
            "at G of the gate both stop below q = {}: at {} and {}",
            digits(counted),
            digits(deterrent(gains[0], costs.native)),
            digits(deterrent_of_cartel(gains[0], costs))
        ),
        format!("a liar at {}, a cartel at {}", gate_q[0].shown(), gate_q[1].shown()),
        gate_q.iter().all(|q| q.mean + q.half < counted),
    ));
    let looks = played.iter().map(|seed| {
        let all: Vec<f64> = seed.made.iter().flatten().map(|made| made[3]).filter(|look| *look != 0.0).collect();
        all.iter().sum::<f64>() / all.len().max(1) as f64
    });
    let look = Mean::of(&looks.collect::<Vec<_>>());
    outcome.checks.push(check(
        "a look at an honest answer is paid by nobody",
        format!("-c_x = {} ZRA (market.md 3.1: the verifier's dilemma)", digits(-costs.native)),
        format!("{} ZRA", digits(look.mean)),
        (look.mean + costs.native).abs() <= 1e-9,
    ));
    outcome.figures.push(Figure {
        name: "audits".to_owned(),
        caption: "What a lie makes of a job more than an honest answer, by the share of answers that are looked at. \
                  Upright: where it should stop paying."
            .to_owned(),
        svg: lines("Lying against detection", Axis::linear("q"), Axis::linear("ZRA a job"), &curves, &marks),
    });
    outcome.tables.extend([table, lines_table]);
}

/// Shares of liars and of looks, over the second half of the generations.
fn equilibrium(settings: &Settings, costs: &Costs, rng: &mut ChaCha8Rng) -> Result<([f64; 2], u64), SimulateError> {
    let odds = |share: f64| (share / (1.0 - share)).ln();
    let share = |odds: f64| (1.0 / (1.0 + (-odds).exp())).clamp(FLOOR, 1.0 - FLOOR);
    let (mut lies, mut watching) = (rng.gen_range(0.02..0.3), rng.gen_range(0.1..0.9));
    let (mut before, mut sums, mut calls) = ([0.0; 2], [0.0; 2], 0);
    let half = settings.generations / 2;
    for generation in 0..settings.generations {
        let terms = Terms { price: 1.0, stake: STAKE, gain: settings.gain, prior: 0.5, detection: watching };
        let mut world = World::new(fixed_price())?;
        let parties = Parties::new(&mut world, 1)?;
        let mut of = |kind| play(&mut world, &parties, kind, settings.sample as usize, costs, &terms, rng);
        let (honest, liar) = (of(Kind::Honest)?, of(Kind::Malicious)?);
        calls += world.calls;
        let made = [liar.attester - honest.attester, (lies * liar.look + (1.0 - lies) * honest.look) / costs.native];
        if generation == 0 {
            before = made;
        }
        let next =
            |now: f64, at: usize| share(odds(now) + settings.rate * (2.0 * made[at] - before[at]).clamp(-5.0, 5.0));
        (lies, watching) = (next(lies, 0), next(watching, 1));
        before = made;
        if generation >= half {
            sums = [sums[0] + lies, sums[1] + watching];
        }
    }
    let count = f64::from(settings.generations - half);
    Ok((sums.map(|sum| sum / count), calls))
}

/// The inspection game's mixed equilibrium.
fn equilibria(outcome: &mut Outcome, settings: &Settings, played: &[Played], costs: &Costs) {
    let reward = reward(costs);
    let mut table = Table::new(
        "audits-equilibrium",
        &["native_zra", "predicted_lies", "lies", "half_95", "predicted_q", "q", "half_95_of_q"],
    );
    let (mut points, mut expected, mut worst) = (Vec::new(), Vec::new(), [0.0f64; 2]);
    for (at, &native) in settings.natives.iter().enumerate() {
        let mean = |which: usize| Mean::of(&played.iter().map(|seed| seed.equilibria[at][which]).collect::<Vec<_>>());
        let (lies, q) = (mean(0), mean(1));
        let (lie_line, q_line) = (native / reward, deterrent(settings.gain, native));
        table.row([
            native.into(),
            lie_line.into(),
            lies.mean.into(),
            lies.half.into(),
            q_line.into(),
            q.mean.into(),
            q.half.into(),
        ]);
        worst = [worst[0].max((lies.mean / lie_line - 1.0).abs()), worst[1].max((q.mean / q_line - 1.0).abs())];
        points.push((native, lies));
        expected.push((native, lie_line));
    }
    let shown: Vec<String> = points
        .iter()
        .zip(&expected)
        .map(|((_, lies), (_, line))| format!("{} ({})", lies.shown(), digits(*line)))
        .collect();
    outcome.checks.push(check(
        "where watchers are paid for lies alone, lies come to l* = c_x / (h S + P - c_p)",
        format!(
            "within 10 % at every c_x (Dresher's inspection game; Avenhaus, von Stengel and Zamir, Handbook of Game \
             Theory 3, 51; Felten's X* of market.md 3.1), a find being worth {}",
            digits(reward)
        ),
        shown.join("; "),
        worst[0] <= 0.1,
    ));
    outcome.checks.push(check(
        "and looks come to q*, whatever they cost",
        "within 5 % of (G + c_x) / (G + B + S) at every c_x (market.md 3.1)",
        format!("the greatest difference is {} %", digits(100.0 * worst[1])),
        worst[1] <= 0.05,
    ));
    outcome.figures.push(Figure {
        name: "audits-equilibrium".to_owned(),
        caption: "Share of false answers at which looking neither pays nor costs, by the cost of a run.".to_owned(),
        svg: lines(
            "Lies where watchers live off them",
            Axis::linear("c_x, ZRA"),
            Axis::linear("share of false answers"),
            &[Curve::measured("played", 0, &points), Curve::expected("c_x / (h S + P - c_p)", 1, &expected)],
            &[],
        ),
    });
    outcome.tables.push(table);
}

/// Looks that find something, and looks that another has had.
fn assignments(outcome: &mut Outcome, settings: &Settings, played: &[Played], costs: &Costs) {
    let reward = reward(costs);
    let mut table = Table::new(
        "audits-assignment",
        &[
            "assignment",
            "looks_per_answer",
            "found_predicted",
            "found",
            "half_95",
            "duplicates_predicted",
            "duplicates",
            "look_zra_predicted",
            "look_zra",
            "lies_that_pay",
        ],
    );
    let (mut curves, mut worst, mut outside) = (Vec::new(), 0.0f64, 0);
    for (at, (way, name)) in Assigned::ALL.into_iter().enumerate() {
        let (mut points, mut expected) = (Vec::new(), Vec::new());
        for (i, &load) in settings.loads.iter().enumerate() {
            let mean =
                |of: fn(&Looks) -> f64| Mean::of(&played.iter().map(|seed| of(&seed.looks[at][i])).collect::<Vec<_>>());
            let (found, twice, made) = (mean(|looks| looks.found), mean(|looks| looks.twice), mean(|looks| looks.made));
            let line = way.found(load, settings.watchers, settings.answers);
            // A look at a lie is worth its share of the finds.
            let worth = reward * line / load;
            for (measured, expected) in [(found, line), (twice, load - line)] {
                outside += usize::from((measured.mean - expected).abs() > 2.0 * measured.half + 1e-9);
                worst = worst.max((measured.mean - expected).abs());
            }
            table.row([
                name.into(),
                load.into(),
                line.into(),
                found.mean.into(),
                found.half.into(),
                (load - line).into(),
                twice.mean.into(),
                (worth - costs.native).into(),
                made.mean.into(),
                (costs.native / worth).into(),
            ]);
            points.push((load, found));
            expected.push((load, line));
        }
        curves.push(Curve::measured(name, at, &points));
        curves.push(Curve::expected(&format!("{name}, by its formula"), 3 + at, &expected));
    }
    outcome.checks.push(check(
        "looks that are not dealt fall on each other as birthdays do",
        "found 1 - (1 - k/n)^n by own draws, 1 - (1 - 1/N)^(k N) thrown, min(k, 1) dealt, the rest of k looks an \
         answer twice (occupancy: Feller I, chapter II.5); within twice the interval",
        format!("{outside} of {} outside; the greatest difference is {}", 2 * table.rows.len(), digits(worst)),
        outside == 0,
    ));
    let one = Assigned::OwnDraws.found(1.0, settings.watchers, settings.answers);
    outcome.findings.push(format!(
        "At a look for each answer {} watchers by their own draws find {} % of the lies and pay the rest twice, so the \
         share of lies that pays them is {} and not {} (c_x / (h S + P - c_p)); dealing looks out finds all. Private \
         draws of a verifiable random function are own draws and save nothing; only a public assignment does.",
        settings.watchers,
        digits(100.0 * one),
        digits(costs.native / (reward * one)),
        digits(costs.native / reward),
    ));
    outcome.figures.push(Figure {
        name: "audits-assignment".to_owned(),
        caption: "Share of false answers that somebody finds, by looks for each answer and how they are assigned."
            .to_owned(),
        svg: lines("Finds against looks", Axis::linear("looks for each answer"), Axis::share("found"), &curves, &[]),
    });
    outcome.tables.push(table);
}
