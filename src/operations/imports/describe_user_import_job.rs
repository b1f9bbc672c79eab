//! DescribeUserImportJob.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeUserImportJob.html>

use super::{ImportJobId, ImportJobOutput, no_such_job, shown};
use crate::{app::App, caller::Operator, context::Context, error::Result, flows, store};

pub async fn handle(app: &App, _: &Context, operator: Operator, request: ImportJobId) -> Result<ImportJobOutput> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let found = store::user_imports::find(&app.db, &pool.id, &request.job_id).await?;
    let job = found.ok_or_else(|| no_such_job(&request.job_id))?;
    Ok(ImportJobOutput { user_import_job: shown(app, &operator, &pool.id, &job)? })
}
