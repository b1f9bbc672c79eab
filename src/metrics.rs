//! Prometheus metrics: requests by operation and outcome, latency, database connections, and others.

use std::time::Duration;

use prometheus::{
    Encoder, Gauge, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

use crate::store::Connections;

/// The server's metrics. Each server has its own set, so that the servers of several tests do not share one.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    latency: HistogramVec,
    panics: IntCounter,
    outliving: IntGauge,
    given_up: IntCounter,
    clock_ahead: Gauge,
    in_flight: IntGauge,
    waiting: IntGauge,
    unheard_proxy: IntGauge,
    connections: IntGauge,
    idle: IntGauge,
    /// Deleted pools whose rows are not all removed yet.
    pub pools_being_deleted: IntGauge,
    /// Rows of deleted pools that were removed.
    pub deleted_pool_rows: IntCounter,
    /// Sessions that were ended because their users had too many.
    pub sessions_over_limit: IntCounter,
}

/// Values that are read when the metrics are requested.
pub struct Now {
    /// Requests that have a place.
    pub in_flight: usize,
    /// Requests that wait for a place or for their user's turn.
    pub waiting: usize,
    /// Whether requests come through a proxy that is not trusted.
    pub unheard_proxy: bool,
}

/// The metric for untrusted proxies, which `keystead doctor` reads.
pub const UNHEARD_PROXY: &str = "keystead_untrusted_proxy";

impl Default for Metrics {
    fn default() -> Self {
        let requests = IntCounterVec::new(
            Opts::new("keystead_requests_total", "API requests by operation and outcome (OK or the exception's name)."),
            &["operation", "outcome"],
        );
        let latency = HistogramVec::new(
            HistogramOpts::new("keystead_request_seconds", "Time to answer an API request.")
                .buckets(vec![0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0]),
            &["operation"],
        );
        let metrics = Self {
            registry: Registry::new(),
            requests: requests.expect("constant names are valid"),
            latency: latency.expect("constant names are valid"),
            panics: IntCounter::new("keystead_panics_total", "Requests that ended in a panic.").expect("valid"),
            outliving: IntGauge::new(
                "keystead_requests_outliving_callers",
                "Requests still worked on whose callers hung up or were answered that it takes too long.",
            )
            .expect("valid"),
            given_up: IntCounter::new(
                "keystead_requests_given_up_total",
                "Requests that were ended together with their connection to the database.",
            )
            .expect("valid"),
            clock_ahead: Gauge::new(
                "keystead_clock_ahead_seconds",
                "How far this computer's clock is ahead of the database's, which counts.",
            )
            .expect("valid"),
            in_flight: IntGauge::new("keystead_requests_in_flight", "Requests being answered.").expect("valid"),
            waiting: IntGauge::new("keystead_requests_waiting", "Requests that wait for a place or their user's turn.")
                .expect("valid"),
            unheard_proxy: IntGauge::new(
                UNHEARD_PROXY,
                "1: nearly all requests come from one address that names others and is not among trusted-proxies.",
            )
            .expect("valid"),
            connections: IntGauge::new("keystead_database_connections", "Open connections to PostgreSQL.")
                .expect("valid"),
            idle: IntGauge::new("keystead_database_connections_idle", "Connections not in use.").expect("valid"),
            pools_being_deleted: IntGauge::new(
                "keystead_pools_being_deleted",
                "Deleted user pools whose rows are not all removed yet.",
            )
            .expect("valid"),
            deleted_pool_rows: IntCounter::new(
                "keystead_deleted_pool_rows_total",
                "Rows of deleted user pools removed.",
            )
            .expect("valid"),
            sessions_over_limit: IntCounter::new(
                "keystead_sessions_over_limit_total",
                "Sessions that ended because their users had too many.",
            )
            .expect("valid"),
        };
        let all: Vec<Box<dyn prometheus::core::Collector>> = vec![
            Box::new(metrics.requests.clone()),
            Box::new(metrics.latency.clone()),
            Box::new(metrics.panics.clone()),
            Box::new(metrics.outliving.clone()),
            Box::new(metrics.given_up.clone()),
            Box::new(metrics.clock_ahead.clone()),
            Box::new(metrics.in_flight.clone()),
            Box::new(metrics.waiting.clone()),
            Box::new(metrics.unheard_proxy.clone()),
            Box::new(metrics.connections.clone()),
            Box::new(metrics.idle.clone()),
            Box::new(metrics.pools_being_deleted.clone()),
            Box::new(metrics.deleted_pool_rows.clone()),
            Box::new(metrics.sessions_over_limit.clone()),
        ];
        for collector in all {
            metrics.registry.register(collector).expect("each is registered once");
        }
        metrics
    }
}

impl Metrics {
    /// Counts a request that was answered. `operation` is the name of an operation or page, or `unknown`, never a
    /// caller's input.
    pub fn answered(&self, operation: &str, outcome: &str, took: Duration) {
        self.requests.with_label_values(&[operation, outcome]).inc();
        self.latency.with_label_values(&[operation]).observe(took.as_secs_f64());
    }

    /// Counts a panic in a request or in a background job.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// Changes the number of requests still worked on whose callers are gone: by 1 when a caller leaves, by -1 when the
    /// work ends.
    pub fn outlives(&self, more: i64) {
        self.outliving.add(more);
    }

    /// The number of requests still worked on whose callers are gone.
    pub fn outliving(&self) -> usize {
        usize::try_from(self.outliving.get()).unwrap_or(0)
    }

    /// Counts a request whose work was stopped before its end.
    pub fn given_up(&self) {
        self.given_up.inc();
    }

    /// Records how far this computer's clock is ahead of the database's.
    pub fn clock_ahead(&self, seconds: f64) {
        self.clock_ahead.set(seconds);
    }

    /// Returns all metrics in Prometheus' text format.
    pub fn text(&self, db: &Connections, now: &Now) -> String {
        self.in_flight.set(i64::try_from(now.in_flight).unwrap_or(i64::MAX));
        self.waiting.set(i64::try_from(now.waiting).unwrap_or(i64::MAX));
        self.unheard_proxy.set(i64::from(now.unheard_proxy));
        self.connections.set(i64::try_from(db.size()).unwrap_or(0));
        self.idle.set(i64::try_from(db.idle()).unwrap_or(0));
        let mut out = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut out).expect("a Vec takes everything");
        String::from_utf8(out).expect("the exposition format is UTF-8")
    }
}
