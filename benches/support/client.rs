//! A client with one kept connection, which costs little itself.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

pub async fn connect(address: SocketAddr) -> Connection {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    Connection { stream, buffer: vec![0; 64 * 1024] }
}

/// One call of the Cognito API on a kept connection; returns the status and the body.
pub async fn call(connection: &mut Connection, operation: &str, body: &Value) -> (u16, String) {
    exchange(connection, &cognito_request(operation, body)).await
}

/// The same in the name of a client address, through a proxy that is trusted.
pub async fn call_from(connection: &mut Connection, from: &str, operation: &str, body: &Value) -> (u16, String) {
    let headers = format!("{}X-Forwarded-For: {from}\r\n", cognito_headers(operation));
    exchange(connection, &request("POST /", &headers, &body.to_string())).await
}

/// A call of the Cognito API as text.
pub fn cognito_request(operation: &str, body: &Value) -> String {
    request("POST /", &cognito_headers(operation), &body.to_string())
}

fn cognito_headers(operation: &str) -> String {
    format!(
        "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: AWSCognitoIdentityProviderService.{operation}\r\n"
    )
}

/// A request as text. `headers` end with a line end each.
pub fn request(line: &str, headers: &str, body: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Sends a request and reads the answer: its status and its body. The answer ends where it says, or with the connection.
pub async fn exchange(connection: &mut Connection, request: &str) -> (u16, String) {
    let Answer { status, body, .. } = exchange_whole(connection, request).await;
    (status, body)
}

/// An answer with its head.
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Answer {
    /// The values of a header, by its name in lower case.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Sends a request and reads the answer.
pub async fn exchange_whole(connection: &mut Connection, request: &str) -> Answer {
    connection.stream.write_all(request.as_bytes()).await.unwrap();
    let mut filled = 0;
    loop {
        if filled == connection.buffer.len() {
            connection.buffer.resize(filled * 2, 0);
        }
        let read = connection.stream.read(&mut connection.buffer[filled..]).await.unwrap();
        filled += read;
        let text = std::str::from_utf8(&connection.buffer[..filled]).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            assert!(read > 0, "the server closed the connection");
            continue;
        };
        let lower = head.to_ascii_lowercase();
        let length =
            lower.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok());
        let complete = match length {
            Some(length) => body.len() >= length,
            None if lower.contains("transfer-encoding: chunked") => body.ends_with("0\r\n\r\n"),
            None => read == 0 || !lower.contains("connection: close"),
        };
        if complete {
            return Answer { status: head[9..12].parse().unwrap(), head: head.to_owned(), body: body.to_owned() };
        }
        assert!(read > 0, "the server closed the connection in the middle of an answer");
    }
}
