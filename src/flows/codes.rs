//! Codes that prove an address: sent to it, typed in by its owner, used once.
//!
//! A code is random, stored as a hash under the sealing key, and limited in time and in attempts (W§6.1). Attempts are
//! counted by name, whether or not a user has it, so that the limits tell nobody who has an account.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    app::App,
    error::{Error, Result},
    flows::{
        addresses::{self, Address, DeliveryDetails},
        messages, password,
        templates::{Occasion, Stored, Told},
        triggers::Cause,
    },
    random,
    sealing::equal,
    store::{self, Connection, codes::Code, pools::Pool, users::User},
};

/// Codes sent for a name within an hour.
const SENT_PER_HOUR: i32 = 5;
/// Codes that sign in sent for a name within an hour.
const SIGN_IN_SENT_PER_HOUR: i32 = 20;
/// Custom challenges made for a name within an hour.
const CUSTOM_PER_HOUR: i32 = 60;
/// Codes tried for a name within an hour.
const TRIED_PER_HOUR: i32 = 15;
/// How long the code of a sign-up may wait.
pub const SIGN_UP_LIFETIME: Duration = Duration::DAY;
/// Digits of a code.
const DIGITS: usize = 6;

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    SignUp,
    ForgotPassword,
    VerifyEmail,
    VerifyPhoneNumber,
}

impl Purpose {
    /// The purpose of proving an address of this attribute.
    pub fn verify(attribute: &str) -> Self {
        if attribute == "email" { Self::VerifyEmail } else { Self::VerifyPhoneNumber }
    }

    /// As the database has it.
    fn text(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::ForgotPassword => "forgot_password",
            Self::VerifyEmail => "verify_email",
            Self::VerifyPhoneNumber => "verify_phone_number",
        }
    }

    fn lifetime(self) -> Duration {
        match self {
            Self::ForgotPassword => Duration::HOUR,
            Self::SignUp | Self::VerifyEmail | Self::VerifyPhoneNumber => SIGN_UP_LIFETIME,
        }
    }

    fn occasion(self) -> Occasion {
        if self == Self::ForgotPassword { Occasion::Reset } else { Occasion::Verification }
    }
}

/// Makes a code, replacing the one before, and sends it to an address, in a transaction that holds the user's row. `source`: as
/// in [`Told`].
pub async fn send(
    cause: &Cause<'_>,
    db: &mut Connection,
    user: &User,
    purpose: Purpose,
    source: &'static str,
    address: &Address,
    now: OffsetDateTime,
) -> Result<DeliveryDetails> {
    let (app, pool) = (cause.app, cause.pool);
    // Another address than the user has: it becomes the user's when the code comes back.
    let pending = user.attributes.get(address.attribute).is_none_or(|own| *own != address.value);
    let code = random::code(DIGITS);
    let stored = Code {
        hash: hash(app, pool, user.sub, purpose, &code).to_vec(),
        attribute: address.attribute.into(),
        destination: address.value.clone(),
        pending,
        expires_at: now + purpose.lifetime(),
    };
    store::codes::put(db, &pool.id, user.sub, purpose.text(), &stored).await?;
    let stored = Some(Stored { sub: user.sub, purpose: purpose.text(), hash: &stored.hash });
    let told = Told { occasion: purpose.occasion(), source, username: &user.username, secret: &code, stored };
    messages::send(cause, db, user, address, told, now).await?;
    Ok(address.details())
}

/// Counts a code that somebody, perhaps its owner, asked for in a user's name, and refuses one too many. What operators
/// send does not count.
pub async fn count(
    app: &App,
    db: &mut Connection,
    pool: &Pool,
    user: &User,
    purpose: Purpose,
    now: OffsetDateTime,
) -> Result<()> {
    count_sent(db, pool, &password::attempts_name(app, pool, &user.username, Some(user)), purpose, now).await
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
    count_sent(&mut tx, pool, &password::attempts_name(app, pool, username, user), purpose, now).await?;
    let code = random::code(DIGITS);
    let hash = hash(app, pool, Uuid::nil(), purpose, &code);
    store::codes::delete(&mut tx, &pool.id, Uuid::nil(), purpose.text()).await?;
    let stored = Some(Stored { sub: Uuid::nil(), purpose: purpose.text(), hash: &hash });
    let told = Told { occasion: purpose.occasion(), source, username, secret: &code, stored };
    messages::pretend_to_send(cause, &mut tx, &address, told, now).await?;
    tx.commit().await?;
    messages::sent(app);
    Ok(address.details())
}

/// Uses a code up: the inner error is the refusal of a code that is wrong, expired or tried too often, after which the
/// caller commits, so that the attempt stays counted. The transaction holds the user's row.
pub async fn redeem(
    app: &App,
    db: &mut Connection,
    pool: &Pool,
    user: &User,
    purpose: Purpose,
    given: &str,
    now: OffsetDateTime,
) -> Result<Result<Code>> {
    let name = password::attempts_name(app, pool, &user.username, Some(user));
    if store::codes::count_tried(db, &pool.id, &name, purpose.text(), now).await? > TRIED_PER_HOUR {
        return Ok(Err(limit_exceeded()));
    }
    let hash = hash(app, pool, user.sub, purpose, given);
    match store::codes::find(db, &pool.id, user.sub, purpose.text()).await? {
        // Of a sign-up's, which are kept for a while, only the right one has expired: see below.
        Some(code) if purpose == Purpose::SignUp && !equal(&code.hash, &hash) => Ok(Err(mismatch())),
        Some(code) if code.expires_at <= now => Ok(Err(expired())),
        Some(code) if equal(&code.hash, &hash) => {
            store::codes::delete(db, &pool.id, user.sub, purpose.text()).await?;
            store::codes::was_used(db, &pool.id, &name, purpose.text()).await?;
            Ok(Ok(code))
        }
        Some(_) => Ok(Err(mismatch())),
        // That somebody waits for a sign-up's code is not to be told from that nobody does.
        None if purpose == Purpose::SignUp => Ok(Err(mismatch())),
        // Asked for and not sent, or void: as for an unknown name.
        None if store::codes::was_sent_since(db, &pool.id, &name, purpose.text(), now - purpose.lifetime()).await? => {
            Ok(Err(mismatch()))
        }
        None => Ok(Err(expired())),
    }
}

/// What redeeming answers for an unknown name.
pub async fn pretend_to_redeem(app: &App, pool: &Pool, username: &str, purpose: Purpose) -> Result<Error> {
    let now = app.clock.now();
    let name = password::attempts_name(app, pool, username, None);
    let mut tx = app.db.begin().await?;
    let tried = store::codes::count_tried(&mut tx, &pool.id, &name, purpose.text(), now).await?;
    let sent = store::codes::was_sent_since(&mut tx, &pool.id, &name, purpose.text(), now - purpose.lifetime()).await?;
    tx.commit().await?;
    Ok(match sent {
        _ if tried > TRIED_PER_HOUR => limit_exceeded(),
        true => mismatch(),
        false if purpose == Purpose::SignUp => mismatch(),
        false => expired(),
    })
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
pub async fn count_sign_in(db: &mut Connection, pool: &Pool, name: &str, now: OffsetDateTime) -> Result<()> {
    if store::codes::count_sent(db, &pool.id, name, "sign_in", now).await? > SIGN_IN_SENT_PER_HOUR {
        return Err(limit_exceeded());
    }
    Ok(())
}

/// Counts a custom challenge, for which a function may send something, and refuses one too many.
pub async fn count_custom(db: &mut Connection, pool: &Pool, name: &str, now: OffsetDateTime) -> Result<()> {
    if store::codes::count_sent(db, &pool.id, name, "custom_challenge", now).await? > CUSTOM_PER_HOUR {
        return Err(limit_exceeded());
    }
    Ok(())
}

async fn count_sent(db: &mut Connection, pool: &Pool, name: &str, purpose: Purpose, now: OffsetDateTime) -> Result<()> {
    if store::codes::count_sent(db, &pool.id, name, purpose.text(), now).await? > SENT_PER_HOUR {
        return Err(limit_exceeded());
    }
    Ok(())
}

fn hash(app: &App, pool: &Pool, sub: Uuid, purpose: Purpose, code: &str) -> [u8; 32] {
    app.sealing.derive("code", format!("{} {sub} {} {code}", pool.id, purpose.text()).as_bytes())
}

fn mismatch() -> Error {
    Error::CodeMismatch("Invalid verification code provided, please try again.".into())
}

fn expired() -> Error {
    Error::ExpiredCode("Invalid code provided, please request a code again.".into())
}

fn limit_exceeded() -> Error {
    Error::LimitExceeded("Attempt limit exceeded, please try after some time.".into())
}
