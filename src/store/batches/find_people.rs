//! Reads what a step of a sign-in needs: the user who has the requested name, with passkeys, the SRP verifier and the
//! lockout, and whether the app client and the user pool are still as this replica read them before.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    group_commit::{Batch, BatchResult},
    store::{
        Connections,
        clients::Versions,
        passkeys::{Key, Passkey},
        statement,
        users::{Row, User},
    },
};

/// Whom to find, and what to read about them.
pub struct PersonToFind {
    pub pool_id: String,
    pub client_id: String,
    /// What this replica knows of the client and its pool.
    pub versions: Versions,
    pub username_key: String,
    /// The name under which failures are counted if no user has the requested name.
    pub decoy_name: String,
    pub passkeys: bool,
    /// Whether the SRP verifier is read, and whether the pool needs one.
    pub srp: bool,
    /// The challenge that the person answers, if it is sealed in a string: its ID, and the version of the user's row
    /// when it was made.
    pub challenge: Option<(Uuid, i64)>,
}

/// The user with the requested name.
pub struct FoundPerson {
    /// Whether the client and its pool are current. If not, nothing else here may be used.
    pub current: bool,
    /// `None` if no user has the name.
    pub user: Option<User>,
    /// The passkeys, oldest first.
    pub passkeys: Vec<FoundPasskey>,
    /// The sealed SRP verifier.
    pub srp_verifier: Option<Vec<u8>>,
    /// Whether the user has no SRP verifier although a client of the pool uses SRP.
    pub owes_verifier: bool,
    /// Until when the name is locked because of failures.
    pub locked_until: Option<OffsetDateTime>,
    /// Whether the challenge was neither used before nor made void.
    pub unused: bool,
}

/// A passkey of a person.
pub struct FoundPasskey {
    pub credential_id: Vec<u8>,
    pub transports: Vec<String>,
    pub rp_id: String,
    /// `None` if it was not read.
    pub key: Option<Key>,
}

impl FoundPasskey {
    /// The passkey of a list, which does not have its key.
    pub fn without_key(passkey: Passkey) -> Self {
        let Passkey { credential_id, transports, rp_id, .. } = passkey;
        Self { credential_id, transports, rp_id, key: None }
    }
}

/// Reads people by name. Every request gets an answer, except where this release does not understand the user's row.
pub struct FindPeople {
    pub db: Connections,
}

impl Batch for FindPeople {
    type Request = PersonToFind;
    type Answer = FoundPerson;

    async fn run(&self, requests: Vec<PersonToFind>) -> BatchResult<FoundPerson> {
        let mut answers: Vec<_> = requests.iter().map(|_| None).collect();
        let (mut pools, mut clients, mut client_versions, mut pool_versions) = (vec![], vec![], vec![], vec![]);
        let (mut keys, mut subs, mut decoys, mut passkeys, mut srp) = (vec![], vec![], vec![], vec![], vec![]);
        let (mut challenges, mut challenge_versions) = (vec![], vec![]);
        for one in requests {
            pools.push(one.pool_id);
            clients.push(one.client_id);
            client_versions.push(one.versions.client);
            pool_versions.push(one.versions.pool);
            subs.push(Uuid::try_parse(&one.username_key).ok());
            keys.push(one.username_key);
            decoys.push(one.decoy_name);
            passkeys.push(one.passkeys);
            srp.push(one.srp);
            let (challenge, version) = one.challenge.unzip();
            challenges.push(challenge);
            challenge_versions.push(version);
        }
        let mut db = self.db.acquire().await.map_err(super::not_begun)?;
        let rows = statement!(query() {
            r#"SELECT a.n AS "n!", o.version = a.client_version AND p.version = a.pool_version AS "current?","# USER_IF_ANY
            r#", CASE WHEN a.srp THEN u.srp_verifier END AS srp_verifier,
                 a.srp AND u.srp_verifier IS NULL AND u.sub IS NOT NULL AND (
                     SELECT true FROM app_clients s WHERE s.user_pool_id = a.user_pool_id AND"# USES_SRP r#" LIMIT 1
                 ) IS NOT NULL AS "owes_verifier!", l.locked_until AS "locked_until?", c.credential_id AS "credential_id?",
                 c.transports AS "transports?", c.rp_id AS "rp_id?", c.public_key AS "public_key?", c.sign_count AS "sign_count?",
                 c.backup_eligible AS "backup_eligible?", c.attachment,
                 (SELECT t.id FROM used_states t WHERE t.user_pool_id = a.user_pool_id AND t.id = a.challenge_id) IS NULL
                     AND (u.void_version > a.challenge_version) IS NOT TRUE AS "unused!"
               FROM unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::bigint[]), (SELECT $4::bigint[]), (SELECT $5::text[]),
                       (SELECT $6::uuid[]), (SELECT $7::text[]), (SELECT $8::boolean[]), (SELECT $9::boolean[]),
                       (SELECT $10::uuid[]), (SELECT $11::bigint[]))
                   WITH ORDINALITY AS a (user_pool_id, client_id, client_version, pool_version, username_key, sub, decoy_name,
                       passkeys, srp, challenge_id, challenge_version, n)
               LEFT JOIN app_clients o ON o.user_pool_id = a.user_pool_id AND o.client_id = a.client_id
               LEFT JOIN user_pools p ON p.user_pool_id = a.user_pool_id
               LEFT JOIN LATERAL (
                   SELECT * FROM (
                       SELECT 1 AS rank, * FROM users
                       WHERE user_pool_id = a.user_pool_id AND username_key = a.username_key
                       UNION ALL
                       SELECT 2, * FROM users WHERE user_pool_id = a.user_pool_id AND sub = a.sub
                       UNION ALL
                       SELECT 3, named.* FROM user_aliases l
                       JOIN users named ON named.user_pool_id = l.user_pool_id AND named.sub = l.sub
                       WHERE l.user_pool_id = a.user_pool_id AND l.value = a.username_key
                   ) AS found
                   ORDER BY rank LIMIT 1
               ) u ON true
               LEFT JOIN login_attempts l
                 ON l.user_pool_id = a.user_pool_id AND l.username_key = coalesce(u.username_key, a.decoy_name)
               LEFT JOIN webauthn_credentials c ON a.passkeys AND c.user_pool_id = u.user_pool_id AND c.sub = u.sub
               ORDER BY a.n, c.created_at, c.credential_id"#
            }
            &pools,
            &clients,
            &client_versions,
            &pool_versions,
            &keys,
            &subs as &[Option<Uuid>],
            &decoys,
            &passkeys,
            &srp,
            &challenges as &[Option<Uuid>],
            &challenge_versions as &[Option<i64>]
        )
        .fetch_all(&mut db)
        .await
        .map_err(super::unread)?;
        for row in rows {
            let Some(answer) = super::index(row.n).and_then(|n| answers.get_mut(n)) else { continue };
            let passkey = (|| {
                Some(FoundPasskey {
                    credential_id: row.credential_id?,
                    transports: row.transports?,
                    rp_id: row.rp_id?,
                    key: Some(Key {
                        public_key: row.public_key?,
                        sign_count: row.sign_count?,
                        backup_eligible: row.backup_eligible?,
                        attachment: row.attachment,
                    }),
                })
            })();
            if let Some(FoundPerson { passkeys, .. }) = answer {
                passkeys.extend(passkey);
                continue;
            }
            let user = (|| {
                Some(User::try_from(Row {
                    sub: row.sub?,
                    username: row.username?,
                    status: row.status?,
                    enabled: row.enabled?,
                    attributes: row.attributes?,
                    password_hash: row.password_hash,
                    password_set_at: row.password_set_at,
                    created_at: row.created_at?,
                    updated_at: row.updated_at?,
                    mfa: row.mfa?,
                    version: row.version?,
                }))
            })();
            // If this release does not understand the user's row, the request runs alone and fails with the error.
            let Ok(user) = user.transpose() else { continue };
            *answer = Some(FoundPerson {
                current: row.current == Some(true),
                user,
                passkeys: passkey.into_iter().collect(),
                srp_verifier: row.srp_verifier,
                owes_verifier: row.owes_verifier,
                locked_until: row.locked_until,
                unused: row.unused,
            });
        }
        Ok(answers)
    }
}
