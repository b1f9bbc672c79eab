//! Parsed signing keys for `jsonwebtoken`. The library's own signer would parse the key for each signature, which takes
//! longer than signing.
//!
//! The library can be extended by a process-wide [`CryptoProvider`]. Keystead's provider finds the parsed key by a
//! number, which is passed in place of the key's DER. Keystead's provider leaves everything else to the library's
//! default provider.

use std::{
    collections::HashMap,
    sync::{
        Arc, LazyLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use jsonwebtoken::{
    Algorithm, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, aws_lc},
    errors,
    signature::{self, Signer},
};

use crate::error;

static KEYS: LazyLock<RwLock<HashMap<u64, Arc<RsaKeyPair>>>> = LazyLock::new(RwLock::default);
static NEXT: AtomicU64 = AtomicU64::new(0);
static PROVIDER: LazyLock<CryptoProvider> =
    LazyLock::new(|| CryptoProvider { signer_factory: signer, ..aws_lc::DEFAULT_PROVIDER.clone() });
static INSTALLED: LazyLock<bool> = LazyLock::new(|| PROVIDER.install_default().is_ok());

/// The start of the value that the library gets in place of a key's DER. The number of a parsed key follows. DER starts
/// with 0x30, so DER is never taken for such a value.
const MARK: &[u8] = b"parsed key ";

/// A parsed key, which is kept until this is dropped.
pub struct Entry(u64);

impl Entry {
    /// Stores a parsed key.
    pub fn new(pair: RsaKeyPair) -> error::Result<Self> {
        if !*INSTALLED {
            return Err(error::Error::internal("jsonwebtoken was used before its crypto provider was installed"));
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        KEYS.write().unwrap_or_else(PoisonError::into_inner).insert(number, Arc::new(pair));
        Ok(Self(number))
    }

    /// Returns the value that is passed to `jsonwebtoken` in place of the key's DER.
    pub fn encoding_key(&self) -> EncodingKey {
        EncodingKey::from_rsa_der(&[MARK, &self.0.to_be_bytes()].concat())
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        KEYS.write().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

struct Parsed(Arc<RsaKeyPair>);

impl Signer<Vec<u8>> for Parsed {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let mut out = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut out)
            .map_err(signature::Error::from_source)?;
        Ok(out)
    }
}

impl JwtSigner for Parsed {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> errors::Result<Box<dyn JwtSigner>> {
    let number = key.as_bytes().strip_prefix(MARK).and_then(|number| number.try_into().ok()).map(u64::from_be_bytes);
    let Some(number) = number.filter(|_| *algorithm == Algorithm::RS256) else {
        return (aws_lc::DEFAULT_PROVIDER.signer_factory)(algorithm, key);
    };
    let pair = KEYS.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned();
    pair.map_or_else(|| Err(errors::ErrorKind::InvalidKeyFormat.into()), |pair| Ok(Box::new(Parsed(pair)) as _))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rsa::KeySize,
        signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
    };

    use super::*;

    /// Stores a new key. Also returns a function that says whether a signature over "message" was made by that key.
    fn kept() -> (Entry, impl Fn(&[u8]) -> bool) {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref().to_vec());
        (Entry::new(pair).unwrap(), move |signature: &[u8]| public.verify(b"message", signature).is_ok())
    }

    #[test]
    fn each_kept_key_signs_for_itself() {
        let [(one, by_one), (two, by_two)] = [kept(), kept()];
        let signed = |entry: &Entry| {
            let signer = signer(&Algorithm::RS256, &entry.encoding_key()).unwrap();
            assert_eq!(signer.algorithm(), Algorithm::RS256);
            signer.try_sign(b"message").unwrap()
        };
        let (by, also_by) = (signed(&one), signed(&two));
        assert!(by_one(&by) && by_two(&also_by));
        assert!(!by_one(&also_by) && !by_two(&by));
    }

    #[test]
    fn a_dropped_key_is_forgotten() {
        let (entry, _) = kept();
        let key = entry.encoding_key();
        assert!(signer(&Algorithm::RS256, &key).is_ok());
        drop(entry);
        assert!(signer(&Algorithm::RS256, &key).is_err());
    }

    #[test]
    fn everything_else_is_left_to_the_library() {
        let (entry, _) = kept();
        let signed = |algorithm: &Algorithm, key: &EncodingKey| signer(algorithm, key).ok()?.try_sign(b"message").ok();
        // A stored key signs only by RS256.
        assert_eq!(signed(&Algorithm::RS384, &entry.encoding_key()), None);
        // An HMAC secret is never taken for the number of a key, even if it looks like one.
        for secret in [&b"secret"[..], MARK, entry.encoding_key().as_bytes()] {
            let key = EncodingKey::from_secret(secret);
            let library = (aws_lc::DEFAULT_PROVIDER.signer_factory)(&Algorithm::HS256, &key).unwrap();
            assert_eq!(signed(&Algorithm::HS256, &key), library.try_sign(b"message").ok());
        }
    }
}
