//! Codes that prove an address: a code is sent to the address, entered by the address's owner, and used once.
//!
//! A code is random, stored as a hash that is keyed with the sealing key, and limited in time and in attempts
//! (docs/cognito.md 6).
//! Attempts are counted by name, whether or not a user has the name, so that the limits do not reveal which accounts
//! exist; see `docs/decisions/0029-guesses-at-codes.md`.

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
        pool_context::PoolContext,
    },
    random,
    store::{
        self, Connection,
        codes::{Code, Counter, Guess, Limits},
        pools::Pool,
        users::User,
    },
};

/// The maximum number of codes of one purpose that are sent for a name within an hour.
const SENT_PER_HOUR: i32 = 5;
/// The maximum number of sign-in codes that are sent for a name within an hour. Second-factor codes have the same
/// limit, but are counted separately.
const SIGN_IN_SENT_PER_HOUR: i32 = 20;
/// The maximum number of sign-in codes that are sent for a name within an hour at the request of one IP address.
const SIGN_IN_SENT_PER_HOUR_AND_ASKER: i32 = 5;
/// The maximum lifetime of a sign-in code (the maximum of `AuthSessionValidity`). A later sign-in code does not replace
/// an earlier one, so recent guesses at the earlier one stay counted.
const SIGN_IN_LIFETIME: Duration = Duration::minutes(15);
/// The maximum number of custom challenges that are made for a name within an hour.
const CUSTOM_PER_HOUR: i32 = 60;
/// The limits on guesses at the codes of a name, for each purpose.
const GUESSES: Limits = Limits { per_code: 20, per_code_and_guesser: 5, per_day: 100, per_day_and_guesser: 25 };
/// The number of digits of a code.
const DIGITS: usize = 6;
/// The purpose under which sign-in codes are counted.
const SIGN_IN: &str = "sign_in";
/// The purpose under which second-factor codes are counted.
const SECOND_FACTOR: &str = "second_factor";

/// The role of a code that is sent during a sign-in.
#[derive(Clone, Copy, Debug)]
pub enum SentAs {
    /// The code is the first factor. Anybody who enters the user's name can have it sent. `by` is the requester's IP
    /// address, if that address is known to belong to one person.
    FirstFactor { by: Option<IpAddr> },
    /// The code is the second factor of a user who has proved the first.
    SecondFactor,
}

/// A code to send.
#[derive(Clone, Copy)]
pub struct Sending {
    pub purpose: Purpose,
    /// The trigger source, as in [`MessageContent`].
    pub source: &'static str,
    /// Whether the code counts toward the limit on codes sent for the name, and is refused above that limit.
    ///
    /// A code counts if it is requested in the user's name, whether or not the requester is the user. Codes that
    /// operators send, or that a sign-up itself sends, do not count.
    pub counted: bool,
}

/// A code that a caller has entered.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    pub purpose: Purpose,
    pub code: &'a str,
    /// The IP address that the code was entered from, or `None` if the code came in a link whose signature shows that
    /// the code was not guessed.
    pub by: Option<IpAddr>,
}

fn occasion(purpose: Purpose) -> Occasion {
    if purpose == Purpose::ForgotPassword { Occasion::Reset } else { Occasion::Verification }
}

/// The database rows in which a name's codes and the guesses at them are counted.
struct Counters {
    /// The row that decides what callers are told about the name. Several names share such a row, whether or not they
    /// belong to users. The row holds the counts of one name at a time: counting for another name overwrites the
    /// counts.
    told: Counter,
    /// The user's own row, whose limits hold even if another name has overwritten the counts in `told`.
    ///
    /// For a name that no user has, this is a second shared row, so that known and unknown names take the same time.
    /// `None` means that `told` is the user's own row. This is so for codes that verify an address, because only a
    /// signed-in user can enter them.
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

    /// Counts a guess. The inner error is the refusal. The inner `false` means that the guess must be treated as wrong,
    /// even if it is right.
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

    /// Notes that a code is sent, or appears to be sent. The code before it may stay good for the time `beside`. Returns
    /// whether it does; `None` if this is a `counted` code above the limit `most`.
    ///
    /// Guesses at both codes are counted together. Once somebody has no guess left, the new code replaces the one
    /// before, and the guesses are forgotten.
    async fn send(
        &self,
        db: &mut Connection,
        pool: &Pool,
        beside: Option<Duration>,
        (counted, most): (bool, i32),
        now: OffsetDateTime,
    ) -> Result<Option<bool>> {
        let is_there = match beside {
            Some(lives) if self.told.purpose != SIGN_IN => {
                store::codes::was_sent_since(db, &pool.id, &self.told, now - lives).await?
            }
            beside => beside.is_some(),
        };
        // Each row decides by itself whether its guesses are forgotten. Otherwise, what is told would depend on the
        // user's own row, which names that nobody has lack.
        let told = self.kept(db, pool, &self.told, beside.filter(|_| is_there)).await?;
        let mut stays = told.is_some();
        let sent = store::codes::note_sent(db, &pool.id, &self.told, (GUESSES.per_code, told), counted, now).await?;
        if let Some(own) = &self.own {
            let kept = self.kept(db, pool, own, beside.filter(|_| is_there)).await?;
            stays &= kept.is_some();
            store::codes::forget_tries(db, &pool.id, own, (GUESSES.per_code, kept), now).await?;
        }
        Ok((!counted || sent <= most).then_some(stays))
    }

    /// Returns for how long the guesses in this row stay counted beside a new code: `beside`, unless somebody has none
    /// left.
    async fn kept(
        &self,
        db: &mut Connection,
        pool: &Pool,
        counter: &Counter,
        beside: Option<Duration>,
    ) -> Result<Option<Duration>> {
        if beside.is_none() || self.told.purpose == SIGN_IN {
            return Ok(beside);
        }
        let exhausted = store::codes::is_exhausted(db, &pool.id, counter, GUESSES).await?;
        Ok(beside.filter(|_| !exhausted))
    }

    /// Subtracts a guess from the counts, because it was the right code.
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

/// Identifies the person who guesses or requests a code, by a keyed hash of the IPv4 address or the IPv6 customer's
/// network.
fn guesser(app: &App, pool: &Pool, address: IpAddr) -> String {
    let address = budgets::customer(address);
    BASE64_STANDARD.encode(&app.sealing.derive("guesser", format!("{} {address}", pool.id).as_bytes())[..9])
}

/// Makes a code, which may be good beside the one before ([`Purpose::beside`]), and sends it to an address. The transaction must have locked the
/// user's row.
pub async fn send(
    context: &PoolContext<'_>,
    db: &mut Connection,
    user: &User,
    sending: Sending,
    address: &Address,
    now: OffsetDateTime,
) -> Result<DeliveryDetails> {
    let (app, pool, purpose) = (context.app, context.pool, sending.purpose);
    let counters = Counters::of(app, pool, &user.username, Some(user), purpose);
    let sent = counters.send(db, pool, purpose.beside(), (sending.counted, SENT_PER_HOUR), now).await?;
    let beside = sent.ok_or_else(Error::limit_exceeded)?;
    // If the user does not have this address yet, the address becomes the user's when the code is entered.
    let pending = user.attributes.get(address.attribute.name()).is_none_or(|own| *own != address.value);
    let code = random::code(DIGITS);
    let stored = Code {
        hash: hash(app, pool, user.sub, purpose, &code).to_vec(),
        attribute: address.attribute.to_string(),
        destination: address.value.clone(),
        pending,
        expires_at: now + purpose.lifetime(),
        previous_hash: None,
        previous_expires_at: None,
    };
    store::codes::put(db, &pool.id, user.sub, purpose.text(), &stored, beside).await?;
    let stored = Some(Stored { sub: user.sub, purpose: purpose.text(), hash: &stored.hash });
    let source = sending.source;
    let told = MessageContent { occasion: occasion(purpose), source, username: &user.username, secret: &code, stored };
    messages::send(context, db, user, address, told, now).await?;
    Ok(address.details())
}

/// Pretends to send a code to an unknown name.
///
/// It runs the same statements as [`send`] and returns the same kind of result, so that callers cannot tell the two
/// apart. `user` is `Some` for a user who must look like an unknown person.
pub async fn pretend_to_send(
    context: &PoolContext<'_>,
    username: &str,
    user: Option<&User>,
    purpose: Purpose,
    source: &'static str,
) -> Result<DeliveryDetails> {
    let (app, pool, now) = (context.app, context.pool, context.app.clock.now());
    let address = addresses::decoy(app, pool, username, purpose);
    messages::check(app, pool, address.medium())?;
    let mut tx = app.db.begin().await?;
    store::users::lock(&mut tx, &pool.id, user.map_or_else(Uuid::nil, |user| user.sub)).await?;
    let counters = Counters::of(app, pool, username, user, purpose);
    let sent = counters.send(&mut tx, pool, purpose.beside(), (true, SENT_PER_HOUR), now).await?;
    sent.ok_or_else(Error::limit_exceeded)?;
    let code = random::code(DIGITS);
    let hash = hash(app, pool, Uuid::nil(), purpose, &code);
    store::codes::delete(&mut tx, &pool.id, Uuid::nil(), purpose.text()).await?;
    let stored = Some(Stored { sub: Uuid::nil(), purpose: purpose.text(), hash: &hash });
    let told = MessageContent { occasion: occasion(purpose), source, username, secret: &code, stored };
    messages::pretend_to_send(context, &mut tx, &address, told, now).await?;
    tx.commit().await?;
    messages::sent(app);
    Ok(address.details())
}

/// Checks a code, in a transaction that has locked the user's row.
///
/// The inner error is the refusal of a code that is wrong, expired or tried too often. The caller then commits, so that
/// the guess stays counted. A valid code does not count as a guess. If the caller has slow work to do before it uses a
/// valid code up, it rolls back, which releases the row, and later calls [`redeem_checked`].
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
    let found = found.filter(|_| allowed).and_then(|code| Some((code.expiry(&hash, now)?, code)));
    Ok(match found {
        Some((expires_at, code)) if expires_at > now => {
            if let Some(by) = &by {
                counters.take_back(db, pool, by).await?;
            }
            Ok(Code { hash: hash.to_vec(), expires_at, ..code })
        }
        // The code is right but came too late. Expired sign-up codes are kept for a while, so that the caller learns
        // this.
        Some(_) => Err(expired()),
        None => Err(wrong(db, pool, &counters, purpose, now).await?),
    })
}

/// The error for a wrong code. It depends only on the purpose and on `counters.told`, so that it does not reveal
/// whether a user has the name.
async fn wrong(
    db: &mut Connection,
    pool: &Pool,
    counters: &Counters,
    purpose: Purpose,
    now: OffsetDateTime,
) -> Result<Error> {
    let since = now - purpose.lifetime();
    let asked_for = store::codes::was_sent_since(db, &pool.id, &counters.told, since).await?;
    // For a sign-up, the error must not reveal whether a code was sent.
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

/// Uses up a code that was checked in an earlier transaction, if it is still valid.
pub async fn redeem_checked(
    app: &App,
    db: &mut Connection,
    pool: &Pool,
    user: &User,
    (purpose, checked): (Purpose, &Code),
    now: OffsetDateTime,
) -> Result<Code> {
    let found = store::codes::find(db, &pool.id, user.sub, purpose.text()).await?;
    let still = found.filter(|code| code.expiry(&checked.hash, now).is_some_and(|expires_at| expires_at > now));
    let still = still.ok_or_else(expired)?;
    use_up(app, db, pool, user, purpose).await?;
    Ok(still)
}

/// Uses up a code, and notes that it was used.
pub async fn use_up(app: &App, db: &mut Connection, pool: &Pool, user: &User, purpose: Purpose) -> Result<()> {
    store::codes::delete(db, &pool.id, user.sub, purpose.text()).await?;
    Counters::of(app, pool, &user.username, Some(user), purpose).was_used(db, pool).await
}

/// Returns the error for a code that was entered for an unknown name, as [`redeem`] would for a known name.
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

/// The error for a code that is void because of a change since it was sent, for example a change of the user's address.
pub fn void() -> Error {
    expired()
}

/// Withdraws the user's code of this purpose.
pub async fn withdraw(db: &mut Connection, pool: &Pool, sub: Uuid, purpose: Purpose) -> Result<()> {
    Ok(store::codes::delete(db, &pool.id, sub, purpose.text()).await?)
}

/// Counts a code that is sent during a sign-in, and fails if there are too many.
pub async fn count_sign_in(
    app: &App,
    db: &mut Connection,
    pool: &Pool,
    (username, user): (&str, Option<&User>),
    sent_as: SentAs,
    now: OffsetDateTime,
) -> Result<()> {
    // The code can only be used in the requester's session. If a stranger requests it, it is useless to the owner of
    // the name, so no single requester may use up the limit of the name.
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
    // A later sign-in code does not replace an earlier one.
    let beside = (purpose == SIGN_IN).then_some(SIGN_IN_LIFETIME);
    let sent = counters.send(db, pool, beside, (true, SIGN_IN_SENT_PER_HOUR), now).await?;
    sent.map(|_| ()).ok_or_else(Error::limit_exceeded)
}

/// Counts a guess at a sign-in code, and fails if there are too many. Returns `false` if the guess must be treated as
/// wrong, even if it is right.
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

/// Notes that a user signed in with the right code. That code does not count as a guess, and earlier guesses at it are
/// forgotten.
pub async fn signed_in(app: &App, db: &mut Connection, pool: &Pool, user: &User, by: IpAddr) -> Result<()> {
    let counters = Counters::of_strangers(app, pool, &user.username, Some(user), SIGN_IN);
    counters.take_back(db, pool, &guesser(app, pool, by)).await?;
    counters.was_used(db, pool).await
}

/// Counts a custom challenge, for which the pool's trigger may send a message, and fails if there are too many.
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

    /// The probability that at least one guess is right within a year, with `a_day` guesses per day at codes that reset
    /// a password and as many at sign-in codes.
    ///
    /// Each guess is assumed to be at a new code; different guesses at the same code are slightly likelier to succeed.
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
        // All guessers together have a chance of one in fifty thousand to guess a single code.
        assert!(f64::from(GUESSES.per_code) / 10_f64.powi(i32::try_from(DIGITS).unwrap()) <= 0.000_02);
        // No single guesser can use up the limits that all guessers share.
        const { assert!(GUESSES.per_code_and_guesser * 4 <= GUESSES.per_code) };
        const { assert!(GUESSES.per_day_and_guesser * 4 <= GUESSES.per_day) };
    }
}
