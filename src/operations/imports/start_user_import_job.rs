//! StartUserImportJob: marks a job, whose file must have been uploaded, as ready for the background job that imports
//! users.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_StartUserImportJob.html>

use super::{ImportJobId, ImportJobOutput, no_such_job, shown};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    flows,
    store::{self, audit::Event},
};

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: ImportJobId,
) -> Result<Changed<ImportJobOutput>> {
    let (pool, id) = (flows::pool(app, &request.user_pool_id).await?, &request.job_id);
    let mut change = operator.begin(app, context, &pool.id).await?;
    let now = change.at();
    let job = store::user_imports::lock(&mut change, &pool.id, id).await?.ok_or_else(|| no_such_job(id))?;
    if job.status != "Created" {
        return Err(Error::PreconditionNotMet(format!("The job is {} and cannot be started.", job.status).into()));
    }
    if !job.has_file {
        return Err(Error::PreconditionNotMet("Upload the CSV file to the job's PreSignedUrl first.".into()));
    }
    store::user_imports::set_status(&mut change, &pool.id, id, "Pending", now).await?;
    let job = store::user_imports::find(&mut *change, &pool.id, id).await?.ok_or_else(|| no_such_job(id))?;
    let answer = ImportJobOutput { user_import_job: shown(app, &operator, &pool.id, &job)? };
    change.commit(Event::ImportStarted.of(id), answer).await
}
