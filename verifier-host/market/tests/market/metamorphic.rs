//! What must not matter: who is one and who is two, in which unit money is counted, and what comes first of what has
//! nothing to do with each other. The rows of `payouts.json` are the histories.

use proptest::prelude::*;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use zera_abi::{AccountId, Height, KeyId, TaskId};
use zera_market::{Market, Rules};

use super::fixture::{OPENED, ZRA, rich_market, state, units};
use super::payout::{PARTIES, Party, Row, Step, Verb, actor, buckets_of, gain, play, rows};

/// What everyone starts with in a market of many rows.
const START: u128 = 10_000 * ZRA;

fn named<const N: usize>(place: u8, n: [u8; N]) -> [u8; 32] {
    let mut id = [place; 32];
    id[..N].copy_from_slice(&n);
    id
}

fn task(n: usize) -> TaskId {
    TaskId(named(0x71, [n as u8]))
}

/// Plays rows side by side in one market, each a task of its own key, events of a block as `order` has them.
fn play_together(rows: &[Row], who: impl Fn(usize, Party) -> AccountId, order: &mut impl Rng) -> Market {
    let mut market = Market::new(Rules::standard()).expect("rules");
    for n in 0..rows.len() {
        for party in PARTIES {
            if market.account(&who(n, party)).free.is_zero() {
                market.mint(who(n, party), units(START)).expect("minted");
            }
        }
    }
    let mut openings: Vec<usize> = (0..rows.len()).collect();
    openings.shuffle(order);
    for n in openings {
        let opening = rows[n].opening(task(n), KeyId(named(0x6b, [n as u8])), who(n, Party::Requester), 1);
        market.open(Height(OPENED), opening).expect("opens");
    }
    let last = rows.iter().map(|row| row.until).max().unwrap_or(OPENED);
    for now in OPENED..=last {
        if now > OPENED {
            market.tick(Height(now));
        }
        let due = |row: &Row| row.steps.iter().filter(|step| step.at == now).copied().collect::<Vec<Step>>();
        let mut queues: Vec<(usize, Vec<Step>)> = rows.iter().map(due).enumerate().collect();
        queues.iter_mut().for_each(|(_, steps)| steps.reverse());
        // Steps of one row stay in their order, rows mix.
        while !queues.is_empty() {
            let at = order.gen_range(0..queues.len());
            match queues[at].1.pop() {
                Some(step) => {
                    let n = queues[at].0;
                    let taken = step.take(&mut market, &task(n), who(n, step.by), 1);
                    taken.unwrap_or_else(|error| panic!("{}: {step:?}: {error}", rows[n].name));
                }
                None => drop(queues.swap_remove(at)),
            }
        }
    }
    market.conserved().expect("conserved");
    market
}

/// Rows whose task is over, as others go on while these are played.
fn ended() -> Vec<Row> {
    rows()
        .into_iter()
        .filter(|row| !["open", "assigned", "attested", "challenged", "accepted"].contains(&&*row.end))
        .collect()
}

/// Whether it has to do with what is an account's alone: a deposit, or a lock after a fault.
fn is_personal(row: &Row) -> bool {
    let locks = row.steps.iter().filter(|step| step.verb == Verb::Lock);
    row.steps.iter().any(|step| matches!(step.verb, Verb::Stake | Verb::Release))
        || locks.clone().any(|step| step.at > 106)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every row at once and in any order pays what it pays alone.
    #[test]
    fn independent_tasks_pay_the_same_in_any_order(seed: u64) {
        // Of two false answers with deposits in one block the second costs more, as others lied: not independent.
        let penalised = |row: &Row| row.name.starts_with("T9b") && row.steps[0].verb == Verb::Stake;
        let rows: Vec<Row> = ended().into_iter().filter(|row| !penalised(row)).collect();
        let who = |n: usize, party: Party| AccountId(named(0x61, [n as u8, party as u8]));
        let market = play_together(&rows, who, &mut ChaCha8Rng::seed_from_u64(seed));
        let mut sums = [0; 5];
        for (n, row) in rows.iter().enumerate() {
            prop_assert_eq!(market.task(&task(n)).unwrap().state().name(), &*row.end, "{}", row.name);
            prop_assert_eq!(PARTIES.map(|party| gain(&market, &who(n, party), START)), row.gains(), "{}", row.name);
            sums.iter_mut().zip(row.buckets()).for_each(|(sum, part)| *sum += part);
        }
        prop_assert_eq!(buckets_of(&market), sums);
    }

    /// One provider who does all of it has what as many have together who do a row each; so have all requesters,
    /// rescuers and others.
    #[test]
    fn nothing_is_gained_by_being_many(seed: u64, crowd in 1..8usize) {
        let rows: Vec<Row> = ended().into_iter().filter(|row| !is_personal(row)).collect();
        prop_assert!(rows.len() > 30);
        let who = |n: usize, party: Party| AccountId(named(0x61, [(n % crowd) as u8, party as u8]));
        let market = play_together(&rows, who, &mut ChaCha8Rng::seed_from_u64(seed));
        for (at, party) in PARTIES.into_iter().enumerate() {
            let together: i128 = (0..crowd).map(|n| gain(&market, &who(n, party), START)).sum();
            let apart: i128 = rows.iter().map(|row| row.gains()[at]).sum();
            prop_assert_eq!(together, apart, "{:?}", party);
        }
    }
}

/// What an account did before does matter to it, so a new one is cheaper where no deposit is asked for: the second
/// release of one account costs twice as much, the first of another does not.
#[test]
fn what_being_many_saves_is_what_an_account_did_before() {
    let release = |many: bool| {
        let who = |n: usize, party: Party| AccountId(named(0x61, [if many { n as u8 } else { 0 }, party as u8]));
        let row = rows().into_iter().find(|row| row.name.starts_with("T22 released")).expect("the row");
        let rows = [row.clone(), row];
        let market = play_together(&rows, who, &mut ChaCha8Rng::seed_from_u64(0));
        buckets_of(&market)[0]
    };
    let once = 16_984_615;
    assert_eq!((release(true), release(false)), (2 * once, 3 * once));
}

/// Ten times as much of everything is ten times as much for everyone, but for what rounding cuts off.
#[test]
fn ten_times_the_money_pays_ten_times_as_much() {
    const TIMES: u128 = 10;
    let standard = Rules::standard();
    let amounts: Vec<(&str, u128)> = (standard.entries().into_iter())
        .filter(|(name, ..)| Rules::is_amount(name))
        .map(|(name, value, ..)| (name, value * TIMES))
        .collect();
    let rules = standard.with(&amounts).expect("within bounds");
    for row in rows() {
        let mut market = rich_market(rules.clone());
        for party in PARTIES {
            market.mint(actor(party), units(100 * ZRA * (TIMES - 1))).expect("minted");
        }
        play(&mut market, &row, TIMES);
        assert_eq!(state(&market, 1), row.end, "{}", row.name);
        let gains = PARTIES.map(|party| gain(&market, &actor(party), 100 * ZRA * TIMES));
        let got = gains.into_iter().chain(buckets_of(&market));
        for (got, once) in got.zip(row.gains().into_iter().chain(row.buckets())) {
            // A stake is rounded up and each of its shares down, bad proofs take three.
            let cut = (got - once * TIMES as i128).abs();
            assert!(cut <= 4 * TIMES as i128, "{}: {got}, ten times {once}", row.name);
        }
    }
}
