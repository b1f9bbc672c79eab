//! AdminDeleteSoftwareToken: removes a user's authenticator app, for example if it was lost, so that the user can set
//! up another app.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminDeleteSoftwareToken.html>

use super::UserId;
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    factor::SecondFactor,
    flows,
    operations::Empty,
    store::{self, audit::Event},
};

pub async fn handle(app: &App, context: &Context, operator: Operator, request: UserId) -> Result<Changed<Empty>> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    let (user, now) = (change.user(user.sub).await?, change.at());
    if !store::software_tokens::delete(&mut change, &pool.id, user.sub).await? {
        return Err(Error::ResourceNotFound("The user has no software token.".into()));
    }
    let mut mfa = user.mfa;
    mfa.switch_off(SecondFactor::SoftwareTokenMfa);
    store::users::update_mfa(&mut change, &pool.id, user.sub, &mfa, now).await?;
    change.commit(Event::MfaChanged.of_user(user.sub), Empty {}).await
}
