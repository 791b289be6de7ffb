//! The escrow example on a chain: who gets the money at every end of an answer, and that no deal touches another's.

#[path = "support/fixture.rs"]
mod fixture;

use fixture::*;
use zera_abi::{AccountId, Amount, Level, Status, TaskId};
use zera_host::{Action, ConfigEntry, Ending, Event, Receipt};
use zera_library::range::Input;

const WASM: &[u8] = include_bytes!("../../../contracts/prebuilt/escrow.wasm");
const SELLER: AccountId = AccountId([0x5e; 32]);
const DEAL: u128 = 20_000_000_000;

/// A chain with an escrow that has money for its questions and for `deals` deals.
fn escrow(deals: u64) -> Fixture {
    let mut f = Fixture::new(mem(), "");
    let config = [("BOUNTY", 4_000_000_000), ("MIN_STAKE", 1_000_000_000), ("CALLBACK_FUEL", 4_000_000)]
        .map(|(key, units)| ConfigEntry { key: key.to_owned(), amount: Amount::from_units(units) })
        .to_vec();
    let endowment = Amount::from_zra(30).unwrap();
    let deployed = f.one(OWNER, Action::Deploy { wasm: WASM.to_vec(), config, endowment });
    assert_eq!(deployed.ending, Ending::Done, "{}", deployed.detail);
    f.contract = AccountId(deployed.data.as_slice().try_into().unwrap());
    for _ in 0..deals {
        let pay = Action::Transfer { to: f.contract, amount: Amount::from_units(DEAL) };
        assert_eq!(f.one(BOB, pay).ending, Ending::Done);
    }
    f
}

/// Bob opens a deal on a range question.
fn open(f: &mut Fixture, question: Input) -> Receipt {
    let input = [SELLER.0.as_slice(), &DEAL.to_le_bytes(), f.predicate.as_bytes(), &question.encode()].concat();
    let contract = f.contract;
    f.one(BOB, Action::Call { contract, entry: "open".into(), input })
}

/// A deal that is on.
fn deal(f: &mut Fixture, question: Input) -> (TaskId, Vec<u8>) {
    let receipt = open(f, question);
    assert_eq!(receipt.ending, Ending::Done, "{}", receipt.detail);
    (*f.chain.market().unwrap().tasks().next_back().unwrap().id(), receipt.data)
}

fn state(f: &mut Fixture, number: &[u8]) -> Vec<u8> {
    let contract = f.contract;
    f.one(BOB, Action::Call { contract, entry: "state".into(), input: number.to_vec() }).data
}

fn free(f: &Fixture, account: AccountId) -> u128 {
    f.chain.market().unwrap().account(&account).free.units()
}

fn answer(f: &mut Fixture, task: TaskId) {
    assert_eq!(f.one(ALICE, Action::Lock { task }).ending, Ending::Done);
    let answer = f.answer(ALICE, &task);
    assert_eq!(f.one(ALICE, Action::Submit { task, answer }).ending, Ending::Done);
}

fn until_final(f: &mut Fixture, task: TaskId) {
    while f.task(&task).level() != Level::Final {
        f.block(&[]);
    }
}

#[test]
fn a_true_answer_pays_the_seller_at_final_and_not_before() {
    let mut f = escrow(1);
    let (task, number) = deal(&mut f, HOLDS);
    answer(&mut f, task);
    assert_eq!((free(&f, SELLER), state(&mut f, &number)), (0, vec![0]), "accepted is not final");
    until_final(&mut f, task);
    assert_eq!((free(&f, SELLER), state(&mut f, &number)), (DEAL, vec![1]));
    f.chain.market().unwrap().conserved().unwrap();
}

#[test]
fn a_false_answer_and_none_at_all_pay_the_buyer_back() {
    let mut f = escrow(2);
    let (no, first) = deal(&mut f, HOLDS_NOT);
    let (never, second) = deal(&mut f, HOLDS);
    answer(&mut f, no);
    let before = free(&f, account(BOB));
    until_final(&mut f, no);
    assert_eq!(free(&f, account(BOB)), before + DEAL);
    assert_eq!(f.chain.storage(&f.contract, &1u64.to_be_bytes()).unwrap().unwrap()[80], 2);
    while f.task(&never).end() == zera_abi::End::None {
        f.block(&[]);
    }
    assert_eq!((free(&f, account(BOB)), free(&f, SELLER)), (before + 2 * DEAL, 0));
    assert_eq!((state(&mut f, &first), state(&mut f, &second)), (vec![2], vec![2]));
}

#[test]
fn a_deal_is_taken_on_only_with_money_of_its_own() {
    let mut f = escrow(1);
    let (task, number) = deal(&mut f, HOLDS);
    // 30 ZRA are there for questions; a second deal of 20 would have to use them, and a third the first deal's.
    for _ in 0..2 {
        let receipt = open(&mut f, HOLDS);
        match receipt.ending {
            Ending::Done => {}
            Ending::Aborted { code, .. } => assert!(code == 3 || code == 2, "{}", receipt.detail),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(open(&mut f, HOLDS).ending, Ending::Aborted { .. }));
    answer(&mut f, task);
    until_final(&mut f, task);
    assert_eq!((free(&f, SELLER), state(&mut f, &number)), (DEAL, vec![1]));
}

#[test]
fn nobody_but_the_host_answers_and_what_is_forgotten_is_an_error() {
    let mut f = escrow(1);
    let (_, number) = deal(&mut f, HOLDS);
    for entry in ["process_verified_condition_result", "on_result_failed", "on_result_revoked"] {
        let contract = f.contract;
        let receipt = f.one(ALICE, Action::Call { contract, entry: entry.into(), input: number.clone() });
        assert_eq!(receipt.ending, Ending::Refused(Status::Unauthorized), "{entry}");
    }
    assert_eq!(state(&mut f, &number), [0]);
    assert_eq!(state(&mut f, &9u64.to_le_bytes()), Vec::<u8>::new());
    // Deployed without its configuration, it asks nothing.
    let deploy = Action::Deploy { wasm: WASM.to_vec(), config: vec![], endowment: Amount::from_zra(30).unwrap() };
    f.contract = AccountId(f.one(OWNER, deploy).data.as_slice().try_into().unwrap());
    assert!(matches!(open(&mut f, HOLDS).ending, Ending::Aborted { code: 6, .. }));
    let report = f.block(&[]);
    assert!(!report.events.iter().any(|event| matches!(event, Event::TaskOpened { .. })));
}
