//! What a predicate can answer, and how far an answer has come.

use core::fmt;

macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant = $code,)* }

        impl $name {
            /// The byte on the wire.
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// `None` for a byte that names nothing.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some($name::$variant),)*
                    _ => None,
                }
            }

            /// The word for it.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

coded! {
    /// The first public input of every predicate circuit.
    Outcome {
        /// The predicate holds not.
        False = 0, "false";
        /// The predicate holds.
        True = 1, "true";
        /// The predicate trapped on this input.
        Trap = 2, "trap";
        /// The predicate exceeded one of its declared bounds.
        BoundExceeded = 3, "bound exceeded";
    }
}

impl Outcome {
    /// The boolean that a contract is called back with; `None` for a trap or an exceeded bound, which end the task.
    pub const fn as_bool(self) -> Option<bool> {
        match self {
            Outcome::False => Some(false),
            Outcome::True => Some(true),
            Outcome::Trap | Outcome::BoundExceeded => None,
        }
    }
}

coded! {
    /// How far an answer has come; ordered.
    Level {
        /// No answer yet.
        Pending = 0, "pending";
        /// An answer with a stake behind it, no proof.
        Attested = 1, "attested";
        /// A proof verified.
        Accepted = 2, "accepted";
        /// Settled for good.
        Final = 3, "final";
    }
}

coded! {
    /// How a task ended without a final answer.
    End {
        /// It has not.
        None = 0, "none";
        /// The predicate trapped, exceeded a bound, or ran out of fuel.
        Failed = 1, "failed";
        /// The answer was withdrawn with its key, or overturned.
        Revoked = 2, "revoked";
        /// Nobody answered in time.
        Expired = 3, "expired";
        /// The requester cancelled before a lock.
        Cancelled = 4, "cancelled";
    }
}
