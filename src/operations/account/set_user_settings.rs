//! SetUserSettings: switches the signed-in user's MFA by text message on or off. It is the older form of
//! SetUserMFAPreference, and does what that operation does.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SetUserSettings.html>

use serde::Deserialize;

use super::set_user_mfa_preference;
use crate::{
    app::App,
    caller::SignedIn,
    change::Changed,
    context::Context,
    error::Result,
    flows::sign_in::second_factor::{MfaOption, Preferences},
    operations::Empty,
};

#[derive(Deserialize)]
pub struct Request {
    #[serde(rename = "MFAOptions")]
    options: Vec<MfaOption>,
}

pub async fn handle(app: &App, context: &Context, caller: SignedIn, request: Request) -> Result<Changed<Empty>> {
    set_user_mfa_preference::handle(app, context, caller, Preferences::of_options(&request.options)?).await
}
