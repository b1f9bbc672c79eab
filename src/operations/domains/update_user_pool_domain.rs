//! UpdateUserPoolDomain. A prefix stays a prefix, and a custom domain stays a custom domain. What becomes of a member
//! that the request leaves out is in the table [`members::DOMAIN`](crate::operations::members).
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPoolDomain.html>

use super::{DomainInput, DomainOutput};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    store::{self, audit::Event},
};

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: DomainInput,
) -> Result<Changed<DomainOutput>> {
    let mut change = operator.begin(app, context, &request.user_pool_id).await?;
    change.pool().await?;
    let no_such_domain = || Error::ResourceNotFound("No such domain of this kind in this user pool.".into());
    let of_pool = store::domains::list(&mut *change, &request.user_pool_id).await?;
    let before = of_pool.iter().find(|one| one.domain == request.domain).ok_or_else(no_such_domain)?;
    let domain = request.domain(Some(before))?;
    if before.certificate_arn.is_some() && domain.certificate_arn.is_none() {
        return Err(Error::InvalidParameter("Cannot convert custom domain to prefix domain.".into()));
    }
    let changed = store::domains::update(&mut change, &domain).await?.ok_or_else(no_such_domain)?;
    let name = domain.domain.clone();
    change.commit_if(changed, Event::DomainUpdated.of(&name), DomainOutput::of(domain)).await
}
