//! GetUserAuthFactors: lists the factors that the signed-in user has set up.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUserAuthFactors.html>

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    app::App,
    caller::SignedIn,
    context::Context,
    error::Result,
    factor::{Factor, SecondFactor},
    flows::{self, accounts::factors},
    store::{self, pools::Pool, users::User},
};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    username: String,
    configured_user_auth_factors: Vec<Factor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_mfa_setting: Option<SecondFactor>,
    #[serde(rename = "UserMFASettingList", skip_serializing_if = "Vec::is_empty")]
    user_mfa_setting_list: Vec<SecondFactor>,
}

pub async fn handle(app: &App, _: &Context, caller: SignedIn, _: Map<String, Value>) -> Result<Response> {
    let pool = flows::pool_of(app, &caller.bearer).await?;
    factors_of(app, &pool, caller.user).await
}

/// Returns the factors that a user has set up. Users and operators get the same output.
pub async fn factors_of(app: &App, pool: &Pool, user: User) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let passkeys = store::passkeys::list(&mut db, &pool.id, user.sub).await?;
    let can_be_sent = |factor| pool.allows_factor(factor) && factors::address(&user, factor).is_some();
    let factors = [
        (Factor::Password, user.password_hash.is_some()),
        (Factor::EmailOtp, can_be_sent(Factor::EmailOtp)),
        (Factor::SmsOtp, can_be_sent(Factor::SmsOtp)),
        (Factor::WebAuthn, !passkeys.is_empty() && pool.allows_factor(Factor::WebAuthn)),
    ];
    Ok(Response {
        preferred_mfa_setting: user.mfa.preferred,
        user_mfa_setting_list: user.mfa.enabled,
        configured_user_auth_factors: factors.into_iter().filter(|(_, has)| *has).map(|(factor, _)| factor).collect(),
        username: user.username,
    })
}
