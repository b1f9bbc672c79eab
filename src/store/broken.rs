//! What the deliberate faults of [`crate::broken`] do to passkeys.

use uuid::Uuid;

use super::{Connections, audit::Trail};
use crate::broken::dawdle;

/// Deletes a passkey some time after the deletion was reported as done.
pub fn delete_later(db: &Connections, pool_id: &str, sub: Uuid, origin_jti: Uuid, credential_id: &[u8], trail: &Trail) {
    let (db, pool_id, credential_id, trail) = (db.clone(), pool_id.to_owned(), credential_id.to_owned(), trail.clone());
    tokio::spawn(async move {
        dawdle().await;
        let mut db = db.acquire().await?;
        super::passkeys::delete(&mut db, &pool_id, sub, origin_jti, &credential_id, &trail).await
    });
}

/// Records the use of a passkey some time later, and writes the row anew if it was deleted meanwhile.
pub fn put_back_later(db: &Connections, pool_id: &str, sub: Uuid, credential_id: &[u8]) {
    let (db, pool_id, credential_id) = (db.clone(), pool_id.to_owned(), credential_id.to_owned());
    tokio::spawn(async move {
        let columns = "user_pool_id, sub, credential_id, public_key, algorithm, sign_count, aaguid, transports,
            attestation_format, backup_eligible, backup_state, rp_id, friendly_name, created_at";
        let mut connection = db.acquire().await?;
        let read = format!(
            "CREATE TEMP TABLE kept AS SELECT {columns} FROM webauthn_credentials WHERE user_pool_id = '{pool_id}' AND sub = '{sub}'"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(read)).execute(&mut connection).await?;
        dawdle().await;
        let upsert = format!(
            "INSERT INTO webauthn_credentials ({columns}) SELECT {columns} FROM kept WHERE credential_id = $1
             ON CONFLICT (user_pool_id, sub, credential_id) DO UPDATE SET last_used_at = now()"
        );
        sqlx::query(sqlx::AssertSqlSafe(upsert)).bind(credential_id).execute(&mut connection).await?;
        sqlx::raw_sql("DROP TABLE kept").execute(&mut connection).await
    });
}
