//! Access tokens: of everything that is made from a good one, only what says the same is accepted.
#![no_main]

use std::{collections::HashMap, sync::LazyLock};

use keystead::tokens::{self, ACCESS_SCOPE, AccessClaims, PoolKeys, SigningAlgorithm, SigningKey};
use libfuzzer_sys::fuzz_target;
use uuid::Uuid;

const URL: &str = "http://localhost:9229";
const ISSUER: &str = "http://localhost:9229/us-east-1_AbCdEfGhI";
const NOW: i64 = 1_800_000_000;

struct Pool {
    keys: PoolKeys,
    /// A token by a key of each algorithm.
    good: Vec<String>,
}

static POOL: LazyLock<Pool> = LazyLock::new(|| {
    let claims = AccessClaims {
        groups: Vec::new(),
        sub: Uuid::nil(),
        iss: ISSUER.into(),
        client_id: "client".into(),
        origin_jti: Uuid::nil(),
        event_id: Uuid::nil(),
        token_use: "access".into(),
        scope: ACCESS_SCOPE.into(),
        auth_time: NOW,
        exp: NOW + 3600,
        iat: NOW,
        jti: Uuid::nil(),
        username: "ada".into(),
    };
    let algorithms = [SigningAlgorithm::Rs256, SigningAlgorithm::Es256, SigningAlgorithm::EdDsa];
    let made = algorithms.map(|algorithm| tokens::new_key(algorithm).unwrap());
    let key = |one: usize| SigningKey::from_pkcs8(&made[one].0, &made[one].1).unwrap();
    let good = (0..made.len()).map(|one| tokens::sign(&claims, &key(one)).unwrap()).collect();
    let verifying = made.iter().map(|(public, _)| (public.kid.clone(), public.verifying().unwrap())).collect();
    Pool { keys: PoolKeys { access: key(0), id: key(0), verifying, verifying_ids: HashMap::new() }, good }
});

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = keystead_fuzz::kind(data) else { return };
    let good = POOL.good[usize::from(kind / 2) % POOL.good.len()].as_str();
    let bytes = if kind % 2 == 0 { keystead_fuzz::edited(good.as_bytes(), rest) } else { rest.to_vec() };
    let Ok(token) = String::from_utf8(bytes) else { return };
    let _ = tokens::unverified_pool(&token, URL);
    if tokens::verify_access(&token, &POOL.keys, ISSUER, NOW, ACCESS_SCOPE).is_ok() {
        let said = |token: &str| token.rsplit_once('.').map(|(said, _)| said.to_owned());
        assert!(POOL.good.iter().any(|good| said(&token) == said(good)));
    }
});
