//! What holds of the market whoever plays: splitting accounts is neutral, and money has no unit of its own.

use zera_abi::{Amount, Outcome};
use zera_market::{Mode, Rules, TaskState};
use zera_simulate::world::{Agent, Ask, World, bad, units};

/// How a task goes.
const LIVES: [&str; 9] =
    ["proved", "rescued", "three bad", "self-rescued", "released", "attested", "upheld", "overturned", "void"];

/// Requester, provider and another, and what each has made of a task that goes so.
fn live(rules: &Rules, how: &str, bounty: Amount, accounts: usize) -> Vec<i128> {
    let mut world = World::new(rules.clone()).expect("rules");
    let purse = units(1e6);
    let mut agent = || world.agent(purse).expect("minted");
    let (requester, other) = (agent(), agent());
    let providers: Vec<Agent> = (0..accounts).map(|_| agent()).collect();
    let attested = matches!(how, "attested" | "upheld" | "overturned" | "void");
    let mode = if attested { Mode::Attested } else { Mode::Proved };
    let ask = Ask { bounty, stake: Amount::ZERO, value: Amount::ZERO, mode, deadline: None };
    for round in 0..4 {
        let provider = providers[round % accounts];
        world.block();
        let job = world.open(requester, ask, Outcome::True).expect("opens");
        let now = world.now;
        world.blocks_to(now + 3);
        world.lock(job, provider).expect("locks");
        world.block();
        let lapse = |world: &mut World| {
            while matches!(world.state(job), TaskState::Assigned { .. }) {
                world.block();
            }
        };
        let challenge = |world: &mut World, said, claimed| {
            world.attest(job, provider, said).expect("attests");
            world.block();
            world.commit_challenge(job, other, claimed).expect("commits");
            world.block();
            world.challenge(job, other, claimed).expect("challenges");
        };
        match how {
            "proved" => drop(world.submit(job, provider, world.proof(job, provider)).expect("submits")),
            "rescued" | "self-rescued" => {
                let who = if how == "rescued" { other } else { provider };
                lapse(&mut world);
                world.commit(job, who).expect("commits");
                world.block();
                let _ = world.reveal(job, who).expect("reveals");
            }
            "three bad" => {
                for _ in 0..3 {
                    let _ = world.submit(job, provider, bad(Outcome::False)).expect("submits");
                }
                world.commit(job, other).expect("commits");
                world.block();
                let _ = world.reveal(job, other).expect("reveals");
            }
            "released" => {
                world.release(job, provider).expect("releases");
                world.block();
                world.cancel(job, requester).expect("cancels");
            }
            "attested" => world.attest(job, provider, Outcome::True).expect("attests"),
            "upheld" => {
                challenge(&mut world, Outcome::True, Outcome::False);
                let _ = world.settle(job, provider).expect("settles");
            }
            "overturned" => {
                challenge(&mut world, Outcome::False, Outcome::True);
                let _ = world.settle(job, other).expect("settles");
            }
            _ => challenge(&mut world, Outcome::False, Outcome::True),
        }
        world.finish().expect("ends, and money is conserved");
        // Long enough for every score to be forgotten.
        let now = world.now;
        world.blocks_to(now + 50);
    }
    vec![world.net(requester), world.net(other), providers.iter().map(|&agent| world.net(agent)).sum()]
}

/// What an account did before is forgotten when the next task comes: scores are an account's own, and what they cost is another matter
/// (`market/docs/rules.md`, Deposits).
fn forgetful() -> Rules {
    Rules { offence_half_life_blocks: 10, jail_blocks: 0, ..Rules::standard() }
}

#[test]
fn splitting_an_account_changes_nothing() {
    for how in LIVES {
        let bounty = Amount::from_units(1_234_567_891);
        let whole = live(&forgetful(), how, bounty, 1);
        for accounts in [2, 4] {
            assert_eq!(live(&forgetful(), how, bounty, accounts), whole, "{how} by {accounts}");
        }
    }
}

/// Ten times the money, ten times the payouts: each of a task's few splits may round a unit away.
#[test]
fn ten_times_the_money_is_ten_times_the_payouts() {
    let rules = forgetful();
    let ten = |amount: Amount| amount.checked_mul(10).expect("fits");
    let scaled = Rules {
        stake_floor: ten(rules.stake_floor),
        verify_fee: ten(rules.verify_fee),
        bond_floor: ten(rules.bond_floor),
        commit_deposit: ten(rules.commit_deposit),
        open_fee: ten(rules.open_fee),
        storage_fee: ten(rules.storage_fee),
        bounty_floor: ten(rules.bounty_floor),
        execution_cost: ten(rules.execution_cost),
        challenge_bond_floor: ten(rules.challenge_bond_floor),
        ..rules.clone()
    };
    for how in LIVES {
        for bounty in [1_000_000_007, 333_333_333, 7_777_777_777] {
            let once = live(&rules, how, Amount::from_units(bounty), 1);
            let more = live(&scaled, how, Amount::from_units(10 * bounty), 1);
            for (once, more) in once.iter().zip(&more) {
                // Four tasks, each with a price, a stake and up to four shares rounded to a unit of the smaller scale.
                let units = (10 * once - more).abs();
                assert!(units <= 10 * 4 * 6, "{how} of {bounty}: {once} and {more}, {units} apart");
            }
        }
    }
}
