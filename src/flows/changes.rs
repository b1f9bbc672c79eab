//! What users do to their own accounts, each with its row of the audit trail: so many of a kind in a day, because nothing removes
//! such rows for a year, and a script that changes a name back and forth would fill the disk with them.
//!
//! Each kind has a count of its own: whoever has an access token makes harmless changes as often as they like, and must neither
//! keep the owner from others nor hide what came after.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    app::App,
    error::{Error, Result},
    store::{self, Connection, audit::Trail},
};

/// Says that rows of a kind are missing from here on, for a day at most.
const LEFT_OUT: &str = "user.changes_left_out";

/// Notes a change that a user made, in its transaction; `TooManyRequests` when there were too many of the kind in a day.
pub async fn note(
    app: &App,
    db: &mut Connection,
    pool_id: &str,
    trail: &Trail,
    event: &str,
    sub: Uuid,
    credential_id: Option<&[u8]>,
) -> Result<()> {
    if !has_room(app, db, pool_id, sub, event, trail.at).await? {
        let most = app.config.user_changes_per_day;
        return Err(Error::TooManyRequests(
            format!("A user may make {most} changes of this kind in a day; try again later.").into(),
        ));
    }
    Ok(store::audit::insert(db, pool_id, trail, event, Some(sub), credential_id).await?)
}

/// The same for what protects an account, which is never refused, and for what others do to it, which is not counted: the row
/// is left out when there were too many of the kind in a day, and one row says so.
pub async fn note_if_room(
    app: &App,
    db: &mut Connection,
    pool_id: &str,
    trail: &Trail,
    event: &str,
    sub: Uuid,
) -> Result<()> {
    if trail.actor != "user" || has_room(app, db, pool_id, sub, event, trail.at).await? {
        return Ok(store::audit::insert(db, pool_id, trail, event, Some(sub), None).await?);
    }
    tracing::warn!(event, "a user did this too often in a day: it is done, and not in the audit trail");
    if store::audit::count_since(db, pool_id, sub, LEFT_OUT, trail.at - Duration::DAY).await? == 0 {
        store::audit::insert(db, pool_id, trail, LEFT_OUT, Some(sub), None).await?;
    }
    Ok(())
}

async fn has_room(
    app: &App,
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    event: &str,
    now: OffsetDateTime,
) -> Result<bool> {
    let most = i64::from(app.config.user_changes_per_day);
    Ok(most == 0 || store::audit::count_own(db, pool_id, sub, event, now - Duration::DAY, most).await? < most)
}
