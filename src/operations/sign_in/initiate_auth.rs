//! InitiateAuth: the first step of a sign-in.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html>

use super::{Begin, Response};
use crate::{app::App, call::Call, caller::PublicClient, error::Result, flows::step::Door};

pub async fn handle(app: &App, call: &Call, caller: PublicClient, request: Begin) -> Result<Response> {
    request.run(app, call, &caller, Door::Public).await
}
