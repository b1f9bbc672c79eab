//! Refresh tokens: opaque strings, of which the database keeps only a hash.
//!
//! A token is `origin_jti (16) ‖ generation (4) ‖ secret (32)` in base64url. The first secret of a session is random.
//! With rotation on, the secret of generation n+1 is derived from the token of generation n with the sealing key, so
//! that (a) a retry within the grace period gets the same successor, and (b) a token of any earlier generation can be
//! recognised as genuine, by walking the chain forward to the stored hash, and told from a forged one.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{
    random,
    sealing::{SealingKey, equal, sha256},
};

const SECRET_LEN: usize = 32;
/// Longest chain that is walked to recognise an old token.
const MAX_WALK: u32 = 10_000;

/// A refresh token in its parts.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// The session it belongs to.
    pub origin_jti: Uuid,
    /// How many rotations came before it.
    pub generation: u32,
    secret: [u8; SECRET_LEN],
}

/// What a token is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A refresh token of a sign-in through the API.
    Api,
    /// A refresh token of an OAuth client, with what it was granted.
    OAuth,
    /// The cookie of a browser on the sign-in pages.
    Cookie,
}

/// How a presented token relates to the session's current one.
#[derive(Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the current token.
    Current,
    /// It is genuine, and has been rotated this many times since.
    Rotated(u32),
    /// It was never issued.
    Forged,
}

impl RefreshToken {
    /// The first token of a session.
    pub fn new(origin_jti: Uuid) -> Self {
        Self { origin_jti, generation: 0, secret: random::bytes() }
    }

    /// Reads a token; `None` when it is not one of ours.
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

    /// The text a client gets.
    pub fn text(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.bytes())
    }

    /// The hash that the database keeps. Each use has a hash of its own, so that no token passes for one of another
    /// use: neither a cookie for a refresh token, nor an OAuth client's token at a replica whose release does not know
    /// scopes.
    pub fn hash(&self, of: Use) -> [u8; 32] {
        let bytes = self.bytes();
        match of {
            Use::Api => sha256(&bytes),
            Use::OAuth => sha256(&[&b"oauth refresh token"[..], &bytes].concat()),
            Use::Cookie => sha256(&[&b"browser cookie"[..], &bytes].concat()),
        }
    }

    /// The token that replaces this one.
    pub fn successor(&self, key: &SealingKey) -> Self {
        Self {
            origin_jti: self.origin_jti,
            generation: self.generation + 1,
            secret: key.derive("refresh token successor", &self.bytes()),
        }
    }

    /// How this token relates to the current one, whose hash and generation are given.
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
