//! [`App`]: the shared parts that any code may use to handle a request.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use crate::{
    admission::{self, Admission},
    auth_event_queue::AuthEventQueue,
    budgets::Budgets,
    clock::{Clock, DatabaseClock},
    config::Config,
    delivery::Delivery,
    error::{Error, Result},
    grants,
    group_commit::{GroupCommit, Limits},
    hosts::{self, Hosts},
    key_ring::KeyRing,
    log_delivery::LogDelivery,
    metrics::Metrics,
    opened_sessions::OpenedSessions,
    passkey_providers::PasskeyProviders,
    passwords::{self, Passwords},
    pending::Challenge,
    proxies::Proxies,
    readiness::Readiness,
    sealing::SealingKey,
    session_text,
    store::{
        self, Connections,
        batches::{ClientToFind, DeletePasskeys, FindClients, FindPeople, ListPasskeys, OpenSessions},
        clients::{ClientAndPool, Versions},
        upgrade_steps::UpgradeStep,
    },
    tokens::PoolKeys,
    triggers::Triggers,
    user_queue::UserQueue,
    web_acl::WebAcl,
};

/// The server's shared parts. All lasting state is in the database, so everything here may be lost at any time.
pub struct App {
    /// Connections to PostgreSQL, for requests.
    pub db: Connections,
    /// Separate connections for background jobs, so that no request waits for a connection that a job uses.
    pub job_db: Connections,
    /// The connection over which readiness is checked, by a job and by `/health/ready`. Nothing else uses it.
    pub probe_db: Connections,
    /// The last result of checking whether the database is usable.
    pub readiness: Readiness,
    /// The database's time.
    pub clock: Arc<DatabaseClock>,
    /// The settings.
    pub config: Config,
    /// `config.public_url()`, computed once.
    pub public_url: String,
    /// This server's own host names, and the rules for the domains of user pools.
    pub hosts: Hosts,
    /// Seals secrets.
    pub sealing: Arc<SealingKey>,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Parsed signing keys of pools.
    pub keys: KeyRing,
    /// The web ACL.
    pub acl: WebAcl,
    /// Limits how many requests are handled at the same time.
    pub admission: Admission,
    /// Queues, by user, the requests that change something.
    pub user_queue: UserQueue,
    /// Request budgets.
    pub budgets: Budgets,
    /// Detects whether requests come through a proxy that is not trusted.
    pub proxies: Proxies,
    /// Sends mail and text messages.
    pub delivery: Delivery,
    /// The names of passkey providers by AAGUID.
    pub providers: PasskeyProviders,
    /// Calls the functions in the `LambdaConfig` of pools.
    pub triggers: Triggers,
    /// Log records of pools that wait for their delivery.
    pub log_delivery: LogDelivery,
    /// Authentication events that wait to be written to the database.
    pub auth_events: AuthEventQueue,
    /// Users who signed in recently, for the job that enforces the limits on sessions.
    pub opened_sessions: OpenedSessions,
    /// How many delivery channels have a running task. A task that is told to stop first records the results of the
    /// deliveries in progress, so a server that stops waits until this is 0.
    pub roads_at_work: AtomicUsize,
    /// Notified when the outbox may have received a message.
    pub messages_waiting: tokio::sync::Notify,
    /// Prometheus metrics.
    pub metrics: Metrics,
    /// Groups of requests that share transactions.
    pub batchers: Batchers,
    /// Whether this replica was told to stop and still listens until `drain-seconds` are over. If so, it answers
    /// requests but reports that it is not ready.
    pub draining: AtomicBool,
    client_pools: RwLock<HashMap<String, String>>,
    /// App clients with their pools, as they were last read, by pool ID and client ID. They may be outdated: see
    /// [`Self::known_client`].
    known_clients: RwLock<HashMap<String, HashMap<String, Arc<ClientAndPool>>>>,
    /// Whether the states of sign-ins are sealed in `Session` strings. If not, they are rows, because replicas of the
    /// previous release, which know only rows, may be running.
    seals_states: AtomicBool,
}

/// The statements that requests share, each with its own connection: see [`crate::group_commit`].
pub struct Batchers {
    pub delete_passkeys: GroupCommit<DeletePasskeys>,
    pub list_passkeys: GroupCommit<ListPasskeys>,
    pub find_clients: GroupCommit<FindClients>,
    pub find_people: GroupCommit<FindPeople>,
    pub open_sessions: GroupCommit<OpenSessions>,
}

/// How many connections the groups in [`Batchers`] have in total. Each group has one.
const GROUP_CONNECTIONS: u32 = 5;
/// How many connections background jobs have.
const JOB_CONNECTIONS: u32 = 3;
/// The number of connections besides those in [`App::db`]: those of the groups and the jobs, and one for the readiness
/// checks.
pub const OTHER_CONNECTIONS: u32 = GROUP_CONNECTIONS + JOB_CONNECTIONS + 1;

/// A batch of 256 takes a few milliseconds, so a full queue of 2048 takes a few tens of milliseconds.
const GROUP_LIMITS: Limits = Limits { waiting: 2_048, batch: 256 };

impl Batchers {
    fn new(pool: &Connections, sealing: &Arc<SealingKey>) -> Self {
        let db = || pool.apart(1);
        Self {
            delete_passkeys: GroupCommit::new(DeletePasskeys { db: db() }, GROUP_LIMITS),
            list_passkeys: GroupCommit::new(ListPasskeys { db: db() }, GROUP_LIMITS),
            find_clients: GroupCommit::new(FindClients { db: db(), sealing: sealing.clone() }, GROUP_LIMITS),
            find_people: GroupCommit::new(FindPeople { db: db() }, GROUP_LIMITS),
            open_sessions: GroupCommit::new(OpenSessions { db: db() }, GROUP_LIMITS),
        }
    }
}

/// The most entries of `client_pools`. When it is full, it is emptied.
const CLIENT_DIRECTORY_LIMIT: usize = 10_000;
/// The most user pools in `known_clients`, and the most app clients of one pool. What is full is emptied: a pool with very
/// many clients does not empty what is known of the others.
const KNOWN_POOLS: usize = 1_000;
const KNOWN_CLIENTS_OF_POOL: usize = 100;

impl App {
    /// Checks the settings, and whether they fit together. The error names the setting.
    pub fn check_settings(config: &Config) -> Result<(), String> {
        config.check()?;
        if config.database_connections <= OTHER_CONNECTIONS {
            return Err(format!("database-connections: must be more than {OTHER_CONNECTIONS}"));
        }
        hosts::check_settings(config)?;
        grants::check_settings(config)?;
        Delivery::check_settings(config)?;
        Triggers::new(config)?;
        LogDelivery::new(config)?;
        PasskeyProviders::new(config.passkey_providers_file.as_deref())?;
        Ok(())
    }

    /// Puts the parts together. Must be called on a runtime that outlives the requests, because batches of requests run
    /// on this runtime.
    pub fn new(db: Connections, clock: Arc<dyn Clock>, config: Config, sealing: SealingKey) -> Result<Self> {
        let sealing = Arc::new(sealing);
        Ok(Self {
            passwords: Passwords::new(&passwords::Settings::of(&config))?,
            acl: WebAcl::new(&config.web_acl),
            admission: Admission::new(&config),
            user_queue: UserQueue::new(config.max_user_requests_at_work, config.max_requests_waiting),
            proxies: Proxies::default(),
            budgets: Budgets::new(&config),
            public_url: config.public_url(),
            hosts: Hosts::new(&config),
            keys: KeyRing::default(),
            delivery: Delivery::new(&config)?,
            providers: PasskeyProviders::new(config.passkey_providers_file.as_deref()).map_err(Error::internal)?,
            triggers: Triggers::new(&config).map_err(Error::internal)?,
            log_delivery: LogDelivery::new(&config).map_err(Error::internal)?,
            auth_events: AuthEventQueue::default(),
            opened_sessions: OpenedSessions::default(),
            roads_at_work: AtomicUsize::default(),
            messages_waiting: tokio::sync::Notify::new(),
            metrics: Metrics::default(),
            batchers: Batchers::new(&db, &sealing),
            draining: AtomicBool::new(false),
            client_pools: RwLock::default(),
            known_clients: RwLock::default(),
            seals_states: AtomicBool::new(false),
            job_db: db.apart(JOB_CONNECTIONS),
            probe_db: db.apart(1),
            readiness: Readiness::default(),
            db: db.fairly(admission::path_of_work),
            clock: Arc::new(DatabaseClock::new(clock)),
            config,
            sealing,
        })
    }

    /// Measures the database's time, and reads which steps of upgrades are finished. Returns how many seconds this
    /// computer's clock is ahead of the database's.
    ///
    /// A replica that has not yet read that a step is finished, or was taken back, does no harm: this release
    /// understands what is written before and after the step.
    pub async fn consult_database(&self) -> sqlx::Result<f64> {
        let seals = store::upgrade_steps::is_finished(&self.job_db, UpgradeStep::SealedStates).await?;
        self.seals_states.store(seals, Ordering::Relaxed);
        let (asked, time, answered) = store::look::time(&self.job_db).await?;
        let ahead = self.clock.measure(asked, time, answered).as_seconds_f64();
        self.metrics.clock_ahead(ahead);
        Ok(ahead)
    }

    /// Whether the states of sign-ins are sealed in `Session` strings.
    pub fn seals_states(&self) -> bool {
        self.seals_states.load(Ordering::Relaxed)
    }

    /// Seals a value that anybody can request any number of times. `sealing.open_any` opens it.
    pub fn seal_for_strangers(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        // The previous release cannot open what is sealed apart.
        if self.seals_states() { self.sealing.seal_apart(context, plain) } else { self.sealing.seal(context, plain) }
    }

    /// Makes the `Session` string for a challenge that is a row.
    pub fn session_of_row(&self, pool_id: &str, challenge: &Challenge) -> String {
        match self.seals_states() {
            true => session_text::of_row(&self.sealing, pool_id, challenge),
            false => session_text::of_row_in_older_form(&self.sealing, pool_id, challenge),
        }
    }

    /// Closes the connections to the database. Waits up to five seconds for those in use.
    pub async fn close_connections(&self) {
        self.db.close_all().await;
    }

    /// Returns the issuer of a pool, which is the `iss` of its tokens.
    pub fn issuer(&self, pool_id: &str) -> String {
        format!("{}/{pool_id}", self.public_url)
    }

    /// Returns how many passkeys a user of the pool may have.
    pub fn passkey_limit(&self, pool: &store::pools::Pool) -> i64 {
        pool.passkey_policy.maximum_passkeys.unwrap_or(self.config.passkeys_per_user)
    }

    /// Returns the signing keys of a pool, or `None` if there is no such pool.
    pub async fn keys_of_pool(&self, pool_id: &str) -> Result<Option<Arc<PoolKeys>>> {
        self.keys.of_pool(&self.db, &self.sealing, pool_id, self.clock.now()).await
    }

    /// Like [`Self::keys_of_pool`], for verifying this token, which a key may have signed that is newer than what this
    /// replica has read.
    pub async fn keys_for_token(&self, pool_id: &str, token: &str) -> Result<Option<Arc<PoolKeys>>> {
        self.keys.for_token(&self.db, &self.sealing, (pool_id, token), self.clock.now()).await
    }

    /// Finds an app client and its pool. Fails if the pool has no such client.
    pub async fn client_with_pool(&self, pool_id: &str, client_id: &str) -> Result<Arc<ClientAndPool>> {
        let request = ClientToFind { pool_id: pool_id.to_owned(), client_id: client_id.to_owned() };
        let found = match self.batchers.find_clients.run(request).await? {
            Some(found) => found,
            None => {
                let found = store::clients::find_with_pool(&self.db, &self.sealing, pool_id, client_id).await?;
                found.map(Arc::new).ok_or_else(|| Error::no_such_client(client_id))?
            }
        };
        let mut known = self.known_clients.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_POOLS && !known.contains_key(pool_id) {
            known.clear();
        }
        let of_pool = known.entry(pool_id.to_owned()).or_default();
        if of_pool.len() >= KNOWN_CLIENTS_OF_POOL {
            of_pool.clear();
        }
        of_pool.insert(client_id.to_owned(), found.clone());
        Ok(found)
    }

    /// Returns an app client with its pool as this replica last read them, without a query.
    ///
    /// They may have changed since, at any time ago. So no decision may rest on them before a statement has found that
    /// both rows still have the same versions.
    pub fn known_client(&self, pool_id: &str, client_id: &str) -> Option<Arc<ClientAndPool>> {
        let known = self.known_clients.read().unwrap_or_else(PoisonError::into_inner);
        known.get(pool_id)?.get(client_id).cloned()
    }

    /// Finds an app client and its pool, whose rows were just found to have these versions. Reads them only if this
    /// replica does not know these versions.
    pub async fn client_at(&self, pool_id: &str, client_id: &str, versions: Versions) -> Result<Arc<ClientAndPool>> {
        match self.known_client(pool_id, client_id).filter(|known| known.versions == versions) {
            Some(known) => Ok(known),
            None => self.client_with_pool(pool_id, client_id).await,
        }
    }

    /// Finds the pool that an app client belongs to. Fails if there is no such client.
    ///
    /// A client never moves to another pool, so the result is remembered, even if the client is deleted later. The
    /// caller's own query must find out whether the client still exists.
    pub async fn pool_of_client(&self, client_id: &str) -> Result<String> {
        if let Some(pool) = self.known_pool_of_client(client_id) {
            return Ok(pool);
        }
        let pool =
            store::clients::pool_of(&self.db, client_id).await?.ok_or_else(|| Error::no_such_client(client_id))?;
        let mut known = self.client_pools.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CLIENT_DIRECTORY_LIMIT {
            known.clear();
        }
        known.insert(client_id.to_owned(), pool.clone());
        Ok(pool)
    }

    /// Like [`Self::pool_of_client`], but returns only what is remembered, without a query.
    pub fn known_pool_of_client(&self, client_id: &str) -> Option<String> {
        self.client_pools.read().unwrap_or_else(PoisonError::into_inner).get(client_id).cloned()
    }
}
