//! Attacks with private bytes that are owed (T16): by a holder that demands them and by a requester that does not
//! deliver. Each is played, and predicted from the rules' numbers.

use zera_abi::Amount;
use zera_market::{Mode, Rules, TaskState};

use super::attack::{Arena, Cast, Damage, PROVING};
use crate::dispute::fixed_price;
use crate::error::SimulateError;
use crate::world::{Ask, World, signed, units, zra};

/// An attack, what it did, and what it should do.
pub struct Demand {
    pub name: &'static str,
    /// Losses by formula.
    pub formula: &'static str,
    pub predicted: Damage,
    pub played: Damage,
    pub rule: &'static str,
}

/// The numbers of the rules that the formulas take.
struct Numbers {
    /// Price at the first block of the auction.
    price: f64,
    /// Stake of a lock at that price.
    stake: f64,
    bond: f64,
    opening: f64,
    /// Fee of a demand.
    fee: f64,
    /// What the holder is paid of the bond.
    paid: f64,
    notice: u64,
    deliver: u64,
    requester_share: f64,
    /// Blocks from the opening of a task that is never answered to its end, where nothing is demanded.
    lapsed: u64,
}

impl Numbers {
    fn of(rules: &Rules) -> Numbers {
        let (bounty, share) = (units(1.0), |bps: zera_abi::Bps| f64::from(bps.get()) / 10_000.0);
        let price = zra(signed(rules.round_ceiling(bounty, 1))) * share(rules.price_floor_share);
        let bond = zra(signed(rules.bond(bounty)));
        Numbers {
            price,
            // market.md 3.2, anti-lapse, is the greater here.
            stake: ((1.0 - price) / (1.0 - share(rules.hero_share))).max(share(rules.stake_share)),
            bond,
            opening: zra(signed(rules.opening_fee(bounty))),
            fee: zra(signed(rules.demand_fee)),
            paid: bond * share(rules.execution_share),
            notice: rules.notice_blocks,
            deliver: rules.deliver_blocks,
            requester_share: share(rules.requester_share),
            lapsed: rules.lock_blocks + rules.rescue_blocks + 1,
        }
    }
}

impl Arena {
    /// Every attack. `v` is a block of the requester's delay, `t` a transaction, `u` a delivery on the chain, `f` a
    /// demand's fee.
    pub fn demands(&self) -> Result<Vec<Demand>, SimulateError> {
        let (standard, fixed) = (Numbers::of(&Rules::standard()), Numbers::of(&fixed_price()));
        let Numbers { stake, bond, opening, fee, paid, notice, deliver, .. } = standard;
        let (t, u, v) = (self.transaction, self.publish, self.costs.delay);
        let late = |blocks: u64| v * blocks as f64;
        let of = |victims: f64, attacker: f64| Damage { victims: victims.max(0.0), attacker, calls: 0 };
        let honest = fixed.price - self.costs.proof - t;
        Ok(vec![
            Demand {
                name: "demand what came, delivered in the next block",
                formula: "(v + u - f) / (f + t)",
                predicted: self.demanded(&standard, 1),
                played: self.demand(1)?,
                rule: "",
            },
            Demand {
                name: "demand what came, delivered in the last block",
                formula: "(d v + u - f) / (f + t), d = deliver_blocks",
                predicted: self.demanded(&standard, deliver),
                played: self.demand(deliver)?,
                rule: "a demand's fee covers the delay that it may buy, f >= (d v + u - t) / 2, or requesters deliver \
                       within a block",
            },
            Demand {
                name: "demand what came of a requester that is away",
                formula: "(R + 9 v) / (2 t - e R): the holder gains",
                // Demanded `notice` after the lock, ended a block after the last of a delivery.
                predicted: of(bond + late(notice + deliver + 1 - PROVING), 2.0 * t - paid),
                played: self.away()?,
                rule: "a requester names a deputy that may deliver, and the holder is paid what it cost it and not 80 \
                       % of the bond",
            },
            Demand {
                name: "demand what came, then stall",
                formula: "(28 v + u - f - 15 % S) / (S + f + t)",
                predicted: of(
                    late(standard.lapsed - PROVING + 1) + u - fee - standard.requester_share * stake,
                    stake + fee + t,
                ),
                played: self.demand_and_stall()?,
                rule: "",
            },
            Demand {
                name: "withhold until demanded, then deliver",
                formula: "(f + t) / (u - f): the requester gains where f > u",
                predicted: of(fee + t, u - fee),
                played: self.withhold()?,
                rule: "the fee of a demand that is met is burnt beyond what a delivery costs, and a delivery on the \
                       chain burns as much of its sender",
            },
            Demand {
                name: "never deliver",
                formula: "(c_x + 2 t - e R, at least 0) / (R + F)",
                predicted: of(self.costs.native + 2.0 * t - paid, bond + opening),
                played: self.undelivered(false, false)?,
                rule: "",
            },
            Demand {
                name: "never deliver, lost profit counted, price 1",
                formula: "(P - c_p + t - e R) / (R + F)",
                predicted: of(honest + 2.0 * t - fixed.paid, fixed.bond + fixed.opening),
                played: self.undelivered(false, true)?,
                rule: "",
            },
            Demand {
                name: "deliver rubbish, complained of",
                formula: "(c_x + f + 3 t - e R, at least 0) / (R + F + u - f)",
                predicted: of(self.costs.native + fee + 3.0 * t - paid, bond + opening + u - fee),
                played: self.undelivered(true, false)?,
                rule: "",
            },
            Demand {
                name: "deliver rubbish, lost profit counted, price 1",
                formula: "(P - c_p + f + 2 t - e R) / (R + F + u - f)",
                predicted: of(honest + fixed.fee + 3.0 * t - fixed.paid, fixed.bond + fixed.opening + u - fixed.fee),
                played: self.undelivered(true, true)?,
                rule: "",
            },
            Demand {
                name: "complain of what is right, in every block",
                formula: "0 / (n t), n = 4: the host refuses it and nothing stands still",
                predicted: of(0.0, PROVING as f64 * t),
                played: self.complain_falsely()?,
                rule: "",
            },
        ])
    }

    /// Factor of a demand that is met after each number of blocks, predicted and played.
    pub fn by_delay(&self) -> Result<Vec<(f64, f64, f64)>, SimulateError> {
        let numbers = Numbers::of(&Rules::standard());
        let all = (1..=numbers.deliver)
            .map(|d| Ok((d as f64, self.demanded(&numbers, d).factor(), self.demand(d)?.factor())));
        all.collect()
    }

    /// Blocks at which a demand costs both sides the same.
    pub fn even_delay(&self) -> f64 {
        let fee = Numbers::of(&Rules::standard()).fee;
        (2.0 * fee + self.transaction - self.publish) / self.costs.delay
    }

    fn demanded(&self, numbers: &Numbers, blocks: u64) -> Damage {
        Damage {
            victims: (self.costs.delay * blocks as f64 + self.publish - numbers.fee).max(0.0),
            attacker: numbers.fee + self.transaction,
            calls: 0,
        }
    }

    fn owing(rules: Rules) -> Result<Cast, SimulateError> {
        let ask =
            Ask { bounty: units(1.0), stake: Amount::ZERO, value: Amount::ZERO, mode: Mode::Proved, deadline: None };
        Arena::cast_for(rules, ask, World::open_delivering)
    }

    /// The attacker locks, gives its key, is served without the chain, and demands all the same at the first height
    /// that it may.
    fn demand_first(&self) -> Result<Cast, SimulateError> {
        let mut cast = Arena::owing(Rules::standard())?;
        let Cast { world, attacker, job, .. } = &mut cast;
        world.lock(*job, *attacker)?;
        world.give_key(*job, *attacker)?;
        let first = world.now + world.market.rules().notice_blocks;
        world.blocks_to(first);
        world.demand(*job, *attacker)?;
        world.spend(*attacker, units(self.transaction));
        Ok(cast)
    }

    /// It answers after `PROVING` blocks of the lock's clock, which stands until the delivery.
    fn demand(&self, blocks: u64) -> Result<Damage, SimulateError> {
        let mut cast = self.demand_first()?;
        let price = units(Numbers::of(cast.world.market.rules()).price);
        self.deliver_after(&mut cast, blocks)?;
        cast.world.blocks_to(1 + PROVING + blocks);
        let answer = cast.world.proof(cast.job, cast.attacker);
        let _ = cast.world.submit(cast.job, cast.attacker, answer)?;
        let answered = cast.world.now;
        cast.world.finish()?;
        let attacker = zra(signed(price) - cast.world.net(cast.attacker));
        Ok(Damage { victims: self.requester_loss(&cast, price, answered), attacker, calls: cast.world.calls })
    }

    fn deliver_after(&self, cast: &mut Cast, blocks: u64) -> Result<(), SimulateError> {
        let at = cast.world.now + blocks;
        cast.world.blocks_to(at);
        cast.world.deliver(cast.job, cast.requester)?;
        cast.world.spend(cast.requester, units(self.publish));
        Ok(())
    }

    fn away(&self) -> Result<Damage, SimulateError> {
        let mut cast = self.demand_first()?;
        // Its key was for this and nothing else.
        cast.world.spend(cast.attacker, units(self.transaction));
        while !cast.world.state(cast.job).is_terminal() {
            cast.world.block();
        }
        let ended = cast.world.now;
        cast.world.finish()?;
        let victims = self.requester_loss(&cast, Amount::ZERO, ended);
        Ok(Damage { victims, attacker: -zra(cast.world.net(cast.attacker)), calls: cast.world.calls })
    }

    fn demand_and_stall(&self) -> Result<Damage, SimulateError> {
        let mut cast = self.demand_first()?;
        self.deliver_after(&mut cast, 1)?;
        let mut ended = Arena::lapse(&mut cast);
        while !cast.world.state(cast.job).is_terminal() {
            cast.world.block();
            ended = cast.world.now;
        }
        cast.world.finish()?;
        let victims = self.requester_loss(&cast, Amount::ZERO, ended);
        Ok(Damage { victims, attacker: -zra(cast.world.net(cast.attacker)), calls: cast.world.calls })
    }

    /// The requester sends nothing without the chain and delivers as soon as the holder has paid for a demand.
    fn withhold(&self) -> Result<Damage, SimulateError> {
        let mut cast = self.demand_first()?;
        let numbers = Numbers::of(cast.world.market.rules());
        self.deliver_after(&mut cast, 1)?;
        let answered = cast.world.now + PROVING;
        cast.world.blocks_to(answered);
        let answer = cast.world.proof(cast.job, cast.attacker);
        let _ = cast.world.submit(cast.job, cast.attacker, answer)?;
        cast.world.finish()?;
        // Here the holder is the victim.
        let victims = numbers.price - zra(cast.world.net(cast.attacker));
        let attacker = -numbers.price - numbers.opening - zra(cast.world.net(cast.requester));
        Ok(Damage { victims, attacker, calls: cast.world.calls })
    }

    /// The holder has looked at the task natively, gives its key, demands, and gets nothing or rubbish.
    fn undelivered(&self, rubbish: bool, profit: bool) -> Result<Damage, SimulateError> {
        let rules = if profit { fixed_price() } else { Rules::standard() };
        let expected = if profit {
            Numbers::of(&rules).price - self.costs.native - self.costs.proof - self.transaction
        } else {
            0.0
        };
        let mut cast = Arena::owing(rules)?;
        let Cast { world, honest, requester, job, .. } = &mut cast;
        let (holder, requester, job) = (*honest, *requester, *job);
        world.spend(holder, units(self.costs.native + 2.0 * self.transaction));
        world.lock(job, holder)?;
        world.give_key(job, holder)?;
        let first = world.now + world.market.rules().notice_blocks;
        world.blocks_to(first);
        world.demand(job, holder)?;
        if rubbish {
            world.block();
            world.deliver(job, requester)?;
            world.spend(requester, units(self.publish));
            world.block();
            world.complain(job, holder, true)?;
            world.spend(holder, units(self.transaction));
        }
        while !world.state(job).is_terminal() {
            world.block();
        }
        world.finish()?;
        let victims = (expected - zra(world.net(holder))).max(0.0);
        Ok(Damage { victims, attacker: -zra(world.net(requester)), calls: world.calls })
    }

    /// A demand was due and is met; the holder complains in each block until it answers, as late as it would have
    /// without.
    fn complain_falsely(&self) -> Result<Damage, SimulateError> {
        let (mut made, mut calls) = (Vec::new(), 0);
        for complains in [false, true] {
            let mut cast = self.demand_first()?;
            self.deliver_after(&mut cast, 1)?;
            for _ in 0..PROVING {
                cast.world.block();
                if complains {
                    cast.world.complain(cast.job, cast.attacker, false)?;
                    cast.world.spend(cast.attacker, units(self.transaction));
                }
            }
            let TaskState::Assigned { lock_deadline, .. } = cast.world.state(cast.job) else { continue };
            let deadline = lock_deadline.0;
            let answer = cast.world.proof(cast.job, cast.attacker);
            let _ = cast.world.submit(cast.job, cast.attacker, answer)?;
            cast.world.finish()?;
            calls += cast.world.calls;
            made.push((cast.world.net(cast.requester), cast.world.net(cast.attacker), deadline));
        }
        let [without, with] = made[..] else { return Ok(Damage { victims: f64::NAN, attacker: f64::NAN, calls }) };
        let victims = zra(without.0 - with.0) + self.costs.delay * with.2.saturating_sub(without.2) as f64;
        Ok(Damage { victims, attacker: zra(without.1 - with.1), calls })
    }
}
