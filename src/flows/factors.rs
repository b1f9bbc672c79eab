//! Which factors a pool has and a person uses: who needs a second one, and what they can sign in with.

use crate::{
    flows::addresses::Address,
    store::{
        pools::Pool,
        users::{Status, User},
    },
    webauthn::{self, RelyingParty},
};

/// The methods in the order in which they are offered.
pub const METHODS: [&str; 3] = ["SOFTWARE_TOKEN_MFA", "SMS_MFA", "EMAIL_OTP"];

/// The methods that a user has switched on in this pool.
pub fn enabled(pool: &Pool, user: &User) -> Vec<&'static str> {
    let enabled = |method: &str| user.mfa.enabled.iter().any(|one| one == method);
    METHODS.into_iter().filter(|method| enabled(method) && pool.has_mfa(method)).collect()
}

/// Whether a user can use a method now: what is sent needs an address that was proved.
pub fn is_usable(user: &User, method: &str) -> bool {
    attribute(method).is_none_or(|name| Address::verified(user, name).is_some())
}

/// Whether one factor is not enough for this user.
pub fn is_needed(pool: &Pool, user: &User) -> bool {
    match pool.settings.mfa_configuration.as_str() {
        "ON" => true,
        "OPTIONAL" => !enabled(pool, user).is_empty(),
        _ => false,
    }
}

/// What a user is asked for now: what is switched on and usable. Where a second factor is required and none was switched on,
/// it is an authenticator app that was verified, or else an address that was proved.
pub fn offered(pool: &Pool, user: &User, has_app: bool) -> Vec<&'static str> {
    let on = enabled(pool, user);
    if !on.is_empty() {
        return on.into_iter().filter(|method| is_usable(user, method)).collect();
    }
    let without = |method: &&str| match attribute(method) {
        None => pool.has_mfa(method) && has_app,
        Some(_) => pool.has_mfa(method) && is_usable(user, method),
    };
    METHODS.into_iter().filter(without).take(1).collect()
}

/// Whether codes to this attribute's address are a second factor of this user, or would be for want of another.
pub fn uses(pool: &Pool, user: &User, attribute: &str) -> bool {
    let on = enabled(pool, user);
    let is = |method: &str| if on.is_empty() { pool.has_mfa(method) } else { on.contains(&method) };
    is_needed(pool, user) && METHODS.into_iter().any(|method| self::attribute(method) == Some(attribute) && is(method))
}

/// Whether this user's passkeys count as both factors, so that they must verify their user.
pub fn passkeys_suffice(pool: &Pool, user: &User) -> bool {
    pool.has_multi_factor_passkeys() && user.mfa.passkey
}

/// The attribute whose address a method sends to, if it sends.
pub fn attribute(method: &str) -> Option<&'static str> {
    match method {
        "SMS_MFA" => Some("phone_number"),
        "EMAIL_OTP" => Some("email"),
        _ => None,
    }
}

/// The attribute whose address a factor uses.
pub fn first_factor_attribute(factor: &str) -> &'static str {
    if factor == "EMAIL_OTP" { "email" } else { "phone_number" }
}

/// Where a person's code of this factor goes, if the person can use it.
pub fn address(user: &User, factor: &str) -> Option<Address> {
    Address::verified(user, first_factor_attribute(factor)).filter(|_| user.status == Status::Confirmed)
}

/// The relying party of a pool, if it is configured.
pub fn relying_party_of(pool: &Pool, app_origins: &[String]) -> Option<RelyingParty> {
    let configuration = pool.settings.web_authn_configuration.as_ref()?;
    Some(RelyingParty {
        id: configuration.relying_party_id.clone()?,
        user_verification_required: configuration.user_verification == "required",
        app_origins: app_origins.to_vec(),
        related_origins: pool.passkey_policy.related_origins.clone(),
    })
}

/// The algorithms that a pool offers, most wanted first.
pub fn algorithms_of(pool: &Pool) -> &'static [webauthn::COSEAlgorithm] {
    if pool.passkey_policy.ed_dsa { &webauthn::ALGORITHMS_WITH_EDDSA } else { &webauthn::ALGORITHMS }
}
