//! CreateUserPoolClient.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html>

use serde::Serialize;
use serde_json::{Map, Value};

use super::{attributes, new_secret, oauth, settings, shown};
use crate::{
    app::App,
    call::Call,
    caller::Operator,
    error::{Error, Result},
    random,
    store::{self, clients::Client},
};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    user_pool_client: Value,
}

pub async fn handle(app: &App, _: &Call, _: Operator, request: Map<String, Value>) -> Result<Response> {
    Ok(Response { user_pool_client: shown(&create(app, request).await?, true)? })
}

/// Makes the client; also for the demo client of a first start.
pub async fn create(app: &App, request: Map<String, Value>) -> Result<Client> {
    let text = |member: &str| request.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let generate = request.get("GenerateSecret") == Some(&Value::Bool(true));
    let given = request.get("ClientSecret").and_then(Value::as_str);
    if generate && given.is_some() {
        return Err(Error::InvalidParameter("GenerateSecret and ClientSecret cannot be given together.".into()));
    }
    let now = app.clock.now();
    let secrets = if generate || given.is_some() { vec![new_secret(given, now)] } else { Vec::new() };
    let client = Client {
        pool_id: text("UserPoolId"),
        id: random::client_id(),
        name: text("ClientName"),
        secrets,
        settings: settings(request)?,
        created_at: now,
        updated_at: now,
    };
    let mut db = app.db.acquire().await?;
    let pool = store::pools::find(&mut db, &client.pool_id).await?;
    let pool = pool.ok_or_else(|| Error::no_such_pool(&client.pool_id))?;
    attributes::check(&pool, &client.settings, "creating")?;
    oauth::check(&mut db, &client).await?;
    drop(db);
    if !store::clients::insert(&app.db, &app.sealing, &client).await? {
        return Err(Error::no_such_pool(&client.pool_id));
    }
    Ok(client)
}
