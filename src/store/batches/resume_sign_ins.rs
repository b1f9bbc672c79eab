//! Reads what a sign-in needs when a passkey answers its challenge: the challenge, its user, and that passkey.

use uuid::Uuid;

use crate::{
    group_commit::{Batch, BatchResult},
    store::{
        Connections,
        challenges::{self, Challenge},
        passkeys::Key,
        statement,
        users::{Row, User},
    },
};

/// Identifies a challenge and the passkey that answers it.
pub struct SignInToResume {
    pub pool_id: String,
    pub challenge_id: Uuid,
    pub credential_id: Vec<u8>,
}

/// A pending sign-in, with its user and the passkey that answers its challenge.
pub struct ResumedSignIn {
    pub challenge: Challenge,
    /// `None` if the challenge belongs to no user (see [`Challenge::sub`]), or if the user is gone.
    pub user: Option<User>,
    /// The user's `username_key`.
    pub username_key: Option<String>,
    /// The user's passkey with the requested credential ID, if there is one.
    pub key: Option<Key>,
}

/// Reads pending sign-ins. A request gets no answer if its challenge is gone, or if this release does not understand
/// the row of the challenge or of the user.
pub struct ResumeSignIns {
    pub db: Connections,
}

impl Batch for ResumeSignIns {
    type Request = SignInToResume;
    type Answer = ResumedSignIn;

    async fn run(&self, requests: Vec<SignInToResume>) -> BatchResult<ResumedSignIn> {
        let mut answers: Vec<_> = requests.iter().map(|_| None).collect();
        let (mut pools, mut pending, mut ids) = (vec![], vec![], vec![]);
        for one in requests {
            pools.push(one.pool_id);
            pending.push(one.challenge_id);
            ids.push(one.credential_id);
        }
        let mut db = self.db.acquire().await.map_err(super::not_begun)?;
        let rows = statement!(query() {
            r#"SELECT a.n AS "n!", h.id, h.kind, h.client_id, h.sub AS challenge_sub, h.data, h.expires_at,"# USER_IF_ANY
            r#", u.username_key AS "username_key?",
                      c.public_key AS "public_key?", c.sign_count AS "sign_count?", c.backup_eligible AS "backup_eligible?",
                      c.attachment
               FROM unnest((SELECT $1::text[]), (SELECT $2::uuid[]), (SELECT $3::bytea[]))
                   WITH ORDINALITY AS a (user_pool_id, challenge_id, credential_id, n)
               JOIN challenges h ON h.user_pool_id = a.user_pool_id AND h.id = a.challenge_id
               LEFT JOIN users u ON u.user_pool_id = h.user_pool_id AND u.sub = h.sub
               LEFT JOIN webauthn_credentials c
                 ON c.user_pool_id = h.user_pool_id AND c.sub = h.sub AND c.credential_id = a.credential_id"#
            }
            &pools,
            &pending,
            &ids
        )
        .fetch_all(&mut db)
        .await
        .map_err(super::unread)?;
        for row in rows {
            let Some(answer) = super::index(row.n).and_then(|n| answers.get_mut(n)) else { continue };
            let challenge = Challenge::try_from(challenges::Row {
                id: row.id,
                kind: row.kind,
                client_id: row.client_id,
                sub: row.challenge_sub,
                data: row.data,
                expires_at: row.expires_at,
            });
            let key = (|| {
                Some(Key {
                    public_key: row.public_key?,
                    sign_count: row.sign_count?,
                    backup_eligible: row.backup_eligible?,
                    attachment: row.attachment,
                })
            })();
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
                }))
            })();
            // If this release does not understand the row of the challenge or of the user, the request runs alone and
            // fails with the error.
            let (Ok(challenge), Ok(user)) = (challenge, user.transpose()) else { continue };
            *answer = Some(ResumedSignIn { challenge, user, username_key: row.username_key, key });
        }
        Ok(answers)
    }
}
