//! The test program: the real server over HTTP, a real PostgreSQL, a software authenticator, the AWS SDK.
#![expect(clippy::disallowed_methods, reason = "tests may ask the system for the time and random names")]
#![expect(clippy::unwrap_used, reason = "a test that panics is a test that failed")]

mod account;
mod account_page;
mod answers;
mod architecture;
mod cli;
mod clients;
mod delete_passkey;
mod deleted_pools;
mod delivery;
mod devices;
mod directory;
mod extensions;
mod faults;
mod groups;
mod limits;
mod mfa;
mod oauth;
mod operations_list;
mod otp;
mod overload;
mod pages;
mod passkey_policy;
mod passkeys;
mod pool_domains;
mod pools;
mod properties;
mod public_documents;
mod replicas;
mod sdk;
mod session_limits;
mod sessions;
mod sign_in;
mod sign_up;
mod sign_up_pages;
mod signatures;
mod srp;
mod support;
mod tokens;
mod triggers;
mod user_import;
mod users;
mod wire;
