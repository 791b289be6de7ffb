//! Every deadline a block before, at, and a block after.

use zera_abi::{AccountId, Blocks, Height, Outcome::True, Status};
use zera_market::{Market, TaskState};

use super::fixture::*;

/// Task 1 locked by the provider at 105; lock deadline 115, rescue until 135.
fn locked() -> Market {
    let mut market = market();
    run(&mut market, 101, 105);
    market.lock(Height(105), &task_id(1), PROVIDER).expect("locks");
    market
}

#[test]
fn opening_needs_room_and_an_end() {
    let mut market = rich_market(zera_market::Rules::standard());
    // Least distance 40, which is more than ramp 10, lock 10 and rescue 20 together need; greatest 100,000.
    for (distance, expected) in [
        (0, Some(Status::Deadline)),
        (39, Some(Status::Deadline)),
        (40, None),
        (100_000, None),
        (100_001, Some(Status::Deadline)),
        (u64::MAX - OPENED, Some(Status::Deadline)),
    ] {
        let n = (distance % 251) as u8;
        let mut opening = opening(n);
        opening.deadline = Height(OPENED).checked_add(Blocks(distance)).expect("fits");
        assert_eq!(status(market.open(Height(OPENED), opening)), expected, "distance {distance}");
    }
    let mut past = opening(9);
    past.deadline = Height(OPENED - 1);
    assert_eq!(status(market.open(Height(OPENED), past)), Some(Status::Deadline));
}

/// However short a deadline the rules allow, it leaves room for a ramp, a lock and a rescue.
#[test]
fn opening_keeps_room_whatever_the_least_deadline() {
    for (deadline_min_blocks, distance, expected) in
        [(1, 39, Some(Status::Deadline)), (1, 40, None), (60, 59, Some(Status::Deadline)), (60, 60, None)]
    {
        let mut market = rich_market(zera_market::Rules { deadline_min_blocks, ..zera_market::Rules::standard() });
        let mut opening = opening(1);
        opening.deadline = Height(OPENED + distance);
        assert_eq!(status(market.open(Height(OPENED), opening)), expected, "{deadline_min_blocks}, {distance}");
    }
}

#[test]
fn a_task_may_be_cancelled_from_the_fifth_block() {
    for (now, expected) in [(104, Some(Status::State)), (105, None), (106, None)] {
        let mut market = market();
        run(&mut market, 101, now);
        assert_eq!(status(market.cancel(Height(now), &task_id(1), REQUESTER)), expected, "at {now}");
    }
}

#[test]
fn a_round_ends_after_its_auction() {
    for (now, round) in [(119, 1), (120, 2), (121, 2), (139, 2), (140, 3), (159, 3)] {
        let mut market = market();
        run(&mut market, 101, now);
        let TaskState::Open { clock } = market.task(&task_id(1)).unwrap().state().clone() else {
            panic!("open at {now}")
        };
        assert_eq!(clock.round, round, "at {now}");
        assert_eq!(status(market.lock(Height(now), &task_id(1), PROVIDER)), None);
    }
    let mut market = market();
    run(&mut market, 101, 160);
    assert_eq!(state(&market, 1), "expired");
    assert_eq!(market.task(&task_id(1)).unwrap().reason(), zera_market::reason::NO_LOCK);
    // Without a tick the round that is over takes no lock either.
    let mut market = super::fixture::market();
    assert_eq!(status(market.lock(Height(120), &task_id(1), PROVIDER)), Some(Status::State));
}

/// Rounds run while a ramp, a lock and a rescue fit before the deadline; locks while a block fits before the rescue.
#[test]
fn rounds_and_locks_keep_room_for_a_rescue() {
    // A second round at 120 needs 120 + 40 <= deadline.
    for (deadline, expected) in [(159, "expired"), (160, "open"), (161, "open")] {
        let mut market = rich_market(zera_market::Rules::standard());
        let mut opening = opening(1);
        opening.deadline = Height(deadline);
        market.open(Height(OPENED), opening).expect("opens");
        run(&mut market, 101, 120);
        assert_eq!(state(&market, 1), expected, "deadline {deadline}");
    }
    // Deadline 140: the last lock deadline is 120, so the round ends at 120; a lock at 119 has one block.
    for (now, lock_deadline) in [(109, 119), (110, 120), (111, 120), (119, 120)] {
        let mut market = rich_market(zera_market::Rules::standard());
        let mut opening = opening(1);
        opening.deadline = Height(140);
        market.open(Height(OPENED), opening).expect("opens");
        run(&mut market, 101, now);
        market.lock(Height(now), &task_id(1), PROVIDER).expect("locks");
        let TaskState::Assigned { lock_deadline: got, .. } = *market.task(&task_id(1)).unwrap().state() else {
            panic!("assigned")
        };
        assert_eq!(got, Height(lock_deadline), "locked at {now}");
        // Whatever happens, the rescue ends at the deadline at the latest.
        run(&mut market, now + 1, lock_deadline + 1);
        let TaskState::Rescue { expires, .. } = *market.task(&task_id(1)).unwrap().state() else { panic!("rescue") };
        assert!(expires <= Height(140));
    }
}

#[test]
fn a_lock_may_be_released_in_its_first_tenth() {
    // A lock of 10 blocks: one block.
    for (now, expected) in [(105, None), (106, None), (107, Some(Status::Deadline))] {
        let mut market = locked();
        run(&mut market, 106, now);
        assert_eq!(status(market.release(Height(now), &task_id(1), PROVIDER)), expected, "at {now}");
    }
}

#[test]
fn the_holder_answers_until_the_lock_deadline() {
    for (now, expected) in [(114, None), (115, None), (116, Some(Status::State))] {
        let mut market = locked();
        run(&mut market, 106, now);
        let answer = good(&market, 1, PROVIDER, True);
        assert_eq!(status(submit(&mut market, now, PROVIDER, answer)), expected, "at {now}");
    }
    // Even where no tick has moved the task on.
    let mut market = locked();
    let answer = good(&market, 1, PROVIDER, True);
    assert_eq!(status(submit(&mut market, 116, PROVIDER, answer)), Some(Status::Deadline));
}

#[test]
fn a_reveal_is_one_or_two_blocks_after_its_commitment() {
    for (now, expected) in [(120, Some(Status::State)), (121, None), (122, None), (123, Some(Status::Unauthorized))] {
        let mut market = locked();
        run(&mut market, 106, 120);
        let answer = good(&market, 1, RESCUER, True);
        commit(&mut market, 120, RESCUER, &answer).expect("commits");
        run(&mut market, 121, now);
        assert_eq!(status(reveal(&mut market, now, RESCUER, answer)), expected, "at {now}");
        // The deposit burns when the window is over, not before.
        let burned = market.totals().burned.units();
        assert_eq!(burned >= 10_000_000, now == 123 || expected.is_none(), "at {now}: {burned}");
    }
    // Without a tick.
    let mut market = locked();
    run(&mut market, 106, 120);
    let answer = good(&market, 1, RESCUER, True);
    commit(&mut market, 120, RESCUER, &answer).expect("commits");
    assert_eq!(status(reveal(&mut market, 123, RESCUER, answer)), Some(Status::Deadline));
}

#[test]
fn a_rescue_takes_commitments_until_134_and_reveals_until_135() {
    for (now, expected) in [(133, None), (134, None), (135, Some(Status::Deadline)), (136, Some(Status::State))] {
        let mut market = locked();
        run(&mut market, 106, now);
        let answer = good(&market, 1, RESCUER, True);
        assert_eq!(status(commit(&mut market, now, RESCUER, &answer)), expected, "commit at {now}");
    }
    for (now, expected) in [(134, None), (135, None), (136, Some(Status::State))] {
        let mut market = locked();
        run(&mut market, 106, 133.min(now - 1));
        let answer = good(&market, 1, RESCUER, True);
        let at = if now == 136 { 134 } else { now - 1 };
        run(&mut market, 134.min(at), at);
        commit(&mut market, at, RESCUER, &answer).expect("commits");
        run(&mut market, at + 1, now);
        assert_eq!(status(reveal(&mut market, now, RESCUER, answer)), expected, "reveal at {now}");
        assert_eq!(state(&market, 1) == "expired", now == 136);
    }
    let mut market = locked();
    run(&mut market, 106, 135);
    let answer = good(&market, 1, RESCUER, True);
    assert_eq!(status(reveal(&mut market, 136, RESCUER, answer)), Some(Status::Deadline), "without a tick");
}

#[test]
fn an_answer_is_final_after_fifty_blocks() {
    for (now, expected) in [(159, "accepted"), (160, "final"), (161, "final")] {
        let mut market = locked();
        run(&mut market, 106, 110);
        let answer = good(&market, 1, PROVIDER, True);
        let _ = submit(&mut market, 110, PROVIDER, answer).expect("accepted");
        run(&mut market, 111, now);
        assert_eq!(state(&market, 1), expected, "at {now}");
    }
}

/// Blocks without a tick change nothing but the height at which things happen.
#[test]
fn one_late_tick_does_what_was_due() {
    let mut market = locked();
    market.tick(Height(500));
    assert_eq!(state(&market, 1), "expired");
    market.conserved().expect("conserved");
    // A frozen clock: the same height again does nothing.
    let before = market.rows();
    market.tick(Height(500));
    assert_eq!(market.rows(), before);
}

#[test]
fn no_task_outlives_the_published_bound() {
    let rules = zera_market::Rules::standard();
    let mut market = rich_market(rules.clone());
    let mut last = opening(1);
    last.deadline = Height(OPENED + rules.deadline_max_blocks);
    market.open(Height(OPENED), last).expect("opens");
    // The latest of everything: the third round's last block, a rescue in its last block.
    run(&mut market, 101, 159);
    market.lock(Height(159), &task_id(1), PROVIDER).expect("locks");
    run(&mut market, 160, 188);
    let answer = good(&market, 1, RESCUER, True);
    commit(&mut market, 188, RESCUER, &answer).expect("commits");
    run(&mut market, 189, 189);
    let _ = reveal(&mut market, 189, RESCUER, answer).expect("accepted");
    run(&mut market, 190, 239);
    assert_eq!(state(&market, 1), "final");
    assert!(239 - OPENED <= rules.life_blocks_max());
}

#[test]
fn limits_count_the_last_one_in() {
    let mut rules = zera_market::Rules::standard();
    rules.locks_max = 2;
    rules.commits_max = 1;
    let mut market = rich_market(rules);
    for n in 1..=3 {
        market.open(Height(OPENED), opening(n)).expect("opens");
    }
    for (n, expected) in [(1, None), (2, None), (3, Some(Status::Limit))] {
        assert_eq!(status(market.lock(Height(OPENED), &task_id(n), PROVIDER)), expected, "lock {n}");
    }
    // A lock that is lost no longer counts.
    run(&mut market, 101, 111);
    assert_eq!(status(market.lock(Height(111), &task_id(3), PROVIDER)), None);
    let answer = good(&market, 1, RESCUER, True);
    assert_eq!(status(commit(&mut market, 111, RESCUER, &answer)), None);
    assert_eq!(status(commit(&mut market, 111, OTHER, &answer)), Some(Status::Limit));
    // Nor does one that is lost by bad proofs, given back or answered.
    for n in 4..=7 {
        market.open(Height(111), opening(n)).expect("opens");
    }
    let mut judge = Judge::default();
    market.lock(Height(111), &task_id(7), OTHER).expect("the first lock");
    market.lock(Height(111), &task_id(4), OTHER).expect("the second lock");
    assert_eq!(status(market.lock(Height(111), &task_id(5), OTHER)), Some(Status::Limit));
    for _ in 0..3 {
        let _ = market.submit(Height(111), &task_id(4), OTHER, bad(True), &mut judge).expect("judged");
    }
    market.lock(Height(111), &task_id(5), OTHER).expect("task 4 is in rescue");
    market.release(Height(111), &task_id(5), OTHER).expect("released");
    let answer = good(&market, 7, OTHER, True);
    let _ = market.submit(Height(111), &task_id(7), OTHER, answer, &mut judge).expect("accepted");
    market.lock(Height(111), &task_id(5), OTHER).expect("no lock is left");
    market.lock(Height(111), &task_id(6), OTHER).expect("the second lock");
}

#[test]
fn money_and_values_are_bounded() {
    let mut rules = zera_market::Rules::standard();
    rules.key_value_ceiling = units(5 * ZRA);
    let mut market = rich_market(rules);
    let mut try_open = |n: u8, change: &dyn Fn(&mut zera_market::Opening)| {
        let mut opening = opening(n);
        change(&mut opening);
        status(market.open(Height(OPENED), opening))
    };
    assert_eq!(try_open(1, &|o| o.bounty_max = units(999_999)), Some(Status::Limit));
    assert_eq!(try_open(1, &|o| o.fee = units(999_999)), Some(Status::Funds));
    // 90 ZRA, 10 % and the fee are more than 99.
    assert_eq!(try_open(1, &|o| o.bounty_max = units(91 * ZRA)), Some(Status::Funds));
    assert_eq!(try_open(1, &|o| o.requester = AccountId([1; 32])), Some(Status::Funds));
    assert_eq!(try_open(1, &|o| o.value_at_risk = units(4 * ZRA + 1)), Some(Status::Limit));
    assert_eq!(try_open(1, &|o| o.value_at_risk = units(4 * ZRA)), None);
    // The key's ceiling is reached until that task ends.
    assert_eq!(try_open(2, &|o| o.bounty_max = units(1_000_000)), Some(Status::Limit));
    assert_eq!(try_open(2, &|o| o.key = zera_abi::KeyId([0x12; 32])), None);
    assert_eq!(try_open(2, &|_| ()), Some(Status::Duplicate));
    assert_eq!(try_open(3, &|o| o.level = zera_abi::Level::Attested), Some(Status::Unsupported));
    assert_eq!(try_open(3, &|o| o.declared = 14), Some(Status::Limit), "the key's ceiling comes first");
    let other = zera_abi::KeyId([0x13; 32]);
    assert_eq!(
        try_open(3, &|o| {
            o.key = other;
            o.declared = 14;
        }),
        Some(Status::Count)
    );
    assert_eq!(
        try_open(3, &|o| {
            o.key = other;
            o.declared = 1;
            o.expected = vec![[0; 32]; 2];
        }),
        Some(Status::Count)
    );
    run(&mut market, 101, 160);
    assert!(market.key_exposure(&KEY).is_zero());
    market.open(Height(160), opening(4)).expect("the ended task no longer counts");
}
