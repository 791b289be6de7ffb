//! The daemon: finds tasks, decides, stakes, proves, verifies its own proof, submits.

#![forbid(unsafe_code)]
