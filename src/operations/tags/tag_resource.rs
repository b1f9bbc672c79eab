//! TagResource.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_TagResource.html>

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{MAX_TAGS, pool_id, tags};
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
    tags: Map<String, Value>,
}

pub async fn handle(app: &App, _: &Call, _: Operator, request: Request) -> Result<Empty> {
    let pool_id = pool_id(app, &request.resource_arn)?;
    let mut tx = app.db.begin().await?;
    let mut pool = store::pools::lock(&mut tx, pool_id).await?.ok_or_else(|| Error::no_such_pool(pool_id))?;
    let tags = tags(&mut pool);
    tags.extend(request.tags);
    if tags.len() > MAX_TAGS {
        return Err(Error::InvalidParameter(format!("A user pool may have {MAX_TAGS} tags.").into()));
    }
    store::pools::update(&mut tx, &pool, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Empty {})
}
