//! A market with many accounts, and the life of tasks in it.

use std::collections::BTreeMap;

use rand::Rng;
use zera_abi::{AccountId, Amount, Height, KeyId, Level, Outcome, PredicateId, TaskId};
use zera_market::ports::{Claim, Verdict, Verify};
use zera_market::{Answer, Market, Mode, Opening, Rules, Ruling, TaskState};

/// Transitions in the life of a task: open, lock, submit, final.
pub const TRANSITIONS: usize = 4;

/// Height at which the tasks open.
const OPENED: u64 = 100;
const DEADLINE: u64 = 1_000;
const ZRA: u128 = zera_abi::amount::UNITS_PER_ZRA;

/// Says that every proof is valid: what is measured is the market.
pub struct Lenient;

impl Verify for Lenient {
    fn verify(&mut self, _: &Claim, _: &[u8; 256]) -> Verdict {
        Verdict::Valid
    }
}

/// One task's life: who asks, who answers.
#[derive(Clone)]
pub struct Life {
    opening: Opening,
    provider: AccountId,
    answer: Answer,
}

/// A market, its accounts, and tasks whose parties are drawn from all of them.
pub struct Crowd {
    /// The market, before any task.
    pub market: Market,
    /// The tasks to come.
    pub lives: Vec<Life>,
    /// The same accounts in a map, without rules.
    pub map: BTreeMap<AccountId, (u128, u128)>,
}

impl Crowd {
    /// `accounts` accounts with 1,000 ZRA each, and `tasks` tasks of 1 ZRA.
    pub fn new(accounts: usize, tasks: usize) -> Crowd {
        let mut rng = crate::workload::rng(accounts as u64);
        let mut market = Market::new(Rules::standard()).expect("the standard rules pass");
        let ids: Vec<AccountId> = (0..accounts).map(|_| AccountId(rng.r#gen())).collect();
        for id in &ids {
            market.mint(*id, Amount::from_units(1_000 * ZRA)).expect("the supply fits");
        }
        market.take_changes();
        let lives = (0..tasks).map(|_| {
            let (requester, provider) = (ids[rng.gen_range(0..accounts)], ids[rng.gen_range(0..accounts)]);
            life(TaskId(rng.r#gen()), requester, provider)
        });
        let lives = lives.collect();
        let map = ids.iter().map(|id| (*id, (1_000 * ZRA, 0))).collect();
        Crowd { market, lives, map }
    }

    /// Every task from opening to final, a block for each step; the number of transitions.
    pub fn live(market: &mut Market, lives: Vec<Life>) -> usize {
        let at = Height;
        let mut transitions = 0;
        market.tick(at(OPENED));
        for life in &lives {
            market.open(at(OPENED), life.opening.clone()).expect("opens");
            transitions += 1;
        }
        market.tick(at(OPENED + 1));
        for life in &lives {
            market.lock(at(OPENED + 1), &life.opening.task, life.provider).expect("locks");
            transitions += 1;
        }
        market.tick(at(OPENED + 2));
        for Life { opening, provider, answer } in lives {
            let ruling = market.submit(at(OPENED + 2), &opening.task, provider, answer, &mut Lenient);
            assert!(matches!(ruling, Ok(Ruling::Accepted)));
            transitions += 1;
        }
        let mut height = OPENED + 2;
        // All were accepted in one block, so all become final in one.
        while market.tasks().next_back().is_some_and(|task| !task.state().is_terminal()) {
            assert!(height < DEADLINE, "the tasks do not end");
            height += 1;
            market.tick(at(height));
        }
        transitions + market.tasks().filter(|task| matches!(task.state(), TaskState::Final { .. })).count()
    }

    /// The balances that the same lives move, in a plain map: what any market pays for finding its accounts.
    pub fn live_in_map(map: &mut BTreeMap<AccountId, (u128, u128)>, lives: &[Life]) -> usize {
        let mut row = |id: &AccountId, change: &dyn Fn(&mut (u128, u128))| change(map.get_mut(id).expect("an account"));
        for life in lives {
            row(&life.opening.requester, &|(free, _)| *free -= 2 * ZRA);
        }
        for life in lives {
            row(&life.provider, &|(free, locked)| {
                *free -= ZRA;
                *locked += ZRA;
            });
        }
        for life in lives {
            row(&life.opening.requester, &|(free, _)| *free += ZRA);
        }
        for life in lives {
            row(&life.provider, &|(free, locked)| {
                *locked -= ZRA;
                *free += ZRA + ZRA;
            });
        }
        TRANSITIONS * lives.len()
    }
}

fn life(task: TaskId, requester: AccountId, provider: AccountId) -> Life {
    let opening = Opening {
        task,
        requester,
        predicate: PredicateId([0x22; 32]),
        key: KeyId([0x11; 32]),
        input_root: [3; 32],
        declared: 0,
        expected: Vec::new(),
        bounty_max: Amount::from_units(ZRA),
        min_stake: Amount::ZERO,
        value_at_risk: Amount::ZERO,
        deadline: Height(DEADLINE),
        level: Level::Accepted,
        fee: Amount::from_units(ZRA / 100),
        witness_only: false,
        mode: Mode::Proved,
        delivers: false,
    };
    Life {
        opening,
        provider,
        answer: Answer { outcome: Outcome::True, declared: Vec::new(), proof: Box::new([7; 256]) },
    }
}
