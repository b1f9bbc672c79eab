//! The last way to sign in, which some changes must not remove.

use uuid::Uuid;

use crate::{
    error::{Error, Result, Text},
    factor::Factor,
    flows::accounts::factors::{self, relying_party_of},
    store::{self, Connection, pools::Pool, users::User},
};

/// Fails with the error text `why` if a change has removed the user's last way to sign in; the caller must then roll
/// back. `had` says whether the user had a way to sign in before the change.
pub async fn keep(db: &mut Connection, pool: &Pool, sub: Uuid, had: bool, why: Text) -> Result<()> {
    if !had || can_sign_in(db, pool, sub, None).await? {
        return Ok(());
    }
    Err(Error::InvalidParameter(why))
}

/// Whether a user has a factor that the pool accepts for signing in, not counting the passkey `without`.
///
/// If a change depends on the result, the transaction must have locked the user's row.
pub async fn can_sign_in(db: &mut Connection, pool: &Pool, sub: Uuid, without: Option<&[u8]>) -> Result<bool> {
    match store::users::find_by_sub(&mut *db, &pool.id, sub).await? {
        Some(user) => can_sign_in_as(db, pool, &user, without).await,
        None => Ok(false),
    }
}

/// Like [`can_sign_in`], but takes the user as given, so that the caller can try out a change before storing it.
pub async fn can_sign_in_as(db: &mut Connection, pool: &Pool, user: &User, without: Option<&[u8]>) -> Result<bool> {
    if user.password_hash.is_some() && pool.allows_factor(Factor::Password) {
        return Ok(true);
    }
    let by_code = Factor::SENT;
    let codes_suffice = !factors::is_needed(pool, user);
    if by_code
        .into_iter()
        .any(|factor| codes_suffice && pool.allows_factor(factor) && factors::address(user, factor).is_some())
    {
        return Ok(true);
    }
    if !codes_suffice && !factors::passkeys_suffice(pool, user) {
        return Ok(false);
    }
    // A passkey that was created for another RP ID cannot be used to sign in (docs/cognito.md 3.1).
    let rp_id = relying_party_of(pool, &[]).map(|rp| rp.id);
    let passkeys = store::passkeys::list(db, &pool.id, user.sub).await?;
    Ok(pool.allows_factor(Factor::WebAuthn)
        && passkeys.into_iter().any(|one| Some(one.rp_id) == rp_id && Some(one.credential_id.as_slice()) != without))
}
