//! The database's time.

use time::OffsetDateTime;

use super::Connections;
use crate::clock::Uptime;

/// If the database takes longer than this to respond, its time is not used.
const PROMPT: time::Duration = time::Duration::seconds(1);
const ATTEMPTS: u32 = 3;

/// Returns three values: this computer's uptime before the query, the database's time, and the uptime after the query.
/// Other statements do not read the database's clock, but get the time as an argument.
pub async fn time(db: &Connections) -> sqlx::Result<(Uptime, OffsetDateTime, Uptime)> {
    // The connection is acquired before the uptime is read, because making a connection takes longer than the query.
    let mut db = db.acquire().await?;
    for _ in 0..ATTEMPTS {
        let asked = Uptime::now();
        let time = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&mut db).await?;
        let answered = Uptime::now();
        // After a long wait, nobody knows at which moment of the wait the database read its clock.
        if answered.since(asked) < PROMPT {
            return Ok((asked, time, answered));
        }
    }
    Err(sqlx::Error::Protocol("the database takes too long to say what time it is".into()))
}
