//! `POST /oauth2/revoke` (RFC 7009; docs/cognito.md 7.4).

use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, http::header, web};

use super::{Unproved, answer, client, error, refuse};
use crate::{
    app::App,
    error::Result,
    flows::sessions::refresh,
    http::visit::{self, Visit},
};

pub async fn post(request: HttpRequest, payload: web::Payload, app: web::Data<App>) -> HttpResponse {
    visit::answer((request, payload, app), "oauth2/revoke", revoke, refuse).await
}

async fn revoke(visit: Rc<Visit>) -> Result<HttpResponse> {
    let named = match client(&visit).await {
        Ok(named) => named,
        Err(Unproved::Told("invalid_client", description)) => {
            let mut refusal = error(401, "invalid_client", description);
            let challenge = header::HeaderValue::from_static(r#"Basic realm="oauth2/revoke""#);
            refusal.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            return Ok(refusal);
        }
        Err(Unproved::Told(code, description)) => return Ok(error(400, code, description)),
        Err(Unproved::Internal(error)) => return Err(error),
    };
    let Some(token) = visit.form.given("token") else {
        return Ok(error(400, "invalid_request", "token is missing"));
    };
    if !named.client.settings.enable_token_revocation {
        return Ok(error(400, "invalid_request", "revocation is not enabled for this app client"));
    }
    // Access and ID tokens have three parts, separated by dots; refresh tokens have only one part.
    if token.matches('.').count() == 2 {
        return Ok(error(400, "unsupported_token_type", "only refresh tokens can be revoked"));
    }
    refresh::revoke(&visit.app, &named.client, token, false).await?;
    Ok(answer(200).finish())
}
