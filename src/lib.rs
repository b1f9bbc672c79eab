//! Keystead: a self-hosted passkey (WebAuthn) backend that speaks the Amazon Cognito user-pools API.
//!
//! `ARCHITECTURE.md` has the picture. Calls go downward only, which `tests/it/architecture.rs` proves:
//!
//! - [`cli`]: one file per command of the binary.
//! - [`http`]: the only code that knows actix: the API's one endpoint, the OAuth endpoints, the pages, key sets, health, metrics.
//! - [`jobs`]: what runs by itself, such as removing what expired.
//! - [`operations`]: the API, a file per operation. Each names its [`caller`].
//! - [`flows`]: what several operations share: the steps of signing in, issuing tokens, removing a user.
//! - [`caller`], [`sigv4`], [`web_acl`], [`budgets`], [`admission`], [`user_queue`], [`proxies`]: who may call, how
//!   often, and how many at once. [`fair`]: how what is scarce is shared. Pure.
//! - [`wire`]: the service model and the check of requests against it. Pure.
//! - [`webauthn`], [`tokens`], [`srp`]: ceremonies, tokens and passwords that are proved without being sent. Pure: no database, no HTTP, no clock.
//! - [`texts`]: the words of the pages, in their languages. [`passkey_providers`]: who makes which authenticators. Pure.
//! - [`store`]: all the SQL, a file per table. [`database`]: where PostgreSQL comes from.
//! - [`group_commit`]: requests that share transactions. [`delivery`]: how messages reach people.
//! - [`app`]: what any code may use, put together from its parts: [`readiness`] (whether the database can be worked with),
//!   [`hosts`] and [`grants`] (which names, senders and relying parties user pools may have), [`key_ring`],
//!   [`auth_event_queue`], [`opened_sessions`], [`passwords`] and others.
//! - [`config`], [`clock`], [`random`], [`sealing`], [`secret`], [`page`], [`error`], [`metrics`], [`telemetry`]: the floor.
//! - [`dev`]: a software authenticator for tests and demonstrations.

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
