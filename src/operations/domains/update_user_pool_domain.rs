//! UpdateUserPoolDomain. A prefix stays a prefix, and a custom domain stays a custom domain.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPoolDomain.html>

use super::{DomainInput, DomainOutput};
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
    request: DomainInput,
) -> Result<Changed<DomainOutput>> {
    let domain = request.domain();
    flows::pool(app, &domain.pool_id).await?;
    let mut change = operator.begin(app, context, &domain.pool_id).await?;
    if !store::domains::update(&mut change, &domain).await? {
        return Err(Error::ResourceNotFound("No such domain of this kind in this user pool.".into()));
    }
    let name = domain.domain.clone();
    change.commit(Event::DomainUpdated.of(&name), DomainOutput::of(domain)).await
}
