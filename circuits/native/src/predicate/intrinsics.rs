//! What a predicate may ask of its host beyond reading input: a port, so that the native run names no hash and no curve.

/// A number below the order r of BN254's scalar field, 32 bytes little-endian.
pub type Cell = [u8; 32];

/// The intrinsics of the ABI on byte slices.
///
/// Every method is a function of its arguments alone: two runs of a predicate agree only where these do. `None` is a trap:
/// an operand that is no canonical cell, or one that the function is not defined for. The caller has bounded every length.
pub trait Intrinsics {
    /// SHA-256.
    fn sha256(&self, bytes: &[u8]) -> [u8; 32];
    /// Ethereum's Keccak-256.
    fn keccak256(&self, bytes: &[u8]) -> [u8; 32];
    /// Poseidon with circomlib's parameters, of 1 to 16 cells.
    fn poseidon(&self, cells: &[Cell]) -> Option<Cell>;
    /// The root over `leaf`: a node is `poseidon(left, right)`, and bit i of `index` is 1 where the node of level i is a
    /// right child. At most 32 siblings; `index` is below `2^siblings.len()`.
    fn merkle_root(&self, leaf: &Cell, siblings: &[Cell], index: u64) -> Option<Cell>;
    /// circomlib's `EdDSAPoseidonVerifier`: key `Ax, Ay`; signature `R8x, R8y, S`. `Some(false)` for points off the curve
    /// and for `S` not below the order of the subgroup.
    fn eddsa_verify(&self, key: &[Cell; 2], signature: &[Cell; 3], message: &Cell) -> Option<bool>;
    /// `a + b`.
    fn field_add(&self, a: &Cell, b: &Cell) -> Option<Cell>;
    /// `a - b`.
    fn field_sub(&self, a: &Cell, b: &Cell) -> Option<Cell>;
    /// `a * b`.
    fn field_mul(&self, a: &Cell, b: &Cell) -> Option<Cell>;
    /// `1 / a`; `None` for 0.
    fn field_inv(&self, a: &Cell) -> Option<Cell>;
    /// `a == b`.
    fn field_eq(&self, a: &Cell, b: &Cell) -> Option<bool>;
}

/// The prime of [`ToyIntrinsics`]' field: `2^31 - 1`.
pub const TOY_PRIME: u64 = (1 << 31) - 1;

/// A test double: deterministic, of the same shape, and none of the functions that it stands for.
///
/// Its cells are numbers below [`TOY_PRIME`], its hashes are FNV-1a, a node is `3 * left + 5 * right + 7`, and a signature
/// verifies where `Ax + R8x + message = S`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ToyIntrinsics;

impl ToyIntrinsics {
    /// The cell of a number; reduced.
    pub fn cell(value: u64) -> Cell {
        let mut cell = [0; 32];
        cell[..8].copy_from_slice(&(value % TOY_PRIME).to_le_bytes());
        cell
    }

    /// The number of a cell; `None` where it is not canonical.
    pub fn value(cell: &Cell) -> Option<u64> {
        let (low, high) = cell.split_first_chunk::<8>()?;
        let value = u64::from_le_bytes(*low);
        (value < TOY_PRIME && high.iter().all(|byte| *byte == 0)).then_some(value)
    }

    fn hash(seed: u8, bytes: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        for (lane, chunk) in (0u8..).zip(out.chunks_exact_mut(8)) {
            let mut state = 0xcbf2_9ce4_8422_2325_u64;
            for byte in [seed, lane].iter().chain(bytes) {
                state = (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
            chunk.copy_from_slice(&state.to_le_bytes());
        }
        out
    }

    fn pair(a: &Cell, b: &Cell) -> Option<(u64, u64)> {
        Some((Self::value(a)?, Self::value(b)?))
    }
}

impl Intrinsics for ToyIntrinsics {
    fn sha256(&self, bytes: &[u8]) -> [u8; 32] {
        Self::hash(1, bytes)
    }

    fn keccak256(&self, bytes: &[u8]) -> [u8; 32] {
        Self::hash(2, bytes)
    }

    fn poseidon(&self, cells: &[Cell]) -> Option<Cell> {
        let fold = |sum: u64, cell| Some((sum * 31 + Self::value(cell)? + 1) % TOY_PRIME);
        Some(Self::cell(cells.iter().try_fold(0, fold)?))
    }

    fn merkle_root(&self, leaf: &Cell, siblings: &[Cell], index: u64) -> Option<Cell> {
        let mut node = Self::value(leaf)?;
        for (level, sibling) in siblings.iter().enumerate() {
            let sibling = Self::value(sibling)?;
            let (left, right) = if index >> level & 1 == 1 { (sibling, node) } else { (node, sibling) };
            node = (3 * left + 5 * right + 7) % TOY_PRIME;
        }
        Some(Self::cell(node))
    }

    fn eddsa_verify(&self, key: &[Cell; 2], signature: &[Cell; 3], message: &Cell) -> Option<bool> {
        let ([ax, ay], [r8x, r8y, s]) = (key.map(|cell| Self::value(&cell)), signature.map(|cell| Self::value(&cell)));
        // Every operand is canonical, those that the sum leaves out as well.
        ay.and(r8y)?;
        Some((ax? + r8x? + Self::value(message)?) % TOY_PRIME == s?)
    }

    fn field_add(&self, a: &Cell, b: &Cell) -> Option<Cell> {
        Self::pair(a, b).map(|(a, b)| Self::cell(a + b))
    }

    fn field_sub(&self, a: &Cell, b: &Cell) -> Option<Cell> {
        Self::pair(a, b).map(|(a, b)| Self::cell(a + TOY_PRIME - b))
    }

    fn field_mul(&self, a: &Cell, b: &Cell) -> Option<Cell> {
        Self::pair(a, b).map(|(a, b)| Self::cell(a * b))
    }

    fn field_inv(&self, a: &Cell) -> Option<Cell> {
        let mut base = Self::value(a).filter(|value| *value != 0)?;
        let (mut power, mut inverse) = (TOY_PRIME - 2, 1);
        while power > 0 {
            if power & 1 == 1 {
                inverse = inverse * base % TOY_PRIME;
            }
            base = base * base % TOY_PRIME;
            power >>= 1;
        }
        Some(Self::cell(inverse))
    }

    fn field_eq(&self, a: &Cell, b: &Cell) -> Option<bool> {
        Self::pair(a, b).map(|(a, b)| a == b)
    }
}
