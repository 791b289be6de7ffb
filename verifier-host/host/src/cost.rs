//! What things cost in fuel. One fuel is nominally one nanosecond on the reference machine.
//!
//! A schedule is data with a version: it is selected by block height and used again on replay, so a number here changes
//! only together with a new version. Prices are paid before the work, on the size that was given, at the cold-cache price,
//! and a wrong input costs what a right one costs.

use sha2::{Digest, Sha256};
use zera_abi::wire::STATEMENT_INPUTS;

macro_rules! schedule {
    ($(#[$doc:meta])* pub struct $name:ident { $($(#[$field_doc:meta])* pub $field:ident: $ty:ty,)* }) => {
        $(#[$doc])*
        pub struct $name { $($(#[$field_doc])* pub $field: $ty,)* }

        impl $name {
            /// Every field by its name, in the order of declaration: the schedule as data.
            pub fn entries(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($field), u64::from(self.$field)),)*]
            }
        }
    };
}

schedule! {
/// Prices of a protocol version. Every product and sum saturates: a price that does not fit is one that nobody can pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostSchedule {
    /// Number of this schedule.
    pub version: u32,
    /// Most fuel of one call; the depth rule of [`validate`](crate::validate) is computed from it.
    pub call_fuel_max: u64,
    /// Flat price of a transaction.
    pub tx_floor: u64,
    /// Price of a byte of a signed transaction.
    pub tx_byte: u64,
    /// Price of a host call by itself.
    pub host_call: u64,
    /// Price of starting a call: its thread, its instance, its links; a call-back pays it too.
    pub call_start: u64,
    /// Price of touching one range of guest memory.
    pub memory_base: u64,
    /// Price of a byte copied in or out.
    pub memory_byte: u64,
    /// Price of a page (64 KiB) of the declared maximum of memory, paid when a call starts.
    pub memory_page: u64,
    /// Price of reading a row of state.
    pub storage_get: u64,
    /// Price of a byte read.
    pub storage_get_byte: u64,
    /// Price of writing a row of state.
    pub storage_set: u64,
    /// Price of a byte written.
    pub storage_set_byte: u64,
    /// Price of removing a row of state.
    pub storage_remove: u64,
    /// Price of an event.
    pub event: u64,
    /// Price of a byte of an event.
    pub event_byte: u64,
    /// Price of a SHA-256.
    pub sha256: u64,
    /// Price of a byte hashed by SHA-256.
    pub sha256_byte: u64,
    /// Price of one Poseidon permutation, width at most 17.
    pub poseidon: u64,
    /// Price of opening a task, beside its bytes and its input root: six rows are written.
    pub task_open: u64,
    /// Price of decoding a proof and checking its points.
    pub decode_proof: u64,
    /// Price of the pairing check with a prepared key.
    pub verify_base: u64,
    /// Price of a public input, whatever its value.
    pub verify_input: u64,
    /// Price of registering a key.
    pub register_key: u64,
    /// Price of a point `IC_i` of a key that is registered.
    pub register_input: u64,
    /// Price of a deployment: validation and compilation.
    pub deploy_base: u64,
    /// Price of a byte of a module.
    pub deploy_byte: u64,
    /// Price of a function of a module.
    pub deploy_function: u64,
}
}

impl CostSchedule {
    /// The first schedule: twice the 99.9th percentile of the slowest class on the reference machine, rounded up.
    pub const fn v1() -> CostSchedule {
        CostSchedule {
            version: 1,
            call_fuel_max: 20_000_000,
            tx_floor: 260_000,
            tx_byte: 80,
            host_call: 300,
            call_start: 400_000,
            memory_base: 100,
            memory_byte: 1,
            memory_page: 20_000,
            storage_get: 60_000,
            storage_get_byte: 10,
            storage_set: 150_000,
            storage_set_byte: 60,
            storage_remove: 80_000,
            event: 5_000,
            event_byte: 60,
            sha256: 1_000,
            sha256_byte: 10,
            poseidon: 300_000,
            task_open: 900_000,
            decode_proof: 300_000,
            verify_base: 2_300_000,
            verify_input: 160_000,
            register_key: 6_000_000,
            register_input: 700_000,
            deploy_base: 2_000_000,
            deploy_byte: 1_500,
            deploy_function: 120_000,
        }
    }

    /// SHA-256 over `"zera/cost/v1"` and a line `name = value` for every entry: tells one schedule from another.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new_with_prefix(b"zera/cost/v1\n");
        for (name, value) in self.entries() {
            hasher.update(format!("{name} = {value}\n"));
        }
        hasher.finalize().into()
    }

    /// A signed transaction of `len` bytes, beside what it does.
    pub fn transaction(&self, len: usize) -> u64 {
        linear(self.tx_floor, self.tx_byte, len)
    }

    /// Copying `len` bytes between guest and host.
    pub fn memory(&self, len: usize) -> u64 {
        linear(self.memory_base, self.memory_byte, len)
    }

    /// Starting a call of a module that declares at most `pages` of memory.
    pub fn start(&self, pages: u32) -> u64 {
        self.call_start.saturating_add(self.memory_page.saturating_mul(u64::from(pages)))
    }

    /// Reading a row into a buffer of `len` bytes.
    pub fn row_read(&self, len: usize) -> u64 {
        linear(self.storage_get, self.storage_get_byte, len)
    }

    /// Writing a row whose value has `len` bytes.
    pub fn row_write(&self, len: usize) -> u64 {
        linear(self.storage_set, self.storage_set_byte, len)
    }

    /// An event with `len` bytes of topic and data.
    pub fn emit(&self, len: usize) -> u64 {
        linear(self.event, self.event_byte, len)
    }

    /// The SHA-256 of `len` bytes.
    pub fn sha256(&self, len: usize) -> u64 {
        linear(self.sha256, self.sha256_byte, len)
    }

    /// The input root of `len` bytes: one permutation for every 15 elements of 31 bytes, at least one.
    pub fn input_root(&self, len: usize) -> u64 {
        let permutations = u64::try_from(len.div_ceil(31).div_ceil(15).max(1)).unwrap_or(u64::MAX);
        self.poseidon.saturating_mul(permutations)
    }

    /// Opening a task with `len` bytes of request, of which `public` are public input.
    pub fn open(&self, len: usize, public: usize) -> u64 {
        linear(self.task_open, self.storage_set_byte, len).saturating_add(self.input_root(public))
    }

    /// Decoding and verifying a proof with `inputs` public inputs.
    pub fn verify(&self, inputs: usize) -> u64 {
        linear(self.verify_base, self.verify_input, inputs).saturating_add(self.decode_proof)
    }

    /// Verifying a proof of a claim with `public` bytes of public input and `declared` values: the root is derived too.
    pub fn verify_claim(&self, public: usize, declared: usize) -> u64 {
        self.verify(declared.saturating_add(STATEMENT_INPUTS)).saturating_add(self.input_root(public))
    }

    /// Registering a key with `inputs` public inputs.
    pub fn key(&self, inputs: usize) -> u64 {
        linear(self.register_key, self.register_input, inputs.saturating_add(1))
    }

    /// Deploying a module of `len` bytes with `functions` functions.
    pub fn deploy(&self, len: usize, functions: u32) -> u64 {
        linear(self.deploy_base, self.deploy_byte, len)
            .saturating_add(self.deploy_function.saturating_mul(u64::from(functions)))
    }
}

fn linear(base: u64, slope: u64, size: usize) -> u64 {
    base.saturating_add(slope.saturating_mul(u64::try_from(size).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of the first schedule: a predicate's proof has three inputs.
    #[test]
    fn a_predicate_proof_costs_3_080_000() {
        assert_eq!(CostSchedule::v1().verify(3), 3_080_000);
    }

    #[test]
    fn an_input_root_pays_for_every_started_block() {
        let cost = CostSchedule::v1();
        for (len, permutations) in [(0, 1), (1, 1), (465, 1), (466, 2), (16 * 1024, 36)] {
            assert_eq!(cost.input_root(len), 300_000 * permutations, "{len} bytes");
        }
    }

    #[test]
    fn a_price_that_does_not_fit_is_unpayable() {
        let cost = CostSchedule::v1();
        assert_eq!(cost.row_write(usize::MAX), u64::MAX);
        assert!(cost.memory(1 << 31) > cost.call_fuel_max);
    }
}
