//! One key and a node: nonces, signatures, and transactions that land once.
//!
//! One transaction of a wallet is under way at a time: its nonce is spent, or known to be free again, before the next is
//! signed. A transaction without an answer is sent again as it is, and what became of it is read from the chain; it is
//! given up only when it can be in no block any more, by its expiry or its nonce.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use tokio::sync::{Mutex, MutexGuard, OnceCell};
use zera_abi::{AccountId, ChainId, Height};
use zera_host::{Action, SignedTx, Tx};

use crate::error::{ClientError, WalletError};
use crate::market::MarketClient;
use crate::view::{TxResult, TxState};

/// How a wallet waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Blocks until a transaction expires, from when it is signed.
    pub expiry_blocks: u64,
    /// How long to wait for a block before a transaction is sent again.
    pub resend_after: Duration,
    /// Pause after a failed request; doubles up to `pause_max`.
    pub pause: Duration,
    /// Longest pause.
    pub pause_max: Duration,
    /// When to give up on an answer, if ever. The transaction may land all the same.
    pub give_up_after: Option<Duration>,
}

impl Patience {
    /// For a local network: blocks of 20 ms to a few seconds.
    pub const fn local() -> Patience {
        Patience {
            expiry_blocks: 100,
            resend_after: Duration::from_secs(3),
            pause: Duration::from_millis(50),
            pause_max: Duration::from_secs(2),
            give_up_after: Some(Duration::from_secs(60)),
        }
    }
}

/// What the chain says of a transaction.
enum Verdict {
    Landed(TxResult),
    Dead(WalletError),
    Alive,
}

/// Called when a transaction is sent once more, with how often it was.
type OnResend = Box<dyn Fn(&SignedTx, u32) + Send + Sync>;

/// A key and the node that it works through.
pub struct Wallet<C> {
    key: SigningKey,
    client: Arc<C>,
    patience: Patience,
    chain: OnceCell<ChainId>,
    turn: Mutex<()>,
    on_resend: Option<OnResend>,
}

impl<C: MarketClient> Wallet<C> {
    /// A wallet for the chain that the node is on when it first signs.
    pub fn new(key: SigningKey, client: Arc<C>, patience: Patience) -> Wallet<C> {
        Wallet { key, client, patience, chain: OnceCell::new(), turn: Mutex::new(()), on_resend: None }
    }

    /// Signs for this chain alone, also where the node is on another by the time of the first transaction.
    #[must_use]
    pub fn on_chain(self, chain: ChainId) -> Wallet<C> {
        Wallet { chain: OnceCell::new_with(Some(chain)), ..self }
    }

    /// With a call whenever a transaction is sent again.
    #[must_use]
    pub fn with_on_resend(self, call: impl Fn(&SignedTx, u32) + Send + Sync + 'static) -> Wallet<C> {
        Wallet { on_resend: Some(Box::new(call)), ..self }
    }

    /// The account: the public key.
    pub fn account(&self) -> AccountId {
        AccountId(self.key.verifying_key().to_bytes())
    }

    /// The node.
    pub fn client(&self) -> &Arc<C> {
        &self.client
    }

    /// Signs, sends and waits for the block.
    ///
    /// # Errors
    /// [`WalletError`]. A transaction that the rules refuse is no error: its result says so.
    pub async fn send(&self, action: Action, fuel_limit: u64) -> Result<TxResult, WalletError> {
        let turn = self.turn().await;
        let tx = turn.sign(action, fuel_limit, None).await?;
        turn.deliver(&tx).await
    }

    /// Waits until no other transaction of this wallet is under way.
    pub async fn turn(&self) -> Turn<'_, C> {
        Turn { wallet: self, _alone: self.turn.lock().await }
    }
}

/// The sole right to sign and send. What is signed under it must be delivered, or found dead, before it is dropped: else the
/// next transaction takes the same nonce, and one of the two is superseded.
pub struct Turn<'a, C> {
    wallet: &'a Wallet<C>,
    _alone: MutexGuard<'a, ()>,
}

impl<C: MarketClient> Turn<'_, C> {
    /// Signs with the account's next nonce; nothing is sent. Expires after the wallet's blocks, at `last` at the latest.
    ///
    /// # Errors
    /// [`WalletError::Client`], [`WalletError::OtherChain`].
    pub async fn sign(&self, action: Action, fuel_limit: u64, last: Option<Height>) -> Result<SignedTx, WalletError> {
        let Wallet { key, client, patience, chain, .. } = self.wallet;
        let status = client.status().await?;
        let expected = *chain.get_or_init(|| async { status.chain_id }).await;
        if status.chain_id != expected {
            return Err(WalletError::OtherChain { expected, found: status.chain_id });
        }
        let sender = self.wallet.account();
        let nonce = client.account(&sender).await?.nonce;
        let expiry =
            Height(status.height.0.saturating_add(patience.expiry_blocks)).min(last.unwrap_or(Height(u64::MAX)));
        let tx = Tx { chain: expected, sender, nonce, expiry, fuel_limit, action };
        Ok(tx.sign(key).expect("the sender is the key's own account"))
    }

    /// Sends until it is in a block or can be in none. Idempotent, and the way to go on with a transaction of before a
    /// restart.
    ///
    /// # Errors
    /// [`WalletError`]: after [`Refused`](WalletError::Refused), [`Expired`](WalletError::Expired) and
    /// [`Superseded`](WalletError::Superseded) it is in no block and never will be. Without a limit to the wallet's
    /// patience nothing else is returned, however the node answers.
    pub async fn deliver(&self, tx: &SignedTx) -> Result<TxResult, WalletError> {
        let Wallet { client, patience, on_resend, .. } = self.wallet;
        let (hash, start) = (tx.hash(), Instant::now());
        let mut pause = patience.pause;
        let mut sent: u32 = 0;
        loop {
            if sent > 0
                && let Some(call) = on_resend
            {
                call(tx, sent);
            }
            let admitted = client.submit_tx(tx).await;
            sent = sent.saturating_add(1);
            let (state, refusal) = match admitted {
                Ok(()) => (client.wait_tx(&hash, patience.resend_after).await, None),
                // Perhaps refused, perhaps landed before and refused as a duplicate: the chain knows.
                Err(ClientError::Api { status, message, .. }) if status != 429 && status < 500 => {
                    (client.tx(&hash).await, Some(message))
                }
                // Nobody knows whether it arrived: ask the chain before doing anything else.
                Err(_) => (client.tx(&hash).await, None),
            };
            let error = match (state, refusal) {
                (Ok(TxState::Included(result)), _) => return Ok(result),
                (Ok(TxState::Rejected { reason }), _) | (Ok(TxState::Unknown), Some(reason)) => {
                    match self.verdict(tx).await {
                        Ok(Verdict::Landed(result)) => return Ok(result),
                        Ok(Verdict::Dead(dead)) => return Err(dead),
                        Ok(Verdict::Alive) => return Err(WalletError::Refused { hash, reason }),
                        Err(error) => Some(error),
                    }
                }
                (Ok(state @ (TxState::Pending | TxState::Unknown)), _) => match self.verdict(tx).await {
                    Ok(Verdict::Landed(result)) => return Ok(result),
                    Ok(Verdict::Dead(dead)) => return Err(dead),
                    Ok(Verdict::Alive) => {
                        if state == TxState::Pending {
                            pause = patience.pause;
                        }
                        None
                    }
                    Err(error) => Some(error),
                },
                (Err(error), _) => Some(error),
            };
            let waited = start.elapsed();
            if patience.give_up_after.is_some_and(|most| waited >= most) {
                let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
                return Err(match error {
                    Some(error) => error.into(),
                    None => WalletError::Unsettled { hash, waited_ms, expiry: tx.tx().expiry },
                });
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(patience.pause_max);
        }
    }

    /// Whether it has landed, still may, or never will.
    async fn verdict(&self, tx: &SignedTx) -> Result<Verdict, ClientError> {
        let dead = self.dead(tx).await?;
        // After the reason, so that what landed between the two questions is seen.
        Ok(match (self.wallet.client.tx(&tx.hash()).await?, dead) {
            (TxState::Included(result), _) => Verdict::Landed(result),
            (_, Some(dead)) => Verdict::Dead(dead),
            _ => Verdict::Alive,
        })
    }

    /// Why it can be in no block any more, if so. To be believed only where it is in none afterwards.
    async fn dead(&self, tx: &SignedTx) -> Result<Option<WalletError>, ClientError> {
        let client = &self.wallet.client;
        let (hash, nonce, expiry) = (tx.hash(), tx.tx().nonce, tx.tx().expiry);
        if client.account(&tx.tx().sender).await?.nonce > nonce {
            return Ok(Some(WalletError::Superseded { hash, nonce }));
        }
        if client.status().await?.height >= expiry {
            return Ok(Some(WalletError::Expired { hash, expiry }));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
