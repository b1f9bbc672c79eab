//! Checks an app client's lists of readable and writable attributes against the pool's schema.

use crate::{
    error::{Error, Result},
    flows::accounts::attributes::is_for_users,
    store::{
        clients::ClientSettings,
        pools::{Pool, SchemaAttribute},
    },
};

/// Refuses attribute lists that do not fit the pool.
///
/// Both lists may contain only attributes of the pool. The list of writable attributes must contain all required
/// attributes (except `sub`), and none that users can never write. `doing` is the verb in the error text, `creating` or
/// `updating` (docs/cognito.md 3.3). Only the log says why a list is refused.
pub fn check(pool: &Pool, settings: &ClientSettings, doing: &str) -> Result<()> {
    let schema = &pool.settings.schema_attributes;
    let refuse = |kind: &str, name: &str, why: &str| {
        tracing::info!(name, why, "an app client's {kind} attributes refused");
        Err(Error::InvalidParameter(format!("Invalid {kind} attributes specified while {doing} a client").into()))
    };
    let unknown = |list: &[String]| list.iter().find(|name| !schema.iter().any(|known| known.name == **name)).cloned();
    if let Some(name) = settings.read_attributes.as_deref().and_then(unknown) {
        return refuse("read", &name, "the user pool has no such attribute");
    }
    let Some(list) = settings.write_attributes.as_deref() else { return Ok(()) };
    if let Some(name) = unknown(list) {
        return refuse("write", &name, "the user pool has no such attribute");
    }
    // A required attribute is written when the user is created, even if it is immutable from then on.
    let writable =
        |known: &SchemaAttribute| known.name != "sub" && is_for_users(known) && (known.mutable || known.required);
    let listed = |known: &SchemaAttribute| list.contains(&known.name);
    if let Some(known) = schema.iter().find(|known| listed(known) && !writable(known)) {
        return refuse("write", &known.name, "users never write it");
    }
    match schema.iter().find(|known| known.required && known.name != "sub" && !listed(known)) {
        Some(known) => refuse("write", &known.name, "it is required and not listed"),
        None => Ok(()),
    }
}
