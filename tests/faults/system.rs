//! What is broken and mended: two Keysteads, their PostgreSQL, and the network between them.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use keystead::{
    app::App,
    clock::SystemClock,
    config::Config,
    database::{ClusterSettings, PrivateCluster},
    operations,
    sealing::SealingKey,
    store::{self, upgrade_steps::UpgradeStep},
};
use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::proxy::Proxy;

const SEALING_KEY: [u8; 32] = [7; 32];
const PUBLIC_URL: &str = "http://localhost:9229";

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    KeysteadKilled,
    KeysteadPaused,
    PostgresKilled,
    PostgresPaused,
    BothKilled,
    Cut,
    Slow,
    /// PostgreSQL stands still for longer than every time limit.
    PostgresStopped,
    /// The answers to BEGIN come later than every time limit.
    BeginsHeld,
    /// The same of COMMIT: it was done, and nobody hears of it.
    CommitsHeld,
    /// The connections that there are lose what is sent, without a word.
    Silent,
}

/// Longer than every time limit of the replicas: two seconds for a request, as many for its statement, and margins.
const LONG: Duration = Duration::from_secs(8);

impl Fault {
    pub const ALL: [Self; 11] = [
        Self::KeysteadKilled,
        Self::KeysteadPaused,
        Self::PostgresKilled,
        Self::PostgresPaused,
        Self::BothKilled,
        Self::Cut,
        Self::Slow,
        Self::PostgresStopped,
        Self::BeginsHeld,
        Self::CommitsHeld,
        Self::Silent,
    ];
}

pub struct System {
    directory: PathBuf,
    binaries: [PathBuf; 2],
    variables: Vec<(String, String)>,
    postgres: Option<PrivateCluster>,
    proxy: Proxy,
    replicas: Vec<Child>,
    ports: Vec<u16>,
    /// Directly to PostgreSQL, past the proxy.
    pub app: App,
    /// Pool and client: sessions outlive a passkey, sessions end with a passkey.
    pub pools: [(String, String); 2],
}

fn cluster_settings(directory: &Path) -> ClusterSettings {
    let fsync = true;
    ClusterSettings { directory: directory.to_owned(), binaries: None, fsync, max_connections: 60, extra: Vec::new() }
}

impl System {
    /// Two replicas of this binary on a new database.
    pub async fn start(binary: &Path, variables: &[(&str, &str)]) -> Self {
        let directory = std::env::temp_dir().join(format!("keystead-faults-{}", uuid::Uuid::new_v4().simple()));
        let postgres = PrivateCluster::start(cluster_settings(&directory)).await.unwrap();
        let options = postgres.connect_options("postgres");
        let proxy = Proxy::start(directory.join("proxy"), options.get_socket().unwrap(), options.get_port());
        let config = Config::of(["--public-url", PUBLIC_URL, "--database-connections=16"]);
        store::migrate(&options).await.unwrap();
        let db = keystead::cli::connect(&config, options).await.unwrap();
        let app = App::new(db, Arc::new(SystemClock), config, SealingKey::new(&SEALING_KEY)).unwrap();
        let pools = [make_pool(&app, "KEEP").await, make_pool(&app, "END_OTHERS").await];
        let ports = (0..2).map(|_| TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()).collect();
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let postgres = Some(postgres);
        let replicas = Vec::new();
        let binaries = [binary.to_owned(), binary.to_owned()];
        let mut system = Self { directory, binaries, variables, postgres, proxy, replicas, ports, app, pools };
        for replica in 0..2 {
            let child = system.spawn(replica);
            system.replicas.push(child);
        }
        system.ready().await;
        system
    }

    pub fn url(&self, replica: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[replica])
    }

    fn spawn(&self, replica: usize) -> Child {
        let options = self.postgres_options();
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.directory.join(format!("replica-{replica}.log")))
            .unwrap();
        Command::new(&self.binaries[replica])
            .args(["serve", "--log=warn", "--demo=false", "--database-connections=16", "--passkeys-per-user=0"])
            .args(["--user-reads-per-second=0", "--user-writes-per-second=0", "--shutdown-seconds=5"])
            .args(["--request-timeout-seconds=2"])
            .env("KEYSTEAD_STATEMENT_TIMEOUT_SECONDS", "2")
            .args(["--public-url", PUBLIC_URL, "--listen", &format!("127.0.0.1:{}", self.ports[replica])])
            .arg(format!("--sealing-key={}", BASE64_STANDARD.encode(SEALING_KEY)))
            .arg(format!("--database-url={options}"))
            .arg("--data-dir")
            .arg(self.directory.join(format!("replica-{replica}")))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    fn postgres_options(&self) -> String {
        let options = self.app.db.connect_options();
        let (user, port) = (options.get_username().to_owned(), options.get_port());
        format!("postgres://{user}@localhost:{port}/postgres?host={}", self.proxy.directory.display())
    }

    /// A new connection to PostgreSQL, past the proxy: those of `app` may have suffered.
    pub async fn look(&self) -> PgConnection {
        PgConnection::connect_with(self.app.db.connect_options()).await.unwrap()
    }

    /// Waits until both replicas say they are ready; a replica that gave up at its start is started again.
    pub async fn ready(&mut self) {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(2)).build().unwrap();
        for replica in 0..self.replicas.len() {
            let url = format!("{}/health/ready", self.url(replica));
            let mut tries = 0;
            while !http.get(&url).send().await.is_ok_and(|answer| answer.status() == 200) {
                tokio::time::sleep(Duration::from_millis(20)).await;
                if self.replicas[replica].try_wait().unwrap().is_some() {
                    self.replicas[replica] = self.spawn(replica);
                }
                tries += 1;
                assert!(tries < 1_500, "replica {replica} does not become ready: see {}", self.directory.display());
            }
        }
    }

    /// Makes a fault, lets it last, and mends it.
    pub async fn suffer(&mut self, fault: Fault, replica: usize, lasting: Duration) {
        match fault {
            Fault::KeysteadKilled => self.kill_replica(replica),
            Fault::PostgresKilled => self.kill_postgres(),
            Fault::BothKilled => {
                for replica in 0..self.replicas.len() {
                    self.kill_replica(replica);
                }
                self.kill_postgres();
            }
            Fault::KeysteadPaused => signal("STOP", &[self.replicas[replica].id()]),
            Fault::PostgresPaused | Fault::PostgresStopped => signal("STOP", &self.postgres_processes()),
            Fault::Cut => self.proxy.cut(true),
            Fault::Slow => self.proxy.slow(Duration::from_millis(15)),
            Fault::BeginsHeld => self.proxy.hold(&["BEGIN"], LONG, 12),
            Fault::CommitsHeld => self.proxy.hold(&["COMMIT"], LONG, 12),
            Fault::Silent => self.proxy.fall_silent(),
        }
        let long = matches!(fault, Fault::PostgresStopped | Fault::BeginsHeld | Fault::CommitsHeld);
        tokio::time::sleep(if long { LONG } else { lasting }).await;
        match fault {
            Fault::KeysteadKilled => self.replicas[replica] = self.spawn(replica),
            Fault::PostgresKilled => self.restart_postgres().await,
            Fault::BothKilled => {
                self.restart_postgres().await;
                for replica in 0..self.replicas.len() {
                    self.replicas[replica] = self.spawn(replica);
                }
            }
            Fault::KeysteadPaused => signal("CONT", &[self.replicas[replica].id()]),
            Fault::PostgresPaused | Fault::PostgresStopped => signal("CONT", &self.postgres_processes()),
            Fault::Cut => self.proxy.cut(false),
            Fault::Slow => self.proxy.slow(Duration::ZERO),
            Fault::BeginsHeld | Fault::CommitsHeld => self.proxy.hold(&[], Duration::ZERO, 0),
            Fault::Silent => {}
        }
        self.ready().await;
    }

    /// Stops a replica as an operator would, and starts this binary in its place.
    pub async fn replace(&mut self, replica: usize, binary: &Path) {
        signal("TERM", &[self.replicas[replica].id()]);
        while self.replicas[replica].try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.binaries[replica] = binary.to_owned();
        self.replicas[replica] = self.spawn(replica);
        self.ready().await;
    }

    /// Finishes the upgrade, or takes that back, and waits until both replicas make such `Session` strings.
    pub async fn seal_states(&self, finish: bool, name: &str) {
        let options = self.app.db.connect_options();
        store::upgrade_steps::set(options, UpgradeStep::SealedStates, finish).await.unwrap();
        let http = reqwest::Client::new();
        for replica in 0..self.replicas.len() {
            let input =
                json!({"ClientId": self.pools[0].1, "AuthFlow": "USER_AUTH", "AuthParameters": {"USERNAME": name}});
            let target = "AWSCognitoIdentityProviderService.InitiateAuth";
            let mut tries = 0;
            loop {
                let request = http.post(self.url(replica)).header("x-amz-target", target).body(input.to_string());
                let text = request.send().await.unwrap().text().await.unwrap();
                if text.contains(if finish { "\"AYAC" } else { "\"AYAB" }) {
                    break;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
                tries += 1;
                assert!(tries < 100, "replica {replica} does not notice: {text}");
            }
        }
    }

    fn kill_replica(&mut self, replica: usize) {
        self.replicas[replica].kill().unwrap();
        self.replicas[replica].wait().unwrap();
    }

    fn kill_postgres(&mut self) {
        signal("KILL", &self.postgres_processes());
    }

    async fn restart_postgres(&mut self) {
        self.postgres = None;
        self.postgres = Some(PrivateCluster::start(cluster_settings(&self.directory)).await.unwrap());
    }

    /// The postmaster and all its children.
    fn postgres_processes(&self) -> Vec<u32> {
        let postmaster = self.postgres.as_ref().expect("it is not being restarted").process_id();
        let children = std::fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children"));
        let children = children.unwrap_or_default();
        let children = children.split_whitespace().filter_map(|child| child.parse().ok());
        std::iter::once(postmaster).chain(children).collect()
    }

    /// Transactions that are open and in which nobody says anything, after those that were left had time to end.
    pub async fn stray_transactions(&self) -> i64 {
        let mut db = self.look().await;
        let query = "SELECT count(*) FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'";
        for _ in 0..100 {
            if sqlx::query_scalar::<_, i64>(query).fetch_one(&mut db).await.unwrap() == 0 {
                return 0;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        sqlx::query_scalar(query).fetch_one(&mut db).await.unwrap()
    }

    pub async fn stop(mut self) {
        for replica in &mut self.replicas {
            replica.kill().unwrap();
            replica.wait().unwrap();
        }
        self.app.close_connections().await;
        self.postgres.take().unwrap().stop().await.unwrap();
        std::fs::remove_dir_all(&self.directory).unwrap();
    }
}

fn signal(name: &str, processes: &[u32]) {
    let processes = processes.iter().map(ToString::to_string);
    // A backend may have ended by itself meanwhile.
    let _ = Command::new("kill").arg(format!("-{name}")).args(processes).stderr(Stdio::null()).status();
}

async fn make_pool(app: &App, policy: &str) -> (String, String) {
    let factors = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}});
    let request = serde_json::from_value(json!({"PoolName": policy, "Policies": factors})).unwrap();
    let pool = operations::create_pool(app, request).await.unwrap().id;
    let request = json!({"UserPoolId": pool, "ClientName": "faults",
        "ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]});
    let client = operations::create_client(app, request.as_object().unwrap().clone()).await.unwrap().id;
    let web_authn = json!({"WebAuthnConfiguration": {"RelyingPartyId": "localhost", "UserVerification": "preferred",
        "FactorConfiguration": "SINGLE_FACTOR"}});
    sqlx::query(
        "UPDATE user_pools SET configuration = configuration || $1, sessions_on_passkey_delete = $2 WHERE user_pool_id = $3",
    )
    .bind(web_authn)
    .bind(policy)
    .bind(&pool)
    .execute(&app.db)
    .await
    .unwrap();
    (pool, client)
}
