//! A node over real HTTP.

mod contract;
mod event;
mod life;
mod limit;
mod network;
mod refuse;
mod transfer;
mod verdict;
