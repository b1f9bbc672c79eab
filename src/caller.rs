//! Who may call an operation, and how that is checked. A handler has a parameter of one of these types, so it runs only
//! for such a caller:
//!
//! - [`PublicClient`]: anyone who names an existing app client.
//! - [`RememberedClient`]: the same, without reading the client for each call.
//! - [`Bearer`]: the holder of a valid access token. The handler's own statements check whether the session is live.
//! - [`SignedIn`]: the holder of a valid access token whose session was just found to be live.
//! - [`Enroller`]: a signed-in user, or a person whose sign-in waits until an authenticator app is set up.
//! - [`Operator`]: the sender of a request that is signed (SigV4) with an operator's key, whose role and pool allow the
//!   operation.

use std::{cell::Cell, sync::Arc};

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    admission,
    app::App,
    call::{Access, Call},
    context::{Context, Door},
    error::{Error, Result},
    fair,
    role::Role,
    session_text::{self, Opened},
    sigv4,
    store::{
        self, Connection,
        clients::{ClientAndPool, Versions},
    },
    tokens::{self, AccessClaims},
    wire,
};

/// A kind of caller.
pub trait Caller: Sized {
    /// The result of [`Self::prove`], such as the key that signed the request.
    type Proof;

    /// Identifies the party that a call counts for while it waits for a place. Uses only the checked input and what
    /// this replica has in memory, without a query to the database.
    fn recognize(_: &App, _: &Call, _: &Map<String, Value>) -> Result<Recognized> {
        Ok(Recognized::Nobody)
    }

    /// Checks what can be checked before the input is used.
    fn prove(app: &App, call: &Call) -> impl Future<Output = Result<Self::Proof>>;

    /// Identifies the caller from the checked input. What [`Self::recognize`] has already verified is not verified
    /// again.
    fn identify(
        app: &App,
        call: &Call,
        proof: Self::Proof,
        recognized: Recognized,
        input: &Map<String, Value>,
    ) -> impl Future<Output = Result<Self>>;

    /// The door through which such callers come, if it is not the one in the call's context.
    const DOOR: Option<Door> = None;

    /// The pool and subject of the caller, if the caller is a user. A call that writes waits for its turn in the queue
    /// of this user.
    fn user(&self) -> Option<(&str, Uuid)> {
        None
    }
}

/// The caller, as far as known without a query to the database.
pub enum Recognized {
    /// A caller of whom only the address is known.
    Nobody,
    /// A caller who names something that belongs to this pool, such as an app client.
    At(String),
    /// The bearer of a verified access token.
    Bearer(Bearer),
}

impl Recognized {
    /// Makes the current call count for this party.
    pub fn count(&self) {
        match self {
            Self::Nobody => {}
            Self::At(pool_id) => admission::concerns_pool(pool_id),
            Self::Bearer(bearer) => admission::proved(bearer.path()),
        }
    }
}

/// Anyone who calls through an existing app client.
pub struct PublicClient(Arc<ClientAndPool>);

impl std::ops::Deref for PublicClient {
    type Target = ClientAndPool;

    fn deref(&self) -> &ClientAndPool {
        &self.0
    }
}

impl Caller for PublicClient {
    type Proof = ();

    async fn prove(_: &App, _: &Call) -> Result<()> {
        Ok(())
    }

    fn recognize(app: &App, _: &Call, input: &Map<String, Value>) -> Result<Recognized> {
        Ok(app.known_pool_of_client(text(input, "ClientId")).map_or(Recognized::Nobody, Recognized::At))
    }

    async fn identify(app: &App, call: &Call, (): (), _: Recognized, input: &Map<String, Value>) -> Result<Self> {
        let client_id = text(input, "ClientId");
        let pool_id = app.pool_of_client(client_id).await?;
        concerns_pool(app, call, &pool_id)?;
        let named = app.client_with_pool(&pool_id, client_id).await?;
        Ok(Self(named))
    }
}

/// Anyone who calls through an app client, which this replica may have read before.
///
/// What was read before may be outdated. [`Self::run`] hands it to code that must find out, by [`Freshness`], whether it
/// is current before it decides anything.
pub struct RememberedClient {
    pool_id: String,
    client_id: String,
}

/// Whether an app client and its pool, as a call uses them, are known to be current.
///
/// They are if the call has read them, or if one of its statements has found that their rows still have the versions
/// that were read before.
#[derive(Debug)]
pub struct Freshness(Cell<bool>);

impl Freshness {
    /// The client and the pool were read for this call.
    pub fn current() -> Self {
        Self(Cell::new(true))
    }

    /// The client and the pool were read before, for another call.
    pub fn unknown() -> Self {
        Self(Cell::new(false))
    }

    /// Whether the client and the pool are known to be current.
    pub fn is_current(&self) -> bool {
        self.0.get()
    }

    /// Finds out whether the client and the pool are current, unless that is known. Fails if they are not.
    pub async fn confirm(&self, app: &App, named: &ClientAndPool) -> Result<()> {
        if self.is_current() {
            return Ok(());
        }
        let current = match app.client_with_pool(&named.pool.id, &named.client.id).await {
            Ok(read) => read.versions == named.versions,
            Err(Error::ResourceNotFound(_)) => false,
            Err(other) => return Err(other),
        };
        self.found(current)
    }

    /// Takes note of what a statement of this call has found: whether the client and the pool are current. Fails if
    /// they are not; then [`RememberedClient::run`] reads them and begins again.
    pub fn found(&self, current: bool) -> Result<()> {
        self.0.set(current);
        if current { Ok(()) } else { Err(Error::outdated()) }
    }
}

impl RememberedClient {
    /// Runs the operation with the client and the pool as this replica knows them. If they turn out to be outdated, or
    /// if this replica does not know them, it reads them first.
    ///
    /// The operation writes nothing, and calls no function of the pool, before it has found out whether they are
    /// current.
    pub async fn run<T>(
        &self,
        app: &App,
        operation: impl AsyncFn(&ClientAndPool, &Freshness) -> Result<T>,
    ) -> Result<T> {
        if let Some(known) = app.known_client(&self.pool_id, &self.client_id) {
            let freshness = Freshness::unknown();
            match operation(&known, &freshness).await {
                Err(error) if error.is_outdated() => {}
                done if freshness.is_current() => return done,
                // These say nothing about the client or the pool.
                Err(error @ (Error::Internal(_) | Error::TooManyRequests(_))) => return Err(error),
                _ => return Err(Error::internal("a call did not find out whether its app client is current")),
            }
        }
        let read = app.client_with_pool(&self.pool_id, &self.client_id).await?;
        operation(&read, &Freshness::current()).await
    }
}

impl Caller for RememberedClient {
    type Proof = ();

    async fn prove(_: &App, _: &Call) -> Result<()> {
        Ok(())
    }

    fn recognize(app: &App, call: &Call, input: &Map<String, Value>) -> Result<Recognized> {
        PublicClient::recognize(app, call, input)
    }

    async fn identify(app: &App, call: &Call, (): (), _: Recognized, input: &Map<String, Value>) -> Result<Self> {
        let client_id = text(input, "ClientId");
        let pool_id = app.pool_of_client(client_id).await?;
        concerns_pool(app, call, &pool_id)?;
        Ok(Self { pool_id, client_id: client_id.to_owned() })
    }
}

/// The bearer of an access token that is genuine, unexpired and of the right scope.
///
/// It is not known yet whether the token's session is still live. So code that acts for a bearer checks this in its own
/// statement, or calls [`Bearer::live`] first.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The user pool.
    pub pool_id: String,
    /// The user.
    pub sub: Uuid,
    /// The user's name.
    pub username: String,
    /// The app client that the token was issued to.
    pub client_id: String,
    /// The session.
    pub origin_jti: Uuid,
}

impl Caller for Bearer {
    type Proof = ();

    async fn prove(_: &App, _: &Call) -> Result<()> {
        Ok(())
    }

    fn recognize(app: &App, call: &Call, input: &Map<String, Value>) -> Result<Recognized> {
        let token = text(input, "AccessToken");
        let pool_id = tokens::unverified_pool(token, &app.public_url)?;
        let Some(keys) = app.keys.known_for(&pool_id, token, app.clock.now()) else { return Ok(Recognized::Nobody) };
        concerns_pool(app, call, &pool_id)?;
        Ok(Recognized::Bearer(Self::verify(app, call, token, pool_id, &keys)?))
    }

    async fn identify(
        app: &App,
        call: &Call,
        (): (),
        recognized: Recognized,
        input: &Map<String, Value>,
    ) -> Result<Self> {
        if let Recognized::Bearer(bearer) = recognized {
            return Ok(bearer);
        }
        let token = text(input, "AccessToken");
        let pool_id = tokens::unverified_pool(token, &app.public_url)?;
        // A forged token may name any pool, so the call does not count for the pool until the token is found to be
        // genuine.
        may_reach(app, call, &pool_id)?;
        let keys = app.keys_for_token(&pool_id, token).await?.ok_or(tokens::Error::Invalid)?;
        let bearer = Self::verify(app, call, token, pool_id, &keys)?;
        admission::proved(bearer.path());
        Ok(bearer)
    }

    fn user(&self) -> Option<(&str, Uuid)> {
        Some((&self.pool_id, self.sub))
    }
}

impl Bearer {
    /// Verifies a token with the keys of its pool, and takes one request from the user's budget.
    fn verify(app: &App, call: &Call, token: &str, pool_id: String, keys: &tokens::PoolKeys) -> Result<Self> {
        let now = app.clock.now().unix_timestamp();
        let claims = tokens::verify_access(token, keys, &app.issuer(&pool_id), now, tokens::ACCESS_SCOPE)?;
        app.budgets.spend_user(claims.sub, claims.origin_jti, call.access.kind())?;
        Ok(Self::of(pool_id, claims))
    }

    /// Makes a bearer from the claims of a verified token of this pool.
    pub fn of(pool_id: String, claims: AccessClaims) -> Self {
        Self {
            pool_id,
            sub: claims.sub,
            username: claims.username,
            client_id: claims.client_id,
            origin_jti: claims.origin_jti,
        }
    }

    /// The bearer's path, for fair sharing among callers.
    fn path(&self) -> fair::Path {
        admission::bearer(&self.pool_id, self.sub, self.origin_jti)
    }

    /// Locks the session, so that nobody can revoke it before the transaction ends. Fails with the reason if the
    /// session is not live.
    pub async fn live(&self, app: &App, db: &mut Connection, context: &Context) -> Result<()> {
        if store::sessions::lock_live(db, &self.pool_id, self.sub, self.origin_jti).await? {
            return Ok(());
        }
        Err(self.refusal(app, db, context).await?)
    }

    /// Returns the error for this bearer. Called only after a statement has found no live session.
    pub async fn refusal(&self, app: &App, db: &mut Connection, context: &Context) -> Result<Error> {
        use store::users::Status;
        let user = store::users::find_by_sub(db, &self.pool_id, self.sub).await?;
        let declares = |error: &str| {
            let operation = wire::model().operation(&context.operation);
            operation.is_some_and(|operation| operation.errors.iter().any(|name| name == error))
        };
        Ok(match user {
            None if declares("UserNotFoundException") => Error::UserNotFound,
            Some(user) if !user.enabled => Error::disabled(),
            Some(user) if user.status == Status::ResetRequired => Error::PasswordResetRequired,
            _ => {
                app.budgets.session_ended(self.origin_jti);
                tokens::Error::Revoked.into()
            }
        })
    }
}

/// A bearer whose session was just found to be live, and whose user is enabled and needs no password reset.
pub struct SignedIn {
    /// The token's bearer.
    pub bearer: Bearer,
    /// The user.
    pub user: store::users::User,
    /// The versions of the rows of the token's app client and of the pool.
    pub versions: Versions,
}

impl Caller for SignedIn {
    type Proof = ();

    async fn prove(_: &App, _: &Call) -> Result<()> {
        Ok(())
    }

    fn recognize(app: &App, call: &Call, input: &Map<String, Value>) -> Result<Recognized> {
        Bearer::recognize(app, call, input)
    }

    async fn identify(
        app: &App,
        call: &Call,
        (): (),
        recognized: Recognized,
        input: &Map<String, Value>,
    ) -> Result<Self> {
        let bearer = Bearer::identify(app, call, (), recognized, input).await?;
        let mut db = app.db.acquire().await?;
        let (pool_id, sub) = (&bearer.pool_id, bearer.sub);
        match store::users::find_live_with_versions(&mut db, pool_id, sub, bearer.origin_jti).await? {
            Some((user, versions)) => Ok(Self { bearer, user, versions }),
            None => Err(bearer.refusal(app, &mut db, &call.context).await?),
        }
    }

    fn user(&self) -> Option<(&str, Uuid)> {
        self.bearer.user()
    }
}

/// A caller who sets up an authenticator app: a signed-in user, or a person whose sign-in waits until the app is set
/// up.
pub enum Enroller {
    SignedIn(Box<SignedIn>),
    /// The holder of a `Session` string. The handler's transaction must check that the string belongs to an MFA_SETUP
    /// challenge that is still pending.
    Midway(Box<Opened>),
}

impl Caller for Enroller {
    type Proof = ();

    async fn prove(_: &App, _: &Call) -> Result<()> {
        Ok(())
    }

    fn recognize(app: &App, call: &Call, input: &Map<String, Value>) -> Result<Recognized> {
        if input.contains_key("AccessToken") { Bearer::recognize(app, call, input) } else { Ok(Recognized::Nobody) }
    }

    async fn identify(
        app: &App,
        call: &Call,
        (): (),
        recognized: Recognized,
        input: &Map<String, Value>,
    ) -> Result<Self> {
        if input.contains_key("AccessToken") {
            return Ok(Self::SignedIn(Box::new(SignedIn::identify(app, call, (), recognized, input).await?)));
        }
        let Some(session) = input.get("Session").and_then(Value::as_str) else {
            return Err(Error::InvalidParameter("Missing required parameter AccessToken or Session".into()));
        };
        let opened = session_text::open_any(&app.sealing, session, app.clock.now())?;
        concerns_pool(app, call, &opened.pool_id)?;
        Ok(Self::Midway(Box::new(opened)))
    }

    fn user(&self) -> Option<(&str, Uuid)> {
        match self {
            Self::SignedIn(signed_in) => signed_in.user(),
            // The user is not known yet, so the ID of the challenge takes the place of the subject.
            Self::Midway(opened) => Some((&opened.pool_id, opened.id)),
        }
    }
}

/// An operator, identified by a SigV4 signature.
pub struct Operator {
    /// The ID of the access key.
    pub access_key_id: String,
    /// Whether the key is bound to one pool.
    pub is_bound: bool,
    /// Whether the key has the administrator role.
    pub is_administrator: bool,
}

/// Whether a role may make a call.
fn allows(role: Role, call: &Call) -> bool {
    match role {
        Role::Administrator => true,
        Role::Support => call.access != Access::Write,
        Role::ReadOnly => call.access == Access::Read,
    }
}

impl Caller for Operator {
    type Proof = sigv4::Signer;

    const DOOR: Option<Door> = Some(Door::Operator);

    async fn prove(app: &App, call: &Call) -> Result<sigv4::Signer> {
        let signer = sigv4::verify(app, call).await?;
        admission::proved(admission::operator(&signer.access_key_id));
        Ok(signer)
    }

    async fn identify(
        app: &App,
        call: &Call,
        signer: sigv4::Signer,
        _: Recognized,
        input: &Map<String, Value>,
    ) -> Result<Self> {
        // Operations on tags name the pool by its ARN.
        let of_arn = input.get("ResourceArn").and_then(Value::as_str).and_then(|arn| arn.rsplit('/').next());
        let pool_id = input.get("UserPoolId").and_then(Value::as_str).or(of_arn);
        if let Some(pool_id) = pool_id {
            concerns_pool(app, call, pool_id)?;
        }
        let denied = |why: &str| {
            let text = format!(
                "The key {} is not authorized to perform {}: {why}.",
                signer.access_key_id, call.context.operation
            );
            Err(Error::AccessDenied(text.into()))
        };
        if !allows(signer.role, call) {
            return denied("its role does not allow it");
        }
        if signer.pool_id.as_deref().is_some_and(|own| pool_id != Some(own)) {
            return denied("it belongs to one user pool");
        }
        Ok(Self {
            is_bound: signer.pool_id.is_some(),
            is_administrator: signer.role == Role::Administrator,
            access_key_id: signer.access_key_id,
        })
    }
}

/// Records in the log which pool a call names, and fails if that pool's web ACL refuses the call.
fn may_reach(app: &App, call: &Call, pool_id: &str) -> Result<()> {
    tracing::Span::current().record("pool.id", pool_id);
    app.acl.check_pool(pool_id, call.context.address, call.body.len())
}

/// Like [`may_reach`]. In addition, if the caller has proved nothing yet, the call counts for that pool from then on.
/// For such a caller, the pool must be known to exist.
fn concerns_pool(app: &App, call: &Call, pool_id: &str) -> Result<()> {
    may_reach(app, call, pool_id)?;
    admission::concerns_pool(pool_id);
    Ok(())
}

fn text<'a>(input: &'a Map<String, Value>, member: &str) -> &'a str {
    input.get(member).and_then(Value::as_str).unwrap_or_default()
}
