//! GetUser.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUser.html>

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    app::App,
    caller::SignedIn,
    context::Context,
    error::{Error, Result},
    factor::SecondFactor,
    flows::{
        accounts::attributes::{Attribute, listed, readable},
        sign_in::second_factor::MfaOption,
    },
    tokens,
};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    username: String,
    user_attributes: Vec<Attribute>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_mfa_setting: Option<SecondFactor>,
    #[serde(rename = "UserMFASettingList", skip_serializing_if = "Vec::is_empty")]
    user_mfa_setting_list: Vec<SecondFactor>,
    #[serde(rename = "MFAOptions", skip_serializing_if = "Vec::is_empty")]
    mfa_options: Vec<MfaOption>,
}

pub async fn handle(app: &App, _: &Context, caller: SignedIn, _: Map<String, Value>) -> Result<Response> {
    let SignedIn { bearer, user, versions } = caller;
    // The app client's settings decide which attributes its tokens may read. If the client was deleted, the token
    // counts as revoked.
    let found = app.client_at(&bearer.pool_id, &bearer.client_id, versions).await;
    let found = found.map_err(|error| match error {
        Error::ResourceNotFound(_) => tokens::Error::Revoked.into(),
        other => other,
    })?;
    let attributes = readable(&found.client, &user.attributes);
    Ok(Response {
        preferred_mfa_setting: user.mfa.preferred,
        user_mfa_setting_list: user.mfa.enabled.clone(),
        mfa_options: MfaOption::of(&user.mfa),
        user_attributes: listed(user.sub, &attributes),
        username: user.username,
    })
}
