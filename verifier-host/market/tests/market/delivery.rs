//! T16: a key, a demand, a delivery, and what becomes of a requester that does not deliver. Each row by its buckets, each window
//! a block before, at and after its end.
//!
//! Standard rules, locked at 105: lock deadline 115, demands from 2 blocks after the key until 110, half of the lock; 10 blocks to
//! deliver. R = 400,000,000, of which 80 % pay the holder; the fee of a demand is 10,000,000.

use zera_abi::{AccountId, Height, Outcome, Status};
use zera_market::{Delivery, Market, MarketError, Mode, Note, Opening, Rules, Ruling, TaskState, reason};

use super::fixture::*;

const STAKE: i128 = 849_230_770;
const FEE: i128 = 10_000_000;
const BOND: i128 = 400_000_000;
const SEAL: [u8; 32] = [0x5e; 32];

fn owing() -> Opening {
    Opening { declared: 1, expected: vec![[7; 32]], delivers: true, ..opening(1) }
}

/// Opened at 100 and locked at 105.
fn locked_with(opening: Opening) -> Market {
    let mut market = rich_market(Rules::standard());
    market.open(Height(OPENED), opening).expect("opens");
    run(&mut market, 101, 105);
    market.lock(Height(105), &task_id(1), PROVIDER).expect("locks");
    market
}

fn locked() -> Market {
    locked_with(owing())
}

fn give_key(market: &mut Market, now: u64, who: AccountId) -> Result<(), MarketError> {
    market.give_key(Height(now), &task_id(1), who, SEAL)
}

fn demand(market: &mut Market, now: u64, who: AccountId) -> Result<(), MarketError> {
    market.demand(Height(now), &task_id(1), who)
}

fn deliver(market: &mut Market, now: u64, who: AccountId) -> Result<(), MarketError> {
    market.deliver(Height(now), &task_id(1), who)
}

fn complain(market: &mut Market, now: u64, who: AccountId) -> Result<(), MarketError> {
    assert_eq!(
        market.check_complaint(Height(now), &task_id(1), who),
        market.clone().complain(Height(now), &task_id(1), who),
        "what is asked first is what is decided"
    );
    market.complain(Height(now), &task_id(1), who)
}

fn keyed() -> Market {
    let mut market = locked();
    give_key(&mut market, 106, PROVIDER).expect("a key");
    market
}

/// Demanded at 108: three blocks of the lock are over, and seven are left.
fn demanded() -> Market {
    let mut market = keyed();
    run(&mut market, 107, 108);
    demand(&mut market, 108, PROVIDER).expect("demands");
    market
}

fn delivery(market: &Market) -> Delivery {
    market.task(&task_id(1)).expect("the task").delivery()
}

fn lock_deadline(market: &Market) -> u64 {
    match market.task(&task_id(1)).expect("the task").state() {
        TaskState::Assigned { lock_deadline, .. } => lock_deadline.0,
        other => panic!("{other:?}"),
    }
}

fn status<T>(result: Result<T, MarketError>) -> Status {
    result.map_or_else(|error| error.status(), |_| Status::Ok)
}

/// Rows on disk and back, and what is due with them.
fn restarted(market: &mut Market) -> Market {
    let store = zera_market::ports::MemStore::default();
    zera_market::ports::Store::commit(&store, &market.rows()).expect("memory");
    let restored = Market::restore(&store).expect("restores");
    assert_eq!(restored.rows(), market.rows());
    restored
}

#[test]
fn t16a_a_key_is_the_holders_once_a_lock() {
    let mut market = locked();
    assert_eq!(status(give_key(&mut market, 106, RESCUER)), Status::Unauthorized);
    assert_eq!(status(give_key(&mut market.clone(), 115, PROVIDER)), Status::Ok);
    assert_eq!(status(give_key(&mut market.clone(), 116, PROVIDER)), Status::Deadline);
    row(&mut market, "assigned", "assigned", |m| give_key(m, 106, PROVIDER).expect("a key"), |_| ());
    assert_eq!(delivery(&market), Delivery::Keyed { key: SEAL, since: Height(106) });
    assert_eq!(delivery(&restarted(&mut market)), delivery(&market));
    assert_eq!(status(give_key(&mut market, 106, PROVIDER)), Status::State);
    // The next lock has a key of its own.
    market.release(Height(106), &task_id(1), PROVIDER).expect("in the first tenth");
    assert_eq!(status(give_key(&mut market, 106, PROVIDER)), Status::State, "nobody holds it");
    market.lock(Height(106), &task_id(1), RESCUER).expect("locks");
    assert_eq!(delivery(&market), Delivery::Unkeyed);
    give_key(&mut market, 106, RESCUER).expect("a key");
    let keys: Vec<Note> = market.drain_notes().into_iter().filter(|note| matches!(note, Note::Keyed { .. })).collect();
    let note = |provider| Note::Keyed { task: task_id(1), provider, key: SEAL };
    assert_eq!(keys, [note(PROVIDER), note(RESCUER)]);
}

#[test]
fn t16a_no_key_is_given_where_nothing_is_read() {
    let mut nothing = locked_with(opening(1));
    assert_eq!(status(give_key(&mut nothing, 106, PROVIDER)), Status::Unsupported);
    // A witness may be sent, and is not owed.
    let mut witness = locked_with(Opening { witness_only: true, ..opening(1) });
    give_key(&mut witness, 106, PROVIDER).expect("a key");
}

#[test]
fn t16b_a_demand_puts_up_a_fee_and_stops_the_clock() {
    let mut market = keyed();
    run(&mut market, 107, 108);
    row(
        &mut market,
        "assigned",
        "assigned",
        |m| demand(m, 108, PROVIDER).expect("demands"),
        |b| {
            b.free[1] -= FEE;
            b.deposit += FEE;
        },
    );
    let until = Height(118);
    assert_eq!(delivery(&market), Delivery::Demanded { key: SEAL, since: Height(108), until, fee: units(FEE as u128) });
    assert_eq!(market.account(&PROVIDER).locked, units((STAKE + FEE) as u128));
    let notes = market.drain_notes();
    let told = Note::Demanded { task: task_id(1), provider: PROVIDER, fee: units(FEE as u128), until };
    assert_eq!(notes.last(), Some(&told));
    assert_eq!(delivery(&restarted(&mut market)), delivery(&market));
    // The lock's own deadline passes, and nothing lapses.
    run(&mut market, 109, 118);
    assert_eq!(state(&market, 1), "assigned");
    assert_eq!(status(demand(&mut market, 109, PROVIDER)), Status::State, "once");
}

#[test]
fn t16b_a_demand_has_its_window() {
    for (now, expected) in
        [(106, Status::State), (107, Status::State), (108, Status::Ok), (110, Status::Ok), (111, Status::Deadline)]
    {
        assert_eq!(status(demand(&mut keyed(), now, PROVIDER)), expected, "at {now}");
    }
    let mut market = locked();
    assert_eq!(status(demand(&mut market, 108, PROVIDER)), Status::State, "without a key");
    assert_eq!(status(demand(&mut keyed(), 108, RESCUER)), Status::Unauthorized);
    let mut poor = keyed();
    let free = poor.account(&PROVIDER).free.units();
    poor.transfer(PROVIDER, OTHER, units(free - FEE as u128 + 1)).expect("has it");
    assert_eq!(status(demand(&mut poor, 108, PROVIDER)), Status::Funds);
    poor.transfer(OTHER, PROVIDER, units(1)).expect("has it");
    assert_eq!(status(demand(&mut poor, 108, PROVIDER)), Status::Ok);
}

/// Who asks whether there is a witness need not have one: a demand would be a way to its bond.
#[test]
fn t16b_nobody_owes_what_the_request_does_not_fix() {
    let mut market = locked_with(Opening { witness_only: true, ..opening(1) });
    give_key(&mut market, 106, PROVIDER).expect("a key");
    for now in 106..=115 {
        assert_eq!(status(demand(&mut market, now, PROVIDER)), Status::Unsupported);
    }
    let both = Opening { witness_only: true, ..owing() };
    assert_eq!(status(rich_market(Rules::standard()).open(Height(OPENED), both)), Status::Unsupported);
}

/// Requester and holder alone could look at it, and the gate counts on others.
#[test]
fn nobody_answers_about_private_bytes_without_a_proof() {
    let unproved = Opening { mode: Mode::Attested, value_at_risk: units(0), ..owing() };
    let deadline = Height(unproved.deadline.0 + 100);
    let unproved = Opening { deadline, ..unproved };
    let public = Opening { delivers: false, declared: 0, expected: Vec::new(), ..unproved.clone() };
    assert_eq!(status(rich_market(Rules::standard()).open(Height(OPENED), public)), Status::Ok);
    assert_eq!(status(rich_market(Rules::standard()).open(Height(OPENED), unproved)), Status::Unsupported);
}

#[test]
fn t16c_a_delivery_earns_the_fee_and_the_clock_goes_on() {
    let mut market = demanded();
    run(&mut market, 109, 114);
    row(
        &mut market,
        "assigned",
        "assigned",
        |m| deliver(m, 114, REQUESTER).expect("delivers"),
        |b| {
            b.free[0] += FEE;
            b.deposit -= FEE;
        },
    );
    // It stood for six blocks.
    assert_eq!((lock_deadline(&market), delivery(&market)), (121, Delivery::Delivered { key: SEAL }));
    assert_eq!(delivery(&restarted(&mut market)), delivery(&market));
    let told = Note::DemandClosed {
        task: task_id(1),
        provider: PROVIDER,
        delivered: true,
        fee_paid: units(FEE as u128),
        lock_deadline: Height(121),
    };
    assert_eq!(market.drain_notes().last(), Some(&told));
    for again in [deliver(&mut market, 114, REQUESTER), demand(&mut market, 114, PROVIDER)] {
        assert_eq!(status(again), Status::State);
    }
    run(&mut market, 115, 121);
    assert_eq!(state(&market, 1), "assigned");
    let answer = good(&market, 1, PROVIDER, Outcome::False);
    assert_eq!(submit(&mut market.clone(), 121, PROVIDER, answer), Ok(Ruling::Accepted));
    run(&mut market, 122, 122);
    assert_eq!(state(&market, 1), "rescue");
}

#[test]
fn t16c_a_delivery_has_its_window() {
    for (now, expected) in [(108, Status::Ok), (118, Status::Ok), (119, Status::Deadline)] {
        let mut market = demanded();
        assert_eq!(status(deliver(&mut market, now, REQUESTER)), expected, "at {now}");
        if expected == Status::Ok {
            assert_eq!(lock_deadline(&market), 115 + now - 108);
        }
    }
    assert_eq!(status(deliver(&mut keyed(), 108, REQUESTER)), Status::State, "nothing is demanded");
    assert_eq!(status(deliver(&mut demanded(), 108, PROVIDER)), Status::Unauthorized);
}

#[test]
fn t16c_an_answer_or_a_release_withdraws_a_demand() {
    // Whatever came, it came: the price as ever, and the fee is the requester's.
    let mut market = demanded();
    run(&mut market, 109, 118);
    let answer = good(&market, 1, PROVIDER, Outcome::True);
    row(
        &mut market,
        "assigned",
        "accepted",
        |m| assert_eq!(submit(m, 118, PROVIDER, answer), Ok(Ruling::Accepted)),
        |b| {
            b.free[0] += FEE + 1_000_000_000 - 448_000_000;
            b.deposit -= FEE;
            b.bounty = 0;
            b.hold = 448_000_000;
        },
    );
    // A bad proof, too; and the clock has stood until then.
    let mut market = demanded();
    run(&mut market, 109, 112);
    let bad = zera_market::Answer { declared: vec![[7; 32]], ..bad(Outcome::True) };
    let _ = submit(&mut market, 112, PROVIDER, bad.clone()).expect("judged");
    assert_eq!((lock_deadline(&market), delivery(&market)), (119, Delivery::Withdrawn { key: SEAL }));
    assert_eq!(delivery(&restarted(&mut market)), delivery(&market));
    assert_eq!(status(demand(&mut market, 112, PROVIDER)), Status::State, "once a lock");
    assert_eq!(status(deliver(&mut market, 112, REQUESTER)), Status::State);
    assert_eq!(status(complain(&mut market, 112, PROVIDER)), Status::State);
    // The last attempt: a rescue has its whole window from the later deadline on.
    let mut market = demanded();
    run(&mut market, 109, 118);
    for _ in 0..3 {
        let _ = submit(&mut market, 118, PROVIDER, bad.clone()).expect("judged");
    }
    match market.task(&task_id(1)).expect("there").state() {
        TaskState::Rescue { opened, expires, .. } => assert_eq!((opened.0, expires.0), (118, 145)),
        other => panic!("{other:?}"),
    }
    // A release comes before a demand by these rules; under others it may come after one.
    let mut rules = Rules::standard();
    (rules.lock_blocks, rules.start_share) = (100, zera_abi::Bps::new(5_000).expect("half"));
    let mut market = rich_market(rules);
    market.open(Height(OPENED), owing()).expect("opens");
    run(&mut market, 101, 105);
    market.lock(Height(105), &task_id(1), PROVIDER).expect("locks");
    give_key(&mut market, 105, PROVIDER).expect("a key");
    demand(&mut market, 107, PROVIDER).expect("demands");
    let fee = 849_230_770 / 50;
    row(
        &mut market,
        "assigned",
        "open",
        |m| m.release(Height(110), &task_id(1), PROVIDER).expect("releases"),
        |b| {
            b.free[0] += FEE;
            b.free[1] += STAKE - fee;
            b.burned += fee;
            b.deposit -= FEE;
            b.stake = 0;
        },
    );
}

/// What T16d and T16e move, from where `fee` is put up or paid.
fn undelivered(b: &mut Buckets, fee: i128) {
    b.free[0] += 1_000_000_000;
    b.free[1] += STAKE + fee + BOND * 8 / 10;
    b.burned += BOND * 2 / 10;
    (b.bounty, b.bond, b.stake) = (0, 0, 0);
    b.deposit -= fee;
}

#[test]
fn t16d_who_does_not_deliver_pays_and_the_rest_of_its_bond_burns() {
    let mut market = demanded();
    run(&mut market, 109, 118);
    let _ = market.drain_notes();
    row(&mut market, "assigned", "failed", |m| m.tick(Height(119)), |b| undelivered(b, FEE));
    let task = market.task(&task_id(1)).expect("there");
    assert_eq!((task.reason(), task.end(), task.answer()), (reason::INPUT_UNAVAILABLE, zera_abi::End::Failed, None));
    assert_eq!(task.provider(), Some(&PROVIDER));
    let told = Note::Undelivered {
        task: task_id(1),
        provider: PROVIDER,
        wrong: false,
        paid: units(320_000_000),
        burned: units(80_000_000),
        stake_returned: units(STAKE as u128),
        fee_returned: units(FEE as u128),
    };
    assert_eq!(market.drain_notes(), [told]);
    let restored = restarted(&mut market);
    assert_eq!(restored.task(&task_id(1)).expect("there").state(), market.task(&task_id(1)).expect("there").state());
    // The lock counts no longer.
    let mut second = opening(2);
    second.deadline = Height(DEADLINE);
    market.open(Height(119), second).expect("opens");
    market.lock(Height(119), &task_id(2), PROVIDER).expect("locks");
    run(&mut market, 120, 900);
}

#[test]
fn t16e_who_delivers_something_else_pays_the_same() {
    let mut market = demanded();
    deliver(&mut market, 110, REQUESTER).expect("delivers");
    row(&mut market, "assigned", "failed", |m| complain(m, 117, PROVIDER).expect("complains"), |b| undelivered(b, 0));
    let wrong = market.drain_notes().into_iter().find_map(|note| match note {
        Note::Undelivered { wrong, fee_returned, .. } => Some((wrong, fee_returned.is_zero())),
        _ => None,
    });
    assert_eq!(wrong, Some((true, true)));
}

#[test]
fn t16e_only_what_was_delivered_is_complained_of_in_time() {
    for mut market in [locked(), keyed(), demanded()] {
        assert_eq!(status(complain(&mut market, 109, PROVIDER)), Status::State);
    }
    let mut market = demanded();
    deliver(&mut market, 110, REQUESTER).expect("delivers");
    assert_eq!(status(complain(&mut market, 111, RESCUER)), Status::Unauthorized);
    assert_eq!(status(complain(&mut market.clone(), 117, PROVIDER)), Status::Ok);
    assert_eq!(status(complain(&mut market, 118, PROVIDER)), Status::Deadline);
}

#[test]
fn a_withdrawn_key_gives_the_fee_of_a_demand_back() {
    let mut market = demanded();
    market.withdraw_key(KEY, OTHER).expect("withdrawn");
    for refused in [deliver(&mut market, 109, REQUESTER), complain(&mut market, 109, PROVIDER)] {
        assert_eq!(status(refused), Status::Key);
    }
    row(
        &mut market,
        "assigned",
        "revoked",
        |m| m.tick(Height(109)),
        |b| {
            b.free[0] += 1_000_000_000 + BOND;
            b.free[1] += STAKE + FEE;
            (b.bounty, b.bond, b.stake, b.deposit) = (0, 0, 0, 0);
        },
    );
}

/// A demand at its last height, a delivery at its last, an answer at the last of the lock: still before what may follow.
#[test]
fn the_bound_on_a_tasks_life_holds_however_long_the_clock_stands() {
    let rules = Rules::standard();
    let room = rules.room_blocks(Mode::Proved, true);
    assert_eq!(room, rules.room_blocks(Mode::Proved, false) + rules.deliver_blocks);
    let open = |blocks: u64| {
        let mut market = rich_market(rules.clone());
        market.open(Height(OPENED), Opening { deadline: Height(OPENED + blocks), ..owing() }).map(|()| market)
    };
    assert_eq!(status(open(room - 1)), Status::Deadline);
    let mut market = open(room).expect("room");
    let deadline = OPENED + room;
    // The last lock of the last round, so that its deadline is the last one.
    run(&mut market, 101, 109);
    let last = deadline - rules.tail_blocks(Mode::Proved, true);
    assert_eq!(last, 120);
    market.lock(Height(110), &task_id(1), PROVIDER).expect("locks");
    run(&mut market, 110, 110);
    assert_eq!(lock_deadline(&market), last);
    give_key(&mut market, 110, PROVIDER).expect("a key");
    run(&mut market, 111, 115);
    demand(&mut market, 115, PROVIDER).expect("the last height");
    run(&mut market, 116, 125);
    deliver(&mut market, 125, REQUESTER).expect("the last height");
    assert_eq!(lock_deadline(&market), last + rules.deliver_blocks);
    run(&mut market, 126, last + rules.deliver_blocks + 1);
    match market.task(&task_id(1)).expect("there").state() {
        TaskState::Rescue { expires, .. } => assert_eq!(expires.0, deadline),
        other => panic!("{other:?}"),
    }
}
