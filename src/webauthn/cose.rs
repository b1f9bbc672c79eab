//! Public keys in COSE form (RFC 9052, RFC 9053, RFC 8230), which is how authenticators state them and the database
//! stores them.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{self, ParsedPublicKey, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_cbor_2::Value;

use super::Error;

/// A signature algorithm of passkeys, with its number in the COSE registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoseAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256 = -7,
    /// EdDSA; here always Ed25519.
    EdDsa = -8,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256 = -257,
}

impl CoseAlgorithm {
    /// Returns the algorithm's number in the COSE registry.
    pub fn number(self) -> i32 {
        self as i32
    }
}

/// A public key in the form that verifies signatures.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PublicKey {
    /// A key for ECDSA on P-256 with SHA-256: the uncompressed point.
    Es256 { point: Vec<u8> },
    /// A key for RSASSA-PKCS1-v1_5 with SHA-256: the modulus and the exponent, big endian.
    Rs256 { n: Vec<u8>, e: Vec<u8> },
    /// A key for Ed25519: the bytes of the public key.
    Ed25519 { x: Vec<u8> },
}

impl PublicKey {
    /// Decodes a `COSE_Key` that the database stored.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let Ok(Value::Map(members)) = serde_cbor_2::from_slice(bytes) else { return Err(unusable()) };
        Self::of(&members)
    }

    /// Reads the `COSE_Key` of a new credential. It must have exactly the members of its kind (section 6.5.1), and be a
    /// key that is safe to use: a point of the curve, or a number of a usual size.
    pub(super) fn attested(members: &BTreeMap<Value, Value>) -> Result<Self, Error> {
        let key = Self::of(members)?;
        let (count, sound) = match &key {
            Self::Es256 { point } => (5, ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, point).is_ok()),
            Self::Ed25519 { x } => (4, is_sound_ed25519(x)),
            Self::Rs256 { n, e } => (4, is_sound_rsa(n, e)),
        };
        if sound && members.len() == count { Ok(key) } else { Err(unusable()) }
    }

    fn of(members: &BTreeMap<Value, Value>) -> Result<Self, Error> {
        let integer = |label| match members.get(&Value::Integer(label)) {
            Some(Value::Integer(value)) => Some(*value),
            _ => None,
        };
        let bytes = |label| match members.get(&Value::Integer(label)) {
            Some(Value::Bytes(value)) => Ok(value.as_slice()),
            _ => Err(unusable()),
        };
        match (integer(1), integer(3)) {
            (Some(2), Some(-7)) if integer(-1) == Some(1) => {
                let (x, y) = (bytes(-2)?, bytes(-3)?);
                if (x.len(), y.len()) != (COORDINATE, COORDINATE) {
                    return Err(unusable());
                }
                Ok(Self::Es256 { point: [&[UNCOMPRESSED], x, y].concat() })
            }
            (Some(1), Some(-8)) if integer(-1) == Some(6) => Ok(Self::Ed25519 { x: bytes(-2)?.to_vec() }),
            (Some(3), Some(-257)) => Ok(Self::Rs256 { n: bytes(-1)?.to_vec(), e: bytes(-2)?.to_vec() }),
            _ => Err(unusable()),
        }
    }

    /// Encodes the key as `COSE_Key`, with the members that its kind requires.
    pub(super) fn encode(&self) -> Result<Vec<u8>, Error> {
        let number = |value: i128| Value::Integer(value);
        let bytes = |value: &[u8]| Value::Bytes(value.to_vec());
        let (kind, parameters) = match self {
            Self::Es256 { point } => {
                let (x, y) = point.get(1..).unwrap_or_default().split_at_checked(COORDINATE).ok_or_else(unusable)?;
                (2, vec![(-1, number(1)), (-2, bytes(x)), (-3, bytes(y))])
            }
            Self::Ed25519 { x } => (1, vec![(-1, number(6)), (-2, bytes(x))]),
            Self::Rs256 { n, e } => (3, vec![(-1, bytes(n)), (-2, bytes(e))]),
        };
        let common = [(1, number(kind)), (3, number(self.algorithm().number().into()))];
        let members = common.into_iter().chain(parameters).map(|(label, value)| (number(label), value));
        serde_cbor_2::to_vec(&Value::Map(members.collect())).map_err(|cause| Error::Malformed(cause.to_string()))
    }

    pub(super) fn algorithm(&self) -> CoseAlgorithm {
        match self {
            Self::Es256 { .. } => CoseAlgorithm::Es256,
            Self::Ed25519 { .. } => CoseAlgorithm::EdDsa,
            Self::Rs256 { .. } => CoseAlgorithm::Rs256,
        }
    }

    /// Verifies a signature with this key.
    pub(super) fn verify(&self, signed: &[u8], signature: &[u8]) -> Result<(), Error> {
        let verified = match self {
            Self::Es256 { point } => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, point).verify(signed, signature)
            }
            Self::Ed25519 { x } => UnparsedPublicKey::new(&signature::ED25519, x).verify(signed, signature),
            Self::Rs256 { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&signature::RSA_PKCS1_2048_8192_SHA256, signed, signature)
            }
        };
        verified.map_err(|_| Error::Signature)
    }
}

fn unusable() -> Error {
    Error::NotSupported("its key is of a kind that was not offered".into())
}

/// The first byte of an uncompressed point (SEC 1, section 2.3.3).
const UNCOMPRESSED: u8 = 4;
/// The length of a coordinate of a point on P-256, in bytes.
const COORDINATE: usize = 32;

/// The lengths that the modulus of an RSA key may have, in bytes. Verifying a signature takes longer with a longer key.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=512;
/// The exponent of RSA keys, big endian: 65537.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// Whether an RSA key has the usual exponent, and a modulus of 2048 to 4096 bits.
fn is_sound_rsa(n: &[u8], e: &[u8]) -> bool {
    // A modulus of 256 bytes has 2048 bits only if its highest bit is set. aws-lc verifies nothing with a shorter one.
    let long_enough =
        n.len() > *MODULUS.start() && n.first() != Some(&0) || n.first().is_some_and(|first| *first >= 0x80);
    let odd = n.last().is_some_and(|last| last & 1 == 1);
    MODULUS.contains(&n.len()) && long_enough && odd && e == EXPONENT
}

/// The length of an Ed25519 public key, in bytes.
const KEY: usize = 32;

/// The points of small order (RFC 8032 section 5.1, RFC 7748 section 6.1), without their sign bit. Such public keys are
/// refused, because for each of them there are signatures that are valid for many messages.
const SMALL_ORDER: [[u8; KEY]; 5] = [
    [0; KEY],
    with(0, 0x01, [0; KEY]),
    with(31, 0x7f, with(0, 0xec, [0xff; KEY])),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

const fn with(at: usize, byte: u8, mut bytes: [u8; KEY]) -> [u8; KEY] {
    bytes[at] = byte;
    bytes
}

/// Whether an Ed25519 public key is canonically encoded, and is not a point of small order.
fn is_sound_ed25519(key: &[u8]) -> bool {
    let Ok(mut y) = <[u8; KEY]>::try_from(key) else { return false };
    y[31] &= 0x7f;
    let beyond_the_field = y[31] == 0x7f && y[1..31].iter().all(|byte| *byte == 0xff) && y[0] >= 0xed;
    !beyond_the_field && !SMALL_ORDER.contains(&y)
}

#[cfg(test)]
mod tests;
