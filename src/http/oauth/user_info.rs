//! `/oauth2/userInfo` (OpenID Connect Core section 5.3; docs/cognito.md 7.3).

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde_json::{Map, Value, json};

use super::{answer, refuse};
use crate::{
    admission,
    app::App,
    budgets::Kind,
    error::{Error, Result},
    flows::sessions::issue::granted_attributes,
    http::visit::{self, Visit},
    store, tokens,
};

pub async fn get(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "oauth2/userInfo", user_info, refuse).await
}

async fn user_info(visit: Rc<Visit>) -> Result<HttpResponse> {
    let app = &visit.app;
    let Some(token) = visit.access_token() else {
        return Ok(refused(400, "invalid_request", "The request has no access token in its Authorization header."));
    };
    let invalid = "Access token is expired, disabled, or deleted, or the user has globally signed out.";
    let Ok(pool_id) = tokens::unverified_pool(token, &app.public_url) else {
        return Ok(refused(401, "invalid_token", invalid));
    };
    // If there are no keys, the pool does not exist: it was deleted, or the token is forged.
    let Some(keys) = app.keys_for_token(&pool_id, token).await? else {
        return Ok(refused(401, "invalid_token", invalid));
    };
    visit.concerns_pool(&pool_id)?;
    if visit.is_under_another_domain(&pool_id).await? {
        return Ok(refused(401, "invalid_token", invalid));
    }
    let claims = match visit.verify(token, &pool_id, &keys) {
        Ok(claims) => claims,
        Err(tokens::Error::Scopes) => {
            return Ok(refused(401, "invalid_token", "Access token does not contain openid scope"));
        }
        Err(_) => return Ok(refused(401, "invalid_token", invalid)),
    };
    admission::proved(admission::bearer(&pool_id, claims.sub, claims.origin_jti));
    app.budgets.spend_user(claims.sub, claims.origin_jti, Kind::Read)?;
    let found = {
        let mut db = app.db.acquire().await?;
        store::users::find_live(&mut db, &pool_id, claims.sub, claims.origin_jti).await?
    };
    let client = app.client_with_pool(&pool_id, &claims.client_id).await;
    let (user, named) = match (found, client) {
        (Some(user), Ok(named)) => (user, named),
        (_, Err(error)) if !matches!(error, Error::ResourceNotFound(_)) => return Err(error),
        _ => return Ok(refused(401, "invalid_token", invalid)),
    };
    let mut out = Map::new();
    out.insert("sub".into(), json!(user.sub));
    // All values are strings here, including those that are booleans in ID tokens.
    out.extend(granted_attributes(&named.client, &user, Some(&claims.scope)));
    out.insert("username".into(), Value::String(user.username));
    Ok(answer(200).json(out))
}

/// Returns an error response of RFC 6750 section 3.
fn refused(status: u16, code: &str, description: &str) -> HttpResponse {
    answer(status)
        .insert_header((
            header::WWW_AUTHENTICATE,
            format!(r#"Bearer error="{code}", error_description="{description}""#),
        ))
        .json(json!({"error": code, "error_description": description}))
}
