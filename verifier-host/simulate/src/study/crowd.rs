//! Everybody at once: studies 7 (latency) and 8 (capital), and the large run.

mod economy;
mod record;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Stage, check};
use crate::agent::Kind;
use crate::error::SimulateError;
use crate::outcome::{Figure, Outcome, Table};
use crate::plot::{Axis, Curve, Mark, area, lines};
use crate::scenario::within;
use crate::stats::{Mean, digits};
use economy::Economy;
use record::Record;

/// The numbers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Providers.
    pub providers: u32,
    /// Tasks.
    pub tasks: u32,
    /// Blocks in which they open.
    pub blocks: u32,
    /// Who asks.
    pub requesters: u32,
    /// Share of tasks in attested mode.
    pub attested: f64,
    /// Share of attested answers that a watcher looks at.
    pub detection: f64,
    /// What a false attested answer is worth, over the bounty.
    pub gain: f64,
    /// Share of answers that are true.
    pub prior: f64,
    /// Blocks between two full scans of the market's rows.
    pub scan_blocks: u32,
    /// Transitions a second that the market should make; not checked where left out.
    pub speed: Option<f64>,
    /// Shares of kinds; what is missing to the whole is honest.
    pub mix: BTreeMap<Kind, f64>,
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        within("providers", &self.providers, (10..=1_000_000).contains(&self.providers), "10 to 1000000")?;
        within("tasks", &self.tasks, (1..=20_000_000).contains(&self.tasks), "1 to 20000000")?;
        within("blocks", &self.blocks, (1..=1_000_000).contains(&self.blocks), "1 to 1000000")?;
        // A key answers for a million ZRA at a time, and a task lives for up to a few hundred blocks.
        within("tasks", &self.tasks, self.tasks / self.blocks <= 2_000, "at most 2000 in a block")?;
        within("requesters", &self.requesters, (1..=100_000).contains(&self.requesters), "1 to 100000")?;
        for (name, share) in [("attested", self.attested), ("detection", self.detection), ("prior", self.prior)] {
            within(name, &share, (0.0..=1.0).contains(&share), "0 to 1")?;
        }
        within("gain", &self.gain, (0.0..=1e6).contains(&self.gain), "0 to 1000000")?;
        within("scan-blocks", &self.scan_blocks, self.scan_blocks >= 1, "at least 1")?;
        within("speed", &self.speed, self.speed.is_none_or(|speed| speed.is_finite() && speed >= 0.0), "at least 0")?;
        let shares = self.mix.values().all(|share| (0.0..=1.0).contains(share));
        within(
            "mix",
            &self.mix,
            shares && self.mix.values().sum::<f64>() <= 1.0 + 1e-9,
            "shares that add up to at most 1",
        )
    }
}

/// `(1 + reopens) (rounds T_auction + T_lock + tail) + 1 + T_final`, market.md 2.4; nothing opens again in proved mode.
fn bound(rules: &zera_market::Rules, mode: zera_market::Mode) -> u64 {
    let reopens = if mode == zera_market::Mode::Attested { u64::from(rules.reopens_max) } else { 0 };
    let round = u64::from(rules.rounds_max) * rules.auction_blocks + rules.lock_blocks + rules.tail_blocks(mode, false);
    // Each stage hands over in the block after its last.
    (1 + reopens) * (round + 1) + 1 + rules.final_blocks
}

pub(super) fn run(stage: Stage<'_>, settings: &Settings) -> Result<Outcome, SimulateError> {
    let costs = stage.scenario.costs;
    let name = &stage.scenario.name;
    let played = stage.per_seed(|rng| {
        Economy::new(settings, &costs, rng)?.run(&|block| {
            if block % 100 == 0 {
                (stage.progress)(&format!("{name}: block {block}, {} blocks of openings", settings.blocks));
            }
        })
    })?;
    let rules = zera_market::Rules::standard();
    let bounds = [zera_market::Mode::Proved, zera_market::Mode::Attested].map(|mode| bound(&rules, mode));
    let mut outcome = stage.outcome();
    outcome.transitions = played.iter().map(|record| record.transitions).sum();
    let total = |value: fn(&Record) -> u64| -> u64 { played.iter().map(value).sum() };
    let error = played.iter().map(|record| record.conservation_error).max().unwrap_or(0);
    let scans = total(|record| record.scans);
    outcome.checks.push(check(
        "money is conserved to the unit",
        "free, escrowed, deposits, insurance, treasury and burnt add up to what was minted, error 0 (I1)",
        format!("greatest error {error} units, each block; {scans} full scans of every row"),
        error == 0,
    ));
    let false_proved = total(|record| record.false_finals[0]);
    outcome.checks.push(check(
        "no false answer becomes final in proved mode",
        "0 (market.md 6.3)",
        format!(
            "{false_proved} of {}; {} of {} in attested mode",
            total(|r| r.finals[0]),
            total(|r| r.false_finals[1]),
            total(|r| r.finals[1])
        ),
        false_proved == 0,
    ));
    let (missed, rescued) = (total(|record| record.missed), total(|record| record.rescued));
    let share = if missed == 0 { 1.0 } else { rescued as f64 / missed as f64 };
    outcome.checks.push(check(
        "missed locks are rescued",
        "at least 99.9 % (market.md 6.2)",
        format!("{rescued} of {missed}, {} %", digits(100.0 * share)),
        share >= 0.999,
    ));
    let longest = [0, 1].map(|mode| played.iter().map(|record| record.longest(mode)).max().unwrap_or(0));
    outcome.checks.push(check(
        "no task outlives the published bound",
        format!("proved {} blocks, attested {} (market.md 2.4)", bounds[0], bounds[1]),
        format!("proved {}, attested {}", longest[0], longest[1]),
        longest[0] <= bounds[0] && longest[1] <= bounds[1],
    ));
    let (calls, market) =
        (total(|record| record.transitions), played.iter().map(|record| record.market_s).sum::<f64>());
    let speed = calls as f64 / market.max(1e-9);
    outcome.timings.push(("transitions a second, market calls only, one thread".to_owned(), speed));
    outcome.timings.push(("seconds in market calls".to_owned(), market));
    if let Some(least) = settings.speed {
        outcome.checks.push(check(
            "the market is fast enough",
            format!("at least {} transitions a second on one thread (market.md 6.3)", digits(least)),
            format!("{} in {} s", digits(speed.round()), digits(market)),
            speed >= least,
        ));
    }
    outcome.tables.push(kinds(&played));
    outcome.tables.push(events(&played));
    latency(&mut outcome, &played, bounds);
    capital(&mut outcome, &played);
    outcome.method = method(settings, &costs);
    Ok(outcome)
}

fn method(settings: &Settings, costs: &crate::agent::Costs) -> Vec<String> {
    let mix: Vec<String> =
        settings.mix.iter().map(|(kind, share)| format!("{} {} %", kind.name(), digits(100.0 * share))).collect();
    vec![
        format!(
            "{} tasks of 1 ZRA over {} blocks, {} providers with 1000 ZRA each, {} requesters; {} % of tasks in attested mode. Kinds: {}; \
             the others are honest.",
            settings.tasks,
            settings.blocks,
            settings.providers,
            settings.requesters,
            digits(100.0 * settings.attested),
            mix.join(", "),
        ),
        format!(
            "c_x = {}, c_p = {}, G = {}, q = {}, P(true) = {}. Honest ones lock once the price covers c_p (1 + m) and prove in 2 to 8 \
             blocks; slow ones in 2 / u^(2/3); liars send three false proofs, or attest what is false; griefers stall, and challenge 1 % of \
             right answers; squatters release or stall; colluders stall and rescue each other, or attest falsely and challenge themselves \
             first; lazy attesters guess and do not prove when challenged. 1 % of tasks find nobody in their first round, 0.5 % are cancelled.",
            digits(costs.native),
            digits(costs.proof),
            digits(settings.gain),
            digits(settings.detection),
            digits(settings.prior),
        ),
        "Declared values are zero, so that G is above the gate on purpose: what liars make is why the gate is there."
            .to_owned(),
    ]
}

/// What each kind made of a lock.
fn kinds(played: &[Record]) -> Table {
    let mut table = Table::new("kinds", &["kind", "locks", "net_zra_a_lock", "half_95"]);
    for (at, kind) in Kind::ALL.iter().enumerate() {
        let locks: u64 = played.iter().map(|record| record.locks[at]).sum();
        if locks > 0 {
            let of = played.iter().filter(|record| record.locks[at] > 0);
            let net = Mean::of(&of.map(|record| record.made_zra[at] / record.locks[at] as f64).collect::<Vec<_>>());
            table.row([kind.name().into(), (locks as f64).into(), net.mean.into(), net.half.into()]);
        }
    }
    table
}

fn events(played: &[Record]) -> Table {
    let mut table = Table::new("events", &["event", "count"]);
    for (name, _) in played.first().map(|record| record.events()).unwrap_or_default() {
        let count: u64 =
            played.iter().flat_map(Record::events).filter(|(other, _)| *other == name).map(|(_, count)| count).sum();
        table.row([name.into(), (count as f64).into()]);
    }
    table
}

fn latency(outcome: &mut Outcome, played: &[Record], bounds: [u64; 2]) {
    let mut table = Table::new("latency", &["mode", "blocks", "share_ended"]);
    let mut summary = Table::new("latency-summary", &["mode", "p50", "p99", "max", "bound"]);
    let (mut curves, mut marks) = (Vec::new(), Vec::new());
    for (mode, name) in ["proved", "attested"].into_iter().enumerate() {
        let mut counts = vec![0u64; played.iter().map(|record| record.latency[mode].len()).max().unwrap_or(0)];
        for record in played {
            for (sum, count) in counts.iter_mut().zip(&record.latency[mode]) {
                *sum += count;
            }
        }
        let all: u64 = counts.iter().sum();
        if all == 0 {
            continue;
        }
        let (mut seen, mut points, mut quantiles) = (0, Vec::new(), [None; 2]);
        for (blocks, count) in counts.iter().enumerate() {
            seen += count;
            let share = seen as f64 / all as f64;
            for (quantile, level) in quantiles.iter_mut().zip([0.5, 0.99]) {
                if quantile.is_none() && share >= level {
                    *quantile = Some(blocks);
                }
            }
            if *count > 0 {
                table.row([name.into(), (blocks as f64).into(), share.into()]);
                points.push((blocks as f64, share));
            }
        }
        let [p50, p99] = quantiles.map(|quantile| quantile.unwrap_or(0) as f64);
        let max = points.last().map_or(0.0, |(blocks, _)| *blocks);
        summary.row([name.into(), p50.into(), p99.into(), max.into(), (bounds[mode] as f64).into()]);
        curves.push(Curve::step(name, mode, &points));
        marks.push(Mark { at: bounds[mode] as f64, name: format!("bound, {name}") });
    }
    outcome.figures.push(Figure {
        name: "latency".to_owned(),
        caption: "Share of tasks that have ended, by blocks since they opened, with the published bounds.".to_owned(),
        svg: lines("Latency", Axis::linear("blocks since opening"), Axis::share("ended"), &curves, &marks),
    });
    outcome.tables.extend([summary, table]);
}

fn capital(outcome: &mut Outcome, played: &[Record]) {
    let mut table =
        Table::new("capital", &["block", "escrowed_zra", "burned_zra", "paid_zra", "treasury_zra", "error_units"]);
    let samples = played.iter().map(|record| record.capital.len()).min().unwrap_or(0);
    let mut layers: [Vec<(f64, f64)>; 3] = Default::default();
    for at in 0..samples {
        let mean = |value: fn(&record::Capital) -> f64| {
            played.iter().map(|record| value(&record.capital[at])).sum::<f64>() / played.len() as f64
        };
        let block = played[0].capital[at].block as f64;
        let values = [mean(|c| c.escrowed), mean(|c| c.burned), mean(|c| c.paid), mean(|c| c.treasury)];
        let error = mean(|c| c.error as f64);
        table.row([block.into(), values[0].into(), values[1].into(), values[2].into(), values[3].into(), error.into()]);
        for (layer, value) in layers.iter_mut().zip(values) {
            layer.push((block, value));
        }
    }
    let [escrowed, burned, paid] = layers;
    outcome.figures.push(Figure {
        name: "capital".to_owned(),
        caption: "ZRA locked in tasks, burnt so far and paid so far, one on the other. Nothing is made or lost."
            .to_owned(),
        svg: area("Capital", "block", "ZRA", &[("locked", escrowed), ("burnt", burned), ("paid", paid)]),
    });
    outcome.tables.push(table);
}
