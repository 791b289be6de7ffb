//! A challenge that nobody answers: what it brings who challenges, right or wrong, and which rules would make it cost
//! something.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use zera_abi::{Amount, Outcome as Answered};
use zera_market::{Mode, Rules, TaskState};

use super::expected_value::safe_stake;
use super::split::Split;
use super::{Stage, check};
use crate::agent::{Costs, Kind};
use crate::dispute::{PURSE_ZRA, Parties, Terms, fixed_price, play};
use crate::error::SimulateError;
use crate::outcome::{Figure, Outcome, Table};
use crate::plot::{Axis, Curve, Mark, lines};
use crate::scenario::{jobs, list, within};
use crate::stats::{Mean, digits, root};
use crate::world::{Ask, Job, World, not, signed, units, zra};

/// The numbers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Shares of a slash for the hero; those that the rules do not allow beside `requester` are left out.
    pub heroes: Vec<f64>,
    /// The requester's share.
    pub requester: f64,
    /// Shares of attesters that have no prover.
    pub unprovable: Vec<f64>,
    /// Right answers that are challenged, for each share and seed.
    pub jobs: u32,
    /// Stakes of a cartel as multiples of `S*`.
    pub multiples: Vec<f64>,
    /// `G` over the bounty.
    pub gain: f64,
    /// `q`.
    pub detection: f64,
    /// False answers for each stake and seed.
    pub lies: u32,
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        jobs(self.jobs)?;
        jobs(self.lies)?;
        list("heroes", &self.heroes, 0.0, 0.75)?;
        list("unprovable", &self.unprovable, 0.0, 1.0)?;
        list("multiples", &self.multiples, 0.01, 100.0)?;
        within(
            "unprovable and multiples",
            &self.multiples,
            self.unprovable.len() > 1 && self.multiples.len() > 1,
            "two each",
        )?;
        within("requester", &self.requester, (0.0..=0.25).contains(&self.requester), "0 to 0.25")?;
        within("gain", &self.gain, (0.0..=1e6).contains(&self.gain), "0 to 1000000")?;
        within("detection", &self.detection, (0.001..=0.999).contains(&self.detection), "0.001 to 0.999")?;
        let splits = self.splits().len();
        within("heroes", &splits, splits > 0, "one that the rules allow")
    }

    fn splits(&self) -> Vec<Split> {
        self.heroes.iter().filter_map(|&hero| Split::of(hero, self.requester)).collect()
    }
}

/// Stake over bounty of attested answers: the rules' least.
const STAKE: f64 = 2.0;
/// Bond of a challenge of a bounty of one.
const BOND: f64 = 1.0;

/// One right answer of an attester without a prover, challenged.
struct Void {
    attester: f64,
    challenger: f64,
    blocks: u64,
}

/// One seed: what a blind challenge makes, by split and share of attesters without a prover; then what cartels make
/// more than honest ones by split and stake: by silence, and by a proof.
struct Played {
    blind: Vec<Vec<f64>>,
    cartels: Vec<Vec<[f64; 2]>>,
    calls: u64,
}

pub(super) fn run(stage: Stage<'_>, settings: &Settings) -> Result<Outcome, SimulateError> {
    let costs = stage.scenario.costs;
    let splits = settings.splits();
    let safe = safe_stake(settings.detection, settings.gain, costs.native);
    let played = stage.per_seed(|mut rng| {
        let mut all = Played { blind: Vec::new(), cartels: Vec::new(), calls: 0 };
        for split in &splits {
            let rules = split.rules(fixed_price());
            let mut blind = Vec::new();
            for &share in &settings.unprovable {
                let (made, calls) = challenge_all(rules.clone(), settings.jobs, share, &costs, &mut rng)?;
                blind.push(made);
                all.calls += calls;
            }
            all.blind.push(blind);
            let mut cartels = Vec::new();
            for multiple in &settings.multiples {
                let terms = Terms {
                    price: 1.0,
                    stake: multiple * safe,
                    gain: settings.gain,
                    prior: 0.5,
                    detection: settings.detection,
                };
                let honest = 1.0 - costs.native;
                let (silent, calls) = lie_and_stay_silent(rules.clone(), settings.lies, &terms, &mut rng)?;
                let mut world = World::new(rules.clone())?;
                let parties = Parties::new(&mut world, 1)?;
                let proves =
                    play(&mut world, &parties, Kind::Colluder, settings.lies as usize, &costs, &terms, &mut rng)?;
                all.calls += calls + world.calls;
                cartels.push([silent - honest, proves.attester - honest]);
            }
            all.cartels.push(cartels);
        }
        Ok(all)
    })?;
    let mut outcome = stage.outcome();
    outcome.transitions = played.iter().map(|seed| seed.calls).sum();
    let void = void(fixed_price())?;
    griefing(&mut outcome, &splits)?;
    blind(&mut outcome, settings, &splits, &played);
    let even = cartels(&mut outcome, settings, &splits, &played, &costs, safe);
    on_paper(&mut outcome, &void, &costs, even);
    outcome.method = vec![
        format!(
            "Bounty, price and bond 1 ZRA, stake {STAKE}; hero's shares of a slash that the rules allow beside {} for \
             the requester. The chain can not run the predicate within its fuel, and nobody else has a prover or cares to settle.",
            digits(settings.requester),
        ),
        format!(
            "Blind challenges: {} right answers for each split, share and seed; their challenger knows nothing. An \
             attester with a prover answers in the block of the challenge, one without stays silent.",
            settings.jobs,
        ),
        format!(
            "Cartels: {} false answers for each split, stake and seed, G = {}, q = {}. A watcher without a prover \
             finds them; before its challenge an accomplice's own comes, which nobody answers, or which it proves.",
            settings.lies,
            digits(settings.gain),
            digits(settings.detection),
        ),
        "Rules on paper are none that the market has: their rows are computed from the losses that were played."
            .to_owned(),
    ];
    Ok(outcome)
}

/// Opens, locks and attests `count` tasks, and the height is that of the answers.
fn attested(
    world: &mut World,
    [requester, attester]: [usize; 2],
    count: u32,
    stake: f64,
    right: bool,
) -> Result<Vec<Job>, SimulateError> {
    let ask =
        Ask { bounty: units(1.0), stake: units(stake), value: Amount::ZERO, mode: Mode::Attested, deadline: None };
    world.block();
    let mut all = Vec::new();
    for _ in 0..count {
        let job = world.open(requester, ask, Answered::True)?;
        world.lock(job, attester)?;
        all.push(job);
    }
    world.block();
    for &job in &all {
        world.attest(job, attester, if right { Answered::True } else { not(Answered::True) })?;
    }
    Ok(all)
}

fn challenge(world: &mut World, all: &[Job], who: usize, claimed: Answered) -> Result<(), SimulateError> {
    world.block();
    for &job in all {
        world.commit_challenge(job, who, claimed)?;
    }
    world.block();
    for &job in all {
        world.challenge(job, who, claimed)?;
    }
    Ok(())
}

/// A right answer that its attester can not prove.
fn void(rules: Rules) -> Result<Void, SimulateError> {
    let mut world = World::new(rules)?;
    let mut agent = || world.agent(units(PURSE_ZRA));
    let (requester, attester, challenger) = (agent()?, agent()?, agent()?);
    let all = attested(&mut world, [requester, attester], 1, STAKE, true)?;
    challenge(&mut world, &all, challenger, Answered::False)?;
    let start = world.now;
    while all.iter().any(|&job| matches!(world.state(job), TaskState::Challenged { .. })) {
        world.block();
    }
    let blocks = world.now - start;
    world.finish()?;
    // The answer was right and worth its price.
    Ok(Void { attester: 1.0 - zra(world.net(attester)), challenger: zra(world.net(challenger)), blocks })
}

/// What a challenge of a right answer makes, where a share of the attesters can not prove.
fn challenge_all(
    rules: Rules,
    count: u32,
    unprovable: f64,
    costs: &Costs,
    rng: &mut ChaCha8Rng,
) -> Result<(f64, u64), SimulateError> {
    let mut world = World::new(rules)?;
    let mut agent = || world.agent(units(PURSE_ZRA));
    let (requester, attester, challenger) = (agent()?, agent()?, agent()?);
    let all = attested(&mut world, [requester, attester], count, STAKE, true)?;
    challenge(&mut world, &all, challenger, Answered::False)?;
    for &job in &all {
        if !rng.gen_bool(unprovable.clamp(0.0, 1.0)) {
            world.spend(attester, units(costs.proof));
            let _ = world.settle(job, attester)?;
        }
    }
    world.finish()?;
    Ok((zra(world.net(challenger)) / f64::from(count), world.calls))
}

/// What a cartel makes of a false answer that it challenges itself where a watcher would, and that nobody proves.
fn lie_and_stay_silent(
    rules: Rules,
    count: u32,
    terms: &Terms,
    rng: &mut ChaCha8Rng,
) -> Result<(f64, u64), SimulateError> {
    let mut world = World::new(rules)?;
    let mut agent = || world.agent(units(PURSE_ZRA));
    let (requester, attester, accomplice) = (agent()?, agent()?, agent()?);
    let all = attested(&mut world, [requester, attester], count, terms.stake, false)?;
    let found: Vec<Job> = all.iter().copied().filter(|_| rng.gen_bool(terms.detection)).collect();
    challenge(&mut world, &found, accomplice, Answered::True)?;
    world.finish()?;
    let stood = (all.len() - found.len()) as f64;
    let made = zra(world.net(attester) + world.net(accomplice)) + stood * terms.gain;
    Ok((made / f64::from(count), world.calls))
}

/// The factor, at every split.
fn griefing(outcome: &mut Outcome, splits: &[Split]) -> Result<(), SimulateError> {
    let mut table = Table::new(
        "silence-griefing",
        &["hero_share", "attester_loses_zra", "challenger_gains_predicted_zra", "challenger_gains_zra", "factor"],
    );
    let (mut worst, mut factors) = (0.0f64, Vec::new());
    for split in splits {
        let Void { attester, challenger, .. } = void(split.rules(fixed_price()))?;
        // Nobody loses who challenges: the bond comes back.
        let factor = if challenger < 0.0 { attester / -challenger } else { f64::INFINITY };
        factors.push(factor);
        worst = worst.max((challenger - split.hero * STAKE).abs()).max((attester - STAKE - 1.0).abs());
        table.row([split.hero.into(), attester.into(), (split.hero * STAKE).into(), challenger.into(), factor.into()]);
    }
    outcome.checks.push(check(
        "a challenge met by silence costs its author nothing at any split",
        "the attester loses S + P, the challenger makes h S and has its bond back (T9c), so no share of the rules \
         brings the factor to 1",
        format!(
            "{} of {} factors are without bound; losses within {} ZRA",
            factors.iter().filter(|f| f.is_infinite()).count(),
            factors.len(),
            digits(worst)
        ),
        worst <= 1e-8 && factors.iter().all(|factor| factor.is_infinite()),
    ));
    outcome.tables.push(table);
    Ok(())
}

/// What challenging without knowing anything makes.
fn blind(outcome: &mut Outcome, settings: &Settings, splits: &[Split], played: &[Played]) {
    let mut table =
        Table::new("silence-blind", &["hero_share", "without_prover", "predicted_zra", "challenger_zra", "half_95"]);
    let (mut curves, mut marks, mut worst, mut shown) = (Vec::new(), Vec::new(), 0.0f64, Vec::new());
    for (at, split) in splits.iter().enumerate() {
        let predicted = |share: f64| share * split.hero * STAKE - (1.0 - share) * BOND;
        let even = BOND / (BOND + split.hero * STAKE);
        let mut points = Vec::new();
        for (i, &share) in settings.unprovable.iter().enumerate() {
            let made = Mean::of(&played.iter().map(|seed| seed.blind[at][i]).collect::<Vec<_>>());
            table.row([split.hero.into(), share.into(), predicted(share).into(), made.mean.into(), made.half.into()]);
            points.push((share, made));
        }
        let roots = played.iter().filter_map(|seed| {
            root(&settings.unprovable.iter().copied().zip(seed.blind[at].iter().copied()).collect::<Vec<_>>())
        });
        let measured = Mean::of(&roots.collect::<Vec<_>>());
        worst = worst.max((measured.mean - even).abs());
        shown.push(format!("h {}: {} ({})", digits(split.hero), digits(measured.mean), digits(even)));
        curves.push(Curve::measured(&format!("hero {}", digits(split.hero)), at, &points));
        // Names of more would lie on each other.
        if split.rules(fixed_price()).hero_share == fixed_price().hero_share {
            marks.push(Mark { at: even, name: format!("D / (D + h S), h = {}", digits(split.hero)) });
        }
    }
    outcome.checks.push(check(
        "challenging without looking pays where more than D / (D + h S) of the attesters can not prove",
        "so at each hero's share, within 0.02 (T9a against T9c)",
        shown.join("; "),
        worst <= 0.02,
    ));
    outcome.figures.push(Figure {
        name: "silence-blind".to_owned(),
        caption: "What a challenge of a right answer makes, by the share of attesters that can not prove it."
            .to_owned(),
        svg: lines(
            "Challenges that know nothing",
            Axis::share("attesters without a prover"),
            Axis::linear("ZRA a challenge"),
            &curves,
            &marks,
        ),
    });
    outcome.tables.push(table);
}

/// Break-even stakes of cartels over `S*` at the standard hero's share: by silence with it, by silence without, by a
/// proof.
fn cartels(
    outcome: &mut Outcome,
    settings: &Settings,
    splits: &[Split],
    played: &[Played],
    costs: &Costs,
    safe: f64,
) -> [f64; 3] {
    let Settings { gain, detection: q, .. } = *settings;
    let by_silence = |hero: f64| ((1.0 - q) * gain - q + costs.native) / (q * (1.0 - hero)) / safe;
    let by_proof = |hero: f64| ((1.0 - q) * gain - q * costs.proof + costs.native) / (q * (1.0 - hero)) / safe;
    let mut table =
        Table::new("silence-cartel", &["hero_share", "way", "predicted_over_safe", "measured_over_safe", "half_95"]);
    let (mut worst, mut measured, mut expected) = (0.0f64, [Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for (at, split) in splits.iter().enumerate() {
        for (way, name) in ["silence", "proof"].into_iter().enumerate() {
            let line = if way == 0 { by_silence(split.hero) } else { by_proof(split.hero) };
            let roots = played.iter().filter_map(|seed| {
                let points = settings.multiples.iter().zip(&seed.cartels[at]).map(|(&x, made)| (x, made[way]));
                root(&points.collect::<Vec<_>>())
            });
            let flip = Mean::of(&roots.collect::<Vec<_>>());
            worst = worst.max((flip.mean / line - 1.0).abs());
            table.row([split.hero.into(), name.into(), line.into(), flip.mean.into(), flip.half.into()]);
            measured[way].push((split.hero, flip));
            expected[way].push((split.hero, line));
        }
    }
    let standard = f64::from(fixed_price().hero_share.get()) / 10_000.0;
    let even = [by_silence(standard), by_silence(0.0), by_proof(standard)];
    outcome.checks.push(check(
        "a cartel that challenges itself and stays silent breaks even at ((1-q) G - q B + c_x) / (q (1 - h))",
        format!(
            "at the standard h {} S*, {} where silence pays nobody, and by a proof {}; within 5 % at every split \
             (market.md 3.2)",
            digits(even[0]),
            digits(even[1]),
            digits(even[2])
        ),
        format!("the greatest difference is {} %", digits(100.0 * worst)),
        worst <= 0.05,
    ));
    outcome.figures.push(Figure {
        name: "silence-cartel".to_owned(),
        caption: "Stake over S* at which a cartel that challenges itself breaks even, by the hero's share.".to_owned(),
        svg: lines(
            "What self-challenges need in stake",
            Axis::linear("hero's share of a slash"),
            Axis::linear("stake over S*"),
            &[
                Curve::measured("by silence", 0, &measured[0]),
                Curve::expected("by silence, formula", 2, &expected[0]),
                Curve::measured("by a proof", 1, &measured[1]),
                Curve::expected("by a proof, formula", 3, &expected[1]),
            ],
            &[Mark { at: standard, name: "standard rules".to_owned() }],
        ),
    });
    outcome.tables.push(table);
    even
}

/// Rules that the market does not have.
fn on_paper(outcome: &mut Outcome, void: &Void, costs: &Costs, [silent, silent_unpaid, proven]: [f64; 3]) {
    let rules = fixed_price();
    let share = |bps: zera_abi::Bps| f64::from(bps.get()) / 10_000.0;
    let (hero, half) = (share(rules.hero_share), share(rules.bond_prover_share));
    let deposit = zra(signed(rules.challenge_deposit(units(1.0))));
    let delay = costs.delay * void.blocks as f64;
    // Hero's share and price, less a proof: what a challenger that proves makes of a lie, under each of these rules.
    let proof = hero * STAKE + 1.0 - costs.proof;
    let mut table = Table::new(
        "silence-rules",
        &[
            "rule",
            "victims_zra",
            "attacker_zra",
            "factor",
            "lie_met_by_silence_zra",
            "lie_disproved_zra",
            "cartel_over_safe",
        ],
    );
    // Victims are the attester and the requester that waits; what silence pays who challenged a lie; the cartel's
    // better way.
    let rows = [
        ("as it is: silence pays h S", void.attester + delay, -void.challenger, hero * STAKE, silent.max(proven)),
        (
            "silence pays bond and costs, the hero's share burns",
            void.attester + delay,
            0.0,
            0.0,
            silent_unpaid.max(proven),
        ),
        ("the same, and burns the deposit", void.attester + delay, deposit, -deposit, silent_unpaid.max(proven)),
        ("silence gives the stake back and burns the bond", 1.0 + delay, BOND, -BOND, proven),
        (
            "silence gives the stake back, half of the bond to the attester",
            1.0 - half * BOND + delay,
            BOND,
            -BOND,
            proven,
        ),
    ];
    let mut factors = Vec::new();
    for (name, victims, attacker, silence, cartel) in rows {
        let factor = if attacker > 0.0 { victims / attacker } else { f64::INFINITY };
        factors.push(factor);
        table.row([
            name.into(),
            victims.into(),
            attacker.into(),
            factor.into(),
            silence.into(),
            proof.into(),
            cartel.into(),
        ]);
    }
    outcome.tables.push(table);
    outcome.findings.push(format!(
        "A challenge by who can not prove must cost as much as it harms, or it is free: with nothing for silence the \
         factor is still without bound, with a burnt deposit {}. Only where the challenger's bond is at stake does it \
         come to {}, and with half of the bond for the attester to {}: then a challenge says that its author will \
         prove, and a lie that nobody can disprove costs its author nothing. A lie that is disproved still brings {} \
         ZRA, and the cartel's better way stays the proof, {} S*, whatever silence pays.",
        digits(factors[2]),
        digits(factors[3]),
        digits(factors[4]),
        digits(proof),
        digits(proven),
    ));
    outcome.findings.push(
        "So a request about private bytes takes no attested answer: requester and holder alone could look at one. Where \
         inputs are public anybody may settle for half of the bond, and then the attack costs more than it harms \
         (scenario griefing)."
            .to_owned(),
    );
}
