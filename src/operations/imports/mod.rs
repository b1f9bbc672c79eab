//! User import jobs.

pub(crate) mod create_user_import_job;
pub(crate) mod describe_user_import_job;
pub(crate) mod get_csv_header;
pub(crate) mod list_user_import_jobs;
pub(crate) mod start_user_import_job;
pub(crate) mod stop_user_import_job;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::{
    app::App,
    caller::Operator,
    clock::epoch_seconds,
    error::{Error, Result},
    store::user_imports::Job,
};

/// How long after a job is made its file may be uploaded.
const UPLOAD: Duration = Duration::minutes(15);

/// A pool and one of its jobs.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImportJobId {
    user_pool_id: String,
    job_id: String,
}

/// A response that holds one job.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImportJobOutput {
    user_import_job: Value,
}

/// `UserImportJobType`. Administrators also see the address for the file, as long as the job accepts one.
fn shown(app: &App, operator: &Operator, pool_id: &str, job: &Job) -> Result<Value> {
    let mut out = json!({
        "JobName": job.name,
        "JobId": job.id,
        "UserPoolId": pool_id,
        "CreationDate": epoch_seconds(job.created_at),
        "Status": job.status,
        "CloudWatchLogsRoleArn": job.role_arn,
        "ImportedUsers": job.imported,
        "SkippedUsers": job.skipped,
        "FailedUsers": job.failed,
    });
    let mut put = |member: &str, value: Option<Value>| {
        if let Some(value) = value {
            out[member] = value;
        }
    };
    if operator.is_administrator && job.status == "Created" && app.clock.now() < job.created_at + UPLOAD {
        put("PreSignedUrl", Some(json!(upload_url(app, pool_id, job)?)));
    }
    put("StartDate", job.started_at.map(|at| json!(epoch_seconds(at))));
    put("CompletionDate", job.completed_at.map(|at| json!(epoch_seconds(at))));
    put("CompletionMessage", job.message.as_ref().map(|text| json!(text)));
    Ok(out)
}

/// The address that the file is sent to with `PUT`. The address itself is the permission, for a quarter of an hour.
fn upload_url(app: &App, pool_id: &str, job: &Job) -> Result<String> {
    let expires_at = (job.created_at + UPLOAD).unix_timestamp();
    let plain = serde_json::to_vec(&(pool_id, &job.id, expires_at)).map_err(Error::internal)?;
    let token = BASE64_URL_SAFE_NO_PAD.encode(app.sealing.seal(CONTEXT, &plain));
    Ok(format!("{}/import/{token}", app.public_url))
}

const CONTEXT: &str = "user import";

/// The pool and job that an upload's token identifies.
pub fn uploaded_to(app: &App, token: &str, now: OffsetDateTime) -> Option<(String, String)> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let plain = app.sealing.open(CONTEXT, &sealed).ok()?;
    let (pool_id, job_id, expires_at): (String, String, i64) = serde_json::from_slice(&plain).ok()?;
    (now.unix_timestamp() < expires_at).then_some((pool_id, job_id))
}

fn no_such_job(id: &str) -> Error {
    Error::ResourceNotFound(format!("User import job {id} does not exist.").into())
}
