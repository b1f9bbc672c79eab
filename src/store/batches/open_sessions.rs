//! Opens sessions by what was proved: by a passkey's assertion, or by a password.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    group_commit::{Batch, BatchResult},
    store::{
        Connections,
        clients::Versions,
        groups::{Membership, membership_of},
        sessions::Session,
        statement,
        users::{User, user_of},
    },
};

/// A session to open, and the stored values that must not have changed since they were read.
pub struct SessionToOpen {
    pub pool_id: String,
    /// The versions of the rows of the session's client and of its pool.
    pub versions: Versions,
    /// The version of the user's row.
    pub user_version: i64,
    /// The challenge that was answered, by its ID and the time at which it expires, if it is sealed in a string.
    pub challenge: Option<(Uuid, OffsetDateTime)>,
    /// The passkey, if one was used. Otherwise the session is opened by a password.
    pub passkey: Option<UsedPasskey>,
    /// The name whose failures are forgiven. If it is locked, the session is not opened.
    pub forgive: Option<String>,
    pub now: OffsetDateTime,
    pub session: Session,
}

/// A passkey whose assertion was verified.
pub struct UsedPasskey {
    pub credential_id: Vec<u8>,
    /// The key by which the assertion was verified.
    pub public_key: Vec<u8>,
    /// The stored flag BE that the assertion's was compared with.
    pub backup_eligible: bool,
    /// The stored signature counter that the assertion's counter was compared with.
    pub old_sign_count: i64,
    pub sign_count: i64,
    pub backup_state: bool,
}

/// Opens sessions. For each one it uses up the challenge, records the passkey's use or forgives the failures, and adds
/// the session: either all of it or nothing.
///
/// Each user's row is locked until COMMIT. So a passkey deletion that ends sessions waits for the COMMIT, and then finds
/// the session that was opened here. If the passkey was deleted first, its row is gone, and the session is not opened.
/// If another transaction has locked the user's row, or if an earlier request of the batch is about the same user, the
/// request runs alone. A challenge belongs to one user, so no two batches insert the same row of `used_states`, and
/// none waits for another's.
pub struct OpenSessions {
    pub db: Connections,
}

impl Batch for OpenSessions {
    type Request = SessionToOpen;
    /// The user, as the statement found them, and the user's groups.
    type Answer = (User, Vec<Membership>);

    async fn run(&self, requests: Vec<SessionToOpen>) -> BatchResult<(User, Vec<Membership>)> {
        let mut answers: Vec<Option<(User, Vec<Membership>)>> = requests.iter().map(|_| None).collect();
        let (mut pools, mut clients, mut subs) = (vec![], vec![], vec![]);
        let (mut client_versions, mut pool_versions, mut user_versions) = (vec![], vec![], vec![]);
        let (mut challenges, mut challenge_ends, mut names, mut times) = (vec![], vec![], vec![], vec![]);
        let (mut ids, mut keys, mut old_counts, mut counts, mut backups) = (vec![], vec![], vec![], vec![], vec![]);
        let (mut sessions, mut hashes, mut expiries, mut methods) = (vec![], vec![], vec![], vec![]);
        let (mut devices, mut agents, mut addresses, mut eligible) = (vec![], vec![], vec![], vec![]);
        for one in requests {
            pools.push(one.pool_id);
            clients.push(one.session.client_id);
            subs.push(one.session.sub);
            client_versions.push(one.versions.client);
            pool_versions.push(one.versions.pool);
            user_versions.push(one.user_version);
            let (challenge, end) = one.challenge.unzip();
            challenges.push(challenge);
            challenge_ends.push(end);
            names.push(one.forgive);
            times.push(one.now);
            old_counts.push(one.passkey.as_ref().map(|passkey| passkey.old_sign_count));
            counts.push(one.passkey.as_ref().map(|passkey| passkey.sign_count));
            eligible.push(one.passkey.as_ref().map(|passkey| passkey.backup_eligible));
            backups.push(one.passkey.as_ref().map(|passkey| passkey.backup_state));
            let (id, key) = one.passkey.map(|passkey| (passkey.credential_id, passkey.public_key)).unzip();
            ids.push(id);
            keys.push(key);
            sessions.push(one.session.origin_jti);
            hashes.push(one.session.refresh_hash);
            expiries.push(one.session.expires_at);
            methods.push(one.session.methods);
            devices.push(one.session.device_key);
            agents.push(one.session.user_agent);
            addresses.push(one.session.address);
        }
        let mut db = self.db.acquire().await.map_err(super::not_begun)?;
        let rows = statement!(query() {
            r#"WITH asked AS MATERIALIZED (
                   SELECT * FROM unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::uuid[]), (SELECT $4::bigint[]),
                       (SELECT $5::bigint[]), (SELECT $6::bigint[]), (SELECT $7::uuid[]), (SELECT $8::timestamptz[]), (SELECT $9::text[]),
                       (SELECT $10::timestamptz[]), (SELECT $11::bytea[]), (SELECT $12::bytea[]), (SELECT $13::bigint[]), (SELECT $14::bigint[]),
                       (SELECT $15::boolean[]), (SELECT $16::uuid[]), (SELECT $17::bytea[]), (SELECT $18::timestamptz[]), (SELECT $19::text[]),
                       (SELECT $20::text[]), (SELECT $21::text[]), (SELECT $22::text[]), (SELECT $23::boolean[]))
                       WITH ORDINALITY AS a (user_pool_id, client_id, sub, client_version, pool_version, user_version, challenge_id,
                           challenge_ends, attempts_name, now, credential_id, public_key, old_sign_count, sign_count, backup_state,
                           origin_jti, refresh_hash, expires_at, methods, device_key, user_agent, address, backup_eligible, n)
               ), held AS MATERIALIZED (
                   SELECT a.*, u.username, u.status, u.enabled, u.attributes, u.password_hash, u.password_set_at, u.created_at,
                       u.updated_at, u.mfa, u.version
                   FROM asked a CROSS JOIN LATERAL (
                       SELECT u.*
                       FROM users u
                       JOIN app_clients o ON o.user_pool_id = a.user_pool_id AND o.client_id = a.client_id
                       JOIN user_pools p ON p.user_pool_id = a.user_pool_id
                       WHERE u.user_pool_id = a.user_pool_id AND u.sub = a.sub AND u.enabled AND u.status = 'CONFIRMED'
                         AND u.version = a.user_version AND o.version = a.client_version AND p.version = a.pool_version
                       FOR NO KEY UPDATE OF u SKIP LOCKED
                   ) u
                   WHERE (a.challenge_ends > a.now) IS NOT FALSE
               ), first AS MATERIALIZED (
                   SELECT DISTINCT ON (user_pool_id, sub) * FROM held ORDER BY user_pool_id, sub, n
               ), by_passkey AS MATERIALIZED (
                   SELECT f.*
                   FROM first f
                   JOIN webauthn_credentials k
                     ON k.user_pool_id = f.user_pool_id AND k.sub = f.sub AND k.credential_id = f.credential_id
                   WHERE k.sign_count = f.old_sign_count AND k.public_key = f.public_key
                     AND k.backup_eligible = f.backup_eligible
                   FOR NO KEY UPDATE OF k SKIP LOCKED
               ), forgivable AS MATERIALIZED (
                   SELECT l.user_pool_id, l.username_key
                   FROM first f
                   JOIN login_attempts l ON l.user_pool_id = f.user_pool_id AND l.username_key = f.attempts_name
                   WHERE l.locked_until <= f.now
                   FOR UPDATE OF l SKIP LOCKED
               ), fit AS MATERIALIZED (
                   SELECT * FROM by_passkey
                   UNION ALL
                   SELECT f.* FROM first f
                   LEFT JOIN login_attempts l ON l.user_pool_id = f.user_pool_id AND l.username_key = f.attempts_name
                   LEFT JOIN forgivable g ON g.user_pool_id = l.user_pool_id AND g.username_key = l.username_key
                   WHERE f.credential_id IS NULL AND (l.username_key IS NULL OR g.username_key IS NOT NULL)
               ), marked AS (
                   INSERT INTO used_states (user_pool_id, id, expires_at)
                   SELECT user_pool_id, challenge_id, challenge_ends + interval '1 hour' FROM fit
                   WHERE challenge_id IS NOT NULL
                   ORDER BY user_pool_id, challenge_id
                   ON CONFLICT DO NOTHING
                   RETURNING user_pool_id, id
               ), done AS MATERIALIZED (
                   SELECT f.* FROM fit f
                   LEFT JOIN marked m ON m.user_pool_id = f.user_pool_id AND m.id = f.challenge_id
                   WHERE f.challenge_id IS NULL OR m.id IS NOT NULL
               ), used AS (
                   UPDATE webauthn_credentials k SET sign_count = d.sign_count, backup_state = d.backup_state, last_used_at = d.now
                   FROM done d WHERE k.user_pool_id = d.user_pool_id AND k.sub = d.sub AND k.credential_id = d.credential_id
               ), forgiven AS (
                   DELETE FROM login_attempts l USING done d JOIN forgivable g
                     ON g.user_pool_id = d.user_pool_id AND g.username_key = d.attempts_name
                   WHERE l.user_pool_id = g.user_pool_id AND l.username_key = g.username_key
               ), opened AS (
                   INSERT INTO sessions (user_pool_id, origin_jti, sub, client_id, opened_with, credential_id, refresh_hash, auth_time,
                                         expires_at, methods, device_key, user_agent, address)
                   SELECT user_pool_id, origin_jti, sub, client_id, CASE WHEN credential_id IS NULL THEN 'password' ELSE 'passkey' END,
                          credential_id, refresh_hash, now, expires_at, methods, device_key, user_agent, address
                   FROM done
               )
               SELECT u.n AS "n!", g.group_name AS "group_name?", g.role_arn, g.precedence,"# USER
            "FROM done u
             LEFT JOIN group_members m ON m.user_pool_id = u.user_pool_id AND m.sub = u.sub
             LEFT JOIN groups g ON g.user_pool_id = m.user_pool_id AND g.group_name = m.group_name
             ORDER BY u.n, g.precedence NULLS LAST, g.group_name"
            }
            &pools,
            &clients,
            &subs,
            &client_versions,
            &pool_versions,
            &user_versions,
            &challenges as &[Option<Uuid>],
            &challenge_ends as &[Option<OffsetDateTime>],
            &names as &[Option<String>],
            &times,
            &ids as &[Option<Vec<u8>>],
            &keys as &[Option<Vec<u8>>],
            &old_counts as &[Option<i64>],
            &counts as &[Option<i64>],
            &backups as &[Option<bool>],
            &sessions,
            &hashes,
            &expiries,
            &methods,
            &devices as &[Option<String>],
            &agents as &[Option<String>],
            &addresses as &[Option<String>],
            &eligible as &[Option<bool>]
        )
        .fetch_all(&mut db)
        .await?;
        for row in rows {
            let Some(answer) = super::index(row.n).and_then(|n| answers.get_mut(n)) else { continue };
            let membership = membership_of!(row);
            if let Some((_, memberships)) = answer {
                memberships.extend(membership);
                continue;
            }
            let user = user_of!(row);
            // The statement is committed, so a row that this release does not understand is an error, and the caller
            // gets no tokens. The row was understood when the sign-in began, and has not changed since.
            let user = user.map_err(crate::group_commit::Failure::Unknown)?;
            *answer = Some((user, membership.into_iter().collect()));
        }
        Ok(answers)
    }
}
