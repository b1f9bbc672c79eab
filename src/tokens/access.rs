//! Access and ID tokens (JWT, RFC 7519).

use std::collections::HashMap;

use jsonwebtoken::{Header, Validation, dangerous};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Error, PoolKeys, SigningKey, VerifyingKey};
use crate::error;

/// The scope of access tokens from a sign-in through the API, and their only one unless a trigger adds others. Every
/// operation of the API that takes an access token requires this scope.
pub const ACCESS_SCOPE: &str = "aws.cognito.signin.user.admin";

/// The claims that Keystead reads in an access token, in the documented order. Times are seconds since the epoch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessClaims {
    pub sub: Uuid,
    #[serde(rename = "cognito:groups", default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    pub iss: String,
    pub client_id: String,
    pub origin_jti: Uuid,
    pub event_id: Uuid,
    pub token_use: String,
    pub scope: String,
    pub auth_time: i64,
    pub exp: i64,
    pub iat: i64,
    pub jti: Uuid,
    pub username: String,
}

/// How strongly a person was authenticated, and by which methods (OpenID Connect Core, section 2; RFC 8176).
#[derive(Debug, Clone, Serialize)]
pub struct Context {
    /// `urn:cognito:loa:1` to `urn:cognito:loa:4`, or the pool's own names for these levels.
    pub acr: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
}

/// The claims of an access token to be signed: those that Keystead reads, and those that only resource servers read.
#[derive(Debug, Clone, Serialize)]
pub struct IssuedAccess {
    #[serde(flatten)]
    pub claims: AccessClaims,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_key: Option<String>,
    /// 2 in the tokens of OAuth sign-ins; otherwise absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u8>,
    /// The resource server that the token is for (RFC 8707).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    #[serde(flatten)]
    pub context: Context,
}

/// The claims of an access token for an app client that acts for itself (RFC 6749 section 4.4).
#[derive(Debug, Clone, Serialize)]
pub struct MachineClaims {
    /// The client ID.
    pub sub: String,
    pub token_use: &'static str,
    pub scope: String,
    pub auth_time: i64,
    pub iss: String,
    pub exp: i64,
    pub iat: i64,
    pub version: u8,
    pub jti: Uuid,
    pub client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
}

/// The claims of an ID token, in the documented order.
#[derive(Debug, Clone, Serialize)]
pub struct IdClaims {
    pub sub: Uuid,
    #[serde(rename = "cognito:groups", skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    #[serde(rename = "cognito:preferred_role", skip_serializing_if = "Option::is_none")]
    pub preferred_role: Option<String>,
    #[serde(rename = "cognito:roles", skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    pub iss: String,
    #[serde(rename = "cognito:username")]
    pub username: String,
    pub origin_jti: Uuid,
    pub aud: String,
    pub event_id: Uuid,
    pub token_use: &'static str,
    pub auth_time: i64,
    pub exp: i64,
    pub iat: i64,
    pub jti: Uuid,
    /// The nonce that the client sent with its authorization request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The left half of the hash of the access token (OpenID Connect Core, section 3.1.3.6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    #[serde(flatten)]
    pub context: Context,
    /// The user's attributes. Of these, `email_verified` and `phone_number_verified` are booleans.
    #[serde(flatten)]
    pub attributes: Map<String, Value>,
}

/// Claims that can be signed as a token.
pub trait Claims: Serialize {}
impl Claims for AccessClaims {}
impl Claims for IssuedAccess {}
impl Claims for IdClaims {}
impl Claims for MachineClaims {}
/// Claims that a trigger has changed.
impl Claims for Map<String, Value> {}

/// Signs a token, with a header such as `{"alg":"RS256","kid":…}`.
pub fn sign(claims: &impl Claims, key: &SigningKey) -> error::Result<String> {
    let mut header = Header::new(key.algorithm);
    header.typ = None;
    header.kid = Some(key.kid.clone());
    jsonwebtoken::encode(&header, claims, &key.key).map_err(error::Error::internal)
}

/// Returns the ID of the pool in a token's `iss` claim. Does not verify the token.
pub fn unverified_pool(token: &str, public_url: &str) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Issuer {
        iss: String,
    }
    let issuer = dangerous::insecure_decode_claims::<Issuer>(token).map_err(|_| Error::Invalid)?.iss;
    let pool = issuer.strip_prefix(public_url).and_then(|rest| rest.strip_prefix('/')).ok_or(Error::Invalid)?;
    if pool.len() > 55 || !pool.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return Err(Error::Invalid);
    }
    Ok(pool.to_owned())
}

/// Returns the subject in a token's `sub` claim; `None` if it is not the subject of a user. Does not verify the token.
pub fn unverified_subject(token: &str) -> Option<Uuid> {
    #[derive(Deserialize)]
    struct Subject {
        sub: Uuid,
    }
    dangerous::insecure_decode_claims::<Subject>(token).ok().map(|claims| claims.sub)
}

/// Verifies an access token of the pool that these keys belong to.
///
/// `issuer` is the pool's issuer, `now` is in seconds since the epoch, and `scope` is the scope that the token must
/// have. The order of the checks is that of docs/cognito.md 5.1: shape, key, signature, kind of token, issuer, expiry,
/// scope. Callers must check in the database whether the token was revoked.
pub fn verify_access(token: &str, keys: &PoolKeys, issuer: &str, now: i64, scope: &str) -> Result<AccessClaims, Error> {
    let claims = genuine(token, &keys.verifying)?;
    if claims["token_use"] != "access" {
        return Err(Error::Invalid);
    }
    let claims: AccessClaims = serde_json::from_value(claims).map_err(|_| Error::Invalid)?;
    if claims.iss != issuer {
        return Err(Error::Invalid);
    }
    if claims.exp <= now {
        return Err(Error::Expired);
    }
    if !claims.scope.split(' ').any(|granted| granted == scope) {
        return Err(Error::Scopes);
    }
    Ok(claims)
}

/// Verifies an ID token of the pool that these keys belong to, whether or not it has expired. Returns the app client and
/// the subject that it was issued for.
pub fn verify_id(token: &str, keys: &PoolKeys, issuer: &str) -> Result<(String, Uuid), Error> {
    let claims = genuine(token, &keys.verifying_ids)?;
    if claims["token_use"] != "id" || claims["iss"] != issuer {
        return Err(Error::Invalid);
    }
    let text = |name: &str| claims[name].as_str().ok_or(Error::Invalid);
    Ok((text("aud")?.to_owned(), Uuid::try_parse(text("sub")?).map_err(|_| Error::Invalid)?))
}

/// Checks a token's signature. Returns its claims, which are not checked yet.
fn genuine(token: &str, keys: &HashMap<String, VerifyingKey>) -> Result<Value, Error> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| Error::Invalid)?;
    let VerifyingKey { algorithm, key } = header.kid.as_deref().and_then(|kid| keys.get(kid)).ok_or(Error::Invalid)?;
    // A token may neither choose another algorithm than that of the key nor bring its own key.
    let foreign = header.alg != *algorithm
        || header.jku.is_some()
        || header.jwk.is_some()
        || header.x5u.is_some()
        || header.x5c.is_some()
        || header.crit.is_some();
    if foreign {
        return Err(Error::Invalid);
    }
    let mut validation = Validation::new(*algorithm);
    validation.validate_exp = false; // the callers check it against the injected time
    validation.validate_aud = false; // an access token need not have one
    validation.required_spec_claims.clear();
    let verified = jsonwebtoken::decode::<Value>(token, key, &validation).map_err(|cause| match cause.kind() {
        jsonwebtoken::errors::ErrorKind::InvalidSignature => Error::Signature,
        _ => Error::Invalid,
    })?;
    Ok(verified.claims)
}

#[cfg(test)]
mod tests;
