//! What goes wrong, in plain words, and other texts that are put together.

use std::borrow::Cow;

use super::attribute_input;
use crate::{error::Error, store::pools::PasswordPolicy, texts::Texts};

/// An error's text. Nothing of it tells whether there is such a person.
pub fn of(texts: &Texts, error: &Error) -> Cow<'static, str> {
    let id = match error {
        // The last is a proxy's doing.
        Error::Internal(_)
        | Error::UnexpectedLambda(_)
        | Error::InvalidLambdaResponse(_)
        | Error::MalformedHttpRequest(_) => "error-internal",
        Error::TooManyRequests(_) => "error-busy",
        Error::Forbidden(_) => "error-forbidden",
        Error::RequestEntityTooLarge(_) => "error-too-large",
        Error::CodeMismatch(_) => "error-code",
        Error::EnableSoftwareTokenMfa(_) => "error-app-code",
        Error::ExpiredCode(text) if text.contains("software token") => "error-code-used",
        Error::ExpiredCode(_) => "error-code-expired",
        Error::PasswordHistoryPolicyViolation(_) => "error-password-used",
        Error::UsernameExists(_) => "error-name-taken",
        Error::AliasExists(_) => "error-address-taken",
        Error::CodeDeliveryFailure(_) => "error-delivery",
        Error::PasswordResetRequired => "error-reset-needed",
        Error::LimitExceeded(text) if text.contains("passkeys; delete") => "error-passkey-limit",
        Error::LimitExceeded(_) => "error-busy",
        Error::WebAuthnCredentialNotSupported(_) => "error-passkey-not-accepted",
        Error::WebAuthnChallengeNotFound(_) => "error-expired",
        Error::WebAuthnOriginNotAllowed(_)
        | Error::WebAuthnRelyingPartyMismatch(_)
        | Error::WebAuthnClientMismatch(_)
        | Error::WebAuthnConfigurationMissing(_)
        | Error::WebAuthnNotEnabled(_) => "passkey-not-made",
        Error::NotAuthorized(text) if text.starts_with("User is disabled") => "error-disabled",
        Error::NotAuthorized(text) if text.starts_with("Password attempts") => "error-attempts",
        Error::NotAuthorized(text) if text.starts_with("SignUp is not permitted") => "error-sign-up-closed",
        other if is_of_session(other) => "error-expired",
        Error::NotAuthorized(_) | Error::UserNotFound | Error::UserNotFoundForClient => "error-credentials",
        // What a function of the pool's operator says is meant for the person.
        Error::UserLambdaValidation(text) => {
            let said = text.split_once(" failed with error ").map_or(text.as_ref(), |(_, said)| said);
            return texts.say1("error-refused", "detail", said);
        }
        Error::InvalidPassword(_) => "error-password",
        Error::InvalidParameter(text) => return entry(texts, text),
        _ => "error-entry",
    };
    texts.say(id)
}

/// What is wrong with what a person entered. The API's own text is for developers, and in English.
fn entry(texts: &Texts, text: &str) -> Cow<'static, str> {
    let says = |part: &str| text.contains(part);
    let attribute = text.split_once("conform to the schema: ").and_then(|(_, rest)| rest.split_once(": "));
    let id = match attribute {
        Some(("email", _)) => "error-email",
        Some(("phone_number", _)) => "error-phone",
        Some((name, _)) => return texts.say1("error-field", "field", attribute_input::label(texts, name)),
        None if says("preferred_username must not") => {
            return texts.say1("error-field", "field", attribute_input::label(texts, "preferred_username"));
        }
        None if says("Username cannot be of") => "error-name-is-address",
        None if says("Username should be a phone number") || says("Invalid phone number") => "error-phone",
        None if says("Username should be") || says("Invalid email") => "error-email",
        None if says("Value at 'username'") => "error-name",
        None if says("assword' failed") => "error-password",
        None if says("Password is required") => "error-password-needed",
        None => "error-entry",
    };
    texts.say(id)
}

/// Whether the state between two steps is gone.
pub fn is_of_session(error: &Error) -> bool {
    matches!(error, Error::NotAuthorized(text) if text.starts_with("Invalid session"))
}

/// A password policy.
pub fn policy(texts: &Texts, policy: &PasswordPolicy) -> String {
    let mut rules = vec![texts.say1("policy-length", "count", policy.minimum_length.to_string())];
    let asked = [
        (policy.require_uppercase, "policy-uppercase"),
        (policy.require_lowercase, "policy-lowercase"),
        (policy.require_numbers, "policy-number"),
        (policy.require_symbols, "policy-symbol"),
    ];
    rules.extend(asked.into_iter().filter(|(asked, _)| *asked).map(|(_, id)| texts.say(id)));
    rules.join(if texts.language() == "ja" { "、" } else { ", " })
}

/// A fault of ours is not a page's to explain.
pub fn refuse_internal(error: Error) -> Result<Error, Error> {
    match error {
        Error::Internal(_) => Err(error),
        other => Ok(other),
    }
}
