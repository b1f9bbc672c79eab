//! Parts of SQL that several statements share.

/// A query that sqlx checks at compile time, composed of literals and of these shared parts:
///
/// - `USER`: the columns of a user `u`, as [`super::users::Row`] has them.
/// - `USER_IF_ANY`: the same columns for a user who may not exist.
/// - `SESSION_AND_OWNER`: a session `s` with its user `u` and its app client `o`, to be joined or filtered further.
/// - `LIVES`: the condition that the session and its user may act: the session was not ended, and the user is enabled
///   and needs no password reset. (`SESSION_AND_OWNER` already excludes sessions of a deleted app client.) The session is
///   to be found by its ID. So its user is compared by `IS NOT DISTINCT FROM`, which uses no index; and `CASE` keeps
///   PostgreSQL from guessing how many sessions are live: without statistics, it takes one in 200 for live, and would
///   rather read all live sessions of a pool.
/// - `USES_SRP`: the condition that an app client `s` allows a flow in which passwords are proved by SRP.
/// - `LOOK`: what the pages of the app client $2 of the pool $1 show (`l`), to be joined: of its style of managed login,
///   or else of its UI customization, or else of that for all clients.
/// - `PASSKEYS`: a query of all passkeys of the user $2 of the pool $1, oldest first, as
///   [`super::passkeys::PasskeyDetails`] has them.
/// - `LIVE_SESSIONS`: a query of live sessions, as [`super::sessions::LiveSession`] has them, with the parameters of
///   [`super::sessions::list_live`] in their order.
/// - `NOTED`: the inserts of the audit row and the outbox row for each deleted passkey, made from the rows of
///   `deleted`.
macro_rules! statement {
    ($query:ident($($of:ty)?) { $($parts:tt)* } $($arg:expr),* $(,)?) => {
        $crate::store::statement::statement!(@ $query($($of)?) [] { $($parts)* } $($arg),*)
    };
    (@ $query:ident($($of:ty)?) [$($done:literal)*] { USER $($rest:tt)* } $($arg:expr),*) => {
        $crate::store::statement::statement!(@ $query($($of)?) [$($done)*
            r#" u.sub AS "sub!", u.username AS "username!", u.status AS "status!", u.enabled AS "enabled!",
                u.attributes AS "attributes!: crate::store::users::Attributes", u.password_hash, u.password_set_at,
                u.created_at AS "created_at!", u.updated_at AS "updated_at!", u.mfa AS "mfa!: crate::store::users::StoredMfa",
                u.version AS "version!" "#
        ] { $($rest)* } $($arg),*)
    };
    (@ $query:ident($($of:ty)?) [$($done:literal)*] { USER_IF_ANY $($rest:tt)* } $($arg:expr),*) => {
        $crate::store::statement::statement!(@ $query($($of)?) [$($done)*
            r#" u.sub AS "sub?", u.username AS "username?", u.status AS "status?", u.enabled AS "enabled?",
                u.attributes AS "attributes?: crate::store::users::Attributes", u.password_hash, u.password_set_at,
                u.created_at AS "created_at?", u.updated_at AS "updated_at?", u.mfa AS "mfa?: crate::store::users::StoredMfa",
                u.version AS "version?" "#
        ] { $($rest)* } $($arg),*)
    };
    (@ $query:ident($($of:ty)?) [$($done:literal)*] { SESSION_AND_OWNER $($rest:tt)* } $($arg:expr),*) => {
        $crate::store::statement::statement!(@ $query($($of)?) [$($done)*
            " sessions s JOIN users u ON u.user_pool_id = s.user_pool_id AND u.sub = s.sub
              JOIN app_clients o ON o.user_pool_id = s.user_pool_id AND o.client_id = s.client_id "
        ] { $($rest)* } $($arg),*)
    };
    (@ $query:ident($($of:ty)?) [$($done:literal)*] { LIVES $($rest:tt)* } $($arg:expr),*) => {
        $crate::store::statement::statement!(@ $query($($of)?) [$($done)*
            " CASE WHEN s.revoked_at IS NULL THEN u.enabled AND u.status <> 'RESET_REQUIRED' END "
        ] { $($rest)* } $($arg),*)
    };
    (@ $query:ident($($of:ty)?) [$($done:literal)*] { USES_SRP $($rest:tt)* } $($arg:expr),*) => {
        $crate::store::statement::statement!(@ $query($($of)?) [$($done)*
            " (s.configuration -> 'ExplicitAuthFlows' = '[]' OR s.configuration -> 'ExplicitAuthFlows' ?|
                  ARRAY['ALLOW_USER_SRP_AUTH', 'ALLOW_USER_AUTH', 'ALLOW_CUSTOM_AUTH', 'USER_PASSWORD_AUTH', 'ADMIN_NO_SRP_AUTH',
                        'CUSTOM_AUTH_FLOW_ONLY']) "
        ] { $($rest)* } $($arg),*)
    };
    (@ $query:ident($($of:ty)?) [$($done:literal)*] { LOOK $($rest:tt)* } $($arg:expr),*) => {
        $crate::store::statement::statement!(@ $query($($of)?) [$($done)*
            " (SELECT id, look FROM page_settings
               WHERE user_pool_id = $1 AND kind IN ('UI_CUSTOMIZATION', 'MANAGED_LOGIN_BRANDING')
                 AND client_id IN ($2, 'ALL') AND look IS NOT NULL
               ORDER BY kind = 'MANAGED_LOGIN_BRANDING' DESC, client_id = $2 DESC LIMIT 1) l "
        ] { $($rest)* } $($arg),*)
    };
    (@ $query:ident($($of:ty)?) [$($done:literal)*] { PASSKEYS $($rest:tt)* } $($arg:expr),*) => {
        $crate::store::statement::statement!(@ $query($($of)?) [$($done)*
            " SELECT credential_id, friendly_name, rp_id, attachment, transports, created_at, last_used_at, aaguid, algorithm,
                  backup_eligible, backup_state
              FROM webauthn_credentials WHERE user_pool_id = $1 AND sub = $2 ORDER BY created_at, credential_id "
        ] { $($rest)* } $($arg),*)
    };
    (@ $query:ident($($of:ty)?) [$($done:literal)*] { LIVE_SESSIONS $($rest:tt)* } $($arg:expr),*) => {
        $crate::store::statement::statement!(@ $query($($of)?) [$($done)*
            " SELECT s.origin_jti, s.client_id, c.name AS client_name, s.auth_time, s.rotated_at, s.browser, s.methods,
                  s.user_agent, s.address,
                  greatest(s.rotated_at, (SELECT max(o.opened_at) FROM sessions o
                                          WHERE o.user_pool_id = $1 AND o.browser_session = s.origin_jti)) AS used_at
              FROM sessions s JOIN app_clients c ON c.user_pool_id = $1 AND c.client_id = s.client_id
              WHERE s.user_pool_id = $1 AND s.sub = $2 AND s.revoked_at IS NULL AND s.expires_at > $3
                AND ($4::timestamptz IS NULL OR (s.auth_time, s.origin_jti) < ($4, $5))
              ORDER BY s.auth_time DESC, s.origin_jti DESC LIMIT $6 "
        ] { $($rest)* } $($arg),*)
    };
    (@ $query:ident($($of:ty)?) [$($done:literal)*] { NOTED $($rest:tt)* } $($arg:expr),*) => {
        $crate::store::statement::statement!(@ $query($($of)?) [$($done)*
            " audited AS (
                  INSERT INTO audit_events (user_pool_id, id, at, event, actor, sub, credential_id, request_id)
                  SELECT user_pool_id, audit_id, at, 'passkey.deleted', actor, sub, credential_id, request_id FROM deleted
              ), told AS (
                  INSERT INTO outbox (user_pool_id, id, at, kind, payload)
                  SELECT user_pool_id, outbox_id, at, 'passkey.deleted',
                         jsonb_build_object('sub', sub, 'rpId', rp_id, 'credentialId', encode(credential_id, 'base64'))
                  FROM deleted
              ) "
        ] { $($rest)* } $($arg),*)
    };
    (@ $query:ident($($of:ty)?) [$($done:literal)*] { $text:literal $($rest:tt)* } $($arg:expr),*) => {
        $crate::store::statement::statement!(@ $query($($of)?) [$($done)* $text] { $($rest)* } $($arg),*)
    };
    (@ $query:ident($($of:ty)?) [$first:literal $($done:literal)*] {} $($arg:expr),*) => {
        sqlx::$query!($($of,)? $first $(+ $done)*, $($arg),*)
    };
}

pub(super) use statement;
