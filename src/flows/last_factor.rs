//! The last way to sign in.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    flows::{mfa, otp_sign_in, passkey_sign_in::relying_party_of},
    store::{self, pools::Pool},
};

/// Refuses what would leave a user without a way to sign in who had one before, in a transaction that is then not committed.
pub async fn keep(db: &mut PgConnection, pool: &Pool, sub: Uuid, had: bool) -> Result<()> {
    if !had || can_sign_in(db, pool, sub, None).await? {
        return Ok(());
    }
    Err(Error::InvalidParameter(
        "Nothing would be left to sign in to this account with; add a passkey or set a password first.".into(),
    ))
}

/// Whether a user has a factor that the pool lets them sign in with, also `without` this passkey. The transaction has locked
/// the user's row, where something follows from it.
pub async fn can_sign_in(db: &mut PgConnection, pool: &Pool, sub: Uuid, without: Option<&[u8]>) -> Result<bool> {
    let Some(user) = store::users::find_by_sub(db, &pool.id, sub).await? else { return Ok(false) };
    if user.password_hash.is_some() && pool.allows_factor("PASSWORD") {
        return Ok(true);
    }
    let by_code = ["EMAIL_OTP", "SMS_OTP"];
    let codes_suffice = !mfa::is_needed(pool, &user);
    if by_code
        .into_iter()
        .any(|factor| codes_suffice && pool.allows_factor(factor) && otp_sign_in::address(&user, factor).is_some())
    {
        return Ok(true);
    }
    if !codes_suffice && !mfa::passkeys_suffice(pool, &user) {
        return Ok(false);
    }
    // One that was made for another RP ID signs nobody in (W§3.1).
    let rp_id = relying_party_of(pool, &[]).map(|rp| rp.id);
    let passkeys = store::passkeys::list(db, &pool.id, sub).await?;
    Ok(pool.allows_factor("WEB_AUTHN")
        && passkeys.into_iter().any(|one| Some(one.rp_id) == rp_id && Some(one.credential_id.as_slice()) != without))
}
