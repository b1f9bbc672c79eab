//! Resource servers: APIs of other parties for which access tokens can be issued, with the scopes that each API has.

use serde::{Deserialize, Serialize};
use sqlx::{PgExecutor, types::Json};

use super::{Connection, Connections};

/// A resource server.
#[derive(Debug)]
pub struct ResourceServer {
    pub identifier: String,
    pub name: String,
    pub scopes: Vec<Scope>,
}

/// `ResourceServerScopeType`. In tokens, a scope is written as `<identifier>/<name>`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Scope {
    pub scope_name: String,
    pub scope_description: String,
}

/// Adds a resource server. Returns `false` if the identifier is taken.
pub async fn insert(db: &mut Connection, pool_id: &str, server: &ResourceServer) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO resource_servers (user_pool_id, identifier, name, scopes) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        pool_id,
        server.identifier,
        server.name,
        Json(&server.scopes) as _
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Finds a resource server.
pub async fn find(db: impl PgExecutor<'_>, pool_id: &str, identifier: &str) -> sqlx::Result<Option<ResourceServer>> {
    let row = sqlx::query!(
        r#"SELECT identifier, name, scopes AS "scopes: Json<Vec<Scope>>"
           FROM resource_servers WHERE user_pool_id = $1 AND identifier = $2"#,
        pool_id,
        identifier
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| ResourceServer { identifier: row.identifier, name: row.name, scopes: row.scopes.0 }))
}

/// Writes a resource server's name and scopes. Returns whether this changed anything, or `None` if there is no such
/// server.
pub async fn update(db: &mut Connection, pool_id: &str, server: &ResourceServer) -> sqlx::Result<Option<bool>> {
    let changed = sqlx::query_scalar!(
        r#"WITH found AS (
               SELECT (name, scopes) IS DISTINCT FROM ($3::text, $4::jsonb) AS changes FROM resource_servers
               WHERE user_pool_id = $1 AND identifier = $2 FOR UPDATE
           ), changed AS (
               UPDATE resource_servers SET name = $3, scopes = $4
               WHERE user_pool_id = $1 AND identifier = $2 AND (SELECT changes FROM found)
           )
           SELECT changes AS "changes!" FROM found"#,
        pool_id,
        server.identifier,
        server.name,
        Json(&server.scopes) as _
    );
    changed.fetch_optional(db).await
}

/// Removes a resource server. Returns `false` if there is no such server.
pub async fn delete(db: &mut Connection, pool_id: &str, identifier: &str) -> sqlx::Result<bool> {
    let done =
        sqlx::query!("DELETE FROM resource_servers WHERE user_pool_id = $1 AND identifier = $2", pool_id, identifier)
            .execute(db)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Lists resource servers, ordered by identifier: at most `limit`, beginning after the identifier `after`.
pub async fn list(db: &Connections, pool_id: &str, after: &str, limit: i64) -> sqlx::Result<Vec<ResourceServer>> {
    let rows = sqlx::query!(
        r#"SELECT identifier, name, scopes AS "scopes: Json<Vec<Scope>>"
           FROM resource_servers WHERE user_pool_id = $1 AND identifier > $2 ORDER BY identifier LIMIT $3"#,
        pool_id,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    let server = |row: (String, String, Vec<Scope>)| ResourceServer { identifier: row.0, name: row.1, scopes: row.2 };
    Ok(rows.into_iter().map(|row| server((row.identifier, row.name, row.scopes.0))).collect())
}

/// Counts the resource servers of a pool.
pub async fn count(db: &mut Connection, pool_id: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM resource_servers WHERE user_pool_id = $1"#, pool_id)
        .fetch_one(db)
        .await
}

/// Returns the scopes among these (`<identifier>/<name>`) that no resource server of the pool has.
pub async fn unknown_scopes(db: &mut Connection, pool_id: &str, scopes: &[String]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"SELECT wanted.scope AS "scope!" FROM unnest($2::text[]) AS wanted (scope)
           WHERE NOT EXISTS (
               SELECT 1 FROM resource_servers r, jsonb_array_elements(r.scopes) AS known
               WHERE r.user_pool_id = $1 AND wanted.scope = r.identifier || '/' || (known ->> 'ScopeName')
           )"#,
        pool_id,
        scopes
    )
    .fetch_all(db)
    .await
}
