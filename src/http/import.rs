//! `PUT /import/{token}`: the file of a user import job. The token, from the job's `PreSignedUrl`, is the permission.

use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::StreamExt;
use serde_json::json;

use super::address;
use crate::{app::App, error::Error, operations, store};

/// Bytes of a file, at most.
const LONGEST: usize = 16 * 1024 * 1024;

/// Keeps the file.
pub async fn put(
    request: HttpRequest,
    mut payload: web::Payload,
    token: web::Path<String>,
    app: web::Data<App>,
) -> HttpResponse {
    let refused = |status: u16, text: &str| {
        let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
        HttpResponse::build(status).json(json!({ "message": text }))
    };
    let address = address::of(&request, &app.config);
    if let Err(error) = app.acl.check_server(address, 0).and_then(|()| app.budgets.spend_address(address)) {
        return refused(error.status(), &error.to_string());
    }
    let Some((pool_id, job_id)) = operations::uploaded_to(&app, &token, app.clock.now()) else {
        return refused(403, "This address is not one of a user import job, or a quarter of an hour is over.");
    };
    if let Err(error) = app.acl.check_pool(&pool_id, address, 0) {
        return refused(error.status(), &error.to_string());
    }
    let mut held = app.admission.body();
    let mut file = Vec::new();
    while let Some(chunk) = payload.next().await {
        let Ok(chunk) = chunk else { return refused(400, "The file broke off.") };
        if file.len() + chunk.len() > LONGEST {
            return refused(413, "A file may have 16 MiB; import the users in several jobs.");
        }
        if let Err(error) = held.grow(chunk.len()) {
            return refused(503, &error.to_string());
        }
        file.extend_from_slice(&chunk);
    }
    match store::user_imports::put_file(&app.db, &pool_id, &job_id, &file).await {
        Ok(true) => HttpResponse::Ok().finish(),
        Ok(false) => refused(409, "The job was started before, or has ended."),
        Err(cause) => {
            tracing::error!(%cause, "a file of users could not be kept");
            refused(503, &Error::internal(cause).to_string())
        }
    }
}
