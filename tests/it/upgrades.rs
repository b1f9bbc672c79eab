//! From release to release: migrations stay as they were released, and the data of every release goes on.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use keystead::{
    clock::{Clock, MovableClock},
    dev::authenticator::Authenticator,
    store::migrations::{MIGRATIONS, State, compatible_with, migrate_to, state},
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, migrate::Migrator};

use crate::support::{PASSWORD, Person, TestServer, binaries, client, config, empty_database, initiate, pool, respond};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A line of `migrations/checksums.txt`.
struct Frozen {
    release: String,
    file: String,
    checksum: String,
}

impl Frozen {
    fn version(&self) -> i64 {
        version(&self.file)
    }
}

fn version(file: &str) -> i64 {
    file.split('_').next().unwrap().parse().unwrap()
}

/// The released migrations, as they were.
fn frozen() -> Vec<Frozen> {
    let text = fs::read_to_string(format!("{ROOT}/migrations/checksums.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
            [release, file, checksum] => {
                Frozen { release: release.into(), file: file.into(), checksum: checksum.into() }
            }
            _ => panic!("{line}"),
        })
        .collect()
}

/// Each release with its last migration, oldest first.
fn releases() -> Vec<(String, i64)> {
    let mut last = BTreeMap::new();
    for one in frozen() {
        let number: Vec<u32> = one.release.split('.').map(|part| part.parse().unwrap()).collect();
        let entry = last.entry(number).or_insert((one.release.clone(), 0));
        entry.1 = entry.1.max(one.version());
    }
    last.into_values().collect()
}

fn files() -> Vec<String> {
    let names = fs::read_dir(format!("{ROOT}/migrations")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut files: Vec<_> =
        names.map(|name| name.into_string().unwrap()).filter(|name| name.ends_with(".sql")).collect();
    files.sort();
    files
}

/// The headings of the changelog, newest first.
fn headings() -> Vec<String> {
    let text = fs::read_to_string(format!("{ROOT}/CHANGELOG.md")).unwrap();
    let headings = text.lines().filter_map(|line| line.strip_prefix("## "));
    headings.map(|heading| heading.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn released_migrations_never_change() {
    let files = files();
    for one in frozen() {
        let Frozen { release, file, checksum } = &one;
        assert!(files.contains(file), "{file} of release {release} is gone");
        let migration = MIGRATIONS.iter().find(|migration| migration.version == one.version()).unwrap();
        let now: String = migration.checksum.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(&now, checksum, "{file} was changed after release {release}: write a new migration instead");
        assert!(headings().contains(release), "the changelog does not know {release}");
    }
}

#[test]
fn every_migration_belongs_to_a_release_or_comes_after_all() {
    let frozen = frozen();
    let unreleased = headings()[0] == "Unreleased";
    let last = frozen.iter().map(Frozen::version).max().unwrap();
    for file in files().iter().filter(|file| frozen.iter().all(|one| one.file != **file)) {
        assert!(unreleased, "{file} is of no release yet: script/freeze-release {}", headings()[0]);
        assert!(version(file) > last, "{file} has a number from before the last release");
    }
}

#[test]
fn a_migration_says_beside_which_builds_it_runs() {
    let first = releases()[0].1;
    for migration in MIGRATIONS.iter() {
        let (version, sql) = (migration.version, migration.sql.as_str());
        assert!(compatible_with(migration) <= version, "{version}");
        // Before the first release there was none that could run beside.
        let lines: Vec<_> = sql.lines().filter(|line| line.contains("compatible-with:")).collect();
        let said = lines == [format!("-- compatible-with: {}", compatible_with(migration))];
        assert!(said || (lines.is_empty() && version <= first), "{version}: {lines:?}");
        // An index that is built concurrently can be half there; only by its name is it found again.
        if migration.no_tx {
            let statement: Vec<_> = sql.lines().filter(|line| !line.starts_with("--")).collect();
            let statement = statement.join("\n");
            let index = ["CREATE INDEX CONCURRENTLY IF NOT EXISTS ", "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "];
            let known = index.iter().any(|start| statement.trim().starts_with(start));
            let known = known || statement.trim().starts_with("DROP INDEX CONCURRENTLY IF EXISTS ");
            assert!(known && statement.matches(';').count() <= 1, "{version}: {statement}");
        }
    }
}

fn data_of(release: &str, extension: &str) -> PathBuf {
    Path::new(ROOT).join(format!("tests/it/releases/{release}.{extension}"))
}

/// Run by script/freeze-release: people and passkeys, made by the server of this release, for all later ones to go on with.
#[tokio::test]
#[ignore = "writes files"]
async fn write_the_data_of_a_release() {
    let release = std::env::var("FREEZE_RELEASE").expect("script/freeze-release sets it");
    let server = TestServer::start().await;
    let made_at = server.clock.now().unix_timestamp();
    let mut ada = server.signed_in("ada").await;
    let mut other_device = ada.clone();
    other_device.authenticator = Authenticator::new();
    let passkeys = [ada.add_passkey().await, other_device.add_passkey().await];
    let group = json!({"UserPoolId": pool(), "GroupName": "staff", "Precedence": 1});
    server.operator("CreateGroup", group).await.ok();
    let member = json!({"UserPoolId": pool(), "GroupName": "staff", "Username": "ada"});
    server.operator("AdminAddUserToGroup", member).await.ok();
    let email = json!([{"Name": "email", "Value": "ada@example.com"}, {"Name": "email_verified", "Value": "true"}]);
    let input = json!({"UserPoolId": pool(), "Username": "ada", "UserAttributes": email});
    server.operator("AdminUpdateUserAttributes", input).await.ok();
    server.user("bob").await;
    server.operator("AdminDisableUser", json!({"UserPoolId": pool(), "Username": "bob"})).await.ok();
    let told = json!({
        "made_at": made_at, "pool": pool(), "client": client(), "sub": ada.sub, "passkeys": passkeys,
        "refresh_token": ada.refresh_token, "authenticator": ada.authenticator,
    });
    let options = server.options();
    let dump = Command::new(binaries().await.join("pg_dump"))
        .args([
            "--data-only",
            "--column-inserts",
            "--exclude-table=_sqlx_migrations",
            "--exclude-table=schema_compatibility",
        ])
        .arg(format!("--host={}", options.get_socket().unwrap().display()))
        .arg(format!("--port={}", options.get_port()))
        .arg(format!("--username={}", options.get_username()))
        .arg(options.get_database().unwrap())
        .output()
        .unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    // Without what pg_dump says of itself and of its session.
    let text = String::from_utf8(dump.stdout).unwrap();
    let rows = text.split_once("INSERT INTO").map(|(_, rows)| format!("INSERT INTO{rows}")).unwrap();
    let rows = rows.lines().filter(|line| !line.is_empty() && !line.starts_with("--") && !line.starts_with('\\'));
    fs::create_dir_all(data_of(&release, "sql").parent().unwrap()).unwrap();
    fs::write(data_of(&release, "sql"), rows.map(|row| format!("{row}\n")).collect::<String>()).unwrap();
    fs::write(data_of(&release, "json"), format!("{told:#}\n")).unwrap();
}

#[tokio::test]
async fn every_release_can_be_upgraded_to_this_build_with_its_data() {
    for (release, last) in releases() {
        let options = empty_database().await;
        let of_release = MIGRATIONS.iter().filter(|migration| migration.version <= last).cloned().collect();
        migrate_to(&options, &Migrator::with_migrations(of_release)).await.unwrap();
        let mut db = PgConnection::connect_with(&options).await.unwrap();
        let rows = fs::read_to_string(data_of(&release, "sql")).unwrap();
        sqlx::raw_sql(AssertSqlSafe(rows)).execute(&mut db).await.unwrap_or_else(|cause| panic!("{release}: {cause}"));
        keystead::store::migrate(&options).await.unwrap();
        assert_eq!(state(&mut db).await.unwrap(), State::Current, "{release}");
        let told: Value = serde_json::from_slice(&fs::read(data_of(&release, "json")).unwrap()).unwrap();
        goes_on(&release, options, &told).await;
    }
}

/// Who was there before signs in by password and passkey, refreshes, lists and deletes.
async fn goes_on(release: &str, options: sqlx::postgres::PgConnectOptions, told: &Value) {
    let text = |member: &str| told[member].as_str().unwrap().to_owned();
    let (pool, client) = (text("pool"), text("client"));
    // An hour after the data was made, while its tokens and sessions live.
    let clock = Arc::new(MovableClock::default());
    clock.advance(time::Duration::seconds(told["made_at"].as_i64().unwrap() + 3_600 - clock.now().unix_timestamp()));
    let server = TestServer::on(options, config(&[]), clock).await;
    let mut ada = Person::new(&server, "ada", &text("sub"));
    ada.authenticator = serde_json::from_value::<Authenticator>(told["authenticator"].clone()).unwrap();
    let refresh = initiate(&client, "REFRESH_TOKEN_AUTH", json!({"REFRESH_TOKEN": text("refresh_token")}));
    let refreshed = ada.post_public("InitiateAuth", refresh).await.ok();
    ada.keep_tokens(&refreshed);
    let got = ada.call("GetUser", json!({})).await.ok();
    assert!(got.to_string().contains("ada@example.com"), "{release}: {got}");
    ada.sign_in_to(&client).await;
    let mut before: Vec<String> = serde_json::from_value(told["passkeys"].clone()).unwrap();
    let mut listed = ada.listed().await;
    listed.sort();
    before.sort();
    assert_eq!(listed, before, "{release}");
    let start = initiate(&client, "USER_AUTH", json!({"USERNAME": "ada", "PREFERRED_CHALLENGE": "WEB_AUTHN"}));
    let challenge = ada.post_public("InitiateAuth", start).await.ok();
    let asked = challenge["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().unwrap();
    let asked: Value = serde_json::from_str(asked).unwrap();
    let credential = ada.authenticator.get(&asked, crate::support::ORIGIN, &Default::default()).unwrap();
    let answer = respond(
        &client,
        "WEB_AUTHN",
        &challenge["Session"],
        json!({"USERNAME": "ada", "CREDENTIAL": credential.to_string()}),
    );
    let signed_in = ada.post_public("RespondToAuthChallenge", answer).await.ok();
    ada.keep_tokens(&signed_in);
    for id in &before {
        ada.delete_passkey(id).await.ok();
    }
    assert!(ada.listed().await.is_empty(), "{release}");
    ada.add_passkey().await;
    let bob = Person::new(&server, "bob", "").password_sign_in(&client, PASSWORD).await.refused();
    assert_eq!(bob, "400 NotAuthorizedException: User is disabled.", "{release}");
    let group = json!({"UserPoolId": pool, "GroupName": "staff"});
    let staff = server.operator("ListUsersInGroup", group).await.ok();
    assert_eq!(staff["Users"][0]["Username"], "ada", "{release}");
}
