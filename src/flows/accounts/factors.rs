//! The factors of pools and users: whether a user needs a second factor, which second factors the user can use, and the
//! pool's relying party.

use strum::VariantArray;

use crate::{
    factor::{AddressAttribute, Factor, MfaConfiguration, SecondFactor},
    flows::messages::addresses::Address,
    store::{
        pools::Pool,
        users::{Status, User},
    },
    webauthn::{self, RelyingParty},
};

/// The second factors that a user has switched on and that the pool allows.
pub fn enabled(pool: &Pool, user: &User) -> Vec<SecondFactor> {
    let is_on = |method: &SecondFactor| user.mfa.enabled.contains(method) && pool.has_mfa(*method);
    SecondFactor::VARIANTS.iter().copied().filter(is_on).collect()
}

/// Whether a user can use a second factor now. A factor that sends codes needs a verified address.
pub fn is_usable(user: &User, method: SecondFactor) -> bool {
    method.attribute().is_none_or(|name| Address::verified(user, name).is_some())
}

/// Whether this user needs a second factor.
pub fn is_needed(pool: &Pool, user: &User) -> bool {
    match pool.settings.mfa_configuration {
        MfaConfiguration::On => true,
        MfaConfiguration::Optional => !enabled(pool, user).is_empty(),
        MfaConfiguration::Off => false,
    }
}

/// The second factors that a user may be asked for now: those that are switched on and usable.
///
/// If the user has switched on no second factor, this returns the first one that the pool allows and the user could
/// use: a verified authenticator app (`has_app`), or otherwise codes to a verified address.
pub fn offered(pool: &Pool, user: &User, has_app: bool) -> Vec<SecondFactor> {
    let on = enabled(pool, user);
    if !on.is_empty() {
        return on.into_iter().filter(|method| is_usable(user, *method)).collect();
    }
    let without = |method: &SecondFactor| match method.attribute() {
        None => pool.has_mfa(*method) && has_app,
        Some(_) => pool.has_mfa(*method) && is_usable(user, *method),
    };
    SecondFactor::VARIANTS.iter().copied().filter(without).take(1).collect()
}

/// Whether codes to this address are a second factor of this user. If the user needs a second factor but has switched
/// none on, each second factor that the pool allows counts.
pub fn uses(pool: &Pool, user: &User, attribute: AddressAttribute) -> bool {
    let on = enabled(pool, user);
    let is = |method: SecondFactor| if on.is_empty() { pool.has_mfa(method) } else { on.contains(&method) };
    let uses = |method: &SecondFactor| method.attribute() == Some(attribute) && is(*method);
    is_needed(pool, user) && SecondFactor::VARIANTS.iter().any(uses)
}

/// Whether this user's passkeys count as both factors. If they do, a sign-in with a passkey requires user verification.
pub fn passkeys_suffice(pool: &Pool, user: &User) -> bool {
    pool.has_multi_factor_passkeys() && user.mfa.passkey
}

/// The user's address that this factor's codes go to, if the factor sends codes and the user can use it.
pub fn address(user: &User, factor: Factor) -> Option<Address> {
    Address::verified(user, factor.attribute()?).filter(|_| user.status == Status::Confirmed)
}

/// The relying party of a pool, if one is configured.
pub fn relying_party_of(pool: &Pool, app_origins: &[String]) -> Option<RelyingParty> {
    let configuration = pool.settings.web_authn_configuration.as_ref()?;
    Some(RelyingParty {
        id: configuration.relying_party_id.clone()?,
        user_verification_required: configuration.user_verification == "required",
        app_origins: app_origins.to_vec(),
        related_origins: pool.passkey_policy.related_origins.clone(),
    })
}

/// The signature algorithms that a pool accepts for new passkeys, in order of preference.
pub fn algorithms_of(pool: &Pool) -> &'static [webauthn::CoseAlgorithm] {
    if pool.passkey_policy.ed_dsa { &webauthn::ALGORITHMS_WITH_EDDSA } else { &webauthn::ALGORITHMS }
}
