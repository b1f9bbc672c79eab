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
        if table == "_sqlx_migrations" {
            continue;
        }
        let carries = definition.contains("KEY (user_pool_id") || definition.contains("UNIQUE (user_pool_id");
        assert!(carries, "{table}.{name}: {definition}");
    }
    let unique: Vec<(String,)> = sqlx::query_as("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations' AND indexdef LIKE 'CREATE UNIQUE%'")
        .fetch_all(&server.db)
        .await
        .unwrap();
    for (definition,) in unique {
        assert!(definition.contains("(user_pool_id"), "{definition}");
    }
}
