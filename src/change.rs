//! How operations write in the name of a user or an operator.
//!
//! A [`Change`] is a transaction in the name of a user, an operator or the server. An operation that succeeds commits
//! it with an event for the audit trail, or with one of the few reasons for having none ([`Unaudited`]). If there is
//! nothing to change, the operation rolls it back. In each case the result is a [`Changed`], which the table of
//! operations requires from every operation that writes for a user or an operator. So an operation that forgets the
//! audit trail does not compile.
//!
//! [`note`], which records most events, lets a user make only a limited number of changes of one kind to their own
//! account in a day. Beyond that, changes that protect the account are carried out without a row, and others are
//! refused. Audit rows are kept for 400 days by default, so a script that changes a name back and forth would otherwise
//! fill the disk. Each kind is counted separately, because anyone with an access token can use up the limit of a
//! harmless kind. That must neither keep the user from other changes nor hide what happens afterwards.

use std::ops::{Deref, DerefMut};

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    app::App,
    caller::{Bearer, Operator},
    context::Context,
    error::{Error, Result},
    group_commit::{Batch, GroupCommit},
    store::{
        self, Connection, Transaction,
        audit::{Audited, Entry, Event, Trail},
        batches::WritesAudit,
        pools::Pool,
        users::User,
    },
};

/// A transaction in the name of a user, an operator or the server. If it is dropped without a commit, it is rolled
/// back.
pub struct Change<'a> {
    app: &'a App,
    tx: Transaction,
    pub trail: Trail,
    /// The pool whose audit trail records the change.
    pub pool_id: String,
}

/// The output of a finished change: it was audited, or had a reason for no audit row, or changed nothing.
pub struct Changed<A>(A);

/// Why a change has no row in the audit trail.
#[derive(Clone, Copy, Debug)]
pub enum Unaudited {
    /// Only a code was sent. Codes have their own counters.
    CodeSent,
    /// Only codes that had been sent became void.
    CodesVoided,
    /// Only a code was used up, and what it proves was already known.
    CodeUsed,
    /// Only values that were already stored were written again.
    Rewritten,
    /// The call only begins what another call completes.
    Begun,
    /// The call is a step of a sign-in. The session and the authentication events record the sign-in.
    SignIn,
}

impl<'a> Change<'a> {
    /// Begins a change by the user who calls. The calling code must check that the user's session is live, or that the
    /// user's sign-in is still pending.
    pub async fn by_user(app: &'a App, context: &Context, pool_id: &str) -> Result<Self> {
        Self::start(app, user_trail(app, context), pool_id).await
    }

    /// Begins a change by the server itself, such as creating the demo pool at the first start.
    pub async fn by_service(app: &'a App, pool_id: &str) -> Result<Self> {
        Self::start(app, Trail::by_job(app.clock.now()), pool_id).await
    }

    async fn start(app: &'a App, trail: Trail, pool_id: &str) -> Result<Self> {
        let tx = app.db.begin().await?;
        Ok(Self { app, tx, trail, pool_id: pool_id.to_owned() })
    }

    /// The time of the change.
    pub fn at(&self) -> OffsetDateTime {
        self.trail.at
    }

    /// Finds a user and locks the user's row. Fails if there is no such user.
    pub async fn user(&mut self, sub: Uuid) -> Result<User> {
        store::users::lock(&mut self.tx, &self.pool_id, sub).await?.ok_or(Error::UserNotFound)
    }

    /// Finds the change's user pool and locks its row. Fails if there is no such pool.
    pub async fn pool(&mut self) -> Result<Pool> {
        let found = store::pools::lock(&mut self.tx, &self.pool_id).await?;
        found.ok_or_else(|| Error::no_such_pool(&self.pool_id))
    }

    /// Records an event and commits.
    pub async fn commit<A>(mut self, entry: Entry<'_>, answer: A) -> Result<Changed<A>> {
        let audited = note(self.app, &mut self.tx, &self.pool_id, &self.trail, entry).await?;
        self.commit_noted(audited, answer).await
    }

    /// Commits. Records the event only if `changed`, which says whether a stored value changed.
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

    /// Commits what must be kept although the call is refused, such as counts and used codes. Then fails with the
    /// refusal.
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
    /// Wraps the output of a change that a batch made together with other changes. The batch's statement audits each
    /// change.
    pub fn together<B: Batch + WritesAudit>(_: &GroupCommit<B>, answer: A) -> Self {
        Self(answer)
    }

    /// Wraps the output of a change that was not made through a [`Change`] and has no audit row.
    pub fn unaudited(_: Unaudited, answer: A) -> Self {
        Self(answer)
    }

    /// Wraps the output of a change that a single statement made and audited.
    pub fn by_statement(_: Audited, answer: A) -> Self {
        Self(answer)
    }

    /// Replaces the output.
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
        let trail = Trail::by_operator(app.clock.now(), context.request_id, &self.access_key_id);
        Change::start(app, trail, pool_id).await
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

/// Returns what is common to the audit rows of a request that a user makes.
pub fn user_trail(app: &App, context: &Context) -> Trail {
    Trail::by_user(app.clock.now(), context.request_id)
}

/// Returns what is common to the audit rows of the changes that the server makes by itself during a request.
pub fn service_trail(app: &App, context: &Context) -> Trail {
    Trail::by_service(app.clock.now(), context.request_id)
}

/// Records an event in the caller's transaction.
///
/// Fails with `TooManyRequests` if a user has made too many changes of this kind to their own account within a day.
/// Changes that protect the account do not fail in this case. Instead, they leave no row, and one row per day says that
/// rows are missing.
pub async fn note(app: &App, db: &mut Connection, pool_id: &str, trail: &Trail, entry: Entry<'_>) -> Result<Audited> {
    let event = entry.event;
    let Some(sub) = entry.sub.filter(|_| trail.is_by_user()) else {
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

/// Whether a change with this event protects the account. Such a change is not refused for being too frequent.
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
