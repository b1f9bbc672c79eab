//! Inputs that many tests send, and what they read of answers.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// The input of InitiateAuth.
pub fn initiate(client_id: &str, flow: &str, parameters: Value) -> Value {
    json!({"ClientId": client_id, "AuthFlow": flow, "AuthParameters": parameters})
}

/// The input of RespondToAuthChallenge.
pub fn respond(client_id: &str, challenge: &str, session: &Value, responses: Value) -> Value {
    json!({"ClientId": client_id, "ChallengeName": challenge, "Session": session, "ChallengeResponses": responses})
}

/// The claims of a token, unverified.
#[track_caller]
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a token has three parts");
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}
