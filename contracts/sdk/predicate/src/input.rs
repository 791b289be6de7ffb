//! Inputs: two strings of bytes, and values read from them.

use crate::imports;

/// One of the two inputs. How many bytes it has is fixed when the predicate is compiled to a circuit.
pub trait Source {
    /// Copies the bytes from `offset` on to all of `dst`; out of range of the input is a trap.
    fn copy(offset: usize, dst: &mut [u8]);
}

/// The public input: what the proof is about.
#[derive(Debug)]
pub enum Public {}

/// The private input: what only the provider sees.
#[derive(Debug)]
pub enum Private {}

impl Source for Public {
    #[inline(always)]
    fn copy(offset: usize, dst: &mut [u8]) {
        imports::read_public(dst, offset as u32);
    }
}

impl Source for Private {
    #[inline(always)]
    fn copy(offset: usize, dst: &mut [u8]) {
        imports::read_private(dst, offset as u32);
    }
}

impl Public {
    /// The value at `offset`; out of range of the input is a trap.
    #[inline(always)]
    pub fn at<V: Value>(offset: usize) -> V {
        V::at::<Public>(offset)
    }
}

impl Private {
    /// The value at `offset`; out of range of the input is a trap.
    #[inline(always)]
    pub fn at<V: Value>(offset: usize) -> V {
        V::at::<Private>(offset)
    }
}

/// What has a fixed layout in an input: integers (little-endian), `bool` (a byte, 0 or 1, else a trap), [`Field`](crate::Field),
/// arrays of them, and structs made by [`inputs!`](crate::inputs).
pub trait Value: Copy {
    /// Bytes.
    const SIZE: usize;
    /// All bytes 0.
    const ZERO: Self;

    /// Reads the value at `offset` into its place.
    fn fill<S: Source>(&mut self, offset: usize);

    /// Reads values one after the other.
    #[inline(always)]
    fn fill_all<S: Source>(values: &mut [Self], offset: usize) {
        for (index, value) in values.iter_mut().enumerate() {
            value.fill::<S>(offset + index * Self::SIZE);
        }
    }

    /// The value at `offset`.
    #[inline(always)]
    fn at<S: Source>(offset: usize) -> Self {
        let mut value = Self::ZERO;
        value.fill::<S>(offset);
        value
    }
}

macro_rules! integers {
    ($($ty:ident)*) => {$(
        impl Value for $ty {
            const SIZE: usize = core::mem::size_of::<$ty>();
            const ZERO: $ty = 0;

            #[inline(always)]
            fn fill<S: Source>(&mut self, offset: usize) {
                let mut bytes = [0; Self::SIZE];
                S::copy(offset, &mut bytes);
                *self = $ty::from_le_bytes(bytes);
            }
        }
    )*};
}

integers!(u16 u32 u64 u128 i8 i16 i32 i64 i128);

impl Value for u8 {
    const SIZE: usize = 1;
    const ZERO: u8 = 0;

    #[inline(always)]
    fn fill<S: Source>(&mut self, offset: usize) {
        S::copy(offset, core::slice::from_mut(self));
    }

    #[inline(always)]
    fn fill_all<S: Source>(values: &mut [u8], offset: usize) {
        S::copy(offset, values);
    }
}

impl Value for bool {
    const SIZE: usize = 1;
    const ZERO: bool = false;

    #[inline(always)]
    fn fill<S: Source>(&mut self, offset: usize) {
        let byte = u8::at::<S>(offset);
        crate::assume(byte <= 1);
        *self = byte == 1;
    }
}

impl<V: Value, const N: usize> Value for [V; N] {
    const SIZE: usize = N * V::SIZE;
    const ZERO: [V; N] = [V::ZERO; N];

    #[inline(always)]
    fn fill<S: Source>(&mut self, offset: usize) {
        V::fill_all::<S>(self, offset);
    }
}

/// Nothing, for a predicate that has no public input.
impl Value for () {
    const SIZE: usize = 0;
    const ZERO: () = ();

    #[inline(always)]
    fn fill<S: Source>(&mut self, _: usize) {}
}

/// Structs of inputs: fields in the order written, little-endian, without gaps.
///
/// `inputs! { pub struct Feed { price: u64, weight: u32, tag: [u8; 32] } }` declares the struct and its [`Value`]:
/// `Feed::SIZE` is 44, `Public::at::<Feed>(offset)` reads one, and `[Feed; 3]` is a value again.
#[macro_export]
macro_rules! inputs {
    ($(
        $(#[$about:meta])*
        $visible:vis struct $name:ident { $($(#[$note:meta])* $field_visible:vis $field:ident: $ty:ty),* $(,)? }
    )*) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug)]
        $visible struct $name { $($(#[$note])* $field_visible $field: $ty),* }

        impl $crate::Value for $name {
            const SIZE: usize = 0 $(+ <$ty as $crate::Value>::SIZE)*;
            const ZERO: $name = $name { $($field: <$ty as $crate::Value>::ZERO),* };

            #[inline(always)]
            fn fill<S: $crate::Source>(&mut self, offset: usize) {
                let mut next = offset;
                $(
                    $crate::Value::fill::<S>(&mut self.$field, next);
                    next += <$ty as $crate::Value>::SIZE;
                )*
                debug_assert!(next == offset + <$name as $crate::Value>::SIZE);
            }
        }
    )*};
}
