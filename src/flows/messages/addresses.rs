//! Addresses that messages go to, and made-up addresses for names that no user has.

use serde::Serialize;

use crate::{
    app::App,
    delivery::Medium,
    factor::AddressAttribute,
    flows::messages::purpose::Purpose,
    store::{pools::Pool, users::User},
};

/// An address of a user that a message can go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub attribute: AddressAttribute,
    pub value: String,
}

/// `CodeDeliveryDetailsType`: where a code went, with the address masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeliveryDetails {
    pub attribute_name: AddressAttribute,
    pub delivery_medium: Medium,
    pub destination: String,
}

impl Address {
    /// The user's address of this attribute, if there is one.
    pub fn of(user: &User, attribute: AddressAttribute) -> Option<Self> {
        let value = user.attributes.get(attribute.name())?.as_str().filter(|value| !value.is_empty())?;
        Some(Self { attribute, value: value.to_owned() })
    }

    /// Like [`Self::of`], but only if the address is verified.
    pub fn verified(user: &User, attribute: AddressAttribute) -> Option<Self> {
        let verified = user.attributes.get(attribute.verified()).is_some_and(|value| value == "true");
        Self::of(user, attribute).filter(|_| verified)
    }

    pub fn medium(&self) -> Medium {
        match self.attribute {
            AddressAttribute::Email => Medium::Email,
            AddressAttribute::PhoneNumber => Medium::Sms,
        }
    }

    pub fn details(&self) -> DeliveryDetails {
        DeliveryDetails {
            attribute_name: self.attribute,
            delivery_medium: self.medium(),
            destination: match self.medium() {
                Medium::Email => masked_email(&self.value),
                Medium::Sms => masked_phone(&self.value),
            },
        }
    }
}

/// The kind of address that is the pool's username attribute, if the pool has exactly one.
pub fn naming(pool: &Pool) -> Option<AddressAttribute> {
    match pool.settings.username_attributes.as_slice() {
        [one] => one.parse().ok(),
        _ => None,
    }
}

/// The kinds of address that a new user's code may go to, in order of preference.
///
/// As in Amazon Cognito, the phone comes before the mailbox. But if the mailbox is the only username attribute, it
/// comes first, because it is the name that must be verified.
pub fn attributes_to_verify(pool: &Pool) -> impl Iterator<Item = AddressAttribute> {
    let automatic =
        |one: &AddressAttribute| pool.settings.auto_verified_attributes.iter().any(|name| name == one.name());
    let order = match naming(pool) {
        Some(AddressAttribute::Email) => [AddressAttribute::Email, AddressAttribute::PhoneNumber],
        _ => [AddressAttribute::PhoneNumber, AddressAttribute::Email],
    };
    order.into_iter().filter(automatic)
}

/// Masks an e-mail address, for example as `b***@g***`.
fn masked_email(email: &str) -> String {
    let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
    let (name, domain) = email.split_once('@').unwrap_or((email, ""));
    format!("{}***@{}***", first(name), first(domain))
}

/// Masks all but the last four digits of a phone number, for example as `+*******1234`.
fn masked_phone(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().skip(1).collect();
    let hidden = digits.len().saturating_sub(4);
    format!("+{}{}", "*".repeat(hidden), digits[hidden..].iter().collect::<String>())
}

/// Whether a name looks like a phone number.
fn is_phone(name: &str) -> bool {
    name.starts_with('+') && name.len() > 5
}

/// The address that a code of this purpose appears to go to, for a name that no user has: the name itself if it looks
/// like an address, and otherwise a made-up address, which is the same on every call.
pub fn decoy(app: &App, pool: &Pool, username: &str, purpose: Purpose) -> Address {
    let first = match naming(pool) {
        Some(naming) if purpose != Purpose::SignUp => Some(naming),
        _ => attributes_to_verify(pool).next(),
    };
    let by_phone = is_phone(username) || (!username.contains('@') && first == Some(AddressAttribute::PhoneNumber));
    let attribute = if by_phone { AddressAttribute::PhoneNumber } else { AddressAttribute::Email };
    decoy_of(app, pool, username, purpose, attribute)
}

/// Like [`decoy`], but for a given kind of address.
///
/// For the name of a real user, callers see two different addresses: the real one and a decoy. If the user is
/// unconfirmed, they see the real address for the code of a sign-up and the decoy for every other purpose; if the user
/// is confirmed, it is the other way around. So a name that no user has needs two decoys, one for the sign-up and one
/// for every other purpose. A single decoy would reveal that no user has the name.
pub fn decoy_of(app: &App, pool: &Pool, username: &str, purpose: Purpose, attribute: AddressAttribute) -> Address {
    let username = &pool.username_key(username);
    let is_named_by_it = match attribute {
        AddressAttribute::Email => username.contains('@'),
        AddressAttribute::PhoneNumber => is_phone(username),
    };
    if is_named_by_it {
        return Address { attribute, value: username.to_owned() };
    }
    let kind = if purpose == Purpose::SignUp { "decoy address of a sign-up" } else { "decoy address" };
    let seed = app.sealing.derive(kind, format!("{} {username}", pool.id).as_bytes());
    let value = match attribute {
        AddressAttribute::Email => {
            let letter = |n: u8| char::from(b'a' + n % 26);
            format!("{}@{}", letter(seed[0]), letter(seed[1]))
        }
        AddressAttribute::PhoneNumber => {
            format!("+{}", seed[..11].iter().map(|byte| char::from(b'0' + byte % 10)).collect::<String>())
        }
    };
    Address { attribute, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_masked() {
        let email = Address { attribute: AddressAttribute::Email, value: "bob@gmail.com".into() };
        assert_eq!(email.details().destination, "b***@g***");
        let phone = Address { attribute: AddressAttribute::PhoneNumber, value: "+15555551234".into() };
        assert_eq!(phone.details().destination, "+*******1234");
        let short = Address { attribute: AddressAttribute::PhoneNumber, value: "+123".into() };
        assert_eq!(short.details().destination, "+123");
    }
}
