//! Several watchers of the same answers: who looks where, and who is paid for it.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use zera_abi::{Amount, Outcome as Answered};
use zera_market::Mode;

use super::{STAKE, Settings};
use crate::agent::Costs;
use crate::dispute::{PURSE_ZRA, fixed_price};
use crate::error::SimulateError;
use crate::world::{Agent, Ask, World, not, units, zra};

/// How looks come to answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assigned {
    /// Each watcher draws for each answer.
    OwnDraws,
    /// Each look falls on any answer.
    Thrown,
    /// Looks go round.
    Dealt,
}

impl Assigned {
    /// All, with their words.
    pub const ALL: [(Assigned, &'static str); 3] =
        [(Assigned::OwnDraws, "own draws"), (Assigned::Thrown, "thrown"), (Assigned::Dealt, "dealt")];

    /// Share of `answers` that one of `load` looks each falls on.
    pub fn found(self, load: f64, watchers: u32, answers: u32) -> f64 {
        let (n, answers) = (f64::from(watchers), f64::from(answers));
        match self {
            Assigned::OwnDraws => 1.0 - (1.0 - load / n).powf(n),
            Assigned::Thrown => 1.0 - (1.0 - 1.0 / answers).powf((load * answers).round()),
            Assigned::Dealt => ((load * answers).round() / answers).min(1.0),
        }
    }
}

/// What looks at false answers came to.
#[derive(Clone, Copy, Debug)]
pub struct Looks {
    /// Share of the answers that were found out.
    pub found: f64,
    /// Looks an answer that another had had.
    pub twice: f64,
    /// What a look made, in ZRA.
    pub made: f64,
}

/// `settings.answers` false answers, `load` looks each. Who looks commits to a challenge; of those the first in the
/// block that reveals has it, and proves.
pub fn play(
    settings: &Settings,
    way: Assigned,
    load: f64,
    costs: &Costs,
    rng: &mut ChaCha8Rng,
) -> Result<(Looks, u64), SimulateError> {
    let mut world = World::new(fixed_price())?;
    let mut agent = || world.agent(units(PURSE_ZRA));
    let (requester, liar) = (agent()?, agent()?);
    let watchers: Vec<Agent> = (0..settings.watchers).map(|_| agent()).collect::<Result<_, _>>()?;
    let ask =
        Ask { bounty: units(1.0), stake: units(STAKE), value: Amount::ZERO, mode: Mode::Attested, deadline: None };
    world.block();
    let mut jobs = Vec::new();
    for _ in 0..settings.answers {
        let job = world.open(requester, ask, Answered::True)?;
        world.lock(job, liar)?;
        jobs.push(job);
    }
    world.block();
    for &job in &jobs {
        world.attest(job, liar, not(Answered::True))?;
    }
    // Who looks at which answer.
    let mut seen: Vec<Vec<Agent>> = vec![Vec::new(); jobs.len()];
    let total = (load * f64::from(settings.answers)).round() as usize;
    match way {
        Assigned::OwnDraws => {
            let chance = (load / f64::from(settings.watchers)).clamp(0.0, 1.0);
            for seen in &mut seen {
                seen.extend(watchers.iter().copied().filter(|_| rng.gen_bool(chance)));
            }
        }
        Assigned::Thrown => {
            for look in 0..total {
                let at = rng.gen_range(0..jobs.len());
                seen[at].push(watchers[look % watchers.len()]);
            }
        }
        Assigned::Dealt => {
            for look in 0..total {
                // Another watcher each time round.
                let (round, at) = (look / jobs.len(), look % jobs.len());
                seen[at].push(watchers[(at + round) % watchers.len()]);
            }
        }
    }
    let looks: usize = seen.iter().map(Vec::len).sum();
    for (&job, seen) in jobs.iter().zip(&mut seen) {
        for &watcher in seen.iter() {
            world.spend(watcher, units(costs.native));
        }
        // Thrown twice at the same answer, a watcher pays twice and commits once.
        seen.sort_unstable();
        seen.dedup();
        for &watcher in seen.iter() {
            world.commit_challenge(job, watcher, Answered::True)?;
        }
    }
    world.block();
    let mut found = 0usize;
    for (&job, seen) in jobs.iter().zip(&seen) {
        if seen.is_empty() {
            continue;
        }
        let first = rng.gen_range(0..seen.len());
        for at in 0..seen.len() {
            let watcher = seen[(first + at) % seen.len()];
            // One challenge of an answer: who comes later is refused.
            if world.challenge(job, watcher, Answered::True).is_ok() {
                found += 1;
                world.spend(watcher, units(costs.proof));
                let _ = world.settle(job, watcher)?;
            }
        }
    }
    world.finish()?;
    let made: i128 = watchers.iter().map(|&watcher| world.net(watcher)).sum();
    let answers = f64::from(settings.answers);
    let looks_made = Looks {
        found: found as f64 / answers,
        twice: (looks - found) as f64 / answers,
        made: zra(made) / (looks.max(1)) as f64,
    };
    Ok((looks_made, world.calls))
}
