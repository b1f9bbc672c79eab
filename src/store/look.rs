//! What is asked of the database itself: what time it is there, and whether it can be worked with.

use time::OffsetDateTime;

use super::Connections;
use crate::clock::Uptime;

/// The database's time, with the moments between which it was told. The one place that asks for it.
pub async fn time(db: &Connections) -> sqlx::Result<(Uptime, OffsetDateTime, Uptime)> {
    // A connection first: making one takes longer than the answer.
    let mut db = db.acquire().await?;
    let asked = Uptime::now();
    let time = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&mut db).await?;
    Ok((asked, time, Uptime::now()))
}
