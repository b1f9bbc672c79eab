//! Keystead: a self-hosted passkey (WebAuthn) backend that speaks the Amazon Cognito user-pools API.
//!
//! `ARCHITECTURE.md` gives the overview. Modules use only modules below them, which `tests/it/architecture.rs` proves.
//! From the top:
//!
//! - [`cli`]: the commands of the binary, one file each.
//! - [`http`]: the only code that knows actix: the API's one endpoint, OAuth, the pages, key sets, health, metrics.
//! - [`operations`]: the API, one file per operation. Each operation names its [`caller`].
//! - [`jobs`]: background jobs, such as removing what has expired.
//! - [`flows`]: what several operations share: the steps of signing in, issuing tokens, removing a user.
//! - [`change`]: the one way to write as a user or as an operator, with an event in the audit trail.
//! - [`caller`], [`sigv4`]: who calls, and whether they may. [`role`]: what an operator's key may do.
//! - [`call`], [`context`]: an API request as it came, and what the code that handles a request knows about it.
//! - [`app`]: what any code may use, put together from its parts: [`readiness`] (whether the database is usable),
//!   [`hosts`] and [`grants`] (which names, senders and relying parties user pools may have), [`key_ring`],
//!   [`auth_event_queue`], [`opened_sessions`], [`passwords`] and others.
//! - [`web_acl`], [`budgets`], [`admission`], [`user_queue`], [`proxies`]: which addresses may call, how often, and how
//!   many requests at once. [`fair`]: how scarce resources are shared. Pure.
//! - [`delivery`]: how messages reach people. [`triggers`], [`webhooks`]: calls to the functions of a pool and to the
//!   operator's other services.
//! - [`store`]: all the SQL, one file per table. [`database`]: where PostgreSQL comes from. [`group_commit`]: requests
//!   that share transactions.
//! - [`pending`]: what the server remembers between two calls of a sign-in. [`session_text`]: the `Session` strings
//!   that stand for it. [`factor`]: the names of factors and challenges.
//! - [`wire`]: the service model and the check of requests against it. Pure.
//! - [`webauthn`], [`tokens`], [`srp`]: WebAuthn ceremonies, tokens, and passwords that are proved without being sent.
//!   Pure: no database, no HTTP, no clock.
//! - [`texts`]: the words of the pages, in their languages. [`passkey_providers`]: who makes which authenticators.
//!   Pure.
//! - [`config`], [`clock`], [`random`], [`sealing`], [`secret`], [`page`], [`error`], [`metrics`], [`telemetry`]: the
//!   basics.
//! - [`dev`]: a software authenticator for tests and demonstrations. `broken`: deliberate faults for the fault test.

pub mod admission;
pub mod app;
pub(crate) mod auth_event_queue;
#[cfg(feature = "broken")]
pub(crate) mod broken;
pub mod budgets;
pub mod call;
pub(crate) mod caller;
pub(crate) mod change;
pub mod cli;
pub mod clock;
pub mod config;
pub mod context;
pub mod database;
pub(crate) mod delivery;
pub mod dev;
pub mod error;
pub mod factor;
pub(crate) mod fair;
pub mod flows;
pub(crate) mod grants;
pub(crate) mod group_commit;
pub(crate) mod hosts;
pub mod http;
pub mod jobs;
pub(crate) mod key_ring;
pub(crate) mod metrics;
pub(crate) mod opened_sessions;
pub mod operations;
pub(crate) mod page;
pub(crate) mod passkey_providers;
pub(crate) mod passwords;
pub(crate) mod pending;
pub(crate) mod proxies;
pub mod random;
pub(crate) mod readiness;
pub(crate) mod role;
pub mod sealing;
pub mod secret;
pub(crate) mod session_text;
pub mod sigv4;
pub(crate) mod srp;
pub mod store;
pub mod telemetry;
pub(crate) mod texts;
pub mod tokens;
pub(crate) mod triggers;
pub(crate) mod user_queue;
pub(crate) mod web_acl;
pub mod webauthn;
pub(crate) mod webhooks;
pub mod wire;
