//! The audit trail: who changed what, when, in which request. Rows contain no secrets.

use strum::{Display, IntoStaticStr};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, Connections};
use crate::random;

/// The kinds of events that the audit trail records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, IntoStaticStr)]
pub enum Event {
    #[strum(serialize = "passkey.registered")]
    PasskeyRegistered,
    #[strum(serialize = "passkey.renamed")]
    PasskeyRenamed,
    #[strum(serialize = "passkey.deleted")]
    PasskeyDeleted,
    #[strum(serialize = "passkey.clone_suspected")]
    PasskeyCloneSuspected,
    #[strum(serialize = "passkey.backup_eligibility_changed")]
    PasskeyBackupEligibilityChanged,
    #[strum(serialize = "user.created")]
    UserCreated,
    #[strum(serialize = "user.imported")]
    UserImported,
    #[strum(serialize = "user.migrated")]
    UserMigrated,
    #[strum(serialize = "user.signed_up")]
    UserSignedUp,
    #[strum(serialize = "user.invited")]
    UserInvited,
    #[strum(serialize = "user.confirmed")]
    UserConfirmed,
    #[strum(serialize = "user.updated")]
    UserUpdated,
    #[strum(serialize = "user.disabled")]
    UserDisabled,
    #[strum(serialize = "user.enabled")]
    UserEnabled,
    #[strum(serialize = "user.deleted")]
    UserDeleted,
    #[strum(serialize = "user.signed_out")]
    UserSignedOut,
    /// The user made changes of some kind to their own account too often within a day, so audit rows of such changes
    /// are left out. This event is recorded at most once a day, in place of the first row that is left out.
    #[strum(serialize = "user.changes_left_out")]
    UserChangesLeftOut,
    #[strum(serialize = "address.verified")]
    AddressVerified,
    #[strum(serialize = "password.changed")]
    PasswordChanged,
    #[strum(serialize = "password.set")]
    PasswordSet,
    #[strum(serialize = "password.reset")]
    PasswordReset,
    #[strum(serialize = "password.reset_required")]
    PasswordResetRequired,
    #[strum(serialize = "mfa.changed")]
    MfaChanged,
    #[strum(serialize = "software_token.verified")]
    SoftwareTokenVerified,
    #[strum(serialize = "device.confirmed")]
    DeviceConfirmed,
    #[strum(serialize = "device.remembered")]
    DeviceRemembered,
    #[strum(serialize = "device.not_remembered")]
    DeviceNotRemembered,
    #[strum(serialize = "device.forgotten")]
    DeviceForgotten,
    #[strum(serialize = "session.ended")]
    SessionEnded,
    #[strum(serialize = "sessions.over_limit")]
    SessionsOverLimit,
    #[strum(serialize = "refresh_token.reused")]
    RefreshTokenReused,
    #[strum(serialize = "authorization_code.replayed")]
    AuthorizationCodeReplayed,
    #[strum(serialize = "group.created")]
    GroupCreated,
    #[strum(serialize = "group.updated")]
    GroupUpdated,
    #[strum(serialize = "group.deleted")]
    GroupDeleted,
    #[strum(serialize = "group.joined")]
    GroupJoined,
    #[strum(serialize = "group.left")]
    GroupLeft,
    #[strum(serialize = "pool.created")]
    PoolCreated,
    #[strum(serialize = "pool.updated")]
    PoolUpdated,
    #[strum(serialize = "pool.deleted")]
    PoolDeleted,
    #[strum(serialize = "pool.mfa_configuration_set")]
    PoolMfaConfigurationSet,
    #[strum(serialize = "pool.session_configuration_set")]
    PoolSessionConfigurationSet,
    #[strum(serialize = "pool.log_delivery_set")]
    PoolLogDeliverySet,
    #[strum(serialize = "pool.passkey_policy_set")]
    PoolPasskeyPolicySet,
    #[strum(serialize = "pool.branding_set")]
    PoolBrandingSet,
    /// The target is the algorithm.
    #[strum(serialize = "pool.token_signing_set")]
    PoolTokenSigningSet,
    #[strum(serialize = "ui_customization.set")]
    UiCustomizationSet,
    #[strum(serialize = "managed_login_branding.created")]
    ManagedLoginBrandingCreated,
    #[strum(serialize = "managed_login_branding.updated")]
    ManagedLoginBrandingUpdated,
    #[strum(serialize = "managed_login_branding.deleted")]
    ManagedLoginBrandingDeleted,
    #[strum(serialize = "terms.created")]
    TermsCreated,
    #[strum(serialize = "terms.updated")]
    TermsUpdated,
    #[strum(serialize = "terms.deleted")]
    TermsDeleted,
    #[strum(serialize = "risk_configuration.set")]
    RiskConfigurationSet,
    #[strum(serialize = "pool.attributes_added")]
    PoolAttributesAdded,
    #[strum(serialize = "pool.tagged")]
    PoolTagged,
    #[strum(serialize = "pool.untagged")]
    PoolUntagged,
    #[strum(serialize = "client.created")]
    ClientCreated,
    #[strum(serialize = "client.updated")]
    ClientUpdated,
    #[strum(serialize = "client.deleted")]
    ClientDeleted,
    #[strum(serialize = "client.session_configuration_set")]
    ClientSessionConfigurationSet,
    #[strum(serialize = "client.secret_added")]
    ClientSecretAdded,
    #[strum(serialize = "client.secret_deleted")]
    ClientSecretDeleted,
    #[strum(serialize = "domain.created")]
    DomainCreated,
    #[strum(serialize = "domain.updated")]
    DomainUpdated,
    #[strum(serialize = "domain.deleted")]
    DomainDeleted,
    #[strum(serialize = "resource_server.created")]
    ResourceServerCreated,
    #[strum(serialize = "resource_server.updated")]
    ResourceServerUpdated,
    #[strum(serialize = "resource_server.deleted")]
    ResourceServerDeleted,
    #[strum(serialize = "import.created")]
    ImportCreated,
    #[strum(serialize = "import.uploaded")]
    ImportUploaded,
    #[strum(serialize = "import.started")]
    ImportStarted,
    #[strum(serialize = "import.stopped")]
    ImportStopped,
}

/// An event and what it is about.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    pub event: Event,
    /// The user that the event is about.
    pub sub: Option<Uuid>,
    /// The passkey that the event is about.
    pub credential_id: Option<&'a [u8]>,
    /// The name or ID of anything else in the pool that the event is about: a group, an app client, a domain, a
    /// resource server, an import job or a document with terms.
    pub target: Option<&'a str>,
}

impl Event {
    /// An entry about a user pool itself.
    pub fn of_pool(self) -> Entry<'static> {
        Entry { event: self, sub: None, credential_id: None, target: None }
    }

    /// An entry about a user.
    pub fn of_user(self, sub: Uuid) -> Entry<'static> {
        Entry { sub: Some(sub), ..self.of_pool() }
    }

    /// An entry about a user's passkey.
    pub fn of_passkey(self, sub: Uuid, credential_id: &[u8]) -> Entry<'_> {
        Entry { event: self, sub: Some(sub), credential_id: Some(credential_id), target: None }
    }

    /// An entry about something else in the pool, such as a group, which `target` identifies.
    pub fn of(self, target: &str) -> Entry<'_> {
        Entry { target: Some(target), ..self.of_pool() }
    }
}

impl<'a> Entry<'a> {
    /// Adds something else in the pool that the event is also about, such as the group that a user joined.
    pub fn and(self, target: &'a str) -> Self {
        Self { target: Some(target), ..self }
    }
}

/// Proof that an audit row was written in the current transaction, or that the row was deliberately left out
/// ([`Self::left_out`]). Other modules than the store can create only the second kind of proof.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "it is what a change is committed with"]
pub struct Audited(());

impl Audited {
    /// Stands for a row that is left out because a recent row ([`Event::UserChangesLeftOut`]) already says that rows
    /// are missing.
    pub fn left_out() -> Self {
        Self(())
    }

    /// Stands for the audit rows of a statement that writes them itself.
    pub(super) fn by_statement() -> Self {
        Self(())
    }
}

/// The actor of changes that users make themselves.
const USER: &str = "user";
/// The actor of changes that the server makes by itself.
const SERVICE: &str = "service";

/// What the audit rows of one actor in one request or job have in common: the time, the actor and the request ID.
#[derive(Clone, Debug)]
pub struct Trail {
    pub at: OffsetDateTime,
    /// `user`, `operator:<access key ID>` or `service`
    actor: String,
    pub request_id: Uuid,
}

impl Trail {
    /// The trail of a user's own request.
    pub fn by_user(at: OffsetDateTime, request_id: Uuid) -> Self {
        Self { at, actor: USER.into(), request_id }
    }

    /// The trail of an operator's request.
    pub fn by_operator(at: OffsetDateTime, request_id: Uuid, access_key_id: &str) -> Self {
        Self { at, actor: format!("operator:{access_key_id}"), request_id }
    }

    /// The trail of something that the server does by itself because of a request.
    pub fn by_service(at: OffsetDateTime, request_id: Uuid) -> Self {
        Self { at, actor: SERVICE.into(), request_id }
    }

    /// The trail of something that the server does by itself without a request.
    pub fn by_job(at: OffsetDateTime) -> Self {
        Self::by_service(at, random::uuid())
    }

    /// The trail of work that the server does later, on behalf of the given earlier request and its actor.
    pub fn resumed(at: OffsetDateTime, request_id: Uuid, actor: &str) -> Self {
        Self { at, actor: actor.to_owned(), request_id }
    }

    /// Returns the actor as the database stores it.
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// Whether a user acts for themselves.
    pub fn is_by_user(&self) -> bool {
        self.actor == USER
    }
}

/// Records an event.
pub async fn insert(db: &mut Connection, pool_id: &str, trail: &Trail, entry: Entry<'_>) -> sqlx::Result<Audited> {
    sqlx::query!(
        "INSERT INTO audit_events (user_pool_id, id, at, event, actor, sub, credential_id, request_id, target)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        pool_id,
        random::time_ordered_uuid(trail.at),
        trail.at,
        <&str>::from(entry.event),
        trail.actor,
        entry.sub,
        entry.credential_id,
        trail.request_id,
        entry.target
    )
    .execute(db)
    .await?;
    Ok(Audited(()))
}

/// Whether a user's passkey was deleted and no passkey with its credential ID is registered now. The result is also
/// `false` if the deletion is so old that the audit trail no longer has it.
pub async fn was_deleted(db: &Connections, pool_id: &str, sub: Uuid, credential_id: &[u8]) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT 1 AS "one!" FROM audit_events
           WHERE user_pool_id = $1 AND sub = $2 AND event = 'passkey.deleted' AND credential_id = $3
               AND NOT EXISTS (SELECT 1 FROM webauthn_credentials WHERE user_pool_id = $1 AND credential_id = $3)
           LIMIT 1"#,
        pool_id,
        sub,
        credential_id
    );
    Ok(found.fetch_optional(db).await?.is_some())
}

/// Counts the changes of one kind that a user made to their own account after the time `since`. Stops counting at
/// `most`.
pub async fn count_own(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    event: Event,
    since: OffsetDateTime,
    most: i64,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
               SELECT 1 FROM audit_events WHERE user_pool_id = $1 AND sub = $2 AND at > $3 AND event = $5 AND actor = 'user'
               LIMIT $4) AS own"#,
        pool_id,
        sub,
        since,
        most,
        <&str>::from(event)
    )
    .fetch_one(db)
    .await
}

/// Counts the events of one kind that a user had after the time `since`.
pub async fn count_since(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    event: Event,
    since: OffsetDateTime,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM audit_events WHERE user_pool_id = $1 AND sub = $2 AND at > $4 AND event = $3"#,
        pool_id,
        sub,
        <&str>::from(event),
        since
    )
    .fetch_one(db)
    .await
}
