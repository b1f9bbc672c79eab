//! Parts of SQL that several statements share.

/// A query that sqlx checks at compile time, composed of literals and of these shared parts:
///
/// - `USER`: the columns of a user `u`, as [`super::users::Row`] has them.
/// - `USER_IF_ANY`: the same columns for a user who may not exist.
/// - `SESSION_AND_OWNER`: a session `s` with its user `u` and its app client `o`, to be joined or filtered further.
/// - `LIVES`: the condition that the session and its user may act: the session was not ended, and the user is enabled
///   and needs no password reset. (`SESSION_AND_OWNER` already excludes sessions of a deleted app client.)
/// - `USES_SRP`: the condition that an app client `s` allows a flow in which passwords are proved by SRP.
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
            " s.revoked_at IS NULL AND u.enabled AND u.status <> 'RESET_REQUIRED' "
        ] { $($rest)* } $($arg),*)
    };
    (@ $query:ident($($of:ty)?) [$($done:literal)*] { USES_SRP $($rest:tt)* } $($arg:expr),*) => {
        $crate::store::statement::statement!(@ $query($($of)?) [$($done)*
            " (s.configuration -> 'ExplicitAuthFlows' = '[]' OR s.configuration -> 'ExplicitAuthFlows' ?|
                  ARRAY['ALLOW_USER_SRP_AUTH', 'ALLOW_USER_AUTH', 'ALLOW_CUSTOM_AUTH', 'USER_PASSWORD_AUTH', 'ADMIN_NO_SRP_AUTH',
                        'CUSTOM_AUTH_FLOW_ONLY']) "
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
