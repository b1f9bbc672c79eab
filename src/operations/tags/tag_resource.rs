//! TagResource.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_TagResource.html>

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{MAX_TAGS, pool_id, tags};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    operations::Empty,
    store,
    store::audit::Event,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    resource_arn: String,
    tags: Map<String, Value>,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Empty>> {
    let pool_id = pool_id(app, &request.resource_arn)?;
    let mut change = operator.begin(app, context, pool_id).await?;
    let mut pool = change.pool().await?;
    let tags = tags(&mut pool);
    tags.extend(request.tags);
    if tags.len() > MAX_TAGS {
        return Err(Error::InvalidParameter(format!("A user pool may have {MAX_TAGS} tags.").into()));
    }
    let now = change.at();
    let changed = store::pools::update(&mut change, &pool, now).await?;
    change.commit_if(changed, Event::PoolTagged.of_pool(), Empty {}).await
}
