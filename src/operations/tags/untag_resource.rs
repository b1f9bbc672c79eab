//! UntagResource. Removing a tag that does not exist is not an error.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UntagResource.html>

use serde::Deserialize;

use super::{pool_id, tags};
use crate::{
    app::App, caller::Operator, change::Changed, context::Context, error::Result, operations::Empty, store,
    store::audit::Event,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    resource_arn: String,
    tag_keys: Vec<String>,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Empty>> {
    let pool_id = pool_id(app, &request.resource_arn)?;
    let mut change = operator.begin(app, context, pool_id).await?;
    let mut pool = change.pool().await?;
    tags(&mut pool).retain(|name, _| !request.tag_keys.contains(name));
    let now = change.at();
    let changed = store::pools::update(&mut change, &pool, now).await?;
    change.commit_if(changed, Event::PoolUntagged.of_pool(), Empty {}).await
}
