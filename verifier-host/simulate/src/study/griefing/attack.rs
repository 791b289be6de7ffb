//! The attacks, each on a market of its own.

use zera_abi::{Amount, Outcome as Answered};
use zera_market::{MarketError, Mode, Rules, TaskState};

use crate::agent::Costs;
use crate::error::SimulateError;
use crate::world::{Agent, Ask, Job, World, bad, not, signed, units, zra};

/// What both sides lost, in ZRA.
#[derive(Clone, Copy, Debug)]
pub struct Damage {
    pub victims: f64,
    pub attacker: f64,
    pub calls: u64,
}

impl Damage {
    /// Victims' over attacker's; without bound where the attacker lost nothing and somebody did.
    pub fn factor(&self) -> f64 {
        match (self.victims > 0.0, self.attacker > 0.0) {
            (false, _) => 0.0,
            (true, true) => self.victims / self.attacker,
            (true, false) => f64::INFINITY,
        }
    }
}

/// What the attacks are measured with.
#[derive(Clone, Copy, Debug)]
pub struct Arena {
    pub costs: Costs,
    pub preflights: u32,
    /// What a transaction costs its sender; only demands count it.
    pub transaction: f64,
    /// What it costs to deliver private bytes on the chain.
    pub publish: f64,
}

const PURSE_ZRA: f64 = 1e7;
/// Blocks from a lock to an honest answer.
pub(super) const PROVING: u64 = 4;

pub(super) struct Cast {
    pub world: World,
    pub requester: Agent,
    pub attacker: Agent,
    pub honest: Agent,
    pub job: Job,
}

impl Arena {
    /// One open task, its requester and two more.
    fn cast(&self, mode: Mode, bounty: f64, value: f64) -> Result<Cast, SimulateError> {
        let ask = Ask { bounty: units(bounty), stake: Amount::ZERO, value: units(value), mode, deadline: None };
        Arena::cast_for(Rules::standard(), ask, World::open)
    }

    /// The same under other rules, opened as `open` does.
    pub(super) fn cast_for(
        rules: Rules,
        ask: Ask,
        open: impl FnOnce(&mut World, Agent, Ask, Answered) -> Result<Job, MarketError>,
    ) -> Result<Cast, SimulateError> {
        let mut world = World::new(rules)?;
        let mut agent = || world.agent(units(PURSE_ZRA));
        let (requester, attacker, honest) = (agent()?, agent()?, agent()?);
        world.block();
        let job = open(&mut world, requester, ask, Answered::True)?;
        Ok(Cast { world, requester, attacker, honest, job })
    }

    fn proof(&self) -> Amount {
        units(self.costs.proof)
    }

    /// The requester's own fault: it opens, lets others look, and cancels.
    pub fn cancel(&self) -> Result<Damage, SimulateError> {
        let Cast { mut world, requester, job, .. } = self.cast(Mode::Proved, 1.0, 0.0)?;
        let delay = world.market.rules().cancel_delay_blocks;
        world.blocks_to(1 + delay);
        world.cancel(job, requester)?;
        world.finish()?;
        let victims = self.costs.native * f64::from(self.preflights);
        Ok(Damage { victims, attacker: -zra(world.net(requester)), calls: world.calls })
    }

    /// What the requester lost against an answer `PROVING` blocks after the lock at `price`.
    pub(super) fn requester_loss(&self, cast: &Cast, price: Amount, answered: u64) -> f64 {
        let fee = cast.world.market.rules().opening_fee(units(1.0));
        let honest = -signed(price) - signed(fee);
        let blocks = answered.saturating_sub(1 + PROVING) as f64;
        zra(honest - cast.world.net(cast.requester)) + self.costs.delay * blocks
    }

    pub fn stall(&self, rescued: bool) -> Result<Damage, SimulateError> {
        let mut cast = self.cast(Mode::Proved, 1.0, 0.0)?;
        let price = cast.world.price(cast.job);
        cast.world.lock(cast.job, cast.attacker)?;
        let mut answered = Arena::lapse(&mut cast);
        if rescued {
            answered = self.rescue(&mut cast)?;
        } else {
            while !cast.world.state(cast.job).is_terminal() {
                cast.world.block();
                answered = cast.world.now;
            }
        }
        cast.world.finish()?;
        // Where there is no answer, its price has not been paid either.
        let price = if rescued { price } else { Amount::ZERO };
        let victims = self.requester_loss(&cast, price, answered);
        Ok(Damage { victims, attacker: -zra(cast.world.net(cast.attacker)), calls: cast.world.calls })
    }

    pub(super) fn lapse(cast: &mut Cast) -> u64 {
        while matches!(cast.world.state(cast.job), TaskState::Assigned { .. }) {
            cast.world.block();
        }
        cast.world.now
    }

    /// The honest one proves and rescues; the height of the answer.
    fn rescue(&self, cast: &mut Cast) -> Result<u64, SimulateError> {
        let ready = cast.world.now + PROVING - 1;
        cast.world.blocks_to(ready);
        cast.world.spend(cast.honest, self.proof());
        cast.world.commit(cast.job, cast.honest)?;
        cast.world.block();
        let _ = cast.world.reveal(cast.job, cast.honest)?;
        Ok(cast.world.now)
    }

    pub fn self_rescue(&self) -> Result<Damage, SimulateError> {
        let mut cast = self.cast(Mode::Proved, 1.0, 0.0)?;
        let price = cast.world.price(cast.job);
        cast.world.lock(cast.job, cast.attacker)?;
        Arena::lapse(&mut cast);
        cast.world.commit(cast.job, cast.attacker)?;
        cast.world.block();
        let _ = cast.world.reveal(cast.job, cast.attacker)?;
        let answered = cast.world.now;
        cast.world.finish()?;
        // It could have had the price without being late.
        let attacker = zra(signed(price) - cast.world.net(cast.attacker));
        Ok(Damage { victims: self.requester_loss(&cast, price, answered), attacker, calls: cast.world.calls })
    }

    pub fn release(&self) -> Result<Damage, SimulateError> {
        let mut cast = self.cast(Mode::Proved, 1.0, 0.0)?;
        let mut held = false;
        loop {
            if held {
                cast.world.release(cast.job, cast.attacker)?;
            }
            held = cast.world.lock(cast.job, cast.attacker).is_ok();
            if !held && cast.world.state(cast.job).is_terminal() {
                break;
            }
            cast.world.block();
        }
        let ended = cast.world.now;
        cast.world.finish()?;
        let victims = self.requester_loss(&cast, Amount::ZERO, ended);
        Ok(Damage { victims, attacker: -zra(cast.world.net(cast.attacker)), calls: cast.world.calls })
    }

    pub fn garbage(&self) -> Result<Damage, SimulateError> {
        let mut cast = self.cast(Mode::Proved, 1.0, 0.0)?;
        let price = cast.world.price(cast.job);
        cast.world.lock(cast.job, cast.attacker)?;
        while matches!(cast.world.state(cast.job), TaskState::Assigned { .. }) {
            let _ = cast.world.submit(cast.job, cast.attacker, bad(Answered::False))?;
        }
        let answered = self.rescue(&mut cast)?;
        cast.world.finish()?;
        let victims = self.requester_loss(&cast, price, answered);
        Ok(Damage { victims, attacker: -zra(cast.world.net(cast.attacker)), calls: cast.world.calls })
    }

    /// The attacker lapses, then keeps every place for a commitment taken until the rescue is over.
    pub fn fill_rescue(&self) -> Result<Damage, SimulateError> {
        let mut cast = self.cast(Mode::Proved, 1.0, 0.0)?;
        cast.world.lock(cast.job, cast.attacker)?;
        Arena::lapse(&mut cast);
        let accounts = accounts(&mut cast.world)?;
        let mut lost = 0;
        while !cast.world.state(cast.job).is_terminal() {
            fill(&mut cast.world, cast.job, &accounts);
            lost = lost.max(i32::from(cast.world.commit(cast.job, cast.honest).is_ok()));
            cast.world.block();
        }
        let ended = cast.world.now;
        cast.world.finish()?;
        let attacker: i128 = accounts.iter().chain([&cast.attacker]).map(|&agent| cast.world.net(agent)).sum();
        let victims = self.requester_loss(&cast, Amount::ZERO, ended);
        Ok(Damage { victims, attacker: -zra(attacker), calls: cast.world.calls })
    }

    /// A right answer is challenged and proved by who gave it, `PROVING` blocks later.
    pub fn challenge(&self, times: f64) -> Result<Damage, SimulateError> {
        let mut cast = self.cast(Mode::Attested, 1.0, 0.0)?;
        let price = cast.world.price(cast.job);
        self.attest(&mut cast, true)?;
        let expected = cast.world.now + cast.world.market.rules().challenge_blocks + 1;
        let attested_by = cast.honest;
        self.challenge_by(&mut cast, Answered::False)?;
        let settled = cast.world.now + PROVING;
        cast.world.blocks_to(settled);
        cast.world.spend(attested_by, units(self.costs.proof * times));
        let _ = cast.world.settle(cast.job, attested_by)?;
        let ended = Arena::end(&mut cast)?;
        // Attester and requester against price and window without a challenge.
        let attester = zra(signed(price) - cast.world.net(cast.honest));
        let victims = attester.max(0.0) + self.costs.delay * ended.saturating_sub(expected) as f64;
        Ok(Damage { victims, attacker: -zra(cast.world.net(cast.attacker)), calls: cast.world.calls })
    }

    /// An attester without a prover is challenged; where all inputs are public it has the chain run the predicate.
    pub fn challenge_unproved(&self, public: bool) -> Result<Damage, SimulateError> {
        let mut cast = self.cast(Mode::Attested, 1.0, 0.0)?;
        let price = cast.world.price(cast.job);
        self.attest(&mut cast, true)?;
        self.challenge_by(&mut cast, Answered::False)?;
        if public {
            let fee = units(self.costs.native);
            cast.world.spend(cast.honest, fee);
            let _ = cast.world.settle_natively(cast.job, cast.honest, fee)?;
            cast.world.finish()?;
        }
        while matches!(cast.world.state(cast.job), TaskState::Challenged { .. }) {
            cast.world.block();
        }
        let attester = zra(signed(price) - cast.world.net(cast.honest));
        Ok(Damage { victims: attester, attacker: -zra(cast.world.net(cast.attacker)), calls: cast.world.calls })
    }

    /// The same where somebody else has a prover and the inputs: half of the bond pays it.
    pub fn challenge_proved_by_another(&self) -> Result<Damage, SimulateError> {
        let mut cast = self.cast(Mode::Attested, 1.0, 0.0)?;
        let price = cast.world.price(cast.job);
        self.attest(&mut cast, true)?;
        let expected = cast.world.now + cast.world.market.rules().challenge_blocks + 1;
        let other = cast.world.agent(units(PURSE_ZRA))?;
        self.challenge_by(&mut cast, Answered::False)?;
        let settled = cast.world.now + PROVING;
        cast.world.blocks_to(settled);
        cast.world.spend(other, self.proof());
        let _ = cast.world.settle(cast.job, other)?;
        let ended = Arena::end(&mut cast)?;
        let loss = |made: i128| zra(made).max(0.0);
        let victims = loss(signed(price) - cast.world.net(cast.honest))
            + loss(-cast.world.net(other))
            + self.costs.delay * ended.saturating_sub(expected) as f64;
        Ok(Damage { victims, attacker: -zra(cast.world.net(cast.attacker)), calls: cast.world.calls })
    }

    pub fn late_commitment(&self) -> Result<Damage, SimulateError> {
        let mut cast = self.cast(Mode::Attested, 1.0, 0.0)?;
        self.attest(&mut cast, true)?;
        let window = cast.world.market.rules().challenge_blocks;
        let until = cast.world.now + window;
        cast.world.blocks_to(until);
        cast.world.commit_challenge(cast.job, cast.attacker, Answered::False)?;
        let ended = Arena::end(&mut cast)?;
        let victims = self.costs.delay * ended.saturating_sub(until + 1) as f64;
        Ok(Damage { victims, attacker: -zra(cast.world.net(cast.attacker)), calls: cast.world.calls })
    }

    /// The attacker attests falsely; an accomplice challenges and neither proves, as often as the task opens again.
    pub fn reopen(&self) -> Result<Damage, SimulateError> {
        let mut cast = self.cast(Mode::Attested, 1.0, 0.0)?;
        let mut attesters = Vec::new();
        while !cast.world.state(cast.job).is_terminal() {
            // Who was silent is jailed: another account of the attacker's goes on.
            let attester = cast.world.agent(units(PURSE_ZRA))?;
            attesters.push(attester);
            cast.attacker = attester;
            self.attest(&mut cast, false)?;
            cast.attacker = cast.honest;
            self.challenge_by(&mut cast, Answered::True)?;
            while matches!(cast.world.state(cast.job), TaskState::Challenged { .. }) {
                cast.world.block();
            }
        }
        let ended = cast.world.now;
        cast.world.finish()?;
        let victims = self.requester_loss(&cast, Amount::ZERO, ended);
        let lost = attesters.iter().map(|&agent| cast.world.net(agent)).sum::<i128>() + cast.world.net(cast.honest);
        Ok(Damage { victims, attacker: -zra(lost), calls: cast.world.calls })
    }

    /// The requester asks for what traps.
    pub fn trap(&self, proven: bool) -> Result<Damage, SimulateError> {
        let Cast { mut world, requester, honest, job, .. } = self.cast(Mode::Proved, 1.0, 0.0)?;
        let mut victims = self.costs.native * f64::from(self.preflights);
        if proven {
            world.lock(job, honest)?;
            world.blocks_to(1 + PROVING);
            world.spend(honest, self.proof());
            let answer = world.forge(job, honest, Answered::Trap);
            let _ = world.submit(job, honest, answer)?;
            victims = self.costs.native - zra(world.net(honest));
        }
        world.finish()?;
        Ok(Damage { victims, attacker: -zra(world.net(requester)), calls: world.calls })
    }

    /// A false answer of the value at the gate, and every place for a challenge taken until it is final.
    pub fn fill_challenge(&self, bounty: f64) -> Result<Damage, SimulateError> {
        let rules = Rules::standard();
        let stake = rules.attested_stake(units(bounty)).unwrap_or(Amount::MAX);
        let value = rules.value_gate(stake);
        let mut cast = self.cast(Mode::Attested, bounty, zra(signed(value)))?;
        let accounts = accounts(&mut cast.world)?;
        self.attest(&mut cast, false)?;
        let mut found = false;
        while !cast.world.state(cast.job).is_terminal() {
            fill(&mut cast.world, cast.job, &accounts);
            found |= cast.world.commit_challenge(cast.job, cast.honest, Answered::True).is_ok();
            cast.world.block();
        }
        cast.world.finish()?;
        let deposits: i128 = accounts.iter().map(|&agent| cast.world.net(agent)).sum();
        let victims = if found { 0.0 } else { zra(signed(value)) };
        Ok(Damage { victims, attacker: -zra(deposits), calls: cast.world.calls })
    }

    /// Locks and attests in the next block: the honest one the truth, the attacker what is false.
    fn attest(&self, cast: &mut Cast, honest: bool) -> Result<(), SimulateError> {
        let who = if honest { cast.honest } else { cast.attacker };
        let truth = cast.world.truth(cast.job);
        cast.world.lock(cast.job, who)?;
        cast.world.block();
        cast.world.attest(cast.job, who, if honest { truth } else { not(truth) })?;
        Ok(())
    }

    /// The attacker commits in the next block and reveals in the one after it.
    fn challenge_by(&self, cast: &mut Cast, claimed: Answered) -> Result<(), SimulateError> {
        cast.world.block();
        cast.world.commit_challenge(cast.job, cast.attacker, claimed)?;
        cast.world.block();
        cast.world.challenge(cast.job, cast.attacker, claimed)?;
        Ok(())
    }

    fn end(cast: &mut Cast) -> Result<u64, SimulateError> {
        while !cast.world.state(cast.job).is_terminal() {
            cast.world.block();
        }
        cast.world.finish()?;
        Ok(cast.world.now)
    }
}

/// As many accounts as a task takes commitments.
fn accounts(world: &mut World) -> Result<Vec<Agent>, SimulateError> {
    let count = world.market.rules().commits_max;
    (0..count).map(|_| world.agent(units(1_000.0))).collect()
}

/// Takes every place that is free.
fn fill(world: &mut World, job: Job, accounts: &[Agent]) {
    for &account in accounts {
        // What is taken already refuses; a commitment to anything does, as it is never revealed.
        let _refused = world.commit_challenge(job, account, Answered::True);
    }
}
