//! How a call ends, and what it says.

use zera_abi::Status;

use crate::imports;

/// Most bytes of an abort's message; a longer one is cut.
pub const MESSAGE_MAX: usize = 256;

/// Reverts the call: its writes, events and tasks are undone, the fuel used is kept.
pub fn abort(code: i32, message: &str) -> ! {
    let mut text = Message::new();
    text.push(message);
    imports::abort(code, text.as_bytes())
}

/// Reverts the call because of what the host answered: the status is the code, and its name is in the message.
pub fn abort_status(what: &str, subject: &str, status: Status) -> ! {
    let mut text = Message::new();
    text.push(what);
    text.push(" ");
    text.push(subject);
    text.push(": ");
    text.push(status.name());
    imports::abort(status.code() as i32, text.as_bytes())
}

/// Sets the bytes that the call returns to its sender; at most 4 KiB. The last ones stand.
///
/// # Errors
/// [`Status::Limit`].
pub fn return_data(data: &[u8]) -> Result<(), Status> {
    done(imports::return_data(data))
}

/// Writes a line to the operator's log; no part of the state.
pub fn debug(text: &str) {
    imports::debug(text.as_bytes());
}

/// `OK` or an error.
pub(crate) fn done(status: Status) -> Result<(), Status> {
    match status {
        Status::Ok => Ok(()),
        other => Err(other),
    }
}

/// Text that is put together without formatting, which would be most of a small module.
struct Message {
    bytes: [u8; MESSAGE_MAX],
    len: usize,
}

impl Message {
    fn new() -> Message {
        Message { bytes: [0; MESSAGE_MAX], len: 0 }
    }

    /// Appends what fits.
    fn push(&mut self, text: &str) {
        for (slot, byte) in self.bytes.iter_mut().skip(self.len).zip(text.bytes()) {
            *slot = byte;
            self.len += 1;
        }
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn a_message_is_cut_at_its_limit() {
        let mut message = Message::new();
        message.push("config ");
        message.push("KEY");
        assert_eq!(message.as_bytes(), b"config KEY");
        message.push(&"x".repeat(MESSAGE_MAX));
        assert_eq!(message.as_bytes().len(), MESSAGE_MAX);
        message.push("y");
        assert_eq!(message.as_bytes().last(), Some(&b'x'));
    }

    #[test]
    fn only_ok_is_done() {
        for status in Status::ALL {
            assert_eq!(done(*status).is_ok(), *status == Status::Ok, "{}", status);
        }
    }
}
