//! Keystead as users run it: a process of its own.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::client;

/// A running `keystead serve`.
pub struct Served {
    child: Child,
    pub address: SocketAddr,
    /// From the start of the process to its first answer.
    pub first_answer: Duration,
}

impl Served {
    /// Starts it with these arguments and waits for its first answer.
    pub async fn start(data_dir: &Path, arguments: &[String]) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let started = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_keystead"))
            .arg("serve")
            .args(["--listen", &address.to_string(), "--log", "warn"])
            .arg("--data-dir")
            .arg(data_dir)
            .args(arguments)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert!(started.elapsed() < Duration::from_secs(60), "Keystead does not start");
        }
        let mut connection = client::connect(address).await;
        let input = serde_json::json!({"AccessToken": "none"});
        client::call(&mut connection, "ListWebAuthnCredentials", &input).await;
        Self { child, address, first_answer: started.elapsed() }
    }

    /// CPU seconds so far.
    pub fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        // utime and stime, in hundredths.
        [11, 12].map(|field| fields[field].parse::<f64>().unwrap()).iter().sum::<f64>() / 100.0
    }

    /// Resident memory now (`VmRSS`) or at most (`VmHWM`), MiB.
    pub fn memory(&self, field: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    /// Stops it as an operator would.
    pub async fn stop(mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        while self.child.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
