//! Faults: PostgreSQL restarted and killed under load, Keystead killed, connections lost. What was answered 200 stays.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use keystead::{
    database::{ClusterSettings, PrivateCluster},
    dev::authenticator::{Authenticator, Spoil},
};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::{
    cli::Served,
    support::{self, ORIGIN, Person, TestServer, all, initiate, scratch_directory},
};

fn settings(directory: &std::path::Path) -> ClusterSettings {
    ClusterSettings {
        directory: directory.to_owned(),
        binaries: None,
        fsync: true,
        max_connections: 40,
        extra: Vec::new(),
    }
}

/// A server on a PostgreSQL of its own, with users who have passkeys.
async fn own_postgres(
    directory: &std::path::Path,
    users: usize,
) -> (PrivateCluster, TestServer, Vec<(Person, Vec<String>)>) {
    let cluster = PrivateCluster::start(settings(directory)).await.unwrap();
    support::database().await; // the template's IDs
    let options = cluster.connect_options("postgres");
    support::fill_own(options.clone()).await;
    let server = TestServer::on(options, support::config(&["--user-writes-per-second=0"]), Arc::default()).await;
    let (pool, client) = support::make_pool(&server).await;
    let mut people = Vec::new();
    for n in 0..users {
        let mut person = server.user_in(&pool, &format!("user{n}")).await;
        person.sign_in_to(&client).await;
        let mut ids = Vec::new();
        for _ in 0..10 {
            person.authenticator = Authenticator::new();
            ids.push(person.add_passkey().await);
        }
        people.push((person, ids));
    }
    (cluster, server, people)
}

/// Deletes the passkeys of each person one after another while `fault` happens, which says how many go and when; the rest
/// goes afterwards. Tells what was answered 200.
async fn delete_through(
    people: &[(Person, Vec<String>)],
    fault: impl AsyncFnOnce(&Semaphore),
) -> (Vec<BTreeSet<String>>, BTreeSet<String>) {
    let let_go = Arc::new(Semaphore::new(0));
    let tasks: Vec<_> = people
        .iter()
        .cloned()
        .map(|(person, ids)| {
            let let_go = let_go.clone();
            tokio::spawn(async move {
                let (mut done, mut outcomes) = (BTreeSet::new(), BTreeSet::new());
                for id in ids {
                    let_go.acquire().await.unwrap().forget();
                    // Each is tried until it is answered 200 or known to be gone.
                    loop {
                        let outcome = person.try_delete(&id).await;
                        let outcome = outcome.map_or_else(|| "no answer".to_owned(), |answer| answer.outcome());
                        outcomes.insert(outcome.clone());
                        match outcome.as_str() {
                            "OK" => {
                                done.insert(id);
                                break;
                            }
                            "ResourceNotFoundException" => break,
                            _ => tokio::time::sleep(Duration::from_millis(20)).await,
                        }
                    }
                }
                (done, outcomes)
            })
        })
        .collect();
    fault(&let_go).await;
    let_go.add_permits(people.iter().map(|(_, ids)| ids.len()).sum());
    let (mut done, mut outcomes) = (Vec::new(), BTreeSet::new());
    for task in tasks {
        let (mine, seen) = task.await.unwrap();
        done.push(mine);
        outcomes.extend(seen);
    }
    (done, outcomes)
}

#[tokio::test]
async fn a_postgres_that_restarts_under_load_makes_errors_and_nothing_else() {
    let directory = scratch_directory("restart");
    let (cluster, server, people) = own_postgres(&directory, 4).await;
    let mut cluster = Some(cluster);
    let (done, outcomes) = delete_through(&people, async |let_go| {
        for _ in 0..2 {
            // Some are under way when it stops; afterwards each person is in a call, or begins one, without a database.
            let_go.add_permits(12);
            cluster.take().unwrap().stop().await.unwrap();
            let_go.add_permits(people.len());
            cluster = Some(PrivateCluster::start(settings(&directory)).await.unwrap());
        }
    })
    .await;
    let allowed = ["OK", "InternalErrorException", "ResourceNotFoundException"];
    assert!(outcomes.iter().all(|outcome| allowed.contains(&outcome.as_str())), "{outcomes:?}");
    for ((person, _), done) in people.iter().zip(&done) {
        let listed = person.listed().await;
        assert!(done.iter().all(|id| !listed.contains(id)), "answered 200 and still there");
    }
    // One audit row for each passkey that is gone, whether or not the answer arrived.
    let audited = server.count("audit_events WHERE event = 'passkey.deleted'").await;
    assert_eq!(audited + server.count("webauthn_credentials").await, 40);
    drop(server);
    cluster.unwrap().stop().await.unwrap();
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn a_postgres_that_restarted_meanwhile_fails_no_later_request() {
    let directory = scratch_directory("meanwhile");
    let (cluster, server, people) = own_postgres(&directory, 1).await;
    let (ada, ids) = &people[0];
    // Every connection of the server is open, and busy no more.
    all((0..12).map(|_| {
        let ada = ada.clone();
        async move { ada.call("GetUser", json!({})).await.ok() }
    }))
    .await;
    cluster.stop().await.unwrap();
    let cluster = PrivateCluster::start(settings(&directory)).await.unwrap();
    for id in ids {
        assert_eq!(ada.call("GetUser", json!({})).await.outcome(), "OK");
        assert_eq!(ada.delete_passkey(id).await.outcome(), "OK");
    }
    drop(server);
    cluster.stop().await.unwrap();
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn what_was_answered_survives_kill_9_of_keystead_of_postgres_and_of_both() {
    let directory = scratch_directory("kill");
    let mut server = Served::start(directory.clone());
    let (pool, client) = (server.export("POOL").to_owned(), server.export("CLIENT").to_owned());
    let mut person = Person::at_url(&server.url, "ada");
    server
        .operator("AdminCreateUser", json!({"UserPoolId": pool, "Username": "ada", "MessageAction": "SUPPRESS"}))
        .await
        .ok();
    let password = json!({"UserPoolId": pool, "Username": "ada", "Password": support::PASSWORD, "Permanent": true});
    server.operator("AdminSetUserPassword", password).await.ok();
    for victim in ["keystead", "postgres", "both"] {
        person.url = server.url.clone();
        person.sign_in_to(&client).await;
        let mut ids = Vec::new();
        for _ in 0..6 {
            person.authenticator = Authenticator::new();
            ids.push(person.add_passkey().await);
        }
        let postmaster = std::fs::read_to_string(directory.join("postgres/postmaster.pid")).unwrap();
        let postmaster = postmaster.lines().next().unwrap().to_owned();
        let deleter = person.clone();
        let deletes = tokio::spawn(async move {
            let mut done = Vec::new();
            for id in ids {
                match deleter.try_delete(&id).await {
                    Some(answer) if answer.status == 200 => done.push(id),
                    _ => break,
                }
            }
            done
        });
        tokio::time::sleep(Duration::from_millis(12)).await;
        if victim != "postgres" {
            server.signal("KILL");
        }
        if victim != "keystead" {
            let _ = std::process::Command::new("kill").args(["-9", &postmaster]).status();
        }
        let done = deletes.await.unwrap();
        drop(server);
        server = Served::start(directory.clone());
        person.url = server.url.clone();
        let listed = person.listed_with_new_sign_in(&client).await;
        assert!(done.iter().all(|id| !listed.contains(id)), "{victim}: answered 200 and still there");
        for id in listed {
            person.delete_passkey(&id).await.ok();
        }
    }
    std::fs::remove_dir_all(server.stop()).unwrap();
}

#[tokio::test]
async fn a_sigterm_answers_what_was_accepted() {
    let server = Served::start(scratch_directory("drain"));
    let (pool, url) = (server.export("POOL").to_owned(), server.url.clone());
    let input = json!({"UserPoolId": pool, "Username": "ada", "MessageAction": "SUPPRESS"});
    server.operator("AdminCreateUser", input).await.ok();
    // Password hashing takes a while: the signal arrives while these are in flight.
    let client = server.export("CLIENT").to_owned();
    let calls: Vec<_> = (0..6)
        .map(|_| {
            let (url, client) = (url.clone(), client.clone());
            tokio::spawn(async move {
                let input = initiate(&client, "USER_PASSWORD_AUTH", json!({"USERNAME": "nobody", "PASSWORD": "x"}));
                let request = reqwest::Client::new()
                    .post(url)
                    .header("x-amz-target", "AWSCognitoIdentityProviderService.InitiateAuth");
                request.body(input.to_string()).send().await.map(|answer| answer.status().as_u16())
            })
        })
        .collect();
    // Until all are taken on, however slow the machine.
    let number = |text: &str, line: &str| {
        let found = text.lines().find(|one| one.starts_with(line)).and_then(|one| one.rsplit_once(' '));
        found.map_or(0, |(_, number)| number.parse::<u64>().unwrap())
    };
    loop {
        let text = reqwest::get(format!("{url}/metrics")).await.unwrap().text().await.unwrap();
        let answered = number(&text, "keystead_requests_total{operation=\"InitiateAuth\"");
        if answered + number(&text, "keystead_requests_in_flight ") >= 6 {
            break;
        }
    }
    let directory = tokio::task::spawn_blocking(|| server.stop()).await.unwrap();
    for call in calls {
        assert_eq!(call.await.unwrap().expect("an answer"), 400);
    }
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn a_caller_who_goes_away_leaves_nothing_half_done() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    for _ in 0..20 {
        ada.authenticator = Authenticator::new();
        let id = ada.add_passkey().await;
        let (session, options) = ada.passkey_challenge().await;
        let credential = ada.authenticator.get(&options, ORIGIN, &Spoil::default()).unwrap();
        // Cut off at some moment of the call.
        let wait = Duration::from_micros(rand_micros());
        let _ = tokio::time::timeout(wait, ada.respond(&session, &credential)).await;
        let _ = tokio::time::timeout(wait, ada.delete_passkey(&id)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let gone = server.count("audit_events WHERE event = 'passkey.deleted'").await;
    assert_eq!(gone + server.count("webauthn_credentials").await, 20);
    assert_eq!(server.count("outbox").await, gone);
    ada.listed().await;
}

fn rand_micros() -> u64 {
    u64::from(keystead::random::bytes::<1>()[0]) * 40
}

#[tokio::test]
async fn the_database_of_another_program_is_left_alone() {
    let options = support::database().await;
    let db = sqlx::PgPool::connect_with(options.clone()).await.unwrap();
    let tables = async || {
        let count = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
        sqlx::query_scalar::<_, i64>(count).fetch_one(&db).await.unwrap()
    };
    sqlx::raw_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE orders (id int)")
        .execute(&db)
        .await
        .unwrap();
    let refusal = keystead::store::migrate(&options).await.unwrap_err().to_string();
    assert!(refusal.contains("it has tables of another program"), "{refusal}");
    assert_eq!(tables().await, 1);
    sqlx::raw_sql("DROP TABLE orders").execute(&db).await.unwrap();
    keystead::store::migrate(&options).await.unwrap();
    keystead::store::migrate(&options).await.unwrap();
}
