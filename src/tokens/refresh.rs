//! Refresh tokens: opaque strings. The database keeps only a hash of them.
//!
//! A token is `origin_jti (16) ‖ generation (4) ‖ secret (32)` in base64url. The first secret of a session is random.
//! If the app client rotates refresh tokens, the secret of generation n+1 is derived from the token of generation n
//! with the sealing key. This has two uses. A retry within the grace period gets the same successor. And a token of an
//! earlier generation can be distinguished from a forged one: its successors are computed up to the current generation,
//! and the result is compared with the stored hash.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{
    random,
    sealing::{SealingKey, equal, sha256},
};

const SECRET_LEN: usize = 32;
/// How many successors are computed at most to recognize an old token.
const MAX_WALK: u32 = 10_000;

/// A refresh token in its parts.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// The session that the token belongs to.
    pub origin_jti: Uuid,
    /// How many rotations the session had before this token.
    pub generation: u32,
    secret: [u8; SECRET_LEN],
}

/// What a token is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A refresh token of a sign-in through the API.
    Api,
    /// A refresh token of an OAuth sign-in, whose session has granted scopes.
    OAuth,
    /// The cookie of a browser that signed in on the sign-in pages.
    Cookie,
}

/// How a presented token relates to the session's current one.
#[derive(Debug, PartialEq, Eq)]
pub enum Standing {
    /// The token is the current one.
    Current,
    /// The token is genuine, but there have been this many rotations since it was issued.
    Rotated(u32),
    /// The token was never issued for this use, or was issued more than 10,000 rotations ago (`MAX_WALK`).
    Forged,
}

impl RefreshToken {
    /// Makes the first token of a session.
    pub fn new(origin_jti: Uuid) -> Self {
        Self { origin_jti, generation: 0, secret: random::bytes() }
    }

    /// Parses a token. Returns `None` if the string does not have the form of a token.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (jti, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, secret) = rest.split_first_chunk::<4>()?;
        Some(Self {
            origin_jti: Uuid::from_bytes(*jti),
            generation: u32::from_be_bytes(*generation),
            secret: secret.try_into().ok()?,
        })
    }

    /// Returns the string that the client gets.
    pub fn text(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.bytes())
    }

    /// Returns the hash that the database keeps. The hash depends on the use, so that a token of one use is not
    /// accepted for another. For example, a cookie is not a valid refresh token. And an older release that does not
    /// know scopes does not accept the token of an OAuth client.
    pub fn hash(&self, of: Use) -> [u8; 32] {
        let bytes = self.bytes();
        match of {
            Use::Api => sha256(&bytes),
            Use::OAuth => sha256(&[&b"oauth refresh token"[..], &bytes].concat()),
            Use::Cookie => sha256(&[&b"browser cookie"[..], &bytes].concat()),
        }
    }

    /// Returns the token that replaces this one in a rotation.
    pub fn successor(&self, key: &SealingKey) -> Self {
        Self {
            origin_jti: self.origin_jti,
            generation: self.generation + 1,
            secret: key.derive("refresh token successor", &self.bytes()),
        }
    }

    /// Returns how this token relates to the session's current token, which has the given hash and generation.
    pub fn standing(&self, key: &SealingKey, of: Use, current_hash: &[u8], current_generation: u32) -> Standing {
        let Some(behind) = current_generation.checked_sub(self.generation).filter(|n| *n <= MAX_WALK) else {
            return Standing::Forged;
        };
        let mut token = self.clone();
        for _ in 0..behind {
            token = token.successor(key);
        }
        match (equal(&token.hash(of), current_hash), behind) {
            (false, _) => Standing::Forged,
            (true, 0) => Standing::Current,
            (true, n) => Standing::Rotated(n),
        }
    }

    fn bytes(&self) -> [u8; 16 + 4 + SECRET_LEN] {
        let mut bytes = [0; 16 + 4 + SECRET_LEN];
        bytes[..16].copy_from_slice(self.origin_jti.as_bytes());
        bytes[16..20].copy_from_slice(&self.generation.to_be_bytes());
        bytes[20..].copy_from_slice(&self.secret);
        bytes
    }
}

#[cfg(test)]
mod tests;
