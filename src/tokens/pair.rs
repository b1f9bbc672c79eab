//! Key pairs of the algorithms that sign tokens: how they are made, stored and used.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    error::{KeyRejected, Unspecified},
    rand::SystemRandom,
    rsa::{KeySize, PublicKeyComponents},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoEnumIterator as _, IntoStaticStr};

use crate::sealing::sha256;

/// An algorithm that signs tokens. The names are those of the `alg` header (RFC 7518 section 3.1, RFC 8037 section
/// 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, IntoStaticStr, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 and a key of 2048 bits, as in Amazon Cognito.
    #[serde(rename = "RS256")]
    #[strum(serialize = "RS256")]
    Rs256,
    /// ECDSA with the curve P-256 and SHA-256.
    #[serde(rename = "ES256")]
    #[strum(serialize = "ES256")]
    Es256,
    /// EdDSA with the curve Ed25519.
    #[serde(rename = "EdDSA")]
    #[strum(serialize = "EdDSA")]
    EdDsa,
}

impl SigningAlgorithm {
    /// The name in the `alg` header.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Finds an algorithm by its exact name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::iter().find(|one| one.name() == name)
    }

    /// The algorithm in the type of `jsonwebtoken`.
    pub(super) fn of_library(self) -> Algorithm {
        match self {
            Self::Rs256 => Algorithm::RS256,
            Self::Es256 => Algorithm::ES256,
            Self::EdDsa => Algorithm::EdDSA,
        }
    }
}

/// What a public key consists of, in base64url. The kind of key determines the algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// The modulus and the exponent of an RSA key, for RS256.
    Rsa { n: String, e: String },
    /// The coordinates of a point on P-256, for ES256.
    P256 { x: String, y: String },
    /// An Ed25519 key, for EdDSA.
    Ed25519 { x: String },
}

impl Numbers {
    pub fn algorithm(&self) -> SigningAlgorithm {
        match self {
            Self::Rsa { .. } => SigningAlgorithm::Rs256,
            Self::P256 { .. } => SigningAlgorithm::Es256,
            Self::Ed25519 { .. } => SigningAlgorithm::EdDsa,
        }
    }
}

/// A private key together with its public key.
pub enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Pair {
    /// Makes a new key pair. For RS256, this takes about a tenth of a second.
    pub fn generate(algorithm: SigningAlgorithm) -> Result<Self, Unspecified> {
        Ok(match algorithm {
            SigningAlgorithm::Rs256 => Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048)?),
            SigningAlgorithm::Es256 => Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?),
            SigningAlgorithm::EdDsa => Self::Ed25519(Ed25519KeyPair::generate()?),
        })
    }

    /// Parses the private key of an algorithm from PKCS#8 DER.
    pub fn from_pkcs8(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, KeyRejected> {
        Ok(match algorithm {
            SigningAlgorithm::Rs256 => Self::Rsa(RsaKeyPair::from_pkcs8(pkcs8)?),
            SigningAlgorithm::Es256 => Self::P256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)?),
            SigningAlgorithm::EdDsa => Self::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8)?),
        })
    }

    /// Returns the private key as PKCS#8 DER.
    pub fn pkcs8(&self) -> Result<Vec<u8>, Unspecified> {
        let document = match self {
            Self::Rsa(pair) => return Ok(AsDer::<Pkcs8V1Der<'_>>::as_der(pair)?.as_ref().to_vec()),
            Self::P256(pair) => pair.to_pkcs8v1()?,
            Self::Ed25519(pair) => pair.to_pkcs8v1()?,
        };
        Ok(document.as_ref().to_vec())
    }

    pub fn algorithm(&self) -> SigningAlgorithm {
        match self {
            Self::Rsa(_) => SigningAlgorithm::Rs256,
            Self::P256(_) => SigningAlgorithm::Es256,
            Self::Ed25519(_) => SigningAlgorithm::EdDsa,
        }
    }

    /// Returns the public key, and the hash that its key ID is made from.
    pub fn public(&self) -> (Numbers, [u8; 32]) {
        let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Rsa(pair) => {
                let parts = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                (Numbers::Rsa { n: text(&parts.n), e: text(&parts.e) }, sha256(&parts.n))
            }
            Self::P256(pair) => {
                // An uncompressed point (SEC 1, section 2.3.3): 4, then the coordinates.
                let point = pair.public_key().as_ref();
                let (x, y) = point[1..].split_at((point.len() - 1) / 2);
                (Numbers::P256 { x: text(x), y: text(y) }, sha256(point))
            }
            Self::Ed25519(pair) => {
                let key = pair.public_key().as_ref();
                (Numbers::Ed25519 { x: text(key) }, sha256(key))
            }
        }
    }

    /// Signs a message. The signature has the form that it has in tokens.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        match self {
            Self::Rsa(pair) => {
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut out)?;
                Ok(out)
            }
            Self::P256(pair) => Ok(pair.sign(&SystemRandom::new(), message)?.as_ref().to_vec()),
            Self::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_is_found_by_its_exact_name() {
        for algorithm in SigningAlgorithm::iter() {
            assert_eq!(SigningAlgorithm::parse(algorithm.name()), Some(algorithm));
            assert_eq!(serde_json::to_value(algorithm).unwrap(), algorithm.name());
        }
        for unknown in ["", "rs256", "RS512", "ES384", "HS256", "none", "Ed25519", "EDDSA"] {
            assert_eq!(SigningAlgorithm::parse(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn a_key_is_read_back_as_what_it_was_and_as_nothing_else() {
        for algorithm in SigningAlgorithm::iter() {
            let pair = Pair::generate(algorithm).unwrap();
            let pkcs8 = pair.pkcs8().unwrap();
            for other in SigningAlgorithm::iter() {
                let read = Pair::from_pkcs8(other, &pkcs8).ok();
                let expected = (other == algorithm).then(|| pair.public());
                assert_eq!(read.map(|read| read.public()), expected, "{} as {}", algorithm.name(), other.name());
            }
            assert_eq!((pair.algorithm(), pair.public().0.algorithm()), (algorithm, algorithm));
        }
    }
}
