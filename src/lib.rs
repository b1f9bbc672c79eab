//! Keystead: a self-hosted passkey (WebAuthn) backend that speaks the Amazon Cognito user-pools API.
//!
//! `ARCHITECTURE.md` gives the overview. Modules are in layers and use only modules of lower layers;
//! `tests/it/architecture.rs` lists the layers and checks this. Pure modules use no database, no HTTP and no clock. The
//! modules, roughly from the top:
//!
//! - [`cli`]: the commands of the binary, one file each.
//! - [`http`]: the only code that uses actix. It has the API's one endpoint, OAuth, the pages, key sets, health and
//!   metrics.
//! - [`operations`]: the API, one file per operation. Each operation declares who may call it (see [`caller`]).
//! - [`jobs`]: background jobs, such as removing what has expired.
//! - [`flows`]: what several operations share, such as the steps of signing in, issuing tokens and removing a user.
//! - [`change`]: how operations write in the name of a user or an operator, with an event in the audit trail.
//! - [`caller`], [`sigv4`]: who calls, and whether they may. [`role`]: what an operator's key may do.
//! - [`call`]: an API request as it arrived. [`context`]: what the code that handles a request knows about the request.
//! - [`app`]: the shared parts that any code may use: [`readiness`] (whether the database is usable), [`hosts`] and
//!   [`grants`] (which names, mail senders and relying parties user pools may have), [`key_ring`],
//!   [`auth_event_queue`], [`opened_sessions`], [`passwords`] and others.
//! - [`web_acl`], [`budgets`], [`admission`], [`user_queue`], [`proxies`]: which addresses may send requests, how
//!   often, and how many at once. [`fair`]: how scarce resources are shared.
//! - [`delivery`]: mail and text messages. [`triggers`], [`webhooks`]: calls to the functions of a pool and to the
//!   operator's other services. [`jwe`]: encryption for their eyes only.
//!   [`log_delivery`]: the log records of pools.
//! - [`store`]: nearly all the SQL, mostly one file per table. [`database`]: where PostgreSQL comes from.
//!   [`group_commit`]: requests that share transactions.
//! - [`pending`]: what the server stores between two calls of a sign-in. [`session_text`]: the `Session` strings that
//!   refer to it. [`factor`]: the names of factors and challenges.
//! - [`wire`]: the service model and the check of requests against it. Pure.
//! - [`webauthn`], [`tokens`], [`srp`]: WebAuthn ceremonies, tokens, and passwords that are proved without being sent.
//!   Pure.
//! - [`texts`]: the wording of the pages, in several languages. [`passkey_providers`]: the names of passkey providers
//!   by AAGUID. Pure.
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
pub(crate) mod jwe;
pub(crate) mod key_ring;
pub(crate) mod log_delivery;
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
