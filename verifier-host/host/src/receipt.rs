//! What became of a transaction.

use sha2::{Digest, Sha256};
use zera_abi::wire::{Reader, WireError};
use zera_abi::{Amount, Status, TxHash};

use crate::codec::Field;

/// How a transaction ended. Only `Done` and `Rejected` changed more than fee and nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It did what it says.
    Done,
    /// The rules refused it.
    Refused(Status),
    /// The contract aborted with its own code and message.
    Aborted {
        /// The contract's code.
        code: i32,
        /// The contract's message.
        message: String,
    },
    /// The contract trapped: the whole limit is burnt.
    Trapped,
    /// A proof was judged and not taken (`NO` or `E_ENC`): the submission stands, and so does what it cost.
    Rejected(Status),
}

/// The record of one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction.
    pub tx: TxHash,
    /// How it ended.
    pub ending: Ending,
    /// Fuel charged.
    pub fuel_used: u64,
    /// Fee paid to the treasury.
    pub fee: Amount,
    /// What the call returned, or the id that was made (contract, predicate, key).
    pub data: Vec<u8>,
    /// One line for people; not part of the receipt root.
    pub detail: String,
}

impl Receipt {
    /// The status number: 1 done, the rule's status where refused, 0 where the contract aborted or trapped.
    pub fn status(&self) -> Status {
        match self.ending {
            Ending::Done => Status::Ok,
            Ending::Refused(status) | Ending::Rejected(status) => status,
            Ending::Aborted { .. } | Ending::Trapped => Status::No,
        }
    }

    /// The part that consensus covers: all but `detail`.
    fn put_canonical(&self, out: &mut Vec<u8>) {
        self.tx.put(out);
        match &self.ending {
            Ending::Done => 0u8.put(out),
            Ending::Refused(status) => {
                1u8.put(out);
                status.code().put(out);
            }
            Ending::Aborted { code, message } => {
                2u8.put(out);
                code.put(out);
                message.put(out);
            }
            Ending::Trapped => 3u8.put(out),
            Ending::Rejected(status) => {
                4u8.put(out);
                status.code().put(out);
            }
        }
        self.fuel_used.put(out);
        self.fee.put(out);
        self.data.put(out);
    }
}

impl Field for Receipt {
    fn put(&self, out: &mut Vec<u8>) {
        self.put_canonical(out);
        self.detail.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Receipt, WireError> {
        let tx = Field::take(from)?;
        let ending = match from.u8()? {
            0 => Ending::Done,
            1 => Ending::Refused(Status::from_code(from.u32()?).ok_or(WireError::Flags)?),
            2 => Ending::Aborted { code: Field::take(from)?, message: Field::take(from)? },
            3 => Ending::Trapped,
            4 => Ending::Rejected(Status::from_code(from.u32()?).ok_or(WireError::Flags)?),
            _ => return Err(WireError::Flags),
        };
        Ok(Receipt {
            tx,
            ending,
            fuel_used: Field::take(from)?,
            fee: Field::take(from)?,
            data: Field::take(from)?,
            detail: Field::take(from)?,
        })
    }
}

/// SHA-256 over `"zera/receipts/v1"` and the canonical receipts of a block in order.
pub fn root(receipts: &[Receipt]) -> [u8; 32] {
    let mut bytes = b"zera/receipts/v1".to_vec();
    for receipt in receipts {
        receipt.put_canonical(&mut bytes);
    }
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_the_root_leaves_out_the_detail() {
        let mut receipt = Receipt {
            tx: TxHash([1; 32]),
            ending: Ending::Aborted { code: -3, message: "no bounty".into() },
            fuel_used: 5,
            fee: Amount::from_units(6),
            data: vec![7],
            detail: "x".into(),
        };
        assert_eq!(Receipt::parse(&receipt.bytes()).as_ref(), Ok(&receipt));
        let before = root(std::slice::from_ref(&receipt));
        receipt.detail = "y".into();
        assert_eq!(root(std::slice::from_ref(&receipt)), before);
        receipt.fee = Amount::ZERO;
        assert_ne!(root(std::slice::from_ref(&receipt)), before);
    }
}
