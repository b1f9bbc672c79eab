//! Domains of user pools: the host names at which a pool's pages are found. A domain is either a prefix (one label in
//! front of this server's host name) or a custom domain.

use super::{Connection, Connections};

/// A domain.
#[derive(Debug)]
pub struct Domain {
    pub pool_id: String,
    pub domain: String,
    /// The certificate of a custom domain; `None` for a prefix.
    pub certificate_arn: Option<String>,
    pub managed_login_version: i32,
}

/// Adds a domain. Returns `false` if the domain is taken, or if the pool already has a domain of the same kind.
pub async fn insert(db: &mut Connection, domain: &Domain) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO domains (user_pool_id, domain, certificate_arn, managed_login_version) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        domain.pool_id,
        domain.domain,
        domain.certificate_arn,
        domain.managed_login_version
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Finds a domain of any pool by its name.
pub async fn find(db: &Connections, domain: &str) -> sqlx::Result<Option<Domain>> {
    sqlx::query_as!(
        Domain,
        "SELECT user_pool_id AS pool_id, domain, certificate_arn, managed_login_version FROM domains WHERE domain = $1",
        domain
    )
    .fetch_optional(db)
    .await
}

/// Lists the domains of a pool. There are at most two: a prefix and a custom domain.
pub async fn list(db: impl sqlx::PgExecutor<'_>, pool_id: &str) -> sqlx::Result<Vec<Domain>> {
    sqlx::query_as!(
        Domain,
        "SELECT user_pool_id AS pool_id, domain, certificate_arn, managed_login_version FROM domains WHERE user_pool_id = $1",
        pool_id
    )
    .fetch_all(db)
    .await
}

/// Changes a domain. A prefix stays a prefix, and a custom domain stays a custom domain. Returns whether this changed
/// anything, or `None` if the pool has no such domain of this kind.
pub async fn update(db: &mut Connection, domain: &Domain) -> sqlx::Result<Option<bool>> {
    let changed = sqlx::query_scalar!(
        r#"WITH found AS (
               SELECT (certificate_arn, managed_login_version) IS DISTINCT FROM ($3::text, $4::int) AS changes FROM domains
               WHERE user_pool_id = $1 AND domain = $2 AND (certificate_arn IS NULL) = ($3 IS NULL) FOR UPDATE
           ), changed AS (
               UPDATE domains SET certificate_arn = $3, managed_login_version = $4
               WHERE user_pool_id = $1 AND domain = $2 AND (SELECT changes FROM found)
           )
           SELECT changes AS "changes!" FROM found"#,
        domain.pool_id,
        domain.domain,
        domain.certificate_arn,
        domain.managed_login_version
    );
    changed.fetch_optional(db).await
}

/// Removes a domain. Returns `false` if the pool has no such domain.
pub async fn delete(db: &mut Connection, pool_id: &str, domain: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!("DELETE FROM domains WHERE user_pool_id = $1 AND domain = $2", pool_id, domain)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}
