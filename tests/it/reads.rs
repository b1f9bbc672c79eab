//! What an operation reads does not grow with the tables, even before PostgreSQL has statistics of them.
//!
//! PostgreSQL keeps the plan of a prepared statement. A plan that was made while a table was small may read all of the
//! table, or all rows of the pool. Keystead has it plan again from time to time, here each time.

use std::time::Duration;

use keystead::dev::authenticator::Spoil;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};

use crate::support::{
    self, Browser, CALLBACK, ORIGIN, PASSWORD, Person, TestServer, client, initiate, pages_client, pool,
    srp_client::Client,
};

/// The rows that are added to each table.
const ROWS: i64 = 5_000;
/// How often everything is done before and after that. PostgreSQL keeps a plan from the sixth time.
const TIMES: usize = 10;

/// The tables, and the columns that differ from row to row. All other columns are copied from a row that is there.
const TABLES: &[(&str, &str)] = &[
    (
        "users",
        "'sub', md5('copy' || n)::uuid, 'username', 'copy' || n, 'username_key', 'copy' || n, 'attributes', '{}'::jsonb",
    ),
    ("webauthn_credentials", "'sub', md5('copy' || n)::uuid, 'credential_id', '\\x' || md5('copy' || n)"),
    ("sessions", "'sub', md5('copy' || n)::uuid, 'origin_jti', gen_random_uuid()"),
    ("challenges", "'sub', md5('copy' || n)::uuid, 'id', gen_random_uuid()"),
    ("used_states", "'id', gen_random_uuid()"),
    ("login_attempts", "'username_key', 'copy' || n"),
    ("authorization_codes", "'sub', md5('copy' || n)::uuid, 'code_hash', '\\x' || md5('copy' || n)"),
    ("app_clients", "'client_id', 'copy' || n"),
    ("groups", "'group_name', 'copy' || n"),
    ("group_members", "'sub', md5('copy' || n)::uuid, 'group_name', 'copy' || n"),
];

/// Everything that people often do, once.
async fn all_that_people_do(server: &TestServer, srp: &str, ada: &mut Person, browser: &mut Browser) {
    let spoil = Spoil { sign_count: Some(0), ..Spoil::default() };
    ada.passkey_sign_in(&spoil).await.ok();
    let (session, options) = ada.passkey_challenge().await;
    let absent = Spoil { user_present: Some(false), ..spoil };
    let wrong = ada.authenticator.get(&options, ORIGIN, &absent).unwrap();
    ada.respond(&session, &wrong).await.refused();
    ada.password_sign_in(client(), "Wr0ng-Passw0rd!").await.refused();
    let tokens = ada.password_sign_in(client(), PASSWORD).await.ok();
    ada.keep_tokens(&tokens);
    let refresh = json!({"REFRESH_TOKEN": tokens["AuthenticationResult"]["RefreshToken"]});
    server.call("InitiateAuth", initiate(client(), "REFRESH_TOKEN_AUTH", refresh)).await.ok();
    let proof = Client::new();
    let parameters = json!({"USERNAME": "ada", "SRP_A": proof.public().to_str_radix(16)});
    let asked = server.call("InitiateAuth", initiate(srp, "USER_SRP_AUTH", parameters)).await.ok();
    let responses = proof.answer_of(pool(), PASSWORD, &asked["ChallengeParameters"]);
    let input = support::respond(srp, "PASSWORD_VERIFIER", &asked["Session"], responses);
    server.call("RespondToAuthChallenge", input).await.ok();
    ada.call("GetUser", json!({})).await.ok();
    ada.call("ListWebAuthnCredentials", json!({})).await.ok();
    ada.call("ListUserSessions", json!({})).await.ok();
    ada.call("GetUserAuthFactors", json!({})).await.ok();
    // The authenticator has a passkey already.
    let authenticator = std::mem::take(&mut ada.authenticator);
    let id = ada.add_passkey().await;
    ada.authenticator = authenticator;
    ada.delete_passkey(&id).await.ok();
    let query = format!("client_id={}&response_type=code&scope=openid&redirect_uri={CALLBACK}", pages_client());
    let code = browser.get(&format!("/oauth2/authorize?{query}")).await.sent("code").unwrap();
    assert_eq!(browser.exchange(&code).await.status, 200);
    assert_eq!(browser.get(&format!("/account?client_id={}", pages_client())).await.status, 200);
}

/// How many rows PostgreSQL has read of each table in sequence, and how many entries of each index, by the connections
/// that have ended. Ends those that fit the condition, because a connection reports when it ends, at the latest.
async fn fetched(server: &TestServer, ends: &str) -> Vec<(String, i64)> {
    let mut db = PgConnection::connect_with(&server.options()).await.unwrap();
    let others = format!(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
         AND backend_type = 'client backend' AND {ends}"
    );
    let pids: Vec<i32> = sqlx::query_scalar(sqlx::AssertSqlSafe(others)).fetch_all(&mut db).await.unwrap();
    sqlx::query("SELECT pg_terminate_backend(pid) FROM unnest($1) AS pid").bind(&pids).execute(&mut db).await.unwrap();
    let ended = async {
        let alive = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = ANY($1))";
        while sqlx::query_scalar(alive).bind(&pids).fetch_one(&mut db).await.unwrap() {}
    };
    tokio::time::timeout(Duration::from_secs(30), ended).await.expect("the connections end");
    let counts = "SELECT relname::text, coalesce(seq_tup_read, 0) FROM pg_stat_user_tables
                  UNION ALL SELECT indexrelname::text, coalesce(idx_tup_read, 0) FROM pg_stat_user_indexes ORDER BY 1";
    sqlx::query_as(counts).fetch_all(&mut db).await.unwrap()
}

#[tokio::test]
async fn no_operation_reads_a_table_through() {
    let server = TestServer::with(&["--plan-lifetime-seconds=0"]).await;
    let srp = json!({"UserPoolId": pool(), "ClientName": "srp", "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"]});
    let srp = server.operator("CreateUserPoolClient", srp).await.ok()["UserPoolClient"]["ClientId"].clone();
    let srp = srp.as_str().unwrap().to_owned();
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    server.operator("CreateGroup", json!({"UserPoolId": pool(), "GroupName": "staff"})).await.ok();
    let member = json!({"UserPoolId": pool(), "GroupName": "staff", "Username": "ada"});
    server.operator("AdminAddUserToGroup", member).await.ok();
    let mut browser = Browser::new(&server);
    let first = format!("/oauth2/authorize?client_id={}&response_type=code&redirect_uri={CALLBACK}", pages_client());
    browser.sign_in(&first, "ada").await;
    for _ in 0..TIMES {
        all_that_people_do(&server, &srp, &mut ada, &mut browser).await;
    }
    // So that there is a row to be copied.
    ada.start_registration().await;
    ada.password_sign_in(client(), "Wr0ng-Passw0rd!").await.refused();
    for (table, columns) in TABLES {
        let copies = format!(
            "INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, to_jsonb(t) || jsonb_build_object({columns}))).*
             FROM (SELECT * FROM {table} LIMIT 1) t, generate_series(1, {ROWS}) n"
        );
        server.sql(&copies).await;
        assert!(server.count(table).await > ROWS, "{table} had no row to copy");
    }
    // What it took to fill the tables does not count.
    let before = fetched(&server, "application_name <> 'keystead'").await;
    for _ in 0..TIMES {
        all_that_people_do(&server, &srp, &mut ada, &mut browser).await;
    }
    let after = fetched(&server, "true").await;
    let grown = after.iter().filter_map(|(name, count)| {
        let then = before.iter().find(|(other, _)| other == name).map_or(0, |(_, count)| *count);
        (count - then >= ROWS).then(|| format!("{name}: {}", count - then))
    });
    assert_eq!(grown.collect::<Vec<_>>(), Vec::<String>::new(), "rows read {TIMES} times");
}
