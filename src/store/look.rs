//! The database's time.

use time::OffsetDateTime;

use super::Connections;
use crate::clock::Uptime;

/// The longest that an answer may take to count.
const PROMPT: time::Duration = time::Duration::seconds(1);
const ATTEMPTS: u32 = 3;

/// The database's time, with the moments between which it was told. This is the only place that asks for it.
pub async fn time(db: &Connections) -> sqlx::Result<(Uptime, OffsetDateTime, Uptime)> {
    // A connection is acquired first, because making one takes longer than the answer.
    let mut db = db.acquire().await?;
    for _ in 0..ATTEMPTS {
        let asked = Uptime::now();
        let time = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&mut db).await?;
        let answered = Uptime::now();
        // An answer that took long does not tell when in between it was given.
        if answered.since(asked) < PROMPT {
            return Ok((asked, time, answered));
        }
    }
    Err(sqlx::Error::Protocol("the database takes too long to say what time it is".into()))
}
