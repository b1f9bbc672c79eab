//! Keystead over HTTP against the same work straight, side by side in one run: deleting and listing passkeys against the
//! same SQL; signing in, passwords, refreshes, codes and pages against their cryptography alone. Then what a sign-in
//! takes far from the database, and what a flood of first calls writes.
//!
//! `cargo bench --bench delete_credential`; `-- --credentials 200000 --rounds 1` for a shorter run, `-- --only sign-ins`
//! for a part. Everything is on one machine: load, Keystead (a process of its own) and PostgreSQL share its cores. So
//! each row has the processor time of each ([`support::cost`]).
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark may panic and asks the system's clock"
)]

mod flood;
mod pages;
mod passkeys;
mod round_trips;
mod sign_in;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod tokens;

use std::{path::Path, process::ExitCode, time::Duration};

use clap::Parser;
use keystead::config::Config;

use self::{
    sign_in::Person,
    support::{
        cost::Meter,
        cryptography::Cryptography,
        load::{self, Signing},
        measure::{Measured, UsedUp, Work, repeat},
        process::Served,
        stage::{Database, Stage},
    },
    table::{Row, Rows},
};

/// Connections that delete and list.
const CONNECTIONS: [usize; 4] = [1, 8, 32, 128];
/// Connections that sign in.
const PEOPLE: [usize; 3] = [1, 8, 32];
/// Codes of one browser. With more, the person would have too many sessions, and the oldest is the browser's own.
const CODES: usize = 300;

#[derive(Parser)]
struct Options {
    /// Credentials in the table.
    #[arg(long, default_value_t = 1_000_000)]
    credentials: usize,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// Times that each row is measured.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Measure these parts only.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// What the pools sign with into which people sign in, one pool each.
    #[arg(long, value_delimiter = ',', default_value = "rs256")]
    signing: Vec<Signing>,
    #[arg(long, hide = true)]
    bench: bool,
    #[command(flatten)]
    config: Config,
}

impl Options {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    fn time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Starts,
    Deletes,
    Lists,
    SignIns,
    Passwords,
    Refreshes,
    Codes,
    Pages,
    RoundTrips,
    Flood,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match runtime.block_on(run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(used_up) => {
            eprintln!("{used_up}; raise --credentials, or lower --seconds or --rounds");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), UsedUp> {
    let stage = Stage::start().await;
    if options.wants(Part::Starts) {
        first_answers(&stage.directory.join("first")).await;
    }
    let database = stage.database("bench", &options.config).await;
    let outcome = measure_all(options, &stage, &database).await;
    database.app.close_connections().await;
    stage.stop().await;
    outcome
}

/// What the parts need.
struct Bench<'a> {
    options: &'a Options,
    stage: &'a Stage,
    database: &'a Database,
    served: &'a Served,
    meter: &'a Meter,
    cryptography: &'a Cryptography,
}

async fn measure_all(options: &Options, stage: &Stage, database: &Database) -> Result<(), UsedUp> {
    let Database { app, pool, client, .. } = database;
    eprintln!("loading {} credentials", options.credentials);
    // A delete uses up a credential, and a list asks with the token of another user than the lists around it.
    let users = if options.wants(Part::Deletes) { usize::MAX } else { 2_000 * options.seconds as usize };
    let targets = load::load(app, pool, client, options.credentials, users).await;
    let served = stage.serve(database, sign_in::UNLIMITED).await;
    println!(
        "first answer on an existing database: {:.0} ms; resident memory idle: {:.0} MiB",
        served.first_answer.as_secs_f64() * 1e3,
        served.memory("VmRSS")
    );
    let cryptography = Cryptography::measure(&options.config);
    cryptography.print();
    let meter = Meter::new(stage).await;
    let bench = Bench { options, stage, database, served: &served, meter: &meter, cryptography: &cryptography };
    let outcome = bench.tables(targets).await;
    println!("\nresident memory at most: {:.0} MiB", served.memory("VmHWM"));
    if outcome.is_ok() && options.wants(Part::Flood) {
        flood::print(&bench).await;
    }
    served.stop().await;
    if outcome.is_ok() && options.wants(Part::RoundTrips) {
        round_trips::print(stage, database).await;
    }
    outcome
}

impl Bench<'_> {
    /// The rows of all parts that are wanted.
    async fn tables(&self, mut targets: Vec<load::Target>) -> Result<(), UsedUp> {
        table::print_head();
        for count in CONNECTIONS.into_iter().filter(|_| self.options.wants(Part::Deletes)) {
            passkeys::deletes(self, count, &mut targets).await?;
        }
        for count in CONNECTIONS.into_iter().filter(|_| self.options.wants(Part::Lists)) {
            passkeys::lists(self, count, &targets).await?;
        }
        self.sign_ins().await;
        Ok(())
    }

    async fn sign_ins(&self) {
        let (database, cryptography) = (self.database, self.cryptography);
        let app = &database.app;
        let wanted = [Part::SignIns, Part::Passwords, Part::Refreshes, Part::Codes, Part::Pages];
        if !wanted.iter().any(|part| self.options.wants(*part)) {
            return;
        }
        for (n, signing) in self.options.signing.iter().copied().enumerate() {
            let (pool, client) = match (n, signing) {
                (0, Signing::Rs256) => (database.pool.clone(), database.client.clone()),
                _ => load::make_pool(app, signing).await,
            };
            let pages_client = pages::make_client(app, &pool).await;
            let named = |what: &str| format!("{what}, {signing}");
            let tokens = cryptography.tokens(signing);
            for count in PEOPLE {
                let mut people = Vec::new();
                for n in 0..count {
                    people.push(Person::new(app, &pool, count * 100 + n, &client, self.served.address).await);
                }
                if self.options.wants(Part::SignIns) {
                    let what = named("sign-in with a passkey (two calls)");
                    let work = tokens + cryptography.ecdsa_verification;
                    self.row(&what, work, &mut people, |person| Box::pin(person.sign_in())).await;
                }
                if self.options.wants(Part::Passwords) {
                    tokens::give_passwords(app, &pool, &people).await;
                    let (what, work) = (named("sign-in with a password"), tokens + cryptography.argon2id);
                    self.row(&what, work, &mut people, |person| Box::pin(tokens::password(person))).await;
                }
                if self.options.wants(Part::Refreshes) {
                    tokens::get_refresh_tokens(&mut people).await;
                    let what = named("GetTokensFromRefreshToken");
                    self.row(&what, tokens, &mut people, |person| Box::pin(tokens::refresh(person))).await;
                }
                let mut browsers = pages::browsers(people, &pages_client);
                if self.options.wants(Part::Pages) {
                    let what = named("sign-in on the page with a passkey (three requests)");
                    let work = cryptography.ecdsa_verification;
                    self.row(&what, work, &mut browsers, |browser| Box::pin(browser.sign_in())).await;
                }
                if self.options.wants(Part::Codes) {
                    let mut rows = Rows::default();
                    for _ in 0..self.options.rounds {
                        // The codes are made before the time begins. There may be fewer than the time is long.
                        let codes = 1_000 * self.options.seconds as usize / count;
                        pages::get_codes(&mut browsers, codes.min(CODES)).await;
                        let one = self.once(&mut browsers, |browser| Box::pin(pages::exchange_code(browser))).await;
                        rows.add(one);
                    }
                    rows.print(&named("/oauth2/token with a code"), count, Some(tokens));
                }
            }
        }
    }

    /// Measures what actors do, in rounds, and prints a row.
    async fn row<A: Send + 'static>(
        &self,
        what: &str,
        cryptography: f64,
        actors: &mut Vec<A>,
        step: impl for<'a> Fn(&'a mut A) -> Work<'a, Option<Duration>> + Copy + Send + 'static,
    ) {
        let mut rows = Rows::default();
        for _ in 0..self.options.rounds {
            rows.add(self.once(actors, step).await);
        }
        rows.print(what, actors.len(), Some(cryptography));
    }

    async fn once<A: Send + 'static>(
        &self,
        actors: &mut Vec<A>,
        step: impl for<'a> Fn(&'a mut A) -> Work<'a, Option<Duration>> + Copy + Send + 'static,
    ) -> Row {
        let running = self.meter.start(self.served).await;
        let measured: Measured = repeat(actors, self.options.time(), step).await;
        let cost = running.stop(measured.count).await;
        Row { measured, cost }
    }
}

/// The very first start, with a private database to make, and the second.
async fn first_answers(data_dir: &Path) {
    for what in ["very first start (private database made)", "second start (private database started)"] {
        let served = Served::start(data_dir, &[]).await;
        println!("{what}: first answer after {:.0} ms", served.first_answer.as_secs_f64() * 1e3);
        served.stop().await;
    }
}
