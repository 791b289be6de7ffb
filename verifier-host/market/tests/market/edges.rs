//! Edges that mutation testing (`docs/mutants.md`) found open: last values that are still allowed, what is read and not asserted
//! elsewhere, what a rollback or a restart leaves.

use zera_abi::wire::MAX_DECLARED;
use zera_abi::{
    AccountId, Amount, Bps, Height, KeyId, Level, Outcome::False, Outcome::Trap, Outcome::True, PredicateId, Status,
};
use zera_market::fixed::{self, Bounds};
use zera_market::ports::{MemStore, Store, Table};
use zera_market::vote::{Overtaken, PROPOSALS_MAX};
use zera_market::{
    Balance, KeyBond, Market, Mode, Note, Opening, Pace, ProposalState, Rules, Schedule, Score, Standing, TaskState,
    UNBONDINGS_MAX, challenge_digest, commit_digest,
};

use super::fixture::*;

/// The stake of a lock of the fixture's task in its first block.
const S: u128 = 1_144_615_385;

/// What a store of these rows restores to, which has the same rows.
fn restarted(market: &Market) -> Market {
    let store = MemStore::default();
    store.commit(&market.rows()).expect("memory");
    let restored = Market::restore(&store).expect("restores");
    assert_eq!(restored.rows(), market.rows());
    restored
}

fn notes(market: &mut Market, which: fn(&Note) -> bool) -> Vec<Note> {
    market.drain_notes().into_iter().filter(which).collect()
}

fn lock(market: &mut Market, now: u64, n: u8, who: AccountId) {
    market.lock(Height(now), &task_id(n), who).expect("locks");
}

/// Task 1, locked by the provider at 105: its deadline is 115, a rescue's end 135.
fn locked(opening: Opening) -> Market {
    let mut market = rich_market(Rules::standard());
    market.open(Height(OPENED), opening).expect("opens");
    run(&mut market, 101, 105);
    lock(&mut market, 105, 1, PROVIDER);
    market
}

/// A requester that owes private bytes.
fn owing() -> Opening {
    Opening { declared: 1, expected: vec![[7; 32]], delivers: true, ..opening(1) }
}

// Numbers.

#[test]
fn a_ratio_is_below_one_and_of_at_most_127_bits() {
    let half = 1 << 127;
    assert_eq!(fixed::ratio(1 << 126, 1 << 127), Some(half));
    assert_eq!(fixed::ratio(1 << 126, (1 << 127) + 1), None);
    assert_eq!((fixed::ratio(3, 3), fixed::ratio(4, 3), fixed::ratio(0, 0)), (None, None, None));
}

/// Shifted out of sight, the upper bound stays at least the truth.
#[test]
fn a_shifted_bound_is_rounded_outwards() {
    // The square root of 2 is between the two, and 2^-500,000.5 between none and one.
    assert_eq!(fixed::exp2_neg(255, 2), Some(Bounds { down: 1, up: 2 }));
    assert_eq!(fixed::exp2_neg(1_000_001, 2), Some(Bounds { down: 0, up: 1 }));
}

#[test]
fn a_score_counts_until_it_is_a_sixteenth() {
    let at_once = |value| Score { value, height: Height(7) }.at(Height(7), 10);
    assert_eq!([62, 63, 64].map(at_once), [0, 63, 64]);
}

/// Sixteen times a stake at most, however many offences there were.
#[test]
fn what_a_lock_is_worth_more_grows_until_four_offences() {
    let rules = Rules::standard();
    let margin = |value| {
        let mut standing = Standing::default();
        standing.liveness = Score { value, height: Height(7) };
        standing.margin(units(10), &rules, Height(7)).map(Amount::units)
    };
    assert_eq!([0, 1_000, 3_000, 4_000, 4_001, 10_000].map(margin), [0, 10, 70, 150, 150, 150].map(Some));
}

/// What may follow a lock: the longer of a rescue and a dispute where an unproved answer is enough.
#[test]
fn a_task_has_room_for_the_longer_of_rescue_and_dispute() {
    let standard = Rules::standard();
    let dispute = standard.challenge_blocks + standard.reveal_blocks + standard.respond_blocks;
    assert!(dispute > standard.rescue_blocks);
    assert_eq!(standard.tail_blocks(Mode::Attested, false), dispute);
    assert_eq!(standard.tail_blocks(Mode::Proved, false), standard.rescue_blocks);
    let rescue = dispute + 1;
    let patient = standard.with(&[("rescue_blocks", rescue.into())]).expect("in range");
    for mode in [Mode::Attested, Mode::Proved] {
        assert_eq!(patient.tail_blocks(mode, false), rescue);
        assert_eq!(patient.tail_blocks(mode, true), rescue + patient.deliver_blocks);
    }
}

/// Each opening of the task may bring an answer and its fall; the last one stands.
#[test]
fn a_contract_is_called_back_once_or_for_each_answer_and_fall() {
    for (reopens, attested) in [(0, 3), (2, 7)] {
        let rules = Rules { reopens_max: reopens, ..Rules::standard() };
        let calls = [Level::Pending, Level::Attested, Level::Accepted, Level::Final].map(|l| rules.callbacks_max(l));
        assert_eq!(calls, [1, attested, 1, 1]);
    }
}

#[test]
fn views_have_a_word_for_everything() {
    assert_eq!([Mode::Proved, Mode::Attested].map(Mode::name), ["proved", "attested"]);
    assert_eq!([Pace::Ordinary, Pace::Safety, Pace::Raise].map(Pace::name), ["ordinary", "safety", "raise"]);
    assert_eq!(Overtaken::Value.as_str(), "the rule changed meanwhile");
    assert_eq!(Overtaken::Relation.as_str(), "it no longer goes with the other rules");
}

// What is known of tasks and accounts.

#[test]
fn a_task_says_what_it_was_opened_with() {
    let mut market = rich_market(Rules::standard());
    let asked = Opening {
        requester: OTHER,
        predicate: PredicateId([0x23; 32]),
        key: KeyId([0x12; 32]),
        input_root: [0x04; 32],
        declared: 3,
        expected: vec![[8; 32], [9; 32]],
        bounty_max: units(2 * ZRA),
        min_stake: units(3 * ZRA),
        value_at_risk: units(ZRA / 8),
        deadline: Height(DEADLINE + 1),
        fee: units(20_000_000),
        level: Level::Attested,
        mode: Mode::Attested,
        ..opening(1)
    };
    market.open(Height(OPENED + 1), asked.clone()).expect("opens");
    let witness = Opening { witness_only: true, ..opening(2) };
    market.open(Height(OPENED + 1), witness).expect("opens");
    market.open(Height(OPENED + 1), Opening { task: task_id(3), ..owing() }).expect("opens");
    for market in [restarted(&market), market] {
        let task = market.task(&task_id(1)).expect("opened");
        assert_eq!((*task.id(), *task.requester(), task.sequence()), (asked.task, OTHER, 0));
        assert_eq!((*task.predicate(), *task.key()), (asked.predicate, asked.key));
        assert_eq!((*task.input_root(), task.declared(), task.expected()), ([0x04; 32], 3, &asked.expected[..]));
        assert_eq!((task.bounty_max(), task.min_stake()), (asked.bounty_max, asked.min_stake));
        assert_eq!(task.value_at_risk(), asked.value_at_risk);
        assert_eq!((task.opened(), task.not_after()), (Height(OPENED + 1), asked.deadline));
        assert_eq!((task.minimum_level(), task.mode()), (Level::Attested, Mode::Attested));
        let private = |n| {
            let task = market.task(&task_id(n)).expect("opened");
            (task.delivers(), task.witness_only(), task.mode())
        };
        assert_eq!(private(1), (false, false, Mode::Attested));
        assert_eq!((private(2), private(3)), ((false, true, Mode::Proved), (true, false, Mode::Proved)));
    }
}

#[test]
fn versions_of_the_rules_are_counted_and_kept_by_tasks() {
    let mut market = rich_market(Rules::standard());
    for version in 0..3u8 {
        assert_eq!(market.rules_version(), u32::from(version));
        market.open(Height(OPENED), opening(version)).expect("opens");
        assert_eq!(market.adopt(Rules::standard()), Ok(u32::from(version) + 1));
    }
    let versions: Vec<u32> = market.tasks().map(|task| task.rules_version()).collect();
    assert_eq!(versions, [0, 1, 2]);
}

#[test]
fn accounts_are_listed_as_they_first_got_money() {
    let market = locked(opening(1));
    let known: Vec<(AccountId, Balance)> = market.accounts().map(|(id, balance)| (*id, balance)).collect();
    assert_eq!(known, [REQUESTER, PROVIDER, RESCUER, OTHER].map(|id| (id, market.account(&id))));
    assert!(!known[1].1.locked.is_zero());
}

/// A lock of 10 blocks, whose clock stands from a demand on.
#[test]
fn a_lock_is_due_later_while_its_clock_stands() {
    let mut market = rich_market(Rules::standard());
    market.open(Height(OPENED), owing()).expect("opens");
    let deadline = |market: &Market, now| market.task(&task_id(1)).unwrap().lock_deadline_at(Height(now));
    assert_eq!(deadline(&market, OPENED), None);
    lock(&mut market, 105, 1, PROVIDER);
    market.give_key(Height(105), &task_id(1), PROVIDER, [0x5e; 32]).expect("a key");
    assert_eq!((deadline(&market, 105), deadline(&market, 112)), (Some(Height(115)), Some(Height(115))));
    market.demand(Height(108), &task_id(1), PROVIDER).expect("demands");
    assert_eq!((deadline(&market, 108), deadline(&market, 112)), (Some(Height(115)), Some(Height(119))));
}

#[test]
fn what_is_not_owed_has_no_window_for_a_demand() {
    let witness = Opening { witness_only: true, ..opening(1) };
    for (opening, window) in [(owing(), Some((Height(107), Height(110)))), (witness, None)] {
        let mut market = locked(opening);
        assert_eq!(market.task(&task_id(1)).unwrap().demand_window(), None, "no key yet");
        market.give_key(Height(105), &task_id(1), PROVIDER, [0x5e; 32]).expect("a key");
        assert_eq!(market.task(&task_id(1)).unwrap().demand_window(), window);
    }
}

#[test]
fn a_rescue_has_a_price_that_climbs_to_the_bounty() {
    let mut market = locked(opening(1));
    let price = |market: &Market, now| market.task(&task_id(1)).unwrap().price_at(Height(now)).map(Amount::units);
    assert_eq!(price(&market, 110), None, "held");
    run(&mut market, 106, 116);
    assert_eq!(state(&market, 1), "rescue");
    let (first, whole) = (448_000_000, ZRA);
    assert_eq!([115, 125, 135].map(|now| price(&market, now)), [Some(first), Some((first + whole) / 2), Some(whole)]);
}

// Last values that are allowed.

#[test]
fn a_bounty_may_be_all_of_its_ceiling() {
    let rules = Rules::standard();
    let ceiling = rules.bounty_ceiling;
    let mut market = rich_market(rules.clone());
    market.mint(REQUESTER, units(10 * ceiling.units())).expect("minted");
    let more = units(ceiling.units() + 1);
    let of = |n, bounty_max| Opening { bounty_max, fee: rules.opening_fee(bounty_max), ..opening(n) };
    assert_eq!(status(market.open(Height(OPENED), of(1, more))), Some(Status::Limit));
    market.open(Height(OPENED), of(1, ceiling)).expect("opens");
}

/// As many declared values as an answer may have: they are asked for, answered, final and on disk.
#[test]
fn an_answer_keeps_all_of_its_declared_values() {
    let values = vec![[7; 32]; MAX_DECLARED];
    let declared = u8::try_from(MAX_DECLARED).expect("a byte");
    let proved = Opening { declared, expected: values.clone(), ..opening(1) };
    let more = Opening { declared: declared + 1, ..proved.clone() };
    assert_eq!(status(rich_market(Rules::standard()).open(Height(OPENED), more)), Some(Status::Count));
    let attested = Opening { mode: Mode::Attested, level: Level::Attested, ..proved.clone() };
    for (opening, by_proof) in [(proved, true), (attested, false)] {
        let mut market = locked(opening);
        if by_proof {
            let answer = good(&market, 1, PROVIDER, True);
            let _ = submit(&mut market, 105, PROVIDER, answer).expect("accepted");
        } else {
            market.attest(Height(105), &task_id(1), PROVIDER, True, values.clone()).expect("attests");
        }
        market = restarted(&market);
        assert_eq!(market.task(&task_id(1)).unwrap().answer(), Some((True, &values[..])));
        run(&mut market, 106, 160);
        assert_eq!(state(&market, 1), "final");
        market = restarted(&market);
        assert_eq!(market.task(&task_id(1)).unwrap().answer(), Some((True, &values[..])));
    }
}

// Faults.

#[test]
fn who_rescues_itself_is_late_and_nobodys_offender() {
    for (rescuer, expected, offence) in [(PROVIDER, None, 500), (RESCUER, Some(PROVIDER), 1_000)] {
        let mut market = locked(opening(1));
        run(&mut market, 106, 116);
        let answer = good(&market, 1, rescuer, True);
        commit(&mut market, 116, rescuer, &answer).expect("commits");
        let _ = reveal(&mut market, 117, rescuer, answer).expect("accepted");
        let TaskState::Accepted { offender, provider, .. } = *market.task(&task_id(1)).unwrap().state() else {
            panic!("not accepted")
        };
        assert_eq!((provider, offender), (rescuer, expected));
        assert_eq!(market.standing(&PROVIDER).unwrap().liveness, Score { value: offence, height: Height(117) });
    }
}

#[test]
fn without_a_jail_nobody_is_told_of_one() {
    for jail in [0, 5] {
        let mut market = rich_market(Rules { jail_blocks: jail, ..Rules::standard() });
        market.open(Height(OPENED), opening(1)).expect("opens");
        lock(&mut market, OPENED, 1, PROVIDER);
        run(&mut market, OPENED + 1, 131);
        let told = notes(&mut market, |note| matches!(note, Note::Jailed { .. }));
        let until = Height(131 + jail);
        let expected = if jail == 0 { vec![] } else { vec![Note::Jailed { provider: PROVIDER, until }] };
        assert_eq!(told, expected);
        assert_eq!(market.standing(&PROVIDER).unwrap().jailed_until, if jail == 0 { Height(0) } else { until });
    }
}

/// The provider fails task 1 at 151 and is called for what its later locks need beside their stakes.
fn called(grace: u64, before: impl FnOnce(&mut Market)) -> Market {
    let mut rules = Rules::standard();
    (rules.jail_blocks, rules.lock_blocks, rules.start_share) = (0, 30, Bps::new(1_000).unwrap());
    (rules.offence_half_life_blocks, rules.grace_blocks) = (1_000_000, grace);
    let mut market = rich_market(rules);
    market.open(Height(OPENED), opening(1)).expect("opens");
    lock(&mut market, OPENED, 1, PROVIDER);
    run(&mut market, OPENED + 1, 149);
    for n in 2..=3 {
        market.open(Height(149), opening(n)).expect("opens");
    }
    market.stake(Height(149), PROVIDER, units(S)).expect("staked");
    lock(&mut market, 149, 2, PROVIDER);
    before(&mut market);
    run(&mut market, 150, 151);
    assert_eq!(market.standing(&PROVIDER).unwrap().called, Some(Height(151 + grace)));
    market
}

#[test]
fn a_margin_call_that_is_answered_is_off_at_once() {
    let mut market = called(5, |_| ());
    market.stake(Height(151), PROVIDER, units(S - 1)).expect("staked");
    assert_eq!(market.standing(&PROVIDER).unwrap().called, Some(Height(156)), "a unit is missing");
    market.stake(Height(151), PROVIDER, units(1)).expect("staked");
    assert_eq!(market.standing(&PROVIDER).unwrap().called, None);
}

/// A task that the provider gave back, and that another holds since, is no lock of the provider's.
#[test]
fn a_margin_call_touches_no_lock_of_another() {
    let mut market = called(1, |market| {
        lock(market, 149, 3, PROVIDER);
        market.release(Height(149), &task_id(3), PROVIDER).expect("releases");
        lock(market, 149, 3, OTHER);
    });
    run(&mut market, 152, 152);
    assert_eq!((state(&market, 2), state(&market, 3)), ("open", "assigned"));
    assert_eq!(market.task(&task_id(3)).unwrap().provider(), Some(&OTHER));
    assert_eq!((market.locks(&PROVIDER).0, market.locks(&OTHER).0), (0, 1));
}

/// Attested by the provider at 106, challenged by `who` at 108.
fn challenged(who: AccountId, deposit: u128) -> Market {
    let mut market = rich_market(Rules::standard());
    if deposit > 0 {
        market.stake(Height(OPENED), PROVIDER, units(deposit)).expect("staked");
    }
    let attested = Opening { mode: Mode::Attested, level: Level::Attested, ..opening(1) };
    market.open(Height(OPENED), attested).expect("opens");
    run(&mut market, 101, 105);
    lock(&mut market, 105, 1, PROVIDER);
    market.attest(Height(106), &task_id(1), PROVIDER, True, vec![]).expect("attests");
    let digest = commit_digest(&SALT, &who, &task_id(1), &challenge_digest(False));
    market.commit(Height(107), &task_id(1), who, digest).expect("commits");
    run(&mut market, 107, 108);
    assert!(!market.may_answer(&task_id(1), &PROVIDER), "attested");
    market.challenge(Height(108), &task_id(1), who, SALT, False).expect("challenges");
    market
}

#[test]
fn anyone_may_answer_a_challenge() {
    let market = challenged(RESCUER, 0);
    for who in [REQUESTER, PROVIDER, RESCUER, OTHER] {
        assert!(market.may_answer(&task_id(1), &who));
    }
}

/// T9c: the note says who got the hero's share of 2 ZRA, and that nobody did where the attester challenged itself.
#[test]
fn silence_pays_a_challenger_other_than_the_attester() {
    let (stake, hero_part) = (2 * ZRA, 2 * ZRA * 35 / 100);
    for (who, hero, hero_paid) in [(RESCUER, Some(RESCUER), hero_part), (PROVIDER, None, 0)] {
        let mut market = challenged(who, 0);
        run(&mut market, 109, 149);
        let slashed = notes(&mut market, |note| matches!(note, Note::Slashed { .. }));
        let requester_paid = stake * 15 / 100;
        let expected = Note::Slashed {
            task: task_id(1),
            provider: PROVIDER,
            burned: units(stake - hero_paid - requester_paid),
            hero,
            hero_paid: units(hero_paid),
            requester_paid: units(requester_paid),
            insurance_paid: Amount::ZERO,
        };
        assert_eq!(slashed, [expected]);
    }
}

#[test]
fn a_deposit_that_a_false_answer_costs_of_is_told() {
    // The stake of 2 ZRA comes from the deposit; a tenth of the rest is burnt.
    for (deposit, burned) in [(0, None), (12 * ZRA, Some(units(ZRA)))] {
        let mut market = challenged(RESCUER, deposit);
        let answer = good(&market, 1, RESCUER, False);
        let _ = market.settle(Height(108), &task_id(1), RESCUER, answer, &mut Judge::default()).expect("settles");
        run(&mut market, 109, 158);
        let told = notes(&mut market, |note| matches!(note, Note::DepositSlashed { .. }));
        let note = |burned| Note::DepositSlashed { task: task_id(1), provider: PROVIDER, burned };
        assert_eq!(told, burned.map(note).into_iter().collect::<Vec<_>>());
        assert!(!market.totals().slashed.amount.is_zero());
        assert_eq!(restarted(&market).totals(), market.totals());
    }
}

// Restarts and rollbacks.

/// A task that failed, a key that was released, and as many parts of a deposit on their way back as there may be.
#[test]
fn a_restart_keeps_what_is_over_and_what_is_on_its_way() {
    let mut market = locked(opening(1));
    let answer = good(&market, 1, PROVIDER, Trap);
    let _ = submit(&mut market, 105, PROVIDER, answer).expect("judged");
    assert_eq!(state(&market, 1), "failed");
    let key = KeyId([0x33; 32]);
    market.bond_key(key, OTHER, units(ZRA)).expect("bonded");
    market.release_key(key, OTHER).expect("released");
    market.stake(Height(105), PROVIDER, units(ZRA)).expect("staked");
    for n in 1..=UNBONDINGS_MAX as u64 {
        market.unstake(Height(105 + n), PROVIDER, units(n.into())).expect("on its way");
    }
    let restored = restarted(&market);
    assert_eq!(restored.key_bond(&key), KeyBond::Released { owner: OTHER });
    assert_eq!(restored.standing(&PROVIDER), market.standing(&PROVIDER));
    assert_eq!(restored.task(&task_id(1)).unwrap().state(), market.task(&task_id(1)).unwrap().state());
}

#[test]
fn rows_come_in_order_of_table_and_key() {
    let mut market = rich_market(Rules::standard());
    for n in [9, 3, 7] {
        market.open(Height(OPENED), opening(n)).expect("opens");
    }
    let (changes, rows) = (market.take_changes(), market.rows());
    for rows in [changes, rows] {
        assert!(rows.is_sorted_by(|a, b| (a.table, &a.key) < (b.table, &b.key)));
    }
}

#[test]
fn a_rollback_takes_back_its_own_notes_and_no_others() {
    let mut market = rich_market(Rules::standard());
    let opened = |n| Note::Opened { task: task_id(n) };
    for first in [1, 4] {
        market.open(Height(OPENED), opening(first)).expect("opens");
        market.open(Height(OPENED), opening(first + 1)).expect("opens");
        let checkpoint = market.checkpoint();
        market.open(Height(OPENED), opening(first + 2)).expect("opens");
        market.rollback(checkpoint);
        assert_eq!(market.drain_notes(), [opened(first), opened(first + 1)]);
    }
}

/// Its name is free again, and nothing is found under it.
#[test]
fn a_task_that_opened_and_ended_in_what_was_rolled_back_never_was() {
    let mut market = rich_market(Rules::standard());
    let before = market.rows();
    let checkpoint = market.checkpoint();
    market.open(Height(OPENED), opening(1)).expect("opens");
    market.cancel(Height(OPENED + 5), &task_id(1), REQUESTER).expect("cancels");
    market.rollback(checkpoint);
    assert!(market.task(&task_id(1)).is_none());
    assert_eq!(market.rows(), before);
    market.open(Height(OPENED), opening(1)).expect("opens");
    lock(&mut market, OPENED, 1, PROVIDER);
    assert_eq!(state(&market, 1), "assigned");
}

// Votes.

fn voter(n: u8) -> AccountId {
    AccountId([n; 32])
}

/// Ten voters with 100,000 ZRA each.
fn voters() -> Market {
    let mut market = Market::with_schedule(Rules::local(), Schedule::local()).expect("rules");
    for n in 0..10 {
        market.mint(voter(n), units(100_000 * ZRA)).expect("minted");
    }
    market
}

fn propose(market: &mut Market, now: u64, rule: &str, value: u128) -> u64 {
    market.propose(Height(now), voter(9), rule, value).expect("proposed")
}

fn proposal_state(market: &Market, proposal: u64) -> ProposalState {
    *market.proposal(proposal).expect("a proposal").state()
}

/// `rules` in force with other numbers, adopted without a vote.
fn adopt(market: &mut Market, changes: &[(&str, u128)]) {
    let rules = market.rules().with(changes).expect("in range");
    market.adopt(rules).expect("adopted");
}

#[test]
fn a_proposal_says_what_it_asks() {
    let mut market = voters();
    let old = market.rules().open_fee.units();
    for (at, new) in [old * 11 / 10, old * 12 / 10, old * 13 / 10].into_iter().enumerate() {
        assert_eq!(propose(&mut market, 5 + at as u64, "open_fee", new), at as u64);
    }
    for market in [restarted(&market), market] {
        let last = market.proposals().last().expect("three");
        assert_eq!((last.id(), last.rule(), last.opened()), (2, "open_fee", Height(7)));
        assert_eq!((last.old(), last.new_value(), *last.proposer()), (old, old * 13 / 10, voter(9)));
        assert_eq!(market.proposals().map(|p| p.id()).collect::<Vec<_>>(), [0, 1, 2]);
        assert!(market.proposal(3).is_none() && market.poll(3, Height(8)).is_none());
    }
}

#[test]
fn votes_of_an_account_are_listed_by_proposal() {
    let mut market = voters();
    let old = market.rules().open_fee.units();
    for new in [11, 12, 13] {
        propose(&mut market, 0, "open_fee", old * new / 10);
    }
    for (proposal, who, amount) in [(0, 3, 10), (2, 3, 30), (1, 4, 20)] {
        market.support(Height(0), proposal, voter(who), units(amount * ZRA)).expect("supported");
    }
    let ballots = |who| market.ballots(&voter(who)).collect::<Vec<_>>();
    assert_eq!(ballots(3), [(0, units(10 * ZRA)), (2, units(30 * ZRA))]);
    assert_eq!((ballots(4), ballots(5), ballots(99)), (vec![(1, units(20 * ZRA))], vec![], vec![]));
}

/// What is locked for it stays until it is taken back; to say so again is no vote.
#[test]
fn votes_of_an_ended_proposal_may_stay_or_go_and_not_grow() {
    let mut market = voters();
    let old = market.rules().open_fee.units();
    let proposal = propose(&mut market, 0, "open_fee", old * 11 / 10);
    let of = |market: &mut Market, amount| status(market.support(Height(1), proposal, voter(0), units(amount)));
    assert_eq!(of(&mut market, 10 * ZRA), None);
    adopt(&mut market, &[("open_fee", old + 1)]);
    market.tick(Height(1));
    assert!(proposal_state(&market, proposal).is_ended());
    let before = market.rows();
    assert_eq!(of(&mut market, 10 * ZRA + 1), Some(Status::State));
    assert_eq!(of(&mut market, 10 * ZRA), None);
    assert_eq!(market.rows(), before);
    assert_eq!(of(&mut market, 5 * ZRA), None);
    assert_eq!(market.ballot(proposal, &voter(0)), units(5 * ZRA));
    market.conserved().expect("conserved");
}

/// Voting, passed, adopted, expired, and overtaken for both reasons: a restart keeps each.
#[test]
fn a_restart_keeps_proposals_of_every_state() {
    let mut market = voters();
    let ramp = u128::from(market.rules().ramp_blocks);
    let (open_fee, storage_fee) = (market.rules().open_fee.units(), market.rules().storage_fee.units());
    let adopted = propose(&mut market, 0, "open_fee", open_fee * 11 / 10);
    let other_value = propose(&mut market, 0, "open_fee", open_fee * 12 / 10);
    let relation = propose(&mut market, 0, "ramp_blocks", ramp + 1);
    let expired = propose(&mut market, 0, "storage_fee", storage_fee * 11 / 10);
    for n in 0..6 {
        market.support(Height(0), adopted, voter(n), units(90_000 * ZRA)).expect("supported");
    }
    adopt(&mut market, &[("auction_blocks", ramp)]);
    let mut seen = std::collections::BTreeSet::new();
    for now in 1..=700 {
        market.tick(Height(now));
        market.conserved().expect("conserved");
        let states: Vec<_> =
            [adopted, other_value, relation, expired].map(|at| (proposal_state(&market, at).name(), at)).to_vec();
        if seen.insert(states) {
            let mut restored = restarted(&market);
            restored.tick(Height(now + 1));
            let mut twin = market.clone();
            twin.tick(Height(now + 1));
            assert_eq!((restored.rows(), restored.totals()), (twin.rows(), twin.totals()));
        }
    }
    assert!(seen.iter().any(|states| states[0].0 == "passed"));
    let why = |at| match proposal_state(&market, at) {
        ProposalState::Overtaken { why, .. } => why,
        other => panic!("{other:?}"),
    };
    assert_eq!((why(other_value), why(relation)), (Overtaken::Value, Overtaken::Relation));
    assert!(matches!(proposal_state(&market, expired), ProposalState::Expired { .. }));
    assert!(matches!(proposal_state(&market, adopted), ProposalState::Adopted { version: 2, .. }));

    // Rules that are not there.
    let mut rows = market.rows();
    let row = rows.iter_mut().find(|row| row.table == Table::Proposals).expect("the first");
    let value = row.value.as_mut().expect("a row");
    let version = value.len() - 4;
    assert_eq!(value[version..], 2u32.to_le_bytes());
    value[version] = 3;
    let store = MemStore::default();
    store.commit(&rows).expect("memory");
    let refused = Market::restore(&store).expect_err("refused").to_string();
    assert!(refused.contains("unknown rules"), "{refused}");
}

/// Where the rule moved too far for what was asked to be a step any more, it is its value that is in the way.
#[test]
fn a_rule_that_moved_far_away_overtakes_by_its_value() {
    let mut market = voters();
    let old = market.rules().open_fee.units();
    let proposal = propose(&mut market, 0, "open_fee", old * 11 / 10);
    adopt(&mut market, &[("open_fee", 3 * old)]);
    market.tick(Height(1));
    let expected = ProposalState::Overtaken { at: Height(1), why: Overtaken::Value };
    assert_eq!(proposal_state(&market, proposal), expected);
}

/// Two versions of one number: what votes were measured by under the first is forgotten with it.
#[test]
fn rules_that_were_rolled_back_leave_nothing_with_proposals() {
    let mut market = voters();
    let (open_fee, storage_fee) = (market.rules().open_fee.units(), market.rules().storage_fee.units());
    let proposal = propose(&mut market, 0, "open_fee", open_fee * 11 / 10);
    let checkpoint = market.checkpoint();
    adopt(&mut market, &[("storage_fee", storage_fee + 1)]);
    market.tick(Height(1));
    assert_eq!(proposal_state(&market, proposal), ProposalState::Voting);
    market.rollback(checkpoint);
    adopt(&mut market, &[("open_fee", open_fee + 1)]);
    market.tick(Height(1));
    let expected = ProposalState::Overtaken { at: Height(1), why: Overtaken::Value };
    assert_eq!(proposal_state(&market, proposal), expected);
}

#[test]
fn every_place_for_a_proposal_may_be_taken_at_a_restart() {
    let mut market = voters();
    market.mint(voter(9), units(1_000_000_000 * ZRA)).expect("minted");
    let old = market.rules().deadline_max_blocks;
    for at in 1..=PROPOSALS_MAX as u64 {
        propose(&mut market, 0, "deadline_max_blocks", u128::from(old + at));
    }
    assert_eq!(restarted(&market).proposals().len(), PROPOSALS_MAX);
}

#[test]
fn a_block_that_changes_nothing_of_votes_writes_nothing() {
    let mut market = voters();
    let old = market.rules().open_fee.units();
    let proposal = propose(&mut market, 0, "open_fee", old * 14 / 10);
    market.support(Height(0), proposal, voter(0), units(10 * ZRA)).expect("supported");
    market.tick(Height(1));
    assert!(!market.take_changes().is_empty());
    market.tick(Height(2));
    assert_eq!(market.take_changes(), []);
}
