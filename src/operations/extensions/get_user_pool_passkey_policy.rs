//! GetUserPoolPasskeyPolicy: returns a pool's rules for passkeys, beyond those of Amazon Cognito.

use super::{OfPool, Policy};
use crate::{app::App, caller::Operator, context::Context, error::Result, flows};

pub async fn handle(app: &App, _: &Context, _: Operator, request: OfPool) -> Result<Policy> {
    Policy::of(&flows::pool(app, &request.user_pool_id).await?)
}
