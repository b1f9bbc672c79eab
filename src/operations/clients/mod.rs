//! App clients.

pub mod create_user_pool_client;
pub mod delete_user_pool_client;
pub mod describe_user_pool_client;
pub mod list_user_pool_clients;
pub mod update_user_pool_client;

use serde_json::{Map, Value, json};

use crate::{
    clock::epoch_seconds,
    error::{Error, Result},
    store::clients::{Client, ClientSettings},
};

/// `UserPoolClientType`, the form in which a client is shown.
fn shown(client: &Client) -> Result<Value> {
    let mut out = match serde_json::to_value(&client.settings).map_err(Error::internal)? {
        Value::Object(settings) => settings,
        _ => Map::new(),
    };
    out.insert("UserPoolId".into(), json!(client.pool_id));
    out.insert("ClientId".into(), json!(client.id));
    out.insert("ClientName".into(), json!(client.name));
    if let Some(secret) = &client.secret {
        // The operation's purpose: operators read the secret here.
        out.insert("ClientSecret".into(), json!(secret.expose()));
    }
    out.insert("CreationDate".into(), json!(epoch_seconds(client.created_at)));
    out.insert("LastModifiedDate".into(), json!(epoch_seconds(client.updated_at)));
    Ok(Value::Object(out))
}

/// Settings from a request, checked; members that name the client are taken out first.
fn settings(mut input: Map<String, Value>) -> Result<ClientSettings> {
    for member in ["UserPoolId", "ClientId", "ClientName", "GenerateSecret", "ClientSecret"] {
        input.remove(member);
    }
    input.entry("AllowedOAuthFlowsUserPoolClient").or_insert(json!(false));
    let mut settings: ClientSettings =
        serde_json::from_value(Value::Object(input)).map_err(|_| Error::Serialization(None))?;
    if settings.refresh_token_validity == 0 {
        settings.refresh_token_validity = 30;
        settings.token_validity_units.refresh_token = None;
    }
    check(&settings)?;
    Ok(settings)
}

fn check(settings: &ClientSettings) -> Result<()> {
    use time::Duration;
    let refuse = |text: String| Err(Error::InvalidParameter(text.into()));
    let day = Duration::DAY;
    for (name, lifetime) in [("access", settings.access_lifetime()), ("ID", settings.id_lifetime())] {
        if lifetime < Duration::minutes(5) || lifetime > day {
            return refuse(format!("Invalid range for {name} token validity: it must be 5 minutes to 1 day."));
        }
    }
    let refresh = settings.refresh_lifetime();
    if refresh < Duration::HOUR || refresh > day * 3650 {
        return refuse("Invalid range for refresh token validity: it must be 1 hour to 3650 days.".into());
    }
    if refresh < settings.access_lifetime() || refresh < settings.id_lifetime() {
        return refuse(
            "Invalid token validity: the refresh token must live at least as long as the access and ID tokens.".into(),
        );
    }
    let new = settings.explicit_auth_flows.iter().filter(|flow| flow.starts_with("ALLOW_")).count();
    if new != 0 && new != settings.explicit_auth_flows.len() {
        return refuse("ExplicitAuthFlows: values with and without the prefix ALLOW_ cannot be mixed.".into());
    }
    if settings.rotation_grace().is_some() && settings.allows_flow("ALLOW_REFRESH_TOKEN_AUTH") {
        return refuse(
            "Refresh token rotation cannot be enabled together with ALLOW_REFRESH_TOKEN_AUTH; remove the flow.".into(),
        );
    }
    Ok(())
}
