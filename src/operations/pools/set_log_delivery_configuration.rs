//! SetLogDeliveryConfiguration: says where the log records of a pool go. The server's settings say how they get there.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SetLogDeliveryConfiguration.html>

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    log_delivery::{DESTINATIONS, destination},
    store::{self, audit::Event},
};

/// The request. The response repeats it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LogDeliveryConfiguration {
    pub(super) user_pool_id: String,
    pub(super) log_configurations: Vec<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    pub(super) log_delivery_configuration: LogDeliveryConfiguration,
}

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: LogDeliveryConfiguration,
) -> Result<Changed<Response>> {
    check(&request.log_configurations)?;
    if !request.log_configurations.is_empty() && !app.log_delivery.is_configured() {
        return Err(Error::InvalidParameter(
            "This server delivers no log records: its operator has to set log-delivery-url or log-delivery-file first."
                .into(),
        ));
    }
    let mut change = operator.begin(app, context, &request.user_pool_id).await?;
    // The records of all pools go to one receiver, which tells them apart by their destinations. So the operator of one
    // pool must not send records to the destinations of another.
    if operator.is_bound {
        return Err(Error::AccessDenied(
            "LogConfigurations: only an operator whose key is not bound to one user pool may set them.".into(),
        ));
    }
    let now = change.at();
    let pool_id = &request.user_pool_id;
    let changed = store::pools::set_log_configurations(&mut change, pool_id, &request.log_configurations, now).await?;
    if !changed.ok_or_else(|| Error::no_such_pool(pool_id))? {
        return change.unchanged(Response { log_delivery_configuration: request }).await;
    }
    change.commit(Event::PoolLogDeliverySet.of_pool(), Response { log_delivery_configuration: request }).await
}

/// Fails if an event source has the wrong level, the wrong kind of destination or two configurations.
fn check(configurations: &[Value]) -> Result<()> {
    let refuse = |text: &'static str| Err(Error::InvalidParameter(text.into()));
    let source = |one: &Value| one["EventSource"].as_str().unwrap_or_default().to_owned();
    if let [first, second] = configurations
        && source(first) == source(second)
    {
        return refuse("LogConfigurations: each EventSource may have one configuration.");
    }
    for one in configurations {
        let named: Vec<_> = DESTINATIONS.into_iter().filter(|member| one[*member].is_object()).collect();
        match (source(one).as_str(), one["LogLevel"].as_str(), &named[..]) {
            ("userNotification", Some("ERROR"), ["CloudWatchLogsConfiguration"]) => {}
            ("userNotification", ..) => {
                return refuse("userNotification needs the LogLevel ERROR and a CloudWatchLogsConfiguration alone.");
            }
            (_, Some("INFO"), [_]) => {}
            _ => return refuse("userAuthEvents needs the LogLevel INFO and one destination."),
        }
        if destination(one).is_none() {
            return refuse("LogConfigurations: a destination has no ARN.");
        }
    }
    Ok(())
}
