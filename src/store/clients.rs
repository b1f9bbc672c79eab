//! App clients.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::{PgExecutor, types::Json};
use time::{Duration, OffsetDateTime};

use super::pools::{self, Branding, PasskeyPolicy, Pool, PoolSettings};
use super::risk_configurations::RiskExceptions;
use super::{Connection, Connections, Stored, statement};
use crate::{
    context::Door,
    error::{Error, Result},
    sealing::SealingKey,
    secret::Secret,
};

/// An app client.
#[derive(Clone, Debug)]
pub struct Client {
    pub pool_id: String,
    pub id: String,
    pub name: String,
    /// Empty for a public client. There are two secrets while the client's servers are switched from the older secret
    /// to the newer one.
    pub secrets: Vec<ClientSecret>,
    pub settings: ClientSettings,
    /// The networks whose sign-ins are refused: according to the client's risk configuration, or else to its pool's.
    pub risk_exceptions: RiskExceptions,
    /// For how many minutes after a sign-in on the pages the client uses that sign-in again without asking: 0 (never)
    /// to 129600. `None` means the default.
    pub sso_minutes: Option<i32>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// A secret of an app client. In a list of secrets, the oldest comes first.
#[derive(Clone, Debug)]
pub struct ClientSecret {
    pub id: String,
    pub value: Secret,
    pub created_at: OffsetDateTime,
}

/// A secret as the database stores it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SealedSecret {
    id: String,
    /// The sealed secret, in base64.
    sealed: String,
    /// Seconds since the epoch.
    created_at: i64,
}

/// An app client's configuration, under the member names of the API. Members that much of the code uses are typed.
/// `rest` has the members of OAuth 2.0, and those that are only stored and returned.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ClientSettings {
    #[serde(default = "default_flows")]
    pub explicit_auth_flows: Vec<String>,
    /// Whether `explicit_auth_flows` are the default, because nobody gave any. Responses then leave the member out
    /// (docs/cognito.md 3.3). The database always has the flows, so that releases that do not know this member use them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub default_auth_flows: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_validity: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_validity: Option<i64>,
    #[serde(default = "thirty")]
    pub refresh_token_validity: i64,
    #[serde(default)]
    pub token_validity_units: Units,
    /// In minutes.
    #[serde(default = "three")]
    pub auth_session_validity: i64,
    /// `LEGACY` or `ENABLED`. If the member is absent, `LEGACY` is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prevent_user_existence_errors: Option<String>,
    #[serde(default = "yes")]
    pub enable_token_revocation: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token_rotation: Option<Rotation>,
    /// Never an empty list: in a request, an empty list means the default, and responses then leave the member out
    /// (docs/cognito.md 3.3).
    #[serde(default, deserialize_with = "unless_empty", skip_serializing_if = "Option::is_none")]
    pub read_attributes: Option<Vec<String>>,
    /// Never an empty list, like `read_attributes`.
    #[serde(default, deserialize_with = "unless_empty", skip_serializing_if = "Option::is_none")]
    pub write_attributes: Option<Vec<String>>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// The units of the lifetimes of tokens, one for each kind of token: `seconds`, `minutes`, `hours` or `days`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Units {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Rotation {
    /// `ENABLED` or `DISABLED`
    pub feature: String,
    /// 0 to 60
    #[serde(default)]
    pub retry_grace_period_seconds: i64,
}

fn unless_empty<'de, D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Option<Vec<String>>, D::Error> {
    Ok(Option::<Vec<String>>::deserialize(from)?.filter(|list| !list.is_empty()))
}

fn default_flows() -> Vec<String> {
    ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"].map(str::to_owned).into()
}

fn thirty() -> i64 {
    30
}

fn three() -> i64 {
    3
}

fn yes() -> bool {
    true
}

impl ClientSettings {
    /// The lifetime of access tokens: 5 minutes to 1 day, 1 hour by default.
    pub fn access_lifetime(&self) -> Duration {
        lifetime(
            self.access_token_validity,
            self.token_validity_units.access_token.as_deref().unwrap_or("hours"),
            Duration::HOUR,
        )
    }

    /// The lifetime of ID tokens: 5 minutes to 1 day, 1 hour by default.
    pub fn id_lifetime(&self) -> Duration {
        lifetime(
            self.id_token_validity,
            self.token_validity_units.id_token.as_deref().unwrap_or("hours"),
            Duration::HOUR,
        )
    }

    /// The lifetime of refresh tokens: 1 hour to 3650 days, 30 days by default (and for 0).
    pub fn refresh_lifetime(&self) -> Duration {
        let unit = self.token_validity_units.refresh_token.as_deref().unwrap_or("days");
        lifetime(Some(self.refresh_token_validity), unit, Duration::days(30))
    }

    /// The lifetime of a `Session`, which links two calls of a sign-in.
    pub fn session_lifetime(&self) -> Duration {
        Duration::minutes(self.auth_session_validity)
    }

    /// Whether responses to requests that come through this door must make unknown users look like known ones.
    pub fn hides_existence(&self, door: Door) -> bool {
        door.hides_existence(self.prevent_user_existence_errors.as_deref() == Some("ENABLED"))
    }

    /// The grace period of refresh-token rotation, if rotation is on.
    pub fn rotation_grace(&self) -> Option<Duration> {
        let rotation = self.refresh_token_rotation.as_ref().filter(|rotation| rotation.feature == "ENABLED")?;
        Some(Duration::seconds(rotation.retry_grace_period_seconds))
    }

    /// Returns the strings of a list among the members in `rest`, such as `CallbackURLs`; empty if the list is absent.
    pub fn list(&self, member: &str) -> Vec<&str> {
        let values = self.rest.get(member).and_then(Value::as_array).into_iter().flatten();
        values.filter_map(Value::as_str).collect()
    }

    /// Whether a redirect URI is one of the client's `CallbackURLs`.
    ///
    /// The URIs are compared as strings: no other spelling counts as the same URI (RFC 9700 section 2.1). Only the port
    /// of `http://127.0.0.1` and `http://[::1]` may differ, because an application on a desktop gets one from its system
    /// (RFC 8252 section 7.3).
    pub fn has_callback(&self, uri: &str) -> bool {
        let any_port = on_loopback(uri);
        let fits = |listed: &&str| *listed == uri || (any_port.is_some() && on_loopback(listed) == any_port);
        self.list("CallbackURLs").iter().any(fits)
    }

    /// Whether the client may use an OAuth flow: `code`, `implicit` or `client_credentials`.
    pub fn allows_oauth(&self, flow: &str) -> bool {
        self.rest.get("AllowedOAuthFlowsUserPoolClient") == Some(&Value::Bool(true))
            && self.list("AllowedOAuthFlows").contains(&flow)
    }

    /// Whether a sign-in flow, such as `ALLOW_USER_AUTH`, is on.
    ///
    /// Clients in the older style list no values with the prefix `ALLOW_`: their list has values such as
    /// `USER_PASSWORD_AUTH`, or is empty. Such clients may always refresh tokens and use custom challenges, and may use
    /// SRP unless `CUSTOM_AUTH_FLOW_ONLY` is listed. For other flows, the list decides.
    pub fn allows_flow(&self, flow: &str) -> bool {
        let has = |flow: &str| self.explicit_auth_flows.iter().any(|allowed| allowed == flow);
        if has(flow) || self.explicit_auth_flows.iter().any(|allowed| allowed.starts_with("ALLOW_")) {
            return has(flow);
        }
        match flow {
            "ALLOW_REFRESH_TOKEN_AUTH" | "ALLOW_CUSTOM_AUTH" => true,
            "ALLOW_USER_SRP_AUTH" => !has("CUSTOM_AUTH_FLOW_ONLY"),
            "ALLOW_ADMIN_USER_PASSWORD_AUTH" => has("ADMIN_NO_SRP_AUTH"),
            other => has(other.strip_prefix("ALLOW_").unwrap_or(other)),
        }
    }
}

/// Returns a URI on a loopback address without its port, as the address and the rest; `None` for all other URIs.
fn on_loopback(uri: &str) -> Option<(&'static str, &str)> {
    ["http://127.0.0.1", "http://[::1]"].into_iter().find_map(|base| {
        let rest = uri.strip_prefix(base)?;
        let rest = match rest.strip_prefix(':') {
            None => rest,
            Some(rest) => {
                let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                rest[..end].parse::<u16>().ok()?;
                &rest[end..]
            }
        };
        (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((base, rest))
    })
}

fn lifetime(amount: Option<i64>, unit: &str, default: Duration) -> Duration {
    match (amount.unwrap_or(0), unit) {
        (0, _) => default,
        (n, "seconds") => Duration::seconds(n),
        (n, "minutes") => Duration::minutes(n),
        (n, "days") => Duration::days(n),
        (n, _) => Duration::hours(n),
    }
}

/// The default of [`Client::sso_minutes`] (docs/cognito.md 5.3).
pub const SSO_MINUTES: i32 = 60;

impl Client {
    /// For how long after a sign-in on the pages the client uses that sign-in again without asking.
    pub fn sso_validity(&self) -> Duration {
        Duration::minutes(self.sso_minutes.unwrap_or(SSO_MINUTES).into())
    }
}

/// A client and its pool.
pub struct ClientAndPool {
    pub client: Client,
    pub pool: Pool,
    pub versions: Versions,
}

/// The versions of the rows of a client and its pool. What was read is current while the rows have these versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    pub client: i64,
    pub pool: i64,
}

fn secret_context(pool_id: &str, client_id: &str) -> String {
    format!("app_clients.secret {pool_id} {client_id}")
}

/// Opens the secrets of a client's row. `old` is used only if `sealed` is empty. It holds the column `secret`, in which
/// earlier releases kept a client's only secret, and the time when the client was created.
pub(super) fn open_secrets(
    sealing: &SealingKey,
    pool_id: &str,
    client_id: &str,
    sealed: Vec<SealedSecret>,
    old: (Option<Vec<u8>>, OffsetDateTime),
) -> Result<Vec<ClientSecret>> {
    let sealed = match old {
        (Some(secret), created_at) if sealed.is_empty() => vec![SealedSecret {
            id: format!("{client_id}-1"),
            sealed: BASE64_STANDARD.encode(secret),
            created_at: created_at.unix_timestamp(),
        }],
        _ => sealed,
    };
    let open = |one: SealedSecret| {
        let sealed = BASE64_STANDARD.decode(&one.sealed).map_err(Error::internal)?;
        let plain = sealing.open(&secret_context(pool_id, client_id), &sealed).map_err(Error::internal)?;
        Ok(ClientSecret {
            id: one.id,
            value: String::from_utf8(plain).map(Secret::from).map_err(Error::internal)?,
            created_at: OffsetDateTime::from_unix_timestamp(one.created_at).map_err(Error::internal)?,
        })
    };
    sealed.into_iter().map(open).collect()
}

fn seal_secrets(sealing: &SealingKey, client: &Client) -> Vec<SealedSecret> {
    let seal = |one: &ClientSecret| SealedSecret {
        id: one.id.clone(),
        sealed: BASE64_STANDARD
            .encode(sealing.seal(&secret_context(&client.pool_id, &client.id), one.value.expose().as_bytes())),
        created_at: one.created_at.unix_timestamp(),
    };
    client.secrets.iter().map(seal).collect()
}

/// Seals the newest secret for the column `secret`, which earlier releases read.
fn seal_newest(sealing: &SealingKey, client: &Client) -> Option<Vec<u8>> {
    let newest = client.secrets.last()?;
    Some(sealing.seal(&secret_context(&client.pool_id, &client.id), newest.value.expose().as_bytes()))
}

/// Returns the ID of the pool that a client belongs to. Public requests give only the client's ID, so this query cannot
/// be limited to one pool.
pub async fn pool_of(db: &Connections, client_id: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("SELECT user_pool_id FROM app_clients WHERE client_id = $1", client_id).fetch_optional(db).await
}

/// Finds a client with its pool, in one query.
pub async fn find_with_pool(
    db: impl PgExecutor<'_>,
    sealing: &SealingKey,
    pool_id: &str,
    client_id: &str,
) -> Result<Option<ClientAndPool>> {
    let row = sqlx::query!(
        r#"SELECT c.name, c.configuration AS "configuration: Json<ClientSettings>",
                  c.secrets AS "secrets: Json<Vec<SealedSecret>>", c.secret, c.created_at, c.updated_at,
                  coalesce(c.risk_configuration, p.risk_configuration) -> 'RiskExceptionConfiguration'
                      AS "risk_exceptions: Json<RiskExceptions>", c.sso_minutes,
                  p.name AS pool_name, p.configuration AS "pool_configuration: Stored<PoolSettings>",
                  p.sessions_on_passkey_delete, p.passkey_policy AS "passkey_policy: Stored<PasskeyPolicy>",
                  p.branding AS "branding: Stored<Branding>", p.created_at AS pool_created_at, p.updated_at AS pool_updated_at,
                  c.version, p.version AS pool_version
           FROM app_clients c JOIN user_pools p ON p.user_pool_id = c.user_pool_id
           WHERE c.user_pool_id = $1 AND c.client_id = $2"#,
        pool_id,
        client_id
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(ClientAndPool {
        versions: Versions { client: row.version, pool: row.pool_version },
        client: Client {
            pool_id: pool_id.to_owned(),
            id: client_id.to_owned(),
            name: row.name,
            secrets: open_secrets(sealing, pool_id, client_id, row.secrets.0, (row.secret, row.created_at))?,
            settings: row.configuration.0,
            risk_exceptions: row.risk_exceptions.map(|one| one.0).unwrap_or_default(),
            sso_minutes: row.sso_minutes,
            created_at: row.created_at,
            updated_at: row.updated_at,
        },
        pool: Pool::try_from(pools::Row {
            user_pool_id: pool_id.to_owned(),
            name: row.pool_name,
            configuration: row.pool_configuration,
            sessions_on_passkey_delete: row.sessions_on_passkey_delete,
            passkey_policy: row.passkey_policy,
            branding: row.branding,
            created_at: row.pool_created_at,
            updated_at: row.pool_updated_at,
        })?,
    }))
}

/// Adds a client. Returns `false` if the pool is gone.
pub async fn insert(db: &mut Connection, sealing: &SealingKey, client: &Client) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO app_clients (user_pool_id, client_id, name, configuration, secrets, secret, created_at, updated_at)
         SELECT p.user_pool_id, $2, $3, $4, $5, $7, $6, $6 FROM user_pools p WHERE p.user_pool_id = $1 AND p.deleted_at IS NULL FOR SHARE",
        client.pool_id,
        client.id,
        client.name,
        Json(&client.settings) as _,
        Json(seal_secrets(sealing, client)) as _,
        client.created_at,
        seal_newest(sealing, client)
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Locks a client until the transaction ends. Returns `false` if there is no such client.
pub async fn lock(db: &mut Connection, pool_id: &str, client_id: &str) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT 1 AS "one!" FROM app_clients WHERE user_pool_id = $1 AND client_id = $2 FOR UPDATE"#,
        pool_id,
        client_id
    );
    Ok(found.fetch_optional(db).await?.is_some())
}

/// Returns [`Client::sso_minutes`] of a client; `None` if there is no such client.
pub async fn sso_minutes(db: &Connections, pool_id: &str, client_id: &str) -> sqlx::Result<Option<Option<i32>>> {
    sqlx::query_scalar!(
        "SELECT sso_minutes FROM app_clients WHERE user_pool_id = $1 AND client_id = $2",
        pool_id,
        client_id
    )
    .fetch_optional(db)
    .await
}

/// Sets [`Client::sso_minutes`]. Returns `None` if there is no such client, and `false` if the value was the same before.
pub async fn set_sso_minutes(
    db: &mut Connection,
    pool_id: &str,
    client_id: &str,
    minutes: i32,
) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar!(
        r#"WITH found AS (
               SELECT sso_minutes IS DISTINCT FROM $3 AS changes FROM app_clients
               WHERE user_pool_id = $1 AND client_id = $2 FOR UPDATE
           ), changed AS (
               UPDATE app_clients SET sso_minutes = $3
               WHERE user_pool_id = $1 AND client_id = $2 AND (SELECT changes FROM found)
           )
           SELECT changes AS "changes!" FROM found"#,
        pool_id,
        client_id,
        minutes
    )
    .fetch_optional(db)
    .await
}

/// Writes the secrets of a locked client.
pub async fn update_secrets(db: &mut Connection, sealing: &SealingKey, client: &Client) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE app_clients SET secrets = $3, updated_at = $4, secret = $5 WHERE user_pool_id = $1 AND client_id = $2",
        client.pool_id,
        client.id,
        Json(seal_secrets(sealing, client)) as _,
        client.updated_at,
        seal_newest(sealing, client)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes a locked client's name and settings. Returns whether this changed anything.
pub async fn update(db: &mut Connection, client: &Client) -> sqlx::Result<bool> {
    let changed = sqlx::query_scalar!(
        r#"UPDATE app_clients c SET name = $3, configuration = $4,
               updated_at = CASE WHEN (c.name, c.configuration) IS DISTINCT FROM ($3, $4) THEN $5 ELSE c.updated_at END
           FROM (SELECT name, configuration FROM app_clients WHERE user_pool_id = $1 AND client_id = $2) AS old
           WHERE c.user_pool_id = $1 AND c.client_id = $2
           RETURNING (old.name, old.configuration) IS DISTINCT FROM (c.name, c.configuration) AS "changed!""#,
        client.pool_id,
        client.id,
        client.name,
        Json(&client.settings) as _,
        client.updated_at
    );
    changed.fetch_one(db).await
}

/// Removes a client. Returns `false` if there is no such client.
pub async fn delete(db: &mut Connection, pool_id: &str, client_id: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!("DELETE FROM app_clients WHERE user_pool_id = $1 AND client_id = $2", pool_id, client_id)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Lists clients as `(client ID, name)`, ordered by ID: at most `limit`, beginning after the ID `after`.
pub async fn list(db: &Connections, pool_id: &str, after: &str, limit: i64) -> sqlx::Result<Vec<(String, String)>> {
    let rows = sqlx::query!(
        "SELECT client_id, name FROM app_clients WHERE user_pool_id = $1 AND client_id > $2 ORDER BY client_id LIMIT $3",
        pool_id,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.client_id, row.name)).collect())
}

/// Returns `(client ID, name)` for each of these clients that exists.
pub async fn names(db: &Connections, pool_id: &str, client_ids: &[String]) -> sqlx::Result<Vec<(String, String)>> {
    let rows = sqlx::query!(
        "SELECT client_id, name FROM app_clients WHERE user_pool_id = $1 AND client_id = ANY($2)",
        pool_id,
        client_ids
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.client_id, row.name)).collect())
}

/// Whether any app client of the pool allows SRP, according to its `ExplicitAuthFlows`. (An empty list allows SRP.) If
/// so, new passwords of the pool's users get an SRP verifier.
pub async fn any_uses_srp(db: &Connections, pool_id: &str) -> sqlx::Result<bool> {
    statement!(query_scalar() {
        "SELECT EXISTS (SELECT 1 FROM app_clients s WHERE s.user_pool_id = $1 AND" USES_SRP r#") AS "any!""#
        }
        pool_id
    )
    .fetch_one(db)
    .await
}
