//! The one way to write as a user or as an operator.
//!
//! A [`Change`] is a transaction in someone's name. It is committed with an event of the audit trail, or with one of
//! the few reasons for having none. The commit returns a [`Changed`], which the table of operations demands from every
//! operation that writes for a user or an operator. So a change that nobody can trace does not compile.
//!
//! Users can make only a limited number of changes of each kind to their own accounts in a day. Nothing removes the
//! audit rows for a year, so a script that changes a name back and forth would otherwise fill the disk. Each kind is
//! counted separately: anyone with an access token can use up a harmless kind, and that must neither keep the owner
//! from other changes nor hide what happens afterwards.

use std::ops::{Deref, DerefMut};

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    app::App,
    caller::{Bearer, Operator},
    context::Context,
    error::{Error, Result},
    group_commit::{Batch, GroupCommit},
    random,
    store::{
        self, Connection, Transaction,
        audit::{Audited, Entry, Event, Trail},
        batches::WritesAudit,
        pools::Pool,
        users::User,
    },
};

/// The actor of changes that users make themselves.
const USER: &str = "user";
/// The actor of changes that the server makes by itself.
const SERVICE: &str = "service";

/// A transaction in the name of a user or an operator. It is rolled back when dropped.
pub struct Change<'a> {
    app: &'a App,
    tx: Transaction,
    pub trail: Trail,
    /// The pool whose audit trail records the change.
    pub pool_id: String,
}

/// The answer of a change that was committed and audited.
pub struct Changed<A>(A);

/// Why a change has no row in the audit trail.
#[derive(Clone, Copy, Debug)]
pub enum Unaudited {
    /// Only a code was sent, and codes are counted elsewhere.
    CodeSent,
    /// Only codes that were on their way became void.
    CodesVoided,
    /// Only a code was used up, which proved what was already known.
    CodeUsed,
    /// Only what was there already was written again.
    Rewritten,
    /// It only begins what another call completes.
    Begun,
    /// A sign-in, which is recorded by its session and the authentication events.
    SignIn,
}

impl<'a> Change<'a> {
    /// Begins a change by the user who calls. The caller must check that the session is live.
    pub async fn by_user(app: &'a App, context: &Context, pool_id: &str) -> Result<Self> {
        Self::start(app, trail(app, context, USER), pool_id).await
    }

    /// Begins a change by the server itself, as at its first start.
    pub async fn by_service(app: &'a App, pool_id: &str) -> Result<Self> {
        let trail = Trail { at: app.clock.now(), actor: SERVICE.into(), request_id: random::uuid() };
        Self::start(app, trail, pool_id).await
    }

    async fn start(app: &'a App, trail: Trail, pool_id: &str) -> Result<Self> {
        let tx = app.db.begin().await?;
        Ok(Self { app, tx, trail, pool_id: pool_id.to_owned() })
    }

    /// The time of the change.
    pub fn at(&self) -> OffsetDateTime {
        self.trail.at
    }

    /// Finds the user and locks the row.
    pub async fn user(&mut self, sub: Uuid) -> Result<User> {
        store::users::lock(&mut self.tx, &self.pool_id, sub).await?.ok_or(Error::UserNotFound)
    }

    /// Locks the user pool that the change belongs to.
    pub async fn pool(&mut self) -> Result<Pool> {
        let found = store::pools::lock(&mut self.tx, &self.pool_id).await?;
        found.ok_or_else(|| Error::no_such_pool(&self.pool_id))
    }

    /// Records an event and commits.
    pub async fn commit<A>(mut self, entry: Entry<'_>, answer: A) -> Result<Changed<A>> {
        let audited = note(self.app, &mut self.tx, &self.pool_id, &self.trail, entry).await?;
        self.commit_noted(audited, answer).await
    }

    /// Commits, and records the event if the database says that something changed.
    pub async fn commit_if<A>(self, changed: bool, entry: Entry<'_>, answer: A) -> Result<Changed<A>> {
        if changed {
            self.commit(entry, answer).await
        } else {
            self.commit_unaudited(Unaudited::Rewritten, answer).await
        }
    }

    /// Commits a change whose event is already recorded.
    pub async fn commit_noted<A>(self, _: Audited, answer: A) -> Result<Changed<A>> {
        self.end().await?;
        Ok(Changed(answer))
    }

    /// Commits without an event.
    pub async fn commit_unaudited<A>(self, _: Unaudited, answer: A) -> Result<Changed<A>> {
        self.end().await?;
        Ok(Changed(answer))
    }

    /// Rolls back, because there is nothing to change.
    pub async fn unchanged<A>(self, answer: A) -> Result<Changed<A>> {
        self.tx.rollback().await?;
        Ok(Changed(answer))
    }

    /// Commits what a refusal must leave behind, such as counts and used codes, and returns the refusal.
    pub async fn refuse<A>(self, refusal: Error) -> Result<A> {
        self.end().await?;
        Err(refusal)
    }

    async fn end(self) -> Result<()> {
        self.tx.commit().await?;
        // The change may have put a message in the outbox.
        self.app.messages_waiting.notify_waiters();
        Ok(())
    }
}

impl Deref for Change<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.tx
    }
}

impl DerefMut for Change<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.tx
    }
}

impl<A> Changed<A> {
    /// A change that shared a statement with others; the statement audits each.
    pub fn together<B: Batch + WritesAudit>(_: &GroupCommit<B>, answer: A) -> Self {
        Self(answer)
    }

    /// A change that was not made in a transaction of its own.
    pub fn unaudited(_: Unaudited, answer: A) -> Self {
        Self(answer)
    }

    /// A change that one statement made and audited.
    pub fn by_statement(_: Audited, answer: A) -> Self {
        Self(answer)
    }

    /// The same change with another answer.
    pub fn with<B>(self, answer: B) -> Changed<B> {
        Changed(answer)
    }

    pub fn into_inner(self) -> A {
        self.0
    }
}

impl<A> Deref for Changed<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.0
    }
}

impl Operator {
    /// Begins a change in the operator's name.
    pub async fn begin<'a>(&self, app: &'a App, context: &Context, pool_id: &str) -> Result<Change<'a>> {
        Change::start(app, trail(app, context, self.actor()), pool_id).await
    }
}

impl Bearer {
    /// Begins a change by the bearer. Locks the user's row and then the session, which must be live.
    pub async fn begin<'a>(&self, app: &'a App, context: &Context) -> Result<(Change<'a>, User)> {
        let mut change = Change::by_user(app, context, &self.pool_id).await?;
        let user = store::users::lock(&mut change, &self.pool_id, self.sub).await?;
        self.live(app, &mut change, context).await?;
        Ok((change, user.ok_or(Error::UserNotFound)?))
    }

    /// Like [`Self::begin`], without locking the user's row.
    pub async fn begin_unlocked<'a>(&self, app: &'a App, context: &Context) -> Result<Change<'a>> {
        let mut change = Change::by_user(app, context, &self.pool_id).await?;
        self.live(app, &mut change, context).await?;
        Ok(change)
    }
}

/// The audit data of a request: time, actor and request ID.
pub fn trail(app: &App, context: &Context, actor: impl Into<String>) -> Trail {
    Trail { at: app.clock.now(), actor: actor.into(), request_id: context.request_id }
}

/// Records an event in the caller's transaction.
///
/// If a user makes a change to their own account too often in a day, it is refused (`TooManyRequests`). Changes that
/// protect the account are made nevertheless: their rows are left out, and one row says so.
pub async fn note(app: &App, db: &mut Connection, pool_id: &str, trail: &Trail, entry: Entry<'_>) -> Result<Audited> {
    let event = entry.event;
    let Some(sub) = entry.sub.filter(|_| trail.actor == USER) else {
        return Ok(store::audit::insert(db, pool_id, trail, entry).await?);
    };
    let most = app.config.user_changes_per_day;
    let since = trail.at - Duration::DAY;
    if most == 0 || store::audit::count_own(db, pool_id, sub, event, since, most.into()).await? < i64::from(most) {
        return Ok(store::audit::insert(db, pool_id, trail, entry).await?);
    }
    if !protects(event) {
        return Err(Error::TooManyRequests(
            format!("A user may make {most} changes of this kind in a day; try again later.").into(),
        ));
    }
    tracing::warn!(%event, "a user did this too often in a day: it is done, and not in the audit trail");
    let left_out = Event::UserChangesLeftOut;
    if store::audit::count_since(db, pool_id, sub, left_out, since).await? == 0 {
        return Ok(store::audit::insert(db, pool_id, trail, left_out.of_user(sub)).await?);
    }
    Ok(Audited::left_out())
}

/// Whether the change protects the account, and so is never refused.
fn protects(event: Event) -> bool {
    matches!(
        event,
        Event::PasswordChanged
            | Event::SoftwareTokenVerified
            | Event::MfaChanged
            | Event::DeviceConfirmed
            | Event::DeviceRemembered
            | Event::DeviceNotRemembered
            | Event::DeviceForgotten
            | Event::SessionEnded
            | Event::UserSignedOut
    )
}
