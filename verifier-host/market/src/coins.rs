//! Money between two buckets.

use zera_abi::Amount;

/// Money that has left one bucket and has to enter another. Neither `Copy` nor `Clone`: what is taken is put once.
#[must_use]
#[derive(Debug)]
pub(crate) struct Coins(Amount);

impl Coins {
    /// Takes `amount` out of `bucket`, `None` where it holds less; then nothing is taken.
    pub(crate) fn take(bucket: &mut Amount, amount: Amount) -> Option<Coins> {
        *bucket = bucket.checked_sub(amount)?;
        Some(Coins(amount))
    }

    /// New money: only minting makes it.
    pub(crate) fn mint(amount: Amount) -> Coins {
        Coins(amount)
    }

    /// Puts all of it into `bucket`.
    ///
    /// # Panics
    /// Where the sum does not fit: impossible while no bucket exceeds what was minted.
    pub(crate) fn put(self, bucket: &mut Amount) {
        let sum = bucket.checked_add(self.0);
        assert!(sum.is_some(), "a bucket exceeds what was minted");
        *bucket = sum.unwrap_or(*bucket);
    }

    /// Moves `amount`, at most what is here, into a purse of its own.
    pub(crate) fn split(&mut self, amount: Amount) -> Coins {
        let part = self.0.min(amount);
        self.0 = self.0.checked_sub(part).unwrap_or(Amount::ZERO);
        Coins(part)
    }

    /// How much it is.
    pub(crate) fn amount(&self) -> Amount {
        self.0
    }
}
