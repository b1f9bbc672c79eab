//! SetRiskConfiguration: replaces the risk configuration of a pool, or of one of its app clients. Without any part, the
//! configuration is removed. A client with a configuration of its own does not have its pool's.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SetRiskConfiguration.html>

use ipnet::IpNet;
use serde_json::{Map, Value, json};

use super::{RiskOutput, missing, protection};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    clock::epoch_seconds,
    context::Context,
    error::{Error, Result},
    flows,
    store::{self, audit::Event},
};

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    mut request: Map<String, Value>,
) -> Result<Changed<RiskOutput>> {
    let mut text = |member: &str| request.remove(member).and_then(|value| value.as_str().map(str::to_owned));
    let (pool_id, client_id) = (text("UserPoolId").unwrap_or_default(), text("ClientId"));
    let client_id = client_id.as_deref();
    let mut configuration = Value::Object(request);
    check_networks(&configuration["RiskExceptionConfiguration"])?;
    protection::refuse(&app.config, protection::of_risk_configuration(&configuration))?;
    let pool = flows::pool(app, &pool_id).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    let before = store::risk_configurations::lock(&mut change, &pool.id, client_id).await?;
    let before = before.ok_or_else(|| missing(&pool.id, client_id))?;
    let without_date = before.clone().map(|mut before| {
        before.as_object_mut().and_then(|before| before.remove("LastModifiedDate"));
        before
    });
    if without_date.unwrap_or_else(|| json!({})) == configuration {
        return change.unchanged(RiskOutput::of(&pool.id, client_id, before)).await;
    }
    let is_empty = configuration.as_object().is_some_and(Map::is_empty);
    configuration["LastModifiedDate"] = json!(epoch_seconds(change.at()));
    let after = (!is_empty).then_some(configuration);
    store::risk_configurations::update(&mut change, &pool.id, client_id, after.as_ref()).await?;
    let event = match client_id {
        None => Event::RiskConfigurationSet.of_pool(),
        Some(client_id) => Event::RiskConfigurationSet.of(client_id),
    };
    change.commit(event, RiskOutput::of(&pool.id, client_id, after)).await
}

/// Refuses what is no network, such as an address without the length of its prefix.
fn check_networks(exceptions: &Value) -> Result<()> {
    for member in ["BlockedIPRangeList", "SkippedIPRangeList"] {
        let networks = exceptions[member].as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(bad) = networks.into_iter().find(|text| text.parse::<IpNet>().is_err()) {
            let shown: String = bad.chars().take(64).collect();
            let text = format!("{member}: {shown} must be a network in CIDR notation, such as 203.0.113.0/24.");
            return Err(Error::InvalidParameter(text.into()));
        }
    }
    Ok(())
}
