//! Finds app clients with their pools. Requests for the same client share one read.

use std::{collections::HashMap, sync::Arc};

use sqlx::types::Json;

use crate::{
    group_commit::{Batch, BatchResult},
    sealing::SealingKey,
    store::{
        Connections, Stored,
        clients::{Client, ClientAndPool, ClientSettings, SealedSecret, Versions, open_secrets},
        pools::{self, Branding, PasskeyPolicy, Pool, PoolSettings},
        risk_configurations::RiskExceptions,
    },
};

/// The arguments of one call of [`crate::store::clients::find_with_pool`].
pub struct ClientToFind {
    pub pool_id: String,
    pub client_id: String,
}

/// Finds clients with their pools. A request gets no answer if its client is gone, if a secret of the client cannot be
/// opened, or if this release does not understand the pool's row. If this release does not understand a client's row,
/// the whole batch fails, and its requests run alone.
pub struct FindClients {
    pub db: Connections,
    pub sealing: Arc<SealingKey>,
}

impl Batch for FindClients {
    type Request = ClientToFind;
    type Answer = Arc<ClientAndPool>;

    async fn run(&self, requests: Vec<ClientToFind>) -> BatchResult<Arc<ClientAndPool>> {
        let mut wanted: Vec<(&str, &str)> =
            requests.iter().map(|one| (one.pool_id.as_str(), one.client_id.as_str())).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let (pools, clients): (Vec<String>, Vec<String>) =
            wanted.iter().map(|(pool_id, client_id)| ((*pool_id).to_owned(), (*client_id).to_owned())).unzip();
        let mut db = self.db.acquire().await.map_err(super::not_begun)?;
        let rows = sqlx::query!(
            r#"SELECT c.user_pool_id, c.client_id, c.name, c.configuration AS "configuration: Json<ClientSettings>",
                      c.secrets AS "secrets: Json<Vec<SealedSecret>>", c.secret, c.created_at, c.updated_at,
                      coalesce(c.risk_configuration, p.risk_configuration) -> 'RiskExceptionConfiguration'
                          AS "risk_exceptions: Json<RiskExceptions>", c.sso_minutes, p.name AS pool_name,
                      p.configuration AS "pool_configuration: Stored<PoolSettings>", p.sessions_on_passkey_delete,
                      p.passkey_policy AS "passkey_policy: Stored<PasskeyPolicy>", p.branding AS "branding: Stored<Branding>",
                      p.created_at AS pool_created_at, p.updated_at AS pool_updated_at, c.version, p.version AS pool_version
               FROM unnest((SELECT $1::text[]), (SELECT $2::text[])) AS a (user_pool_id, client_id)
               JOIN app_clients c ON c.user_pool_id = a.user_pool_id AND c.client_id = a.client_id
               JOIN user_pools p ON p.user_pool_id = c.user_pool_id"#,
            &pools,
            &clients
        )
        .fetch_all(&mut db)
        .await
        .map_err(super::unread)?;
        let mut found = HashMap::new();
        for row in rows {
            // If a secret cannot be opened, the request runs alone and fails with the error.
            let old = (row.secret, row.created_at);
            let Ok(secrets) = open_secrets(&self.sealing, &row.user_pool_id, &row.client_id, row.secrets.0, old) else {
                continue;
            };
            let client = Client {
                pool_id: row.user_pool_id.clone(),
                id: row.client_id.clone(),
                name: row.name,
                secrets,
                settings: row.configuration.0,
                risk_exceptions: row.risk_exceptions.map(|one| one.0).unwrap_or_default(),
                sso_minutes: row.sso_minutes,
                created_at: row.created_at,
                updated_at: row.updated_at,
            };
            let pool = Pool::try_from(pools::Row {
                user_pool_id: row.user_pool_id.clone(),
                name: row.pool_name,
                configuration: row.pool_configuration,
                sessions_on_passkey_delete: row.sessions_on_passkey_delete,
                passkey_policy: row.passkey_policy,
                branding: row.branding,
                created_at: row.pool_created_at,
                updated_at: row.pool_updated_at,
            });
            // If the pool cannot be read, the request runs alone and fails with the error.
            let Ok(pool) = pool else { continue };
            let versions = Versions { client: row.version, pool: row.pool_version };
            found.insert((row.user_pool_id, row.client_id), Arc::new(ClientAndPool { client, pool, versions }));
        }
        Ok(requests.into_iter().map(|one| found.get(&(one.pool_id, one.client_id)).cloned()).collect())
    }
}
