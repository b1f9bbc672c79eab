//! Signing in with a password that was typed or proved, and what comes after: a new password, or the tokens.

use serde_json::{Map, json};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    flows::{
        attributes::{self, Attribute},
        change_attributes, custom_sign_in,
        devices::{self, Carried},
        factors,
        issue::{self, Proved, SessionDevice},
        messages, mfa, password, session_text,
        sign_in::{Outcome, Parameters, Person, SignIn},
        token_generation::Source,
    },
    secret::Secret,
    store::{
        self,
        challenges::Challenge,
        sessions::OpenedWith,
        users::{Status, User},
    },
};

/// A password as text, in any flow; `session` is the challenge that it answers, used up on success only.
pub async fn with_text(sign_in: &SignIn<'_>, person: Person, password: &str, session: Option<Uuid>) -> Result<Outcome> {
    let Person { username, user } = person;
    let (app, pool) = (sign_in.app, sign_in.pool);
    let hides = sign_in.hides_existence();
    let user = password::check(app, pool, hides, &username, user, Secret::from(password.to_owned())).await?;
    let outcome = proved(sign_in, username, user.clone(), session).await?;
    if !matches!(&outcome, Outcome::Next(next) if next.name == "NEW_PASSWORD_REQUIRED") {
        // Signing in does not depend on it: the next one tries again.
        let refreshed = password::refresh(app, pool, &user, Secret::from(password.to_owned())).await;
        let _ = refreshed.inspect_err(|cause| tracing::warn!(%cause, "hashing a password anew"));
    }
    Ok(outcome)
}

/// Whoever signs in proved to know the password of this user, as the user was read.
pub async fn proved(sign_in: &SignIn<'_>, username: String, user: User, session: Option<Uuid>) -> Result<Outcome> {
    let (app, pool) = (sign_in.app, sign_in.pool);
    let outdated = user.password_hash.as_ref().is_some_and(|hash| app.passwords.is_outdated(hash));
    let mut tx = app.db.begin().await?;
    // Held from here: the checks below are still true when the session is there.
    let held = store::users::hold(&mut tx, &pool.id, user.sub).await?;
    // The same password still; of one that another sign-in hashed anew meanwhile, its time tells.
    let same = |now: &User| {
        now.password_hash == user.password_hash
            || (outdated && now.password_set_at == user.password_set_at && now.password_hash.is_some())
    };
    let user = held.filter(same).ok_or_else(|| Error::wrong_credentials("the password was changed meanwhile"))?;
    // The failures are forgiven once every factor is proved: who knows the password alone does not get more guesses at the
    // second factor by repeating it.
    let may_be_asked = user.status == Status::Confirmed
        && (factors::is_needed(pool, &user) || (sign_in.device_key.is_some() && pool.devices().is_some()));
    let (free, now) = (app.config.free_password_failures, app.clock.now());
    let name = password::attempts_name(app, pool, &username, Some(&user));
    let locked = match free {
        0 => false,
        _ if may_be_asked => store::login_attempts::is_locked(&mut *tx, &pool.id, &name, now).await?,
        _ => !store::login_attempts::forgive(&mut tx, &pool.id, &name, now).await?,
    };
    if locked {
        // By others meanwhile: no answer tells that this guess was right.
        return Err(Error::wrong_credentials("the name was locked meanwhile"));
    }
    let device = match user.status {
        Status::Confirmed => devices::named(sign_in, &mut tx, &user).await?,
        _ => None,
    };
    let remembered = device.as_ref().filter(|device| device.remembered);
    sign_in.may_sign_in(&user)?;
    if let Some(id) = session {
        store::challenges::take(&mut tx, &pool.id, id).await?.ok_or_else(session_text::used)?;
    }
    if user.status == Status::ForceChangePassword {
        password::check_temporary(app, pool, &user)?;
        tx.commit().await?;
        let parameters = password::new_password_parameters(pool, sign_in.client, &user);
        let person = Person { username, user: Some(user) };
        // Bound to this temporary password: a newer one ends what the older one began.
        let data = json!({"passwordSetAt": person.user.as_ref().and_then(password::set_at)});
        return sign_in.challenge(&person, "NEW_PASSWORD_REQUIRED", data, parameters, Vec::new()).await;
    }
    if let Some(device) = remembered {
        tx.commit().await?;
        return devices::ask(sign_in, &Person { username, user: Some(user) }, device).await;
    }
    if factors::is_needed(pool, &user) {
        tx.commit().await?;
        let carried = Carried { named_device: device.map(|device| device.key), ..Carried::default() };
        return mfa::ask(sign_in, Person { username, user: Some(user) }, &carried).await;
    }
    // Nothing more is asked.
    if may_be_asked && free > 0 && !store::login_attempts::forgive(&mut tx, &pool.id, &name, now).await? {
        return Err(Error::wrong_credentials("the name was locked meanwhile"));
    }
    let device = device.map(|device| SessionDevice::Named(device.key)).or_else(|| devices::new(sign_in));
    let proved = Proved { with: OpenedWith::Password, methods: vec!["pwd"], device };
    let opened = issue::open_session(sign_in, &mut tx, user, proved).await?;
    tx.commit().await?;
    opened.finish(sign_in, Source::Authentication).await
}

/// NEW_PASSWORD_REQUIRED: the first password of the person's own.
pub async fn new_password(
    sign_in: &SignIn<'_>,
    person: Person,
    pending: Challenge,
    responses: &Parameters,
) -> Result<Outcome> {
    let (app, pool, client, id) = (sign_in.app, sign_in.pool, sign_in.client, pending.id);
    let user = person.user.ok_or_else(session_text::unfit)?;
    let waits = |user: &User, pending: &Challenge| {
        user.status == Status::ForceChangePassword && pending.data["passwordSetAt"] == json!(password::set_at(user))
    };
    // Before anything is said of the user's passwords; and again under the lock.
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
    let new = attributes::checked(pool, &given, client.settings.write_attributes.as_deref(), false)?;
    // As in UpdateUserAttributes: what is immutable is not the person's to write, unless it must be there and is not.
    let owed = |name: &str| pool.settings.schema_attributes.iter().any(|one| one.name == name && one.required);
    let free: Map<_, _> = new.clone().into_iter().filter(|(name, _)| !owed(name)).collect();
    attributes::check_mutable(pool, &user.attributes, &free)?;
    let after: Map<_, _> = user.attributes.clone().into_iter().chain(new.clone()).collect();
    attributes::check_required(pool, &after)?;
    let new_password = Secret::from(text.to_owned());
    // Counted before anything is hashed, and forgiven once the password is stored: until then the challenge may be answered many
    // times.
    password::count_failure(app, pool, &person.username, Some(&user)).await?;
    password::check_history(app, pool, user.sub, &new_password).await?;
    let password = password::new(app, pool, user.sub, &user.username, new_password).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or_else(session_text::unfit)?;
    sign_in.may_sign_in(&user)?;
    let taken = store::challenges::take(&mut tx, &pool.id, id).await?.ok_or_else(session_text::used)?;
    if !waits(&user, &taken) {
        return Err(session_text::unfit());
    }
    if let Some(address) = ["email", "phone_number"].into_iter().find(|name| {
        new.contains_key(*name) && new.get(*name) != user.attributes.get(*name) && factors::uses(pool, &user, name)
    }) {
        return Err(Error::InvalidParameter(
            format!("The {address} is a second factor of this user and cannot be changed here.").into(),
        ));
    }
    let (user, to_prove) = change_attributes::update(&mut tx, pool, user, new, false, now).await?;
    attributes::check_required(pool, &user.attributes)?;
    change_attributes::prove(&sign_in.cause(), &mut tx, &user, to_prove, true, now).await?;
    password::store(&mut tx, pool, user.sub, &password, Status::Confirmed, now).await?;
    let name = password::attempts_name(app, pool, &person.username, Some(&user));
    store::login_attempts::forget(&mut tx, &pool.id, &name).await?;
    let carried = Carried::of(&taken);
    if factors::is_needed(pool, &user) {
        let user = store::users::hold(&mut tx, &pool.id, user.sub).await?;
        tx.commit().await?;
        messages::sent(app);
        return mfa::ask(sign_in, Person { username: person.username, user }, &carried).await;
    }
    if let Some(custom) = &carried.custom {
        let user = store::users::hold(&mut tx, &pool.id, user.sub).await?.ok_or_else(session_text::unfit)?;
        tx.commit().await?;
        messages::sent(app);
        return custom_sign_in::after_new_password(sign_in, person.username, user, custom).await;
    }
    let device = devices::new(sign_in);
    let proved = Proved { with: OpenedWith::Password, methods: vec!["pwd"], device };
    let opened = issue::open_session(sign_in, &mut tx, user, proved).await?;
    tx.commit().await?;
    messages::sent(app);
    opened.finish(sign_in, Source::NewPasswordChallenge).await
}
