//! Codes that were sent to people, and counts of how often codes were sent and guessed at.

use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::Connection;
use crate::sealing::equal;

/// The length of the window in which sent codes are counted. If the stored beginning of a window is more than an hour
/// in the future, a wrong clock has written it, and the window counts as over.
const HOUR: Duration = Duration::HOUR;
/// The length of the window in which guesses at any code of a name are counted.
const DAY: Duration = Duration::DAY;

/// A code that was sent.
#[derive(Debug)]
pub struct Code {
    pub hash: Vec<u8>,
    /// `email` or `phone_number`
    pub attribute: String,
    /// The address that the code was sent to, and so the address that it proves.
    pub destination: String,
    /// Whether the address is not the user's yet. It becomes the user's when the code is given back.
    pub pending: bool,
    pub expires_at: OffsetDateTime,
    /// The code that was sent to the same address before, if it is good beside this one.
    pub previous_hash: Option<Vec<u8>>,
    pub previous_expires_at: Option<OffsetDateTime>,
}

impl Code {
    /// Returns when the code with this hash expires, if it is this code, or the one before and that has not expired.
    pub fn expiry(&self, hash: &[u8], now: OffsetDateTime) -> Option<OffsetDateTime> {
        let is_previous = self.previous_hash.as_deref().is_some_and(|previous| equal(previous, hash));
        match equal(&self.hash, hash) {
            true => Some(self.expires_at),
            false => self.previous_expires_at.filter(|expires_at| is_previous && *expires_at > now),
        }
    }
}

/// Stores a user's code for a purpose. The one before stays good if `beside` is set and it was sent to the same address.
/// The caller has locked the user's row.
pub async fn put(
    db: &mut Connection,
    pool_id: &str,
    sub: Uuid,
    purpose: &str,
    code: &Code,
    beside: bool,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO codes AS c (user_pool_id, sub, purpose, hash, attribute, destination, pending, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (user_pool_id, sub, purpose)
         DO UPDATE SET hash = $4, attribute = $5, destination = $6, pending = $7, expires_at = $8,
             previous_hash = CASE WHEN $9 AND (c.attribute, c.destination, c.pending) = ($5, $6, $7) THEN c.hash END,
             previous_expires_at = c.expires_at",
        pool_id,
        sub,
        purpose,
        code.hash,
        code.attribute,
        code.destination,
        code.pending,
        code.expires_at,
        beside
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Returns a user's code for a purpose. The caller has locked the user's row.
pub async fn find(db: &mut Connection, pool_id: &str, sub: Uuid, purpose: &str) -> sqlx::Result<Option<Code>> {
    sqlx::query_as!(
        Code,
        "SELECT hash, attribute, destination, pending, expires_at, previous_hash, previous_expires_at FROM codes
         WHERE user_pool_id = $1 AND sub = $2 AND purpose = $3",
        pool_id,
        sub,
        purpose
    )
    .fetch_optional(db)
    .await
}

/// Removes a user's code for a purpose, because the code was used or is withdrawn.
pub async fn delete(db: &mut Connection, pool_id: &str, sub: Uuid, purpose: &str) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM codes WHERE user_pool_id = $1 AND sub = $2 AND purpose = $3", pool_id, sub, purpose)
        .execute(db)
        .await?;
    Ok(())
}

/// Removes all codes of a user.
pub async fn delete_all(db: &mut Connection, pool_id: &str, sub: Uuid) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM codes WHERE user_pool_id = $1 AND sub = $2", pool_id, sub).execute(db).await?;
    Ok(())
}

/// Identifies a row of `code_attempts`, in which sent codes and guesses are counted.
#[derive(Clone, Debug)]
pub struct Counter {
    /// The row's `username_key`.
    pub key: String,
    /// The keyed hash of the name that is counted, if names share the row. The row holds the counts of one name at a
    /// time: when another name uses it, the counts start again from 0. Empty if the row is not shared.
    pub holder: String,
    pub purpose: &'static str,
}

/// How many guesses are allowed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Guesses at one code by everybody together. After that many, the code is dead.
    pub per_code: i32,
    /// Guesses at one code by one guesser.
    pub per_code_and_guesser: i32,
    /// Guesses at any code within a day, by everybody together.
    pub per_day: i32,
    /// Guesses at any code within a day, by one guesser.
    pub per_day_and_guesser: i32,
}

/// The outcome of one more guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    Counted,
    /// Refused: there were too many guesses at the code. A new code may replace it.
    Dead,
    /// Refused: there were too many guesses by this guesser, or within a day.
    TooMany,
}

/// Returns a time. If the last guess was not later than this time, all guesses are forgotten when another code is sent,
/// because the codes that were guessed at can no longer be used. `beside` is how long a code stays valid beside later
/// ones; `None` means that the next code replaces it at once.
fn over(beside: Option<Duration>, now: OffsetDateTime) -> OffsetDateTime {
    // With `None`, all guesses are forgotten: by this time, those that seem to be up to an hour in the future; and by
    // the SQL statements in any case, those that seem to be later, which a wrong clock recorded.
    beside.map_or(now + HOUR, |lives| now - lives)
}

/// Records that a code is sent. Returns how many codes were counted as sent in the present window of one hour.
///
/// The code itself counts if `counts` is set, except when it replaces a dead code in the same window. A code is dead
/// after `dead` guesses. Guesses are forgotten if they were at a dead code, or at codes that are no longer valid beside
/// the new one. The guesses of the day stay counted.
pub async fn note_sent(
    db: &mut Connection,
    pool_id: &str,
    counter: &Counter,
    (dead, beside): (i32, Option<Duration>),
    counts: bool,
    now: OffsetDateTime,
) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        "INSERT INTO code_attempts AS a (user_pool_id, username_key, purpose, holder, sent, sent_since, last_sent_at, tried, tried_since)
         VALUES ($1, $2, $3, $4, $5, $6, $6, 0, $6)
         ON CONFLICT (user_pool_id, username_key, purpose) DO UPDATE SET
             holder = $4,
             sent = CASE WHEN a.holder <> $4 OR a.sent_since <= $7 OR a.sent_since > $8 THEN $5
                         WHEN a.tried >= $9 THEN a.sent ELSE a.sent + $5 END,
             sent_since = CASE WHEN a.holder <> $4 OR a.sent_since <= $7 OR a.sent_since > $8 THEN $6 ELSE a.sent_since END,
             last_sent_at = $6,
             tried = CASE WHEN a.holder <> $4 OR a.tried >= $9 OR a.tried_since <= $10 OR a.tried_since > $8 THEN 0 ELSE a.tried END,
             code_tries = CASE WHEN a.holder <> $4 OR a.tried >= $9 OR a.tried_since <= $10 OR a.tried_since > $8 THEN '{}'
                 ELSE a.code_tries END,
             guessed = CASE WHEN a.holder <> $4 THEN 0 ELSE a.guessed END,
             day_tries = CASE WHEN a.holder <> $4 THEN '{}' ELSE a.day_tries END
         RETURNING sent",
        pool_id,
        counter.key,
        counter.purpose,
        counter.holder,
        i32::from(counts),
        now,
        now - HOUR,
        now + HOUR,
        dead,
        over(beside, now)
    )
    .fetch_one(db)
    .await
}

/// Whether so many guesses were made that a guesser, or everybody together, has none left for the present code.
pub async fn is_exhausted(db: &mut Connection, pool_id: &str, counter: &Counter, limits: Limits) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM code_attempts
               WHERE user_pool_id = $1 AND username_key = $2 AND purpose = $3 AND holder = $4
                   AND (tried >= $5
                        OR EXISTS (SELECT 1 FROM jsonb_each_text(code_tries) WHERE value::integer >= $6))) AS "is!""#,
        pool_id,
        counter.key,
        counter.purpose,
        counter.holder,
        limits.per_code,
        limits.per_code_and_guesser
    )
    .fetch_one(db)
    .await
}

/// Returns how many codes were counted as sent in the present window of one hour.
pub async fn sent(db: &mut Connection, pool_id: &str, counter: &Counter, now: OffsetDateTime) -> sqlx::Result<i32> {
    let found = sqlx::query_scalar!(
        "SELECT sent FROM code_attempts
         WHERE user_pool_id = $1 AND username_key = $2 AND purpose = $3 AND holder = $4 AND sent_since > $5 AND sent_since <= $6",
        pool_id,
        counter.key,
        counter.purpose,
        counter.holder,
        now - HOUR,
        now + HOUR
    );
    Ok(found.fetch_optional(db).await?.unwrap_or(0))
}

/// Counts a guess of `guesser`, or refuses the guess if one of the limits is reached. A refused guess is not counted
/// and writes nothing.
pub async fn count_guess(
    db: &mut Connection,
    pool_id: &str,
    counter: &Counter,
    guesser: &str,
    limits: Limits,
    now: OffsetDateTime,
) -> sqlx::Result<Guess> {
    let counted = sqlx::query_scalar!(
        "INSERT INTO code_attempts AS a
             (user_pool_id, username_key, purpose, holder, sent, sent_since, tried, tried_since, code_tries, guessed, guessed_since, day_tries)
         VALUES ($1, $2, $3, $4, 0, $7, 1, $6, $9, 1, $6, $9)
         ON CONFLICT (user_pool_id, username_key, purpose) DO UPDATE SET
             holder = $4,
             sent = CASE WHEN a.holder <> $4 THEN 0 ELSE a.sent END,
             last_sent_at = CASE WHEN a.holder <> $4 THEN NULL ELSE a.last_sent_at END,
             tried = CASE WHEN a.holder <> $4 THEN 1 ELSE a.tried + 1 END,
             tried_since = $6,
             code_tries = CASE WHEN a.holder <> $4 THEN $9
                 ELSE a.code_tries || jsonb_build_object($5::text, coalesce((a.code_tries ->> $5)::integer, 0) + 1) END,
             guessed = CASE WHEN a.holder <> $4 OR a.guessed_since <= $8 OR a.guessed_since > $14 THEN 1 ELSE a.guessed + 1 END,
             guessed_since = CASE WHEN a.holder <> $4 OR a.guessed_since <= $8 OR a.guessed_since > $14 THEN $6 ELSE a.guessed_since END,
             day_tries = CASE WHEN a.holder <> $4 OR a.guessed_since <= $8 OR a.guessed_since > $14 THEN $9
                 ELSE a.day_tries || jsonb_build_object($5::text, coalesce((a.day_tries ->> $5)::integer, 0) + 1) END
         WHERE a.holder <> $4
             OR (a.tried < $10 AND coalesce((a.code_tries ->> $5)::integer, 0) < $11
                 AND (a.guessed_since <= $8 OR a.guessed_since > $14
                      OR (a.guessed < $12 AND coalesce((a.day_tries ->> $5)::integer, 0) < $13)))
         RETURNING tried",
        pool_id,
        counter.key,
        counter.purpose,
        counter.holder,
        guesser,
        now,
        now - HOUR,
        now - DAY,
        json!({ guesser: 1 }),
        limits.per_code,
        limits.per_code_and_guesser,
        limits.per_day,
        limits.per_day_and_guesser,
        now + HOUR
    );
    if counted.fetch_optional(&mut *db).await?.is_some() {
        return Ok(Guess::Counted);
    }
    let dead = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM code_attempts
               WHERE user_pool_id = $1 AND username_key = $2 AND purpose = $3 AND holder = $4 AND tried >= $5
                   AND (guessed_since <= $6 OR guessed_since > $8 OR guessed < $7)) AS "dead!""#,
        pool_id,
        counter.key,
        counter.purpose,
        counter.holder,
        limits.per_code,
        now - DAY,
        limits.per_day,
        now + HOUR
    );
    Ok(if dead.fetch_one(db).await? { Guess::Dead } else { Guess::TooMany })
}

/// Forgets guesses under the same conditions as [`note_sent`], so that a new code gets its full number of guesses. The
/// guesses of the day stay counted.
pub async fn forget_tries(
    db: &mut Connection,
    pool_id: &str,
    counter: &Counter,
    (dead, beside): (i32, Option<Duration>),
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE code_attempts SET tried = 0, code_tries = '{}'
         WHERE user_pool_id = $1 AND username_key = $2 AND purpose = $3 AND holder = $4
             AND (tried >= $5 OR tried_since <= $6 OR tried_since > $7)",
        pool_id,
        counter.key,
        counter.purpose,
        counter.holder,
        dead,
        over(beside, now),
        now + HOUR
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes back a guess of `guesser`, because it was the right code.
pub async fn take_back(db: &mut Connection, pool_id: &str, counter: &Counter, guesser: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE code_attempts SET
             tried = greatest(tried - 1, 0),
             code_tries = CASE WHEN (code_tries ->> $5)::integer > 1
                 THEN code_tries || jsonb_build_object($5::text, (code_tries ->> $5)::integer - 1)
                 ELSE code_tries - $5::text END,
             guessed = greatest(guessed - 1, 0),
             day_tries = CASE WHEN (day_tries ->> $5)::integer > 1
                 THEN day_tries || jsonb_build_object($5::text, (day_tries ->> $5)::integer - 1)
                 ELSE day_tries - $5::text END
         WHERE user_pool_id = $1 AND username_key = $2 AND purpose = $3 AND holder = $4",
        pool_id,
        counter.key,
        counter.purpose,
        counter.holder,
        guesser
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Records that a code was used. Forgets when the last code was sent, and the guesses. The guesses of the day stay
/// counted.
pub async fn was_used(db: &mut Connection, pool_id: &str, counter: &Counter) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE code_attempts SET last_sent_at = NULL, tried = 0, code_tries = '{}'
         WHERE user_pool_id = $1 AND username_key = $2 AND purpose = $3 AND holder = $4",
        pool_id,
        counter.key,
        counter.purpose,
        counter.holder
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether, according to this counter, a code was sent after the time `since` and none has been used after that.
pub async fn was_sent_since(
    db: &mut Connection,
    pool_id: &str,
    counter: &Counter,
    since: OffsetDateTime,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM code_attempts
               WHERE user_pool_id = $1 AND username_key = $2 AND purpose = $3 AND holder = $4 AND last_sent_at > $5) AS "was!""#,
        pool_id,
        counter.key,
        counter.purpose,
        counter.holder,
        since
    )
    .fetch_one(db)
    .await
}
