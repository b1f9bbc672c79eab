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
pub mod auth_event_queue;
#[cfg(feature = "broken")]
pub mod broken;
pub mod budgets;
pub mod call;
pub mod caller;
pub mod change;
pub mod cli;
pub mod clock;
pub mod config;
pub mod database;
pub mod delivery;
pub mod dev;
pub mod error;
pub mod factor;
pub mod fair;
pub mod flows;
pub mod grants;
pub mod group_commit;
pub mod hosts;
pub mod http;
pub mod jobs;
pub mod key_ring;
pub mod metrics;
pub mod opened_sessions;
pub mod operations;
pub mod page;
pub mod passkey_providers;
pub mod passwords;
pub mod pending;
pub mod proxies;
pub mod random;
pub mod readiness;
pub mod role;
pub mod sealing;
pub mod secret;
pub mod session_text;
pub mod sigv4;
pub mod srp;
pub mod store;
pub mod telemetry;
pub mod texts;
pub mod tokens;
pub mod triggers;
pub mod user_queue;
pub mod web_acl;
pub mod webauthn;
pub mod webhooks;
pub mod wire;
