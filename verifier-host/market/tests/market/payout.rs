//! The payout table as data: who has how much more or less when it is over. Numbers worked out by hand.
//!
//! Standard rules, Bmax = 1 ZRA = 1,000,000,000 units, opened at 100, so:
//! - ceilings of the rounds 640,000,000, 800,000,000, 1,000,000,000; the first round starts at 40 % = 256,000,000;
//! - P at 105, half of the ramp: 256,000,000 + 384,000,000 / 2 = 448,000,000;
//! - S = ceil((1,000,000,000 - 448,000,000) / 0.65) = 849,230,770 (849,230,769.2; 25 % of Bmax is less);
//! - R = 10 % = 100,000,000; opening fee 1,000,000; lock deadline 115, rescue until 135.
//!
//! S by the split: hero 35 % = 297,230,769 (.5), requester 15 % = 127,384,615 (.5), burnt the rest = 424,615,386.

use zera_abi::{AccountId, Height, Outcome};
use zera_market::{Market, MarketError, Ruling};

use super::fixture::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Ticks up to this height; what follows happens there.
    At(u64),
    Lock(AccountId),
    Release,
    Cancel,
    Good(Outcome),
    Bad,
    Malformed,
    Commit(AccountId, Outcome),
    Reveal(AccountId, Outcome),
    /// Commits to and reveals a proof that does not verify.
    CommitBad(AccountId),
    RevealBad(AccountId),
    /// A stranger proves the key broken: no deposit in these rows, so that the sums are those of the task.
    Withdraw,
}
use Outcome::{BoundExceeded, False, Trap, True};
use Step::*;

struct Row {
    name: &'static str,
    steps: &'static [Step],
    end: &'static str,
    // Gains and losses over everything, the opening included.
    requester: i128,
    provider: i128,
    rescuer: i128,
    burned: i128,
    insurance: i128,
    treasury: i128,
}

const ROWS: &[Row] = &[
    Row {
        name: "T2 cancelled: all back less opening and storage fee",
        steps: &[At(105), Cancel],
        end: "cancelled",
        requester: -11_000_000,
        provider: 0,
        rescuer: 0,
        burned: 0,
        insurance: 0,
        treasury: 11_000_000,
    },
    Row {
        name: "T4, T17 answered in time: P to the provider",
        steps: &[At(105), Lock(PROVIDER), At(115), Good(True), At(165)],
        end: "final",
        requester: -458_000_000,
        provider: 448_000_000,
        rescuer: 0,
        burned: 0,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        name: "T4 accepted, not yet final: P and S are held, the surplus is back",
        steps: &[At(105), Lock(PROVIDER), At(106), Good(False)],
        end: "accepted",
        // P, R and the fee are away.
        requester: -858_000_000,
        provider: -849_230_770,
        rescuer: 0,
        burned: 0,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        name: "T5 one bad proof: fee 1,000,000 + 25 % of S = 212,307,692 (.5) burnt",
        steps: &[At(105), Lock(PROVIDER), Bad, Good(True), At(155)],
        end: "final",
        requester: -458_000_000,
        provider: 448_000_000 - 213_307_692,
        rescuer: 0,
        burned: 213_307_692,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        name: "T5 two bad proofs, one of them malformed: the second costs 1,000,000 + 2 * 212,307,692",
        steps: &[At(105), Lock(PROVIDER), Bad, Malformed, Good(True), At(155)],
        end: "final",
        requester: -458_000_000,
        provider: 448_000_000 - 638_923_076,
        rescuer: 0,
        burned: 213_307_692 + 425_615_384,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        // 210,307,694 of S are left: hero 73,607,692 (.9) waits, requester 31,546,154 (.1), burnt 105,153,848.
        name: "T5' third bad proof, T14 nobody rescues: the waiting share goes to the insurance",
        steps: &[At(105), Lock(PROVIDER), Bad, Bad, Malformed, At(136)],
        end: "expired",
        requester: -10_000_000 + 31_546_154,
        provider: -849_230_770,
        rescuer: 0,
        burned: 638_923_076 + 105_153_848,
        insurance: 73_607_692,
        treasury: 10_000_000,
    },
    Row {
        // The window is 105 to 135; revealed at 120, half of it: 448,000,000 + 552,000,000 / 2 = 724,000,000.
        name: "T5' then T13: the rescuer gets P_res and the share that waited",
        steps: &[
            At(105),
            Lock(PROVIDER),
            Bad,
            Bad,
            Bad,
            At(119),
            Commit(RESCUER, True),
            At(120),
            Reveal(RESCUER, True),
            At(170),
        ],
        end: "final",
        requester: -734_000_000 + 31_546_154,
        provider: -849_230_770,
        rescuer: 724_000_000 + 73_607_692,
        burned: 638_923_076 + 105_153_848,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        name: "T5' then self-rescue: P only, the share that waited is burnt",
        steps: &[
            At(105),
            Lock(PROVIDER),
            Bad,
            Bad,
            Bad,
            At(119),
            Commit(PROVIDER, True),
            At(120),
            Reveal(PROVIDER, True),
            At(170),
        ],
        end: "final",
        requester: -458_000_000 + 31_546_154,
        provider: 448_000_000 - 849_230_770,
        rescuer: 0,
        burned: 638_923_076 + 105_153_848 + 73_607_692,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        // Revealed at 125, half of 115 to 135: 448,000,000 + 552,000,000 / 2 = 724,000,000.
        name: "T11, T13 rescued by another: P_res and 35 % of S",
        steps: &[At(105), Lock(PROVIDER), At(124), Commit(RESCUER, True), At(125), Reveal(RESCUER, True), At(175)],
        end: "final",
        requester: -734_000_000 + 127_384_615,
        provider: -849_230_770,
        rescuer: 724_000_000 + 297_230_769,
        burned: 424_615_386,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        // Late by 10 of 20: 84,923,077 + (849,230,770 - 84,923,077) / 2 = 467,076,923 (.5).
        name: "T11, T13 rescued by the locker: P only, the late fee burnt",
        steps: &[At(105), Lock(PROVIDER), At(124), Commit(PROVIDER, True), At(125), Reveal(PROVIDER, True), At(175)],
        end: "final",
        requester: -458_000_000,
        provider: 448_000_000 - 467_076_923,
        rescuer: 0,
        burned: 467_076_923,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        name: "T12 unrevealed deposit burnt, T14 expired: 35 % of S to the insurance",
        steps: &[At(105), Lock(PROVIDER), At(120), Commit(RESCUER, True), At(136)],
        end: "expired",
        requester: -10_000_000 + 127_384_615,
        provider: -849_230_770,
        rescuer: -10_000_000,
        burned: 424_615_386 + 10_000_000,
        insurance: 297_230_769,
        treasury: 10_000_000,
    },
    Row {
        name: "T12 a revealed proof that does not verify costs the deposit",
        steps: &[At(105), Lock(PROVIDER), At(120), CommitBad(RESCUER), At(121), RevealBad(RESCUER), At(136)],
        end: "expired",
        requester: -10_000_000 + 127_384_615,
        provider: -849_230_770,
        rescuer: -10_000_000,
        burned: 424_615_386 + 10_000_000,
        insurance: 297_230_769,
        treasury: 10_000_000,
    },
    Row {
        // R = 100,000,000: 80 % to the provider, of the rest half back and half burnt.
        name: "T15 a trap proven in time",
        steps: &[At(105), Lock(PROVIDER), At(110), Good(Trap)],
        end: "failed",
        requester: -10_000_000 - 360_000_000,
        provider: 320_000_000,
        rescuer: 0,
        burned: 40_000_000,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        name: "T15 an exceeded bound proven after a bad proof",
        steps: &[At(105), Lock(PROVIDER), Bad, Good(BoundExceeded)],
        end: "failed",
        requester: -370_000_000,
        provider: 320_000_000 - 213_307_692,
        rescuer: 0,
        burned: 40_000_000 + 213_307_692,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        name: "T15 a trap proven by a rescuer: paid at once, hero's share included",
        steps: &[At(105), Lock(PROVIDER), At(124), Commit(RESCUER, Trap), At(125), Reveal(RESCUER, Trap)],
        end: "failed",
        requester: -370_000_000 + 127_384_615,
        provider: -849_230_770,
        rescuer: 320_000_000 + 297_230_769,
        burned: 40_000_000 + 424_615_386,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        name: "T15 a trap proven late by the locker: the late fee burnt, the fee paid",
        steps: &[At(105), Lock(PROVIDER), At(124), Commit(PROVIDER, Trap), At(125), Reveal(PROVIDER, Trap)],
        end: "failed",
        requester: -370_000_000,
        provider: 320_000_000 - 467_076_923,
        rescuer: 0,
        burned: 40_000_000 + 467_076_923,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        name: "T21 nobody locks in three rounds: all back less the opening fee",
        steps: &[At(160)],
        end: "expired",
        requester: -10_000_000,
        provider: 0,
        rescuer: 0,
        burned: 0,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        // Third round from 140, ceiling Bmax; at 150 P = Bmax, S = 25 % of Bmax.
        name: "T21 locked in the third round at the whole bounty",
        steps: &[At(150), Lock(PROVIDER), Good(True), At(200)],
        end: "final",
        requester: -1_010_000_000,
        provider: 1_000_000_000,
        rescuer: 0,
        burned: 0,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        // 2 % of 849,230,770 = 16,984,615 (.4); the rescuer locks at 106: P = 486,400,000.
        name: "T22 released, then locked and answered by another",
        steps: &[At(105), Lock(PROVIDER), At(106), Release, Lock(RESCUER), Good(True), At(156)],
        end: "final",
        requester: -496_400_000,
        provider: -16_984_615,
        rescuer: 486_400_000,
        burned: 16_984_615,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        name: "T20 from Open: bounty and bond back, the opening fee stays",
        steps: &[At(105), Withdraw, At(106)],
        end: "revoked",
        requester: -10_000_000,
        provider: 0,
        rescuer: 0,
        burned: 0,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        name: "T20 from Assigned: the stake back",
        steps: &[At(105), Lock(PROVIDER), Withdraw, At(106)],
        end: "revoked",
        requester: -10_000_000,
        provider: 0,
        rescuer: 0,
        burned: 0,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        name: "T20 from Assigned after a bad proof: what is left of the stake back, what was burnt is burnt",
        steps: &[At(105), Lock(PROVIDER), Bad, Withdraw, At(106)],
        end: "revoked",
        requester: -10_000_000,
        provider: -213_307_692,
        rescuer: 0,
        burned: 213_307_692,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        name: "T20 from Rescue with a commitment: the late stake and the deposit back whole",
        steps: &[At(105), Lock(PROVIDER), At(120), Commit(RESCUER, True), Withdraw, At(121)],
        end: "revoked",
        requester: -10_000_000,
        provider: 0,
        rescuer: 0,
        burned: 0,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        // As in T5', 73,607,692 wait for a hero; they were the provider's.
        name: "T20 from Rescue after three bad proofs: the share that waited goes back to the offender",
        steps: &[At(105), Lock(PROVIDER), Bad, Bad, Bad, At(119), Commit(RESCUER, True), Withdraw, At(120)],
        end: "revoked",
        requester: -10_000_000 + 31_546_154,
        provider: -849_230_770 + 73_607_692,
        rescuer: 0,
        burned: 638_923_076 + 105_153_848,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        name: "T20 from Accepted: the held price back to the requester, the stake to the provider",
        steps: &[At(105), Lock(PROVIDER), At(110), Good(True), Withdraw, At(111)],
        end: "revoked",
        requester: -10_000_000,
        provider: 0,
        rescuer: 0,
        burned: 0,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        // The hero's share 297,230,769 was held for the rescuer and comes from the offender.
        name: "T20 from Accepted after a rescue: the rescuer earns nothing, its share goes back to the offender",
        steps: &[
            At(105),
            Lock(PROVIDER),
            At(124),
            Commit(RESCUER, True),
            At(125),
            Reveal(RESCUER, True),
            Withdraw,
            At(126),
        ],
        end: "revoked",
        requester: -10_000_000 + 127_384_615,
        provider: -849_230_770 + 297_230_769,
        rescuer: 0,
        burned: 424_615_386,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        // The late fee 467,076,923 is burnt; the rest of the stake is the locker's.
        name: "T20 from Accepted after a rescue by the locker: what is left of the stake back",
        steps: &[
            At(105),
            Lock(PROVIDER),
            At(124),
            Commit(PROVIDER, True),
            At(125),
            Reveal(PROVIDER, True),
            Withdraw,
            At(126),
        ],
        end: "revoked",
        requester: -10_000_000,
        provider: -467_076_923,
        rescuer: 0,
        burned: 467_076_923,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        name: "T20 comes too late: final stays final, the key only then withdrawn",
        steps: &[At(105), Lock(PROVIDER), At(110), Good(True), At(160), Withdraw, At(200)],
        end: "final",
        requester: -458_000_000,
        provider: 448_000_000,
        rescuer: 0,
        burned: 0,
        insurance: 0,
        treasury: 10_000_000,
    },
    Row {
        // Withdrawn in the block before it would have been final: the next tick refunds.
        name: "T20 in the last block of the final window",
        steps: &[At(105), Lock(PROVIDER), At(110), Good(True), At(159), Withdraw, At(160)],
        end: "revoked",
        requester: -10_000_000,
        provider: 0,
        rescuer: 0,
        burned: 0,
        insurance: 0,
        treasury: 10_000_000,
    },
];

fn play(market: &mut Market, steps: &[Step]) -> Result<(), MarketError> {
    let mut now = OPENED;
    let mut holder = PROVIDER;
    for step in steps {
        match *step {
            At(height) => {
                run(market, now + 1, height);
                now = height;
            }
            Lock(who) => {
                market.lock(Height(now), &task_id(1), who)?;
                holder = who;
            }
            Release => market.release(Height(now), &task_id(1), holder)?,
            Cancel => market.cancel(Height(now), &task_id(1), REQUESTER)?,
            Good(outcome) => {
                let answer = good(market, 1, holder, outcome);
                let ruling = submit(market, now, holder, answer)?;
                assert_eq!(ruling, if outcome.as_bool().is_some() { Ruling::Accepted } else { Ruling::Failed });
            }
            Bad => assert!(matches!(submit(market, now, holder, bad(True))?, Ruling::Rejected(_))),
            Malformed => assert!(matches!(submit(market, now, holder, malformed(True))?, Ruling::Rejected(_))),
            Commit(who, outcome) => {
                let answer = good(market, 1, who, outcome);
                commit(market, now, who, &answer)?;
            }
            Reveal(who, outcome) => {
                let answer = good(market, 1, who, outcome);
                assert!(!matches!(reveal(market, now, who, answer)?, Ruling::Rejected(_)));
            }
            Withdraw => {
                market.withdraw_key(KEY, OTHER)?;
            }
            CommitBad(who) => commit(market, now, who, &bad(True))?,
            RevealBad(who) => assert!(matches!(reveal(market, now, who, bad(True))?, Ruling::Rejected(_))),
        }
        market.conserved().expect("conserved after every step");
    }
    Ok(())
}

#[test]
fn every_row_pays_what_the_table_says() {
    for row in ROWS {
        let mut market = market();
        play(&mut market, row.steps).unwrap_or_else(|error| panic!("{}: {error}", row.name));
        assert_eq!(state(&market, 1), row.end, "{}", row.name);
        let gain = |who| market.account(&who).free.units() as i128 - 100 * ZRA as i128;
        let totals = market.totals();
        let amount = |amount: zera_abi::Amount| amount.units() as i128;
        let got = [
            gain(REQUESTER),
            gain(PROVIDER),
            gain(RESCUER),
            amount(totals.burned),
            amount(totals.insurance),
            amount(totals.treasury),
        ];
        let expected = [row.requester, row.provider, row.rescuer, row.burned, row.insurance, row.treasury];
        assert_eq!(got, expected, "{}: requester, provider, rescuer, burned, insurance, treasury", row.name);
        if row.end != "accepted" {
            assert_eq!(got.iter().sum::<i128>(), 0, "{}", row.name);
            assert_eq!(totals.escrowed.units(), 0, "{}", row.name);
            assert!([PROVIDER, RESCUER].iter().all(|who| market.account(who).locked.is_zero()), "{}", row.name);
        }
    }
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
