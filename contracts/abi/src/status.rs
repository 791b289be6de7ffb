//! Status codes of the host functions: append-only; a new code gets the next number.

use core::fmt;

macro_rules! statuses {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal, $transient:literal;)*) => {
        /// What a host function answers. 1 is yes or done: compare with 1, never with "not 0".
        ///
        /// Numbers follow the order in which checks run. A *final* status means that the same bytes will never succeed,
        /// a *transient* one that they may after something has changed. Detail goes to the operator's log, not to the guest.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u32)]
        pub enum Status { $($(#[$doc])* $variant = $code,)* }

        impl Status {
            /// Every status, in order.
            pub const ALL: &'static [Status] = &[$(Status::$variant,)*];

            /// The number that the guest sees.
            pub const fn code(self) -> u32 {
                self as u32
            }

            /// `None` for a number that names no status of this version.
            pub const fn from_code(code: u32) -> Option<Status> {
                match code {
                    $($code => Some(Status::$variant),)*
                    _ => None,
                }
            }

            /// The name used in docs, receipts and logs.
            pub const fn name(self) -> &'static str {
                match self { $(Status::$variant => $name,)* }
            }

            /// Whether the same bytes may succeed later.
            pub const fn is_transient(self) -> bool {
                match self { $(Status::$variant => $transient,)* }
            }
        }
    };
}

statuses! {
    /// False, or not yet; the proof does not verify.
    No = 0, "NO", true;
    /// Done, true, verifies.
    Ok = 1, "OK", false;
    /// Version or form not known to this protocol.
    Unsupported = 2, "E_UNSUPPORTED", false;
    /// Unknown task, predicate, config or storage entry.
    NotFound = 3, "E_NOT_FOUND", true;
    /// Already submitted or registered.
    Duplicate = 4, "E_DUP", false;
    /// The task's or key's state does not allow it.
    State = 5, "E_STATE", true;
    /// Deadline past, too far, or not after the height.
    Deadline = 6, "E_DEADLINE", false;
    /// Not yours.
    Unauthorized = 7, "E_UNAUTH", false;
    /// Balance, bounty or locked stake insufficient.
    Funds = 8, "E_FUNDS", true;
    /// A size, range or count limit.
    Limit = 9, "E_LIMIT", true;
    /// Key unknown, not yet active, frozen or withdrawn.
    Key = 10, "E_KEY", true;
    /// Wrong number of public inputs.
    Count = 11, "E_COUNT", false;
    /// Every malformed proof, point or scalar.
    Encoding = 12, "E_ENC", false;
    /// Output buffer too small.
    Buffer = 13, "E_BUF", true;
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_dense_and_round_trip() {
        for (code, status) in (0u32..).zip(Status::ALL) {
            assert_eq!(status.code(), code);
            assert_eq!(Status::from_code(code), Some(*status));
        }
        assert_eq!(Status::from_code(14), None);
    }
}
