//! `keystead dev authenticator`: a passkey authenticator in software, for tests only.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::{
    dev::authenticator::{Authenticator, Spoil},
    sealing::write_private,
};

#[derive(Subcommand)]
pub enum Dev {
    /// A passkey authenticator in software. FOR TESTING ONLY: it keeps private keys in a plain file and never asks for
    /// consent.
    #[command(subcommand)]
    Authenticator(Ceremony),
}

#[derive(Subcommand)]
pub enum Ceremony {
    /// Create a passkey for the creation options on standard input (or in --options), and write the credential to
    /// standard output.
    Create(Input),
    /// Make an assertion for the request options on standard input (or in --options), and write it to standard output.
    Get(Input),
    /// List the authenticator's passkeys.
    List {
        /// The file with the authenticator's passkeys.
        #[arg(long, default_value = "keystead-authenticator.json")]
        state: PathBuf,
    },
}

#[derive(Args)]
pub struct Input {
    /// The options as JSON. [default: read from standard input]
    #[arg(long)]
    options: Option<String>,
    /// The origin of the page that requests the ceremony. [default: https:// and the relying party ID of the options,
    /// or http://localhost:9229 if that ID is localhost or missing]
    #[arg(long)]
    origin: Option<String>,
    /// The file with the authenticator's passkeys.
    #[arg(long, default_value = "keystead-authenticator.json")]
    state: PathBuf,
}

pub fn run(Dev::Authenticator(ceremony): Dev) -> Result<(), String> {
    match ceremony {
        Ceremony::Create(input) => {
            answer(&input, |authenticator, options, origin| authenticator.create(options, origin, &Spoil::default()))
        }
        Ceremony::Get(input) => {
            answer(&input, |authenticator, options, origin| authenticator.get(options, origin, &Spoil::default()))
        }
        Ceremony::List { state } => {
            for passkey in load(&state)?.passkeys() {
                println!("{}  {}  {}", passkey.id(), passkey.rp_id, passkey.user_name);
            }
            Ok(())
        }
    }
}

fn answer(
    input: &Input,
    ceremony: impl FnOnce(&mut Authenticator, &Value, &str) -> Result<Value, crate::dev::authenticator::Error>,
) -> Result<(), String> {
    let text = match &input.options {
        Some(text) => text.clone(),
        None => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(|cause| cause.to_string())?;
            text
        }
    };
    let options = parse(&text)?;
    let mut authenticator = load(&input.state)?;
    let origin = input.origin.clone().unwrap_or_else(|| usual_origin(&options));
    let credential = ceremony(&mut authenticator, &options, &origin).map_err(|error| error.to_string())?;
    save(&input.state, &authenticator)?;
    println!("{credential}");
    Ok(())
}

/// Returns the origin that the requesting page usually has: `https://` and the relying party ID of the options, or the
/// default address of a server on this machine if that ID is `localhost` or missing.
fn usual_origin(options: &Value) -> String {
    match options["rp"]["id"].as_str().or(options["rpId"].as_str()) {
        Some(rp_id) if rp_id != "localhost" => format!("https://{rp_id}"),
        _ => "http://localhost:9229".to_owned(),
    }
}

/// Parses options that are JSON, or a JSON string that contains JSON (`CREDENTIAL_REQUEST_OPTIONS`).
fn parse(text: &str) -> Result<Value, String> {
    let value: Value = serde_json::from_str(text).map_err(|cause| format!("the options are not JSON: {cause}"))?;
    match value {
        Value::String(inner) => {
            serde_json::from_str(&inner).map_err(|cause| format!("the options are not JSON: {cause}"))
        }
        other => Ok(other),
    }
}

fn load(path: &Path) -> Result<Authenticator, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).map_err(|cause| format!("{}: {cause}", path.display())),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(Authenticator::new()),
        Err(cause) => Err(format!("{}: {cause}", path.display())),
    }
}

/// Replaces the state file by renaming a complete new file, so that an interrupted write loses nothing.
fn save(path: &Path, authenticator: &Authenticator) -> Result<(), String> {
    let failed = |cause: std::io::Error| format!("{}: {cause}", path.display());
    let text = serde_json::to_string_pretty(authenticator).map_err(|cause| cause.to_string())?;
    let new = path.with_extension("new");
    let _ = std::fs::remove_file(&new); // left by an interrupted write
    write_private(&new, &text).map_err(failed)?;
    std::fs::rename(&new, path).map_err(failed)
}
