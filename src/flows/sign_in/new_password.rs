//! NEW_PASSWORD_REQUIRED: a user replaces a temporary password during a sign-in.

use serde_json::Map;

use crate::{
    error::{Error, Result},
    factor::AddressAttribute,
    flows::{
        accounts::{
            attributes::{self, Attribute},
            change_attributes, factors, password,
        },
        sign_in::{
            proof::Proof,
            step::{Parameters, Person, SignIn},
        },
    },
    pending::{Challenge, Pending},
    secret::Secret,
    session_text,
    store::{
        self,
        users::{Status, User},
    },
};

/// Handles the answer to NEW_PASSWORD_REQUIRED: the first password that the user has chosen.
pub async fn respond(
    sign_in: &SignIn<'_>,
    person: Person,
    pending: Challenge,
    responses: &Parameters,
) -> Result<Proof> {
    let (app, pool, client) = (sign_in.app, sign_in.pool, sign_in.client);
    let Pending::NewPasswordRequired { custom, .. } = &pending.state else { return Err(session_text::unfit()) };
    let user = person.user.ok_or_else(session_text::unfit)?;
    let waits = |user: &User, pending: &Challenge| {
        user.status == Status::ForceChangePassword && pending.state.password_set_at() == Some(&password::set_at(user))
    };
    // The user must still have the temporary password that the sign-in began with. This is checked here, before an
    // error can reveal anything about the user's passwords, and again under the lock.
    if !waits(&user, &pending) {
        return Err(session_text::unfit());
    }
    password::refuse_locked(app, pool, &person.username, Some(&user)).await?;
    let text = sign_in.required(responses, "NEW_PASSWORD")?;
    password::check_policy(&pool.settings.policies.password_policy, text)?;
    let given: Vec<_> = responses
        .iter()
        .filter_map(|(name, value)| {
            Some(Attribute { name: name.strip_prefix("userAttributes.")?.to_owned(), value: Some(value.clone()) })
        })
        .collect();
    let new = attributes::checked_change(pool, &given, client.settings.write_attributes.as_deref(), false)?;
    // As in UpdateUserAttributes, the user may not write immutable attributes, except required ones that are missing.
    let owed = |name: &str| pool.settings.schema_attributes.iter().any(|one| one.name == name && one.required);
    let free: Map<_, _> = new.set.clone().into_iter().filter(|(name, _)| !owed(name)).collect();
    attributes::check_mutable(pool, &user.attributes, &free)?;
    let refuse_provided =
        |user: &User| match new.set.keys().find(|name| owed(name) && user.attributes.contains_key(*name)) {
            Some(name) => Err(Error::NotAuthorized(format!("Cannot modify an already provided {name}").into())),
            None => Ok(()),
        };
    refuse_provided(&user)?;
    let after: Map<_, _> = user.attributes.clone().into_iter().chain(new.set.clone()).collect();
    if let Some(name) = attributes::missing(pool, &after) {
        return Err(Error::InvalidParameter(format!("Invalid attributes given, {name} is missing").into()));
    }
    let new_password = Secret::from(text.to_owned());
    // The attempt counts as a failure before anything is hashed, and is forgiven once the password is stored. This
    // limits the hashing, because the challenge can be answered again and again until then.
    password::count_failure(app, pool, &person.username, Some(&user)).await?;
    password::check_history(app, pool, user.sub, &new_password).await?;
    let password = password::new(app, pool, user.sub, &user.username, new_password).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or_else(session_text::unfit)?;
    sign_in.may_sign_in(&user)?;
    let taken = sign_in.use_up(&mut tx, &pending).await?;
    if !waits(&user, &taken) {
        return Err(session_text::unfit());
    }
    // An operator may have provided the attribute meanwhile.
    refuse_provided(&user)?;
    let changes = |name: &str| new.value_of(name).is_some_and(|value| value != user.attributes.get(name));
    if let Some(address) = AddressAttribute::ALL
        .into_iter()
        .find(|address| changes(address.name()) && factors::uses(pool, &user, *address))
    {
        return Err(Error::InvalidParameter(
            format!("The {address} is a second factor of this user and cannot be changed here.").into(),
        ));
    }
    let (user, to_prove) = change_attributes::update(&mut tx, pool, user, new, false, now).await?;
    attributes::check_required(pool, &user.attributes)?;
    change_attributes::prove(&sign_in.context, &mut tx, &user, to_prove, true, now).await?;
    password::store(&mut tx, pool, user.sub, &password, Status::Confirmed, now).await?;
    let name = password::attempts_name(app, pool, &person.username, Some(&user));
    store::login_attempts::forget(&mut tx, &pool.id, &name).await?;
    Ok(Proof::NewPassword { tx, username: person.username, user, custom: custom.clone() })
}
