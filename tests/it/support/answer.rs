//! An answer of the server, whole.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// Status, headers and body of an answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.expect("a body that is text") }
    }

    /// The same of an operation: a success is checked against its output shape.
    pub async fn of_operation(operation: &str, response: reqwest::Response) -> Self {
        let answer = Self::of(response).await;
        if answer.status == 200 {
            super::shapes::check_output(operation, &answer.text);
        } else {
            super::shapes::check_error(operation, &answer.outcome());
        }
        answer
    }

    /// The body of a success.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { serde_json::from_str(&self.text).expect("JSON") }
    }

    /// `400 NotAuthorizedException: Incorrect username or password.`
    #[track_caller]
    pub fn refused(&self) -> String {
        assert_ne!(self.status, 200, "a success: {}", self.text);
        let body: Value = serde_json::from_str(&self.text).expect("JSON");
        let message = body["message"].as_str().or(body["Message"].as_str()).unwrap_or("-");
        format!("{} {}: {message}", self.status, body["__type"].as_str().expect("a type"))
    }

    /// The exception's name, or `OK`.
    pub fn outcome(&self) -> String {
        if self.status == 200 {
            return "OK".into();
        }
        let body: Value = serde_json::from_str(&self.text).expect("JSON");
        body["__type"].as_str().expect("a type").to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }
}
