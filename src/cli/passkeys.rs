//! `keystead passkeys`: calls a running server's passkey operations from a shell, mainly those that Amazon Cognito does
//! not have. The output is JSON.

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
        /// The credential ID of the passkey, as `list` shows it.
        #[arg(long, allow_hyphen_values = true)]
        credential_id: String,
    },
    /// Rename a passkey of the signed-in user.
    Rename {
        /// The credential ID of the passkey, as `list` shows it.
        #[arg(long, allow_hyphen_values = true)]
        credential_id: String,
        /// The new name: 1 to 64 characters.
        #[arg(long)]
        name: String,
    },
    /// Show what a page has to tell the signed-in user's passkey manager: which passkeys are still accepted and, if the
    /// user pool's policy demands it, the user's name.
    Signals,
    /// Show or replace a user pool's passkey policy.
    Policy {
        #[command(flatten)]
        document: Document,
    },
    /// Show or replace the branding of a user pool's pages.
    Branding {
        #[command(flatten)]
        document: Document,
    },
    /// Show or choose what signs a user pool's tokens.
    TokenSigning {
        #[command(flatten)]
        document: Document,
    },
}

/// The user whose passkeys an operator lists or deletes. Both members are absent if the user makes the call.
#[derive(Args)]
struct OfUser {
    /// The user pool of the user, for calls by an operator.
    #[arg(long, requires = "username")]
    user_pool_id: Option<String>,
    /// The name of the user, for calls by an operator.
    #[arg(long, requires = "user_pool_id")]
    username: Option<String>,
}

/// A user pool and the new content of one of its documents: the passkey policy, the branding or the token signing.
#[derive(Args)]
struct Document {
    /// The user pool that the document belongs to.
    #[arg(long)]
    user_pool_id: String,
    /// Replace the document with this JSON. Members that it leaves out go back to their defaults. Without --set, the
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
        Action::TokenSigning { document } => document.call(&connection, "TokenSigning").await?,
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
    /// Returns the document with this name, or replaces it if `--set` is given.
    async fn call(&self, connection: &Connection, name: &str) -> Result<Value, String> {
        let mut input = json!({"UserPoolId": self.user_pool_id});
        let Some(text) = &self.set else {
            return connection.call(&format!("GetUserPool{name}"), input).await;
        };
        input[name] = serde_json::from_str(text).map_err(|cause| format!("set: it is not JSON: {cause}"))?;
        connection.call(&format!("SetUserPool{name}"), input).await
    }
}
