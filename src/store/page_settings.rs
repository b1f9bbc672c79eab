//! What operators say of the pages of app clients: UI customizations, styles of managed login, and documents with
//! terms.
//!
//! Each row has the settings as the API gives them back, and apart from them what the pages show, which is much smaller.

use serde_json::Value;
use sqlx::{PgExecutor, types::Json};
use strum::IntoStaticStr;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, Connections, Stored, pools::Branding};

/// The client ID of the UI customization for all clients that have none of their own.
pub const ALL_CLIENTS: &str = "ALL";

/// What a row is about. A client has at most one row of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    UiCustomization,
    ManagedLoginBranding,
    /// A kind of terms is named as in the API.
    #[strum(serialize = "terms-of-use")]
    TermsOfUse,
    #[strum(serialize = "privacy-policy")]
    PrivacyPolicy,
}

impl Kind {
    /// The kinds of documents with terms.
    pub const TERMS: [Self; 2] = [Self::TermsOfUse, Self::PrivacyPolicy];

    /// Returns the value that the database stores.
    pub fn text(self) -> &'static str {
        self.into()
    }
}

/// The settings of one kind and client.
#[derive(Clone, Debug)]
pub struct PageSettings {
    pub id: Uuid,
    /// The value that the database stores; see [`Kind::text`].
    pub kind: String,
    pub client_id: String,
    pub settings: Value,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// What the pages show of a row's settings.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// `None` if the settings say nothing about the pages.
    pub branding: Option<Branding>,
    /// The content type and the image.
    pub logo: Option<(&'static str, Vec<u8>)>,
}

/// What the pages of a client show, from the row with this ID.
#[derive(Clone, Debug)]
pub struct Customization {
    pub id: Uuid,
    pub branding: Branding,
}

impl Customization {
    /// Reads the columns of the part `LOOK` of a statement. If this release does not understand the look, the pages look
    /// as the pool says: nobody is kept from signing in or out by colors.
    pub(super) fn of(id: Option<Uuid>, look: Option<Stored<Branding>>) -> Option<Self> {
        let (id, look) = id.zip(look)?;
        let read = look.read("page_settings.look", id);
        let branding = read.inspect_err(|cause| tracing::error!(%cause, "left out of the pages")).ok()?;
        Some(Self { id, branding })
    }
}

/// Finds the settings of one kind and client.
pub async fn find(
    db: impl PgExecutor<'_>,
    pool_id: &str,
    kind: Kind,
    client_id: &str,
) -> sqlx::Result<Option<PageSettings>> {
    sqlx::query_as!(
        PageSettings,
        "SELECT id, kind, client_id, settings, created_at, updated_at FROM page_settings
         WHERE user_pool_id = $1 AND kind = $2 AND client_id = $3",
        pool_id,
        kind.text(),
        client_id
    )
    .fetch_optional(db)
    .await
}

/// Finds the settings with this ID, if they are of one of these kinds.
pub async fn find_by_id(
    db: &Connections,
    pool_id: &str,
    kinds: &[Kind],
    id: Uuid,
) -> sqlx::Result<Option<PageSettings>> {
    let kinds: Vec<String> = kinds.iter().map(|kind| kind.text().to_owned()).collect();
    sqlx::query_as!(
        PageSettings,
        "SELECT id, kind, client_id, settings, created_at, updated_at FROM page_settings
         WHERE user_pool_id = $1 AND id = $2 AND kind = ANY($3)",
        pool_id,
        id,
        &kinds
    )
    .fetch_optional(db)
    .await
}

/// Like [`find_by_id`]. Also locks the row until the transaction ends.
pub async fn lock(db: &mut Connection, pool_id: &str, kinds: &[Kind], id: Uuid) -> sqlx::Result<Option<PageSettings>> {
    let kinds: Vec<String> = kinds.iter().map(|kind| kind.text().to_owned()).collect();
    sqlx::query_as!(
        PageSettings,
        "SELECT id, kind, client_id, settings, created_at, updated_at FROM page_settings
         WHERE user_pool_id = $1 AND id = $2 AND kind = ANY($3) FOR UPDATE",
        pool_id,
        id,
        &kinds
    )
    .fetch_optional(db)
    .await
}

/// Adds settings. Returns `false` if the client has settings of this kind.
pub async fn insert(db: &mut Connection, pool_id: &str, new: &PageSettings, look: &Look) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO page_settings
             (user_pool_id, kind, client_id, id, settings, look, logo_type, logo, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (user_pool_id, kind, client_id) DO NOTHING",
        pool_id,
        new.kind,
        new.client_id,
        new.id,
        new.settings,
        look.branding.as_ref().map(Json) as _,
        look.logo.as_ref().map(|(kind, _)| *kind),
        look.logo.as_ref().map(|(_, image)| image.as_slice()),
        new.created_at,
        new.updated_at
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes settings whose row the caller has locked. Returns `false`, and the transaction can only end, if their client
/// has other settings of this kind.
pub async fn update(db: &mut Connection, pool_id: &str, changed: &PageSettings, look: &Look) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE page_settings SET kind = $3, settings = $4, look = $5, logo_type = $6, logo = $7, updated_at = $8
         WHERE user_pool_id = $1 AND id = $2",
        pool_id,
        changed.id,
        changed.kind,
        changed.settings,
        look.branding.as_ref().map(Json) as _,
        look.logo.as_ref().map(|(kind, _)| *kind),
        look.logo.as_ref().map(|(_, image)| image.as_slice()),
        changed.updated_at
    )
    .execute(db)
    .await;
    match done {
        Err(sqlx::Error::Database(cause)) if cause.is_unique_violation() => Ok(false),
        done => Ok(done?.rows_affected() == 1),
    }
}

/// Removes settings. Returns their client, or `None` if there are no such settings.
pub async fn delete(db: &mut Connection, pool_id: &str, kinds: &[Kind], id: Uuid) -> sqlx::Result<Option<String>> {
    let kinds: Vec<String> = kinds.iter().map(|kind| kind.text().to_owned()).collect();
    sqlx::query_scalar!(
        "DELETE FROM page_settings WHERE user_pool_id = $1 AND id = $2 AND kind = ANY($3) RETURNING client_id",
        pool_id,
        id,
        &kinds
    )
    .fetch_optional(db)
    .await
}

/// Removes all settings of a client.
pub async fn delete_of_client(db: &mut Connection, pool_id: &str, client_id: &str) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM page_settings WHERE user_pool_id = $1 AND client_id = $2", pool_id, client_id)
        .execute(db)
        .await?;
    Ok(())
}

/// Lists the documents with terms of a pool, ordered by ID: at most `limit`, beginning after the ID `after`.
pub async fn list_terms(db: &Connections, pool_id: &str, after: Uuid, limit: i64) -> sqlx::Result<Vec<PageSettings>> {
    let kinds = Kind::TERMS.map(|kind| kind.text().to_owned());
    sqlx::query_as!(
        PageSettings,
        "SELECT id, kind, client_id, settings, created_at, updated_at FROM page_settings
         WHERE user_pool_id = $1 AND id > $2 AND kind = ANY($3) ORDER BY id LIMIT $4",
        pool_id,
        after,
        &kinds,
        limit
    )
    .fetch_all(db)
    .await
}

/// Returns the links of the documents with terms of a client: `(kind, Links)`.
pub async fn links_of_terms(db: &Connections, pool_id: &str, client_id: &str) -> sqlx::Result<Vec<(String, Value)>> {
    let kinds = Kind::TERMS.map(|kind| kind.text().to_owned());
    let rows = sqlx::query!(
        r#"SELECT kind, settings -> 'Links' AS "links!" FROM page_settings
           WHERE user_pool_id = $1 AND kind = ANY($2) AND client_id = $3"#,
        pool_id,
        &kinds,
        client_id
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.links)).collect())
}

/// Returns the content type and the image of a row's logo.
pub async fn logo(db: &Connections, pool_id: &str, id: Uuid) -> sqlx::Result<Option<(String, Vec<u8>)>> {
    let row = sqlx::query!(
        r#"SELECT logo_type AS "logo_type!", logo AS "logo!" FROM page_settings
           WHERE user_pool_id = $1 AND id = $2 AND logo IS NOT NULL"#,
        pool_id,
        id
    );
    Ok(row.fetch_optional(db).await?.map(|row| (row.logo_type, row.logo)))
}
