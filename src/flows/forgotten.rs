//! Forgotten passwords: who may have a code, and where it goes.

use crate::{
    error::{Error, Result},
    flows::{addresses::Address, mfa},
    store::{
        pools::Pool,
        users::{Status, User},
    },
};

/// Where the code of this user goes, or why there can be none.
pub fn address(pool: &Pool, user: &User) -> Result<Address> {
    if !user.enabled {
        return Err(Error::NotAuthorized("User is disabled.".into()));
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
    let mechanisms = mechanisms(pool);
    if mechanisms == ["admin_only"] {
        return Err(Error::NotAuthorized("Contact administrator to reset password.".into()));
    }
    // What is a second factor is not the first one, too: one mailbox would be both.
    let verified = |attribute| Address::verified(user, attribute).filter(|_| !mfa::uses(pool, user, attribute));
    let verified = |mechanism: &String| match mechanism.as_str() {
        "verified_email" => verified("email"),
        "verified_phone_number" => verified("phone_number"),
        _ => None,
    };
    mechanisms.iter().find_map(verified).ok_or_else(nowhere)
}

/// The pool's ways of recovery, first choice first (`AccountRecoverySetting`); by default the mailbox, then the phone.
fn mechanisms(pool: &Pool) -> Vec<String> {
    let listed =
        pool.settings.rest.get("AccountRecoverySetting").and_then(|setting| setting["RecoveryMechanisms"].as_array());
    let mut listed: Vec<_> = listed
        .into_iter()
        .flatten()
        .map(|one| (one["Priority"].as_i64().unwrap_or(i64::MAX), one["Name"].as_str().unwrap_or_default().to_owned()))
        .collect();
    if listed.is_empty() {
        return vec!["verified_email".into(), "verified_phone_number".into()];
    }
    listed.sort_by_key(|(priority, _)| *priority);
    listed.into_iter().map(|(_, name)| name).collect()
}
