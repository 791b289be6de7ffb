//! Every order of every action on one task, on a small clock: two providers and a requester; in attested mode a challenger.

use std::collections::BTreeSet;

use zera_abi::{AccountId, Height, Outcome};
use zera_market::ports::Change;
use zera_market::{Market, Mode, NativeRun, Rules, Task, TaskState, challenge_digest, commit_digest};

use super::fixture::*;

/// The shortest windows that the floors allow.
fn shortest() -> Rules {
    let mut rules = Rules::local();
    (rules.auction_blocks, rules.ramp_blocks, rules.rounds_max) = (1, 1, 2);
    (rules.lock_blocks, rules.rescue_blocks, rules.final_blocks) = (4, 4, 10);
    (rules.cancel_delay_blocks, rules.reveal_blocks, rules.attempts_max) = (1, 1, 2);
    (rules.challenge_blocks, rules.respond_blocks, rules.reopens_max) = (4, 4, 1);
    (rules.deadline_min_blocks, rules.deliver_blocks, rules.notice_blocks) = (1, 3, 1);
    rules
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Cancel,
    Lock(AccountId),
    Release(AccountId),
    Submit(AccountId, Outcome),
    SubmitBad(AccountId),
    Commit(AccountId, Outcome),
    CommitBad(AccountId),
    Reveal(AccountId, Outcome),
    RevealBad(AccountId),
    Withdraw,
    Attest(AccountId, Outcome),
    CommitChallenge(AccountId),
    Challenge(AccountId),
    Settle(AccountId, Outcome),
    SettleNatively(Outcome),
    GiveKey(AccountId),
    Demand(AccountId),
    Deliver,
    Complain(AccountId),
}

/// What belongs to disputes, with as much of the rest as leads to them. The provider attests, the rescuer challenges, and may have
/// attested itself.
fn disputes() -> Vec<Action> {
    let mut all = vec![Action::Withdraw, Action::Lock(PROVIDER), Action::Lock(RESCUER)];
    for who in [PROVIDER, RESCUER] {
        all.extend([Action::Attest(who, Outcome::True), Action::CommitChallenge(who), Action::Challenge(who)]);
    }
    all.extend([Action::Settle(PROVIDER, Outcome::True), Action::Settle(RESCUER, Outcome::False)]);
    all.push(Action::Settle(RESCUER, Outcome::Trap));
    all.extend([Outcome::True, Outcome::False, Outcome::Trap].map(Action::SettleNatively));
    all
}

/// What belongs to private bytes, with as much of the rest as may come between.
fn deliveries() -> Vec<Action> {
    let mut all = vec![Action::Withdraw, Action::Deliver];
    for who in [PROVIDER, RESCUER] {
        all.extend([Action::Lock(who), Action::Release(who), Action::GiveKey(who), Action::Demand(who)]);
        all.extend([Action::Complain(who), Action::Submit(who, Outcome::True), Action::SubmitBad(who)]);
        all.extend([Action::Commit(who, Outcome::True), Action::Reveal(who, Outcome::True)]);
    }
    all
}

fn actions() -> Vec<Action> {
    let mut all = vec![Action::Cancel, Action::Withdraw];
    for who in [PROVIDER, RESCUER] {
        all.extend([
            Action::Lock(who),
            Action::Release(who),
            Action::SubmitBad(who),
            Action::CommitBad(who),
            Action::RevealBad(who),
        ]);
        // One of the two is enough to prove traps: what they may do is otherwise the same.
        let outcomes = if who == PROVIDER { &[Outcome::True, Outcome::Trap][..] } else { &[Outcome::True] };
        for &outcome in outcomes {
            all.extend([Action::Submit(who, outcome), Action::Commit(who, outcome), Action::Reveal(who, outcome)]);
        }
    }
    all
}

fn act(market: &mut Market, now: u64, action: Action) -> bool {
    let height = Height(now);
    match action {
        Action::Cancel => market.cancel(height, &task_id(1), REQUESTER).is_ok(),
        Action::Lock(who) => market.lock(height, &task_id(1), who).is_ok(),
        Action::Release(who) => market.release(height, &task_id(1), who).is_ok(),
        Action::Submit(who, outcome) => {
            let answer = good(market, 1, who, outcome);
            submit(market, now, who, answer).is_ok()
        }
        Action::SubmitBad(who) => submit(market, now, who, bad(Outcome::True)).is_ok(),
        Action::Commit(who, outcome) => {
            let answer = good(market, 1, who, outcome);
            commit(market, now, who, &answer).is_ok()
        }
        Action::CommitBad(who) => commit(market, now, who, &bad(Outcome::True)).is_ok(),
        Action::Reveal(who, outcome) => {
            let answer = good(market, 1, who, outcome);
            reveal(market, now, who, answer).is_ok()
        }
        Action::RevealBad(who) => reveal(market, now, who, bad(Outcome::True)).is_ok(),
        Action::Withdraw => market.withdraw_key(KEY, OTHER).is_ok(),
        Action::Attest(who, outcome) => market.attest(height, &task_id(1), who, outcome, vec![]).is_ok(),
        Action::CommitChallenge(who) => {
            let digest = commit_digest(&SALT, &who, &task_id(1), &challenge_digest(Outcome::False));
            market.commit(height, &task_id(1), who, digest).is_ok()
        }
        Action::Challenge(who) => market.challenge(height, &task_id(1), who, SALT, Outcome::False).is_ok(),
        Action::Settle(who, outcome) => {
            let answer = good(market, 1, who, outcome);
            market.settle(height, &task_id(1), who, answer, &mut Judge::default()).is_ok()
        }
        Action::SettleNatively(outcome) => {
            market.settle_natively(height, &task_id(1), OTHER, NativeRun { outcome, fee: units(7_000_000) }).is_ok()
        }
        Action::GiveKey(who) => market.give_key(height, &task_id(1), who, [9; 32]).is_ok(),
        Action::Demand(who) => market.demand(height, &task_id(1), who).is_ok(),
        Action::Deliver => market.deliver(height, &task_id(1), REQUESTER).is_ok(),
        Action::Complain(who) => market.complain(height, &task_id(1), who).is_ok(),
    }
}

#[test]
fn every_interleaving_keeps_the_invariants() {
    let (states, ends) = explore(Mode::Proved, false, 10, 2, &actions());
    assert_eq!(ends, BTreeSet::from(["cancelled", "expired", "failed", "final", "revoked"]));
    assert!(states > 1_000, "only {states} states");
}

/// Long enough that a task opens again after a challenge that nobody settled.
#[test]
fn every_interleaving_of_a_dispute_keeps_the_invariants() {
    let (states, ends) = explore(Mode::Attested, false, 22, 1, &disputes());
    assert_eq!(ends, BTreeSet::from(["expired", "failed", "final", "revoked"]));
    assert!(states > 1_000, "only {states} states");
}

/// Both providers may hold it in turn, each with a demand of its own.
#[test]
fn every_interleaving_of_a_delivery_keeps_the_invariants() {
    let (states, ends) = explore(Mode::Proved, true, 14, 1, &deliveries());
    assert_eq!(ends, BTreeSet::from(["expired", "failed", "final", "revoked"]));
    assert!(states > 1_000, "only {states} states");
}

/// Breadth first over states; `most` actions a block. Checks I1-I3 and I5-I8 in each state.
fn explore(mode: Mode, delivers: bool, blocks: u64, most: usize, actions: &[Action]) -> (u32, BTreeSet<&'static str>) {
    let rules = shortest();
    let mut market = rich_market(rules.clone());
    let mut opening = opening(1);
    opening.deadline = Height(OPENED + blocks);
    (opening.mode, opening.delivers) = (mode, delivers);
    market.bond_key(KEY, OTHER, units(ZRA)).expect("bonds");
    market.open(Height(OPENED), opening).expect("opens");
    let mut layer: Vec<Market> = vec![market];
    let (mut states, mut ends) = (0u32, BTreeSet::new());
    let last = OPENED + blocks + 1 + rules.final_blocks;
    for now in OPENED..=last {
        let mut seen: BTreeSet<Vec<Vec<u8>>> = BTreeSet::new();
        let mut next = Vec::new();
        let mut here = std::mem::take(&mut layer);
        for market in &mut here {
            market.tick(Height(now));
        }
        for taken in 0..=most {
            let mut further = Vec::new();
            for mut market in here {
                // Rows are the whole state.
                let key = market.rows().into_iter().map(|Change { value, .. }| value.unwrap_or_default()).collect();
                if !seen.insert(key) {
                    continue;
                }
                states += 1;
                market.conserved().expect("conserved");
                let before = market.task(&task_id(1)).expect("the task").clone();
                // What becomes of a key after its task has ended does not concern the task: see `key.rs`.
                let ended = before.state().is_terminal();
                let possible = |action: &&Action| taken < most && !(ended && matches!(action, Action::Withdraw));
                for action in actions.iter().filter(possible) {
                    let checkpoint = market.checkpoint();
                    let frozen = market.key_is_withdrawn(&KEY);
                    if act(&mut market, now, *action) {
                        assert!(!frozen, "{action:?} on a withdrawn key");
                        check(&before, &market);
                        further.push(market.clone());
                    }
                    market.rollback(checkpoint);
                }
                next.push(market);
            }
            here = further;
        }
        for mut market in next {
            let task = market.task(&task_id(1)).expect("the task");
            if task.state().is_terminal() {
                ends.insert(task.state().name());
            } else {
                let before = task.clone();
                market.tick(Height(now + 1));
                check(&before, &market);
                layer.push(market);
            }
        }
    }
    assert!(layer.is_empty(), "{} tasks outlive the bound (I8)", layer.len());
    println!("{states} states");
    (states, ends)
}

fn check(b: &Task, after: &Market) {
    let a = after.task(&task_id(1)).expect("there");
    let revoked = matches!(a.state(), TaskState::Revoked { .. });
    let voided = matches!(b.state(), TaskState::Challenged { .. });
    assert!(a.level() >= b.level() || revoked || voided, "I5: {:?} after {:?}", a.state(), b.state());
    if let TaskState::Open { .. } = a.state() {
        assert!(a.escrow().stake.is_zero() && a.escrow().challenge.is_zero(), "I2: {:?}", a.escrow());
    }
    assert!(!revoked || after.key_is_withdrawn(&KEY), "revoked on a key in force");
    assert!(!b.state().is_terminal(), "an end is the end: {:?} after {:?}", a.state(), b.state());
    assert!(!a.state().is_terminal() || a.escrow().total().is_zero(), "I2: {:?}", a.escrow());
    if let (TaskState::Accepted { provider: p, .. }, TaskState::Final { provider: q, .. }) = (b.state(), a.state()) {
        assert_eq!(p, q, "I12");
    }
    match a.state() {
        TaskState::Attested { .. }
        | TaskState::Challenged { .. }
        | TaskState::Accepted { .. }
        | TaskState::Final { .. } => assert!(a.answer().is_some()),
        _ => assert_eq!(a.answer(), None, "I7: {:?}", a.state()),
    }
}
