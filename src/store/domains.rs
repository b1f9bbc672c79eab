//! Domains of user pools: the prefix or the name under which a pool's pages are found.

use super::{Connection, Connections};

/// A domain.
#[derive(Debug)]
pub struct Domain {
    pub pool_id: String,
    pub domain: String,
    /// Of a custom domain; `None` for a prefix.
    pub certificate_arn: Option<String>,
    pub managed_login_version: i32,
}

/// Adds a domain; `false` when it is taken, or when the pool has one of this kind.
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

/// A domain of any pool, by its name.
pub async fn find(db: &Connections, domain: &str) -> sqlx::Result<Option<Domain>> {
    sqlx::query_as!(
        Domain,
        "SELECT user_pool_id AS pool_id, domain, certificate_arn, managed_login_version FROM domains WHERE domain = $1",
        domain
    )
    .fetch_optional(db)
    .await
}

/// The domains of a pool: at most two.
pub async fn list(db: impl sqlx::PgExecutor<'_>, pool_id: &str) -> sqlx::Result<Vec<Domain>> {
    sqlx::query_as!(
        Domain,
        "SELECT user_pool_id AS pool_id, domain, certificate_arn, managed_login_version FROM domains WHERE user_pool_id = $1",
        pool_id
    )
    .fetch_all(db)
    .await
}

/// Changes a domain, which stays a prefix or a custom domain, and says whether it was another before; `None` when the pool
/// has no such domain.
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

/// Removes a domain; `false` when the pool has no such domain.
pub async fn delete(db: &mut Connection, pool_id: &str, domain: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!("DELETE FROM domains WHERE user_pool_id = $1 AND domain = $2", pool_id, domain)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}
