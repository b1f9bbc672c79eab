//! What signs a pool's tokens: the change to another algorithm, who verifies what meanwhile, and how long old keys stay.

use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as B64};
use keystead::jobs::signing_keys;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{
    Answer, Browser, CALLBACK, Person, TestServer, all, client, initiate, pages_client, pool, pool_with,
};

const DELAY: Duration = Duration::minutes(15);

fn header(token: &str) -> Value {
    serde_json::from_slice(&B64.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
}

fn algorithm(token: &str) -> String {
    header(token)["alg"].as_str().unwrap().to_owned()
}

async fn choose(server: &TestServer, signing: Value) -> Answer {
    server.operator("SetUserPoolTokenSigning", json!({"UserPoolId": pool(), "TokenSigning": signing})).await
}

async fn signing(server: &TestServer) -> Value {
    server.operator("GetUserPoolTokenSigning", json!({"UserPoolId": pool()})).await.ok()["TokenSigning"].clone()
}

/// The states of the keys: `access RS256 CURRENT`, for example.
fn keys_of(signing: &Value) -> Vec<String> {
    let text = |key: &Value, member: &str| key[member].as_str().unwrap().to_owned();
    let keys = signing["Keys"].as_array().unwrap().iter();
    keys.map(|key| ["TokenUse", "Algorithm", "State"].map(|member| text(key, member)).join(" ")).collect()
}

async fn document(server: &TestServer, name: &str) -> Value {
    let url = format!("{}/{}/.well-known/{name}", server.url, pool());
    server.http.get(url).send().await.unwrap().json().await.unwrap()
}

async fn published(server: &TestServer) -> Vec<Value> {
    document(server, "jwks.json").await["keys"].as_array().unwrap().clone()
}

async fn discovered(server: &TestServer) -> Value {
    document(server, "openid-configuration").await["id_token_signing_alg_values_supported"].clone()
}

/// Whether a key of the published key set verifies a token, without any of the server's code.
fn verifies(keys: &[Value], token: &str) -> bool {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let key = keys.iter().find(|key| key["kid"] == header(token)["kid"]).expect("a published key");
    let number = |name: &str| B64.decode(key[name].as_str().unwrap()).unwrap();
    let (signed, signature) = (signed.as_bytes(), B64.decode(signature).unwrap());
    assert_eq!(key["alg"], header(token)["alg"]);
    match key["kty"].as_str().unwrap() {
        "EC" => {
            let point = [&[4][..], &number("x"), &number("y")].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, &signature).is_ok()
        }
        "OKP" => UnparsedPublicKey::new(&ED25519, number("x")).verify(signed, &signature).is_ok(),
        other => panic!("{other}"),
    }
}

async fn works(person: &Person) -> bool {
    person.call("GetUser", json!({})).await.outcome() == "OK"
}

#[tokio::test]
async fn new_keys_are_published_before_they_sign() {
    for name in ["ES256", "EdDSA"] {
        let server = TestServer::start().await;
        let mut ada = server.signed_in("ada").await;
        let answer = choose(&server, json!({"Algorithm": name})).await.ok()["TokenSigning"].clone();
        assert_eq!((&answer["Algorithm"], &answer["NextAlgorithm"]), (&json!("RS256"), &json!(name)));
        assert_eq!(answer, signing(&server).await);
        let algorithms: Vec<_> =
            published(&server).await.iter().map(|key| key["alg"].as_str().unwrap().to_owned()).collect();
        assert_eq!(algorithms, ["RS256", name, "RS256", name]);
        assert_eq!(discovered(&server).await, json!(["RS256", name]));
        ada.sign_in().await;
        assert_eq!(algorithm(&ada.access_token), "RS256");

        server.clock.advance(DELAY - Duration::SECOND);
        signing_keys::once(&server.app).await.unwrap();
        ada.sign_in().await;
        assert_eq!(algorithm(&ada.access_token), "RS256");

        server.clock.advance(Duration::SECOND);
        signing_keys::once(&server.app).await.unwrap();
        ada.sign_in().await;
        let keys = published(&server).await;
        for token in [&ada.access_token, &ada.id_token] {
            assert_eq!(algorithm(token), name);
            assert!(verifies(&keys, token));
        }
        assert_ne!(header(&ada.access_token)["kid"], header(&ada.id_token)["kid"]);
        assert!(works(&ada).await);
        assert_eq!(discovered(&server).await, json!([name, "RS256"]));
        let now = signing(&server).await;
        let expected = [
            "access RS256 RETIRED".to_owned(),
            format!("access {name} CURRENT"),
            "id RS256 RETIRED".into(),
            format!("id {name} CURRENT"),
        ];
        assert_eq!(keys_of(&now), expected);
    }
}

#[tokio::test]
async fn old_tokens_work_until_they_expire_and_then_their_keys_go() {
    let server = TestServer::start().await;
    let lasting = json!({"UserPoolId": pool(), "ClientId": client(), "AccessTokenValidity": 1, "IdTokenValidity": 1,
        "TokenValidityUnits": {"AccessToken": "days", "IdToken": "days"},
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]});
    server.operator("UpdateUserPoolClient", lasting).await.ok();
    let ada = server.signed_in("ada").await;
    choose(&server, json!({"Algorithm": "ES256", "DelaySeconds": 0})).await.ok();
    let refresh = initiate(client(), "REFRESH_TOKEN_AUTH", json!({"REFRESH_TOKEN": ada.refresh_token}));
    let refreshed = server.call("InitiateAuth", refresh).await.ok()["AuthenticationResult"].clone();
    assert_eq!(algorithm(refreshed["AccessToken"].as_str().unwrap()), "ES256");

    server.clock.advance(Duration::DAY - Duration::SECOND);
    signing_keys::once(&server.app).await.unwrap();
    assert!(works(&ada).await);
    server.clock.advance(Duration::SECOND);
    signing_keys::once(&server.app).await.unwrap();
    let refusal = ada.call("GetUser", json!({})).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Access Token has expired");
    assert_eq!(published(&server).await.len(), 4);

    // A replica may have signed with the old key a little longer.
    server.clock.advance(Duration::hours(1) + Duration::SECOND);
    assert_eq!(signing_keys::once(&server.app).await.unwrap(), 2);
    assert_eq!(published(&server).await.len(), 2);
    assert_eq!(discovered(&server).await, json!(["ES256"]));
    assert_eq!(keys_of(&signing(&server).await), ["access ES256 CURRENT", "id ES256 CURRENT"]);
    assert_eq!(signing_keys::once(&server.app).await.unwrap(), 0);
    let refusal = ada.call("GetUser", json!({})).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Invalid Access Token");
}

#[tokio::test]
async fn every_replica_verifies_tokens_of_new_keys_at_once() {
    let server = TestServer::start().await;
    let other = server.replica().await;
    let mut ada = server.signed_in("ada").await;
    // A burst of calls is one read. So ten changes are within what a replica reads in a minute.
    for name in ["ES256", "EdDSA", "RS256", "ES256", "RS256", "EdDSA", "ES256", "RS256", "EdDSA", "RS256"] {
        // The other replica has the keys from before.
        assert!(works(&ada.at(&other)).await);
        choose(&server, json!({"Algorithm": name, "DelaySeconds": 0})).await.ok();
        ada.sign_in().await;
        assert_eq!(algorithm(&ada.access_token), name);
        let calls = (0..20).map(|_| {
            let ada = ada.at(&other);
            async move { works(&ada).await }
        });
        assert_eq!(all(calls).await, [true; 20], "{name}");
        server.sql("DELETE FROM signing_keys WHERE state = 'retired'").await;
    }
}

#[tokio::test]
async fn a_replica_signs_with_new_keys_within_a_minute_and_its_old_tokens_work() {
    let server = TestServer::start().await;
    let other = server.replica().await;
    let mut ada = server.signed_in("ada").await.at(&other);
    ada.sign_in().await;
    choose(&server, json!({"Algorithm": "ES256", "DelaySeconds": 0})).await.ok();
    server.clock.advance(Duration::seconds(59));
    ada.sign_in().await;
    assert_eq!(algorithm(&ada.access_token), "RS256");
    assert!(works(&ada).await && works(&ada.at(&server)).await);
    server.clock.advance(Duration::SECOND);
    ada.sign_in().await;
    assert_eq!(algorithm(&ada.access_token), "ES256");
    assert!(works(&ada).await && works(&ada.at(&server)).await);
}

#[tokio::test]
async fn tokens_that_name_unknown_keys_make_a_replica_read_the_keys_only_so_often() {
    let server = TestServer::start().await;
    let other = server.replica().await;
    let mut ada = server.signed_in("ada").await;
    assert!(works(&ada.at(&other)).await);
    let good = ada.access_token.clone();
    let (_, rest) = good.split_once('.').unwrap();
    for number in 0..30 {
        let mut forged = ada.at(&other);
        let head = json!({"alg": "ES256", "kid": format!("unknown {number}")}).to_string();
        forged.access_token = format!("{}.{rest}", B64.encode(head));
        let refusal = forged.call("GetUser", json!({})).await.refused();
        assert_eq!(refusal, "400 NotAuthorizedException: Invalid Access Token");
    }
    assert!(works(&ada.at(&other)).await, "of the keys that it has, it verifies tokens");
    choose(&server, json!({"Algorithm": "ES256", "DelaySeconds": 0})).await.ok();
    ada.sign_in().await;
    // It looks no more, until the minute is over. (With the usual delay, it has read the new keys before they sign.)
    assert!(!works(&ada.at(&other)).await);
    server.clock.advance(Duration::minutes(1));
    assert!(works(&ada.at(&other)).await);
}

#[tokio::test]
async fn a_token_may_not_choose_its_algorithm_among_those_of_the_pool() {
    let server = TestServer::start().await;
    let rsa = server.signed_in("ada").await;
    choose(&server, json!({"Algorithm": "ES256", "DelaySeconds": 0})).await.ok();
    let mut ec = rsa.clone();
    ec.sign_in().await;
    assert!(works(&rsa).await && works(&ec).await);
    let kid = |person: &Person| header(&person.access_token)["kid"].clone();
    for (person, head) in [
        (&rsa, json!({"alg": "ES256", "kid": kid(&rsa)})),
        (&rsa, json!({"alg": "RS256", "kid": kid(&ec)})),
        (&ec, json!({"alg": "RS256", "kid": kid(&ec)})),
        (&ec, json!({"alg": "ES256", "kid": kid(&rsa)})),
        (&ec, json!({"alg": "none", "kid": kid(&ec)})),
        (&ec, json!({"alg": "HS256", "kid": kid(&ec)})),
    ] {
        let (_, rest) = person.access_token.split_once('.').unwrap();
        let mut forged = person.clone();
        forged.access_token = format!("{}.{rest}", B64.encode(head.to_string()));
        let refusal = forged.call("GetUser", json!({})).await.refused();
        assert_eq!(refusal, "400 NotAuthorizedException: Invalid Access Token", "{head}");
    }
}

#[tokio::test]
async fn a_change_is_taken_back_moved_and_repeated() {
    let server = TestServer::start().await;
    let current = ["access RS256 CURRENT", "id RS256 CURRENT"];
    let coming = ["access RS256 CURRENT", "access ES256 NEXT", "id RS256 CURRENT", "id ES256 NEXT"];
    choose(&server, json!({"Algorithm": "ES256"})).await.ok();
    let first = signing(&server).await;
    assert_eq!(keys_of(&first), coming);
    // Again: nothing changes, unless another time is given.
    server.clock.advance(Duration::minutes(1));
    choose(&server, json!({"Algorithm": "ES256"})).await.ok();
    assert_eq!(signing(&server).await, first);
    choose(&server, json!({"Algorithm": "ES256", "DelaySeconds": 3600})).await.ok();
    let moved = signing(&server).await;
    assert_eq!(moved["Keys"][1]["KeyId"], first["Keys"][1]["KeyId"]);
    let later = moved["NextAt"].as_f64().unwrap() - first["NextAt"].as_f64().unwrap();
    assert!((later - 2760.0).abs() < 1.0, "{later}");
    // Back, at once.
    choose(&server, json!({"Algorithm": "RS256"})).await.ok();
    let back = signing(&server).await;
    assert_eq!((keys_of(&back), back.get("NextAlgorithm")), (current.map(str::to_owned).to_vec(), None));
    server.clock.advance(Duration::DAY);
    signing_keys::once(&server.app).await.unwrap();
    assert_eq!(signing(&server).await, back);
    // New keys of the same algorithm.
    choose(&server, json!({"Algorithm": "RS256", "NewKeys": true, "DelaySeconds": 0})).await.ok();
    let rotated = signing(&server).await;
    assert_eq!(
        keys_of(&rotated),
        ["access RS256 RETIRED", "access RS256 CURRENT", "id RS256 RETIRED", "id RS256 CURRENT"]
    );
    assert_eq!(rotated["Keys"][0]["KeyId"], back["Keys"][0]["KeyId"]);
    assert!(works(&server.signed_in("ada").await).await);
}

#[tokio::test]
async fn what_cannot_be_chosen_is_refused() {
    let server = TestServer::start().await;
    for (given, named) in [
        (json!({"Algorithm": "HS256"}), "tokenSigning.algorithm"),
        (json!({"Algorithm": "none"}), "tokenSigning.algorithm"),
        (json!({"Algorithm": "es256"}), "tokenSigning.algorithm"),
        (json!({"Algorithm": "ES384"}), "tokenSigning.algorithm"),
        (json!({"DelaySeconds": 0}), "algorithm"),
        (json!({"Algorithm": "ES256", "DelaySeconds": -1}), "delaySeconds"),
        (json!({"Algorithm": "ES256", "DelaySeconds": 86_401}), "delaySeconds"),
        (json!({"Algorithm": "ES256", "Curve": "P-256"}), "tokenSigning.curve"),
    ] {
        let refusal = choose(&server, given.clone()).await.refused();
        assert!(refusal.starts_with("400 InvalidParameterException") && refusal.contains(named), "{given}: {refusal}");
    }
    let nowhere = json!({"UserPoolId": "us-east-1_Nowhere00", "TokenSigning": {"Algorithm": "ES256"}});
    for operation in ["SetUserPoolTokenSigning", "GetUserPoolTokenSigning"] {
        let mut input = nowhere.clone();
        if operation.starts_with("Get") {
            input.as_object_mut().unwrap().remove("TokenSigning");
        }
        assert_eq!(server.operator(operation, input).await.outcome(), "ResourceNotFoundException", "{operation}");
    }
    // Who may not change pools, or another pool only.
    let (other, _) = pool_with(&server, json!({}), json!({})).await;
    server.key("AKSUPPORT", "support", None).await;
    server.key("AKOTHER", "administrator", Some(&other)).await;
    let input = json!({"UserPoolId": pool(), "TokenSigning": {"Algorithm": "ES256"}});
    for key in ["AKSUPPORT", "AKOTHER"] {
        let answer = server.operator_as(key, "SetUserPoolTokenSigning", input.clone()).await;
        assert_eq!(answer.outcome(), "AccessDeniedException", "{key}");
    }
    assert_eq!(server.call("SetUserPoolTokenSigning", input).await.status, 400);
    assert_eq!(keys_of(&signing(&server).await), ["access RS256 CURRENT", "id RS256 CURRENT"]);
    assert_eq!(server.count("audit_events WHERE event = 'pool.token_signing_set'").await, 0);
}

#[tokio::test]
async fn a_pool_never_publishes_more_than_ten_keys() {
    let server = TestServer::start().await;
    for name in ["ES256", "EdDSA", "ES256", "EdDSA"] {
        choose(&server, json!({"Algorithm": name, "DelaySeconds": 0})).await.ok();
    }
    assert_eq!(published(&server).await.len(), 10);
    let refusal = choose(&server, json!({"Algorithm": "RS256"})).await.refused();
    assert!(refusal.starts_with("400 LimitExceededException: The user pool would have more than 10 keys"), "{refusal}");
    server.clock.advance(Duration::hours(26));
    signing_keys::once(&server.app).await.unwrap();
    choose(&server, json!({"Algorithm": "RS256"})).await.ok();
}

#[tokio::test]
async fn operators_and_jobs_racing_leave_one_key_for_each_use() {
    let server = Arc::new(TestServer::start().await);
    let other = Arc::new(server.replica().await);
    server.user("ada").await;
    for round in 0..15 {
        let demands = [("ES256", 0), ("EdDSA", 0), ("RS256", 60), ("ES256", 1), ("EdDSA", 0)];
        let calls = demands.into_iter().enumerate().map(|(number, (name, delay))| {
            let server = if number % 2 == 0 { server.clone() } else { other.clone() };
            async move {
                let answer = choose(&server, json!({"Algorithm": name, "DelaySeconds": delay})).await;
                signing_keys::once(&server.app).await.unwrap();
                answer.outcome()
            }
        });
        for outcome in all(calls).await {
            assert!(["OK", "LimitExceededException"].contains(&outcome.as_str()), "{outcome}");
        }
        if round % 3 == 0 {
            server.clock.advance(Duration::minutes(2));
            signing_keys::once(&server.app).await.unwrap();
        }
        let now = signing(&server).await;
        let of = |state: &str| {
            let mut keys = keys_of(&now);
            keys.retain(|key| key.ends_with(state));
            keys
        };
        let current = now["Algorithm"].as_str().unwrap();
        assert_eq!(of("CURRENT"), [format!("access {current} CURRENT"), format!("id {current} CURRENT")], "{round}");
        let next = of("NEXT");
        match now["NextAlgorithm"].as_str() {
            Some(name) => assert_eq!(next, [format!("access {name} NEXT"), format!("id {name} NEXT")], "{round}"),
            None => assert!(next.is_empty(), "{round}: {next:?}"),
        }
        // Both replicas go on, with the keys that the database has.
        for replica in [&server, &other] {
            let mut ada = Person::new(replica, "ada", "");
            ada.sign_in().await;
            assert!(works(&ada.at(&server)).await && works(&ada.at(&other)).await, "{round}");
        }
        server.sql("DELETE FROM signing_keys WHERE state = 'retired'").await;
        // For the replicas, a minute has passed.
        server.clock.advance(Duration::minutes(1));
    }
}

#[tokio::test]
async fn only_rsa_keys_have_a_certificate() {
    let server = TestServer::start().await;
    let input = json!({"UserPoolId": pool()});
    choose(&server, json!({"Algorithm": "ES256", "DelaySeconds": 0})).await.ok();
    let refusal = server.operator("GetSigningCertificate", input.clone()).await.refused();
    assert_eq!(
        refusal,
        "400 InvalidParameterException: The user pool signs tokens with ES256, and only the keys of RS256 have a certificate."
    );
    choose(&server, json!({"Algorithm": "RS256", "DelaySeconds": 0})).await.ok();
    server.operator("GetSigningCertificate", input).await.ok();
}

/// The ID token that the application of the pages got for a browser's sign-in.
async fn id_token(server: &TestServer, browser: &mut Browser, username: &str) -> String {
    let query =
        [("response_type", "code"), ("client_id", pages_client()), ("scope", "openid"), ("redirect_uri", CALLBACK)];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let code = browser.sign_in(&format!("/oauth2/authorize?{query}"), username).await.sent("code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", pages_client()),
        ("redirect_uri", CALLBACK),
        ("code", &code),
    ];
    let tokens = browser.post("/oauth2/token", &fields).await.json();
    let access = tokens["access_token"].as_str().unwrap();
    let info = server.http.get(format!("{}/oauth2/userInfo", server.url)).bearer_auth(access).send().await.unwrap();
    assert_eq!(info.status(), 200);
    tokens["id_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_sign_out_names_its_person_by_a_retired_key_and_asks_when_the_key_is_gone() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    let by_rsa = id_token(&server, &mut browser, "ada").await;
    choose(&server, json!({"Algorithm": "ES256", "DelaySeconds": 0})).await.ok();
    let mut another = Browser::new(&server);
    let by_ec = id_token(&server, &mut another, "ada").await;
    assert_eq!((algorithm(&by_rsa), algorithm(&by_ec)), ("RS256".into(), "ES256".into()));
    let uri = "http://localhost:3000/signed-out";
    let logout = |hint: &str| {
        format!("/logout?id_token_hint={hint}&client_id={}&post_logout_redirect_uri={uri}", pages_client())
    };
    for hint in [&by_rsa, &by_ec] {
        let out = browser.clone().get(&logout(hint)).await;
        assert_eq!((out.status, out.location()), (302, uri));
        let forged = format!("{hint}x");
        assert_eq!(browser.clone().get(&logout(&forged)).await.status, 400);
    }
    server.clock.advance(Duration::hours(26));
    signing_keys::once(&server.app).await.unwrap();
    let mut later = Browser::new(&server);
    id_token(&server, &mut later, "ada").await;
    let asked = later.get(&logout(&by_rsa)).await;
    assert_eq!((asked.status, asked.heading().as_str()), (200, "Sign out?"));
    assert_eq!(later.get(&logout(&by_ec)).await.location(), uri);
}
