//! Making a user: what signing up and an operator's creation share.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    app::App,
    error::{Error, Result},
    random,
    secret::Secret,
    store::{
        self,
        audit::Trail,
        pools::Pool,
        users::{Status, User},
    },
};

/// A user to make: the attributes are checked, the password fits the policy.
pub struct NewUser {
    pub username: String,
    pub password: Secret,
    pub status: Status,
    pub attributes: Map<String, Value>,
}

/// Makes the user and its audit row in one transaction; `None` when the name is taken.
pub async fn insert(app: &App, pool: &Pool, trail: &Trail, event: &str, new: NewUser) -> Result<Option<User>> {
    // Operators may name a user by subject, so a name must not look like one.
    if Uuid::try_parse(&new.username).is_ok() {
        return Err(Error::InvalidParameter("Username must not be a UUID; choose another name.".into()));
    }
    let user = User {
        sub: random::uuid(),
        username: new.username,
        status: new.status,
        enabled: true,
        attributes: new.attributes,
        password_hash: Some(app.passwords.hash(new.password).await?),
        password_set_at: Some(trail.at),
        created_at: trail.at,
        updated_at: trail.at,
    };
    let mut tx = app.db.begin().await?;
    if !store::users::insert(&mut tx, &pool.id, &pool.username_key(&user.username), &user).await? {
        return Ok(None);
    }
    store::audit::insert(&mut tx, &pool.id, trail, event, Some(user.sub), None).await?;
    tx.commit().await?;
    Ok(Some(user))
}
