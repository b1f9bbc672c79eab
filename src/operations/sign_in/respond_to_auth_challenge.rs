//! RespondToAuthChallenge: a further step of a sign-in.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RespondToAuthChallenge.html>

use super::{Respond, Response};
use crate::{app::App, call::Call, caller::PublicClient, error::Result, flows::step::Door};

pub async fn handle(app: &App, call: &Call, caller: PublicClient, request: Respond) -> Result<Response> {
    request.run(app, call, &caller, Door::Public).await
}
