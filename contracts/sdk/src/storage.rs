//! The contract's own entries. Keys have at most 128 bytes, values 16 KiB, and a call writes at most 256 times.

use alloc::vec;
use alloc::vec::Vec;

use zera_abi::Status;

use crate::exit::done;
use crate::imports;

/// Room that is offered before the length is known; what is longer is read twice.
const FIRST_LEN: usize = 256;

/// The value under `key`; `None` where there is none.
///
/// # Errors
/// [`Status::Limit`] for a key that is too long.
pub fn get(key: &[u8]) -> Result<Option<Vec<u8>>, Status> {
    let mut value = vec![0; FIRST_LEN];
    let mut len = [0; 4];
    let mut status = imports::storage_get(key, &mut value, &mut len);
    if status == Status::Buffer {
        value.resize(u32::from_le_bytes(len) as usize, 0);
        status = imports::storage_get(key, &mut value, &mut len);
    }
    match status {
        Status::Ok => {
            value.truncate(u32::from_le_bytes(len) as usize);
            Ok(Some(value))
        }
        Status::NotFound => Ok(None),
        other => Err(other),
    }
}

/// Writes `key = value`.
///
/// # Errors
/// [`Status::Limit`].
pub fn set(key: &[u8], value: &[u8]) -> Result<(), Status> {
    done(imports::storage_set(key, value))
}

/// Removes `key`.
///
/// # Errors
/// [`Status::NotFound`] where there was none, [`Status::Limit`].
pub fn remove(key: &[u8]) -> Result<(), Status> {
    done(imports::storage_remove(key))
}
