//! The command line: one file per command, and the helpers `client` and `setup`.

mod client;
mod dev;
mod doctor;
mod health;
mod migrate;
mod operator;
mod passkeys;
mod run_job;
mod serve;
mod setup;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{config::Config, telemetry};

pub use setup::{Parts, assemble, connect};

/// A self-hosted passkey backend that speaks the Amazon Cognito user-pools API.
#[derive(Parser)]
#[command(name = "keystead", version)]
struct Cli {
    #[command(flatten)]
    log: Log,
    /// The settings file. [default: keystead.toml, if there is one]
    #[arg(long, global = true, env = "KEYSTEAD_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Log {
    /// The messages to log: a level (error, warn, info or debug), or a filter in the syntax of tracing.
    #[arg(long, global = true, env = "KEYSTEAD_LOG", default_value = "info")]
    log: String,
    /// Write each log message as a line of JSON.
    #[arg(long, global = true, env = "KEYSTEAD_LOG_JSON")]
    log_json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server until SIGTERM or Ctrl-C.
    Serve(Box<Config>),
    /// Bring the database's schema up to date.
    Migrate(migrate::Migrate),
    /// Check a deployment: its settings, database, migrations, sealing key, clock, operators, proxies and user pools.
    Doctor(Box<Config>),
    /// Manage operators' key pairs.
    Operator(operator::Operator),
    /// Manage users' passkeys, and the passkey policy and branding of a user pool, through a running server.
    Passkeys(passkeys::Passkeys),
    /// Run a background job once.
    RunJob(run_job::RunJob),
    /// Check whether a running server is alive or ready, for health checks.
    Health(health::Health),
    /// Tools for development, never for production.
    #[command(subcommand)]
    Dev(dev::Dev),
}

/// Runs the command line.
pub fn run() -> ExitCode {
    match try_run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("keystead: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Leaves the server's settings out of a command's help, so that its own flags are found.
fn with_hidden_settings(command: clap::Command) -> clap::Command {
    let is_setting = |arg: &clap::Arg| arg.get_env().is_some();
    let command = command.mut_args(|arg| if is_setting(&arg) { arg.hide(true) } else { arg });
    let told = |command: clap::Command| {
        command.after_help("The server's settings, such as --database-url, stand in `keystead serve --help`.")
    };
    told(command.mut_subcommands(told))
}

fn try_run() -> Result<(), String> {
    let file = setup::settings_file()?;
    let command = setup::with_file_defaults(Cli::command(), &file)?;
    // Makes the settings of `keystead operator` global, so that they may stand after its subcommand too, as in
    // `keystead operator create --data-dir DIR`.
    let command = command.mut_subcommand("operator", |operator| {
        let settings = |arg: clap::Arg| if arg.is_positional() { arg } else { arg.global(true) };
        with_hidden_settings(operator.mut_args(settings))
    });
    let command = command.mut_subcommand("migrate", with_hidden_settings);
    let cli = Cli::from_arg_matches(&command.get_matches()).map_err(|error| error.to_string())?;
    telemetry::start(&cli.log.log, cli.log.log_json)?;
    for name in setup::unknown_variables() {
        tracing::warn!("there is no setting {name}; `keystead serve --help` lists the variables");
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|cause| cause.to_string())?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve(config) => serve::run(file.complete(*config)?).await,
            Command::Migrate(migrate::Migrate { step, config }) => migrate::run(step, file.complete(*config)?).await,
            Command::Doctor(config) => doctor::run(file.complete(*config)?).await,
            Command::Operator(command) => operator::run(command, &file).await,
            Command::Passkeys(command) => passkeys::run(command).await,
            Command::RunJob(command) => run_job::run(command, &file).await,
            Command::Health(health) => health::run(&health),
            Command::Dev(command) => dev::run(command),
        }
    })
}
