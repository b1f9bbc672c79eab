//! Groups of users.

use time::OffsetDateTime;
use uuid::Uuid;

use super::users::{Listed, Row};

use super::{Connection, Connections, statement};

/// A group.
#[derive(Debug)]
pub struct Group {
    pub name: String,
    pub description: Option<String>,
    pub precedence: Option<i32>,
    pub role_arn: Option<String>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// One of a user's groups, with what determines the claims in the user's tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub name: String,
    pub role_arn: Option<String>,
    pub precedence: Option<i32>,
}

/// A membership of a row with the columns of a group that may not exist.
macro_rules! membership_of {
    ($row:ident) => {
        $row.group_name.map(|name| $crate::store::groups::Membership {
            name,
            role_arn: $row.role_arn,
            precedence: $row.precedence,
        })
    };
}

pub(super) use membership_of;

/// Adds a group. Returns `false` if the name is taken.
pub async fn insert(db: &mut Connection, pool_id: &str, group: &Group) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO groups (user_pool_id, group_name, description, precedence, role_arn, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING",
        pool_id,
        group.name,
        group.description,
        group.precedence,
        group.role_arn,
        group.created_at
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Finds a group.
pub async fn find(db: &Connections, pool_id: &str, name: &str) -> sqlx::Result<Option<Group>> {
    sqlx::query_as!(
        Group,
        "SELECT group_name AS name, description, precedence, role_arn, created_at, updated_at
         FROM groups WHERE user_pool_id = $1 AND group_name = $2",
        pool_id,
        name
    )
    .fetch_optional(db)
    .await
}

/// Locks a group until the transaction ends, and returns the group.
pub async fn lock(db: &mut Connection, pool_id: &str, name: &str) -> sqlx::Result<Option<Group>> {
    sqlx::query_as!(
        Group,
        "SELECT group_name AS name, description, precedence, role_arn, created_at, updated_at
         FROM groups WHERE user_pool_id = $1 AND group_name = $2 FOR UPDATE",
        pool_id,
        name
    )
    .fetch_optional(db)
    .await
}

/// Writes a locked group's description, precedence and role.
pub async fn update(db: &mut Connection, pool_id: &str, group: &Group) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE groups SET description = $3, precedence = $4, role_arn = $5, updated_at = $6
         WHERE user_pool_id = $1 AND group_name = $2",
        pool_id,
        group.name,
        group.description,
        group.precedence,
        group.role_arn,
        group.updated_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes a locked group and its memberships.
pub async fn delete(db: &mut Connection, pool_id: &str, name: &str) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM group_members WHERE user_pool_id = $1 AND group_name = $2", pool_id, name)
        .execute(&mut *db)
        .await?;
    sqlx::query!("DELETE FROM groups WHERE user_pool_id = $1 AND group_name = $2", pool_id, name).execute(db).await?;
    Ok(())
}

/// Lists groups, ordered by name: at most `limit`, beginning after the name `after`.
pub async fn list(db: &Connections, pool_id: &str, after: &str, limit: i64) -> sqlx::Result<Vec<Group>> {
    sqlx::query_as!(
        Group,
        "SELECT group_name AS name, description, precedence, role_arn, created_at, updated_at
         FROM groups WHERE user_pool_id = $1 AND group_name > $2 ORDER BY group_name LIMIT $3",
        pool_id,
        after,
        limit
    )
    .fetch_all(db)
    .await
}

/// Counts the groups of a pool.
pub async fn count(db: &mut Connection, pool_id: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM groups WHERE user_pool_id = $1"#, pool_id)
        .fetch_one(db)
        .await
}

/// Lists groups of a user, ordered by name: at most `limit`, beginning after the name `after`.
pub async fn list_of_user(
    db: &Connections,
    pool_id: &str,
    sub: Uuid,
    after: &str,
    limit: i64,
) -> sqlx::Result<Vec<Group>> {
    sqlx::query_as!(
        Group,
        "SELECT g.group_name AS name, g.description, g.precedence, g.role_arn, g.created_at, g.updated_at
         FROM group_members m JOIN groups g ON g.user_pool_id = m.user_pool_id AND g.group_name = m.group_name
         WHERE m.user_pool_id = $1 AND m.sub = $2 AND m.group_name > $3 ORDER BY m.group_name LIMIT $4",
        pool_id,
        sub,
        after,
        limit
    )
    .fetch_all(db)
    .await
}

/// Lists users of a group, ordered by subject: at most `limit`, beginning after the subject `after`.
pub async fn list_users(
    db: &Connections,
    pool_id: &str,
    name: &str,
    after: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<Listed>> {
    let rows = statement!(query_as(Row) {
        "SELECT" USER "FROM group_members m JOIN users u ON u.user_pool_id = m.user_pool_id AND u.sub = m.sub
         WHERE m.user_pool_id = $1 AND m.group_name = $2 AND m.sub > $3 ORDER BY m.sub LIMIT $4"
        }
        pool_id,
        name,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Listed::from).collect())
}

/// Returns the groups that a user's tokens name, ordered by precedence (the lowest number first) and then by name.
pub async fn memberships(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<Vec<Membership>> {
    sqlx::query_as!(
        Membership,
        "SELECT g.group_name AS name, g.role_arn, g.precedence
         FROM group_members m JOIN groups g ON g.user_pool_id = m.user_pool_id AND g.group_name = m.group_name
         WHERE m.user_pool_id = $1 AND m.sub = $2 ORDER BY g.precedence NULLS LAST, g.group_name",
        pool_id,
        sub
    )
    .fetch_all(db)
    .await
}

/// Counts the groups that a user is in.
pub async fn count_of_user(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM group_members WHERE user_pool_id = $1 AND sub = $2"#,
        pool_id,
        sub
    )
    .fetch_one(db)
    .await
}

/// Adds a user to a group. Returns `false` if the user was in it already.
pub async fn add_user(db: &mut Connection, pool_id: &str, sub: Uuid, name: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO group_members (user_pool_id, sub, group_name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        pool_id,
        sub,
        name
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes a user from a group. Returns `false` if the user was not in it.
pub async fn remove_user(db: &mut Connection, pool_id: &str, sub: Uuid, name: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM group_members WHERE user_pool_id = $1 AND sub = $2 AND group_name = $3",
        pool_id,
        sub,
        name
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Returns the role of the group with the lowest precedence number, or `None` if groups with that number have different
/// roles. Groups that lack a precedence or a role do not count. The groups must be ordered as [`memberships`] returns
/// them.
pub fn preferred_role(memberships: &[Membership]) -> Option<String> {
    let mut with_role = memberships.iter().filter_map(|one| Some((one.precedence?, one.role_arn.as_ref()?)));
    let (precedence, role) = with_role.next()?;
    let tied = with_role.any(|(other, other_role)| other == precedence && other_role != role);
    (!tied).then(|| role.clone())
}
