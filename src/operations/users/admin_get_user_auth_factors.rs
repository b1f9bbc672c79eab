//! AdminGetUserAuthFactors: lists the factors that a user has set up.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminGetUserAuthFactors.html>

use super::UserId;
use crate::{
    app::App,
    caller::Operator,
    context::Context,
    error::Result,
    flows,
    operations::account::get_user_auth_factors::{Response, factors_of},
};

pub async fn handle(app: &App, _: &Context, _: Operator, request: UserId) -> Result<Response> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    factors_of(app, &pool, user).await
}
