//! How many sessions a user may have.

use keystead::jobs::trim_sessions;
use serde_json::{Value, json};

use crate::support::{Browser, CALLBACK, PASSWORD, Person, TestServer, all, client, pages_client, pool, pool_with};

/// More sessions of a user, older than all others, written directly: no door makes so many in time.
async fn add_sessions(server: &TestServer, username: &str, count: u32) {
    let statement = format!(
        "INSERT INTO sessions (user_pool_id, origin_jti, sub, client_id, opened_with, refresh_hash, auth_time, expires_at)
         SELECT user_pool_id, gen_random_uuid(), sub, '{}', 'password', '', '2026-01-01'::timestamptz + n * interval '1 second',
             '2036-01-01'
         FROM users, generate_series(1, {count}) AS n WHERE username = '{username}'",
        client()
    );
    server.sql(&statement).await;
}

async fn live(server: &TestServer, username: &str) -> i64 {
    let of_user = "sessions JOIN users USING (user_pool_id, sub) WHERE revoked_at IS NULL AND username =";
    server.count(&format!("{of_user} '{username}'")).await
}

/// Those of these people whose sessions live.
async fn still_in(people: &[Person]) -> Vec<usize> {
    let mut found = Vec::new();
    for (n, person) in people.iter().enumerate() {
        if person.call("GetUser", json!({})).await.status == 200 {
            found.push(n);
        }
    }
    found
}

/// A person who signed in so often, each time later than the last.
async fn signed_in_often(server: &TestServer, username: &str, times: usize) -> Vec<Person> {
    let mut people = Vec::new();
    let mut person = server.user(username).await;
    for _ in 0..times {
        person.sign_in().await;
        people.push(person.clone());
        server.clock.advance(time::Duration::SECOND);
    }
    people
}

async fn configure(server: &TestServer, tracking: &str, most: i64) -> Value {
    let input = json!({"UserPoolId": pool(), "UserSessionTracking": tracking, "TokenSession": {"MaxPerUser": most}});
    server.operator("SetUserPoolSessionConfiguration", input).await.ok()
}

#[tokio::test]
async fn a_user_with_very_many_sessions_is_signed_out_disabled_and_deleted() {
    let server = TestServer::start().await;
    server.allow_small_statements_only(10_000).await;
    server.sessions_on_delete("END_ALL").await;
    for way in [
        "GlobalSignOut",
        "DeleteUser",
        "DeleteWebAuthnCredential",
        "AdminUserGlobalSignOut",
        "AdminDisableUser",
        "AdminDeleteUser",
        "AdminDeleteWebAuthnCredential",
    ] {
        // The session that asks is the oldest of all: it must not be the first to go.
        let mut ada = server.signed_in(way).await;
        let passkey = ada.add_passkey().await;
        server.sql("UPDATE sessions SET auth_time = '2020-01-01' WHERE auth_time > '2026-06-01'").await;
        add_sessions(&server, way, 12_000).await;
        let mut input = json!({"CredentialId": passkey});
        match way.starts_with("Admin") {
            true => {
                input["UserPoolId"] = json!(pool());
                input["Username"] = json!(way);
                server.operator(way, input).await.ok();
            }
            false => drop(ada.call(way, input).await.ok()),
        }
        assert_eq!(live(&server, way).await, 0, "{way}");
        assert_eq!(
            ada.call("GetUser", json!({})).await.outcome(),
            if way.contains("DeleteUser") { "UserNotFoundException" } else { "NotAuthorizedException" },
            "{way}"
        );
    }
    let signed_in = server.count("sessions JOIN users USING (user_pool_id, sub)").await;
    assert!(signed_in <= 5 * 501, "{signed_in}");
    assert!(server.count("audit_events WHERE event = 'sessions.over_limit' AND actor = 'service'").await >= 7);
}

#[tokio::test]
async fn a_user_with_very_many_sessions_that_ended_is_deleted() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    add_sessions(&server, "ada", 12_000).await;
    server.sql("UPDATE sessions SET revoked_at = auth_time WHERE auth_time < '2026-06-01'").await;
    server.allow_small_statements_only(10_000).await;
    ada.call("DeleteUser", json!({})).await.ok();
    assert_eq!(server.count("sessions").await, 0);
}

#[tokio::test]
async fn a_device_with_very_many_sessions_is_forgotten() {
    let key = "us-east-1_01234567-89ab-cdef-0123-456789abcdef";
    for (way, left) in [("ForgetDevice", 1), ("AdminForgetDevice", 0)] {
        let server = TestServer::start().await;
        let ada = server.signed_in("ada").await;
        add_sessions(&server, "ada", 12_000).await;
        server.sql(&format!("UPDATE sessions SET device_key = '{key}'")).await;
        let device = format!(
            "INSERT INTO devices (user_pool_id, sub, device_key, group_key, verifier, remembered, last_address, created_at,
                 updated_at, last_used_at)
             SELECT user_pool_id, sub, '{key}', 'group', '', true, '', created_at, created_at, created_at FROM users"
        );
        server.sql(&device).await;
        server.allow_small_statements_only(10_000).await;
        match way {
            "ForgetDevice" => drop(ada.call(way, json!({"DeviceKey": key})).await.ok()),
            _ => {
                let input = json!({"UserPoolId": pool(), "Username": "ada", "DeviceKey": key});
                server.operator(way, input).await.ok();
            }
        }
        assert_eq!(live(&server, "ada").await, left, "{way}");
    }
}

#[tokio::test]
async fn very_many_sessions_of_whoever_took_an_address_end_when_it_is_proved() {
    let server = TestServer::start().await;
    let members = json!({"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"]});
    let (pool, client) = pool_with(&server, members, json!({})).await;
    let email = "ada@example.com";
    let input = json!({"ClientId": client, "Username": email, "Password": PASSWORD});
    server.call("SignUp", input).await.ok();
    server.operator("AdminConfirmSignUp", json!({"UserPoolId": pool, "Username": email})).await.ok();
    let username = server.sql_text("SELECT username FROM users").await;
    add_sessions(&server, &username, 12_000).await;
    server.allow_small_statements_only(10_000).await;
    server.call("ForgotPassword", json!({"ClientId": client, "Username": email})).await.ok();
    let input = json!({"ClientId": client, "Username": email, "ConfirmationCode": server.code(email, 2).await,
        "Password": "N3w-Passw0rd"});
    server.call("ConfirmForgotPassword", input).await.ok();
    assert_eq!(live(&server, &username).await, 0);
}

#[tokio::test]
async fn on_the_account_page_very_many_other_sessions_end() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    let account = format!("/account?client_id={}", pages_client());
    browser.sign_in(&account, "ada").await;
    add_sessions(&server, "ada", 12_000).await;
    server.allow_small_statements_only(10_000).await;
    let shown = browser.get(&account).await;
    let shown = browser.submit(&shown, "end_others", &[]).await;
    browser.follow(shown).await;
    assert_eq!(live(&server, "ada").await, 1);
    assert_eq!(browser.get(&account).await.status, 200);
}

#[tokio::test]
async fn the_oldest_sessions_beyond_the_limit_end_after_a_sign_in() {
    let server = TestServer::with(&["--sessions-per-user=5"]).await;
    let people = signed_in_often(&server, "ada", 8).await;
    let eve = signed_in_often(&server, "eve", 5).await;
    assert_eq!(still_in(&people).await.len(), 8, "the sign-ins themselves do not count");
    trim_sessions::noted(&server.app).await.unwrap();
    assert_eq!(still_in(&people).await, [3, 4, 5, 6, 7]);
    assert_eq!(still_in(&eve).await.len(), 5);
    let refusal = people[0].call("GetUser", json!({})).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Access Token has been revoked");
    assert_eq!(server.count("audit_events WHERE event = 'sessions.over_limit'").await, 1);
    assert!(server.metrics().await.contains("keystead_sessions_over_limit_total 3"));
    trim_sessions::noted(&server.app).await.unwrap();
    assert_eq!(still_in(&people).await.len(), 5);
}

#[tokio::test]
async fn users_whom_nobody_noted_are_found_in_turn() {
    let server = TestServer::start().await;
    let mut people = Vec::new();
    for n in 0..8 {
        people.push(server.signed_in(&format!("user{n}")).await);
        add_sessions(&server, &format!("user{n}"), if n % 2 == 0 { 6_000 } else { 400 }).await;
    }
    drop(server.app.opened_sessions.take());
    server.allow_small_statements_only(10_000).await;
    let removed = trim_sessions::once(&server.app).await.unwrap();
    assert_eq!(removed, 4 * (6_001 - 500));
    for n in 0..8 {
        assert_eq!(live(&server, &format!("user{n}")).await, if n % 2 == 0 { 500 } else { 401 });
    }
    assert_eq!(still_in(&people).await.len(), 8, "the newest stay");
}

#[tokio::test]
async fn a_pool_sets_its_own_limit() {
    let server = TestServer::start().await;
    let defaults = json!({"UserPoolId": pool(), "UserSessionTracking": "DISABLED", "TokenSession": {"MaxPerUser": 20}});
    let get = json!({"UserPoolId": pool()});
    assert_eq!(server.operator("GetUserPoolSessionConfiguration", get.clone()).await.ok(), defaults);
    let people = signed_in_often(&server, "ada", 4).await;
    configure(&server, "DISABLED", 2).await;
    trim_sessions::once(&server.app).await.unwrap();
    assert_eq!(still_in(&people).await.len(), 4, "a limit that is off");
    let set = configure(&server, "ENABLED", 2).await;
    assert_eq!(set, json!({"UserPoolId": pool(), "UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 2}}));
    assert_eq!(server.operator("GetUserPoolSessionConfiguration", get).await.ok(), set);
    assert_eq!(configure(&server, "ENABLED", 2).await, set, "and again: that changes nothing");
    trim_sessions::once(&server.app).await.unwrap();
    assert_eq!(still_in(&people).await, [2, 3]);
    assert_eq!(server.count("audit_events WHERE event = 'pool.session_configuration_set'").await, 2);
}

#[tokio::test]
async fn a_limit_is_1_to_100_and_a_pools() {
    let server = TestServer::start().await;
    let set = async |pool: &str, most: i64| {
        let input = json!({"UserPoolId": pool, "UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": most}});
        server.operator("SetUserPoolSessionConfiguration", input).await.outcome()
    };
    assert_eq!(set(pool(), 0).await, "InvalidParameterException");
    assert_eq!(set(pool(), 101).await, "InvalidParameterException");
    assert_eq!(set("us-east-1_Nobody000", 20).await, "ResourceNotFoundException");
    let of_none = json!({"UserPoolId": "us-east-1_Nobody000"});
    let outcome = server.operator("GetUserPoolSessionConfiguration", of_none).await.outcome();
    assert_eq!(outcome, "ResourceNotFoundException");
    assert_eq!((set(pool(), 1).await, set(pool(), 100).await), ("OK".into(), "OK".into()));
}

#[tokio::test]
async fn a_browser_stays_signed_in_beside_the_sessions_that_applications_get_through_it() {
    let server = TestServer::start().await;
    configure(&server, "ENABLED", 1).await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    let authorize = format!(
        "/oauth2/authorize?response_type=token&client_id={}&redirect_uri={CALLBACK}&scope=openid+aws.cognito.signin.user.admin",
        pages_client()
    );
    let token = |location: &str| location.split("access_token=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let signed_in = browser.sign_in(&authorize, "ada").await;
    let mut people = vec![Person::new(&server, "ada", "")];
    people[0].access_token = token(signed_in.location());
    // A newer sign-in elsewhere, and then another session through the browser, whose sign-in is older.
    server.clock.advance(time::Duration::minutes(1));
    people.push(people[0].clone());
    people[1].sign_in().await;
    server.clock.advance(time::Duration::minutes(1));
    people.push(people[0].clone());
    people[2].access_token = token(browser.get(&authorize).await.location());
    trim_sessions::noted(&server.app).await.unwrap();
    assert_eq!(still_in(&people).await, [2], "the one that was opened last");
    assert!(browser.get(&authorize).await.location().contains("access_token="), "the browser is still signed in");
}

#[tokio::test]
async fn sign_ins_sign_outs_and_the_job_side_by_side_lose_nothing() {
    let server = std::sync::Arc::new(TestServer::with(&["--sessions-per-user=3"]).await);
    let replica = server.replica().await;
    let ada = server.user("ada").await;
    for _ in 0..20 {
        let mut mine = ada.clone();
        mine.sign_in().await;
        let sign_ins = (0..6).map(|n| {
            let mut one = if n % 2 == 0 { ada.clone() } else { ada.at(&replica) };
            async move {
                one.sign_in().await;
                one
            }
        });
        let trimming = tokio::spawn({
            let server = server.clone();
            async move { trim_sessions::once(&server.app).await.map(drop) }
        });
        let signed_in = all(sign_ins).await;
        trimming.await.unwrap().unwrap();
        trim_sessions::once(&server.app).await.unwrap();
        assert_eq!(live(&server, "ada").await, 3);
        let input = json!({"UserPoolId": pool(), "Username": "ada"});
        server.operator("AdminUserGlobalSignOut", input).await.ok();
        assert_eq!(still_in(&signed_in).await, [0_usize; 0]);
    }
}

/// Sets for how many minutes the pages' client, or another, silently uses a sign-in.
async fn set_sso_minutes(server: &TestServer, client_id: &str, minutes: i64) -> Value {
    let input = json!({"UserPoolId": pool(), "ClientId": client_id, "SSOSession": {"MaxValidityMinutes": minutes}});
    server.operator("SetUserPoolClientSessionConfiguration", input).await.ok()
}

fn authorize(client_id: &str) -> String {
    format!("/oauth2/authorize?response_type=code&client_id={client_id}&redirect_uri={CALLBACK}")
}

/// Makes another client with pages.
async fn other_pages_client(server: &TestServer) -> String {
    let input = json!({"UserPoolId": pool(), "ClientName": "other", "AllowedOAuthFlowsUserPoolClient": true,
        "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"], "CallbackURLs": [CALLBACK]});
    let made = server.operator("CreateUserPoolClient", input).await.ok();
    made["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_session_configuration_of_a_client_is_given_back() {
    let server = TestServer::start().await;
    let of_client = json!({"UserPoolId": pool(), "ClientId": pages_client()});
    let get = async || server.operator("GetUserPoolClientSessionConfiguration", of_client.clone()).await;
    assert_eq!(get().await.ok()["SSOSession"]["MaxValidityMinutes"], 60);
    // It needs the tracking of sessions.
    let mut input = of_client.clone();
    input["SSOSession"] = json!({"MaxValidityMinutes": 5});
    let refusal = server.operator("SetUserPoolClientSessionConfiguration", input.clone()).await.outcome();
    assert_eq!(refusal, "InvalidParameterException");
    configure(&server, "ENABLED", 20).await;
    assert_eq!(set_sso_minutes(&server, pages_client(), 5).await, input);
    assert_eq!(get().await.ok(), input);
    // An update of the client keeps it.
    let update = json!({"UserPoolId": pool(), "ClientId": client(), "ClientName": "first"});
    set_sso_minutes(&server, client(), 7).await;
    server.operator("UpdateUserPoolClient", update).await.ok();
    let told =
        server.operator("GetUserPoolClientSessionConfiguration", json!({"UserPoolId": pool(), "ClientId": client()}));
    assert_eq!(told.await.ok()["SSOSession"]["MaxValidityMinutes"], 7);
    for client_id in ["nobody"] {
        let unknown = json!({"UserPoolId": pool(), "ClientId": client_id, "SSOSession": {"MaxValidityMinutes": 5}});
        let outcome = server.operator("SetUserPoolClientSessionConfiguration", unknown.clone()).await.outcome();
        assert_eq!(outcome, "ResourceNotFoundException");
        let outcome = server.operator("GetUserPoolClientSessionConfiguration", unknown).await.outcome();
        assert_eq!(outcome, "ResourceNotFoundException");
    }
}

#[tokio::test]
async fn a_client_uses_a_browsers_sign_in_for_as_long_as_it_is_configured() {
    let server = TestServer::start().await;
    configure(&server, "ENABLED", 20).await;
    server.user("ada").await;
    let other = other_pages_client(&server).await;
    set_sso_minutes(&server, pages_client(), 24 * 60).await;
    let mut browser = Browser::new(&server);
    let back = browser.sign_in(&authorize(pages_client()), "ada").await;
    assert!(back.sent("code").is_some());
    server.clock.advance(time::Duration::minutes(59));
    assert!(browser.get(&authorize(&other)).await.sent("code").is_some());
    server.clock.advance(time::Duration::minutes(2));
    // For the other client, the default counts, and so it does for the account page.
    assert!(browser.get(&authorize(&other)).await.location().starts_with("/login?"));
    let account = format!("/account?client_id={}", pages_client());
    assert!(browser.get(&account).await.location().starts_with("/login?"));
    assert!(browser.get(&authorize(pages_client())).await.sent("code").is_some());
    let silent = browser.get(&format!("{}&prompt=none", authorize(&other))).await;
    assert_eq!(silent.sent("error").as_deref(), Some("login_required"));
    server.clock.advance(time::Duration::hours(23));
    assert!(browser.get(&authorize(pages_client())).await.location().starts_with("/login?"));
}

#[tokio::test]
async fn a_client_with_zero_minutes_always_asks_and_other_clients_use_the_sign_in() {
    let server = TestServer::start().await;
    configure(&server, "ENABLED", 20).await;
    server.user("ada").await;
    let other = other_pages_client(&server).await;
    set_sso_minutes(&server, pages_client(), 0).await;
    let mut browser = Browser::new(&server);
    // A sign-in that was just made leads to the application, even by way of the page that adds passkeys.
    let added = format!("/login?then=add&response_type=code&client_id={}&redirect_uri={CALLBACK}", pages_client());
    let shown = browser.sign_in(&added, "ada").await;
    let page = browser.follow(shown).await;
    let back = browser.submit(&page, "later", &[]).await;
    assert!(back.sent("code").is_some(), "{} {}", back.status, back.text);
    for _ in 0..2 {
        assert!(browser.get(&authorize(pages_client())).await.location().starts_with("/login?"));
    }
    assert!(browser.get(&authorize(&other)).await.sent("code").is_some());
    let back = browser.sign_in(&authorize(pages_client()), "ada").await;
    assert!(back.sent("code").is_some(), "no loop: {} {}", back.status, back.text);
}
