//! Encryption to somebody else's public key, as compact JSON Web Encryption (RFC 7516) with RSA-OAEP-256 and A256GCM
//! (RFC 7518). aws-lc computes both. The library for JSON Web Tokens does no encryption.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest,
    error::Unspecified,
    rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::json;

use crate::random;

/// Somebody for whom texts are encrypted.
pub struct Recipient {
    key: OaepPublicEncryptingKey,
    /// The protected header, in base64url.
    header: String,
}

impl Recipient {
    /// Reads an RSA public key of 2048 to 8192 bits in PEM (`BEGIN PUBLIC KEY`). The error says what is wrong.
    pub fn from_pem(text: &str) -> Result<Self, String> {
        let parsed = pem::parse(text).map_err(|cause| format!("is no PEM file: {cause}"))?;
        if parsed.tag() != "PUBLIC KEY" {
            return Err(format!(
                "must hold a public key, not a {}: make it with `openssl pkey -in private.pem -pubout`",
                parsed.tag()
            ));
        }
        let refused = |_| "must hold an RSA public key of 2048 to 8192 bits".to_owned();
        let key = PublicEncryptingKey::from_der(parsed.contents()).map_err(|cause| refused(cause.to_string()))?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|cause| refused(cause.to_string()))?;
        // The key ID tells the recipient which of its keys to use while it replaces one.
        let kid = BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, parsed.contents()));
        let header = json!({"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": kid}).to_string();
        Ok(Self { key, header: BASE64_URL_SAFE_NO_PAD.encode(header) })
    }

    /// Encrypts a text to the recipient, as a compact JWE.
    pub fn encrypt(&self, plain: &str) -> Result<String, Unspecified> {
        let (content_key, nonce) = (random::bytes::<32>(), random::bytes::<NONCE_LEN>());
        let mut wrapped = vec![0; self.key.ciphertext_size()];
        let wrapped = self.key.encrypt(&OAEP_SHA256_MGF1SHA256, &content_key, &mut wrapped, None)?;
        let aead = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &content_key)?);
        let mut text = plain.as_bytes().to_vec();
        let (once, bound) = (Nonce::assume_unique_for_key(nonce), Aad::from(self.header.as_bytes()));
        let tag = aead.seal_in_place_separate_tag(once, bound, &mut text)?;
        let parts = [&*wrapped, &nonce, &text, tag.as_ref()].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
        Ok(format!("{}.{}", self.header, parts.join(".")))
    }
}

#[cfg(test)]
mod tests {
    use super::Recipient;

    #[test]
    fn what_is_no_public_key_is_refused_with_what_to_do() {
        for (text, why) in [
            ("", "is no PEM file"),
            ("-----BEGIN PRIVATE KEY-----\nMAo=\n-----END PRIVATE KEY-----\n", "openssl pkey -in private.pem -pubout"),
            ("-----BEGIN PUBLIC KEY-----\nMAo=\n-----END PUBLIC KEY-----\n", "RSA public key of 2048 to 8192 bits"),
        ] {
            let refusal = Recipient::from_pem(text).err().unwrap();
            assert!(refusal.contains(why), "{refusal}");
        }
    }
}
