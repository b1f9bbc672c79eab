//! Forgotten passwords: which users may receive a code, and at which address.
//!
//! If exactly one kind of address is the pool's username attribute, the code goes to that address, verified or not,
//! even if another address is verified. So a person who signs up with somebody else's address, and confirms with their
//! own phone, receives no code that resets the account's password. There is one exception: an address that serves as a
//! second factor receives no code of this kind.

use crate::{
    error::{Error, Result},
    factor::AddressAttribute,
    flows::{
        accounts::{change_attributes, factors},
        messages::{
            addresses::{self, Address},
            codes,
        },
    },
    store::{
        self, Connection,
        audit::{Event, Trail},
        codes::Code,
        pools::Pool,
        users::{Mfa, Status, User},
    },
};

/// Returns the address that this user's code goes to, or the error that says why the user cannot receive one.
pub fn address(pool: &Pool, user: &User) -> Result<Address> {
    if !user.enabled {
        return Err(Error::disabled());
    }
    let nowhere = || {
        Error::InvalidParameter(
            "Cannot reset password for the user as there is no registered/verified email or phone_number".into(),
        )
    };
    match user.status {
        Status::Confirmed | Status::ResetRequired => {}
        Status::ForceChangePassword => {
            return Err(Error::NotAuthorized("User password cannot be reset in the current state.".into()));
        }
        Status::Unconfirmed => return Err(nowhere()),
    }
    // Where only operators can reset passwords, their reset goes to any verified address.
    let mechanisms = match mechanisms(pool) {
        only if only == [ADMIN_ONLY] => default_mechanisms(),
        listed => listed,
    };
    // An address that serves as a second factor cannot also receive this code. Otherwise, one mailbox would be enough
    // for both factors.
    if let Some(naming) = addresses::naming(pool) {
        let named = Address::of(user, naming).ok_or_else(nowhere)?;
        if !factors::uses(pool, user, naming) {
            return Ok(named);
        }
        Address::verified(user, naming).ok_or_else(nowhere)?;
    }
    let verified = |attribute| Address::verified(user, attribute).filter(|_| !factors::uses(pool, user, attribute));
    let verified = |mechanism: &String| match mechanism.as_str() {
        "verified_email" => verified(AddressAttribute::Email),
        "verified_phone_number" => verified(AddressAttribute::PhoneNumber),
        _ => None,
    };
    mechanisms.iter().find_map(verified).ok_or_else(nowhere)
}

/// Fails if only operators can reset passwords in this pool. The result does not depend on the user.
pub fn check_allowed(pool: &Pool) -> Result<()> {
    if mechanisms(pool) == [ADMIN_ONLY] {
        return Err(Error::NotAuthorized("Contact administrator to reset password.".into()));
    }
    Ok(())
}

/// Fails if a code went to an address that may not receive this user's codes any more.
pub fn check_still(pool: &Pool, user: &User, code: &Code) -> Result<()> {
    let first = address(pool, user)?;
    let attribute = code.attribute.parse().ok();
    // If the code must go to the address that serves as the username, only that address is accepted. Otherwise every
    // verified address is accepted, because the pool may have several recovery mechanisms.
    let usable = attribute.filter(|attribute| !factors::uses(pool, user, *attribute));
    let proved = usable.and_then(|attribute| Address::verified(user, attribute));
    let may = match addresses::naming(pool) {
        Some(naming) if first.attribute == naming => Some(first),
        _ => proved,
    };
    let still = may.is_some_and(|may| Some(may.attribute) == attribute && may.value == code.destination);
    if still { Ok(()) } else { Err(codes::void()) }
}

/// Hands the account over to the first person who proves that they receive messages at the address that serves as the
/// username.
///
/// This applies only if the code went to that address and the address was not verified before. The person who signed up
/// with the address may be somebody else, so every access that they may have set up is removed: this revokes sessions,
/// deletes pending challenges, codes, passkeys, second factors and devices, and marks every other address as
/// unverified. The caller has locked the user's row.
pub async fn claim(db: &mut Connection, pool: &Pool, user: User, code: &Code, trail: &Trail) -> Result<User> {
    let Some(naming) = addresses::naming(pool).filter(|naming| code.attribute == naming.name()) else {
        return Ok(user);
    };
    if Address::verified(&user, naming).is_some() {
        return Ok(user);
    }
    store::sessions::revoke_all(db, &pool.id, user.sub, None, trail.at).await?;
    store::challenges::delete_all(db, &pool.id, user.sub).await?;
    store::passkeys::delete_all(db, &pool.id, user.sub, trail).await?;
    store::codes::delete_all(db, &pool.id, user.sub).await?;
    let had_devices = store::devices::delete_all(db, &pool.id, user.sub).await?;
    let had_app = store::software_tokens::delete(db, &pool.id, user.sub).await?;
    let had_factors = had_app || user.mfa != Mfa::default();
    let user = User { mfa: Mfa::default(), ..user };
    if had_factors {
        store::users::update_mfa(db, &pool.id, user.sub, &user.mfa, trail.at).await?;
    }
    let mut attributes = user.attributes.clone();
    for kind in AddressAttribute::ALL.into_iter().filter(|kind| user.attributes.contains_key(kind.name())) {
        attributes.insert(kind.verified().into(), if kind == naming { "true".into() } else { "false".into() });
    }
    let events = [
        (Event::UserSignedOut, true),
        (Event::AddressVerified, true),
        (Event::MfaChanged, had_factors),
        (Event::DeviceForgotten, had_devices),
    ];
    for (event, _) in events.into_iter().filter(|(_, happened)| *happened) {
        let _ = store::audit::insert(db, &pool.id, trail, event.of_user(user.sub)).await?;
    }
    change_attributes::store(db, pool, user, attributes, trail.at).await
}

/// The recovery mechanism that leaves resets to operators.
const ADMIN_ONLY: &str = "admin_only";

fn default_mechanisms() -> Vec<String> {
    vec!["verified_email".into(), "verified_phone_number".into()]
}

/// The pool's recovery mechanisms (`AccountRecoverySetting`), in order of priority. The default is the verified
/// mailbox, then the verified phone.
fn mechanisms(pool: &Pool) -> Vec<String> {
    let listed =
        pool.settings.rest.get("AccountRecoverySetting").and_then(|setting| setting["RecoveryMechanisms"].as_array());
    let mut listed: Vec<_> = listed
        .into_iter()
        .flatten()
        .map(|one| (one["Priority"].as_i64().unwrap_or(i64::MAX), one["Name"].as_str().unwrap_or_default().to_owned()))
        .collect();
    if listed.is_empty() {
        return default_mechanisms();
    }
    listed.sort_by_key(|(priority, _)| *priority);
    listed.into_iter().map(|(_, name)| name).collect()
}
