//! Client, wallet and daemon against the real node over real HTTP: the published contract asks, and is answered.

mod answered;
mod faults;
mod network;
mod proxy;
