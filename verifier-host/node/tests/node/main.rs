//! A node over real HTTP.

mod artefact;
mod contract;
mod event;
mod life;
mod limit;
mod log;
mod metrics;
mod network;
mod openapi;
mod refuse;
mod replay;
mod stranger;
mod transfer;
mod verdict;
