//! What things cost in fuel. One fuel is nominally one nanosecond on the reference machine.
//!
//! A schedule is data with a version: it is selected by block height and used again on replay, so a number here changes
//! only together with a new version. Prices are paid before the work, on the size that was given, at the cold-cache price,
//! and a wrong input costs what a right one costs.

use sha2::{Digest, Sha256};
use zera_abi::wire::{MAX_PUBLIC_INPUTS, MAX_PUBLIC_LEN, STATEMENT_INPUTS, key_inputs};
use zera_native::Weight;

use crate::tx::{Action, Tx};

macro_rules! schedule {
    ($($(#[$doc:meta])* $name:ident = $v1:literal,)*) => {
        /// Prices of a protocol version. Every product and sum saturates: a price that does not fit is one that nobody can
        /// pay.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct CostSchedule {
            /// Number of this schedule.
            pub version: u32,
            $($(#[$doc])* pub $name: u64,)*
        }

        impl CostSchedule {
            /// The first schedule: twice the 99.9th percentile of the slowest class on the reference machine, rounded up.
            pub const fn v1() -> CostSchedule {
                CostSchedule { version: 1, $($name: $v1,)* }
            }

            /// The schedule of these entries; `None` where one is missing, or is none of this program's.
            pub fn from_entries(entries: &[(String, u64)]) -> Option<CostSchedule> {
                let known = ["version", $(stringify!($name)),*];
                let find = |name: &str| entries.iter().find(|(found, _)| found == name).map(|(_, value)| *value);
                if entries.len() != known.len() {
                    return None;
                }
                Some(CostSchedule { version: u32::try_from(find("version")?).ok()?, $($name: find(stringify!($name))?,)* })
            }

            /// Every number under its name, in order, the version first: the schedule as data.
            pub fn entries(&self) -> Vec<(&'static str, u64)> {
                vec![("version", u64::from(self.version)), $((stringify!($name), self.$name)),*]
            }
        }
    };
}

schedule! {
    /// Most fuel of one call; the depth rule of [`validate`](crate::validate) is computed from it.
    call_fuel_max = 20_000_000,
    /// Flat price of a transaction.
    tx_floor = 260_000,
    /// Price of a byte of a signed transaction.
    tx_byte = 80,
    /// Price of a host call by itself.
    host_call = 300,
    /// Price of starting a call: its thread, its instance, its links; a call-back pays it too.
    call_start = 600_000,
    /// Price of touching one range of guest memory.
    memory_base = 300,
    /// Price of a byte copied in or out.
    memory_byte = 3,
    /// Price of a page (64 KiB) of the declared maximum of memory, paid when a call starts.
    memory_page = 64_000,
    /// Price of reading a row of state.
    storage_get = 60_000,
    /// Price of a byte read.
    storage_get_byte = 10,
    /// Price of writing a row of state.
    storage_set = 150_000,
    /// Price of a byte written.
    storage_set_byte = 60,
    /// Price of removing a row of state.
    storage_remove = 80_000,
    /// Price of an event.
    event = 16_000,
    /// Price of a byte of an event.
    event_byte = 60,
    /// Price of a SHA-256.
    sha256 = 1_000,
    /// Price of a byte hashed by SHA-256.
    sha256_byte = 10,
    /// Price of one Poseidon permutation, width at most 17.
    poseidon = 300_000,
    /// Price of opening a task, beside its bytes and its input root: six rows are written.
    task_open = 900_000,
    /// Price of decoding a proof and checking its points.
    decode_proof = 500_000,
    /// Price of the pairing check with a prepared key.
    verify_base = 2_300_000,
    /// Price of a public input, whatever its value.
    verify_input = 160_000,
    /// Price of registering a key.
    register_key = 6_000_000,
    /// Price of a point `IC_i` of a key that is registered.
    register_input = 700_000,
    /// Price of a deployment: validation and compilation.
    deploy_base = 2_000_000,
    /// Price of a byte of a module.
    deploy_byte = 4_000,
    /// Price of a function of a module.
    deploy_function = 180_000,
}

impl CostSchedule {
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

    /// Fuel that a transaction of `len` signed bytes costs before it does anything. It is all of it, unless it is a call; and a
    /// deployment and a native run pay for what their module holds beside it.
    pub fn intrinsic(&self, tx: &Tx, len: usize) -> u64 {
        let action = match &tx.action {
            Action::Transfer { .. } => self.row_write(64).saturating_mul(2),
            Action::Deploy { wasm, config, .. } => self
                .deploy(wasm.len(), 0)
                .saturating_add(self.row_write(64).saturating_mul(u64::try_from(config.len()).unwrap_or(u64::MAX))),
            Action::Call { .. } => 0,
            Action::Lock { .. }
            | Action::Release { .. }
            | Action::Commit { .. }
            | Action::Attest { .. }
            | Action::Challenge { .. }
            | Action::Cancel { .. }
            | Action::Stake { .. }
            | Action::Unstake { .. }
            | Action::Demand { .. }
            | Action::Unregister { .. } => self.row_write(512),
            Action::SealingKey { .. } => self.row_write(512).saturating_add(self.sealing_key()),
            Action::Deliver { sealed, .. } => self.row_write(512).saturating_add(self.row_write(sealed.len())),
            // What was delivered is opened only where it is there; see `complaint`.
            Action::Complain { .. } => self.row_write(1024).saturating_add(self.sealing_key()),
            Action::Open { request } => {
                self.open(request.len(), request.request().map_or(0, |request| request.public.len()))
            }
            Action::Name { .. } => self.row_write(256),
            // The proposal, the account; of a vote its own row, too, and the powers of alpha.
            Action::Propose { .. } => self.row_write(512),
            Action::Support { .. } => self.row_write(512).saturating_add(self.row_write(64)),
            Action::Contradict { exhibits, .. } => exhibits.iter().fold(self.row_write(512), |sum, exhibit| {
                let inputs = exhibit.declared.len().saturating_add(STATEMENT_INPUTS);
                sum.saturating_add(self.verify(inputs))
            }),
            Action::Submit { answer, .. } | Action::Reveal { answer, .. } | Action::Settle { answer, .. } => {
                self.verify(answer.declared.len().saturating_add(STATEMENT_INPUTS)).saturating_add(self.row_write(1024))
            }
            Action::SettleNatively { fuel, program, manifest, .. } => self.native(program.len(), manifest.len(), *fuel),
            Action::Publish(_) => self.row_write(512).saturating_mul(2),
            Action::RegisterKey { key, .. } => self.key(key_inputs(key.len()).unwrap_or(MAX_PUBLIC_INPUTS)),
        };
        self.transaction(len).saturating_add(action)
    }

    /// A multiplication on Curve25519 or two: an eighth of what the check of a proof's points takes, at whose price it is.
    pub fn sealing_key(&self) -> u64 {
        self.decode_proof
    }

    /// Opening `len` sealed bytes and comparing their root, beside the price of a complaint by itself.
    pub fn complaint(&self, len: usize) -> u64 {
        self.row_read(len).saturating_add(self.sha256(len)).saturating_add(self.input_root(len))
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

    /// A native run with `fuel` of a program of `program` bytes: hashing, compiling, its thread, the input and the rows that a
    /// settlement writes; [`native_module`](CostSchedule::native_module) comes beside it.
    pub fn native(&self, program: usize, manifest: usize, fuel: u64) -> u64 {
        self.deploy(program, 0)
            .saturating_add(self.sha256(program))
            .saturating_add(self.sha256(manifest))
            .saturating_add(self.row_read(MAX_PUBLIC_LEN))
            .saturating_add(self.call_start)
            .saturating_add(self.row_write(1024))
            .saturating_add(fuel)
    }

    /// What compiling and starting a program takes beside its bytes. A join of values takes about as long to compile as ten
    /// bytes, forty units of work on control flow as long as one (see [`Weight`]).
    pub fn native_module(&self, weight: &Weight) -> u64 {
        let bytes = weight.joins.saturating_mul(10).saturating_add(weight.flow.div_ceil(40));
        self.deploy_function
            .saturating_mul(u64::from(weight.functions))
            .saturating_add(self.deploy_byte.saturating_mul(bytes))
            .saturating_add(self.memory_page.saturating_mul(u64::from(weight.memory_pages)))
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
    fn a_predicate_proof_costs_3_280_000() {
        assert_eq!(CostSchedule::v1().verify(3), 3_280_000);
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
