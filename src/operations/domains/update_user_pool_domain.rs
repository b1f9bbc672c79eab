//! UpdateUserPoolDomain. A prefix stays a prefix, a custom domain a custom domain.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPoolDomain.html>

use super::{Answer, Told};
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    flows, store,
};

pub async fn handle(app: &App, _: &Call, _: Operator, request: Told) -> Result<Answer> {
    let domain = request.domain();
    flows::pool(app, &domain.pool_id).await?;
    if !store::domains::update(&app.db, &domain).await? {
        return Err(Error::ResourceNotFound("No such domain of this kind in this user pool.".into()));
    }
    Ok(Answer::of(domain))
}
