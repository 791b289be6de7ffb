//! Where a chain starts. The hash of it is the chain's id.

use sha2::{Digest, Sha256};
use zera_abi::{AccountId, Amount, Blocks, ChainId};
use zera_market::{Rules, Schedule};

use crate::codec::Field;

/// Everything that two nodes must agree on before the first block.
#[derive(Clone, Debug, PartialEq)]
pub struct Genesis {
    /// The network's name.
    pub name: String,
    /// Whether keys of public set-ups are taken. On any other network a development key is refused.
    pub development: bool,
    /// The market's rules.
    pub rules: Rules,
    /// How rules are voted on.
    pub voting: Schedule,
    /// Units of ZRA for one unit of fuel.
    pub fuel_price: u64,
    /// Blocks between a key's registration and its first use.
    pub key_activation: Blocks,
    /// Blocks between repointing a name and its effect.
    pub name_timelock: Blocks,
    /// First balances.
    pub accounts: Vec<(AccountId, Amount)>,
}

impl Genesis {
    /// SHA-256 of `"zera/genesis/v1"` and every field.
    pub fn chain_id(&self) -> ChainId {
        let mut bytes = b"zera/genesis/v1".to_vec();
        self.name.put(&mut bytes);
        self.development.put(&mut bytes);
        self.rules.encode().put(&mut bytes);
        self.voting.encode().put(&mut bytes);
        self.fuel_price.put(&mut bytes);
        self.key_activation.0.put(&mut bytes);
        self.name_timelock.0.put(&mut bytes);
        for account in &self.accounts {
            account.put(&mut bytes);
        }
        ChainId(Sha256::digest(bytes).into())
    }
}
