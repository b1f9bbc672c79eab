//! DeleteManagedLoginBranding: takes an app client's style away.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteManagedLoginBranding.html>

use serde::Deserialize;

use super::{no_such_style, parsed};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    flows,
    operations::Empty,
    store::{self, audit::Event, page_settings::Kind},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    managed_login_branding_id: String,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Empty>> {
    let pool = flows::pool(app, &request.user_pool_id).await?;
    let id = parsed(&request.managed_login_branding_id)?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    let deleted = store::page_settings::delete(&mut change, &pool.id, &[Kind::ManagedLoginBranding], id).await?;
    let client_id = deleted.ok_or_else(|| no_such_style(&request.managed_login_branding_id))?;
    change.commit(Event::ManagedLoginBrandingDeleted.of(&client_id), Empty {}).await
}
