//! The server's half of the Secure Remote Password protocol, in Amazon Cognito's variant (docs/cognito.md 4.5). This
//! code uses no database and no randomness.
//!
//! It is SRP-6a over the 3072-bit group of RFC 5054 with SHA-256. Numbers are hashed as Java's `BigInteger.toByteArray`
//! writes them, and the key is derived with HKDF-like HMACs.

use aws_lc_rs::{digest, hmac};
use crypto_bigint::{NonZero, U1024, U3072, modular::ConstMontyForm};

crypto_bigint::const_monty_params!(
    Group,
    U3072,
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F\
83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B\
E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510\
15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7\
ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C\
BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    "The group's modulus N."
);

type Element = ConstMontyForm<Group, { U3072::LIMBS }>;

/// The length of a salt, in bytes.
pub const SALT: usize = 16;
/// The length of a number of the group, in bytes.
pub const NUMBER: usize = 384;
/// k = H(pad(N) ‖ pad(g))
const K: &str = "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6";

/// The data that the server stores instead of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    pub salt: [u8; SALT],
    /// v = g^x, big endian.
    pub v: Vec<u8>,
}

/// A client's SRP_A, of at most 3072 bits and not a multiple of N.
#[derive(Clone)]
pub struct ClientPublic(U3072);

impl ClientPublic {
    /// Parses a hexadecimal string. Returns `None` for values that no honest client sends.
    pub fn parse(hex: &str) -> Option<Self> {
        if hex.is_empty() || hex.len() > 2 * NUMBER || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let number = U3072::from_be_hex(&format!("{hex:0>768}"));
        // A ≡ 0 would make the shared secret 0, whatever the password.
        let modulus = NonZero::new(*modulus()).into_option()?;
        (number.rem_vartime(&modulus) != U3072::ZERO).then_some(Self(number))
    }
}

fn modulus() -> &'static U3072 {
    use crypto_bigint::modular::ConstMontyParams;
    Group::PARAMS.modulus().as_ref()
}

/// Makes the verifier of a password. `pool_name` is the part of the pool's ID after `_`.
pub fn verifier(pool_name: &str, username: &str, password: &str, salt: [u8; SALT]) -> Verifier {
    let v = power(&generator(), &private_key(pool_name, username, password, &salt));
    Verifier { salt, v: v.retrieve().to_be_bytes().as_ref().to_vec() }
}

/// x = H(pad(salt) ‖ H(P ‖ I ‖ ":" ‖ password))
fn private_key(pool_name: &str, username: &str, password: &str, salt: &[u8]) -> [u8; 32] {
    let identity = hash(&[pool_name.as_bytes(), username.as_bytes(), b":", password.as_bytes()]);
    hash(&[&padded(salt), &identity])
}

/// Returns SRP_B = k·v + g^b in hexadecimal. `secret` is b.
pub fn public(v: &[u8], secret: &[u8]) -> String {
    hexadecimal(&server_public(v, secret))
}

fn server_public(v: &[u8], secret: &[u8]) -> U3072 {
    let k = Element::new(&U3072::from_be_hex(&format!("{K:0>768}")));
    k.mul(&element(v)).add(&power(&generator(), secret)).retrieve()
}

/// Returns the signature with which a client proves that it knows the password: PASSWORD_CLAIM_SIGNATURE, without the
/// base64. For a user's password, `identity` is the part of the pool's ID after `_` (see [`pool_name`]) and the
/// username. For a device's password, it is the device's group key and the device key.
pub fn signature(
    v: &[u8],
    secret: &[u8],
    client: &ClientPublic,
    identity: (&str, &str),
    secret_block: &[u8],
    timestamp: &str,
) -> [u8; 32] {
    let key = session_key(v, secret, client);
    mac(&key, &[identity.0.as_bytes(), identity.1.as_bytes(), secret_block, timestamp.as_bytes()])
}

fn session_key(v: &[u8], secret: &[u8], client: &ClientPublic) -> [u8; 16] {
    let u = hash(&[&number(&client.0), &number(&server_public(v, secret))]);
    // S = (A · v^u)^b
    let shared = power(&Element::new(&client.0).mul(&power(&element(v), &u)), secret).retrieve();
    let pseudo_random = mac(&padded(&u), &[&number(&shared)]);
    let key = mac(&pseudo_random, &[b"Caldera Derived Key", &[1]]);
    let mut first = [0; 16];
    first.copy_from_slice(&key[..16]);
    first
}

fn generator() -> Element {
    Element::new(&U3072::from_u8(2))
}

fn element(bytes: &[u8]) -> Element {
    Element::new(&U3072::from_be_slice(bytes))
}

/// Returns base^exponent. The time does not depend on the exponent's value, only on its length, which may be at most
/// 128 bytes.
fn power(base: &Element, exponent: &[u8]) -> Element {
    let mut wide = [0; 128];
    wide[128 - exponent.len()..].copy_from_slice(exponent);
    let bits = u32::try_from(8 * exponent.len()).expect("128 bytes at most");
    base.pow_bounded_exp(&U1024::from_be_slice(&wide), bits)
}

/// Writes a number as Java's `BigInteger.toByteArray` does: without leading zero bytes, except for a single one if the
/// first bit would otherwise be set.
fn number(number: &U3072) -> Vec<u8> {
    padded(number.to_be_bytes().as_ref())
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len().saturating_sub(1));
    let minimal = &bytes[first..];
    let mut out = Vec::with_capacity(minimal.len() + 1);
    if minimal.first().is_some_and(|byte| byte & 0x80 != 0) {
        out.push(0);
    }
    out.extend_from_slice(minimal);
    out
}

fn hexadecimal(number: &U3072) -> String {
    let hex = crate::sealing::hex(number.to_be_bytes().as_ref());
    hex.trim_start_matches('0').to_owned()
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    parts.iter().for_each(|part| context.update(part));
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

/// Returns the part of a pool's ID after the region and `_`.
pub fn pool_name(pool_id: &str) -> &str {
    pool_id.split_once('_').map_or(pool_id, |(_, name)| name)
}

#[cfg(test)]
mod tests;
