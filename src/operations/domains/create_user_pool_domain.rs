//! CreateUserPoolDomain. Only an operator whose key is not bound to one pool may add a custom domain. Such an operator
//! is trusted to know whether the name leads to this server and belongs to the pool (docs/decisions/0027).
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolDomain.html>

use super::{DomainInput, DomainOutput};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    store,
    store::audit::Event,
};

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: DomainInput,
) -> Result<Changed<DomainOutput>> {
    let domain = request.domain(None)?;
    let pool_id = &domain.pool_id;
    let is_custom = domain.certificate_arn.is_some();
    let hosts = &app.hosts;
    let refused = if is_custom { hosts.refuses_custom(&domain.domain) } else { hosts.refuses_prefix(&domain.domain) };
    if let Some(why) = refused {
        return Err(Error::InvalidParameter(format!("Domain: {why}").into()));
    }
    if is_custom && operator.is_bound {
        return Err(Error::AccessDenied(
            "CustomDomainConfig: only an operator whose key is not bound to one user pool may add a custom domain."
                .into(),
        ));
    }
    let mut change = operator.begin(app, context, pool_id).await?;
    change.pool().await?;
    if !store::domains::insert(&mut change, &domain).await? {
        let of_pool = store::domains::list(&mut *change, pool_id).await?;
        let has = of_pool.iter().any(|other| other.certificate_arn.is_none() == domain.certificate_arn.is_none());
        return Err(Error::InvalidParameter(if has {
            "User pool already has a domain configured.".into()
        } else {
            "Domain already associated with another user pool.".into()
        }));
    }
    let name = domain.domain.clone();
    change.commit(Event::DomainCreated.of(&name), DomainOutput::of(domain)).await
}
