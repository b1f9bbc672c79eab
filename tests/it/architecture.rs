//! Rules that the compiler does not hold: who may use whom, and what every table's keys carry.

use std::{fs, path::Path};

use crate::support::TestServer;

fn sources(folder: &Path, out: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap().display().to_string();
            out.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn calls_go_downward_only() {
    let mut files = Vec::new();
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut files);
    assert!(files.len() > 60, "{}", files.len());
    let rules: &[(&str, &[&str])] = &[
        ("store/", &["operations", "flows", "http", "cli", "jobs"]),
        ("webauthn/", &["operations", "flows", "http", "cli", "jobs", "store", "app", "clock", "random"]),
        ("tokens/", &["operations", "flows", "http", "cli", "jobs", "store", "app", "clock"]),
        ("wire/", &["operations", "flows", "http", "cli", "jobs", "store", "app", "clock", "random", "tokens"]),
        ("flows/", &["operations", "http", "cli", "jobs"]),
        ("operations/", &["http", "cli", "jobs"]),
    ];
    for (name, text) in &files {
        let text = text.split("#[cfg(test)]").next().unwrap();
        for (folder, forbidden) in rules {
            for module in *forbidden {
                let used = text.contains(&format!("crate::{module}::")) || text.contains(&format!("\n    {module}::"));
                assert!(!(name.starts_with(folder) && used), "{name} uses {module}");
            }
        }
        let actix = text.contains("actix_") && !name.starts_with("http/") && name != "telemetry.rs";
        assert!(!actix, "{name} knows actix");
        let sql = ["sqlx::query", "query!(", "query_as!("].iter().any(|call| text.contains(call));
        let may = name.starts_with("store/") || name.starts_with("jobs/") || name.starts_with("cli/");
        assert!(!sql || may, "{name} holds SQL");
    }
}

/// Queries that are not given a pool, each with its reason.
const OF_ALL_POOLS: &[(&str, &str)] = &[
    ("FROM app_clients WHERE client_id =", "a public call names only its client; remembered afterwards"),
    ("FROM domains WHERE domain =", "DescribeUserPoolDomain; a domain is one pool's"),
    ("FROM operators", "operators may have all pools; they are few, and a signature names only its key"),
    ("FROM user_pools WHERE user_pool_id >", "ListUserPools"),
    ("FROM signing_keys LIMIT 1", "whether the sealing key fits, asked at start"),
    ("->> 'RelyingPartyId' =", "/.well-known/webauthn knows its host only; an index finds the pools"),
    ("WHERE expires_at <", "the job that removes what expired, in batches"),
    ("WHERE last_failed_at <", "the same job"),
    ("WHERE at <", "the same job"),
    ("WHERE revoked_at <", "the same job"),
    ("WHERE completed_at <", "the same job"),
    ("WHERE status = 'UNCONFIRMED' AND created_at <", "the same job"),
    ("WHERE greatest(sent_since, tried_since) <", "the same job"),
    ("WHERE status = 'Created' AND created_at <", "the job that removes what expired"),
    ("WHERE status IN ('Pending', 'InProgress', 'Stopping')", "the job that imports users"),
    ("deleted_at IS NOT NULL", "the job that removes deleted pools"),
    ("WHERE deleted_at > ", "the same job"),
    ("FROM deleted_clients ORDER BY", "the job that removes sessions of deleted app clients"),
    ("FROM pg_class", "before migrations: whether the database is another program's"),
    ("SELECT pg_try_advisory_xact_lock", "no table"),
];

#[test]
fn no_query_lacks_the_pool() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/.sqlx");
    let (mut seen, mut used) = (0, std::collections::BTreeSet::new());
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let file: serde_json::Value = serde_json::from_str(&text).unwrap();
        let query = file["query"].as_str().unwrap();
        seen += 1;
        if query.contains("user_pool_id = ") || query.starts_with("INSERT INTO") {
            continue;
        }
        let reason = OF_ALL_POOLS.iter().find(|(part, _)| query.contains(part));
        used.insert(reason.unwrap_or_else(|| panic!("no pool in {query}")).0);
    }
    assert!(seen > 60, "{seen}");
    assert_eq!(used.len(), OF_ALL_POOLS.len(), "an exception that nobody needs: {used:?}");
}

#[tokio::test]
async fn every_key_and_constraint_carries_the_pool() {
    let server = TestServer::start().await;
    let constraints: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint
         WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f')",
    )
    .fetch_all(&server.db)
    .await
    .unwrap();
    assert!(constraints.len() > 12, "{}", constraints.len());
    for (table, name, definition) in constraints {
        if ["_sqlx_migrations", "schema_compatibility"].contains(&table.as_str()) {
            continue;
        }
        let carries = definition.contains("KEY (user_pool_id") || definition.contains("UNIQUE (user_pool_id");
        assert!(carries, "{table}.{name}: {definition}");
    }
    let unique: Vec<(String,)> = sqlx::query_as("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT IN ('_sqlx_migrations', 'schema_compatibility') AND indexdef LIKE 'CREATE UNIQUE%'")
        .fetch_all(&server.db)
        .await
        .unwrap();
    for (definition,) in unique {
        // The names of domains are one space for all pools.
        assert!(definition.contains("(user_pool_id") || definition.contains("INDEX domains_by_name"), "{definition}");
    }
}

/// The tables that grow with the users, and how often statements read one whole (`seq_scan`) and by index (`idx_scan`).
async fn scans(server: &TestServer) -> (i64, i64) {
    sqlx::query_as(
        "SELECT sum(seq_scan)::bigint, sum(idx_scan)::bigint FROM pg_stat_user_tables
         WHERE relname IN ('users', 'webauthn_credentials', 'sessions', 'challenges')",
    )
    .fetch_one(&server.db)
    .await
    .unwrap()
}

#[tokio::test]
async fn small_tables_are_not_read_whole() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    // Counts are published up to a second after the statement.
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let (whole, by_index) = scans(&server).await;
    for _ in 0..10 {
        ada.passkey_sign_in(&Default::default()).await.ok();
        ada.listed().await;
    }
    let mut seen = scans(&server).await;
    while seen.1 < by_index + 25 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        // Makes the connections that are quiet publish.
        ada.listed().await;
        seen = scans(&server).await;
    }
    assert_eq!(seen.0, whole, "statements that read a table of users whole");
}
