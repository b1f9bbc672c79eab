//! The log: text or JSON lines on standard error.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// Crates whose finer levels print key material or challenge values: never more than warnings. And nothing of what is wrong with
/// the requests of strangers (`actix_http::h1`), which is no error of ours.
const CAPPED: [&str; 6] = [
    "aws_sigv4=warn",
    "webauthn_rs_core=warn",
    "sqlx=warn",
    "actix_http=warn",
    "actix_http::h1=off",
    "actix_server=warn",
];

/// Starts logging. `filter` is in the syntax of tracing's `EnvFilter`, such as `info` or `keystead=debug`.
pub fn start(filter: &str, json: bool) -> Result<(), String> {
    let word = filter.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if word && filter.parse::<tracing_subscriber::filter::LevelFilter>().is_err() {
        return Err(format!("log: there is no level {filter}; choose error, warn, info, debug or trace"));
    }
    let mut filter = EnvFilter::try_new(filter).map_err(|cause| format!("log: {cause}"))?;
    for directive in CAPPED {
        filter = filter.add_directive(directive.parse().expect("constant directives parse"));
    }
    let registry = tracing_subscriber::registry().with(filter);
    let started = if json {
        registry.with(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)).try_init()
    } else {
        registry
            .with(
                fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).with_target(false),
            )
            .try_init()
    };
    started.map_err(|cause| format!("log: {cause}"))
}
