//! The doors of signing up and signing in. What they share is in `flows::sign_in`.

pub mod admin_initiate_auth;
pub mod admin_respond_to_auth_challenge;
pub mod confirm_forgot_password;
pub mod confirm_sign_up;
pub mod forgot_password;
pub mod initiate_auth;
pub mod resend_confirmation_code;
pub mod respond_to_auth_challenge;
pub mod sign_up;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    app::App,
    error::{Error, Result},
    flows::{
        issue::AuthenticationResult,
        messages::DeliveryDetails,
        sign_in::{Outcome, Parameters},
    },
    store::{self, clients::ClientAndPool},
};

/// Input of InitiateAuth and AdminInitiateAuth, as far as it is used. Metadata for triggers and analytics is accepted
/// and has no effect, because there are none.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Begin {
    #[serde(default)]
    user_pool_id: String,
    client_id: String,
    auth_flow: String,
    #[serde(default)]
    auth_parameters: Parameters,
    /// Of a sign-up that was just confirmed.
    #[serde(default)]
    session: Option<String>,
}

/// A user whom a client names: the input of asking for a code.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    username: String,
    #[serde(default)]
    secret_hash: Option<String>,
}

/// Where the code went.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Delivered {
    code_delivery_details: DeliveryDetails,
}

/// Input of RespondToAuthChallenge and AdminRespondToAuthChallenge.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Respond {
    #[serde(default)]
    user_pool_id: String,
    client_id: String,
    challenge_name: String,
    #[serde(default)]
    session: Option<String>,
    #[serde(default)]
    challenge_responses: Parameters,
}

/// Output of all four: tokens, or the next challenge.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    challenge_parameters: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication_result: Option<AuthenticationResult>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    available_challenges: Vec<&'static str>,
}

impl From<Outcome> for Response {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Tokens(tokens) => Self {
                challenge_name: None,
                session: None,
                challenge_parameters: Map::new(),
                authentication_result: Some(tokens),
                available_challenges: Vec::new(),
            },
            Outcome::Next(next) => Self {
                challenge_name: Some(next.name),
                session: Some(next.session),
                challenge_parameters: next.parameters,
                authentication_result: None,
                available_challenges: next.available,
            },
        }
    }
}

impl Response {
    /// RespondToAuthChallenge's output has no AvailableChallenges (W§4.1).
    fn without_available(mut self) -> Self {
        self.available_challenges.clear();
        self
    }
}

/// The client an operator names in a pool.
async fn named_client(app: &App, pool_id: &str, client_id: &str) -> Result<ClientAndPool> {
    let found = store::clients::find_with_pool(&app.db, &app.sealing, pool_id, client_id).await?;
    match found {
        Some(found) => Ok(found),
        None => {
            crate::flows::pool(app, pool_id).await?;
            Err(Error::no_such_client(client_id))
        }
    }
}
