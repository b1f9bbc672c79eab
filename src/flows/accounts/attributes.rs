//! User attributes, checked against the pool's schema.

use serde_json::{Map, Value};

use crate::{
    error::{Error, Key, Result, Text},
    store::{
        clients::Client,
        pools::{Pool, SchemaAttribute},
    },
};

/// The maximum length, in bytes, of a value that users sign in with. An index entry of the database must be able to
/// hold it.
const LONGEST_KEY: usize = 1024;

/// The maximum number of custom attributes of a pool.
pub const MAX_CUSTOM: usize = 50;

/// An attribute's name and value: the API's `AttributeType`.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attribute {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// Converts a map of attributes to the API's list, with `sub` first.
pub fn listed(sub: uuid::Uuid, attributes: &Map<String, Value>) -> Vec<Attribute> {
    let sub = Attribute { name: "sub".into(), value: Some(sub.to_string()) };
    let rest = attributes
        .iter()
        .map(|(name, value)| Attribute { name: name.clone(), value: value.as_str().map(str::to_owned) });
    std::iter::once(sub).chain(rest).collect()
}

/// The attributes that a client may read: those in its list of readable attributes or, if it has no list, all except
/// the `dev:` attributes.
pub fn readable(client: &Client, attributes: &Map<String, Value>) -> Map<String, Value> {
    let listed = |name: &str| match &client.settings.read_attributes {
        Some(list) => list.iter().any(|one| one == name),
        None => !name.starts_with("dev:"),
    };
    attributes.iter().filter(|(name, _)| listed(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// A change of a user's attributes.
#[derive(Clone, Debug, Default)]
pub struct AttributeChange {
    /// The attributes that get a value.
    pub set: Map<String, Value>,
    /// The attributes that are deleted.
    pub deleted: Vec<String>,
}

impl AttributeChange {
    /// The new value of an attribute: `Some(None)` if the change deletes it, `None` if the change does not mention it.
    pub fn value_of(&self, name: &str) -> Option<Option<&Value>> {
        match self.set.get(name) {
            Some(value) => Some(Some(value)),
            None => self.deleted.iter().any(|one| one == name).then_some(None),
        }
    }
}

/// Checks the attributes of a new user as [`checked_change`] does, and returns them as a map, without those whose value
/// is empty.
pub fn checked(
    pool: &Pool,
    given: &[Attribute],
    writable: Option<&[String]>,
    by_operator: bool,
) -> Result<Map<String, Value>> {
    Ok(checked_change(pool, given, writable, by_operator)?.set)
}

/// Checks the given attributes against the schema. Each must be known, writable and well formed. An empty value deletes
/// the attribute (docs/cognito.md 3.4).
///
/// `writable` is the app client's list of writable attributes, or `None` if there is no list. If `by_operator` is
/// set, the caller may write every attribute except `sub` and `identities`, even `email_verified`.
pub fn checked_change(
    pool: &Pool,
    given: &[Attribute],
    writable: Option<&[String]>,
    by_operator: bool,
) -> Result<AttributeChange> {
    let mut out = AttributeChange::default();
    for attribute in given {
        let name = attribute.name.as_str();
        let schema = pool.settings.schema_attributes.iter().find(|known| known.name == name);
        // In Amazon Cognito, federated sign-ins write this attribute, so no caller may.
        if name == "identities" {
            return Err(nonconforming("identities", "Attribute cannot be updated."));
        }
        let Some(schema) = schema.filter(|known| known.name != "sub") else {
            return Err(nonconforming(name, "Attribute does not exist in the schema.\n"));
        };
        if !by_operator && !is_writable(schema, writable) {
            return Err(Error::NotAuthorized("A client attempted to write unauthorized attribute".into()));
        }
        let value = attribute.value.clone().unwrap_or_default();
        // If an attribute is given twice, the last one counts.
        out.deleted.retain(|one| one != name);
        if value.is_empty() {
            out.set.remove(name);
            out.deleted.push(name.to_owned());
            continue;
        }
        // Amazon Cognito also accepts `True` and `False`, as Python spells them.
        let value = if schema.attribute_data_type == "Boolean" { value.to_lowercase() } else { value };
        check_value(schema, &value)?;
        out.set.insert(name.to_owned(), Value::String(value));
    }
    Ok(out)
}

/// Fails if the attributes say that an address is verified but do not contain the address.
pub fn check_verified(attributes: &Map<String, Value>) -> Result<()> {
    for (name, text) in [("email", "email"), ("phone_number", "phone number")] {
        let verified = format!("{name}_verified");
        if attributes.get(&verified).is_some_and(|value| value == "true") && !attributes.contains_key(name) {
            return Err(Error::InvalidParameter(format!("No {text} provided but {verified} was true").into()));
        }
    }
    Ok(())
}

/// Whether users may write this attribute if the app client allows it.
pub fn is_for_users(schema: &SchemaAttribute) -> bool {
    let reserved = matches!(schema.name.as_str(), "email_verified" | "phone_number_verified" | "identities");
    !reserved && !schema.developer_only_attribute
}

/// Whether users may write an attribute through a client with this list of writable attributes.
fn is_writable(schema: &SchemaAttribute, writable: Option<&[String]>) -> bool {
    is_for_users(schema) && writable.is_none_or(|list| list.contains(&schema.name))
}

/// Whether users may write an attribute through this client.
pub fn may_write(client: &Client, schema: &SchemaAttribute) -> bool {
    is_writable(schema, client.settings.write_attributes.as_deref())
}

/// Fails if a user changes an immutable attribute, even one that has no value yet.
///
/// An immutable attribute gets its value when the user is created, or from an operator.
pub fn check_mutable(pool: &Pool, current: &Map<String, Value>, new: &Map<String, Value>) -> Result<()> {
    let fixed = |known: &&SchemaAttribute| {
        !known.mutable && new.get(&known.name).is_some_and(|value| current.get(&known.name) != Some(value))
    };
    match pool.settings.schema_attributes.iter().find(fixed) {
        None => Ok(()),
        Some(known) => Err(nonconforming(&known.name, "Attribute cannot be updated.")),
    }
}

/// Returns a user's attributes after a change.
///
/// Fails if the change replaces the value of an immutable attribute. An address that changes is no longer verified.
pub fn changed(pool: &Pool, mut current: Map<String, Value>, new: Map<String, Value>) -> Result<Map<String, Value>> {
    for (name, value) in new {
        let before = current.get(&name);
        if before == Some(&value) {
            continue;
        }
        let mutable = pool.settings.schema_attributes.iter().any(|known| known.name == name && known.mutable);
        if before.is_some() && !mutable {
            return Err(nonconforming(&name, "Attribute cannot be updated."));
        }
        let verified = format!("{name}_verified");
        if matches!(name.as_str(), "email" | "phone_number") && current.contains_key(&verified) {
            current.insert(verified, "false".into());
        }
        current.insert(name, value);
    }
    Ok(current)
}

/// The first required attribute that the user lacks.
pub fn missing<'a>(pool: &'a Pool, attributes: &Map<String, Value>) -> Option<&'a str> {
    let mut all = pool.settings.schema_attributes.iter();
    let missing = all.find(|known| known.required && known.name != "sub" && !attributes.contains_key(&known.name));
    missing.map(|known| known.name.as_str())
}

/// Fails if the user lacks a required attribute.
pub fn check_required(pool: &Pool, attributes: &Map<String, Value>) -> Result<()> {
    match missing(pool, attributes) {
        None => Ok(()),
        Some(name) => Err(nonconforming(name, &format!("The attribute {name} is required"))),
    }
}

fn check_value(schema: &SchemaAttribute, value: &str) -> Result<()> {
    let name = &schema.name;
    let broken = |why: &str| Err(nonconforming(name, why));
    match schema.attribute_data_type.as_str() {
        "Number" => {
            let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
            let Some(number) = number else { return broken("Attribute value must be a number.") };
            let bound = |key: &str| schema.number_attribute_constraints.as_ref()?.get(key)?.parse::<f64>().ok();
            if bound("MinValue").is_some_and(|min| number < min) || bound("MaxValue").is_some_and(|max| number > max) {
                return broken("Attribute value is outside its range.");
            }
        }
        "Boolean" => {
            if !matches!(value, "true" | "false") {
                return broken("Attribute value must be true or false.");
            }
        }
        "DateTime" => {
            if value.parse::<i64>().is_err()
                && time::OffsetDateTime::parse(value, &time::format_description::well_known::Rfc3339).is_err()
            {
                return broken("Attribute value must be a date and time.");
            }
        }
        _ => {
            let length = value.chars().count();
            let bound = |key: &str| schema.string_attribute_constraints.as_ref()?.get(key)?.parse::<usize>().ok();
            // Users may sign in with these attributes. Their values are then keys in the database, and the size of a
            // key is limited in bytes.
            let key = matches!(name.as_str(), "email" | "phone_number" | "preferred_username");
            if bound("MinLength").is_some_and(|min| length < min)
                || length > bound("MaxLength").unwrap_or(2048)
                // In case-insensitive pools, the key is the value in lower case, which may be longer than the value.
                || (key && value.to_lowercase().len() > LONGEST_KEY)
            {
                return broken("String length is outside its range.");
            }
            if name == "email" && !is_email(value) {
                return Err(Error::InvalidParameter(Text::keyed(Key::NotAnAddress, "Invalid email address format.")));
            }
            if name == "phone_number" && !is_phone(value) {
                return Err(Error::InvalidParameter(Text::keyed(Key::NotAPhoneNumber, "Invalid phone number format.")));
            }
        }
    }
    Ok(())
}

/// Whether a string is exactly one e-mail address.
///
/// It must have one `@`, no whitespace and no character that separates or quotes addresses. It must not have a
/// non-ASCII letter that becomes ASCII in lower case (such as the Kelvin sign), because the names of two mailboxes must
/// not compare as equal.
pub fn is_email(text: &str) -> bool {
    let plain = |c: char| {
        !c.is_whitespace()
            && !c.is_control()
            && !"<>()[],;:\\\"".contains(c)
            && (c.is_ascii() || !c.to_lowercase().any(|folded| folded.is_ascii()))
    };
    text.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty() && !domain.contains('@'))
        && text.chars().all(plain)
}

/// Whether a string is a phone number in E.164 format.
pub fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|n| (5..=15).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()))
}

fn nonconforming(attribute: &str, why: &str) -> Error {
    let words = format!("Attributes did not conform to the schema: {attribute}: {why}");
    Error::InvalidParameter(Text::keyed(Key::Attribute(attribute.to_owned()), words))
}

/// The attributes that every pool has (OpenID Connect's standard claims), as DescribeUserPool lists them.
pub fn standard() -> Vec<SchemaAttribute> {
    let text = |name: &str, min: &str, max: &str| {
        let bounds = [("MinLength", min), ("MaxLength", max)].map(|(key, bound)| (key.to_owned(), bound.to_owned()));
        SchemaAttribute {
            name: name.into(),
            attribute_data_type: "String".into(),
            developer_only_attribute: false,
            mutable: name != "sub",
            required: name == "sub",
            string_attribute_constraints: Some(bounds.into()),
            number_attribute_constraints: None,
        }
    };
    let flag = |name: &str| SchemaAttribute {
        attribute_data_type: "Boolean".into(),
        string_attribute_constraints: None,
        ..text(name, "0", "0")
    };
    let mut all = vec![text("profile", "0", "2048"), text("address", "0", "2048"), text("birthdate", "10", "10")];
    all.extend(["gender", "preferred_username"].map(|name| text(name, "0", "2048")));
    all.push(SchemaAttribute {
        attribute_data_type: "Number".into(),
        string_attribute_constraints: None,
        number_attribute_constraints: Some([("MinValue".to_owned(), "0".to_owned())].into()),
        ..text("updated_at", "0", "0")
    });
    all.extend(["website", "picture"].map(|name| text(name, "0", "2048")));
    all.push(SchemaAttribute {
        string_attribute_constraints: Some(Default::default()),
        ..text("identities", "0", "0")
    });
    all.push(text("sub", "1", "2048"));
    all.push(flag("phone_number_verified"));
    all.push(flag("email_verified"));
    let rest =
        ["phone_number", "zoneinfo", "locale", "email", "given_name", "family_name", "middle_name", "name", "nickname"];
    all.extend(rest.map(|name| text(name, "0", "2048")));
    all
}
