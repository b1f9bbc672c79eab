//! The form fields of user attributes and of the username.

use std::borrow::Cow;

use crate::{store::pools::Pool, texts::Texts};

/// An attribute's form field.
pub struct AttributeInput {
    pub name: String,
    pub label: Cow<'static, str>,
    /// The `type` of the HTML input.
    pub kind: &'static str,
    pub autocomplete: &'static str,
    pub value: String,
    pub required: bool,
}

impl AttributeInput {
    /// Creates the field of an attribute or of the username.
    pub fn new(texts: &Texts, name: &str, required: bool, value: &str) -> Self {
        let (kind, autocomplete) = match name {
            "username" => ("text", "username"),
            "email" => ("email", "email"),
            "phone_number" => ("tel", "tel"),
            "name" => ("text", "name"),
            "given_name" => ("text", "given-name"),
            "family_name" => ("text", "family-name"),
            "middle_name" => ("text", "additional-name"),
            "nickname" | "preferred_username" => ("text", "nickname"),
            "birthdate" => ("date", "bday"),
            "address" => ("text", "street-address"),
            "website" | "profile" | "picture" => ("url", "url"),
            _ => ("text", "off"),
        };
        Self { name: name.to_owned(), label: label(texts, name), kind, autocomplete, value: value.to_owned(), required }
    }
}

/// Returns the label of an attribute or of the username.
pub fn label(texts: &Texts, name: &str) -> Cow<'static, str> {
    let known = format!("attribute-{name}");
    match name {
        "username" => texts.say("username"),
        "email" => texts.say("email"),
        "phone_number" => texts.say("phone"),
        _ if texts.has(&known) => texts.say(&known),
        other => other.strip_prefix("custom:").unwrap_or(other).to_owned().into(),
    }
}

/// Converts a phone number as people write it to the form that the API takes (E.164).
pub fn plain_phone(text: &str) -> String {
    // The zero in parentheses is only dialed without the country code.
    let text = if text.starts_with('+') { text.replacen("(0)", "", 1) } else { text.to_owned() };
    text.chars().filter(|one| !matches!(one, ' ' | '\u{a0}' | '-' | '(' | ')' | '/' | '.')).collect()
}

/// Returns the name that a person typed, without blanks around it. If users of the pool can sign in with a phone
/// number, a name that begins with `+` is converted like a phone number at sign-up.
pub fn plain_name<'a>(pool: &Pool, text: &'a str) -> Cow<'a, str> {
    let text = text.trim();
    let lists = [&pool.settings.username_attributes, &pool.settings.alias_attributes];
    let by_phone = lists.iter().any(|list| list.iter().any(|name| name == "phone_number"));
    if by_phone && text.starts_with('+') { plain_phone(text).into() } else { text.into() }
}
