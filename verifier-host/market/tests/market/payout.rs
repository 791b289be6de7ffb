//! The payout table as data: `payouts.json` says what is done and who has how much more or less afterwards. Its numbers
//! were worked out by hand from the rules; a row's `why` is the part of it that is not in the head of the file or in
//! the row before.

use std::collections::BTreeSet;

use serde::Deserialize;
use zera_abi::{AccountId, Height, KeyId, Outcome, TaskId};
use zera_market::{Answer, Market, MarketError, Mode, NativeRun, Opening, Ruling, challenge_digest, commit_digest};

use super::fixture::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// What is common to the rows, for who reads them.
    about: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The transitions whose money it shows, and what is special about it.
    pub name: String,
    /// How its numbers come about.
    #[serde(default)]
    why: String,
    task: Kind,
    pub steps: Vec<Step>,
    /// The last height.
    pub until: u64,
    /// The state that the task is in then.
    pub end: String,
    gains: Gains,
    buckets: Buckets,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Proved,
    Attested,
    Delivers,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Party {
    Requester,
    Provider,
    Rescuer,
    Other,
}

pub const PARTIES: [Party; 4] = [Party::Requester, Party::Provider, Party::Rescuer, Party::Other];

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub at: u64,
    pub by: Party,
    #[serde(rename = "do")]
    pub verb: Verb,
    outcome: Option<Said>,
    #[serde(default, deserialize_with = "some_units")]
    amount: Option<i128>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    Cancel,
    Lock,
    Release,
    Submit,
    #[serde(rename = "submit bad")]
    SubmitBad,
    #[serde(rename = "submit malformed")]
    SubmitMalformed,
    Commit,
    #[serde(rename = "commit bad")]
    CommitBad,
    Reveal,
    #[serde(rename = "reveal bad")]
    RevealBad,
    Attest,
    #[serde(rename = "commit challenge")]
    CommitChallenge,
    Challenge,
    Settle,
    #[serde(rename = "settle bad")]
    SettleBad,
    #[serde(rename = "settle natively")]
    SettleNatively,
    #[serde(rename = "give key")]
    GiveKey,
    Demand,
    Deliver,
    Complain,
    /// A stranger proves the key broken: no deposit in these rows, so that the sums are those of the task.
    #[serde(rename = "withdraw key")]
    WithdrawKey,
    Stake,
    Unstake,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Said {
    True,
    False,
    Trap,
    #[serde(rename = "bound exceeded")]
    BoundExceeded,
}

/// Free money, more or less.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gains {
    #[serde(deserialize_with = "units_of")]
    requester: i128,
    #[serde(deserialize_with = "units_of")]
    provider: i128,
    #[serde(deserialize_with = "units_of")]
    rescuer: i128,
    #[serde(deserialize_with = "units_of")]
    other: i128,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Buckets {
    #[serde(deserialize_with = "units_of")]
    burned: i128,
    #[serde(deserialize_with = "units_of")]
    insurance: i128,
    #[serde(deserialize_with = "units_of")]
    treasury: i128,
    /// What the task still holds.
    #[serde(deserialize_with = "units_of")]
    escrowed: i128,
    /// What parties have staked, also what is on its way back.
    #[serde(deserialize_with = "units_of")]
    deposits: i128,
}

fn units_of<'de, D: serde::Deserializer<'de>>(number: D) -> Result<i128, D::Error> {
    let digits = String::deserialize(number)?;
    digits.parse().map_err(|_| serde::de::Error::custom(format!("{digits} is no whole number of units")))
}

fn some_units<'de, D: serde::Deserializer<'de>>(number: D) -> Result<Option<i128>, D::Error> {
    units_of(number).map(Some)
}

impl From<Said> for Outcome {
    fn from(said: Said) -> Outcome {
        match said {
            Said::True => Outcome::True,
            Said::False => Outcome::False,
            Said::Trap => Outcome::Trap,
            Said::BoundExceeded => Outcome::BoundExceeded,
        }
    }
}

pub fn rows() -> Vec<Row> {
    let table: Table = serde_json::from_str(include_str!("payouts.json")).expect("the table");
    assert!(!table.about.is_empty());
    table.rows
}

impl Row {
    /// Gains of the requester, provider, rescuer and the other.
    pub fn gains(&self) -> [i128; 4] {
        let Gains { requester, provider, rescuer, other } = self.gains;
        [requester, provider, rescuer, other]
    }

    /// Burnt, insurance, treasury, escrowed, deposits.
    pub fn buckets(&self) -> [i128; 5] {
        let Buckets { burned, insurance, treasury, escrowed, deposits } = self.buckets;
        [burned, insurance, treasury, escrowed, deposits]
    }

    /// Its request, with amounts that many times as great.
    pub fn opening(&self, task: TaskId, key: KeyId, requester: AccountId, times: u128) -> Opening {
        let mut opening = Opening { task, key, requester, ..opening(1) };
        (opening.bounty_max, opening.fee) = (units(ZRA * times), units(10_000_000 * times));
        match self.task {
            Kind::Proved => {}
            Kind::Attested => opening.mode = Mode::Attested,
            Kind::Delivers => opening.delivers = true,
        }
        opening
    }
}

impl Step {
    /// Takes the step, with amounts that many times as great.
    pub fn take(&self, market: &mut Market, id: &TaskId, who: AccountId, times: u128) -> Result<(), MarketError> {
        let now = Height(self.at);
        let outcome = self.outcome.map_or(Outcome::True, Outcome::from);
        let amount = units(self.amount.unwrap_or(0) as u128 * times);
        let mut judge = Judge::default();
        let mut proof = Answer { outcome, declared: vec![], proof: Box::new([1; 256]) };
        match self.verb {
            Verb::SubmitMalformed => proof.proof[255] = 0xff,
            Verb::Submit | Verb::Commit | Verb::Reveal | Verb::Settle => {
                proof.proof = prove(&market.claim(id, who, &proof)?);
            }
            _ => {}
        }
        let rejected = |ruling: Result<Ruling, MarketError>| {
            ruling.map(|ruling| assert!(matches!(ruling, Ruling::Rejected(_)), "{self:?}"))
        };
        let judged = |ruling: Result<Ruling, MarketError>| {
            let expected = if outcome.as_bool().is_some() { Ruling::Accepted } else { Ruling::Failed };
            ruling.map(|ruling| assert_eq!(ruling, expected, "{self:?}"))
        };
        match self.verb {
            Verb::Cancel => market.cancel(now, id, who),
            Verb::Lock => market.lock(now, id, who),
            Verb::Release => market.release(now, id, who),
            Verb::Submit => judged(market.submit(now, id, who, proof, &mut judge)),
            Verb::SubmitBad | Verb::SubmitMalformed => rejected(market.submit(now, id, who, proof, &mut judge)),
            Verb::Commit | Verb::CommitBad => {
                market.commit(now, id, who, commit_digest(&SALT, &who, id, &proof.digest()))
            }
            Verb::Reveal => judged(market.reveal(now, id, who, SALT, proof, &mut judge)),
            Verb::RevealBad => rejected(market.reveal(now, id, who, SALT, proof, &mut judge)),
            Verb::Attest => market.attest(now, id, who, outcome, vec![]),
            Verb::CommitChallenge => {
                market.commit(now, id, who, commit_digest(&SALT, &who, id, &challenge_digest(outcome)))
            }
            Verb::Challenge => market.challenge(now, id, who, SALT, outcome),
            Verb::Settle => judged(market.settle(now, id, who, proof, &mut judge)),
            Verb::SettleBad => rejected(market.settle(now, id, who, proof, &mut judge)),
            Verb::SettleNatively => {
                let fee = units(7_000_000 * times);
                judged(market.settle_natively(now, id, who, NativeRun { outcome, fee }))
            }
            Verb::GiveKey => market.give_key(now, id, who, [9; 32]),
            Verb::Demand => market.demand(now, id, who),
            Verb::Deliver => market.deliver(now, id, who),
            Verb::Complain => market.complain(now, id, who),
            Verb::WithdrawKey => {
                let key = *market.task(id).expect("the task").key();
                market.withdraw_key(key, who).map(drop)
            }
            Verb::Stake => market.stake(now, who, amount),
            Verb::Unstake => market.unstake(now, who, amount),
        }
    }
}

/// Who plays whom in the only task of a market.
pub fn actor(party: Party) -> AccountId {
    match party {
        Party::Requester => REQUESTER,
        Party::Provider => PROVIDER,
        Party::Rescuer => RESCUER,
        Party::Other => OTHER,
    }
}

/// Plays a row alone in a market of its own.
pub fn play(market: &mut Market, row: &Row, times: u128) {
    market.open(Height(OPENED), row.opening(task_id(1), KEY, REQUESTER, times)).expect("opens");
    let mut now = OPENED;
    for step in &row.steps {
        run(market, now + 1, step.at);
        now = step.at;
        let taken = step.take(market, &task_id(1), actor(step.by), times);
        taken.unwrap_or_else(|error| panic!("{}: {step:?}: {error}", row.name));
        market.conserved().expect("conserved after every step");
    }
    run(market, now + 1, row.until);
}

/// What an account has more or less than at the start, free.
pub fn gain(market: &Market, who: &AccountId, start: u128) -> i128 {
    market.account(who).free.units() as i128 - start as i128
}

/// Burnt, insurance, treasury, escrowed, deposits.
pub fn buckets_of(market: &Market) -> [i128; 5] {
    let totals = market.totals();
    [totals.burned, totals.insurance, totals.treasury, totals.escrowed, totals.staked]
        .map(|amount| amount.units() as i128)
}

#[test]
fn every_row_pays_what_the_table_says() {
    for row in rows() {
        let sum = row.gains().iter().sum::<i128>() + row.buckets().iter().sum::<i128>();
        assert_eq!(sum, 0, "{}: money comes from somewhere and goes somewhere", row.name);
        let mut market = rich_market(zera_market::Rules::standard());
        play(&mut market, &row, 1);
        assert_eq!(state(&market, 1), row.end, "{}", row.name);
        let got = PARTIES.map(|party| gain(&market, &actor(party), 100 * ZRA));
        let parties = "requester, provider, rescuer, other";
        assert_eq!(got, row.gains(), "{}: {parties} ({})", row.name, row.why);
        let buckets = "burnt, insurance, treasury, escrowed, deposits";
        assert_eq!(buckets_of(&market), row.buckets(), "{}: {buckets} ({})", row.name, row.why);
    }
}

#[test]
fn every_transition_has_a_payout() {
    let rows = rows();
    let names: BTreeSet<&str> = rows.iter().flat_map(|row| row.name.split([' ', ','])).collect();
    let without: Vec<&str> = ROWS.split(' ').filter(|row| !names.contains(row)).collect();
    assert_eq!(without, [""; 0]);
    let different: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(different.len(), rows.len(), "two rows of one name");
}

#[test]
fn rounds_climb_by_a_quarter_to_the_whole_bounty() {
    let mut market = market();
    let price = |market: &Market, height| market.task(&task_id(1)).unwrap().price_at(Height(height)).map(|p| p.units());
    assert_eq!([100, 105, 110, 119].map(|h| price(&market, h)), [256, 448, 640, 640].map(|m| Some(m * 1_000_000)));
    run(&mut market, 101, 120);
    assert_eq!([120, 130].map(|h| price(&market, h)), [320, 800].map(|m| Some(m * 1_000_000)));
    run(&mut market, 121, 140);
    assert_eq!([140, 150].map(|h| price(&market, h)), [400, 1_000].map(|m| Some(m * 1_000_000)));
}
