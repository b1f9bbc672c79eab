//! Codes that prove an address: sent to it, typed in by its owner, used once.
//!
//! A code is random, stored as a hash under the sealing key, and limited in time and in attempts (docs/cognito.md 6). Attempts are
//! counted by name, whether or not a user has it, so that the limits tell nobody who has an account; see
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

/// Codes sent for a name within an hour.
const SENT_PER_HOUR: i32 = 5;
/// Codes that sign in sent for a name within an hour; and those that are a second factor.
const SIGN_IN_SENT_PER_HOUR: i32 = 20;
/// Codes that sign in sent for a name within an hour because of one asker.
const SIGN_IN_SENT_PER_HOUR_AND_ASKER: i32 = 5;
/// How long codes that sign in live at most, each beside those sent after it (`AuthSessionValidity`).
const SIGN_IN_LIFETIME: Duration = Duration::minutes(15);
/// Custom challenges made for a name within an hour.
const CUSTOM_PER_HOUR: i32 = 60;
/// Guesses at the codes of a name, of each purpose.
const GUESSES: Limits = Limits { per_code: 20, per_code_and_guesser: 5, per_day: 100, per_day_and_guesser: 25 };
/// Digits of a code.
const DIGITS: usize = 6;
/// The purpose of codes that sign in, as the counts have it.
const SIGN_IN: &str = "sign_in";
/// The purpose of codes that are a second factor.
const SECOND_FACTOR: &str = "second_factor";

/// What a code that is sent in the middle of a sign-in is.
#[derive(Clone, Copy, Debug)]
pub enum SentAs {
    /// It signs in, and whoever names somebody has it sent. `by`: who does, if it is known to be one person.
    FirstFactor { by: Option<IpAddr> },
    /// It is for whoever proved the first factor.
    SecondFactor,
}

/// A code to send.
#[derive(Clone, Copy)]
pub struct Sending {
    pub purpose: Purpose,
    /// As in [`MessageContent`].
    pub source: &'static str,
    /// Whether somebody, perhaps its owner, asked for it in a user's name: then it counts, and one too many is refused. What
    /// operators send, and what a sign-up itself sends, does not count.
    pub counted: bool,
}

/// A code that came back.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    pub purpose: Purpose,
    pub code: &'a str,
    /// Who gives it. `None`: it came by a link whose signature says that the code was not guessed.
    pub by: Option<IpAddr>,
}

fn occasion(purpose: Purpose) -> Occasion {
    if purpose == Purpose::ForgotPassword { Occasion::Reset } else { Occasion::Verification }
}

/// Where the codes of a name are counted.
struct Counters {
    /// What is told about the name. Names share such rows, whether or not somebody has them, and push each other out.
    told: Counter,
    /// What holds whatever becomes of that: the name's own row. (For a name that nobody has, another shared one, so that both
    /// take the same time.) `None`: `told` is the name's own, because nobody but its user gets this far.
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

    /// Counts a guess. The inner error is the refusal; `Ok(false)`: the guess is wrong, whatever it is.
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

    /// A code goes out, or seems to: `true` when there were not too many.
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

    /// What was counted as a guess was the right code.
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

/// What stands for who guesses, or asks: a keyed hash of the address, or of the network of an IPv6 customer.
fn guesser(app: &App, pool: &Pool, address: IpAddr) -> String {
    let address = budgets::customer(address);
    BASE64_STANDARD.encode(&app.sealing.derive("guesser", format!("{} {address}", pool.id).as_bytes())[..9])
}

/// Makes a code, replacing the one before, and sends it to an address, in a transaction that holds the user's row.
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
    // Another address than the user has: it becomes the user's when the code comes back.
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

/// What sending to an unknown name does and answers, statement by statement as [`send`] does it, for it is to take the same
/// time; `user`: who is not to be told from an unknown one.
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

/// Checks a code, in a transaction that holds the user's row. The inner error is the refusal of a code that is wrong, expired
/// or tried too often, after which the caller commits, so that the guess stays counted; a right code is no guess. A caller
/// who has something slow to do before the code is used rolls back.
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
        // Only who has the right code learns that it came too late: such codes are kept for a while.
        Some(_) => Err(expired()),
        None => Err(wrong(db, pool, &counters, purpose, now).await?),
    })
}

/// The refusal of a wrong code, from what is told about the name alone.
async fn wrong(
    db: &mut Connection,
    pool: &Pool,
    counters: &Counters,
    purpose: Purpose,
    now: OffsetDateTime,
) -> Result<Error> {
    let since = now - purpose.lifetime();
    let asked_for = store::codes::was_sent_since(db, &pool.id, &counters.told, since).await?;
    // That somebody waits for a sign-up's code is not to be told from that nobody does.
    Ok(if asked_for || purpose == Purpose::SignUp { mismatch() } else { expired() })
}

/// Checks a code and uses it up: see [`check`].
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

/// Uses up a code that was checked in a transaction before, if it is the user's still.
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

/// Uses a code up.
pub async fn use_up(app: &App, db: &mut Connection, pool: &Pool, user: &User, purpose: Purpose) -> Result<()> {
    store::codes::delete(db, &pool.id, user.sub, purpose.text()).await?;
    Counters::of(app, pool, &user.username, Some(user), purpose).was_used(db, pool).await
}

/// What redeeming answers for an unknown name.
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

/// The refusal of a code whose address is not the user's any more.
pub fn void() -> Error {
    expired()
}

/// Takes back what a code of this purpose would do.
pub async fn withdraw(db: &mut Connection, pool: &Pool, sub: Uuid, purpose: Purpose) -> Result<()> {
    Ok(store::codes::delete(db, &pool.id, sub, purpose.text()).await?)
}

/// Counts a code that signs in, and refuses one too many.
pub async fn count_sign_in(
    app: &App,
    db: &mut Connection,
    pool: &Pool,
    (username, user): (&str, Option<&User>),
    sent_as: SentAs,
    now: OffsetDateTime,
) -> Result<()> {
    // Whoever asks has the session that the code is for, so it is lost for the owner of the name: nobody may use up all.
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

/// Counts a guess at a code that signs in, and refuses one too many. `false`: it is wrong, whatever it is.
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

/// The right code signed in: it was no guess, and those at it are forgotten.
pub async fn signed_in(app: &App, db: &mut Connection, pool: &Pool, user: &User, by: IpAddr) -> Result<()> {
    let counters = Counters::of_strangers(app, pool, &user.username, Some(user), SIGN_IN);
    counters.take_back(db, pool, &guesser(app, pool, by)).await?;
    counters.was_used(db, pool).await
}

/// Counts a custom challenge, for which a function may send something, and refuses one too many.
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

    /// How likely one of so many guesses a day is right within a year: at codes in place of a password, and as many at codes
    /// that sign in. As if each were at a new code; other numbers at the same code are likelier by a hair.
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
        // A single code, by everybody: one in fifty thousand.
        assert!(f64::from(GUESSES.per_code) / 10_f64.powi(i32::try_from(DIGITS).unwrap()) <= 0.000_02);
        // Nobody alone uses up what everybody has.
        const { assert!(GUESSES.per_code_and_guesser * 4 <= GUESSES.per_code) };
        const { assert!(GUESSES.per_day_and_guesser * 4 <= GUESSES.per_day) };
    }
}
