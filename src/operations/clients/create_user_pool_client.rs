//! CreateUserPoolClient.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html>

use serde::Serialize;
use serde_json::{Map, Value};

use super::{attributes, configured, new_secret, oauth, shown};
use crate::{
    app::App,
    caller::Operator,
    change::{Change, Changed},
    context::Context,
    error::{Error, Result},
    random,
    store::audit::Event,
    store::{self, clients::Client, risk_configurations::RiskExceptions},
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
    let begin = async |pool_id: &str| operator.begin(app, context, pool_id).await;
    let created = make(app, begin, request).await?;
    let user_pool_client = shown(&created, true)?;
    Ok(created.with(Response { user_pool_client }))
}

/// Creates an app client on behalf of the server itself, for the demo at the first start.
pub async fn create(app: &App, request: Map<String, Value>) -> Result<Client> {
    let begin = async |pool_id: &str| Change::by_service(app, pool_id).await;
    make(app, begin, request).await.map(Changed::into_inner)
}

async fn make<'a>(
    app: &'a App,
    begin: impl AsyncFnOnce(&str) -> Result<Change<'a>>,
    request: Map<String, Value>,
) -> Result<Changed<Client>> {
    let generate = request.get("GenerateSecret") == Some(&Value::Bool(true));
    let given = request.get("ClientSecret").and_then(Value::as_str);
    if generate && given.is_some() {
        return Err(Error::InvalidParameter("GenerateSecret and ClientSecret cannot be given together.".into()));
    }
    let now = app.clock.now();
    let secrets = if generate || given.is_some() { vec![new_secret(given, now)] } else { Vec::new() };
    let (name, settings) = configured(None, &request)?;
    let client = Client {
        pool_id: request.get("UserPoolId").and_then(Value::as_str).unwrap_or_default().to_owned(),
        id: random::client_id(),
        name,
        secrets,
        // Those of the pool are read with the client.
        risk_exceptions: RiskExceptions::default(),
        sso_minutes: None,
        settings,
        created_at: now,
        updated_at: now,
    };
    let mut change = begin(&client.pool_id).await?;
    let pool = store::pools::find(&mut *change, &client.pool_id).await?;
    let pool = pool.ok_or_else(|| Error::no_such_pool(&client.pool_id))?;
    attributes::check(&pool, &client.settings, "creating")?;
    oauth::check(&mut change, &client).await?;
    if !store::clients::insert(&mut change, &app.sealing, &client).await? {
        return Err(Error::no_such_pool(&client.pool_id));
    }
    let id = client.id.clone();
    change.commit(Event::ClientCreated.of(&id), client).await
}
