//! Users whom only the pool's user migration trigger knows so far. They are created when they first sign in or forget
//! their password.

use crate::{
    change,
    error::{Error, Result},
    flows::pool_context::PoolContext,
    flows::{
        accounts::{
            attributes::{check_required, check_verified, checked},
            names,
            new_user::{self, NewUser},
            password,
        },
        triggers::{self, Trigger},
    },
    secret::Secret,
    store::{
        self,
        audit::Event,
        clients::Client,
        users::{Status, User},
    },
    wire,
};

/// Creates the user for a name that no user of the pool has, if the trigger knows such a user.
///
/// `password` is the password that was entered, or `None` if it was forgotten. If the client hides which users exist, a
/// failure of the trigger is only logged. The trigger is called only for names that no user of the pool has, so an
/// error would reveal that no user has the name.
pub async fn user(
    context: &PoolContext<'_>,
    client: &Client,
    typed: &str,
    password: Option<&str>,
) -> Result<Option<User>> {
    if triggers::function(context.pool, Trigger::UserMigration).is_none() || !wire::is_username(typed) {
        return Ok(None);
    }
    match migrate(context, typed, password).await {
        Err(Error::Internal(cause)) => Err(Error::Internal(cause)),
        Err(refusal) if client.settings.hides_existence(context.door) => {
            tracing::warn!(error = refusal.code(), "a user could not be migrated");
            Ok(None)
        }
        other => other,
    }
}

async fn migrate(context: &PoolContext<'_>, typed: &str, password: Option<&str>) -> Result<Option<User>> {
    let (app, pool) = (context.app, context.pool);
    let Some(migrated) = triggers::user_migration(context, typed, password).await? else { return Ok(None) };
    let mut attributes = checked(pool, &migrated.attributes, None, true)?;
    let name = migrated.username.as_deref().unwrap_or(typed);
    if !wire::is_username(name) {
        return Err(Error::InvalidLambdaResponse("The user migration trigger gives a username that is none.".into()));
    }
    let (sub, username) = names::of_new_user(pool, name, &mut attributes)?;
    check_verified(&attributes)?;
    check_required(pool, &attributes)?;
    // The pool's password policy is not checked, because the other system accepted this password and the policy is for
    // passwords that are set in this pool.
    let password = match password {
        Some(password) => Some(password::new(app, pool, sub, &username, Secret::from(password.to_owned())).await?),
        None => None,
    };
    let status = if migrated.reset_required { Status::ResetRequired } else { Status::Confirmed };
    let new = NewUser { sub, username, password, status, attributes, take_alias: migrated.force_alias_creation };
    let trail = change::service_trail(app, context);
    let mut tx = app.db.begin().await?;
    match new_user::insert(&mut tx, pool, &trail, Event::UserMigrated, new, "User already exists").await {
        Ok((user, _)) => {
            tx.commit().await?;
            Ok(Some(user))
        }
        // Another request of the same person may have created the user meanwhile. If so, that user is returned.
        Err(Error::UsernameExists(_)) => {
            drop(tx);
            Ok(store::users::find(&app.db, &pool.id, &pool.username_key(typed)).await?)
        }
        Err(other) => Err(other),
    }
}
