//! CreateUserPoolDomain.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolDomain.html>

use super::{Answer, Told};
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    store,
};

pub async fn handle(app: &App, _: &Call, _: Operator, request: Told) -> Result<Answer> {
    let domain = request.domain()?;
    let pool_id = &domain.pool_id;
    let mut tx = app.db.begin().await?;
    store::pools::lock(&mut tx, pool_id).await?.ok_or_else(|| Error::no_such_pool(pool_id))?;
    if !store::domains::insert(&mut tx, &domain).await? {
        let of_pool = store::domains::list(&mut *tx, pool_id).await?;
        let has = of_pool.iter().any(|other| other.certificate_arn.is_none() == domain.certificate_arn.is_none());
        return Err(Error::InvalidParameter(if has {
            "User pool already has a domain configured.".into()
        } else {
            "Domain already associated with another user pool.".into()
        }));
    }
    tx.commit().await?;
    Ok(Answer::of(domain))
}
