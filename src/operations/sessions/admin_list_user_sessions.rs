//! AdminListUserSessions: lists a user's live sessions, newest first.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminListUserSessions.html>

use serde::Deserialize;

use super::{SessionsPage, list};
use crate::{app::App, caller::Operator, context::Context, error::Result, flows};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    username: String,
    #[serde(default)]
    next_token: Option<String>,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<SessionsPage> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    list(app, &pool.id, user.sub, None, request.next_token.as_deref()).await
}
