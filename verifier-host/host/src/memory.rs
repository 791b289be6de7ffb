//! Guest memory as the host sees it: a range is checked once, before anything is copied, and then it is a value.

use std::ops::Range;

use crate::world::NodeFault;

/// Why a host function does not return to the guest.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Exit {
    /// The price exceeds the fuel that is left.
    #[error("out of fuel")]
    OutOfFuel,
    /// A range outside memory.
    #[error("range outside guest memory")]
    Memory,
    /// Bytes or numbers that the function's contract excludes.
    #[error("host function misused: {0}")]
    Abi(&'static str),
    /// The guest's own `abort`, with the fuel that was left inside it.
    #[error("abort {code}: {message}")]
    Abort { code: i32, message: String, fuel_left: u64 },
    /// The node failed.
    #[error(transparent)]
    Fault(#[from] NodeFault),
}

/// A range that lies inside a guest's memory. Memory never shrinks, so it stays inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GuestRange(Range<usize>);

impl GuestRange {
    /// The range of `len` bytes at `pointer`, both as the guest's unsigned 32-bit numbers.
    ///
    /// # Errors
    /// [`Exit::Memory`] where its end does not fit 32 bits or lies beyond `size`.
    pub(crate) fn new(pointer: u32, len: u32, size: usize) -> Result<GuestRange, Exit> {
        let end = pointer.checked_add(len).ok_or(Exit::Memory)?;
        let (start, end) = (index(pointer)?, index(end)?);
        if end > size {
            return Err(Exit::Memory);
        }
        Ok(GuestRange(start..end))
    }

    /// Bytes of the range.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The bytes of the range.
    pub(crate) fn of<'m>(&self, memory: &'m [u8]) -> Result<&'m [u8], Exit> {
        memory.get(self.0.clone()).ok_or(Exit::Memory)
    }

    /// Writes `bytes` to the front of the range.
    ///
    /// # Errors
    /// [`Exit::Memory`] where they are more than the range holds; nothing is written then.
    pub(crate) fn put(&self, memory: &mut [u8], bytes: &[u8]) -> Result<(), Exit> {
        let range = memory.get_mut(self.0.clone()).ok_or(Exit::Memory)?;
        range.get_mut(..bytes.len()).ok_or(Exit::Memory)?.copy_from_slice(bytes);
        Ok(())
    }
}

fn index(offset: u32) -> Result<usize, Exit> {
    usize::try_from(offset).map_err(|_| Exit::Memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_ends_inside_memory_or_is_none() {
        assert!(GuestRange::new(0, 0, 0).is_ok());
        assert!(GuestRange::new(65_535, 1, 65_536).is_ok());
        assert!(GuestRange::new(65_536, 0, 65_536).is_ok());
        for (pointer, len) in [(65_535, 2), (65_537, 0), (0, 65_537), (0xffff_fff0, 32), (u32::MAX, u32::MAX)] {
            assert!(matches!(GuestRange::new(pointer, len, 65_536), Err(Exit::Memory)), "{pointer:#x} + {len}");
        }
    }

    #[test]
    fn a_write_that_does_not_fit_writes_nothing() {
        let mut memory = [0u8; 8];
        let range = GuestRange::new(4, 2, 8).unwrap();
        assert!(matches!(range.put(&mut memory, &[1, 2, 3]), Err(Exit::Memory)));
        assert_eq!(memory, [0; 8]);
        range.put(&mut memory, &[1]).unwrap();
        assert_eq!(memory, [0, 0, 0, 0, 1, 0, 0, 0]);
        assert_eq!(range.of(&memory).unwrap(), [1, 0]);
    }
}
