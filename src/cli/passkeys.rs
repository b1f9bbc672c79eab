//! `keystead passkeys`: calls, from a shell, the passkey operations that Amazon Cognito does not have. It asks a
//! running server; the output is JSON.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::Connection;

#[derive(Args)]
pub struct Passkeys {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List a user's passkeys with provider, last use and backup state: as an operator with --user-pool-id and
    /// --username, or as the user with an access token.
    List(OfUser),
    /// Delete a user's passkey: as an operator with --user-pool-id and --username, or as the user with an access token.
    Delete {
        #[command(flatten)]
        user: OfUser,
        /// The passkey, as `list` shows it.
        #[arg(long, allow_hyphen_values = true)]
        credential_id: String,
    },
    /// Give one of the signed-in user's passkeys another name.
    Rename {
        /// The passkey, as `list` shows it.
        #[arg(long, allow_hyphen_values = true)]
        credential_id: String,
        /// 1 to 64 characters.
        #[arg(long)]
        name: String,
    },
    /// Show what the signed-in user's passkey manager should know.
    Signals,
    /// Show or replace a user pool's passkey policy.
    Policy {
        #[command(flatten)]
        document: Document,
    },
    /// Show or replace how a user pool's pages look.
    Branding {
        #[command(flatten)]
        document: Document,
    },
}

/// The user whose passkeys are meant.
#[derive(Args)]
struct OfUser {
    #[arg(long, requires = "username")]
    user_pool_id: Option<String>,
    #[arg(long, requires = "user_pool_id")]
    username: Option<String>,
}

/// A document of a user pool.
#[derive(Args)]
struct Document {
    #[arg(long)]
    user_pool_id: String,
    /// Replace it with this whole document, as JSON; members left out go back to their defaults. Without this flag the
    /// present document is shown.
    #[arg(long, value_name = "JSON")]
    set: Option<String>,
}

pub async fn run(command: Passkeys) -> Result<(), String> {
    let Passkeys { connection, action } = command;
    let output = match action {
        Action::List(user) => match user.named() {
            Some(input) => connection.call("AdminListWebAuthnCredentials", input).await?,
            None => connection.call("ListWebAuthnCredentialDetails", json!({})).await?,
        },
        Action::Delete { user, credential_id } => {
            let (operation, mut input) = match user.named() {
                Some(input) => ("AdminDeleteWebAuthnCredential", input),
                None => ("DeleteWebAuthnCredential", json!({})),
            };
            input["CredentialId"] = json!(credential_id);
            connection.call(operation, input).await?
        }
        Action::Rename { credential_id, name } => {
            let input = json!({"CredentialId": credential_id, "FriendlyCredentialName": name});
            connection.call("UpdateWebAuthnCredential", input).await?
        }
        Action::Signals => connection.call("GetPasskeySignals", json!({})).await?,
        Action::Policy { document } => document.call(&connection, "PasskeyPolicy").await?,
        Action::Branding { document } => document.call(&connection, "Branding").await?,
    };
    println!("{}", serde_json::to_string_pretty(&output).map_err(|cause| cause.to_string())?);
    Ok(())
}

impl OfUser {
    fn named(&self) -> Option<Value> {
        Some(json!({"UserPoolId": self.user_pool_id.as_ref()?, "Username": self.username.as_ref()?}))
    }
}

impl Document {
    /// Reads the document of this name, or writes it.
    async fn call(&self, connection: &Connection, name: &str) -> Result<Value, String> {
        let mut input = json!({"UserPoolId": self.user_pool_id});
        let Some(text) = &self.set else {
            return connection.call(&format!("GetUserPool{name}"), input).await;
        };
        input[name] = serde_json::from_str(text).map_err(|cause| format!("set: it is not JSON: {cause}"))?;
        connection.call(&format!("SetUserPool{name}"), input).await
    }
}
