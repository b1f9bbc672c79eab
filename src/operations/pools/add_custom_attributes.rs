//! AddCustomAttributes: adds attributes that users of a pool may have.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AddCustomAttributes.html>

use serde::Deserialize;

use super::schema::add_custom;
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    operations::Empty,
    store::audit::Event,
    store::{self, pools::SchemaAttribute},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    custom_attributes: Vec<SchemaAttribute>,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Empty>> {
    let mut change = operator.begin(app, context, &request.user_pool_id).await?;
    let mut pool = change.pool().await?;
    for attribute in request.custom_attributes {
        add_custom(&mut pool.settings.schema_attributes, attribute)?;
    }
    let now = change.at();
    let changed = store::pools::update(&mut change, &pool, now).await?;
    change.commit_if(changed, Event::PoolAttributesAdded.of_pool(), Empty {}).await
}
