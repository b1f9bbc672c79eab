//! InitiateAuth: the first step of a sign-in.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html>

use super::{Begin, Response};
use crate::{app::App, caller::RememberedClient, context::Context, error::Result};

pub async fn handle(app: &App, context: &Context, caller: RememberedClient, request: Begin) -> Result<Response> {
    caller.run(app, async |named, freshness| request.run(app, context, named, freshness).await).await
}
