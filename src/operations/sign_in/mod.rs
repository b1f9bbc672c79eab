//! Operations for signing up, signing in, and setting a new password with a code. Their shared steps are in
//! `flows::sign_in` and `flows::accounts`.

pub(crate) mod admin_initiate_auth;
pub(crate) mod admin_respond_to_auth_challenge;
pub(crate) mod confirm_forgot_password;
pub(crate) mod confirm_sign_up;
pub(crate) mod forgot_password;
pub(crate) mod initiate_auth;
pub(crate) mod resend_confirmation_code;
pub(crate) mod respond_to_auth_challenge;
pub(crate) mod sign_up;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    app::App,
    caller::Freshness,
    context::{Context, Door},
    error::{Error, Result},
    factor::{ChallengeName, Factor},
    flows::pool_context::PoolContext,
    flows::{
        accounts::auth_events,
        messages::addresses::DeliveryDetails,
        sessions::authentication_result::AuthenticationResult,
        sign_in::step::{Outcome, Parameters, SignIn, shown},
    },
    store::{self, clients::ClientAndPool},
};

/// The input of InitiateAuth and AdminInitiateAuth, as far as it is used. Other members, such as analytics metadata,
/// are accepted and have no effect.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Begin {
    #[serde(default)]
    user_pool_id: String,
    client_id: String,
    auth_flow: String,
    #[serde(default)]
    auth_parameters: Parameters,
    /// The session of a sign-up that was just confirmed.
    #[serde(default)]
    session: Option<String>,
    /// Input for the pool's triggers.
    #[serde(default)]
    client_metadata: Map<String, Value>,
    #[serde(default)]
    context_data: Option<ContextData>,
}

impl Begin {
    async fn run(
        &self,
        app: &App,
        context: &Context,
        named: &ClientAndPool,
        freshness: &Freshness,
    ) -> Result<Response> {
        let sign_in = SignIn {
            context: PoolContext::of_client(app, context, named, &self.client_metadata),
            named,
            client: &named.client,
            address: address(context, self.context_data.as_ref())?,
            device_key: self.auth_parameters.get("DEVICE_KEY").map(String::as_str),
            freshness,
        };
        let outcome = sign_in.begin(&self.auth_flow, &self.auth_parameters, self.session.as_deref()).await;
        let outcome = sign_in.settle(outcome).await;
        if !self.auth_flow.starts_with("REFRESH") {
            auth_events::note_step(&sign_in, self.auth_parameters.get("USERNAME"), &outcome, Some("Password"));
        }
        outcome?.try_into()
    }
}

/// The input of ForgotPassword and ResendConfirmationCode.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CodeRequest {
    username: String,
    #[serde(default)]
    secret_hash: Option<String>,
    /// Input for the pool's triggers.
    #[serde(default)]
    client_metadata: Map<String, Value>,
}

/// The output of ForgotPassword and ResendConfirmationCode: where the code was sent.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CodeOutput {
    code_delivery_details: DeliveryDetails,
}

/// The input of RespondToAuthChallenge and AdminRespondToAuthChallenge.
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
    /// Input for the pool's triggers.
    #[serde(default)]
    client_metadata: Map<String, Value>,
    #[serde(default)]
    context_data: Option<ContextData>,
}

impl Respond {
    async fn run(
        &self,
        app: &App,
        context: &Context,
        named: &ClientAndPool,
        freshness: &Freshness,
    ) -> Result<Response> {
        let sign_in = SignIn {
            context: PoolContext::of_client(app, context, named, &self.client_metadata),
            named,
            client: &named.client,
            address: address(context, self.context_data.as_ref())?,
            device_key: self.challenge_responses.get("DEVICE_KEY").map(String::as_str),
            freshness,
        };
        let Ok(challenge) = self.challenge_name.parse::<ChallengeName>() else {
            let words = format!("The challenge {} is not supported by Keystead yet.", shown(&self.challenge_name));
            sign_in.confirm().await?;
            return Err(Error::InvalidParameter(words.into()));
        };
        let responses = &self.challenge_responses;
        let outcome = sign_in.respond(challenge, self.session.as_deref(), responses).await;
        let outcome = sign_in.settle(outcome).await;
        auth_events::note_step(&sign_in, responses.get("USERNAME"), &outcome, auth_events::proves(challenge));
        let mut response = Response::try_from(outcome?)?;
        // `AvailableChallenges` is not part of this output (docs/cognito.md 4.1).
        response.available_challenges.clear();
        Ok(response)
    }
}

/// The service model's `ContextDataType`, as far as it is used: what a server says about the person whom it signs in.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContextData {
    ip_address: String,
}

/// Returns the address of the person who signs in. If a server signs the person in, only that server knows the address.
fn address(context: &Context, said: Option<&ContextData>) -> Result<Option<IpAddr>> {
    if context.door != Door::Operator {
        return Ok(Some(context.address));
    }
    let parsed = said.map(|said| said.ip_address.parse()).transpose();
    parsed.map_err(|_| Error::InvalidParameter("ContextData.IpAddress must be an IP address.".into()))
}

/// The output of InitiateAuth, RespondToAuthChallenge and their `Admin` variants: tokens, or the next challenge.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge_name: Option<ChallengeName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    challenge_parameters: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication_result: Option<AuthenticationResult>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    available_challenges: Vec<Factor>,
}

impl TryFrom<Outcome> for Response {
    type Error = Error;

    fn try_from(outcome: Outcome) -> Result<Self> {
        Ok(match outcome {
            Outcome::Browser(_) => return Err(Error::internal("a browser's session outside of the sign-in pages")),
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
        })
    }
}

/// Finds the app client and the pool that an operator's request names.
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
