//! ListGroups: lists a pool's groups, ordered by name.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListGroups.html>

use serde::Deserialize;

use super::{GroupType, GroupsPage, limit};
use crate::{app::App, caller::Operator, context::Context, error::Result, flows, page, store};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    #[serde(default)]
    limit: Option<i64>,
    #[serde(default)]
    next_token: Option<String>,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<GroupsPage> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let (list, limit) = (format!("groups of {}", pool.id), limit(request.limit));
    let after: String = page::open(&app.sealing, &list, request.next_token.as_deref())?.unwrap_or_default();
    let groups = store::groups::list(&app.db, &pool.id, &after, limit + 1).await?;
    let (groups, next_token) = page::cut(&app.sealing, &list, groups, limit, |group| group.name.clone());
    Ok(GroupsPage { groups: groups.into_iter().map(|group| GroupType::of(&pool.id, group)).collect(), next_token })
}
