//! The names that sign a person in: the username, and the pool's aliases or username attributes.

use serde_json::{Map, Value};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    random,
    store::{self, pools::Pool},
};

/// Subject and username of a new user who is to be called `typed`. In pools with username attributes the typed address
/// becomes the user's attribute, and the subject is the username.
pub fn of_new_user(pool: &Pool, typed: &str, attributes: &mut Map<String, Value>) -> Result<(Uuid, String)> {
    let sub = random::uuid();
    let invalid = |text: &'static str| Err(Error::InvalidParameter(text.into()));
    let settings = &pool.settings;
    let has = |list: &[String], name: &str| list.iter().any(|one| one == name);
    if settings.username_attributes.is_empty() {
        // Operators may name a user by subject, so a name must not look like one.
        if Uuid::try_parse(typed).is_ok() {
            return invalid("Username must not be a UUID; choose another name.");
        }
        if has(&settings.alias_attributes, "email") && looks_like_email(typed) {
            return invalid("Username cannot be of email format, since user pool is configured for email alias.");
        }
        if has(&settings.alias_attributes, "phone_number") && looks_like_phone(typed) {
            return invalid(
                "Username cannot be of phone number format, since user pool is configured for phone number alias.",
            );
        }
        return Ok((sub, typed.to_owned()));
    }
    let (email, phone) =
        (has(&settings.username_attributes, "email"), has(&settings.username_attributes, "phone_number"));
    let attribute = match (email, phone) {
        (true, _) if looks_like_email(typed) => "email",
        (_, true) if looks_like_phone(typed) => "phone_number",
        (true, true) => return invalid("Username should be either an email or a phone number."),
        (true, false) => return invalid("Username should be an email."),
        _ => return invalid("Username should be a phone number."),
    };
    match attributes.get(attribute) {
        Some(other) if other != typed => {
            return Err(Error::InvalidParameter(format!("The {attribute} must be the same as the username.").into()));
        }
        _ => attributes.insert(attribute.into(), Value::String(typed.to_owned())),
    };
    Ok((sub, sub.to_string()))
}

fn looks_like_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty() && !domain.contains('@'))
        && !text.contains(char::is_whitespace)
}

fn looks_like_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|n| (5..=15).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()))
}

/// The names beside the username that these attributes give in this pool: kind and value as it is compared.
fn of(pool: &Pool, attributes: &Map<String, Value>) -> Vec<(&'static str, String)> {
    let settings = &pool.settings;
    let kinds = ["email", "phone_number", "preferred_username"];
    let names = kinds.into_iter().filter_map(|kind| {
        let has = |list: &[String]| list.iter().any(|one| one == kind);
        let verified = || attributes.get(&format!("{kind}_verified")).is_some_and(|value| value == "true");
        // As an alias, an address signs in once it is verified; as a username, from the start.
        let signs_in = has(&settings.username_attributes)
            || (has(&settings.alias_attributes) && (kind == "preferred_username" || verified()));
        let value = attributes.get(kind)?.as_str().filter(|value| signs_in && !value.is_empty())?;
        Some((kind, pool.username_key(value)))
    });
    names.collect()
}

/// A name that is somebody else's: its kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken(pub &'static str);

impl Taken {
    /// The refusal of a change.
    pub fn alias_exists(&self) -> Error {
        Error::AliasExists(format!("An account with the {} already exists.", self.0).into())
    }

    /// The refusal of a new user.
    pub fn username_exists(&self) -> Error {
        Error::UsernameExists(format!("An account with the given {} already exists.", self.0).into())
    }
}

/// Makes a user's names what the attributes say, in a transaction that holds the user's row. The inner error: one of them
/// is somebody else's. `take`: it is taken away from them, and their address is no longer verified.
pub async fn put(
    db: &mut PgConnection,
    pool: &Pool,
    sub: Uuid,
    attributes: &Map<String, Value>,
    take: bool,
    now: OffsetDateTime,
) -> Result<Result<(), Taken>> {
    if pool.settings.username_attributes.is_empty() && pool.settings.alias_attributes.is_empty() {
        return Ok(Ok(()));
    }
    let wanted = of(pool, attributes);
    let values: Vec<String> = wanted.iter().map(|(_, value)| value.clone()).collect();
    store::aliases::delete_others(db, &pool.id, sub, &values).await?;
    for (kind, value) in wanted {
        if store::aliases::insert(db, &pool.id, sub, kind, &value).await? {
            continue;
        }
        if !take || kind == "preferred_username" {
            return Ok(Err(Taken(kind)));
        }
        take_away(db, pool, kind, &value, now).await?;
        if !store::aliases::insert(db, &pool.id, sub, kind, &value).await? {
            return Ok(Err(Taken(kind)));
        }
    }
    Ok(Ok(()))
}

/// Takes an alias away from whoever has it. Two users who do so to each other wait at most for the lock's time-out.
async fn take_away(
    db: &mut PgConnection,
    pool: &Pool,
    kind: &'static str,
    value: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let Some(owner) = store::aliases::owner_of(db, &pool.id, value).await? else { return Ok(()) };
    let Some(mut owner) = store::users::lock(db, &pool.id, owner).await? else { return Ok(()) };
    owner.attributes.insert(format!("{kind}_verified"), "false".into());
    store::users::update_attributes(db, &pool.id, owner.sub, &owner.attributes, now).await?;
    let keep: Vec<String> = of(pool, &owner.attributes).into_iter().map(|(_, value)| value).collect();
    store::aliases::delete_others(db, &pool.id, owner.sub, &keep).await?;
    Ok(())
}
