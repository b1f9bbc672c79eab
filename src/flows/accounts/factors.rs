//! Which factors a pool has and a person uses: who needs a second one, and what they can sign in with.

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

/// The second factors that a user has switched on in this pool.
pub fn enabled(pool: &Pool, user: &User) -> Vec<SecondFactor> {
    let is_on = |method: &SecondFactor| user.mfa.enabled.contains(method) && pool.has_mfa(*method);
    SecondFactor::VARIANTS.iter().copied().filter(is_on).collect()
}

/// Whether a user can use a method now: a method that sends codes needs a verified address.
pub fn is_usable(user: &User, method: SecondFactor) -> bool {
    method.attribute().is_none_or(|name| Address::verified(user, name).is_some())
}

/// Whether one factor is not enough for this user.
pub fn is_needed(pool: &Pool, user: &User) -> bool {
    match pool.settings.mfa_configuration {
        MfaConfiguration::On => true,
        MfaConfiguration::Optional => !enabled(pool, user).is_empty(),
        MfaConfiguration::Off => false,
    }
}

/// The second factors that a user may be asked for now: those that are switched on and usable.
///
/// If a second factor is required and none is switched on, it is a verified authenticator app or else a verified
/// address.
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

/// Whether codes to this address are a second factor of this user, or would be as long as there is no other.
pub fn uses(pool: &Pool, user: &User, attribute: AddressAttribute) -> bool {
    let on = enabled(pool, user);
    let is = |method: SecondFactor| if on.is_empty() { pool.has_mfa(method) } else { on.contains(&method) };
    let uses = |method: &SecondFactor| method.attribute() == Some(attribute) && is(*method);
    is_needed(pool, user) && SecondFactor::VARIANTS.iter().any(uses)
}

/// Whether this user's passkeys count as both factors, so that they must verify their user.
pub fn passkeys_suffice(pool: &Pool, user: &User) -> bool {
    pool.has_multi_factor_passkeys() && user.mfa.passkey
}

/// The address to which a person's code of this factor goes, if the factor sends codes and the person can use it.
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

/// The algorithms that a pool offers, in order of preference.
pub fn algorithms_of(pool: &Pool) -> &'static [webauthn::COSEAlgorithm] {
    if pool.passkey_policy.ed_dsa { &webauthn::ALGORITHMS_WITH_EDDSA } else { &webauthn::ALGORITHMS }
}
