//! What users change of their own accounts, each with its row of the audit trail: so many a day, because nothing removes such
//! rows for a year, and a script that changes a name back and forth would fill the disk with them.

use time::Duration;
use uuid::Uuid;

use crate::{
    app::App,
    error::{Error, Result},
    store::{self, Connection, audit::Trail},
};

/// Notes a change that a user made, in its transaction; `TooManyRequests` when there were too many in a day.
pub async fn note(
    app: &App,
    db: &mut Connection,
    pool_id: &str,
    trail: &Trail,
    event: &str,
    sub: Uuid,
    credential_id: Option<&[u8]>,
) -> Result<()> {
    let most = i64::from(app.config.user_changes_per_day);
    if most > 0 && store::audit::count_own(db, pool_id, sub, trail.at - Duration::DAY, most).await? >= most {
        return Err(Error::TooManyRequests(
            format!("A user may change {most} things in a day; try again later.").into(),
        ));
    }
    Ok(store::audit::insert(db, pool_id, trail, event, Some(sub), credential_id).await?)
}
