//! Money. There is no `+`: every sum and difference says what happens when it does not fit.

use core::fmt;
use core::str::FromStr;

/// Units in one ZRA.
pub const UNITS_PER_ZRA: u128 = 1_000_000_000;
/// Decimal places of ZRA.
pub const ZRA_DECIMALS: usize = 9;

/// A sum of money in the smallest unit of ZRA (10^-9 ZRA).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u128);

/// A share in basis points, at most 10,000 (the whole).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bps(u16);

impl Bps {
    /// The whole.
    pub const ONE: Bps = Bps(10_000);

    /// `None` above 10,000.
    pub const fn new(bps: u16) -> Option<Bps> {
        if bps <= 10_000 {
            Some(Bps(bps))
        } else {
            None
        }
    }

    /// The number of basis points.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);
    /// The greatest representable amount; no ledger reaches it.
    pub const MAX: Amount = Amount(u128::MAX);

    /// An amount of `units` smallest units.
    pub const fn from_units(units: u128) -> Amount {
        Amount(units)
    }

    /// `None` where the product does not fit.
    pub fn from_zra(zra: u64) -> Option<Amount> {
        u128::from(zra).checked_mul(UNITS_PER_ZRA).map(Amount)
    }

    /// The number of smallest units.
    pub const fn units(self) -> u128 {
        self.0
    }

    /// Whether this is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or `None` where it does not fit.
    pub const fn checked_add(self, other: Amount) -> Option<Amount> {
        match self.0.checked_add(other.0) {
            Some(units) => Some(Amount(units)),
            None => None,
        }
    }

    /// The difference, or `None` where it would be negative.
    pub const fn checked_sub(self, other: Amount) -> Option<Amount> {
        match self.0.checked_sub(other.0) {
            Some(units) => Some(Amount(units)),
            None => None,
        }
    }

    /// `self * factor`, or `None` where it does not fit.
    pub const fn checked_mul(self, factor: u128) -> Option<Amount> {
        match self.0.checked_mul(factor) {
            Some(units) => Some(Amount(units)),
            None => None,
        }
    }

    /// `floor(self * numerator / denominator)` without intermediate overflow for `numerator <= denominator < 2^64`.
    ///
    /// `None` for a zero denominator, or where the result does not fit.
    pub fn mul_ratio(self, numerator: u64, denominator: u64) -> Option<Amount> {
        let (numerator, denominator) = (u128::from(numerator), u128::from(denominator));
        let whole = self.0.checked_div(denominator)?.checked_mul(numerator)?;
        // The remainder is below 2^64 and so is the numerator: the product fits.
        let rest = self.0.checked_rem(denominator)?.checked_mul(numerator)?.checked_div(denominator)?;
        whole.checked_add(rest).map(Amount)
    }

    /// The share `bps` of this amount, rounded down; never more than the amount, so it always fits.
    pub fn share(self, bps: Bps) -> Amount {
        self.mul_ratio(u64::from(bps.0), 10_000).unwrap_or(Amount::ZERO)
    }

    /// The smaller of the two.
    pub fn min(self, other: Amount) -> Amount {
        Ord::min(self, other)
    }

    /// The greater of the two.
    pub fn max(self, other: Amount) -> Amount {
        Ord::max(self, other)
    }
}

impl fmt::Display for Amount {
    /// In ZRA, without trailing zeros: `1.25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, mut rest) = (self.0 / UNITS_PER_ZRA, self.0 % UNITS_PER_ZRA);
        if rest == 0 {
            return write!(f, "{}", whole);
        }
        let mut places = ZRA_DECIMALS;
        while rest % 10 == 0 {
            rest /= 10;
            places -= 1;
        }
        write!(f, "{}.{:0width$}", whole, rest, width = places)
    }
}

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountError {
    /// Not digits, one optional point and digits.
    Form,
    /// More than nine decimal places.
    Places,
    /// Does not fit 128 bits.
    TooLarge,
}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AmountError::Form => "amount: expected ZRA as digits with an optional point, such as 1.25",
            AmountError::Places => "amount: ZRA has at most nine decimal places",
            AmountError::TooLarge => "amount: does not fit 128 bits",
        })
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    /// Reads what [`Display`](fmt::Display) writes: ZRA with up to nine places.
    fn from_str(text: &str) -> Result<Amount, AmountError> {
        let (whole, places) = match text.split_once('.') {
            Some((whole, places)) if !places.is_empty() => (whole, places),
            Some(_) => return Err(AmountError::Form),
            None => (text, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(places.bytes()).all(|b| b.is_ascii_digit()) {
            return Err(AmountError::Form);
        }
        if places.len() > ZRA_DECIMALS {
            return Err(AmountError::Places);
        }
        let mut units: u128 = 0;
        for digit in
            whole.bytes().chain(places.bytes()).chain(core::iter::repeat(b'0').take(ZRA_DECIMALS - places.len()))
        {
            units = units
                .checked_mul(10)
                .and_then(|u| u.checked_add(u128::from(digit - b'0')))
                .ok_or(AmountError::TooLarge)?;
        }
        Ok(Amount(units))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn text_round_trip() {
        for text in ["0", "1", "1.25", "0.000000001", "340282366920938463463374607431.768211455"] {
            assert_eq!(text.parse::<Amount>().map(|a| a.to_string()), Ok(text.to_string()));
        }
        assert_eq!("340282366920938463463374607431.768211456".parse::<Amount>(), Err(AmountError::TooLarge));
        assert_eq!("1.".parse::<Amount>(), Err(AmountError::Form));
        assert_eq!("-1".parse::<Amount>(), Err(AmountError::Form));
        assert_eq!("1.0000000001".parse::<Amount>(), Err(AmountError::Places));
    }

    #[test]
    fn a_share_never_overflows_and_never_exceeds() {
        let half = Bps::new(5_000).unwrap_or(Bps::ONE);
        assert_eq!(Amount::MAX.share(half), Amount(u128::MAX / 2));
        assert_eq!(Amount::MAX.share(Bps::ONE), Amount::MAX);
        assert_eq!(Amount(3).share(half), Amount(1));
        assert_eq!(Bps::new(10_001), None);
    }
}
