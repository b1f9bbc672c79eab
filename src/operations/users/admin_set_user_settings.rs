//! AdminSetUserSettings: switches a user's MFA by text message on or off. It is the older form of
//! AdminSetUserMFAPreference, and does what that operation does.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminSetUserSettings.html>

use serde::Deserialize;

use super::admin_set_user_mfa_preference;
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    flows::sign_in::second_factor::{MfaOption, Preferences},
    operations::Empty,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    username: String,
    #[serde(rename = "MFAOptions")]
    options: Vec<MfaOption>,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Empty>> {
    let preferences = Preferences::of_options(&request.options)?;
    let Request { user_pool_id, username, .. } = request;
    let request = admin_set_user_mfa_preference::Request { user_pool_id, username, preferences };
    admin_set_user_mfa_preference::handle(app, context, operator, request).await
}
