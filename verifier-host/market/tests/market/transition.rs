//! The transition table a row at a time: every bucket before and after. `docs/transitions.md` names these tests.
//!
//! Numbers are those of `payouts.json`: Bmax 1,000,000,000, R 400,000,000, P 448,000,000 and S 849,230,770 for a lock at 105.

use zera_abi::{AccountId, Height, Outcome, Outcome::True, Status};
use zera_market::{Market, Ruling};

use super::fixture::*;

const B: i128 = 1_000_000_000;
const R: i128 = 400_000_000;
const P: i128 = 448_000_000;
const S: i128 = 849_230_770;
const FEE: i128 = 10_000_000;
/// S by the split.
const HERO: i128 = 297_230_769;
const REQUESTER_PART: i128 = 127_384_615;
const BURNT: i128 = 424_615_386;
const DEPOSIT: i128 = 10_000_000;

/// At 105 and open.
fn open() -> Market {
    let mut market = market();
    run(&mut market, 101, 105);
    market
}

/// Locked by the provider at 105, until 115; a rescue lasts until 135.
fn locked() -> Market {
    let mut market = open();
    market.lock(Height(105), &task_id(1), PROVIDER).expect("locks");
    market
}

/// In rescue because the provider is late; ticked up to `now`.
fn late(now: u64) -> Market {
    let mut market = locked();
    run(&mut market, 106, now);
    assert_eq!(state(&market, 1), "rescue");
    market
}

/// In rescue because of three bad proofs at 105; what is left of the stake has been split.
fn bad_proofs() -> Market {
    let mut market = locked();
    for _ in 0..3 {
        let _ = submit(&mut market, 105, PROVIDER, bad(True)).expect("judged");
    }
    market
}

fn commit_good(market: &mut Market, now: u64, who: AccountId) -> zera_market::Answer {
    let answer = good(market, 1, who, True);
    commit(market, now, who, &answer).expect("commits");
    answer
}

#[test]
fn t1_opening_escrows_bounty_and_bond() {
    let market = market();
    assert_eq!(state(&market, 1), "open");
    let expected = Buckets { free: [-(B + R + FEE), 0, 0, 0], bounty: B, bond: R, treasury: FEE, ..Buckets::default() };
    assert_eq!(buckets(&market), expected);
}

#[test]
fn t2_cancelling_returns_all_but_the_storage_fee() {
    let act = |market: &mut Market| market.cancel(Height(105), &task_id(1), REQUESTER).expect("cancelled");
    row(&mut open(), "open", "cancelled", act, |b| {
        (b.bounty, b.bond) = (0, 0);
        b.free[0] += B + R - 1_000_000;
        b.treasury += 1_000_000;
    });
}

#[test]
fn t3_a_lock_stakes() {
    let act = |market: &mut Market| market.lock(Height(105), &task_id(1), PROVIDER).expect("locks");
    let mut market = open();
    row(&mut market, "open", "assigned", act, |b| {
        b.free[1] -= S;
        b.stake = S;
    });
    assert_eq!(
        status(market.lock(Height(105), &task_id(1), RESCUER)),
        Some(Status::State),
        "the first in order has it"
    );
}

#[test]
fn t4_an_answer_holds_the_price() {
    for outcome in [Outcome::True, Outcome::False] {
        let act = |market: &mut Market| {
            let answer = good(market, 1, PROVIDER, outcome);
            assert_eq!(submit(market, 105, PROVIDER, answer), Ok(Ruling::Accepted));
        };
        row(&mut locked(), "assigned", "accepted", act, |b| {
            (b.bounty, b.hold) = (0, P);
            b.free[0] += B - P;
        });
    }
}

#[test]
fn t5_a_bad_proof_burns_stake_alone() {
    let mut market = locked();
    for fee in [1_000_000 + 212_307_692, 1_000_000 + 2 * 212_307_692] {
        let act = |market: &mut Market| {
            assert!(matches!(submit(market, 105, PROVIDER, bad(True)), Ok(Ruling::Rejected(_))));
        };
        row(&mut market, "assigned", "assigned", act, |b| {
            b.stake -= fee;
            b.burned += fee;
        });
    }
}

/// T5'.
#[test]
fn t5_the_last_bad_proof_splits_what_is_left() {
    let mut market = locked();
    for _ in 0..2 {
        let _ = submit(&mut market, 105, PROVIDER, bad(True)).expect("judged");
    }
    let act = |market: &mut Market| {
        assert!(matches!(submit(market, 105, PROVIDER, malformed(True)), Ok(Ruling::Rejected(_))));
    };
    row(&mut market, "assigned", "rescue", act, |b| {
        assert_eq!(b.stake, 210_307_694);
        (b.stake, b.hold) = (0, 73_607_692);
        b.free[0] += 31_546_154;
        b.burned += 105_153_848;
    });
}

#[test]
fn t11_a_late_lock_moves_nothing() {
    let mut market = locked();
    run(&mut market, 106, 115);
    row(&mut market, "assigned", "rescue", |market| market.tick(Height(116)), |_| ());
}

#[test]
fn t12_a_commitment_deposits() {
    let act = |market: &mut Market| {
        commit_good(market, 116, RESCUER);
    };
    row(&mut late(116), "rescue", "rescue", act, |b| {
        b.free[2] -= DEPOSIT;
        b.deposit = DEPOSIT;
    });
}

#[test]
fn t12_a_deposit_not_revealed_burns() {
    let mut market = late(116);
    commit_good(&mut market, 116, RESCUER);
    row(&mut market, "rescue", "rescue", |market| run(market, 117, 118), |_| ());
    row(
        &mut market,
        "rescue",
        "rescue",
        |market| market.tick(Height(119)),
        |b| {
            b.deposit = 0;
            b.burned += DEPOSIT;
        },
    );
}

/// Revealed at 125, half of the window: 448,000,000 + 552,000,000 / 2.
#[test]
fn t13_a_rescuer_is_held_price_and_heros_share() {
    let mut market = late(124);
    let answer = commit_good(&mut market, 124, RESCUER);
    run(&mut market, 125, 125);
    let act = |market: &mut Market| assert_eq!(reveal(market, 125, RESCUER, answer), Ok(Ruling::Accepted));
    row(&mut market, "rescue", "accepted", act, |b| {
        (b.bounty, b.stake, b.deposit, b.hold) = (0, 0, 0, 724_000_000 + HERO);
        b.free[0] += B - 724_000_000 + REQUESTER_PART;
        b.free[2] += DEPOSIT;
        b.burned += BURNT;
    });
}

/// Late by 10 of 20 blocks; see `payout.rs`.
#[test]
fn t13_a_locker_that_is_late_rescues_itself_for_the_price() {
    let mut market = late(124);
    let answer = commit_good(&mut market, 124, PROVIDER);
    run(&mut market, 125, 125);
    let act = |market: &mut Market| assert_eq!(reveal(market, 125, PROVIDER, answer), Ok(Ruling::Accepted));
    row(&mut market, "rescue", "accepted", act, |b| {
        (b.bounty, b.hold, b.deposit) = (0, P, 0);
        b.stake -= 467_076_923;
        b.burned += 467_076_923;
        b.free[0] += B - P;
        b.free[1] += DEPOSIT;
    });
}

#[test]
fn t13_a_locker_of_bad_proofs_burns_the_heros_share() {
    let mut market = bad_proofs();
    let answer = commit_good(&mut market, 105, PROVIDER);
    run(&mut market, 106, 106);
    let act = |market: &mut Market| assert_eq!(reveal(market, 106, PROVIDER, answer), Ok(Ruling::Accepted));
    row(&mut market, "rescue", "accepted", act, |b| {
        b.burned += b.hold;
        (b.bounty, b.hold, b.deposit) = (0, P, 0);
        b.free[0] += B - P;
        b.free[1] += DEPOSIT;
    });
}

/// Whoever committed a block before may reveal a block before; the other's deposit is in its window and goes back.
#[test]
fn t13_the_earlier_commit_block_reveals_first() {
    let mut market = late(116);
    let first = commit_good(&mut market, 116, RESCUER);
    run(&mut market, 117, 117);
    let second = commit_good(&mut market, 117, OTHER);
    assert_eq!(status(reveal(&mut market, 117, OTHER, second.clone())), Some(Status::State), "a block too early");
    // 117 is 2 of 20 blocks into the window: 448,000,000 + 552,000,000 / 10.
    let act = |market: &mut Market| assert_eq!(reveal(market, 117, RESCUER, first), Ok(Ruling::Accepted));
    row(&mut market, "rescue", "accepted", act, |b| {
        assert_eq!(b.deposit, 2 * DEPOSIT);
        (b.bounty, b.stake, b.deposit, b.hold) = (0, 0, 0, 503_200_000 + HERO);
        b.free[0] += B - 503_200_000 + REQUESTER_PART;
        b.free[2] += DEPOSIT;
        b.free[3] += DEPOSIT;
        b.burned += BURNT;
    });
    assert_eq!(status(reveal(&mut market, 118, OTHER, second)), Some(Status::State));
    assert_eq!(market.task(&task_id(1)).unwrap().provider(), Some(&RESCUER));
}

/// Of two commitments that may be revealed in one block the first reveal in it wins, whoever committed first.
#[test]
fn t13_in_one_block_the_index_decides() {
    for (winner, loser) in [(RESCUER, OTHER), (OTHER, RESCUER)] {
        for second_commit in [116, 117] {
            let mut market = late(116);
            commit_good(&mut market, 116, RESCUER);
            run(&mut market, 117, second_commit);
            commit_good(&mut market, second_commit, OTHER);
            run(&mut market, second_commit + 1, 118);
            let before = market.totals().burned;
            let answers = [winner, loser].map(|who| good(&market, 1, who, True));
            let results =
                [winner, loser].into_iter().zip(answers).map(|(who, answer)| reveal(&mut market, 118, who, answer));
            let results: Vec<_> = results.map(|result| result.map_err(|error| error.status())).collect();
            assert_eq!(results, [Ok(Ruling::Accepted), Err(Status::State)]);
            assert_eq!(market.task(&task_id(1)).unwrap().provider(), Some(&winner));
            // Nobody's deposit is burnt: the loser was second, not idle.
            assert_eq!(market.totals().burned.units() - before.units(), BURNT as u128);
            assert_eq!(market.account(&loser).free, units(100 * ZRA));
            market.conserved().expect("conserved");
        }
    }
}

#[test]
fn t13_a_false_reveal_leaves_the_task_to_the_next() {
    let mut market = late(116);
    commit(&mut market, 116, OTHER, &bad(True)).expect("commits");
    let answer = commit_good(&mut market, 116, RESCUER);
    run(&mut market, 117, 117);
    let act = |market: &mut Market| assert!(matches!(reveal(market, 117, OTHER, bad(True)), Ok(Ruling::Rejected(_))));
    row(&mut market, "rescue", "rescue", act, |b| {
        b.deposit -= DEPOSIT;
        b.burned += DEPOSIT;
    });
    let act = |market: &mut Market| assert_eq!(reveal(market, 117, RESCUER, answer), Ok(Ruling::Accepted));
    row(&mut market, "rescue", "accepted", act, |b| {
        (b.bounty, b.stake, b.deposit, b.hold) = (0, 0, 0, 503_200_000 + HERO);
        b.free[0] += B - 503_200_000 + REQUESTER_PART;
        b.free[2] += DEPOSIT;
        b.burned += BURNT;
    });
}

#[test]
fn t13_who_lets_its_window_pass_is_burnt_though_another_rescues() {
    let mut market = late(116);
    commit_good(&mut market, 116, OTHER);
    run(&mut market, 117, 118);
    let answer = commit_good(&mut market, 118, RESCUER);
    row(
        &mut market,
        "rescue",
        "rescue",
        |market| market.tick(Height(119)),
        |b| {
            b.deposit -= DEPOSIT;
            b.burned += DEPOSIT;
        },
    );
    assert_eq!(reveal(&mut market, 119, RESCUER, answer), Ok(Ruling::Accepted));
    assert_eq!(buckets(&market).free[3], -DEPOSIT);
}

#[test]
fn t14_an_expired_rescue_insures_the_heros_share() {
    let mut market = late(134);
    commit_good(&mut market, 134, RESCUER);
    run(&mut market, 135, 135);
    row(
        &mut market,
        "rescue",
        "expired",
        |market| market.tick(Height(136)),
        |b| {
            (b.bounty, b.stake, b.bond, b.deposit) = (0, 0, 0, 0);
            b.free[0] += B + R + REQUESTER_PART;
            b.insurance += HERO;
            b.burned += BURNT + DEPOSIT;
        },
    );
}

#[test]
fn t15_a_proven_trap_pays_from_the_bond() {
    for outcome in [Outcome::Trap, Outcome::BoundExceeded] {
        let act = |market: &mut Market| {
            let answer = good(market, 1, PROVIDER, outcome);
            assert_eq!(submit(market, 105, PROVIDER, answer), Ok(Ruling::Failed));
        };
        row(&mut locked(), "assigned", "failed", act, |b| {
            (b.bounty, b.stake, b.bond) = (0, 0, 0);
            b.free[0] += B + R / 10;
            b.free[1] += S + R * 8 / 10;
            b.burned += R / 10;
        });
    }
}

#[test]
fn t15_a_rescuer_that_proves_a_trap_is_paid_at_once() {
    let mut market = late(116);
    let answer = good(&market, 1, RESCUER, Outcome::Trap);
    commit(&mut market, 116, RESCUER, &answer).expect("commits");
    run(&mut market, 117, 117);
    let act = |market: &mut Market| assert_eq!(reveal(market, 117, RESCUER, answer), Ok(Ruling::Failed));
    row(&mut market, "rescue", "failed", act, |b| {
        (b.bounty, b.stake, b.bond, b.deposit) = (0, 0, 0, 0);
        b.free[0] += B + R / 10 + REQUESTER_PART;
        b.free[2] += R * 8 / 10 + HERO + DEPOSIT;
        b.burned += R / 10 + BURNT;
    });
}

#[test]
fn t17_final_pays_and_returns() {
    let mut market = locked();
    let answer = good(&market, 1, PROVIDER, True);
    let _ = submit(&mut market, 105, PROVIDER, answer).expect("accepted");
    run(&mut market, 106, 154);
    row(
        &mut market,
        "accepted",
        "final",
        |market| market.tick(Height(155)),
        |b| {
            (b.hold, b.stake, b.bond) = (0, 0, 0);
            b.free[0] += R;
            b.free[1] += P + S;
        },
    );
}

#[test]
fn t20_a_refund_empties_every_bucket_to_its_owner() {
    let broken = |mut market: Market| {
        market.withdraw_key(KEY, AccountId([9; 32])).expect("withdrawn");
        market
    };
    let refund = |market: &mut Market| market.tick(Height(137));
    let empty = |b: &mut Buckets| (b.bounty, b.stake, b.bond, b.hold, b.deposit) = (0, 0, 0, 0, 0);
    row(&mut broken(open()), "open", "revoked", refund, |b| {
        empty(b);
        b.free[0] += B + R;
    });
    row(&mut broken(locked()), "assigned", "revoked", refund, |b| {
        empty(b);
        b.free[0] += B + R;
        b.free[1] += S;
    });
    let mut market = late(116);
    commit_good(&mut market, 116, RESCUER);
    commit_good(&mut market, 116, PROVIDER);
    row(&mut broken(market), "rescue", "revoked", refund, |b| {
        empty(b);
        b.free[0] += B + R;
        b.free[1] += S + DEPOSIT;
        b.free[2] += DEPOSIT;
    });
    row(&mut broken(bad_proofs()), "rescue", "revoked", refund, |b| {
        empty(b);
        b.free[0] += B + R;
        b.free[1] += 73_607_692;
    });
    let mut market = locked();
    let answer = good(&market, 1, PROVIDER, True);
    let _ = submit(&mut market, 105, PROVIDER, answer).expect("accepted");
    row(&mut broken(market), "accepted", "revoked", refund, |b| {
        empty(b);
        b.free[0] += P + R;
        b.free[1] += S;
    });
    // Rescued by another: the hero's share was the offender's, and its owner is still known.
    let mut market = late(116);
    let answer = commit_good(&mut market, 116, RESCUER);
    run(&mut market, 117, 117);
    let _ = reveal(&mut market, 117, RESCUER, answer).expect("accepted");
    row(&mut broken(market), "accepted", "revoked", refund, |b| {
        empty(b);
        b.free[0] += 503_200_000 + R;
        b.free[1] += HERO;
    });
}

#[test]
fn t21_a_round_without_a_lock_moves_no_money() {
    let mut market = market();
    for round in [119, 139] {
        run(&mut market, round - 18, round);
        row(&mut market, "open", "open", |market| market.tick(Height(round + 1)), |_| ());
    }
    run(&mut market, 141, 159);
    row(
        &mut market,
        "open",
        "expired",
        |market| market.tick(Height(160)),
        |b| {
            (b.bounty, b.bond) = (0, 0);
            b.free[0] += B + R;
        },
    );
}

#[test]
fn t22_a_release_burns_two_percent() {
    let mut market = locked();
    run(&mut market, 106, 106);
    let act = |market: &mut Market| market.release(Height(106), &task_id(1), PROVIDER).expect("released");
    row(&mut market, "assigned", "open", act, |b| {
        b.stake = 0;
        b.free[1] += S - 16_984_615;
        b.burned += 16_984_615;
    });
}

/// Each row names tests, and each name is a test of this suite.
#[test]
fn every_row_of_the_table_names_its_tests() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join("docs/transitions.md")).expect("the table");
    for name in table.split('`').skip(1).step_by(2).filter(|name| name.contains("::")) {
        let (file, test) = name.split_once("::").expect("file::test");
        let source = std::fs::read_to_string(root.join(format!("tests/market/{file}.rs"))).expect(name);
        assert!(source.contains(&format!("#[test]\nfn {test}() {{")), "no test `{name}`");
    }
    let mut rows = Vec::new();
    for line in table.lines().filter(|line| line.starts_with("| T")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        rows.push(cells[1].split(' ').next().expect("a row's name"));
        assert!(cells[3].contains("::"), "no test shows {line}");
    }
    rows.dedup();
    assert_eq!(rows.join(" "), ROWS);
}
