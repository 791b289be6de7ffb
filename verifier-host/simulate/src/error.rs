//! Why a simulation can not be run.

use zera_market::{MarketError, RulesError, Unbalanced};

/// Why a scenario is refused, or ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// The text is no scenario.
    #[error("scenario: {message}")]
    Scenario {
        /// What is wrong, in one line.
        message: String,
    },
    /// A number is out of bounds.
    #[error("scenario: {name} is {got}, expected {expected}")]
    Bounds {
        /// The field.
        name: &'static str,
        /// What stands there.
        got: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// The market refused what the scenario takes for possible.
    #[error("simulation: the market refused an event")]
    Refused(#[from] MarketError),
    /// The rules that the scenario asks for are none.
    #[error("simulation: rules")]
    Rules(#[from] RulesError),
    /// Money was made or lost: a defect of the market.
    #[error("simulation: conservation fails")]
    Unbalanced(#[from] Unbalanced),
    /// A task outlived every bound: a defect of the market or of the scenario.
    #[error("simulation: {tasks} tasks have not ended at height {height}")]
    Endless {
        /// How many.
        tasks: usize,
        /// The last height played.
        height: u64,
    },
}
