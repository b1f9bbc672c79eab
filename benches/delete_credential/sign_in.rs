//! Whole passkey sign-ins: InitiateAuth, the assertion, RespondToAuthChallenge.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

use keystead::{
    app::App,
    dev::authenticator::{Authenticator, Spoil},
    store,
    webauthn::{ALGORITHMS, RelyingParty, creation_options, verify_registration},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::client::{Connection, call, connect};

/// All people are at one address, and each signs in as often as possible.
pub const UNLIMITED: &[&str] = &["--address-sign-ins-per-minute=0", "--address-forms-per-minute=0"];

const ORIGIN: &str = "http://localhost";

/// How many people sign in by turns on one connection. A single person with thousands of sessions would keep the job busy
/// that removes the oldest.
const TURNS: usize = 60;

/// Somebody with a passkey.
struct Identity {
    sub: Uuid,
    name: String,
    authenticator: Authenticator,
}

impl Identity {
    /// The `n`th identity of a pool.
    async fn new(app: &App, pool: &str, n: usize) -> Self {
        let rp = RelyingParty {
            id: "localhost".into(),
            user_verification_required: false,
            app_origins: Vec::new(),
            related_origins: Vec::new(),
        };
        let sub = Uuid::from_u128(0xffff_0000_0000 + n as u128);
        sqlx::query("INSERT INTO users (user_pool_id, sub, username, username_key, status, created_at, updated_at) VALUES ($1, $2, $2::text, $2::text, 'CONFIRMED', now(), now())")
            .bind(pool).bind(sub).execute(&app.db).await.unwrap();
        let mut authenticator = Authenticator::new();
        let options = creation_options(&rp, &[1; 32], (sub, "u"), &ALGORITHMS, &[]);
        let credential = authenticator.create(&options, ORIGIN, &Spoil::default()).unwrap();
        let verified = verify_registration(&rp, &[1; 32], &ALGORITHMS, &credential).unwrap();
        let mut db = app.db.acquire().await.unwrap();
        store::passkeys::insert(&mut db, pool, sub, "localhost", "bench", &verified, 0, app.clock.now()).await.unwrap();
        Self { sub, name: sub.to_string(), authenticator }
    }
}

/// A person who signs in again and again, on a connection.
pub struct Person {
    pub sub: Uuid,
    pub name: String,
    pub client: String,
    pub authenticator: Authenticator,
    pub connection: Connection,
    /// Of the last session that was begun to get one.
    pub refresh_token: String,
    /// Those who sign in next on this connection.
    next: VecDeque<Identity>,
}

impl Person {
    /// The `n`th person of a pool, with a passkey, and those who take turns with them.
    pub async fn new(app: &App, pool: &str, n: usize, client: &str, address: SocketAddr) -> Self {
        let mut next = VecDeque::new();
        for turn in 0..TURNS {
            next.push_back(Identity::new(app, pool, n * TURNS + turn).await);
        }
        let Identity { sub, name, authenticator } = next.pop_front().unwrap();
        let connection = connect(address).await;
        let (client, refresh_token) = (client.to_owned(), String::new());
        Self { sub, name, client, authenticator, connection, refresh_token, next }
    }

    /// Lets the next one sign in on this connection.
    fn take_turns(&mut self) {
        let Some(Identity { sub, name, authenticator }) = self.next.pop_front() else { return };
        self.next.push_back(Identity {
            sub: std::mem::replace(&mut self.sub, sub),
            name: std::mem::replace(&mut self.name, name),
            authenticator: std::mem::replace(&mut self.authenticator, authenticator),
        });
    }

    /// The passkey's answer to these options.
    pub fn assertion(&mut self, options: &Value) -> String {
        self.authenticator.get(options, ORIGIN, &Spoil::default()).unwrap().to_string()
    }

    /// Signs in; how long both calls took together.
    pub async fn sign_in(&mut self) -> Option<Duration> {
        let (first, second, _) = self.two_calls().await;
        self.take_turns();
        Some(first + second)
    }

    /// Signs in; how long each call took, and what the second gave. The authenticator's work is outside of the times, not
    /// outside of the machine.
    pub async fn two_calls(&mut self) -> (Duration, Duration, String) {
        let at = Instant::now();
        let input = json!({"ClientId": self.client, "AuthFlow": "USER_AUTH",
            "AuthParameters": {"USERNAME": self.name, "PREFERRED_CHALLENGE": "WEB_AUTHN"}});
        let (status, body) = call(&mut self.connection, "InitiateAuth", &input).await;
        let first = at.elapsed();
        assert_eq!(status, 200, "{body}");
        let body: Value = body.parse().unwrap();
        let options: Value =
            body["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().unwrap().parse().unwrap();
        let assertion = self.assertion(&options);
        let input = json!({"ClientId": self.client, "ChallengeName": "WEB_AUTHN", "Session": body["Session"],
            "ChallengeResponses": {"USERNAME": self.name, "CREDENTIAL": assertion}});
        let at = Instant::now();
        let (status, body) = call(&mut self.connection, "RespondToAuthChallenge", &input).await;
        let second = at.elapsed();
        assert_eq!(status, 200, "{body}");
        (first, second, body)
    }
}
