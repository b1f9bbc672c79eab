//! Signing in.
//!
//! [`step`] has the types that all of it shares, `dispatch` finds out what a step is about, each factor gives a
//! [`proof`], and [`next`] decides what follows.

pub(crate) mod custom_challenge;
pub(crate) mod decoys;
pub(crate) mod device_keys;
pub(crate) mod devices;
mod dispatch;
pub(crate) mod migration;
pub(crate) mod new_password;
pub(crate) mod next;
pub(crate) mod one_time_code;
pub(crate) mod passkey;
pub(crate) mod proof;
pub(crate) mod second_factor;
pub(crate) mod secret_hash;
pub(crate) mod srp_proof;
pub(crate) mod step;
