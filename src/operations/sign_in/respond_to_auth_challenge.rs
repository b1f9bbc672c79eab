//! RespondToAuthChallenge: a further step of a sign-in.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RespondToAuthChallenge.html>

use super::{Respond, Response};
use crate::{
    app::App,
    call::Call,
    caller::PublicClient,
    error::Result,
    flows::sign_in::{Door, SignIn},
};

pub async fn handle(app: &App, call: &Call, caller: PublicClient, request: Respond) -> Result<Response> {
    let sign_in = SignIn { app, call, pool: &caller.pool, client: &caller.client, door: Door::Public };
    let outcome =
        sign_in.respond(&request.challenge_name, request.session.as_deref(), &request.challenge_responses).await?;
    Ok(Response::from(outcome).without_available())
}
