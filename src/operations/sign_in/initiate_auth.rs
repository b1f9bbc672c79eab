//! InitiateAuth: the first step of a sign-in.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html>

use super::{Begin, Response};
use crate::{
    app::App,
    call::Call,
    caller::PublicClient,
    error::Result,
    flows::sign_in::{Door, SignIn},
};

pub async fn handle(app: &App, call: &Call, caller: PublicClient, request: Begin) -> Result<Response> {
    let sign_in = SignIn { app, call, pool: &caller.pool, client: &caller.client, door: Door::Public };
    Ok(sign_in.begin(&request.auth_flow, &request.auth_parameters, request.session.as_deref()).await?.into())
}
