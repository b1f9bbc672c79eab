//! Auth events: what users did, in pools that record it (`AdvancedSecurityMode`).

use time::OffsetDateTime;
use uuid::Uuid;

use super::Connections;

/// One event.
#[derive(Debug)]
pub struct AuthEvent {
    /// Ordered by time.
    pub id: Uuid,
    pub at: OffsetDateTime,
    /// `SignIn`, `SignUp`, `ForgotPassword`, `PasswordChange` or `ResendCode`
    pub kind: String,
    /// `Pass`, `Fail` or `InProgress`
    pub response: String,
    /// `Password` or `Mfa`: what the response is about.
    pub challenge: Option<String>,
    pub address: String,
}

/// The most events of a user within an hour, so that somebody who guesses at a password does not fill the table.
const PER_HOUR: i64 = 100;

/// Notes an event of a user, if the user exists.
pub async fn insert(db: &Connections, pool_id: &str, sub: Uuid, event: &AuthEvent) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO auth_events (user_pool_id, sub, id, at, kind, response, challenge, address)
         SELECT user_pool_id, sub, $3, $4, $5, $6, $7, $8 FROM users
         WHERE user_pool_id = $1 AND sub = $2 AND $9::bigint > (
             SELECT count(*) FROM auth_events WHERE user_pool_id = $1 AND sub = $2 AND at > $4::timestamptz - interval '1 hour')
         FOR KEY SHARE",
        pool_id,
        sub,
        event.id,
        event.at,
        event.kind,
        event.response,
        event.challenge,
        event.address,
        PER_HOUR
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Events of a user, the newest first, at most `limit`, after the given one.
pub async fn list(
    db: &Connections,
    pool_id: &str,
    sub: Uuid,
    after: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<AuthEvent>> {
    sqlx::query_as!(
        AuthEvent,
        "SELECT id, at, kind, response, challenge, address FROM auth_events
         WHERE user_pool_id = $1 AND sub = $2 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4",
        pool_id,
        sub,
        after,
        limit
    )
    .fetch_all(db)
    .await
}
