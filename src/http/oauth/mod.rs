//! The endpoints of OAuth 2.0 and OpenID Connect, which applications call or send browsers to (docs/cognito.md 7).

pub(crate) mod authorize;
pub(crate) mod logout;
pub(crate) mod revoke;
pub(crate) mod token;
pub(crate) mod user_info;

use std::sync::Arc;

use actix_web::{HttpResponse, HttpResponseBuilder, http::StatusCode, http::header};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;

use super::visit::Visit;
use crate::{
    caller::Freshness, error::Error, flows::sign_in::secret_hash, secret::Secret, store::clients::ClientAndPool,
};

/// Why an app client could not be authenticated.
enum Unproved {
    /// An error code of RFC 6749 section 5.2 (`invalid_request` or `invalid_client`), and its description.
    Told(&'static str, &'static str),
    Internal(Error),
}

/// Authenticates the app client that sent a form: by `client_secret_basic`, by `client_secret_post`, or by its ID alone
/// if it is a public client.
async fn client(visit: &Visit) -> Result<Arc<ClientAndPool>, Unproved> {
    Ok(client_as(visit, false).await?.0)
}

/// Like [`client`]. With `remembered`, the client and its pool may be those that this replica has read before, and are
/// perhaps not current.
async fn client_as(visit: &Visit, remembered: bool) -> Result<(Arc<ClientAndPool>, Freshness), Unproved> {
    use Unproved::Told;
    if visit.form.repeated().is_some() {
        return Err(Told("invalid_request", "a parameter stands more than once"));
    }
    if visit.form.values().any(|value| value.contains('\0')) {
        return Err(Told("invalid_request", "a parameter holds the character U+0000"));
    }
    let named = visit.form.given("client_id");
    let (client_id, secrets): (String, Vec<String>) = match visit.header("authorization") {
        Some(header) => {
            let (client_id, secret, as_sent) =
                basic(header).ok_or(Told("invalid_client", "the authorization cannot be read"))?;
            if visit.form.get("client_secret").is_some() || named.is_some_and(|named| named != client_id) {
                return Err(Told("invalid_request", "the client proves itself in two ways"));
            }
            (client_id, [secret, as_sent].into_iter().filter(|secret| !secret.is_empty()).collect())
        }
        None => {
            let client_id = named.ok_or(Told("invalid_request", "client_id is missing"))?;
            (client_id.to_owned(), Vec::from_iter(visit.form.given("client_secret").map(str::to_owned)))
        }
    };
    // An unknown client and a wrong or missing secret get the same error.
    let unknown = Told("invalid_client", "the client is unknown, or its secret is wrong or missing");
    if client_id.len() > 128 || client_id.contains('\0') {
        return Err(unknown);
    }
    let secrets: Vec<_> = secrets.into_iter().map(Secret::from).collect();
    let fits = |named: &ClientAndPool| match secrets.as_slice() {
        [] => secret_hash::secret_fits(&named.client, None),
        some => some.iter().filter(|one| secret_hash::secret_fits(&named.client, Some(one))).count() > 0,
    };
    let found = async {
        let pool_id = visit.app.pool_of_client(&client_id).await?;
        visit.concerns_pool(&pool_id)?;
        if visit.is_under_another_domain(&pool_id).await? {
            return Err(Error::no_such_pool(&pool_id));
        }
        // A secret that does not fit what is remembered may fit what is current.
        if let Some(known) = visit.app.known_client(&pool_id, &client_id).filter(|known| remembered && fits(known)) {
            return Ok((known, Freshness::unknown()));
        }
        Ok((visit.app.client_with_pool(&pool_id, &client_id).await?, Freshness::current()))
    };
    let (found, freshness) = match found.await {
        Ok(found) => found,
        Err(Error::ResourceNotFound(_)) => return Err(unknown),
        Err(other) => return Err(Unproved::Internal(other)),
    };
    if fits(&found) { Ok((found, freshness)) } else { Err(unknown) }
}

/// Parses a `Basic` header, whose two parts are form-encoded (RFC 6749 section 2.3.1). Returns the client ID, the
/// decoded secret, and the secret as it was sent, because many clients do not encode it.
fn basic(header: &str) -> Option<(String, String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, secret) = pair.split_once(':')?;
    let decoded = |text: &str| {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        pairs.into_owned().next().map(|(name, _)| name).unwrap_or_default()
    };
    Some((decoded(client_id), decoded(secret), secret.to_owned()))
}

/// Begins a response that no cache keeps and that every origin may read.
fn answer(status: u16) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    response
}

/// Returns an error response of RFC 6749 section 5.2.
fn error(status: u16, code: &str, description: &str) -> HttpResponse {
    answer(status).json(json!({"error": code, "error_description": description}))
}

/// Returns the response to an error outside the protocol, such as a rate limit, a block by the web ACL, or a fault of
/// the server.
fn refuse(_: &Visit, refusal: &Error) -> HttpResponse {
    match refusal {
        Error::TooManyRequests(text) => error(429, "temporarily_unavailable", text),
        Error::Forbidden(text) => error(403, "access_denied", text),
        Error::Internal(_) => error(500, "server_error", &refusal.to_string()),
        other => error(other.status(), "invalid_request", &other.to_string()),
    }
}
