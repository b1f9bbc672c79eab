//! The group key that a pool's devices share, and the verifier that each device proves itself against.

use base64::{Engine, prelude::BASE64_STANDARD};
use uuid::Uuid;

use crate::{
    app::App,
    error::{Error, Result},
    sealing::hex,
    srp::{self, ClientPublic},
    store::devices::Device,
};

/// The maximum length of a salt, in bytes.
const MAX_SALT: usize = 64;

/// The key of the group that all devices of a pool belong to.
pub fn group_key(app: &App, pool_id: &str) -> String {
    let derived = app.sealing.derive("device group", pool_id.as_bytes());
    format!("-{}", &hex(&derived)[..8])
}

/// The SRP verifier against which a device proves that it knows its password.
pub struct DeviceVerifier {
    pub salt: Vec<u8>,
    /// v = g^x, big endian.
    pub v: Vec<u8>,
}

impl DeviceVerifier {
    /// Parses a client's salt and verifier. Both are numbers in base64, which may have leading zeros.
    pub fn parse(salt: &str, v: &str) -> Option<Self> {
        let salt = BASE64_STANDARD.decode(salt).ok().filter(|salt| (1..=MAX_SALT).contains(&salt.len()))?;
        let v = BASE64_STANDARD.decode(v).ok()?;
        let first = v.iter().position(|byte| *byte != 0)?;
        // Like a client's public value, the verifier must not be a multiple of the SRP modulus, because the proof would
        // then be guessable.
        ClientPublic::parse(&hex(&v[first..]))?;
        let mut padded = vec![0; srp::NUMBER];
        padded[srp::NUMBER - (v.len() - first)..].copy_from_slice(&v[first..]);
        Some(Self { salt, v: padded })
    }

    /// Seals the verifier for one device.
    pub fn seal(&self, app: &App, pool_id: &str, sub: Uuid, key: &str) -> Vec<u8> {
        app.sealing.seal(&context(pool_id, sub, key), &[&self.v[..], &self.salt].concat())
    }

    /// Opens a device's verifier from its stored form.
    pub fn open(app: &App, pool_id: &str, sub: Uuid, device: &Device) -> Result<Self> {
        let plain = app.sealing.open(&context(pool_id, sub, &device.key), &device.verifier).map_err(Error::internal)?;
        let (v, salt) =
            plain.split_at_checked(srp::NUMBER).ok_or_else(|| Error::internal("a short device verifier"))?;
        Ok(Self { salt: salt.to_vec(), v: v.to_vec() })
    }
}

fn context(pool_id: &str, sub: Uuid, key: &str) -> String {
    format!("devices.verifier {pool_id} {sub} {key}")
}
