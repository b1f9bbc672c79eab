//! `keystead operator`: creates, lists and removes operators' key pairs.

use clap::{Args, Subcommand, ValueEnum};

use super::setup::{self, SettingsFile};
use crate::{config::Config, random, secret::Secret, store};

#[derive(Args)]
pub struct Operator {
    #[command(flatten)]
    config: Box<Config>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Create a key pair and print it. Its secret cannot be shown again.
    Create {
        /// What the key pair may do.
        #[arg(long, value_enum, default_value_t = Role::Administrator)]
        role: Role,
        /// The only user pool that the key pair may be used for. [default: every user pool]
        #[arg(long)]
        pool: Option<String>,
    },
    /// List key pairs, without their secrets.
    List,
    /// Remove a key pair.
    Delete {
        /// The access key ID of the key pair.
        access_key_id: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    /// May do everything.
    Administrator,
    /// May read everything except secrets, and change users.
    Support,
    /// May read everything except secrets.
    ReadOnly,
}

pub async fn run(command: Operator, file: &SettingsFile) -> Result<(), String> {
    let parts = setup::assemble(file.complete(*command.config)?).await?;
    let app = &parts.app;
    let failed = |cause: sqlx::Error| cause.to_string();
    match command.action {
        Action::Create { role, pool } => {
            if let Some(pool) = &pool
                && store::pools::find(&app.db, pool).await.map_err(failed)?.is_none()
            {
                return Err(format!("there is no user pool {pool}"));
            }
            let (id, secret) = (random::access_key_id(), Secret::from(random::secret_access_key()));
            let role = match role {
                Role::Administrator => "administrator",
                Role::Support => "support",
                Role::ReadOnly => "read-only",
            };
            store::operators::put(&app.db, &app.sealing, pool.as_deref(), &id, &secret, role, app.clock.now())
                .await
                .map_err(failed)?;
            eprintln!("An operator of {}; for your shell:", setup::place(app.db.connect_options()));
            let (secret, url, region) = (secret.expose(), &app.public_url, &app.config.region);
            println!("export AWS_ACCESS_KEY_ID={id}\nexport AWS_SECRET_ACCESS_KEY={secret}");
            println!("export AWS_REGION={region} AWS_DEFAULT_REGION={region}");
            println!("export AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER={url}");
        }
        Action::List => {
            for (id, role, pool) in store::operators::list(&app.db).await.map_err(failed)? {
                println!("{id}  {role}  {pool}");
            }
        }
        Action::Delete { access_key_id } => {
            if !store::operators::delete(&app.db, &access_key_id).await.map_err(failed)? {
                return Err(format!("there is no operator {access_key_id}"));
            }
        }
    }
    parts.stop().await
}
