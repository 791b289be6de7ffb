//! A market with agents in it, toy proofs, and what the market does not see: costs, gains and the truth.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use zera_abi::amount::UNITS_PER_ZRA;
use zera_abi::{AccountId, Amount, Height, KeyId, Level, Outcome, PredicateId, TaskId};
use zera_market::{
    Answer, Market, MarketError, Mode, NativeRun, Note, Opening, Rules, Ruling, Standing, TaskState, challenge_digest,
    commit_digest,
};

use crate::error::SimulateError;
use crate::judge::{Judge, garbage, prove};

/// An agent's place in the world.
pub type Agent = usize;
/// A task's place in the order of opening.
pub type Job = usize;

/// The key that every task is opened with.
pub const KEY: KeyId = KeyId([0x11; 32]);
/// Salt of every commitment: nobody here looks for it.
const SALT: [u8; 32] = [0x5a; 32];
/// Far enough for every reopening.
const DEADLINE_BLOCKS: u64 = 1_000;

/// ZRA in units, to the nearest; nothing below zero.
pub fn units(zra: f64) -> Amount {
    Amount::from_units((zra.max(0.0) * UNITS_PER_ZRA as f64).round() as u128)
}

/// Units in ZRA.
pub fn zra(units: i128) -> f64 {
    units as f64 / UNITS_PER_ZRA as f64
}

/// Units as a signed number, for differences.
pub fn signed(amount: Amount) -> i128 {
    i128::try_from(amount.units()).unwrap_or(i128::MAX)
}

/// What a requester asks for.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// Greatest price.
    pub bounty: Amount,
    /// Least stake.
    pub stake: Amount,
    /// Declared value at risk.
    pub value: Amount,
    /// Proved or attested.
    pub mode: Mode,
    /// Blocks until its deadline; enough for every reopening where `None`.
    pub deadline: Option<u64>,
}

/// Accounts of agents, tasks with their truth, and the market.
#[derive(Debug)]
pub struct World {
    /// The market itself.
    pub market: Market,
    /// The current height.
    pub now: u64,
    /// Calls that changed the market.
    pub calls: u64,
    agents: Vec<AccountId>,
    /// What an agent started with less what it gained beside the market, in units.
    basis: Vec<i128>,
    jobs: Vec<(TaskId, Outcome)>,
}

/// 32 bytes that no two numbers share, spread like a digest: splitmix64 in three words, the number in the third.
pub fn id(domain: u64, number: u64) -> [u8; 32] {
    let mut state = domain ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut bytes = [0; 32];
    for word in bytes.chunks_exact_mut(8) {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word.copy_from_slice(&(mixed ^ (mixed >> 31)).to_be_bytes());
    }
    bytes[16..24].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// The number inside an [`id`].
pub fn number(id: &[u8; 32]) -> usize {
    id[16..24].iter().fold(0usize, |number, byte| number << 8 | usize::from(*byte))
}

impl World {
    /// An empty world under `rules`.
    ///
    /// # Errors
    /// [`SimulateError::Rules`].
    pub fn new(rules: Rules) -> Result<World, SimulateError> {
        let market = Market::new(rules)?;
        Ok(World { market, now: 0, calls: 0, agents: Vec::new(), basis: Vec::new(), jobs: Vec::new() })
    }

    /// One agent more, with money.
    ///
    /// # Errors
    /// [`SimulateError::Refused`] where no more can be minted.
    pub fn agent(&mut self, money: Amount) -> Result<Agent, SimulateError> {
        let (agent, account) = (self.agents.len(), AccountId(id(0xacc0, self.agents.len() as u64)));
        self.market.mint(account, money)?;
        self.agents.push(account);
        self.basis.push(signed(money));
        Ok(agent)
    }

    /// Its account.
    pub fn account(&self, agent: Agent) -> AccountId {
        self.agents[agent]
    }

    /// Money spent beside the market: runs and proofs.
    pub fn spend(&mut self, agent: Agent, amount: Amount) {
        self.basis[agent] = self.basis[agent].saturating_add(signed(amount));
    }

    /// Money gained beside the market: what a false answer is worth.
    pub fn gain(&mut self, agent: Agent, amount: Amount) {
        self.basis[agent] = self.basis[agent].saturating_sub(signed(amount));
    }

    /// What the agent has made so far, money in its stakes and deposits counted, in units.
    pub fn net(&self, agent: Agent) -> i128 {
        let id = &self.agents[agent];
        let balance = self.market.account(id);
        let deposit = self.market.standing(id).map_or(Amount::ZERO, Standing::slashable);
        let parts = [balance.free, balance.locked, deposit];
        parts.into_iter().map(signed).sum::<i128>().saturating_sub(self.basis[agent])
    }

    /// The next block.
    pub fn block(&mut self) {
        self.now += 1;
        self.market.tick(Height(self.now));
    }

    /// Blocks up to `height`.
    pub fn blocks_to(&mut self, height: u64) {
        while self.now < height {
            self.block();
        }
    }

    /// Blocks until every task has ended; then money is counted.
    ///
    /// # Errors
    /// [`SimulateError::Endless`], [`SimulateError::Unbalanced`].
    pub fn finish(&mut self) -> Result<(), SimulateError> {
        let last = self.now + self.market.rules().life_blocks_max().min(2 * DEADLINE_BLOCKS + 4_000);
        while self.now < last && self.market.tasks().rev().any(|task| !task.state().is_terminal()) {
            self.block();
        }
        let tasks = self.market.tasks().filter(|task| !task.state().is_terminal()).count();
        if tasks > 0 {
            return Err(SimulateError::Endless { tasks, height: self.now });
        }
        self.market.drain_notes();
        Ok(self.market.conserved()?)
    }

    /// Opens a task whose answer is `truth`, which the market does not know.
    ///
    /// # Errors
    /// The market's, as for every event.
    pub fn open(&mut self, requester: Agent, ask: Ask, truth: Outcome) -> Result<Job, MarketError> {
        self.open_as(requester, ask, truth, false)
    }

    /// The same of a task whose private bytes the requester owes to the holder.
    ///
    /// # Errors
    /// The market's.
    pub fn open_delivering(&mut self, requester: Agent, ask: Ask, truth: Outcome) -> Result<Job, MarketError> {
        self.open_as(requester, ask, truth, true)
    }

    fn open_as(&mut self, requester: Agent, ask: Ask, truth: Outcome, delivers: bool) -> Result<Job, MarketError> {
        let job = self.jobs.len();
        let task = TaskId(id(0x7a5c, job as u64));
        let opening = opening(task, self.agents[requester], ask, self.now, self.market.rules());
        self.market.open(Height(self.now), Opening { delivers, ..opening })?;
        self.jobs.push((task, truth));
        self.calls += 1;
        Ok(job)
    }

    /// The task's id.
    pub fn task(&self, job: Job) -> TaskId {
        self.jobs[job].0
    }

    /// What a run of the predicate gives.
    pub fn truth(&self, job: Job) -> Outcome {
        self.jobs[job].1
    }

    /// How far the task has come.
    ///
    /// # Panics
    /// For a job of another world.
    pub fn state(&self, job: Job) -> &TaskState {
        self.market.task(&self.jobs[job].0).expect("a job is a task of this market").state()
    }

    /// The price now, of a lock or a rescue; nothing in other states.
    pub fn price(&self, job: Job) -> Amount {
        let task = self.market.task(&self.jobs[job].0);
        task.and_then(|task| task.price_at(Height(self.now))).unwrap_or(Amount::ZERO)
    }

    /// T3.
    ///
    /// # Errors
    /// The market's.
    pub fn lock(&mut self, job: Job, agent: Agent) -> Result<(), MarketError> {
        self.market.lock(Height(self.now), &self.jobs[job].0, self.agents[agent])?;
        self.calls += 1;
        Ok(())
    }

    /// T22.
    ///
    /// # Errors
    /// The market's.
    pub fn release(&mut self, job: Job, agent: Agent) -> Result<(), MarketError> {
        self.market.release(Height(self.now), &self.jobs[job].0, self.agents[agent])?;
        self.calls += 1;
        Ok(())
    }

    /// T2.
    ///
    /// # Errors
    /// The market's.
    pub fn cancel(&mut self, job: Job, agent: Agent) -> Result<(), MarketError> {
        self.market.cancel(Height(self.now), &self.jobs[job].0, self.agents[agent])?;
        self.calls += 1;
        Ok(())
    }

    /// T4, T5 or T15.
    ///
    /// # Errors
    /// The market's.
    pub fn submit(&mut self, job: Job, agent: Agent, answer: Answer) -> Result<Ruling, MarketError> {
        let (task, _) = self.jobs[job];
        let ruling = self.market.submit(Height(self.now), &task, self.agents[agent], answer, &mut Judge)?;
        self.calls += 1;
        Ok(ruling)
    }

    /// T6.
    ///
    /// # Errors
    /// The market's.
    pub fn attest(&mut self, job: Job, agent: Agent, outcome: Outcome) -> Result<(), MarketError> {
        self.market.attest(Height(self.now), &self.jobs[job].0, self.agents[agent], outcome, Vec::new())?;
        self.calls += 1;
        Ok(())
    }

    /// T12: to a proof of the truth.
    ///
    /// # Errors
    /// The market's.
    pub fn commit(&mut self, job: Job, agent: Agent) -> Result<(), MarketError> {
        let digest = self.proof(job, agent).digest();
        self.commit_to(job, agent, &digest)
    }

    /// T13 of what [`commit`](World::commit) committed to.
    ///
    /// # Errors
    /// The market's.
    pub fn reveal(&mut self, job: Job, agent: Agent) -> Result<Ruling, MarketError> {
        let answer = self.proof(job, agent);
        let (task, who) = (self.jobs[job].0, self.agents[agent]);
        let ruling = self.market.reveal(Height(self.now), &task, who, SALT, answer, &mut Judge)?;
        self.calls += 1;
        Ok(ruling)
    }

    /// T8, its first step; also a commitment that is never revealed.
    ///
    /// # Errors
    /// The market's.
    pub fn commit_challenge(&mut self, job: Job, agent: Agent, claimed: Outcome) -> Result<(), MarketError> {
        self.commit_to(job, agent, &challenge_digest(claimed))
    }

    fn commit_to(&mut self, job: Job, agent: Agent, what: &[u8; 32]) -> Result<(), MarketError> {
        let (task, who) = (self.jobs[job].0, self.agents[agent]);
        self.market.commit(Height(self.now), &task, who, commit_digest(&SALT, &who, &task, what))?;
        self.calls += 1;
        Ok(())
    }

    /// T8.
    ///
    /// # Errors
    /// The market's.
    pub fn challenge(&mut self, job: Job, agent: Agent, claimed: Outcome) -> Result<(), MarketError> {
        let (task, who) = (self.jobs[job].0, self.agents[agent]);
        self.market.challenge(Height(self.now), &task, who, SALT, claimed)?;
        self.calls += 1;
        Ok(())
    }

    /// T9a or T9b, by a proof of the truth.
    ///
    /// # Errors
    /// The market's.
    pub fn settle(&mut self, job: Job, agent: Agent) -> Result<Ruling, MarketError> {
        let answer = self.proof(job, agent);
        let (task, who) = (self.jobs[job].0, self.agents[agent]);
        let ruling = self.market.settle(Height(self.now), &task, who, answer, &mut Judge)?;
        self.calls += 1;
        Ok(ruling)
    }

    /// T9d, by a run that gives the truth.
    ///
    /// # Errors
    /// The market's.
    pub fn settle_natively(&mut self, job: Job, agent: Agent, fee: Amount) -> Result<Ruling, MarketError> {
        let ((task, outcome), who) = (self.jobs[job], self.agents[agent]);
        let run = NativeRun { outcome, fee };
        let ruling = self.market.settle_natively(Height(self.now), &task, who, run)?;
        self.calls += 1;
        Ok(ruling)
    }

    /// T16a. To what key is nothing to the market.
    ///
    /// # Errors
    /// The market's.
    pub fn give_key(&mut self, job: Job, agent: Agent) -> Result<(), MarketError> {
        self.market.give_key(Height(self.now), &self.jobs[job].0, self.agents[agent], id(0x5ea1, job as u64))?;
        self.calls += 1;
        Ok(())
    }

    /// T16b.
    ///
    /// # Errors
    /// The market's.
    pub fn demand(&mut self, job: Job, agent: Agent) -> Result<(), MarketError> {
        self.market.demand(Height(self.now), &self.jobs[job].0, self.agents[agent])?;
        self.calls += 1;
        Ok(())
    }

    /// T16c. Whether what is delivered is right the market does not see.
    ///
    /// # Errors
    /// The market's.
    pub fn deliver(&mut self, job: Job, agent: Agent) -> Result<(), MarketError> {
        self.market.deliver(Height(self.now), &self.jobs[job].0, self.agents[agent])?;
        self.calls += 1;
        Ok(())
    }

    /// T16e: the host opens what was delivered and finds it `wrong` or not; a complaint that does not hold never
    /// reaches the market.
    ///
    /// # Errors
    /// The market's.
    pub fn complain(&mut self, job: Job, agent: Agent, wrong: bool) -> Result<(), MarketError> {
        let (task, who) = (self.jobs[job].0, self.agents[agent]);
        self.market.check_complaint(Height(self.now), &task, who)?;
        if wrong {
            self.market.complain(Height(self.now), &task, who)?;
            self.calls += 1;
        }
        Ok(())
    }

    /// A proof of the truth by `agent`: all that anybody can prove under a sound key.
    pub fn proof(&self, job: Job, agent: Agent) -> Answer {
        self.forge(job, agent, self.jobs[job].1)
    }

    /// A proof of any outcome: for whoever holds a key's trapdoor.
    pub fn forge(&self, job: Job, agent: Agent, outcome: Outcome) -> Answer {
        let mut answer = bad(outcome);
        if let Ok(claim) = self.market.claim(&self.jobs[job].0, self.agents[agent], &answer) {
            answer.proof = prove(&claim);
        }
        answer
    }

    /// The notes since the last call.
    pub fn notes(&mut self) -> Vec<Note> {
        self.market.drain_notes()
    }

    /// Tasks whose final answer is false.
    pub fn false_finals(&self) -> usize {
        let answers = self.market.tasks().zip(&self.jobs);
        answers
            .filter(|(task, (_, truth))| matches!(task.state(), TaskState::Final { outcome, .. } if outcome != truth))
            .count()
    }
}

/// An answer with bytes that prove nothing.
pub fn bad(outcome: Outcome) -> Answer {
    Answer { outcome, declared: Vec::new(), proof: garbage() }
}

/// The other of true and false.
pub fn not(outcome: Outcome) -> Outcome {
    if outcome == Outcome::True { Outcome::False } else { Outcome::True }
}

/// True with probability `prior`.
pub fn draw_truth(rng: &mut ChaCha8Rng, prior: f64) -> Outcome {
    if rng.gen_bool(prior.clamp(0.0, 1.0)) { Outcome::True } else { Outcome::False }
}

/// The opening of a task at `now`.
pub fn opening(task: TaskId, requester: AccountId, ask: Ask, now: u64, rules: &Rules) -> Opening {
    Opening {
        task,
        requester,
        predicate: PredicateId([0x22; 32]),
        key: KEY,
        input_root: [3; 32],
        declared: 0,
        expected: Vec::new(),
        bounty_max: ask.bounty,
        min_stake: ask.stake,
        value_at_risk: ask.value,
        deadline: Height(now + ask.deadline.unwrap_or(DEADLINE_BLOCKS)),
        level: Level::Accepted,
        fee: rules.opening_fee(ask.bounty),
        witness_only: false,
        mode: ask.mode,
        delivers: false,
    }
}
