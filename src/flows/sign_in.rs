//! The steps of signing in, shared by InitiateAuth, RespondToAuthChallenge and their Admin forms.

use std::collections::HashMap;

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    app::App,
    call::Call,
    error::{Error, Result},
    flows::{
        attributes::{self, Attribute},
        issue::{self, AuthenticationResult},
        passkey_sign_in, password, refresh, session_text, sign_up,
    },
    random,
    sealing::equal,
    secret::Secret,
    store::{
        self,
        batches::{NewChallenge, SignInToBegin, SignInToResume},
        challenges::Challenge,
        clients::Client,
        passkeys::Key,
        pools::Pool,
        sessions::OpenedWith,
        users::{Status, User},
    },
    turns::Turn,
    webauthn::{Assertion, Descriptor},
};

/// `AuthParameters` or `ChallengeResponses`.
pub type Parameters = HashMap<String, String>;

/// Through which door a sign-in comes: some flows are open to operators only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Door {
    Public,
    Operator,
}

/// One step of a sign-in.
pub struct SignIn<'a> {
    pub app: &'a App,
    pub call: &'a Call,
    pub pool: &'a Pool,
    pub client: &'a Client,
    pub door: Door,
}

/// What a step leads to.
pub enum Outcome {
    Tokens(AuthenticationResult),
    Next(NextChallenge),
}

/// The next thing to prove.
pub struct NextChallenge {
    pub name: &'static str,
    pub session: String,
    pub parameters: Map<String, Value>,
    /// Part of InitiateAuth's answer only.
    pub available: Vec<&'static str>,
}

/// What a person can sign in with now.
pub struct Available {
    /// In Amazon Cognito's order (W§4.2).
    pub factors: Vec<&'static str>,
    /// The passkeys to answer with.
    pub passkeys: Vec<Descriptor>,
}

/// A pending sign-in, read.
struct Resumed {
    pending: Challenge,
    person: Person,
    /// The passkey that answers, if it is the challenge's user's.
    key: Option<Key>,
}

/// The person that a step is about, or the decoy of one.
pub struct Person {
    /// As typed.
    pub username: String,
    /// `None`: unknown, and hidden.
    pub user: Option<User>,
}

impl SignIn<'_> {
    /// The first step: InitiateAuth.
    /// `session`: of a sign-up that was just confirmed.
    pub async fn begin(&self, flow: &str, parameters: &Parameters, session: Option<&str>) -> Result<Outcome> {
        let _turn = self.turn(parameters).await?;
        match (flow, self.door) {
            ("ADMIN_USER_PASSWORD_AUTH" | "ADMIN_NO_SRP_AUTH", Door::Public) => {
                Err(Error::InvalidParameter("Initiate Auth method not supported".into()))
            }
            ("ADMIN_USER_PASSWORD_AUTH" | "ADMIN_NO_SRP_AUTH", Door::Operator) => {
                let settings = &self.client.settings;
                if !settings.allows_flow("ALLOW_ADMIN_USER_PASSWORD_AUTH") && !settings.allows_flow("ADMIN_NO_SRP_AUTH")
                {
                    return Err(Error::InvalidParameter("Auth flow not enabled for this client".into()));
                }
                let person = self.person(parameters).await?;
                self.by_password(person, self.required(parameters, "PASSWORD")?, None).await
            }
            ("USER_PASSWORD_AUTH", _) => {
                self.flow_enabled(flow)?;
                let person = self.person(parameters).await?;
                self.by_password(person, self.required(parameters, "PASSWORD")?, None).await
            }
            ("REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN", _) => self.refresh(parameters).await,
            ("USER_AUTH", _) => {
                self.flow_enabled(flow)?;
                if let Some(session) = session
                    && let Some(tokens) = self.after_sign_up(parameters, session).await?
                {
                    return Ok(tokens);
                }
                self.choice(parameters).await
            }
            _ => {
                self.flow_enabled(flow)?;
                Err(Error::InvalidParameter(format!("{flow} is not supported by Keystead yet.").into()))
            }
        }
    }

    /// A further step: RespondToAuthChallenge.
    pub async fn respond(&self, challenge: &str, session: Option<&str>, responses: &Parameters) -> Result<Outcome> {
        let _turn = self.turn(responses).await?;
        let supported = matches!(challenge, "SELECT_CHALLENGE" | "PASSWORD" | "WEB_AUTHN" | "NEW_PASSWORD_REQUIRED");
        if !supported {
            return Err(Error::InvalidParameter(
                format!("The challenge {challenge} is not supported by Keystead yet.").into(),
            ));
        }
        let session = session.ok_or_else(|| Error::InvalidParameter("Missing required parameter Session".into()))?;
        let now = self.app.clock.now();
        let id = session_text::open(&self.app.sealing, &self.pool.id, &self.client.id, session, now)?;
        // Which passkey answers, if one does.
        let answered = responses.get("CREDENTIAL").and_then(|credential| Assertion::parse(credential).ok());
        let Resumed { pending, person, key } = self.resume(id, responses, answered.as_ref()).await?;
        if pending.client_id != self.client.id
            || pending.sub != person.user.as_ref().map(|user| user.sub)
            || (person.user.is_none() && pending.data["decoy"] != self.decoy_mark(&person))
        {
            return Err(session_text::unfit());
        }
        let answer = responses.get("ANSWER").map(String::as_str);
        let choosing = matches!(pending.kind.as_str(), "SELECT_CHALLENGE" | "WEB_AUTHN" | "PASSWORD");
        match (challenge, answer) {
            ("NEW_PASSWORD_REQUIRED", _) if pending.kind == challenge => self.new_password(person, id, responses).await,
            ("SELECT_CHALLENGE", Some("WEB_AUTHN")) if choosing => match responses.get("CREDENTIAL") {
                Some(credential) => passkey_sign_in::finish(self, person, pending, key, credential).await,
                None => self.select(person, id, "WEB_AUTHN").await,
            },
            ("WEB_AUTHN", _) if choosing => {
                passkey_sign_in::finish(self, person, pending, key, self.required(responses, "CREDENTIAL")?).await
            }
            ("SELECT_CHALLENGE", Some("PASSWORD")) if choosing => match responses.get("PASSWORD") {
                Some(password) => self.by_password(person, password, Some(id)).await,
                None => self.select(person, id, "PASSWORD").await,
            },
            ("PASSWORD", _) if choosing => {
                self.by_password(person, self.required(responses, "PASSWORD")?, Some(id)).await
            }
            ("SELECT_CHALLENGE", None) => Err(missing("ANSWER")),
            ("SELECT_CHALLENGE", Some(other)) if choosing => {
                Err(Error::InvalidParameter(format!("{} is not an available challenge.", shown(other)).into()))
            }
            _ => Err(session_text::unfit()),
        }
    }

    /// Waits until it is this name's turn: a flood of guesses at one name waits for itself alone, and what it found out
    /// about the first guesses counts for the next.
    async fn turn(&self, parameters: &Parameters) -> Result<Option<Turn<'_>>> {
        let Some(username) = parameters.get("USERNAME") else { return Ok(None) };
        self.app.turns.take(&self.pool.id, &self.pool.username_key(username)).await.map(Some)
    }

    /// USER_AUTH with the `Session` of ConfirmSignUp: the code that came back is the proof, where a code may sign in
    /// (W§4.2). `None`: the person chooses a factor as always.
    async fn after_sign_up(&self, parameters: &Parameters, session: &str) -> Result<Option<Outcome>> {
        if !self.pool.allows_factor("EMAIL_OTP") && !self.pool.allows_factor("SMS_OTP") {
            return Ok(None);
        }
        let Some(user) = self.person(parameters).await?.user else { return Ok(None) };
        let now = self.app.clock.now();
        let mut tx = self.app.db.begin().await?;
        let Some(user) = store::users::hold(&mut tx, &self.pool.id, user.sub).await? else { return Ok(None) };
        self.may_sign_in(&user)?;
        let step = sign_up::SIGNED_UP;
        if user.status != Status::Confirmed
            || !sign_up::take_session(self.app, &mut tx, self.client, user.sub, step, session, now).await?
        {
            return Ok(None);
        }
        let opened = issue::open_session(self.app, &mut tx, self.client, user, OpenedWith::SignUp).await?;
        tx.commit().await?;
        Ok(Some(Outcome::Tokens(opened.tokens(self.app, self.client).await?)))
    }

    /// USER_AUTH: the person's choice of a factor.
    async fn choice(&self, parameters: &Parameters) -> Result<Outcome> {
        let (person, available) = self.person_with_passkeys(parameters).await?;
        match parameters.get("PREFERRED_CHALLENGE").map(String::as_str) {
            Some("PASSWORD") if available.factors.contains(&"PASSWORD") => match parameters.get("PASSWORD") {
                Some(password) => self.by_password(person, password, None).await,
                None => self.challenge(&person, "PASSWORD", json!({}), Map::new(), available.factors).await,
            },
            Some("WEB_AUTHN") if available.factors.contains(&"WEB_AUTHN") => {
                passkey_sign_in::start(self, &person, available).await
            }
            _ => self.challenge(&person, "SELECT_CHALLENGE", json!({}), Map::new(), available.factors).await,
        }
    }

    /// The factors this person can use now. A decoy has the same on every call.
    async fn available(&self, person: &Person) -> Result<Available> {
        // Asked for an unknown person too, so that both cost the same.
        let sub = person.user.as_ref().map_or_else(Uuid::nil, |user| user.sub);
        let mut db = self.app.db.acquire().await?;
        let passkeys = store::passkeys::list(&mut db, &self.pool.id, sub).await?;
        let passkeys = passkeys.into_iter().map(|one| (one.credential_id, one.transports, one.rp_id));
        Ok(self.available_of(person, passkeys.collect()))
    }

    /// The same of the passkeys (ID, transports, relying party ID) of this person.
    fn available_of(&self, person: &Person, passkeys: Vec<(Vec<u8>, Vec<String>, String)>) -> Available {
        let mut factors = Vec::new();
        let has_password = person.user.as_ref().is_none_or(|user| user.password_hash.is_some());
        if has_password && self.pool.allows_factor("PASSWORD") {
            factors.push("PASSWORD");
        }
        let confirmed = person.user.as_ref().is_none_or(|user| user.status == Status::Confirmed);
        let passkeys = if confirmed && self.pool.allows_factor("WEB_AUTHN") {
            passkey_sign_in::descriptors(self, person, passkeys)
        } else {
            Vec::new()
        };
        if !passkeys.is_empty() {
            factors.push("WEB_AUTHN");
        }
        Available { factors, passkeys }
    }

    /// Continues a selection with the chosen challenge. The old session is used up: every answer has a new one.
    async fn select(&self, person: Person, id: Uuid, chosen: &'static str) -> Result<Outcome> {
        let available = self.available(&person).await?;
        if !available.factors.contains(&chosen) {
            return Err(Error::InvalidParameter(format!("{chosen} is not an available challenge.").into()));
        }
        let mut tx = self.app.db.begin().await?;
        store::challenges::take(&mut tx, &self.pool.id, id).await?.ok_or_else(session_text::used)?;
        tx.commit().await?;
        match chosen {
            "WEB_AUTHN" => passkey_sign_in::start(self, &person, available).await,
            _ => self.challenge(&person, "PASSWORD", json!({}), Map::new(), available.factors).await,
        }
    }

    /// A password, in any flow; `session` is the challenge that it answers, used up on success only.
    async fn by_password(&self, person: Person, password: &str, session: Option<Uuid>) -> Result<Outcome> {
        let Person { username, user } = person;
        let hides = self.client.settings.hides_existence();
        let user =
            password::check(self.app, self.pool, hides, &username, user, Secret::from(password.to_owned())).await?;
        let old_hash = user.password_hash.clone().filter(|hash| self.app.passwords.is_outdated(hash));
        let mut tx = self.app.db.begin().await?;
        // Held from here: the checks below are still true when the session is there.
        let held = store::users::hold(&mut tx, &self.pool.id, user.sub).await?;
        // The same password still; of one that another sign-in hashed anew meanwhile, its time tells.
        let same = |now: &User| {
            now.password_hash == user.password_hash
                || (old_hash.is_some() && now.password_set_at == user.password_set_at && now.password_hash.is_some())
        };
        let user = held.filter(same).ok_or_else(Error::wrong_credentials)?;
        self.may_sign_in(&user)?;
        if let Some(id) = session {
            store::challenges::take(&mut tx, &self.pool.id, id).await?.ok_or_else(session_text::used)?;
        }
        if self.app.config.free_password_failures > 0 {
            let name = password::attempts_name(self.pool, &username, Some(&user));
            if !store::login_attempts::forgive(&mut tx, &self.pool.id, &name, self.app.clock.now()).await? {
                // Locked by others meanwhile: the answer does not tell that this guess was right.
                return Err(Error::wrong_credentials());
            }
        }
        if user.status == Status::ForceChangePassword {
            password::check_temporary(self.app, self.pool, &user)?;
            tx.commit().await?;
            let parameters = password::new_password_parameters(self.pool, self.client, &user);
            let person = Person { username, user: Some(user) };
            // Bound to this temporary password: a newer one ends what the older one began.
            let data = json!({"passwordSetAt": set_at(person.user.as_ref())});
            return self.challenge(&person, "NEW_PASSWORD_REQUIRED", data, parameters, Vec::new()).await;
        }
        let sub = user.sub;
        let opened = issue::open_session(self.app, &mut tx, self.client, user, OpenedWith::Password).await?;
        tx.commit().await?;
        if let Some(old) = old_hash {
            // Signing in does not depend on it: the next one tries again.
            let _ =
                self.hash_anew(sub, &old, password).await.inspect_err(|cause| tracing::warn!(%cause, "hashing anew"));
        }
        Ok(Outcome::Tokens(opened.tokens(self.app, self.client).await?))
    }

    /// Replaces a hash that was made at another cost, after its password proved right.
    async fn hash_anew(&self, sub: Uuid, old: &str, password: &str) -> Result<()> {
        let new = self.app.passwords.hash(Secret::from(password.to_owned())).await?;
        Ok(store::users::replace_hash(&self.app.db, &self.pool.id, sub, old, &new).await?)
    }

    /// NEW_PASSWORD_REQUIRED: the first password of the person's own.
    async fn new_password(&self, person: Person, id: Uuid, responses: &Parameters) -> Result<Outcome> {
        let user = person.user.ok_or_else(session_text::unfit)?;
        let password = self.required(responses, "NEW_PASSWORD")?;
        password::check_policy(&self.pool.settings.policies.password_policy, password)?;
        let given: Vec<_> = responses
            .iter()
            .filter_map(|(name, value)| {
                Some(Attribute { name: name.strip_prefix("userAttributes.")?.to_owned(), value: Some(value.clone()) })
            })
            .collect();
        let new = attributes::checked(self.pool, &given, self.client.settings.write_attributes.as_deref(), false)?;
        let hash = self.app.passwords.hash(Secret::from(password.to_owned())).await?;
        let now = self.app.clock.now();
        let mut tx = self.app.db.begin().await?;
        let mut user = store::users::lock(&mut tx, &self.pool.id, user.sub).await?.ok_or_else(session_text::unfit)?;
        self.may_sign_in(&user)?;
        let taken = store::challenges::take(&mut tx, &self.pool.id, id).await?.ok_or_else(session_text::used)?;
        if user.status != Status::ForceChangePassword || taken.data["passwordSetAt"] != json!(set_at(Some(&user))) {
            return Err(session_text::unfit());
        }
        user.attributes = attributes::changed(self.pool, user.attributes, new)?;
        attributes::check_required(self.pool, &user.attributes)?;
        store::users::update_password(&mut tx, &self.pool.id, user.sub, &hash, Status::Confirmed, now).await?;
        store::users::update_attributes(&mut tx, &self.pool.id, user.sub, &user.attributes, now).await?;
        let opened = issue::open_session(self.app, &mut tx, self.client, user, OpenedWith::Password).await?;
        tx.commit().await?;
        Ok(Outcome::Tokens(opened.tokens(self.app, self.client).await?))
    }

    async fn refresh(&self, parameters: &Parameters) -> Result<Outcome> {
        if !self.client.settings.allows_flow("ALLOW_REFRESH_TOKEN_AUTH") {
            return Err(Error::InvalidParameter("REFRESH_TOKEN_AUTH flow not enabled for this client".into()));
        }
        if self.client.settings.rotation_grace().is_some() {
            return Err(Error::InvalidParameter(
                "Refresh token rotation is enabled for this client; use GetTokensFromRefreshToken.".into(),
            ));
        }
        let token = self.required(parameters, "REFRESH_TOKEN")?;
        let given = parameters.get("SECRET_HASH").map(String::as_str);
        if self.client.secret.is_some() && given.is_none() {
            check_secret_hash(self.client, "", None)?;
        }
        // Clients hash the username or, after an alias sign-in, the subject.
        let prove = |user: &User| {
            check_secret_hash(self.client, &user.username, given)
                .or_else(|_| check_secret_hash(self.client, &user.sub.to_string(), given))
        };
        Ok(Outcome::Tokens(refresh::refresh(self.app, self.client, token, prove).await?))
    }

    /// Refuses a user who may not sign in now, whatever was proved.
    pub fn may_sign_in(&self, user: &User) -> Result<()> {
        match user.status {
            _ if !user.enabled => Err(Error::NotAuthorized("User is disabled.".into())),
            Status::Unconfirmed => Err(Error::UserNotConfirmed),
            Status::ResetRequired => Err(Error::PasswordResetRequired),
            Status::Confirmed | Status::ForceChangePassword => Ok(()),
        }
    }

    /// The person a request is about; unknown ones are a decoy where the client hides existence.
    async fn person(&self, parameters: &Parameters) -> Result<Person> {
        let username = self.username(parameters)?;
        let user = store::users::find(&self.app.db, &self.pool.id, &self.pool.username_key(username)).await?;
        self.known_or_hidden(username, user)
    }

    /// The name that a request proves to be allowed to name.
    fn username<'p>(&self, parameters: &'p Parameters) -> Result<&'p str> {
        let username = self.required(parameters, "USERNAME")?;
        // PostgreSQL cannot hold it, and would refuse the statement that this request shares with others.
        if username.contains('\0') {
            return Err(Error::nul());
        }
        check_secret_hash(self.client, username, parameters.get("SECRET_HASH").map(String::as_str))?;
        Ok(username)
    }

    fn known_or_hidden(&self, username: &str, user: Option<User>) -> Result<Person> {
        if user.is_none() && !self.client.settings.hides_existence() {
            return Err(Error::UserNotFound);
        }
        Ok(Person { username: username.to_owned(), user })
    }

    /// The person a first step is about, with what it can go on with: read together with others'.
    async fn person_with_passkeys(&self, parameters: &Parameters) -> Result<(Person, Available)> {
        let username = self.username(parameters)?;
        let request = SignInToBegin { pool_id: self.pool.id.clone(), username_key: self.pool.username_key(username) };
        match self.app.groups.begin_sign_ins.run(request).await? {
            Some(begun) => {
                let person = self.known_or_hidden(username, begun.user)?;
                let available = self.available_of(&person, begun.passkeys);
                Ok((person, available))
            }
            None => {
                let person = self.person(parameters).await?;
                let available = self.available(&person).await?;
                Ok((person, available))
            }
        }
    }

    /// A pending challenge with its person, and the person's passkey that answers, read together with others'.
    async fn resume(&self, id: Uuid, responses: &Parameters, answered: Option<&Assertion>) -> Result<Resumed> {
        if let Some(assertion) = answered {
            let request = SignInToResume {
                pool_id: self.pool.id.clone(),
                challenge_id: id,
                credential_id: assertion.credential_id.clone(),
            };
            let username = self.username(responses)?;
            if let Some(found) = self.app.groups.resume_sign_ins.run(request).await? {
                // The name of the challenge's user, or its subject in place of the name. Whoever else is named is looked up.
                let key = self.pool.username_key(username);
                let named = found.username_key.as_deref().is_none_or(|own| own == key)
                    || found.user.as_ref().is_some_and(|user| Uuid::try_parse(&key).ok() == Some(user.sub));
                let person = match found.user {
                    Some(user) if named => self.known_or_hidden(username, Some(user))?,
                    None if found.challenge.sub.is_none() => self.known_or_hidden(username, None)?,
                    _ => self.person(responses).await?,
                };
                return Ok(Resumed { pending: found.challenge, person, key: found.key });
            }
        }
        let pending = store::challenges::find(&self.app.db, &self.pool.id, id).await?.ok_or_else(session_text::used)?;
        Ok(Resumed { pending, person: self.person(responses).await?, key: None })
    }

    /// Stores a challenge and answers with it.
    pub async fn challenge(
        &self,
        person: &Person,
        name: &'static str,
        data: Value,
        parameters: Map<String, Value>,
        available: Vec<&'static str>,
    ) -> Result<Outcome> {
        let now = self.app.clock.now();
        let mut data = data;
        if person.user.is_none() {
            data["decoy"] = self.decoy_mark(person);
        }
        let challenge = Challenge {
            id: random::uuid(),
            kind: name.into(),
            client_id: self.client.id.clone(),
            sub: person.user.as_ref().map(|user| user.sub),
            data,
            expires_at: now + self.client.settings.session_lifetime(),
        };
        let session =
            session_text::seal(&self.app.sealing, &self.pool.id, &self.client.id, challenge.id, challenge.expires_at);
        let together = NewChallenge { pool_id: self.pool.id.clone(), challenge: challenge.clone(), now };
        if self.app.groups.insert_challenges.run(together).await?.is_none() {
            store::challenges::insert(&self.app.db, &self.pool.id, &challenge, now).await?;
        }
        Ok(Outcome::Next(NextChallenge { name, session, parameters, available }))
    }

    /// What binds a decoy's challenge to its name, as a user's is bound to the user.
    fn decoy_mark(&self, person: &Person) -> Value {
        let name = format!("{} {}", self.pool.id, self.pool.username_key(&person.username));
        Value::String(BASE64_STANDARD.encode(self.app.sealing.derive("decoy challenge", name.as_bytes())))
    }

    fn flow_enabled(&self, flow: &str) -> Result<()> {
        let settings = &self.client.settings;
        // ALLOW_USER_AUTH permits the password flows through USER_AUTH only.
        if settings.allows_flow(&format!("ALLOW_{flow}")) {
            return Ok(());
        }
        Err(Error::InvalidParameter(format!("{flow} flow not enabled for this client").into()))
    }

    fn required<'p>(&self, parameters: &'p Parameters, name: &'static str) -> Result<&'p str> {
        parameters.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or_else(|| missing(name))
    }
}

/// When a user's password was set, microseconds since the epoch, as text.
fn set_at(user: Option<&User>) -> Option<String> {
    user?.password_set_at.map(|at| (at.unix_timestamp_nanos() / 1000).to_string())
}

/// Checks the SECRET_HASH of a client with a secret (W§4.6): base64(HMAC-SHA256(secret, username ‖ client ID)).
pub fn check_secret_hash(client: &Client, username: &str, given: Option<&str>) -> Result<()> {
    let unable = || Error::NotAuthorized(format!("Unable to verify secret hash for client {}", client.id).into());
    match (&client.secret, given) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(unable()),
        (Some(_), None) => Err(Error::NotAuthorized(
            format!("Client {} is configured with secret but SECRET_HASH was not received", client.id).into(),
        )),
        (Some(secret), Some(given)) => {
            if equal(secret_hash(secret.expose(), username, &client.id).as_bytes(), given.as_bytes()) {
                Ok(())
            } else {
                Err(unable())
            }
        }
    }
}

fn secret_hash(secret: &str, username: &str, client_id: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(username.as_bytes());
    context.update(client_id.as_bytes());
    BASE64_STANDARD.encode(context.sign())
}

fn missing(name: &str) -> Error {
    Error::InvalidParameter(format!("Missing required parameter {name}").into())
}

fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::secret_hash;

    #[test]
    fn secret_hash_vector() {
        let hash = secret_hash("client-secret-for-tests-0123456789", "alice", "1example23456789");
        assert_eq!(hash, "UZw9rwJSvUki5vZE+EGGWfJEMp2SD9cU1gBLo+QiEGw=");
    }
}
