//! What the server remembers between two calls of a sign-in, a sign-up or a registration.
//!
//! A [`Pending`] is written as its kind and the members of its variant, sealed in a `Session` string or in a row of the
//! table `challenges`. Replicas of the previous release read and write the same data. So a new member must have a
//! default, and no member may be renamed.

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Map, Value};
use strum::IntoStaticStr;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::factor::{ChallengeName, SecondFactor};

/// The step that the server waits for, by kind, with the data that this step needs.
#[derive(Clone, Debug, PartialEq, Eq, IntoStaticStr, Serialize, Deserialize)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(tag = "kind", content = "data", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Pending {
    /// The choice of a factor.
    SelectChallenge {},
    /// The password, sent in plain text.
    Password {},
    /// The first step of proving the password by SRP.
    PasswordSrp {},
    WebAuthn(Ceremony),
    EmailOtp(EmailOtp),
    SmsOtp(SentCode),
    /// The second step of proving the password by SRP.
    #[serde(rename_all = "camelCase")]
    PasswordVerifier {
        /// The server's half of the SRP exchange: sealed, in base64.
        srp: String,
        /// The username that the proof is computed for.
        srp_id: String,
        /// In a sign-in by custom challenges, the challenges answered so far.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        custom: Option<Vec<Answered>>,
    },
    /// A new password to replace a temporary one.
    #[serde(rename_all = "camelCase")]
    NewPasswordRequired {
        /// When the temporary password was set.
        password_set_at: PasswordSetAt,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        custom: Option<Vec<Answered>>,
    },
    SoftwareTokenMfa(AfterPassword),
    SmsMfa(SecondCode),
    SelectMfaType(AfterPassword),
    MfaSetup {
        /// Whether a code of the new authenticator app was verified.
        #[serde(default)]
        verified: bool,
        #[serde(flatten)]
        after: AfterPassword,
    },
    /// The first step of proving by SRP that a remembered device is used.
    #[serde(rename_all = "camelCase")]
    DeviceSrpAuth {
        device: String,
        password_set_at: PasswordSetAt,
    },
    #[serde(rename_all = "camelCase")]
    DevicePasswordVerifier {
        /// Like `srp` of `PasswordVerifier`.
        srp: String,
        device: String,
        password_set_at: PasswordSetAt,
    },
    #[serde(rename_all = "camelCase")]
    CustomChallenge {
        /// The challenges answered so far.
        custom: Vec<Answered>,
        password_set_at: PasswordSetAt,
        /// `privateChallengeParameters`: sealed, in base64.
        private: String,
        #[serde(default)]
        metadata: Option<String>,
    },
    /// The confirmation of a sign-up with the code that was sent.
    SignUp {},
    /// The first sign-in after a sign-up that was confirmed with a code.
    SignedUp {},
    /// What a page of the sign-in shows, sealed (`http::pages::step`).
    PageStep {
        page: String,
    },
    PasskeyRegistration(Ceremony),
    /// A registration that a replica of the previous release began.
    WebAuthnRegistration(Ceremony),
}

/// When a password was set (`password::set_at`), or `None` if there is no password.
pub type PasswordSetAt = Option<String>;

/// The state of a passkey ceremony: a registration or an assertion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ceremony {
    /// The challenge in base64url.
    pub challenge: String,
    pub rp_id: String,
    /// Whether the sign-in names no user, so that the passkey must identify its user.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub discoverable: bool,
    /// What the first call of the sign-in read, so that the second need not read it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Box<ReadBefore>>,
}

/// What the first call of a passkey sign-in read about a user. The second call verifies the assertion with it, and then
/// signs the user in by a statement that does nothing unless all rows still have these versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadBefore {
    /// The hash of the name under which the user signs in.
    pub name: String,
    /// The versions of the rows of the user pool and of the app client.
    pub pool: i64,
    pub client: i64,
    /// Whether the authenticator must verify its user.
    pub user_verification: bool,
    /// Whether the passkey counts as both factors.
    pub both_factors: bool,
    pub passkeys: Vec<PasskeyBefore>,
}

/// A passkey, as the first call of a sign-in read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyBefore {
    /// The start of the hash of the credential ID.
    pub id: String,
    /// The COSE key, in base64url.
    pub key: String,
    #[serde(rename = "count")]
    pub sign_count: i64,
    #[serde(rename = "be")]
    pub backup_eligible: bool,
    /// Whether it is a roaming authenticator (`cross-platform`).
    #[serde(rename = "roams")]
    pub roaming: bool,
}

/// A code that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentCode {
    /// The hash of the code, in base64.
    pub code: String,
    pub salt: String,
    /// The address that the code was sent to.
    pub to: String,
}

/// A code that was sent by e-mail, as a first or a second factor. The API has the same name for both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum EmailOtp {
    First(SentCode),
    Second(SecondCode),
}

/// Data that is marked as a second factor (`mfa`) is never read as a first factor, even if the rest of the data is not
/// valid.
impl<'de> Deserialize<'de> for EmailOtp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let data = Value::deserialize(from)?;
        let read = match data.get("mfa") {
            None => SentCode::deserialize(data).map(Self::First),
            Some(_) => SecondCode::deserialize(data).map(Self::Second),
        };
        read.map_err(D::Error::custom)
    }
}

/// A code that is a second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondCode {
    #[serde(flatten)]
    pub sent: SentCode,
    #[serde(flatten)]
    pub after: AfterPassword,
}

/// The state of a sign-in whose password was proved and which now needs a second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AfterPassword {
    #[serde(rename = "mfa")]
    mark: SecondFactorMark,
    /// When the proved password was set.
    pub password_set_at: PasswordSetAt,
    #[serde(flatten)]
    pub carried: Carried,
}

impl AfterPassword {
    pub fn new(password_set_at: PasswordSetAt, carried: Carried) -> Self {
        Self { mark: SecondFactorMark, password_set_at, carried }
    }
}

/// A mark that is stored as `true`. It distinguishes the data of a second factor from that of a first factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "bool", into = "bool")]
struct SecondFactorMark;

impl TryFrom<bool> for SecondFactorMark {
    type Error = &'static str;

    fn try_from(is: bool) -> Result<Self, &'static str> {
        is.then_some(Self).ok_or("not a second factor")
    }
}

impl From<SecondFactorMark> for bool {
    fn from(_: SecondFactorMark) -> Self {
        true
    }
}

/// The data that a sign-in carries through its further challenges.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Carried {
    /// The key of the remembered device that was proved by SRP.
    #[serde(default)]
    pub device: Option<String>,
    /// The key of a known device that the client sent with the sign-in, without proof.
    #[serde(default)]
    pub named_device: Option<String>,
    /// In a sign-in by custom challenges, the challenges answered so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<Vec<Answered>>,
}

/// A challenge that was answered in a sign-in by custom challenges, as the pool's functions see it.
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-define-auth-challenge.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answered {
    /// The name of a [`ChallengeName`], or `SRP_A`.
    challenge_name: String,
    pub challenge_result: bool,
    #[serde(default)]
    challenge_metadata: Option<String>,
}

impl Answered {
    /// The entry for the first step, in which a client says that it can prove the password by SRP.
    pub fn srp_a() -> Self {
        Self { challenge_name: "SRP_A".into(), challenge_result: true, challenge_metadata: None }
    }

    pub fn new(name: ChallengeName, challenge_result: bool, challenge_metadata: Option<String>) -> Self {
        Self { challenge_name: name.to_string(), challenge_result, challenge_metadata }
    }

    /// Returns the name of the challenge; `None` for the first step.
    pub fn name(&self) -> Option<ChallengeName> {
        self.challenge_name.parse().ok()
    }
}

impl Pending {
    /// Returns the kind, as the database stores it.
    pub fn kind(&self) -> &'static str {
        self.into()
    }

    /// Returns the name of the challenge; `None` if this is not a challenge of a sign-in.
    pub fn name(&self) -> Option<ChallengeName> {
        self.kind().parse().ok()
    }

    /// Returns the second factor that this challenge asks for, and the state of the sign-in. The inner `None` means
    /// that the factor must still be chosen or set up. The outer `None` means that this is not a challenge for a second
    /// factor.
    pub fn second_factor(&self) -> Option<(Option<SecondFactor>, &AfterPassword)> {
        match self {
            Self::SoftwareTokenMfa(after) => Some((Some(SecondFactor::SoftwareTokenMfa), after)),
            Self::SmsMfa(code) => Some((Some(SecondFactor::SmsMfa), &code.after)),
            Self::EmailOtp(EmailOtp::Second(code)) => Some((Some(SecondFactor::EmailOtp), &code.after)),
            Self::SelectMfaType(after) | Self::MfaSetup { after, .. } => Some((None, after)),
            _ => None,
        }
    }

    /// Returns the time at which the proved password was set. The outer `None` means that this kind of challenge does
    /// not follow a password.
    pub fn password_set_at(&self) -> Option<&PasswordSetAt> {
        match self {
            Self::NewPasswordRequired { password_set_at, .. }
            | Self::DeviceSrpAuth { password_set_at, .. }
            | Self::DevicePasswordVerifier { password_set_at, .. }
            | Self::CustomChallenge { password_set_at, .. } => Some(password_set_at),
            _ => self.second_factor().map(|(_, after)| &after.password_set_at),
        }
    }

    /// Returns the code that was sent, if this challenge asks for one.
    pub fn sent_code(&self) -> Option<&SentCode> {
        match self {
            Self::SmsOtp(sent) | Self::EmailOtp(EmailOtp::First(sent)) => Some(sent),
            Self::SmsMfa(code) | Self::EmailOtp(EmailOtp::Second(code)) => Some(&code.sent),
            _ => None,
        }
    }
}

/// Limits on who may answer a challenge of any kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bounds {
    /// Whether only the sign-in pages may answer the challenge. If this is `false`, only callers of the API may answer
    /// it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pages: bool,
    /// A mark of the username, if no user has that username. It binds the challenge to the username, as a user's
    /// challenge is bound to the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoy: Option<String>,
}

/// A pending challenge.
#[derive(Clone, Debug)]
pub struct Challenge {
    pub id: Uuid,
    pub client_id: String,
    /// `None` if the challenge is a decoy for an unknown user. Also `None` if the sign-in names no user, so that the
    /// passkey must identify its user.
    pub sub: Option<Uuid>,
    pub state: Pending,
    pub bounds: Bounds,
    pub expires_at: OffsetDateTime,
    pub kept: Kept,
}

/// Where a challenge is kept until it is answered. It decides how the challenge is used up, so that nobody can use it
/// again: a row is deleted, and for a string a row is added (`store::challenges::use_up`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// As a row of the table `challenges`.
    Row,
    /// In the `Session` string itself.
    Sealed {
        /// The version of the user's row when the challenge was made; 0 if there is no user.
        user_version: i64,
    },
}

/// A stored challenge that this release does not understand. The error reveals nothing of its content.
#[derive(Debug, PartialEq, Eq)]
pub struct NotUnderstood;

/// Converts a challenge to a kind and data, as the database stores them.
pub fn write(pending: &Pending, bounds: &Bounds) -> (&'static str, Value) {
    #[derive(Serialize)]
    struct Data<'a> {
        #[serde(flatten)]
        own: Value,
        #[serde(flatten)]
        bounds: &'a Bounds,
    }
    let mut tagged = serde_json::to_value(pending).expect("all of its keys are texts");
    let data = Data { own: tagged["data"].take(), bounds };
    (pending.kind(), serde_json::to_value(data).expect("all of its keys are texts"))
}

/// Converts a kind and data from the database back to a challenge.
pub fn read(kind: &str, data: Value) -> Result<(Pending, Bounds), NotUnderstood> {
    let bounds = Bounds::deserialize(&data).map_err(|_| NotUnderstood)?;
    let tagged = Map::from_iter([("kind".to_owned(), kind.into()), ("data".to_owned(), data)]);
    let pending = serde_json::from_value(Value::Object(tagged)).map_err(|_| NotUnderstood)?;
    Ok((pending, bounds))
}

#[cfg(test)]
mod tests;
