//! Attested answers and their challenges, a row of the table at a time: T6 to T9d, and T17 and T20 of what they lead to.
//!
//! A lock at 105 has P 448,000,000 and S 2,000,000,000, twice the bounty; it lasts until 115. An answer of 106 may be challenged
//! until 136.

use zera_abi::{AccountId, Height, Level, Outcome, Outcome::False, Outcome::True, Status};
use zera_market::{Market, MarketError, Mode, NativeRun, Opening, Rules, Ruling, challenge_digest, commit_digest};

use super::fixture::*;

const B: i128 = 1_000_000_000;
const R: i128 = 400_000_000;
const P: i128 = 448_000_000;
const S: i128 = 2_000_000_000;
const D: i128 = 1_000_000_000;
/// Of a commitment to a challenge: 2.5 % of its bond.
const DEPOSIT: i128 = D / 40;
/// What a false proof costs.
const FALSE_PROOF: i128 = 10_000_000;
/// Of S: half burnt, 35 % for who repaired, of which 10 for the challenger, 15 % for the requester.
const BURNT: i128 = S / 2;
const CHALLENGERS: i128 = S / 10;
const SETTLERS: i128 = S / 4;
const REQUESTERS: i128 = S * 15 / 100;

fn attested_opening(n: u8) -> Opening {
    Opening { mode: Mode::Attested, level: Level::Attested, ..opening(n) }
}

/// Locked by the provider at 105.
fn locked() -> Market {
    let mut market = rich_market(Rules::standard());
    market.open(Height(OPENED), attested_opening(1)).expect("opens");
    run(&mut market, 101, 105);
    market.lock(Height(105), &task_id(1), PROVIDER).expect("locks");
    market
}

/// The provider has said at 106 that it is true.
fn attested() -> Market {
    let mut market = locked();
    run(&mut market, 106, 106);
    market.attest(Height(106), &task_id(1), PROVIDER, True, vec![]).expect("attests");
    market
}

fn commit_to(market: &mut Market, now: u64, who: AccountId, claimed: Outcome) -> Result<(), MarketError> {
    let digest = commit_digest(&SALT, &who, &task_id(1), &challenge_digest(claimed));
    market.commit(Height(now), &task_id(1), who, digest)
}

/// Challenged by `who`, which committed at 107 and revealed at 108; settled until 148.
fn challenged(who: AccountId) -> Market {
    let mut market = attested();
    run(&mut market, 107, 107);
    commit_to(&mut market, 107, who, False).expect("commits");
    run(&mut market, 108, 108);
    market.challenge(Height(108), &task_id(1), who, SALT, False).expect("challenges");
    market
}

fn settle(market: &mut Market, now: u64, who: AccountId, outcome: Outcome) -> Result<Ruling, MarketError> {
    let answer = good(market, 1, who, outcome);
    market.settle(Height(now), &task_id(1), who, answer, &mut Judge::default())
}

fn settle_natively(market: &mut Market, now: u64, who: AccountId, outcome: Outcome) -> Result<Ruling, MarketError> {
    market.settle_natively(Height(now), &task_id(1), who, NativeRun { outcome, fee: units(7_000_000) })
}

fn level(market: &Market) -> Level {
    market.level(market.task(&task_id(1)).expect("the task"))
}

#[test]
fn t6_an_answer_without_a_proof_moves_nothing_and_stands_at_its_level() {
    let mut market = locked();
    run(&mut market, 106, 106);
    let act = |market: &mut Market| market.attest(Height(106), &task_id(1), PROVIDER, True, vec![]).expect("attests");
    row(&mut market, "assigned", "attested", act, |_| ());
    assert_eq!(level(&market), Level::Attested);
    assert!(market.answer_stands(&task_id(1)));
    assert_eq!(market.task(&task_id(1)).unwrap().answer(), Some((True, &[][..])));
}

#[test]
fn t6_only_the_holder_attests_in_time_and_only_what_can_be() {
    let attest = |market: &mut Market, now, who, outcome, declared| {
        status(market.attest(Height(now), &task_id(1), who, outcome, declared))
    };
    let market = &mut locked();
    assert_eq!(attest(market, 105, RESCUER, True, vec![]), Some(Status::Unauthorized));
    assert_eq!(attest(market, 116, PROVIDER, True, vec![]), Some(Status::Deadline));
    for outcome in [Outcome::Trap, Outcome::BoundExceeded] {
        assert_eq!(attest(market, 105, PROVIDER, outcome, vec![]), Some(Status::Unsupported));
    }
    assert_eq!(attest(market, 105, PROVIDER, True, vec![[0; 32]]), Some(Status::Count));
    // A bad proof has taken of the stake that the answer would stand on.
    let bad_before = &mut locked();
    let _ = submit(bad_before, 105, PROVIDER, bad(True)).expect("judged");
    assert_eq!(attest(bad_before, 105, PROVIDER, True, vec![]), Some(Status::State));
    assert_eq!(attest(market, 115, PROVIDER, True, vec![]), None);
    assert_eq!(attest(market, 115, PROVIDER, True, vec![]), Some(Status::State));
    // A task that asks for a proof takes nothing less.
    let mut proved = rich_market(Rules::standard());
    proved.open(Height(OPENED), opening(1)).expect("opens");
    proved.lock(Height(105), &task_id(1), PROVIDER).expect("locks");
    assert_eq!(attest(&mut proved, 105, PROVIDER, True, vec![]), Some(Status::Unsupported));
}

#[test]
fn t7_an_answer_that_nobody_challenges_is_final_after_its_window() {
    let mut market = attested();
    run(&mut market, 107, 136);
    row(
        &mut market,
        "attested",
        "final",
        |market| market.tick(Height(137)),
        |b| {
            (b.bounty, b.stake, b.bond) = (0, 0, 0);
            b.free[0] += B - P + R;
            b.free[1] += P + S;
        },
    );
    assert_eq!(level(&market), Level::Final);
}

#[test]
fn a_holder_of_an_attested_task_may_prove_instead() {
    let mut market = locked();
    let answer = good(&market, 1, PROVIDER, True);
    assert_eq!(submit(&mut market, 106, PROVIDER, answer), Ok(Ruling::Accepted));
    assert_eq!((state(&market, 1), level(&market)), ("accepted", Level::Accepted));
}

#[test]
fn t8_a_challenge_bonds_and_deposits_of_others_go_back() {
    let mut market = attested();
    run(&mut market, 107, 107);
    for who in [RESCUER, OTHER] {
        let act = |market: &mut Market| commit_to(market, 107, who, False).expect("commits");
        row(&mut market, "attested", "attested", act, |b| {
            b.free[if who == RESCUER { 2 } else { 3 }] -= DEPOSIT;
            b.deposit += DEPOSIT;
        });
    }
    run(&mut market, 108, 108);
    let act = |market: &mut Market| {
        market.challenge(Height(108), &task_id(1), OTHER, SALT, False).expect("challenges");
    };
    row(&mut market, "attested", "challenged", act, |b| {
        b.deposit = 0;
        b.free[2] += DEPOSIT;
        b.free[3] += DEPOSIT - D;
        b.challenge = D;
    });
    assert_eq!(level(&market), Level::Attested);
    assert_eq!(status(market.challenge(Height(108), &task_id(1), RESCUER, SALT, False)), Some(Status::State));
}

#[test]
fn t8_commitments_and_reveals_have_their_windows() {
    // Committed at the last block, revealed two blocks later, after the window.
    let mut market = attested();
    run(&mut market, 107, 136);
    assert_eq!(status(commit_to(&mut market, 137, RESCUER, False)), Some(Status::Deadline));
    assert_eq!(commit_to(&mut market, 136, RESCUER, False), Ok(()));
    assert_eq!(status(market.challenge(Height(136), &task_id(1), RESCUER, SALT, False)), Some(Status::State));
    run(&mut market, 137, 138);
    assert_eq!(state(&market, 1), "attested", "a commitment may still become a challenge");
    assert_eq!(status(market.challenge(Height(139), &task_id(1), RESCUER, SALT, False)), Some(Status::Deadline));
    assert_eq!(status(market.challenge(Height(138), &task_id(1), OTHER, SALT, False)), Some(Status::Unauthorized));
    assert_eq!(status(market.challenge(Height(138), &task_id(1), RESCUER, [0; 32], False)), Some(Status::Unauthorized));
    assert_eq!(market.challenge(Height(138), &task_id(1), RESCUER, SALT, False), Ok(()));
    // Not revealed: the deposit burns, and the answer stands in the same tick.
    let mut market = attested();
    run(&mut market, 107, 136);
    commit_to(&mut market, 136, RESCUER, False).expect("commits");
    run(&mut market, 137, 138);
    row(
        &mut market,
        "attested",
        "final",
        |market| market.tick(Height(139)),
        |b| {
            (b.bounty, b.stake, b.bond, b.deposit) = (0, 0, 0, 0);
            b.burned += DEPOSIT;
            b.free[0] += B - P + R;
            b.free[1] += P + S;
        },
    );
    // What was attested is no challenge, unless values are open.
    let mut market = attested();
    commit_to(&mut market, 107, RESCUER, True).expect("commits");
    assert_eq!(status(market.challenge(Height(108), &task_id(1), RESCUER, SALT, True)), Some(Status::Unsupported));
}

#[test]
fn t9a_a_proof_of_the_answer_pays_out_of_the_bond() {
    for settler in [OTHER, PROVIDER] {
        let mut market = challenged(RESCUER);
        let act = |market: &mut Market| assert_eq!(settle(market, 148, settler, True), Ok(Ruling::Accepted));
        row(&mut market, "challenged", "accepted", act, |b| {
            b.free[0] += B - P;
            (b.bounty, b.hold) = (0, P);
        });
        assert_eq!(level(&market), Level::Accepted);
        run(&mut market, 149, 197);
        row(
            &mut market,
            "accepted",
            "final",
            |market| market.tick(Height(198)),
            |b| {
                (b.hold, b.stake, b.bond, b.challenge) = (0, 0, 0, 0);
                b.free[0] += R;
                b.free[1] += P + S;
                b.free[if settler == OTHER { 3 } else { 1 }] += D / 2;
                b.burned += D / 2;
            },
        );
    }
}

#[test]
fn t9b_a_proof_of_another_outcome_takes_the_stake() {
    for (settler, at) in [(OTHER, 3), (RESCUER, 2)] {
        let mut market = challenged(RESCUER);
        let act = |market: &mut Market| assert_eq!(settle(market, 109, settler, False), Ok(Ruling::Accepted));
        row(&mut market, "challenged", "accepted", act, |b| {
            b.free[0] += B - P;
            (b.bounty, b.hold) = (0, P);
        });
        assert_eq!(market.task(&task_id(1)).unwrap().answer(), Some((False, &[][..])));
        run(&mut market, 110, 158);
        row(
            &mut market,
            "accepted",
            "final",
            |market| market.tick(Height(159)),
            |b| {
                (b.hold, b.stake, b.bond, b.challenge) = (0, 0, 0, 0);
                b.free[0] += R + REQUESTERS;
                b.free[2] += D + CHALLENGERS;
                b.free[at] += P + SETTLERS;
                b.burned += BURNT;
            },
        );
    }
}

/// Half of the stake is gone for good, and so is what would have been earned with it.
#[test]
fn a_cartel_of_one_loses_all_but_the_requesters_share() {
    let mut market = challenged(PROVIDER);
    assert_eq!(settle(&mut market, 109, PROVIDER, False), Ok(Ruling::Accepted));
    run(&mut market, 110, 158);
    row(
        &mut market,
        "accepted",
        "final",
        |market| market.tick(Height(159)),
        |b| {
            (b.hold, b.stake, b.bond, b.challenge) = (0, 0, 0, 0);
            b.free[0] += R + REQUESTERS;
            b.free[1] += D + P;
            b.burned += S - REQUESTERS;
        },
    );
    // Challenging what is right and proving it oneself burns the bond.
    let mut market = challenged(RESCUER);
    assert_eq!(settle(&mut market, 109, RESCUER, True), Ok(Ruling::Accepted));
    run(&mut market, 110, 158);
    row(
        &mut market,
        "accepted",
        "final",
        |market| market.tick(Height(159)),
        |b| {
            (b.hold, b.stake, b.bond, b.challenge) = (0, 0, 0, 0);
            b.free[0] += R;
            b.free[1] += P + S;
            b.burned += D;
        },
    );
}

#[test]
fn t9c_silence_is_no_answer_and_the_task_opens_again_twice() {
    let mut market = challenged(RESCUER);
    run(&mut market, 109, 148);
    row(
        &mut market,
        "challenged",
        "open",
        |market| market.tick(Height(149)),
        |b| {
            (b.stake, b.challenge) = (0, 0);
            b.free[0] += REQUESTERS;
            b.free[2] += D + CHALLENGERS + SETTLERS;
            b.burned += BURNT;
        },
    );
    assert_eq!(market.task(&task_id(1)).unwrap().answer(), None);
    assert_eq!(level(&market), Level::Pending);
    let mut now = 149;
    // Who was silent is jailed, so another attests.
    for (reopens, attester, place) in [(1, OTHER, 3), (2, RESCUER, 2)] {
        assert_eq!(market.task(&task_id(1)).unwrap().reopens(), reopens);
        market.lock(Height(now), &task_id(1), attester).expect("locks");
        market.attest(Height(now), &task_id(1), attester, True, vec![]).expect("attests");
        commit_to(&mut market, now, attester, False).expect("commits");
        run(&mut market, now + 1, now + 1);
        market.challenge(Height(now + 1), &task_id(1), attester, SALT, False).expect("challenges");
        run(&mut market, now + 2, now + 41);
        now += 42;
        let to = if reopens == 1 { "open" } else { "expired" };
        row(
            &mut market,
            "challenged",
            to,
            |market| market.tick(Height(now)),
            |b| {
                b.free[0] += b.stake * 15 / 100;
                b.free[place] += D;
                // The challenger is the attester: nobody repaired anything.
                b.burned += b.stake - b.stake * 15 / 100;
                (b.stake, b.challenge) = (0, 0);
                if reopens == 2 {
                    b.free[0] += B + R;
                    (b.bounty, b.bond) = (0, 0);
                }
            },
        );
    }
    assert_eq!(market.task(&task_id(1)).unwrap().reason(), zera_market::reason::UNSETTLED);
}

#[test]
fn t9c_without_room_for_another_round_the_task_ends() {
    let mut market = rich_market(Rules::standard());
    // A ramp, a lock and a dispute fit once.
    let deadline = Height(OPENED + 10 + 10 + 72);
    market.open(Height(OPENED), Opening { deadline, ..attested_opening(1) }).expect("opens");
    run(&mut market, 101, 105);
    market.lock(Height(105), &task_id(1), PROVIDER).expect("locks");
    market.attest(Height(115), &task_id(1), PROVIDER, True, vec![]).expect("attests");
    commit_to(&mut market, 145, RESCUER, False).expect("commits");
    market.challenge(Height(147), &task_id(1), RESCUER, SALT, False).expect("challenges");
    run(&mut market, 148, 187);
    assert_eq!(state(&market, 1), "challenged");
    run(&mut market, 188, 188);
    assert_eq!(state(&market, 1), "expired");
    assert!(188 <= deadline.0, "no answer comes after the deadline, and none is waited for");
}

#[test]
fn t9d_a_native_run_pays_what_it_cost_and_no_more() {
    let fee = 7_000_000;
    let mut market = challenged(RESCUER);
    let act = |market: &mut Market| assert_eq!(settle_natively(market, 109, OTHER, True), Ok(Ruling::Accepted));
    row(&mut market, "challenged", "accepted", act, |b| {
        b.free[0] += B - P;
        (b.bounty, b.hold) = (0, P);
    });
    run(&mut market, 110, 158);
    row(
        &mut market,
        "accepted",
        "final",
        |market| market.tick(Height(159)),
        |b| {
            (b.hold, b.stake, b.bond, b.challenge) = (0, 0, 0, 0);
            b.free[0] += R;
            b.free[1] += P + S;
            b.free[3] += fee;
            b.burned += D - fee;
        },
    );

    let mut market = challenged(RESCUER);
    let act = |market: &mut Market| assert_eq!(settle_natively(market, 109, OTHER, False), Ok(Ruling::Accepted));
    row(&mut market, "challenged", "accepted", act, |b| {
        b.free[0] += B;
        b.bounty = 0;
    });
    run(&mut market, 110, 158);
    row(
        &mut market,
        "accepted",
        "final",
        |market| market.tick(Height(159)),
        |b| {
            (b.stake, b.bond, b.challenge) = (0, 0, 0);
            b.free[0] += R + REQUESTERS;
            b.free[2] += D + CHALLENGERS;
            b.free[3] += fee;
            b.burned += BURNT + SETTLERS - fee;
        },
    );
    // Declared values that the request left open are not what a native run gives.
    let mut market = rich_market(Rules::standard());
    market.open(Height(OPENED), Opening { declared: 1, ..attested_opening(1) }).expect("opens");
    market.lock(Height(105), &task_id(1), PROVIDER).expect("locks");
    market.attest(Height(105), &task_id(1), PROVIDER, True, vec![[1; 32]]).expect("attests");
    commit_to(&mut market, 106, RESCUER, True).expect("commits");
    market.challenge(Height(107), &task_id(1), RESCUER, SALT, True).expect("values may be wrong");
    assert_eq!(status(settle_natively(&mut market, 108, OTHER, True)), Some(Status::Unsupported));
    // The judge's answer declares [7; 32]: the outcome is the same, and the attested answer false.
    assert_eq!(settle(&mut market, 108, OTHER, True), Ok(Ruling::Accepted));
    assert_eq!(market.task(&task_id(1)).unwrap().answer(), Some((True, &[[7; 32]][..])));
    assert_eq!(market.task(&task_id(1)).unwrap().provider(), Some(&OTHER));
}

#[test]
fn t15_a_trap_settles_a_challenge_and_ends_the_task() {
    for native in [false, true] {
        let mut market = challenged(RESCUER);
        let act = |market: &mut Market| {
            let settle = if native { settle_natively } else { settle };
            assert_eq!(settle(market, 109, OTHER, Outcome::Trap), Ok(Ruling::Failed));
        };
        row(&mut market, "challenged", "failed", act, |b| {
            (b.bounty, b.stake, b.bond, b.challenge) = (0, 0, 0, 0);
            b.free[0] += B + REQUESTERS;
            b.free[2] += D + CHALLENGERS;
            b.burned += BURNT;
            if native {
                b.free[0] += R;
                b.free[3] += 7_000_000;
                b.burned += SETTLERS - 7_000_000;
            } else {
                // Four fifths of the bond are the prover's, the rest is halved.
                b.free[3] += SETTLERS + R * 8 / 10;
                b.free[0] += R / 10;
                b.burned += R / 10;
            }
        });
    }
}

#[test]
fn a_false_proof_settles_nothing_and_costs_a_deposit() {
    let mut market = challenged(RESCUER);
    for answer in [bad(True), malformed(False)] {
        let act = |market: &mut Market| {
            let ruling = market.settle(Height(109), &task_id(1), OTHER, answer, &mut Judge::default());
            assert!(matches!(ruling, Ok(Ruling::Rejected(_))));
        };
        row(&mut market, "challenged", "challenged", act, |b| {
            b.free[3] -= FALSE_PROOF;
            b.burned += FALSE_PROOF;
        });
    }
    // Who could not pay for it is not judged; a proof for another's payout does not verify.
    let mut judge = Judge::default();
    let nobody = AccountId([0xee; 32]);
    let answer = good(&market, 1, nobody, True);
    let refused = market.settle(Height(109), &task_id(1), nobody, answer, &mut judge);
    assert_eq!((status(refused), judge.calls), (Some(Status::Funds), 0));
    let copied = good(&market, 1, RESCUER, True);
    let ruling = market.settle(Height(109), &task_id(1), OTHER, copied, &mut judge);
    assert!(matches!(ruling, Ok(Ruling::Rejected(_))));
    assert_eq!(status(settle(&mut market, 149, OTHER, True)), Some(Status::Deadline));
    assert_eq!(settle(&mut market, 148, OTHER, True), Ok(Ruling::Accepted));
    assert_eq!(status(settle(&mut market, 148, OTHER, True)), Some(Status::State));
}

#[test]
fn t20_a_broken_key_gives_back_all_that_a_dispute_holds() {
    let committed = || {
        let mut market = attested();
        commit_to(&mut market, 107, RESCUER, False).expect("commits");
        market
    };
    let settled = |outcome| {
        let mut market = challenged(RESCUER);
        assert_eq!(settle(&mut market, 109, OTHER, outcome), Ok(Ruling::Accepted));
        market
    };
    let natively = |outcome| {
        let mut market = challenged(RESCUER);
        assert_eq!(settle_natively(&mut market, 109, OTHER, outcome), Ok(Ruling::Accepted));
        market
    };
    let markets =
        [attested(), committed(), challenged(RESCUER), settled(True), settled(False), natively(True), natively(False)];
    for mut market in markets {
        let from = state(&market, 1);
        market.withdraw_key(KEY, OTHER).expect("withdrawn");
        assert_eq!(level(&market), Level::Pending);
        row(
            &mut market,
            from,
            "revoked",
            |market| market.tick(Height(110)),
            |b| {
                b.free = [-10_000_000, 0, 0, 0];
                (b.bounty, b.stake, b.bond, b.hold, b.deposit, b.challenge) = (0, 0, 0, 0, 0, 0);
            },
        );
    }
}

#[test]
fn only_what_the_stake_secures_is_asked_without_a_proof() {
    let mut market = rich_market(Rules::standard());
    let open = |market: &mut Market, n, value, min_stake, level, mode| {
        let opening = Opening {
            value_at_risk: units(value),
            min_stake: units(min_stake),
            level,
            mode,
            witness_only: n == 9,
            ..opening(n)
        };
        status(market.open(Height(OPENED), opening))
    };
    // Of a stake of 2 B half is lost to a cartel with the requester in it, too, a tenth of the time, less a run:
    // (0.1 B - 0.001) / 0.9.
    let gate = 110_000_000;
    let mut at = |n, value, min_stake| open(&mut market, n, value, min_stake, Level::Final, Mode::Attested);
    assert_eq!(at(1, gate + 1, 0), Some(Status::Limit));
    assert_eq!(at(1, gate, 0), None);
    // More stake secures more.
    assert_eq!(at(2, gate + 1, 2_000_000_100), None);
    assert_eq!(at(9, 0, 0), Some(Status::Unsupported), "a witness alone");
    assert_eq!(open(&mut market, 3, 0, 0, Level::Attested, Mode::Proved), Some(Status::Unsupported));
    assert_eq!(open(&mut market, 3, gate * 100, 0, Level::Accepted, Mode::Proved), None);
}

#[test]
fn a_restart_in_the_middle_of_a_dispute_changes_nothing() {
    use zera_market::ports::{MemStore, Store};
    let mut settled = challenged(RESCUER);
    assert_eq!(settle_natively(&mut settled, 109, OTHER, False), Ok(Ruling::Accepted));
    let mut committed = attested();
    commit_to(&mut committed, 107, RESCUER, False).expect("commits");
    for mut market in [attested(), committed, challenged(RESCUER), settled] {
        let store = MemStore::default();
        store.commit(&market.take_changes()).expect("memory");
        let mut again = Market::restore(&store).expect("restored");
        assert_eq!(again.rows(), market.rows());
        for height in 110..300 {
            market.tick(Height(height));
            again.tick(Height(height));
        }
        assert_eq!(again.rows(), market.rows());
        market.conserved().expect("conserved");
    }
}
