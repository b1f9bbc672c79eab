//! Whole passkey sign-ins: InitiateAuth, the assertion, RespondToAuthChallenge.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
        UnparsedPublicKey,
    },
};
use keystead::{
    app::App,
    dev::authenticator::{Authenticator, Spoil},
    store,
    webauthn::{ALGORITHMS, RelyingParty, creation_options, verify_registration},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    client::{call, connect},
    measure::Measured,
};

const ORIGIN: &str = "http://localhost";

/// How many sign-ins per second the cores could do if a sign-in were nothing but its cryptography: two RSA signatures
/// and one ECDSA verification.
pub fn cryptography_alone(time: Duration) -> f64 {
    let cores = std::thread::available_parallelism().unwrap().get();
    let (random, message) = (SystemRandom::new(), [7_u8; 600]);
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let ecdsa = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let assertion = ecdsa.sign(&random, &message).unwrap();
    let started = Instant::now();
    let done: usize = std::thread::scope(|scope| {
        let work = || {
            let mut done = 0;
            let mut signature = vec![0; rsa.public_modulus_len()];
            while started.elapsed() < time {
                for _ in 0..2 {
                    rsa.sign(&RSA_PKCS1_SHA256, &random, &message, &mut signature).unwrap();
                }
                let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, ecdsa.public_key());
                key.verify(&message, assertion.as_ref()).unwrap();
                done += 1;
            }
            done
        };
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    done as f64 / started.elapsed().as_secs_f64()
}

/// A person who signs in again and again.
pub struct Person {
    name: String,
    authenticator: Authenticator,
}

impl Person {
    /// The `n`th person, with a passkey.
    pub async fn new(app: &App, pool: &str, n: usize) -> Self {
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
        Self { name: sub.to_string(), authenticator }
    }
}

/// Everybody signs in for some time, each on a connection. The authenticator's work is outside of the times, not outside
/// of the machine.
pub async fn measure(people: &mut Vec<Person>, address: SocketAddr, client: &str, time: Duration) -> Measured {
    let (started, client) = (Instant::now(), Arc::<str>::from(client));
    let tasks: Vec<_> = people
        .drain(..)
        .map(|mut person| {
            let client = client.clone();
            tokio::spawn(async move {
                let took = sign_in_loop(&mut person, address, &client, started, time).await;
                (person, took)
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        let (person, took) = task.await.unwrap();
        people.push(person);
        all.extend(took);
    }
    Measured::of(all, started.elapsed().as_secs_f64())
}

async fn sign_in_loop(
    person: &mut Person,
    address: SocketAddr,
    client: &str,
    started: Instant,
    time: Duration,
) -> Vec<f64> {
    let mut connection = connect(address).await;
    let mut took = Vec::new();
    while started.elapsed() < time {
        let at = Instant::now();
        let input = json!({"ClientId": client, "AuthFlow": "USER_AUTH",
            "AuthParameters": {"USERNAME": person.name, "PREFERRED_CHALLENGE": "WEB_AUTHN"}});
        let (_, body) = call(&mut connection, "InitiateAuth", &input).await;
        let first = at.elapsed();
        let body: Value = body.parse().unwrap();
        let options: Value =
            body["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().unwrap().parse().unwrap();
        let assertion = person.authenticator.get(&options, ORIGIN, &Spoil::default()).unwrap();
        let input = json!({"ClientId": client, "ChallengeName": "WEB_AUTHN", "Session": body["Session"],
            "ChallengeResponses": {"USERNAME": person.name, "CREDENTIAL": assertion.to_string()}});
        let at = Instant::now();
        let (status, body) = call(&mut connection, "RespondToAuthChallenge", &input).await;
        assert_eq!(status, 200, "{body}");
        took.push((first + at.elapsed()).as_secs_f64() * 1e3);
    }
    took
}
