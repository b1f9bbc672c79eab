//! ListUsersInGroup: lists a group's users, ordered by subject.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsersInGroup.html>

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{limit, no_such_group};
use crate::{
    app::App, caller::Operator, context::Context, error::Result, flows, operations::users::UserType, page, store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    group_name: String,
    #[serde(default)]
    limit: Option<i64>,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    users: Vec<UserType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<Response> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let group = store::groups::find(&app.db, &pool.id, &request.group_name).await?.ok_or_else(no_such_group)?;
    let (list, limit) = (format!("users of {} in {}", group.name, pool.id), limit(request.limit));
    let after: Option<Uuid> = page::open(&app.sealing, &list, request.next_token.as_deref())?;
    let after = after.unwrap_or_else(Uuid::nil);
    let users = store::groups::list_users(&app.db, &pool.id, &group.name, after, limit + 1).await?;
    let (users, next_token) = page::cut(&app.sealing, &list, users, limit, |listed| listed.sub);
    let users = users.iter().filter_map(|listed| listed.user.as_ref()).map(UserType::from).collect();
    Ok(Response { users, next_token })
}
