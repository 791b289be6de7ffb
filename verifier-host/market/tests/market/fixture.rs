//! Actors, toy proofs and a judge that knows them.

use zera_abi::{AccountId, Amount, Height, KeyId, Level, Outcome, PredicateId, Status, TaskId};
use zera_market::ports::{Claim, Verdict, Verify};
use zera_market::{Answer, Market, MarketError, Mode, Opening, Rules, Ruling, commit_digest};

pub const ZRA: u128 = 1_000_000_000;
pub const REQUESTER: AccountId = AccountId([0xa0; 32]);
pub const PROVIDER: AccountId = AccountId([0xb0; 32]);
pub const RESCUER: AccountId = AccountId([0xc0; 32]);
pub const OTHER: AccountId = AccountId([0xd0; 32]);
pub const KEY: KeyId = KeyId([0x11; 32]);
pub const PREDICATE: PredicateId = PredicateId([0x22; 32]);
pub const ROOT: [u8; 32] = [0x03; 32];
pub const SALT: [u8; 32] = [0x5a; 32];
/// Every task of these tests opens here.
pub const OPENED: u64 = 100;
pub const DEADLINE: u64 = 1_000;
/// The rows of `docs/transitions.md` that are transitions.
pub const ROWS: &str =
    "T1 T2 T3 T4 T5 T5' T6 T7 T8 T9a T9b T9c T9d T11 T12 T13 T14 T15 T16a T16b T16c T16d T16e T17 T20 T21 T22";

pub fn units(units: u128) -> Amount {
    Amount::from_units(units)
}

pub fn task_id(n: u8) -> TaskId {
    TaskId([n; 32])
}

/// A toy proof: the claim itself, with bytes at the end that do not matter, as in a proof that can be re-randomised.
pub fn prove(claim: &Claim) -> Box<[u8; 256]> {
    let mut proof = Box::new([0u8; 256]);
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        proof[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    put(claim.task.as_bytes());
    put(claim.key.as_bytes());
    put(claim.predicate.as_bytes());
    put(claim.provider.as_bytes());
    put(&claim.input_root);
    put(&claim.not_after.0.to_le_bytes());
    put(&[claim.outcome.code(), claim.declared.len() as u8]);
    let mut mixed = [0u8; 32];
    for (i, value) in claim.declared.iter().enumerate() {
        for (m, v) in mixed.iter_mut().zip(value) {
            *m = m.wrapping_mul(31).wrapping_add(*v).wrapping_add(i as u8);
        }
    }
    put(&mixed);
    proof
}

/// The part of a toy proof that says what it proves.
const PROVEN: usize = 5 * 32 + 8 + 2 + 32;

/// Accepts exactly the claim inside the proof; a proof that ends in 0xff is malformed. Counts what reaches it.
#[derive(Debug, Default)]
pub struct Judge {
    pub calls: u32,
    /// The last claim that it accepted.
    pub proven: Option<Claim>,
}

impl Verify for Judge {
    fn verify(&mut self, claim: &Claim, proof: &[u8; 256]) -> Verdict {
        self.calls += 1;
        if proof[255] == 0xff {
            Verdict::Malformed
        } else if proof[..PROVEN] == prove(claim)[..PROVEN] {
            self.proven = Some(claim.clone());
            Verdict::Valid
        } else {
            Verdict::Invalid
        }
    }
}

pub fn opening(n: u8) -> Opening {
    Opening {
        task: task_id(n),
        requester: REQUESTER,
        predicate: PREDICATE,
        key: KEY,
        input_root: ROOT,
        declared: 0,
        expected: vec![],
        bounty_max: units(ZRA),
        min_stake: units(0),
        value_at_risk: units(0),
        deadline: Height(DEADLINE),
        level: Level::Accepted,
        fee: units(10_000_000),
        witness_only: false,
        mode: Mode::Proved,
        delivers: false,
    }
}

/// The answer that the judge accepts from `provider`.
pub fn good(market: &Market, n: u8, provider: AccountId, outcome: Outcome) -> Answer {
    let declared = market.task(&task_id(n)).map_or(0, |task| usize::from(task.declared()));
    let mut answer = Answer { outcome, declared: vec![[7; 32]; declared], proof: Box::new([0; 256]) };
    if let Ok(claim) = market.claim(&task_id(n), provider, &answer) {
        answer.proof = prove(&claim);
    }
    answer
}

/// Well-formed, proves nothing.
pub fn bad(outcome: Outcome) -> Answer {
    Answer { outcome, declared: vec![], proof: Box::new([1; 256]) }
}

/// Not even a proof.
pub fn malformed(outcome: Outcome) -> Answer {
    Answer { outcome, declared: vec![], proof: Box::new([0xff; 256]) }
}

/// A market under standard rules in which each actor has 100 ZRA, and task 1 opened at [`OPENED`].
pub fn market() -> Market {
    let mut market = rich_market(Rules::standard());
    market.open(Height(OPENED), opening(1)).expect("opens");
    market
}

pub fn rich_market(rules: Rules) -> Market {
    let mut market = Market::new(rules).expect("rules");
    for actor in [REQUESTER, PROVIDER, RESCUER, OTHER] {
        market.mint(actor, units(100 * ZRA)).expect("minted");
    }
    market
}

/// Ticks every block from `from` to `to`, both included.
pub fn run(market: &mut Market, from: u64, to: u64) {
    for height in from..=to {
        market.tick(Height(height));
    }
    market.conserved().expect("conserved");
}

/// How a transition was refused, if it was.
pub fn status<T>(result: Result<T, MarketError>) -> Option<Status> {
    result.err().map(|error| error.status())
}

pub fn state(market: &Market, n: u8) -> &'static str {
    market.task(&task_id(n)).expect("the task").state().name()
}

pub fn submit(market: &mut Market, now: u64, who: AccountId, answer: Answer) -> Result<Ruling, MarketError> {
    let mut judge = Judge::default();
    market.submit(Height(now), &task_id(1), who, answer, &mut judge)
}

pub fn commit(market: &mut Market, now: u64, who: AccountId, answer: &Answer) -> Result<(), MarketError> {
    let digest = commit_digest(&SALT, &who, &task_id(1), &answer.digest());
    market.commit(Height(now), &task_id(1), who, digest)
}

pub fn reveal(market: &mut Market, now: u64, who: AccountId, answer: Answer) -> Result<Ruling, MarketError> {
    let mut judge = Judge::default();
    market.reveal(Height(now), &task_id(1), who, SALT, answer, &mut judge)
}

/// Where the money is: gains of the requester, provider, rescuer and a fourth; the task's bounty, stake, bond, hold,
/// deposits and challenger's bond; insurance, treasury, burnt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Buckets {
    pub free: [i128; 4],
    pub bounty: i128,
    pub stake: i128,
    pub bond: i128,
    pub hold: i128,
    pub deposit: i128,
    pub challenge: i128,
    pub insurance: i128,
    pub treasury: i128,
    pub burned: i128,
}

pub fn buckets(market: &Market) -> Buckets {
    market.conserved().expect("conserved");
    let number = |amount: zera_abi::Amount| amount.units() as i128;
    let (escrow, totals) = (*market.task(&task_id(1)).expect("the task").escrow(), market.totals());
    Buckets {
        free: [REQUESTER, PROVIDER, RESCUER, OTHER].map(|who| number(market.account(&who).free) - 100 * ZRA as i128),
        bounty: number(escrow.bounty),
        stake: number(escrow.stake),
        bond: number(escrow.bond),
        hold: number(escrow.hold),
        deposit: number(escrow.deposit),
        challenge: number(escrow.challenge),
        insurance: number(totals.insurance),
        treasury: number(totals.treasury),
        burned: number(totals.burned),
    }
}

/// A row: what `act` does to the buckets, and from which state to which.
#[track_caller]
pub fn row(
    market: &mut Market,
    from: &str,
    to: &str,
    act: impl FnOnce(&mut Market),
    change: impl FnOnce(&mut Buckets),
) {
    let mut expected = buckets(market);
    assert_eq!(state(market, 1), from);
    act(market);
    change(&mut expected);
    assert_eq!(state(market, 1), to);
    assert_eq!(buckets(market), expected);
}
