//! The pool, its users, sessions, passkeys and tokens.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use keystead::{
    app::App,
    operations,
    store::{self, keys::NewKey},
    tokens::{self, ACCESS_SCOPE, AccessClaims, sign},
};
use serde_json::json;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::client::{call, connect};

/// Passkeys of each user.
pub const PER_USER: usize = 20;

/// A credential to delete: its user, the session that may, its ID.
#[derive(Clone)]
pub struct Target {
    pub sub: Uuid,
    pub origin_jti: Uuid,
    pub id: Vec<u8>,
    pub token: Arc<str>,
}

/// What a pool signs its tokens with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Signing {
    Rs256,
    Es256,
}

impl std::fmt::Display for Signing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        })
    }
}

/// A pool and its client.
pub async fn make_pool(app: &App, signing: Signing) -> (String, String) {
    let request = json!({"PoolName": "bench", "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}});
    let pool = operations::create_pool(app, serde_json::from_value(request).unwrap()).await.unwrap().id;
    match signing {
        Signing::Rs256 => {}
        Signing::Es256 => {
            let mut db = app.db.acquire().await.unwrap();
            let remove = "DELETE FROM signing_keys WHERE user_pool_id = $1";
            sqlx::query(remove).bind(&pool).execute(&mut db).await.unwrap();
            for token_use in ["access", "id"] {
                let (public, private) = tokens::new_key(tokens::SigningAlgorithm::Es256).unwrap();
                let key = NewKey { token_use, public: &public, private: &private, signs_from: None };
                store::keys::insert(&mut db, &app.sealing, &pool, key, app.clock.now()).await.unwrap();
            }
        }
    }
    let flows = ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"];
    let request = json!({"UserPoolId": pool, "ClientName": "bench", "ExplicitAuthFlows": flows});
    let client = operations::create_client(app, request.as_object().unwrap().clone()).await.unwrap().id;
    let web_authn = json!({"WebAuthnConfiguration": {"RelyingPartyId": "localhost", "UserVerification": "preferred", "FactorConfiguration": "SINGLE_FACTOR"}});
    sqlx::query("UPDATE user_pools SET configuration = configuration || $1")
        .bind(web_authn)
        .execute(&app.db)
        .await
        .unwrap();
    (pool, client)
}

/// Fills the tables with so many credentials and signs tokens for at most so many users.
pub async fn load(app: &App, pool: &str, client: &str, credentials: usize, signed_in: usize) -> Vec<Target> {
    let users = credentials / PER_USER;
    let batch = 5_000;
    for from in (0..users).step_by(batch) {
        let subs: Vec<Uuid> = (from..users.min(from + batch)).map(|n| Uuid::from_u128(n as u128 + 1)).collect();
        sqlx::raw_sql("SET synchronous_commit = off").execute(&app.db).await.unwrap();
        sqlx::query("INSERT INTO users (user_pool_id, sub, username, username_key, status, created_at, updated_at) SELECT $1, s, s::text, s::text, 'CONFIRMED', now(), now() FROM unnest($2::uuid[]) s")
            .bind(pool).bind(&subs).execute(&app.db).await.unwrap();
        sqlx::query("INSERT INTO sessions (user_pool_id, origin_jti, sub, client_id, opened_with, refresh_hash, auth_time, expires_at) SELECT $1, s, s, $3, 'password', '\\x00', now(), now() + interval '1 day' FROM unnest($2::uuid[]) s")
            .bind(pool).bind(&subs).bind(client).execute(&app.db).await.unwrap();
        sqlx::query("INSERT INTO webauthn_credentials SELECT $1, s, sha256((s::text || n)::bytea), decode(repeat('ab', 77), 'hex'), -7, 0, s, '{hybrid,internal}', 'platform', 'none', true, true, 'localhost', 'Platform passkey', now() FROM unnest($2::uuid[]) s, generate_series(1, $3) n")
            .bind(pool).bind(&subs).bind(PER_USER as i32).execute(&app.db).await.unwrap();
    }
    sqlx::raw_sql("SET synchronous_commit = on; ANALYZE; CHECKPOINT").execute(&app.db).await.unwrap();
    let keys = app.keys_of_pool(pool).await.unwrap().unwrap();
    let now = app.clock.now().unix_timestamp();
    let wanted = (credentials / PER_USER).min(signed_in);
    let mut out = Vec::new();
    for n in 0..wanted {
        let sub = Uuid::from_u128(n as u128 + 1);
        let claims = AccessClaims {
            sub,
            groups: Vec::new(),
            iss: app.issuer(pool),
            client_id: client.into(),
            origin_jti: sub,
            event_id: sub,
            token_use: "access".into(),
            scope: ACCESS_SCOPE.into(),
            auth_time: now,
            exp: now + 86_400,
            iat: now,
            jti: sub,
            username: sub.to_string(),
        };
        let token: Arc<str> = sign(&claims, &keys.access).unwrap().into();
        for k in 1..=PER_USER {
            let id = keystead::sealing::sha256(format!("{sub}{k}").as_bytes()).to_vec();
            out.push(Target { sub, origin_jti: sub, id, token: token.clone() });
        }
    }
    // Distinct users side by side: one credential of each, then the next of each.
    let mut mixed = Vec::with_capacity(out.len());
    for k in 0..PER_USER {
        mixed.extend(out.iter().skip(k).step_by(PER_USER).cloned());
    }
    mixed
}

/// Calls of GetUser on eight connections for a while, without a pause: how many milliseconds each took. `may_refuse`: whether a
/// server that is full may say so, which it does at once, and which is an answer too.
pub fn get_user_calls(
    address: SocketAddr,
    targets: &[Target],
    time: Duration,
    may_refuse: bool,
) -> Vec<JoinHandle<Vec<f64>>> {
    let started = Instant::now();
    let calls = |target: &Target| {
        let token = target.token.clone();
        tokio::spawn(async move {
            let mut connection = connect(address).await;
            let mut took = Vec::new();
            while started.elapsed() < time {
                let at = Instant::now();
                let (status, body) = call(&mut connection, "GetUser", &json!({"AccessToken": &*token})).await;
                assert!(status == 200 || may_refuse && body.contains("TooManyRequestsException"), "{body}");
                took.push(at.elapsed().as_secs_f64() * 1e3);
            }
            took
        })
    };
    targets.iter().take(8).map(calls).collect()
}
