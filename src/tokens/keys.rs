//! A pool's signing keys.

use std::collections::HashMap;

use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize, PublicKeyComponents},
    signature::{KeyPair as _, RsaKeyPair},
};
use base64::{Engine, prelude::*};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::{Deserialize, Serialize};

use super::parsed_keys;
use crate::{error, sealing::sha256};

/// The public half of a key, in the form of a JWK set (RFC 7517).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PublicKey {
    /// Always `RS256`.
    pub alg: String,
    /// The exponent, in base64url.
    pub e: String,
    /// The key ID: the padded base64 of 32 bytes, like the key IDs of Amazon Cognito.
    pub kid: String,
    /// Always `RSA`.
    pub kty: String,
    /// The modulus, in base64url.
    pub n: String,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub usage: String,
}

/// A key that signs tokens. It is parsed only once, because parsing takes longer than signing.
pub struct SigningKey {
    pub(super) kid: String,
    /// A reference to the parsed key, in the type that `jsonwebtoken` uses for keys.
    pub(super) key: EncodingKey,
    _parsed: parsed_keys::Entry,
}

impl SigningKey {
    /// Parses a key from PKCS#8 DER.
    pub fn from_pkcs8(kid: String, pkcs8: &[u8]) -> error::Result<Self> {
        let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|cause| error::Error::internal(format!("a key: {cause}")))?;
        let parsed = parsed_keys::Entry::new(pair)?;
        Ok(Self { kid, key: parsed.encoding_key(), _parsed: parsed })
    }
}

/// The keys of one pool that sign or verify tokens.
pub struct PoolKeys {
    /// The key that signs access tokens.
    pub access: SigningKey,
    /// The key that signs ID tokens.
    pub id: SigningKey,
    /// All keys that verify access tokens, by key ID.
    pub verifying: HashMap<String, DecodingKey>,
    /// The keys that verify ID tokens, by key ID.
    pub verifying_ids: HashMap<String, DecodingKey>,
}

/// Makes a 2048-bit key. Returns its public half and the PKCS#8 DER of its private half. This takes about a tenth of a
/// second.
pub fn new_key() -> error::Result<(PublicKey, Vec<u8>)> {
    let pair = KeyPair::generate(KeySize::Rsa2048)
        .map_err(|cause| error::Error::internal(format!("making a key: {cause}")))?;
    let pkcs8 = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair)
        .map_err(|cause| error::Error::internal(format!("encoding a key: {cause}")))?;
    let parts = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let public = PublicKey {
        alg: "RS256".into(),
        e: BASE64_URL_SAFE_NO_PAD.encode(&parts.e),
        kid: BASE64_STANDARD.encode(sha256(&parts.n)),
        kty: "RSA".into(),
        n: BASE64_URL_SAFE_NO_PAD.encode(&parts.n),
        usage: "sig".into(),
    };
    Ok((public, pkcs8.as_ref().to_vec()))
}

impl PublicKey {
    /// Converts the key to the form that verifies tokens.
    pub fn decoding(&self) -> error::Result<DecodingKey> {
        DecodingKey::from_rsa_components(&self.n, &self.e).map_err(error::Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, Validation};
    use serde_json::{Map, Value, json};

    use super::*;

    #[test]
    fn a_new_key_is_described_as_key_sets_do() {
        let (public, _) = new_key().unwrap();
        let n = BASE64_URL_SAFE_NO_PAD.decode(&public.n).unwrap();
        assert!(n.len() == 256 && n[0] & 0x80 != 0, "2048 bits");
        let kid = BASE64_STANDARD.encode(sha256(&n));
        let described = json!({"alg": "RS256", "e": "AQAB", "kid": kid, "kty": "RSA", "n": public.n, "use": "sig"});
        assert_eq!(serde_json::to_value(&public).unwrap(), described);
        assert_ne!(new_key().unwrap().0.kid, public.kid);
    }

    #[test]
    fn what_one_half_signs_the_other_verifies() {
        let (public, pkcs8) = new_key().unwrap();
        let key = SigningKey::from_pkcs8(public.kid.clone(), &pkcs8).unwrap();
        let claims: Map<String, Value> = [("exp".to_owned(), json!(i64::MAX))].into_iter().collect();
        let token = super::super::sign(&claims, &key).unwrap();
        let decoded = |public: &PublicKey| {
            let validation = Validation::new(Algorithm::RS256);
            jsonwebtoken::decode::<Map<String, Value>>(&token, &public.decoding().unwrap(), &validation)
        };
        let verified = decoded(&public).unwrap();
        assert_eq!((verified.header.kid, verified.claims), (Some(public.kid), claims));
        assert!(decoded(&new_key().unwrap().0).is_err());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let (public, pkcs8) = new_key().unwrap();
        for bytes in [&[][..], b"words", &pkcs8[1..], &pkcs8[..pkcs8.len() - 1]] {
            assert!(SigningKey::from_pkcs8(public.kid.clone(), bytes).is_err(), "{} bytes", bytes.len());
        }
    }
}
