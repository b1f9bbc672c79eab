//! ListUserSessions: lists the signed-in user's live sessions, newest first.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUserSessions.html>

use serde::Deserialize;

use super::{SessionsPage, list};
use crate::{app::App, caller::SignedIn, context::Context, error::Result};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    #[serde(default)]
    next_token: Option<String>,
}

pub async fn handle(app: &App, _: &Context, caller: SignedIn, request: Request) -> Result<SessionsPage> {
    let bearer = &caller.bearer;
    list(app, &bearer.pool_id, bearer.sub, Some(bearer.origin_jti), request.next_token.as_deref()).await
}
