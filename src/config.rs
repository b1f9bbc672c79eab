//! The settings of the server, each with its default, unit and meaning.
//!
//! Each setting is a flag, an environment variable and a line in `keystead.toml`, except for those in [`tables`], which
//! only the file can have. A flag takes precedence over the variable, and the variable over the file. If a setting is
//! invalid or contradicts another, the server does not start, and the error names the setting.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser};
use ipnet::IpNet;

pub mod tables;

use crate::secret::Secret;
use tables::{AclRules, PoolGrants};

/// The longest wait for a lock. Requests for one user wait for each other's locks. A request that waits longer than
/// this is refused, so that such requests do not use up the connections that others need.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// The server's settings.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Address and port to listen on.
    #[arg(long, env = "KEYSTEAD_LISTEN", default_value = "127.0.0.1:9229", value_parser = address)]
    pub listen: SocketAddr,
    /// The URL under which clients reach this server, without a path. It is part of the issuer in tokens, so it must
    /// not change once tokens have been issued. [default: http://localhost and the port]
    #[arg(long, env = "KEYSTEAD_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Further host names of this server, such as that of a compose service (comma separated). User pools cannot have
    /// them as domains. The same holds for the host of the public URL, localhost and IP addresses, which need not be
    /// listed.
    #[arg(long, env = "KEYSTEAD_OWN_HOSTS", value_delimiter = ',')]
    pub own_hosts: Vec<String>,
    /// The name of the AWS region that this server stands for. Pool IDs begin with it, and the scopes of SigV4
    /// signatures contain it.
    #[arg(long, env = "KEYSTEAD_REGION", default_value = "us-east-1")]
    pub region: String,
    /// Directory for the private database, its sealing key and the first operator's key pair. [default:
    /// /var/lib/keystead for root, $XDG_DATA_HOME/keystead or ~/.local/share/keystead for others]
    #[arg(long, env = "KEYSTEAD_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// URL of the PostgreSQL database to use (14 or newer). Without it, Keystead runs a private PostgreSQL in its data
    /// directory.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<Secret>,
    /// The most connections that one replica has to PostgreSQL.
    #[arg(long, env = "KEYSTEAD_DATABASE_CONNECTIONS", default_value_t = 20)]
    pub database_connections: u32,
    /// Time limit, in seconds, for a statement, for a pause within a transaction, and for a connection to a machine
    /// that no longer responds. After that, the database ends the statement or the connection.
    #[arg(long, env = "KEYSTEAD_STATEMENT_TIMEOUT_SECONDS", default_value_t = 10)]
    pub statement_timeout_seconds: u64,
    /// How long, in seconds, the database may keep the plan that it made for a statement. When tables grow fast, an old
    /// plan may be slow. With 0, it plans a statement each time.
    #[arg(long, env = "KEYSTEAD_PLAN_LIFETIME_SECONDS", default_value_t = 15)]
    pub plan_lifetime_seconds: u64,
    /// Directory with `initdb` and `postgres` for the private database. [default: searched for]
    #[arg(long, env = "KEYSTEAD_POSTGRES_BINARIES")]
    pub postgres_binaries: Option<PathBuf>,
    /// The sealing key: 32 bytes in base64. If it is lost, so is every signing key and secret in the database.
    #[arg(long, env = "KEYSTEAD_SEALING_KEY", hide_env_values = true, conflicts_with = "sealing_key_file")]
    pub sealing_key: Option<Secret>,
    /// File (mode 0600) with the sealing key. [default with the private database: sealing.key in the data directory]
    #[arg(long, env = "KEYSTEAD_SEALING_KEY_FILE")]
    pub sealing_key_file: Option<PathBuf>,
    /// Access key ID of the first operator. [default with the private database: generated at the first start]
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
    /// Create a demo pool, an app client and an operator's key at the first start on a database without pools, and
    /// print shell commands that use them. [default: true with the private database]
    #[arg(long, env = "KEYSTEAD_DEMO")]
    pub demo: Option<bool>,
    /// Threads that handle requests. [default: one per core]
    #[arg(long, env = "KEYSTEAD_WORKERS")]
    pub workers: Option<usize>,
    /// Largest body of an API request, in bytes. Larger bodies are refused with 413.
    #[arg(long, env = "KEYSTEAD_MAX_BODY_BYTES", default_value_t = 1024 * 1024)]
    pub max_body_bytes: usize,
    /// Bytes of request bodies that one replica holds at the same time, not counting bodies up to 16 KiB. Beyond that,
    /// the address that sends most gets TooManyRequestsException. 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_MAX_BODY_BYTES_IN_FLIGHT", default_value_t = 64 * 1024 * 1024)]
    pub max_body_bytes_in_flight: usize,
    /// Requests that one replica handles at the same time. Further requests wait for a place, and places are shared
    /// fairly among users, operators' keys, app clients, user pools and addresses. 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_MAX_REQUESTS_IN_FLIGHT", default_value_t = 512)]
    pub max_requests_in_flight: usize,
    /// Requests that may wait for a place (see max-requests-in-flight). As many more may wait for their user's turn
    /// (see max-user-requests-at-work). Beyond that, the callers with the most requests get TooManyRequestsException.
    /// With 0, no request waits.
    #[arg(long, env = "KEYSTEAD_MAX_REQUESTS_WAITING", default_value_t = 512)]
    pub max_requests_waiting: usize,
    /// Write requests of one user that one replica handles at the same time. The same number applies separately to
    /// requests that only name the user, such as sign-ins. Further requests wait, for five seconds at most. 0 switches
    /// the limit off.
    #[arg(long, env = "KEYSTEAD_MAX_USER_REQUESTS_AT_WORK", default_value_t = 3)]
    pub max_user_requests_at_work: usize,
    /// Deepest nesting of objects and arrays in a request.
    #[arg(long, env = "KEYSTEAD_MAX_NESTING", default_value_t = 64)]
    pub max_nesting: usize,
    /// Time for a request's headers to arrive, in seconds. After that, the response is 408.
    #[arg(long, env = "KEYSTEAD_HEADER_TIMEOUT_SECONDS", default_value_t = 5)]
    pub header_timeout_seconds: u64,
    /// Time for a request's body to arrive, in seconds. After that, the response is 408.
    #[arg(long, env = "KEYSTEAD_BODY_TIMEOUT_SECONDS", default_value_t = 10)]
    pub body_timeout_seconds: u64,
    /// Time to handle a request that has arrived, in seconds, so that a stalled database does not keep callers waiting
    /// forever. After that, the response is InternalErrorException, and the request may or may not be carried out.
    #[arg(long, env = "KEYSTEAD_REQUEST_TIMEOUT_SECONDS", default_value_t = 30)]
    pub request_timeout_seconds: u64,
    /// Time between SIGTERM and the end of listening, in seconds. During it, /health/ready reports that the server is
    /// not ready, so that load balancers notice, and all other requests are still handled.
    #[arg(long, env = "KEYSTEAD_DRAIN_SECONDS", default_value_t = 0)]
    pub drain_seconds: u64,
    /// Time for requests in flight to end after the server has stopped listening, in seconds.
    #[arg(long, env = "KEYSTEAD_SHUTDOWN_SECONDS", default_value_t = 30)]
    pub shutdown_seconds: u64,
    /// Networks of the proxies whose client-address header is believed (comma separated).
    #[arg(long, env = "KEYSTEAD_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which a trusted proxy names the client's address. The client's address is the last one in it that
    /// does not belong to a trusted proxy.
    #[arg(long, env = "KEYSTEAD_CLIENT_ADDRESS_HEADER", default_value = "x-forwarded-for")]
    pub client_address_header: String,
    /// Read requests (such as GetUser and lists) that one signed-in user may make, per second and replica; 0 switches
    /// the limit off.
    #[arg(long, env = "KEYSTEAD_USER_READS_PER_SECOND", default_value_t = 10)]
    pub user_reads_per_second: u32,
    /// Write requests that one signed-in user may make, per second and replica; 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_USER_WRITES_PER_SECOND", default_value_t = 10)]
    pub user_writes_per_second: u32,
    /// Requests that one client address (in IPv6, one /64) may make, per second and replica. An IPv6 /48 may make eight
    /// times as many. 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_ADDRESS_REQUESTS_PER_SECOND", default_value_t = 0)]
    pub address_requests_per_second: u32,
    /// Passkeys that one user may have, unless the user pool's passkey policy sets another limit; 0 switches the limit
    /// off.
    #[arg(long, env = "KEYSTEAD_PASSKEYS_PER_USER", default_value_t = 20)]
    pub passkeys_per_user: i64,
    /// Sessions that one user may have, 1 to 10000. Further sign-ins end the oldest sessions, some seconds later. A
    /// user pool may set a lower limit (see SetUserPoolSessionConfiguration).
    #[arg(long, env = "KEYSTEAD_SESSIONS_PER_USER", default_value_t = 500)]
    pub sessions_per_user: i64,
    /// Passkeys that one user may delete in an hour; 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_PASSKEY_DELETIONS_PER_HOUR", default_value_t = 0)]
    pub passkey_deletions_per_hour: i64,
    /// Changes of one kind that one user may make to their own account in a day, each with a row in the audit trail.
    /// Further changes and verifications of attributes, changes of passkey names and registrations of passkeys are
    /// refused. Further changes of the password, second factors, devices and sessions are carried out, but leave no
    /// row. Deletions of passkeys are not limited by this. 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_USER_CHANGES_PER_DAY", default_value_t = 1_000)]
    pub user_changes_per_day: u32,
    /// Sign-ins that one client address may begin at one user pool without a client secret or an operator's key, per
    /// minute and replica. An IPv6 /48 may begin eight times as many. Sign-ins from this machine are not counted. 0
    /// switches the limit off.
    #[arg(long, env = "KEYSTEAD_ADDRESS_SIGN_INS_PER_MINUTE", default_value_t = 1_200)]
    pub address_sign_ins_per_minute: u32,
    /// Sign-ups that one client address may try at one user pool without a client secret, per minute and replica. An
    /// IPv6 /48 may try eight times as many. Sign-ups from this machine are not counted. 0 switches the limit off.
    #[arg(long, env = "KEYSTEAD_ADDRESS_SIGN_UPS_PER_MINUTE", default_value_t = 60)]
    pub address_sign_ups_per_minute: u32,
    /// Number of consecutive wrong passwords after which a name is locked for a while, longer after each further one; 0
    /// switches the lockout off.
    #[arg(long, env = "KEYSTEAD_FREE_PASSWORD_FAILURES", default_value_t = 5)]
    pub free_password_failures: i32,
    /// Origins of native apps that may use passkeys, such as android:apk-key-hash:... (comma separated).
    #[arg(long, env = "KEYSTEAD_APP_ORIGINS", value_delimiter = ',')]
    pub app_origins: Vec<String>,
    /// Relying party IDs that an operator's key bound to one user pool may set for that pool (comma separated). Such a
    /// key may also choose the pool's custom domain or a name above it. The `[pools]` tables of keystead.toml list
    /// further IDs for individual pools.
    #[arg(long, env = "KEYSTEAD_RELYING_PARTY_IDS", value_delimiter = ',')]
    pub relying_party_ids: Vec<String>,
    /// Store settings of user pools that would protect their users and have no effect here, instead of refusing them:
    /// AdvancedSecurityMode ENFORCED, and actions of risk configurations. Keystead does not judge the risk of sign-ins.
    #[arg(long, env = "KEYSTEAD_ACCEPT_UNENFORCED_PROTECTION", default_value_t = false, action = clap::ArgAction::Set,
        num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub accept_unenforced_protection: bool,
    /// JSON file with the names of passkey providers by AAGUID, in the format of the community's aaguid.json. It
    /// replaces the built-in list.
    #[arg(long, env = "KEYSTEAD_PASSKEY_PROVIDERS_FILE")]
    pub passkey_providers_file: Option<PathBuf>,
    /// Forms that one client address may send to the pages of one user pool, per minute and replica. An IPv6 /48 may
    /// send eight times as many. Keep in mind that many people may share one address, for example in an office. 0
    /// switches the limit off.
    #[arg(long, env = "KEYSTEAD_ADDRESS_FORMS_PER_MINUTE", default_value_t = 600)]
    pub address_forms_per_minute: u32,
    /// Memory for one password hash (argon2id), in KiB.
    #[arg(long, env = "KEYSTEAD_PASSWORD_MEMORY_KIB", default_value_t = 19_456)]
    pub password_memory_kib: u32,
    /// Passes of one password hash over its memory.
    #[arg(long, env = "KEYSTEAD_PASSWORD_ITERATIONS", default_value_t = 2)]
    pub password_iterations: u32,
    /// Password hashes computed at the same time. [default: one per two cores]
    #[arg(long, env = "KEYSTEAD_PASSWORD_THREADS")]
    pub password_threads: Option<usize>,
    /// Password hashes that may wait or run at the same time. Beyond that, requests of the callers with the most hashes
    /// get TooManyRequestsException.
    #[arg(long, env = "KEYSTEAD_PASSWORD_QUEUE", default_value_t = 64)]
    pub password_queue: usize,
    /// URL of the mail server: smtps://user:password@host:465 (TLS from the start),
    /// smtp://user:password@host:587?tls=required (STARTTLS) or smtp://host:25 (no TLS, for a server on this machine).
    #[arg(long, env = "KEYSTEAD_SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<Secret>,
    /// The sender of mail for user pools that set none.
    #[arg(long, env = "KEYSTEAD_MAIL_FROM", default_value = "Keystead <no-reply@localhost>")]
    pub mail_from: String,
    /// Addresses that user pools may use as sender and reply-to addresses of their mail, besides mail-from (comma
    /// separated). @example.com stands for every address at example.com. The `[pools]` tables of keystead.toml list
    /// further addresses for individual pools. See docs/messages.md.
    #[arg(long, env = "KEYSTEAD_MAIL_SENDERS", value_delimiter = ',')]
    pub mail_senders: Vec<String>,
    /// URL to which text messages are posted, as signed JSON. See docs/messages.md.
    #[arg(long, env = "KEYSTEAD_SMS_WEBHOOK_URL")]
    pub sms_webhook_url: Option<String>,
    /// The secret that signs the requests to sms-webhook-url.
    #[arg(long, env = "KEYSTEAD_SMS_WEBHOOK_SECRET", hide_env_values = true)]
    pub sms_webhook_secret: Option<Secret>,
    /// URL at which the functions in the LambdaConfig of pools are called, as signed webhooks. {function} stands for
    /// the function's name in its ARN. See docs/triggers.md.
    #[arg(long, env = "KEYSTEAD_TRIGGER_URL")]
    pub trigger_url: Option<String>,
    /// The secret that signs the requests to trigger-url.
    #[arg(long, env = "KEYSTEAD_TRIGGER_SECRET", hide_env_values = true)]
    pub trigger_secret: Option<Secret>,
    /// Time for a function to respond, in seconds.
    #[arg(long, env = "KEYSTEAD_TRIGGER_TIMEOUT_SECONDS", default_value_t = 5)]
    pub trigger_timeout_seconds: u64,
    /// File with the RSA public key (PEM) for which codes are encrypted when a pool's functions send its messages
    /// (CustomEmailSender, CustomSMSSender). See docs/triggers.md.
    #[arg(long, env = "KEYSTEAD_SENDER_KEY_FILE")]
    pub sender_key_file: Option<PathBuf>,
    /// URL to which the log records of user pools are posted, as signed webhooks (SetLogDeliveryConfiguration). See
    /// docs/log-delivery.md.
    #[arg(long, env = "KEYSTEAD_LOG_DELIVERY_URL")]
    pub log_delivery_url: Option<String>,
    /// The secret that signs the requests to log-delivery-url.
    #[arg(long, env = "KEYSTEAD_LOG_DELIVERY_SECRET", hide_env_values = true)]
    pub log_delivery_secret: Option<Secret>,
    /// File to which the log records of user pools are appended as JSON lines, instead of log-delivery-url.
    #[arg(long, env = "KEYSTEAD_LOG_DELIVERY_FILE")]
    pub log_delivery_file: Option<PathBuf>,
    /// Keep mail or text messages that this server is not configured to send, and show them at GET /dev/inbox, on this
    /// machine only. [default: true with the private database, unless public-url or trusted-proxies imply that others
    /// reach this server]
    #[arg(long, env = "KEYSTEAD_DEVELOPMENT_INBOX")]
    pub development_inbox: Option<bool>,
    /// Separate address and port for /metrics. [default: /metrics is on the main port]
    #[arg(long, env = "KEYSTEAD_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
    /// Days after which a message in the outbox that no longer waits for delivery is removed; with 0, it is removed
    /// within about a minute.
    #[arg(long, env = "KEYSTEAD_OUTBOX_DAYS", default_value_t = 7)]
    pub outbox_days: u32,
    /// Days after which a row of the audit trail is removed; 0 keeps it forever. See deleted-passkeys-days for rows of
    /// deleted passkeys.
    #[arg(long, env = "KEYSTEAD_AUDIT_DAYS", default_value_t = 400)]
    pub audit_days: u32,
    /// Days for which the server remembers that a passkey was deleted, so that its provider can be told to remove it; 0
    /// means forever.
    #[arg(long, env = "KEYSTEAD_DELETED_PASSKEYS_DAYS", default_value_t = 3_650)]
    pub deleted_passkeys_days: u32,
    /// Days after which an event of AdminListUserAuthEvents is removed; 0 keeps it forever.
    #[arg(long, env = "KEYSTEAD_AUTH_EVENTS_DAYS", default_value_t = 90)]
    pub auth_events_days: u32,
    /// Days after which the row of a session that was ended is removed; 0 keeps it until a day after the session would
    /// have expired.
    #[arg(long, env = "KEYSTEAD_ENDED_SESSIONS_DAYS", default_value_t = 1)]
    pub ended_sessions_days: u32,
    /// Days after which a user import that ended is removed from the list; 0 keeps it forever.
    #[arg(long, env = "KEYSTEAD_IMPORT_DAYS", default_value_t = 400)]
    pub import_days: u32,
    /// Days after which users who signed up but never confirmed the sign-up are deleted; 0 keeps them forever.
    #[arg(long, env = "KEYSTEAD_UNCONFIRMED_DAYS", default_value_t = 14)]
    pub unconfirmed_days: u32,
    /// The rules of the web ACL: the `[web_acl]` tables of keystead.toml.
    #[arg(skip)]
    pub web_acl: AclRules,
    /// What individual pools are allowed: the `[pools]` tables of keystead.toml.
    #[arg(skip)]
    pub pools: PoolGrants,
}

/// The time limits that are set on database connections. They are the same for every connection, because PgBouncer may
/// use any of its connections for any client.
#[derive(Clone, Copy, Debug)]
pub struct DatabaseLimits {
    /// The longest statement, and the longest pause within a transaction.
    pub statement: Duration,
    /// The longest wait for a lock.
    pub lock: Duration,
    /// How long the database waits for a client that no longer responds.
    pub silence: Duration,
    /// How long the database may keep the plan of a statement.
    pub plans: Duration,
}

/// The sealing key in docker-compose.yml, which is for a local stack. It is public.
const KNOWN_SEALING_KEY: &str = "bG9jYWwtZGV2ZWxvcG1lbnQtb25seS0hISEhISEhISE=";
/// The first operator's secret in docker-compose.yml. It is public, too.
pub const KNOWN_OPERATOR_SECRET: &str = "local-development-only-secret";

/// The longest retention that a setting may have: about a hundred years.
const LONGEST_DAYS: u32 = 36_500;

/// A command line that has only settings.
#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    config: Config,
}

impl Config {
    /// Returns the settings that these flags set. The rest come from environment variables or are defaults. Tests and
    /// benchmarks use this to start a server without its command line. Panics if a flag is not a setting.
    pub fn of<I: IntoIterator<Item: AsRef<str>>>(flags: I) -> Self {
        let flags = flags.into_iter().map(|flag| flag.as_ref().to_owned());
        Flags::try_parse_from(std::iter::once("keystead".to_owned()).chain(flags))
            .expect("flags that are settings")
            .config
    }

    /// Returns the URL that all issuers begin with: `public_url`, or localhost with the port.
    pub fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://localhost:{}", self.listen.port()),
        }
    }

    /// Whether there is a development inbox. By default, there is one if the database is private. There is never one if
    /// other machines are meant to reach this server.
    pub fn development_inbox(&self) -> bool {
        self.development_inbox.unwrap_or(self.database_url.is_none()) && self.is_local()
    }

    /// Whether only this machine is meant to reach the server.
    pub fn is_local(&self) -> bool {
        self.trusted_proxies.is_empty() && self.has_local_url()
    }

    /// Whether the public URL has a loopback name or address as its host.
    pub fn has_local_url(&self) -> bool {
        match url::Url::parse(&self.public_url()).as_ref().map(url::Url::host) {
            Ok(Some(url::Host::Domain(name))) => name == "localhost" || name.ends_with(".localhost"),
            Ok(Some(url::Host::Ipv4(address))) => address.is_loopback(),
            Ok(Some(url::Host::Ipv6(address))) => address.is_loopback(),
            Ok(None) | Err(_) => false,
        }
    }

    /// Whether the public URL says that requests and responses cross the network unencrypted.
    pub fn has_plain_url(&self) -> bool {
        self.public_url().starts_with("http://") && !self.has_local_url()
    }

    /// Returns the time limits for database connections.
    pub fn database_limits(&self) -> DatabaseLimits {
        let statement = Duration::from_secs(self.statement_timeout_seconds);
        let plans = Duration::from_secs(self.plan_lifetime_seconds);
        DatabaseLimits { statement, lock: LOCK_TIMEOUT.min(statement), silence: statement, plans }
    }

    /// Checks what the parsing of individual values cannot check. Other parts check some settings themselves (see
    /// `App::check_settings`). The error names the setting.
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

    /// Fails if the settings have no sealing key although they need one. `keystead migrate` needs none.
    pub fn check_sealing_key(&self) -> Result<(), String> {
        if self.database_url.is_some() && self.sealing_key.is_none() && self.sealing_key_file.is_none() {
            return Err(
                "sealing-key: with DATABASE_URL every replica needs the same sealing key; set KEYSTEAD_SEALING_KEY \
                 or KEYSTEAD_SEALING_KEY_FILE (make one with `openssl rand -base64 32`)"
                    .into(),
            );
        }
        Ok(())
    }

    /// Refuses the public secrets of docker-compose.yml if the public URL says that others can reach the server.
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

/// Returns the number of cores that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
