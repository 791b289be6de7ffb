//! The split of a slashed stake, over all shares that the rules allow: who repairs a fault for it, and which cartels it
//! feeds.

use serde::Deserialize;
use zera_abi::{Amount, Bps, Outcome as Answered};
use zera_market::{Mode, Rules, TaskState};

use super::rescue::{Reward, rescued};
use super::{Stage, check};
use crate::agent::{Costs, Kind};
use crate::dispute::{PURSE_ZRA, Parties, Terms, fixed_price, play};
use crate::error::SimulateError;
use crate::outcome::{Figure, Outcome, Table};
use crate::plot::{Axis, Curve, Mark, lines};
use crate::scenario::{jobs, list, within};
use crate::stats::{Mean, digits, root};
use crate::world::{Ask, World, signed, units, zra};

/// The numbers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Shares of a slash for the hero.
    pub heroes: Vec<f64>,
    /// Shares for the requester. Pairs that the rules do not allow are left out.
    pub requesters: Vec<f64>,
    /// Costs of a proof of missed locks, over the bounty: dearer than the bounty, or the price alone would pay the
    /// rescue.
    pub proofs: Vec<f64>,
    /// Stake of a missed lock over the bounty.
    pub stake: f64,
    /// A task's cost of a proof differs from these by up to this share.
    pub spread: f64,
    /// Missed locks for each pair and cost, for each seed.
    pub rescues: u32,
    /// Attested jobs for each pair, for each seed.
    pub jobs: u32,
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        jobs(self.jobs)?;
        jobs(self.rescues)?;
        list("heroes", &self.heroes, 0.0, 0.75)?;
        list("requesters", &self.requesters, 0.0, 0.25)?;
        list("proofs", &self.proofs, 0.5, 1_000.0)?;
        within("stake", &self.stake, (0.25..=1_000.0).contains(&self.stake), "0.25 to 1000")?;
        within("spread", &self.spread, (0.0..=0.5).contains(&self.spread), "0 to 0.5")?;
        let pairs = self.pairs().len();
        within("heroes and requesters", &pairs, (2..=256).contains(&pairs), "2 to 256 pairs that the rules allow")
    }

    /// Hero's and requester's shares that the rules allow, with the rules.
    fn pairs(&self) -> Vec<Split> {
        let all = self.heroes.iter().flat_map(|&hero| self.requesters.iter().map(move |&share| (hero, share)));
        all.filter_map(|(hero, requester)| Split::of(hero, requester)).collect()
    }
}

/// A split of a slash.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    pub hero: f64,
    pub requester: f64,
    shares: [Bps; 3],
}

impl Split {
    /// `None` where the rules do not allow it.
    pub(super) fn of(hero: f64, requester: f64) -> Option<Split> {
        let bps = |share: f64| (10_000.0 * share).round() as u16;
        let burnt = 10_000u16.checked_sub(bps(hero))?.checked_sub(bps(requester))?;
        let shares = [Bps::new(burnt)?, Bps::new(bps(hero))?, Bps::new(bps(requester))?];
        let split = Split { hero, requester, shares };
        split.rules(Rules::standard()).check().is_ok().then_some(split)
    }

    pub(super) fn rules(&self, rules: Rules) -> Rules {
        let [burn_share, hero_share, requester_share] = self.shares;
        let challenger_share = rules.challenger_share.min(hero_share);
        Rules { burn_share, hero_share, requester_share, challenger_share, ..rules }
    }
}

/// What acts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cartel {
    /// Lets its lock lapse and rescues at the end, when the price has climbed.
    HolderRescuer,
    /// The same, asked by itself.
    All,
    /// Lets its lock lapse, and nobody rescues.
    RequesterHolder,
    /// The requester alone: what it asks for can not be proved in time, and a stranger's lock lapses.
    Requester,
}

const CARTELS: [(Cartel, &str); 4] = [
    (Cartel::HolderRescuer, "holder, rescuer"),
    (Cartel::All, "requester, holder, rescuer"),
    (Cartel::RequesterHolder, "requester, holder"),
    (Cartel::Requester, "requester, of a stranger's lock"),
];

/// Stake over bounty of attested answers: the rules' least.
const STAKE: f64 = 2.0;

/// One seed: rescued shares by pair and cost, then what the attester's cartels made more than honest ones by pair:
/// without the requester, and with it.
struct Played {
    rescued: Vec<Vec<f64>>,
    attested: Vec<[f64; 2]>,
    calls: u64,
}

pub(super) fn run(stage: Stage<'_>, settings: &Settings) -> Result<Outcome, SimulateError> {
    let costs = stage.scenario.costs;
    let pairs = settings.pairs();
    let (gate, q) = gate();
    let played = stage.per_seed(|mut rng| {
        let mut all = Played { rescued: Vec::new(), attested: Vec::new(), calls: 0 };
        for split in &pairs {
            let rules = split.rules(fixed_price());
            let mut shares = Vec::new();
            for &proof in &settings.proofs {
                let costs = super::rescue::spread(proof, settings.spread, settings.rescues, &mut rng);
                let (share, calls) = rescued(
                    rules.clone(),
                    Reward::Residual,
                    settings.stake,
                    1.0 + stage.scenario.costs.margin,
                    &costs,
                )?;
                shares.push(share);
                all.calls += calls;
            }
            all.rescued.push(shares);
            let terms = Terms { price: 1.0, stake: STAKE, gain: gate, prior: 0.5, detection: q };
            let mut world = World::new(rules)?;
            let parties = Parties::new(&mut world, 1)?;
            let mut made = Vec::new();
            for kind in [Kind::Honest, Kind::Colluder] {
                made.push(play(&mut world, &parties, kind, settings.jobs as usize, &costs, &terms, &mut rng)?);
            }
            all.calls += world.calls;
            let alone = made[1].attester - made[0].attester;
            all.attested.push([alone, alone + made[1].requester - made[0].requester]);
        }
        Ok(all)
    })?;
    let mut outcome = stage.outcome();
    outcome.transitions = played.iter().map(|seed| seed.calls).sum();
    rescues(&mut outcome, settings, &pairs, &played, 1.0 + costs.margin);
    lapses(&mut outcome, &pairs)?;
    attested(&mut outcome, &pairs, &played, &costs, gate, q);
    outcome.method = vec![
        format!(
            "{} splits that the rules allow (a quarter to three quarters burnt, at most a quarter to the requester). \
             Rescues: {} locks of stake {} at a price of the whole bounty, each missed, for each split, cost and seed; \
             a rescuer comes where price and hero's share pay c_p (1 + m). Their proofs cost more than the bounty, \
             since otherwise the price alone pays them, as the scenario of rescues shows.",
            pairs.len(),
            settings.rescues,
            digits(settings.stake),
        ),
        "Lapses under the standard rules, one each, nothing drawn: the lock at the first price, the rescue in the last \
         block, when the price is the whole bounty. What a cartel makes is counted against the same accounts answering \
         in time."
            .to_owned(),
        format!(
            "Attested: {} jobs for each split and seed at stake {STAKE}, price 1, q = {}, G = {} ZRA, the value gate \
             of the standard rules; the cartel answers falsely, and challenges and proves its own answer before a \
             watcher does.",
            settings.jobs,
            digits(q),
            digits(gate),
        ),
    ];
    Ok(outcome)
}

/// The value gate of the standard rules at the least stake, and the detection that they count on.
fn gate() -> (f64, f64) {
    let rules = fixed_price();
    (zra(signed(rules.value_gate(units(STAKE)))), f64::from(rules.detection_share.get()) / 10_000.0)
}

/// Who repairs: none below `h* = (c_p (1 + m) - B) / S`, all above.
fn rescues(outcome: &mut Outcome, settings: &Settings, pairs: &[Split], played: &[Played], margin: f64) {
    let mut table = Table::new(
        "split-rescue",
        &["hero_share", "requester_share", "proof_zra", "predicted_from", "rescued_share", "half_95"],
    );
    let (mut curves, mut marks, mut misplaced, mut steps) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, &proof) in settings.proofs.iter().enumerate() {
        let from = |cost: f64| (cost * margin - 1.0) / settings.stake;
        let line = from(proof);
        let (low, high) = (from(proof * (1.0 - settings.spread)), from(proof * (1.0 + settings.spread)));
        marks.push(Mark { at: line, name: format!("(c_p (1+m) - B) / S, c_p = {}", digits(proof)) });
        // By hero's share alone, over requester's shares.
        let mut by_hero: Vec<(f64, Vec<f64>)> = Vec::new();
        for (pair, split) in pairs.iter().enumerate() {
            let values: Vec<f64> = played.iter().map(|seed| seed.rescued[pair][at]).collect();
            let share = Mean::of(&values);
            table.row([
                split.hero.into(),
                split.requester.into(),
                proof.into(),
                line.into(),
                share.mean.into(),
                share.half.into(),
            ]);
            let expected = if split.hero >= high { 1.0 } else { 0.0 };
            if (split.hero >= high || split.hero < low) && (share.mean - expected).abs() > 1e-9 {
                misplaced.push(format!(
                    "{} of {} at c_p {}",
                    digits(split.hero),
                    digits(split.requester),
                    digits(proof)
                ));
            }
            match by_hero.iter_mut().find(|(hero, _)| *hero == split.hero) {
                Some((_, all)) => all.extend(values),
                None => by_hero.push((split.hero, values)),
            }
        }
        let points: Vec<(f64, Mean)> = by_hero.iter().map(|(hero, values)| (*hero, Mean::of(values))).collect();
        let none = points.iter().filter(|(_, share)| share.mean <= 0.0).map(|(hero, _)| *hero).fold(f64::NAN, f64::max);
        let all = points.iter().filter(|(_, share)| share.mean >= 1.0).map(|(hero, _)| *hero).fold(f64::NAN, f64::min);
        steps.push(format!(
            "c_p {}: h* = {}, none at {}, all at {}",
            digits(proof),
            digits(line),
            digits(none),
            digits(all)
        ));
        curves.push(Curve::measured(&format!("c_p = {}", digits(proof)), at, &points));
    }
    outcome.checks.push(check(
        "rescues of what is dearer than its bounty begin at a hero's share of (c_p (1+m) - B) / S",
        "none below, all above, whatever the requester's share (price and hero's share against cost, market.md 3.2, \
         liveness)",
        if misplaced.is_empty() { steps.join("; ") } else { format!("not at {}", misplaced.join("; ")) },
        misplaced.is_empty(),
    ));
    outcome.figures.push(Figure {
        name: "split-rescue".to_owned(),
        caption:
            "Share of missed locks that somebody rescues, proofs dearer than the bounty. Upright: where price and \
                  hero's share should begin to pay."
                .to_owned(),
        svg: lines(
            "Rescue against the hero's share",
            Axis::linear("hero's share of a slash"),
            Axis::share("rescued"),
            &curves,
            &marks,
        ),
    });
    outcome.tables.push(table);
}

/// Cartels of a lock that lapses, one each for each split.
fn lapses(outcome: &mut Outcome, pairs: &[Split]) -> Result<(), SimulateError> {
    let mut table =
        Table::new("split-lapse", &["hero_share", "requester_share", "cartel", "predicted_zra", "measured_zra"]);
    let (mut worst, mut gains, mut farmed) = (0.0f64, [f64::NEG_INFINITY; CARTELS.len()], Vec::new());
    for split in pairs {
        for (at, (cartel, name)) in CARTELS.iter().enumerate() {
            let (expected, made, calls) = lapse(split, *cartel)?;
            outcome.transitions += calls;
            table.row([split.hero.into(), split.requester.into(), (*name).into(), expected.into(), made.into()]);
            worst = worst.max((made - expected).abs());
            gains[at] = gains[at].max(made);
            if *cartel == Cartel::Requester && made > 0.0 {
                farmed.push(split.requester);
            }
        }
    }
    outcome.checks.push(check(
        "a holder that lapses and is its own rescuer gains nothing at any split",
        "(B - P) - (1 - h) S = 0 at most, as the lock's stake follows the hero's share: S >= (B - P) / (1 - h) \
         (market.md 3.2, anti-lapse)",
        format!("at most {} ZRA; with the requester at most {}", digits(gains[0]), digits(gains[1].max(gains[2]))),
        gains[..3].iter().all(|gain| *gain <= 1e-8),
    ));
    outcome.checks.push(check(
        "lapses pay each cartel what the formulas say",
        "holder and rescuer (B - P) - (1 - h) S; with the requester -(1 - h - rho) S; requester and holder -(1 - rho) \
         S; requester alone rho S less the fee (market.md 2.4, T13, T14)",
        format!("within {} ZRA at all {} points", digits(worst), table.rows.len()),
        worst <= 1e-8,
    ));
    let least = farmed.iter().copied().fold(f64::INFINITY, f64::min);
    if least.is_finite() {
        let standard = Split::of(0.35, 0.15).map(|split| lapse(&split, Cartel::Requester)).transpose()?;
        outcome.findings.push(format!(
            "A requester whose task nobody can prove in time makes rho S less the fee of opening of each stranger that \
             locks it: {} ZRA at the standard split. It breaks even at rho = F / S, below 1 %; what keeps strangers \
             away is their preflight alone.",
            digits(standard.map_or(0.0, |(_, made, _)| made)),
        ));
    }
    outcome.tables.push(table);
    Ok(())
}

/// What the cartel makes more than without it, predicted and played.
fn lapse(split: &Split, cartel: Cartel) -> Result<(f64, f64, u64), SimulateError> {
    let mut world = World::new(split.rules(Rules::standard()))?;
    let mut agent = || world.agent(units(PURSE_ZRA));
    let (requester, holder, rescuer) = (agent()?, agent()?, agent()?);
    world.block();
    let ask = Ask { bounty: units(1.0), stake: Amount::ZERO, value: Amount::ZERO, mode: Mode::Proved, deadline: None };
    let job = world.open(requester, ask, Answered::True)?;
    let price = zra(signed(world.price(job)));
    world.lock(job, holder)?;
    let stake = world.market.task(&world.task(job)).map_or(Amount::ZERO, |task| task.escrow().stake);
    let (stake, fee) = (zra(signed(stake)), zra(signed(world.market.rules().opening_fee(ask.bounty))));
    while !world.state(job).is_terminal() {
        let last = matches!(world.state(job), TaskState::Rescue { expires, .. } if world.now + 1 == expires.0);
        if last && matches!(cartel, Cartel::HolderRescuer | Cartel::All) {
            world.commit(job, rescuer)?;
            world.block();
            let _ = world.reveal(job, rescuer)?;
            break;
        }
        world.block();
    }
    world.finish()?;
    let (asked, held) = (zra(world.net(requester)), zra(world.net(holder) + world.net(rescuer)));
    let Split { hero, requester: share, .. } = *split;
    // An answer in time is worth `price` to the holder, and costs the requester price and fee; a proof is made once in
    // either course.
    let (expected, made) = match cartel {
        Cartel::HolderRescuer => ((1.0 - price) - (1.0 - hero) * stake, held - price),
        Cartel::All => (-(1.0 - hero - share) * stake, held + asked + fee),
        Cartel::RequesterHolder => (-(1.0 - share) * stake, held + asked + fee),
        Cartel::Requester => (share * stake - fee, asked),
    };
    Ok((expected, made, world.calls))
}

/// Cartels of an attested answer at the gate, without the requester and with it.
fn attested(outcome: &mut Outcome, pairs: &[Split], played: &[Played], costs: &Costs, gate: f64, q: f64) {
    let Costs { native, proof, .. } = *costs;
    // Honest: P - c_x. Cartel: (1-q)(G + P) + q (P + h S - S - c_p). The price comes from the requester, and its share
    // comes back to it.
    let predicted = |share: f64| (1.0 - q) * gate - q * (1.0 - share) * STAKE - q * proof + native;
    // Where that is nothing: the share of a slash that must not come back.
    let even = 1.0 - ((1.0 - q) * gate + native - q * proof) / (q * STAKE);
    let mut table = Table::new(
        "split-attested",
        &["hero_share", "requester_share", "cartel", "share_that_comes_back", "predicted_zra", "gain_zra", "half_95"],
    );
    let names = ["attester, challenger", "attester, challenger, requester"];
    let mut flips = Vec::new();
    let mut outside = 0;
    let mut curves = Vec::new();
    for (with, name) in names.into_iter().enumerate() {
        let back = |split: &Split| if with == 1 { split.hero + split.requester } else { split.hero };
        let mut by_share: Vec<(f64, Vec<f64>)> = Vec::new();
        for (pair, split) in pairs.iter().enumerate() {
            let values: Vec<f64> = played.iter().map(|seed| seed.attested[pair][with]).collect();
            let gain = Mean::of(&values);
            let expected = predicted(back(split));
            outside += usize::from((gain.mean - expected).abs() > 2.0 * gain.half);
            table.row([
                split.hero.into(),
                split.requester.into(),
                name.into(),
                back(split).into(),
                expected.into(),
                gain.mean.into(),
                gain.half.into(),
            ]);
            let near = |share: &f64| (share - back(split)).abs() < 1e-9;
            match by_share.iter_mut().find(|(share, _)| near(share)) {
                Some((_, all)) => all.extend(values),
                None => by_share.push((back(split), values)),
            }
        }
        by_share.sort_by(|a, b| a.0.total_cmp(&b.0));
        let points: Vec<(f64, Mean)> = by_share.iter().map(|(share, values)| (*share, Mean::of(values))).collect();
        curves.push(Curve::measured(name, with, &points));
        let roots = played.iter().filter_map(|seed| {
            root(&pairs.iter().zip(&seed.attested).map(|(split, gain)| (back(split), gain[with])).collect::<Vec<_>>())
        });
        flips.push(Mean::of(&roots.collect::<Vec<_>>()));
    }
    let ends: Vec<(f64, f64)> = [0.0, 0.75].map(|share| (share, predicted(share))).into();
    curves.push(Curve::expected("(1-q) G - q (1-s) S - q c_p + c_x", 2, &ends));
    let standard = Rules::standard();
    let share = |bps: Bps| f64::from(bps.get()) / 10_000.0;
    let (hero, total) = (share(standard.hero_share), share(standard.hero_share) + share(standard.requester_share));
    outcome.checks.push(check(
        "a cartel breaks even where the share that comes back to it is 1 - ((1-q) G + c_x - q c_p) / (q S)",
        format!(
            "at the gate of {} ZRA a share of {}: the hero's alone, or hero's and requester's where the requester is \
             of the cartel (market.md 3.2, 7); within 0.03",
            digits(gate),
            digits(even)
        ),
        format!("without the requester {}, with it {}", flips[0].shown(), flips[1].shown()),
        flips.iter().all(|flip| (flip.mean - even).abs() <= 0.03),
    ));
    outcome.checks.push(check(
        "at every split cartels make what the formula says",
        "twice the interval at most one cell in ten is left",
        format!("{outside} of {} cells", table.rows.len()),
        10 * outside <= table.rows.len(),
    ));
    outcome.checks.push(check(
        "the standard split keeps a cartel with its requester from gaining at the gate",
        format!("hero's and requester's share, {}, are below {} (market.md 7)", digits(total), digits(even)),
        format!("{} against {}", digits(total), digits(flips[1].mean)),
        total < flips[1].mean,
    ));
    if total >= flips[1].mean {
        outcome.findings.push(format!(
            "A cartel with the requester in it gets h + rho = {} back and makes {} ZRA a job more than honest ones at \
             the gate.",
            digits(total),
            digits(predicted(total)),
        ));
    }
    let marks = [
        Mark { at: even, name: "breaks even, by its formula".to_owned() },
        Mark { at: hero, name: "hero's share".to_owned() },
        Mark { at: total, name: "hero's and requester's".to_owned() },
    ];
    outcome.figures.push(Figure {
        name: "split-attested".to_owned(),
        caption: "What a cartel makes of a job more than an honest attester at the value gate, by the share of its \
                  stake that comes back to it."
            .to_owned(),
        svg: lines(
            "Cartels against the split",
            Axis::linear("share of the stake that comes back"),
            Axis::linear("ZRA a job"),
            &curves,
            &marks,
        ),
    });
    outcome.tables.push(table);
}
