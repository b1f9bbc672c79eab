//! StartUserImportJob: a job with a file goes to whoever works on jobs.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_StartUserImportJob.html>

use super::{Named, One, no_such_job, shown};
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows, store,
};

pub async fn handle(app: &App, _: &Call, operator: Operator, request: Named) -> Result<One> {
    let (pool, id) = (flows::pool(app, &request.user_pool_id).await?, &request.job_id);
    let mut tx = app.db.begin().await?;
    let job = store::user_imports::lock(&mut tx, &pool.id, id).await?.ok_or_else(|| no_such_job(id))?;
    if job.status != "Created" {
        return Err(Error::PreconditionNotMet(format!("The job is {} and cannot be started.", job.status).into()));
    }
    if !job.has_file {
        return Err(Error::PreconditionNotMet("Upload the CSV file to the job's PreSignedUrl first.".into()));
    }
    store::user_imports::set_status(&mut tx, &pool.id, id, "Pending", app.clock.now()).await?;
    let job = store::user_imports::find(&mut *tx, &pool.id, id).await?.ok_or_else(|| no_such_job(id))?;
    tx.commit().await?;
    Ok(One { user_import_job: shown(app, &operator, &pool.id, &job)? })
}
