//! UntagResource. A tag that is not there is no error.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UntagResource.html>

use serde::Deserialize;

use super::{pool_id, tags};
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    operations::Empty,
    store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    resource_arn: String,
    tag_keys: Vec<String>,
}

pub async fn handle(app: &App, _: &Call, _: Operator, request: Request) -> Result<Empty> {
    let pool_id = pool_id(app, &request.resource_arn)?;
    let mut tx = app.db.begin().await?;
    let mut pool = store::pools::lock(&mut tx, pool_id).await?.ok_or_else(|| Error::no_such_pool(pool_id))?;
    tags(&mut pool).retain(|name, _| !request.tag_keys.contains(name));
    store::pools::update(&mut tx, &pool, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Empty {})
}
