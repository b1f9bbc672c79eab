//! Registers keys that `webauthn-rs-core` refuses (section 7.1): Ed25519 keys, and RSA keys of more than 2048 bits. Only
//! two attestation formats are accepted: `none`, and `packed` signed with the key itself (section 8.2). Browsers send one
//! of them if the options do not request an attestation.

use std::collections::BTreeMap;

use serde_cbor_2::Value as Cbor;
use uuid::Uuid;

use super::{
    Error, NewCredential, RelyingParty,
    assertion::{flag, verify_signature},
    attestation::AttestationObject,
};
use crate::sealing::{equal, sha256};

/// The number of EdDSA in the COSE registry.
const EDDSA: i32 = -8;
/// The number of RSASSA-PKCS1-v1_5 with SHA-256 in the COSE registry.
const RS256: i32 = -257;

/// The length of an Ed25519 public key, and of each half of a signature, in bytes.
const KEY: usize = 32;
/// The length of the modulus of an RSA key that the library registers, in bytes.
const MODULUS_OF_LIBRARY: usize = 256;
/// The maximum length of the modulus of an RSA key, in bytes. Verifying a signature takes longer with a longer key.
const LONGEST_MODULUS: usize = 512;
/// The exponent of RSA keys, big endian: 65537.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// Whether the key in an attestation object is registered here and not by the library.
pub(super) fn has_own_key(object: &AttestationObject) -> bool {
    let algorithm = |number: i32| object.algorithm() == Some(number.into());
    let modulus = object.key().and_then(|key| key.get(&Cbor::Integer(-1)));
    algorithm(EDDSA) || algorithm(RS256) && matches!(modulus, Some(Cbor::Bytes(n)) if n.len() != MODULUS_OF_LIBRARY)
}

/// Verifies an attestation object. The caller has already checked the client data (steps 5 to 11), that the key's
/// algorithm was offered, and [`has_own_key`].
pub(super) fn register(
    rp: &RelyingParty,
    object: &AttestationObject,
    client_data_json: &[u8],
) -> Result<NewCredential, Error> {
    let malformed = || Error::Malformed("attestationObject is not an attestation object".into());
    let data = object.auth_data.as_slice();
    let (rp_id_hash, rest) = data.split_at_checked(32).ok_or_else(malformed)?;
    let (&[flags], rest) = rest.split_first_chunk::<1>().ok_or_else(malformed)?;
    let (&sign_count, rest) = rest.split_first_chunk::<4>().ok_or_else(malformed)?;
    let (aaguid, rest) = rest.split_first_chunk::<16>().ok_or_else(malformed)?;
    let (&length, rest) = rest.split_first_chunk::<2>().ok_or_else(malformed)?;
    let (id, _) = rest.split_at_checked(usize::from(u16::from_be_bytes(length))).ok_or_else(malformed)?;
    let has = |flag: u8| flags & flag != 0;
    // Step 13.
    if !equal(rp_id_hash, &sha256(rp.id.as_bytes())) {
        return Err(Error::RelyingParty);
    }
    // Step 14.
    if !has(flag::USER_PRESENT) {
        return Err(Error::UserNotPresent);
    }
    // Step 15.
    let user_verified = has(flag::USER_VERIFIED);
    if rp.user_verification_required && !user_verified {
        return Err(Error::UserNotVerified);
    }
    // Steps 16 to 18.
    let (backup_eligible, backup_state) = (has(flag::BACKUP_ELIGIBLE), has(flag::BACKUP_STATE));
    if backup_state && !backup_eligible {
        return Err(Error::Malformed("it is backed up but not eligible for it".into()));
    }
    // Step 20, and the members of the key (RFC 9053 section 7.2).
    let key = sound(object.key().ok_or_else(malformed)?);
    let (algorithm, key) =
        key.ok_or_else(|| Error::NotSupported("its key is of a kind that was not offered".into()))?;
    let public_key = serde_cbor_2::to_vec(&Cbor::Map(key)).map_err(|cause| Error::Malformed(cause.to_string()))?;
    // Steps 21 to 23.
    let statement = |name: &str| object.statement.get(&Cbor::Text(name.to_owned()));
    match object.fmt.as_str() {
        "none" => {}
        "packed" if statement("x5c").is_none() => {
            let alg = statement("alg") == Some(&Cbor::Integer(algorithm.into()));
            let Some(Cbor::Bytes(signature)) = statement("sig").filter(|_| alg) else { return Err(malformed()) };
            let signed = [data, &sha256(client_data_json)].concat();
            verify_signature(&public_key, &signed, signature)?;
        }
        _ => return Err(Error::NotSupported("its attestation is of a kind that was not asked for".into())),
    }
    Ok(NewCredential {
        id: id.to_vec(),
        public_key,
        algorithm,
        sign_count: u32::from_be_bytes(sign_count),
        aaguid: Uuid::from_bytes(*aaguid),
        transports: Vec::new(),
        attachment: None,
        attestation_format: object.fmt.clone(),
        backup_eligible,
        backup_state,
        user_verified,
    })
}

/// Returns the algorithm and the required members of a sound key (RFC 9053 section 7.2, RFC 8230 section 4).
fn sound(key: &BTreeMap<Cbor, Cbor>) -> Option<(i32, BTreeMap<Cbor, Cbor>)> {
    let integer = |label| match key.get(&Cbor::Integer(label)) {
        Some(Cbor::Integer(value)) => Some(*value),
        _ => None,
    };
    let bytes = |label| match key.get(&Cbor::Integer(label)) {
        Some(Cbor::Bytes(bytes)) => Some(bytes.clone()),
        _ => None,
    };
    let (algorithm, kind, members) = match (integer(1)?, integer(3)?) {
        (1, number) if number == EDDSA.into() && integer(-1) == Some(6) => {
            let x = bytes(-2).filter(|x| x.len() == KEY && is_sound(x))?;
            (EDDSA, 1, [(-1, Cbor::Integer(6)), (-2, Cbor::Bytes(x))])
        }
        (3, number) if number == RS256.into() => {
            let is_modulus = |n: &Vec<u8>| {
                (MODULUS_OF_LIBRARY + 1..=LONGEST_MODULUS).contains(&n.len())
                    && n.first().is_some_and(|first| *first != 0)
                    && n.last().is_some_and(|last| last & 1 == 1)
            };
            let (n, e) = (bytes(-1).filter(is_modulus)?, bytes(-2).filter(|e| *e == EXPONENT)?);
            (RS256, 3, [(-1, Cbor::Bytes(n)), (-2, Cbor::Bytes(e))])
        }
        _ => return None,
    };
    let all = [(1, Cbor::Integer(kind)), (3, Cbor::Integer(algorithm.into()))].into_iter().chain(members);
    Some((algorithm, all.map(|(label, value)| (Cbor::Integer(label), value)).collect()))
}

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

/// Whether a public key is canonically encoded, and is not a point of small order.
fn is_sound(key: &[u8]) -> bool {
    let Ok(mut y) = <[u8; KEY]>::try_from(key) else { return false };
    y[31] &= 0x7f;
    let beyond_the_field = y[31] == 0x7f && y[1..31].iter().all(|byte| *byte == 0xff) && y[0] >= 0xed;
    !beyond_the_field && !SMALL_ORDER.contains(&y)
}

#[cfg(test)]
mod tests;
