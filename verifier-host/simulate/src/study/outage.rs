//! Study 6: a share of the providers vanishes at once and comes back.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use std::collections::VecDeque;
use zera_abi::{Amount, Height, Outcome as Answered};
use zera_market::{MarketError, Mode, Note, Rules, TaskState};

use super::{Stage, check};
use crate::agent::Costs;
use crate::dispute::PURSE_ZRA;
use crate::error::SimulateError;
use crate::outcome::{Figure, Outcome, Table};
use crate::plot::{Axis, Curve, Mark, lines};
use crate::scenario::{list, within};
use crate::stats::{Mean, digits};
use crate::world::{Ask, World, number, signed, units, zra};

/// The numbers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Providers, each with one proof at a time.
    pub providers: u32,
    /// Loads, as shares of what all of them can prove.
    pub loads: Vec<f64>,
    /// The share that vanishes.
    pub share: f64,
    /// The block in which it does.
    pub start: u32,
    /// For how many blocks.
    pub blocks: u32,
    /// Blocks played.
    pub total: u32,
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        within("providers", &self.providers, (10..=10_000).contains(&self.providers), "10 to 10000")?;
        list("loads", &self.loads, 0.01, 1.0)?;
        within("share", &self.share, (0.0..=0.95).contains(&self.share), "0 to 0.95")?;
        let (start, end) = (u64::from(self.start), u64::from(self.start) + u64::from(self.blocks));
        within("start", &self.start, start >= 100, "at least 100")?;
        within(
            "total",
            &self.total,
            end < u64::from(self.total) && self.total <= 100_000,
            "beyond the outage, at most 100000",
        )
    }
}

/// Blocks of a proof, from and to; below the rules' lock.
const PROVING: [u64; 2] = [3, 8];
/// What each provider has staked.
const DEPOSIT_ZRA: f64 = 20.0;
/// Blocks of a proof with the one that a rescue's reveal adds now and then, for the load.
const SERVICE: f64 = 6.0;

/// One block of one course.
#[derive(Clone, Copy, Default)]
struct Sample {
    backlog: f64,
    busy: f64,
    escrowed: f64,
    burned: f64,
}

struct Course {
    samples: Vec<Sample>,
    expired: u32,
    opened: u32,
    /// Slashes of those that vanished, and of others.
    slashed: [u32; 2],
    missed: u32,
    rescued: u32,
    calls: u64,
}

pub(super) fn run(stage: Stage<'_>, settings: &Settings) -> Result<Outcome, SimulateError> {
    let costs = stage.scenario.costs;
    let played = stage.per_seed(|mut rng| {
        settings.loads.iter().map(|&load| course(settings, load, &costs, &mut rng)).collect::<Result<Vec<Course>, _>>()
    })?;
    let mut outcome = stage.outcome();
    outcome.transitions = played.iter().flatten().map(|course| course.calls).sum();
    let columns = ["load", "block", "backlog", "half_95", "busy_providers", "escrowed_zra", "burned_zra"];
    let mut table = Table::new("outage", &columns);
    let (start, end) = (settings.start as usize, (settings.start + settings.blocks) as usize);
    let marks = [
        Mark { at: start as f64, name: "they vanish".to_owned() },
        Mark { at: end as f64, name: "they return".to_owned() },
    ];
    let (mut backlog, mut capital) = (Vec::new(), Vec::new());
    for (at, &load) in settings.loads.iter().enumerate() {
        let series = |value: fn(&Sample) -> f64| -> Vec<(f64, Mean)> {
            (0..settings.total as usize)
                .step_by(5)
                .map(|block| {
                    let values: Vec<f64> = played.iter().map(|courses| value(&courses[at].samples[block])).collect();
                    (block as f64, Mean::of(&values))
                })
                .collect()
        };
        let [waiting, busy, escrowed, burned] =
            [|s: &Sample| s.backlog, |s: &Sample| s.busy, |s: &Sample| s.escrowed, |s: &Sample| s.burned].map(series);
        for (((&(block, waiting), (_, busy)), (_, escrowed)), (_, burned)) in
            waiting.iter().zip(&busy).zip(&escrowed).zip(&burned)
        {
            table.row([
                load.into(),
                block.into(),
                waiting.mean.into(),
                waiting.half.into(),
                busy.mean.into(),
                escrowed.mean.into(),
                burned.mean.into(),
            ]);
        }
        backlog.push(Curve::smooth(&format!("waiting, load {}", digits(load)), 2 * at, &waiting));
        backlog.push(Curve::smooth(&format!("busy, load {}", digits(load)), 2 * at + 1, &busy));
        capital.push(Curve::smooth(&format!("in escrow, load {}", digits(load)), 2 * at, &escrowed));
        capital.push(Curve::smooth(&format!("burnt, load {}", digits(load)), 2 * at + 1, &burned));
        let of = |value: &dyn Fn(&Course) -> f64| {
            Mean::of(&played.iter().map(|courses| value(&courses[at])).collect::<Vec<_>>())
        };
        let recovery: Vec<Option<usize>> =
            played.iter().map(|courses| recovery(&courses[at].samples, start, end)).collect();
        let slowest = recovery.iter().map(|blocks| blocks.unwrap_or(usize::MAX)).max().unwrap_or(0);
        let (missed, rescued) = (of(&|c| f64::from(c.missed)), of(&|c| f64::from(c.rescued)));
        let (expired, opened) = (of(&|c| f64::from(c.expired)), of(&|c| f64::from(c.opened)));
        let (theirs, others) = (of(&|c| f64::from(c.slashed[0])), of(&|c| f64::from(c.slashed[1])));
        outcome.checks.push(check(
            format!("the market recovers, load {}", digits(load)),
            "within 100 blocks of the return the backlog is what it was before (market.md 6.2)",
            if slowest == usize::MAX {
                "not under every seed".to_owned()
            } else {
                format!("after at most {slowest} blocks")
            },
            slowest <= 100,
        ));
        outcome.checks.push(check(
            format!("no cascade, load {}", digits(load)),
            "nobody who stayed is slashed (market.md 3.5)",
            format!("{} slashes of who vanished, {} of others", digits(theirs.mean), digits(others.mean)),
            others.mean == 0.0,
        ));
        outcome.findings.push(format!(
            "At load {}: {} locks missed and {} rescued; {} of {} tasks found nobody.",
            digits(load),
            digits(missed.mean),
            digits(rescued.mean),
            digits(expired.mean),
            digits(opened.mean),
        ));
    }
    outcome.method = vec![format!(
        "{} providers, each with one proof of {} to {} blocks at a time; load is tasks over what all of them can prove. From block {} a \
         share of {} answers nothing for {} blocks and what it held lapses. The rest takes rescues first, then the oldest open \
         task whose price covers c_p (1 + m), and locks only what it can begin at once.",
        settings.providers,
        PROVING[0],
        PROVING[1],
        settings.start,
        digits(settings.share),
        settings.blocks,
    )];
    outcome.figures.push(Figure {
        name: "outage-backlog".to_owned(),
        caption: "Tasks that wait for a lock or a rescue, and providers at work.".to_owned(),
        svg: lines("Backlog", Axis::linear("block"), Axis::linear("tasks, providers"), &backlog, &marks),
    });
    outcome.figures.push(Figure {
        name: "outage-capital".to_owned(),
        caption: "Money in escrow, and burnt.".to_owned(),
        svg: lines("Capital", Axis::linear("block"), Axis::linear("ZRA"), &capital, &marks),
    });
    outcome.tables.push(table);
    Ok(outcome)
}

/// Blocks from the return until the mean backlog of ten blocks is at most the greatest such mean of the hundred before the outage.
fn recovery(samples: &[Sample], start: usize, end: usize) -> Option<usize> {
    let mean = |at: usize| samples[at..at + 10].iter().map(|sample| sample.backlog).sum::<f64>() / 10.0;
    let before = (start - 100..start - 10).map(mean).fold(0.0, f64::max);
    (end..samples.len().saturating_sub(10)).position(|at| mean(at) <= before * 1.05 + 1.0)
}

/// What a provider is doing.
enum Work {
    Idle,
    /// Holds a lock; the proof is ready at the height.
    Proving(usize, u64),
    /// Makes a proof for a rescue, committed once it is ready.
    Rescuing(usize, u64),
    /// Committed at the height.
    Committed(usize, u64),
}

fn course(settings: &Settings, load: f64, costs: &Costs, rng: &mut ChaCha8Rng) -> Result<Course, SimulateError> {
    let mut world = World::new(Rules::standard())?;
    let requester = world.agent(units(PURSE_ZRA))?;
    let first = requester + 1;
    for _ in 0..settings.providers {
        let agent = world.agent(units(1e6))?;
        world.market.stake(Height(world.now), world.account(agent), units(DEPOSIT_ZRA))?;
    }
    // Who vanishes is drawn, as those that come first are the busiest.
    let count = (f64::from(settings.providers) * settings.share).round() as usize;
    let mut gone = vec![false; settings.providers as usize];
    for at in rand::seq::index::sample(rng, gone.len(), count) {
        gone[at] = true;
    }
    let mut work: Vec<Work> = (0..settings.providers).map(|_| Work::Idle).collect();
    let rate = load * f64::from(settings.providers) / SERVICE;
    let least = units(costs.proof * (1.0 + costs.margin));
    let ask = Ask { bounty: units(1.0), stake: Amount::ZERO, value: Amount::ZERO, mode: Mode::Proved, deadline: None };
    let (mut open, mut rescues) = (VecDeque::new(), VecDeque::new());
    let mut course =
        Course { samples: Vec::new(), expired: 0, opened: 0, slashed: [0; 2], missed: 0, rescued: 0, calls: 0 };
    for block in 0..u64::from(settings.total) {
        world.block();
        let out = (u64::from(settings.start)..u64::from(settings.start + settings.blocks)).contains(&block);
        for note in world.notes() {
            match note {
                Note::RescueOpened { task, .. } => {
                    course.missed += 1;
                    rescues.push_back(number(&task.0));
                }
                Note::Expired { .. } => course.expired += 1,
                Note::Slashed { provider, hero, .. } => {
                    course.slashed[usize::from(!gone[number(&provider.0) - first])] += 1;
                    course.rescued += u32::from(hero.is_some());
                }
                _ => {}
            }
        }
        let arrivals = rate.floor() as u32 + u32::from(rng.gen_bool(rate.fract()));
        for _ in 0..arrivals {
            open.push_back(world.open(requester, ask, Answered::True)?);
            course.opened += 1;
        }
        open.retain(|&job| matches!(world.state(job), TaskState::Open { .. }));
        rescues.retain(|&job| matches!(world.state(job), TaskState::Rescue { expires, .. } if world.now < expires.0));
        let mut busy = 0;
        for (at, doing) in work.iter_mut().enumerate() {
            let agent = first + at;
            if out && gone[at] {
                *doing = Work::Idle;
                continue;
            }
            match *doing {
                Work::Proving(job, ready) if world.now >= ready => {
                    let answer = world.proof(job, agent);
                    let _ = world.submit(job, agent, answer)?;
                    *doing = Work::Idle;
                }
                Work::Rescuing(job, ready) if world.now >= ready => {
                    *doing = match world.commit(job, agent) {
                        Ok(()) => Work::Committed(job, world.now),
                        Err(_) => Work::Idle,
                    };
                }
                Work::Committed(job, height) if world.now > height => {
                    let _ = world.reveal(job, agent)?;
                    *doing = Work::Idle;
                }
                _ => {}
            }
            if matches!(doing, Work::Idle) {
                let ready = world.now + rng.gen_range(PROVING[0]..=PROVING[1]);
                // A proof for a rescue has to be ready two blocks before the end.
                if let Some(job) = rescues.pop_front() {
                    world.spend(agent, units(costs.native + costs.proof));
                    *doing = Work::Rescuing(job, ready);
                } else if let Some(at) = open.iter().position(|&job| world.price(job) >= least) {
                    let job = open[at];
                    match world.lock(job, agent) {
                        Ok(()) => drop(open.remove(at)),
                        // After what it missed; another comes.
                        Err(MarketError::Jailed { .. } | MarketError::Deposit { .. }) => continue,
                        Err(error) => return Err(error.into()),
                    }
                    world.spend(agent, units(costs.native + costs.proof));
                    *doing = Work::Proving(job, ready);
                }
            }
            busy += u32::from(!matches!(doing, Work::Idle));
        }
        let totals = world.market.totals();
        course.samples.push(Sample {
            backlog: (open.len() + rescues.len()) as f64,
            busy: f64::from(busy),
            escrowed: zra(signed(totals.escrowed)),
            burned: zra(signed(totals.burned)),
        });
    }
    course.calls = world.calls;
    world.finish()?;
    Ok(course)
}
