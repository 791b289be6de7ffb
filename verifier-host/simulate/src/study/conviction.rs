//! Study 11: when a vote over the rules passes, and what votes that are borrowed can change.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use zera_abi::{AccountId, Amount, Height};
use zera_market::{Market, ProposalState, Rules, Schedule};

use super::{Stage, check};
use crate::error::SimulateError;
use crate::outcome::{Figure, Outcome, Table};
use crate::plot::{Axis, Curve, Mark, lines};
use crate::scenario::{list, within};
use crate::stats::{Mean, digits};
use crate::world::{id, units};

/// Blocks of a day, a block every 5 s: what the standard schedule counts with.
const DAY: f64 = 17_280.0;
/// All money, in ZRA.
const SUPPLY_ZRA: f64 = 1_000_000.0;
/// The rule that is voted on: an ordinary one, with a value so great that its ratios are fine.
const RULE: &str = "deadline_max_blocks";

/// The numbers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Factors that are proposed.
    pub changes: Vec<f64>,
    /// Votes that are drawn for each factor and seed.
    pub samples: u32,
    /// Accounts that the votes are split into.
    pub voters: u32,
    /// Borrowed votes, as shares of the effective supply.
    pub shares: Vec<f64>,
    /// For how long.
    pub loan_days: f64,
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        list("changes", &self.changes, 1.001, 1.39)?;
        within("samples", &self.samples, (1..=1_000).contains(&self.samples), "1 to 1000")?;
        within("voters", &self.voters, (1..=1_000).contains(&self.voters), "1 to 1000")?;
        list("shares", &self.shares, 0.01, 1.0)?;
        within("loan_days", &self.loan_days, (0.01..=10.0).contains(&self.loan_days), "0.01 to 10")
    }
}

/// The numbers of the formulas of market.md 3.6, in floating point.
struct Formula {
    half_life: f64,
    least: f64,
    beta: f64,
}

impl Formula {
    fn new(schedule: &Schedule) -> Formula {
        Formula {
            half_life: schedule.half_life_blocks as f64,
            least: f64::from(schedule.share_min.get()) / 10_000.0,
            beta: (f64::from(schedule.step_bps) / 10_000.0).ln(),
        }
    }

    fn threshold(&self, factor: f64) -> f64 {
        self.least / (1.0 - factor.ln().abs() / self.beta).powi(2)
    }

    /// Blocks until votes of `share` pass `threshold`.
    fn time(&self, threshold: f64, share: f64) -> f64 {
        -self.half_life * (1.0 - threshold / share).log2()
    }

    /// The factor whose threshold this is; 1 below the least one.
    fn factor(&self, threshold: f64) -> f64 {
        (self.beta * (1.0 - (self.least / threshold).sqrt())).max(0.0).exp()
    }

    /// The greatest threshold that `share` passes in a loan of `blocks`.
    fn passed(&self, share: f64, blocks: f64) -> f64 {
        share * (1.0 - (-blocks / self.half_life).exp2())
    }

    /// The greatest threshold that it still holds at the end of the time lock, the votes given back after `blocks`: passing at
    /// `-H log2(1 - tau / s)` and looked at `H` later, `(s - tau) (2^(L / H) - 1) / 2 >= tau`.
    fn adopted(&self, share: f64, blocks: f64) -> f64 {
        let k = ((blocks / self.half_life).exp2() - 1.0) / 2.0;
        (share * k / (1.0 + k)).min(self.passed(share, blocks))
    }
}

/// A market with voters, and how often it was changed.
struct Poll {
    market: Market,
    proposal: u64,
    voters: Vec<AccountId>,
    calls: u64,
}

impl Poll {
    /// The rule is proposed with this value; voters have a fifth of all money, the effective supply.
    fn new(value: u128, voters: u32) -> Result<Poll, SimulateError> {
        let mut market = Market::with_schedule(Rules::standard(), Schedule::standard())?;
        let accounts: Vec<AccountId> = (0..voters).map(|n| AccountId(id(0x7073, u64::from(n)))).collect();
        let proposer = AccountId(id(0x7074, 0));
        for account in &accounts {
            market.mint(*account, units(SUPPLY_ZRA / 5.0 / f64::from(voters)))?;
        }
        market.mint(proposer, units(SUPPLY_ZRA * 0.8))?;
        let proposal = market.propose(Height(0), proposer, RULE, value)?;
        Ok(Poll { market, proposal, voters: accounts, calls: 1 })
    }

    /// All voters lock this share of what they have.
    fn vote(&mut self, now: u64, share: f64) -> Result<(), SimulateError> {
        for at in 0..self.voters.len() {
            let each = units(SUPPLY_ZRA / 5.0 / self.voters.len() as f64 * share);
            let amount = if share > 0.0 { each } else { Amount::ZERO };
            self.market.support(Height(now), self.proposal, self.voters[at], amount)?;
            self.calls += 1;
        }
        Ok(())
    }

    fn tick(&mut self, now: u64) {
        self.market.tick(Height(now));
        self.calls += 1;
    }

    fn passes(&self, now: u64) -> Option<u64> {
        self.market.poll(self.proposal, Height(now))?.passes.map(|height| height.0)
    }

    fn state(&self) -> Option<ProposalState> {
        self.market.proposal(self.proposal).map(|proposal| *proposal.state())
    }
}

/// One draw: the share that voted, the block that it passed in, and what the formula says.
struct Draw {
    change: usize,
    share: f64,
    measured: f64,
    expected: f64,
}

pub(super) fn run(stage: Stage<'_>, settings: &Settings) -> Result<Outcome, SimulateError> {
    let formula = Formula::new(&Schedule::standard());
    let played = stage.per_seed(|mut rng| draws(settings, &formula, &mut rng))?;
    let mut outcome = stage.outcome();
    outcome.transitions = played.iter().map(|(_, calls)| calls).sum();
    let draws: Vec<&Draw> = played.iter().flat_map(|(draws, _)| draws).collect();
    time_to_pass(&mut outcome, settings, &formula, &draws);
    loans(&mut outcome, settings, &formula)?;
    outcome.method = vec![
        format!(
            "A rule is to change by each factor; {} voters lock at once, together a drawn share of the effective supply, 20 % of all \
             money. The block in which it passes is the market's own; a block every 5 s, a half-life of {} days.",
            settings.voters,
            digits(formula.half_life / DAY)
        ),
        format!(
            "A lender gives votes for {} days: they are locked when the proposal opens, and taken back whether it has passed or \
             not. The greatest factor that becomes a rule is found by halving. The market is asked at the blocks that matter, \
             which changes nothing: conviction is brought up to date where it is looked at.",
            digits(settings.loan_days)
        ),
    ];
    Ok(outcome)
}

fn value(factor: f64) -> u128 {
    (Rules::standard().deadline_max_blocks as f64 * factor).round() as u128
}

fn draws(settings: &Settings, formula: &Formula, rng: &mut ChaCha8Rng) -> Result<(Vec<Draw>, u64), SimulateError> {
    let (mut found, mut calls) = (Vec::new(), 0);
    for (change, factor) in settings.changes.iter().enumerate() {
        let new = value(*factor);
        let threshold = formula.threshold(new as f64 / Rules::standard().deadline_max_blocks as f64);
        for _ in 0..settings.samples {
            let share = rng.gen_range((threshold * 1.02).min(1.0)..=1.0);
            let mut poll = Poll::new(new, settings.voters)?;
            poll.vote(0, share)?;
            poll.tick(1);
            let passes = poll.passes(1);
            let expected = formula.time(threshold, share);
            if let Some(at) = passes {
                // As foretold: not a block earlier.
                poll.tick(at.saturating_sub(1).max(1));
                let early = poll.state() != Some(ProposalState::Voting);
                poll.tick(at);
                let late = !matches!(poll.state(), Some(ProposalState::Passed { .. }));
                let measured = if early || late { f64::NAN } else { at as f64 };
                found.push(Draw { change, share, measured, expected });
            } else {
                found.push(Draw { change, share, measured: f64::NAN, expected });
            }
            calls += poll.calls;
        }
    }
    Ok((found, calls))
}

fn time_to_pass(outcome: &mut Outcome, settings: &Settings, formula: &Formula, draws: &[&Draw]) {
    let mut table = Table::new("conviction", &["factor", "threshold", "share", "measured_days", "formula_days"]);
    let mut curves = Vec::new();
    for (change, factor) in settings.changes.iter().enumerate() {
        let threshold = formula.threshold(*factor);
        let mut of: Vec<&&Draw> = draws.iter().filter(|draw| draw.change == change).collect();
        of.sort_by(|a, b| a.share.total_cmp(&b.share));
        for draw in &of {
            table.row([
                (*factor).into(),
                threshold.into(),
                draw.share.into(),
                (draw.measured / DAY).into(),
                (draw.expected / DAY).into(),
            ]);
        }
        let points: Vec<(f64, Mean)> =
            of.iter().map(|draw| (draw.share, Mean { mean: draw.measured / DAY, half: 0.0 })).collect();
        let line: Vec<(f64, f64)> = (0..=60)
            .map(|step| threshold * 1.02 + (1.0 - threshold * 1.02) * f64::from(step) / 60.0)
            .map(|share| (share, formula.time(threshold, share) / DAY))
            .collect();
        curves.push(Curve::measured(&format!("x{}", digits(*factor)), change, &points));
        curves.push(Curve::expected(&format!("x{}, formula", digits(*factor)), change, &line));
    }
    // A part of 10^9 of the share is lost where votes are whole units; passing is at whole blocks.
    let worst = draws.iter().map(|draw| (draw.measured - draw.expected - 0.5).abs()).fold(0.0, f64::max);
    let lost = draws.iter().filter(|draw| !draw.measured.is_finite()).count();
    outcome.checks.push(check(
        "a vote passes when the formula says",
        "in the block after -H log2(1 - tau / s), for every change and share (market.md 3.6)",
        format!("{} draws, at most {} blocks from the middle of that block, {lost} lost", draws.len(), digits(worst)),
        worst <= 0.51 && lost == 0 && !draws.is_empty(),
    ));
    outcome.figures.push(Figure {
        name: "conviction-time".to_owned(),
        caption: "Days until a change passes, by the share of the effective supply that votes for it.".to_owned(),
        svg: lines(
            "Time to pass against the formula",
            Axis::share("share of the effective supply"),
            Axis::linear("days"),
            &curves,
            &[],
        ),
    });
    outcome.tables.push(table);
}

/// Whether a proposal of `value`, supported by a loan, passes, and whether it becomes a rule.
fn loan(value: u128, share: f64, blocks: u64, calls: &mut u64) -> Result<(bool, bool), SimulateError> {
    let mut poll = Poll::new(value, 1)?;
    poll.vote(0, share)?;
    poll.tick(1);
    if let Some(at) = poll.passes(1).filter(|at| *at <= blocks) {
        poll.tick(at);
    }
    let passed = matches!(poll.state(), Some(ProposalState::Passed { .. }));
    poll.vote(blocks, 0.0)?;
    if let Some(ProposalState::Passed { executes, .. }) = poll.state() {
        poll.tick(executes.0.max(blocks));
    }
    *calls += poll.calls;
    Ok((passed, matches!(poll.state(), Some(ProposalState::Adopted { .. }))))
}

/// The greatest value for which `holds`, which goes from yes to no once; `None` where it holds for none.
fn greatest(
    low: u128,
    high: u128,
    mut holds: impl FnMut(u128) -> Result<bool, SimulateError>,
) -> Result<Option<u128>, SimulateError> {
    let (mut low, mut high) = (low, high);
    if !holds(low)? {
        return Ok(None);
    }
    while high - low > 1 {
        let middle = low.midpoint(high);
        if holds(middle)? { low = middle } else { high = middle }
    }
    Ok(Some(low))
}

fn loans(outcome: &mut Outcome, settings: &Settings, formula: &Formula) -> Result<(), SimulateError> {
    let blocks = (settings.loan_days * DAY).round() as u64;
    let base = u128::from(Rules::standard().deadline_max_blocks);
    let mut table = Table::new("borrowed", &["share", "passed_factor", "adopted_factor", "formula_factor"]);
    let (mut passed, mut adopted, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    let mut worst = 0.0f64;
    for &share in &settings.shares {
        let mut calls = 0;
        let mut factor = |which: fn((bool, bool)) -> bool| {
            let found =
                greatest(base + 1, base * 3 / 2 - 1, |value| Ok(which(loan(value, share, blocks, &mut calls)?)))?;
            Ok::<_, SimulateError>(found.unwrap_or(base) as f64 / base as f64)
        };
        let (pass, adopt) = (factor(|(passed, _)| passed)?, factor(|(_, adopted)| adopted)?);
        let predicted = formula.factor(formula.adopted(share, blocks as f64));
        table.row([share.into(), pass.into(), adopt.into(), predicted.into()]);
        worst = worst.max((adopt - predicted).abs());
        passed.push((share, Mean { mean: pass, half: 0.0 }));
        adopted.push((share, Mean { mean: adopt, half: 0.0 }));
        expected.push((share, predicted));
        outcome.transitions += calls;
    }
    outcome.checks.push(check(
        "borrowed votes change no more than the formula says",
        "tau = s k / (1 + k) with k = (2^(L / H) - 1) / 2, as conviction is asked again after the time lock; within 0.0001 of the factor",
        format!("at most {} from it", digits(worst)),
        worst <= 0.0001,
    ));
    let whole = 1.0;
    let (kept, brief) = (formula.adopted(whole, blocks as f64), formula.passed(whole, blocks as f64));
    let most = adopted.iter().map(|(_, mean)| mean.mean).fold(1.0, f64::max);
    outcome.findings.push(format!(
        "Votes of the whole effective supply, lent for {} days, have {} % of their conviction, and {} % where it is asked again after \
         the time lock: they change an ordinary rule by x{} at most, one that matters for safety (twice the half-life and more) by less. \
         Whoever can borrow a fifth of all money for that long can do so; it costs the interest, and shows for the whole time lock.",
        digits(settings.loan_days),
        digits(100.0 * brief),
        digits(100.0 * kept),
        digits(most),
    ));
    let mark = Mark { at: settings.shares.first().copied().unwrap_or(0.0), name: "least share played".to_owned() };
    outcome.figures.push(Figure {
        name: "conviction-loan".to_owned(),
        caption: format!("Greatest change that votes lent for {} days make.", digits(settings.loan_days)),
        svg: lines(
            "What borrowed votes change",
            Axis::share("share of the effective supply that is lent"),
            Axis::linear("greatest factor"),
            &[
                Curve::measured("passed", 0, &passed),
                Curve::measured("became a rule", 1, &adopted),
                Curve::expected("became a rule, formula", 1, &expected),
            ],
            &[mark],
        ),
    });
    outcome.tables.push(table);
    Ok(())
}
