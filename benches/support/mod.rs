//! What the benchmarks share: the load, the clients, the processes that are measured.
#![allow(clippy::allow_attributes, dead_code, reason = "each benchmark uses some of it")]

pub mod client;
pub mod cost;
pub mod cryptography;
pub mod load;
pub mod measure;
pub mod process;
pub mod stage;
