//! A passkey authenticator in software. It takes the JSON options of a WebAuthn ceremony and responds as a browser with
//! a platform authenticator would. It is only for tests and `keystead dev authenticator`, because it keeps private keys
//! in the clear and does not ask for the user's consent.

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_cbor_2::Value as Cbor;
use serde_json::{Value, json};

/// The AAGUID of a new [`Authenticator`]. No real model has it, and it is recognizable in a hex dump.
pub const AAGUID: [u8; 16] = *b"keystead-dev-key";

// The flags in authenticator data (WebAuthn section 6.1; all sections in this file are WebAuthn's).
const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKUP_STATE: u8 = 0x10;
const ATTESTED_DATA: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

/// Why a ceremony failed; the first three correspond to the `DOMException`s of a browser.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The authenticator already holds a passkey that `excludeCredentials` lists.
    #[error("InvalidStateError: a passkey of excludeCredentials is held already")]
    InvalidState,
    /// `pubKeyCredParams` lists none of the algorithms of [`Algorithm`].
    #[error("NotSupportedError: no algorithm of pubKeyCredParams is supported")]
    NotSupported,
    /// The authenticator holds no passkey that belongs to the relying party and is allowed by `allowCredentials`.
    #[error("NotAllowedError: no passkey held fits the request")]
    NotAllowed,
    /// The named member of the options is missing or malformed.
    #[error("{0} of the options is missing or malformed")]
    Options(&'static str),
    /// A key could not be generated or used.
    #[error("cryptographic failure")]
    Crypto(#[from] Unspecified),
    /// The stored private key is not a valid key of the passkey's algorithm.
    #[error("private key rejected: {0}")]
    Key(#[from] KeyRejected),
}

/// A signature algorithm of a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256; signatures are ASN.1 DER (section 6.5.5).
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256; see [`Authenticator::rsa_bits`].
    #[serde(rename = "RS256")]
    Rs256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// Returns the `COSEAlgorithmIdentifier` (IANA COSE registry).
    pub fn cose(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::Rs256 => -257,
            Self::EdDsa => -8,
        }
    }

    /// Returns the algorithm of a `COSEAlgorithmIdentifier`; `None` if the authenticator does not support it.
    pub fn from_cose(number: i64) -> Option<Self> {
        [Self::Es256, Self::Rs256, Self::EdDsa].into_iter().find(|known| known.cose() == number)
    }
}

/// The attestation given with a new passkey. The `attestation` member of the options is ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Attestation {
    /// Format `none` (section 8.7).
    #[default]
    None,
    /// Format `packed`, signed with the passkey's own key (section 8.2).
    Packed,
}

/// Overrides that spoil parts of a response. `None` leaves a part as it is. Signatures cover the spoiled authenticator
/// data and client data, so that only the overridden parts are wrong. The authenticator's own state is never spoiled.
#[derive(Clone, Debug, Default)]
pub struct Spoil {
    /// Overrides `type` in the client data.
    pub client_type: Option<String>,
    /// Overrides `challenge` in the client data; raw bytes.
    pub challenge: Option<Vec<u8>>,
    /// Overrides `origin` in the client data.
    pub origin: Option<String>,
    /// Overrides `crossOrigin` in the client data, which is otherwise `false`.
    pub cross_origin: Option<bool>,
    /// Sets `topOrigin` in the client data, which is otherwise absent.
    pub top_origin: Option<String>,
    /// Overrides the RP ID whose SHA-256 is at the start of the authenticator data.
    pub rp_id: Option<String>,
    /// Overrides flag UP, which is otherwise set.
    pub user_present: Option<bool>,
    /// Overrides flag UV, which is otherwise set.
    pub user_verified: Option<bool>,
    /// Overrides flag BE, which is otherwise that of the passkey.
    pub backup_eligible: Option<bool>,
    /// Overrides flag BS, which is otherwise that of the passkey.
    pub backup_state: Option<bool>,
    /// Overrides the signature counter, which is otherwise that of the passkey.
    pub sign_count: Option<u32>,
    /// Overrides flag ED, which is otherwise not set.
    pub extensions: Option<bool>,
    /// Bytes appended to the authenticator data.
    pub trailing: Vec<u8>,
    /// Overrides the credential ID in `id`, `rawId` and the attested credential data.
    pub credential_id: Option<Vec<u8>>,
    /// Overrides `userHandle` in an assertion.
    pub user_handle: Option<Vec<u8>>,
    /// Whether a bit of the signature is flipped: in an assertion, or in a `packed` attestation.
    pub signature: bool,
    /// Overrides `fmt` in the attestation object. The attestation statement stays as it is.
    pub attestation_format: Option<String>,
    /// Overrides `alg` in the COSE key.
    pub algorithm: Option<i64>,
    /// Replaces `clientDataJSON`.
    pub raw_client_data: Option<Vec<u8>>,
    /// Replaces the authenticator data.
    pub raw_authenticator_data: Option<Vec<u8>>,
    /// Replaces the attestation object.
    pub raw_attestation_object: Option<Vec<u8>>,
}

impl Spoil {
    fn id_of<'a>(&'a self, passkey: &'a Passkey) -> &'a [u8] {
        let id = self.credential_id.as_ref();
        id.unwrap_or(&passkey.credential_id)
    }
}

/// A discoverable credential and its private key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Passkey {
    /// The credential ID: 32 random bytes.
    #[serde(with = "base64url")]
    pub credential_id: Vec<u8>,
    /// The RP ID of the relying party: a domain.
    pub rp_id: String,
    /// The user handle: `user.id` of the creation options, decoded.
    #[serde(with = "base64url")]
    pub user_handle: Vec<u8>,
    /// `user.name` of the creation options.
    pub user_name: String,
    /// The algorithm of the passkey's key.
    pub algorithm: Algorithm,
    /// The signature counter (section 6.1.1).
    pub sign_count: u32,
    /// Whether the passkey may be synced to other devices (flag BE, section 6.1.3).
    pub backup_eligible: bool,
    /// Whether the passkey is synced now (flag BS, section 6.1.3).
    pub backup_state: bool,
    private_key: PrivateKey,
}

impl Passkey {
    /// Returns the credential ID in base64url, the form of `id` in a response.
    pub fn id(&self) -> String {
        encode(&self.credential_id)
    }
}

/// A private key as a PKCS#8 document in DER.
#[derive(Clone, Serialize, Deserialize)]
struct PrivateKey(#[serde(with = "base64url")] Vec<u8>);

impl PrivateKey {
    fn generate(algorithm: Algorithm, rsa: KeySize) -> Result<Self, Unspecified> {
        let document = match algorithm {
            Algorithm::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?.to_pkcs8v1()?,
            Algorithm::EdDsa => Ed25519KeyPair::generate()?.to_pkcs8v1()?,
            Algorithm::Rs256 => {
                let der: Pkcs8V1Der = RsaKeyPair::generate(rsa)?.as_der()?;
                return Ok(Self(der.as_ref().to_vec()));
            }
        };
        Ok(Self(document.as_ref().to_vec()))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(hidden)")
    }
}

/// The authenticator with its passkeys. It can be stored as JSON between runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Authenticator {
    /// The AAGUID in the attested credential data of new passkeys.
    #[serde(with = "base64url")]
    pub aaguid: [u8; 16],
    /// The preferred algorithm of new passkeys. It is used if the creation options offer it.
    pub prefer: Option<Algorithm>,
    /// The size of new RSA keys in bits: 2048 (the default), 3072 or 4096.
    #[serde(default)]
    pub rsa_bits: Option<u16>,
    /// The attestation of new passkeys.
    pub attestation: Attestation,
    /// Whether assertions increment the signature counter. If not, the counter stays 0, as that of synced passkeys
    /// does.
    pub counts: bool,
    /// Whether new passkeys are backup eligible and backed up.
    pub synced: bool,
    passkeys: Vec<Passkey>,
}

impl Default for Authenticator {
    fn default() -> Self {
        Self::new()
    }
}

impl Authenticator {
    /// Makes an authenticator without passkeys. Its passkeys will be synced, without attestation and without counters.
    pub fn new() -> Self {
        Self {
            aaguid: AAGUID,
            prefer: None,
            rsa_bits: None,
            attestation: Attestation::None,
            counts: false,
            synced: true,
            passkeys: Vec::new(),
        }
    }

    /// Returns the authenticator's passkeys, oldest first.
    pub fn passkeys(&self) -> &[Passkey] {
        &self.passkeys
    }

    /// Deletes the passkey that has this [`Passkey::id`]. Returns `false` if there was no such passkey.
    pub fn forget(&mut self, id: &str) -> bool {
        let before = self.passkeys.len();
        self.passkeys.retain(|passkey| passkey.id() != id);
        self.passkeys.len() < before
    }

    /// Makes a passkey. Takes a `PublicKeyCredentialCreationOptionsJSON` and returns a `RegistrationResponseJSON`
    /// (section 5.1).
    ///
    /// A browser would check that the RP ID suits the origin; this does not. Section 6.3.2 would replace the user's
    /// earlier passkey; this keeps it, so that a test can have several passkeys of one user.
    pub fn create(&mut self, options: &Value, origin: &str, spoil: &Spoil) -> Result<Value, Error> {
        let client_data = client_data("webauthn.create", options, origin, spoil)?;
        let rp_id = rp_id(&options["rp"]["id"], "rp.id", origin)?;
        let excluded = ids(options, "excludeCredentials")?;
        let held = |passkey: &Passkey| passkey.rp_id == rp_id && excluded.contains(&passkey.id());
        if self.passkeys.iter().any(held) {
            return Err(Error::InvalidState);
        }
        let user = &options["user"];
        let user_name = user["name"].as_str().ok_or(Error::Options("user.name"))?;
        let algorithm = self.algorithm(options)?;
        let passkey = Passkey {
            credential_id: credential_id(),
            rp_id,
            user_handle: decode(&user["id"]).ok_or(Error::Options("user.id"))?,
            user_name: user_name.to_owned(),
            algorithm,
            sign_count: 0,
            backup_eligible: self.synced,
            backup_state: self.synced,
            private_key: PrivateKey::generate(algorithm, self.rsa_key_size())?,
        };
        let response = self.registration(&passkey, &client_data, spoil)?;
        let answer = credential(&passkey, response, spoil);
        self.passkeys.push(passkey);
        Ok(answer)
    }

    /// Signs in. Takes a `PublicKeyCredentialRequestOptionsJSON` and returns an `AuthenticationResponseJSON` (section
    /// 5.1). If several passkeys fit, the newest is used. This does not check that the RP ID suits the origin.
    pub fn get(&mut self, options: &Value, origin: &str, spoil: &Spoil) -> Result<Value, Error> {
        let client_data = client_data("webauthn.get", options, origin, spoil)?;
        let rp_id = rp_id(&options["rpId"], "rpId", origin)?;
        let allowed = ids(options, "allowCredentials")?;
        let fits = |held: &&mut Passkey| held.rp_id == rp_id && (allowed.is_empty() || allowed.contains(&held.id()));
        let found = self.passkeys.iter_mut().rfind(fits);
        let passkey = found.ok_or(Error::NotAllowed)?;
        if self.counts {
            passkey.sign_count = passkey.sign_count.wrapping_add(1);
        }
        let data = authenticator_data(passkey, spoil, &[]);
        let signature = Pair::load(passkey)?.sign(&signed(&data, &client_data), spoil)?;
        let user_handle = spoil.user_handle.as_ref().unwrap_or(&passkey.user_handle);
        let response = json!({
            "clientDataJSON": encode(&client_data),
            "authenticatorData": encode(&data),
            "signature": encode(&signature),
            "userHandle": encode(user_handle),
        });
        Ok(credential(passkey, response, spoil))
    }

    fn rsa_key_size(&self) -> KeySize {
        match self.rsa_bits {
            Some(3072) => KeySize::Rsa3072,
            Some(4096) => KeySize::Rsa4096,
            _ => KeySize::Rsa2048,
        }
    }

    fn algorithm(&self, options: &Value) -> Result<Algorithm, Error> {
        let params = options["pubKeyCredParams"].as_array().ok_or(Error::Options("pubKeyCredParams"))?;
        if params.is_empty() {
            // An empty list stands for ES256 and RS256 (section 5.1.3).
            let preferred = self.prefer.filter(|&other| other == Algorithm::Rs256);
            return Ok(preferred.unwrap_or(Algorithm::Es256));
        }
        let offered = || {
            let known = params.iter().filter(|param| param["type"] == "public-key");
            known.filter_map(|param| Algorithm::from_cose(param["alg"].as_i64()?))
        };
        let preferred = offered().find(|&algorithm| Some(algorithm) == self.prefer);
        preferred.or_else(|| offered().next()).ok_or(Error::NotSupported)
    }

    /// Makes the `AuthenticatorAttestationResponseJSON` of a registration (section 5.1).
    fn registration(&self, passkey: &Passkey, client_data: &[u8], spoil: &Spoil) -> Result<Value, Error> {
        let pair = Pair::load(passkey)?;
        let key = pair.cose_key(spoil.algorithm.unwrap_or(passkey.algorithm.cose()));
        let attested = self.attested_data(spoil.id_of(passkey), &key);
        let data = authenticator_data(passkey, spoil, &attested);
        let (format, statement) = match self.attestation {
            Attestation::None => ("none", Cbor::Map(BTreeMap::new())),
            Attestation::Packed => {
                let signature = pair.sign(&signed(&data, client_data), spoil)?;
                let alg = passkey.algorithm.cose().into();
                ("packed", map([("alg", alg), ("sig", signature.into())]))
            }
        };
        let format = spoil.attestation_format.as_deref().unwrap_or(format);
        let object = to_vec(&map([
            ("fmt", format.to_owned().into()),
            ("attStmt", statement),
            ("authData", data.clone().into()),
        ]));
        Ok(json!({
            "clientDataJSON": encode(client_data),
            "attestationObject": encode(spoil.raw_attestation_object.as_ref().unwrap_or(&object)),
            "transports": ["internal", "hybrid"],
            "publicKeyAlgorithm": passkey.algorithm.cose(),
            "authenticatorData": encode(&data),
            "publicKey": encode(&pair.spki()?),
        }))
    }

    /// Makes the attested credential data (section 6.5.1).
    fn attested_data(&self, id: &[u8], key: &Cbor) -> Vec<u8> {
        // Only a spoiled ID can be too long for a 16-bit length. The length is then wrong, too.
        let length = u16::try_from(id.len()).unwrap_or(u16::MAX).to_be_bytes();
        [&self.aaguid, &length[..], id, &to_vec(key)].concat()
    }
}

/// A parsed key pair.
enum Pair {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl Pair {
    fn load(passkey: &Passkey) -> Result<Self, Error> {
        let pkcs8 = &passkey.private_key.0;
        Ok(match passkey.algorithm {
            Algorithm::Es256 => Self::Es256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8)?),
            Algorithm::Rs256 => Self::Rs256(RsaKeyPair::from_pkcs8(pkcs8)?),
            Algorithm::EdDsa => Self::EdDsa(Ed25519KeyPair::from_pkcs8(pkcs8)?),
        })
    }

    fn sign(&self, message: &[u8], spoil: &Spoil) -> Result<Vec<u8>, Error> {
        let random = SystemRandom::new();
        let mut signature = match self {
            Self::Es256(pair) => pair.sign(&random, message)?.as_ref().to_vec(),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                signature
            }
            Self::EdDsa(pair) => pair.try_sign(message)?.as_ref().to_vec(),
        };
        // Flipping a bit of the last byte leaves a DER signature parseable, because that byte is part of a number.
        if spoil.signature
            && let Some(last) = signature.last_mut()
        {
            *last ^= 1;
        }
        Ok(signature)
    }

    /// Returns the public key as `SubjectPublicKeyInfo` in DER (RFC 5280).
    fn spki(&self) -> Result<Vec<u8>, Error> {
        let der: PublicKeyX509Der = match self {
            Self::Es256(pair) => pair.public_key().as_der()?,
            Self::Rs256(pair) => pair.public_key().as_der()?,
            Self::EdDsa(pair) => pair.public_key().as_der()?,
        };
        Ok(der.as_ref().to_vec())
    }

    /// Returns the public key as `COSE_Key`. The key types EC2 and OKP are defined in RFC 9053 section 7, and RSA in
    /// RFC 8230 section 4.
    fn cose_key(&self, algorithm: i64) -> Cbor {
        let (kind, parameters): (i64, Vec<Cbor>) = match self {
            Self::Es256(pair) => {
                // The key is an uncompressed point: 0x04, x, y.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                (2, vec![1.into(), x.to_vec().into(), y.to_vec().into()])
            }
            Self::Rs256(pair) => {
                let [n, e] = [pair.public_key().modulus(), pair.public_key().exponent()]
                    .map(|number| number.big_endian_without_leading_zero().to_vec().into());
                (3, vec![n, e])
            }
            Self::EdDsa(pair) => (1, vec![6.into(), pair.public_key().as_ref().to_vec().into()]),
        };
        let common = [(1.into(), kind.into()), (3.into(), algorithm.into())];
        // The labels of the parameters are -1, -2, -3 in all three key types.
        let labels = (1_i64..).map(|number| Cbor::from(-number));
        Cbor::Map(common.into_iter().chain(labels.zip(parameters)).collect())
    }
}

/// Makes `clientDataJSON`, with its members in the order that section 5.8.1.1 prescribes.
fn client_data(kind: &str, options: &Value, origin: &str, spoil: &Spoil) -> Result<Vec<u8>, Error> {
    let challenge = decode(&options["challenge"]).ok_or(Error::Options("challenge"))?;
    if let Some(raw) = &spoil.raw_client_data {
        return Ok(raw.clone());
    }
    let mut data = json!({
        "type": spoil.client_type.as_deref().unwrap_or(kind),
        "challenge": encode(spoil.challenge.as_ref().unwrap_or(&challenge)),
        "origin": spoil.origin.as_deref().unwrap_or(origin),
        "crossOrigin": spoil.cross_origin.unwrap_or(false),
    });
    if let Some(top_origin) = &spoil.top_origin {
        data["topOrigin"] = json!(top_origin);
    }
    Ok(data.to_string().into_bytes())
}

/// Makes authenticator data (section 6.1). `attested` is the attested credential data; it is empty in an assertion.
fn authenticator_data(passkey: &Passkey, spoil: &Spoil, attested: &[u8]) -> Vec<u8> {
    if let Some(raw) = &spoil.raw_authenticator_data {
        return raw.clone();
    }
    let eligible = spoil.backup_eligible.unwrap_or(passkey.backup_eligible);
    let backed_up = spoil.backup_state.unwrap_or(passkey.backup_state);
    let flags = [
        (USER_PRESENT, spoil.user_present.unwrap_or(true)),
        (USER_VERIFIED, spoil.user_verified.unwrap_or(true)),
        (BACKUP_ELIGIBLE, eligible),
        (BACKUP_STATE, backed_up),
        (ATTESTED_DATA, !attested.is_empty()),
        (EXTENSIONS, spoil.extensions.unwrap_or(false)),
    ];
    let flags: u8 = flags.iter().map(|(flag, set)| flag * u8::from(*set)).sum();
    let rp_id = spoil.rp_id.as_ref().unwrap_or(&passkey.rp_id);
    let count = spoil.sign_count.unwrap_or(passkey.sign_count).to_be_bytes();
    let hash = digest(&SHA256, rp_id.as_bytes());
    [hash.as_ref(), &[flags], &count, attested, &spoil.trailing].concat()
}

/// Returns the bytes that the signature of an attestation (section 8.2) or an assertion (section 6.3.3) covers.
fn signed(data: &[u8], client_data: &[u8]) -> Vec<u8> {
    [data, digest(&SHA256, client_data).as_ref()].concat()
}

/// Makes the JSON of a `PublicKeyCredential` (section 5.1) that contains the response of a ceremony.
fn credential(passkey: &Passkey, response: Value, spoil: &Spoil) -> Value {
    let id = encode(spoil.id_of(passkey));
    json!({
        "id": id,
        "rawId": id,
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
        "response": response,
    })
}

fn credential_id() -> Vec<u8> {
    let mut id = vec![0; 32];
    crate::random::fill(&mut id);
    id
}

/// Returns the RP ID of the options, or the host of the origin if the options have none (sections 5.1.3, 5.1.4).
fn rp_id(member: &Value, name: &'static str, origin: &str) -> Result<String, Error> {
    let host = || origin.split_once("://")?.1.split([':', '/']).next();
    let id = match member {
        Value::Null => host(),
        given => given.as_str(),
    };
    id.map(str::to_owned).ok_or(Error::Options(name))
}

/// Returns the IDs in a list of `PublicKeyCredentialDescriptorJSON`. If the options do not have the list, returns an
/// empty vector.
fn ids(options: &Value, list: &'static str) -> Result<Vec<String>, Error> {
    let descriptors = match &options[list] {
        Value::Null => return Ok(Vec::new()),
        Value::Array(descriptors) => descriptors,
        _ => return Err(Error::Options(list)),
    };
    let id = |descriptor: &Value| descriptor["id"].as_str().map(str::to_owned);
    let ids: Option<_> = descriptors.iter().map(id).collect();
    ids.ok_or(Error::Options(list))
}

/// Makes a map. The encoder writes its members in the order of CTAP2's canonical CBOR.
fn map<const N: usize>(members: [(&str, Cbor); N]) -> Cbor {
    let entries = members.map(|(name, value)| (name.to_owned().into(), value));
    Cbor::Map(entries.into())
}

fn to_vec(value: &Cbor) -> Vec<u8> {
    serde_cbor_2::to_vec(value).expect("a value of integers, strings and maps can be encoded")
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(value: &Value) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(value.as_str()?).ok()
}

/// (De)serializes bytes as base64url without padding, for `#[serde(with)]`.
mod base64url {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &impl AsRef<[u8]>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::encode(bytes.as_ref()))
    }

    pub fn deserialize<'de, D, T>(from: D) -> Result<T, D::Error>
    where
        D: Deserializer<'de>,
        T: TryFrom<Vec<u8>>,
    {
        // The value may be a private key, so errors must not quote it.
        let bytes = URL_SAFE_NO_PAD.decode(String::deserialize(from)?);
        let bytes = bytes.map_err(|_| D::Error::custom("not unpadded base64url"))?;
        T::try_from(bytes).map_err(|_| D::Error::custom("wrong number of bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
    };
    use serde_cbor_2::from_slice;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    const ORIGIN: &str = "https://login.example.com:8443";

    fn creation(algorithm: Algorithm) -> Value {
        json!({
            "challenge": "Y2hhbGxlbmdl",
            "rp": { "id": "example.com", "name": "Example" },
            "user": { "id": "dXNlcg", "name": "ada", "displayName": "Ada" },
            "pubKeyCredParams": [
                { "type": "public-key", "alg": -65535 },
                { "type": "public-key", "alg": algorithm.cose() },
            ],
        })
    }

    fn request() -> Value {
        json!({ "challenge": "Y2hhbGxlbmdl", "rpId": "example.com" })
    }

    fn bytes(answer: &Value, member: &str) -> Vec<u8> {
        decode(&answer["response"][member]).expect("member is base64url")
    }

    fn field(map: Cbor, name: &str) -> Cbor {
        let Cbor::Map(mut map) = map else { panic!("not a map") };
        map.remove(&name.to_owned().into()).expect("key is present")
    }

    fn byte_string(value: Cbor) -> Vec<u8> {
        let Cbor::Bytes(bytes) = value else { panic!("not a byte string") };
        bytes
    }

    /// Whether a signature over a response verifies with the public key of a registration. Also asserts that the COSE
    /// form of the key has the same key as the SPKI form.
    fn verifies(registration: &Value, answer: &Value, signature: &[u8]) -> bool {
        let number = registration["response"]["publicKeyAlgorithm"].as_i64();
        type Case = (&'static dyn VerificationAlgorithm, &'static [u8], usize);
        let (algorithm, head, length): Case = match number.and_then(Algorithm::from_cose) {
            Some(Algorithm::Es256) => (&ECDSA_P256_SHA256_ASN1, b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", 32),
            Some(Algorithm::Rs256) => {
                let head = b"\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00";
                (&RSA_PKCS1_2048_8192_SHA256, head, 256)
            }
            _ => (&ED25519, b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20", 32),
        };
        let spki = bytes(registration, "publicKey");
        let data = bytes(registration, "authenticatorData");
        let key = data[37 + 16 + 2 + 32..].strip_prefix(head);
        let key = key.expect("COSE key of the algorithm");
        assert!(spki.windows(length).any(|window| window == &key[..length]));
        let (data, client_data) = ("authenticatorData", "clientDataJSON");
        let message = signed(&bytes(answer, data), &bytes(answer, client_data));
        let key = UnparsedPublicKey::new(algorithm, spki);
        key.verify(&message, signature).is_ok()
    }

    fn created() -> (Authenticator, Value) {
        let mut authenticator = Authenticator::new();
        let answer = authenticator.create(&creation(Algorithm::Es256), ORIGIN, &Spoil::default());
        (authenticator, answer.expect("registration"))
    }

    #[test]
    fn every_algorithm_attests_and_signs_in() -> Outcome {
        for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
            for signature in [false, true] {
                let spoil = Spoil { signature, ..Spoil::default() };
                let mut authenticator = Authenticator::new();
                authenticator.attestation = Attestation::Packed;
                let made = authenticator.create(&creation(algorithm), ORIGIN, &spoil)?;
                let object = from_slice(&bytes(&made, "attestationObject"))?;
                let attested = byte_string(field(field(object, "attStmt"), "sig"));
                assert_eq!(verifies(&made, &made, &attested), !signature);

                let got = authenticator.get(&request(), ORIGIN, &spoil)?;
                assert_eq!(verifies(&made, &got, &bytes(&got, "signature")), !signature);
                assert_eq!(got["id"], made["id"]);
                assert_eq!(got["response"]["userHandle"], "dXNlcg");
            }
        }
        Ok(())
    }

    #[test]
    fn a_registration_has_its_documented_shape() -> Outcome {
        let (_, made) = created();
        assert_eq!(
            String::from_utf8_lossy(&bytes(&made, "clientDataJSON")),
            r#"{"type":"webauthn.create","challenge":"Y2hhbGxlbmdl","origin":"https://login.example.com:8443","crossOrigin":false}"#
        );
        let data = bytes(&made, "authenticatorData");
        assert_eq!(data[..32], *digest(&SHA256, b"example.com").as_ref());
        assert_eq!(data[32..53], [&[0x5d, 0, 0, 0, 0][..], &AAGUID].concat());
        assert_eq!(encode(&data[55..87]), made["rawId"]);
        let object = bytes(&made, "attestationObject");
        assert_eq!(object[..15], *b"\xa3\x63fmt\x64none\x67attS");
        assert_eq!(byte_string(field(from_slice(&object)?, "authData")), data);
        Ok(())
    }

    #[test]
    fn lists_of_ids_are_heeded() -> Outcome {
        let (mut authenticator, made) = created();
        let (mut creation, mut request) = (creation(Algorithm::EdDsa), request());
        creation["excludeCredentials"] = json!([{ "type": "public-key", "id": made["id"] }]);
        let refused = authenticator.create(&creation, ORIGIN, &Spoil::default());
        assert!(matches!(refused, Err(Error::InvalidState)));

        creation["excludeCredentials"] = json!([]);
        let newer = authenticator.create(&creation, ORIGIN, &Spoil::default())?;
        let got = authenticator.get(&request, ORIGIN, &Spoil::default())?;
        assert_eq!(got["id"], newer["id"]);
        request["allowCredentials"] = json!([{ "type": "public-key", "id": made["id"] }]);
        let got = authenticator.get(&request, ORIGIN, &Spoil::default())?;
        assert_eq!(got["id"], made["id"]);

        assert!(authenticator.forget(made["id"].as_str().expect("id is a string")));
        let missing = authenticator.get(&request, ORIGIN, &Spoil::default());
        assert!(matches!(missing, Err(Error::NotAllowed)));
        Ok(())
    }

    #[test]
    fn the_preferred_algorithm_is_used_only_if_offered() {
        let mut authenticator = Authenticator::new();
        authenticator.prefer = Some(Algorithm::EdDsa);
        let chosen = |numbers: &[i64]| {
            let param = |alg| json!({ "type": "public-key", "alg": alg });
            let params: Vec<_> = numbers.iter().map(param).collect();
            authenticator.algorithm(&json!({ "pubKeyCredParams": params })).ok()
        };
        assert_eq!(chosen(&[-65535, -7, -257]), Some(Algorithm::Es256));
        assert_eq!(chosen(&[-257, -8]), Some(Algorithm::EdDsa));
        assert_eq!(chosen(&[]), Some(Algorithm::Es256));
        assert_eq!(chosen(&[-65535]), None);
    }

    #[test]
    fn spoiled_data_is_signed_as_spoiled() -> Outcome {
        let (mut authenticator, made) = created();
        let spoil = Spoil {
            challenge: Some(b"other".to_vec()),
            top_origin: Some("https://frame.example".to_owned()),
            user_verified: Some(false),
            sign_count: Some(7),
            ..Spoil::default()
        };
        let got = authenticator.get(&request(), ORIGIN, &spoil)?;
        assert_eq!(bytes(&got, "authenticatorData")[32..], [0x19, 0, 0, 0, 7]);
        let client_data: Value = serde_json::from_slice(&bytes(&got, "clientDataJSON"))?;
        assert_eq!(client_data["challenge"], encode(b"other"));
        assert_eq!(client_data["topOrigin"], "https://frame.example");
        assert!(verifies(&made, &got, &bytes(&got, "signature")));
        Ok(())
    }

    #[test]
    fn state_survives_a_round_trip_and_debug_hides_keys() -> Outcome {
        let (mut authenticator, made) = created();
        authenticator.counts = true;
        authenticator.get(&request(), ORIGIN, &Spoil::default())?;
        let state = serde_json::to_string(&authenticator)?;
        let mut restored: Authenticator = serde_json::from_str(&state)?;
        assert_eq!(serde_json::to_string(&restored)?, state);
        let got = restored.get(&request(), ORIGIN, &Spoil::default())?;
        assert_eq!(bytes(&got, "authenticatorData")[33..], [0, 0, 0, 2]);
        assert!(verifies(&made, &got, &bytes(&got, "signature")));

        let key = &restored.passkeys()[0].private_key.0;
        let printed = format!("{restored:?}");
        assert!(printed.contains("PrivateKey(hidden)"));
        assert!(!printed.contains(&format!("{key:?}")) && !printed.contains(&encode(key)));
        Ok(())
    }
}
