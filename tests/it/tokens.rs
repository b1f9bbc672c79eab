//! Tokens: their claims, what is refused, refreshing with rotation, and revocation.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as B64};
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestServer, all, client, initiate, pool, second_client};

fn part(token: &str, index: usize) -> Value {
    serde_json::from_slice(&B64.decode(token.split('.').nth(index).unwrap()).unwrap()).unwrap()
}

fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn claims_are_those_of_the_documentation_in_its_order() {
    let server = TestServer::start().await;
    let input = json!({"UserPoolId": pool(), "Username": "ada", "MessageAction": "SUPPRESS",
        "UserAttributes": [{"Name": "email", "Value": "ada@example.com"}, {"Name": "email_verified", "Value": "true"}]});
    server.operator("AdminCreateUser", input).await.ok();
    server
        .operator(
            "AdminSetUserPassword",
            json!({"UserPoolId": pool(), "Username": "ada", "Password": PASSWORD, "Permanent": true}),
        )
        .await
        .ok();
    let mut ada = crate::support::Person::new(&server, "ada", "");
    ada.sign_in().await;
    assert_eq!(names(&part(&ada.access_token, 0)), ["alg", "kid"]);
    let access = part(&ada.access_token, 1);
    assert_eq!(
        names(&access),
        [
            "sub",
            "iss",
            "client_id",
            "origin_jti",
            "event_id",
            "token_use",
            "scope",
            "auth_time",
            "exp",
            "iat",
            "jti",
            "username",
            "acr",
            "amr"
        ]
    );
    assert_eq!(access["iss"], format!("http://localhost:9229/{}", pool()));
    assert_eq!((&access["token_use"], &access["scope"]), (&json!("access"), &json!("aws.cognito.signin.user.admin")));
    let id = part(&ada.id_token, 1);
    assert_eq!(
        names(&id),
        [
            "sub",
            "iss",
            "cognito:username",
            "origin_jti",
            "aud",
            "event_id",
            "token_use",
            "auth_time",
            "exp",
            "iat",
            "jti",
            "acr",
            "amr",
            "email",
            "email_verified"
        ]
    );
    assert_eq!((&id["email_verified"], &id["aud"]), (&json!(true), &json!(client())));
    assert_eq!(id["origin_jti"], access["origin_jti"]);
    assert_ne!(part(&ada.access_token, 0)["kid"], part(&ada.id_token, 0)["kid"], "two keys per pool");
}

#[tokio::test]
async fn forged_and_foreign_tokens_are_refused() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let other = server.operator("CreateUserPool", json!({"PoolName": "other"})).await.ok()["UserPool"]["Id"].clone();
    let good = ada.access_token.clone();
    let (header, claims) = (part(&good, 0), part(&good, 1));
    let encode = |value: &Value| B64.encode(value.to_string());
    let signature = good.split('.').nth(2).unwrap();
    let with_header = |change: Value| {
        let mut header = header.clone();
        header.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        format!("{}.{}.{signature}", encode(&header), encode(&claims))
    };
    let with_claims = |change: Value| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        format!("{}.{}.{signature}", encode(&header), encode(&claims))
    };
    // HS256 over the public key's modulus: the classic confusion.
    let keys: Value = server
        .http
        .get(format!("{}/{}/.well-known/jwks.json", server.url, pool()))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap()
        .parse()
        .unwrap();
    let hs256 = {
        let mut header = header.clone();
        header["alg"] = json!("HS256");
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let key =
            aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, keys["keys"][0]["n"].as_str().unwrap().as_bytes());
        format!("{signed}.{}", B64.encode(aws_lc_rs::hmac::sign(&key, signed.as_bytes())))
    };
    let broken = format!("{}A", &good[..good.len() - 4]);
    let swapped = {
        let mut bytes = B64.decode(signature).unwrap();
        bytes[0] ^= 1;
        format!("{}.{}", good.rsplit_once('.').unwrap().0, B64.encode(bytes))
    };
    let invalid = "400 NotAuthorizedException: Invalid Access Token";
    let unverified = "400 NotAuthorizedException: Could not verify signature for Access Token";
    for (what, token, refusal) in [
        ("alg none", format!("{}.{}.", encode(&json!({"alg": "none"})), encode(&claims)), invalid),
        ("HS256", hs256, invalid),
        ("another kid", with_header(json!({"kid": part(&ada.id_token, 0)["kid"]})), invalid),
        ("no kid", with_header(json!({"kid": null})), invalid),
        ("a jku header", with_header(json!({"jku": "https://evil.example/keys"})), invalid),
        ("a jwk header", with_header(json!({"jwk": keys["keys"][0]})), invalid),
        ("an x5u header", with_header(json!({"x5u": "https://evil.example/x"})), invalid),
        ("an ID token", ada.id_token.clone(), invalid),
        (
            "another pool's issuer",
            with_claims(json!({"iss": format!("http://localhost:9229/{}", other.as_str().unwrap())})),
            invalid,
        ),
        ("a foreign issuer", with_claims(json!({"iss": format!("https://evil.example/{}", pool())})), invalid),
        ("another subject", with_claims(json!({"sub": uuid::Uuid::nil()})), unverified),
        ("a later expiry", with_claims(json!({"exp": 99_999_999_999_i64})), unverified),
        ("a changed signature", swapped, unverified),
        ("a cut signature", broken, unverified),
        ("words", "words".into(), invalid),
        ("three words", "a.b.c".into(), invalid),
    ] {
        ada.access_token = token;
        assert_eq!(ada.call("GetUser", json!({})).await.refused(), refusal, "{what}");
    }
    ada.access_token = good;
    ada.call("GetUser", json!({})).await.ok();
    server.clock.advance(time::Duration::hours(1));
    assert_eq!(ada.call("GetUser", json!({})).await.refused(), "400 NotAuthorizedException: Access Token has expired");
}

#[tokio::test]
async fn validity_follows_the_client() {
    let server = TestServer::start().await;
    let mut ada = server.user("ada").await;
    let made = server.operator("CreateUserPoolClient", json!({"UserPoolId": pool(), "ClientName": "x", "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        "AccessTokenValidity": 5, "IdTokenValidity": 6, "RefreshTokenValidity": 2, "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours"}})).await.ok();
    let id = made["UserPoolClient"]["ClientId"].as_str().unwrap();
    let answer = ada.password_sign_in(id, PASSWORD).await.ok();
    ada.keep_tokens(&answer);
    assert_eq!(answer["AuthenticationResult"]["ExpiresIn"], 300);
    let lifetime = |token: &str| part(token, 1)["exp"].as_i64().unwrap() - part(token, 1)["iat"].as_i64().unwrap();
    assert_eq!((lifetime(&ada.access_token), lifetime(&ada.id_token)), (300, 360));
    let refresh = initiate(id, "REFRESH_TOKEN_AUTH", json!({"REFRESH_TOKEN": ada.refresh_token}));
    server.clock.advance(time::Duration::minutes(119));
    server.call("InitiateAuth", refresh.clone()).await.ok();
    server.clock.advance(time::Duration::minutes(2));
    assert_eq!(
        server.call("InitiateAuth", refresh).await.refused(),
        "400 NotAuthorizedException: Refresh Token has expired"
    );
}

#[tokio::test]
async fn a_refresh_keeps_the_session_and_its_auth_time() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    server.clock.advance(time::Duration::minutes(10));
    for (operation, input) in [
        ("InitiateAuth", initiate(client(), "REFRESH_TOKEN_AUTH", json!({"REFRESH_TOKEN": ada.refresh_token}))),
        ("InitiateAuth", initiate(client(), "REFRESH_TOKEN", json!({"REFRESH_TOKEN": ada.refresh_token}))),
        ("GetTokensFromRefreshToken", json!({"ClientId": client(), "RefreshToken": ada.refresh_token})),
    ] {
        let answer = server.call(operation, input).await.ok();
        let (old, new) =
            (part(&ada.access_token, 1), part(answer["AuthenticationResult"]["AccessToken"].as_str().unwrap(), 1));
        assert_eq!((&old["origin_jti"], &old["auth_time"]), (&new["origin_jti"], &new["auth_time"]));
        let later = new["iat"].as_i64().unwrap() - old["iat"].as_i64().unwrap();
        assert!((600..900).contains(&later), "{later}");
        assert!(answer["AuthenticationResult"].get("RefreshToken").is_none());
    }
}

#[tokio::test]
async fn refresh_tokens_of_others_and_inventions_are_refused() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let invalid = "400 NotAuthorizedException: Invalid Refresh Token";
    let refresh = async |client: &str, token: &str| {
        server.call("GetTokensFromRefreshToken", json!({"ClientId": client, "RefreshToken": token})).await
    };
    let mut changed = B64.decode(&ada.refresh_token).unwrap();
    changed[30] ^= 1;
    assert_eq!(refresh(client(), &B64.encode(changed)).await.refused(), invalid);
    assert_eq!(refresh(client(), "eyJjdHkiOiJKV1Qi").await.refused(), invalid);
    assert_eq!(refresh(client(), &ada.access_token).await.refused(), invalid);
    assert_eq!(refresh(second_client(), &ada.refresh_token).await.refused(), invalid, "another client's");
    refresh(client(), &ada.refresh_token).await.ok();
}

// Rotation: the second client has it, with 10 seconds of grace.

async fn rotating(server: &TestServer) -> (crate::support::Person, String) {
    let mut ada = server.user("ada").await;
    let answer = ada.password_sign_in(second_client(), PASSWORD).await.ok();
    ada.keep_tokens(&answer);
    let first = ada.refresh_token.clone();
    (ada, first)
}

async fn rotate(server: &TestServer, token: &str) -> crate::support::Answer {
    server.call("GetTokensFromRefreshToken", json!({"ClientId": second_client(), "RefreshToken": token})).await
}

fn refresh_token(answer: &Value) -> String {
    answer["AuthenticationResult"]["RefreshToken"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn rotation_gives_a_new_token_and_a_retry_the_same_one() {
    let server = TestServer::start().await;
    let (_, first) = rotating(&server).await;
    let second = refresh_token(&rotate(&server, &first).await.ok());
    assert_ne!(first, second);
    server.clock.advance(time::Duration::seconds(9));
    assert_eq!(refresh_token(&rotate(&server, &first).await.ok()), second, "a retry within the grace period");
    rotate(&server, &second).await.ok();
}

#[tokio::test]
async fn a_rotated_token_used_again_ends_the_session() {
    let server = TestServer::start().await;
    let (ada, first) = rotating(&server).await;
    let second = refresh_token(&rotate(&server, &first).await.ok());
    server.clock.advance(time::Duration::seconds(11));
    assert_eq!(rotate(&server, &first).await.outcome(), "RefreshTokenReuseException");
    let noted =
        format!("audit_events WHERE event = 'refresh_token.reused' AND actor = 'service' AND sub = '{}'", ada.sub);
    assert_eq!(server.count(&noted).await, 1);
    assert_eq!(rotate(&server, &second).await.refused(), "400 NotAuthorizedException: Refresh Token has been revoked");
    assert_eq!(
        ada.call("GetUser", json!({})).await.refused(),
        "400 NotAuthorizedException: Access Token has been revoked"
    );
}

#[tokio::test]
async fn a_token_of_several_rotations_ago_is_recognised_too() {
    let server = TestServer::start().await;
    let (_, first) = rotating(&server).await;
    let mut token = first.clone();
    for _ in 0..5 {
        token = refresh_token(&rotate(&server, &token).await.ok());
    }
    assert_eq!(rotate(&server, &first).await.outcome(), "RefreshTokenReuseException");
    assert_eq!(rotate(&server, &token).await.outcome(), "NotAuthorizedException");
}

#[tokio::test]
async fn many_refreshes_at_once_agree_on_one_successor() {
    let server = TestServer::start().await;
    let replica = server.replica().await;
    let (_, mut token) = rotating(&server).await;
    for _ in 0..15 {
        let tokens = all((0..8).map(|n| {
            let (http, url, token) =
                (server.http.clone(), if n % 2 == 0 { server.url.clone() } else { replica.url.clone() }, token.clone());
            async move {
                let input = json!({"ClientId": second_client(), "RefreshToken": token}).to_string();
                let request = http
                    .post(url)
                    .header("x-amz-target", "AWSCognitoIdentityProviderService.GetTokensFromRefreshToken")
                    .body(input);
                let answer: Value = request.send().await.unwrap().text().await.unwrap().parse().unwrap();
                refresh_token(&answer)
            }
        }))
        .await;
        assert!(tokens.iter().all(|other| *other == tokens[0] && *other != token));
        token = tokens[0].clone();
    }
}

#[tokio::test]
async fn rotation_refuses_the_old_flow() {
    let server = TestServer::start().await;
    let (_, first) = rotating(&server).await;
    let input = initiate(second_client(), "REFRESH_TOKEN_AUTH", json!({"REFRESH_TOKEN": first}));
    assert_eq!(server.call("InitiateAuth", input).await.outcome(), "InvalidParameterException");
}

// Revocation

#[tokio::test]
async fn revoking_ends_one_session_at_once_on_every_replica() {
    let server = TestServer::start().await;
    let replica = server.replica().await;
    let ada = server.signed_in("ada").await;
    let other = {
        let mut other = ada.clone();
        other.sign_in().await;
        other
    };
    let revoke = json!({"ClientId": client(), "Token": ada.refresh_token});
    for _ in 0..2 {
        let answer = server.call("RevokeToken", revoke.clone()).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""), "again is as good as once");
    }
    assert_eq!(
        ada.at(&replica).call("GetUser", json!({})).await.refused(),
        "400 NotAuthorizedException: Access Token has been revoked"
    );
    let refresh = json!({"ClientId": client(), "RefreshToken": ada.refresh_token});
    assert_eq!(
        replica.call("GetTokensFromRefreshToken", refresh).await.refused(),
        "400 NotAuthorizedException: Refresh Token has been revoked"
    );
    other.call("GetUser", json!({})).await.ok();
}

#[tokio::test]
async fn only_refresh_tokens_of_the_client_are_revoked() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let refusal = server.call("RevokeToken", json!({"ClientId": client(), "Token": ada.access_token})).await;
    assert_eq!(refusal.outcome(), "UnsupportedTokenTypeException");
    server.call("RevokeToken", json!({"ClientId": second_client(), "Token": ada.refresh_token})).await.ok();
    server.call("RevokeToken", json!({"ClientId": client(), "Token": "unknown"})).await.ok();
    ada.call("GetUser", json!({})).await.ok();
    let made = server
        .operator(
            "CreateUserPoolClient",
            json!({"UserPoolId": pool(), "ClientName": "x", "EnableTokenRevocation": false}),
        )
        .await
        .ok();
    let input = json!({"ClientId": made["UserPoolClient"]["ClientId"], "Token": ada.refresh_token});
    assert_eq!(server.call("RevokeToken", input).await.outcome(), "UnsupportedOperationException");
}

#[tokio::test]
async fn a_global_sign_out_ends_all_sessions_of_the_user_and_no_others() {
    let server = TestServer::start().await;
    let (ada, eve) = (server.signed_in("ada").await, server.signed_in("eve").await);
    let mut other = ada.clone();
    other.sign_in().await;
    assert_eq!(ada.call("GlobalSignOut", json!({})).await.text, "");
    for person in [&ada, &other] {
        assert_eq!(
            person.call("GetUser", json!({})).await.refused(),
            "400 NotAuthorizedException: Access Token has been revoked"
        );
    }
    eve.call("GetUser", json!({})).await.ok();
}
