//! Deleting user pools: at once for everybody, in batches for the database.

use std::time::Duration;

use keystead::{app::App, jobs::delete_pools, operations::SUPPORTED, store::deleted_pools::TABLES, wire::model};
use serde_json::{Value, json};

use crate::support::{
    Answer, Browser, Person, TestServer, all, client, eventually, make_pool, pages_client, pool, pool_with, target,
};

/// Users with a passkey and a session each, written directly: no door makes so many in time.
async fn fill(server: &TestServer, pool: &str, client: &str, users: u32) {
    for statement in [
        "INSERT INTO users (user_pool_id, sub, username, username_key, status, created_at, updated_at)
         SELECT '{pool}', gen_random_uuid(), 'user-' || n, 'user-' || n, 'CONFIRMED', '2026-01-01', '2026-01-01'
         FROM generate_series(1, {users}) AS n",
        "INSERT INTO sessions (user_pool_id, origin_jti, sub, client_id, opened_with, refresh_hash, auth_time, expires_at)
         SELECT user_pool_id, gen_random_uuid(), sub, '{client}', 'password', '', '2026-01-01', '2036-01-01'
         FROM users WHERE user_pool_id = '{pool}'",
        "INSERT INTO webauthn_credentials (user_pool_id, sub, credential_id, public_key, algorithm, sign_count, aaguid, transports,
             attestation_format, backup_eligible, backup_state, rp_id, friendly_name, created_at)
         SELECT user_pool_id, sub, sub::text::bytea, '', -7, 0, gen_random_uuid(), '{}', 'none', false, false, 'localhost', '',
             '2026-01-01'
         FROM users WHERE user_pool_id = '{pool}'",
    ] {
        let statement =
            statement.replace("{pool}", pool).replace("{client}", client).replace("{users}", &users.to_string());
        server.sql(&statement).await;
    }
}

/// The tables that have rows of pools.
async fn tables(server: &TestServer) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.columns
         WHERE column_name = 'user_pool_id' AND table_schema = current_schema() ORDER BY 1",
    )
    .fetch_all(&server.db)
    .await
    .unwrap()
}

/// Fails where anything of a pool is left but its audit trail and what the outbox tells others.
async fn nothing_is_left(server: &TestServer, pool: &str) {
    for table in tables(server).await {
        let kept = match table.as_str() {
            "audit_events" => continue,
            "outbox" => "AND kind <> 'passkey.deleted'",
            _ => "",
        };
        assert_eq!(server.count(&format!("{table} WHERE user_pool_id = '{pool}' {kept}")).await, 0, "{table}");
    }
}

#[tokio::test]
async fn every_table_with_rows_of_a_pool_is_one_that_the_removal_knows() {
    let server = TestServer::start().await;
    let mut known: Vec<_> = TABLES.iter().copied().chain(["audit_events", "user_pools"]).collect();
    known.sort_unstable();
    assert_eq!(tables(&server).await, known);
}

#[tokio::test]
async fn a_pool_of_many_users_is_deleted_at_once_and_removed_in_batches() {
    let server = TestServer::with(&["--request-timeout-seconds=3"]).await;
    // Making another takes longer than such a request may.
    let (pool, client) = (pool().to_owned(), client().to_owned());
    fill(&server, &pool, &client, 6_000).await;
    server.allow_small_statements_only(2_000).await;
    server.operator("DeleteUserPool", json!({"UserPoolId": pool})).await.ok();
    let refusal = server.operator("DeleteUserPool", json!({"UserPoolId": pool})).await.refused();
    assert_eq!(refusal, format!("400 ResourceNotFoundException: User pool {pool} does not exist."));
    // A sign-up that had begun.
    let late = "INSERT INTO users (user_pool_id, sub, username, username_key, status, created_at, updated_at)
                VALUES ($1, gen_random_uuid(), 'late', 'late', 'UNCONFIRMED', '2026-01-01', '2026-01-01')";
    sqlx::query(late).bind(&pool).execute(&server.db).await.unwrap();
    assert!(server.metrics().await.contains("keystead_deleted_pool_rows_total 0"));
    let counts = async || server.metrics().await.contains("keystead_pools_being_deleted 1");
    let (removed, ()) = tokio::join!(delete_pools::once(&server.app), eventually("it is not counted", counts));
    let removed = removed.unwrap();
    assert!(removed >= 18_001, "{removed}");
    nothing_is_left(&server, &pool).await;
    for (from, rows) in [
        ("audit_events WHERE event = 'passkey.deleted' AND actor LIKE 'operator:%'", 6_000),
        ("audit_events WHERE event = 'user.deleted' AND actor LIKE 'operator:%'", 6_001),
        ("audit_events WHERE event = 'pool.deleted'", 1),
        ("outbox WHERE kind = 'passkey.deleted'", 6_000),
        ("(SELECT DISTINCT request_id FROM audit_events WHERE event LIKE '%.deleted') AS requests", 1),
    ] {
        assert_eq!(server.count(from).await, rows, "{from}");
    }
    let metrics = server.metrics().await;
    assert!(metrics.contains(&format!("keystead_deleted_pool_rows_total {removed}")), "{metrics}");
    assert!(metrics.contains("keystead_pools_being_deleted 0"), "{metrics}");
}

/// An input of an operation with what it must have, of the service model; `known`: what is given where a member of that name is.
fn sample(models: &[Value], shape: &str, known: &Value) -> Value {
    let shape = models.iter().find_map(|model| model["shapes"].get(shape)).unwrap_or_else(|| panic!("{shape}"));
    let named = |shape: &Value| sample(models, shape.as_str().unwrap(), known);
    match shape["type"].as_str().unwrap() {
        "structure" => {
            let members = shape["members"].as_object().cloned().unwrap_or_default();
            let required = shape["required"].as_array().cloned().unwrap_or_default();
            let is_given = |name: &str| known.get(name).is_some() || required.iter().any(|one| one == name);
            let member = |(name, shape): (&String, &Value)| {
                (name.clone(), known.get(name).cloned().unwrap_or_else(|| named(shape)))
            };
            members.iter().filter(|(name, _)| is_given(name)).map(member).collect()
        }
        "list" => json!([named(&shape["member"])]),
        "map" => json!({"key": named(&shape["value"])}),
        "boolean" => json!(true),
        "integer" | "long" | "timestamp" => json!(1),
        _ => shape["enum"].get(0).cloned().unwrap_or_else(|| json!("abc")),
    }
}

/// Calls every operation with what it must have and `known`; the outcomes, but for those whose input is refused by itself.
async fn walk(server: &TestServer, known: &Value, wanted: &str) -> Vec<(String, String)> {
    let models: Vec<Value> =
        [include_str!("../../src/wire/cognito-idp.json"), include_str!("../../src/wire/keystead.json")]
            .iter()
            .map(|text| serde_json::from_str(text).unwrap())
            .collect();
    let mut outcomes = Vec::new();
    for operation in SUPPORTED {
        let known_one = model().operation(operation).unwrap();
        let input = models.iter().find_map(|model| model["operations"].get(*operation)).unwrap()["input"].clone();
        let input = sample(&models, input.as_str().unwrap(), known);
        if input.get(wanted).is_none() || (wanted == "ClientId" && known_one.signed) {
            continue;
        }
        let body = input.to_string();
        let request = server.http.post(&server.url).header("x-amz-target", target(operation));
        let mut request = request.header("content-type", "application/x-amz-json-1.1");
        if known_one.signed {
            for (name, value) in server.signed(operation, &body) {
                request = request.header(name, value);
            }
        }
        // Not every operation declares what it answers without its pool.
        let answer = Answer::of(request.body(body).send().await.unwrap()).await;
        outcomes.push(((*operation).to_owned(), answer.outcome()));
    }
    outcomes
}

#[tokio::test]
async fn nothing_of_a_deleted_pool_answers_on_any_replica() {
    let server = TestServer::start().await;
    let replica = server.replica().await;
    let mut ada = server.signed_in("ada").await;
    let passkey = ada.add_passkey().await;
    let mut browser = Browser::new(&replica);
    let account = format!("/account?client_id={}", pages_client());
    browser.sign_in(&account, "ada").await;
    // A key of the pool's own, and the other replica's caches: keys, clients, sessions.
    server.key("AKIABOUND", "administrator", Some(pool())).await;
    let of_pool = json!({"UserPoolId": pool()});
    let bound = async |server: &TestServer| {
        server.operator_as("AKIABOUND", "DescribeUserPool", of_pool.clone()).await.outcome()
    };
    assert_eq!(bound(&replica).await, "OK");
    let elsewhere: Person = ada.at(&replica);
    assert_eq!(elsewhere.listed().await.len(), 1);
    elsewhere.call("GetUser", json!({})).await.ok();
    let mut again = elsewhere.clone();
    again.sign_in().await;

    server.operator("DeleteUserPool", of_pool.clone()).await.ok();

    // All that is wrong, so that it is told at once.
    let mut wrong = Vec::new();
    for server in [&replica, &server] {
        let mut check = |what: &str, found: String, wanted: &[&str]| {
            if !wanted.contains(&found.as_str()) {
                wrong.push(format!("{what}: {found}"));
            }
        };
        let person = ada.at(server);
        for (operation, input) in [
            ("GetUser", json!({})),
            ("ListWebAuthnCredentials", json!({})),
            ("DeleteWebAuthnCredential", json!({"CredentialId": passkey})),
            ("GlobalSignOut", json!({})),
            ("ListUserSessions", json!({})),
        ] {
            let refusal = person.call(operation, input).await.refused();
            check(operation, refusal, &["400 NotAuthorizedException: Access Token has been revoked"]);
        }
        let known = json!({"AccessToken": ada.access_token, "CredentialId": passkey, "UserCode": "123456"});
        for (operation, outcome) in walk(server, &known, "AccessToken").await {
            check(&operation, outcome, &["NotAuthorizedException", "InvalidParameterException"]);
        }
        let known = json!({"ClientId": client(), "Username": "ada", "Password": "Passw0rd!", "AuthFlow": "USER_AUTH",
            "AuthParameters": {"USERNAME": "ada"}, "ConfirmationCode": "123456", "RefreshToken": ada.refresh_token,
            "Token": ada.refresh_token});
        for (operation, outcome) in walk(server, &known, "ClientId").await {
            check(&operation, outcome, &["ResourceNotFoundException"]);
        }
        let known = json!({"UserPoolId": pool(), "ClientId": client(), "Username": "ada", "Password": "Passw0rd!",
            "MaxResults": 10, "CustomAttributes": [{"Name": "team", "AttributeDataType": "String"}],
            "CloudWatchLogsRoleArn": "arn:aws:iam::123456789012:role/import", "MFAOptions": [], "LogConfigurations": [],
            "ManagedLoginBrandingId": "ef1bb4d9-a28f-4dc6-94c6-49a605de6a6a", "TermsName": "terms-of-use",
            "TermsId": "ef1bb4d9-a28f-4dc6-94c6-49a605de6a6a", "Links": {"cognito:default": "https://example.com"}});
        let outcomes = walk(server, &known, "UserPoolId").await;
        let unjudged: Vec<_> = outcomes.iter().filter(|(_, outcome)| outcome == "InvalidParameterException").collect();
        if unjudged.len() > 8 || outcomes.len() < 60 {
            check("of the operators' operations", format!("{unjudged:?} of {}", outcomes.len()), &[]);
        }
        for (operation, outcome) in outcomes {
            check(&operation, outcome, &["ResourceNotFoundException", "InvalidParameterException"]);
        }
        check("a key of the pool's own", bound(server).await, &["UnrecognizedClientException"]);
        let listed = server.operator("ListUserPools", json!({"MaxResults": 60})).await.ok();
        check("ListUserPools", listed.to_string().contains(pool()).to_string(), &["false"]);
        for document in ["jwks.json", "openid-configuration"] {
            let address = format!("{}/{}/.well-known/{document}", server.url, pool());
            check(document, server.http.get(address).send().await.unwrap().status().to_string(), &["404 Not Found"]);
        }
        for page in [format!("/login?client_id={}", pages_client()), account.clone()] {
            let mut browser = browser.clone();
            browser.url.clone_from(&server.url);
            check(&page, browser.get(&page).await.status.to_string(), &["400", "404"]);
        }
        for (path, form) in [
            ("token", format!("grant_type=refresh_token&client_id={}&refresh_token=x", pages_client())),
            ("revoke", format!("client_id={}&token=x", pages_client())),
        ] {
            let request = server.http.post(format!("{}/oauth2/{path}", server.url)).body(form);
            let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
            let text = answer.text().await.unwrap();
            check(
                path,
                if text.contains("invalid_client") { "invalid_client".into() } else { text },
                &["invalid_client"],
            );
        }
        let user_info = server.http.get(format!("{}/oauth2/userInfo", server.url)).bearer_auth(&ada.access_token);
        check("userInfo", user_info.send().await.unwrap().status().to_string(), &["401 Unauthorized"]);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(server.count("users").await, 1, "nothing was removed yet: all of this is the tombstone's doing");
}

#[tokio::test]
async fn an_app_client_that_is_deleted_takes_its_sessions_along_everywhere() {
    let server = TestServer::start().await;
    let replica = server.replica().await;
    let ada = server.signed_in("ada").await.at(&replica);
    let mut other = ada.clone();
    other.sign_in_to(crate::support::second_client()).await;
    ada.call("GetUser", json!({})).await.ok();
    server.operator("DeleteUserPoolClient", json!({"UserPoolId": pool(), "ClientId": client()})).await.ok();
    assert_eq!(ada.call("GetUser", json!({})).await.outcome(), "NotAuthorizedException");
    assert_eq!(ada.call("ListWebAuthnCredentials", json!({})).await.outcome(), "NotAuthorizedException");
    let sessions = other.call("ListUserSessions", json!({})).await.ok();
    assert_eq!(sessions["Sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_sessions_of_a_deleted_app_client_are_removed_in_batches() {
    let server = TestServer::start().await;
    let (pool, client) = make_pool(&server).await;
    fill(&server, &pool, &client, 5_000).await;
    server.allow_small_statements_only(2_000).await;
    let input = json!({"UserPoolId": pool, "ClientName": "other"});
    let other = server.operator("CreateUserPoolClient", input).await.ok()["UserPoolClient"]["ClientId"].clone();
    let some = format!(
        "UPDATE sessions SET client_id = '{}' WHERE origin_jti < '20000000-0000-0000-0000-000000000000'",
        other.as_str().unwrap()
    );
    server.sql(&some).await;
    let rest = server.count(&format!("sessions WHERE client_id <> '{client}'")).await;
    server.operator("DeleteUserPoolClient", json!({"UserPoolId": pool, "ClientId": client})).await.ok();
    assert_eq!(server.count("deleted_clients").await, 1);
    let removed = keystead::jobs::delete_clients::once(&server.app).await.unwrap();
    assert_eq!((removed.cast_signed(), server.count("sessions").await), (5_000 - rest, rest));
    assert_eq!(server.count("deleted_clients").await, 0);
}

#[tokio::test]
async fn a_sign_up_under_way_does_not_keep_a_pool_from_its_deletion() {
    let server = TestServer::start().await;
    let mut other = server.db.begin().await.unwrap();
    let held = "SELECT 1 FROM user_pools WHERE user_pool_id = $1 FOR KEY SHARE";
    sqlx::query(held).bind(pool()).execute(&mut *other).await.unwrap();
    server.operator("DeleteUserPool", json!({"UserPoolId": pool()})).await.ok();
    // Its user comes late, and is removed like the others.
    let late = "INSERT INTO users (user_pool_id, sub, username, username_key, status, created_at, updated_at)
                VALUES ($1, gen_random_uuid(), 'late', 'late', 'UNCONFIRMED', '2026-01-01', '2026-01-01')";
    sqlx::query(late).bind(pool()).execute(&mut *other).await.unwrap();
    assert!(delete_pools::once(&server.app).await.is_err(), "the pool's row is held");
    other.commit().await.unwrap();
    // The run that broke off is rolled back by itself, a moment later.
    let gone = async || {
        delete_pools::once(&server.app).await.unwrap();
        server.count(&format!("user_pools WHERE user_pool_id = '{}'", pool())).await == 0
    };
    eventually("the pool is not removed", gone).await;
    nothing_is_left(&server, pool()).await;
}

#[tokio::test]
async fn of_two_deletions_of_one_pool_one_wins() {
    let server = TestServer::start().await;
    let replica = std::sync::Arc::new(server.replica().await);
    let server = std::sync::Arc::new(server);
    for _ in 0..10 {
        let (pool, _) = make_pool(&server).await;
        let deletions = [&server, &replica].map(|at| {
            let (at, input) = (at.clone(), json!({"UserPoolId": pool}));
            async move { at.operator("DeleteUserPool", input).await.outcome() }
        });
        let mut outcomes = all(deletions).await;
        outcomes.sort();
        assert_eq!(outcomes, ["OK", "ResourceNotFoundException"]);
        assert_eq!(
            server.count(&format!("audit_events WHERE event = 'pool.deleted' AND user_pool_id = '{pool}'")).await,
            1
        );
    }
}

#[tokio::test]
async fn a_removal_that_is_cut_off_anywhere_goes_on_and_tells_of_each_passkey_once() {
    let server = TestServer::start().await;
    let (pool, client) = make_pool(&server).await;
    fill(&server, &pool, &client, 3_000).await;
    server.operator("DeleteUserPool", json!({"UserPoolId": pool})).await.ok();
    let mut cut = 0;
    while server.count(&format!("user_pools WHERE user_pool_id = '{pool}'")).await > 0 {
        // A process of its own each time, as far as the database can tell.
        let config = crate::support::config(&[]);
        let db = keystead::cli::connect(&config, server.options()).await.unwrap();
        let sealing = keystead::sealing::SealingKey::new(&[7; 32]);
        let app = App::new(db, server.clock.clone(), config, sealing).unwrap();
        let runtime = tokio::task::spawn(async move { delete_pools::once(&app).await });
        tokio::time::sleep(Duration::from_millis(10 + 10 * cut)).await;
        runtime.abort();
        cut += u64::from(runtime.await.is_err());
        assert!(cut < 2_000, "it never ends");
    }
    assert!(cut > 3, "{cut}");
    nothing_is_left(&server, &pool).await;
    for (from, rows) in [
        ("audit_events WHERE event = 'passkey.deleted'", 3_000),
        ("(SELECT DISTINCT credential_id FROM audit_events WHERE event = 'passkey.deleted') AS passkeys", 3_000),
        ("outbox WHERE kind = 'passkey.deleted'", 3_000),
    ] {
        assert_eq!(server.count(from).await, rows, "{from}");
    }
}

#[tokio::test]
async fn a_deleted_pools_messages_are_not_delivered() {
    let server = TestServer::start().await;
    // Nobody is written to before the clock is moved.
    server
        .sql(
            "CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 NEW.due_at := NEW.due_at + interval '1 hour'; RETURN NEW; END $$;
             CREATE TRIGGER later BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION later()",
        )
        .await;
    let mut pools = Vec::new();
    for address in ["first@example.com", "second@example.com"] {
        let members = json!({"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"]});
        let (pool, client) = pool_with(&server, members, json!({})).await;
        let input = json!({"ClientId": client, "Username": address, "Password": "Passw0rd!"});
        server.call("SignUp", input).await.ok();
        pools.push(pool);
    }
    server.operator("DeleteUserPool", json!({"UserPoolId": pools[0]})).await.ok();
    server.clock.advance(time::Duration::hours(2));
    // The later one came, so the earlier one would have.
    server.message("second@example.com", 1).await;
    let inbox = server.http.get(format!("{}/dev/inbox?to=first@example.com", server.url)).send().await.unwrap();
    let inbox: Value = serde_json::from_str(&inbox.text().await.unwrap()).unwrap();
    assert_eq!(inbox["messages"], json!([]));
}
