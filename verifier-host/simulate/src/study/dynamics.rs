//! Study 13: shares of kinds that grow with what they make, in proved mode and on both sides of the value gate.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use zera_abi::{Amount, Outcome as Answered};
use zera_market::{Mode, Rules, TaskState};

use super::{Stage, check};
use crate::agent::{Costs, Kind};
use crate::dispute::{PURSE_ZRA, Parties, Terms, fixed_price, play};
use crate::error::SimulateError;
use crate::outcome::{Figure, Outcome, Table};
use crate::plot::{Axis, Curve, lines};
use crate::scenario::{jobs, within};
use crate::stats::{Mean, digits};
use crate::world::{Ask, World, bad, not, units, zra};

/// The numbers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Generations.
    pub generations: u32,
    /// Jobs of each kind in a generation, for each seed.
    pub jobs: u32,
    /// How strongly a ZRA a job moves shares.
    pub rate: f64,
    /// Least share of a kind: newcomers.
    pub floor: f64,
    /// `q` that does not hang on watchers: the host's own sample, the rules' 10 %.
    pub sample: f64,
    /// Share of answers that are true.
    pub prior: f64,
    /// `G` below the gate, over the bounty.
    pub below: f64,
    /// `G` above it.
    pub above: f64,
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        jobs(self.jobs)?;
        within("generations", &self.generations, (10..=10_000).contains(&self.generations), "10 to 10000")?;
        within("rate", &self.rate, (0.0..=100.0).contains(&self.rate), "0 to 100")?;
        within("floor", &self.floor, (0.0..=0.1).contains(&self.floor), "0 to 0.1")?;
        for (name, share) in [("sample", self.sample), ("prior", self.prior)] {
            within(name, &share, (0.0..=1.0).contains(&share), "0 to 1")?;
        }
        for (name, gain) in [("below", self.below), ("above", self.above)] {
            within(name, &gain, (0.0..=1e6).contains(&gain), "0 to 1000000")?;
        }
        Ok(())
    }
}

/// Stake over bounty of attested answers: the rules' least.
const STAKE: f64 = 2.0;
const PROVED: [Kind; 4] = [Kind::Honest, Kind::Malicious, Kind::Squatter, Kind::Slow];
const ATTESTED: [Kind; 3] = [Kind::Honest, Kind::Lazy, Kind::Malicious];

/// Shares by generation: of each provider kind, then of watchers.
type Path = Vec<Vec<f64>>;

pub(super) fn run(stage: Stage<'_>, settings: &Settings) -> Result<Outcome, SimulateError> {
    let costs = stage.scenario.costs;
    let played = stage.per_seed(|mut rng| {
        let (proved, a) = proved_path(settings, &costs, &mut rng)?;
        let (below, b) = attested_path(settings, &costs, settings.below, &mut rng)?;
        let (above, c) = attested_path(settings, &costs, settings.above, &mut rng)?;
        Ok(([proved, below, above], a + b + c))
    })?;
    let mut outcome = stage.outcome();
    outcome.transitions = played.iter().map(|(_, calls)| calls).sum();
    let names = ["proved", "attested-below-gate", "attested-above-gate"];
    let mut table = Table::new("dynamics", &["economy", "generation", "kind", "share", "half_95"]);
    let mut last = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let kinds: Vec<&str> = match at {
            0 => PROVED.iter().map(|kind| kind.name()).collect(),
            _ => ATTESTED.iter().map(|kind| kind.name()).chain(["watching"]).collect(),
        };
        let mut curves = Vec::new();
        let mut means = Vec::new();
        for (kind, word) in kinds.iter().enumerate() {
            let series: Vec<(f64, Mean)> = (0..settings.generations as usize)
                .map(|g| (g as f64, Mean::of(&played.iter().map(|(paths, _)| paths[at][g][kind]).collect::<Vec<_>>())))
                .collect();
            for (g, share) in series.iter().step_by(10) {
                table.row([(*name).into(), (*g).into(), (*word).into(), share.mean.into(), share.half.into()]);
            }
            // The second half, when the start is forgotten.
            let half = settings.generations as usize / 2;
            let late =
                |path: &Path| path[half..].iter().map(|shares| shares[kind]).sum::<f64>() / (path.len() - half) as f64;
            means.push(Mean::of(&played.iter().map(|(paths, _)| late(&paths[at])).collect::<Vec<_>>()));
            curves.push(Curve::smooth(word, kind, &series));
        }
        last.push(means);
        let svg = lines(name, Axis::linear("generation"), Axis::share("share"), &curves, &[]);
        let caption = format!("Shares over generations: {}.", name.replace('-', " "));
        outcome.figures.push(Figure { name: (*name).to_owned(), caption, svg });
    }
    let floor_room = 1.0 - settings.floor * PROVED.len() as f64 - 0.05;
    outcome.checks.push(check(
        "proved mode is taken over by honest answers",
        format!("the honest share ends above {} (market.md 6.2; newcomers hold the rest)", digits(floor_room)),
        format!("honest {}", last[0][0].shown()),
        last[0][0].mean >= floor_room,
    ));
    let [honest, lazy, liars] = [0, 1, 2].map(|kind| last[1][kind]);
    outcome.checks.push(check(
        "below the gate lying dies out",
        "liars end at the share of newcomers, within 2 %",
        format!("honest {}, lazy {}, malicious {}", honest.shown(), lazy.shown(), liars.shown()),
        liars.mean <= settings.floor + 0.02,
    ));
    // Felten's indifference: what a watcher that finds a lie makes, and what a liar that is not found makes.
    let found = (0.35 * STAKE + 1.0 - costs.proof).max(f64::MIN_POSITIVE);
    let cheat = costs.native / found;
    let q = (settings.above + costs.native) / (settings.above + 1.0 + STAKE);
    let (lies, watching) = (last[2][2], last[2][3]);
    let seen = settings.sample + (1.0 - settings.sample) * watching.mean;
    outcome.checks.push(check(
        "above the gate the verifier's dilemma stands",
        format!(
            "neither lying nor watching dies out: a mixed equilibrium, without watchers that do not pay for themselves \
             (x* = {}, q* = {}; market.md 3.1)",
            digits(cheat),
            digits(q)
        ),
        format!("lies {}, watching {}, so q = {}", lies.shown(), watching.shown(), digits(seen)),
        lies.mean > settings.floor + 0.005
            && watching.mean > 2.0 * settings.floor
            && watching.mean < 1.0 - 2.0 * settings.floor,
    ));
    outcome.checks.push(check(
        "the mixed equilibrium is Felten's",
        format!("over time q is within 5 % of q* = (G + c_x) / (G + B + S) = {} (market.md 3.1)", digits(q)),
        format!("q = {}", digits(seen)),
        (seen / q - 1.0).abs() <= 0.05,
    ));
    if lazy.mean > settings.floor + 0.05 {
        outcome.findings.push(format!(
            "Guessing survives below the gate: lazy attesters end at {} with P(true) = {}. The gate looks at lies, not at lopsided \
             questions; the stake that stops a guess is c_x / ((1-g) q) - B = {} (market.md 3.2).",
            lazy.shown(),
            digits(settings.prior),
            digits(costs.native / ((1.0 - settings.prior) * settings.sample) - 1.0),
        ));
    }
    outcome.method = vec![
        format!(
            "{} generations of {} jobs of each kind for each seed. A share grows by exp({} times what the kind made more than the mean, \
             within one ZRA a job), and holds at least {}. Shares of the second half count.",
            settings.generations,
            settings.jobs,
            digits(settings.rate),
            digits(settings.floor),
        ),
        format!(
            "Attested: stake {STAKE} bounties, P(true) = {}, a share {} of answers is looked at by the host, and watchers look at what is \
             left in proportion to their share; one of them finds an answer, not several. G is {} below and {} above the gate. \
             What watching makes is what a look made less the cost of it, counted in costs of a run; idling makes nothing.",
            digits(settings.prior),
            digits(settings.sample),
            digits(settings.below),
            digits(settings.above),
        ),
    ];
    outcome.tables.push(table);
    Ok(outcome)
}

fn grow(shares: &mut [f64], made: &[f64], settings: &Settings) {
    let mean: f64 = shares.iter().zip(made).map(|(share, made)| share * made).sum();
    for (share, made) in shares.iter_mut().zip(made) {
        *share = (*share * (settings.rate * (made - mean).clamp(-1.0, 1.0)).exp()).max(1e-12);
    }
    let sum: f64 = shares.iter().sum();
    for share in shares.iter_mut() {
        *share = (*share / sum).max(settings.floor);
    }
    // What newcomers hold, the others have less.
    let above: f64 = shares.iter().filter(|share| **share > settings.floor).sum();
    let floors = settings.floor * shares.iter().filter(|share| **share <= settings.floor).count() as f64;
    for share in shares.iter_mut().filter(|share| **share > settings.floor) {
        *share *= (1.0 - floors) / above;
    }
}

fn attested_path(
    settings: &Settings,
    costs: &Costs,
    gain: f64,
    rng: &mut ChaCha8Rng,
) -> Result<(Path, u64), SimulateError> {
    let (mut shares, mut watching) = (vec![1.0 / 3.0; 3], vec![0.5, 0.5]);
    let (mut path, mut calls) = (Vec::new(), 0);
    for _ in 0..settings.generations {
        path.push(shares.iter().copied().chain([watching[0]]).collect());
        let detection = settings.sample + (1.0 - settings.sample) * watching[0];
        let terms = Terms { price: 1.0, stake: STAKE, gain, prior: settings.prior, detection };
        let mut world = World::new(fixed_price())?;
        let parties = Parties::new(&mut world, 1)?;
        let (mut made, mut look) = (Vec::new(), 0.0);
        for (kind, share) in ATTESTED.iter().zip(&shares) {
            let payoff = play(&mut world, &parties, *kind, settings.jobs as usize, costs, &terms, rng)?;
            made.push(payoff.attester);
            look += share * payoff.look;
        }
        grow(&mut shares, &made, settings);
        // What watching makes is small beside an answer's price: counted in runs, as that is what it risks.
        grow(&mut watching, &[look / costs.native.max(1e-9), 0.0], settings);
        calls += world.calls;
    }
    Ok((path, calls))
}

fn proved_path(settings: &Settings, costs: &Costs, rng: &mut ChaCha8Rng) -> Result<(Path, u64), SimulateError> {
    let mut shares = vec![1.0 / PROVED.len() as f64; PROVED.len()];
    let (mut path, mut calls) = (Vec::new(), 0);
    let rules = Rules { locks_max: 1_000_000, ..fixed_price() };
    for _ in 0..settings.generations {
        path.push(shares.clone());
        let mut world = World::new(rules.clone())?;
        let (requester, rescuer) = (world.agent(units(PURSE_ZRA))?, world.agent(units(PURSE_ZRA))?);
        let mut made = Vec::new();
        for kind in PROVED {
            let agent = world.agent(units(PURSE_ZRA))?;
            proved_jobs(&mut world, kind, [requester, agent, rescuer], settings, costs, rng)?;
            made.push(zra(world.net(agent)) / f64::from(settings.jobs));
        }
        calls += world.calls;
        grow(&mut shares, &made, settings);
    }
    Ok((path, calls))
}

/// Jobs in proved mode: honest ones prove in 2 to 8 blocks, slow ones in `2 / u^(2/3)`, a liar sends bytes that prove nothing until its
/// lock is lost, a squatter does nothing. Others rescue what is left.
fn proved_jobs(
    world: &mut World,
    kind: Kind,
    [requester, agent, rescuer]: [usize; 3],
    settings: &Settings,
    costs: &Costs,
    rng: &mut ChaCha8Rng,
) -> Result<(), SimulateError> {
    let ask = Ask { bounty: units(1.0), stake: Amount::ZERO, value: Amount::ZERO, mode: Mode::Proved, deadline: None };
    world.block();
    let start = world.now;
    let mut waiting = Vec::new();
    for _ in 0..settings.jobs {
        let job = world.open(requester, ask, Answered::True)?;
        world.lock(job, agent)?;
        let time = match kind {
            Kind::Slow => (2.0 * rng.gen_range(1e-9..1.0f64).powf(-2.0 / 3.0)).ceil() as u64,
            _ => rng.gen_range(2..=8),
        };
        waiting.push((job, start + time));
    }
    let mut committed = Vec::new();
    while !waiting.is_empty() {
        world.block();
        for job in std::mem::take(&mut committed) {
            let _ = world.reveal(job, rescuer)?;
        }
        let mut left = Vec::new();
        for (job, ready) in waiting {
            match world.state(job) {
                TaskState::Assigned { .. } if kind == Kind::Malicious => {
                    let answer = bad(not(world.truth(job)));
                    let _ = world.submit(job, agent, answer)?;
                    left.push((job, ready));
                }
                TaskState::Assigned { .. } if kind != Kind::Squatter && world.now >= ready => {
                    world.spend(agent, units(costs.native + costs.proof));
                    let answer = world.proof(job, agent);
                    let _ = world.submit(job, agent, answer)?;
                }
                TaskState::Rescue { .. } => {
                    world.commit(job, rescuer)?;
                    committed.push(job);
                }
                _ => left.push((job, ready)),
            }
        }
        waiting = left;
    }
    world.block();
    for job in committed {
        let _ = world.reveal(job, rescuer)?;
    }
    world.finish()
}
