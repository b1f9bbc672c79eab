//! Verifies assertions (Web Authentication Level 3, section 7.2).
//!
//! Comments give the numbers of the steps.

use serde::Deserialize;
use uuid::Uuid;

use super::{Error, RelyingParty, bytes, cbor, client_data, cose, options::user_handle};
use crate::sealing::{equal, sha256};

/// A parsed `AuthenticationResponseJSON`.
#[derive(Debug)]
pub struct Assertion {
    /// The ID of the credential that made the assertion.
    pub credential_id: Vec<u8>,
    client_data_json: Vec<u8>,
    authenticator_data: Vec<u8>,
    signature: Vec<u8>,
    user_handle: Option<Vec<u8>>,
}

/// The stored credential that an assertion is checked against.
#[derive(Debug)]
pub struct StoredCredential {
    /// The credential ID.
    pub id: Vec<u8>,
    /// The public key: the CBOR of a `COSE_Key`.
    pub public_key: Vec<u8>,
    /// The signature counter of the last assertion, or of the registration if there was no assertion.
    pub sign_count: u32,
    /// The flag BE (backup eligibility) at the registration.
    pub backup_eligible: bool,
}

/// The result of a verified assertion.
#[derive(Debug, PartialEq, Eq)]
pub struct Verified {
    /// The new signature counter.
    pub sign_count: u32,
    /// The flag BS (backup state) in this assertion.
    pub backup_state: bool,
    /// Whether the user was verified.
    pub user_verified: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    id: String,
    raw_id: String,
    #[serde(rename = "type")]
    kind: String,
    response: Inner,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inner {
    #[serde(rename = "clientDataJSON")]
    client_data_json: String,
    authenticator_data: String,
    signature: String,
    #[serde(default)]
    user_handle: Option<String>,
}

impl Assertion {
    /// Parses the JSON that clients send as `CREDENTIAL`.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let response: Response = serde_json::from_str(json)
            .map_err(|cause| Error::Malformed(format!("it is not an AuthenticationResponseJSON ({cause})")))?;
        if response.kind != "public-key" {
            return Err(Error::Malformed("its type is not public-key".into()));
        }
        let credential_id = bytes(&response.raw_id, "rawId")?;
        if bytes(&response.id, "id")? != credential_id {
            return Err(Error::Malformed("id and rawId differ".into()));
        }
        // Some clients send an empty user handle instead of leaving it out.
        let user_handle = response.response.user_handle.filter(|handle| !handle.is_empty());
        Ok(Self {
            credential_id,
            client_data_json: bytes(&response.response.client_data_json, "clientDataJSON")?,
            authenticator_data: bytes(&response.response.authenticator_data, "authenticatorData")?,
            signature: bytes(&response.response.signature, "signature")?,
            user_handle: user_handle.map(|handle| bytes(&handle, "userHandle")).transpose()?,
        })
    }
}

impl Assertion {
    /// Returns the subject in the user handle; `None` if there is no user handle or it is not a subject.
    pub fn subject(&self) -> Option<Uuid> {
        Uuid::try_parse(std::str::from_utf8(self.user_handle.as_deref()?).ok()?).ok()
    }
}

/// The maximum length of an assertion's authenticator data, in bytes. As a rule it has 37 bytes; extensions, which are
/// rare, add to that.
const MAX_AUTHENTICATOR_DATA: usize = 16 * 1024;

/// The flags of authenticator data (section 6.1).
pub(super) mod flag {
    pub const USER_PRESENT: u8 = 1;
    pub const USER_VERIFIED: u8 = 1 << 2;
    pub const BACKUP_ELIGIBLE: u8 = 1 << 3;
    pub const BACKUP_STATE: u8 = 1 << 4;
    pub const ATTESTED_DATA: u8 = 1 << 6;
    pub const EXTENSIONS: u8 = 1 << 7;
}

/// The authenticator data of an assertion (section 6.1): the hash of the RP ID, the flags and the signature counter.
struct AuthenticatorData<'a> {
    rp_id_hash: &'a [u8],
    flags: u8,
    sign_count: u32,
}

impl<'a> AuthenticatorData<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_AUTHENTICATOR_DATA {
            return Err(Error::Malformed(format!("authenticatorData is longer than {MAX_AUTHENTICATOR_DATA} bytes")));
        }
        let malformed = || Error::Malformed("authenticatorData is not that of an assertion".into());
        let (rp_id_hash, rest) = bytes.split_at_checked(32).ok_or_else(malformed)?;
        let (&[flags], rest) = rest.split_first_chunk::<1>().ok_or_else(malformed)?;
        let (&sign_count, rest) = rest.split_first_chunk::<4>().ok_or_else(malformed)?;
        // Attested credential data is accepted only in registrations. In an assertion, at most one CBOR map of
        // extensions may follow the counter.
        let extensions = flags & flag::EXTENSIONS != 0;
        let fits = if extensions { cbor::harmless_map(rest) } else { rest.is_empty() };
        if flags & flag::ATTESTED_DATA != 0 || !fits {
            return Err(malformed());
        }
        Ok(Self { rp_id_hash, flags, sign_count: u32::from_be_bytes(sign_count) })
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Verifies that an assertion is a response to request options with this `challenge`, and was made with this credential
/// of `sub`.
pub fn verify_assertion(
    rp: &RelyingParty,
    challenge: &[u8],
    sub: Uuid,
    stored: &StoredCredential,
    assertion: &Assertion,
) -> Result<Verified, Error> {
    // Step 6: the user handle, if there is one, must be that of the user who is already identified.
    if assertion.user_handle.as_deref().is_some_and(|handle| handle != user_handle(sub).as_bytes()) {
        return Err(Error::OtherUser);
    }
    // Steps 9 to 14.
    client_data::check(rp, &assertion.client_data_json, "webauthn.get", challenge)?;
    let data = AuthenticatorData::parse(&assertion.authenticator_data)?;
    // Step 15.
    if !equal(data.rp_id_hash, &sha256(rp.id.as_bytes())) {
        return Err(Error::RelyingParty);
    }
    // Step 16.
    if !data.has(flag::USER_PRESENT) {
        return Err(Error::UserNotPresent);
    }
    // Step 17.
    let user_verified = data.has(flag::USER_VERIFIED);
    if rp.user_verification_required && !user_verified {
        return Err(Error::UserNotVerified);
    }
    // Step 18.
    let (backup_eligible, backup_state) = (data.has(flag::BACKUP_ELIGIBLE), data.has(flag::BACKUP_STATE));
    if backup_state && !backup_eligible {
        return Err(Error::Malformed("it is backed up but not eligible for it".into()));
    }
    // Steps 20 and 21.
    let mut signed = assertion.authenticator_data.clone();
    signed.extend_from_slice(&sha256(&assertion.client_data_json));
    cose::PublicKey::decode(&stored.public_key)?.verify(&signed, &assertion.signature)?;
    // Step 22. The counter of an authenticator that does not count is always 0.
    if (data.sign_count != 0 || stored.sign_count != 0) && data.sign_count <= stored.sign_count {
        return Err(Error::PossibleClone);
    }
    // Step 19. It comes last, so that this error says that everything else is right.
    if backup_eligible != stored.backup_eligible {
        return Err(Error::BackupEligibilityChanged);
    }
    Ok(Verified { sign_count: data.sign_count, backup_state, user_verified })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dev::authenticator::{Authenticator, Spoil};

    fn relying_party(user_verification_required: bool) -> RelyingParty {
        RelyingParty {
            id: "localhost".into(),
            user_verification_required,
            app_origins: Vec::new(),
            related_origins: Vec::new(),
        }
    }

    /// Makes a credential as it is stored, and the authenticator that holds its private key.
    fn made(rsa: bool) -> (StoredCredential, Authenticator) {
        let rp = relying_party(false);
        let mut authenticator = Authenticator::new();
        let algorithms: &[i32] = if rsa { &[-257] } else { &[-7] };
        let mut options =
            super::super::creation_options(&rp, &[1; 32], (Uuid::nil(), "u"), &super::super::ALGORITHMS, &[]);
        options["pubKeyCredParams"] =
            algorithms.iter().map(|algorithm| json!({"type": "public-key", "alg": algorithm})).collect();
        let made = authenticator.create(&options, "http://localhost", &Default::default()).unwrap();
        let made = super::super::verify_registration(&rp, &[1; 32], &super::super::ALGORITHMS, &made).unwrap();
        let stored = StoredCredential {
            id: made.id,
            public_key: made.public_key,
            sign_count: 7,
            backup_eligible: made.backup_eligible,
        };
        (stored, authenticator)
    }

    /// Gets an assertion from the authenticator. If `data` is given, it replaces the authenticator data: before the
    /// authenticator signs if `signed` is true, otherwise after that.
    fn answered(authenticator: &mut Authenticator, data: Option<Vec<u8>>, signed: bool) -> Assertion {
        let options = super::super::request_options(&relying_party(false), &[2; 32], &[]);
        let spoil = Spoil { raw_authenticator_data: data.clone().filter(|_| signed), ..Spoil::default() };
        let answer = authenticator.get(&options, "http://localhost", &spoil).unwrap();
        let mut assertion = Assertion::parse(&answer.to_string()).unwrap();
        assertion.user_handle = None;
        if let Some(data) = data {
            assertion.authenticator_data = data;
        }
        assertion
    }

    #[test]
    fn extensions_are_one_harmless_map_and_bounded() {
        use serde_cbor_2::{Value, to_vec};
        let data = |extensions: &Value| {
            let mut data = vec![0; 37];
            data[32] = flag::USER_PRESENT | flag::EXTENSIONS;
            data.extend(to_vec(extensions).unwrap());
            data
        };
        let map = |key: Value, value: Value| Value::Map([(key, value)].into());
        let parsed = |data: &[u8]| AuthenticatorData::parse(data).is_ok();
        assert!(parsed(&data(&map(Value::Text("credProps".into()), Value::Bool(true)))));
        // Maps whose keys are arrays can cost a parser quadratic time.
        assert!(!parsed(&data(&map(Value::Array(vec![Value::Null]), Value::Null))));
        assert!(!parsed(&data(&Value::Array(vec![]))));
        let long = |bytes| data(&map(Value::Text("x".into()), Value::Bytes(vec![0; bytes])));
        assert!(parsed(&long(MAX_AUTHENTICATOR_DATA - 100)));
        assert!(!parsed(&long(MAX_AUTHENTICATOR_DATA)));
    }

    #[test]
    fn authenticator_data_has_37_bytes_and_only_announced_ones_behind() {
        let malformed = || Error::Malformed("authenticatorData is not that of an assertion".into());
        let parsed =
            |data: &[u8]| AuthenticatorData::parse(data).map(|data| (data.rp_id_hash[0], data.flags, data.sign_count));
        let good: Vec<u8> = [vec![9; 32], vec![flag::USER_PRESENT], vec![1, 2, 3, 4]].concat();
        assert_eq!(parsed(&good), Ok((9, flag::USER_PRESENT, 0x0102_0304)));
        for length in 0..good.len() {
            assert_eq!(parsed(&good[..length]), Err(malformed()), "{length} bytes");
        }
        let with = |flags: u8, behind: &[u8]| {
            let mut data = [&good[..], behind].concat();
            data[32] = flags;
            parsed(&data).is_ok()
        };
        let extended = flag::USER_PRESENT | flag::EXTENSIONS;
        assert!(with(flag::USER_PRESENT, &[]) && with(extended, &[0xa0]) && with(0, &[]));
        assert!(!with(flag::USER_PRESENT, &[0]) && !with(flag::USER_PRESENT, &[0xa0]) && !with(extended, &[]));
        assert!(!with(flag::ATTESTED_DATA, &[]) && !with(extended | flag::ATTESTED_DATA, &[0xa0]));
    }

    #[test]
    fn the_longest_authenticator_data_is_parsed_and_no_longer_one() {
        let filled = |bytes: usize| {
            let mut data = vec![0; 37];
            data[32] = flag::EXTENSIONS;
            data.extend(serde_cbor_2::to_vec(&json!({"x": "y".repeat(bytes)})).unwrap());
            data
        };
        let around = filled(10_000).len() - 10_000;
        let longest = filled(MAX_AUTHENTICATOR_DATA - around);
        assert_eq!(longest.len(), 16_384);
        assert!(AuthenticatorData::parse(&longest).is_ok());
        let refused = AuthenticatorData::parse(&filled(MAX_AUTHENTICATOR_DATA - around + 1)).err();
        let long = format!("authenticatorData is longer than {MAX_AUTHENTICATOR_DATA} bytes");
        assert_eq!(refused, Some(Error::Malformed(long)));
    }

    #[test]
    fn each_flag_is_its_own_bit() {
        let all = [
            flag::USER_PRESENT,
            flag::USER_VERIFIED,
            flag::BACKUP_ELIGIBLE,
            flag::BACKUP_STATE,
            flag::ATTESTED_DATA,
            flag::EXTENSIONS,
        ];
        assert_eq!(all, [0x01, 0x04, 0x08, 0x10, 0x40, 0x80]);
        for flags in all {
            let data = AuthenticatorData { rp_id_hash: &[], flags, sign_count: 0 };
            assert_eq!(all.map(|flag| data.has(flag)), all.map(|flag| flag == flags), "{flags:#x}");
        }
    }

    #[test]
    fn both_algorithms_verify() {
        for rsa in [false, true] {
            let (mut stored, mut authenticator) = made(rsa);
            stored.sign_count = 0;
            let assertion = answered(&mut authenticator, None, true);
            let verified = verify_assertion(&relying_party(true), &[2; 32], Uuid::nil(), &stored, &assertion);
            assert!(verified.is_ok_and(|verified| verified.user_verified));
        }
    }
}
