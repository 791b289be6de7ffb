//! From the table of host functions to the linker: every row is given its body, and a row without one does not compile.
//!
//! A host call takes eight steps, in this order:
//! 1. the price of the call itself is paid ([`Host::enter`]);
//! 2. the price of every range, by the length that was given;
//! 3. the bounds of every range, in and out;
//! 4. inputs are copied, so that nothing the call writes can change them;
//! 5. their form is decoded;
//! 6. the price of the work is paid, by its size, whether or not the input is right;
//! 7. the work is done on the [`World`];
//! 8. the result is copied out and a status returned.
//!
//! Steps 2 to 4 go range by range. What stops a call before step 7 has changed nothing.

use wasmtime::{Caller, Linker};
use zera_abi::Status;
use zera_abi::table::CONTRACT_MODULE;

use crate::budget::Frame;
use crate::functions;
use crate::memory::{Exit, GuestRange};
use crate::world::{NodeFault, World};

/// A type of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types, reason = "spelled as in the table, which the macro repeats")]
pub(crate) enum Scalar {
    i32,
    i64,
}

/// A row of the table: what a module may import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) name: &'static str,
    pub(crate) params: &'static [Scalar],
    pub(crate) result: Option<Scalar>,
}

macro_rules! imports {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $ty:ident),*) $(-> $ret:ident)?;)*) => {
        /// Every host function with its signature.
        pub(crate) const IMPORTS: &[Import] = &[$(Import {
            name: stringify!($name),
            params: &[$(Scalar::$ty),*],
            result: imports!(@result $($ret)?),
        },)*];
    };
    (@result) => { None };
    (@result $ret:ident) => { Some(Scalar::$ret) };
}
zera_abi::host_functions!(imports);

macro_rules! wasm_result {
    () => {
        ()
    };
    ($ret:ident) => {
        $ret
    };
}

macro_rules! link {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $ty:ident),*) $(-> $ret:ident)?;)*) => {
        /// Defines every host function.
        pub(crate) fn link<W: World + 'static>(linker: &mut Linker<Frame<W>>) -> wasmtime::Result<()> {
            $(linker.func_wrap(
                CONTRACT_MODULE,
                stringify!($name),
                |caller: Caller<'_, Frame<W>>, $($arg: $ty),*| -> wasmtime::Result<wasm_result!($($ret)?)> {
                    let mut host = Host::enter(caller)?;
                    let reply = functions::$name(&mut host, $($arg),*)?;
                    Ok(Reply::into_wasm(reply))
                },
            )?;)*
            Ok(())
        }
    };
}
zera_abi::host_functions!(link);

/// What a body returns, as the guest's type.
trait Reply<T> {
    fn into_wasm(self) -> T;
}

impl Reply<i32> for Status {
    fn into_wasm(self) -> i32 {
        self.code().cast_signed()
    }
}

impl Reply<i32> for u32 {
    fn into_wasm(self) -> i32 {
        self.cast_signed()
    }
}

impl Reply<i64> for u64 {
    fn into_wasm(self) -> i64 {
        self.cast_signed()
    }
}

impl Reply<()> for () {
    fn into_wasm(self) {}
}

/// The host's side of one host call: fuel, guest memory and the call's state.
pub(crate) struct Host<'c, W: 'static> {
    caller: Caller<'c, Frame<W>>,
}

impl<'c, W: World + 'static> Host<'c, W> {
    fn enter(caller: Caller<'c, Frame<W>>) -> Result<Host<'c, W>, Exit> {
        let mut host = Host { caller };
        host.charge(host.frame().cost.host_call)?;
        Ok(host)
    }

    /// The call's state.
    pub(crate) fn frame(&self) -> &Frame<W> {
        self.caller.data()
    }

    /// The call's state, to change.
    pub(crate) fn frame_mut(&mut self) -> &mut Frame<W> {
        self.caller.data_mut()
    }

    /// Fuel that is left. Exact here, because the guest is suspended in a call.
    pub(crate) fn fuel_left(&self) -> Result<u64, Exit> {
        self.caller.get_fuel().map_err(|error| fuel_fault(&error))
    }

    /// Takes `price` from the guest's fuel.
    ///
    /// # Errors
    /// [`Exit::OutOfFuel`] where less is left.
    pub(crate) fn charge(&mut self, price: u64) -> Result<(), Exit> {
        let left = self.fuel_left()?.checked_sub(price).ok_or(Exit::OutOfFuel)?;
        self.caller.set_fuel(left).map_err(|error| fuel_fault(&error))
    }

    /// Pays for a range and checks that it lies inside memory.
    pub(crate) fn range(&mut self, pointer: i32, len: i32) -> Result<GuestRange, Exit> {
        let (pointer, len) = (pointer.cast_unsigned(), len.cast_unsigned());
        let bytes = usize::try_from(len).map_err(|_| Exit::Memory)?;
        self.charge(self.frame().cost.memory(bytes))?;
        GuestRange::new(pointer, len, self.memory()?.len())
    }

    /// Pays for a range of a fixed length and checks it.
    pub(crate) fn fixed<const N: usize>(&mut self, pointer: i32) -> Result<GuestRange, Exit> {
        self.range(pointer, i32::try_from(N).map_err(|_| Exit::Memory)?)
    }

    /// Copies a range in.
    pub(crate) fn bytes(&mut self, pointer: i32, len: i32) -> Result<Vec<u8>, Exit> {
        let range = self.range(pointer, len)?;
        Ok(range.of(self.memory()?)?.to_vec())
    }

    /// Copies a range of a fixed length in.
    pub(crate) fn array<const N: usize>(&mut self, pointer: i32) -> Result<[u8; N], Exit> {
        let range = self.fixed::<N>(pointer)?;
        range.of(self.memory()?)?.try_into().map_err(|_| Exit::Memory)
    }

    /// Writes to the front of a checked range.
    pub(crate) fn put(&mut self, range: &GuestRange, bytes: &[u8]) -> Result<(), Exit> {
        let memory = self.handle()?;
        range.put(memory.data_mut(&mut self.caller), bytes)
    }

    /// Variable output: the full length always, the bytes where they fit.
    pub(crate) fn reply(&mut self, out: &GuestRange, len_out: &GuestRange, bytes: &[u8]) -> Result<Status, Exit> {
        let len = u32::try_from(bytes.len()).map_err(|_| Exit::Memory)?;
        self.put(len_out, &len.to_le_bytes())?;
        if bytes.len() > out.len() {
            return Ok(Status::Buffer);
        }
        self.put(out, bytes)?;
        Ok(Status::Ok)
    }

    fn handle(&self) -> Result<wasmtime::Memory, Exit> {
        let missing = || NodeFault::Engine { what: "memory", message: "no memory in a running module".to_owned() };
        Ok(self.frame().memory().ok_or_else(missing)?)
    }

    fn memory(&self) -> Result<&[u8], Exit> {
        Ok(self.handle()?.data(&self.caller))
    }
}

fn fuel_fault(error: &wasmtime::Error) -> Exit {
    Exit::Fault(NodeFault::Engine { what: "fuel", message: format!("{error:#}") })
}
