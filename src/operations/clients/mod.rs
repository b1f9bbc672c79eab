//! App clients.

pub(crate) mod add_user_pool_client_secret;
mod attributes;
pub(crate) mod create_user_pool_client;
pub(crate) mod delete_user_pool_client;
pub(crate) mod delete_user_pool_client_secret;
pub(crate) mod describe_user_pool_client;
pub(crate) mod get_user_pool_client_session_configuration;
pub(crate) mod list_user_pool_client_secrets;
pub(crate) mod list_user_pool_clients;
mod oauth;
pub(crate) mod set_user_pool_client_session_configuration;
pub(crate) mod update_user_pool_client;

use serde::Serialize;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::{
    app::App,
    clock::epoch_seconds,
    error::{Error, Result},
    operations::members,
    random,
    secret::Secret,
    store::{
        self, Connection,
        clients::{Client, ClientSecret, ClientSettings},
    },
};

/// Returns a client as a `UserPoolClientType`. `with_secret` adds the client's newest secret.
fn shown(client: &Client, with_secret: bool) -> Result<Value> {
    let mut out = members::object(&client.settings)?;
    if out.remove("DefaultAuthFlows").is_some() {
        out.remove("ExplicitAuthFlows");
    }
    members::CLIENT.add_defaults(&mut out);
    out.insert("UserPoolId".into(), json!(client.pool_id));
    out.insert("ClientId".into(), json!(client.id));
    out.insert("ClientName".into(), json!(client.name));
    if let Some(newest) = client.secrets.last().filter(|_| with_secret) {
        // The secret is exposed on purpose: operators read it here.
        out.insert("ClientSecret".into(), json!(newest.value.expose()));
    }
    out.insert("CreationDate".into(), json!(epoch_seconds(client.created_at)));
    out.insert("LastModifiedDate".into(), json!(epoch_seconds(client.updated_at)));
    Ok(Value::Object(out))
}

/// Finds a client and locks it until the transaction ends.
async fn lock(app: &App, db: &mut Connection, pool_id: &str, client_id: &str) -> Result<Client> {
    let gone = || Error::no_such_client(client_id);
    if !store::clients::lock(&mut *db, pool_id, client_id).await? {
        return Err(gone());
    }
    let found = store::clients::find_with_pool(db, &app.sealing, pool_id, client_id).await?;
    Ok(found.ok_or_else(gone)?.client)
}

/// Makes a secret with the given value, or with a random one.
fn new_secret(given: Option<&str>, now: OffsetDateTime) -> ClientSecret {
    ClientSecret {
        id: random::client_id(),
        value: Secret::from(given.map_or_else(random::client_secret, str::to_owned)),
        // The database stores whole seconds. The time is rounded down here, so that the first response shows the same
        // time as later responses.
        created_at: now.replace_nanosecond(0).unwrap_or(now),
    }
}

/// The service model's `ClientSecretDescriptorType`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Descriptor {
    client_secret_id: String,
    /// The secret, which only the response to AddUserPoolClientSecret contains.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_value: Option<String>,
    client_secret_create_date: f64,
}

impl Descriptor {
    fn of(secret: &ClientSecret, value: Option<String>) -> Self {
        Self {
            client_secret_id: secret.id.clone(),
            client_secret_value: value,
            client_secret_create_date: epoch_seconds(secret.created_at),
        }
    }
}

/// Makes an app client's name and settings from a request, and checks the settings. `before` is the client that the
/// request updates, or `None` if the client is new.
fn configured(before: Option<&Client>, request: &Map<String, Value>) -> Result<(String, ClientSettings)> {
    let mut stored = before.map_or_else(|| Ok(Map::new()), |client| members::object(&client.settings))?;
    stored.extend(before.map(|client| ("ClientName".to_owned(), json!(client.name))));
    let mut input = members::CLIENT.merged(stored, request);
    let name = input.remove("ClientName").and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
    for member in ["UserPoolId", "ClientId", "GenerateSecret", "ClientSecret", "DefaultAuthFlows"] {
        input.remove(member);
    }
    // If only some units are given, the others get their defaults.
    if let Some(units) = input.get_mut("TokenValidityUnits").and_then(Value::as_object_mut)
        && !units.is_empty()
    {
        for (member, unit) in [("AccessToken", "hours"), ("IdToken", "hours"), ("RefreshToken", "days")] {
            units.entry(member).or_insert(json!(unit));
        }
    }
    let mut settings: ClientSettings = members::parsed(input)?;
    settings.default_auth_flows = !request.contains_key("ExplicitAuthFlows");
    if settings.default_auth_flows && settings.rotation_grace().is_some() {
        // With rotation, this flow is refused, so it cannot be one of the default flows.
        settings.explicit_auth_flows.retain(|flow| flow != "ALLOW_REFRESH_TOKEN_AUTH");
    }
    if settings.refresh_token_validity == 0 {
        settings.refresh_token_validity = 30;
        settings.token_validity_units.refresh_token = None;
    }
    check(&settings)?;
    Ok((name, settings))
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
    if let Some(flow) = settings.explicit_auth_flows.iter().find(|flow| flow.starts_with("ALLOW_TOKEN_EXCHANGE")) {
        return refuse(format!("ExplicitAuthFlows: {flow} is not supported by Keystead."));
    }
    let new = settings.explicit_auth_flows.iter().filter(|flow| flow.starts_with("ALLOW_")).count();
    if new != 0 && new != settings.explicit_auth_flows.len() {
        return refuse("ExplicitAuthFlows: values with and without the prefix ALLOW_ cannot be mixed.".into());
    }
    if settings.rotation_grace().is_some() && settings.allows_flow("ALLOW_REFRESH_TOKEN_AUTH") {
        return refuse(
            "Refresh token rotation cannot be enabled together with ALLOW_REFRESH_TOKEN_AUTH; remove the flow, or send RefreshTokenRotation with the feature DISABLED."
                .into(),
        );
    }
    Ok(())
}
