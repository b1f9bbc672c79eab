//! Codes that prove an address: sent to it, typed in by its owner, used once.
//!
//! A code is random, stored as a hash under the sealing key, and limited in time and in attempts (docs/cognito.md 6).
//! Attempts are counted by name, whether or not a user has it, so that the limits do not reveal who has an account; see
//! `docs/decisions/0029-guesses-at-codes.md`.

use std::net::IpAddr;

use base64::{Engine, prelude::BASE64_STANDARD};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    app::App,
    budgets,
    error::{Error, Result},
    flows::{
        accounts::password,
        messages::{
            self,
            addresses::{self, Address, DeliveryDetails},
            purpose::Purpose,
            shared_counts,
            templates::{MessageContent, Occasion, Stored},
        },
        triggers::Cause,
    },
    random,
    sealing::equal,
    store::{
        self, Connection,
        codes::{Code, Counter, Guess, Limits},
        pools::Pool,
        users::User,
    },
};

/// How many codes are sent for a name within an hour.
const SENT_PER_HOUR: i32 = 5;
/// How many codes that sign in are sent for a name within an hour; the same number applies to second-factor codes.
const SIGN_IN_SENT_PER_HOUR: i32 = 20;
/// How many codes that sign in are sent for a name within an hour because of one asker.
const SIGN_IN_SENT_PER_HOUR_AND_ASKER: i32 = 5;
/// How long a code that signs in lives at most (`AuthSessionValidity`). Codes that are sent after it do not replace it.
const SIGN_IN_LIFETIME: Duration = Duration::minutes(15);
/// How many custom challenges are made for a name within an hour.
const CUSTOM_PER_HOUR: i32 = 60;
/// The limits on guesses at the codes of a name, for each purpose.
const GUESSES: Limits = Limits { per_code: 20, per_code_and_guesser: 5, per_day: 100, per_day_and_guesser: 25 };
/// The number of digits of a code.
const DIGITS: usize = 6;
/// The purpose under which codes that sign in are counted.
const SIGN_IN: &str = "sign_in";
/// The purpose under which second-factor codes are counted.
const SECOND_FACTOR: &str = "second_factor";

/// What a code that is sent in the middle of a sign-in is for.
#[derive(Clone, Copy, Debug)]
pub enum SentAs {
    /// It signs in. Anybody who types a person's name has it sent; `by` is their address if it is known to be one
    /// person's.
    FirstFactor { by: Option<IpAddr> },
    /// It is for somebody who has proved the first factor.
    SecondFactor,
}

/// A code to send.
#[derive(Clone, Copy)]
pub struct Sending {
    pub purpose: Purpose,
    /// As in [`MessageContent`].
    pub source: &'static str,
    /// Whether somebody, perhaps its owner, requested it in a user's name.
    ///
    /// Then it counts, and one too many is refused. Codes that operators send, or that a sign-up itself sends, do not
    /// count.
    pub counted: bool,
}

/// A code that came back.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    pub purpose: Purpose,
    pub code: &'a str,
    /// The address that it came from, or `None` if it came by a link whose signature shows that it was not guessed.
    pub by: Option<IpAddr>,
}

fn occasion(purpose: Purpose) -> Occasion {
    if purpose == Purpose::ForgotPassword { Occasion::Reset } else { Occasion::Verification }
}

/// The rows in which the codes of a name are counted.
struct Counters {
    /// The row that decides what callers are told about the name. Names share such rows, whether or not somebody has
    /// them, and push each other out.
    told: Counter,
    /// The name's own row, whose limits hold whatever happens to `told`.
    ///
    /// A name that nobody has uses another shared row, so that both take the same time. `None`: `told` is the name's
    /// own row, because nobody but its user gets this far.
    own: Option<Counter>,
}

impl Counters {
    fn of(app: &App, pool: &Pool, username: &str, user: Option<&User>, purpose: Purpose) -> Self {
        match purpose {
            Purpose::SignUp | Purpose::ForgotPassword => Self::of_strangers(app, pool, username, user, purpose.text()),
            Purpose::VerifyEmail | Purpose::VerifyPhoneNumber => {
                let key = password::attempts_name(app, pool, username, user);
                Self { told: Counter { key, holder: String::new(), purpose: purpose.text() }, own: None }
            }
        }
    }

    fn of_strangers(app: &App, pool: &Pool, username: &str, user: Option<&User>, purpose: &'static str) -> Self {
        let key = password::attempts_name(app, pool, username, user);
        let told = shared_counts::row(app, pool, "told", purpose, &key);
        let own = match user {
            Some(_) => Counter { key, holder: String::new(), purpose },
            None => shared_counts::row(app, pool, "nobody", purpose, &key),
        };
        Self { told, own: Some(own) }
    }

    /// Counts a guess. The inner error is the refusal. `Ok(false)`: the guess counts as wrong, whatever it is.
    async fn guess(
        &self,
        db: &mut Connection,
        pool: &Pool,
        guesser: &str,
        now: OffsetDateTime,
    ) -> Result<Result<bool, Guess>> {
        match store::codes::count_guess(db, &pool.id, &self.told, guesser, GUESSES, now).await? {
            Guess::Counted => {}
            refused => return Ok(Err(refused)),
        }
        let Some(own) = &self.own else { return Ok(Ok(true)) };
        let counted = store::codes::count_guess(db, &pool.id, own, guesser, GUESSES, now).await?;
        Ok(Ok(counted == Guess::Counted))
    }

    /// Notes that a code is sent, or appears to be. Returns `true` if there were not too many.
    async fn send(
        &self,
        db: &mut Connection,
        pool: &Pool,
        (counted, most): (bool, i32),
        now: OffsetDateTime,
    ) -> Result<bool> {
        let fresh = (GUESSES.per_code, (self.told.purpose == SIGN_IN).then_some(SIGN_IN_LIFETIME));
        let sent = store::codes::note_sent(db, &pool.id, &self.told, fresh, counted, now).await?;
        if let Some(own) = &self.own {
            store::codes::forget_tries(db, &pool.id, own, fresh, now).await?;
        }
        Ok(!counted || sent <= most)
    }

    /// Takes back a counted guess that was the right code.
    async fn take_back(&self, db: &mut Connection, pool: &Pool, guesser: &str) -> Result<()> {
        for counter in [Some(&self.told), self.own.as_ref()].into_iter().flatten() {
            store::codes::take_back(db, &pool.id, counter, guesser).await?;
        }
        Ok(())
    }

    async fn was_used(&self, db: &mut Connection, pool: &Pool) -> Result<()> {
        for counter in [Some(&self.told), self.own.as_ref()].into_iter().flatten() {
            store::codes::was_used(db, &pool.id, counter).await?;
        }
        Ok(())
    }
}

/// Identifies the person who guesses or asks: a keyed hash of the address, or of an IPv6 customer's network.
fn guesser(app: &App, pool: &Pool, address: IpAddr) -> String {
    let address = budgets::customer(address);
    BASE64_STANDARD.encode(&app.sealing.derive("guesser", format!("{} {address}", pool.id).as_bytes())[..9])
}

/// Makes a code, which replaces the previous one, and sends it to an address. The transaction must hold the user's row.
pub async fn send(
    cause: &Cause<'_>,
    db: &mut Connection,
    user: &User,
    sending: Sending,
    address: &Address,
    now: OffsetDateTime,
) -> Result<DeliveryDetails> {
    let (app, pool, purpose) = (cause.app, cause.pool, sending.purpose);
    let counters = Counters::of(app, pool, &user.username, Some(user), purpose);
    if !counters.send(db, pool, (sending.counted, SENT_PER_HOUR), now).await? {
        return Err(Error::limit_exceeded());
    }
    // If the user does not have this address yet, it becomes the user's when the code comes back.
    let pending = user.attributes.get(address.attribute.name()).is_none_or(|own| *own != address.value);
    let code = random::code(DIGITS);
    let stored = Code {
        hash: hash(app, pool, user.sub, purpose, &code).to_vec(),
        attribute: address.attribute.to_string(),
        destination: address.value.clone(),
        pending,
        expires_at: now + purpose.lifetime(),
    };
    store::codes::put(db, &pool.id, user.sub, purpose.text(), &stored).await?;
    let stored = Some(Stored { sub: user.sub, purpose: purpose.text(), hash: &stored.hash });
    let source = sending.source;
    let told = MessageContent { occasion: occasion(purpose), source, username: &user.username, secret: &code, stored };
    messages::send(cause, db, user, address, told, now).await?;
    Ok(address.details())
}

/// Pretends to send a code to an unknown name.
///
/// It runs and answers the same as [`send`], statement by statement, so that it takes the same time. `user` is a user
/// who must not be distinguishable from an unknown person.
pub async fn pretend_to_send(
    cause: &Cause<'_>,
    username: &str,
    user: Option<&User>,
    purpose: Purpose,
    source: &'static str,
) -> Result<DeliveryDetails> {
    let (app, pool, now) = (cause.app, cause.pool, cause.app.clock.now());
    let address = addresses::decoy(app, pool, username, purpose);
    app.delivery.check(address.medium())?;
    let mut tx = app.db.begin().await?;
    store::users::lock(&mut tx, &pool.id, user.map_or_else(Uuid::nil, |user| user.sub)).await?;
    let counters = Counters::of(app, pool, username, user, purpose);
    if !counters.send(&mut tx, pool, (true, SENT_PER_HOUR), now).await? {
        return Err(Error::limit_exceeded());
    }
    let code = random::code(DIGITS);
    let hash = hash(app, pool, Uuid::nil(), purpose, &code);
    store::codes::delete(&mut tx, &pool.id, Uuid::nil(), purpose.text()).await?;
    let stored = Some(Stored { sub: Uuid::nil(), purpose: purpose.text(), hash: &hash });
    let told = MessageContent { occasion: occasion(purpose), source, username, secret: &code, stored };
    messages::pretend_to_send(cause, &mut tx, &address, told, now).await?;
    tx.commit().await?;
    messages::sent(app);
    Ok(address.details())
}

/// Checks a code, in a transaction that holds the user's row.
///
/// The inner error is the refusal of a code that is wrong, expired or tried too often. The caller then commits, so that
/// the guess stays counted. A right code does not count as a guess. A caller who has something slow to do before using
/// the code rolls back.
pub async fn check(
    app: &App,
    db: &mut Connection,
    pool: &Pool,
    user: &User,
    given: Given<'_>,
    now: OffsetDateTime,
) -> Result<Result<Code>> {
    let purpose = given.purpose;
    let counters = Counters::of(app, pool, &user.username, Some(user), purpose);
    let by = given.by.map(|address| guesser(app, pool, address));
    let allowed = match &by {
        Some(by) => match counters.guess(db, pool, by, now).await? {
            Ok(allowed) => allowed,
            Err(refused) => return Ok(Err(refusal(refused))),
        },
        None => true,
    };
    let hash = hash(app, pool, user.sub, purpose, given.code);
    let found = store::codes::find(db, &pool.id, user.sub, purpose.text()).await?;
    Ok(match found.filter(|code| allowed && equal(&code.hash, &hash)) {
        Some(code) if code.expires_at > now => {
            if let Some(by) = &by {
                counters.take_back(db, pool, by).await?;
            }
            Ok(code)
        }
        // Only somebody with the right code learns that it came too late. Expired codes are kept for a while for this.
        Some(_) => Err(expired()),
        None => Err(wrong(db, pool, &counters, purpose, now).await?),
    })
}

/// The error for a wrong code. It depends only on what callers are told about the name.
async fn wrong(
    db: &mut Connection,
    pool: &Pool,
    counters: &Counters,
    purpose: Purpose,
    now: OffsetDateTime,
) -> Result<Error> {
    let since = now - purpose.lifetime();
    let asked_for = store::codes::was_sent_since(db, &pool.id, &counters.told, since).await?;
    // The answer must not reveal whether somebody waits for a sign-up's code.
    Ok(if asked_for || purpose == Purpose::SignUp { mismatch() } else { expired() })
}

/// Checks a code and uses it up; see [`check`].
pub async fn redeem(
    app: &App,
    db: &mut Connection,
    pool: &Pool,
    user: &User,
    given: Given<'_>,
    now: OffsetDateTime,
) -> Result<Result<Code>> {
    let checked = check(app, db, pool, user, given, now).await?;
    if checked.is_ok() {
        use_up(app, db, pool, user, given.purpose).await?;
    }
    Ok(checked)
}

/// Uses up a code that was checked in an earlier transaction, if it is still the user's.
pub async fn redeem_checked(
    app: &App,
    db: &mut Connection,
    pool: &Pool,
    user: &User,
    (purpose, checked): (Purpose, &Code),
    now: OffsetDateTime,
) -> Result<Code> {
    let found = store::codes::find(db, &pool.id, user.sub, purpose.text()).await?;
    let still = found.filter(|code| equal(&code.hash, &checked.hash) && code.expires_at > now).ok_or_else(expired)?;
    use_up(app, db, pool, user, purpose).await?;
    Ok(still)
}

/// Uses up a code, and notes that it was used.
pub async fn use_up(app: &App, db: &mut Connection, pool: &Pool, user: &User, purpose: Purpose) -> Result<()> {
    store::codes::delete(db, &pool.id, user.sub, purpose.text()).await?;
    Counters::of(app, pool, &user.username, Some(user), purpose).was_used(db, pool).await
}

/// Returns the error for a code given for an unknown name, as [`redeem`] would.
pub async fn pretend_to_redeem(
    app: &App,
    pool: &Pool,
    username: &str,
    purpose: Purpose,
    by: Option<IpAddr>,
) -> Result<Error> {
    let now = app.clock.now();
    let counters = Counters::of(app, pool, username, None, purpose);
    let mut tx = app.db.begin().await?;
    store::users::lock(&mut tx, &pool.id, Uuid::nil()).await?;
    let refused = match by {
        Some(address) => counters.guess(&mut tx, pool, &guesser(app, pool, address), now).await?.err(),
        None => None,
    };
    let answer = match refused {
        Some(refused) => refusal(refused),
        None => {
            store::codes::find(&mut tx, &pool.id, Uuid::nil(), purpose.text()).await?;
            wrong(&mut tx, pool, &counters, purpose, now).await?
        }
    };
    tx.commit().await?;
    Ok(answer)
}

/// The error for a code whose address is no longer the user's.
pub fn void() -> Error {
    expired()
}

/// Withdraws the user's code of this purpose.
pub async fn withdraw(db: &mut Connection, pool: &Pool, sub: Uuid, purpose: Purpose) -> Result<()> {
    Ok(store::codes::delete(db, &pool.id, sub, purpose.text()).await?)
}

/// Counts a code sent in the middle of a sign-in, and fails if there are too many.
pub async fn count_sign_in(
    app: &App,
    db: &mut Connection,
    pool: &Pool,
    (username, user): (&str, Option<&User>),
    sent_as: SentAs,
    now: OffsetDateTime,
) -> Result<()> {
    // The code fits only the asker's session, so it is useless to the owner of the name. No single asker may use up all
    // codes.
    if let SentAs::FirstFactor { by: Some(address) } = sent_as {
        let name = password::attempts_name(app, pool, username, user);
        let asked = shared_counts::row(app, pool, "asked", SIGN_IN, &format!("{} {name}", guesser(app, pool, address)));
        let sent = store::codes::note_sent(db, &pool.id, &asked, (i32::MAX, None), true, now).await?;
        if sent > SIGN_IN_SENT_PER_HOUR_AND_ASKER {
            return Err(Error::limit_exceeded());
        }
    }
    let purpose = match sent_as {
        SentAs::FirstFactor { .. } => SIGN_IN,
        SentAs::SecondFactor => SECOND_FACTOR,
    };
    let counters = Counters::of_strangers(app, pool, username, user, purpose);
    if counters.send(db, pool, (true, SIGN_IN_SENT_PER_HOUR), now).await? {
        Ok(())
    } else {
        Err(Error::limit_exceeded())
    }
}

/// Counts a guess at a code that signs in, and fails if there are too many. `false`: the guess counts as wrong,
/// whatever it is.
pub async fn count_sign_in_guess(
    app: &App,
    pool: &Pool,
    username: &str,
    user: Option<&User>,
    by: IpAddr,
) -> Result<bool> {
    let counters = Counters::of_strangers(app, pool, username, user, SIGN_IN);
    let mut tx = app.db.begin().await?;
    let guess = counters.guess(&mut tx, pool, &guesser(app, pool, by), app.clock.now()).await?;
    tx.commit().await?;
    guess.map_err(|refused| match refused {
        Guess::Dead => expired(),
        Guess::Counted | Guess::TooMany => password::attempts_exceeded(),
    })
}

/// Notes that the right code signed in: it does not count as a guess, and earlier guesses at it are forgotten.
pub async fn signed_in(app: &App, db: &mut Connection, pool: &Pool, user: &User, by: IpAddr) -> Result<()> {
    let counters = Counters::of_strangers(app, pool, &user.username, Some(user), SIGN_IN);
    counters.take_back(db, pool, &guesser(app, pool, by)).await?;
    counters.was_used(db, pool).await
}

/// Counts a custom challenge, for which a function may send something, and fails if there are too many.
pub async fn count_custom(
    app: &App,
    db: &mut Connection,
    pool: &Pool,
    username: &str,
    user: Option<&User>,
    now: OffsetDateTime,
) -> Result<()> {
    let counters = Counters::of_strangers(app, pool, username, user, "custom_challenge");
    let sent = store::codes::note_sent(db, &pool.id, &counters.told, (GUESSES.per_code, None), true, now).await?;
    if sent > CUSTOM_PER_HOUR { Err(Error::limit_exceeded()) } else { Ok(()) }
}

fn hash(app: &App, pool: &Pool, sub: Uuid, purpose: Purpose, code: &str) -> [u8; 32] {
    app.sealing.derive("code", format!("{} {sub} {} {code}", pool.id, purpose.text()).as_bytes())
}

fn refusal(refused: Guess) -> Error {
    match refused {
        Guess::Dead => expired(),
        Guess::Counted | Guess::TooMany => Error::limit_exceeded(),
    }
}

fn mismatch() -> Error {
    Error::CodeMismatch("Invalid verification code provided, please try again.".into())
}

fn expired() -> Error {
    Error::ExpiredCode("Invalid code provided, please request a code again.".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::sign_in::one_time_code;

    /// How likely it is that one of this many guesses a day is right within a year.
    ///
    /// The guesses are at codes that replace a password, and as many again at codes that sign in. Each is taken to be
    /// at a new code; different guesses at the same code are slightly likelier to succeed.
    fn within_a_year(a_day: i32) -> f64 {
        let misses = |digits: usize| (1.0 - 0.1_f64.powi(i32::try_from(digits).unwrap())).powi(a_day * 365);
        1.0 - misses(DIGITS) * misses(one_time_code::DIGITS)
    }

    #[test]
    fn who_guesses_for_a_year_does_not_come_in() {
        let everybody = within_a_year(GUESSES.per_day);
        assert!(everybody < 0.037, "with as many addresses as they like: {everybody}");
        let one = within_a_year(GUESSES.per_day_and_guesser);
        assert!(one < 0.01, "from one address: {one}");
        // For a single code, everybody together has a chance of one in fifty thousand.
        assert!(f64::from(GUESSES.per_code) / 10_f64.powi(i32::try_from(DIGITS).unwrap()) <= 0.000_02);
        // No single guesser can use up what everybody shares.
        const { assert!(GUESSES.per_code_and_guesser * 4 <= GUESSES.per_code) };
        const { assert!(GUESSES.per_day_and_guesser * 4 <= GUESSES.per_day) };
    }
}
