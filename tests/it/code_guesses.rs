//! Guesses at codes: what a stranger may try, and what that takes from whoever has the right one.

use serde_json::{Value, json};
use time::Duration;

use super::otp;
use crate::support::{self, Answer, Browser, CALLBACK, PASSWORD, Person, TestServer, config, initiate, pool_with};

const EMAIL: &str = "ada@example.com";
const MISMATCH: &str = "CodeMismatchException";
const LIMIT: &str = "LimitExceededException";
const EXPIRED: &str = "ExpiredCodeException";

/// A server, and a replica of it that believes what its proxy, which is this program, says of addresses. (Where proxies are
/// trusted there is no development inbox: codes are sent by the first.)
async fn servers() -> (TestServer, TestServer) {
    let server = TestServer::start().await;
    let behind =
        TestServer::on(server.options(), config(&["--trusted-proxies=127.0.0.1/32"]), server.clock.clone()).await;
    (server, behind)
}

const SENDING: [&str; 3] =
    ["--trusted-proxies=127.0.0.1/32", "--smtp-url=smtp://127.0.0.1:1", "--mail-from=id@example.com"];

/// Such a replica that sends codes too: into nothing.
async fn sending(server: &TestServer) -> TestServer {
    TestServer::on(server.options(), config(&SENDING), server.clock.clone()).await
}

/// How a call from an address comes out.
async fn from(behind: &TestServer, address: &str, operation: &str, input: &Value) -> String {
    answer_from(behind, address, operation, input).await.outcome()
}

async fn answer_from(behind: &TestServer, address: &str, operation: &str, input: &Value) -> Answer {
    behind.post(operation, input.to_string(), &[("x-forwarded-for", address)]).await
}

/// A client that hides who exists, in a pool that verifies e-mail addresses.
async fn hiding(server: &TestServer) -> (String, String) {
    let client = json!({"PreventUserExistenceErrors": "ENABLED"});
    pool_with(server, json!({"AutoVerifiedAttributes": ["email"]}), client).await
}

async fn sign_up(server: &TestServer, client: &str) -> String {
    let input = json!({"ClientId": client, "Username": "ada", "Password": PASSWORD,
        "UserAttributes": [{"Name": "email", "Value": EMAIL}]});
    server.call("SignUp", input).await.ok();
    server.code(EMAIL, 1).await
}

async fn confirmed(server: &TestServer, client: &str) {
    let code = sign_up(server, client).await;
    server.call("ConfirmSignUp", confirm(client, "ada", &code)).await.ok();
}

fn of(client: &str, username: &str) -> Value {
    json!({"ClientId": client, "Username": username})
}

fn confirm(client: &str, username: &str, code: &str) -> Value {
    json!({"ClientId": client, "Username": username, "ConfirmationCode": code})
}

fn reset(client: &str, username: &str, code: &str) -> Value {
    json!({"ClientId": client, "Username": username, "ConfirmationCode": code, "Password": "N3w-Passw0rd"})
}

fn other_than(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

/// So many addresses, each with its five guesses.
async fn guess(behind: &TestServer, addresses: u8, operation: &str, input: &Value) {
    for n in 0..addresses {
        let address = format!("203.0.113.{n}");
        for _ in 0..5 {
            assert_eq!(from(behind, &address, operation, input).await, MISMATCH, "{address}");
        }
        assert_ne!(from(behind, &address, operation, input).await, MISMATCH, "{address}");
    }
}

#[tokio::test]
async fn fifteen_wrong_codes_of_strangers_do_not_keep_the_right_one_out() {
    let (server, behind) = servers().await;
    let (_, client) = hiding(&server).await;
    let code = sign_up(&server, &client).await;
    guess(&behind, 3, "ConfirmSignUp", &confirm(&client, "ada", other_than(&code))).await;
    server.call("ConfirmSignUp", confirm(&client, "ada", &code)).await.ok();
    server.call("ForgotPassword", of(&client, "ada")).await.ok();
    let code = server.code(EMAIL, 2).await;
    guess(&behind, 3, "ConfirmForgotPassword", &reset(&client, "ada", other_than(&code))).await;
    server.call("ConfirmForgotPassword", reset(&client, "ada", &code)).await.ok();
    // An address is proved by its user alone, who has five guesses as well.
    let mut ada = Person::new(&server, "ada", "");
    let tokens = ada.password_sign_in(&client, "N3w-Passw0rd").await.ok();
    ada.keep_tokens(&tokens);
    ada.call("GetUserAttributeVerificationCode", json!({"AttributeName": "email"})).await.ok();
    let code = server.code(EMAIL, 3).await;
    let verify = |code: &str| json!({"AttributeName": "email", "Code": code});
    for _ in 0..5 {
        assert_eq!(ada.call("VerifyUserAttribute", verify(other_than(&code))).await.outcome(), MISMATCH);
    }
    assert_eq!(ada.call("VerifyUserAttribute", verify(&code)).await.outcome(), LIMIT);
    let mut input = verify(&code);
    input["AccessToken"] = json!(ada.access_token);
    assert_eq!(from(&behind, "203.0.113.1", "VerifyUserAttribute", &input).await, "OK");
}

#[tokio::test]
async fn an_ipv6_customer_guesses_as_one_address() {
    let (server, behind) = servers().await;
    let (_, client) = hiding(&server).await;
    let code = sign_up(&server, &client).await;
    let wrong = confirm(&client, "ada", other_than(&code));
    for n in 0..5 {
        assert_eq!(from(&behind, &format!("2001:db8:1:20{n}::{n}"), "ConfirmSignUp", &wrong).await, MISMATCH);
    }
    assert_eq!(from(&behind, "2001:db8:1:2ff:ffff::1", "ConfirmSignUp", &wrong).await, LIMIT, "customers have a /56");
    assert_eq!(from(&behind, "2001:db8:1:300::1", "ConfirmSignUp", &wrong).await, MISMATCH);
}

#[tokio::test]
async fn a_code_that_was_tried_twenty_times_is_replaced_without_counting_as_sent() {
    let (server, behind) = servers().await;
    let (_, client) = hiding(&server).await;
    confirmed(&server, &client).await;
    for _ in 0..5 {
        server.call("ForgotPassword", of(&client, "ada")).await.ok();
    }
    assert_eq!(server.call("ForgotPassword", of(&client, "ada")).await.outcome(), LIMIT);
    let code = server.code(EMAIL, 6).await;
    guess(&behind, 4, "ConfirmForgotPassword", &reset(&client, "ada", other_than(&code))).await;
    let dead = server.call("ConfirmForgotPassword", reset(&client, "ada", &code)).await.refused();
    assert_eq!(dead, "400 ExpiredCodeException: Invalid code provided, please request a code again.");
    server.call("ForgotPassword", of(&client, "ada")).await.ok();
    let code = server.code(EMAIL, 7).await;
    assert_eq!(server.call("ForgotPassword", of(&client, "ada")).await.outcome(), LIMIT, "it is free once");
    server.call("ConfirmForgotPassword", reset(&client, "ada", &code)).await.ok();
}

#[tokio::test]
async fn a_name_is_guessed_at_a_hundred_times_a_day_whether_or_not_somebody_has_it() {
    let (server, behind) = servers().await;
    let (_, client) = hiding(&server).await;
    confirmed(&server, &client).await;
    for name in ["ada", "nobody"] {
        for round in 0..5 {
            server.call("ForgotPassword", of(&client, name)).await.ok();
            let wrong = reset(&client, name, "12345");
            for n in 0..20 {
                let address = format!("203.0.113.{}", n / 5);
                let outcome = from(&behind, &address, "ConfirmForgotPassword", &wrong).await;
                assert_eq!(outcome, MISMATCH, "{name} {round} {n}");
            }
            let others = from(&behind, "203.0.113.99", "ConfirmForgotPassword", &wrong).await;
            assert_eq!(others, if round < 4 { EXPIRED } else { LIMIT }, "{name} {round}");
        }
        // Whoever has used up a day's share gets no more from a new code.
        server.call("ForgotPassword", of(&client, name)).await.ok();
    }
    let code = server.code(EMAIL, 7).await;
    assert_eq!(server.call("ConfirmForgotPassword", reset(&client, "ada", &code)).await.outcome(), LIMIT);
    server.clock.advance(Duration::DAY);
    server.call("ForgotPassword", of(&client, "ada")).await.ok();
    let code = server.code(EMAIL, 8).await;
    server.call("ConfirmForgotPassword", reset(&client, "ada", &code)).await.ok();
}

#[tokio::test]
async fn one_address_does_not_use_up_the_guesses_of_a_day() {
    let (server, behind) = servers().await;
    let (_, client) = hiding(&server).await;
    confirmed(&server, &client).await;
    let mut wrong = 0;
    for _ in 0..8 {
        server.clock.advance(Duration::minutes(15));
        server.call("ForgotPassword", of(&client, "ada")).await.ok();
        for _ in 0..6 {
            let outcome = from(&behind, "203.0.113.1", "ConfirmForgotPassword", &reset(&client, "ada", "12345")).await;
            wrong += i32::from(outcome == MISMATCH);
        }
    }
    assert_eq!(wrong, 25);
    let code = server.code(EMAIL, 9).await;
    server.call("ConfirmForgotPassword", reset(&client, "ada", &code)).await.ok();
}

#[tokio::test]
async fn a_mailed_link_is_not_blocked_by_guesses() {
    let (server, behind) = servers().await;
    let template = json!({"DefaultEmailOption": "CONFIRM_WITH_LINK"});
    let pool = json!({"AutoVerifiedAttributes": ["email"], "VerificationMessageTemplate": template});
    let (_, client) = pool_with(&server, pool, json!({"PreventUserExistenceErrors": "ENABLED"})).await;
    let input = json!({"ClientId": client, "Username": "ada", "Password": PASSWORD,
        "UserAttributes": [{"Name": "email", "Value": EMAIL}]});
    server.call("SignUp", input).await.ok();
    let message = server.message(EMAIL, 1).await;
    let link = message.split("href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    guess(&behind, 4, "ConfirmSignUp", &confirm(&client, "ada", "12345")).await;
    let body = link.split_once('?').unwrap().1.to_owned();
    let request = server.http.post(format!("{}/confirmUser", server.url));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
    let html = request.send().await.unwrap().text().await.unwrap();
    assert!(html.contains("Your account is confirmed"), "{html}");
}

/// A client of a pool where codes sign in.
async fn by_codes(server: &TestServer) -> String {
    let factors = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}});
    let pool = json!({"Policies": factors, "AutoVerifiedAttributes": ["email"]});
    pool_with(server, pool, json!({"PreventUserExistenceErrors": "ENABLED"})).await.1
}

fn begin(client: &str, username: &str) -> Value {
    initiate(client, "USER_AUTH", json!({"USERNAME": username, "PREFERRED_CHALLENGE": "EMAIL_OTP"}))
}

fn respond(client: &str, session: &Value, code: &str) -> Value {
    support::respond(client, "EMAIL_OTP", &json!(session), json!({"USERNAME": "ada", "EMAIL_OTP_CODE": code}))
}

#[tokio::test]
async fn strangers_wrong_codes_and_passwords_do_not_keep_out_whoever_signs_in_by_a_code() {
    let (server, behind) = servers().await;
    let client = by_codes(&server).await;
    confirmed(&server, &client).await;
    let theirs = server.call("InitiateAuth", begin(&client, "ada")).await.ok()["Session"].clone();
    let own = server.call("InitiateAuth", begin(&client, "ada")).await.ok()["Session"].clone();
    let code = server.code(EMAIL, 3).await;
    for n in 0..3 {
        let address = format!("203.0.113.{n}");
        for _ in 0..5 {
            assert_eq!(
                from(&behind, &address, "RespondToAuthChallenge", &respond(&client, &theirs, "1")).await,
                MISMATCH
            );
        }
        let refusal =
            answer_from(&behind, &address, "RespondToAuthChallenge", &respond(&client, &theirs, "1")).await.refused();
        assert_eq!(refusal, "400 NotAuthorizedException: Password attempts exceeded");
    }
    let stranger = Person::new(&server, "ada", "");
    for _ in 0..6 {
        stranger.password_sign_in(&client, "Wr0ng-Passw0rd").await.refused();
    }
    let tokens = server.call("RespondToAuthChallenge", respond(&client, &own, &code)).await.ok();
    assert!(tokens["AuthenticationResult"]["AccessToken"].is_string(), "{tokens}");
}

#[tokio::test]
async fn right_codes_are_no_guesses_of_a_day() {
    let (server, behind) = servers().await;
    let client = by_codes(&server).await;
    confirmed(&server, &client).await;
    for n in 0..30 {
        server.clock.advance(Duration::minutes(15));
        let session = server.call("InitiateAuth", begin(&client, "ada")).await.ok()["Session"].clone();
        let code = server.code(EMAIL, n + 2).await;
        // Every guess counts, the right one does not.
        if n < 24 {
            let wrong = respond(&client, &session, "1");
            assert_eq!(from(&behind, "203.0.113.1", "RespondToAuthChallenge", &wrong).await, MISMATCH, "{n}");
        }
        let right = respond(&client, &session, &code);
        assert_eq!(from(&behind, "203.0.113.1", "RespondToAuthChallenge", &right).await, "OK", "{n}");
    }
    let session = server.call("InitiateAuth", begin(&client, "ada")).await.ok()["Session"].clone();
    let wrong = respond(&client, &session, "1");
    assert_eq!(from(&behind, "203.0.113.1", "RespondToAuthChallenge", &wrong).await, MISMATCH, "the 25th");
    let refusal = answer_from(&behind, "203.0.113.1", "RespondToAuthChallenge", &wrong).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Password attempts exceeded");
}

#[tokio::test]
async fn right_codes_that_prove_an_address_are_no_guesses_of_a_day() {
    let (server, behind) = servers().await;
    let client = by_codes(&server).await;
    confirmed(&server, &client).await;
    let mut ada = Person::new(&server, "ada", "");
    for n in 0..30 {
        server.clock.advance(Duration::minutes(15));
        let tokens = ada.password_sign_in(&client, PASSWORD).await.ok();
        ada.keep_tokens(&tokens);
        ada.call("GetUserAttributeVerificationCode", json!({"AttributeName": "email"})).await.ok();
        let code = server.code(EMAIL, n + 2).await;
        let input = json!({"AccessToken": ada.access_token, "AttributeName": "email", "Code": code});
        assert_eq!(from(&behind, "203.0.113.1", "VerifyUserAttribute", &input).await, "OK", "{n}");
    }
}

#[tokio::test]
async fn one_address_does_not_use_up_the_codes_that_sign_in() {
    let server = TestServer::start().await;
    let client = by_codes(&server).await;
    confirmed(&server, &client).await;
    let behind = sending(&server).await;
    let too_many = "TooManyRequestsException";
    for name in ["ada", &otp::unknown_name(&server, &client).await] {
        let begin = begin(&client, name);
        for round in 1..=4 {
            let stranger = format!("203.0.113.{round}");
            for n in 0..5 {
                assert_eq!(from(&behind, &stranger, "InitiateAuth", &begin).await, "OK", "{name} {round} {n}");
            }
            assert_eq!(from(&behind, &stranger, "InitiateAuth", &begin).await, too_many, "{name} {round}");
        }
        assert_eq!(from(&behind, "203.0.113.5", "InitiateAuth", &begin).await, too_many, "{name}: twenty in all");
    }
    server.clock.advance(Duration::HOUR);
    assert_eq!(from(&behind, "203.0.113.1", "InitiateAuth", &begin(&client, "ada")).await, "OK");
}

#[tokio::test]
async fn a_stranger_at_the_pages_of_a_client_with_a_secret_is_one_asker() {
    let server = TestServer::start().await;
    let factors = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}});
    let pool = json!({"Policies": factors, "AutoVerifiedAttributes": ["email"]});
    let (pool, public) = pool_with(&server, pool, json!({})).await;
    // Without a password: the pages send a code at once.
    let input = json!({"ClientId": public, "Username": "ada", "UserAttributes": [{"Name": "email", "Value": EMAIL}]});
    server.call("SignUp", input).await.ok();
    server.call("ConfirmSignUp", confirm(&public, "ada", &server.code(EMAIL, 1).await)).await.ok();
    let client = json!({"UserPoolId": pool, "ClientName": "x", "GenerateSecret": true,
        "AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"],
        "CallbackURLs": [CALLBACK]});
    let made = server.operator("CreateUserPoolClient", client).await.ok();
    let login = format!("/login?client_id={}", made["UserPoolClient"]["ClientId"].as_str().unwrap());
    let asks = async |behind: &TestServer, from: &str| {
        let mut browser = Browser::new(behind);
        browser.headers.push(("x-forwarded-for", from.to_owned()));
        let page = browser.get(&login).await;
        browser.submit(&page, "name", &[("username", "ada")]).await.status
    };
    let behind = sending(&server).await;
    for n in 0..5 {
        assert_eq!(asks(&behind, "203.0.113.1").await, 200, "{n}");
    }
    assert_eq!(asks(&behind, "203.0.113.1").await, 400);
    assert_eq!(asks(&behind, "203.0.113.2").await, 200);
    // So many sign-ins in a minute are one address's there, too.
    let flags = [SENDING.as_slice(), &["--address-sign-ins-per-minute=3"]].concat();
    let behind = TestServer::on(server.options(), config(&flags), server.clock.clone()).await;
    for n in 0..3 {
        assert_eq!(asks(&behind, "203.0.113.3").await, 200, "{n}");
    }
    assert_eq!(asks(&behind, "203.0.113.3").await, 400);
}

#[tokio::test]
async fn a_code_that_is_sent_gives_no_new_guesses_at_the_codes_before_it() {
    let (server, behind) = servers().await;
    let client = by_codes(&server).await;
    confirmed(&server, &client).await;
    for name in ["ada", &otp::unknown_name(&server, &client).await] {
        let first = server.call("InitiateAuth", begin(&client, name)).await.ok()["Session"].clone();
        let guess = |session: &Value| {
            let mut wrong = respond(&client, session, "1");
            wrong["ChallengeResponses"]["USERNAME"] = json!(name);
            wrong
        };
        for _ in 0..5 {
            let outcome = from(&behind, "203.0.113.1", "RespondToAuthChallenge", &guess(&first)).await;
            assert_eq!(outcome, MISMATCH, "{name}");
        }
        server.call("InitiateAuth", begin(&client, name)).await.ok();
        let refusal = answer_from(&behind, "203.0.113.1", "RespondToAuthChallenge", &guess(&first)).await.refused();
        assert_eq!(refusal, "400 NotAuthorizedException: Password attempts exceeded", "{name}");
        // Once no code lives that was guessed at, all begins anew.
        server.clock.advance(Duration::minutes(15));
        let later = server.call("InitiateAuth", begin(&client, name)).await.ok()["Session"].clone();
        let outcome = from(&behind, "203.0.113.1", "RespondToAuthChallenge", &guess(&later)).await;
        assert_eq!(outcome, MISMATCH, "{name}");
    }
}

#[tokio::test]
async fn names_that_nobody_has_take_no_rows_of_their_own() {
    let server = TestServer::start().await;
    let client = by_codes(&server).await;
    let behind = sending(&server).await;
    for n in 0..20 {
        let name = format!("nobody{n}@example.com");
        server.call("ForgotPassword", of(&client, &name)).await.ok();
        server.call("ResendConfirmationCode", of(&client, &name)).await.ok();
        server.call("ConfirmForgotPassword", reset(&client, &name, "123456")).await.refused();
        server.call("ConfirmSignUp", confirm(&client, &name, "123456")).await.refused();
        assert_eq!(from(&behind, "203.0.113.1", "InitiateAuth", &begin(&client, &name)).await, "OK");
    }
    assert!(server.count("code_attempts").await > 100);
    let shared = "username_key ~ '^(told|nobody|asked) [0-9]+$' AND split_part(username_key, ' ', 2)::integer < 16384";
    assert_eq!(server.count(&format!("code_attempts WHERE NOT ({shared})")).await, 0);
}

#[tokio::test]
async fn names_that_push_each_other_out_of_a_row_tell_nothing_and_open_nothing() {
    let (server, behind) = servers().await;
    let (_, client) = hiding(&server).await;
    confirmed(&server, &client).await;
    for name in ["ada", "nobody"] {
        server.call("ForgotPassword", of(&client, name)).await.ok();
        guess(&behind, 4, "ConfirmForgotPassword", &reset(&client, name, "12345")).await;
    }
    let code = server.code(EMAIL, 2).await;
    // What a flood of other names does.
    server.sql("UPDATE code_attempts SET holder = 'another' WHERE username_key LIKE 'told %'").await;
    for name in ["ada", "nobody"] {
        let outcome = server.call("ConfirmForgotPassword", reset(&client, name, &code)).await.outcome();
        assert_eq!(outcome, EXPIRED, "{name}: the right code was tried twenty times");
        server.call("ForgotPassword", of(&client, name)).await.ok();
    }
    let code = server.code(EMAIL, 3).await;
    server.call("ConfirmForgotPassword", reset(&client, "ada", &code)).await.ok();
}

#[tokio::test]
async fn nothing_is_hashed_for_a_wrong_code() {
    let server = TestServer::start().await;
    let (_, client) = hiding(&server).await;
    confirmed(&server, &client).await;
    server.call("ForgotPassword", of(&client, "ada")).await.ok();
    server.call("ForgotPassword", of(&client, "nobody")).await.ok();
    let slow =
        ["--password-queue=1", "--password-threads=1", "--password-memory-kib=19456", "--password-iterations=100"];
    let slow = TestServer::on(server.options(), config(&slow), server.clock.clone()).await;
    // Somebody takes the only place for a good while, again and again, each time under another name.
    let waiting = (0..3).map(|n| {
        let mut person = Person::new(&slow, "", "");
        let client = client.clone();
        tokio::spawn(async move {
            for time in 0.. {
                person.username = format!("someone{n}-{time}");
                person.password_sign_in(&client, PASSWORD).await;
            }
        })
    });
    let waiting: Vec<_> = waiting.collect();
    let is_taken = async |name: &str| {
        let other = Person::new(&slow, name, "").password_sign_in(&client, PASSWORD).await.outcome();
        other == "TooManyRequestsException"
    };
    let mut tries = 0;
    while !is_taken(&format!("other{tries}")).await {
        tries += 1;
        assert!(tries < 100, "the place is always free");
    }
    for name in ["ada", "nobody"] {
        let outcome = slow.call("ConfirmForgotPassword", reset(&client, name, "12345")).await.outcome();
        assert_eq!(outcome, MISMATCH, "{name}");
    }
    let input = json!({"ClientId": client, "Username": "ada", "Password": PASSWORD,
        "UserAttributes": [{"Name": "email", "Value": EMAIL}]});
    assert_eq!(slow.call("SignUp", input).await.outcome(), "UsernameExistsException");
    for one in waiting {
        one.abort();
    }
}

#[tokio::test]
async fn an_address_begins_so_many_sign_ins_at_a_pool_whoever_is_named() {
    let server = TestServer::start().await;
    let (_, client) = hiding(&server).await;
    let flags = ["--trusted-proxies=127.0.0.1/32", "--address-sign-ins-per-minute=3"];
    let behind = TestServer::on(server.options(), config(&flags), server.clock.clone()).await;
    confirmed(&server, &client).await;
    let begin = |name: &str| initiate(&client, "USER_AUTH", json!({"USERNAME": name}));
    for name in ["ada", "nobody", "somebody"] {
        assert_eq!(from(&behind, "203.0.113.1", "InitiateAuth", &begin(name)).await, "OK", "{name}");
    }
    for name in ["ada", "nobody"] {
        let outcome = from(&behind, "203.0.113.1", "InitiateAuth", &begin(name)).await;
        assert_eq!(outcome, "TooManyRequestsException", "{name}");
    }
    assert_eq!(from(&behind, "203.0.113.2", "InitiateAuth", &begin("ada")).await, "OK");
    let (_, other) = hiding(&server).await;
    let input = initiate(&other, "USER_AUTH", json!({"USERNAME": "ada"}));
    assert_eq!(from(&behind, "203.0.113.1", "InitiateAuth", &input).await, "OK");
}

#[tokio::test]
async fn an_address_signs_so_many_people_up_at_a_pool() {
    let server = TestServer::start().await;
    let (_, client) = hiding(&server).await;
    let flags = ["--trusted-proxies=127.0.0.1/32", "--address-sign-ups-per-minute=3"];
    let behind = TestServer::on(server.options(), config(&flags), server.clock.clone()).await;
    let input = |client: &str, name: &str| json!({"ClientId": client, "Username": name, "Password": PASSWORD});
    for name in ["one", "two", "three"] {
        assert_eq!(from(&behind, "203.0.113.1", "SignUp", &input(&client, name)).await, "OK", "{name}");
    }
    let outcome = from(&behind, "203.0.113.1", "SignUp", &input(&client, "four")).await;
    assert_eq!(outcome, "TooManyRequestsException");
    assert_eq!(from(&behind, "203.0.113.2", "SignUp", &input(&client, "four")).await, "OK");
    let (_, other) = hiding(&server).await;
    assert_eq!(from(&behind, "203.0.113.1", "SignUp", &input(&other, "one")).await, "OK");
    for n in 0..5 {
        behind.call("SignUp", input(&client, &format!("local{n}"))).await.ok();
    }
}

#[tokio::test]
async fn an_address_signs_so_many_people_up_on_the_pages_whether_or_not_their_client_has_a_secret() {
    let server = TestServer::start().await;
    let flags = [SENDING.as_slice(), &["--address-sign-ups-per-minute=3"]].concat();
    let behind = TestServer::on(server.options(), config(&flags), server.clock.clone()).await;
    for generates in [false, true] {
        let client = json!({"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["code"],
            "AllowedOAuthScopes": ["openid"], "CallbackURLs": [CALLBACK], "GenerateSecret": generates});
        let members = json!({"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"]});
        let (_, client) = pool_with(&behind, members, client).await;
        for n in 0..5 {
            let mut browser = Browser::new(&behind);
            browser.headers.push(("x-forwarded-for", "203.0.113.1".into()));
            let page = browser.get(&format!("/signup?client_id={client}")).await;
            let email = format!("p{n}@example.com");
            let shown = browser.submit(&page, "sign_up", &[("email", &email), ("password", PASSWORD)]).await;
            assert_eq!(shown.status, if n < 3 { 200 } else { 400 }, "{generates} {n}");
        }
    }
}
