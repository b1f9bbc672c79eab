//! The purposes of codes, and how long codes are valid.

use time::Duration;

use crate::factor::AddressAttribute;

/// How long the code of a sign-up is valid.
pub const SIGN_UP_LIFETIME: Duration = Duration::DAY;

/// The purpose of a code, except for codes that are sent during a sign-in (see `flows::sign_in::one_time_code`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    SignUp,
    ForgotPassword,
    VerifyEmail,
    VerifyPhoneNumber,
}

impl Purpose {
    /// The purpose of verifying an address of this attribute.
    pub fn verify(attribute: AddressAttribute) -> Self {
        match attribute {
            AddressAttribute::Email => Self::VerifyEmail,
            AddressAttribute::PhoneNumber => Self::VerifyPhoneNumber,
        }
    }

    /// The name in the database.
    pub fn text(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::ForgotPassword => "forgot_password",
            Self::VerifyEmail => "verify_email",
            Self::VerifyPhoneNumber => "verify_phone_number",
        }
    }

    /// For how long the code before stays good beside a new one. A code that resets a password never does: anybody may
    /// ask for such codes, and two that are good at once would be guessed twice as easily.
    pub fn beside(self) -> Option<Duration> {
        (self != Self::ForgotPassword).then(|| self.lifetime())
    }

    pub fn lifetime(self) -> Duration {
        match self {
            Self::ForgotPassword => Duration::HOUR,
            Self::SignUp | Self::VerifyEmail | Self::VerifyPhoneNumber => SIGN_UP_LIFETIME,
        }
    }
}
