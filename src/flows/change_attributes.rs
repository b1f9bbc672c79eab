//! Changing a user's attributes, by the user or by an operator: what is verified, what waits for a code, who is called what.

use serde_json::{Map, Value};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::{
    app::App,
    error::{Error, Result},
    flows::{
        attributes,
        codes::{self, Purpose},
        messages::{Address, DeliveryDetails},
        names,
    },
    store::{self, pools::Pool, users::User},
};

/// Applies checked attributes to a user, in a transaction that holds the user's row; returns where codes went.
pub async fn update(
    app: &App,
    db: &mut PgConnection,
    pool: &Pool,
    user: User,
    mut new: Map<String, Value>,
    now: OffsetDateTime,
) -> Result<Vec<DeliveryDetails>> {
    let settings = &pool.settings;
    let has = |list: &[String], name: &str| list.iter().any(|one| one == name);
    let before_update = &settings.user_attribute_update_settings.attributes_require_verification_before_update;
    let mut to_prove = Vec::new();
    for attribute in ["email", "phone_number"] {
        let Some(value) = new.get(attribute).and_then(Value::as_str).map(str::to_owned) else { continue };
        let same = user.attributes.get(attribute).is_some_and(|old| *old == value);
        let vouched = new.get(&format!("{attribute}_verified")).is_some_and(|verified| verified == "true");
        if same || vouched || value.is_empty() || !has(&settings.auto_verified_attributes, attribute) {
            continue;
        }
        if has(before_update, attribute) {
            new.remove(attribute);
        }
        to_prove.push(Address { attribute, value });
    }
    let flags: Vec<_> = new.iter().filter(|(name, _)| name.ends_with("_verified")).collect();
    let flags: Vec<_> = flags.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let mut user = user;
    let old = std::mem::take(&mut user.attributes);
    let mut changed = attributes::changed(pool, old, new)?;
    changed.extend(flags);
    store(db, pool, &user, &changed, now).await?;
    user.attributes = changed;
    let mut sent = Vec::new();
    for address in to_prove {
        let purpose = Purpose::verify(address.attribute);
        sent.push(codes::send(app, db, pool, &user, purpose, &address, now).await?);
    }
    Ok(sent)
}

/// Writes a user's attributes and the names that follow from them.
pub async fn store(
    db: &mut PgConnection,
    pool: &Pool,
    user: &User,
    attributes: &Map<String, Value>,
    now: OffsetDateTime,
) -> Result<()> {
    names::put(db, pool, user.sub, attributes, false, now).await?.map_err(|taken| taken.alias_exists())?;
    Ok(store::users::update_attributes(db, &pool.id, user.sub, attributes, now).await?)
}

/// A user's attributes without some. `writable`: those that a client may change.
pub fn without(
    pool: &Pool,
    mut attributes: Map<String, Value>,
    names: &[String],
    writable: Option<&[String]>,
) -> Result<Map<String, Value>> {
    let refuse = |name: &str, why: &str| {
        Err(Error::InvalidParameter(format!("Attributes did not conform to the schema: {name}: {why}").into()))
    };
    for name in names {
        let Some(known) = pool.settings.schema_attributes.iter().find(|known| known.name == *name) else {
            return refuse(name, "Attribute does not exist in the schema.");
        };
        if writable.is_some_and(|list| !list.contains(name)) {
            return Err(Error::NotAuthorized("A client attempted to write unauthorized attribute".into()));
        }
        if known.required || name == "sub" {
            return refuse(name, "Required attributes cannot be deleted.");
        }
        if pool.settings.username_attributes.contains(name) {
            return refuse(name, "People sign in with it; it can be changed, not deleted.");
        }
        if !known.mutable && attributes.contains_key(name) {
            return refuse(name, "Attribute cannot be updated.");
        }
        attributes.remove(name);
        attributes.remove(&format!("{name}_verified"));
    }
    Ok(attributes)
}
