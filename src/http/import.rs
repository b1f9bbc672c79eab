//! `PUT /import/{token}`: uploads the file of a user import job. The token comes from the job's `PreSignedUrl` and is
//! the only authorization.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde_json::json;

use super::{
    arrival::{self, Answer, Arrival, Limits},
    work,
};
use crate::{
    app::App,
    caller::Recognized,
    error::{Error, Result},
    flows::accounts::user_import,
    operations,
    store::audit::Trail,
};

/// The limits on an uploaded file.
const LIMITS: Limits = Limits { longest: 16 * 1024 * 1024, patience: Duration::from_secs(120) };

/// Stores the uploaded file.
pub async fn put(
    request: HttpRequest,
    payload: web::Payload,
    token: web::Path<String>,
    app: web::Data<App>,
) -> HttpResponse {
    let arrival = Arrival::new(&app, "import");
    let kept = keep(&request, payload, &token, &app, arrival.request_id);
    let answered = Box::pin(async { write(kept.await) });
    arrival.answer(answered, |error| write(Err(error))).await
}

fn write(kept: Result<()>) -> Answer {
    let Err(error) = kept else { return Answer { response: HttpResponse::Ok().finish(), error: None } };
    let status = match &error {
        // The token is invalid or has expired, or a web ACL blocks the caller's address.
        Error::NotAuthorized(_) | Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::PreconditionNotMet(_) => StatusCode::CONFLICT,
        Error::TooManyRequests(_) => StatusCode::SERVICE_UNAVAILABLE,
        other => StatusCode::from_u16(other.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    };
    let response = HttpResponse::build(status).json(json!({ "message": error.to_string() }));
    Answer { response, error: Some(error) }
}

async fn keep(
    request: &HttpRequest,
    payload: web::Payload,
    token: &str,
    app: &web::Data<App>,
    request_id: uuid::Uuid,
) -> Result<()> {
    let address = arrival::admitted(request, app)?;
    let Some((pool_id, job_id)) = operations::uploaded_to(app, token, app.clock.now()) else {
        return Err(Error::NotAuthorized(
            "This address is not one of a user import job, or a quarter of an hour is over.".into(),
        ));
    };
    tracing::Span::current().record("pool.id", &pool_id);
    app.acl.check_pool(&pool_id, address, 0)?;
    let mut held = app.admission.upload(&pool_id)?;
    let file = arrival::body(payload, &LIMITS, &mut held).await?;
    let trail = Trail::by_service(app.clock.now(), request_id);
    let app = app.clone().into_inner();
    let (within, whom) = (app.clone(), Recognized::At(pool_id.clone()));
    work::with_place(&app, (address, "file of users"), whom, async move {
        user_import::keep_file(&within, (&pool_id, &job_id), &file, &trail).await
    })
    .await
}
