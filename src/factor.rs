//! The factors with which people prove who they are, and the challenges that ask for these factors. The variants are
//! named as in the API.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// A first factor: the values of `AuthFactorType`, and `PasswordSrp`, a password that is proved by SRP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, EnumString, IntoStaticStr, Serialize, Deserialize)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Factor {
    PasswordSrp,
    Password,
    EmailOtp,
    SmsOtp,
    WebAuthn,
}

impl Factor {
    /// The factors for which a code is sent.
    pub const SENT: [Self; 2] = [Self::EmailOtp, Self::SmsOtp];

    /// Returns the challenge that asks for this factor.
    pub fn challenge(self) -> ChallengeName {
        match self {
            Self::PasswordSrp => ChallengeName::PasswordSrp,
            Self::Password => ChallengeName::Password,
            Self::EmailOtp => ChallengeName::EmailOtp,
            Self::SmsOtp => ChallengeName::SmsOtp,
            Self::WebAuthn => ChallengeName::WebAuthn,
        }
    }

    /// Returns the member of `ChallengeResponses` that proves this factor.
    pub fn response(self) -> &'static str {
        match self {
            Self::PasswordSrp => "SRP_A",
            Self::Password => "PASSWORD",
            Self::EmailOtp => "EMAIL_OTP_CODE",
            Self::SmsOtp => "SMS_OTP_CODE",
            Self::WebAuthn => "CREDENTIAL",
        }
    }

    /// Returns the attribute with the address to which the code is sent; `None` if no code is sent.
    pub fn attribute(self) -> Option<AddressAttribute> {
        match self {
            Self::EmailOtp => Some(AddressAttribute::Email),
            Self::SmsOtp => Some(AddressAttribute::PhoneNumber),
            Self::PasswordSrp | Self::Password | Self::WebAuthn => None,
        }
    }
}

/// A second factor. The variants are in the order in which they are offered. In the API, each has the same name as its
/// challenge.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
    Serialize,
    Deserialize,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SecondFactor {
    SoftwareTokenMfa,
    SmsMfa,
    EmailOtp,
}

impl SecondFactor {
    /// Returns the challenge that asks for this factor.
    pub fn challenge(self) -> ChallengeName {
        match self {
            Self::SoftwareTokenMfa => ChallengeName::SoftwareTokenMfa,
            Self::SmsMfa => ChallengeName::SmsMfa,
            Self::EmailOtp => ChallengeName::EmailOtp,
        }
    }

    /// Returns the member of `ChallengeResponses` that proves this factor.
    pub fn response(self) -> &'static str {
        match self {
            Self::SoftwareTokenMfa => "SOFTWARE_TOKEN_MFA_CODE",
            Self::SmsMfa => "SMS_MFA_CODE",
            Self::EmailOtp => "EMAIL_OTP_CODE",
        }
    }

    /// Returns the attribute with the address to which the code is sent; `None` if no code is sent.
    pub fn attribute(self) -> Option<AddressAttribute> {
        match self {
            Self::SoftwareTokenMfa => None,
            Self::SmsMfa => Some(AddressAttribute::PhoneNumber),
            Self::EmailOtp => Some(AddressAttribute::Email),
        }
    }

    /// Returns the name of this factor in the `amr` claim.
    pub fn method(self) -> &'static str {
        match self {
            Self::SoftwareTokenMfa => "otp",
            Self::SmsMfa => "sms",
            Self::EmailOtp => "email_otp",
        }
    }
}

/// A user attribute whose value is an address to which messages can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Display, EnumString, IntoStaticStr, Serialize)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum AddressAttribute {
    Email,
    PhoneNumber,
}

impl AddressAttribute {
    pub const ALL: [Self; 2] = [Self::Email, Self::PhoneNumber];

    /// Returns the attribute's name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the name of the attribute that says whether the address was verified.
    pub fn verified(self) -> &'static str {
        match self {
            Self::Email => "email_verified",
            Self::PhoneNumber => "phone_number_verified",
        }
    }
}

/// Which users of a pool need a second factor (`UserPoolMfaType`). With `Off`, no user needs one. With `Optional`, the
/// users who have set one up need it. With `On`, every user needs one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MfaConfiguration {
    #[default]
    Off,
    Optional,
    On,
}

/// The name of a challenge (`ChallengeNameType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, EnumString, IntoStaticStr, Serialize, Deserialize)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChallengeName {
    SelectChallenge,
    Password,
    PasswordSrp,
    WebAuthn,
    EmailOtp,
    SmsOtp,
    PasswordVerifier,
    NewPasswordRequired,
    SoftwareTokenMfa,
    SmsMfa,
    SelectMfaType,
    MfaSetup,
    DeviceSrpAuth,
    DevicePasswordVerifier,
    CustomChallenge,
}

impl ChallengeName {
    /// Returns the first factor that a challenge of this name can ask for, if there is one. (`EMAIL_OTP` can also ask
    /// for a second factor.)
    pub fn factor(self) -> Option<Factor> {
        match self {
            Self::Password => Some(Factor::Password),
            Self::PasswordSrp => Some(Factor::PasswordSrp),
            Self::WebAuthn => Some(Factor::WebAuthn),
            Self::EmailOtp => Some(Factor::EmailOtp),
            Self::SmsOtp => Some(Factor::SmsOtp),
            Self::SelectChallenge
            | Self::PasswordVerifier
            | Self::NewPasswordRequired
            | Self::SoftwareTokenMfa
            | Self::SmsMfa
            | Self::SelectMfaType
            | Self::MfaSetup
            | Self::DeviceSrpAuth
            | Self::DevicePasswordVerifier
            | Self::CustomChallenge => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_factor_is_asked_for_by_the_challenge_of_its_name() {
        for factor in [Factor::PasswordSrp, Factor::Password, Factor::EmailOtp, Factor::SmsOtp, Factor::WebAuthn] {
            assert_eq!(factor.challenge().to_string(), factor.to_string());
            assert_eq!(factor.challenge().factor(), Some(factor));
        }
        for method in SecondFactor::VARIANTS {
            assert_eq!(method.challenge().to_string(), method.to_string());
        }
        assert_eq!(ChallengeName::SmsMfa.factor(), None);
    }

    #[test]
    fn what_is_sent_goes_to_its_own_address() {
        let (mail, phone) = (Some(AddressAttribute::Email), Some(AddressAttribute::PhoneNumber));
        assert_eq!(Factor::SENT.map(Factor::attribute), [mail, phone]);
        assert_eq!((Factor::Password.attribute(), Factor::WebAuthn.attribute()), (None, None));
        let attributes: Vec<_> = SecondFactor::VARIANTS.iter().map(|method| method.attribute()).collect();
        assert_eq!(attributes, [None, phone, mail]);
    }

    #[test]
    fn an_address_and_its_proof_are_attributes_of_one_name() {
        for address in AddressAttribute::ALL {
            assert_eq!(address.verified(), format!("{}_verified", address.name()));
            assert_eq!(address.name().parse(), Ok(address));
        }
    }
}
