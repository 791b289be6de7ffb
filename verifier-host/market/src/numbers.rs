//! Governed numbers: a struct of them in one table, with bounds, defaults and an encoding.

use zera_abi::{Amount, Bps};

/// A number that governs something, as it lies on disk.
pub(crate) trait Number: Copy {
    /// Whether it is money.
    const IS_AMOUNT: bool = false;
    fn to_units(self) -> u128;
    fn from_units(units: u128) -> Option<Self>;
}

macro_rules! integers {
    ($($kind:ty),*) => {$(
        impl Number for $kind {
            fn to_units(self) -> u128 {
                u128::from(self)
            }
            fn from_units(units: u128) -> Option<Self> {
                <$kind>::try_from(units).ok()
            }
        }
    )*};
}
integers!(u8, u32, u64);

impl Number for Bps {
    fn to_units(self) -> u128 {
        u128::from(self.get())
    }
    fn from_units(units: u128) -> Option<Self> {
        u16::try_from(units).ok().and_then(Bps::new)
    }
}

impl Number for Amount {
    const IS_AMOUNT: bool = true;
    fn to_units(self) -> u128 {
        self.units()
    }
    fn from_units(units: u128) -> Option<Self> {
        Some(Amount::from_units(units))
    }
}

/// A whole ZRA in units.
pub(crate) const ZRA: u128 = zera_abi::amount::UNITS_PER_ZRA;
/// A thousandth of a ZRA in units.
const MILLI: u128 = 1_000_000;

pub(crate) const fn zra(milli: u128) -> Amount {
    // Constants below; the greatest is 10^9 thousandths, so the product is below 2^60.
    Amount::from_units(milli.saturating_mul(MILLI))
}

pub(crate) const fn bps(bps: u16) -> Bps {
    match Bps::new(bps) {
        Some(bps) => bps,
        None => Bps::ONE,
    }
}

/// `name: kind = standard, local, floor ..= ceiling;` for each number. What goes beyond one number is the struct's own
/// `relations(&self) -> Vec<(bool, &'static str)>`.
macro_rules! numbers {
    (
        $(#[$meta:meta])* $Name:ident, version $version:expr;
        $($(#[$doc:meta])* $name:ident: $kind:ty = $standard:expr, $local:expr, $floor:expr, $ceiling:expr;)*
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $Name { $($(#[$doc])* pub $name: $kind,)* }

        impl $Name {
            const VERSION: u8 = $version;

            /// The defaults of market.md 3.3 and 3.6.
            pub const fn standard() -> $Name {
                $Name { $($name: $standard,)* }
            }

            /// The same logic for blocks of 50 to 100 ms: demonstrations and tests.
            pub const fn local() -> $Name {
                $Name { $($name: $local,)* }
            }

            /// Name, value, floor and ceiling of each number.
            pub fn entries(&self) -> Vec<(&'static str, u128, u128, u128)> {
                vec![$((stringify!($name), $crate::numbers::Number::to_units(self.$name), $floor, $ceiling),)*]
            }

            /// Whether the number of this name is money, in units of 10^-9 ZRA.
            pub fn is_amount(name: &str) -> bool {
                match name {
                    $(stringify!($name) => <$kind as $crate::numbers::Number>::IS_AMOUNT,)*
                    _ => false,
                }
            }

            /// Whether each number is within its bounds and the numbers go together.
            ///
            /// # Errors
            /// [`RulesError`](crate::RulesError) with the first number or relation that does not hold.
            pub fn check(&self) -> Result<(), $crate::rules::RulesError> {
                for (name, value, floor, ceiling) in self.entries() {
                    if value < floor || value > ceiling {
                        return Err($crate::rules::RulesError::Bounds { name, value, floor, ceiling });
                    }
                }
                match self.relations().into_iter().find(|(holds, _)| !holds) {
                    Some((_, what)) => Err($crate::rules::RulesError::Relation { what }),
                    None => Ok(()),
                }
            }

            /// The row on disk: `version u8 | each number u128 LE`, in the order of the fields.
            pub fn encode(&self) -> Vec<u8> {
                let mut bytes = vec![Self::VERSION];
                for (_, value, ..) in self.entries() {
                    bytes.extend_from_slice(&value.to_le_bytes());
                }
                bytes
            }

            /// Reads what `encode` writes and checks it.
            ///
            /// # Errors
            /// [`RulesError`](crate::RulesError).
            pub fn decode(bytes: &[u8]) -> Result<$Name, $crate::rules::RulesError> {
                use $crate::rules::RulesError;
                let expected = $Name::standard().encode().len();
                if bytes.len() != expected {
                    return Err(RulesError::Length { expected, got: bytes.len() });
                }
                let mut reader = zera_abi::wire::Reader::new(bytes);
                let version = reader.u8().unwrap_or(0);
                if version != Self::VERSION {
                    return Err(RulesError::Version { version });
                }
                let read = $Name::read(&mut reader);
                let numbers = read.ok_or(RulesError::Relation { what: "a number does not fit its kind" })?;
                numbers.check()?;
                Ok(numbers)
            }

            fn read(reader: &mut zera_abi::wire::Reader<'_>) -> Option<$Name> {
                Some($Name { $($name: <$kind as $crate::numbers::Number>::from_units(reader.u128().ok()?)?,)* })
            }
        }
    };
}
pub(crate) use numbers;
