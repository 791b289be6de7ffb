//! Time is counted in blocks: a height names a block, a distance separates two.

use core::fmt;

/// The height of a block; genesis is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Height(pub u64);

/// A distance in blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Blocks(pub u64);

impl Height {
    /// The height `distance` later, or `None` where it does not fit.
    pub const fn checked_add(self, distance: Blocks) -> Option<Height> {
        match self.0.checked_add(distance.0) {
            Some(height) => Some(Height(height)),
            None => None,
        }
    }

    /// The height `distance` earlier, or `None` before genesis.
    pub const fn checked_sub(self, distance: Blocks) -> Option<Height> {
        match self.0.checked_sub(distance.0) {
            Some(height) => Some(Height(height)),
            None => None,
        }
    }

    /// The distance from `earlier` to here; zero where `earlier` is later.
    pub const fn since(self, earlier: Height) -> Blocks {
        Blocks(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
