//! Values that are held, or lie in bytes that somebody else holds.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, Range};
use std::sync::Arc;

use bytemuck::Pod;

use crate::error::FormError;

/// Part of bytes that somebody else holds: of a memory map, say. [`AsRef`] gives the same bytes each time.
#[derive(Clone)]
pub struct Slice {
    bytes: Arc<dyn AsRef<[u8]> + Send + Sync>,
    range: Range<usize>,
}

impl Slice {
    /// All of the bytes.
    pub fn new(bytes: Arc<dyn AsRef<[u8]> + Send + Sync>) -> Slice {
        let range = 0..(*bytes).as_ref().len();
        Slice { bytes, range }
    }

    /// A part of this part; `None` where it is not in there.
    pub fn part(&self, range: Range<usize>) -> Option<Slice> {
        self.get(range.clone())?;
        let start = self.range.start;
        Some(Slice { bytes: Arc::clone(&self.bytes), range: start + range.start..start + range.end })
    }
}

impl Deref for Slice {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &(*self.bytes).as_ref()[self.range.clone()]
    }
}

/// Says how many bytes; they would fill pages.
impl fmt::Debug for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slice").field(&self.range).finish()
    }
}

/// A list of values, held or seen in a [`Slice`].
#[derive(Clone, Debug)]
pub struct Store<T>(Place<T>);

#[derive(Clone, Debug)]
enum Place<T> {
    Held(Vec<T>),
    Seen(Slice, PhantomData<T>),
}

impl<T: Pod> Store<T> {
    /// The values that these bytes are, in this machine's order.
    ///
    /// # Errors
    /// [`FormError::Bytes`].
    pub fn seen(bytes: Slice) -> Result<Store<T>, FormError> {
        let fits = bytemuck::try_cast_slice::<u8, T>(&bytes).is_ok();
        let (size, align) = (size_of::<T>(), align_of::<T>());
        if !fits {
            return Err(FormError::Bytes { offset: bytes.range.start, len: bytes.len(), size, align });
        }
        Ok(Store(Place::Seen(bytes, PhantomData)))
    }

    /// The bytes that the values are.
    pub fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(self)
    }
}

impl<T> From<Vec<T>> for Store<T> {
    fn from(values: Vec<T>) -> Store<T> {
        Store(Place::Held(values))
    }
}

impl<T: Pod> Deref for Store<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        match &self.0 {
            Place::Held(values) => values,
            Place::Seen(bytes, _) => bytemuck::cast_slice(bytes),
        }
    }
}

impl<T: Pod + PartialEq> PartialEq for Store<T> {
    fn eq(&self, other: &Store<T>) -> bool {
        **self == **other
    }
}

impl<T: Pod + Eq> Eq for Store<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_seen_where_they_fit() {
        let words: Vec<u64> = (0..9).collect();
        let held = Store::from(words.clone());
        let bytes = Slice::new(Arc::new(Words(words)));
        assert_eq!(Store::<u64>::seen(bytes.clone()).unwrap(), held);
        assert_eq!(held.bytes(), &*bytes);
        let tail = bytes.part(8..24).unwrap();
        assert_eq!(*Store::<u64>::seen(tail.clone()).unwrap(), [1, 2]);
        assert_eq!(*Store::<u64>::seen(tail.part(8..16).unwrap()).unwrap(), [2]);
        for range in [0..7, 1..9, 4..12] {
            let refused = Store::<u64>::seen(bytes.part(range.clone()).unwrap()).unwrap_err();
            let (offset, len) = (range.start, range.len());
            assert_eq!(refused, FormError::Bytes { offset, len, size: 8, align: 8 });
        }
        assert!(bytes.part(65..73).is_none() && tail.part(8..17).is_none());
    }

    struct Words(Vec<u64>);

    impl AsRef<[u8]> for Words {
        fn as_ref(&self) -> &[u8] {
            bytemuck::cast_slice(&self.0)
        }
    }
}
