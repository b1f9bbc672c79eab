//! Registers Ed25519 keys (section 7.1). For all other algorithms, `webauthn-rs-core` does this. Only two attestation
//! formats are accepted: `none`, and `packed` signed with the key itself (section 8.2). Browsers send one of them if
//! the options do not request an attestation.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use serde_cbor_2::Value as Cbor;
use uuid::Uuid;

use super::{Error, NewCredential, RelyingParty, assertion::flag, attestation::AttestationObject};
use crate::sealing::{equal, sha256};

/// The algorithm's number in the COSE registry.
pub(super) const ALGORITHM: i32 = -8;

/// The length of a public key, and of each half of a signature, in bytes.
const KEY: usize = 32;

/// Verifies an attestation object. The caller has already checked the client data (steps 5 to 11), and that the key
/// declares the algorithm Ed25519.
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
    let key = object.key().ok_or_else(malformed)?;
    let integer = |label| match key.get(&Cbor::Integer(label)) {
        Some(Cbor::Integer(value)) => Some(*value),
        _ => None,
    };
    let x = match (integer(1), integer(-1), key.get(&Cbor::Integer(-2))) {
        (Some(1), Some(6), Some(Cbor::Bytes(x))) if x.len() == KEY && is_sound(x) => x,
        _ => return Err(Error::NotSupported("its key is of a kind that was not offered".into())),
    };
    // Steps 21 to 23.
    let statement = |name: &str| object.statement.get(&Cbor::Text(name.to_owned()));
    match object.fmt.as_str() {
        "none" => {}
        "packed" if statement("x5c").is_none() => {
            let alg = statement("alg") == Some(&Cbor::Integer(ALGORITHM.into()));
            let Some(Cbor::Bytes(signature)) = statement("sig").filter(|_| alg) else { return Err(malformed()) };
            let signed = [data, &sha256(client_data_json)].concat();
            UnparsedPublicKey::new(&ED25519, x).verify(&signed, signature).map_err(|_| Error::Signature)?;
        }
        _ => return Err(Error::NotSupported("its attestation is of a kind that was not asked for".into())),
    }
    let public_key = [
        (Cbor::Integer(1), Cbor::Integer(1)),
        (Cbor::Integer(3), Cbor::Integer(ALGORITHM.into())),
        (Cbor::Integer(-1), Cbor::Integer(6)),
        (Cbor::Integer(-2), Cbor::Bytes(x.clone())),
    ];
    let public_key = serde_cbor_2::to_vec(&Cbor::Map(public_key.into_iter().collect()));
    Ok(NewCredential {
        id: id.to_vec(),
        public_key: public_key.map_err(|cause| Error::Malformed(cause.to_string()))?,
        algorithm: ALGORITHM,
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
