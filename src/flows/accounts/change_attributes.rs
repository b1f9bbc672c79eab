//! Changes of a user's attributes, by the user or by an operator: which addresses stay verified, which addresses wait
//! for a code, and which sign-in names result.

use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    error::{Error, Key, Result, Text},
    factor::AddressAttribute,
    flows::{
        accounts::{
            attributes::{self, AttributeChange},
            factors, last_factor, names,
        },
        messages::{
            addresses::{Address, DeliveryDetails},
            codes::{self, Sending},
            purpose::Purpose,
        },
        pool_context::PoolContext,
    },
    store::{self, Connection, clients::Client, pools::Pool, users::User},
};

/// The error text for a change that would leave the user no way to sign in.
pub fn no_way_left() -> Text {
    let words = "Nothing would be left to sign in to this account with; add a passkey or set a password first.";
    Text::keyed(Key::NoWayLeft, words)
}

/// Whether a change of attributes must leave the user a way to sign in.
///
/// That is so if the passkey policy protects the last way to sign in and the user has a way to sign in now.
pub async fn must_keep_a_factor(db: &mut Connection, pool: &Pool, sub: Uuid) -> Result<bool> {
    Ok(pool.passkey_policy.keep_last_factor && last_factor::can_sign_in(db, pool, sub, None).await?)
}

/// Applies a checked change to a user's attributes, in a transaction that has locked the user's row.
///
/// Returns the changed user and the addresses to be verified; the caller sends the codes. If `careful` is set, a
/// verified address stays until the new address is verified, whatever the pool's settings say.
pub async fn update(
    db: &mut Connection,
    pool: &Pool,
    user: User,
    change: AttributeChange,
    careful: bool,
    now: OffsetDateTime,
) -> Result<(User, Vec<Address>)> {
    let settings = &pool.settings;
    let has = |list: &[String], name: &str| list.iter().any(|one| one == name);
    let before_update = &settings.user_attribute_update_settings.attributes_require_verification_before_update;
    // Immutable attributes are checked first, because the loop below removes from `new` the addresses that wait for a
    // code.
    let AttributeChange { set: mut new, deleted } = change;
    let kept = without(pool, user.attributes.clone(), &deleted, None)?;
    attributes::changed(pool, kept.clone(), new.clone())?;
    let mut to_prove = Vec::new();
    for attribute in AddressAttribute::ALL {
        let Some(value) = new.get(attribute.name()).and_then(Value::as_str).map(str::to_owned) else { continue };
        // A code that was sent earlier may be for another value.
        codes::withdraw(db, pool, user.sub, Purpose::verify(attribute)).await?;
        let same = user.attributes.get(attribute.name()).is_some_and(|old| *old == value);
        let vouched = new.get(attribute.verified()).is_some_and(|verified| verified == "true");
        // An address that serves as a second factor stays until the new address is verified.
        let stays = factors::uses(pool, &user, attribute) || (careful && Address::verified(&user, attribute).is_some());
        if same || vouched {
            continue;
        }
        if !stays && !has(&settings.auto_verified_attributes, attribute.name()) {
            continue;
        }
        if stays || has(before_update, attribute.name()) {
            new.remove(attribute.name());
        }
        to_prove.push(Address { attribute, value });
    }
    let flags: Vec<_> = new.iter().filter(|(name, _)| name.ends_with("_verified")).collect();
    let flags: Vec<_> = flags.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let mut changed = attributes::changed(pool, kept, new)?;
    changed.extend(flags);
    let user = store(db, pool, user, changed, now).await?;
    Ok((user, to_prove))
}

/// Sends a code to each address that is to be verified, and returns the delivery details.
///
/// If `counted` is set, the codes count toward the hourly limit on codes sent for a name.
pub async fn prove(
    context: &PoolContext<'_>,
    db: &mut Connection,
    user: &User,
    addresses: Vec<Address>,
    counted: bool,
    now: OffsetDateTime,
) -> Result<Vec<DeliveryDetails>> {
    let mut sent = Vec::new();
    for address in addresses {
        let purpose = Purpose::verify(address.attribute);
        let sending = Sending { purpose, source: "UpdateUserAttribute", counted };
        sent.push(codes::send(context, db, user, sending, &address, now).await?);
    }
    Ok(sent)
}

/// Writes a user's attributes and updates the names that the user can sign in with. Withdraws the codes that were sent
/// to verify addresses that have now changed.
pub async fn store(
    db: &mut Connection,
    pool: &Pool,
    user: User,
    attributes: Map<String, Value>,
    now: OffsetDateTime,
) -> Result<User> {
    if user.attributes == attributes {
        return Ok(user);
    }
    for attribute in AddressAttribute::ALL {
        if user.attributes.get(attribute.name()) != attributes.get(attribute.name()) {
            codes::withdraw(db, pool, user.sub, Purpose::verify(attribute)).await?;
        }
    }
    let user = User { attributes, ..user };
    names::put(db, pool, &user, false, now).await?.map_err(|taken| taken.alias_exists())?;
    store::users::update_attributes(db, &pool.id, user.sub, &user.attributes, now).await?;
    Ok(user)
}

/// Returns a user's attributes without the named ones. Fails if one of these must not be deleted. If `client` is given,
/// also fails if users may not write one of them through that app client.
pub fn without(
    pool: &Pool,
    mut left: Map<String, Value>,
    names: &[String],
    client: Option<&Client>,
) -> Result<Map<String, Value>> {
    let refuse = |name: &str, why: &str| {
        let words = format!("Attributes did not conform to the schema: {name}: {why}");
        Err(Error::InvalidParameter(Text::keyed(Key::Attribute(name.to_owned()), words)))
    };
    for name in names {
        let Some(known) = pool.settings.schema_attributes.iter().find(|known| known.name == *name) else {
            let unknown =
                names.iter().filter(|name| !pool.settings.schema_attributes.iter().any(|one| one.name == **name));
            let lines: String =
                unknown.map(|name| format!("user.{name}: Attribute does not exist in the schema.\n")).collect();
            return Err(Error::InvalidParameter(format!("Invalid user attributes: {lines}").into()));
        };
        if client.is_some_and(|client| !attributes::may_write(client, known)) {
            return Err(Error::NotAuthorized("A client attempted to write unauthorized attribute".into()));
        }
        if known.required || name == "sub" {
            return refuse(name, "Required attributes cannot be deleted.");
        }
        if pool.settings.username_attributes.contains(name) {
            return refuse(name, "People sign in with it; it can be changed, not deleted.");
        }
        if !known.mutable && left.contains_key(name) {
            return refuse(name, "Attribute cannot be updated.");
        }
        left.remove(name);
        left.remove(&format!("{name}_verified"));
    }
    Ok(left)
}
