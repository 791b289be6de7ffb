//! Scenarios as files: what is played, with which numbers.

use serde::Deserialize;

use crate::agent::Costs;
use crate::error::SimulateError;
use crate::study::{
    auction, audits, conviction, crowd, dynamics, expected_value, griefing, heat, outage, rescue, setup, silence, split,
};

/// Seeds that may be asked for.
pub const SEEDS_MAX: u32 = 10_000;

/// One file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name, which files of a report take: letters, digits and dashes.
    pub name: String,
    /// What it is about, in a line.
    pub title: String,
    /// The first seed.
    #[serde(default = "one")]
    pub seed: u64,
    /// How many seeds.
    #[serde(default = "twenty")]
    pub seeds: u32,
    /// What things cost.
    #[serde(default)]
    pub costs: Costs,
    /// What is played.
    pub study: Study,
}

/// What is played, with its numbers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Study {
    /// Expected value of each kind of attester against the stake.
    ExpectedValue(expected_value::Settings),
    /// Honest less malicious over detection and stake.
    Heat(heat::Settings),
    /// Whether missed locks are rescued.
    Rescue(rescue::Settings),
    /// What attacks cost both sides.
    Griefing(griefing::Settings),
    /// Providers that vanish together.
    Outage(outage::Settings),
    /// Everybody at once.
    Crowd(crowd::Settings),
    /// Tasks that nobody locks.
    Auction(auction::Settings),
    /// A key whose trapdoor is known.
    Setup(setup::Settings),
    /// Shares of kinds that grow with what they make.
    Dynamics(dynamics::Settings),
    /// Votes over the rules.
    Conviction(conviction::Settings),
    /// Attested answers that somebody runs again.
    Audits(audits::Settings),
    /// Challenges that nobody answers.
    Silence(silence::Settings),
    /// The split of a slash.
    Split(split::Settings),
}

fn one() -> u64 {
    1
}

fn twenty() -> u32 {
    20
}

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        /// Every scenario that comes with the program: its name and its text.
        pub const EMBEDDED: &[(&str, &str)] = &[$(($name, include_str!(concat!("../scenarios/", $name, ".toml"))),)*];
    };
}

embedded![
    "expected-value",
    "heat",
    "rescue",
    "griefing",
    "outage",
    "latency",
    "capital",
    "auction",
    "setup",
    "dynamics",
    "conviction",
    "split",
    "audits",
    "silence",
    "crowd",
];

impl Scenario {
    /// Reads a file's text.
    ///
    /// # Errors
    /// [`SimulateError::Scenario`], [`SimulateError::Bounds`].
    pub fn parse(text: &str) -> Result<Scenario, SimulateError> {
        let scenario: Scenario = toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .map_or(0, |span| text.get(..span.start).map_or(0, |before| before.matches('\n').count() + 1));
            let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
            SimulateError::Scenario { message: format!("line {line}: {message}") }
        })?;
        scenario.check()?;
        Ok(scenario)
    }

    /// One that comes with the program.
    ///
    /// # Errors
    /// [`SimulateError::Scenario`] for a name that none has.
    pub fn embedded(name: &str) -> Result<Scenario, SimulateError> {
        let found = EMBEDDED.iter().find(|(known, _)| *known == name);
        let Some((_, text)) = found else {
            let known: Vec<&str> = EMBEDDED.iter().map(|(known, _)| *known).collect();
            let message = format!("no scenario of that name; there are {}", known.join(", "));
            return Err(SimulateError::Scenario { message });
        };
        Scenario::parse(text)
    }

    /// Whether its numbers are within bounds; after changing one, ask again.
    ///
    /// # Errors
    /// [`SimulateError::Bounds`].
    pub fn check(&self) -> Result<(), SimulateError> {
        let named = !self.name.is_empty()
            && self.name.len() <= 40
            && self.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let Costs { native, proof, margin, delay } = self.costs;
        within("name", &self.name, named, "1 to 40 letters, digits and dashes")?;
        within("title", &self.title, self.title.len() <= 200, "at most 200 characters")?;
        within("seeds", &self.seeds, (1..=SEEDS_MAX).contains(&self.seeds), "1 to 10000")?;
        for (name, value) in [("native", native), ("proof", proof), ("margin", margin), ("delay", delay)] {
            within(name, &value, (0.0..=1_000.0).contains(&value), "0 to 1000")?;
        }
        match &self.study {
            Study::ExpectedValue(settings) => settings.check(),
            Study::Heat(settings) => settings.check(),
            Study::Rescue(settings) => settings.check(),
            Study::Griefing(settings) => settings.check(),
            Study::Outage(settings) => settings.check(),
            Study::Crowd(settings) => settings.check(),
            Study::Auction(settings) => settings.check(),
            Study::Setup(settings) => settings.check(),
            Study::Dynamics(settings) => settings.check(),
            Study::Conviction(settings) => settings.check(),
            Study::Silence(settings) => settings.check(),
            Study::Split(settings) => settings.check(),
            Study::Audits(settings) => settings.check(),
        }
    }
}

/// [`SimulateError::Bounds`] unless `holds`.
pub(crate) fn within(
    name: &'static str,
    got: &impl std::fmt::Debug,
    holds: bool,
    expected: &'static str,
) -> Result<(), SimulateError> {
    if holds { Ok(()) } else { Err(SimulateError::Bounds { name, got: format!("{got:?}"), expected }) }
}

/// A list of numbers within bounds, some but not too many.
pub(crate) fn list(name: &'static str, values: &[f64], least: f64, most: f64) -> Result<(), SimulateError> {
    let holds = (1..=64).contains(&values.len()) && values.iter().all(|value| (least..=most).contains(value));
    within(name, &values, holds, "1 to 64 numbers within the bounds of the field")
}

/// A number of jobs.
pub(crate) fn jobs(got: u32) -> Result<(), SimulateError> {
    within("jobs", &got, (1..=1_000_000).contains(&got), "1 to 1000000")
}
