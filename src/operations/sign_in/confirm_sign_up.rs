//! ConfirmSignUp: confirms a user by the code that was sent at sign-up.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ConfirmSignUp.html>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    app::App,
    caller::PublicClient,
    context::Context,
    error::Result,
    flows::{
        accounts::sign_up::{self, Chosen, Confirmation, Confirmed},
        messages::{codes::Given, purpose::Purpose},
        pool_context::PoolContext,
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    username: String,
    confirmation_code: String,
    #[serde(default)]
    secret_hash: Option<String>,
    #[serde(default)]
    force_alias_creation: bool,
    #[serde(default)]
    session: Option<String>,
    /// Input for the pool's triggers.
    #[serde(default)]
    client_metadata: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
}

pub async fn handle(app: &App, context: &Context, caller: PublicClient, request: Request) -> Result<Response> {
    let client = &caller.client;
    let (_turn, user) =
        sign_up::person(app, context, &caller, &request.username, request.secret_hash.as_deref()).await?;
    let context = PoolContext::of_client(app, context, &caller, &request.client_metadata);
    let confirmation = Confirmation {
        username: &request.username,
        code: Given { purpose: Purpose::SignUp, code: &request.confirmation_code, by: Some(context.address) },
        force_alias_creation: request.force_alias_creation,
        session: request.session.as_deref(),
        password: Chosen::Confirmer,
    };
    let session = match sign_up::confirm(&context, client, user, &confirmation).await? {
        Confirmed::Done { session, .. } => session,
        Confirmed::PasswordNeeded => None,
    };
    Ok(Response { session })
}
