//! The names that a person can sign in with: the username, and the pool's aliases or username attributes.

use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::{Error, Key, Result, Text},
    flows::accounts::attributes::{is_email, is_phone},
    random,
    store::{
        self, Connection,
        pools::Pool,
        users::{Status, User},
    },
};

/// Returns the subject and the username of a new user for whom the name `typed` was entered.
///
/// In pools with username attributes, `typed` is an address: it becomes an attribute of the user, and the subject
/// becomes the username.
pub fn of_new_user(pool: &Pool, typed: &str, attributes: &mut Map<String, Value>) -> Result<(Uuid, String)> {
    let sub = random::uuid();
    let invalid = |key: Key, text: &'static str| Err(Error::InvalidParameter(Text::keyed(key, text)));
    let settings = &pool.settings;
    let has = |list: &[String], name: &str| list.iter().any(|one| one == name);
    if settings.username_attributes.is_empty() {
        if has(&settings.alias_attributes, "email") && is_email(typed) {
            return invalid(
                Key::NameIsAddress,
                "Username cannot be of email format, since user pool is configured for email alias.",
            );
        }
        if has(&settings.alias_attributes, "phone_number") && is_phone(typed) {
            return invalid(
                Key::NameIsAddress,
                "Username cannot be of phone number format, since user pool is configured for phone number alias.",
            );
        }
        return Ok((sub, typed.to_owned()));
    }
    let (email, phone) =
        (has(&settings.username_attributes, "email"), has(&settings.username_attributes, "phone_number"));
    let attribute = match (email, phone) {
        (true, _) if is_email(typed) => "email",
        (_, true) if is_phone(typed) => "phone_number",
        (true, true) => return invalid(Key::NotAnAddress, "Username should be either an email or a phone number."),
        (true, false) => return invalid(Key::NotAnAddress, "Username should be an email."),
        _ => return invalid(Key::NotAPhoneNumber, "Username should be a phone number."),
    };
    match attributes.get(attribute) {
        Some(other) if other != typed => {
            return Err(Error::InvalidParameter(format!("The {attribute} must be the same as the username.").into()));
        }
        _ => attributes.insert(attribute.into(), Value::String(typed.to_owned())),
    };
    Ok((sub, sub.to_string()))
}

/// The name under which people know an account: the username or, where the username is a random one because people sign
/// in with an address, the address. A verified address comes first.
pub fn shown<'a>(pool: &Pool, user: &'a User) -> &'a str {
    let text = |name: &str| user.attributes.get(name).and_then(Value::as_str);
    let kinds = &pool.settings.username_attributes;
    let is_verified = |kind: &&String| text(&format!("{kind}_verified")) == Some("true");
    let verified = kinds.iter().filter(is_verified).find_map(|kind| text(kind));
    verified.or_else(|| kinds.iter().find_map(|kind| text(kind))).unwrap_or(&user.username)
}

/// The names that this user can sign in with: the kind of each name, and its value in the form that is compared.
///
/// In a pool with neither aliases nor username attributes, the list is empty: the username is the only name, and the
/// table `users` holds it.
fn names_of(pool: &Pool, user: &User) -> Vec<(&'static str, String)> {
    let settings = &pool.settings;
    let mut names = Vec::new();
    if settings.alias_attributes.is_empty() && settings.username_attributes.is_empty() {
        return names;
    }
    if settings.username_attributes.is_empty() {
        names.push(("username", pool.username_key(&user.username)));
    }
    let is_verified =
        |kind: &str| user.attributes.get(&format!("{kind}_verified")).is_some_and(|value| value == "true");
    let one_is_proved = settings.username_attributes.iter().any(|kind| is_verified(kind));
    for kind in ["email", "phone_number", "preferred_username"] {
        let has = |list: &[String]| list.iter().any(|one| one == kind);
        let verified = || is_verified(kind);
        // As an alias, an address can be used to sign in once it is verified, and a preferred username once its owner
        // is confirmed. As a username, an address can be used from the start, unless only another address is verified:
        // somebody who verified a phone number has proved nothing about the mailbox given with it, and the owner of
        // that mailbox must be able to sign up with it.
        let proved = match kind {
            "preferred_username" => user.status != Status::Unconfirmed,
            _ => verified(),
        };
        let by_itself = has(&settings.username_attributes) && (verified() || !one_is_proved);
        let signs_in = by_itself || (has(&settings.alias_attributes) && proved);
        let value = user.attributes.get(kind).and_then(Value::as_str).filter(|value| signs_in && !value.is_empty());
        if let Some(value) = value {
            names.push((kind, pool.username_key(value)));
        }
    }
    names
}

/// Fails if the preferred username is an alias and looks like another kind of name.
fn check_preferred(pool: &Pool, user: &User) -> Result<()> {
    let alias = pool.settings.alias_attributes.iter().any(|name| name == "preferred_username");
    let chosen = user.attributes.get("preferred_username").and_then(Value::as_str).filter(|_| alias);
    if chosen.is_some_and(|name| name.contains('@') || is_phone(name) || Uuid::try_parse(name).is_ok()) {
        return Err(Error::InvalidParameter(Text::keyed(
            Key::Attribute("preferred_username".into()),
            "preferred_username must not look like an e-mail address, a phone number or a UUID: people sign in with it.",
        )));
    }
    Ok(())
}

/// The kind of a name that belongs to another user.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken(pub &'static str);

impl Taken {
    /// The error for a change of an existing user.
    pub fn alias_exists(&self) -> Error {
        Error::AliasExists(format!("An account with the given {} already exists.", self.0).into())
    }

    /// The error for a new user.
    pub fn username_exists(&self) -> Error {
        Error::UsernameExists(format!("An account with the given {} already exists.", self.0).into())
    }
}

/// Makes the stored names that a user can sign in with match the user's attributes, in a transaction that has locked
/// the user's row.
///
/// The inner error means that one of the names belongs to another user. If `take` is set, an address is instead taken
/// away from that user, for whom it is then no longer verified.
pub async fn put(
    db: &mut Connection,
    pool: &Pool,
    user: &User,
    take: bool,
    now: OffsetDateTime,
) -> Result<Result<(), Taken>> {
    check_preferred(pool, user)?;
    let wanted = names_of(pool, user);
    if wanted.is_empty() && pool.settings.alias_attributes.is_empty() && pool.settings.username_attributes.is_empty() {
        return Ok(Ok(()));
    }
    let values: Vec<String> = wanted.iter().map(|(_, value)| value.clone()).collect();
    store::aliases::delete_others(db, &pool.id, user.sub, &values).await?;
    for (kind, value) in wanted {
        if store::aliases::insert(db, &pool.id, user.sub, kind, &value).await? {
            continue;
        }
        let address = matches!(kind, "email" | "phone_number");
        if !take || !address {
            return Ok(Err(Taken(kind)));
        }
        take_away(db, pool, kind, &value, now).await?;
        if !store::aliases::insert(db, &pool.id, user.sub, kind, &value).await? {
            return Ok(Err(Taken(kind)));
        }
    }
    Ok(Ok(()))
}

/// Takes an address away from the user who signs in with it.
///
/// If two transactions take addresses from each other's users at the same time, they deadlock. PostgreSQL then aborts
/// one of them after `deadlock_timeout` (one second by default).
async fn take_away(
    db: &mut Connection,
    pool: &Pool,
    kind: &'static str,
    value: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let Some(owner) = store::aliases::owner_of(db, &pool.id, value).await? else { return Ok(()) };
    let Some(mut owner) = store::users::lock(db, &pool.id, owner).await? else { return Ok(()) };
    // The owner is locked now. Until then, the owner's address may have changed, so it is compared again.
    if owner.attributes.get(kind).and_then(Value::as_str).is_none_or(|own| pool.username_key(own) != value) {
        return Ok(());
    }
    owner.attributes.insert(format!("{kind}_verified"), "false".into());
    store::users::update_attributes(db, &pool.id, owner.sub, &owner.attributes, now).await?;
    let keep: Vec<String> = names_of(pool, &owner).into_iter().map(|(_, value)| value).collect();
    Ok(store::aliases::delete_others(db, &pool.id, owner.sub, &keep).await?)
}
