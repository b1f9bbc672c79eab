//! Operations with which operators see and change users.

pub(crate) mod admin_confirm_sign_up;
pub(crate) mod admin_create_user;
pub(crate) mod admin_delete_software_token;
pub(crate) mod admin_delete_user;
pub(crate) mod admin_delete_user_attributes;
pub(crate) mod admin_disable_user;
pub(crate) mod admin_enable_user;
pub(crate) mod admin_get_user;
pub(crate) mod admin_get_user_auth_factors;
pub(crate) mod admin_list_user_auth_events;
pub(crate) mod admin_reset_user_password;
pub(crate) mod admin_set_user_mfa_preference;
pub(crate) mod admin_set_user_password;
pub(crate) mod admin_set_user_settings;
pub(crate) mod admin_update_user_attributes;
pub(crate) mod admin_user_global_sign_out;
pub(crate) mod list_users;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    clock::epoch_seconds,
    flows::{
        accounts::attributes::{Attribute, listed},
        sign_in::second_factor::MfaOption,
    },
    store::users::User,
};

/// The input of operations that need nothing but a user. `username` is the user's username, subject or alias.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserId {
    pub user_pool_id: String,
    pub username: String,
}

/// Like [`UserId`], with metadata for triggers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserIdWithMetadata {
    pub user_pool_id: String,
    pub username: String,
    #[serde(default)]
    pub client_metadata: Map<String, Value>,
}

/// The service model's `UserType`: a user in the responses of ListUsers, ListUsersInGroup and AdminCreateUser.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserType {
    username: String,
    attributes: Vec<Attribute>,
    user_create_date: f64,
    user_last_modified_date: f64,
    enabled: bool,
    user_status: &'static str,
    #[serde(rename = "MFAOptions", skip_serializing_if = "Vec::is_empty")]
    mfa_options: Vec<MfaOption>,
}

impl From<&User> for UserType {
    fn from(user: &User) -> Self {
        Self {
            username: user.username.clone(),
            attributes: listed(user.sub, &user.attributes),
            user_create_date: epoch_seconds(user.created_at),
            user_last_modified_date: epoch_seconds(user.updated_at),
            enabled: user.enabled,
            user_status: user.status.text(),
            mfa_options: MfaOption::of(&user.mfa),
        }
    }
}
