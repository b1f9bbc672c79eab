//! Groups of users.

pub(crate) mod admin_add_user_to_group;
pub(crate) mod admin_list_groups_for_user;
pub(crate) mod admin_remove_user_from_group;
pub(crate) mod create_group;
pub(crate) mod delete_group;
pub(crate) mod get_group;
pub(crate) mod list_groups;
pub(crate) mod list_users_in_group;
pub(crate) mod update_group;

use serde::{Deserialize, Serialize};

use crate::{clock::epoch_seconds, error::Error, store::groups::Group};

/// The maximum and default number of groups, or of users in a group, on a page.
const PAGE: i64 = 60;

/// The input of operations on a group.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupId {
    user_pool_id: String,
    group_name: String,
}

/// The input of AdminAddUserToGroup and AdminRemoveUserFromGroup.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupMember {
    user_pool_id: String,
    username: String,
    group_name: String,
}

/// The input of CreateGroup and UpdateGroup.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupInput {
    user_pool_id: String,
    group_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    precedence: Option<i32>,
}

/// The service model's `GroupType`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupType {
    group_name: String,
    user_pool_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    precedence: Option<i32>,
    last_modified_date: f64,
    creation_date: f64,
}

impl GroupType {
    fn of(pool_id: &str, group: Group) -> Self {
        Self {
            group_name: group.name,
            user_pool_id: pool_id.to_owned(),
            description: group.description,
            role_arn: group.role_arn,
            precedence: group.precedence,
            last_modified_date: epoch_seconds(group.updated_at),
            creation_date: epoch_seconds(group.created_at),
        }
    }
}

/// A response that holds one group.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupOutput {
    group: GroupType,
}

/// A page of groups.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupsPage {
    groups: Vec<GroupType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

fn no_such_group() -> Error {
    Error::ResourceNotFound("Group not found.".into())
}

/// Returns the page size that a request asks for, or the default if it is 0 or absent.
fn limit(given: Option<i64>) -> i64 {
    given.filter(|limit| *limit > 0).unwrap_or(PAGE)
}
