//! Rules that the compiler does not hold: who may use whom, and what every table's keys carry.

use std::{collections::BTreeSet, fs, path::Path};

use crate::{
    imports::{self, Imports, Module},
    support::TestServer,
};

/// What stands above what: a line's modules use those of the lines below it, and nothing else of the crate.
const LAYERS: &[&[&str]] = &[
    &["cli"],
    &["http"],
    &["jobs", "operations"],
    &["flows"],
    &["change"],
    &["caller"],
    &["sigv4"],
    &["app"],
    &["auth_event_queue", "grants", "key_ring", "metrics", "readiness"],
    &["call", "delivery", "log_delivery", "passwords", "store", "triggers", "user_queue", "web_acl"],
    &["admission", "budgets", "hosts", "jwe", "page", "session_text", "srp", "tokens", "webauthn", "webhooks"],
    &["config", "dev", "group_commit", "pending", "sealing", "wire"],
    &[
        "broken",
        "clock",
        "context",
        "database",
        "error",
        "factor",
        "fair",
        "opened_sessions",
        "passkey_providers",
        "proxies",
        "random",
        "role",
        "secret",
        "telemetry",
        "texts",
    ],
];

/// Words of the API that have an enum of their own.
const WORDS: &[&str] = &[
    "PASSWORD_SRP",
    "EMAIL_OTP",
    "SMS_OTP",
    "WEB_AUTHN",
    "SMS_MFA",
    "SOFTWARE_TOKEN_MFA",
    "SELECT_MFA_TYPE",
    "MFA_SETUP",
    "SELECT_CHALLENGE",
    "NEW_PASSWORD_REQUIRED",
    "PASSWORD_VERIFIER",
    "CUSTOM_CHALLENGE",
    "DEVICE_SRP_AUTH",
    "DEVICE_PASSWORD_VERIFIER",
    "OPTIONAL",
];

fn own_sources() -> Vec<(Module, String)> {
    imports::sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")))
}

#[test]
fn no_modules_use_each_other_in_a_circle() {
    let files = own_sources();
    assert!(files.len() > 150, "{}", files.len());
    assert_eq!(Imports::of(&files).circles(), Vec::<BTreeSet<&Module>>::new());
}

#[test]
fn modules_use_what_stands_below_them() {
    let files = own_sources();
    let imports = Imports::of(&files);
    let layer = |module: &str| {
        let found = LAYERS.iter().position(|line| line.contains(&module));
        found.unwrap_or_else(|| panic!("{module} stands in no layer: give it one in this test"))
    };
    let used = imports.of_the_root();
    assert!(used.len() > 100, "{}", used.len());
    let wrong: Vec<_> = used.into_iter().filter(|(from, to)| layer(from) >= layer(to)).collect();
    assert_eq!(wrong, [], "these use what does not stand below them");
}

/// A module that is put among the others, and the circle that it closes.
fn closes_a_circle(module: &str, text: &str) -> bool {
    let mut files = own_sources();
    files.push((module.split("::").map(str::to_owned).collect(), text.to_owned()));
    !Imports::of(&files).circles().is_empty()
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    // `error` is used by nearly all: what it uses of them closes a circle.
    for upward in [
        "use crate::app::App;",
        "use crate::{secret::Secret, flows::accounts::{names, sign_up}};",
        "pub use crate::store::clients as clients;",
        "fn f() { crate::store::clients::pool_of() }",
        "fn f(app: &crate::app::App) {}",
        "fn f() { format!(\"{}\", crate::operations::NAME) }",
        "use super::store; fn f() { store::clients::pool_of() }",
        "mod inner { fn f() { super::super::http::serve() } }",
    ] {
        let text = own_sources().into_iter().find(|(module, _)| module == &["error"]).unwrap().1 + upward;
        let mut files = own_sources();
        files.retain(|(module, _)| module != &["error"]);
        files.push((vec!["error".into()], text));
        assert!(!Imports::of(&files).circles().is_empty(), "{upward}");
    }
    // Of tests, and of oneself.
    assert!(!closes_a_circle("flows::new", "#[cfg(test)] mod tests { use crate::cli; }"));
    assert!(!closes_a_circle("flows::new", "use super::triggers; use crate::store;"));
}

#[test]
fn actix_and_sql_have_their_places() {
    for (module, text) in own_sources() {
        let (text, name) = (text.split("#[cfg(test)]").next().unwrap(), module.join("::"));
        let top = module.first().map_or("", String::as_str);
        assert!(!text.contains("actix_") || ["http", "telemetry"].contains(&top), "{name} knows actix");
        let sql = ["sqlx::query", "query!(", "query_as!("].iter().any(|call| text.contains(call));
        assert!(!sql || ["store", "jobs", "cli"].contains(&top), "{name} holds SQL");
    }
}

#[test]
fn sessions_of_sign_ins_are_opened_in_one_place() {
    for (module, text) in own_sources() {
        let opens = text.contains("issue::open_session(") || text.contains("issue::new_session(");
        assert!(!opens || module == ["flows", "sign_in", "next"], "{} opens a session", module.join("::"));
    }
}

#[test]
fn pages_decide_by_keys_and_not_by_the_words_of_errors() {
    for (module, text) in
        own_sources().iter().filter(|(module, _)| module.starts_with(&["http".into(), "pages".into()]))
    {
        let text = text.split("#[cfg(test)]").next().unwrap();
        for asks in ["text.starts_with(\"", "text.contains(\"", "text.ends_with(\"", "text.split_once(\""] {
            assert!(!text.contains(asks), "{}: {asks}", module.join("::"));
        }
    }
}

#[test]
fn the_words_of_factors_and_challenges_are_written_in_one_place() {
    let elsewhere: Vec<_> = own_sources()
        .iter()
        // `dev` is a client, and the demo pool's settings are a request as a client would write it.
        .filter(|(module, _)| !["factor", "pending", "cli::serve"].contains(&module.join("::").as_str()))
        .flat_map(|(module, text)| {
            let text = text.split("#[cfg(test)]").next().unwrap();
            let found = WORDS.iter().filter(|word| text.contains(&format!("\"{word}\"")));
            found.map(|word| format!("{}: {word}", module.join("::"))).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(elsewhere, Vec::<String>::new(), "use the enums of `factor`");
}

#[test]
fn documents_name_files_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["docs", "docs/decisions"].map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let mut documents: Vec<_> = folders.into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    documents.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"].map(|name| root.join(name)));
    let mut found = 0;
    for document in documents.iter().filter(|path| path.extension().is_some_and(|end| end == "md")) {
        let text = fs::read_to_string(document).unwrap();
        for named in text.split('`').skip(1).step_by(2).filter(|span| span.starts_with("src/") && span.ends_with(".rs"))
        {
            assert!(root.join(named).exists() || named.contains('<'), "{}: {named}", document.display());
            found += 1;
        }
    }
    assert!(found > 100, "{found}");
}

#[test]
fn only_a_change_may_leave_its_row_out() {
    for (module, text) in own_sources().iter().filter(|(module, _)| module.concat() != "change") {
        assert!(!text.contains("Audited::left_out("), "{}", module.join("::"));
    }
}

#[test]
fn pages_and_endpoints_begin_no_transactions() {
    for (module, text) in own_sources().iter().filter(|(module, _)| module.starts_with(&["http".to_owned()])) {
        assert!(!text.contains(".begin()"), "{}: what it does is for `flows` to do", module.join("::"));
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
    ("state = 'next' AND signs_from <= $3", "the job that looks for signing keys that begin or are removed"),
    ("FROM deleted_clients ORDER BY", "the job that removes sessions of deleted app clients"),
    ("FROM upgrade_steps", "steps of upgrades; they are the deployment's"),
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
        if ["_sqlx_migrations", "schema_compatibility", "upgrade_steps"].contains(&table.as_str()) {
            continue;
        }
        let carries = definition.contains("KEY (user_pool_id") || definition.contains("UNIQUE (user_pool_id");
        assert!(carries, "{table}.{name}: {definition}");
    }
    let unique: Vec<(String,)> = sqlx::query_as("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT IN ('_sqlx_migrations', 'schema_compatibility', 'upgrade_steps') AND indexdef LIKE 'CREATE UNIQUE%'")
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
