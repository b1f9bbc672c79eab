//! Passkey ceremonies: how the options are made and the responses are checked. This code uses no database, no HTTP and
//! no clock.
//!
//! Verification follows the numbered steps of Web Authentication Level 3, sections 7.1 and 7.2; comments give their
//! numbers. aws-lc verifies the signatures (decision 0047). All sections named in this folder are that specification's.

mod assertion;
mod attestation;
mod cbor;
mod certificate;
mod client_data;
mod cose;
mod options;
mod registration;
mod statement;

pub use assertion::{Assertion, StoredCredential, Verified, verify_assertion};
pub use cose::CoseAlgorithm;
pub use options::{Descriptor, creation_options, request_options, user_handle};
pub use registration::{registration_challenge, verify_registration};
use uuid::Uuid;

/// The algorithms that are offered, most preferred first: ES256 and RS256, as in Amazon Cognito.
pub const ALGORITHMS: [CoseAlgorithm; 2] = [CoseAlgorithm::Es256, CoseAlgorithm::Rs256];

/// Like [`ALGORITHMS`], with EdDSA (Ed25519) first, for pools whose policy switches it on.
pub const ALGORITHMS_WITH_EDDSA: [CoseAlgorithm; 3] =
    [CoseAlgorithm::EdDsa, CoseAlgorithm::Es256, CoseAlgorithm::Rs256];

/// The relying party of a ceremony.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    /// The RP ID: a registrable domain or a name below it, or `localhost`.
    pub id: String,
    /// Whether user verification is required; if not, it is preferred.
    pub user_verification_required: bool,
    /// Origins of apps that are accepted besides web origins, such as `android:apk-key-hash:…`.
    pub app_origins: Vec<String>,
    /// Web origins on other domains that may use the RP ID (section 5.11).
    pub related_origins: Vec<String>,
}

impl RelyingParty {
    /// Whether passkeys may be created and used on this web origin.
    pub fn allows(&self, origin: &str) -> bool {
        url::Url::parse(origin).is_ok_and(|url| client_data::origin_allowed(self, origin, &url))
    }

    fn user_verification(&self) -> &'static str {
        if self.user_verification_required { "required" } else { "preferred" }
    }
}

/// Why a response is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    #[error("The credential is malformed: {0}.")]
    Malformed(String),
    #[error("The credential answers another challenge.")]
    Challenge,
    #[error(
        "The origin {0} is not allowed for this relying party ID: it must be https on that name or one below it, http on localhost only, or an app origin of the settings."
    )]
    Origin(String),
    #[error("The credential was made for another relying party ID.")]
    RelyingParty,
    #[error("The authenticator did not see the user.")]
    UserNotPresent,
    #[error("The authenticator did not verify the user, which this user pool requires.")]
    UserNotVerified,
    #[error("The credential is not supported: {0}.")]
    NotSupported(String),
    #[error("The signature does not verify.")]
    Signature,
    #[error("The credential belongs to another user.")]
    OtherUser,
    #[error("The signature counter did not grow: the authenticator may have been cloned.")]
    PossibleClone,
    #[error("The backup eligibility of the credential changed.")]
    BackupEligibilityChanged,
}

/// Decodes base64url, with or without padding. `member` is the name of the JSON member, for the error.
fn bytes(text: &str, member: &'static str) -> Result<Vec<u8>, Error> {
    use base64::{
        Engine,
        engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    };
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::URL_SAFE,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    ENGINE.decode(text).map_err(|_| Error::Malformed(format!("{member} is not base64url")))
}

/// A verified new credential.
#[derive(Debug)]
pub struct NewCredential {
    /// The credential ID, 1 to 1023 bytes.
    pub id: Vec<u8>,
    /// The public key: the CBOR of a `COSE_Key`.
    pub public_key: Vec<u8>,
    /// The number of the algorithm in the COSE registry.
    pub algorithm: i32,
    /// The signature counter.
    pub sign_count: u32,
    /// The AAGUID, which identifies the authenticator's model. It is all zero if the authenticator does not disclose
    /// its model.
    pub aaguid: Uuid,
    /// How the client can reach the authenticator, as the client reported.
    pub transports: Vec<String>,
    /// `platform` or `cross-platform`, if the client reported it.
    pub attachment: Option<String>,
    /// The attestation statement format, such as `none`.
    pub attestation_format: String,
    /// The flag BE: whether the credential may be backed up, as a synced passkey is.
    pub backup_eligible: bool,
    /// The flag BS: whether the credential is backed up now.
    pub backup_state: bool,
    /// Whether the user was verified.
    pub user_verified: bool,
}

#[cfg(test)]
mod judged;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
