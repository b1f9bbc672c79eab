//! A pool's signing keys.

use std::collections::HashMap;

use base64::{Engine, prelude::*};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde::{Deserialize, Serialize};

use super::{
    pair::{Numbers, Pair, SigningAlgorithm},
    parsed_keys,
};
use crate::error::{Error, Result};

/// The public half of a key. In JSON, it has the form that it has in a JWK set (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Jwk", into = "Jwk")]
pub struct PublicKey {
    /// The key ID: the padded base64 of 32 bytes, like the key IDs of Amazon Cognito.
    pub kid: String,
    pub numbers: Numbers,
}

/// A key in a JWK set (RFC 7518 section 6; RFC 8037 section 2). The members are in alphabetical order, as in the key
/// sets of Amazon Cognito.
#[derive(Serialize, Deserialize)]
struct Jwk {
    alg: SigningAlgorithm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    kid: String,
    kty: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    /// Always `sig`.
    #[serde(rename = "use")]
    usage: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    y: Option<String>,
}

impl From<PublicKey> for Jwk {
    fn from(key: PublicKey) -> Self {
        let (kty, crv) = match key.numbers {
            Numbers::Rsa { .. } => ("RSA", None),
            Numbers::P256 { .. } => ("EC", Some("P-256".to_owned())),
            Numbers::Ed25519 { .. } => ("OKP", Some("Ed25519".to_owned())),
        };
        let alg = key.numbers.algorithm();
        let bare =
            Self { alg, crv, e: None, kid: key.kid, kty: kty.into(), n: None, usage: "sig".into(), x: None, y: None };
        match key.numbers {
            Numbers::Rsa { n, e } => Self { n: Some(n), e: Some(e), ..bare },
            Numbers::P256 { x, y } => Self { x: Some(x), y: Some(y), ..bare },
            Numbers::Ed25519 { x } => Self { x: Some(x), ..bare },
        }
    }
}

impl TryFrom<Jwk> for PublicKey {
    type Error = &'static str;

    fn try_from(jwk: Jwk) -> std::result::Result<Self, &'static str> {
        let Jwk { alg, crv, e, kid, kty, n, usage: _, x, y } = jwk;
        let numbers = match (alg, kty.as_str(), crv.as_deref(), n, e, x, y) {
            (SigningAlgorithm::Rs256, "RSA", None, Some(n), Some(e), None, None) => Numbers::Rsa { n, e },
            (SigningAlgorithm::Es256, "EC", Some("P-256"), None, None, Some(x), Some(y)) => Numbers::P256 { x, y },
            (SigningAlgorithm::EdDsa, "OKP", Some("Ed25519"), None, None, Some(x), None) => Numbers::Ed25519 { x },
            _ => return Err("a key whose members do not fit its algorithm"),
        };
        Ok(Self { kid, numbers })
    }
}

/// A key that signs tokens. It is parsed only once, because parsing takes longer than signing.
pub struct SigningKey {
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
    /// A reference to the parsed key, in the type that `jsonwebtoken` uses for keys.
    pub(super) key: EncodingKey,
    _parsed: parsed_keys::Entry,
}

impl SigningKey {
    /// Parses the private half (PKCS#8 DER) of this key. Fails if it is not the private half of this key.
    pub fn from_pkcs8(public: &PublicKey, pkcs8: &[u8]) -> Result<Self> {
        let algorithm = public.numbers.algorithm();
        let pair = Pair::from_pkcs8(algorithm, pkcs8).map_err(|cause| Error::internal(format!("a key: {cause}")))?;
        if pair.public().0 != public.numbers {
            return Err(Error::internal("a key whose halves do not belong together"));
        }
        let parsed = parsed_keys::Entry::new(pair)?;
        let key = parsed.encoding_key();
        Ok(Self { kid: public.kid.clone(), algorithm: algorithm.of_library(), key, _parsed: parsed })
    }
}

/// A key that verifies tokens. It verifies tokens of its own algorithm only, whatever a token claims to be signed with.
pub struct VerifyingKey {
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// The keys of one pool that sign or verify tokens.
pub struct PoolKeys {
    /// The key that signs access tokens.
    pub access: SigningKey,
    /// The key that signs ID tokens.
    pub id: SigningKey,
    /// All keys that verify access tokens, by key ID.
    pub verifying: HashMap<String, VerifyingKey>,
    /// The keys that verify ID tokens, by key ID.
    pub verifying_ids: HashMap<String, VerifyingKey>,
}

impl PoolKeys {
    /// Whether one of these keys may have signed a token: its header names one. Returns `true` as well if the header
    /// names no key at all, because no other keys would verify such a token either.
    pub fn may_know(&self, token: &str) -> bool {
        let kid = jsonwebtoken::decode_header(token).ok().and_then(|header| header.kid);
        kid.is_none_or(|kid| self.verifying.contains_key(&kid) || self.verifying_ids.contains_key(&kid))
    }
}

/// Makes a key. Returns its public half and the PKCS#8 DER of its private half. For RS256, this takes about a tenth of
/// a second.
pub fn new_key(algorithm: SigningAlgorithm) -> Result<(PublicKey, Vec<u8>)> {
    let pair = Pair::generate(algorithm).map_err(|cause| Error::internal(format!("making a key: {cause}")))?;
    let pkcs8 = pair.pkcs8().map_err(|cause| Error::internal(format!("encoding a key: {cause}")))?;
    let (numbers, hash) = pair.public();
    Ok((PublicKey { kid: BASE64_STANDARD.encode(hash), numbers }, pkcs8))
}

impl PublicKey {
    /// Converts the key to the form that verifies tokens.
    pub fn verifying(&self) -> Result<VerifyingKey> {
        let key = match &self.numbers {
            Numbers::Rsa { n, e } => DecodingKey::from_rsa_components(n, e),
            Numbers::P256 { x, y } => DecodingKey::from_ec_components(x, y),
            Numbers::Ed25519 { x } => DecodingKey::from_ed_components(x),
        };
        let algorithm = self.numbers.algorithm().of_library();
        Ok(VerifyingKey { algorithm, key: key.map_err(Error::internal)? })
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::Validation;
    use serde_json::{Map, Value, json};
    use strum::IntoEnumIterator as _;

    use super::*;
    use crate::sealing::sha256;

    fn bytes(text: &Value) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
    }

    #[test]
    fn a_new_key_is_described_as_key_sets_do() {
        let described = |algorithm| serde_json::to_value(new_key(algorithm).unwrap().0).unwrap();
        let kid = |hashed: &[u8]| BASE64_STANDARD.encode(sha256(hashed));

        let rsa = described(SigningAlgorithm::Rs256);
        let n = bytes(&rsa["n"]);
        assert!(n.len() == 256 && n[0] & 0x80 != 0, "2048 bits");
        let expected = json!({"alg": "RS256", "e": "AQAB", "kid": kid(&n), "kty": "RSA", "n": rsa["n"], "use": "sig"});
        assert_eq!(rsa.to_string(), expected.to_string());

        let ec = described(SigningAlgorithm::Es256);
        let (x, y) = (bytes(&ec["x"]), bytes(&ec["y"]));
        assert_eq!((x.len(), y.len()), (32, 32));
        let expected = json!({"alg": "ES256", "crv": "P-256", "kid": kid(&[&[4][..], &x, &y].concat()), "kty": "EC",
            "use": "sig", "x": ec["x"], "y": ec["y"]});
        assert_eq!(ec.to_string(), expected.to_string());

        let ed = described(SigningAlgorithm::EdDsa);
        let x = bytes(&ed["x"]);
        assert_eq!(x.len(), 32);
        let expected =
            json!({"alg": "EdDSA", "crv": "Ed25519", "kid": kid(&x), "kty": "OKP", "use": "sig", "x": ed["x"]});
        assert_eq!(ed.to_string(), expected.to_string());

        for algorithm in SigningAlgorithm::iter() {
            assert_ne!(described(algorithm)["kid"], described(algorithm)["kid"]);
        }
    }

    #[test]
    fn what_one_half_signs_the_other_verifies() {
        for algorithm in SigningAlgorithm::iter() {
            let (public, pkcs8) = new_key(algorithm).unwrap();
            let key = SigningKey::from_pkcs8(&public, &pkcs8).unwrap();
            let claims: Map<String, Value> = [("exp".to_owned(), json!(i64::MAX))].into_iter().collect();
            let token = super::super::sign(&claims, &key).unwrap();
            let decoded = |public: &PublicKey| {
                let validation = Validation::new(algorithm.of_library());
                jsonwebtoken::decode::<Map<String, Value>>(&token, &public.verifying().unwrap().key, &validation)
            };
            let verified = decoded(&public).unwrap();
            assert_eq!((verified.header.kid.as_ref(), &verified.claims), (Some(&public.kid), &claims));
            // A key is the same after it was stored.
            let stored = serde_json::from_value(serde_json::to_value(&public).unwrap()).unwrap();
            assert_eq!(public, stored);
            assert!(decoded(&stored).is_ok());
            assert!(decoded(&new_key(algorithm).unwrap().0).is_err());
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for algorithm in SigningAlgorithm::iter() {
            let (public, pkcs8) = new_key(algorithm).unwrap();
            let (other, _) = new_key(algorithm).unwrap();
            for bytes in [&[][..], b"words", &pkcs8[1..], &pkcs8[..pkcs8.len() - 1]] {
                assert!(SigningKey::from_pkcs8(&public, bytes).is_err(), "{} bytes", bytes.len());
            }
            assert!(SigningKey::from_pkcs8(&other, &pkcs8).is_err(), "halves of two keys");
        }
    }

    #[test]
    fn a_description_that_contradicts_itself_is_refused() {
        let read = |value: Value| serde_json::from_value::<PublicKey>(value).is_ok();
        let ec = serde_json::to_value(new_key(SigningAlgorithm::Es256).unwrap().0).unwrap();
        assert!(read(ec.clone()));
        for (member, value) in [
            ("alg", json!("RS256")),
            ("alg", json!("EdDSA")),
            ("alg", json!("ES384")),
            ("alg", json!("HS256")),
            ("kty", json!("RSA")),
            ("crv", json!("P-384")),
            ("crv", json!(null)),
            ("y", json!(null)),
            ("n", json!("AQAB")),
        ] {
            let mut spoiled = ec.clone();
            spoiled[member] = value.clone();
            assert!(!read(spoiled), "{member}: {value}");
        }
    }
}
