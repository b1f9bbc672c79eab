//! AdminListGroupsForUser: lists a user's groups, ordered by name.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminListGroupsForUser.html>

use serde::Deserialize;

use super::{GroupType, GroupsPage, limit};
use crate::{app::App, caller::Operator, context::Context, error::Result, flows, page, store};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    username: String,
    #[serde(default)]
    limit: Option<i64>,
    #[serde(default)]
    next_token: Option<String>,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<GroupsPage> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let (list, limit) = (format!("groups of {} in {}", user.sub, pool.id), limit(request.limit));
    let after: String = page::open(&app.sealing, &list, request.next_token.as_deref())?.unwrap_or_default();
    let groups = store::groups::list_of_user(&app.db, &pool.id, user.sub, &after, limit + 1).await?;
    let (groups, next_token) = page::cut(&app.sealing, &list, groups, limit, |group| group.name.clone());
    Ok(GroupsPage { groups: groups.into_iter().map(|group| GroupType::of(&pool.id, group)).collect(), next_token })
}
