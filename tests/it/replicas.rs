//! Replicas: processes behind a load balancer (HAProxy) on one PostgreSQL behind a connection pooler (PgBouncer in
//! transaction mode).

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_sdk_cognitoidentityprovider::error::DisplayErrorContext;
use base64::{Engine, prelude::BASE64_STANDARD};
use keystead::{
    database::{ClusterSettings, PrivateCluster},
    dev::authenticator::Authenticator,
    store::migrations::migrate_to,
};
use serde_json::json;
use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};

use crate::{
    cli::keystead,
    migrations, sdk,
    support::{self, Person, TestServer, all, eventually, scratch_directory},
};

const PUBLIC_URL: &str = "http://localhost:9229";

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Replica {
    process: Running,
    port: u16,
}

/// Everything that a deployment of several replicas has.
struct Deployment {
    directory: PathBuf,
    cluster: PrivateCluster,
    /// Past balancer and pooler, for what the tests prepare and look at.
    server: TestServer,
    pool: String,
    client: String,
    replicas: Vec<Replica>,
    balancer: String,
    _helpers: [Running; 2],
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn program(name: &str, places: &[&str]) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let found = found.map(|folder| folder.join(name)).find(|file| file.exists());
    let here = places.iter().map(|place| Path::new(env!("CARGO_MANIFEST_DIR")).join(place)).find(|file| file.exists());
    here.or(found).unwrap_or_else(|| panic!("{name} is not installed; script/test installs it"))
}

/// PgBouncer on a socket in `directory`, with fewer connections to PostgreSQL than the replicas ask it for.
fn pooler(directory: &Path, options: &sqlx::postgres::PgConnectOptions) -> Running {
    let file = directory.join("pgbouncer.ini");
    // It refuses to run as root.
    let user = if rustix::process::getuid().is_root() { "user = postgres" } else { "" };
    let text = format!(
        "[databases]\npostgres = host={} port={} user={}\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\n\
         unix_socket_dir = {}\nunix_socket_mode = 0777\nauth_type = any\npool_mode = transaction\n\
         default_pool_size = 12\nmax_prepared_statements = 200\nignore_startup_parameters = extra_float_digits\n{user}\n",
        options.get_socket().unwrap().display(),
        options.get_port(),
        options.get_username(),
        directory.display(),
    );
    std::fs::write(&file, text).unwrap();
    let log = std::fs::File::create(directory.join("pgbouncer.log")).unwrap();
    let pgbouncer = program("pgbouncer", &["target/pgbouncer/pgbouncer"]);
    Running(Command::new(pgbouncer).arg(file).stdout(Stdio::null()).stderr(log).spawn().unwrap())
}

/// HAProxy in front of these ports, which asks each replica ten times a second whether it is ready.
fn balancer(directory: &Path, port: u16, replicas: &[u16]) -> Running {
    let mut text = format!(
        "defaults\n mode http\n timeout connect 1s\n timeout client 30s\n timeout server 30s\n timeout check 5s\n option redispatch\n\
         frontend front\n bind 127.0.0.1:{port}\n default_backend replicas\n\
         backend replicas\n option httpchk GET /health/ready\n default-server check inter 100ms fall 1 rise 1\n"
    );
    for (number, replica) in replicas.iter().enumerate() {
        text += &format!(" server replica{number} 127.0.0.1:{replica}\n");
    }
    let file = directory.join("haproxy.cfg");
    std::fs::write(&file, text).unwrap();
    let log = std::fs::File::create(directory.join("haproxy.log")).unwrap();
    let haproxy = program("haproxy", &[]);
    Running(Command::new(haproxy).arg("-f").arg(file).stdout(Stdio::null()).stderr(log).spawn().unwrap())
}

async fn ready(url: &str) {
    let http = reqwest::Client::builder().timeout(Duration::from_secs(2)).build().unwrap();
    for _ in 0..1_000 {
        if http.get(format!("{url}/health/ready")).send().await.is_ok_and(|answer| answer.status() == 200) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{url} does not become ready");
}

impl Deployment {
    async fn start(replicas: usize) -> Self {
        let directory = scratch_directory("replicas");
        let cluster = PrivateCluster::start(ClusterSettings {
            directory: directory.clone(),
            binaries: None,
            fsync: false,
            max_connections: 40,
            extra: Vec::new(),
        })
        .await
        .unwrap();
        let options = cluster.connect_options("postgres");
        let front = directory.join("front");
        std::fs::create_dir(&front).unwrap();
        std::fs::set_permissions(&front, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        let pooler = pooler(&front, &options);
        // The replicas find an empty database and bring it up to date, all at once.
        let ports: Vec<u16> = (0..replicas).map(|_| free_port()).collect();
        let replicas: Vec<Replica> =
            ports.iter().map(|port| Replica { process: spawn(&front, *port), port: *port }).collect();
        let port = free_port();
        let haproxy = balancer(&front, port, &ports);
        let balancer = format!("http://127.0.0.1:{port}");
        for port in &ports {
            ready(&format!("http://127.0.0.1:{port}")).await;
        }
        ready(&balancer).await;
        support::fill_own(options.clone()).await;
        let config = support::config(&["--public-url", PUBLIC_URL, "--user-writes-per-second=0"]);
        let server = TestServer::on(options, config, Arc::default()).await;
        let (pool, client) = support::make_pool(&server).await;
        Self { directory, cluster, server, pool, client, replicas, balancer, _helpers: [pooler, haproxy] }
    }

    /// Someone signed in, who talks to the balancer.
    async fn person(&self, name: &str) -> Person {
        let mut person = self.server.user_in(&self.pool, name).await;
        person.url.clone_from(&self.balancer);
        person.sign_in_to(&self.client).await;
        person
    }

    /// The same person at each replica.
    fn at_each(&self, person: &Person) -> Vec<Person> {
        let urls = self.replicas.iter().map(|replica| format!("http://127.0.0.1:{}", replica.port));
        urls.map(|url| person.at_url_of(&url)).collect()
    }

    /// SIGTERM, wait for its end, start again, wait until it is ready.
    async fn restart(&mut self, number: usize) {
        let replica = &mut self.replicas[number];
        let id = replica.process.0.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        while replica.process.0.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(replica.process.0.wait().unwrap().success());
        replica.process = spawn(&self.directory.join("front"), replica.port);
        ready(&format!("http://127.0.0.1:{}", replica.port)).await;
    }

    async fn stop(self) {
        let Self { directory, cluster, server, replicas, .. } = self;
        drop((server, replicas));
        cluster.stop().await.unwrap();
        std::fs::remove_dir_all(directory).unwrap();
    }
}

fn spawn(front: &Path, port: u16) -> Running {
    let log = std::fs::File::options().create(true).append(true).open(front.join(format!("{port}.log"))).unwrap();
    let child = keystead()
        .args(["serve", "--log=warn", "--demo=false", "--public-url", PUBLIC_URL, "--drain-seconds=3"])
        .args(["--user-reads-per-second=0", "--user-writes-per-second=0", "--database-connections=12"])
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .arg(format!("--sealing-key={}", BASE64_STANDARD.encode([7; 32])))
        .arg(format!("--database-url=postgres://keystead@localhost:6432/postgres?host={}", front.display()))
        .arg("--data-dir")
        .arg(front.join(port.to_string()))
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    Running(child)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_under_load_fails_no_call_of_an_sdk() {
    let mut deployment = Deployment::start(3).await;
    let over = Arc::new(AtomicBool::new(false));
    let calls = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::new();
    for n in 0..4 {
        let mut person = deployment.person(&format!("user{n}")).await;
        let sdk = sdk::client(&deployment.balancer);
        let (over, calls) = (over.clone(), calls.clone());
        clients.push(tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                person.authenticator = Authenticator::new();
                let id = person.add_passkey().await;
                let list = sdk.list_web_authn_credentials().access_token(&person.access_token);
                let listed = list.send().await.unwrap_or_else(|error| panic!("{}", DisplayErrorContext(&error)));
                assert!(listed.credentials().iter().any(|credential| credential.credential_id() == id));
                let delete = sdk.delete_web_authn_credential().access_token(&person.access_token).credential_id(id);
                delete.send().await.unwrap_or_else(|error| panic!("{}", DisplayErrorContext(&error)));
                calls.fetch_add(4, Ordering::Relaxed);
            }
        }));
    }
    for number in 0..3 {
        deployment.restart(number).await;
    }
    over.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("no call fails");
    }
    assert!(calls.load(Ordering::Relaxed) > 100, "{calls:?}");
    let deleted = deployment.server.count("audit_events WHERE event = 'passkey.deleted'").await;
    assert_eq!(deleted, deployment.server.count("audit_events WHERE event = 'passkey.registered'").await);
    deployment.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_replica_answered_holds_on_every_replica_at_once() {
    let deployment = Deployment::start(2).await;
    for round in 0..12 {
        let mut person = deployment.person(&format!("user{round}")).await;
        let id = person.add_passkey().await;
        let each = deployment.at_each(&person);
        let (first, second) = (each[round % 2].clone(), each[(round + 1) % 2].clone());
        assert_eq!(first.delete_passkey(&id).await.outcome(), "OK");
        assert_eq!(second.delete_passkey(&id).await.outcome(), "ResourceNotFoundException");
        assert_eq!(second.listed().await, Vec::<String>::new());
        let by_name = json!({"UserPoolId": deployment.pool, "Username": person.username});
        let operator = sdk::client(&first.url);
        let refusal = match round % 4 {
            0 => {
                first.call("GlobalSignOut", json!({})).await.ok();
                "400 NotAuthorizedException: Access Token has been revoked"
            }
            1 => {
                let input = json!({"ClientId": deployment.client, "Token": person.refresh_token});
                first.call("RevokeToken", input).await.ok();
                "400 NotAuthorizedException: Access Token has been revoked"
            }
            2 => {
                let name = by_name["Username"].as_str().unwrap();
                operator.admin_disable_user().user_pool_id(&deployment.pool).username(name).send().await.unwrap();
                "400 NotAuthorizedException: User is disabled."
            }
            _ => {
                first.call("DeleteUser", json!({})).await.ok();
                "400 UserNotFoundException: User does not exist."
            }
        };
        let seen = all(each.into_iter().map(|person| async move { person.call("GetUser", json!({})).await.refused() }));
        assert_eq!(seen.await, [refusal, refusal], "round {round}");
    }
    deployment.stop().await;
}

#[tokio::test]
async fn a_replica_whose_clock_is_wrong_goes_by_the_database_s() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    let forty_days = time::Duration::days(40);
    let wrong = Arc::new(keystead::clock::MovableClock::wrong_by(forty_days));
    let wrong = TestServer::on(server.options(), support::config(&[]), wrong).await;
    // It believes the tokens of others, its own are of today, and what it removes is old by their clocks.
    let mut at_wrong = ada.at(&wrong);
    at_wrong.call("GetUser", json!({})).await.ok();
    at_wrong.sign_in().await;
    wrong.remove_expired().await;
    at_wrong.at(&server).call("GetUser", json!({})).await.ok();
    ada.call("GetUser", json!({})).await.ok();
    for _ in 0..8 {
        at_wrong.password_sign_in(support::client(), "wrong").await.refused();
    }
    let locked = "login_attempts WHERE locked_until > now() + interval '1 hour'";
    assert_eq!(server.count(locked).await, 0);
    let expiry = server.count("sessions WHERE expires_at > now() + interval '31 days'").await;
    assert_eq!(expiry, 0);
    server.clock.advance(time::Duration::hours(1));
    ada.sign_in().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_is_migrated_through_and_its_connections_keep_their_settings() {
    let directory = scratch_directory("pooled");
    let settings = ClusterSettings {
        directory: directory.clone(),
        binaries: None,
        fsync: false,
        max_connections: 40,
        extra: vec![("statement_timeout".into(), "700ms".into())],
    };
    let cluster = PrivateCluster::start(settings).await.unwrap();
    let direct = cluster.connect_options("postgres");
    let front = directory.join("front");
    std::fs::create_dir(&front).unwrap();
    std::fs::set_permissions(&front, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let pooler = pooler(&front, &direct);
    eventually("the pooler does not start", async || front.join(".s.PGSQL.6432").exists()).await;
    let through = PgConnectOptions::new_without_pgpass().socket(&front).port(6432).username("keystead");
    let through = through.database("postgres").ssl_mode(PgSslMode::Disable);
    let long = migrations::next_release("CREATE TABLE later AS SELECT pg_sleep(1)::text AS user_pool_id");
    migrate_to(&through, &long).await.unwrap();
    assert_eq!(migrations::ask::<String>(&through, "SELECT current_setting('statement_timeout')").await, "700ms");
    // An index that takes longer than the pooler's connections allow, because something older goes on.
    migrations::run(&direct, "DROP TABLE later; DELETE FROM _sqlx_migrations WHERE version = 9001").await;
    let mut older = PgConnection::connect_with(&direct).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE users IN ROW EXCLUSIVE MODE").execute(&mut older).await.unwrap();
    let refusal = migrate_to(&through, &migrations::next_release(migrations::INDEX)).await.unwrap_err().to_string();
    assert!(refusal.contains("leads to PostgreSQL itself"), "{refusal}");
    let itself = tokio::spawn({
        let direct = direct.clone();
        async move { migrate_to(&direct, &migrations::next_release(migrations::INDEX)).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    older.close().await.unwrap();
    itself.await.unwrap().unwrap();
    assert!(migrations::ask::<bool>(&direct, migrations::VALID).await);
    drop(pooler);
    cluster.stop().await.unwrap();
    std::fs::remove_dir_all(directory).unwrap();
}
