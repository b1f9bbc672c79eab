//! The certificates in attestation statements (X.509, RFC 5280).

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use uuid::Uuid;
use x509_cert::{
    Version,
    der::{
        Decode, Encode,
        asn1::{ContextSpecific, OctetString},
        oid::{ObjectIdentifier, db::rfc4519},
    },
    ext::pkix::BasicConstraints,
};

use super::{Error, cose::PublicKey};

/// The extension `id-fido-gen-ce-aaguid` (section 8.2.1): the AAGUID of the only model that uses the certificate.
const AAGUID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.45724.1.1.4");
/// The extension in which Apple's certificates carry a nonce (section 8.8).
const APPLE_NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113635.100.8.2");

pub(super) struct Certificate(x509_cert::Certificate);

impl Certificate {
    pub(super) fn parse(der: &[u8]) -> Result<Self, Error> {
        let malformed = |_| Error::Malformed("its attestation contains no X.509 certificate".into());
        x509_cert::Certificate::from_der(der).map(Self).map_err(malformed)
    }

    /// Verifies a signature with the certificate's public key. The algorithm is given as its number in the COSE registry.
    pub(super) fn verify(&self, algorithm: i128, signed: &[u8], signature: &[u8]) -> Result<(), Error> {
        let algorithm: &'static dyn VerificationAlgorithm = match algorithm {
            -7 => &signature::ECDSA_P256_SHA256_ASN1,
            -35 => &signature::ECDSA_P384_SHA384_ASN1,
            -36 => &signature::ECDSA_P521_SHA512_ASN1,
            -8 => &signature::ED25519,
            -257 => &signature::RSA_PKCS1_2048_8192_SHA256,
            _ => {
                let words = "its attestation is signed with an algorithm that is not supported";
                return Err(Error::NotSupported(words.into()));
            }
        };
        UnparsedPublicKey::new(algorithm, self.public_key()?).verify(signed, signature).map_err(|_| Error::Signature)
    }

    /// Checks what section 8.2 demands of the certificate of a `packed` attestation. `aaguid` is that of the
    /// authenticator data.
    pub(super) fn check_packed(&self, aaguid: Uuid) -> Result<(), Error> {
        let content = self.0.tbs_certificate();
        let subject = |oid| content.subject().iter().filter(move |attribute| attribute.oid == oid);
        let named = [rfc4519::C, rfc4519::O, rfc4519::CN].into_iter().all(|oid| subject(oid).next().is_some());
        let mut units = subject(rfc4519::OU).map(|unit| unit.value.value()).peekable();
        let unit = units.peek().is_some() && units.all(|unit| unit == b"Authenticator Attestation");
        let ends_the_chain =
            content.get_extension::<BasicConstraints>().ok().flatten().is_some_and(|(_, found)| !found.ca);
        let model = match self.extension(AAGUID)? {
            None => true,
            Some((critical, value)) => {
                let named = OctetString::from_der(value).ok();
                !critical && named.is_some_and(|named| named.as_bytes() == aaguid.as_bytes())
            }
        };
        if content.version() == Version::V3 && named && unit && ends_the_chain && model { Ok(()) } else { Err(unfit()) }
    }

    /// Checks what section 8.8 demands of the certificate of an `apple` attestation: that it carries this nonce, and
    /// that its public key is that of the passkey.
    pub(super) fn check_apple(&self, nonce: &[u8; 32], key: &PublicKey) -> Result<(), Error> {
        type Nonce = Vec<ContextSpecific<OctetString>>;
        let (_, value) = self.extension(APPLE_NONCE)?.ok_or_else(unfit)?;
        let carried = Nonce::from_der(value).map_err(|_| unfit())?;
        let carried = carried.first().filter(|tagged| tagged.tag_number.value() == 1);
        if carried.is_none_or(|carried| carried.value.as_bytes() != nonce) {
            return Err(Error::Signature);
        }
        let PublicKey::Es256 { point } = key else { return Err(unfit()) };
        // The point is on P-256, as was checked before. So an equal point is on P-256, too.
        let own = self.0.tbs_certificate().subject_public_key_info();
        if own.subject_public_key.as_bytes() == Some(point) { Ok(()) } else { Err(unfit()) }
    }

    /// Returns an extension: whether it is critical, and its value.
    fn extension(&self, oid: ObjectIdentifier) -> Result<Option<(bool, &[u8])>, Error> {
        let all = self.0.tbs_certificate().extensions().into_iter().flatten();
        let mut found = all.filter(|extension| extension.extn_id == oid);
        let first = found.next().map(|extension| (extension.critical, extension.extn_value.as_bytes()));
        if found.next().is_some() { Err(unfit()) } else { Ok(first) }
    }

    /// Returns the public key, as `SubjectPublicKeyInfo` in DER.
    fn public_key(&self) -> Result<Vec<u8>, Error> {
        self.0.tbs_certificate().subject_public_key_info().to_der().map_err(|_| unfit())
    }
}

fn unfit() -> Error {
    Error::Malformed("its attestation certificate does not fit its attestation format".into())
}
