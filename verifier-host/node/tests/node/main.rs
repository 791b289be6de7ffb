//! A node over real HTTP.

mod artefact;
mod contract;
mod decline;
mod event;
mod life;
mod limit;
mod log;
mod metrics;
mod network;
mod openapi;
mod refuse;
mod replay;
mod sealed;
mod stranger;
mod transfer;
mod verdict;
