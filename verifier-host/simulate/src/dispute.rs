//! Jobs in attested mode, from opening to final, at a price that does not move: what each kind of attester and its watcher make.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use zera_abi::{Amount, Bps, Outcome};
use zera_market::{Mode, Rules};

use crate::agent::{Costs, Kind};
use crate::error::SimulateError;
use crate::world::{Agent, Ask, World, draw_truth, not, units, zra};

/// A sum that no agent here comes to the end of.
pub const PURSE_ZRA: f64 = 1e12;

/// What is at stake in every job of a batch, in ZRA.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// What an answer is paid: bounty and price are one.
    pub price: f64,
    /// The least stake that the requester asks for.
    pub stake: f64,
    /// What a false answer is worth to who gave it, once it is final.
    pub gain: f64,
    /// Share of tasks whose answer is true, and what a lazy attester guesses.
    pub prior: f64,
    /// `q`: share of answers that a watcher looks at. Whoever looks at a false one challenges and proves.
    pub detection: f64,
}

/// Means over the jobs of a batch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Payoff {
    /// What the attester made of a job, in ZRA.
    pub attester: f64,
    /// What watching made of a job, in ZRA, where it was watched.
    pub look: f64,
    /// What the requester made of a job, in ZRA: less than nothing, as it pays.
    pub requester: f64,
}

/// The standard rules with one round whose price is the whole bounty, so that the formulas' `B` is a number.
///
/// # Panics
/// Never: the whole is a share.
pub fn fixed_price() -> Rules {
    Rules { price_floor_share: Bps::ONE, rounds_max: 1, locks_max: 1_000_000, ..Rules::standard() }
}

/// Who plays a batch.
#[derive(Clone, Debug)]
pub struct Parties {
    requester: Agent,
    watcher: Agent,
    /// Accounts of the attester; more than one for a sybil.
    attesters: Vec<Agent>,
    accomplice: Agent,
}

impl Parties {
    /// Everybody with more money than is needed; `accounts` of the attester.
    ///
    /// # Errors
    /// [`SimulateError`].
    pub fn new(world: &mut World, accounts: usize) -> Result<Parties, SimulateError> {
        let mut agent = || world.agent(units(PURSE_ZRA));
        let (requester, watcher, accomplice) = (agent()?, agent()?, agent()?);
        let attesters = (0..accounts.max(1)).map(|_| agent()).collect::<Result<_, _>>()?;
        Ok(Parties { requester, watcher, attesters, accomplice })
    }

    fn attester(&self, job: usize) -> Agent {
        self.attesters[job % self.attesters.len()]
    }

    fn made(&self, world: &World) -> i128 {
        self.attesters.iter().chain([&self.accomplice]).map(|&agent| world.net(agent)).sum()
    }
}

/// Plays `jobs` jobs by attesters of `kind` from opening to their end, all in the same blocks.
///
/// Honest, slow, sniper, sybil and watcher run and say what they found; lazy says what is likelier; malicious and colluder say what
/// is false, knowing it for nothing; griefer and squatter let the lock lapse, and nobody rescues. A colluder sees a watcher's
/// commitment before it is in a block, commits and reveals before it, and proves its own answer false, so that the hero's share and
/// the price come back to it.
///
/// # Errors
/// [`SimulateError`].
pub fn play(
    world: &mut World,
    parties: &Parties,
    kind: Kind,
    jobs: usize,
    costs: &Costs,
    terms: &Terms,
    rng: &mut ChaCha8Rng,
) -> Result<Payoff, SimulateError> {
    let (native, proof) = (units(costs.native), units(costs.proof));
    let ask = Ask {
        bounty: units(terms.price),
        stake: units(terms.stake),
        value: Amount::ZERO,
        mode: Mode::Attested,
        deadline: None,
    };
    let (before, watcher_before) = (parties.made(world), world.net(parties.watcher));
    let requester_before = world.net(parties.requester);
    world.block();
    let mut opened = Vec::with_capacity(jobs);
    for at in 0..jobs {
        let job = world.open(parties.requester, ask, draw_truth(rng, terms.prior))?;
        world.lock(job, parties.attester(at))?;
        opened.push(job);
    }
    world.block();
    let likelier = if terms.prior >= 0.5 { Outcome::True } else { Outcome::False };
    let (mut looks, mut caught, mut false_answers) = (0u32, Vec::new(), 0u32);
    for (at, &job) in opened.iter().enumerate() {
        let (attester, truth) = (parties.attester(at), world.truth(job));
        let said = match kind {
            Kind::Griefer | Kind::Squatter => continue,
            Kind::Lazy => likelier,
            Kind::Malicious | Kind::Colluder => not(truth),
            Kind::Honest | Kind::Slow | Kind::Sniper | Kind::Sybil | Kind::Watcher => {
                world.spend(attester, native);
                truth
            }
        };
        world.attest(job, attester, said)?;
        false_answers += u32::from(said != truth);
        if rng.gen_bool(terms.detection.clamp(0.0, 1.0)) {
            looks += 1;
            world.spend(parties.watcher, native);
            if said != truth {
                caught.push(job);
            }
        }
    }
    world.block();
    for &job in &caught {
        let truth = world.truth(job);
        if kind == Kind::Colluder {
            world.commit_challenge(job, parties.accomplice, truth)?;
        }
        world.commit_challenge(job, parties.watcher, truth)?;
    }
    world.block();
    for &job in &caught {
        let who = if kind == Kind::Colluder { parties.accomplice } else { parties.watcher };
        let truth = world.truth(job);
        world.challenge(job, who, truth)?;
        world.spend(who, proof);
        let _ = world.settle(job, who)?;
    }
    world.finish()?;
    // A false answer is worth something to who meant it, where it stood to the end.
    let stood = false_answers - caught.len() as u32;
    if matches!(kind, Kind::Malicious | Kind::Colluder) {
        for _ in 0..stood {
            world.gain(parties.attesters[0], units(terms.gain));
        }
    }
    let per = |made: i128, count: f64| if count > 0.0 { zra(made) / count } else { 0.0 };
    Ok(Payoff {
        attester: per(parties.made(world) - before, jobs as f64),
        look: per(world.net(parties.watcher) - watcher_before, f64::from(looks)),
        requester: per(world.net(parties.requester) - requester_before, jobs as f64),
    })
}
