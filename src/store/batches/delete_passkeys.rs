//! Deletes passkeys on behalf of their users.

use uuid::Uuid;

use crate::{
    group_commit::{Batch, BatchResult},
    random,
    store::{Connections, audit::Trail, statement},
};

/// The arguments of one call of [`crate::store::passkeys::delete`].
pub struct PasskeyToDelete {
    pub pool_id: String,
    pub sub: Uuid,
    pub origin_jti: Uuid,
    pub credential_id: Vec<u8>,
    pub trail: Trail,
}

/// Deletes passkeys of the users of live sessions, in pools whose `deletes_plainly` is true. These pools keep sessions
/// when a passkey is deleted, and require nothing but a live session for the deletion.
pub struct DeletePasskeys {
    pub db: Connections,
}

impl Batch for DeletePasskeys {
    type Request = PasskeyToDelete;
    type Answer = ();

    async fn run(&self, requests: Vec<PasskeyToDelete>) -> BatchResult<()> {
        let count = requests.len();
        let (mut pools, mut subs, mut sessions, mut ids) = (vec![], vec![], vec![], vec![]);
        let (mut audit_ids, mut outbox_ids, mut times, mut actors, mut request_ids) =
            (vec![], vec![], vec![], vec![], vec![]);
        for one in requests {
            pools.push(one.pool_id);
            subs.push(one.sub);
            sessions.push(one.origin_jti);
            ids.push(one.credential_id);
            audit_ids.push(random::time_ordered_uuid(one.trail.at));
            outbox_ids.push(random::time_ordered_uuid(one.trail.at));
            times.push(one.trail.at);
            actors.push(one.trail.actor().to_owned());
            request_ids.push(one.trail.request_id);
        }
        let mut db = self.db.acquire().await.map_err(super::not_begun)?;
        // If two requests are for the same passkey, the first one deletes it. The other one runs alone and finds that
        // the passkey is gone.
        let ordinals = statement!(query_scalar() {
            "WITH asked AS MATERIALIZED (
                   SELECT * FROM unnest((SELECT $1::text[]), (SELECT $2::uuid[]), (SELECT $3::uuid[]), (SELECT $4::bytea[]),
                       (SELECT $5::uuid[]), (SELECT $6::uuid[]), (SELECT $7::timestamptz[]), (SELECT $8::text[]), (SELECT $9::uuid[]))
                       WITH ORDINALITY AS a (user_pool_id, sub, origin_jti, credential_id, audit_id, outbox_id, at, actor, request_id, n)
               ), live AS MATERIALIZED (
                   SELECT a.*
                   FROM asked a CROSS JOIN LATERAL (
                       SELECT FROM" SESSION_AND_OWNER
            "          JOIN user_pools p ON p.user_pool_id = s.user_pool_id
                       WHERE s.user_pool_id = a.user_pool_id AND s.origin_jti = a.origin_jti
                         AND s.sub IS NOT DISTINCT FROM a.sub AND p.deletes_plainly AND" LIVES
            "          FOR SHARE OF s SKIP LOCKED
                   ) AS session
               ), first AS MATERIALIZED (
                   SELECT DISTINCT ON (user_pool_id, sub, credential_id) * FROM live ORDER BY user_pool_id, sub, credential_id, n
               ), locked AS MATERIALIZED (
                   SELECT f.*, c.rp_id
                   FROM first f
                   JOIN webauthn_credentials c
                     ON c.user_pool_id = f.user_pool_id AND c.sub = f.sub AND c.credential_id = f.credential_id
                   FOR UPDATE OF c SKIP LOCKED
               ), deleted AS (
                   DELETE FROM webauthn_credentials c USING locked l
                   WHERE c.user_pool_id = l.user_pool_id AND c.sub = l.sub AND c.credential_id = l.credential_id
                   RETURNING l.*
               )," NOTED
            r#"SELECT n AS "n!" FROM deleted"#
            }
            &pools,
            &subs,
            &sessions,
            &ids,
            &audit_ids,
            &outbox_ids,
            &times,
            &actors,
            &request_ids
        )
        .fetch_all(&mut db)
        .await?;
        Ok(super::done(count, &ordinals))
    }
}
