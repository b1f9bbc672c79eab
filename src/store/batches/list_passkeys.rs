//! Reads pages of users' passkeys.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    group_commit::{Batch, BatchResult},
    store::{Connections, passkeys::Passkey, statement},
};

/// The arguments of one call of [`crate::store::passkeys::list_live`].
pub struct PasskeysToList {
    pub pool_id: String,
    pub sub: Uuid,
    pub origin_jti: Uuid,
    pub after: Option<(OffsetDateTime, Vec<u8>)>,
    pub limit: i64,
}

/// Lists passkeys of the users of live sessions. A request gets no answer if its session is not live.
pub struct ListPasskeys {
    pub db: Connections,
}

impl Batch for ListPasskeys {
    type Request = PasskeysToList;
    type Answer = Vec<Passkey>;

    async fn run(&self, requests: Vec<PasskeysToList>) -> BatchResult<Vec<Passkey>> {
        let mut answers: Vec<Option<Vec<Passkey>>> = requests.iter().map(|_| None).collect();
        let (mut pools, mut subs, mut sessions, mut limits) = (vec![], vec![], vec![], vec![]);
        let (mut after_times, mut after_ids) = (vec![], vec![]);
        for one in requests {
            let (after_at, after_id) = one.after.unzip();
            pools.push(one.pool_id);
            subs.push(one.sub);
            sessions.push(one.origin_jti);
            after_times.push(after_at);
            after_ids.push(after_id);
            limits.push(one.limit);
        }
        let mut db = self.db.acquire().await.map_err(super::not_begun)?;
        let rows = statement!(query() {
            r#"SELECT a.n AS "n!", c.credential_id AS "credential_id?", c.friendly_name AS "friendly_name?",
                      c.rp_id AS "rp_id?", c.attachment, c.transports AS "transports?", c.created_at AS "created_at?"
               FROM unnest((SELECT $1::text[]), (SELECT $2::uuid[]), (SELECT $3::uuid[]), (SELECT $4::timestamptz[]),
                           (SELECT $5::bytea[]), (SELECT $6::bigint[]))
                   WITH ORDINALITY AS a (user_pool_id, sub, origin_jti, after_at, after_id, page, n)
               CROSS JOIN LATERAL (
                   SELECT FROM"# SESSION_AND_OWNER
            "      WHERE s.user_pool_id = a.user_pool_id AND s.origin_jti = a.origin_jti
                     AND s.sub IS NOT DISTINCT FROM a.sub AND" LIVES "LIMIT 1
               ) AS session
               LEFT JOIN LATERAL (
                   SELECT c.* FROM webauthn_credentials c
                   WHERE c.user_pool_id = a.user_pool_id AND c.sub = a.sub
                     AND (a.after_at IS NULL OR (c.created_at, c.credential_id) > (a.after_at, a.after_id))
                   ORDER BY c.created_at, c.credential_id LIMIT a.page
               ) c ON true
               ORDER BY a.n, c.created_at, c.credential_id"
            }
            &pools,
            &subs,
            &sessions,
            &after_times as &[Option<OffsetDateTime>],
            &after_ids as &[Option<Vec<u8>>],
            &limits
        )
        .fetch_all(&mut db)
        .await
        .map_err(super::unread)?;
        for row in rows {
            let Some(answer) = super::index(row.n).and_then(|n| answers.get_mut(n)) else { continue };
            // If the user of a live session has no passkeys on this page, there is one row for the session, without a
            // passkey.
            answer.get_or_insert_default().extend((|| {
                Some(Passkey {
                    credential_id: row.credential_id?,
                    friendly_name: row.friendly_name?,
                    rp_id: row.rp_id?,
                    attachment: row.attachment,
                    transports: row.transports?,
                    created_at: row.created_at?,
                })
            })());
        }
        Ok(answers)
    }
}
