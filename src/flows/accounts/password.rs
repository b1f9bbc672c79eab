//! Passwords: the pool's policy, what is stored, and checks with lockout.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    app::App,
    error::{Error, Key, Result, Text},
    flows::{accounts::attributes, sign_in::decoys},
    random,
    sealing::sha256,
    secret::Secret,
    srp::{self, Verifier, pool_name},
    store::{
        self, Connection,
        clients::Client,
        pools::{PasswordPolicy, Pool},
        users::{Password, Status, User},
    },
    wire,
};

/// Characters that count as symbols (Amazon Cognito developer guide, "Password policies").
const SYMBOLS: &str = "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+= ";

/// The maximum length of a password in characters, from the API's `PasswordType`. It also applies to passwords in
/// parameter maps such as `ChallengeResponses`, although the API's model does not limit these so strictly.
const LONGEST: usize = 256;

/// Fails if the policy does not allow a password. The error messages follow Amazon Cognito (docs/cognito.md 6).
pub fn check_policy(policy: &PasswordPolicy, password: &str) -> Result<()> {
    if password.chars().count() > LONGEST {
        return Err(Error::InvalidPassword(
            format!("Password did not conform with policy: Password longer than {LONGEST} characters").into(),
        ));
    }
    // The API's model refuses such a password in a field such as `PreviousPassword`, but not in a parameter map. If it
    // could be set through a parameter map, ChangePassword would later refuse the user's right password.
    if !wire::is_password(password) {
        return Err(Error::InvalidPassword(
            "Password did not conform with policy: Password must not begin or end with a space".into(),
        ));
    }
    let has = |test: fn(char) -> bool| password.chars().any(test);
    let rules = [
        (password.chars().count() >= policy.minimum_length, "Password not long enough"),
        (!policy.require_uppercase || has(|c| c.is_ascii_uppercase()), "Password must have uppercase characters"),
        (!policy.require_lowercase || has(|c| c.is_ascii_lowercase()), "Password must have lowercase characters"),
        (!policy.require_numbers || has(|c| c.is_ascii_digit()), "Password must have numeric characters"),
        (!policy.require_symbols || has(|c| SYMBOLS.contains(c)), "Password must have symbol characters"),
    ];
    match rules.iter().find(|(kept, _)| !kept) {
        None => Ok(()),
        Some((_, text)) => Err(Error::InvalidPassword(format!("Password did not conform with policy: {text}").into())),
    }
}

/// Rewords a refusal of [`check_policy`] for the operations that say it differently (docs/cognito.md 6).
pub fn does_not_conform(error: Error) -> Error {
    match error {
        Error::InvalidPassword(text) => Error::InvalidPassword(
            text.to_string().replacen("did not conform with policy", "does not conform to policy", 1).into(),
        ),
        other => other,
    }
}

/// Computes what is stored for a new password: its hash and, if a client of the pool uses SRP, its SRP verifier.
pub async fn new(app: &App, pool: &Pool, sub: Uuid, username: &str, password: Secret) -> Result<Password> {
    let srp_verifier = if store::clients::any_uses_srp(&app.db, &pool.id).await? {
        Some(new_verifier(app, pool, sub, username, &password).await?)
    } else {
        None
    };
    Ok(Password { hash: app.passwords.hash(password).await?, srp_verifier })
}

/// Makes a sealed SRP verifier.
async fn new_verifier(app: &App, pool: &Pool, sub: Uuid, username: &str, password: &Secret) -> Result<Vec<u8>> {
    let (pool_name, username, password) = (pool_name(&pool.id).to_owned(), username.to_owned(), password.clone());
    let salt = plain_salt(random::bytes());
    let make = move || srp::verifier(&pool_name, &username, password.expose(), salt);
    let made = app.passwords.compute(make).await?;
    Ok(app.sealing.seal(&verifier_context(pool, sub), &[&made.salt[..], &made.v].concat()))
}

/// Stores a user's new password, in a transaction that has locked the user's row.
pub async fn store(
    db: &mut Connection,
    pool: &Pool,
    sub: Uuid,
    new: &Password,
    status: Status,
    now: OffsetDateTime,
) -> Result<()> {
    Ok(store::users::update_password(db, &pool.id, sub, new, status, remembered(pool), now).await?)
}

/// How many of a user's latest passwords may not be chosen again in this pool.
fn remembered(pool: &Pool) -> i64 {
    pool.settings.policies.password_policy.password_history_size.unwrap_or(0)
}

/// Fails if this is one of the user's latest passwords that may not be chosen again. Each comparison costs a hash
/// computation, during which no row is locked.
pub async fn check_history(app: &App, pool: &Pool, sub: Uuid, password: &Secret) -> Result<()> {
    if remembered(pool) == 0 {
        return Ok(());
    }
    for hash in store::users::password_hashes(&app.db, &pool.id, sub, remembered(pool)).await? {
        if app.passwords.verify(password.clone(), Some(hash)).await? {
            return Err(Error::PasswordHistoryPolicyViolation("Password has previously been used.".into()));
        }
    }
    Ok(())
}

/// Counts a wrong password, or another failed proof, toward the lockout of a name.
pub async fn count_failure(app: &App, pool: &Pool, username: &str, user: Option<&User>) -> Result<()> {
    let (free, name) = (app.config.free_password_failures, attempts_name(app, pool, username, user));
    if free > 0 {
        store::login_attempts::count_failure(&app.db, &pool.id, &name, free, app.clock.now()).await?;
    }
    Ok(())
}

/// Opens the SRP verifier that was sealed for this user.
pub fn open_verifier(app: &App, pool: &Pool, sub: Uuid, sealed: &[u8]) -> Result<Verifier> {
    let plain = app.sealing.open(&verifier_context(pool, sub), sealed).map_err(Error::internal)?;
    let (salt, v) = plain.split_first_chunk().ok_or_else(|| Error::internal("a short SRP verifier"))?;
    Ok(Verifier { salt: *salt, v: v.to_vec() })
}

fn verifier_context(pool: &Pool, sub: Uuid) -> String {
    format!("users.srp_verifier {} {sub}", pool.id)
}

/// Changes the first byte so that the salt, as a hexadecimal number, has no leading zero and no sign bit. Clients
/// differ in how they convert numbers with a leading zero or a sign bit to bytes.
pub fn plain_salt(mut salt: [u8; srp::SALT]) -> [u8; srp::SALT] {
    salt[0] = 0x10 + salt[0] % 0x70;
    salt
}

/// Updates what is stored for a password, at a sign-in whose request contains the password.
///
/// The configured cost of hashes may have changed, or a client may have begun to use SRP, since the password was
/// stored.
pub async fn refresh(app: &App, pool: &Pool, user: &User, password: Secret, known: &Known) -> Result<()> {
    let Some(hash) = &user.password_hash else { return Ok(()) };
    let owes_verifier = match known.owes_verifier {
        Some(owes) => owes,
        None => {
            store::users::lacks_verifier(&app.db, &pool.id, user.sub).await?
                && store::clients::any_uses_srp(&app.db, &pool.id).await?
        }
    };
    if owes_verifier {
        let verifier = new_verifier(app, pool, user.sub, &user.username, &password).await?;
        store::users::add_verifier(&app.db, &pool.id, user.sub, hash, &verifier).await?;
    }
    if app.passwords.is_outdated(hash) {
        let new = app.passwords.hash(password).await?;
        store::users::replace_hash(&app.db, &pool.id, user.sub, hash, &new).await?;
    }
    Ok(())
}

/// What was read about a name and its user together with the user. By default, nothing.
#[derive(Default)]
pub struct Known {
    /// Whether the name was found not to be locked.
    pub unlocked: bool,
    /// The user's sealed SRP verifier. The outer `None` means that it was not read.
    pub srp_verifier: Option<Option<Vec<u8>>>,
    /// Whether the user has no SRP verifier although a client of the pool uses SRP. `None` means that it was not read.
    pub owes_verifier: Option<bool>,
}

/// Checks a password for a name and returns the user if it is right. The check takes as long for an unknown user as for
/// a known one.
///
/// Lockout (docs/cognito.md 4.7): a locked name is refused, and a wrong password counts. The caller must call
/// [`store::login_attempts::forgive`] in the transaction that signs the user in; it returns `false` if wrong passwords
/// in other requests have locked the name meanwhile.
pub async fn check(
    app: &App,
    pool: &Pool,
    hides_existence: bool,
    username: &str,
    user: Option<User>,
    password: Secret,
    known: &Known,
) -> Result<User> {
    if !known.unlocked {
        refuse_locked(app, pool, username, user.as_ref()).await?;
    }
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let fits = app.passwords.verify(password, hash).await?;
    let user = match user {
        Some(user) if fits => return Ok(user),
        other => other,
    };
    let why = match &user {
        None if !hides_existence => return Err(Error::UserNotFound),
        Some(user) if !hides_existence && lacks_password(user) => return Err(Error::PasswordResetRequired),
        Some(user) if user.password_hash.is_none() => "the user has no password",
        Some(_) => "the password is wrong",
        None => "nobody has this name",
    };
    count_failure(app, pool, username, user.as_ref()).await?;
    Err(Error::wrong_credentials(why))
}

/// Whether this user has to choose a first password with ForgotPassword, as imported users do.
pub fn lacks_password(user: &User) -> bool {
    user.password_hash.is_none() && user.status == Status::ResetRequired
}

/// The name under which wrong passwords are counted: the username, even if an alias was typed.
///
/// For a name that no user has, it is a made-up username. A name that is too long for a database key is counted under
/// its hash; no user can have such a name.
pub fn attempts_name(app: &App, pool: &Pool, username: &str, user: Option<&User>) -> String {
    let name = user.map_or_else(|| decoys::id(app, pool, username), |user| pool.username_key(&user.username));
    if name.len() <= 1_024 { name } else { BASE64_STANDARD.encode(sha256(name.as_bytes())) }
}

/// Fails while a name is locked.
pub async fn refuse_locked(app: &App, pool: &Pool, username: &str, user: Option<&User>) -> Result<()> {
    let name = attempts_name(app, pool, username, user);
    if app.config.free_password_failures > 0
        && store::login_attempts::is_locked(&app.db, &pool.id, &name, app.clock.now()).await?
    {
        return Err(attempts_exceeded());
    }
    Ok(())
}

/// The error that is returned while a name is locked.
pub fn attempts_exceeded() -> Error {
    Error::NotAuthorized(Text::keyed(Key::PasswordAttempts, "Password attempts exceeded"))
}

/// Fails if a temporary password has expired.
pub fn check_temporary(app: &App, pool: &Pool, user: &User) -> Result<()> {
    let days = pool.settings.policies.password_policy.temporary_password_validity_days;
    let set_at = user.password_set_at.unwrap_or(user.created_at);
    if days > 0 && app.clock.now() - set_at > Duration::days(days) {
        return Err(Error::NotAuthorized(
            "Temporary password has expired and must be reset by an administrator.".into(),
        ));
    }
    Ok(())
}

/// The time when a user's password was set, in microseconds since the epoch, as a string. `None` if the user has no
/// password.
pub fn set_at(user: &User) -> Option<String> {
    user.password_set_at.map(|at| (at.unix_timestamp_nanos() / 1000).to_string())
}

/// The parameters of a NEW_PASSWORD_REQUIRED challenge.
pub fn new_password_parameters(
    pool: &Pool,
    client: &Client,
    user: &User,
) -> serde_json::Map<String, serde_json::Value> {
    let missing = pool
        .settings
        .schema_attributes
        .iter()
        .filter(|a| a.required && a.name != "sub" && !user.attributes.contains_key(&a.name));
    let missing: Vec<_> = missing.map(|a| format!("userAttributes.{}", a.name)).collect();
    let parameters = json!({
        "USER_ID_FOR_SRP": user.username,
        "requiredAttributes": json!(missing).to_string(),
        "userAttributes": json!(attributes::readable(client, &user.attributes)).to_string(),
    });
    parameters.as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_first_rule_broken() {
        let policy = PasswordPolicy::default();
        let refusal = |password: &str| check_policy(&policy, password).map_err(|error| error.to_string());
        assert_eq!(refusal("Passw0rd!"), Ok(()));
        for (password, text) in [
            ("Pw0!", "Password not long enough"),
            ("passw0rd!", "Password must have uppercase characters"),
            ("PASSW0RD!", "Password must have lowercase characters"),
            ("Password!", "Password must have numeric characters"),
            ("Passw0rdd", "Password must have symbol characters"),
        ] {
            assert_eq!(refusal(password), Err(format!("Password did not conform with policy: {text}")));
        }
    }
}
