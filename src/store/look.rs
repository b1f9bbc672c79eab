//! What time it is at the database.

use time::OffsetDateTime;

use super::Connections;
use crate::clock::Uptime;

/// The longest way of an answer that counts.
const PROMPT: time::Duration = time::Duration::seconds(1);
const ATTEMPTS: u32 = 3;

/// The database's time, with the moments between which it was told. The one place that asks for it.
pub async fn time(db: &Connections) -> sqlx::Result<(Uptime, OffsetDateTime, Uptime)> {
    // A connection first: making one takes longer than the answer.
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
