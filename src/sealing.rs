//! Sealing is the encryption of secrets at rest, and of opaque strings, with the deployment's only sealing key.
//!
//! A sealed value is `key id (4) ‖ nonce (12) ‖ AES-256-GCM ciphertext and tag`. It is bound to a context, which says
//! where the value belongs. So a value that was moved to another row or purpose cannot be opened.
//!
//! What strangers can request in any number, such as `Session` strings, is sealed apart, as `key id (4) ‖ salt (16) ‖
//! AES-256-GCM ciphertext and tag`. The key and the nonce are derived (HKDF-SHA256, RFC 5869) from the sealing key and
//! the salt. With a single key and random nonces of 96 bits, a flood of 2^32 strings would use up what AES-GCM allows
//! one key (NIST SP 800-38D, section 8.3). Derived keys spare the key that seals the secrets at rest.

use std::{fmt, path::Path};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest, hkdf, hmac,
};
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::random;

const KEY_ID_LEN: usize = 4;
const TAG_LEN: usize = 16;
const SALT_LEN: usize = 16;

/// How much longer [`SealingKey::seal_apart`] makes a value.
pub const APART_OVERHEAD: usize = KEY_ID_LEN + SALT_LEN + TAG_LEN;

/// The sealing key, ready for use. Its `Debug` output shows only its ID.
pub struct SealingKey {
    id: [u8; KEY_ID_LEN],
    aead: LessSafeKey,
    derivation: hmac::Key,
    /// The input keying material of the keys that seal apart.
    apart: [u8; 32],
}

/// Why a value could not be opened, or a key could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "the value was sealed with another sealing key ({found}, ours is {ours}): start with the key it was sealed with"
    )]
    OtherKey { found: String, ours: String },
    #[error("the sealed value does not belong here or was changed")]
    Broken,
    #[error("the sealing key must be 32 bytes in base64: make one with `openssl rand -base64 32`")]
    Malformed,
    #[error("cannot read or write the sealing key file {path}: {cause}")]
    File { path: String, cause: std::io::Error },
    #[error("the sealing key file {0} can be read by others: run chmod 600 on it")]
    Exposed(String),
}

impl SealingKey {
    /// Makes a key from its 32 bytes.
    pub fn new(bytes: &[u8; 32]) -> Self {
        let unbound = UnboundKey::new(&AES_256_GCM, bytes).expect("32 bytes are an AES-256 key");
        let hash = digest::digest(&digest::SHA256, bytes);
        let mut id = [0; KEY_ID_LEN];
        id.copy_from_slice(&hash.as_ref()[..KEY_ID_LEN]);
        // Derivations have a second key, so that the bytes of the AEAD key are used only for sealing, for the ID and to
        // make this second key.
        let derivation = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, bytes), b"keystead derivation key");
        let mut key = Self {
            id,
            aead: LessSafeKey::new(unbound),
            derivation: hmac::Key::new(hmac::HMAC_SHA256, derivation.as_ref()),
            apart: [0; 32],
        };
        key.apart = key.derive("keys that seal apart", &[]);
        key
    }

    /// Reads a key from the base64 of its 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, Error> {
        let bytes = BASE64_STANDARD.decode(text.trim()).map_err(|_| Error::Malformed)?;
        Ok(Self::new(bytes.as_slice().try_into().map_err(|_| Error::Malformed)?))
    }

    /// Reads the key from this file, which nobody but its owner may access. If there is no file and `create` is set,
    /// makes a key and the file (mode 0600).
    pub fn from_file(path: &Path, create: bool) -> Result<Self, Error> {
        let failed = |cause| Error::File { path: path.display().to_string(), cause };
        if create && !path.exists() {
            let text = BASE64_STANDARD.encode(random::bytes::<32>());
            write_private(path, &text).map_err(failed)?;
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(Error::Exposed(path.display().to_string()));
            }
        }
        Self::from_base64(&std::fs::read_to_string(path).map_err(failed)?)
    }

    /// Seals `plain` for `context`.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = random::bytes();
        let mut out = Vec::with_capacity(KEY_ID_LEN + NONCE_LEN + plain.len() + TAG_LEN);
        out.extend_from_slice(&self.id);
        out.extend_from_slice(&nonce);
        let mut sealed = plain.to_vec();
        self.aead
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context.as_bytes()), &mut sealed)
            .expect("a short text can be sealed");
        out.extend_from_slice(&sealed);
        out
    }

    /// Opens a value that [`Self::seal`] made for the same context.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        if sealed.len() < KEY_ID_LEN + NONCE_LEN + TAG_LEN {
            return Err(Error::Broken);
        }
        let (id, rest) = sealed.split_at(KEY_ID_LEN);
        let (nonce, body) = rest.split_at(NONCE_LEN);
        if id != self.id {
            return Err(Error::OtherKey { found: hex(id), ours: hex(&self.id) });
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Error::Broken)?;
        let mut body = body.to_vec();
        let plain =
            self.aead.open_in_place(nonce, Aad::from(context.as_bytes()), &mut body).map_err(|_| Error::Broken)?;
        let length = plain.len();
        body.truncate(length);
        Ok(body)
    }

    /// Seals `plain` for `context` under a key of its own.
    pub fn seal_apart(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        let salt: [u8; SALT_LEN] = random::bytes();
        let mut sealed = plain.to_vec();
        let (key, nonce) = self.key_apart(context, &salt);
        key.seal_in_place_append_tag(nonce, Aad::from(context.as_bytes()), &mut sealed)
            .expect("a short text can be sealed");
        [&self.id[..], &salt, &sealed].concat()
    }

    /// Opens a value that [`Self::seal_apart`] made for the same context.
    pub fn open_apart(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let (id, rest) = sealed.split_first_chunk::<KEY_ID_LEN>().ok_or(Error::Broken)?;
        let (salt, body) = rest.split_first_chunk::<SALT_LEN>().ok_or(Error::Broken)?;
        if *id != self.id {
            return Err(Error::OtherKey { found: hex(id), ours: hex(&self.id) });
        }
        let mut body = body.to_vec();
        let (key, nonce) = self.key_apart(context, salt);
        let length =
            key.open_in_place(nonce, Aad::from(context.as_bytes()), &mut body).map_err(|_| Error::Broken)?.len();
        body.truncate(length);
        Ok(body)
    }

    /// Opens a value that [`Self::seal_apart`] or [`Self::seal`] made for this context.
    pub fn open_any(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.open_apart(context, sealed).or_else(|_| self.open(context, sealed))
    }

    /// Derives the key and the nonce that seal one value.
    fn key_apart(&self, context: &str, salt: &[u8; SALT_LEN]) -> (LessSafeKey, Nonce) {
        struct Length;
        impl hkdf::KeyType for Length {
            fn len(&self) -> usize {
                32 + NONCE_LEN
            }
        }
        let mut out = [0; 32 + NONCE_LEN];
        let info = [context.as_bytes()];
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(&self.apart);
        let expanded = extracted.expand(&info, Length).and_then(|derived| derived.fill(&mut out));
        expanded.expect("HKDF makes 44 bytes");
        let (key, nonce) = out.split_at(32);
        let key = UnboundKey::new(&AES_256_GCM, key).expect("32 bytes are an AES-256 key");
        (LessSafeKey::new(key), Nonce::try_assume_unique_for_key(nonce).expect("12 bytes are a nonce"))
    }

    /// Derives a value that only this deployment can compute (HMAC-SHA256). The same purpose and input always give the
    /// same value.
    pub fn derive(&self, purpose: &str, input: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.derivation);
        context.update(purpose.as_bytes());
        context.update(&[0]);
        context.update(input);
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({})", hex(&self.id))
    }
}

/// Writes a new file that only its owner can read. Fails if the file already exists.
pub fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

/// Returns the SHA-256 hash.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// Converts bytes to lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes everything");
        out
    })
}

/// Whether two values are equal. The comparison takes the same time wherever they differ.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

#[cfg(test)]
mod tests;
