//! UpdateUserPool: replaces a pool's configuration.
//!
//! What becomes of a member that the request leaves out is in the table [`members::POOL`](crate::operations::members).
//! The request has no members for the schema, the username configuration and the WebAuthn configuration, which stay.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPool.html>

use serde_json::{Map, Value, json};

use super::{check_add_ons, check_addresses, check_factors, check_senders, check_triggers, configured};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    operations::Empty,
    store::{self, audit::Event},
};

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    mut request: Map<String, Value>,
) -> Result<Changed<Empty>> {
    let pool_id = request.get("UserPoolId").and_then(Value::as_str).unwrap_or_default();
    let mut change = operator.begin(app, context, pool_id).await?;
    let mut pool = change.pool().await?;
    let before = pool.clone();
    if operator.is_bound {
        // The functions of all pools are called at the same addresses. So a key that belongs to one pool must not
        // change `LambdaConfig`: its operator could make the pool call the functions of other pools. Leaving it out
        // must not reset it either.
        let functions = pool.settings.rest.get("LambdaConfig").cloned().unwrap_or_else(|| json!({}));
        let given = request.entry("LambdaConfig").or_insert_with(|| functions.clone());
        if without_older(given.clone()) != without_older(functions) {
            return Err(Error::AccessDenied(
                "LambdaConfig: only an operator whose key is not bound to one user pool may change it.".into(),
            ));
        }
    }
    (pool.name, pool.settings) = configured(Some(&before), &request)?;
    let settings = &pool.settings;
    check_factors(settings)?;
    check_addresses(settings)?;
    check_triggers(settings)?;
    check_add_ons(app, settings)?;
    check_senders(app, &pool, Some(&before), operator.is_bound)?;
    let now = change.at();
    let changed = store::pools::update(&mut change, &pool, now).await?;
    change.commit_if(changed, Event::PoolUpdated.of_pool(), Empty {}).await
}

/// Returns `LambdaConfig` without the older member `PreTokenGeneration`, which DescribeUserPool shows in addition to
/// `PreTokenGenerationConfig`.
fn without_older(mut functions: Value) -> Value {
    if functions["PreTokenGenerationConfig"].is_object()
        && let Some(functions) = functions.as_object_mut()
    {
        functions.remove("PreTokenGeneration");
    }
    functions
}
