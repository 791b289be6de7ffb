//! One named test for each attack of market.md 6.1 that concerns what is built.

use zera_abi::{AccountId, Amount, Height, Outcome, Outcome::True, Status};
use zera_market::ports::Verdict;
use zera_market::{Answer, Market, MarketError, Opening, Rules, Ruling, challenge_digest, commit_digest};

use super::fixture::*;

fn locked() -> Market {
    let mut market = market();
    run(&mut market, 101, 105);
    market.lock(Height(105), &task_id(1), PROVIDER).expect("locks");
    market
}

fn in_rescue() -> Market {
    let mut market = locked();
    run(&mut market, 106, 116);
    assert_eq!(state(&market, 1), "rescue");
    market
}

/// What nobody may change by being refused.
fn unchanged<T: std::fmt::Debug>(
    market: &mut Market,
    judge_calls: u32,
    act: impl FnOnce(&mut Market, &mut Judge) -> Result<T, MarketError>,
) -> MarketError {
    let before = market.rows();
    let mut judge = Judge::default();
    let error = act(market, &mut judge).expect_err("refused");
    assert_eq!(market.rows(), before, "{error}");
    assert_eq!(judge.calls, judge_calls, "{error}");
    error
}

#[test]
fn a_copied_proof_earns_its_copier_nothing() {
    let mut market = locked();
    let answer = good(&market, 1, PROVIDER, True);
    // Not the holder: refused before the judge sees it.
    let error = unchanged(&mut market, 0, |market, judge| {
        market.submit(Height(106), &task_id(1), OTHER, answer.clone(), judge)
    });
    assert_eq!(error.status(), Status::Unauthorized);
    // As a holder of another task with the same question: the proof is of another task and provider.
    market.open(Height(106), opening(2)).expect("opens");
    market.lock(Height(106), &task_id(2), OTHER).expect("locks");
    let mut judge = Judge::default();
    let ruling = market.submit(Height(106), &task_id(2), OTHER, answer, &mut judge).expect("judged");
    assert_eq!((ruling, judge.calls), (Ruling::Rejected(Verdict::Invalid), 1));
}

#[test]
fn a_copied_commitment_can_not_be_revealed_by_its_copier() {
    let mut market = in_rescue();
    let answer = good(&market, 1, RESCUER, True);
    let digest = commit_digest(&SALT, &RESCUER, &task_id(1), &answer.digest());
    market.commit(Height(116), &task_id(1), OTHER, digest).expect("a copied digest is a digest");
    market.commit(Height(116), &task_id(1), RESCUER, digest).expect("commits");
    market.tick(Height(117));
    let error = unchanged(&mut market, 0, |market, judge| {
        market.reveal(Height(117), &task_id(1), OTHER, SALT, answer.clone(), judge)
    });
    assert_eq!(error, MarketError::Reveal { task: task_id(1), provider: OTHER });
    assert_eq!(reveal(&mut market, 117, RESCUER, answer), Ok(Ruling::Accepted));
}

#[test]
fn a_re_randomised_proof_pays_once() {
    let mut market = locked();
    let answer = good(&market, 1, PROVIDER, True);
    let mut again = answer.clone();
    again.proof[250] = 9;
    assert_eq!(submit(&mut market, 106, PROVIDER, answer), Ok(Ruling::Accepted));
    let error = unchanged(&mut market, 0, |market, judge| {
        market.submit(Height(106), &task_id(1), PROVIDER, again.clone(), judge)
    });
    assert_eq!(error.status(), Status::State);
    run(&mut market, 107, 200);
    assert_eq!(market.account(&PROVIDER).free, units(100 * ZRA + 448_000_000));
}

#[test]
fn one_proof_does_not_serve_two_tasks() {
    let mut market = locked();
    let answer = good(&market, 1, PROVIDER, True);
    market.open(Height(105), opening(2)).expect("opens");
    market.lock(Height(105), &task_id(2), PROVIDER).expect("locks");
    let mut judge = Judge::default();
    let ruling = market.submit(Height(106), &task_id(2), PROVIDER, answer, &mut judge).expect("judged");
    assert_eq!(ruling, Ruling::Rejected(Verdict::Invalid));
}

#[test]
fn a_false_outcome_under_a_true_proof_is_rejected() {
    let mut market = locked();
    let mut answer = good(&market, 1, PROVIDER, True);
    answer.outcome = Outcome::False;
    assert_eq!(submit(&mut market, 106, PROVIDER, answer), Ok(Ruling::Rejected(Verdict::Invalid)));
    assert_eq!(state(&market, 1), "assigned");
    assert_eq!(market.task(&task_id(1)).unwrap().answer(), None);
}

#[test]
fn malformed_and_invalid_cost_the_same() {
    let cost = |answer: Answer| {
        let mut market = locked();
        let ruling = submit(&mut market, 106, PROVIDER, answer).expect("judged");
        (ruling.status(), market.totals().burned)
    };
    let (invalid, malformed) = (cost(bad(True)), cost(malformed(True)));
    assert_eq!((invalid.0, malformed.0), (Status::No, Status::Encoding));
    assert_eq!(invalid.1, malformed.1);
}

#[test]
fn an_expired_answer_is_not_replayed() {
    // TOB-6: an answer that was good in time is worth nothing after the end.
    let mut market = locked();
    let answer = good(&market, 1, PROVIDER, True);
    run(&mut market, 106, 136);
    for now in [136, 137, 5_000] {
        let error = unchanged(&mut market, 0, |market, judge| {
            market.submit(Height(now), &task_id(1), PROVIDER, answer.clone(), judge)
        });
        assert_eq!(error.status(), Status::State);
    }
    assert_eq!(market.task(&task_id(1)).unwrap().answer(), None, "no result is visible after expiry");
}

#[test]
fn wrong_values_are_refused_unjudged_and_unpaid() {
    let mut market = rich_market(Rules::standard());
    let mut with_values = opening(1);
    with_values.declared = 2;
    with_values.expected = vec![[7; 32]];
    market.open(Height(OPENED), with_values).expect("opens");
    market.lock(Height(OPENED), &task_id(1), PROVIDER).expect("locks");
    for (declared, expected) in [
        (vec![], MarketError::Count { expected: 2, got: 0 }),
        (vec![[7; 32]], MarketError::Count { expected: 2, got: 1 }),
        (vec![[7; 32]; 3], MarketError::Count { expected: 2, got: 3 }),
        (vec![[8; 32], [7; 32]], MarketError::Commitment { index: 0 }),
    ] {
        let answer = Answer { outcome: True, declared, proof: Box::new([1; 256]) };
        let error = unchanged(&mut market, 0, |market, judge| {
            market.submit(Height(OPENED), &task_id(1), PROVIDER, answer.clone(), judge)
        });
        assert_eq!((error.status(), &error), (Status::Count, &expected));
    }
    // The value that the request does not fix is the provider's to declare, and the judge's to check.
    let mut answer = good(&market, 1, PROVIDER, True);
    answer.declared[1] = [9; 32];
    answer.proof = prove(&market.claim(&task_id(1), PROVIDER, &answer).expect("a claim"));
    let proof = answer.proof.clone();
    assert_eq!(submit(&mut market, OPENED, PROVIDER, answer), Ok(Ruling::Accepted));
    assert_eq!(market.task(&task_id(1)).unwrap().answer(), Some((True, &[[7; 32], [9; 32]][..])));
    assert_eq!(proof[250], 0);
}

#[test]
fn only_a_witness_answers_where_private_bytes_are_not_fixed() {
    let mut market = rich_market(Rules::standard());
    market.open(Height(OPENED), zera_market::Opening { witness_only: true, ..opening(1) }).expect("opens");
    market.lock(Height(OPENED), &task_id(1), PROVIDER).expect("locks");
    for outcome in [Outcome::False, Outcome::Trap, Outcome::BoundExceeded] {
        let error = unchanged(&mut market, 0, |market, judge| {
            market.submit(Height(OPENED), &task_id(1), PROVIDER, bad(outcome), judge)
        });
        assert_eq!(error.status(), Status::Unsupported);
    }
    let answer = good(&market, 1, PROVIDER, True);
    assert_eq!(submit(&mut market, OPENED, PROVIDER, answer), Ok(Ruling::Accepted));
}

#[test]
fn nobody_reveals_without_committing_or_twice() {
    let mut market = in_rescue();
    let answer = good(&market, 1, RESCUER, True);
    let error = unchanged(&mut market, 0, |market, judge| {
        market.reveal(Height(117), &task_id(1), RESCUER, SALT, answer.clone(), judge)
    });
    assert_eq!(error.status(), Status::Unauthorized);
    commit(&mut market, 117, RESCUER, &answer).expect("commits");
    assert_eq!(commit(&mut market, 117, RESCUER, &answer).map_err(|e| e.status()), Err(Status::Duplicate));
    market.tick(Height(118));
    assert_eq!(reveal(&mut market, 118, RESCUER, answer.clone()), Ok(Ruling::Accepted));
    let error = unchanged(&mut market, 0, |market, judge| {
        market.reveal(Height(118), &task_id(1), RESCUER, SALT, answer.clone(), judge)
    });
    assert_eq!(error.status(), Status::State);
}

#[test]
fn a_reveal_has_to_be_what_was_committed_to() {
    let mut market = in_rescue();
    let answer = good(&market, 1, RESCUER, True);
    commit(&mut market, 116, RESCUER, &answer).expect("commits");
    market.tick(Height(117));
    // Another salt, another proof, another outcome.
    let mut other_proof = answer.clone();
    other_proof.proof[255] = 1;
    let mut other_outcome = answer.clone();
    other_outcome.outcome = Outcome::False;
    for (salt, revealed) in [([0; 32], &answer), (SALT, &other_proof), (SALT, &other_outcome)] {
        let error = unchanged(&mut market, 0, |market, judge| {
            market.reveal(Height(117), &task_id(1), RESCUER, salt, revealed.clone(), judge)
        });
        assert_eq!(error, MarketError::Reveal { task: task_id(1), provider: RESCUER });
    }
    assert_eq!(reveal(&mut market, 117, RESCUER, answer), Ok(Ruling::Accepted));
}

#[test]
fn commitments_are_no_free_option() {
    // Commit, watch, reveal only if nobody else does: the deposit burns each time, and the loser in its window is repaid.
    let mut market = in_rescue();
    let answer = good(&market, 1, RESCUER, True);
    commit(&mut market, 116, OTHER, &bad(True)).expect("commits");
    run(&mut market, 117, 119);
    assert_eq!(market.totals().burned.units(), 10_000_000);
    commit(&mut market, 119, OTHER, &bad(True)).expect("commits again");
    commit(&mut market, 119, RESCUER, &answer).expect("commits");
    run(&mut market, 120, 120);
    assert_eq!(reveal(&mut market, 120, RESCUER, answer), Ok(Ruling::Accepted));
    assert_eq!(market.account(&OTHER), zera_market::Balance { free: units(100 * ZRA - 10_000_000), locked: units(0) });
}

#[test]
fn the_first_valid_reveal_wins() {
    let mut market = in_rescue();
    let (first, second) = (good(&market, 1, OTHER, True), good(&market, 1, RESCUER, True));
    commit(&mut market, 116, OTHER, &first).expect("commits");
    commit(&mut market, 116, RESCUER, &second).expect("commits");
    market.tick(Height(117));
    assert_eq!(reveal(&mut market, 117, RESCUER, second), Ok(Ruling::Accepted));
    assert_eq!(reveal(&mut market, 117, OTHER, first).map_err(|e| e.status()), Err(Status::State));
    assert_eq!(market.task(&task_id(1)).unwrap().provider(), Some(&RESCUER));
}

/// Letting the lock lapse never pays, alone or with a friend, whenever the lock was taken and the reveal comes.
#[test]
fn lapsing_and_rescuing_oneself_never_beats_answering() {
    for lock_at in 100..120 {
        for reveal_at in [lock_at + 12, lock_at + 20, lock_at + 29] {
            for rescuer in [PROVIDER, RESCUER] {
                let mut market = market();
                run(&mut market, 101, lock_at);
                let price = market.task(&task_id(1)).unwrap().price_at(Height(lock_at)).unwrap().units() as i128;
                market.lock(Height(lock_at), &task_id(1), PROVIDER).expect("locks");
                run(&mut market, lock_at + 1, reveal_at - 1);
                let answer = good(&market, 1, rescuer, True);
                commit(&mut market, reveal_at - 1, rescuer, &answer).expect("commits");
                run(&mut market, reveal_at, reveal_at);
                assert_eq!(reveal(&mut market, reveal_at, rescuer, answer), Ok(Ruling::Accepted));
                run(&mut market, reveal_at + 1, reveal_at + 50);
                let free = |who| market.account(&who).free.units() as i128 - 100 * ZRA as i128;
                let cartel = free(PROVIDER) + free(RESCUER);
                assert!(cartel < price, "locked {lock_at}, revealed {reveal_at}: {cartel}, in time {price}");
            }
        }
    }
}

#[test]
fn a_requester_does_not_farm_stakes() {
    // Whatever a provider is made to do wrong, the requester and the provider together lose.
    let mut market = locked();
    for _ in 0..3 {
        let _ = submit(&mut market, 106, PROVIDER, bad(True)).expect("judged");
    }
    run(&mut market, 107, 136);
    let sum = market.account(&REQUESTER).free.units() + market.account(&PROVIDER).free.units();
    assert!(sum < 200 * ZRA - 1_000_000 - 638_923_076);
}

#[test]
fn strangers_move_nothing() {
    let mut market = market();
    run(&mut market, 101, 105);
    for stranger in [PROVIDER, OTHER, AccountId([0; 32])] {
        let error = unchanged(&mut market, 0, |market, _| market.cancel(Height(105), &task_id(1), stranger));
        assert_eq!(error.status(), Status::Unauthorized);
    }
    market.lock(Height(105), &task_id(1), PROVIDER).expect("locks");
    for stranger in [REQUESTER, OTHER] {
        let error = unchanged(&mut market, 0, |market, _| market.release(Height(105), &task_id(1), stranger));
        assert_eq!(error.status(), Status::Unauthorized);
    }
    let error = unchanged(&mut market, 0, |market, _| market.lock(Height(105), &task_id(1), OTHER));
    assert_eq!(error.status(), Status::State);
    let error = unchanged(&mut market, 0, |market, _| market.cancel(Height(106), &task_id(1), REQUESTER));
    assert_eq!(error.status(), Status::State);
    let error = unchanged(&mut market, 0, |market, _| market.lock(Height(105), &task_id(9), OTHER));
    assert_eq!(error.status(), Status::NotFound);
}

#[test]
fn nobody_stakes_what_is_not_there() {
    // TOB-2: a low balance is refused before, so that a slash is never short.
    let mut market = market();
    market.transfer(PROVIDER, OTHER, units(99 * ZRA + 200_000_000)).expect("moved");
    run(&mut market, 101, 105);
    let error = unchanged(&mut market, 0, |market, _| market.lock(Height(105), &task_id(1), PROVIDER));
    assert_eq!(error, MarketError::Funds { account: PROVIDER, need: units(849_230_770), have: units(800_000_000) });
    market.mint(PROVIDER, units(849_230_770 - 800_000_000)).expect("minted");
    market.lock(Height(105), &task_id(1), PROVIDER).expect("locks with exactly the stake");
    // What is staked is not spent.
    assert!(market.transfer(PROVIDER, OTHER, units(1)).is_err());
    assert!(market.charge(PROVIDER, units(1)).is_err());
}

#[test]
fn an_absurd_stake_is_refused_not_wrapped() {
    let mut market = rich_market(Rules::standard());
    let mut absurd = opening(1);
    absurd.min_stake = Amount::MAX;
    market.open(Height(OPENED), absurd).expect("nobody has to lock it");
    assert_eq!(market.task(&task_id(1)).unwrap().stake_required_at(Height(OPENED)), Some(Amount::MAX));
    assert_eq!(market.lock(Height(OPENED), &task_id(1), PROVIDER).map_err(|e| e.status()), Err(Status::Funds));
    assert!(market.mint(PROVIDER, Amount::MAX).is_err());
    assert!(market.transfer(PROVIDER, OTHER, Amount::MAX).is_err());
    let mut huge = opening(2);
    huge.bounty_max = Amount::MAX;
    assert_eq!(market.open(Height(OPENED), huge).map_err(|e| e.status()), Err(Status::Funds));
    let mut huge = opening(2);
    huge.value_at_risk = Amount::MAX;
    assert_eq!(market.open(Height(OPENED), huge).map_err(|e| e.status()), Err(Status::Limit));
    market.conserved().expect("conserved");
}

#[test]
fn rules_changed_meanwhile_do_not_touch_an_open_task() {
    // I10.
    let mut market = locked();
    let mut harsher = Rules::standard();
    harsher.final_blocks = 2_000;
    harsher.verify_fee = units(9_000_000);
    assert_eq!(market.adopt(harsher), Ok(1));
    let _ = submit(&mut market, 106, PROVIDER, bad(True)).expect("judged");
    assert_eq!(market.totals().burned.units(), 213_307_692);
    let answer = good(&market, 1, PROVIDER, True);
    assert_eq!(submit(&mut market, 106, PROVIDER, answer), Ok(Ruling::Accepted));
    run(&mut market, 107, 156);
    assert_eq!(state(&market, 1), "final");
    market.open(Height(156), opening(2)).expect("opens");
    assert_eq!(market.task(&task_id(2)).unwrap().rules_version(), 1);
}

/// TOB-4: an id of which only a part counts. Two tasks that differ in one byte, first or last, are two tasks.
#[test]
fn every_byte_of_an_id_counts() {
    let mut market = locked();
    for at in [0, 15, 16, 31] {
        let mut task = task_id(1);
        task.0[at] ^= 1;
        market.open(Height(105), Opening { task, ..opening(1) }).expect("another task");
        market.lock(Height(105), &task, RESCUER).expect("locks");
        let answer = good(&market, 1, PROVIDER, True);
        let ruling = market.submit(Height(105), &task, RESCUER, answer, &mut Judge::default()).expect("judged");
        assert!(matches!(ruling, Ruling::Rejected(_)), "byte {at}");
        assert_eq!(state(&market, 1), "assigned");
    }
}

/// N15: an id is taken by whoever comes first. It is the requester's own: the host makes it of the requester and its counter
/// (`zera_statement::task_id`), and a name that is taken is refused to everybody.
#[test]
fn a_taken_id_is_nobody_elses() {
    let mut market = market();
    for requester in [REQUESTER, OTHER] {
        let error = unchanged(&mut market, 0, |market, _| {
            market.open(Height(OPENED), Opening { requester, ..opening(1) }).map(|()| Ruling::Accepted)
        });
        assert_eq!(error.status(), Status::Duplicate);
    }
}

/// N19: what is committed to is guessed, since there are two outcomes. The digest hangs on 32 bytes of salt, on who commits, and to what.
#[test]
fn a_commitment_hides_which_of_two_outcomes_it_is() {
    let digest = |salt: u8, who, n, outcome| commit_digest(&[salt; 32], &who, &task_id(n), &challenge_digest(outcome));
    let mut seen = std::collections::BTreeSet::new();
    for salt in 0..=255 {
        for outcome in [True, Outcome::False] {
            for (who, n) in [(RESCUER, 1), (OTHER, 1), (RESCUER, 2)] {
                assert!(seen.insert(digest(salt, who, n, outcome)), "{salt} {outcome} {n}");
            }
        }
    }
    // Each byte of the salt counts, so that nobody runs through some of them.
    for at in 0..32 {
        let mut salt = SALT;
        salt[at] ^= 1;
        assert!(seen.insert(commit_digest(&salt, &RESCUER, &task_id(1), &challenge_digest(True))), "byte {at}");
    }
}

/// #19743: a payee of zeros. It is an account like any other, and nothing is stranded.
#[test]
fn a_payee_of_zeros_is_paid_like_any() {
    let nobody = AccountId([0; 32]);
    let mut market = market();
    market.mint(nobody, units(10 * ZRA)).expect("minted");
    market.lock(Height(OPENED), &task_id(1), nobody).expect("locks");
    let price = market.task(&task_id(1)).and_then(|task| task.price_at(Height(OPENED)));
    let answer = good(&market, 1, nobody, True);
    let _ = market.submit(Height(OPENED), &task_id(1), nobody, answer, &mut Judge::default()).expect("accepted");
    run(&mut market, OPENED + 1, OPENED + 60);
    assert_eq!((state(&market, 1), market.totals().escrowed), ("final", Amount::ZERO));
    assert_eq!(price, None, "an assigned task has no clock");
    assert_eq!(market.account(&nobody).free, units(10 * ZRA + 256_000_000));
}

/// TOB-5: a stake that comes right before a reward. It earns nothing: rewards are for answers, and deposits have no yield.
#[test]
fn a_deposit_of_the_last_moment_earns_nothing() {
    let paid = |stakes: bool| {
        let mut market = locked();
        let answer = good(&market, 1, PROVIDER, True);
        let _ = submit(&mut market, 106, PROVIDER, answer).expect("accepted");
        for who in [PROVIDER, OTHER].into_iter().filter(|_| stakes) {
            market.stake(Height(155), who, units(50 * ZRA)).expect("staked");
        }
        run(&mut market, 107, 156);
        assert_eq!(state(&market, 1), "final");
        [PROVIDER, OTHER].map(|who| {
            let deposit = market.standing(&who).map_or(0, |standing| standing.slashable().units());
            market.account(&who).free.units() + deposit
        })
    };
    assert_eq!(paid(true), paid(false));
}

/// TOB-2: a requester that keeps its balance low, so that there is nothing to take from. Its bond is in escrow from the start.
#[test]
fn a_requester_without_money_still_pays_for_a_trap() {
    let mut market = locked();
    let all = market.account(&REQUESTER).free;
    market.transfer(REQUESTER, OTHER, all).expect("moved away");
    let before = market.account(&PROVIDER).free.units();
    let stake = market.task(&task_id(1)).expect("the task").escrow().stake.units();
    let answer = good(&market, 1, PROVIDER, Outcome::Trap);
    assert_eq!(submit(&mut market, 106, PROVIDER, answer), Ok(Ruling::Failed));
    // 80 % of a bond of 0.4 ZRA.
    assert_eq!(market.account(&PROVIDER).free.units(), before + stake + 320_000_000);
}

/// TOB-1: a withdrawal that a stranger sets off. Only its owner asks for a deposit, and it comes back to nobody else.
#[test]
fn a_deposit_comes_back_to_its_owner_alone() {
    let mut rules = Rules::standard();
    rules.unbond_blocks = 10;
    let mut market = rich_market(rules);
    market.stake(Height(OPENED), PROVIDER, units(ZRA)).expect("staked");
    assert_eq!(status(market.unstake(Height(OPENED), OTHER, units(ZRA))), Some(Status::Funds));
    market.unstake(Height(OPENED), PROVIDER, units(ZRA)).expect("on its way");
    run(&mut market, OPENED, OPENED + 10);
    assert_eq!([PROVIDER, OTHER].map(|who| market.account(&who).free), [units(100 * ZRA); 2]);
}

/// Each attack of the list is answered by a test that exists.
#[test]
fn every_attack_of_the_list_names_its_test() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join("docs/attacks.md")).expect("the table");
    let mut rows = 0;
    for line in table.lines().filter(|line| line.starts_with("| ") && line.contains('`')) {
        rows += 1;
        for name in line.split('`').skip(1).step_by(2) {
            let (file, test) = name.split_once("::").expect("file::test");
            let source = std::fs::read_to_string(root.join("../..").join(file)).expect(name);
            assert!(source.contains(&format!("fn {test}(")), "no test `{name}`");
        }
    }
    assert_eq!(rows, 22);
}
