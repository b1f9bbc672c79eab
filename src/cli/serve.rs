//! `keystead serve`: answers requests until SIGTERM or Ctrl-C, then completes the requests in flight and stops.

use std::{
    io::Write,
    net::TcpListener,
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::setup::{Parts, assemble, refuse_known_operator};
use crate::{
    app::App,
    config::Config,
    error, http, jobs, operations, random, sealing,
    secret::Secret,
    store::{
        self,
        pools::{Pool, WebAuthnConfiguration},
    },
};

/// The file in the data directory that keeps the first operator's key pair and the demo's IDs, if the database is
/// private.
const FIRST_START: &str = "first-start.json";

pub async fn run(config: Config) -> Result<(), String> {
    // The listeners are bound before anything else is started. So if a port is in use, the failed start changes
    // nothing.
    let listener = TcpListener::bind(config.listen).map_err(|cause| {
        format!(
            "listen: cannot use {}: {cause}; stop what uses it (another Keystead?) or choose another with --listen",
            config.listen
        )
    })?;
    let metrics =
        config.metrics_listen.map(TcpListener::bind).transpose().map_err(|cause| format!("metrics-listen: {cause}"))?;
    let demo = config.demo.unwrap_or(config.database_url.is_none());
    let Parts { app, cluster, data_dir } = assemble(config).await?;
    refuse_known_operator(&app).await?;
    let first = first_start(&app, &data_dir, cluster.is_some(), demo).await.map_err(|error| describe(&error))?;

    let server = http::server(app.clone(), listener).map_err(|cause| cause.to_string())?;
    let handle = server.handle();
    let mut metrics_server =
        metrics.map(|listener| http::metrics_server(app.clone(), listener)).transpose().map_err(|c| c.to_string())?;
    let metrics_handle = metrics_server.as_mut().map(|server| server.handle());
    if let Some(server) = metrics_server {
        tokio::spawn(server);
    }
    let jobs = tokio::spawn(jobs::run_all(app.clone()));
    tracing::info!(address = %app.config.listen, public_url = app.public_url, "answering");
    if app.config.has_plain_url() {
        tracing::warn!(
            "public-url is plain http of another host: passwords and tokens can be read on their way, and browsers offer no passkeys; put TLS in front and say https"
        );
    }
    if app.config.accept_unenforced_protection {
        tracing::warn!(
            "accept-unenforced-protection is set: user pools may ask for protection by risk (ENFORCED, BLOCK and other actions), and nothing enforces it; `keystead doctor` names these pools"
        );
    }
    if let Some(first) = &first {
        greet(&app, first, cluster.is_some().then_some(data_dir.as_path()));
    }
    let mut server = tokio::spawn(server);
    let mut term = signal(SignalKind::terminate()).map_err(|cause| cause.to_string())?;
    let mut int = signal(SignalKind::interrupt()).map_err(|cause| cause.to_string())?;
    let database_ended = async {
        match &cluster {
            Some(cluster) => cluster.exited().await,
            None => std::future::pending().await,
        }
    };
    let told = async {
        term.recv().await;
        let patience = Duration::from_secs(app.config.drain_seconds);
        if !patience.is_zero() {
            tracing::info!(seconds = patience.as_secs(), "told to stop: not ready any more, still answering");
            app.draining.store(true, Ordering::Relaxed);
            tokio::time::sleep(patience).await;
        }
    };
    let outcome = tokio::select! {
        () = told => Ok(()),
        _ = int.recv() => Ok(()),
        ended = &mut server => Err(format!("the server ended: {ended:?}")),
        () = database_ended => Err("the private database ended by itself; see its messages above, then start again".to_owned()),
    };
    tracing::info!("draining: no new connections, requests in flight are answered");
    if outcome.is_ok() {
        handle.pause().await;
        outlived(&app).await;
    }
    handle.stop(outcome.is_ok()).await;
    if let Some(handle) = metrics_handle {
        handle.stop(false).await;
    }
    jobs.abort();
    noted(&app).await;
    app.close_connections().await;
    if let Some(cluster) = cluster {
        cluster.stop().await.map_err(|cause| cause.to_string())?;
    }
    tracing::info!("stopped");
    outcome
}

/// Waits until the deliveries in progress are recorded, or `shutdown-seconds` have passed. A message whose delivery is
/// not recorded is delivered again.
async fn noted(app: &App) {
    let noted = async {
        while app.roads_at_work.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(app.config.shutdown_seconds), noted).await;
}

/// Waits for work whose callers have already gone. Waits no longer than a single statement may take, or than
/// `shutdown-seconds` if that is shorter.
async fn outlived(app: &App) {
    let patience = Duration::from_secs(app.config.shutdown_seconds).min(app.config.database_limits().statement);
    let ended = async {
        while app.metrics.outliving() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(patience, ended).await.is_err() {
        tracing::warn!(
            requests = app.metrics.outliving(),
            "work without callers did not end; its connections are closed"
        );
    }
}

fn describe(error: &error::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// What the first start created. With the private database, it is kept in a file for later starts.
#[derive(serde::Serialize, serde::Deserialize)]
struct FirstStart {
    access_key_id: String,
    secret_access_key: String,
    user_pool_id: Option<String>,
    client_id: Option<String>,
    /// Whether the present start created these values.
    #[serde(skip)]
    new: bool,
}

/// Adds the operator that the settings name, if they name one, and creates what a first start needs.
///
/// With the private database, a start is the first one if there is no file [`FIRST_START`]; it needs an operator.
/// Without the private database, a start with `demo` is the first one if there are no user pools. A first start with
/// `demo` needs an operator and the demo pool. Returns what this first start created, or what the file of an earlier
/// one says; otherwise `None`.
async fn first_start(app: &Arc<App>, data_dir: &Path, private: bool, demo: bool) -> error::Result<Option<FirstStart>> {
    let now = app.clock.now();
    let configured = (&app.config.operator_access_key_id, &app.config.operator_secret_access_key);
    if let (Some(id), Some(secret)) = configured {
        store::operators::put(&app.db, &app.sealing, None, id, secret, "administrator", now).await?;
    }
    let file = data_dir.join(FIRST_START);
    if private && file.exists() {
        let text = std::fs::read_to_string(&file).map_err(error::Error::internal)?;
        return serde_json::from_str(&text).map(Some).map_err(error::Error::internal);
    }
    if !private && !demo {
        if !store::operators::any(&app.db).await? {
            tracing::warn!(
                "there is no operator yet: set KEYSTEAD_OPERATOR_ACCESS_KEY_ID and KEYSTEAD_OPERATOR_SECRET_ACCESS_KEY, or run `keystead operator create`"
            );
        }
        return Ok(None);
    }
    if !private && !store::pools::list(&app.db, "", 1).await?.is_empty() {
        return Ok(None);
    }
    let (access_key_id, secret_access_key) = match configured {
        (Some(id), Some(secret)) => (id.clone(), secret.expose().to_owned()),
        _ => (random::access_key_id(), random::secret_access_key()),
    };
    let secret = Secret::from(secret_access_key.clone());
    store::operators::put(&app.db, &app.sealing, None, &access_key_id, &secret, "administrator", now).await?;
    let mut first = FirstStart { access_key_id, secret_access_key, user_pool_id: None, client_id: None, new: true };
    if demo {
        let (pool, client_id) = make_demo(app).await?;
        first.user_pool_id = Some(pool.id);
        first.client_id = Some(client_id);
    }
    if private {
        let text = serde_json::to_string_pretty(&first).map_err(error::Error::internal)?;
        sealing::write_private(&file, &text).map_err(error::Error::internal)?;
    }
    Ok(Some(first))
}

/// Creates a pool with passkeys for `localhost` and codes by mail, and a public app client that may use the sign-in
/// pages.
async fn make_demo(app: &App) -> error::Result<(Pool, String)> {
    let request = json!({
        "PoolName": "demo",
        "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]}},
        "AutoVerifiedAttributes": ["email"],
        "AliasAttributes": ["email"],
        "UsernameConfiguration": {"CaseSensitive": false},
    });
    let mut pool = operations::create_pool(app, request.as_object().cloned().unwrap_or_default()).await?;
    pool.settings.web_authn_configuration = Some(WebAuthnConfiguration {
        relying_party_id: Some("localhost".into()),
        user_verification: "preferred".into(),
        factor_configuration: "SINGLE_FACTOR".into(),
    });
    let mut db = app.db.acquire().await?;
    store::pools::update(&mut db, &pool, app.clock.now()).await?;
    let request = json!({
        "UserPoolId": pool.id,
        "ClientName": "demo",
        "ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH",
            "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        "PreventUserExistenceErrors": "ENABLED",
        "AllowedOAuthFlowsUserPoolClient": true,
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"],
        "CallbackURLs": [format!("{}/account", app.public_url), "http://localhost:3000/", "http://localhost:5173/"],
        "LogoutURLs": [format!("{}/account", app.public_url), "http://localhost:3000/", "http://localhost:5173/"],
    });
    let client = operations::create_client(app, request.as_object().cloned().unwrap_or_default()).await?;
    Ok((pool, client.id))
}

/// Prints commands to paste into a shell.
///
/// The secret itself is printed at the first start only, so that logs do not collect it. With the private database,
/// later starts print a command that reads the secret from its file. A secret from the settings is printed only if the
/// server is local ([`Config::is_local`]); otherwise its environment variable is printed instead, with either database.
fn greet(app: &App, first: &FirstStart, private: Option<&Path>) {
    let configured = app.config.operator_secret_access_key.is_some();
    let secret = match private {
        _ if configured && !app.config.is_local() => "\"$KEYSTEAD_OPERATOR_SECRET_ACCESS_KEY\"".to_owned(),
        Some(data_dir) if !first.new => {
            let file = data_dir.join(FIRST_START);
            format!(r#"$(sed -n 's/.*"secret_access_key": "\(.*\)".*/\1/p' '{}')"#, file.display())
        }
        _ => first.secret_access_key.clone(),
    };
    let mut lines = vec![
        String::new(),
        format!("Keystead answers at {}. To use the AWS CLI or an SDK against it, paste into a shell:", app.public_url),
        String::new(),
        format!("  export AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER={}", app.public_url),
        format!("  export AWS_REGION={0} AWS_DEFAULT_REGION={0}", app.config.region),
        format!("  export AWS_ACCESS_KEY_ID={}", first.access_key_id),
        format!("  export AWS_SECRET_ACCESS_KEY={secret}"),
    ];
    if let (Some(pool), Some(client)) = (&first.user_pool_id, &first.client_id) {
        lines.push(format!("  export POOL={pool} CLIENT={client} ISSUER={}", app.issuer(pool)));
        lines.push(String::new());
        lines.push("Or open this page, make an account, add a passkey and delete it:".into());
        lines.push(String::new());
        lines.push(format!("  {}/account?client_id={client}", app.public_url));
        lines.push(String::new());
        lines.push("OpenID Connect libraries take the ISSUER. Amplify, in a browser:".into());
        lines.push(String::new());
        lines.push(format!(
            "  Amplify.configure({{Auth: {{Cognito: {{userPoolId: '{pool}', userPoolClientId: '{client}', userPoolEndpoint: '{}'}}}}}})",
            app.public_url
        ));
    }
    lines.push(String::new());
    if app.delivery.inbox.is_some() {
        lines.push(format!("Mail and text messages are at {}/dev/inbox, for this machine only.", app.public_url));
    }
    if private.is_some() {
        lines.push("This database and its keys are private to this machine. For production set DATABASE_URL.".into());
        lines.push(String::new());
    }
    // Errors are ignored: if the program that reads the greeting closes the pipe, the server must still run.
    let _ = writeln!(std::io::stdout().lock(), "{}", lines.join("\n"));
}
