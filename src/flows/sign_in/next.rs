//! Decides what follows a proof, and opens the session once enough is proved. No other module does either of these.

use std::pin::Pin;

use crate::{
    context::Door,
    error::{Error, Result},
    factor::{ChallengeName, SecondFactor},
    flows::{
        accounts::{factors, password},
        messages,
        sessions::{
            issue::{self, Proved, SessionDevice, SessionDraft},
            token_generation::Source,
        },
        sign_in::{
            custom_challenge::{self, Progress},
            devices,
            passkey::Verified,
            proof::{Proof, Step},
            second_factor,
            step::{Outcome, Person, SignIn},
        },
    },
    pending::{Answered, Carried, Challenge, Kept, Pending},
    session_text,
    store::{
        self, Connection, Transaction,
        batches::SessionToOpen,
        sessions::OpenedWith,
        users::{Status, User},
    },
};

/// The boxed future of one way in which a sign-in continues after a proof.
///
/// Without the box, the future of [`after`] would be as large as the largest of these futures, and a build without
/// optimization would reserve stack space for all of these futures at once.
type Ending<'a> = Pin<Box<dyn Future<Output = Result<Outcome>> + 'a>>;

/// Continues after an answer to a challenge was checked.
pub async fn go_on(sign_in: &SignIn<'_>, step: Step) -> Result<Outcome> {
    match step {
        Step::Asked(outcome) => Ok(outcome),
        Step::Proved(proof) => after(sign_in, *proof).await,
    }
}

/// Continues after a proof, with another challenge or with the session.
pub fn after<'a>(sign_in: &'a SignIn<'_>, proof: Proof) -> Ending<'a> {
    match proof {
        Proof::Password { username, user, answers } => Box::pin(after_password(sign_in, username, user, answers)),
        Proof::PasswordOfCustom { username, user, pending, custom } => {
            Box::pin(after_password_of_custom(sign_in, (username, user), pending, custom))
        }
        Proof::NewPassword { tx, username, user, custom } => {
            Box::pin(after_new_password(sign_in, tx, username, user, custom))
        }
        Proof::SecondFactor { tx, username, user, challenge, carried } => {
            Box::pin(after_second_factor(sign_in, tx, username, user, challenge, carried))
        }
        Proof::Device { tx, username, user, key } => Box::pin(after_device(sign_in, tx, username, user, key)),
        Proof::Enough { tx, user, with, methods } => Box::pin(enough(sign_in, tx, user, with, methods)),
        Proof::Custom { tx, user, methods } => Box::pin(enough(sign_in, tx, user, OpenedWith::Custom, methods)),
    }
}

/// Opens the session after a proof that is enough by itself.
async fn enough(
    sign_in: &SignIn<'_>,
    mut tx: Transaction,
    user: User,
    with: OpenedWith,
    methods: Vec<&'static str>,
) -> Result<Outcome> {
    let device = devices::unproved(sign_in, &mut tx, &user).await?;
    open(sign_in, tx, user, Proved { with, methods, device }, Source::Authentication).await
}

/// Opens the session, commits and issues the tokens.
async fn open(
    sign_in: &SignIn<'_>,
    mut tx: Transaction,
    user: User,
    proved: Proved,
    source: Source,
) -> Result<Outcome> {
    let opened = issue::open_session(sign_in, &mut tx, user, proved).await?;
    tx.commit().await?;
    opened.finish(sign_in, source).await
}

/// Opens the session of a passkey sign-in by one statement, which other requests share (see [`crate::group_commit`]).
///
/// Returns `None`, with nothing written, if anything that was read has changed.
pub async fn together(sign_in: &SignIn<'_>, pending: &Challenge, verified: Verified) -> Result<Option<Outcome>> {
    let proved = Proved { with: verified.with, methods: verified.methods, device: devices::new(sign_in) };
    let (_with, draft) = issue::draft_session(sign_in, verified.sub, proved);
    #[cfg(feature = "broken")]
    if let Some(outcome) = broken(sign_in, &_with, &draft).await? {
        return Ok(Some(outcome));
    }
    let challenge = Some((pending.id, pending.expires_at));
    #[cfg(feature = "broken")]
    let challenge = challenge.filter(|_| !crate::broken::is("forgets-mark"));
    let request = SessionToOpen {
        pool_id: sign_in.pool.id.clone(),
        versions: sign_in.named.versions,
        user_version: verified.user_version,
        challenge,
        passkey: Some(verified.passkey),
        forgive: None,
        now: sign_in.app.clock.now(),
        session: draft.session().clone(),
    };
    open_together(sign_in, request, draft).await
}

/// Runs the statement that opens a session, and issues the tokens. Returns `None` if it did nothing.
async fn open_together(sign_in: &SignIn<'_>, request: SessionToOpen, draft: SessionDraft) -> Result<Option<Outcome>> {
    let Some((user, memberships)) = sign_in.app.batchers.open_sessions.run(request).await? else { return Ok(None) };
    // The statement has compared the versions.
    sign_in.freshness.found(true)?;
    draft.opened(user, memberships).finish(sign_in, Source::Authentication).await.map(Some)
}

/// Does what the deliberate faults do here.
#[cfg(feature = "broken")]
async fn broken(sign_in: &SignIn<'_>, with: &OpenedWith, draft: &SessionDraft) -> Result<Option<Outcome>> {
    let (app, pool, session) = (sign_in.app, sign_in.pool, draft.session());
    if crate::broken::is("puts-back")
        && let OpenedWith::Passkey(credential_id) = with
    {
        store::broken::put_back_later(&app.db, &pool.id, session.sub, credential_id);
    }
    if crate::broken::is("opens-without-lock") {
        crate::broken::dawdle().await;
        let mut db = app.db.acquire().await?;
        store::sessions::insert(&mut db, &pool.id, session, with).await?;
        let user = store::users::find_by_sub(&mut db, &pool.id, session.sub).await?;
        drop(db);
        sign_in.freshness.found(true)?;
        if let Some(user) = user {
            return draft.clone().opened(user, Vec::new()).finish(sign_in, Source::Authentication).await.map(Some);
        }
    }
    Ok(None)
}

/// Opens the session of a password sign-in by one statement, if the password is enough and nothing has changed since
/// the user was read. Otherwise returns `None`, with nothing written.
async fn password_together(
    sign_in: &SignIn<'_>,
    username: &str,
    user: &User,
    answers: Option<&Challenge>,
) -> Result<Option<Outcome>> {
    let (app, pool) = (sign_in.app, sign_in.pool);
    let enough = user.status == Status::Confirmed
        && user.enabled
        && !factors::is_needed(pool, user)
        && !(sign_in.device_key.is_some() && pool.devices().is_some());
    let is_sealed = answers.is_none_or(|pending| matches!(pending.kept, Kept::Sealed { .. }));
    if !enough || !is_sealed || sign_in.context.door == Door::Pages {
        return Ok(None);
    }
    let proved = Proved { with: OpenedWith::Password, methods: vec!["pwd"], device: devices::new(sign_in) };
    let (_, draft) = issue::draft_session(sign_in, user.sub, proved);
    let counts = app.config.free_password_failures > 0;
    let request = SessionToOpen {
        pool_id: pool.id.clone(),
        versions: sign_in.named.versions,
        user_version: user.version,
        challenge: answers.map(|pending| (pending.id, pending.expires_at)),
        passkey: None,
        forgive: counts.then(|| password::attempts_name(app, pool, username, Some(user))),
        now: app.clock.now(),
        session: draft.session().clone(),
    };
    open_together(sign_in, request, draft).await
}

/// Continues after a password: with the replacement of a temporary password, the challenge of a remembered device, a
/// second factor, or the session.
async fn after_password(
    sign_in: &SignIn<'_>,
    username: String,
    user: User,
    answers: Option<Box<Challenge>>,
) -> Result<Outcome> {
    if let Some(outcome) = password_together(sign_in, &username, &user, answers.as_deref()).await? {
        return Ok(outcome);
    }
    let (app, pool) = (sign_in.app, sign_in.pool);
    let outdated = user.password_hash.as_ref().is_some_and(|hash| app.passwords.is_outdated(hash));
    let mut tx = app.db.begin().await?;
    // The lock keeps the checks below true until the session is stored.
    let held = store::users::lock_shared(&mut tx, &pool.id, user.sub).await?;
    // The password must still be the same. If another sign-in has computed a new hash of it meanwhile, the time when
    // the password was set is still the same.
    let same = |now: &User| {
        now.password_hash == user.password_hash
            || (outdated && now.password_set_at == user.password_set_at && now.password_hash.is_some())
    };
    let user = held.filter(same).ok_or_else(|| Error::wrong_credentials("the password was changed meanwhile"))?;
    // Failures are forgiven only when every factor is proved. Otherwise somebody who knows only the password could get
    // more guesses at the second factor by repeating the password.
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
        // Other requests locked the name meanwhile. The error must not reveal that this password is right.
        return Err(Error::wrong_credentials("the name was locked meanwhile"));
    }
    let device = match user.status {
        Status::Confirmed => devices::named(sign_in, &mut tx, &user).await?,
        _ => None,
    };
    let remembered = device.as_ref().filter(|device| device.remembered);
    sign_in.may_sign_in(&user)?;
    if let Some(pending) = answers {
        sign_in.use_up(&mut tx, &pending).await?;
    }
    if user.status == Status::ForceChangePassword {
        password::check_temporary(app, pool, &user)?;
        tx.commit().await?;
        let parameters = password::new_password_parameters(pool, sign_in.client, &user);
        let person = Person { username, user: Some(user) };
        // The challenge is bound to this temporary password: it becomes invalid when an operator sets a new one.
        let password_set_at = person.user.as_ref().and_then(password::set_at);
        let state = Pending::NewPasswordRequired { password_set_at, custom: None };
        return sign_in.challenge(&person, state, parameters, Vec::new()).await;
    }
    if let Some(device) = remembered {
        tx.commit().await?;
        return devices::ask(sign_in, &Person { username, user: Some(user) }, device).await;
    }
    if factors::is_needed(pool, &user) {
        tx.commit().await?;
        let carried = Carried { named_device: device.map(|device| device.key), ..Carried::default() };
        return second_factor::ask(sign_in, Person { username, user: Some(user) }, carried).await;
    }
    if may_be_asked && free > 0 && !store::login_attempts::forgive(&mut tx, &pool.id, &name, now).await? {
        return Err(Error::wrong_credentials("the name was locked meanwhile"));
    }
    let device = device.map(|device| SessionDevice::Named(device.key)).or_else(|| devices::new(sign_in));
    let proved = Proved { with: OpenedWith::Password, methods: vec!["pwd"], device };
    open(sign_in, tx, user, proved, Source::Authentication).await
}

/// Like [`after_password`], but in a sign-in by custom challenges.
///
/// Here, too, a temporary password must be replaced and a second factor may be needed. Remembered devices get no
/// challenge.
async fn after_password_of_custom(
    sign_in: &SignIn<'_>,
    (username, user): (String, User),
    pending: Challenge,
    custom: Vec<Answered>,
) -> Result<Outcome> {
    sign_in.use_up_alone(&pending).await?;
    let mut progress = Progress { session: custom, password_set_at: password::set_at(&user) };
    progress.proved(ChallengeName::PasswordVerifier);
    sign_in.may_sign_in(&user)?;
    if user.status == Status::ForceChangePassword {
        password::check_temporary(sign_in.app, sign_in.pool, &user)?;
        let parameters = password::new_password_parameters(sign_in.pool, sign_in.client, &user);
        let Progress { session, password_set_at } = progress;
        let person = Person { username, user: Some(user) };
        let state = Pending::NewPasswordRequired { password_set_at, custom: Some(session) };
        return sign_in.challenge(&person, state, parameters, Vec::new()).await;
    }
    go_on_with_custom(sign_in, username, user, progress).await
}

/// Asks for the second factor if the user needs one; otherwise continues with the custom challenges.
async fn go_on_with_custom(sign_in: &SignIn<'_>, username: String, user: User, progress: Progress) -> Result<Outcome> {
    if factors::is_needed(sign_in.pool, &user) {
        let carried = Carried { custom: Some(progress.session), ..Carried::default() };
        return second_factor::ask(sign_in, Person { username, user: Some(user) }, carried).await;
    }
    next_of_custom(sign_in, username, user, progress).await
}

async fn next_of_custom(sign_in: &SignIn<'_>, username: String, user: User, progress: Progress) -> Result<Outcome> {
    let step = custom_challenge::next(sign_in, Person { username, user: Some(user) }, progress).await?;
    go_on(sign_in, step).await
}

/// Continues after a new password: with a second factor, the custom challenges, or the session.
///
/// If an address was given with the new password, the transaction may have put a code that verifies the address into
/// the outbox. So the delivery job is notified after the commit.
async fn after_new_password(
    sign_in: &SignIn<'_>,
    mut tx: Transaction,
    username: String,
    user: User,
    custom: Option<Vec<Answered>>,
) -> Result<Outcome> {
    let (app, pool) = (sign_in.app, sign_in.pool);
    let needed = factors::is_needed(pool, &user);
    if !needed && custom.is_none() {
        let proved = Proved { with: OpenedWith::Password, methods: vec!["pwd"], device: devices::new(sign_in) };
        let opened = issue::open_session(sign_in, &mut tx, user, proved).await?;
        tx.commit().await?;
        messages::sent(app);
        return opened.finish(sign_in, Source::NewPasswordChallenge).await;
    }
    let user = store::users::lock_shared(&mut tx, &pool.id, user.sub).await?.ok_or_else(session_text::unfit)?;
    tx.commit().await?;
    messages::sent(app);
    match custom {
        Some(session) if !needed => {
            let mut progress = Progress { session, password_set_at: password::set_at(&user) };
            progress.proved(ChallengeName::NewPasswordRequired);
            next_of_custom(sign_in, username, user, progress).await
        }
        custom => {
            let carried = Carried { custom, ..Carried::default() };
            second_factor::ask(sign_in, Person { username, user: Some(user) }, carried).await
        }
    }
}

/// Continues after a second factor: with the custom challenges or the session.
async fn after_second_factor(
    sign_in: &SignIn<'_>,
    mut tx: Transaction,
    username: String,
    user: User,
    challenge: ChallengeName,
    carried: Carried,
) -> Result<Outcome> {
    if let Some(session) = carried.custom {
        tx.commit().await?;
        let mut progress = Progress { session, password_set_at: password::set_at(&user) };
        progress.proved(challenge);
        return next_of_custom(sign_in, username, user, progress).await;
    }
    let second = match challenge {
        ChallengeName::SmsMfa => SecondFactor::SmsMfa,
        ChallengeName::EmailOtp => SecondFactor::EmailOtp,
        // This also covers an authenticator app that was set up during this sign-in.
        _ => SecondFactor::SoftwareTokenMfa,
    }
    .method();
    let device = carried_device(sign_in, &mut tx, &user, &carried).await?;
    let proved = Proved { with: OpenedWith::Password, methods: vec!["pwd", second, "mfa"], device };
    open(sign_in, tx, user, proved, Source::Authentication).await
}

/// Continues after the proof of a device: with the second factor, if the device does not replace it, or with the
/// session.
async fn after_device(
    sign_in: &SignIn<'_>,
    mut tx: Transaction,
    username: String,
    user: User,
    key: String,
) -> Result<Outcome> {
    let (app, pool) = (sign_in.app, sign_in.pool);
    if factors::is_needed(pool, &user) && !devices::stands_in(pool) {
        tx.commit().await?;
        let carried = Carried { device: Some(key), ..Carried::default() };
        return second_factor::ask(sign_in, Person { username, user: Some(user) }, carried).await;
    }
    let (free, now) = (app.config.free_password_failures, app.clock.now());
    let name = password::attempts_name(app, pool, &username, Some(&user));
    if free > 0 && !store::login_attempts::forgive(&mut tx, &pool.id, &name, now).await? {
        return Err(Error::wrong_credentials("the name was locked meanwhile"));
    }
    let proved = Proved { with: OpenedWith::Password, methods: vec!["pwd"], device: Some(SessionDevice::Proved(key)) };
    open(sign_in, tx, user, proved, Source::AuthenticateDevice).await
}

/// Returns the device of a session that is opened after a second factor: the device that proved itself before or that
/// the client named, or otherwise a new one. `None` if the device was forgotten meanwhile or the pool does not remember
/// devices. The transaction must have locked the user's row.
async fn carried_device(
    sign_in: &SignIn<'_>,
    db: &mut Connection,
    user: &User,
    carried: &Carried,
) -> Result<Option<SessionDevice>> {
    if sign_in.pool.devices().is_none() {
        return Ok(None);
    }
    let Some(key) = carried.device.as_ref().or(carried.named_device.as_ref()) else {
        return Ok(devices::new(sign_in));
    };
    if store::devices::find(db, &sign_in.pool.id, user.sub, key).await?.is_none() {
        return Ok(None);
    }
    let kind = if carried.device.is_some() { SessionDevice::Proved } else { SessionDevice::Named };
    Ok(Some(kind(key.clone())))
}
