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

use jsonwebtoken::{
    Algorithm, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, aws_lc},
    errors,
    signature::{self, Signer},
};

use super::pair::{Pair, SigningAlgorithm};
use crate::error;

static KEYS: LazyLock<RwLock<HashMap<u64, Arc<Pair>>>> = LazyLock::new(RwLock::default);
static NEXT: AtomicU64 = AtomicU64::new(0);
static PROVIDER: LazyLock<CryptoProvider> =
    LazyLock::new(|| CryptoProvider { signer_factory: signer, ..aws_lc::DEFAULT_PROVIDER.clone() });
static INSTALLED: LazyLock<bool> = LazyLock::new(|| PROVIDER.install_default().is_ok());

/// The start of the value that the library gets in place of a key's DER. The number of a parsed key follows. DER starts
/// with 0x30, so DER is never taken for such a value.
const MARK: &[u8] = b"parsed key ";

/// A parsed key, which is kept until this is dropped.
pub struct Entry(u64, SigningAlgorithm);

impl Entry {
    /// Stores a parsed key.
    pub fn new(pair: Pair) -> error::Result<Self> {
        if !*INSTALLED {
            return Err(error::Error::internal("jsonwebtoken was used before its crypto provider was installed"));
        }
        let (number, algorithm) = (NEXT.fetch_add(1, Ordering::Relaxed), pair.algorithm());
        KEYS.write().unwrap_or_else(PoisonError::into_inner).insert(number, Arc::new(pair));
        Ok(Self(number, algorithm))
    }

    /// Returns the value that is passed to `jsonwebtoken` in place of the key's DER.
    pub fn encoding_key(&self) -> EncodingKey {
        let number = [MARK, &self.0.to_be_bytes()].concat();
        match self.1 {
            SigningAlgorithm::Rs256 => EncodingKey::from_rsa_der(&number),
            SigningAlgorithm::Es256 => EncodingKey::from_ec_der(&number),
            SigningAlgorithm::EdDsa => EncodingKey::from_ed_der(&number),
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        KEYS.write().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

struct Parsed(Arc<Pair>);

impl Signer<Vec<u8>> for Parsed {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        self.0.sign(message).map_err(signature::Error::from_source)
    }
}

impl JwtSigner for Parsed {
    fn algorithm(&self) -> Algorithm {
        self.0.algorithm().of_library()
    }
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> errors::Result<Box<dyn JwtSigner>> {
    let number = key.as_bytes().strip_prefix(MARK).and_then(|number| number.try_into().ok()).map(u64::from_be_bytes);
    let pair = number.and_then(|number| KEYS.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned());
    // A stored key signs by its own algorithm only. The library refuses the number of a key that is not stored.
    match pair.filter(|pair| pair.algorithm().of_library() == *algorithm) {
        Some(pair) => Ok(Box::new(Parsed(pair))),
        None => (aws_lc::DEFAULT_PROVIDER.signer_factory)(algorithm, key),
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::DecodingKey;
    use strum::IntoEnumIterator as _;

    use super::*;
    use crate::tokens::Numbers;

    /// Stores a new key. Also returns a function that says whether a signature over "message" was made by that key.
    fn kept(algorithm: SigningAlgorithm) -> (Entry, impl Fn(&[u8]) -> bool) {
        let pair = Pair::generate(algorithm).unwrap();
        let key = match pair.public().0 {
            Numbers::Rsa { n, e } => DecodingKey::from_rsa_components(&n, &e),
            Numbers::P256 { x, y } => DecodingKey::from_ec_components(&x, &y),
            Numbers::Ed25519 { x } => DecodingKey::from_ed_components(&x),
        };
        let key = key.unwrap();
        let verifies = move |signature: &[u8]| {
            let verifier = (aws_lc::DEFAULT_PROVIDER.verifier_factory)(&algorithm.of_library(), &key).unwrap();
            verifier.verify(b"message", &signature.to_vec()).is_ok()
        };
        (Entry::new(pair).unwrap(), verifies)
    }

    #[test]
    fn each_kept_key_signs_for_itself() {
        for algorithm in SigningAlgorithm::iter() {
            let [(one, by_one), (two, by_two)] = [kept(algorithm), kept(algorithm)];
            let signed = |entry: &Entry| {
                let signer = signer(&algorithm.of_library(), &entry.encoding_key()).unwrap();
                assert_eq!(signer.algorithm(), algorithm.of_library());
                signer.try_sign(b"message").unwrap()
            };
            let (by, also_by) = (signed(&one), signed(&two));
            assert!(by_one(&by) && by_two(&also_by));
            assert!(!by_one(&also_by) && !by_two(&by));
        }
    }

    #[test]
    fn a_dropped_key_is_forgotten() {
        for algorithm in SigningAlgorithm::iter() {
            let (entry, _) = kept(algorithm);
            let key = entry.encoding_key();
            assert!(signer(&algorithm.of_library(), &key).is_ok());
            drop(entry);
            let signed = signer(&algorithm.of_library(), &key).ok().and_then(|one| one.try_sign(b"message").ok());
            assert_eq!(signed, None);
        }
    }

    #[test]
    fn everything_else_is_left_to_the_library() {
        let signed = |algorithm: &Algorithm, key: &EncodingKey| signer(algorithm, key).ok()?.try_sign(b"message").ok();
        for algorithm in SigningAlgorithm::iter() {
            let (entry, _) = kept(algorithm);
            // A stored key signs only by its own algorithm.
            let own = algorithm.of_library();
            for other in [Algorithm::RS256, Algorithm::RS384, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA] {
                assert_eq!(signed(&other, &entry.encoding_key()).is_some(), other == own, "{own:?} as {other:?}");
            }
            // An HMAC secret is never taken for the number of a key, even if it looks like one.
            for secret in [&b"secret"[..], MARK, entry.encoding_key().as_bytes()] {
                let key = EncodingKey::from_secret(secret);
                let library = (aws_lc::DEFAULT_PROVIDER.signer_factory)(&Algorithm::HS256, &key).unwrap();
                assert_eq!(signed(&Algorithm::HS256, &key), library.try_sign(b"message").ok());
            }
        }
    }
}
