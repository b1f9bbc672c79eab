//! One step of a sign-in: who asks for it through which door, about whom, and what it leads to.

use std::{collections::HashMap, net::IpAddr};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    app::App,
    context::{Context, Door},
    error::{Error, Result},
    factor::{ChallengeName, Factor},
    flows::{
        sessions::{authentication_result::AuthenticationResult, browser::NewBrowser},
        sign_in::decoys,
        triggers::Cause,
    },
    pending::{Bounds, Pending},
    random, session_text,
    store::{
        self,
        batches::NewChallenge,
        challenges::Challenge,
        clients::Client,
        pools::Pool,
        users::{Status, User},
    },
    webauthn::Descriptor,
};

/// `AuthParameters` or `ChallengeResponses`.
pub type Parameters = HashMap<String, String>;

/// One step of a sign-in.
pub struct SignIn<'a> {
    pub app: &'a App,
    pub context: &'a Context,
    pub pool: &'a Pool,
    pub client: &'a Client,
    /// `DEVICE_KEY`: the device that the client signs in with.
    pub device_key: Option<&'a str>,
    /// What the client tells the pool's triggers.
    pub client_metadata: &'a Map<String, Value>,
}

/// What a step leads to.
pub enum Outcome {
    Tokens(AuthenticationResult),
    /// On the sign-in pages, in place of tokens.
    Browser(Box<NewBrowser>),
    Next(NextChallenge),
}

/// The next thing to prove.
pub struct NextChallenge {
    pub name: ChallengeName,
    pub session: String,
    pub parameters: Map<String, Value>,
    /// Part of InitiateAuth's answer only.
    pub available: Vec<Factor>,
}

/// What a person can sign in with now.
pub struct Available {
    /// In Amazon Cognito's order (docs/cognito.md 4.1).
    pub factors: Vec<Factor>,
    /// The passkeys to answer with.
    pub passkeys: Vec<Descriptor>,
}

/// The person that a step is about, or the decoy of one.
pub struct Person {
    /// As typed.
    pub username: String,
    /// `None`: unknown, and hidden.
    pub user: Option<User>,
}

impl SignIn<'_> {
    /// In whose name triggers are called.
    pub fn cause(&self) -> Cause<'_> {
        Cause { app: self.app, pool: self.pool, client_id: &self.client.id, metadata: self.client_metadata }
    }

    /// Whose address the call comes from, if it is one person's and not a server's or a proxy's.
    pub fn asker(&self) -> Option<IpAddr> {
        let one = match self.context.door {
            // A client with a secret is a server, which begins the sign-ins of many people.
            Door::Api => self.client.secrets.is_empty(),
            // Whoever fills in a form knows no secret.
            Door::Pages => true,
            Door::Operator => false,
        };
        (one && !self.context.address.is_loopback()).then_some(self.context.address)
    }

    /// Refuses a user who may not sign in now, whatever was proved.
    pub fn may_sign_in(&self, user: &User) -> Result<()> {
        match user.status {
            _ if !user.enabled => Err(Error::disabled()),
            Status::Unconfirmed => Err(Error::UserNotConfirmed),
            Status::ResetRequired => Err(Error::PasswordResetRequired),
            Status::Confirmed | Status::ForceChangePassword => Ok(()),
        }
    }

    /// Stores a challenge and answers with it.
    pub async fn challenge(
        &self,
        person: &Person,
        state: Pending,
        parameters: Map<String, Value>,
        available: Vec<Factor>,
    ) -> Result<Outcome> {
        let decoy = person.user.is_none().then(|| self.decoy_mark(person));
        let whose = (person.user.as_ref().map(|user| user.sub), decoy);
        self.store_challenge(whose, state, parameters, available).await
    }

    /// The same of a user, of a decoy with its mark, or of nobody known yet.
    pub async fn store_challenge(
        &self,
        (sub, decoy): (Option<Uuid>, Option<String>),
        state: Pending,
        parameters: Map<String, Value>,
        available: Vec<Factor>,
    ) -> Result<Outcome> {
        let now = self.app.clock.now();
        let name = state.name().ok_or_else(|| Error::internal("this is no challenge of a sign-in"))?;
        let challenge = Challenge {
            id: random::uuid(),
            client_id: self.client.id.clone(),
            sub,
            state,
            bounds: Bounds { pages: self.context.door == Door::Pages, decoy },
            expires_at: now + self.client.settings.session_lifetime(),
        };
        let session =
            session_text::seal(&self.app.sealing, &self.pool.id, &self.client.id, challenge.id, challenge.expires_at);
        let together = NewChallenge { pool_id: self.pool.id.clone(), challenge: challenge.clone(), now };
        if self.app.batchers.insert_challenges.run(together).await?.is_none() {
            store::challenges::insert(&self.app.db, &self.pool.id, &challenge, now).await?;
        }
        Ok(Outcome::Next(NextChallenge { name, session, parameters, available }))
    }

    /// Whether a challenge was given on the pages and is answered there, or neither: the pages let everybody in to Keystead's
    /// own pages, whatever flows the client allows, and the API gives tokens.
    pub fn is_of_this_door(&self, pending: &Challenge) -> bool {
        pending.bounds.pages == (self.context.door == Door::Pages)
    }

    /// What binds a decoy's challenge to its name, as a user's is bound to the user.
    pub fn decoy_mark(&self, person: &Person) -> String {
        let id = decoys::id(self.app, self.pool, &person.username);
        BASE64_STANDARD.encode(decoys::seed(self.app, self.pool, "decoy challenge", &id))
    }

    /// Whether unknown people look like known ones; on the sign-in pages always.
    pub fn hides_existence(&self) -> bool {
        self.client.settings.hides_existence(self.context.door)
    }

    /// A parameter that must be there.
    pub fn required<'p>(&self, parameters: &'p Parameters, name: &'static str) -> Result<&'p str> {
        parameters.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or_else(|| missing(name))
    }
}

/// A parameter that is not there.
pub fn missing(name: &str) -> Error {
    Error::InvalidParameter(format!("Missing required parameter {name}").into())
}

/// A text of a caller's, short enough for an error.
pub fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}
