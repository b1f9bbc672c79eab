//! `keystead health`: asks a running server whether it is alive or ready, for health checks in images that have no
//! shell.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use clap::Args;

const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Args)]
pub struct Health {
    /// The address and port of the server.
    #[arg(long, env = "KEYSTEAD_LISTEN", default_value = "127.0.0.1:9229")]
    listen: SocketAddr,
    /// Ask whether the server is ready, which includes its database, and not only whether it is alive. Do not restart a
    /// server because it is not ready: a restart does not repair its database.
    #[arg(long)]
    ready: bool,
}

pub fn run(health: &Health) -> Result<(), String> {
    let failed = |cause: std::io::Error| format!("{} does not answer: {cause}", health.listen);
    let path = if health.ready { "/health/ready" } else { "/health/live" };
    let answer = get(health.listen, path).map_err(failed)?;
    if answer.starts_with("HTTP/1.1 200") {
        Ok(())
    } else {
        Err(answer.lines().last().unwrap_or("no answer").to_owned())
    }
}

/// Sends a GET request to a server; an unspecified address means this machine. Returns the response with its head and
/// body.
pub fn get(mut address: SocketAddr, path: &str) -> std::io::Result<String> {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
