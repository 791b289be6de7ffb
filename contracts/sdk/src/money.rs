//! The contract's own money.

use zera_abi::{AccountId, Amount, Status};

use crate::exit::done;
use crate::imports;

/// What the contract may still spend or pay out.
pub fn balance() -> Amount {
    let mut units = [0; 16];
    imports::balance(&mut units);
    Amount::from_units(u128::from_le_bytes(units))
}

/// Pays an account. The money moves at once, and not at all where the call is undone.
///
/// # Errors
/// [`Status::Funds`] where the contract has less.
pub fn transfer(to: &AccountId, amount: Amount) -> Result<(), Status> {
    done(imports::transfer(&to.0, &amount.units().to_le_bytes()))
}
