//! Risk configurations. Their lists of blocked and skipped addresses are acted upon; the rest is stored and given back,
//! as far as it would not protect anybody.

pub(crate) mod describe_risk_configuration;
pub mod protection;
pub(crate) mod set_risk_configuration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::error::Error;

/// The output of both operations.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RiskOutput {
    risk_configuration: Map<String, Value>,
}

impl RiskOutput {
    fn of(pool_id: &str, client_id: Option<&str>, configuration: Option<Value>) -> Self {
        let mut out = match configuration {
            Some(Value::Object(members)) => members,
            _ => Map::new(),
        };
        out.insert("UserPoolId".into(), json!(pool_id));
        out.extend(client_id.map(|id| ("ClientId".to_owned(), json!(id))));
        Self { risk_configuration: out }
    }
}

/// The error for a pool or client that does not exist.
fn missing(pool_id: &str, client_id: Option<&str>) -> Error {
    client_id.map_or_else(|| Error::no_such_pool(pool_id), Error::no_such_client)
}
