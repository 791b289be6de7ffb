//! Bytes of rows, events and receipts: each field type is written and read in one way, little-endian, lengths first.

use zera_abi::wire::{Reader, WireError};
use zera_abi::{AccountId, Amount, ChainId, CodeHash, Height, KeyId, Outcome, PredicateId, TaskId, TxHash};

/// A value with one byte encoding.
pub trait Field: Sized {
    /// Appends the encoding.
    fn put(&self, out: &mut Vec<u8>);

    /// Reads the encoding from the front.
    ///
    /// # Errors
    /// [`WireError`] where the bytes are not an encoding.
    fn take(from: &mut Reader<'_>) -> Result<Self, WireError>;

    /// The encoding.
    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.put(&mut out);
        out
    }

    /// Reads an encoding that fills `bytes` exactly.
    ///
    /// # Errors
    /// [`WireError`] where the bytes are not an encoding, or some are left over.
    fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(bytes);
        let value = Self::take(&mut reader)?;
        reader.end()?;
        Ok(value)
    }
}

macro_rules! integers {
    ($($int:ident)*) => {$(
        impl Field for $int {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn take(from: &mut Reader<'_>) -> Result<$int, WireError> {
                from.array().map($int::from_le_bytes)
            }
        }
    )*};
}
integers!(u8 u16 u32 u64 u128 i32);

macro_rules! ids {
    ($($id:ident)*) => {$(
        impl Field for $id {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(self.as_bytes());
            }
            fn take(from: &mut Reader<'_>) -> Result<$id, WireError> {
                from.array().map($id)
            }
        }
    )*};
}
ids!(AccountId ChainId CodeHash KeyId PredicateId TaskId TxHash);

impl<const N: usize> Field for [u8; N] {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
    fn take(from: &mut Reader<'_>) -> Result<[u8; N], WireError> {
        from.array()
    }
}

impl Field for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn take(from: &mut Reader<'_>) -> Result<bool, WireError> {
        match from.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(WireError::Flags),
        }
    }
}

impl Field for Amount {
    fn put(&self, out: &mut Vec<u8>) {
        self.units().put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Amount, WireError> {
        u128::take(from).map(Amount::from_units)
    }
}

impl Field for Height {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Height, WireError> {
        u64::take(from).map(Height)
    }
}

impl Field for Outcome {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(self.code());
    }
    fn take(from: &mut Reader<'_>) -> Result<Outcome, WireError> {
        Outcome::from_code(from.u8()?).ok_or(WireError::Outcome)
    }
}

/// Bytes behind a u32 length.
impl Field for Vec<u8> {
    fn put(&self, out: &mut Vec<u8>) {
        // No field of this project reaches 4 GiB; a longer one would be cut here and refused by its reader.
        u32::try_from(self.len()).unwrap_or(u32::MAX).put(out);
        out.extend_from_slice(self);
    }
    fn take(from: &mut Reader<'_>) -> Result<Vec<u8>, WireError> {
        let len = usize::try_from(from.u32()?).map_err(|_| WireError::Length)?;
        from.take(len).map(<[u8]>::to_vec)
    }
}

/// UTF-8 behind a u32 length.
impl Field for String {
    fn put(&self, out: &mut Vec<u8>) {
        u32::try_from(self.len()).unwrap_or(u32::MAX).put(out);
        out.extend_from_slice(self.as_bytes());
    }
    fn take(from: &mut Reader<'_>) -> Result<String, WireError> {
        String::from_utf8(Vec::<u8>::take(from)?).map_err(|_| WireError::Flags)
    }
}

/// A byte 0 or 1, then the value.
impl<T: Field> Field for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }
    fn take(from: &mut Reader<'_>) -> Result<Option<T>, WireError> {
        Ok(if bool::take(from)? { Some(T::take(from)?) } else { None })
    }
}

/// Up to 255 values of 32 bytes behind a u8 count.
impl Field for Vec<[u8; 32]> {
    fn put(&self, out: &mut Vec<u8>) {
        put_list(self, out);
    }
    fn take(from: &mut Reader<'_>) -> Result<Vec<[u8; 32]>, WireError> {
        take_list(from)
    }
}

impl<A: Field, B: Field> Field for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }
    fn take(from: &mut Reader<'_>) -> Result<(A, B), WireError> {
        Ok((A::take(from)?, B::take(from)?))
    }
}

/// Up to 255 items behind a u8 count.
pub(crate) fn put_list<T: Field>(items: &[T], out: &mut Vec<u8>) {
    u8::try_from(items.len()).unwrap_or(u8::MAX).put(out);
    for item in items {
        item.put(out);
    }
}

/// Reads what [`put_list`] writes.
pub(crate) fn take_list<T: Field>(from: &mut Reader<'_>) -> Result<Vec<T>, WireError> {
    let count = from.u8()?;
    (0..count).map(|_| T::take(from)).collect()
}

macro_rules! record {
    ($(#[$doc:meta])* $vis:vis struct $name:ident { $($(#[$fdoc:meta])* $field:ident : $ty:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        $vis struct $name { $($(#[$fdoc])* pub $field: $ty,)* }

        impl $crate::codec::Field for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }
            fn take(from: &mut zera_abi::wire::Reader<'_>) -> Result<$name, zera_abi::wire::WireError> {
                Ok($name { $($field: <$ty as $crate::codec::Field>::take(from)?,)* })
            }
        }
    };
}
pub(crate) use record;
