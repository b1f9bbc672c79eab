//! StopUserImportJob: a started job stops after the row it is at. What it imported stays.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_StopUserImportJob.html>

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
    match job.status.as_str() {
        "Pending" | "InProgress" => {
            store::user_imports::set_status(&mut tx, &pool.id, id, "Stopping", app.clock.now()).await?;
        }
        "Created" => {
            store::user_imports::end(&mut *tx, &pool.id, id, "Stopped", "Import_Job_stopped", app.clock.now()).await?;
        }
        other => return Err(Error::PreconditionNotMet(format!("The job is {other} and cannot be stopped.").into())),
    }
    let job = store::user_imports::find(&mut *tx, &pool.id, id).await?.ok_or_else(|| no_such_job(id))?;
    tx.commit().await?;
    Ok(One { user_import_job: shown(app, &operator, &pool.id, &job)? })
}
