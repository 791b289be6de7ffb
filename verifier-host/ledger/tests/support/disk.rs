//! A disk in memory that remembers everything done to it, and fails when it is told to.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zera_ledger::StorageBackend;

/// One operation that changed the disk.
#[derive(Clone, Debug)]
pub enum Op {
    /// Bytes written at an offset.
    Write(u64, Vec<u8>),
    /// The file's length.
    SetLen(u64),
    /// Everything before it is durable.
    Sync,
}

/// What goes wrong at an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Everything fails from here on: the cable is out.
    Dies,
    /// This operation fails with an input-output error and the next ones do not. A failed sync drops what it should have
    /// made durable, and the next sync says that all is well: fsyncgate.
    Once,
    /// Writes and extensions fail for want of space from here on; syncs and reads go on.
    Full,
}

/// Shared by its clones, as a file is by its handles.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    written: Vec<u8>,
    synced: Vec<u8>,
    log: Vec<Op>,
    /// Operations of any kind so far, reads included.
    operations: u64,
    fault: Option<(u64, Fault)>,
    /// Whether the fault has happened.
    struck: bool,
}

impl State {
    /// Counts an operation, and fails it where the fault says so.
    fn step(&mut self, grows: bool) -> io::Result<()> {
        let Some((at, fault)) = self.fault else {
            self.operations += 1;
            return Ok(());
        };
        let now = self.operations;
        self.operations += 1;
        if now < at {
            return Ok(());
        }
        match fault {
            Fault::Dies => Err(self.strike(io::Error::other("the disk failed"))),
            Fault::Once if now == at => Err(self.strike(io::Error::other("the disk failed once"))),
            Fault::Full if grows => Err(self.strike(io::Error::from(ErrorKind::StorageFull))),
            Fault::Once | Fault::Full => Ok(()),
        }
    }

    fn strike(&mut self, error: io::Error) -> io::Error {
        self.struck = true;
        error
    }
}

impl Disk {
    /// A disk that holds `image`, all of it durable.
    pub fn holding(image: Vec<u8>) -> Disk {
        Disk(Arc::new(Mutex::new(State { written: image.clone(), synced: image, ..State::default() })))
    }

    /// Makes `fault` happen at operation `at`, counted from 0 over the disk's whole life.
    pub fn fail(&self, at: u64, fault: Fault) {
        self.state().fault = Some((at, fault));
    }

    /// Whether the fault has happened.
    pub fn struck(&self) -> bool {
        self.state().struck
    }

    /// What a process sees that opens the file now.
    pub fn written(&self) -> Vec<u8> {
        self.state().written.clone()
    }

    /// What is there for certain after the power went.
    pub fn synced(&self) -> Vec<u8> {
        self.state().synced.clone()
    }

    /// How many operations changed it so far: a point in its log.
    pub fn changes(&self) -> usize {
        self.state().log.len()
    }

    /// Everything that changed it.
    pub fn log(&self) -> Vec<Op> {
        self.state().log.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().written.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.state();
        state.step(false)?;
        let from = state.written.get(offset as usize..offset as usize + out.len());
        out.copy_from_slice(from.ok_or_else(|| io::Error::from(ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        let grows = len > state.written.len() as u64;
        state.step(grows)?;
        state.written.resize(len as usize, 0);
        state.log.push(Op::SetLen(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        if let Err(error) = state.step(false) {
            // The pages count as clean from now on, and were never written.
            state.written = state.synced.clone();
            return Err(error);
        }
        state.synced = state.written.clone();
        state.log.push(Op::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        state.step(true)?;
        let range = offset as usize..offset as usize + data.len();
        state
            .written
            .get_mut(range)
            .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "written past the end"))?
            .copy_from_slice(data);
        state.log.push(Op::Write(offset, data.to_vec()));
        Ok(())
    }
}
