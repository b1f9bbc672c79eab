//! AdminSetUserMFAPreference.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminSetUserMFAPreference.html>

use serde::Deserialize;

use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    flows::{self, sign_in::second_factor},
    operations::Empty,
    store::audit::Event,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    pub(super) user_pool_id: String,
    pub(super) username: String,
    #[serde(flatten)]
    pub(super) preferences: second_factor::Preferences,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Empty>> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    let (user, now) = (change.user(user.sub).await?, change.at());
    if !second_factor::prefer(&mut change, &pool, &user, request.preferences, (context.door, now)).await? {
        return change.unchanged(Empty {}).await;
    }
    change.commit(Event::MfaChanged.of_user(user.sub), Empty {}).await
}
