//! Reads what the first step of a sign-in needs: the user who has the requested name, and that user's passkeys.

use uuid::Uuid;

use crate::{
    group_commit::{Batch, BatchResult},
    store::{
        Connections, statement,
        users::{Row, User},
    },
};

/// The arguments of one call of [`crate::store::users::find`].
pub struct SignInToBegin {
    pub pool_id: String,
    pub username_key: String,
}

/// The user with the requested name, and that user's passkeys.
pub struct BegunSignIn {
    /// `None` if no user has the name.
    pub user: Option<User>,
    /// Credential ID, transports and relying party ID of each passkey, oldest first.
    pub passkeys: Vec<(Vec<u8>, Vec<String>, String)>,
}

/// Reads users by name. Every request gets an answer, except where this release does not understand the user's row.
pub struct BeginSignIns {
    pub db: Connections,
}

impl Batch for BeginSignIns {
    type Request = SignInToBegin;
    type Answer = BegunSignIn;

    async fn run(&self, requests: Vec<SignInToBegin>) -> BatchResult<BegunSignIn> {
        let nobody = || Some(BegunSignIn { user: None, passkeys: Vec::new() });
        let mut answers: Vec<_> = requests.iter().map(|_| nobody()).collect();
        let subs: Vec<Option<Uuid>> = requests.iter().map(|one| Uuid::try_parse(&one.username_key).ok()).collect();
        let (pools, keys): (Vec<_>, Vec<_>) = requests.into_iter().map(|one| (one.pool_id, one.username_key)).unzip();
        let mut db = self.db.acquire().await.map_err(super::not_begun)?;
        let rows = statement!(query() {
            r#"SELECT a.n AS "n!","# USER r#", c.credential_id AS "credential_id?", c.transports AS "transports?", c.rp_id AS "rp_id?"
               FROM unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::uuid[]))
                   WITH ORDINALITY AS a (user_pool_id, username_key, sub, n)
               JOIN LATERAL (
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
               LEFT JOIN webauthn_credentials c ON c.user_pool_id = u.user_pool_id AND c.sub = u.sub
               ORDER BY a.n, c.created_at, c.credential_id"#
            }
            &pools,
            &keys,
            &subs as &[Option<Uuid>]
        )
        .fetch_all(&mut db)
        .await
        .map_err(super::unread)?;
        for row in rows {
            let Some(answer) = super::index(row.n).and_then(|n| answers.get_mut(n)) else { continue };
            let Some(begun) = answer else { continue };
            if let (Some(id), Some(transports), Some(rp_id)) = (row.credential_id, row.transports, row.rp_id) {
                begun.passkeys.push((id, transports, rp_id));
            }
            if begun.user.is_some() {
                continue;
            }
            let user = User::try_from(Row {
                sub: row.sub,
                username: row.username,
                status: row.status,
                enabled: row.enabled,
                attributes: row.attributes,
                password_hash: row.password_hash,
                password_set_at: row.password_set_at,
                created_at: row.created_at,
                updated_at: row.updated_at,
                mfa: row.mfa,
            });
            match user {
                Ok(user) => begun.user = Some(user),
                // If this release does not understand the user's row, the request runs alone and fails with the error.
                Err(_) => *answer = None,
            }
        }
        Ok(answers)
    }
}
