//! Signing in.
//!
//! [`step`] has the types that the other modules share. `dispatch` calls the module of the flow or the challenge that a
//! request names, and that module returns another challenge or a [`proof`]. [`next`] decides what follows a proof.

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
