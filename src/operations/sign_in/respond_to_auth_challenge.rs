//! RespondToAuthChallenge: a further step of a sign-in, which answers a challenge.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RespondToAuthChallenge.html>

use super::{Respond, Response};
use crate::{app::App, caller::RememberedClient, context::Context, error::Result};

pub async fn handle(app: &App, context: &Context, caller: RememberedClient, request: Respond) -> Result<Response> {
    caller.run(app, async |named, freshness| request.run(app, context, named, freshness).await).await
}
