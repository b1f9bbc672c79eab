//! UpdateUserPoolClient: replaces a client's settings. What becomes of a member that the request leaves out is in the
//! table [`members::CLIENT`](crate::operations::members).
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPoolClient.html>

use serde::Serialize;
use serde_json::{Map, Value};

use super::{attributes, configured, lock, oauth, shown};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    flows,
    store::{self, audit::Event},
};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    user_pool_client: Value,
}

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: Map<String, Value>,
) -> Result<Changed<Response>> {
    let text = |member: &str| request.get(member).and_then(Value::as_str).unwrap_or_default();
    let pool = flows::pool(app, text("UserPoolId")).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    let mut client = lock(app, &mut change, &pool.id, text("ClientId")).await?;
    (client.name, client.settings) = configured(Some(&client), &request)?;
    let before = std::mem::replace(&mut client.updated_at, change.at());
    attributes::check(&pool, &client.settings, "updating")?;
    oauth::check(&mut change, &client).await?;
    let changed = store::clients::update(&mut change, &client).await?;
    if !changed {
        client.updated_at = before;
    }
    let answer = Response { user_pool_client: shown(&client, true)? };
    change.commit_if(changed, Event::ClientUpdated.of(&client.id), answer).await
}
