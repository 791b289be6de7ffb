//! Long streams of steps on the market alone: restarts, rollbacks, damaged rows, and money after many transitions.

use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use zera_abi::Status;
use zera_market::ports::{MemStore, Store};
use zera_market::{Market, Rules};

use super::event::{Event, UNIT, account, on_market, start};
use super::fixture::{Judge, units};
use super::machine::runner;
use super::step::{Scene, Step, rules, single};

/// Steps without an end, done to markets.
struct Stream {
    runner: TestRunner,
    steps: BoxedStrategy<Step>,
    scene: Scene,
}

impl Stream {
    fn new(seed: u32, accounts: u8) -> Stream {
        Stream { runner: runner(1, seed), steps: single().boxed(), scene: Scene::new(accounts) }
    }

    fn next(&mut self, market: &Market) -> Vec<Event> {
        match self.steps.new_tree(&mut self.runner).expect("a step").current() {
            // Under the standard rules all would sooner or later sit in a jail of days.
            Step::Adopt(_) => vec![],
            step => self.scene.events(&step, market),
        }
    }

    fn act(&mut self, market: &mut Market, event: &Event) -> Result<Status, Status> {
        self.scene.take(event);
        on_market(market, self.scene.now, event, &mut Judge::default())
    }

    /// So many steps; returns how many events were taken, without blocks.
    fn run(&mut self, market: &mut Market, steps: u32) -> u32 {
        let mut taken = 0;
        for _ in 0..steps {
            for event in self.next(market) {
                let done = self.act(market, &event).is_ok();
                taken += u32::from(done && !matches!(event, Event::Tick));
            }
        }
        taken
    }
}

/// A restored market and the one that wrote the rows write the same rows from then on.
#[test]
fn a_restored_market_goes_on_identically() {
    let (mut market, _) = start(&rules(0), 5);
    let store = MemStore::default();
    let mut stream = Stream::new(99, 5);
    stream.run(&mut market, 600);
    store.commit(&market.take_changes()).expect("memory");
    let mut restored = Market::restore(&store).expect("restores");
    market.drain_notes();
    assert_eq!(restored.take_changes(), vec![], "nothing is left to write");
    for step in 0..2_000 {
        for event in stream.next(&market) {
            let got = stream.act(&mut market, &event);
            assert_eq!(got, on_market(&mut restored, stream.scene.now, &event, &mut Judge::default()));
            assert_eq!(market.drain_notes(), restored.drain_notes(), "step {step}");
        }
        if step % 100 == 99 {
            assert_eq!(market.take_changes(), restored.take_changes(), "step {step}");
        }
    }
}

/// What a rolled-back transaction touched is not written: else a query would change a node's state root.
#[test]
fn a_rolled_back_transaction_leaves_nothing_to_write() {
    let (mut market, _) = start(&rules(0), 5);
    let mut stream = Stream::new(3, 5);
    stream.run(&mut market, 300);
    let _ = market.take_changes();
    for _ in 0..40 {
        let checkpoint = market.checkpoint();
        stream.run(&mut market, 20);
        market.rollback(checkpoint);
    }
    let notes = market.drain_notes();
    assert_eq!(market.take_changes(), vec![]);
    assert!(notes.len() < 1_000);
}

#[test]
fn a_checkpoint_does_not_outlive_its_block() {
    let (mut market, _) = start(&rules(0), 2);
    let checkpoint = market.checkpoint();
    let _ = market.take_changes();
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| market.rollback(checkpoint)));
    let message = panic.expect_err("refused").downcast::<&str>().expect("a message");
    assert_eq!(*message, "a checkpoint does not outlive its block");
}

/// Damaged rows are refused with their name, never with a panic.
#[test]
fn damaged_rows_are_refused() {
    use zera_market::RestoreError;
    use zera_market::ports::{Change, Table};
    let (mut market, _) = start(&rules(0), 4);
    let mut stream = Stream::new(5, 4);
    stream.run(&mut market, 400);
    let (rows, mut rng) = (market.rows(), ChaCha8Rng::seed_from_u64(5));
    assert!(matches!(Market::restore(&MemStore::default()), Err(RestoreError::Empty)));
    let mut refused = 0;
    for round in 0..400 {
        let mut damaged = rows.clone();
        let at = rng.gen_range(0..damaged.len());
        let row: &mut Change = &mut damaged[at];
        let what = match round % 3 {
            0 => {
                row.value = None;
                "removed"
            }
            1 => {
                row.value.as_mut().expect("a value").pop();
                "cut"
            }
            _ => {
                let value = row.value.as_mut().expect("a value");
                let byte = rng.gen_range(0..value.len());
                value[byte] ^= 1 << rng.gen_range(0..8);
                "flipped"
            }
        };
        let table = row.table;
        let store = MemStore::default();
        store.commit(&damaged).expect("memory");
        match Market::restore(&store) {
            Err(_) => refused += 1,
            // A flipped bit in an id, a height or an empty account says nothing that could be checked, nor does the last proposal, if it has
            // ended and holds no votes.
            Ok(restored) => {
                let silent = [Table::Totals, Table::Accounts, Table::KeyBonds, Table::Proposals];
                assert!(what == "flipped" || silent.contains(&table), "{what} {table:?}");
                restored.conserved().expect("it adds up at least");
            }
        }
    }
    assert!(refused > 250, "{refused} of 400");
}

/// 200,000 transitions and more, invariants after each, a full scan now and then.
#[test]
fn two_hundred_thousand_transitions_conserve_money() {
    const ACCOUNTS: u8 = 6;
    // Where faults are soon forgotten: else all sit in jail most of the time.
    let mut rules = Rules::local();
    (rules.jail_blocks, rules.offence_half_life_blocks, rules.locks_max) = (0, 10, 50);
    let mut market = Market::new(rules).expect("rules");
    let mut stream = Stream::new(2_026, ACCOUNTS);
    let (mut taken, mut rounds) = (0, 0);
    while taken < 200_000 {
        for n in 1..=ACCOUNTS {
            market.mint(account(n), units(10_000 * UNIT)).expect("minted");
        }
        taken += stream.run(&mut market, 10_000);
        market.conserved().expect("conserved");
        let _ = market.drain_notes();
        rounds += 1;
    }
    assert!(rounds < 100, "{taken} transitions of {rounds} times 10,000 steps");
}
