//! `PUT /import/{token}`: the file of a user import job. The token, from the job's `PreSignedUrl`, is the permission.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde_json::json;
use tracing::Instrument;

use super::{address, api, work};
use crate::{
    app::App,
    caller::Recognized,
    error::{Error, Result},
    operations, random,
    store::audit::Event,
    store::{self, audit::Trail},
};

/// Bytes of a file, at most.
const LONGEST: usize = 16 * 1024 * 1024;
/// Time for a file to arrive.
const PATIENCE: Duration = Duration::from_secs(120);

/// Keeps the file.
pub async fn put(
    request: HttpRequest,
    payload: web::Payload,
    token: web::Path<String>,
    app: web::Data<App>,
) -> HttpResponse {
    let request_id = random::uuid();
    let span =
        tracing::info_span!("request", request.id = %request_id, operation = "import", pool.id = tracing::field::Empty);
    let kept = keep(&request, payload, &token, &app, request_id).instrument(span.clone()).await;
    let _entered = span.enter();
    match kept {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(error) => {
            if let Error::Internal(cause) = &error {
                tracing::error!(%cause, "a file of users was not kept");
            }
            let status = match error {
                // The one refusal of a permission.
                Error::NotAuthorized(_) => StatusCode::FORBIDDEN,
                Error::PreconditionNotMet(_) => StatusCode::CONFLICT,
                Error::TooManyRequests(_) => StatusCode::SERVICE_UNAVAILABLE,
                ref other => StatusCode::from_u16(other.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            };
            HttpResponse::build(status).json(json!({ "message": error.to_string() }))
        }
    }
}

async fn keep(
    request: &HttpRequest,
    payload: web::Payload,
    token: &str,
    app: &web::Data<App>,
    request_id: uuid::Uuid,
) -> Result<()> {
    let address = address::admitted(request, app)?;
    let Some((pool_id, job_id)) = operations::uploaded_to(app, token, app.clock.now()) else {
        return Err(Error::NotAuthorized(
            "This address is not one of a user import job, or a quarter of an hour is over.".into(),
        ));
    };
    tracing::Span::current().record("pool.id", &pool_id);
    app.acl.check_pool(&pool_id, address, 0)?;
    let mut held = app.admission.upload(&pool_id)?;
    let file = api::read_in_time(payload, LONGEST, PATIENCE, &mut held).await?;
    let trail = Trail { at: app.clock.now(), actor: "service".into(), request_id };
    let app = app.clone().into_inner();
    let (within, whom) = (app.clone(), Recognized::At(pool_id.clone()));
    work::with_place(&app, (address, "file of users"), whom, async move {
        let mut tx = within.db.begin().await?;
        if !store::user_imports::put_file(&mut tx, &pool_id, &job_id, &file).await? {
            return Err(Error::PreconditionNotMet("The job was started before, or has ended.".into()));
        }
        let _ = store::audit::insert(&mut tx, &pool_id, &trail, Event::ImportUploaded.of(&job_id)).await?;
        Ok(tx.commit().await?)
    })
    .await
}
