//! The servers that are measured: processes of their own, as users run them.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::client;

/// A running server.
pub struct Served {
    child: Child,
    pub address: SocketAddr,
    /// From the start of the process to its first answer.
    pub first_answer: Duration,
}

/// An address that nobody uses.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl Served {
    /// Starts Keystead with these arguments and waits for its first answer.
    pub async fn start(data_dir: &Path, arguments: &[String]) -> Self {
        let address = free_address();
        let mut command = Command::new(env!("CARGO_BIN_EXE_keystead"));
        command.arg("serve").args(["--listen", &address.to_string(), "--log", "warn"]);
        command.arg("--data-dir").arg(data_dir).args(arguments);
        let probe = client::cognito_request("ListWebAuthnCredentials", &serde_json::json!({"AccessToken": "none"}));
        Self::of(command, address, &probe).await
    }

    /// Starts a server and waits until it answers this request, whatever it says.
    pub async fn of(mut command: Command, address: SocketAddr, probe: &str) -> Self {
        let started = Instant::now();
        let child = command.stdout(Stdio::null()).spawn().unwrap();
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert!(started.elapsed() < Duration::from_secs(60), "{command:?} does not start");
        }
        let mut connection = client::connect(address).await;
        client::exchange(&mut connection, probe).await;
        Self { child, address, first_answer: started.elapsed() }
    }

    /// CPU seconds so far.
    pub fn cpu_seconds(&self) -> f64 {
        cpu_seconds(self.child.id())
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

/// CPU seconds of a process so far.
pub fn cpu_seconds(process: u32) -> f64 {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else { return 0.0 };
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    // utime and stime, and those of children that have ended, in hundredths.
    [11, 12, 13, 14].map(|field| fields[field].parse::<f64>().unwrap()).iter().sum::<f64>() / 100.0
}
