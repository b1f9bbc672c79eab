//! `keystead doctor`: checks a deployment and prints one line per finding. Fails if anything is wrong.

use std::time::Instant;

use super::{health, setup};
use crate::{
    config::Config,
    factor::Factor,
    grants,
    metrics::UNHEARD_PROXY,
    operations::protection,
    store::{self, migrations::State, pools::Pool},
};

/// How many user pools one query lists.
const PAGE: i64 = 60;

pub async fn run(config: Config) -> Result<(), String> {
    let mut report = Report::default();
    report.good("settings", "are consistent");
    if config.public_url.is_none() {
        report.warn("public-url", "is not set: tokens say http://localhost, which only this machine can use");
    } else if config.has_plain_url() {
        report.warn(
            "public-url",
            "is plain http of another host: passwords and tokens can be read on their way, and browsers offer passkeys on https and localhost only",
        );
    }
    if config.accept_unenforced_protection {
        report.warn(
            "accept-unenforced-protection",
            "is set: user pools may ask for protection by risk, and nothing enforces it (those that do are named below)",
        );
    }
    if config.database_url.is_none() && !setup::has_private_database(&config)? {
        report.bad("database", "there is none yet: `keystead serve` makes one, or set DATABASE_URL");
        return report.end();
    }
    let parts = match setup::open(config).await {
        Ok(parts) => parts,
        Err(cause) => {
            report.bad("start", &cause);
            return report.end();
        }
    };
    let app = &parts.app;
    if app.config.database_url.is_none() {
        report.warn("database", "is the private one of this machine: for production set DATABASE_URL");
    }
    let asked = Instant::now();
    let database =
        sqlx::query_scalar::<_, String>("SELECT current_setting('server_version_num')").fetch_one(&app.db).await;
    match database {
        Ok(version) if version.parse().unwrap_or(0) >= 140_000 => {
            report.good(
                "database",
                &format!(
                    "{} answers in {:.1} ms, version {version}",
                    setup::place(app.db.connect_options()),
                    asked.elapsed().as_secs_f64() * 1e3
                ),
            );
        }
        Ok(version) => report.bad("database", &format!("is version {version}; Keystead needs 14 or newer")),
        Err(cause) => report.bad("database", &cause.to_string()),
    }
    let state = store::migrations::state(&app.db).await;
    let usable = matches!(state, Ok(State::Current | State::Newer(_)));
    match state {
        Ok(State::Current) => report.good("migrations", "are all applied"),
        Ok(State::Newer(version)) => {
            let newer = format!("are all applied, and newer ones up to {version}, beside which this build may run");
            report.good("migrations", &newer);
        }
        Ok(State::TooNew(why)) => report.bad("migrations", &format!("are too new for this build: {why}")),
        Ok(State::Missing) => report.bad("migrations", "are missing: run `keystead migrate`"),
        Ok(State::Changed(version)) => {
            let cause = store::migrations::Error::Changed(version);
            report.bad("migrations", &format!("are not those of this build: {cause}; start the build that applied it"))
        }
        Err(cause) => report.bad("migrations", &cause.to_string()),
    }
    if usable {
        report.good("sealing key", "opens what is sealed in the database");
    } else {
        parts.stop().await?;
        return report.end();
    }
    match app.consult_database().await {
        Ok(ahead) if ahead.abs() < 5.0 => report.good("clock", "agrees with the database's"),
        Ok(ahead) => report.bad("clock", &format!("is {:.0} s from the database's: set it, by NTP", ahead.abs())),
        Err(cause) => report.bad("clock", &format!("could not be compared with the database's: {cause}")),
    }
    match store::operators::any(&app.db).await {
        Ok(true) => report.good("operators", "there is at least one"),
        Ok(false) => report.bad("operators", "there is none: run `keystead operator create`"),
        Err(cause) => report.bad("operators", &cause.to_string()),
    }
    if let Err(cause) = setup::refuse_known_operator(app).await {
        report.bad("operators", &cause);
    }
    proxies(&app.config, &mut report);
    pools(app, &mut report).await;
    parts.stop().await?;
    report.end()
}

/// Reports whether the server on this machine has detected an untrusted proxy in front of it. Reports nothing if no
/// server responds at the configured address.
fn proxies(config: &Config, report: &mut Report) {
    let Ok(metrics) = health::get(config.metrics_listen.unwrap_or(config.listen), "/metrics") else { return };
    let is = |value: &str| metrics.lines().any(|line| line == format!("{UNHEARD_PROXY} {value}"));
    if is("1") {
        report.bad(
            "trusted-proxies",
            "nearly all requests come from one address that names others and is not among them: all clients count as one \
             (the address is in the server's log)",
        );
    } else if is("0") {
        report.good("trusted-proxies", "no other proxy is seen in front of the server that runs here");
    }
}

/// Checks each user pool: whether its mail senders are allowed and, if it allows passkeys, whether it has a relying
/// party ID (`localhost` only if that is the host of the public address).
async fn pools(app: &crate::app::App, report: &mut Report) {
    let host =
        url::Url::parse(&app.public_url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let mut after = String::new();
    loop {
        let listed = match store::pools::list(&app.db, &after, PAGE).await {
            Ok(listed) => listed,
            Err(error) => return report.bad("user pools", &format!("cannot be read: {error}")),
        };
        for summary in &listed {
            match store::pools::find(&app.db, &summary.id).await {
                Ok(Some(pool)) => {
                    check_pool(app, &host, &pool, report);
                    protection(app, &pool, report).await;
                }
                // It was deleted meanwhile.
                Ok(None) => {}
                Err(error) => report.bad(&summary.id, &format!("cannot be read: {error}")),
            }
        }
        match listed.last() {
            Some(last) if i64::try_from(listed.len()) == Ok(PAGE) => after.clone_from(&last.id),
            _ => return,
        }
    }
}

fn check_pool(app: &crate::app::App, host: &str, pool: &Pool, report: &mut Report) {
    for sender in grants::senders(pool).into_iter().map(|(_, sender)| sender) {
        if !app.config.is_local() && !grants::allow_sender(&app.config, &pool.id, sender) {
            let text =
                format!("names the sender {sender}, which mail-senders does not list: its mail comes from mail-from");
            report.warn(&pool.id, &text);
        }
    }
    if !pool.allows_factor(Factor::WebAuthn) {
        return;
    }
    let configuration = pool.settings.web_authn_configuration.as_ref();
    let rp_id = configuration.and_then(|configuration| configuration.relying_party_id.as_deref());
    match rp_id {
        None => report.bad(&pool.id, "allows passkeys but has no RelyingPartyId: set one with SetUserPoolMfaConfig"),
        Some(rp_id) if rp_id == "localhost" && host != "localhost" => {
            report.warn(&pool.id, "has the RelyingPartyId localhost: its passkeys work on a developer's machine only");
        }
        // The sign-in pages are at the public URL, or at a domain of the pool.
        Some(rp_id) if host != rp_id && !host.ends_with(&format!(".{rp_id}")) => {
            let text = format!(
                "has the RelyingPartyId {rp_id}, which does not fit the host {host} of public-url: its passkeys do not work on the sign-in pages there"
            );
            report.warn(&pool.id, &text);
        }
        Some(rp_id) => report.good(&pool.id, &format!("has the RelyingPartyId {rp_id}")),
    }
}

/// Reports settings of a pool that would protect its users and have no effect.
async fn protection(app: &crate::app::App, pool: &Pool, report: &mut Report) {
    let add_ons = pool.settings.rest.get("UserPoolAddOns").and_then(protection::of_add_ons);
    let mut found: Vec<String> = add_ons.into_iter().collect();
    match store::risk_configurations::list(&app.db, &pool.id).await {
        Ok(configurations) => found.extend(configurations.iter().filter_map(|(client_id, configuration)| {
            let setting = protection::of_risk_configuration(configuration)?;
            Some(client_id.as_ref().map_or_else(|| setting.clone(), |id| format!("{setting} (app client {id})")))
        })),
        Err(error) => report.bad(&pool.id, &format!("its risk configurations cannot be read: {error}")),
    }
    for setting in found {
        report.warn(&pool.id, &format!("has {setting}, which nothing enforces"));
    }
}

#[derive(Default)]
struct Report {
    bad: usize,
}

impl Report {
    fn good(&mut self, what: &str, text: &str) {
        println!("ok    {what}: {text}");
    }

    fn warn(&mut self, what: &str, text: &str) {
        println!("note  {what}: {text}");
    }

    fn bad(&mut self, what: &str, text: &str) {
        self.bad += 1;
        println!("FAIL  {what}: {text}");
    }

    fn end(self) -> Result<(), String> {
        match self.bad {
            0 => Ok(()),
            1 => Err("1 check failed".to_owned()),
            more => Err(format!("{more} checks failed")),
        }
    }
}
