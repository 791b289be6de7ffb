//! What host and circuit must agree on, as bytes: binding, input root, ids, native Poseidon.

#![forbid(unsafe_code)]
