//! Builds an [`App`] from the settings: reads the settings file, opens the database, and reads or creates the sealing
//! key.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::CommandFactory;
use sqlx::postgres::PgConnectOptions;

use crate::{
    app::{App, OTHER_CONNECTIONS},
    clock::{Clock, SystemClock},
    config::{Config, KNOWN_OPERATOR_SECRET, tables::AclRules},
    database::{ClusterSettings, PrivateCluster},
    sealing::SealingKey,
    store::{self, Connections, connections::may_pass, upgrade_steps::UpgradeStep},
};

/// The content of `keystead.toml`.
#[derive(Default)]
pub struct SettingsFile {
    path: String,
    table: toml::Table,
}

/// Reads the settings file that `--config` or `KEYSTEAD_CONFIG` names, or `keystead.toml` if it exists. This happens
/// before the command line is parsed, because the values in the file become the defaults of the command line.
pub fn settings_file() -> Result<SettingsFile, String> {
    let mut args = std::env::args().skip_while(|arg| arg != "--config" && !arg.starts_with("--config="));
    let named = match args.next() {
        Some(arg) => arg.strip_prefix("--config=").map(str::to_owned).or_else(|| args.next()),
        None => std::env::var("KEYSTEAD_CONFIG").ok().filter(|name| !name.is_empty()),
    };
    let path = named.clone().unwrap_or_else(|| "keystead.toml".into());
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(cause) if named.is_none() && cause.kind() == std::io::ErrorKind::NotFound => {
            return Ok(SettingsFile::default());
        }
        Err(cause) => return Err(format!("cannot read the settings file {path}: {cause}")),
    };
    let table = text.parse().map_err(|cause| format!("{path}: {cause}"))?;
    Ok(SettingsFile { path, table })
}

/// Makes the file's values the defaults of the command line; a flag or an environment variable still overrides them.
/// Fails if the file has an unknown setting.
pub fn with_file_defaults(command: clap::Command, file: &SettingsFile) -> Result<clap::Command, String> {
    let mut defaults = Vec::new();
    for (name, value) in &file.table {
        if name == "web_acl" || name == "pools" {
            continue;
        }
        let id = name.replace('-', "_");
        if !known(&id) {
            return Err(format!("{}: there is no setting {name}", file.path));
        }
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Array(items) => items
                .iter()
                .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
                .collect::<Vec<_>>()
                .join(","),
            toml::Value::Table(_) => return Err(format!("{}: {name} is not a table", file.path)),
            other => other.to_string(),
        };
        defaults.push((id, text));
    }
    Ok(with_defaults(without_empty_variables(command), &defaults))
}

/// Makes an empty environment variable count as one that is not set. A line such as `DATABASE_URL: ${DATABASE_URL:-}`
/// in a compose file sets such a variable.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let command = command.mut_args(|arg| match arg.get_env() {
        Some(name) if is_empty(name) => arg.env(None::<&str>),
        _ => arg,
    });
    command.mut_subcommands(without_empty_variables)
}

fn with_defaults(command: clap::Command, defaults: &[(String, String)]) -> clap::Command {
    let command = command.mut_args(|arg| match defaults.iter().find(|(id, _)| arg.get_id() == id.as_str()) {
        Some((_, text)) => arg.default_value(text.clone()),
        None => arg,
    });
    command.mut_subcommands(|sub| with_defaults(sub, defaults))
}

/// Returns the environment variables that look like settings (`KEYSTEAD_…`) but are not.
pub fn unknown_variables() -> Vec<String> {
    let command = super::Cli::command();
    let subcommands = command.get_subcommands().flat_map(clap::Command::get_arguments);
    let known: Vec<_> = command.get_arguments().chain(subcommands).filter_map(clap::Arg::get_env).collect();
    let names = std::env::vars_os().map(|(name, _)| name);
    let unknown =
        names.filter(|name| name.as_encoded_bytes().starts_with(b"KEYSTEAD_") && !known.contains(&name.as_os_str()));
    unknown.map(|name| name.to_string_lossy().into_owned()).collect()
}

/// Whether the settings file may have this setting: it must be a setting of `keystead serve` or of all commands, and
/// not `config`, which names the file itself.
fn known(id: &str) -> bool {
    let command = super::Cli::command();
    let serve = command.find_subcommand("serve").map(|serve| serve.get_arguments().any(|arg| arg.get_id() == id));
    serve.unwrap_or(false) || command.get_arguments().any(|arg| arg.get_id() == id && id != "config")
}

impl SettingsFile {
    /// Adds the settings that only the file can have, and checks all settings.
    pub fn complete(&self, mut config: Config) -> Result<Config, String> {
        if let Some(table) = self.table.get("web_acl") {
            config.web_acl = AclRules::deserialize_from(table.clone())
                .map_err(|cause| format!("{}: web_acl: {cause}", self.path))?;
        }
        if let Some(table) = self.table.get("pools") {
            config.pools = table.clone().try_into().map_err(|cause| format!("{}: pools: {cause}", self.path))?;
        }
        App::check_settings(&config)?;
        Ok(config)
    }
}

/// What `serve` and the commands that use the database work with.
pub struct Parts {
    /// The application, which handles requests.
    pub app: Arc<App>,
    /// The private database, if there is one. It must be stopped last.
    pub cluster: Option<PrivateCluster>,
    /// The data directory, with the private database, the sealing key and the first operator's key pair.
    pub data_dir: PathBuf,
}

impl Parts {
    /// Closes the connections to the database, and stops it if it is private.
    pub async fn stop(self) -> Result<(), String> {
        self.app.close_connections().await;
        match self.cluster {
            Some(cluster) => cluster.stop().await.map_err(|cause| cause.to_string()),
            None => Ok(()),
        }
    }
}

/// Whether the private database exists already.
pub fn has_private_database(config: &Config) -> Result<bool, String> {
    Ok(data_dir(config)?.join("postgres").exists())
}

/// Connects to the database (or starts the private one), migrates it, and reads (or creates) the sealing key. Fails if
/// this computer's clock is wrong.
pub async fn assemble(config: Config) -> Result<Parts, String> {
    let parts = assemble_with(config, Arc::new(SystemClock), true).await?;
    check_clock(&parts.app).await?;
    Ok(parts)
}

/// Fails if this computer's clock is far from the database's. Keystead itself would still use the database's time, but
/// other programs on the computer would have the wrong time.
async fn check_clock(app: &App) -> Result<(), String> {
    let ahead =
        app.consult_database().await.map_err(|cause| format!("cannot ask the database for its time: {cause}"))?;
    if ahead.abs() <= CLOCK_TOLERANCE {
        return Ok(());
    }
    let way = if ahead > 0.0 { "ahead of" } else { "behind" };
    Err(format!(
        "clock: this computer's is {:.0} s {way} the database's; set it (by NTP, say) and start again",
        ahead.abs()
    ))
}

/// Like [`assemble`], but without migrations and without the check of the clock, for commands that only inspect a
/// deployment.
pub async fn open(config: Config) -> Result<Parts, String> {
    assemble_with(config, Arc::new(SystemClock), false).await
}

/// Brings the database's schema up to date. Needs no sealing key, because migrations open nothing that is sealed.
///
/// `step` is a step of the upgrade to finish (`true`) or to take back.
pub async fn migrate(config: &Config, step: Option<(UpgradeStep, bool)>) -> Result<(), String> {
    let (cluster, options) = open_database(config, &data_dir(config)?).await?;
    let migrated = match migrate_database(&options).await {
        Ok(()) => note_step(&options, step).await,
        refused => refused,
    };
    if let Some(cluster) = cluster {
        cluster.stop().await.map_err(|cause| cause.to_string())?;
    }
    migrated
}

async fn note_step(options: &PgConnectOptions, step: Option<(UpgradeStep, bool)>) -> Result<(), String> {
    let Some((step, finish)) = step else { return Ok(()) };
    let noted = store::upgrade_steps::set(options, step, finish).await;
    noted.map_err(|cause| format!("cannot note the step of the upgrade: {cause}"))
}

async fn migrate_database(options: &PgConnectOptions) -> Result<(), String> {
    store::migrate(options).await.map_err(|cause| format!("cannot migrate the database: {cause}"))
}

fn data_dir(config: &Config) -> Result<PathBuf, String> {
    config.data_dir.clone().map_or_else(default_data_dir, Ok)
}

/// Returns how to connect to the database. Starts it if it is private.
async fn open_database(config: &Config, data_dir: &Path) -> Result<(Option<PrivateCluster>, PgConnectOptions), String> {
    Ok(match &config.database_url {
        Some(url) => {
            let scheme = url.expose().split("://").next().unwrap_or_default();
            let options = Some(url.expose()).filter(|_| matches!(scheme, "postgres" | "postgresql"));
            let options: PgConnectOptions = options
                .and_then(|url| url.parse().ok())
                .ok_or_else(|| "database-url: it is not a postgres:// address".to_owned())?;
            (None, options)
        }
        None => {
            if std::env::var_os("DATABASE_URL").is_some() {
                // A replica whose secret was not found must not serve an empty database.
                if !config.is_local() {
                    return Err(
                        "database-url: DATABASE_URL is empty, and other machines are meant to reach this server; \
                         give it a database, or unset the variable for a private one"
                            .into(),
                    );
                }
                tracing::warn!("DATABASE_URL is empty, so this server has a private database");
            }
            let settings = ClusterSettings {
                directory: data_dir.to_owned(),
                binaries: config.postgres_binaries.clone(),
                fsync: true,
                max_connections: u16::try_from(config.database_connections + 8).unwrap_or(u16::MAX),
                extra: Vec::new(),
            };
            let cluster = PrivateCluster::start(settings).await.map_err(|cause| cause.to_string())?;
            let options = private_database(&cluster).await?;
            (Some(cluster), options)
        }
    })
}

async fn assemble_with(config: Config, clock: Arc<dyn Clock>, migrate: bool) -> Result<Parts, String> {
    config.check_sealing_key()?;
    let data_dir = data_dir(&config)?;
    let (cluster, options) = open_database(&config, &data_dir).await?;
    let db = connect(&config, options.clone()).await?;
    if migrate {
        migrate_database(&options).await?;
    }
    let sealing = sealing_key(&config, &data_dir)?;
    let app = App::new(db, clock, config, sealing).map_err(|cause| cause.to_string())?;
    // If the database does not have the tables of this build, the key cannot be checked. `keystead doctor`, which does
    // not migrate, then reports what is wrong with the migrations.
    if store::is_current(&app.db).await.unwrap_or(false) {
        let checked = store::keys::check_sealing(&app.db, &app.sealing).await;
        checked.and(store::operators::check_sealing(&app.db, &app.sealing).await).map_err(|error| {
            format!(
                "sealing-key: {}",
                std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
            )
        })?;
    }
    Ok(Parts { app: Arc::new(app), cluster, data_dir })
}

/// Fails if there is an operator with the well-known secret of docker-compose.yml and the public URL is not this
/// machine's. Such an operator may date from a time when the public URL was local.
pub async fn refuse_known_operator(app: &App) -> Result<(), String> {
    if app.config.has_local_url() {
        return Ok(());
    }
    let found = store::operators::with_secret(&app.db, &app.sealing, KNOWN_OPERATOR_SECRET).await;
    if let Some(id) = found.map_err(|error| error.to_string())? {
        return Err(format!(
            "the operator {id} has the secret of docker-compose.yml, which everybody knows: run `keystead operator delete {id}`"
        ));
    }
    Ok(())
}

/// Creates the database `keystead` of a private cluster if it is missing. Returns the options for connecting to it.
async fn private_database(cluster: &PrivateCluster) -> Result<PgConnectOptions, String> {
    use sqlx::Connection as _;
    let failed = |cause: sqlx::Error| format!("the private database: {cause}");
    let mut db = sqlx::PgConnection::connect_with(&cluster.connect_options("postgres")).await.map_err(failed)?;
    let exists = sqlx::query("SELECT 1 FROM pg_database WHERE datname = 'keystead'")
        .fetch_optional(&mut db)
        .await
        .map_err(failed)?;
    if exists.is_none() {
        sqlx::query("CREATE DATABASE keystead").execute(&mut db).await.map_err(failed)?;
    }
    db.close().await.map_err(failed)?;
    Ok(cluster.connect_options("keystead"))
}

/// Describes where a database is: returns its name and its server, without user and password.
pub fn place(options: &PgConnectOptions) -> String {
    format!("the database {} at {}", options.get_database().unwrap_or("of the user's name"), server(options))
}

fn server(options: &PgConnectOptions) -> String {
    options
        .get_socket()
        .map_or_else(|| format!("{}:{}", options.get_host(), options.get_port()), |socket| socket.display().to_string())
}

/// The tolerated difference between this computer's clock and the database's at a start, in seconds.
const CLOCK_TOLERANCE: f64 = 60.0;

/// How long a start tries to reach a database that does not answer yet.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// Creates the pool of connections. Makes one connection first: if the database cannot be reached, the error of this
/// connection says why.
pub async fn connect(config: &Config, options: PgConnectOptions) -> Result<Connections, String> {
    use sqlx::Connection as _;
    let place = server(&options);
    let started = std::time::Instant::now();
    loop {
        let connected = tokio::time::timeout(PATIENCE, sqlx::PgConnection::connect_with(&options)).await;
        let cause = match connected {
            Ok(Ok(first)) => {
                let _ = first.close().await;
                break;
            }
            Ok(Err(cause)) if cause.as_database_error().is_some() && !may_pass(&cause) => {
                return Err(format!("the database at {place}: {cause}"));
            }
            Ok(Err(cause)) => cause.to_string(),
            Err(_) => "it does not answer".to_owned(),
        };
        if started.elapsed() > PATIENCE {
            return Err(format!("cannot connect to the database at {place}: {cause}; is it running?"));
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let size = config.database_connections - OTHER_CONNECTIONS;
    Ok(Connections::new(options.application_name("keystead"), config.database_limits(), size))
}

fn sealing_key(config: &Config, data_dir: &std::path::Path) -> Result<SealingKey, String> {
    let key = match (&config.sealing_key, &config.sealing_key_file) {
        (Some(key), _) => SealingKey::from_base64(key.expose()),
        (None, Some(file)) => SealingKey::from_file(file, false),
        (None, None) => SealingKey::from_file(&data_dir.join("sealing.key"), true),
    };
    key.map_err(|cause| format!("sealing-key: {cause}"))
}

fn default_data_dir() -> Result<PathBuf, String> {
    if rustix::process::getuid().is_root() {
        return Ok("/var/lib/keystead".into());
    }
    let home = std::env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share")));
    Ok(home.ok_or("data-dir: neither XDG_DATA_HOME nor HOME is set; name a directory")?.join("keystead"))
}
