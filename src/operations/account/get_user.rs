//! GetUser.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUser.html>

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    app::App,
    call::Call,
    caller::SignedIn,
    error::Result,
    flows::attributes::{Attribute, listed},
};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    username: String,
    user_attributes: Vec<Attribute>,
}

pub async fn handle(_: &App, _: &Call, caller: SignedIn, _: Map<String, Value>) -> Result<Response> {
    let user = caller.user;
    Ok(Response { user_attributes: listed(user.sub, &user.attributes), username: user.username })
}
