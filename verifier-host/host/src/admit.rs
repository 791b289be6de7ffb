//! What must hold for a transaction to be in a block at all, and how much fits into one.

use zera_abi::{Amount, Status};

use crate::state::{State, nonce};
use crate::tx::{Action, SignedTx, Tx};
use crate::world::NodeFault;

/// Most fuel of a block.
pub const BLOCK_FUEL: u64 = 400_000_000;
/// Most proofs that a block verifies.
pub const BLOCK_VERIFICATIONS: usize = 100;
/// Most modules that a block compiles: contracts that it deploys, and programs that it runs natively.
pub const BLOCK_DEPLOYS: usize = 64;
/// Most bytes of them.
pub const BLOCK_CODE_LEN: usize = 512 * 1024;

/// Why a transaction is in no block. Nothing was charged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// Signed for another chain.
    #[error("transaction: signed for another chain")]
    Chain,
    /// Its expiry is behind.
    #[error("transaction: expired at height {expiry}, the next block is {next}")]
    Expired {
        /// Its expiry.
        expiry: u64,
        /// The height of the block.
        next: u64,
    },
    /// Its nonce was used.
    #[error("transaction: nonce {got} was used, the next one is {expected}")]
    NonceUsed {
        /// The nonce that it carries.
        got: u64,
        /// The account's next nonce.
        expected: u64,
    },
    /// Its nonce leaves a gap.
    #[error("transaction: nonce {got} leaves a gap, the next one is {expected}")]
    NonceGap {
        /// The nonce that it carries.
        got: u64,
        /// The account's next nonce.
        expected: u64,
    },
    /// The fuel limit is below what the action costs before it does anything.
    #[error("transaction: fuel limit {limit} is below the {needed} that a {action} needs")]
    FuelLimit {
        /// Its limit.
        limit: u64,
        /// What it needs at least.
        needed: u64,
        /// The action's name.
        action: &'static str,
    },
    /// The limit is above what a block or a call may use.
    #[error("transaction: fuel limit {limit} is above the greatest, {max}")]
    FuelCeiling {
        /// Its limit.
        limit: u64,
        /// The greatest limit.
        max: u64,
    },
    /// The sender can not pay the fee of its limit.
    #[error("transaction: the fee of its limit is {fee} ZRA, the sender has {free} ZRA")]
    Fee {
        /// The fee of the whole limit.
        fee: Amount,
        /// The sender's free balance.
        free: Amount,
    },
    /// It stands in a block already.
    #[error("transaction: already in a block")]
    Duplicate,
    /// The store can not be read.
    #[error("transaction: the node can not read its state: {0}")]
    Node(String),
}

impl Rejection {
    /// The status code for it.
    pub fn status(&self) -> Status {
        match self {
            Rejection::Chain => Status::Unsupported,
            Rejection::Expired { .. } => Status::Deadline,
            Rejection::NonceUsed { .. } | Rejection::Duplicate => Status::Duplicate,
            Rejection::NonceGap { .. } | Rejection::Node(_) => Status::State,
            Rejection::FuelLimit { .. } | Rejection::FuelCeiling { .. } => Status::Limit,
            Rejection::Fee { .. } => Status::Funds,
        }
    }
}

impl From<NodeFault> for Rejection {
    fn from(fault: NodeFault) -> Self {
        Rejection::Node(fault.to_string())
    }
}

/// A block's room, and what is left of it.
pub(crate) struct Room {
    fuel: u64,
    verifications: usize,
    deploys: usize,
    code_len: usize,
}

impl Room {
    /// The room of a block that set `used` fuel aside for call-backs of its clock.
    pub(crate) fn after(used: u64) -> Room {
        let fuel = BLOCK_FUEL.saturating_sub(used);
        Room { fuel, verifications: BLOCK_VERIFICATIONS, deploys: BLOCK_DEPLOYS, code_len: BLOCK_CODE_LEN }
    }

    /// Takes what `tx` needs, or nothing where it does not fit.
    pub(crate) fn take(&mut self, state: &State, tx: &SignedTx) -> Result<bool, NodeFault> {
        let (mut verifications, mut deploys, mut code_len) = (0, 0, 0);
        let mut fuel = match &tx.tx().action {
            Action::Call { .. } | Action::Deploy { .. } | Action::Complain { .. } | Action::SettleNatively { .. } => {
                tx.tx().fuel_limit
            }
            // The price is known, whatever the limit says.
            _ => state.cost.intrinsic(tx.tx(), tx.len()),
        };
        match &tx.tx().action {
            Action::Submit { task, .. } | Action::Reveal { task, .. } => {
                verifications = 1;
                // The call-back's reserve: it can not fail for want of a block's fuel.
                fuel = fuel.saturating_add(state.input(task)?.map_or(0, |input| input.callback_fuel));
            }
            // One that falls, and one in its place.
            Action::Settle { task, .. } => {
                verifications = 1;
                let reserve = state.input(task)?.map_or(0, |input| input.callback_fuel);
                fuel = fuel.saturating_add(reserve.saturating_mul(2));
            }
            // One that falls, and one in its place; its module is compiled like one that is deployed.
            Action::SettleNatively { task, program, .. } => {
                deploys = 1;
                code_len = program.len();
                let reserve = state.input(task)?.map_or(0, |input| input.callback_fuel);
                fuel = fuel.saturating_add(reserve.saturating_mul(2));
            }
            // Its answer, or that there is none, may be what the contract waits for.
            Action::Attest { task, .. } | Action::Complain { task, .. } => {
                fuel = fuel.saturating_add(state.input(task)?.map_or(0, |input| input.callback_fuel));
            }
            Action::Contradict { .. } => verifications = 2,
            Action::Deploy { wasm, .. } => {
                deploys = 1;
                code_len = wasm.len();
            }
            _ => {}
        }
        let left = (
            self.fuel.checked_sub(fuel),
            self.verifications.checked_sub(verifications),
            self.deploys.checked_sub(deploys),
            self.code_len.checked_sub(code_len),
        );
        let (Some(fuel), Some(verifications), Some(deploys), Some(code_len)) = left else { return Ok(false) };
        *self = Room { fuel, verifications, deploys, code_len };
        Ok(true)
    }
}

impl State {
    /// What must hold for a transaction to be in the next block at all.
    pub(crate) fn check(&self, tx: &SignedTx) -> Result<(), Rejection> {
        let Tx { chain, sender, nonce: got, expiry, fuel_limit, action } = tx.tx();
        if *chain != self.params.chain {
            return Err(Rejection::Chain);
        }
        if *expiry < self.height {
            return Err(Rejection::Expired { expiry: expiry.0, next: self.height.0 });
        }
        let expected = nonce(&self.overlay, sender)?;
        if *got < expected {
            return Err(Rejection::NonceUsed { got: *got, expected });
        }
        if *got > expected {
            return Err(Rejection::NonceGap { got: *got, expected });
        }
        let needed = self.cost.intrinsic(tx.tx(), tx.len());
        if *fuel_limit < needed {
            return Err(Rejection::FuelLimit { limit: *fuel_limit, needed, action: action.name() });
        }
        let max = match action {
            Action::Call { .. } => needed.saturating_add(self.cost.call_fuel_max),
            _ => BLOCK_FUEL,
        };
        if *fuel_limit > max {
            return Err(Rejection::FuelCeiling { limit: *fuel_limit, max });
        }
        let (fee, free) = (self.fee(*fuel_limit), self.market.account(sender).free);
        if free < fee {
            return Err(Rejection::Fee { fee, free });
        }
        Ok(())
    }
}
