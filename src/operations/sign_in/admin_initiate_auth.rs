//! AdminInitiateAuth: the first step of a sign-in, requested by a server that signs with an operator's key.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminInitiateAuth.html>

use super::{Begin, Response, named_client};
use crate::{
    app::App,
    caller::{Freshness, Operator},
    change::Changed,
    change::Unaudited,
    context::Context,
    error::Result,
};

pub async fn handle(app: &App, context: &Context, _: Operator, request: Begin) -> Result<Changed<Response>> {
    let named = named_client(app, &request.user_pool_id, &request.client_id).await?;
    let answer = request.run(app, context, &named, &Freshness::current()).await?;
    Ok(Changed::unaudited(Unaudited::SignIn, answer))
}
