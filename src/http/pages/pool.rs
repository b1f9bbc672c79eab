//! What the settings of a user pool mean for its pages.

use crate::{factor::Factor, flows::accounts::factors::relying_party_of, store::pools::Pool};

/// Returns the message ID of the label for what users of the pool enter as their name.
pub fn name_label(pool: &Pool) -> &'static str {
    let by = |list: &[String], name: &str| list.iter().any(|one| one == name);
    let settings = &pool.settings;
    let is = |name| by(&settings.username_attributes, name);
    if !settings.username_attributes.is_empty() {
        return match (is("email"), is("phone_number")) {
            (true, true) => "email-or-phone",
            (true, false) => "email",
            _ => "phone",
        };
    }
    let also = |name| by(&settings.alias_attributes, name);
    match (also("email"), also("phone_number")) {
        (true, true) => "username-email-or-phone",
        (true, false) => "username-or-email",
        (false, true) => "username-or-phone",
        (false, false) => "username",
    }
}

/// Returns the query parameters that make a sign-in end with the question whether to add a passkey, if the pool has
/// passkeys.
pub fn invitation(pool: &Pool) -> &'static [(&'static str, &'static str)] {
    if has_passkeys(pool) { &[("then", "add"), ("invited", "1")] } else { &[] }
}

/// Whether users of the pool can sign in with passkeys.
pub fn has_passkeys(pool: &Pool) -> bool {
    pool.allows_factor(Factor::WebAuthn) && relying_party_of(pool, &[]).is_some()
}
