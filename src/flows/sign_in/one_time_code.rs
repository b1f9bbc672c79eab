//! Signing in with a code that was just sent: EMAIL_OTP and SMS_OTP (docs/cognito.md 4.1, 4.2).

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};

use crate::{
    app::App,
    error::{Error, Result},
    factor::{AddressAttribute, Factor},
    flows::{
        accounts::{attributes::is_phone, factors, password},
        messages::{
            self,
            addresses::{self, Address},
            codes::{self, SentAs},
            purpose::Purpose,
            templates::{MessageContent, Occasion},
        },
        sign_in::{
            decoys,
            proof::Proof,
            step::{Available, Outcome, Person, SignIn},
        },
    },
    pending::{Challenge, EmailOtp, Pending, SentCode},
    random,
    sealing::equal,
    session_text,
    store::{self, sessions::OpenedWith},
};

/// The number of digits of a code.
pub const DIGITS: usize = 8;

/// Whether a name that no user has appears to have a factor.
///
/// Some of these names appear to have the factor and others do not, as with real users. This also applies to names that
/// are addresses, because a real user's address may not be verified yet.
pub fn decoy_has(sign_in: &SignIn<'_>, username: &str, factor: Factor) -> bool {
    let id = decoys::id(sign_in.app, sign_in.pool, username);
    let seed = decoys::seed(sign_in.app, sign_in.pool, factor.into(), &id)[0];
    if factor == Factor::SmsOtp && !is_phone(username) { seed < 128 } else { seed < 224 }
}

/// Sends a code and returns the challenge. Nothing is sent to an unknown person.
pub async fn start(sign_in: &SignIn<'_>, person: &Person, factor: Factor, available: Available) -> Result<Outcome> {
    let attribute = factor.attribute().ok_or_else(|| unavailable(factor))?;
    let to = match &person.user {
        Some(user) => factors::address(user, factor).ok_or_else(|| unavailable(factor))?,
        // An unknown person appears confirmed, so the address is the same as for a forgotten password.
        None => addresses::decoy_of(sign_in.app, sign_in.pool, &person.username, Purpose::ForgotPassword, attribute),
    };
    let (sent, parameters) = send(sign_in, person, &to, SentAs::FirstFactor { by: sign_in.asker() }).await?;
    let state = match attribute {
        AddressAttribute::Email => Pending::EmailOtp(EmailOtp::First(sent)),
        AddressAttribute::PhoneNumber => Pending::SmsOtp(sent),
    };
    sign_in.challenge(person, state, parameters, available.factors).await
}

/// Sends a code to an address. Returns the code in the form that the challenge stores, and the challenge's parameters.
///
/// Nothing is sent to an unknown person's address.
pub async fn send(
    sign_in: &SignIn<'_>,
    person: &Person,
    to: &Address,
    sent_as: SentAs,
) -> Result<(SentCode, Map<String, Value>)> {
    let (app, pool) = (sign_in.app, sign_in.pool);
    messages::check(app, pool, to.medium())?;
    let now = app.clock.now();
    let code = random::code(DIGITS);
    let mut tx = app.db.begin().await?;
    codes::count_sign_in(app, &mut tx, pool, (&person.username, person.user.as_ref()), sent_as, now).await?;
    let username = person.user.as_ref().map_or(person.username.as_str(), |user| &user.username);
    let told =
        MessageContent { occasion: Occasion::SignIn, source: "Authentication", username, secret: &code, stored: None };
    match &person.user {
        Some(user) => messages::send(&sign_in.context, &mut tx, user, to, told, now).await?,
        None => messages::pretend_to_send(&sign_in.context, &mut tx, to, told, now).await?,
    }
    // The code may arrive before the challenge is stored. But it can only be used with the session in the response.
    tx.commit().await?;
    messages::sent(app);
    let details = to.details();
    let mut parameters = Map::new();
    parameters.insert("CODE_DELIVERY_DELIVERY_MEDIUM".into(), json!(details.delivery_medium));
    parameters.insert("CODE_DELIVERY_DESTINATION".into(), Value::String(details.destination));
    let salt: [u8; 16] = random::bytes();
    let salt = BASE64_STANDARD.encode(salt);
    Ok((SentCode { code: hash(app, &salt, &code), salt, to: to.value.clone() }, parameters))
}

/// Whether a code is the one that was sent.
pub fn fits(app: &App, sent: &SentCode, code: &str) -> bool {
    equal(sent.code.as_bytes(), hash(app, &sent.salt, code).as_bytes())
}

/// Checks a code. A wrong one does not use up the challenge.
///
/// Guesses are counted as for other codes, and separately from wrong passwords. So a stranger's wrong codes do not keep
/// a user with the right password out, and wrong passwords do not keep a user with the right code out.
pub async fn finish(sign_in: &SignIn<'_>, person: Person, pending: Challenge, code: &str) -> Result<Proof> {
    let (app, pool) = (sign_in.app, sign_in.pool);
    let (factor, sent) = match &pending.state {
        Pending::EmailOtp(EmailOtp::First(sent)) => (Factor::EmailOtp, sent),
        Pending::SmsOtp(sent) => (Factor::SmsOtp, sent),
        _ => return Err(session_text::unfit()),
    };
    let (name, by) = (person.username.as_str(), sign_in.context.address);
    let allowed = codes::count_sign_in_guess(app, pool, name, person.user.as_ref(), by).await?;
    let right = fits(app, sent, code) && allowed;
    let user = person.user.as_ref().filter(|_| right).ok_or_else(mismatch)?;
    let mut tx = app.db.begin().await?;
    // The lock keeps the checks below true until the session is stored.
    let user = store::users::lock_shared(&mut tx, &pool.id, user.sub).await?.ok_or_else(mismatch)?;
    sign_in.use_up(&mut tx, &pending).await?;
    sign_in.may_sign_in(&user)?;
    // Since the challenge, the factor may have become unavailable, and the address may have changed.
    let still = factors::address(&user, factor).is_some_and(|address| sent.to == address.value);
    if !still || !pool.allows_factor(factor) || factors::is_needed(pool, &user) {
        return Err(session_text::unfit());
    }
    // Wrong passwords are forgotten, because a person who reads the messages to the address has proved more than a
    // password would.
    store::login_attempts::forget(&mut tx, &pool.id, &password::attempts_name(app, pool, name, Some(&user))).await?;
    codes::signed_in(app, &mut tx, pool, &user, by).await?;
    let methods = vec![if factor == Factor::SmsOtp { "sms" } else { "email_otp" }];
    Ok(Proof::Enough { tx, user, with: OpenedWith::Otp, methods })
}

fn hash(app: &App, salt: &str, code: &str) -> String {
    BASE64_STANDARD.encode(app.sealing.derive("one-time password", format!("{salt} {code}").as_bytes()))
}

fn mismatch() -> Error {
    Error::CodeMismatch("Invalid code or auth state for the user.".into())
}

fn unavailable(factor: Factor) -> Error {
    Error::InvalidParameter(format!("{factor} is not an available challenge.").into())
}
