//! Deposits, offences, jail, the brake, margin calls: what an account's standing asks of its next lock.

use zera_abi::{AccountId, Amount, Bps, Height, Outcome::False, Outcome::True, Status};
use zera_market::ports::{MemStore, Store};
use zera_market::{
    Decayed, Market, MarketError, Mode, Note, Opening, Rules, Score, challenge_digest, commit_digest, doubled,
};

use super::fixture::*;

/// The stake of a lock of the fixture's task in its first block: the price is 0.256 of 1 ZRA, and 0.744 / 0.65 is more than a quarter.
const S: u128 = 1_144_615_385;

fn rich(rules: Rules, tasks: u8) -> Market {
    let mut market = rich_market(rules);
    for n in 1..=tasks {
        market.open(Height(OPENED), opening(n)).expect("opens");
    }
    market
}

fn lock(market: &mut Market, now: u64, n: u8) -> Result<(), MarketError> {
    market.lock(Height(now), &task_id(n), PROVIDER)
}

fn staked(market: &Market, who: &AccountId) -> u128 {
    market.standing(who).map_or(0, |standing| standing.staked.units())
}

fn free(market: &Market, who: &AccountId) -> u128 {
    market.account(who).free.units()
}

fn tick_through(market: &mut Market, from: u64, to: u64) {
    run(market, from, to);
    market.conserved().expect("conserved");
}

#[test]
fn a_deposit_backs_locks_and_gets_back_what_it_gave() {
    let mut market = rich(Rules::standard(), 2);
    market.stake(Height(OPENED), PROVIDER, units(S + 7)).expect("staked");
    let before = free(&market, &PROVIDER);
    lock(&mut market, OPENED, 1).expect("locks");
    assert_eq!((staked(&market, &PROVIDER), free(&market, &PROVIDER)), (7, before));
    // The second takes the seven units and the rest of free money.
    lock(&mut market, OPENED, 2).expect("locks");
    assert_eq!((staked(&market, &PROVIDER), free(&market, &PROVIDER)), (0, before - S + 7));
    market.conserved().expect("conserved");
    // Two percent of the second are burnt; its seven units are the last to go.
    market.release(Height(OPENED + 1), &task_id(2), PROVIDER).expect("releases");
    assert_eq!((staked(&market, &PROVIDER), free(&market, &PROVIDER)), (7, before - S / 50));
    let answer = good(&market, 1, PROVIDER, True);
    let _ = market.submit(Height(OPENED + 1), &task_id(1), PROVIDER, answer, &mut Judge::default()).expect("accepted");
    tick_through(&mut market, OPENED + 1, OPENED + 60);
    assert_eq!(staked(&market, &PROVIDER), S + 7);
    assert_eq!(market.standing(&PROVIDER).unwrap().backing(), Amount::ZERO);
}

#[test]
fn a_deposit_is_free_after_its_time_and_not_before() {
    let mut rules = Rules::standard();
    rules.unbond_blocks = 50;
    let mut market = rich(rules, 0);
    market.stake(Height(OPENED), PROVIDER, units(10 * ZRA)).expect("staked");
    let before = free(&market, &PROVIDER);
    assert_eq!(status(market.unstake(Height(OPENED), PROVIDER, units(10 * ZRA + 1))), Some(Status::Funds));
    assert_eq!(status(market.unstake(Height(OPENED), PROVIDER, units(0))), Some(Status::Limit));
    assert_eq!(status(market.stake(Height(OPENED), PROVIDER, units(0))), Some(Status::Limit));
    assert_eq!(status(market.unstake(Height(OPENED), AccountId([9; 32]), units(1))), Some(Status::Funds));
    market.unstake(Height(OPENED), PROVIDER, units(4 * ZRA)).expect("on its way");
    assert_eq!((staked(&market, &PROVIDER), free(&market, &PROVIDER)), (6 * ZRA, before));
    market.tick(Height(OPENED + 49));
    assert_eq!(free(&market, &PROVIDER), before);
    market.tick(Height(OPENED + 50));
    assert_eq!(free(&market, &PROVIDER), before + 4 * ZRA);
    for _ in 0..zera_market::UNBONDINGS_MAX {
        market.unstake(Height(OPENED + 50), PROVIDER, units(1)).expect("on its way");
    }
    assert_eq!(status(market.unstake(Height(OPENED + 50), PROVIDER, units(1))), Some(Status::Limit));
}

#[test]
fn who_locks_has_the_least_deposit_and_keeps_it() {
    let mut rules = Rules::standard();
    rules.deposit_floor = units(2 * ZRA);
    let mut market = rich(rules, 2);
    assert_eq!(status(lock(&mut market, OPENED, 1)), Some(Status::Funds));
    market.stake(Height(OPENED), PROVIDER, units(2 * ZRA - 1)).expect("staked");
    assert_eq!(status(lock(&mut market, OPENED, 1)), Some(Status::Funds));
    market.stake(Height(OPENED), PROVIDER, units(1)).expect("staked");
    lock(&mut market, OPENED, 1).expect("locks");
    // What backs the lock counts, and nothing of the rest may go while it is held.
    assert_eq!(status(market.unstake(Height(OPENED), PROVIDER, units(1))), Some(Status::Funds));
    market.release(Height(OPENED), &task_id(1), PROVIDER).expect("releases");
    market.unstake(Height(OPENED), PROVIDER, units(1)).expect("on its way");
    assert_eq!(status(lock(&mut market, OPENED, 2)), Some(Status::Funds));
}

/// A no-show that another repairs: jailed for `jail_blocks`, twice as long the next time, and free again by itself.
#[test]
fn who_does_not_answer_is_jailed_and_comes_out_by_itself() {
    let mut rules = Rules::standard();
    rules.offence_half_life_blocks = 1_000_000;
    let jail = rules.jail_blocks;
    let mut market = rich(rules, 1);
    market.stake(Height(OPENED), PROVIDER, units(50 * ZRA)).expect("staked");
    lock(&mut market, OPENED, 1).expect("locks");
    // Nobody rescues: the task expires at 131.
    tick_through(&mut market, OPENED + 1, 131);
    assert_eq!(state(&market, 1), "expired");
    market.open(Height(131), opening(2)).expect("opens");
    market.open(Height(131), opening(3)).expect("opens");
    tick_through(&mut market, 132, 131 + jail - 1);
    assert_eq!(status(lock(&mut market, 131 + jail - 1, 2)), Some(Status::State));
    tick_through(&mut market, 131 + jail, 131 + jail);
    lock(&mut market, 131 + jail, 2).expect("the time is over");
    let expires = 131 + jail + 31;
    tick_through(&mut market, 132 + jail, expires);
    assert_eq!(state(&market, 2), "expired");
    let until = market.standing(&PROVIDER).unwrap().jailed_until;
    assert!(until.0 >= expires + 2 * jail - 1 && until.0 <= expires + 2 * jail, "{until}");
}

/// After a fault a stake is worth twice as much at a lock, and a half-life later half as much again.
#[test]
fn a_fault_raises_what_a_lock_has_to_leave_in_the_deposit() {
    let mut rules = Rules::standard();
    (rules.jail_blocks, rules.offence_half_life_blocks) = (0, 10);
    let mut market = rich(rules.clone(), 1);
    lock(&mut market, OPENED, 1).expect("locks without a deposit");
    tick_through(&mut market, OPENED + 1, 131);
    market.open(Height(131), opening(2)).expect("opens");
    // Beside the stake itself 1.25 of it, as the score is 1,000.
    let worth = |score: u32| (doubled(units(S), score).unwrap().units() - S) * 12_500 / 10_000;
    market.stake(Height(131), PROVIDER, units(S + worth(1_000) - 1)).expect("staked");
    assert_eq!(status(lock(&mut market, 131, 2)), Some(Status::Funds));
    let mut other = market.clone();
    market.stake(Height(131), PROVIDER, units(1)).expect("staked");
    lock(&mut market, 131, 2).expect("now it is enough");
    // A block later the score is 950, and the unit is not missed.
    tick_through(&mut other, 132, 132);
    lock(&mut other, 132, 2).expect("forgotten by a twentieth");
    // Four half-lives later there is nothing to leave.
    let standing = market.standing(&PROVIDER).unwrap();
    assert_eq!(standing.margin(units(S), &rules, Height(131 + 40)), Some(Amount::ZERO));
}

#[test]
fn two_misses_halve_the_capacity_and_each_answer_gives_one_back() {
    let mut rules = Rules::standard();
    (rules.jail_blocks, rules.locks_max) = (0, 8);
    let mut market = rich(rules, 5);
    market.stake(Height(OPENED), PROVIDER, units(60 * ZRA)).expect("staked");
    let capacity = |market: &Market| market.standing(&PROVIDER).unwrap().capacity;
    for n in 1..=2 {
        lock(&mut market, OPENED, n).expect("locks");
    }
    tick_through(&mut market, OPENED + 1, OPENED + 11);
    assert_eq!(capacity(&market), Some(4));
    let answer_one = |market: &mut Market, n: u8| {
        lock(market, OPENED + 11, n).expect("locks");
        let answer = good(market, n, PROVIDER, True);
        let _ =
            market.submit(Height(OPENED + 11), &task_id(n), PROVIDER, answer, &mut Judge::default()).expect("accepted");
    };
    for n in 3..=5 {
        answer_one(&mut market, n);
    }
    assert_eq!(capacity(&market), Some(7));
    for n in 6..=14 {
        market.open(Height(OPENED + 11), opening(n)).expect("opens");
    }
    for n in 6..=12 {
        lock(&mut market, OPENED + 11, n).expect("locks");
    }
    assert_eq!(status(lock(&mut market, OPENED + 11, 13)), Some(Status::Limit));
    let answer = good(&market, 6, PROVIDER, True);
    let _ = market.submit(Height(OPENED + 11), &task_id(6), PROVIDER, answer, &mut Judge::default()).expect("accepted");
    assert_eq!(capacity(&market), None, "as many as the rules allow");
}

#[test]
fn a_release_costs_more_each_time_up_to_a_tenth() {
    let mut market = rich(Rules::standard(), 4);
    let burnt: Vec<u128> = (1..=4)
        .map(|n| {
            lock(&mut market, OPENED, n).expect("locks");
            let before = market.totals().burned.units();
            market.release(Height(OPENED), &task_id(n), PROVIDER).expect("releases");
            market.totals().burned.units() - before
        })
        .collect();
    let share = |bps: u128| S * bps / 10_000;
    let twice = |n: u32| share(200) * 2u128.pow(n);
    assert_eq!(burnt, [twice(0), twice(1), twice(2), share(1_000)]);
    market.conserved().expect("conserved");
}

/// Three locks, the first started: after a fault the deposit does not cover them, and the newest go until it does.
#[test]
fn a_margin_call_releases_the_newest_locks_that_have_not_started() {
    let mut rules = Rules::standard();
    (rules.jail_blocks, rules.lock_blocks, rules.start_share) = (0, 30, Bps::new(1_000).unwrap());
    rules.offence_half_life_blocks = 1_000_000;
    let grace = rules.grace_blocks;
    let called = |top_up: Option<u128>| {
        let mut market = rich(rules.clone(), 1);
        lock(&mut market, OPENED, 1).expect("locks");
        // The lock is over at 130, the rescue at 150; the fault is counted at 151.
        tick_through(&mut market, OPENED + 1, 149);
        for n in 2..=4 {
            market.open(Height(149), opening(n)).expect("opens");
        }
        market.stake(Height(149), PROVIDER, units(3 * S + 2 * S)).expect("staked");
        lock(&mut market, 149, 2).expect("locks");
        lock(&mut market, 149, 3).expect("locks");
        tick_through(&mut market, 150, 150);
        lock(&mut market, 150, 4).expect("locks");
        market.drain_notes();
        tick_through(&mut market, 151, 151);
        let calls = market.drain_notes().into_iter().filter(|note| matches!(note, Note::MarginCalled { .. })).count();
        assert_eq!(calls, 1);
        if let Some(amount) = top_up {
            market.stake(Height(151), PROVIDER, units(amount)).expect("staked");
        }
        tick_through(&mut market, 152, 151 + grace);
        market
    };
    // The deposit backs three stakes and holds about two more; with a score of 1,000 each lock asks for one beside its own.
    let market = called(None);
    assert_eq!([2, 3, 4].map(|n| state(&market, n)), ["assigned", "assigned", "open"]);
    assert_eq!(market.locks(&PROVIDER).0, 2);
    let market = called(Some(S));
    assert_eq!([2, 3, 4].map(|n| state(&market, n)), ["assigned"; 3]);
    assert_eq!(market.standing(&PROVIDER).unwrap().called, None);
}

/// `n` providers attest what is false, each is challenged and proven wrong.
fn liars(market: &mut Market, liars: &[(u8, AccountId)]) {
    for (n, liar) in liars {
        let open = Opening { mode: Mode::Attested, ..opening(*n) };
        market.open(Height(OPENED), open).expect("opens");
        market.lock(Height(OPENED), &task_id(*n), *liar).expect("locks");
        market.attest(Height(OPENED), &task_id(*n), *liar, True, vec![]).expect("attests");
        let digest = commit_digest(&SALT, &RESCUER, &task_id(*n), &challenge_digest(False));
        market.commit(Height(OPENED), &task_id(*n), RESCUER, digest).expect("commits");
    }
    run(market, OPENED + 1, OPENED + 1);
    for (n, _) in liars {
        market.challenge(Height(OPENED + 1), &task_id(*n), RESCUER, SALT, False).expect("challenges");
        let answer = good(market, *n, RESCUER, False);
        let _ =
            market.settle(Height(OPENED + 1), &task_id(*n), RESCUER, answer, &mut Judge::default()).expect("settles");
    }
    // Until it is final nothing is taken.
    run(market, OPENED + 2, OPENED + 50);
}

#[test]
fn a_false_answer_costs_of_the_deposit_and_more_where_others_lie_too() {
    let mut rules = Rules::standard();
    rules.correlation_bps = 0;
    let lose = |rules: Rules, tasks: &[(u8, AccountId)], leaving: u128| {
        let mut market = rich_market(rules);
        for who in [PROVIDER, OTHER] {
            market.stake(Height(OPENED), who, units(20 * ZRA)).expect("staked");
        }
        if leaving > 0 {
            market.unstake(Height(OPENED), PROVIDER, units(leaving)).expect("on its way");
        }
        liars(&mut market, tasks);
        let deposit = |market: &Market, who| market.standing(who).unwrap().slashable().units();
        let backed = market.standing(&PROVIDER).unwrap().backing().units();
        let before = deposit(&market, &PROVIDER) + backed;
        run(&mut market, OPENED + 51, OPENED + 51);
        market.conserved().expect("conserved");
        // Of the stake nothing comes back.
        before - backed - deposit(&market, &PROVIDER)
    };
    // The stake of 2 ZRA came from the deposit: 18 are left, a tenth of them goes, also of what is on its way back.
    assert_eq!(lose(rules.clone(), &[(1, PROVIDER)], 0), 18 * ZRA / 10);
    assert_eq!(lose(rules.clone(), &[(1, PROVIDER)], 15 * ZRA), 18 * ZRA / 10);
    // A second false answer costs a fifth of what is left.
    let two = lose(rules.clone(), &[(1, PROVIDER), (2, PROVIDER)], 0);
    let left = 16 * ZRA - 16 * ZRA / 10;
    assert_eq!(two, 16 * ZRA / 10 + left / 5);
    // With others' false answers the same one costs more, without them it does not.
    rules.correlation_bps = 30_000;
    let alone = lose(rules.clone(), &[(1, PROVIDER)], 0);
    assert_eq!(alone, 18 * ZRA / 10);
    let together = lose(rules, &[(2, OTHER), (1, PROVIDER)], 0);
    // OTHER lost 2 and 1.8; 3 times that of what is staked then: 18 and 16.2, and the stake of 2 in escrow no more.
    let share = (2 * ZRA + 18 * ZRA / 10) * 3 * 10_000 / (18 * ZRA + 18 * ZRA - 18 * ZRA / 10);
    assert_eq!(together, 18 * ZRA / 10 + 18 * ZRA * share / 10_000);
}

/// A cloud that fails takes many providers with it: none pays for the others.
#[test]
fn misses_of_others_cost_nothing() {
    let lose = |others: bool| {
        let mut market = rich(Rules::standard(), 2);
        for who in [PROVIDER, OTHER] {
            market.stake(Height(OPENED), who, units(20 * ZRA)).expect("staked");
        }
        lock(&mut market, OPENED, 1).expect("locks");
        if others {
            market.lock(Height(OPENED), &task_id(2), OTHER).expect("locks");
        }
        tick_through(&mut market, OPENED + 1, OPENED + 40);
        staked(&market, &PROVIDER)
    };
    assert_eq!(lose(true), lose(false));
    assert_eq!(lose(false), 20 * ZRA - S);
}

#[test]
fn a_restart_keeps_deposits_scores_and_calls() {
    let mut market = rich(Rules::standard(), 3);
    market.stake(Height(OPENED), PROVIDER, units(9 * ZRA)).expect("staked");
    lock(&mut market, OPENED, 1).expect("locks");
    tick_through(&mut market, OPENED + 1, OPENED + 30);
    market.unstake(Height(OPENED + 30), PROVIDER, units(ZRA)).expect("on its way");
    lock(&mut market, OPENED + 30, 2).expect("locks");
    tick_through(&mut market, OPENED + 31, OPENED + 31);
    let store = MemStore::default();
    store.commit(&market.take_changes()).expect("memory");
    let mut restored = Market::restore(&store).expect("restores");
    assert_eq!(restored.standing(&PROVIDER), market.standing(&PROVIDER));
    assert!(market.standing(&PROVIDER).unwrap().liveness.value > 0);
    for now in OPENED + 32..OPENED + 100 {
        market.tick(Height(now));
        restored.tick(Height(now));
    }
    assert_eq!((restored.rows(), restored.totals()), (market.rows(), market.totals()));
}

#[test]
fn scores_halve_and_never_rise_by_themselves() {
    let score = Score { value: 8_000, height: Height(100) };
    assert_eq!([100, 110, 120, 130].map(|now| score.at(Height(now), 10)), [8_000, 4_000, 2_000, 1_000]);
    assert_eq!((score.at(Height(105), 10), score.at(Height(115), 10)), (6_000, 3_000));
    let series: Vec<u32> = (100..400).map(|now| score.at(Height(now), 7)).collect();
    assert!(series.is_sorted_by(|a, b| a >= b) && series.ends_with(&[0]));
    assert_eq!(score.at(Height(u64::MAX), 1), 0);
    let amount = Decayed { amount: units(u128::MAX), height: Height(0) };
    assert_eq!(amount.at(Height(0), 10), units(u128::MAX));
    assert_eq!(amount.at(Height(10), 10), units(u128::MAX >> 1));
    assert_eq!(amount.at(Height(u64::MAX), 10), units(0));
    assert_eq!(
        [0, 500, 1_000, 1_500, 4_000].map(|z| doubled(units(10), z)),
        [10, 15, 20, 30, 160].map(|n| Some(units(n)))
    );
    assert_eq!(doubled(units(u128::MAX), 1_000), None);
}
