//! Logic that operations and pages share to sign users up and to confirm sign-ups, and to find users outside a sign-in.

use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    app::App,
    change,
    context::{Context, Door},
    error::{Error, Result},
    factor::AddressAttribute,
    flows::pool_context::PoolContext,
    flows::{
        accounts::{change_attributes, names, password},
        messages::{
            addresses::{self, Address},
            codes::{self, Given},
            purpose::{self, Purpose},
        },
        sign_in::migration,
        triggers::{self, PreSignUp, Trigger},
    },
    pending::{Bounds, Challenge, Kept, Pending},
    random,
    secret::Secret,
    session_text,
    store::{
        self, Connection,
        audit::Event,
        clients::{Client, ClientAndPool},
        codes::Code,
        pools::Pool,
        users::{Password, Status, User},
    },
    user_queue::Turn,
};

/// Marks as verified the addresses that the pre sign-up trigger vouches for. Fails if the new user lacks one of them.
pub fn verify(attributes: &mut Map<String, Value>, decided: &PreSignUp) -> Result<()> {
    for name in &decided.verified {
        if !attributes.contains_key(*name) {
            let text = format!("The pre sign-up trigger verifies {name}, which the user does not have.");
            return Err(Error::InvalidLambdaResponse(text.into()));
        }
        attributes.insert(format!("{name}_verified"), "true".into());
    }
    Ok(())
}

/// The address that a new user's code goes to: preferably the address that was entered as the username.
pub fn address_to_verify(pool: &Pool, user: &User, typed: &str) -> Option<Address> {
    let value = |name: &str| user.attributes.get(name).and_then(Value::as_str).map(str::to_owned);
    let attribute = attribute_to_verify(pool, typed, value)?;
    Address::of(user, attribute)
}

/// Like [`address_to_verify`], but returns only the kind of address, for a person whose addresses `value` returns.
pub fn attribute_to_verify(
    pool: &Pool,
    typed: &str,
    value: impl Fn(&str) -> Option<String>,
) -> Option<AddressAttribute> {
    let by_address = !pool.settings.username_attributes.is_empty();
    let given = |one: AddressAttribute| Some((one, value(one.name()).filter(|value| !value.is_empty())?));
    let given: Vec<_> = addresses::attributes_to_verify(pool).filter_map(given).collect();
    let typed = pool.username_key(typed);
    let called = given.iter().find(|(_, value)| by_address && pool.username_key(value) == typed);
    called.or(given.first()).map(|(name, _)| *name)
}

/// Makes a `Session` for the next step of a sign-up. Returns `None` if the call comes from a client that may not use
/// `ALLOW_USER_AUTH`; the pages always get a session.
pub async fn session(
    app: &App,
    db: &mut Connection,
    client: &Client,
    sub: Uuid,
    state: Pending,
    (door, now): (Door, OffsetDateTime),
) -> Result<Option<String>> {
    if door.is_bound_by_flows() && !client.settings.allows_flow("ALLOW_USER_AUTH") {
        return Ok(None);
    }
    let challenge = Challenge {
        id: random::uuid(),
        client_id: client.id.clone(),
        sub: Some(sub),
        state,
        bounds: Bounds::default(),
        // On the pages, the session lasts as long as the code, because people need time to find the code in their mail.
        expires_at: now
            + if door == Door::Pages { purpose::SIGN_UP_LIFETIME } else { client.settings.session_lifetime() },
        kept: Kept::Row,
    };
    store::challenges::insert(&mut *db, &client.pool_id, &challenge, now).await?;
    Ok(Some(app.session_of_row(&client.pool_id, &challenge)))
}

/// Makes a `Session` that allows nothing. It looks like a real session, and is given to a caller who may not have one.
pub fn no_session(app: &App, client: &Client) -> String {
    let nothing = Challenge {
        id: random::uuid(),
        client_id: client.id.clone(),
        sub: None,
        state: Pending::SignUp {},
        bounds: Bounds::default(),
        expires_at: app.clock.now() + purpose::SIGN_UP_LIFETIME,
        kept: Kept::Row,
    };
    app.session_of_row(&client.pool_id, &nothing)
}

/// Makes the `Session` of a sign-up on the pages, after its password was entered correctly or chosen anew.
///
/// From then on, this browser counts as the one that signed up.
pub async fn session_of(app: &App, context: &Context, named: &ClientAndPool, username: &str) -> Result<String> {
    let ClientAndPool { client, pool, .. } = named;
    let Some(user) = store::users::find(&app.db, &pool.id, &pool.username_key(username)).await? else {
        return Ok(no_session(app, client));
    };
    let mut db = app.db.acquire().await?;
    if let Some(browser) = &context.browser {
        store::users::signed_up_in(&mut db, &pool.id, user.sub, browser).await?;
    }
    let session = session(app, &mut db, client, user.sub, Pending::SignUp {}, (Door::Pages, app.clock.now())).await?;
    Ok(session.unwrap_or_else(|| no_session(app, client)))
}

/// Uses up a sign-up's `Session`. Returns `false` if it is not, or no longer, valid for this user and step.
pub async fn take_session(
    app: &App,
    db: &mut Connection,
    client: &Client,
    sub: Uuid,
    state: &Pending,
    session: &str,
    now: OffsetDateTime,
) -> Result<bool> {
    let opened = session_text::open(&app.sealing, &client.pool_id, &client.id, session, now);
    let Ok(opened) = opened.map(|opened| opened.id) else { return Ok(false) };
    let Some(pending) = store::challenges::find(&mut *db, &client.pool_id, opened).await? else { return Ok(false) };
    if pending.state != *state
        || pending.sub != Some(sub)
        || pending.client_id != client.id
        || pending.expires_at <= now
    {
        return Ok(false);
    }
    Ok(store::challenges::use_up(&mut *db, &client.pool_id, &pending, now).await?.is_some())
}

/// Creates the user who has forgotten a password, if only the pool's user migration trigger knows that user.
pub async fn migrate(
    context: &PoolContext<'_>,
    client: &Client,
    username: &str,
    secret_hash: Option<&str>,
) -> Result<()> {
    let (app, pool) = (context.app, context.pool);
    if triggers::function(pool, Trigger::UserMigration).is_none() || username.contains('\0') {
        return Ok(());
    }
    crate::flows::sign_in::secret_hash::check(context.door, client, username, secret_hash)?;
    if store::users::find(&app.db, &pool.id, &pool.username_key(username)).await?.is_none() {
        migration::user(context, client, username, None).await?;
    }
    Ok(())
}

/// Finds the user whom a client names outside a sign-in, and waits for a turn in the queue of that name.
///
/// If no user has the name, the user is `None` if the client hides which users exist; otherwise, this fails.
pub async fn person(
    app: &App,
    context: &Context,
    caller: &ClientAndPool,
    username: &str,
    secret_hash: Option<&str>,
) -> Result<(Turn, Option<User>)> {
    // This is checked first, because a database statement fails on a NUL character.
    if username.contains('\0') {
        return Err(Error::nul());
    }
    crate::flows::sign_in::secret_hash::check(context.door, &caller.client, username, secret_hash)?;
    named(app, context, caller, username).await
}

/// Like [`person`], but does not require a secret hash, for calls in which a confirmation code is proof enough.
pub async fn named(
    app: &App,
    context: &Context,
    caller: &ClientAndPool,
    username: &str,
) -> Result<(Turn, Option<User>)> {
    let ClientAndPool { client, pool, .. } = caller;
    if username.contains('\0') {
        return Err(Error::nul());
    }
    let key = pool.username_key(username);
    let turn = app.user_queue.of_name(&pool.id, &key).await?;
    let user = store::users::find(&app.db, &pool.id, &key).await?;
    if user.is_none() && !client.settings.hides_existence(context.door) {
        return Err(Error::UserNotFoundForClient);
    }
    Ok((turn, user))
}

/// The input that confirms a sign-up.
pub struct Confirmation<'a> {
    pub username: &'a str,
    pub code: Given<'a>,
    /// Whether to take the user's address away from another user who signs in with it.
    pub force_alias_creation: bool,
    /// The sign-up's `Session`.
    pub session: Option<&'a str>,
    pub password: Chosen<'a>,
}

/// Who chose the password of the sign-up that is being confirmed.
///
/// A stranger may have signed up with another person's address. Once the owner of the address confirms it, the stranger
/// must not be able to sign in with the password of the sign-up.
#[derive(Clone, Copy)]
pub enum Chosen<'a> {
    /// The person who confirms; Amazon Cognito assumes this.
    Confirmer,
    /// The holder of the sign-up's `Session`.
    ///
    /// Without a valid session, the new password given here replaces the password of the sign-up. If no new password is
    /// given either, the result is [`Confirmed::PasswordNeeded`].
    SessionHolder(Option<&'a Secret>),
    /// The person who opens the link in the e-mail, if the sign-up came from the same browser or through the API.
    ///
    /// Otherwise, the new password given here replaces the password of the sign-up. If no new password is given, the
    /// result is [`Confirmed::PasswordNeeded`].
    LinkHolder(Option<&'a Secret>),
}

impl<'a> Chosen<'a> {
    /// The password that came with the confirmation.
    fn given(self) -> Option<&'a Secret> {
        match self {
            Self::Confirmer => None,
            Self::SessionHolder(given) | Self::LinkHolder(given) => given,
        }
    }
}

/// The result of a confirmation.
pub enum Confirmed {
    Done {
        /// The `Session` with which the user can sign in next, for clients that may use one. Links give none.
        session: Option<String>,
        /// The address that the code went to.
        address: String,
    },
    /// Nothing was done: a password is needed along with the link or the code.
    PasswordNeeded,
}

/// Calls the pool's post confirmation trigger for a user who was confirmed.
///
/// The user stays confirmed whatever the trigger returns. On the pages, a failure of the trigger is only logged,
/// because the person there could not correct it.
pub async fn tell_confirmed(context: &PoolContext<'_>, source: &str, user: &User) -> Result<()> {
    match triggers::post_confirmation(context, source, user).await {
        Err(error) if context.door == Door::Pages => {
            tracing::warn!(%error, "a person is confirmed, and the post confirmation trigger failed");
            Ok(())
        }
        told => told,
    }
}

/// Confirms the user whom [`person`] or [`named`] found.
pub async fn confirm(
    context: &PoolContext<'_>,
    client: &Client,
    user: Option<User>,
    given: &Confirmation<'_>,
) -> Result<Confirmed> {
    let (app, pool) = (context.app, context.pool);
    let Some(user) = user else {
        return Err(codes::pretend_to_redeem(app, pool, given.username, Purpose::SignUp, given.code.by).await?);
    };
    let trail = change::user_trail(app, context);
    // `hashed` checks the code first, so that no password is hashed for a wrong code.
    let chosen = match given.password.given() {
        Some(password) => Some(hashed(app, pool, &user, given.code, password, trail.at).await?),
        None => None,
    };
    let mut tx = app.db.begin().await?;
    let mut user = store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFoundForClient)?;
    let not_unconfirmed = |user: &User| {
        Error::NotAuthorized(format!("User cannot be confirmed. Current status is {}", user.status.text()).into())
    };
    if user.status != Status::Unconfirmed && !client.settings.hides_existence(context.door) {
        return Err(not_unconfirmed(&user));
    }
    let code = match &chosen {
        Some((checked, _)) => {
            codes::redeem_checked(app, &mut tx, pool, &user, (Purpose::SignUp, checked), trail.at).await?
        }
        None => match codes::redeem(app, &mut tx, pool, &user, given.code, trail.at).await? {
            Ok(code) => code,
            Err(refusal) => {
                tx.commit().await?;
                return Err(refusal);
            }
        },
    };
    if !user.enabled {
        return Err(Error::disabled());
    }
    // The code proves the address that it was sent to, not the one that the user may have now.
    if user.attributes.get(&code.attribute).is_some_and(|value| *value == code.destination) {
        user.attributes.insert(format!("{}_verified", code.attribute), Value::String("true".into()));
    }
    store::users::update_attributes(&mut tx, &pool.id, user.sub, &user.attributes, trail.at).await?;
    // The browser is read before the confirmation deletes it.
    let signed_up_in = match given.password {
        Chosen::LinkHolder(_) => store::users::sign_up_browser(&mut tx, &pool.id, user.sub).await?,
        Chosen::Confirmer | Chosen::SessionHolder(_) => None,
    };
    if !store::users::confirm(&mut tx, &pool.id, user.sub, trail.at).await? {
        return Err(not_unconfirmed(&user));
    }
    user.status = Status::Confirmed;
    let put = names::put(&mut tx, pool, &user, given.force_alias_creation, trail.at).await?;
    // On this error nothing is committed, so the same code can be used again with ForceAliasCreation.
    put.map_err(|taken| taken.alias_exists())?;
    // This uses up the sign-up's session. Clients that do not send it (such as Amplify) get the next session anyway.
    let has_session = match given.session {
        Some(session) => take_session(app, &mut tx, client, user.sub, &Pending::SignUp {}, session, trail.at).await?,
        None => false,
    };
    let stays = user.password_hash.is_none()
        || match given.password {
            Chosen::Confirmer => true,
            Chosen::SessionHolder(_) => has_session,
            Chosen::LinkHolder(_) => signed_up_in.is_none() || signed_up_in == context.browser,
        };
    if !stays {
        let Some((_, new)) = &chosen else { return Ok(Confirmed::PasswordNeeded) };
        password::store(&mut tx, pool, user.sub, new, Status::Confirmed, trail.at).await?;
    }
    let session = match given.password {
        // A link gives no session, because any mail program may open it.
        Chosen::LinkHolder(_) => None,
        _ => session(app, &mut tx, client, user.sub, Pending::SignedUp {}, (context.door, trail.at)).await?,
    };
    let _ = store::audit::insert(&mut tx, &pool.id, &trail, Event::UserConfirmed.of_user(user.sub)).await?;
    tx.commit().await?;
    tell_confirmed(context, "PostConfirmation_ConfirmSignUp", &user).await?;
    Ok(Confirmed::Done { session, address: code.destination })
}

/// Checks a code that comes with a password, and then hashes the password.
async fn hashed(
    app: &App,
    pool: &Pool,
    user: &User,
    given: Given<'_>,
    password: &Secret,
    now: OffsetDateTime,
) -> Result<(Code, Password)> {
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFoundForClient)?;
    let code = match codes::check(app, &mut tx, pool, &user, given, now).await? {
        Ok(code) => code,
        Err(refusal) => {
            tx.commit().await?;
            return Err(refusal);
        }
    };
    drop(tx);
    Ok((code, password::new(app, pool, user.sub, &user.username, password.clone()).await?))
}

/// Whether a taken name belongs to an unconfirmed user who has the same e-mail address or signed up in this browser.
///
/// That user is most likely the same person, who lost the page or mistyped the address.
pub async fn waits(app: &App, context: &Context, pool: &Pool, username: &str, email: Option<&str>) -> Result<bool> {
    let user = store::users::find(&app.db, &pool.id, &pool.username_key(username)).await?;
    let Some(user) = user.filter(|user| user.status == Status::Unconfirmed) else { return Ok(false) };
    if email.is_some_and(|email| user.attributes.get("email").is_some_and(|own| own == email)) {
        return Ok(true);
    }
    let mut db = app.db.acquire().await?;
    began_in(&mut db, context, pool, &user).await
}

/// Whether a user's sign-up is still unconfirmed, and began in this browser and in no other.
async fn began_in(db: &mut Connection, context: &Context, pool: &Pool, user: &User) -> Result<bool> {
    let browser = store::users::sign_up_browser(db, &pool.id, user.sub).await?;
    Ok(user.status == Status::Unconfirmed && browser.is_some() && browser == context.browser)
}

/// Repeats an unconfirmed sign-up that began in this browser, for example after a double click or when the page is
/// opened again. Returns `false` if the name has no such sign-up.
///
/// The password and addresses that were entered last replace those of the sign-up. If the name's sign-up began in
/// another browser, the sign-up is from then on tied to no browser.
pub async fn begin_again(
    app: &App,
    context: &Context,
    pool: &Pool,
    username: &str,
    (password, addresses): (Option<&str>, [(AddressAttribute, Option<String>); 2]),
) -> Result<bool> {
    let Some(user) = store::users::find(&app.db, &pool.id, &pool.username_key(username)).await? else {
        return Ok(false);
    };
    let here = {
        let mut db = app.db.acquire().await?;
        began_in(&mut db, context, pool, &user).await?
    };
    let password = match password {
        Some(given) if here => {
            Some(password::new(app, pool, user.sub, &user.username, Secret::from(given.to_owned())).await?)
        }
        _ => None,
    };
    let trail = change::user_trail(app, context);
    let mut tx = app.db.begin().await?;
    // Meanwhile, the sign-up may have been confirmed, or repeated in another browser.
    let locked = match store::users::lock(&mut tx, &pool.id, user.sub).await? {
        Some(locked) if here && began_in(&mut tx, context, pool, &locked).await? => Some(locked),
        _ => None,
    };
    let Some(locked) = locked else {
        store::users::signed_up_again(&mut tx, &pool.id, user.sub).await?;
        tx.commit().await?;
        return Ok(false);
    };
    let mut attributes = locked.attributes.clone();
    for (address, value) in addresses {
        let changes = |value: &String| attributes.get(address.name()).is_none_or(|own| own != value);
        if let Some(value) = value.filter(changes) {
            attributes.insert(address.to_string(), value.into());
            attributes.insert(address.verified().into(), "false".into());
            // The code that was sent before went to the previous address.
            codes::withdraw(&mut tx, pool, locked.sub, Purpose::SignUp).await?;
        }
    }
    if attributes != locked.attributes {
        change_attributes::store(&mut tx, pool, locked, attributes, trail.at).await?;
    }
    if let Some(password) = password {
        password::store(&mut tx, pool, user.sub, &password, Status::Unconfirmed, trail.at).await?;
        let _ = change::note(app, &mut tx, &pool.id, &trail, Event::PasswordChanged.of_user(user.sub)).await?;
    }
    tx.commit().await?;
    Ok(true)
}
