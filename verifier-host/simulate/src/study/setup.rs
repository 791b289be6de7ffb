//! Study 12: whoever holds a key's trapdoor forges until a sample of native runs finds one out.

use rand::Rng;
use serde::Deserialize;
use zera_abi::{Amount, Outcome as Answered};
use zera_market::{Mode, Rules, TaskState};

use super::{Stage, check};
use crate::dispute::PURSE_ZRA;
use crate::error::SimulateError;
use crate::outcome::{Figure, Outcome, Table};
use crate::plot::{Axis, Curve, lines};
use crate::scenario::{list, within};
use crate::stats::{Mean, digits};
use crate::world::{Ask, KEY, World, not, signed, units};

/// The numbers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Values of `T_final`, in blocks.
    pub windows: Vec<f64>,
    /// Shares of accepted answers that are run again.
    pub rates: Vec<f64>,
    /// Blocks from acceptance to the verdict of a run.
    pub lag: u32,
    /// Forged answers in a block.
    pub forged: u32,
    /// What each is worth, in ZRA.
    pub value: f64,
    /// Forgers of each point and seed.
    pub runs: u32,
    /// Blocks after which a forger that nobody found stops.
    pub blocks: u32,
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        list("windows", &self.windows, 10.0, 2_000.0)?;
        list("rates", &self.rates, 0.0001, 1.0)?;
        within("lag", &self.lag, (1..=1_000).contains(&self.lag), "1 to 1000")?;
        within("forged", &self.forged, (1..=100).contains(&self.forged), "1 to 100")?;
        within("value", &self.value, (0.0..=1e6).contains(&self.value), "0 to 1000000")?;
        within("runs", &self.runs, (1..=10_000).contains(&self.runs), "1 to 10000")?;
        within("blocks", &self.blocks, (1..=100_000).contains(&self.blocks), "1 to 100000")
    }
}

pub(super) fn run(stage: Stage<'_>, settings: &Settings) -> Result<Outcome, SimulateError> {
    let points: Vec<(f64, f64)> =
        settings.rates.iter().flat_map(|&rate| settings.windows.iter().map(move |&window| (rate, window))).collect();
    let played = stage.per_seed(|mut rng| {
        let (mut lost, mut calls, mut unfair) = (Vec::new(), 0, 0);
        for &(rate, window) in &points {
            let mut sum = 0;
            for _ in 0..settings.runs {
                let played = forge(settings, rate, window as u64, &mut rng)?;
                sum += played.0;
                unfair += played.1;
                calls += played.2;
            }
            lost.push(sum as f64 / f64::from(settings.runs));
        }
        Ok((lost, unfair, calls))
    })?;
    let mut outcome = stage.outcome();
    outcome.transitions = played.iter().map(|(_, _, calls)| calls).sum();
    let columns = ["rerun_share", "final_blocks", "false_finals", "half_95", "predicted", "value_lost_zra"];
    let mut table = Table::new("setup", &columns);
    let (mut curves, mut outside) = (Vec::new(), Vec::new());
    for (i, &rate) in settings.rates.iter().enumerate() {
        let (mut measured, mut predicted) = (Vec::new(), Vec::new());
        for (j, &window) in settings.windows.iter().enumerate() {
            let at = i * settings.windows.len() + j;
            let lost = Mean::of(&played.iter().map(|(lost, _, _)| lost[at]).collect::<Vec<_>>());
            let expected = false_finals(settings, rate, window);
            let value = lost.mean * settings.value;
            table.row([rate.into(), window.into(), lost.mean.into(), lost.half.into(), expected.into(), value.into()]);
            // The error of the mean is that of the predicted distribution: the measured one is far from normal where few are lost.
            let error = error(settings, rate, window) / f64::from(settings.runs * stage.scenario.seeds).sqrt();
            if (lost.mean - expected).abs() > 3.0 * error {
                outside.push(format!(
                    "{} at {}: {} for {}",
                    digits(rate),
                    digits(window),
                    lost.shown(),
                    digits(expected)
                ));
            }
            measured.push((window, lost));
            predicted.push((window, expected));
        }
        curves.push(Curve::measured(&format!("{} % run again", digits(100.0 * rate)), i, &measured));
        curves.push(Curve::expected(&format!("predicted, {} %", digits(100.0 * rate)), i, &predicted));
    }
    outcome.checks.push(check(
        "what is lost falls with T_final as the sample says",
        "false final answers = (1-a)^(n (T - lag)) n / (1 - (1-a)^n), n forged in a block, a run again (market.md 3.2, set-up failure)",
        if outside.is_empty() { "every point within three standard errors".to_owned() } else { format!("not {}", outside.join("; ")) },
        outside.is_empty(),
    ));
    let unfair: usize = played.iter().map(|(_, unfair, _)| unfair).sum();
    outcome.checks.push(check(
        "a refund makes nobody pay",
        "every requester whose task is revoked has everything back but the opening fee, and the forger its stake (I9)",
        format!("{unfair} balances differ"),
        unfair == 0,
    ));
    let quiet = 1.0 - settings.rates.iter().copied().fold(f64::INFINITY, f64::min);
    outcome.findings.push(format!(
        "A forger that is content with one answer keeps it with probability 1 - a = {} at the smallest sample, whatever T_final is: the window \
         stops a noisy forger only. The key's deposit ({} ZRA) is the reward of who reports, and pays no victim: the insurance \
         compensates nobody yet, so nothing here is insured. Rule to consider: V of one task below a times what the key's \
         owner has at risk.",
        digits(quiet),
        Rules::standard().key_deposit,
    ));
    outcome.method = vec![format!(
        "{} forged answers in a block, each worth {} ZRA to the forger once it is final; the judge takes them, as a verifier \
         would. {} forgers for each point and seed. Each answer is run again with probability a, and {} blocks after its acceptance a run that disagrees withdraws the key. A forger that nobody found \
         stops after {} blocks.",
        settings.forged,
        digits(settings.value),
        settings.runs,
        settings.lag,
        settings.blocks,
    )];
    outcome.figures.push(Figure {
        name: "setup".to_owned(),
        caption: "False answers that become final before the key is withdrawn, with what the sample predicts."
            .to_owned(),
        svg: lines(
            "False finals against T_final",
            Axis::log("T_final, blocks"),
            Axis::linear("false final answers"),
            &curves,
            &[],
        ),
    });
    outcome.tables.push(table);
    Ok(outcome)
}

/// The expected number of false answers that are final before the verdict of the first run that finds one.
fn false_finals(settings: &Settings, rate: f64, window: f64) -> f64 {
    let (n, lag) = (f64::from(settings.forged), f64::from(settings.lag));
    let stays = 1.0 - rate;
    // An answer of block s becomes final at the start of block s + T; verdicts of answers up to s + T - lag are in before that where
    // the lag is over in an earlier block.
    let seen = |block: f64| (block + window - lag).min(f64::from(settings.blocks)).max(0.0);
    (0..settings.blocks).map(|block| n * stays.powf(n * seen(f64::from(block)))).sum()
}

/// The standard deviation of the same: with probability `p = (1-a)^(n (T - lag))` any are final, then geometrically many with mean `1/a`.
fn error(settings: &Settings, rate: f64, window: f64) -> f64 {
    let n = f64::from(settings.forged);
    let any = (1.0 - rate).powf(n * (window - f64::from(settings.lag)).max(0.0));
    (any * (2.0 - any)).sqrt() / rate
}

/// False finals, balances that a refund left wrong, calls.
fn forge(
    settings: &Settings,
    rate: f64,
    window: u64,
    rng: &mut rand_chacha::ChaCha8Rng,
) -> Result<(usize, usize, u64), SimulateError> {
    let rules = Rules { final_blocks: window, locks_max: 1_000_000, ..Rules::standard() };
    let fee = rules.opening_fee(units(1.0));
    let mut world = World::new(rules)?;
    let (forger, reporter) = (world.agent(units(PURSE_ZRA))?, world.agent(Amount::ZERO)?);
    let owner = world.agent(units(1e6))?;
    world.market.bond_key(KEY, world.account(owner), world.market.rules().key_deposit)?;
    let ask = Ask { bounty: units(1.0), stake: Amount::ZERO, value: Amount::ZERO, mode: Mode::Proved, deadline: None };
    let (mut requesters, mut verdicts) = (Vec::new(), std::collections::VecDeque::new());
    for block in 0..u64::from(settings.blocks) {
        world.block();
        if verdicts.front().is_some_and(|&due| due <= block) {
            world.market.withdraw_key(KEY, world.account(reporter))?;
            break;
        }
        for _ in 0..settings.forged {
            let requester = world.agent(units(10.0))?;
            let job = world.open(requester, ask, Answered::True)?;
            world.lock(job, forger)?;
            let answer = world.forge(job, forger, not(world.truth(job)));
            let _ = world.submit(job, forger, answer)?;
            requesters.push((requester, job));
            if rng.gen_bool(rate) {
                verdicts.push_back(block + u64::from(settings.lag));
            }
        }
    }
    if !world.market.key_is_withdrawn(&KEY)
        && let Some(due) = verdicts.front()
    {
        world.blocks_to(due + 1);
        world.market.withdraw_key(KEY, world.account(reporter))?;
    }
    world.finish()?;
    let mut unfair = 0;
    let mut paid = 0;
    for (requester, job) in requesters {
        match world.state(job) {
            TaskState::Revoked { .. } => unfair += usize::from(world.net(requester) != -signed(fee)),
            TaskState::Final { paid: price, .. } => paid += signed(*price),
            _ => unfair += 1,
        }
    }
    // Stakes are back and nothing else was taken: the forger has the prices of its final answers.
    unfair += usize::from(world.net(forger) != paid);
    Ok((world.false_finals(), unfair, world.calls))
}
