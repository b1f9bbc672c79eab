//! Access, ID and refresh tokens: their claims, how they are signed and verified, and the keys. This code uses no
//! database and no clock: keys and time are arguments.
//!
//! Tokens have the form in the Amazon Cognito developer guide ("Understanding user pool JSON web tokens"): two keys per
//! pool, and the claims in the documented order. They are signed with RS256 and 2048-bit keys, unless the pool chooses
//! another algorithm (decision 0046).

mod access;
mod certificate;
mod keys;
mod pair;
mod parsed_keys;
mod refresh;

pub use access::{
    ACCESS_SCOPE, AccessClaims, Claims, Context, IdClaims, IssuedAccess, MachineClaims, sign, unverified_pool,
    unverified_subject, verify_access, verify_id,
};
pub use certificate::certificate;
pub use keys::{PoolKeys, PublicKey, SigningKey, VerifyingKey, new_key};
pub use pair::{Numbers, SigningAlgorithm};
pub use refresh::{RefreshToken, Standing, Use};

/// Why an access token is refused. The messages are those of Amazon Cognito (docs/cognito.md 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("Invalid Access Token")]
    Invalid,
    #[error("Could not verify signature for Access Token")]
    Signature,
    #[error("Access Token has expired")]
    Expired,
    #[error("Access Token has been revoked")]
    Revoked,
    #[error("Access Token does not have required scopes")]
    Scopes,
}

impl From<Error> for crate::error::Error {
    fn from(error: Error) -> Self {
        Self::NotAuthorized(error.to_string().into())
    }
}

/// Returns the level (1 to 4) for the `acr` claim of a sign-in by these methods, which are separated by spaces.
pub fn acr_level(methods: &str) -> u8 {
    let has = |method: &str| methods.split_whitespace().any(|one| one == method);
    match (has("swk") || has("hwk"), has("mfa")) {
        (true, true) => 4,
        (true, false) => 3,
        (false, true) => 2,
        (false, false) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_follows_from_the_methods() {
        for (methods, level) in [
            ("", 1),
            ("pwd", 1),
            ("pwd otp", 1),
            ("mfa", 2),
            ("pwd sms mfa", 2),
            ("swk", 3),
            ("hwk", 3),
            ("pwd\thwk", 3),
            ("swk mfa", 4),
            ("mfa hwk", 4),
            ("swk hwk mfa", 4),
            // These strings contain a method's name, but not as a whole word.
            ("swkx xhwk", 1),
            ("swk,mfa", 1),
        ] {
            assert_eq!(acr_level(methods), level, "{methods:?}");
        }
    }

    #[test]
    fn a_refused_token_is_not_authorized_in_the_apis_words() {
        for (error, words) in [
            (Error::Invalid, "Invalid Access Token"),
            (Error::Signature, "Could not verify signature for Access Token"),
            (Error::Expired, "Access Token has expired"),
            (Error::Revoked, "Access Token has been revoked"),
            (Error::Scopes, "Access Token does not have required scopes"),
        ] {
            let error = crate::error::Error::from(error);
            assert_eq!((error.code(), error.to_string().as_str()), ("NotAuthorizedException", words));
        }
    }
}
