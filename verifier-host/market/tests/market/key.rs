//! Keys: deposits, withdrawal, and the refunds of many tasks over blocks.

use zera_abi::{AccountId, End, Height, KeyId, Level, Outcome::True, Status};
use zera_market::ports::{MemStore, Store};
use zera_market::{KeyBond, Market, MarketError, Note, REVOCATIONS_MAX, Rules};

use super::event::task;
use super::fixture::*;

const OTHER_KEY: KeyId = KeyId([0x12; 32]);
const DEPOSIT: u128 = 7 * ZRA;

fn free(market: &Market, who: AccountId) -> i128 {
    market.account(&who).free.units() as i128 - 100 * ZRA as i128
}

#[test]
fn a_deposit_is_the_keys_own_and_counts() {
    let mut market = rich_market(Rules::standard());
    market.bond_key(KEY, OTHER, units(DEPOSIT)).expect("bonds");
    market.conserved().expect("conserved");
    assert_eq!(free(&market, OTHER), -(DEPOSIT as i128));
    assert!(market.account(&OTHER).locked.is_zero(), "the key's, not a stake of its owner");
    let totals = market.totals();
    assert_eq!((totals.key_deposits, totals.sum()), (units(DEPOSIT), Some(totals.minted)));
    assert_eq!(market.key_bond(&KEY), KeyBond::Bonded { owner: OTHER, deposit: units(DEPOSIT) });
    assert_eq!(status(market.bond_key(KEY, RESCUER, units(1))), Some(Status::Duplicate));
    assert_eq!(status(market.bond_key(OTHER_KEY, RESCUER, units(100 * ZRA + 1))), Some(Status::Funds));
    assert_eq!(market.key_bond(&OTHER_KEY), KeyBond::None);
    // A key of the genesis, of an account that never had money.
    market.bond_key(OTHER_KEY, AccountId([9; 32]), units(0)).expect("bonds without a deposit");
    assert_eq!(market.withdraw_key(OTHER_KEY, RESCUER), Ok(units(0)));
    assert_eq!(status(market.bond_key(OTHER_KEY, RESCUER, units(1))), Some(Status::Duplicate), "never again");
    market.conserved().expect("conserved");
}

#[test]
fn the_reporter_gets_the_deposit_once() {
    let mut market = rich_market(Rules::standard());
    market.bond_key(KEY, OTHER, units(DEPOSIT)).expect("bonds");
    assert_eq!(status(market.withdraw_key(OTHER_KEY, RESCUER)), Some(Status::Key));
    assert_eq!(market.withdraw_key(KEY, RESCUER), Ok(units(DEPOSIT)));
    assert_eq!(free(&market, RESCUER), DEPOSIT as i128);
    assert!(market.totals().key_deposits.is_zero());
    assert!(market.key_is_withdrawn(&KEY));
    assert_eq!(market.drain_notes(), [Note::KeyWithdrawn { key: KEY, reporter: RESCUER, reward: units(DEPOSIT) }]);
    let before = market.rows();
    assert_eq!(status(market.withdraw_key(KEY, PROVIDER)), Some(Status::Duplicate));
    assert_eq!(status(market.release_key(KEY, OTHER)), Some(Status::Key));
    assert_eq!(status(market.open(Height(OPENED), opening(1))), Some(Status::Key));
    assert_eq!(market.rows(), before);
    assert_eq!(market.drain_notes(), []);
    // A reporter who never had money gets an account.
    market.bond_key(OTHER_KEY, OTHER, units(DEPOSIT)).expect("bonds");
    assert_eq!(market.withdraw_key(OTHER_KEY, AccountId([9; 32])), Ok(units(DEPOSIT)));
    assert_eq!(market.account(&AccountId([9; 32])).free, units(DEPOSIT));
    market.conserved().expect("conserved");
}

#[test]
fn a_used_key_is_withdrawn_without_a_deposit_too() {
    let mut market = market();
    assert_eq!(market.withdraw_key(KEY, RESCUER), Ok(units(0)));
    run(&mut market, 101, 101);
    assert_eq!(state(&market, 1), "revoked");
}

#[test]
fn only_its_owner_takes_an_idle_key_back() {
    let mut market = rich_market(Rules::standard());
    assert_eq!(status(market.release_key(KEY, OTHER)), Some(Status::Key));
    market.bond_key(KEY, OTHER, units(DEPOSIT)).expect("bonds");
    market.open(Height(OPENED), opening(1)).expect("opens");
    assert_eq!(status(market.release_key(KEY, RESCUER)), Some(Status::Unauthorized));
    assert_eq!(status(market.release_key(KEY, OTHER)), Some(Status::State), "a task depends on it");
    run(&mut market, 101, 105);
    market.cancel(Height(105), &task_id(1), REQUESTER).expect("cancelled");
    assert_eq!(status(market.release_key(KEY, RESCUER)), Some(Status::Unauthorized));
    assert_eq!(market.release_key(KEY, OTHER), Ok(units(DEPOSIT)));
    assert_eq!(free(&market, OTHER), 0);
    assert_eq!(status(market.release_key(KEY, OTHER)), Some(Status::State), "twice");
    assert_eq!(status(market.open(Height(105), opening(2))), Some(Status::Key), "it takes no more tasks");
    assert_eq!(status(market.bond_key(KEY, OTHER, units(1))), Some(Status::Duplicate));
    // It can still be proven broken, so that nobody trusts it again; there is no deposit left.
    assert_eq!(market.withdraw_key(KEY, RESCUER), Ok(units(0)));
    market.conserved().expect("conserved");
}

/// Every transition on a task in each of the states that are not an end, from the block of the withdrawal on.
#[test]
fn nothing_but_the_refund_happens_to_a_withdrawn_keys_task() {
    type Prepare = fn(&mut Market);
    let locked: Prepare = |market| market.lock(Height(105), &task_id(1), PROVIDER).expect("locks");
    let accepted: Prepare = |market| {
        market.lock(Height(105), &task_id(1), PROVIDER).expect("locks");
        let answer = good(market, 1, PROVIDER, True);
        let _ = submit(market, 105, PROVIDER, answer).expect("accepted");
    };
    let rescue: Prepare = |market| {
        market.lock(Height(105), &task_id(1), PROVIDER).expect("locks");
        for _ in 0..3 {
            let _ = submit(market, 105, PROVIDER, bad(True)).expect("judged");
        }
        let answer = good(market, 1, RESCUER, True);
        commit(market, 105, RESCUER, &answer).expect("commits");
    };
    let open: Prepare = |_| ();
    for (prepare, name) in [(open, "open"), (locked, "assigned"), (rescue, "rescue"), (accepted, "accepted")] {
        let mut market = market();
        run(&mut market, 101, 105);
        prepare(&mut market);
        assert_eq!(state(&market, 1), name);
        let answer = good(&market, 1, RESCUER, True);
        let holders = [PROVIDER, RESCUER].map(|who| market.may_answer(&task_id(1), &who));
        assert_eq!(holders, [name == "assigned", name == "rescue"]);
        assert_eq!(market.answer_stands(&task_id(1)), name == "accepted");

        market.withdraw_key(KEY, OTHER).expect("withdrawn");
        let before = market.rows();
        let mut judge = Judge::default();
        let id = task_id(1);
        for now in [105, 106] {
            let refused = [
                market.lock(Height(now), &id, OTHER).err(),
                market.cancel(Height(now), &id, REQUESTER).err(),
                market.release(Height(now), &id, PROVIDER).err(),
                market.submit(Height(now), &id, PROVIDER, answer.clone(), &mut judge).err(),
                market.commit(Height(now), &id, OTHER, [0; 32]).err(),
                market.reveal(Height(now), &id, RESCUER, SALT, answer.clone(), &mut judge).err(),
                market.claim(&id, PROVIDER, &answer).err(),
            ];
            for error in refused {
                assert_eq!(error, Some(MarketError::KeyWithdrawn { key: KEY }), "{name} at {now}");
            }
        }
        assert_eq!((market.rows(), judge.calls), (before, 0), "{name}");
        for who in [PROVIDER, RESCUER] {
            assert!(!market.may_answer(&id, &who), "{name}");
        }
        // The host says no, though the record of an accepted task is still there.
        assert!(!market.answer_stands(&id), "{name}");
        assert_eq!(market.level(market.task(&id).unwrap()), Level::Pending, "{name}");

        market.drain_notes();
        market.tick(Height(106));
        let task = market.task(&id).unwrap();
        assert_eq!((task.end(), task.answer(), market.level(task)), (End::Revoked, None, Level::Pending), "{name}");
        assert!(task.escrow().total().is_zero() && market.key_exposure(&KEY).is_zero(), "{name}");
        assert!(matches!(market.drain_notes()[..], [Note::Revoked { .. }]), "{name}");
        assert_eq!(status(market.lock(Height(106), &id, OTHER)), Some(Status::State), "{name}: an end is an end");
        market.tick(Height(10_000));
        assert_eq!((state(&market, 1), market.drain_notes()), ("revoked", vec![]), "{name}");
        market.conserved().expect("conserved");
    }
}

#[test]
fn a_final_answer_stands_whatever_becomes_of_its_key() {
    let mut market = market();
    market.lock(Height(100), &task_id(1), PROVIDER).expect("locks");
    let answer = good(&market, 1, PROVIDER, True);
    let _ = submit(&mut market, 100, PROVIDER, answer).expect("accepted");
    run(&mut market, 101, 150);
    market.withdraw_key(KEY, OTHER).expect("withdrawn");
    let before = market.rows();
    run(&mut market, 151, 300);
    assert_eq!(market.rows(), before);
    assert!(market.answer_stands(&task_id(1)));
    assert_eq!(market.level(market.task(&task_id(1)).unwrap()), Level::Final);
}

#[test]
fn the_refund_says_what_went_where() {
    let mut market = market();
    run(&mut market, 101, 105);
    market.lock(Height(105), &task_id(1), PROVIDER).expect("locks");
    run(&mut market, 106, 120);
    let answer = good(&market, 1, RESCUER, True);
    commit(&mut market, 120, RESCUER, &answer).expect("commits");
    market.withdraw_key(KEY, OTHER).expect("withdrawn");
    market.drain_notes();
    market.tick(Height(121));
    assert_eq!(
        market.drain_notes(),
        [Note::Revoked {
            task: task_id(1),
            requester_paid: units(1_400_000_000),
            stake_returned: units(849_230_770),
            deposits_returned: units(10_000_000),
        }]
    );
}

/// `count` small tasks, every third under another key, every fifth locked; deadlines spread, so that timers are due meanwhile.
fn crowd(count: u32) -> Market {
    let mut market = rich_market(Rules::local());
    market.bond_key(KEY, OTHER, units(DEPOSIT)).expect("bonds");
    for n in 0..count {
        let mut opening = opening(0);
        opening.task = task(n);
        opening.bounty_max = units(1_000_000);
        opening.key = if n % 3 == 2 { OTHER_KEY } else { KEY };
        market.open(Height(OPENED), opening).expect("opens");
        if n % 5 == 0 {
            market.lock(Height(OPENED), &task(n), PROVIDER).expect("locks");
        }
    }
    market
}

fn of_key(n: &u32) -> bool {
    n % 3 != 2
}

#[test]
fn refunds_come_in_order_of_opening_64_a_block() {
    let mut market = crowd(300);
    let locked = market.account(&PROVIDER).locked;
    assert!(!locked.is_zero());
    market.withdraw_key(KEY, RESCUER).expect("withdrawn");
    let order: Vec<_> = (0..300).filter(of_key).map(task).collect();
    assert_eq!(order.len(), 200);
    let mut refunded = Vec::new();
    for now in OPENED + 1.. {
        market.drain_notes();
        market.tick(Height(now));
        market.conserved().expect("conserved in between");
        let notes = market.drain_notes();
        let here: Vec<_> = notes
            .iter()
            .filter_map(|note| if let Note::Revoked { task, .. } = note { Some(*task) } else { None })
            .collect();
        assert_eq!(here.len(), (order.len() - refunded.len()).min(REVOCATIONS_MAX));
        refunded.extend(here);
        if refunded.len() == order.len() {
            assert_eq!(now, OPENED + 4);
            break;
        }
    }
    assert_eq!(refunded, order);
    assert!(market.key_exposure(&KEY).is_zero() && !market.key_exposure(&OTHER_KEY).is_zero());
}

/// Two keys broken one after the other: the oldest task comes first, whichever its key.
#[test]
fn refunds_of_two_keys_share_the_block() {
    let mut market = crowd(90);
    market.withdraw_key(OTHER_KEY, RESCUER).expect("withdrawn");
    market.withdraw_key(KEY, RESCUER).expect("withdrawn");
    market.tick(Height(OPENED + 1));
    for n in 0..90 {
        let revoked = market.task(&task(n)).unwrap().end() == End::Revoked;
        assert_eq!(revoked, n < 64, "{n}");
    }
}

/// While tasks wait for their refund their timers are due, and do nothing: one late tick finds all of them due.
#[test]
fn no_timer_of_a_waiting_task_fires() {
    let mut market = crowd(300);
    market.withdraw_key(KEY, RESCUER).expect("withdrawn");
    market.drain_notes();
    market.tick(Height(OPENED + 500));
    let waiting = |market: &Market| {
        market.tasks().filter(|task| market.key_is_withdrawn(task.key()) && task.end() == End::None).count()
    };
    assert_eq!(waiting(&market), 200 - REVOCATIONS_MAX);
    for note in market.drain_notes() {
        let id = match note {
            Note::Revoked { .. } | Note::Jailed { .. } | Note::Braked { .. } | Note::MarginCalled { .. } => continue,
            Note::Reauctioned { task, .. }
            | Note::RescueOpened { task, .. }
            | Note::Expired { task }
            | Note::Slashed { task, .. } => task,
            other => panic!("{other:?}"),
        };
        assert_eq!(market.task(&id).unwrap().key(), &OTHER_KEY);
    }
    for (now, left) in [(501, 72), (502, 8), (503, 0)] {
        market.tick(Height(OPENED + now));
        assert_eq!(waiting(&market), left);
    }
    market.conserved().expect("conserved");
    assert!(market.account(&PROVIDER).locked.is_zero());
}

/// A market restored after any block refunds the same tasks in the same blocks and writes the same rows.
#[test]
fn a_restart_in_the_middle_of_the_refunds_changes_nothing() {
    let mut market = crowd(300);
    let store = MemStore::default();
    store.commit(&market.take_changes()).expect("memory");
    market.withdraw_key(KEY, RESCUER).expect("withdrawn");
    for now in OPENED + 1..OPENED + 60 {
        let changes = market.take_changes();
        store.commit(&changes).expect("memory");
        let mut restored = Market::restore(&store).expect("restores");
        assert_eq!((restored.rows(), restored.totals()), (market.rows(), market.totals()), "at {now}");
        assert_eq!(restored.take_changes(), vec![]);
        let _ = (market.drain_notes(), restored.drain_notes());
        market.tick(Height(now));
        restored.tick(Height(now));
        assert_eq!(restored.drain_notes(), market.drain_notes(), "at {now}");
        assert_eq!(restored.rows(), market.rows(), "at {now}");
        assert_eq!(restored.take_changes(), {
            let mut twin = market.clone();
            twin.take_changes()
        });
    }
    assert!(market.tasks().all(|task| task.end() != End::None));
}

/// A withdrawal that is rolled back leaves every timer, queue and deposit as it was, also after ticks in between.
#[test]
fn a_rolled_back_withdrawal_never_happened() {
    let mut market = crowd(300);
    let mut untouched = market.clone();
    let _ = (market.take_changes(), untouched.take_changes());
    let outer = market.checkpoint();
    market.withdraw_key(KEY, RESCUER).expect("withdrawn");
    market.bond_key(KeyId([0x13; 32]), OTHER, units(1)).expect("bonds");
    let inner = market.checkpoint();
    market.tick(Height(OPENED + 1));
    market.tick(Height(OPENED + 500));
    market.rollback(inner);
    assert!(market.key_is_withdrawn(&KEY));
    market.conserved().expect("conserved");
    // The refunds start again from the first task.
    market.tick(Height(OPENED + 1));
    assert_eq!(market.task(&task(0)).unwrap().end(), End::Revoked);
    market.tick(Height(OPENED + 500));
    market.rollback(outer);
    assert_eq!((market.rows(), market.totals()), (untouched.rows(), untouched.totals()));
    market.conserved().expect("conserved");
    assert_eq!(market.take_changes(), vec![]);
    let _ = (market.drain_notes(), untouched.drain_notes());
    for now in OPENED + 1..OPENED + 100 {
        market.tick(Height(now));
        untouched.tick(Height(now));
        assert_eq!(market.drain_notes(), untouched.drain_notes(), "at {now}");
    }
    assert_eq!(market.rows(), untouched.rows());
    assert!(market.tasks().all(|task| task.end() == End::Expired));
    assert_eq!(market.release_key(KEY, OTHER), Ok(units(DEPOSIT)));
}

#[test]
fn a_refund_without_a_broken_key_is_no_market() {
    use zera_market::ports::Table;
    let mut market = market();
    market.withdraw_key(KEY, OTHER).expect("withdrawn");
    market.tick(Height(101));
    let rows: Vec<_> = market.rows().into_iter().filter(|row| row.table != Table::KeyBonds).collect();
    let store = MemStore::default();
    store.commit(&rows).expect("memory");
    let error = Market::restore(&store).expect_err("refused").to_string();
    assert!(error.contains("revoked, and its key is in force"), "{error}");
}
