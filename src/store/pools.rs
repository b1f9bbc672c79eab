//! User pools.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::{PgExecutor, types::Json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, Connections, Stored, unknown_text};
use crate::factor::{Factor, MfaConfiguration, SecondFactor};

/// A user pool.
#[derive(Clone, Debug)]
pub struct Pool {
    /// `<region>_<9 alphanumerics>`
    pub id: String,
    pub name: String,
    pub settings: PoolSettings,
    pub sessions_on_passkey_delete: SessionsOnDelete,
    pub passkey_policy: PasskeyPolicy,
    pub branding: Branding,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// What happens to a user's sessions when a passkey is deleted. This is an extension; `KEEP` behaves like Amazon
/// Cognito.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionsOnDelete {
    /// All sessions stay live.
    Keep,
    /// All sessions end, except for the one that deletes the passkey.
    EndOthers,
    /// All sessions end.
    EndAll,
}

impl SessionsOnDelete {
    /// Returns the value that the database stores.
    pub fn text(self) -> &'static str {
        match self {
            Self::Keep => "KEEP",
            Self::EndOthers => "END_OTHERS",
            Self::EndAll => "END_ALL",
        }
    }

    /// Parses the value that the database stores.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Keep, Self::EndOthers, Self::EndAll].into_iter().find(|one| one.text() == text)
    }
}

/// A pool's rules for passkeys, as far as Amazon Cognito has no such rules. The defaults behave like Amazon Cognito
/// (docs/passkeys.md).
///
/// The member names are those of `KeysteadService.SetUserPoolPasskeyPolicy`. Members that have their default value are
/// left out of the JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PasskeyPolicy {
    /// Whether users are kept from deleting the passkey that is their last way to sign in.
    #[serde(skip_serializing_if = "is_false")]
    pub keep_last_factor: bool,
    /// How old a sign-in may be, in seconds, for changes of passkeys and of other ways into the account; `None` means
    /// any age.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_up_seconds: Option<i64>,
    /// The most passkeys that one user may have; `None` means the limit in the server's settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_passkeys: Option<i64>,
    /// The AAGUIDs of the authenticators that may be registered; empty means any authenticator.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accepted_authenticators: Vec<Uuid>,
    /// Whether EdDSA (Ed25519) is offered in addition to ES256 and RS256.
    #[serde(rename = "EdDSA", skip_serializing_if = "is_false")]
    pub ed_dsa: bool,
    /// Origins outside of the RP ID that may use the RP ID's passkeys (Web Authentication Level 3, section 5.11).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related_origins: Vec<String>,
    /// The app clients whose users may sign in with a passkey alone, without giving a name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub usernameless_clients: Vec<String>,
    /// Whether passkey managers are told a user's present name.
    #[serde(skip_serializing_if = "is_false")]
    pub signal_user_details: bool,
    /// Whether a passkey whose flag BE (backup eligibility) changed still signs in (Web Authentication Level 3, section
    /// 7.2, step 19).
    #[serde(skip_serializing_if = "is_false")]
    pub accept_changed_backup_eligibility: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl PasskeyPolicy {
    /// Whether a client's users may sign in without giving a name.
    pub fn allows_nameless(&self, client_id: &str) -> bool {
        self.usernameless_clients.iter().any(|one| one == client_id)
    }
}

/// How a pool's pages look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Branding {
    /// The name shown in place of the pool's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The color of buttons and links on light pages, as `#rrggbb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accent_color: Option<String>,
    /// The color of buttons and links on dark pages, as `#rrggbb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accent_color_dark: Option<String>,
    /// The background color of light pages, as `#rrggbb`. Only UI customizations and styles of managed login have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_color: Option<String>,
    /// The background color of dark pages, as `#rrggbb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_color_dark: Option<String>,
    /// Identifies the logo's present image, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_version: Option<String>,
}

/// A pool's configuration, under the member names of the API. Members that much of the code uses are typed; all others
/// are in `rest`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PoolSettings {
    pub policies: Policies,
    /// `ACTIVE` or `INACTIVE`
    pub deletion_protection: String,
    pub mfa_configuration: MfaConfiguration,
    /// A member of Get/SetUserPoolMfaConfig and not of DescribeUserPool, like the next two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_token_mfa_configuration: Option<SoftwareTokenMfa>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_mfa_configuration: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_mfa_configuration: Option<Value>,
    pub schema_attributes: Vec<SchemaAttribute>,
    /// What users sign in with, in place of usernames that they choose: `email`, `phone_number`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub username_attributes: Vec<String>,
    /// What users may sign in with besides the username: `email`, `phone_number`, `preferred_username`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alias_attributes: Vec<String>,
    /// The addresses to which a verification code is sent automatically: `email`, `phone_number`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub auto_verified_attributes: Vec<String>,
    #[serde(default)]
    pub user_attribute_update_settings: UpdateSettings,
    /// `None` means that usernames are compared exactly as they are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_configuration: Option<UsernameConfiguration>,
    pub admin_create_user_config: AdminCreateUserConfig,
    /// `None` means that devices are not remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_configuration: Option<DeviceConfiguration>,
    /// The pool's own names for the levels of the `acr` claim, under the keys `Level1` to `Level4`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub acr_configuration: BTreeMap<String, AcrLevel>,
    /// A member of Get/SetUserPoolMfaConfig and not of DescribeUserPool.
    #[serde(default)]
    pub web_authn_configuration: Option<WebAuthnConfiguration>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SoftwareTokenMfa {
    #[serde(default)]
    pub enabled: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateSettings {
    /// The addresses (`email`, `phone_number`) that must be verified before they change: a new address becomes the
    /// user's only when the user gives back the code that was sent to it.
    #[serde(default)]
    pub attributes_require_verification_before_update: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policies {
    #[serde(default)]
    pub password_policy: PasswordPolicy,
    #[serde(default)]
    pub sign_in_policy: SignInPolicy,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PasswordPolicy {
    pub minimum_length: usize,
    pub require_uppercase: bool,
    pub require_lowercase: bool,
    pub require_numbers: bool,
    pub require_symbols: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_history_size: Option<i64>,
    pub temporary_password_validity_days: i64,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            minimum_length: 8,
            require_uppercase: true,
            require_lowercase: true,
            require_numbers: true,
            require_symbols: true,
            password_history_size: None,
            temporary_password_validity_days: 7,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SignInPolicy {
    /// Always `PASSWORD`, and perhaps other factors.
    pub allowed_first_auth_factors: Vec<Factor>,
}

impl Default for SignInPolicy {
    fn default() -> Self {
        Self { allowed_first_auth_factors: vec![Factor::Password] }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UsernameConfiguration {
    pub case_sensitive: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AdminCreateUserConfig {
    pub allow_admin_create_user_only: bool,
    pub unused_account_validity_days: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invite_message_template: Option<Value>,
}

impl Default for AdminCreateUserConfig {
    fn default() -> Self {
        Self { allow_admin_create_user_only: false, unused_account_validity_days: 7, invite_message_template: None }
    }
}

/// How devices are remembered. If neither member is given, devices are not remembered; a member that is `false` counts
/// as given.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeviceConfiguration {
    /// Whether a remembered device stands in for a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge_required_on_new_device: Option<bool>,
    /// Whether a device is remembered only after its user has asked for it (UpdateDeviceStatus).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_only_remembered_on_user_prompt: Option<bool>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AcrLevel {
    pub acr_value: String,
}

impl PoolSettings {
    /// Returns the name of a level (1 to 4) of the `acr` claim.
    pub fn acr_name(&self, level: u8) -> String {
        match self.acr_configuration.get(&format!("Level{level}")) {
            Some(own) => own.acr_value.clone(),
            None => format!("urn:cognito:loa:{level}"),
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WebAuthnConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relying_party_id: Option<String>,
    /// `required` or `preferred`
    #[serde(default = "preferred")]
    pub user_verification: String,
    /// `SINGLE_FACTOR` or `MULTI_FACTOR_WITH_USER_VERIFICATION`
    #[serde(default = "single_factor")]
    pub factor_configuration: String,
}

fn preferred() -> String {
    "preferred".into()
}

fn single_factor() -> String {
    "SINGLE_FACTOR".into()
}

/// An attribute that users of the pool may have.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SchemaAttribute {
    pub name: String,
    /// `String`, `Number`, `DateTime` or `Boolean`; empty if a request does not give a type.
    #[serde(default)]
    pub attribute_data_type: String,
    #[serde(default)]
    pub developer_only_attribute: bool,
    /// Whether the attribute's value may be changed once a user has one; `false` unless a request says otherwise
    /// (docs/cognito.md 3.3).
    #[serde(default)]
    pub mutable: bool,
    #[serde(default)]
    pub required: bool,
    /// `MinLength` and `MaxLength`, numbers as strings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_attribute_constraints: Option<BTreeMap<String, String>>,
    /// `MinValue` and `MaxValue`, numbers as strings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_attribute_constraints: Option<BTreeMap<String, String>>,
}

impl Pool {
    /// Whether users may open a session with this factor.
    pub fn allows_factor(&self, factor: Factor) -> bool {
        self.settings.policies.sign_in_policy.allowed_first_auth_factors.contains(&factor)
    }

    /// Whether users may use this second factor.
    pub fn has_mfa(&self, method: SecondFactor) -> bool {
        let settings = &self.settings;
        settings.mfa_configuration != MfaConfiguration::Off
            && match method {
                SecondFactor::SoftwareTokenMfa => {
                    settings.software_token_mfa_configuration.as_ref().is_some_and(|one| one.enabled)
                }
                SecondFactor::SmsMfa => settings.sms_mfa_configuration.is_some(),
                SecondFactor::EmailOtp => settings.email_mfa_configuration.is_some(),
            }
    }

    /// Whether a passkey that verifies its user may count as both factors.
    pub fn has_multi_factor_passkeys(&self) -> bool {
        let configuration = self.settings.web_authn_configuration.as_ref();
        configuration.is_some_and(|one| one.factor_configuration == "MULTI_FACTOR_WITH_USER_VERIFICATION")
    }

    /// Returns how devices are remembered, or `None` if they are not.
    pub fn devices(&self) -> Option<&DeviceConfiguration> {
        self.settings.device_configuration.as_ref().filter(|one| {
            one.challenge_required_on_new_device.is_some() || one.device_only_remembered_on_user_prompt.is_some()
        })
    }

    /// Whether users may sign in with a code that is sent to them.
    pub fn uses_codes(&self) -> bool {
        Factor::SENT.into_iter().any(|factor| self.allows_factor(factor))
    }

    /// Whether a mail that asks for the confirmation of a sign-up has a link in place of a code.
    pub fn confirms_by_link(&self) -> bool {
        let template = self.settings.rest.get("VerificationMessageTemplate");
        template.is_some_and(|template| template["DefaultEmailOption"] == "CONFIRM_WITH_LINK")
    }

    /// Returns a username in the form in which usernames are compared: in case-insensitive pools, folded to lower case.
    pub fn username_key(&self, username: &str) -> String {
        let folds = self.settings.username_configuration.as_ref().is_some_and(|one| !one.case_sensitive);
        if folds { username.to_lowercase() } else { username.to_owned() }
    }
}

/// A pool as the database stores it.
pub(super) struct Row {
    pub(super) user_pool_id: String,
    pub(super) name: String,
    pub(super) configuration: Stored<PoolSettings>,
    pub(super) sessions_on_passkey_delete: String,
    pub(super) passkey_policy: Stored<PasskeyPolicy>,
    pub(super) branding: Stored<Branding>,
    pub(super) created_at: OffsetDateTime,
    pub(super) updated_at: OffsetDateTime,
}

impl TryFrom<Row> for Pool {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        let sessions_on_passkey_delete = SessionsOnDelete::parse(&row.sessions_on_passkey_delete);
        let unknown = || {
            let column = "user_pools.sessions_on_passkey_delete";
            unknown_text(column, &row.user_pool_id, &row.sessions_on_passkey_delete)
        };
        Ok(Self {
            sessions_on_passkey_delete: sessions_on_passkey_delete.ok_or_else(unknown)?,
            name: row.name,
            settings: row.configuration.read("user_pools.configuration", &row.user_pool_id)?,
            passkey_policy: row.passkey_policy.read("user_pools.passkey_policy", &row.user_pool_id)?,
            branding: row.branding.read("user_pools.branding", &row.user_pool_id)?,
            id: row.user_pool_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Finds a pool.
pub async fn find(db: impl PgExecutor<'_>, pool_id: &str) -> sqlx::Result<Option<Pool>> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT user_pool_id, name, configuration AS "configuration: Stored<PoolSettings>", sessions_on_passkey_delete,
                  passkey_policy AS "passkey_policy: Stored<PasskeyPolicy>", branding AS "branding: Stored<Branding>", created_at,
                  updated_at
           FROM user_pools WHERE user_pool_id = $1 AND deleted_at IS NULL"#,
        pool_id
    )
    .fetch_optional(db)
    .await?;
    row.map(Pool::try_from).transpose()
}

/// Locks a pool until the transaction ends, and returns the pool.
pub async fn lock(db: &mut Connection, pool_id: &str) -> sqlx::Result<Option<Pool>> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT user_pool_id, name, configuration AS "configuration: Stored<PoolSettings>", sessions_on_passkey_delete,
                  passkey_policy AS "passkey_policy: Stored<PasskeyPolicy>", branding AS "branding: Stored<Branding>", created_at,
                  updated_at
           FROM user_pools WHERE user_pool_id = $1 AND deleted_at IS NULL FOR UPDATE"#,
        pool_id
    )
    .fetch_optional(db)
    .await?;
    row.map(Pool::try_from).transpose()
}

/// Locks a pool for its deletion, and returns its settings. The lock is weaker than that of [`lock`], which could not
/// be obtained during a flood of sign-ups: each sign-up locks the pool's row through a foreign key.
pub async fn lock_settings(db: &mut Connection, pool_id: &str) -> sqlx::Result<Option<PoolSettings>> {
    let found = sqlx::query_scalar!(
        r#"SELECT configuration AS "configuration: Stored<PoolSettings>" FROM user_pools
           WHERE user_pool_id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE"#,
        pool_id
    );
    let settings = found.fetch_optional(db).await?;
    settings.map(|settings| settings.read("user_pools.configuration", pool_id)).transpose()
}

/// Keeps a pool's row from being removed until the transaction ends. (Another transaction can mark the pool as deleted
/// meanwhile.) Returns `false` if there is no such pool.
pub async fn hold(db: &mut Connection, pool_id: &str) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT 1 AS "one!" FROM user_pools WHERE user_pool_id = $1 AND deleted_at IS NULL FOR KEY SHARE"#,
        pool_id
    );
    Ok(found.fetch_optional(db).await?.is_some())
}

/// Adds a pool. Returns `false` if the ID is taken.
pub async fn insert(db: &mut Connection, pool: &Pool) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO user_pools (user_pool_id, name, configuration, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
         ON CONFLICT DO NOTHING",
        pool.id,
        pool.name,
        Json(&pool.settings) as _,
        pool.created_at
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes a locked pool's name and settings. Returns whether this changed anything; if not, the time of the last change
/// stays, too.
pub async fn update(db: &mut Connection, pool: &Pool, now: OffsetDateTime) -> sqlx::Result<bool> {
    let changed = sqlx::query_scalar!(
        r#"UPDATE user_pools p SET name = $2, configuration = $3,
               updated_at = CASE WHEN (p.name, p.configuration) IS DISTINCT FROM ($2, $3) THEN $4 ELSE p.updated_at END
           FROM (SELECT name, configuration FROM user_pools WHERE user_pool_id = $1) AS old
           WHERE p.user_pool_id = $1
           RETURNING (old.name, old.configuration) IS DISTINCT FROM (p.name, p.configuration) AS "changed!""#,
        pool.id,
        pool.name,
        Json(&pool.settings) as _,
        now
    );
    changed.fetch_one(db).await
}

/// Writes a locked pool's passkey policy, including `sessions_on_passkey_delete`.
pub async fn update_passkey_policy(db: &mut Connection, pool: &Pool, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE user_pools SET passkey_policy = $2, sessions_on_passkey_delete = $3, updated_at = $4 WHERE user_pool_id = $1",
        pool.id,
        Json(&pool.passkey_policy) as _,
        pool.sessions_on_passkey_delete.text(),
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes a locked pool's branding. Also writes the logo (content type, image) if a new one is given, and removes the
/// stored logo if the branding has none.
pub async fn update_branding(
    db: &mut Connection,
    pool: &Pool,
    logo: Option<(&str, &[u8])>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    if pool.branding.logo_version.is_none() {
        sqlx::query!("DELETE FROM pool_logos WHERE user_pool_id = $1", pool.id).execute(&mut *db).await?;
    }
    if let Some((content_type, image)) = logo {
        sqlx::query!(
            "INSERT INTO pool_logos (user_pool_id, content_type, image) VALUES ($1, $2, $3)
             ON CONFLICT (user_pool_id) DO UPDATE SET content_type = $2, image = $3",
            pool.id,
            content_type,
            image
        )
        .execute(&mut *db)
        .await?;
    }
    sqlx::query!(
        "UPDATE user_pools SET branding = $2, updated_at = $3 WHERE user_pool_id = $1",
        pool.id,
        Json(&pool.branding) as _,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Returns the content type and the image of a pool's logo.
pub async fn logo(db: &Connections, pool_id: &str) -> sqlx::Result<Option<(String, Vec<u8>)>> {
    let row = sqlx::query!("SELECT content_type, image FROM pool_logos WHERE user_pool_id = $1", pool_id);
    Ok(row.fetch_optional(db).await?.map(|row| (row.content_type, row.image)))
}

/// Returns the related origins of all pools with this RP ID.
pub async fn related_origins(db: &Connections, rp_id: &str) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"SELECT DISTINCT origin.value AS "origin!"
           FROM user_pools p, jsonb_array_elements_text(coalesce(p.passkey_policy -> 'RelatedOrigins', '[]')) AS origin
           WHERE p.configuration -> 'WebAuthnConfiguration' ->> 'RelyingPartyId' = $1 AND p.deleted_at IS NULL ORDER BY 1"#,
        rp_id
    )
    .fetch_all(db)
    .await
}

/// A pool, as lists show it.
#[derive(Debug)]
pub struct PoolSummary {
    pub id: String,
    pub name: String,
    /// The member `LambdaConfig` of the pool's configuration.
    pub functions: Value,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// Lists pools, ordered by ID: at most `limit`, beginning after the ID `after`.
pub async fn list(db: &Connections, after: &str, limit: i64) -> sqlx::Result<Vec<PoolSummary>> {
    sqlx::query_as!(
        PoolSummary,
        r#"SELECT user_pool_id AS id, name, coalesce(configuration -> 'LambdaConfig', '{}') AS "functions!", created_at,
                  updated_at
           FROM user_pools WHERE user_pool_id > $1 AND deleted_at IS NULL ORDER BY user_pool_id LIMIT $2"#,
        after,
        limit
    )
    .fetch_all(db)
    .await
}

/// How many sessions a user of a pool may have (SetUserPoolSessionConfiguration).
#[derive(Clone, Copy, Debug)]
pub struct SessionLimit {
    /// Whether `tokens_per_user` applies.
    pub tracking: bool,
    /// The most sessions with tokens that one user may have, 1 to 100.
    pub tokens_per_user: i32,
}

/// Returns a pool's limit of sessions.
pub async fn session_limit(db: &Connections, pool_id: &str) -> sqlx::Result<Option<SessionLimit>> {
    sqlx::query_as!(
        SessionLimit,
        "SELECT session_tracking AS tracking, token_sessions_per_user AS tokens_per_user FROM user_pools
         WHERE user_pool_id = $1 AND deleted_at IS NULL",
        pool_id
    )
    .fetch_optional(db)
    .await
}

/// Returns where a pool's log records go, as a list of `LogConfigurationType`.
pub async fn log_configurations(db: &Connections, pool_id: &str) -> sqlx::Result<Option<Vec<Value>>> {
    let found = sqlx::query_scalar!(
        r#"SELECT log_configurations AS "found: Json<Vec<Value>>" FROM user_pools
           WHERE user_pool_id = $1 AND deleted_at IS NULL"#,
        pool_id
    )
    .fetch_optional(db)
    .await?;
    Ok(found.map(|Json(found)| found))
}

/// Sets where a pool's log records go. Returns `None` if there is no such pool, and `false` if nothing changed.
pub async fn set_log_configurations(
    db: &mut Connection,
    pool_id: &str,
    configurations: &[Value],
    now: OffsetDateTime,
) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar!(
        r#"WITH found AS (
               SELECT log_configurations IS DISTINCT FROM $2::jsonb AS changes
               FROM user_pools WHERE user_pool_id = $1 AND deleted_at IS NULL FOR UPDATE
           ), changed AS (
               UPDATE user_pools SET log_configurations = $2::jsonb, updated_at = $3
               WHERE user_pool_id = $1 AND (SELECT changes FROM found)
           )
           SELECT changes AS "changes!" FROM found"#,
        pool_id,
        Json(configurations) as _,
        now
    )
    .fetch_optional(db)
    .await
}

/// Sets a pool's limit of sessions. Returns `None` if there is no such pool, and `false` if the limit was the same
/// before.
pub async fn set_session_limit(
    db: &mut Connection,
    pool_id: &str,
    limit: SessionLimit,
    now: OffsetDateTime,
) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar!(
        r#"WITH found AS (
               SELECT (session_tracking, token_sessions_per_user) IS DISTINCT FROM ($2::boolean, $3::integer) AS changes
               FROM user_pools WHERE user_pool_id = $1 AND deleted_at IS NULL FOR UPDATE
           ), changed AS (
               UPDATE user_pools SET session_tracking = $2, token_sessions_per_user = $3, updated_at = $4
               WHERE user_pool_id = $1 AND (SELECT changes FROM found)
           )
           SELECT changes AS "changes!" FROM found"#,
        pool_id,
        limit.tracking,
        limit.tokens_per_user,
        now
    )
    .fetch_optional(db)
    .await
}
