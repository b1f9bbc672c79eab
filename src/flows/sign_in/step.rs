//! One step of a sign-in: the request, the person who signs in, and the outcome.

use std::{collections::HashMap, net::IpAddr, ops::Deref};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    caller::Freshness,
    context::Door,
    error::{Error, Result},
    factor::{ChallengeName, Factor},
    flows::{
        pool_context::PoolContext,
        sessions::{authentication_result::AuthenticationResult, browser::NewBrowser},
        sign_in::decoys,
    },
    pending::{Bounds, Challenge, Kept, PasskeyBefore, Pending},
    random,
    session_text::{self, Opened},
    store::{
        self, Connection,
        clients::{Client, ClientAndPool},
        users::{Status, User},
    },
    webauthn::Descriptor,
};

/// `AuthParameters` or `ChallengeResponses`.
pub type Parameters = HashMap<String, String>;

/// One step of a sign-in.
pub struct SignIn<'a> {
    pub context: PoolContext<'a>,
    /// The client with its pool.
    pub named: &'a ClientAndPool,
    pub client: &'a Client,
    /// The address of the person who signs in, if it is known.
    pub address: Option<IpAddr>,
    /// `DEVICE_KEY`: the key of the device that the client says it runs on.
    pub device_key: Option<&'a str>,
    /// Whether the client and the pool are known to be current.
    pub freshness: &'a Freshness,
}

/// The outcome of a step.
pub enum Outcome {
    Tokens(AuthenticationResult),
    /// On the sign-in pages, the signed-in browser takes the place of tokens.
    Browser(Box<NewBrowser>),
    Next(NextChallenge),
}

/// The challenge that the client must answer next.
pub struct NextChallenge {
    pub name: ChallengeName,
    pub session: String,
    pub parameters: Map<String, Value>,
    /// The factors to choose from. InitiateAuth and AdminInitiateAuth return them, but RespondToAuthChallenge and its
    /// admin variant do not.
    pub available: Vec<Factor>,
}

/// The factors that a person can sign in with now.
pub struct Available {
    /// The factors, in Amazon Cognito's order (docs/cognito.md 4.1).
    pub factors: Vec<Factor>,
    /// The passkeys that may answer a WEB_AUTHN challenge.
    pub passkeys: Vec<Descriptor>,
    /// The same passkeys with their keys, if they were read.
    pub keys: Vec<PasskeyBefore>,
}

impl Available {
    /// Nothing, for challenges that no other factor may answer.
    pub fn nothing() -> Self {
        Self { factors: Vec::new(), passkeys: Vec::new(), keys: Vec::new() }
    }
}

/// The person who signs in. A name that no user has gets made-up data (see `decoys`).
pub struct Person {
    /// The name as it was typed.
    pub username: String,
    /// `None` if no user has this name. (In that case, the client hides which users exist.)
    pub user: Option<User>,
}

impl<'a> Deref for SignIn<'a> {
    type Target = PoolContext<'a>;

    fn deref(&self) -> &PoolContext<'a> {
        &self.context
    }
}

impl SignIn<'_> {
    /// The caller's IP address, if it appears to belong to one person and not to a server or a proxy.
    pub fn asker(&self) -> Option<IpAddr> {
        (self.is_by_person() && !self.context.address.is_loopback()).then_some(self.context.address)
    }

    /// Whether the caller appears to be the person's own browser or device, and not a server.
    pub fn is_by_person(&self) -> bool {
        self.context.door.is_one_person(!self.client.secrets.is_empty())
    }

    /// Fails if this user may not sign in now, whatever was proved.
    pub fn may_sign_in(&self, user: &User) -> Result<()> {
        match user.status {
            _ if !user.enabled => Err(Error::disabled()),
            Status::Unconfirmed => Err(Error::UserNotConfirmed),
            Status::ResetRequired => Err(Error::PasswordResetRequired),
            Status::Confirmed | Status::ForceChangePassword => Ok(()),
        }
    }

    /// Makes a challenge and returns it as the outcome.
    pub async fn challenge(
        &self,
        person: &Person,
        state: Pending,
        parameters: Map<String, Value>,
        available: Vec<Factor>,
    ) -> Result<Outcome> {
        let decoy = person.user.is_none().then(|| self.decoy_mark(person));
        let whose = (person.user.as_ref().map(|user| (user.sub, user.version)), decoy);
        self.challenge_of_whom(whose, state, parameters, available).await
    }

    /// Like [`Self::challenge`], for a user (subject and version), a marked decoy, or a person who is not known yet.
    pub async fn challenge_of_whom(
        &self,
        (user, decoy): (Option<(Uuid, i64)>, Option<String>),
        state: Pending,
        parameters: Map<String, Value>,
        available: Vec<Factor>,
    ) -> Result<Outcome> {
        let now = self.app.clock.now();
        let name = state.name().ok_or_else(|| Error::internal("this is no challenge of a sign-in"))?;
        let (sub, user_version) = user.unzip();
        let mut challenge = Challenge {
            id: random::time_ordered_uuid(now),
            client_id: self.client.id.clone(),
            sub,
            state,
            bounds: Bounds { pages: self.context.door == Door::Pages, decoy },
            expires_at: now + self.client.settings.session_lifetime(),
            kept: Kept::Sealed { user_version: user_version.unwrap_or_default() },
        };
        let sealed = match self.app.seals_states() {
            true => session_text::of_challenge(&self.app.sealing, &self.pool.id, &challenge),
            false => None,
        };
        let session = match sealed {
            Some(session) => session,
            None => {
                challenge.kept = Kept::Row;
                let session = self.app.session_of_row(&self.pool.id, &challenge);
                store::challenges::insert(&self.app.db, &self.pool.id, &challenge, now).await?;
                session
            }
        };
        Ok(Outcome::Next(NextChallenge { name, session, parameters, available }))
    }

    /// Returns the challenge that a `Session` string stands for. Fails if it was used before.
    pub async fn pending(&self, opened: Opened) -> Result<Challenge> {
        let mut db = self.app.db.acquire().await?;
        match opened.challenge {
            None => store::challenges::find(&mut db, &self.pool.id, opened.id).await?.ok_or_else(session_text::used),
            Some(challenge) if store::challenges::is_unused(&mut db, &self.pool.id, &challenge).await? => Ok(challenge),
            Some(_) => Err(session_text::used()),
        }
    }

    /// Uses up a challenge, in a transaction that has locked the challenge's user. Fails if the challenge was used
    /// before, has expired, or was made void.
    pub async fn use_up(&self, db: &mut Connection, pending: &Challenge) -> Result<Challenge> {
        let now = self.app.clock.now();
        let taken = store::challenges::use_up(&mut *db, &self.pool.id, pending, now).await?;
        taken.ok_or_else(|| if pending.expires_at <= now { session_text::expired() } else { session_text::used() })
    }

    /// Like [`Self::use_up`], in a transaction of its own.
    pub async fn use_up_alone(&self, pending: &Challenge) -> Result<()> {
        let mut db = self.app.db.acquire().await?;
        self.use_up(&mut db, pending).await.map(|_| ())
    }

    /// Finds out whether the client and the pool are current, unless that is known. Fails if they are not.
    pub async fn confirm(&self) -> Result<()> {
        self.freshness.confirm(self.app, self.named).await
    }

    /// Returns the outcome, unless it is a refusal that may rest on an outdated client or pool.
    pub async fn settle(&self, outcome: Result<Outcome>) -> Result<Outcome> {
        match outcome {
            Err(error) if !error.is_outdated() => self.confirm().await.and(Err(error)),
            done => done,
        }
    }

    /// Whether a challenge is answered through the door that issued it: the sign-in pages or the API.
    ///
    /// The two must not mix: the flows that the client allows do not limit sign-ins on Keystead's own pages, but they
    /// limit sign-ins through the API, which give tokens.
    pub fn is_of_this_door(&self, pending: &Challenge) -> bool {
        pending.bounds.pages == (self.context.door == Door::Pages)
    }

    /// The mark that binds a decoy's challenge to the decoy's name, as a user's challenge is bound to the user.
    pub fn decoy_mark(&self, person: &Person) -> String {
        let id = decoys::id(self.app, self.pool, &person.username);
        BASE64_STANDARD.encode(decoys::seed(self.app, self.pool, "decoy challenge", &id))
    }

    /// Whether unknown people must look like known ones. On the sign-in pages, they always must.
    pub fn hides_existence(&self) -> bool {
        self.client.settings.hides_existence(self.context.door)
    }

    /// Returns a required parameter; fails if it is missing or empty.
    pub fn required<'p>(&self, parameters: &'p Parameters, name: &'static str) -> Result<&'p str> {
        parameters.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or_else(|| missing(name))
    }
}

/// The error for a missing parameter.
pub fn missing(name: &str) -> Error {
    Error::InvalidParameter(format!("Missing required parameter {name}").into())
}

/// Shortens a caller's input for use in an error message.
pub fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}
