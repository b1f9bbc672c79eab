//! AssociateSoftwareToken: makes a secret for an authenticator app.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AssociateSoftwareToken.html>

use serde::{Deserialize, Serialize};

use super::enrolling::begin;
use crate::{
    app::App,
    caller::Enroller,
    change::{Changed, Unaudited},
    context::Context,
    error::Result,
    flows::accounts::{software_token, step_up},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    #[serde(default)]
    session: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    secret_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
}

pub async fn handle(app: &App, context: &Context, caller: Enroller, request: Request) -> Result<Changed<Response>> {
    let (mut change, enrolling) = begin(app, context, &caller).await?;
    if let Enroller::SignedIn(signed_in) = &caller {
        step_up::check(app, &mut change, &enrolling.pool, &signed_in.bearer).await?;
    }
    let secret_code = software_token::associate(app, &mut change, &enrolling.pool, enrolling.user.sub).await?;
    let session = request.session.filter(|_| enrolling.challenge.is_some());
    change.commit_unaudited(Unaudited::Begun, Response { secret_code, session }).await
}
