//! What a contract and a log are told: level, end and reason in each state, and the notes of a whole life.

use zera_abi::{End, Height, Level, Outcome};
use zera_market::{Market, Note, Rules, reason};

use super::fixture::*;

fn seen(market: &Market) -> (&'static str, Level, End, u16, Option<Outcome>) {
    let task = market.task(&task_id(1)).expect("the task");
    (task.state().name(), task.level(), task.end(), task.reason(), task.answer().map(|(outcome, _)| outcome))
}

fn locked() -> Market {
    let mut market = market();
    run(&mut market, 101, 105);
    market.lock(Height(105), &task_id(1), PROVIDER).expect("locks");
    market
}

#[test]
fn a_life_with_an_answer() {
    let mut market = market();
    assert_eq!(seen(&market), ("open", Level::Pending, End::None, reason::NONE, None));
    run(&mut market, 101, 105);
    market.lock(Height(105), &task_id(1), PROVIDER).expect("locks");
    assert_eq!(seen(&market), ("assigned", Level::Pending, End::None, reason::NONE, None));
    assert!(market.may_answer(&task_id(1), &PROVIDER) && !market.may_answer(&task_id(1), &RESCUER));
    run(&mut market, 106, 124);
    assert_eq!(seen(&market), ("rescue", Level::Pending, End::None, reason::NONE, None));
    assert!(!market.may_answer(&task_id(1), &PROVIDER));
    let answer = good(&market, 1, RESCUER, Outcome::False);
    commit(&mut market, 124, RESCUER, &answer).expect("commits");
    assert!(market.may_answer(&task_id(1), &RESCUER));
    run(&mut market, 125, 125);
    let _ = reveal(&mut market, 125, RESCUER, answer).expect("accepted");
    assert_eq!(seen(&market), ("accepted", Level::Accepted, End::None, reason::NONE, Some(Outcome::False)));
    run(&mut market, 126, 175);
    assert_eq!(seen(&market), ("final", Level::Final, End::None, reason::NONE, Some(Outcome::False)));
    assert!(!market.may_answer(&task_id(1), &RESCUER));

    let task = task_id(1);
    let (price, stake) = (units(448_000_000), units(849_230_770));
    assert_eq!(
        market.drain_notes(),
        [
            Note::Opened { task },
            Note::Locked { task, provider: PROVIDER, price, stake, lock_deadline: Height(115) },
            Note::RescueOpened { task, provider: PROVIDER, late: true, expires: Height(135) },
            Note::RescueCommitted { task, provider: RESCUER },
            Note::Slashed {
                task,
                provider: PROVIDER,
                burned: units(424_615_386),
                hero: Some(RESCUER),
                hero_paid: units(297_230_769),
                requester_paid: units(127_384_615),
                insurance_paid: units(0),
            },
            Note::Jailed { provider: PROVIDER, until: Height(145) },
            Note::Accepted { task, provider: RESCUER, outcome: Outcome::False, price: units(724_000_000) },
            Note::Finalised {
                task,
                provider: RESCUER,
                paid: units(1_021_230_769),
                stake_returned: units(0),
                confirmed: false
            },
        ]
    );
    assert_eq!(market.drain_notes(), []);
}

#[test]
fn each_end_has_its_reason() {
    let ended = |end, reason| (Level::Pending, end, reason, None);
    let tail = |market: &Market| {
        let (_, level, end, reason, outcome) = seen(market);
        (level, end, reason, outcome)
    };
    for (outcome, why) in [(Outcome::Trap, reason::TRAP), (Outcome::BoundExceeded, reason::BOUND_EXCEEDED)] {
        let mut market = locked();
        let answer = good(&market, 1, PROVIDER, outcome);
        let _ = submit(&mut market, 105, PROVIDER, answer).expect("judged");
        assert_eq!(tail(&market), ended(End::Failed, why));
    }
    let mut unrescued = locked();
    run(&mut unrescued, 106, 136);
    assert_eq!(tail(&unrescued), ended(End::Expired, reason::NOT_RESCUED));
    let mut unlocked = market();
    run(&mut unlocked, 101, 160);
    assert_eq!(tail(&unlocked), ended(End::Expired, reason::NO_LOCK));
    let mut broken = locked();
    broken.withdraw_key(KEY, OTHER).expect("withdrawn");
    run(&mut broken, 106, 106);
    assert_eq!(tail(&broken), ended(End::Revoked, reason::KEY_WITHDRAWN));
    let mut cancelled = market();
    cancelled.cancel(Height(105), &task_id(1), REQUESTER).expect("cancelled");
    assert_eq!(tail(&cancelled), ended(End::Cancelled, reason::NONE));
}

/// A task says by which version it is judged; each is there to be read.
#[test]
fn every_version_of_the_rules_can_be_read() {
    let mut market = rich_market(Rules::standard());
    market.open(Height(OPENED), opening(1)).expect("opens");
    let later = Rules { lock_blocks: Rules::standard().lock_blocks + 1, ..Rules::standard() };
    let version = market.adopt(later.clone()).expect("within its bounds");
    market.open(Height(OPENED), opening(2)).expect("opens");
    let judged_by = |n| market.rules_of(market.task(&task_id(n)).expect("opened").rules_version()).cloned();
    assert_eq!((judged_by(1), judged_by(2)), (Some(Rules::standard()), Some(later.clone())));
    assert_eq!((version, market.rules_version(), market.rules()), (1, 1, &later));
    assert_eq!(market.rules_of(2), None);
}
