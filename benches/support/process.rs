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

/// A server that panics or is not stopped must not outlive the benchmark.
impl Drop for Served {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// CPU seconds of a process so far, with those of its threads and children that have ended.
pub fn cpu_seconds(process: u32) -> f64 {
    let own = stat(process).map_or(0.0, |stat| hundredths(&stat, &[11, 12]));
    own + of_ended_children(process)
}

/// CPU seconds of PostgreSQL so far: the postmaster, its living children, and those that have ended. Each of them has one
/// thread, of which the scheduler knows the nanoseconds. Rounded to hundredths of a second as in [`cpu_seconds`], the
/// times of thirty processes would not say much about a second.
pub fn postgres_cpu_seconds(postmaster: u32) -> f64 {
    let children = std::fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children")).unwrap();
    let children = children.split_whitespace().filter_map(|child| child.parse().ok());
    let living: f64 = std::iter::once(postmaster).chain(children).map(cpu_seconds_of_one_thread).sum();
    living + of_ended_children(postmaster)
}

/// CPU seconds so far of a process that has one thread; 0 if it has ended.
pub fn cpu_seconds_of_one_thread(process: u32) -> f64 {
    let times = std::fs::read_to_string(format!("/proc/{process}/schedstat")).unwrap_or_default();
    times.split_whitespace().next().map_or(0.0, |nanoseconds| nanoseconds.parse::<f64>().unwrap() / 1e9)
}

/// Seconds in which all cores of the machine together had nothing to do so far.
pub fn idle_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap();
    let fields: Vec<f64> = stat.lines().next().unwrap().split_whitespace().skip(1).flat_map(str::parse).collect();
    (fields[3] + fields[4]) / 100.0
}

fn of_ended_children(process: u32) -> f64 {
    stat(process).map_or(0.0, |stat| hundredths(&stat, &[13, 14]))
}

/// The fields of `/proc/<pid>/stat` after the name.
fn stat(process: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    Some(stat.rsplit(')').next()?.split_whitespace().map(ToOwned::to_owned).collect())
}

fn hundredths(stat: &[String], fields: &[usize]) -> f64 {
    fields.iter().map(|field| stat[*field].parse::<f64>().unwrap()).sum::<f64>() / 100.0
}
