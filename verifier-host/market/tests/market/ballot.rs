//! Votes over the rules again, plainly: conviction as a float that every block moves, measured by the reference's formula.

use std::collections::BTreeMap;

use zera_abi::{AccountId, Bps, Height, Status};
use zera_market::{Market, ProposalState, Rules, Schedule};

use super::event::UNIT;
use super::fixture::units;
use super::model::same;

/// The rules that sequences vote on, and whether more of one is safer; `None` where it is no matter of safety.
pub const VOTED: [(&str, Option<&str>); 9] = [
    ("open_fee", None),
    ("lock_blocks", None),
    ("commits_max", None),
    ("locks_max", None),
    ("stake_floor", Some("up")),
    ("final_blocks", Some("up")),
    ("challenge_bond_share", Some("neither")),
    ("hero_share", Some("neither")),
    // Gives way to the one before, and is not voted on.
    ("burn_share", Some("neither")),
];

/// A schedule under which a sequence sees the end of a proposal.
pub fn schedule() -> Schedule {
    Schedule {
        half_life_blocks: 10,
        safety_half_life_blocks: 13,
        raise_half_life_blocks: 8,
        expiry_blocks: 40,
        share_min: Bps::new(250).expect("a share"),
        supply_share: Bps::new(2_000).expect("a share"),
        step_bps: 15_000,
        deposit: units(1_000 * UNIT),
        ballot_floor: units(10 * UNIT),
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum St {
    Voting,
    Passed { executes: i128 },
    Ended(&'static str),
}

#[derive(Clone, Debug)]
struct Proposal {
    by: AccountId,
    rule: &'static str,
    old: u128,
    new: u128,
    expires: i128,
    deposit: i128,
    votes: BTreeMap<AccountId, i128>,
    conviction: f64,
    /// The greatest effective supply since it was opened.
    measure: i128,
    st: St,
}

impl Proposal {
    fn is_open(&self) -> bool {
        !matches!(self.st, St::Ended(_))
    }

    fn support(&self) -> i128 {
        self.votes.values().sum()
    }

    fn half_life(&self) -> f64 {
        let schedule = schedule();
        let (_, safer) = VOTED.iter().find(|(name, _)| *name == self.rule).expect("voted on");
        let blocks = match safer {
            None => schedule.half_life_blocks,
            Some("up") if self.new > self.old => schedule.raise_half_life_blocks,
            Some(_) => schedule.safety_half_life_blocks,
        };
        blocks as f64
    }
}

/// Every proposal, and the rules that they change.
#[derive(Clone)]
pub struct Votes {
    rules: Rules,
    versions: usize,
    proposals: Vec<Proposal>,
}

/// What an act of voting moves, of whose money, and what of it is burnt.
pub struct Moved {
    pub who: AccountId,
    pub paid: i128,
    pub burned: i128,
}

/// `(1 - delta / beta)^2`; a step of one counts as a sixth of `beta` is left.
fn room(old: u128, new: u128) -> Option<f64> {
    let (high, low) = (old.max(new), old.min(new));
    if high * 10_000 < low * u128::from(schedule().step_bps) {
        let delta = (high as f64).ln() - (low as f64).ln();
        return Some((1.0 - delta / 1.5f64.ln()).powi(2));
    }
    (high - low == 1).then_some(1.0 / 36.0)
}

impl Votes {
    pub fn new(rules: &Rules) -> Votes {
        Votes { rules: rules.clone(), versions: 1, proposals: Vec::new() }
    }

    pub fn adopt(&mut self, rules: &Rules) {
        self.rules = rules.clone();
        self.versions += 1;
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Deposits and votes.
    pub fn money(&self) -> i128 {
        self.proposals.iter().map(|p| p.support() + if p.is_open() { p.deposit } else { 0 }).sum()
    }

    fn value(&self, rule: &str) -> u128 {
        self.rules.entries().into_iter().find(|(name, ..)| *name == rule).expect("a rule").1
    }

    /// The rules with another value, and what room the change leaves. Which numbers go together is the rules' to say.
    fn change(&self, rule: &str, new: u128) -> Result<(Rules, f64), Status> {
        let old = self.value(rule);
        if new == old {
            return Err(Status::Duplicate);
        }
        let mut left = room(old, new).ok_or(Status::Limit)?;
        if rule == "burn_share" {
            return Err(Status::Unsupported);
        }
        let mut changes = vec![(rule, new)];
        if rule == "hero_share" {
            let burnt = self.value("burn_share");
            let rest = (burnt + old).checked_sub(new).ok_or(Status::Limit)?;
            left = left.min(room(burnt, rest).ok_or(Status::Limit)?);
            changes.push(("burn_share", rest));
        }
        Ok((self.rules.with(&changes).map_err(|_| Status::Limit)?, left))
    }

    fn effective(&self, supply: i128) -> i128 {
        let votes: i128 = self.proposals.iter().filter(|p| p.is_open()).map(Proposal::support).sum();
        votes.max((supply * i128::from(schedule().supply_share.get()) / 10_000 + 1).min(supply))
    }

    pub fn propose(
        &mut self,
        now: i128,
        by: AccountId,
        (rule, new): (&'static str, u128),
        free: i128,
        supply: i128,
    ) -> Result<Moved, Status> {
        self.change(rule, new)?;
        let (old, open) = (self.value(rule), self.proposals.iter().filter(|p| p.is_open()));
        if open.clone().any(|p| (p.rule, p.old, p.new) == (rule, old, new)) {
            return Err(Status::Duplicate);
        }
        let open = open.count();
        if open >= 32 {
            return Err(Status::Limit);
        }
        let deposit = (schedule().deposit.units() << (open / 4)) as i128;
        if deposit > free {
            return Err(Status::Funds);
        }
        let (expires, measure) = (now + i128::from(schedule().expiry_blocks), self.effective(supply));
        let (votes, st) = (BTreeMap::new(), St::Voting);
        self.proposals.push(Proposal { by, rule, old, new, expires, deposit, votes, conviction: 0.0, measure, st });
        Ok(Moved { who: by, paid: -deposit, burned: 0 })
    }

    pub fn support(&mut self, proposal: u64, who: AccountId, amount: i128, free: i128) -> Result<Moved, Status> {
        let p = self.proposals.get_mut(proposal as usize).ok_or(Status::NotFound)?;
        let before = p.votes.get(&who).copied().unwrap_or(0);
        if !p.is_open() && amount > before {
            return Err(Status::State);
        }
        if amount != 0 && amount < schedule().ballot_floor.units() as i128 {
            return Err(Status::Limit);
        }
        if amount - before > free {
            return Err(Status::Funds);
        }
        p.votes.insert(who, amount);
        Ok(Moved { who, paid: before - amount, burned: 0 })
    }

    /// Conviction that is enough, in units; infinite where no votes are.
    fn need(p: &Proposal, room: f64) -> f64 {
        let need = p.measure as f64 * f64::from(schedule().share_min.get()) / 10_000.0 / room;
        if need < u64::MAX as f64 { need } else { f64::INFINITY }
    }

    pub fn tick(&mut self, now: i128, supply: i128) -> Vec<Moved> {
        let effective = self.effective(supply);
        for p in self.proposals.iter_mut().filter(|p| p.is_open()) {
            let votes = p.support() as f64;
            p.conviction = votes + (p.conviction - votes) * (-1.0 / p.half_life()).exp2();
            p.measure = p.measure.max(effective);
        }
        let mut moved = Vec::new();
        for n in 0..self.proposals.len() {
            let p = self.proposals[n].clone();
            let changed = self.value(p.rule) != p.old;
            let st = match (p.st, self.change(p.rule, p.new)) {
                (St::Ended(_), _) => continue,
                (_, _) if changed => St::Ended("overtaken"),
                (_, Err(_)) => St::Ended("overtaken"),
                (St::Voting, _) if now > p.expires => St::Ended("expired"),
                (St::Voting, Ok((_, room))) if p.conviction >= Self::need(&p, room) => {
                    St::Passed { executes: now + p.half_life() as i128 }
                }
                (St::Passed { executes }, Ok((rules, room))) if now >= executes => {
                    if p.conviction >= Self::need(&p, room) {
                        self.adopt(&rules);
                        St::Ended("adopted")
                    } else {
                        St::Voting
                    }
                }
                (st, _) => st,
            };
            if let St::Ended(how) = st {
                let (paid, burned) = if how == "expired" { (0, p.deposit) } else { (p.deposit, 0) };
                moved.push(Moved { who: p.by, paid, burned });
            }
            self.proposals[n].st = st;
        }
        moved
    }

    /// What the market shows of votes.
    pub fn same(&self, market: &Market, now: u64) -> Result<(), String> {
        same("money in votes", market.totals().voting.units() as i128, self.money())?;
        same("the rules in force", market.rules(), &self.rules)?;
        same("their version", market.rules_version() as usize + 1, self.versions)?;
        same("proposals", market.proposals().len(), self.proposals.len())?;
        for (got, p) in market.proposals().zip(&self.proposals) {
            let at = |error| format!("proposal {}: {error}", got.id());
            let state = match *got.state() {
                ProposalState::Voting => St::Voting,
                ProposalState::Passed { executes, .. } => St::Passed { executes: executes.0.into() },
                ended => St::Ended(ended.name()),
            };
            same("its state", state, p.st).map_err(at)?;
            same("its votes", got.support().units() as i128, p.support()).map_err(at)?;
            same("its deposit", got.deposit().units() as i128, p.deposit).map_err(at)?;
            let poll = market.poll(got.id(), Height(now)).ok_or("no poll")?;
            same("its measure", poll.effective.units() as i128, p.measure).map_err(at)?;
            for (who, votes) in &p.votes {
                same("a vote", market.ballot(got.id(), who).units() as i128, *votes).map_err(at)?;
            }
            let within = |what: &str, got: f64, [least, most]: [f64; 2]| {
                if (least..=most).contains(&got) {
                    Ok(())
                } else {
                    Err(format!("{what}: {got}, not {least} to {most}"))
                }
            };
            let near = [p.conviction * (1.0 - 1e-9) - 2.0, p.conviction * (1.0 + 1e-9) + 2.0];
            within("its conviction", poll.conviction.units() as f64, near).map_err(at)?;
            if let (true, Some(need), Ok((_, room))) = (p.is_open(), poll.need, self.change(p.rule, p.new)) {
                // Rounded up at each step, logarithms as well.
                let least = Self::need(p, room) * (1.0 - 1e-9);
                within("what it needs", need.units() as f64, [least, least * (1.0 + 1e-8) + 2.0]).map_err(at)?;
            }
        }
        Ok(())
    }
}
