//! Registering an Ed25519 key: section 7.1, which the library does for every other algorithm. Only the attestations that browsers
//! give when none is asked for are accepted: `none`, and `packed` signed with the key itself (section 8.2).

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use serde_cbor_2::Value as Cbor;
use uuid::Uuid;

use super::{Error, NewCredential, RelyingParty, assertion::flag, registration::AttestationObject};
use crate::sealing::{equal, sha256};

/// The algorithm's number in the COSE registry.
pub(super) const ALGORITHM: i32 = -8;

/// Bytes of a public key, and of a signature.
const KEY: usize = 32;

/// Verifies an attestation object whose client data was checked (steps 5 to 11), and whose key says that it is of this
/// algorithm.
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
    if !has(flag::ATTESTED_DATA) || has(flag::EXTENSIONS) != (object.items.len() == 2) {
        return Err(malformed());
    }
    // Step 20, and the key (RFC 9053 section 7.2).
    let key = object.key().ok_or_else(malformed)?;
    let integer = |label| match key.get(&Cbor::Integer(label)) {
        Some(Cbor::Integer(value)) => Some(*value),
        _ => None,
    };
    let x = match (integer(1), integer(-1), key.get(&Cbor::Integer(-2))) {
        (Some(1), Some(6), Some(Cbor::Bytes(x))) if x.len() == KEY => x,
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
