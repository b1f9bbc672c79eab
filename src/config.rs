//! Every setting of the server, with its default, unit and meaning, in one place.
//!
//! Each is a flag, an environment variable and a line of the same name in `keystead.toml`. The flag wins over the
//! variable, the variable over the file. A wrong or contradictory setting stops the start with an error that names it.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser};
use ipnet::IpNet;

pub mod tables;

use crate::secret::Secret;
use tables::{AclRules, PoolGrants};

/// The longest wait for another's lock. Requests for one user wait for each other; those that wait longer are refused, so
/// that they do not use up the connections of everybody else.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// The server's settings.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Address and port to answer on.
    #[arg(long, env = "KEYSTEAD_LISTEN", default_value = "127.0.0.1:9229", value_parser = address)]
    pub listen: SocketAddr,
    /// The address under which clients reach this server, without a path. Tokens carry it as issuer, so it must not
    /// change once tokens are out. [default: http://localhost and the port]
    #[arg(long, env = "KEYSTEAD_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Further names by which this server is reached, such as that of a compose service: no user pool gets them as a domain
    /// (comma separated). The host of the public URL, localhost and addresses are such names anyway.
    #[arg(long, env = "KEYSTEAD_OWN_HOSTS", value_delimiter = ',')]
    pub own_hosts: Vec<String>,
    /// The AWS region this server plays: the first part of pool IDs and of SigV4 scopes.
    #[arg(long, env = "KEYSTEAD_REGION", default_value = "us-east-1")]
    pub region: String,
    /// Where state is kept that is not in PostgreSQL: the private database, the sealing key, the operator's key.
    /// [default: /var/lib/keystead for root, else ~/.local/share/keystead]
    #[arg(long, env = "KEYSTEAD_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// The PostgreSQL to use (14 or newer). Without it Keystead runs a private one in its data directory.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<Secret>,
    /// Connections to PostgreSQL, at most.
    #[arg(long, env = "KEYSTEAD_DATABASE_CONNECTIONS", default_value_t = 20)]
    pub database_connections: u32,
    /// The longest statement, the longest pause within a transaction, and how long a machine that fell silent is waited
    /// for, seconds; then the database gives it up.
    #[arg(long, env = "KEYSTEAD_STATEMENT_TIMEOUT_SECONDS", default_value_t = 10)]
    pub statement_timeout_seconds: u64,
    /// Directory with `initdb` and `postgres` for the private database. [default: searched for]
    #[arg(long, env = "KEYSTEAD_POSTGRES_BINARIES")]
    pub postgres_binaries: Option<PathBuf>,
    /// The sealing key: 32 bytes in base64. Losing it loses every signing key and secret.
    #[arg(long, env = "KEYSTEAD_SEALING_KEY", hide_env_values = true, conflicts_with = "sealing_key_file")]
    pub sealing_key: Option<Secret>,
    /// A file (mode 0600) with the sealing key. [default with the private database: sealing.key in the data directory]
    #[arg(long, env = "KEYSTEAD_SEALING_KEY_FILE")]
    pub sealing_key_file: Option<PathBuf>,
    /// Access key ID of the first operator. [default with the private database: made at first start]
    #[arg(long, env = "KEYSTEAD_OPERATOR_ACCESS_KEY_ID", requires = "operator_secret_access_key")]
    pub operator_access_key_id: Option<String>,
    /// Secret access key of the first operator.
    #[arg(
        long,
        env = "KEYSTEAD_OPERATOR_SECRET_ACCESS_KEY",
        hide_env_values = true,
        requires = "operator_access_key_id"
    )]
    pub operator_secret_access_key: Option<Secret>,
    /// Make a demo pool and app client at first start, and print what to paste. [default: with the private database]
    #[arg(long, env = "KEYSTEAD_DEMO")]
    pub demo: Option<bool>,
    /// Threads that answer requests. [default: one per core]
    #[arg(long, env = "KEYSTEAD_WORKERS")]
    pub workers: Option<usize>,
    /// Largest request body, bytes. Further bytes are refused with 413.
    #[arg(long, env = "KEYSTEAD_MAX_BODY_BYTES", default_value_t = 1024 * 1024)]
    pub max_body_bytes: usize,
    /// Bytes of request bodies held at the same time, by one replica, bodies up to 16 KiB aside; where there are more, the
    /// address that sends most gets TooManyRequestsException; 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_MAX_BODY_BYTES_IN_FLIGHT", default_value_t = 64 * 1024 * 1024)]
    pub max_body_bytes_in_flight: usize,
    /// Requests that one replica answers at the same time; further ones wait, and places are shared fairly by users, keys, app
    /// clients, user pools and addresses; 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_MAX_REQUESTS_IN_FLIGHT", default_value_t = 512)]
    pub max_requests_in_flight: usize,
    /// Requests that wait for such a place, and as many that wait for their user's turn; beyond them, whoever has most gets
    /// TooManyRequestsException; with 0 nobody waits.
    #[arg(long, env = "KEYSTEAD_MAX_REQUESTS_WAITING", default_value_t = 512)]
    pub max_requests_waiting: usize,
    /// Requests of one user that change something and are at work at the same time, in one replica, and as many of strangers
    /// who name the user; further ones wait for them, five seconds at most; 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_MAX_USER_REQUESTS_AT_WORK", default_value_t = 3)]
    pub max_user_requests_at_work: usize,
    /// Deepest nesting of objects and arrays in a request.
    #[arg(long, env = "KEYSTEAD_MAX_NESTING", default_value_t = 64)]
    pub max_nesting: usize,
    /// Time for a request's head to arrive, seconds; then 408.
    #[arg(long, env = "KEYSTEAD_HEADER_TIMEOUT_SECONDS", default_value_t = 5)]
    pub header_timeout_seconds: u64,
    /// Time for a request's body to arrive, seconds; then 408.
    #[arg(long, env = "KEYSTEAD_BODY_TIMEOUT_SECONDS", default_value_t = 10)]
    pub body_timeout_seconds: u64,
    /// Time for a request to be answered once it is here, seconds: a database that stands still must not hold callers for
    /// ever. Then InternalErrorException, and nobody knows whether it was done.
    #[arg(long, env = "KEYSTEAD_REQUEST_TIMEOUT_SECONDS", default_value_t = 30)]
    pub request_timeout_seconds: u64,
    /// Time between SIGTERM and the end of listening, seconds, in which /health/ready says no and everything else is
    /// answered: for load balancers that must find out first.
    #[arg(long, env = "KEYSTEAD_DRAIN_SECONDS", default_value_t = 0)]
    pub drain_seconds: u64,
    /// Time for requests in flight to end after that, seconds.
    #[arg(long, env = "KEYSTEAD_SHUTDOWN_SECONDS", default_value_t = 30)]
    pub shutdown_seconds: u64,
    /// Proxies whose client-address header is believed (networks, comma separated).
    #[arg(long, env = "KEYSTEAD_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which a trusted proxy names the client's address; the last address counts.
    #[arg(long, env = "KEYSTEAD_CLIENT_ADDRESS_HEADER", default_value = "x-forwarded-for")]
    pub client_address_header: String,
    /// Requests one user may make that read (GetUser, lists), per second and replica; 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_USER_READS_PER_SECOND", default_value_t = 10)]
    pub user_reads_per_second: u32,
    /// Requests one user may make that change something, per second and replica; 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_USER_WRITES_PER_SECOND", default_value_t = 10)]
    pub user_writes_per_second: u32,
    /// Requests one client address (IPv6: one /64) may make, per second and replica; an IPv6 /48 may make eight times as
    /// many; 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_ADDRESS_REQUESTS_PER_SECOND", default_value_t = 0)]
    pub address_requests_per_second: u32,
    /// Passkeys one user may have; 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_PASSKEYS_PER_USER", default_value_t = 20)]
    pub passkeys_per_user: i64,
    /// Sessions one user may have, 1 to 10000: further sign-ins end the oldest, some seconds later. A user pool may set less (see
    /// SetUserPoolSessionConfiguration).
    #[arg(long, env = "KEYSTEAD_SESSIONS_PER_USER", default_value_t = 500)]
    pub sessions_per_user: i64,
    /// Passkeys one user may delete in an hour; 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_PASSKEY_DELETIONS_PER_HOUR", default_value_t = 0)]
    pub passkey_deletions_per_hour: i64,
    /// Changes of one kind, each a row of the audit trail, that one user may make of their own account in a day (attributes, names
    /// of passkeys, registrations of passkeys). Changes of the password, second factors, devices and sessions are never refused:
    /// further ones leave no row. 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_USER_CHANGES_PER_DAY", default_value_t = 1_000)]
    pub user_changes_per_day: u32,
    /// Sign-ins that one client address may begin at one user pool, per minute and replica, through app clients that prove no
    /// secret; an IPv6 /48 may begin eight times as many; addresses of this machine are not counted; 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_ADDRESS_SIGN_INS_PER_MINUTE", default_value_t = 1_200)]
    pub address_sign_ins_per_minute: u32,
    /// Sign-ups that one client address may try at one user pool, per minute and replica, through app clients that prove no
    /// secret; an IPv6 /48 may try eight times as many; addresses of this machine are not counted; 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_ADDRESS_SIGN_UPS_PER_MINUTE", default_value_t = 60)]
    pub address_sign_ups_per_minute: u32,
    /// Wrong passwords in a row before further ones are delayed; 0 switches the lockout off.
    #[arg(long, env = "KEYSTEAD_FREE_PASSWORD_FAILURES", default_value_t = 5)]
    pub free_password_failures: i32,
    /// App origins that may use passkeys besides web origins, such as android:apk-key-hash:... (comma separated).
    #[arg(long, env = "KEYSTEAD_APP_ORIGINS", value_delimiter = ',')]
    pub app_origins: Vec<String>,
    /// Relying party IDs that keys of one user pool may set, besides the names at and above the pool's custom domain (comma
    /// separated). Those of single pools: the `[pools]` tables of keystead.toml.
    #[arg(long, env = "KEYSTEAD_RELYING_PARTY_IDS", value_delimiter = ',')]
    pub relying_party_ids: Vec<String>,
    /// A list of passkey providers, by AAGUID, newer than the built-in one: JSON, as the community's aaguid.json.
    #[arg(long, env = "KEYSTEAD_PASSKEY_PROVIDERS_FILE")]
    pub passkey_providers_file: Option<PathBuf>,
    /// Forms that one client address may send to the pages of one user pool, per minute and replica: an office has one address.
    /// An IPv6 /48 may send eight times as many. 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_ADDRESS_FORMS_PER_MINUTE", default_value_t = 600)]
    pub address_forms_per_minute: u32,
    /// Memory of one password hash (argon2id), KiB.
    #[arg(long, env = "KEYSTEAD_PASSWORD_MEMORY_KIB", default_value_t = 19_456)]
    pub password_memory_kib: u32,
    /// Passes of one password hash over its memory.
    #[arg(long, env = "KEYSTEAD_PASSWORD_ITERATIONS", default_value_t = 2)]
    pub password_iterations: u32,
    /// Password hashes computed at the same time. [default: one per two cores]
    #[arg(long, env = "KEYSTEAD_PASSWORD_THREADS")]
    pub password_threads: Option<usize>,
    /// Password hashes waiting or running; beyond them, sign-ins of whoever has most there get TooManyRequestsException.
    #[arg(long, env = "KEYSTEAD_PASSWORD_QUEUE", default_value_t = 64)]
    pub password_queue: usize,
    /// The mail server: smtps://user:password@host:465 (TLS from the start), smtp://user:password@host:587?tls=required
    /// (STARTTLS) or smtp://host:25 (no TLS, for a server on this machine).
    #[arg(long, env = "KEYSTEAD_SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<Secret>,
    /// The sender of mail, where a pool names none.
    #[arg(long, env = "KEYSTEAD_MAIL_FROM", default_value = "Keystead <no-reply@localhost>")]
    pub mail_from: String,
    /// Addresses that the mail of user pools may come from and answers to it may go to, besides mail-from; whole domains as
    /// @example.com (comma separated). Those of single pools: the `[pools]` tables of keystead.toml. See docs/messages.md.
    #[arg(long, env = "KEYSTEAD_MAIL_SENDERS", value_delimiter = ',')]
    pub mail_senders: Vec<String>,
    /// Where text messages are posted, as JSON, signed. See docs/messages.md.
    #[arg(long, env = "KEYSTEAD_SMS_WEBHOOK_URL")]
    pub sms_webhook_url: Option<String>,
    /// The secret that signs what is posted there.
    #[arg(long, env = "KEYSTEAD_SMS_WEBHOOK_SECRET", hide_env_values = true)]
    pub sms_webhook_secret: Option<Secret>,
    /// Where the functions of pools' LambdaConfig are called, as signed webhooks; {function} stands for the name in their ARN.
    /// See docs/triggers.md.
    #[arg(long, env = "KEYSTEAD_TRIGGER_URL")]
    pub trigger_url: Option<String>,
    /// The secret that signs what is posted there.
    #[arg(long, env = "KEYSTEAD_TRIGGER_SECRET", hide_env_values = true)]
    pub trigger_secret: Option<Secret>,
    /// Time for a function's answer, seconds.
    #[arg(long, env = "KEYSTEAD_TRIGGER_TIMEOUT_SECONDS", default_value_t = 5)]
    pub trigger_timeout_seconds: u64,
    /// Keep messages that no configured road takes for GET /dev/inbox, on this machine only.
    /// [default: with the private database, unless a public-url or trusted-proxies tell of others]
    #[arg(long, env = "KEYSTEAD_DEVELOPMENT_INBOX")]
    pub development_inbox: Option<bool>,
    /// Address for /metrics alone. [default: on the main port]
    #[arg(long, env = "KEYSTEAD_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
    /// Days after which a row of the outbox that waits for no delivery is dropped; 0: at the next removal.
    #[arg(long, env = "KEYSTEAD_OUTBOX_DAYS", default_value_t = 7)]
    pub outbox_days: u32,
    /// Days after which a row of the audit trail is dropped; 0 keeps it for ever.
    #[arg(long, env = "KEYSTEAD_AUDIT_DAYS", default_value_t = 400)]
    pub audit_days: u32,
    /// Days for which a deleted passkey is known as deleted here, so that its manager can be told; 0: for ever.
    #[arg(long, env = "KEYSTEAD_DELETED_PASSKEYS_DAYS", default_value_t = 3_650)]
    pub deleted_passkeys_days: u32,
    /// Days after which an event of AdminListUserAuthEvents is dropped; 0 keeps it for ever.
    #[arg(long, env = "KEYSTEAD_AUTH_EVENTS_DAYS", default_value_t = 90)]
    pub auth_events_days: u32,
    /// Days after which the row of a session that was ended is dropped; 0 keeps it until it would have expired.
    #[arg(long, env = "KEYSTEAD_ENDED_SESSIONS_DAYS", default_value_t = 1)]
    pub ended_sessions_days: u32,
    /// Days after which a user import that ended is dropped from the list; 0 keeps it for ever.
    #[arg(long, env = "KEYSTEAD_IMPORT_DAYS", default_value_t = 400)]
    pub import_days: u32,
    /// Days after which a user who signed up and never confirmed it is deleted; 0 keeps them for ever.
    #[arg(long, env = "KEYSTEAD_UNCONFIRMED_DAYS", default_value_t = 14)]
    pub unconfirmed_days: u32,
    /// The rules of the web ACL: the `[web_acl]` tables of keystead.toml.
    #[arg(skip)]
    pub web_acl: AclRules,
    /// What single pools are allowed: the `[pools]` tables of keystead.toml.
    #[arg(skip)]
    pub pools: PoolGrants,
}

/// The time limits that the database is given, the same for every connection: behind PgBouncer connections are mixed.
#[derive(Clone, Copy, Debug)]
pub struct DatabaseLimits {
    /// The longest statement, and the longest pause within a transaction.
    pub statement: Duration,
    /// The longest wait for another's lock.
    pub lock: Duration,
    /// How long to wait for a peer that has fallen silent.
    pub silence: Duration,
}

/// The sealing key that docker-compose.yml has for a local stack. Everybody knows it.
const KNOWN_SEALING_KEY: &str = "bG9jYWwtZGV2ZWxvcG1lbnQtb25seS0hISEhISEhISE=";
/// The first operator's secret in docker-compose.yml, which everybody knows, too.
pub const KNOWN_OPERATOR_SECRET: &str = "local-development-only-secret";

/// A hundred years.
const LONGEST_DAYS: u32 = 36_500;

/// A command line of settings alone.
#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    config: Config,
}

impl Config {
    /// The settings that these flags give, with defaults for the rest. Tests and benchmarks use it to start a server
    /// without its command line. Panics if a flag is not a setting.
    pub fn of<I: IntoIterator<Item: AsRef<str>>>(flags: I) -> Self {
        let flags = flags.into_iter().map(|flag| flag.as_ref().to_owned());
        Flags::try_parse_from(std::iter::once("keystead".to_owned()).chain(flags))
            .expect("flags that are settings")
            .config
    }

    /// The issuer's base: `public_url`, or localhost with the port.
    pub fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://localhost:{}", self.listen.port()),
        }
    }

    /// Whether there is a development inbox: by default where nothing suggests that others reach this server.
    pub fn development_inbox(&self) -> bool {
        self.development_inbox.unwrap_or(self.database_url.is_none()) && self.is_local()
    }

    /// Whether only this machine is meant to reach the server.
    pub fn is_local(&self) -> bool {
        self.trusted_proxies.is_empty() && self.has_local_url()
    }

    /// Whether the public URL is this machine's.
    pub fn has_local_url(&self) -> bool {
        match url::Url::parse(&self.public_url()).as_ref().map(url::Url::host) {
            Ok(Some(url::Host::Domain(name))) => name == "localhost" || name.ends_with(".localhost"),
            Ok(Some(url::Host::Ipv4(address))) => address.is_loopback(),
            Ok(Some(url::Host::Ipv6(address))) => address.is_loopback(),
            Ok(None) | Err(_) => false,
        }
    }

    /// Whether requests and answers cross the network as plain text, as far as the public URL tells.
    pub fn has_plain_url(&self) -> bool {
        self.public_url().starts_with("http://") && !self.has_local_url()
    }

    /// The time limits that the database is given.
    pub fn database_limits(&self) -> DatabaseLimits {
        let statement = Duration::from_secs(self.statement_timeout_seconds);
        DatabaseLimits { statement, lock: LOCK_TIMEOUT.min(statement), silence: statement }
    }

    /// Checks what the parsing of single values cannot, except what other parts check (`App::check_settings`). The
    /// error names the setting.
    pub fn check(&self) -> Result<(), String> {
        let region = &self.region;
        if region.is_empty() || !region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(format!("region: {region:?} must be letters, digits and hyphens, such as us-east-1"));
        }
        if let Some(url) = &self.public_url {
            let parsed = url::Url::parse(url)
                .map_err(|cause| format!("public-url: {cause}; write it in full, such as https://id.example.com"))?;
            if !matches!(parsed.scheme(), "http" | "https") || parsed.path() != "/" || parsed.query().is_some() {
                return Err("public-url: must be http or https, without a path or query".into());
            }
        }
        if !(1..=600).contains(&self.statement_timeout_seconds) {
            return Err("statement-timeout-seconds: must be 1 to 600".into());
        }
        self.check_known_values()?;
        if !(1..=60).contains(&self.trigger_timeout_seconds) {
            return Err("trigger-timeout-seconds: must be 1 to 60".into());
        }
        if self.development_inbox == Some(true) && !self.is_local() {
            return Err(
                "development-inbox: its messages open accounts; not with a public-url of another host or trusted-proxies"
                    .into(),
            );
        }
        if self.max_body_bytes < 256 * 1024 {
            return Err(
                "max-body-bytes: must be at least 262144, so that a CredentialId of 131072 characters fits".into()
            );
        }
        if (1..self.max_body_bytes).contains(&self.max_body_bytes_in_flight) {
            return Err("max-body-bytes-in-flight: must be at least max-body-bytes, or 0".into());
        }
        if !(1..=10_000).contains(&self.sessions_per_user) {
            return Err("sessions-per-user: must be 1 to 10000".into());
        }
        if !(8..=100).contains(&self.max_nesting) {
            return Err("max-nesting: must be 8 to 100".into());
        }
        if self.database_url.is_some() && self.sealing_key.is_none() && self.sealing_key_file.is_none() {
            return Err(
                "sealing-key: with DATABASE_URL every replica needs the same sealing key; set KEYSTEAD_SEALING_KEY \
                 or KEYSTEAD_SEALING_KEY_FILE (make one with `openssl rand -base64 32`)"
                    .into(),
            );
        }
        let days = [
            ("outbox-days", self.outbox_days),
            ("audit-days", self.audit_days),
            ("deleted-passkeys-days", self.deleted_passkeys_days),
            ("auth-events-days", self.auth_events_days),
            ("ended-sessions-days", self.ended_sessions_days),
            ("import-days", self.import_days),
            ("unconfirmed-days", self.unconfirmed_days),
        ];
        if let Some((name, _)) = days.iter().find(|(_, days)| *days > LONGEST_DAYS) {
            return Err(format!(
                "{name}: must be at most {LONGEST_DAYS}, or 0 to keep for ever where that is possible"
            ));
        }
        if let Some(secret) = &self.operator_secret_access_key
            && secret.expose().len() < 20
        {
            return Err("operator-secret-access-key: must have at least 20 characters".into());
        }
        self.web_acl.check()
    }

    /// Refuses well-known secrets if others can reach the server.
    fn check_known_values(&self) -> Result<(), String> {
        if self.has_local_url() {
            return Ok(());
        }
        let in_file = self.sealing_key_file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        let key = self.sealing_key.as_ref().map(Secret::expose).or(in_file.as_deref());
        if key.is_some_and(|key| key.trim() == KNOWN_SEALING_KEY) {
            return Err("sealing-key: is the one of docker-compose.yml, which everybody knows; with a public-url of another host \
                 make your own with `openssl rand -base64 32`"
                .into());
        }
        if self.operator_secret_access_key.as_ref().is_some_and(|secret| secret.expose() == KNOWN_OPERATOR_SECRET) {
            return Err("operator-secret-access-key: is the one of docker-compose.yml, which everybody knows; with a public-url of \
                 another host make your own with `openssl rand -base64 30`"
                .into());
        }
        Ok(())
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write address and port, such as 127.0.0.1:9229, or 0.0.0.0:9229 for every address".into())
}

/// Cores of this machine, as far as this process may use them.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
