//! The log, which is written to standard error as text or as JSON lines.

use std::io::IsTerminal;

use tracing_subscriber::{
    EnvFilter,
    filter::{LevelFilter, Targets},
    fmt,
    prelude::*,
};

/// Returns the finest levels that certain crates may log, whatever the filter allows.
///
/// The crates listed here log only warnings and errors, because finer levels may print key material or challenge
/// values. The same holds for their modules, except that `actix_http::h1` logs nothing, because it reports what is
/// wrong with the requests of strangers, which is not an error of this server.
fn caps() -> Targets {
    Targets::new()
        .with_default(LevelFilter::TRACE)
        .with_target("aws_sigv4", LevelFilter::WARN)
        .with_target("sqlx", LevelFilter::WARN)
        .with_target("actix_http", LevelFilter::WARN)
        .with_target("actix_http::h1", LevelFilter::OFF)
        .with_target("actix_server", LevelFilter::WARN)
}

/// Starts logging. `filter` is in the syntax of tracing's `EnvFilter`, such as `info` or `keystead=debug`.
pub fn start(filter: &str, json: bool) -> Result<(), String> {
    let word = filter.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if word && filter.parse::<LevelFilter>().is_err() {
        return Err(format!("log: there is no level {filter}; choose error, warn, info, debug or trace"));
    }
    let filter = EnvFilter::try_new(filter).map_err(|cause| format!("log: {cause}"))?;
    let registry = tracing_subscriber::registry().with(filter).with(caps());
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

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn no_part_of_a_capped_crate_says_more() {
        let caps = caps();
        for target in ["sqlx", "sqlx::query", "aws_sigv4::http_request::sign"] {
            assert!(caps.would_enable(target, &Level::WARN) && !caps.would_enable(target, &Level::INFO), "{target}");
        }
        assert!(!caps.would_enable("actix_http::h1::dispatcher", &Level::ERROR));
        assert!(caps.would_enable("keystead::http::api", &Level::TRACE));
    }
}
