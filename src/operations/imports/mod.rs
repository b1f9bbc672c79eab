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

/// The period after a job's creation in which the job's file may be uploaded.
const UPLOAD: Duration = Duration::minutes(15);

/// The input of operations on an import job.
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

/// Returns a job as a `UserImportJobType`. Administrators also see the upload URL, as long as the job accepts a file.
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
    put("PasswordHashingAlgorithm", job.password_hashing_algorithm.as_ref().map(|name| json!(name)));
    put("StartDate", job.started_at.map(|at| json!(epoch_seconds(at))));
    put("CompletionDate", job.completed_at.map(|at| json!(epoch_seconds(at))));
    put("CompletionMessage", job.message.as_ref().map(|text| json!(text)));
    Ok(out)
}

/// Returns the URL to which the file is uploaded with `PUT`. Anyone who has the URL may upload the file, until a
/// quarter of an hour after the job's creation.
fn upload_url(app: &App, pool_id: &str, job: &Job) -> Result<String> {
    let expires_at = (job.created_at + UPLOAD).unix_timestamp();
    let plain = serde_json::to_vec(&(pool_id, &job.id, expires_at)).map_err(Error::internal)?;
    let token = BASE64_URL_SAFE_NO_PAD.encode(app.sealing.seal(CONTEXT, &plain));
    Ok(format!("{}/import/{token}", app.public_url))
}

const CONTEXT: &str = "user import";

/// Returns the IDs of the pool and the job of an upload token, or `None` if the token is invalid or expired.
pub fn uploaded_to(app: &App, token: &str, now: OffsetDateTime) -> Option<(String, String)> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let plain = app.sealing.open(CONTEXT, &sealed).ok()?;
    let (pool_id, job_id, expires_at): (String, String, i64) = serde_json::from_slice(&plain).ok()?;
    (now.unix_timestamp() < expires_at).then_some((pool_id, job_id))
}

fn no_such_job(id: &str) -> Error {
    Error::ResourceNotFound(format!("User import job {id} does not exist.").into())
}
