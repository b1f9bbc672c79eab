//! The wording of errors and of other messages that are composed from parts.

use std::borrow::Cow;

use super::attribute_input;
use crate::{
    error::{Error, Key},
    store::pools::PasswordPolicy,
    texts::Texts,
};

/// Returns the wording for an error. An unknown user gets the same wording as wrong credentials.
pub fn explaining(texts: &Texts, error: &Error) -> Cow<'static, str> {
    if let Some(key) = error.key() {
        return of_key(texts, key);
    }
    texts.say(match error {
        // A proxy or a broken connection causes `MalformedHttpRequest`, not the person.
        Error::Internal(_)
        | Error::UnexpectedLambda(_)
        | Error::InvalidLambdaResponse(_)
        | Error::MalformedHttpRequest(_) => "error-internal",
        Error::TooManyRequests(_) | Error::LimitExceeded(_) => "error-busy",
        Error::Forbidden(_) => "error-forbidden",
        Error::RequestEntityTooLarge(_) => "error-too-large",
        Error::CodeMismatch(_) => "error-code",
        Error::EnableSoftwareTokenMfa(_) => "error-app-code",
        Error::ExpiredCode(_) => "error-code-expired",
        Error::PasswordHistoryPolicyViolation(_) => "error-password-used",
        Error::UsernameExists(_) => "error-name-taken",
        Error::AliasExists(_) => "error-address-taken",
        Error::CodeDeliveryFailure(_) => "error-delivery",
        Error::PasswordResetRequired => "error-reset-needed",
        Error::WebAuthnCredentialNotSupported(_) => "error-passkey-not-accepted",
        Error::WebAuthnChallengeNotFound(_) => "error-expired",
        Error::WebAuthnOriginNotAllowed(_)
        | Error::WebAuthnRelyingPartyMismatch(_)
        | Error::WebAuthnClientMismatch(_)
        | Error::WebAuthnConfigurationMissing(_)
        | Error::WebAuthnNotEnabled(_) => "passkey-not-made",
        Error::NotAuthorized(_) | Error::UserNotFound | Error::UserNotFoundForClient => "error-credentials",
        Error::InvalidPassword(_) => "error-password",
        _ => "error-entry",
    })
}

/// Returns the wording for the specific reason of an error.
fn of_key(texts: &Texts, key: &Key) -> Cow<'static, str> {
    texts.say(match key {
        Key::CodeUsed => "error-code-used",
        Key::PasskeyLimit => "error-passkey-limit",
        Key::PasskeyGone => "error-passkey-gone",
        Key::PasskeyChanged => "error-passkey-changed",
        Key::UserDisabled => "error-disabled",
        Key::PasswordAttempts => "error-attempts",
        Key::WrongCredentials => "error-credentials",
        Key::NetworkBlocked => "error-network-blocked",
        Key::SignUpClosed => "error-sign-up-closed",
        Key::SessionGone => "error-expired",
        Key::NameIsAddress => "error-name-is-address",
        Key::NotAPhoneNumber => "error-phone",
        Key::NotAnAddress => "error-email",
        Key::PasswordNeeded => "error-password-needed",
        Key::LastFactor => "error-last-factor",
        Key::NoWayLeft => "error-no-way-left",
        Key::PasswordFirst => "error-password-first",
        Key::NoMethod => "error-no-method",
        Key::LastMethod => "error-last-method",
        Key::Attribute(name) => match name.as_str() {
            "email" => "error-email",
            "phone_number" => "error-phone",
            name => return texts.say1("error-field", "field", attribute_input::label(texts, name)),
        },
        Key::Member(name) => match name.as_str() {
            "username" => "error-name",
            "password" | "previousPassword" | "proposedPassword" => "error-password",
            _ => "error-entry",
        },
        // The message of a trigger function is meant for the person.
        Key::FunctionSaid(said) => return texts.say1("error-refused", "detail", said.clone()),
    })
}

/// Whether the error says that the session between two steps of a sign-in is gone.
pub fn is_of_session(error: &Error) -> bool {
    error.key() == Some(&Key::SessionGone)
}

/// Returns a password policy in words.
pub fn policy(texts: &Texts, policy: &PasswordPolicy) -> String {
    let mut rules = vec![texts.say_number("policy-length", "count", policy.minimum_length)];
    let asked = [
        (policy.require_uppercase, "policy-uppercase"),
        (policy.require_lowercase, "policy-lowercase"),
        (policy.require_numbers, "policy-number"),
        (policy.require_symbols, "policy-symbol"),
    ];
    rules.extend(asked.into_iter().filter(|(asked, _)| *asked).map(|(_, id)| texts.say(id)));
    rules.join(match texts.language() {
        "ar" => "، ",
        "ja" => "、",
        _ => ", ",
    })
}

/// Returns an internal error as `Err`, because a page cannot explain it, and any other error as `Ok`.
pub fn refuse_internal(error: Error) -> Result<Error, Error> {
    match error {
        Error::Internal(_) => Err(error),
        other => Ok(other),
    }
}
