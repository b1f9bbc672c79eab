//! `keystead health`: asks a running server whether it is alive, or ready. For health checks in images without a shell.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use clap::Args;

const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Args)]
pub struct Health {
    /// Address and port of the server.
    #[arg(long, env = "KEYSTEAD_LISTEN", default_value = "127.0.0.1:9229")]
    listen: SocketAddr,
    /// Ask whether it is ready, its database included, and not only alive. A restart mends no database.
    #[arg(long)]
    ready: bool,
}

pub fn run(health: &Health) -> Result<(), String> {
    let failed = |cause: std::io::Error| format!("{} does not answer: {cause}", health.listen);
    let mut address = health.listen;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(failed)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    let path = if health.ready { "/health/ready" } else { "/health/live" };
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(failed)?;
    if answer.starts_with("HTTP/1.1 200") {
        Ok(())
    } else {
        Err(answer.lines().last().unwrap_or("no answer").to_owned())
    }
}
