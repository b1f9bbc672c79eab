//! AdminGetUser.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminGetUser.html>

use serde::Serialize;

use super::UserId;
use crate::{
    app::App,
    caller::Operator,
    clock::epoch_seconds,
    context::Context,
    error::Result,
    factor::SecondFactor,
    flows::{
        self,
        accounts::attributes::{Attribute, listed},
        sign_in::second_factor::MfaOption,
    },
};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    username: String,
    user_attributes: Vec<Attribute>,
    user_create_date: f64,
    user_last_modified_date: f64,
    enabled: bool,
    user_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_mfa_setting: Option<SecondFactor>,
    #[serde(rename = "UserMFASettingList", skip_serializing_if = "Vec::is_empty")]
    user_mfa_setting_list: Vec<SecondFactor>,
    #[serde(rename = "MFAOptions", skip_serializing_if = "Vec::is_empty")]
    mfa_options: Vec<MfaOption>,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: UserId) -> Result<Response> {
    let (_, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    Ok(Response {
        preferred_mfa_setting: user.mfa.preferred,
        user_mfa_setting_list: user.mfa.enabled.clone(),
        mfa_options: MfaOption::of(&user.mfa),
        user_attributes: listed(user.sub, &user.attributes),
        username: user.username,
        user_create_date: epoch_seconds(user.created_at),
        user_last_modified_date: epoch_seconds(user.updated_at),
        enabled: user.enabled,
        user_status: user.status.text(),
    })
}
