//! InitiateAuth: the first step of a sign-in.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html>

use super::{Begin, Response};
use crate::{app::App, caller::PublicClient, context::Context, error::Result};

pub async fn handle(app: &App, context: &Context, caller: PublicClient, request: Begin) -> Result<Response> {
    request.run(app, context, &caller).await
}
