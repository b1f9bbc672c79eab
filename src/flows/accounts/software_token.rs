//! Authenticator apps: their secrets, and the codes that they show (RFC 6238).

use time::OffsetDateTime;
use totp_rs::{Builder, Totp};
use uuid::Uuid;

use crate::{
    app::App,
    error::{Error, Result},
    factor::SecondFactor,
    random,
    store::{self, Connection, pools::Pool},
};

/// The length of a secret, in bytes.
const SECRET: usize = 32;
/// How many steps (of 30 seconds) the app's clock may be off.
const SKEW: u16 = 1;

/// Stores a new secret for a user's authenticator app and returns it in base32. The secret is pending until its first
/// code is verified.
pub async fn associate(app: &App, db: &mut Connection, pool: &Pool, sub: Uuid) -> Result<String> {
    check_enabled(pool)?;
    let secret: [u8; SECRET] = random::bytes();
    let sealed = app.sealing.seal(&context(pool, sub), &secret);
    store::software_tokens::offer(db, &pool.id, sub, &sealed).await?;
    Ok(totp(secret.to_vec()).secret().to_base32())
}

/// Checks the first code for the pending secret. If the code is right, the secret replaces any earlier secret of the
/// user, and `friendly_name` becomes the app's name.
///
/// The transaction must have locked the user's row.
pub async fn verify(
    app: &App,
    db: &mut Connection,
    pool: &Pool,
    sub: Uuid,
    (code, friendly_name): (&str, Option<&str>),
    now: OffsetDateTime,
) -> Result<()> {
    check_enabled(pool)?;
    let offered = store::software_tokens::find(db, &pool.id, sub).await?.and_then(|token| token.pending);
    let sealed = offered.ok_or_else(|| {
        Error::SoftwareTokenMfaNotFound("Software token MFA has not been set up: call AssociateSoftwareToken.".into())
    })?;
    let step = check(app, pool, sub, &sealed, code, now)?;
    let step =
        step.ok_or_else(|| Error::EnableSoftwareTokenMfa("Code mismatch and fail enable Software Token MFA".into()))?;
    Ok(store::software_tokens::accept(db, &pool.id, sub, step, friendly_name).await?)
}

/// Fails if the pool has no authenticator apps.
fn check_enabled(pool: &Pool) -> Result<()> {
    if pool.has_mfa(SecondFactor::SoftwareTokenMfa) {
        return Ok(());
    }
    Err(Error::SoftwareTokenMfaNotFound("Software Token MFA has not been enabled by the userPool".into()))
}

/// The time step that a code belongs to, if the code is valid for this secret now.
pub fn check(app: &App, pool: &Pool, sub: Uuid, sealed: &[u8], code: &str, now: OffsetDateTime) -> Result<Option<i64>> {
    let secret = app.sealing.open(&context(pool, sub), sealed).map_err(Error::internal)?;
    let time = u64::try_from(now.unix_timestamp()).map_err(Error::internal)?;
    totp(secret).check(code, time).map(|step| i64::try_from(step).map_err(Error::internal)).transpose()
}

/// RFC 6238 with the parameters that authenticator apps commonly support: SHA-1, six digits, 30 seconds.
fn totp(secret: Vec<u8>) -> Totp {
    Builder::new().with_skew(SKEW).with_secret(secret).build_noncompliant()
}

fn context(pool: &Pool, sub: Uuid) -> String {
    format!("software_tokens {} {sub}", pool.id)
}
