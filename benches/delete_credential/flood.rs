//! What first calls of a sign-in write by nobody: rows of all tables, and bytes of the log.

use std::{collections::BTreeMap, time::Duration};

use keystead::operations;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, Row};

use crate::{
    Bench,
    sign_in::Person,
    support::client::{Connection as Caller, call, connect},
};

/// Calls of each kind.
const CALLS: usize = 2_000;
/// Connections that call.
const CONNECTIONS: usize = 32;
/// PostgreSQL's processes tell what they wrote at the latest after ten idle seconds.
const TOLD: Duration = Duration::from_millis(11_500);

/// What was written so far: rows by table, and the log's bytes.
struct Written {
    rows: BTreeMap<String, i64>,
    log: i64,
}

/// Prints a table of the kinds of first calls.
pub async fn print(bench: &Bench<'_>) {
    let database = bench.database;
    let (app, pool, address) = (&database.app, &database.pool, bench.served.address);
    // The client hides who exists, as new clients of Amazon Cognito do.
    let request = json!({"UserPoolId": pool, "ClientName": "flooded", "PreventUserExistenceErrors": "ENABLED",
        "ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"]});
    let client = operations::create_client(app, request.as_object().unwrap().clone()).await.unwrap().id;
    let known = Person::new(app, pool, 9_001, &client, address).await.name;
    let first = |flow: &str, more: Value| {
        let mut parameters = json!({"USERNAME": ""});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"ClientId": client, "AuthFlow": flow, "AuthParameters": parameters})
    };
    let kinds = [
        ("USER_AUTH that prefers WEB_AUTHN", first("USER_AUTH", json!({"PREFERRED_CHALLENGE": "WEB_AUTHN"}))),
        ("USER_AUTH without a preference", first("USER_AUTH", json!({}))),
        ("USER_SRP_AUTH", first("USER_SRP_AUTH", json!({"SRP_A": "a".repeat(700)}))),
    ];
    println!("\n{CALLS} first calls of each kind on {CONNECTIONS} connections, by nobody:\n");
    println!(
        "| call | user | status | rows written | bytes of the log | the rows by table |\n|---|---|---|---|---|---|"
    );
    let mut db = PgConnection::connect_with(&bench.stage.cluster.connect_options("bench")).await.unwrap();
    tokio::time::sleep(TOLD).await;
    let before = written(&mut db).await;
    tokio::time::sleep(TOLD).await;
    row("none, for as long", "", "", &before, &written(&mut db).await);
    for (what, input) in kinds {
        for (whose, name) in [("one with a passkey", Some(&known)), ("unknown", None)] {
            let before = written(&mut db).await;
            let tasks = (0..CONNECTIONS).map(|n| {
                let (input, name) = (input.clone(), name.cloned());
                tokio::spawn(async move { calls(&mut connect(address).await, n, input, name).await })
            });
            let tasks: Vec<_> = tasks.collect();
            let mut answers: BTreeMap<u16, usize> = BTreeMap::new();
            for task in tasks {
                for status in task.await.unwrap() {
                    *answers.entry(status).or_default() += 1;
                }
            }
            tokio::time::sleep(TOLD).await;
            let answers: Vec<_> = answers.iter().map(|(status, count)| format!("{count} × {status}")).collect();
            row(what, whose, &answers.join(", "), &before, &written(&mut db).await);
        }
    }
}

/// The `n`th connection's share of the calls; the statuses of the answers. Every unknown name is another.
async fn calls(connection: &mut Caller, n: usize, mut input: Value, known: Option<String>) -> Vec<u16> {
    let mut statuses = Vec::new();
    for call_number in (n..CALLS).step_by(CONNECTIONS) {
        input["AuthParameters"]["USERNAME"] = json!(known.clone().unwrap_or_else(|| format!("nobody-{call_number}")));
        statuses.push(call(connection, "InitiateAuth", &input).await.0);
    }
    statuses
}

fn row(what: &str, whose: &str, answers: &str, before: &Written, after: &Written) {
    let by_table: Vec<(&String, i64)> = after
        .rows
        .iter()
        .map(|(table, rows)| (table, rows - before.rows.get(table).copied().unwrap_or_default()))
        .filter(|(_, rows)| *rows > 0)
        .collect();
    let rows: i64 = by_table.iter().map(|(_, rows)| rows).sum();
    let by_table: Vec<_> = by_table.iter().map(|(table, rows)| format!("{table} {rows}")).collect();
    let log = after.log - before.log;
    println!("| {what} | {whose} | {answers} | {rows} | {log} | {} |", by_table.join(", "));
}

async fn written(db: &mut PgConnection) -> Written {
    let text = "SELECT relname::text, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables";
    let rows = sqlx::query(text).fetch_all(&mut *db).await.unwrap();
    let rows = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let log = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint";
    Written { rows, log: sqlx::query_scalar(log).fetch_one(db).await.unwrap() }
}
