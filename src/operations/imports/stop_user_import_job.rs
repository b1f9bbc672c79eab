//! StopUserImportJob. A started job stops after its current row. The users whom it has imported are kept.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_StopUserImportJob.html>

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
    match job.status.as_str() {
        "Pending" | "InProgress" => {
            store::user_imports::set_status(&mut change, &pool.id, id, "Stopping", now).await?;
        }
        "Created" => {
            store::user_imports::end(&mut *change, &pool.id, id, "Stopped", "Import_Job_stopped", now).await?;
        }
        other => return Err(Error::PreconditionNotMet(format!("The job is {other} and cannot be stopped.").into())),
    }
    let job = store::user_imports::find(&mut *change, &pool.id, id).await?.ok_or_else(|| no_such_job(id))?;
    let answer = ImportJobOutput { user_import_job: shown(app, &operator, &pool.id, &job)? };
    change.commit(Event::ImportStopped.of(id), answer).await
}
