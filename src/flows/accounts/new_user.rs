//! Creates users, for sign-up, creation by an operator, import and migration.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    flows::accounts::names,
    store::{
        self, Connection,
        audit::{Audited, Event, Trail},
        pools::Pool,
        users::{Mfa, Password, Status, User},
    },
};

/// A user to create. The attributes are already checked, and so is the password, if the pool's policy applies to it.
pub struct NewUser {
    pub sub: Uuid,
    pub username: String,
    /// `None` if the user has no password.
    pub password: Option<Password>,
    pub status: Status,
    pub attributes: Map<String, Value>,
    /// Whether to take the user's address away from another user who signs in with it.
    pub take_alias: bool,
}

/// Creates the user and its audit row in the caller's transaction. `exists` is the error text if the username is taken.
pub async fn insert(
    db: &mut Connection,
    pool: &Pool,
    trail: &Trail,
    event: Event,
    new: NewUser,
    exists: &'static str,
) -> Result<(User, Audited)> {
    let sub = new.sub;
    let (hash, srp_verifier) = new.password.map(|one| (one.hash, one.srp_verifier)).unzip();
    let user = User {
        sub,
        username: new.username,
        status: new.status,
        enabled: true,
        attributes: new.attributes,
        password_set_at: hash.is_some().then_some(trail.at),
        password_hash: hash,
        created_at: trail.at,
        updated_at: trail.at,
        mfa: Mfa::default(),
        version: 0,
    };
    let key = pool.username_key(&user.username);
    let taken = || Error::UsernameExists(exists.into());
    if !store::users::insert(db, &pool.id, &key, &user, srp_verifier.flatten().as_deref()).await? {
        return Err(taken());
    }
    // A user can also be named by the subject, so the new username must not be another user's subject.
    if let Ok(other) = Uuid::try_parse(&key)
        && other != sub
        && store::users::find_by_sub(db, &pool.id, other).await?.is_some()
    {
        return Err(taken());
    }
    match names::put(db, pool, &user, new.take_alias, trail.at).await? {
        Ok(()) => {}
        // Another user already signs in with the new username, as an alias.
        Err(names::Taken("username")) => return Err(taken()),
        Err(other) => return Err(other.username_exists()),
    }
    let audited = store::audit::insert(db, &pool.id, trail, event.of_user(sub)).await?;
    Ok((user, audited))
}
