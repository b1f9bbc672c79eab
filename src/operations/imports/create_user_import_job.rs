//! CreateUserImportJob: creates an import job and the URL for uploading its file.
//!
//! The role for CloudWatch Logs is only stored and returned, because the server's own log says why rows of the file
//! fail.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserImportJob.html>

use serde::Deserialize;

use super::{ImportJobOutput, shown};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    passwords::HashingAlgorithm,
    random,
    store::audit::Event,
    store::{self, user_imports::Job},
};

/// The maximum number of import jobs of a pool that have not ended.
const MAX_OPEN: i64 = 10;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    job_name: String,
    cloud_watch_logs_role_arn: String,
    #[serde(default)]
    password_hashing_algorithm: Option<HashingAlgorithm>,
}

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: Request,
) -> Result<Changed<ImportJobOutput>> {
    let pool_id = &request.user_pool_id;
    let mut change = operator.begin(app, context, pool_id).await?;
    let now = change.at();
    // This locks the pool, so that no other request changes the count meanwhile.
    change.pool().await?;
    if store::user_imports::count_open(&mut change, pool_id).await? >= MAX_OPEN {
        let text = format!("A user pool may have {MAX_OPEN} import jobs that have not ended; stop or start one.");
        return Err(Error::LimitExceeded(text.into()));
    }
    let job = Job {
        // Job IDs sort by the time of creation, so ListUserImportJobs can sort by ID.
        id: format!("import-{}", random::time_ordered_uuid(now)),
        name: request.job_name,
        role_arn: request.cloud_watch_logs_role_arn,
        password_hashing_algorithm: request.password_hashing_algorithm.map(|one| <&str>::from(one).to_owned()),
        status: "Created".into(),
        has_file: false,
        done: 0,
        imported: 0,
        skipped: 0,
        failed: 0,
        message: None,
        created_at: now,
        started_at: None,
        completed_at: None,
    };
    store::user_imports::insert(&mut change, pool_id, &job).await?;
    let answer = ImportJobOutput { user_import_job: shown(app, &operator, pool_id, &job)? };
    change.commit(Event::ImportCreated.of(&job.id), answer).await
}
