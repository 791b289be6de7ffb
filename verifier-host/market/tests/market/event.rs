//! What may happen, done to the market and to the model, and the two compared.

use zera_abi::{AccountId, Amount, Height, KeyId, Level, Outcome, Status, TaskId};
use zera_market::{Answer, Market, MarketError, NativeRun, Opening, Rules, Ruling, challenge_digest, commit_digest};

use super::ballot::schedule;
use super::fixture::{Judge, prove, units};
use super::model::{Model, Quality, Reply, Values, declared, same};

/// A thousandth of a ZRA.
pub const UNIT: u128 = 1_000_000;

#[derive(Clone, Debug)]
pub enum Event {
    Tick,
    Transfer(AccountId, AccountId, u128),
    Charge(AccountId, u128),
    Open(Box<Opening>),
    Cancel(TaskId, AccountId),
    Lock(TaskId, AccountId),
    Release(TaskId, AccountId),
    Submit(TaskId, AccountId, Reply),
    Commit(TaskId, AccountId, Reply, u8),
    Reveal(TaskId, AccountId, Reply, u8),
    Attest(TaskId, AccountId, Reply),
    CommitChallenge(TaskId, AccountId, Outcome, u8),
    Challenge(TaskId, AccountId, Outcome, u8),
    Settle(TaskId, AccountId, Reply),
    SettleNatively(TaskId, AccountId, Outcome, u128),
    Bond(KeyId, AccountId, u128),
    Withdraw(KeyId, AccountId),
    ReleaseKey(KeyId, AccountId),
    Stake(AccountId, u128),
    Unstake(AccountId, u128),
    GiveKey(TaskId, AccountId),
    Demand(TaskId, AccountId),
    Deliver(TaskId, AccountId),
    Complain(TaskId, AccountId),
    Propose(AccountId, &'static str, u128),
    Support(u64, AccountId, u128),
    Adopt(Box<Rules>),
}

impl Event {
    /// The task that it is about.
    pub fn task(&self) -> Option<&TaskId> {
        match self {
            Event::Cancel(id, ..)
            | Event::Lock(id, ..)
            | Event::Release(id, ..)
            | Event::Submit(id, ..)
            | Event::Commit(id, ..)
            | Event::Reveal(id, ..)
            | Event::Attest(id, ..)
            | Event::CommitChallenge(id, ..)
            | Event::Challenge(id, ..)
            | Event::Settle(id, ..)
            | Event::SettleNatively(id, ..)
            | Event::GiveKey(id, ..)
            | Event::Demand(id, ..)
            | Event::Deliver(id, ..)
            | Event::Complain(id, ..) => Some(id),
            Event::Open(opening) => Some(&opening.task),
            _ => None,
        }
    }

    /// In words, with numbers for names.
    pub fn told(&self) -> String {
        let mut told = match self {
            Event::Open(opening) => {
                let Opening { task, requester, key, bounty_max, min_stake, value_at_risk, deadline, .. } = &**opening;
                let Opening { declared, expected, .. } = &**opening;
                let Opening { level, fee, witness_only, mode, delivers, .. } = &**opening;
                format!(
                    "Open({task:?}, {requester:?}, {key:?}, bounty {bounty_max}, stake {min_stake}, \
                     value {value_at_risk}, until {deadline}, {level:?}, fee {fee}, {mode:?}, \
                     witness only {witness_only}, delivers {delivers}, \
                     declares {declared}, fixes {})",
                    expected.len()
                )
            }
            Event::Adopt(_) => "Adopt".to_owned(),
            event => format!("{event:?}"),
        };
        for n in 0..100 {
            told = told.replace(&format!("{:?}", task(n)), &format!("task {n}"));
            told = told.replace(&format!("{:?}", account(n as u8)), &format!("account {n}"));
            told = told.replace(&format!("{:?}", key(n)), &format!("key {n}"));
        }
        told
    }
}

pub fn account(n: u8) -> AccountId {
    AccountId([n; 32])
}

pub fn key(n: u32) -> KeyId {
    let mut id = [0x77; 32];
    id[..4].copy_from_slice(&n.wrapping_mul(0x9e37_79b1).to_be_bytes());
    KeyId(id)
}

/// `n` in the order of opening; ids do not sort that way.
pub fn task(n: u32) -> TaskId {
    let mut id = [0; 32];
    id[..4].copy_from_slice(&n.wrapping_mul(0x9e37_79b1).to_be_bytes());
    TaskId(id)
}

fn values(market: &Market, id: &TaskId, values: Values) -> Vec<[u8; 32]> {
    market.task(id).map_or(vec![], |task| declared(task.declared(), task.expected(), values))
}

fn answer(market: &Market, id: &TaskId, who: AccountId, reply: Reply) -> Answer {
    let declared = values(market, id, reply.values);
    let mut answer = Answer { outcome: reply.outcome, declared, proof: Box::new([0; 256]) };
    match reply.quality {
        Quality::Good => {
            if let Ok(claim) = market.claim(id, who, &answer) {
                answer.proof = prove(&claim);
            }
        }
        Quality::Bad => answer.proof[0] = !id.0[0],
        Quality::Malformed => answer.proof[255] = 0xff,
    }
    answer
}

/// An event on the market, with a judge who remembers; a ruling reads as its status.
pub fn on_market(market: &mut Market, now: u64, event: &Event, judge: &mut Judge) -> Result<Status, Status> {
    let height = Height(now);
    let done = |result: Result<(), MarketError>| result.map(|()| Status::Ok).map_err(|error| error.status());
    let ruled = |result: Result<Ruling, MarketError>| result.map(Ruling::status).map_err(|error| error.status());
    match event {
        Event::Tick => {
            market.tick(height);
            Ok(Status::Ok)
        }
        Event::Transfer(from, to, amount) => done(market.transfer(*from, *to, units(*amount))),
        Event::Charge(from, amount) => done(market.charge(*from, units(*amount))),
        Event::Open(opening) => done(market.open(height, (**opening).clone())),
        Event::Cancel(id, by) => done(market.cancel(height, id, *by)),
        Event::Lock(id, who) => done(market.lock(height, id, *who)),
        Event::Release(id, who) => done(market.release(height, id, *who)),
        Event::Submit(id, who, reply) => {
            let answer = answer(market, id, *who, *reply);
            ruled(market.submit(height, id, *who, answer, judge))
        }
        Event::Commit(id, who, reply, salt) => {
            let answer = answer(market, id, *who, *reply);
            let digest = commit_digest(&[*salt; 32], who, id, &answer.digest());
            done(market.commit(height, id, *who, digest))
        }
        Event::Reveal(id, who, reply, salt) => {
            let answer = answer(market, id, *who, *reply);
            ruled(market.reveal(height, id, *who, [*salt; 32], answer, judge))
        }
        Event::Attest(id, who, Reply { outcome, values: said, .. }) => {
            let declared = values(market, id, *said);
            done(market.attest(height, id, *who, *outcome, declared))
        }
        Event::CommitChallenge(id, who, claimed, salt) => {
            let digest = commit_digest(&[*salt; 32], who, id, &challenge_digest(*claimed));
            done(market.commit(height, id, *who, digest))
        }
        Event::Challenge(id, who, claimed, salt) => done(market.challenge(height, id, *who, [*salt; 32], *claimed)),
        Event::Settle(id, who, reply) => {
            let answer = answer(market, id, *who, *reply);
            ruled(market.settle(height, id, *who, answer, judge))
        }
        Event::SettleNatively(id, who, outcome, fee) => {
            ruled(market.settle_natively(height, id, *who, NativeRun { outcome: *outcome, fee: units(*fee) }))
        }
        Event::Bond(key, owner, deposit) => done(market.bond_key(*key, *owner, units(*deposit))),
        Event::Withdraw(key, reporter) => done(market.withdraw_key(*key, *reporter).map(drop)),
        Event::ReleaseKey(key, owner) => done(market.release_key(*key, *owner).map(drop)),
        Event::Stake(who, amount) => done(market.stake(height, *who, units(*amount))),
        Event::Unstake(who, amount) => done(market.unstake(height, *who, units(*amount))),
        Event::GiveKey(id, who) => done(market.give_key(height, id, *who, [9; 32])),
        Event::Demand(id, who) => done(market.demand(height, id, *who)),
        Event::Deliver(id, by) => done(market.deliver(height, id, *by)),
        Event::Complain(id, who) => done(market.complain(height, id, *who)),
        Event::Propose(who, rule, value) => done(market.propose(height, *who, rule, *value).map(drop)),
        Event::Support(proposal, who, amount) => done(market.support(height, *proposal, *who, units(*amount))),
        Event::Adopt(rules) => {
            market.adopt((**rules).clone()).expect("rules that pass");
            Ok(Status::Ok)
        }
    }
}

/// What stands for a digest in the model: everything that the real one binds.
fn digest(reply: Reply, declared: &[[u8; 32]], salt: u8) -> [u8; 32] {
    let mut digest = [0; 32];
    digest[..4].copy_from_slice(&[reply.outcome.code(), reply.quality as u8, salt, declared.len() as u8]);
    // Values have 32 times the same byte.
    digest.iter_mut().skip(4).zip(declared).for_each(|(byte, value)| *byte = value[0]);
    digest
}

/// The same of a challenge.
fn challenge(claimed: Outcome, salt: u8) -> [u8; 32] {
    let mut digest = [0xff; 32];
    digest[..2].copy_from_slice(&[claimed.code(), salt]);
    digest
}

/// The same on the model.
pub fn on_model(model: &mut Model, now: u64, event: &Event) -> Result<Status, Status> {
    let now = i128::from(now);
    match event {
        Event::Tick => {
            model.tick(now);
            Ok(Status::Ok)
        }
        Event::Transfer(from, to, amount) => model.transfer(*from, *to, *amount as i128),
        Event::Charge(from, amount) => model.charge(*from, *amount as i128),
        Event::Open(opening) => model.open(now, opening),
        Event::Cancel(id, by) => model.cancel(now, id, *by),
        Event::Lock(id, who) => model.lock(now, id, *who),
        Event::Release(id, who) => model.release(now, id, *who),
        Event::Submit(id, who, reply) => model.submit(now, id, *who, *reply),
        Event::Commit(id, who, reply, salt) => {
            let digest = digest(*reply, &model.values(id, reply.values), *salt);
            model.commit(now, id, *who, digest)
        }
        Event::Reveal(id, who, reply, salt) => {
            let digest = digest(*reply, &model.values(id, reply.values), *salt);
            model.reveal(now, id, *who, digest, *reply)
        }
        Event::Attest(id, who, reply) => model.attest(now, id, *who, *reply),
        Event::CommitChallenge(id, who, claimed, salt) => model.commit(now, id, *who, challenge(*claimed, *salt)),
        Event::Challenge(id, who, claimed, salt) => {
            model.challenge(now, id, *who, challenge(*claimed, *salt), *claimed)
        }
        Event::Settle(id, who, reply) => model.settle(now, id, *who, *reply, None),
        Event::SettleNatively(id, who, outcome, fee) => {
            let reply = Reply { outcome: *outcome, quality: Quality::Good, values: Values::Usual };
            model.settle(now, id, *who, reply, Some(*fee as i128))
        }
        Event::Bond(key, owner, deposit) => model.bond(*key, *owner, *deposit as i128),
        Event::Withdraw(key, reporter) => model.withdraw(*key, *reporter),
        Event::ReleaseKey(key, owner) => model.release_bond(*key, *owner),
        Event::Stake(who, amount) => model.stake(now, *who, *amount as i128),
        Event::Unstake(who, amount) => model.unstake(now, *who, *amount as i128),
        Event::GiveKey(id, who) => model.give_key(now, id, *who),
        Event::Demand(id, who) => model.demand(now, id, *who),
        Event::Deliver(id, by) => model.deliver(now, id, *by),
        Event::Complain(id, who) => model.complain(now, id, *who),
        Event::Propose(who, rule, value) => model.propose(now, *who, rule, *value),
        Event::Support(proposal, who, amount) => model.support(*proposal, *who, *amount as i128),
        Event::Adopt(rules) => {
            model.adopt(rules);
            Ok(Status::Ok)
        }
    }
}

/// Everything that the market shows against the model, and the market's own sums added up again.
pub fn compare(market: &Market, model: &Model, now: u64, accounts: u8) -> Result<(), String> {
    let number = |amount: Amount| amount.units() as i128;
    let mut free = 0;
    for n in 1..=accounts {
        let who = account(n);
        let balance = market.account(&who);
        let got = (number(balance.free), number(balance.locked));
        same(&format!("free and locked of {n}"), got, (model.free[&who], model.locked(&who)))?;
        model.same_standing(&who, market.standing(&who)).map_err(|error| format!("{n}: {error}"))?;
        free += got.0;
    }
    let totals = market.totals();
    let got = [
        totals.free,
        totals.escrowed,
        totals.staked,
        totals.key_deposits,
        totals.insurance,
        totals.treasury,
        totals.burned,
        totals.minted,
    ];
    let expected = [
        free,
        model.escrowed(),
        model.staked(),
        model.key_deposits(),
        model.insurance,
        model.treasury,
        model.burned,
        model.minted,
    ];
    same(
        "free, escrowed, staked, key deposits, insurance, treasury, burned, minted",
        got.map(number).as_slice(),
        expected.as_slice(),
    )?;
    model.votes.same(market, now)?;
    model.check()?;
    market.conserved().map_err(|error| error.to_string())?;
    same("tasks", market.tasks().len(), model.tasks.len())?;
    for (n, (task, expected)) in market.tasks().zip(&model.tasks).enumerate() {
        let at = |error| format!("task {}: {error}", n + 1);
        model.same_task(expected, task).map_err(at)?;
        let level = if model.frozen(expected) { Level::Pending } else { task.level() };
        same("its level", market.level(task), level).map_err(at)?;
        let stands = task.answer().is_some() && level >= task.minimum_level();
        same("its answer stands", market.answer_stands(task.id()), stands).map_err(at)?;
        same("its key is withdrawn", market.key_is_withdrawn(task.key()), model.withdrawn(task.key())).map_err(at)?;
    }
    Ok(())
}

/// Both with as many accounts of 20 ZRA each.
pub fn start(rules: &Rules, accounts: u8) -> (Market, Model) {
    let (mut market, mut model) = (Market::with_schedule(rules.clone(), schedule()).expect("rules"), Model::new(rules));
    for n in 1..=accounts {
        let amount = 20_000 * UNIT;
        market.mint(account(n), units(amount)).expect("minted");
        model.mint(account(n), amount as i128);
    }
    (market, model)
}
