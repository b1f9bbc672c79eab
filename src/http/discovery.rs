//! The public documents of a user pool: its key set (RFC 7517) and its OpenID Connect discovery document.

use std::net::IpAddr;

use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use serde_json::json;

use super::{address, arrival, work};
use crate::{app::App, store};

/// `GET /{user_pool_id}/.well-known/jwks.json`
pub async fn jwks(request: HttpRequest, app: web::Data<App>, pool_id: web::Path<String>) -> HttpResponse {
    let address = match admitted(&request, &app, &pool_id) {
        Ok(address) => address,
        Err(refusal) => return *refusal,
    };
    let pool_id = pool_id.into_inner();
    match work::read(&app, (address, Some(pool_id.clone())), async move |app| {
        store::keys::list_public(&app.db, &pool_id).await
    })
    .await
    {
        Ok(keys) if keys.is_empty() => no_such_pool(),
        Ok(keys) => cached().json(json!({ "keys": keys })),
        Err(_) => unavailable(),
    }
}

/// `GET /{user_pool_id}/.well-known/openid-configuration`
///
/// The same document is the metadata of RFC 8414. It has the members that Amazon Cognito's has. It also tells clients that they may use PKCE with `S256`,
/// but not `request_uri`.
pub async fn openid_configuration(
    request: HttpRequest,
    app: web::Data<App>,
    pool_id: web::Path<String>,
) -> HttpResponse {
    let address = match admitted(&request, &app, &pool_id) {
        Ok(address) => address,
        Err(refusal) => return *refusal,
    };
    let pool_id = pool_id.into_inner();
    match work::read(&app, (address, Some(pool_id.clone())), async move |app| {
        // A pool has keys until it is deleted.
        Ok((store::keys::id_algorithms(&app.db, &pool_id).await?, pool_id))
    })
    .await
    {
        Ok((algorithms, _)) if algorithms.is_empty() => no_such_pool(),
        Ok((algorithms, pool_id)) => {
            let base = &app.public_url;
            let issuer = app.issuer(&pool_id);
            cached().json(json!({
                "authorization_response_iss_parameter_supported": true,
                "authorization_endpoint": format!("{base}/oauth2/authorize"),
                "code_challenge_methods_supported": ["S256"],
                "end_session_endpoint": format!("{base}/logout"),
                "id_token_signing_alg_values_supported": algorithms,
                "issuer": issuer,
                "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
                "request_uri_parameter_supported": false,
                "response_types_supported": ["code", "token"],
                "revocation_endpoint": format!("{base}/oauth2/revoke"),
                "scopes_supported": ["openid", "email", "phone", "profile"],
                "subject_types_supported": ["public"],
                "token_endpoint": format!("{base}/oauth2/token"),
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
                "userinfo_endpoint": format!("{base}/oauth2/userInfo"),
            }))
        }
        Err(_) => unavailable(),
    }
}

/// Returns the caller's address, or the response that refuses the request. A request is refused if
/// [`arrival::admitted`] or the pool's web ACL refuses it, or if `pool_id` contains characters that no pool ID has.
fn admitted(request: &HttpRequest, app: &App, pool_id: &str) -> Result<IpAddr, Box<HttpResponse>> {
    let allowed = arrival::admitted(request, app).and_then(|address| {
        app.acl.check_pool(pool_id, address, 0)?;
        Ok(address)
    });
    let address = allowed.map_err(|error| {
        let mut response = readable(HttpResponse::build(address::status_of(&error)));
        Box::new(response.json(json!({"message": error.to_string()})))
    })?;
    if pool_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
        return Ok(address);
    }
    Err(Box::new(no_such_pool()))
}

fn cached() -> HttpResponseBuilder {
    let mut response = readable(HttpResponse::Ok());
    response.insert_header(("cache-control", "public, max-age=300"));
    response
}

/// Lets pages of other origins read a response, errors too.
fn readable(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response.insert_header(("access-control-allow-origin", "*"));
    response
}

fn no_such_pool() -> HttpResponse {
    readable(HttpResponse::NotFound()).json(json!({"message": "User pool does not exist."}))
}

fn unavailable() -> HttpResponse {
    readable(HttpResponse::ServiceUnavailable()).json(json!({"message": "Try again."}))
}
