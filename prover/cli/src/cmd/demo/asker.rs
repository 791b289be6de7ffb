//! The demo's own contract: it asks for any predicate, cancels, and remembers what it was told.

use anyhow::Context;
use zera_abi::wire::Request;
use zera_abi::{Amount, Height, Level, PredicateId};

/// The module, built from `data/asker.wat`.
pub const WASM: &[u8] = include_bytes!("../../../data/asker.wasm");
/// Storage key of the reason of the last task that ended without one.
pub const FAILED_KEY: &[u8] = b"failed";

/// What the contract is told to ask.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The predicate's version.
    pub predicate: PredicateId,
    /// Public input bytes.
    pub public: &'a [u8],
    /// Most that the answer may cost.
    pub bounty: Amount,
    /// Last height at which an answer is taken.
    pub deadline: Height,
    /// Fuel reserved for the call-back.
    pub callback_fuel: u64,
}

impl Ask<'_> {
    /// The input of `ask_by_name`: the predicate's place is filled by the contract, with what `name` means when it is called.
    ///
    /// # Errors
    /// As [`encode`](Ask::encode); where the name is longer than 255 bytes.
    pub fn encode_by_name(&self, name: &str) -> anyhow::Result<Vec<u8>> {
        let len = u8::try_from(name.len()).context("the name is too long")?;
        let nobody = Ask { predicate: PredicateId([0; 32]), ..*self };
        Ok([&[len], name.as_bytes(), nobody.encode()?.as_slice()].concat())
    }

    /// The request as the contract's input.
    ///
    /// # Errors
    /// Where the public bytes are more than a request may have.
    pub fn encode(&self) -> anyhow::Result<Vec<u8>> {
        let request = Request {
            predicate: self.predicate,
            public: self.public,
            bounty: self.bounty.units(),
            min_stake: 0,
            value_at_risk: 0,
            deadline: self.deadline.0,
            callback_fuel: self.callback_fuel,
            expected: &[],
            attested: false,
            level: Level::Accepted,
        };
        let mut bytes = vec![0; request.encoded_len()];
        request.encode(&mut bytes).ok().context("the request is too long")?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    /// `UPDATE_WASM=1` builds it anew.
    #[test]
    fn the_asker_is_built_from_its_source() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/asker.wasm");
        let built = wat::parse_str(include_str!("../../../data/asker.wat")).expect("a module");
        if std::env::var_os("UPDATE_WASM").is_some() {
            std::fs::write(path, &built).expect("written");
        }
        assert!(built == super::WASM, "after UPDATE_WASM=1, run again");
    }
}
