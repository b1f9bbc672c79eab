//! A PostgreSQL with `fsync` on, a pool in it, and Keystead in front.

use std::{path::PathBuf, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use keystead::{
    app::App,
    clock::SystemClock,
    config::Config,
    database::{ClusterSettings, PrivateCluster},
    sealing::SealingKey,
    store,
};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{
    load::{self, Signing},
    process::Served,
};

const SEALING_KEY: [u8; 32] = [7; 32];
const PUBLIC_URL: &str = "http://localhost:9229";

/// The parts, in a directory that goes with them.
pub struct Stage {
    pub directory: PathBuf,
    pub cluster: PrivateCluster,
}

/// A database with a pool and a client.
pub struct Database {
    pub name: String,
    pub app: App,
    pub pool: String,
    pub client: String,
}

impl Stage {
    pub async fn start() -> Self {
        let directory = std::env::temp_dir().join(format!("keystead-bench-{}", Uuid::new_v4().simple()));
        let cluster = PrivateCluster::start(ClusterSettings {
            directory: directory.clone(),
            binaries: None,
            fsync: true,
            max_connections: 200,
            extra: vec![("shared_buffers".into(), "512MB".into()), ("max_wal_size".into(), "4GB".into())],
        })
        .await
        .unwrap();
        Self { directory, cluster }
    }

    /// A new database.
    pub async fn database(&self, name: &str, config: &Config) -> Database {
        let mut db = PgConnection::connect_with(&self.cluster.connect_options("postgres")).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut db).await.unwrap();
        let mut config = config.clone();
        config.public_url = Some(PUBLIC_URL.to_owned());
        store::migrate(&self.cluster.connect_options(name)).await.unwrap();
        let db = keystead::cli::connect(&config, self.cluster.connect_options(name)).await.unwrap();
        let app = App::new(db, Arc::new(SystemClock), config, SealingKey::new(&SEALING_KEY)).unwrap();
        let (pool, client) = load::make_pool(&app, Signing::Rs256).await;
        Database { name: name.to_owned(), app, pool, client }
    }

    /// Keystead on a database, without budgets per user.
    pub async fn serve(&self, database: &Database, arguments: &[&str]) -> Served {
        self.serve_at(&self.url(&database.name), database, arguments).await
    }

    /// The same, with another way to the database.
    pub async fn serve_at(&self, url: &str, database: &Database, arguments: &[&str]) -> Served {
        let mut all = vec![
            format!("--public-url={PUBLIC_URL}"),
            format!("--sealing-key={}", BASE64_STANDARD.encode(SEALING_KEY)),
            format!("--database-url={url}"),
            "--user-reads-per-second=0".to_owned(),
            "--user-writes-per-second=0".to_owned(),
        ];
        all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        Served::start(&self.directory.join(format!("served-{}", database.name)), &all).await
    }

    /// The address of a database.
    pub fn url(&self, name: &str) -> String {
        let options = self.cluster.connect_options(name);
        format!(
            "postgres://{}@localhost:{}/{name}?host={}",
            options.get_username(),
            options.get_port(),
            options.get_socket().unwrap().display()
        )
    }

    pub async fn stop(self) {
        let Self { directory, cluster } = self;
        cluster.stop().await.unwrap();
        std::fs::remove_dir_all(directory).unwrap();
    }
}
