//! A local network: blocks, API, events.

#![forbid(unsafe_code)]
