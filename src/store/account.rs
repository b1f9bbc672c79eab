//! What the account page shows of a person, in one statement.

use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connections, passkeys::PasskeyDetails, sessions::LiveSession, statement};

/// What the account page shows.
pub struct Shown {
    /// All passkeys, as [`super::passkeys::list_details`] lists them.
    pub passkeys: Vec<PasskeyDetails>,
    /// Live sessions, as [`super::sessions::list_live`] lists them.
    pub sessions: Vec<LiveSession>,
}

/// Returns all passkeys of a user and the newest live sessions, at most `limit`.
pub async fn shown(db: &Connections, pool_id: &str, sub: Uuid, now: OffsetDateTime, limit: i64) -> sqlx::Result<Shown> {
    // As JSON, lists of rows of different kinds fit into one row.
    let row = statement!(query() {
        "SELECT coalesce((SELECT jsonb_agg(to_jsonb(p) || jsonb_build_object('credential_id', encode(p.credential_id, 'hex')))
                          FROM (" PASSKEYS r#") p), '[]') AS "passkeys!: Json<Vec<PasskeyDetails>>",
             coalesce((SELECT jsonb_agg(l) FROM ("# LIVE_SESSIONS r#") l), '[]') AS "sessions!: Json<Vec<LiveSession>>""#
        }
        pool_id,
        sub,
        now,
        None::<OffsetDateTime>,
        None::<Uuid>,
        limit
    )
    .fetch_one(db)
    .await?;
    Ok(Shown { passkeys: row.passkeys.0, sessions: row.sessions.0 })
}
