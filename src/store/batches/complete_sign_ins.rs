//! Completes sign-ins with a passkey after the assertion was verified.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    group_commit::{Batch, BatchResult},
    store::{Connections, groups::Membership, sessions::Session},
};

/// What a sign-in with a verified assertion writes, and the stored values that must not have changed since they were
/// read.
pub struct CompletedSignIn {
    pub pool_id: String,
    /// The challenge that the assertion answered.
    pub challenge_id: Uuid,
    pub sub: Uuid,
    /// `updated_at` of the user's row when the row was read. The row must not have changed since, because the tokens
    /// are made from what was read.
    pub user_updated_at: OffsetDateTime,
    pub credential_id: Vec<u8>,
    /// The stored signature counter that the assertion's counter was compared with.
    pub old_sign_count: i64,
    pub sign_count: i64,
    pub backup_state: bool,
    pub now: OffsetDateTime,
    pub session: Session,
}

/// Completes sign-ins. For each one it uses up the challenge, records the passkey's use and opens the session: either
/// all three or nothing.
///
/// Each user's row is protected from changes until COMMIT. So a passkey deletion that ends sessions waits for the
/// COMMIT, and then finds the session that was opened here. If the passkey was deleted first, its row is gone, and the
/// sign-in is not completed.
pub struct CompleteSignIns {
    pub db: Connections,
}

impl Batch for CompleteSignIns {
    type Request = CompletedSignIn;
    /// The user's groups.
    type Answer = Vec<Membership>;

    async fn run(&self, requests: Vec<CompletedSignIn>) -> BatchResult<Vec<Membership>> {
        let count = requests.len();
        let (mut pools, mut challenges, mut subs, mut versions, mut ids) = (vec![], vec![], vec![], vec![], vec![]);
        let (mut old_counts, mut counts, mut backups, mut times) = (vec![], vec![], vec![], vec![]);
        let (mut sessions, mut clients, mut hashes, mut expiries) = (vec![], vec![], vec![], vec![]);
        let (mut methods, mut devices, mut agents, mut addresses) = (vec![], vec![], vec![], vec![]);
        for one in requests {
            pools.push(one.pool_id);
            challenges.push(one.challenge_id);
            subs.push(one.sub);
            versions.push(one.user_updated_at);
            ids.push(one.credential_id);
            old_counts.push(one.old_sign_count);
            counts.push(one.sign_count);
            backups.push(one.backup_state);
            times.push(one.now);
            sessions.push(one.session.origin_jti);
            clients.push(one.session.client_id);
            hashes.push(one.session.refresh_hash);
            expiries.push(one.session.expires_at);
            methods.push(one.session.methods);
            devices.push(one.session.device_key);
            agents.push(one.session.user_agent);
            addresses.push(one.session.address);
        }
        let mut db = self.db.acquire().await.map_err(super::not_begun)?;
        // Of several requests with the same challenge or the same passkey, this completes at most the first. The others
        // run alone.
        let rows = sqlx::query!(
            r#"WITH asked AS MATERIALIZED (
                   SELECT * FROM unnest((SELECT $1::text[]), (SELECT $2::uuid[]), (SELECT $3::uuid[]), (SELECT $4::timestamptz[]),
                       (SELECT $5::bytea[]), (SELECT $6::bigint[]), (SELECT $7::bigint[]), (SELECT $8::boolean[]),
                       (SELECT $9::timestamptz[]), (SELECT $10::uuid[]), (SELECT $11::text[]), (SELECT $12::bytea[]),
                       (SELECT $13::timestamptz[]), (SELECT $14::text[]), (SELECT $15::text[]), (SELECT $16::text[]), (SELECT $17::text[]))
                       WITH ORDINALITY AS a (user_pool_id, challenge_id, sub, user_updated_at, credential_id, old_sign_count,
                           sign_count, backup_state, now, origin_jti, client_id, refresh_hash, expires_at, methods, device_key, user_agent,
                           address, n)
               ), held AS MATERIALIZED (
                   SELECT a.*
                   FROM asked a
                   JOIN users u ON u.user_pool_id = a.user_pool_id AND u.sub = a.sub
                   WHERE u.enabled AND u.status = 'CONFIRMED' AND u.updated_at = a.user_updated_at
                   FOR SHARE OF u SKIP LOCKED
               ), by_challenge AS MATERIALIZED (
                   SELECT DISTINCT ON (user_pool_id, challenge_id) * FROM held ORDER BY user_pool_id, challenge_id, n
               ), by_passkey AS MATERIALIZED (
                   SELECT DISTINCT ON (user_pool_id, sub, credential_id) * FROM by_challenge
                   ORDER BY user_pool_id, sub, credential_id, n
               ), answered AS MATERIALIZED (
                   SELECT p.*
                   FROM by_passkey p
                   JOIN challenges c ON c.user_pool_id = p.user_pool_id AND c.id = p.challenge_id
                   WHERE c.sub = p.sub AND c.client_id = p.client_id AND c.kind = 'WEB_AUTHN' AND c.expires_at > p.now
                   FOR UPDATE OF c SKIP LOCKED
               ), fit AS MATERIALIZED (
                   SELECT a.*
                   FROM answered a
                   JOIN webauthn_credentials k
                     ON k.user_pool_id = a.user_pool_id AND k.sub = a.sub AND k.credential_id = a.credential_id
                   WHERE k.sign_count = a.old_sign_count
                   FOR NO KEY UPDATE OF k SKIP LOCKED
               ), taken AS (
                   DELETE FROM challenges c USING fit f WHERE c.user_pool_id = f.user_pool_id AND c.id = f.challenge_id
               ), used AS (
                   UPDATE webauthn_credentials k SET sign_count = f.sign_count, backup_state = f.backup_state, last_used_at = f.now
                   FROM fit f WHERE k.user_pool_id = f.user_pool_id AND k.sub = f.sub AND k.credential_id = f.credential_id
               ), opened AS (
                   INSERT INTO sessions (user_pool_id, origin_jti, sub, client_id, opened_with, credential_id, refresh_hash, auth_time, expires_at, methods, device_key,
                                         user_agent, address)
                   SELECT user_pool_id, origin_jti, sub, client_id, 'passkey', credential_id, refresh_hash, now, expires_at, methods, device_key, user_agent,
                          address
                   FROM fit
               )
               SELECT f.n AS "n!", g.group_name AS "group_name?", g.role_arn, g.precedence
               FROM fit f
               LEFT JOIN group_members m ON m.user_pool_id = f.user_pool_id AND m.sub = f.sub
               LEFT JOIN groups g ON g.user_pool_id = m.user_pool_id AND g.group_name = m.group_name
               ORDER BY f.n, g.precedence NULLS LAST, g.group_name"#,
            &pools,
            &challenges,
            &subs,
            &versions,
            &ids,
            &old_counts,
            &counts,
            &backups,
            &times,
            &sessions,
            &clients,
            &hashes,
            &expiries,
            &methods,
            &devices as &[Option<String>],
            &agents as &[Option<String>],
            &addresses as &[Option<String>]
        )
        .fetch_all(&mut db)
        .await?;
        let mut answers: Vec<Option<Vec<Membership>>> = vec![None; count];
        for row in rows {
            let Some(answer) = super::index(row.n).and_then(|n| answers.get_mut(n)) else { continue };
            let memberships = answer.get_or_insert_default();
            if let Some(name) = row.group_name {
                memberships.push(Membership { name, role_arn: row.role_arn, precedence: row.precedence });
            }
        }
        Ok(answers)
    }
}
