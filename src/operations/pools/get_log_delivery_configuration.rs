//! GetLogDeliveryConfiguration: returns where the log records of a pool go.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetLogDeliveryConfiguration.html>

use serde::Deserialize;

use super::set_log_delivery_configuration::{LogDeliveryConfiguration, Response};
use crate::{
    app::App,
    caller::Operator,
    context::Context,
    error::{Error, Result},
    store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<Response> {
    let user_pool_id = request.user_pool_id;
    let found = store::pools::log_configurations(&app.db, &user_pool_id).await?;
    let log_configurations = found.ok_or_else(|| Error::no_such_pool(&user_pool_id))?;
    Ok(Response { log_delivery_configuration: LogDeliveryConfiguration { user_pool_id, log_configurations } })
}
