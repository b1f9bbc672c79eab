//! The API's errors: one variant per exception, except that UserNotFoundException has two.
//!
//! The exceptions are those on each operation's page in the API reference. The errors that arise before an operation
//! runs are those on the reference's page Common Error Types.

mod text;

use sqlx::postgres::PgDatabaseError;

pub use text::{Key, Text};

/// `Result` with the API's error type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error as the caller sees it. The display text is sent as `message` or `Message`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    // Exceptions of the service model, with the status 400 (`Internal`: 500) and a lower-case `message`.
    #[error("{0}")]
    AliasExists(Text),
    #[error("{0}")]
    CodeDeliveryFailure(Text),
    #[error("{0}")]
    CodeMismatch(Text),
    #[error("{0}")]
    DeviceKeyExists(Text),
    #[error("{0}")]
    EnableSoftwareTokenMfa(Text),
    #[error("{0}")]
    ExpiredCode(Text),
    #[error("{0}")]
    Forbidden(Text),
    #[error("{0}")]
    GroupExists(Text),
    #[error("{0}")]
    InvalidEmailRoleAccessPolicy(Text),
    #[error("{0}")]
    InvalidLambdaResponse(Text),
    #[error("{0}")]
    InvalidOAuthFlow(Text),
    #[error("{0}")]
    InvalidParameter(Text),
    #[error("{0}")]
    InvalidPassword(Text),
    #[error("{0}")]
    LimitExceeded(Text),
    #[error("{0}")]
    ManagedLoginBrandingExists(Text),
    #[error("{0}")]
    NotAuthorized(Text),
    #[error("{0}")]
    PasswordHistoryPolicyViolation(Text),
    #[error("{0}")]
    PreconditionNotMet(Text),
    #[error("Password reset required for the user")]
    PasswordResetRequired,
    #[error("{0}")]
    ResourceNotFound(Text),
    #[error("{0}")]
    ScopeDoesNotExist(Text),
    #[error("{0}")]
    SoftwareTokenMfaNotFound(Text),
    #[error("{0}")]
    TermsExists(Text),
    #[error("{0}")]
    TooManyRequests(Text),
    #[error("{0}")]
    UnexpectedLambda(Text),
    #[error("{0}")]
    UserLambdaValidation(Text),
    #[error("{0}")]
    UserPoolAddOnNotEnabled(Text),
    #[error("{0}")]
    UsernameExists(Text),
    #[error("User does not exist.")]
    UserNotFound,
    /// Like `UserNotFound`, for operations such as ForgotPassword, in which an app client names the user.
    #[error("Username/client id combination not found.")]
    UserNotFoundForClient,
    #[error("User is not confirmed.")]
    UserNotConfirmed,
    #[error("Refresh token has been rotated; sign in again.")]
    RefreshTokenReuse,
    #[error("{0}")]
    Unauthorized(Text),
    #[error("{0}")]
    UnsupportedOperation(Text),
    #[error("{0}")]
    UnsupportedTokenType(Text),
    #[error("{0}")]
    UnsupportedUserState(Text),
    #[error("{0}")]
    WebAuthnNotEnabled(Text),
    #[error("{0}")]
    WebAuthnConfigurationMissing(Text),
    #[error("{0}")]
    WebAuthnChallengeNotFound(Text),
    #[error("{0}")]
    WebAuthnClientMismatch(Text),
    #[error("{0}")]
    WebAuthnOriginNotAllowed(Text),
    #[error("{0}")]
    WebAuthnRelyingPartyMismatch(Text),
    #[error("{0}")]
    WebAuthnCredentialNotSupported(Text),
    /// A fault of the server. The cause is logged when the response is written, and is never sent.
    #[error("Keystead could not complete the request. Try again; the request ID finds the cause in the server's log.")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),

    // Framework errors, which arise before an operation runs. They have a `Message` with a capital letter, or no
    // message.
    #[error("{}", .0.as_deref().unwrap_or(""))]
    Serialization(Option<Text>),
    #[error("{0}")]
    UnknownOperation(Text),
    #[error("Missing Authentication Token")]
    MissingAuthenticationToken,
    #[error("{0}")]
    IncompleteSignature(Text),
    #[error("{0}")]
    InvalidSignature(Text),
    #[error("The security token included in the request is invalid.")]
    UnrecognizedClient,
    #[error("{0}")]
    AccessDenied(Text),
    #[error("{0}")]
    RequestEntityTooLarge(Text),
    #[error("{0}")]
    RequestTimeout(Text),
    #[error("{0}")]
    MalformedHttpRequest(Text),
}

/// What is known of the app client or its pool is outdated.
#[derive(Debug, thiserror::Error)]
#[error("the app client or its user pool has changed meanwhile")]
struct Outdated;

impl Error {
    /// Makes the error for a string with the character U+0000, which PostgreSQL cannot store.
    pub fn nul() -> Self {
        Self::InvalidParameter("A text holds the character U+0000, which cannot be stored; remove it.".into())
    }

    /// Makes an [`Error::Internal`] with this cause.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// Makes the error for a call that began with an app client or a pool that has changed since this replica read it.
    /// The call is begun again, so nobody sees this error.
    pub fn outdated() -> Self {
        Self::internal(Outdated)
    }

    /// Whether this is [`Self::outdated`].
    pub fn is_outdated(&self) -> bool {
        matches!(self, Self::Internal(cause) if cause.is::<Outdated>())
    }

    /// Returns the exception's name, for `__type` and the `x-amzn-ErrorType` header.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AliasExists(_) => "AliasExistsException",
            Self::CodeDeliveryFailure(_) => "CodeDeliveryFailureException",
            Self::CodeMismatch(_) => "CodeMismatchException",
            Self::DeviceKeyExists(_) => "DeviceKeyExistsException",
            Self::EnableSoftwareTokenMfa(_) => "EnableSoftwareTokenMFAException",
            Self::ExpiredCode(_) => "ExpiredCodeException",
            Self::Forbidden(_) => "ForbiddenException",
            Self::GroupExists(_) => "GroupExistsException",
            Self::InvalidEmailRoleAccessPolicy(_) => "InvalidEmailRoleAccessPolicyException",
            Self::InvalidLambdaResponse(_) => "InvalidLambdaResponseException",
            Self::InvalidOAuthFlow(_) => "InvalidOAuthFlowException",
            Self::InvalidParameter(_) => "InvalidParameterException",
            Self::InvalidPassword(_) => "InvalidPasswordException",
            Self::LimitExceeded(_) => "LimitExceededException",
            Self::ManagedLoginBrandingExists(_) => "ManagedLoginBrandingExistsException",
            Self::NotAuthorized(_) => "NotAuthorizedException",
            Self::PasswordHistoryPolicyViolation(_) => "PasswordHistoryPolicyViolationException",
            Self::PreconditionNotMet(_) => "PreconditionNotMetException",
            Self::PasswordResetRequired => "PasswordResetRequiredException",
            Self::ResourceNotFound(_) => "ResourceNotFoundException",
            Self::ScopeDoesNotExist(_) => "ScopeDoesNotExistException",
            Self::SoftwareTokenMfaNotFound(_) => "SoftwareTokenMFANotFoundException",
            Self::TermsExists(_) => "TermsExistsException",
            Self::TooManyRequests(_) => "TooManyRequestsException",
            Self::UnexpectedLambda(_) => "UnexpectedLambdaException",
            Self::UserLambdaValidation(_) => "UserLambdaValidationException",
            Self::UserPoolAddOnNotEnabled(_) => "UserPoolAddOnNotEnabledException",
            Self::UsernameExists(_) => "UsernameExistsException",
            Self::UserNotFound | Self::UserNotFoundForClient => "UserNotFoundException",
            Self::UserNotConfirmed => "UserNotConfirmedException",
            Self::RefreshTokenReuse => "RefreshTokenReuseException",
            Self::Unauthorized(_) => "UnauthorizedException",
            Self::UnsupportedOperation(_) => "UnsupportedOperationException",
            Self::UnsupportedUserState(_) => "UnsupportedUserStateException",
            Self::UnsupportedTokenType(_) => "UnsupportedTokenTypeException",
            Self::WebAuthnNotEnabled(_) => "WebAuthnNotEnabledException",
            Self::WebAuthnConfigurationMissing(_) => "WebAuthnConfigurationMissingException",
            Self::WebAuthnChallengeNotFound(_) => "WebAuthnChallengeNotFoundException",
            Self::WebAuthnClientMismatch(_) => "WebAuthnClientMismatchException",
            Self::WebAuthnOriginNotAllowed(_) => "WebAuthnOriginNotAllowedException",
            Self::WebAuthnRelyingPartyMismatch(_) => "WebAuthnRelyingPartyMismatchException",
            Self::WebAuthnCredentialNotSupported(_) => "WebAuthnCredentialNotSupportedException",
            Self::Internal(_) => "InternalErrorException",
            Self::Serialization(_) => "SerializationException",
            Self::UnknownOperation(_) => "UnknownOperationException",
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::IncompleteSignature(_) => "IncompleteSignatureException",
            Self::InvalidSignature(_) => "InvalidSignatureException",
            Self::UnrecognizedClient => "UnrecognizedClientException",
            Self::AccessDenied(_) => "AccessDeniedException",
            Self::RequestEntityTooLarge(_) => "RequestEntityTooLargeException",
            Self::RequestTimeout(_) => "RequestTimeoutException",
            Self::MalformedHttpRequest(_) => "MalformedHttpRequestException",
        }
    }

    /// Returns the key of the error's specific reason, if it has one. The sign-in pages then explain that reason
    /// instead of the exception.
    pub fn key(&self) -> Option<&Key> {
        match self {
            Self::AliasExists(text)
            | Self::CodeDeliveryFailure(text)
            | Self::CodeMismatch(text)
            | Self::DeviceKeyExists(text)
            | Self::EnableSoftwareTokenMfa(text)
            | Self::ExpiredCode(text)
            | Self::Forbidden(text)
            | Self::GroupExists(text)
            | Self::InvalidEmailRoleAccessPolicy(text)
            | Self::InvalidLambdaResponse(text)
            | Self::InvalidOAuthFlow(text)
            | Self::InvalidParameter(text)
            | Self::InvalidPassword(text)
            | Self::LimitExceeded(text)
            | Self::ManagedLoginBrandingExists(text)
            | Self::NotAuthorized(text)
            | Self::PasswordHistoryPolicyViolation(text)
            | Self::PreconditionNotMet(text)
            | Self::ResourceNotFound(text)
            | Self::ScopeDoesNotExist(text)
            | Self::SoftwareTokenMfaNotFound(text)
            | Self::TermsExists(text)
            | Self::TooManyRequests(text)
            | Self::UnexpectedLambda(text)
            | Self::UserLambdaValidation(text)
            | Self::UserPoolAddOnNotEnabled(text)
            | Self::UsernameExists(text)
            | Self::Unauthorized(text)
            | Self::UnsupportedOperation(text)
            | Self::UnsupportedTokenType(text)
            | Self::UnsupportedUserState(text)
            | Self::WebAuthnNotEnabled(text)
            | Self::WebAuthnConfigurationMissing(text)
            | Self::WebAuthnChallengeNotFound(text)
            | Self::WebAuthnClientMismatch(text)
            | Self::WebAuthnOriginNotAllowed(text)
            | Self::WebAuthnRelyingPartyMismatch(text)
            | Self::WebAuthnCredentialNotSupported(text)
            | Self::UnknownOperation(text)
            | Self::IncompleteSignature(text)
            | Self::InvalidSignature(text)
            | Self::AccessDenied(text)
            | Self::RequestEntityTooLarge(text)
            | Self::RequestTimeout(text)
            | Self::MalformedHttpRequest(text) => text.key(),
            _ => None,
        }
    }

    /// Returns the HTTP status. It is 400 for every exception of the service model but `Internal` (docs/cognito.md
    /// 1.2).
    pub fn status(&self) -> u16 {
        match self {
            Self::Internal(_) => 500,
            Self::UnrecognizedClient | Self::InvalidSignature(_) | Self::IncompleteSignature(_) => 403,
            Self::AccessDenied(_) => 403,
            Self::RequestEntityTooLarge(_) => 413,
            Self::RequestTimeout(_) => 408,
            _ => 400,
        }
    }

    /// Whether the error arises before an operation runs. The message of such an error is in `Message`, with a capital
    /// letter (docs/cognito.md 1.2).
    pub fn is_framework(&self) -> bool {
        matches!(
            self,
            Self::Serialization(_)
                | Self::UnknownOperation(_)
                | Self::MissingAuthenticationToken
                | Self::IncompleteSignature(_)
                | Self::InvalidSignature(_)
                | Self::UnrecognizedClient
                | Self::AccessDenied(_)
                | Self::RequestEntityTooLarge(_)
                | Self::RequestTimeout(_)
                | Self::MalformedHttpRequest(_)
        )
    }

    /// Makes the error "User pool client … does not exist."
    pub fn no_such_client(client_id: &str) -> Self {
        Self::ResourceNotFound(format!("User pool client {client_id} does not exist.").into())
    }

    /// Makes the error "User pool … does not exist."
    pub fn no_such_pool(pool_id: &str) -> Self {
        Self::ResourceNotFound(format!("User pool {pool_id} does not exist.").into())
    }

    /// The error for a username or an address for which there were too many codes, or too many guesses at codes, within
    /// a period.
    pub fn limit_exceeded() -> Self {
        Self::LimitExceeded("Attempt limit exceeded, please try after some time.".into())
    }

    /// The error for a user whom an operator has disabled.
    pub fn disabled() -> Self {
        Self::NotAuthorized(Text::keyed(Key::UserDisabled, "User is disabled."))
    }

    /// The error for a call that needs a lock which others hold: the lock of a table during maintenance, or the lock of
    /// a row for which other calls already wait.
    pub fn locked() -> Self {
        Self::TooManyRequests("What this request needs is locked at the moment; try again in a second.".into())
    }

    /// The error for a wrong password, a failed passkey and (with existence hiding) an unknown user. Callers cannot
    /// tell these apart. Only the log has the reason, `why`.
    pub fn wrong_credentials(why: &'static str) -> Self {
        tracing::info!(why, "credentials refused");
        Self::NotAuthorized(Text::keyed(Key::WrongCredentials, "Incorrect username or password."))
    }
}

impl From<sqlx::Error> for Error {
    fn from(cause: sqlx::Error) -> Self {
        // character_not_in_repertoire, untranslatable_character: a string or JSON contains U+0000.
        let code = cause.as_database_error().and_then(|error| error.code());
        if matches!(code.as_deref(), Some("22021" | "22P05")) {
            return Self::nul();
        }
        // program_limit_exceeded: a value is too long for an index.
        if code.as_deref() == Some("54000") {
            return Self::InvalidParameter("A value is too long to be stored; shorten it.".into());
        }
        if is_locked(&cause) {
            return Self::locked();
        }
        // lock_not_available, deadlock_detected: other transactions hold the same rows.
        if matches!(code.as_deref(), Some("55P03" | "40P01")) {
            return Self::TooManyRequests("Too many requests change this user at the moment; try again.".into());
        }
        if matches!(cause, sqlx::Error::PoolTimedOut) {
            return Self::internal(
                "no connection to PostgreSQL could be had in time: it is down, out of connections, or slower than its load",
            );
        }
        Self::internal(cause)
    }
}

/// Whether the cause is that a lock was not obtained in time, and the lock may be that of a table.
///
/// It may also be the lock of a row for which others already wait. If nobody else waits for the row, PostgreSQL's error
/// contains the row's position, in any language: "while locking tuple (0,1) in relation ...".
pub fn may_be_a_tables(cause: &(dyn sqlx::error::DatabaseError + 'static)) -> bool {
    let cause = cause.try_downcast_ref::<PgDatabaseError>().filter(|cause| cause.code() == "55P03");
    cause.is_some_and(|cause| !cause.r#where().is_some_and(names_a_row))
}

/// Whether the cause is a lock that may be a table's. Either it was not obtained in time, or nobody tried to obtain it,
/// because the table was known to be locked ([`table_is_locked`]).
pub fn is_locked(cause: &sqlx::Error) -> bool {
    match cause {
        sqlx::Error::Io(cause) => cause.kind() == std::io::ErrorKind::ResourceBusy,
        sqlx::Error::Database(cause) => may_be_a_tables(cause.as_ref()),
        _ => false,
    }
}

/// Makes the error that is returned without waiting if a table is known to be locked.
pub fn table_is_locked() -> sqlx::Error {
    std::io::Error::new(std::io::ErrorKind::ResourceBusy, "a table is locked").into()
}

fn names_a_row(context: &str) -> bool {
    let is_number = |text: &str| text.parse::<u32>().is_ok();
    let mut pairs = context.split('(').filter_map(|rest| rest.split_once(')')?.0.split_once(','));
    pairs.any(|(block, tuple)| is_number(block) && is_number(tuple))
}

#[cfg(test)]
mod tests {
    use super::names_a_row;

    #[test]
    fn a_row_is_named_in_every_language() {
        assert!(names_a_row("while locking tuple (0,1) in relation \"users\""));
        assert!(names_a_row("pendant le verrouillage de la ligne (17,3) de users\nSELECT 1 FROM x (y)"));
        assert!(!names_a_row("SQL statement \"DELETE FROM ONLY keystead.devices WHERE $1 = user_id AND (a, b)\""));
        assert!(!names_a_row(""));
    }
}
