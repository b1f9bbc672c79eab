//! Keystead's own operations, under `X-Amz-Target: KeysteadService.<Operation>`.
//!
//! Amazon Cognito has no operations for these purposes: to rename passkeys and show their details, to tell passkey
//! managers which passkeys are still accepted, to let operators list and delete users' passkeys, and to set a pool's
//! rules for passkeys and the look of its pages (docs/passkeys.md), and what signs its tokens (docs/token-signing.md).
//! The shapes of the operations are in `wire/keystead.json`.

pub(crate) mod admin_delete_web_authn_credential;
pub(crate) mod admin_list_web_authn_credentials;
pub(crate) mod get_passkey_signals;
pub(crate) mod get_user_pool_branding;
pub(crate) mod get_user_pool_passkey_policy;
pub(crate) mod get_user_pool_token_signing;
pub(crate) mod list_web_authn_credential_details;
pub(crate) mod set_user_pool_branding;
pub(crate) mod set_user_pool_passkey_policy;
pub(crate) mod set_user_pool_token_signing;
pub(crate) mod update_web_authn_credential;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::{
    app::App,
    clock::epoch_seconds,
    error::{Error, Result},
    store::{
        keys::{self, KeyInfo},
        passkeys::PasskeyDetails,
        pools::Pool,
    },
    tokens::SigningAlgorithm,
};

/// A user's passkeys.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Credentials {
    credentials: Vec<Value>,
}

impl Credentials {
    fn of(app: &App, passkeys: &[PasskeyDetails]) -> Self {
        Self { credentials: passkeys.iter().map(|passkey| details(app, passkey)).collect() }
    }
}

/// Returns a passkey as a `WebAuthnCredentialDetails`: all that ListWebAuthnCredentials shows, and more. Times are
/// seconds since the epoch.
fn details(app: &App, passkey: &PasskeyDetails) -> Value {
    let mut out = json!({
        "CredentialId": BASE64_URL_SAFE_NO_PAD.encode(&passkey.credential_id),
        "FriendlyCredentialName": passkey.friendly_name,
        "RelyingPartyId": passkey.rp_id,
        "AuthenticatorTransports": passkey.transports,
        "CreatedAt": epoch_seconds(passkey.created_at),
        "Aaguid": passkey.aaguid,
        "Algorithm": match passkey.algorithm {
            -7 => "ES256",
            -8 => "EdDSA",
            _ => "RS256",
        },
        "BackupEligible": passkey.backup_eligible,
        "BackupState": passkey.backup_state,
    });
    if let Some(attachment) = &passkey.attachment {
        out["AuthenticatorAttachment"] = json!(attachment);
    }
    if let Some(at) = passkey.last_used_at {
        out["LastUsedAt"] = json!(epoch_seconds(at));
    }
    if let Some(provider) = app.providers.name(passkey.aaguid) {
        out["ProviderName"] = json!(provider);
    }
    out
}

/// The input of operations that need only a user pool.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OfPool {
    user_pool_id: String,
}

/// A pool's complete passkey policy.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    passkey_policy: Map<String, Value>,
}

impl Policy {
    fn of(pool: &Pool) -> Result<Self> {
        let Value::Object(mut policy) = serde_json::to_value(&pool.passkey_policy).map_err(Error::internal)? else {
            return Err(Error::internal("a policy that is no object"));
        };
        policy.insert("SessionsOnDelete".into(), json!(pool.sessions_on_passkey_delete.text()));
        // Settings that are off are listed too.
        for member in ["KeepLastFactor", "EdDSA", "SignalUserDetails", "AcceptChangedBackupEligibility"] {
            policy.entry(member).or_insert(json!(false));
        }
        Ok(Self { passkey_policy: policy })
    }
}

/// The name, the logo and the colors of a pool's pages.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Branding {
    branding: Map<String, Value>,
}

impl Branding {
    /// Makes the output for a pool. `logo` is the content type and the image.
    fn of(pool: &Pool, logo: Option<(&str, &[u8])>) -> Self {
        let branding = &pool.branding;
        let texts = [
            ("DisplayName", &branding.display_name),
            ("AccentColor", &branding.accent_color),
            ("AccentColorDark", &branding.accent_color_dark),
        ];
        let mut out: Map<String, Value> =
            texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text.as_ref()?)))).collect();
        if let Some((_, image)) = logo {
            out.insert("Logo".into(), json!(base64::prelude::BASE64_STANDARD.encode(image)));
        }
        Self { branding: out }
    }
}

/// What signs a pool's tokens, and the pool's keys.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TokenSigning {
    token_signing: Map<String, Value>,
    #[serde(skip)]
    algorithm: SigningAlgorithm,
    #[serde(skip)]
    next: Option<NextSigning>,
}

/// What is about to sign a pool's tokens.
#[derive(Clone, Copy)]
struct NextSigning {
    algorithm: SigningAlgorithm,
    starts: OffsetDateTime,
}

impl TokenSigning {
    /// Makes the output from the keys of a pool.
    fn of(keys: &[KeyInfo]) -> Result<Self> {
        let current = keys.iter().find(|key| key.state == "current");
        let algorithm =
            current.ok_or_else(|| Error::internal("a pool without a current key"))?.public.numbers.algorithm();
        let next = keys.iter().find(|key| key.state == "next");
        let next = next.map(|key| NextSigning { algorithm: key.public.numbers.algorithm(), starts: key.signs_from });
        let mut out = Map::new();
        out.insert("Algorithm".into(), json!(algorithm));
        if let Some(next) = next {
            out.insert("NextAlgorithm".into(), json!(next.algorithm));
            out.insert("NextAt".into(), json!(epoch_seconds(next.starts)));
        }
        out.insert("Keys".into(), keys.iter().map(key_info).collect());
        Ok(Self { token_signing: out, algorithm, next })
    }
}

/// Returns a key as a `TokenSigningKeyType`. Times are seconds since the epoch.
fn key_info(key: &KeyInfo) -> Value {
    let mut out = json!({
        "KeyId": key.public.kid,
        "TokenUse": key.token_use,
        "Algorithm": key.public.numbers.algorithm(),
        "State": key.state.to_uppercase(),
        "SignsFrom": epoch_seconds(key.signs_from),
    });
    if let Some(at) = key.retired_at {
        out["RetiredAt"] = json!(epoch_seconds(at));
        out["RemovedAfter"] = json!(epoch_seconds(at + keys::KEPT));
    }
    out
}
