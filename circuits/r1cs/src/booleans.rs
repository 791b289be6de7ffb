//! Which wires are known to be 0 or 1.

/// A bitmap over the wires. A hint for provers (values of 0 and 1 need no multiplication) and for the certificate's
/// checker; nothing sound may rest on it alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booleans {
    wires: u32,
    /// Wire `w` is bit `w % 8` of byte `w / 8`; bits past the last wire are 0.
    bits: Vec<u8>,
}

impl Booleans {
    /// No wire of `wires` is known to be boolean.
    pub fn new(wires: u32) -> Booleans {
        Booleans { wires, bits: vec![0; (wires as usize).div_ceil(8)] }
    }

    /// From the bytes of a bitmap; `None` where their number is wrong or a bit past the last wire is set.
    pub fn from_bytes(wires: u32, bytes: &[u8]) -> Option<Booleans> {
        if bytes.len() != (wires as usize).div_ceil(8) {
            return None;
        }
        let used = wires % 8;
        let spare = if used == 0 { 0 } else { bytes.last()? >> used };
        (spare == 0).then(|| Booleans { wires, bits: bytes.to_vec() })
    }

    /// The bytes: `ceil(wires / 8)`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bits
    }

    /// Number of wires, boolean or not.
    pub fn wires(&self) -> u32 {
        self.wires
    }

    /// Marks a wire as boolean.
    ///
    /// # Panics
    /// Where there is no such wire.
    pub fn set(&mut self, wire: u32) {
        assert!(wire < self.wires, "wire {wire} of {}", self.wires);
        self.bits[wire as usize / 8] |= 1 << (wire % 8);
    }

    /// Whether a wire is marked; `false` where there is no such wire.
    pub fn contains(&self, wire: u32) -> bool {
        self.bits.get(wire as usize / 8).is_some_and(|byte| byte >> (wire % 8) & 1 == 1)
    }

    /// Number of wires marked.
    pub fn count(&self) -> usize {
        self.bits.iter().map(|byte| byte.count_ones() as usize).sum()
    }
}
