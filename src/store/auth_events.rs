//! Authentication events of users, such as sign-ins and password changes. They are recorded in pools whose
//! `AdvancedSecurityMode` is `AUDIT`.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Connections;

/// One authentication event.
#[derive(Debug)]
pub struct AuthEvent {
    /// Newer events have greater IDs.
    pub id: Uuid,
    pub at: OffsetDateTime,
    /// `SignIn`, `SignUp`, `ForgotPassword`, `PasswordChange` or `ResendCode`
    pub kind: String,
    /// `Pass`, `Fail` or `InProgress`
    pub response: String,
    /// The factor that `response` is about: `Password` or `Mfa`.
    pub challenge: Option<String>,
    pub address: String,
}

/// The most events recorded for one user within an hour, so that somebody who guesses passwords does not fill the
/// table.
const PER_HOUR: i64 = 100;

/// Records an event of a user, if the user exists and had fewer than `PER_HOUR` events in the past hour. Returns whether
/// it was recorded.
pub async fn insert(db: &Connections, pool_id: &str, sub: Uuid, event: &AuthEvent) -> sqlx::Result<bool> {
    let done = sqlx::query!(
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
    Ok(done.rows_affected() == 1)
}

/// Lists events of a user, newest first: at most `limit`, beginning after the event `after`.
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
