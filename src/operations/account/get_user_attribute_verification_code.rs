//! GetUserAttributeVerificationCode: sends a code to the user's e-mail address or phone.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUserAttributeVerificationCode.html>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    app::App,
    caller::SignedIn,
    change::{Changed, Unaudited},
    context::Context,
    error::{Error, Result},
    factor::AddressAttribute,
    flows::{
        self,
        messages::{
            addresses::{Address, DeliveryDetails},
            codes::{self, Sending},
            purpose::Purpose,
        },
        pool_context::PoolContext,
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    attribute_name: String,
    /// Input for the pool's triggers.
    #[serde(default)]
    client_metadata: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    code_delivery_details: DeliveryDetails,
}

pub async fn handle(app: &App, context: &Context, caller: SignedIn, request: Request) -> Result<Changed<Response>> {
    let bearer = caller.bearer;
    let pool = flows::pool_of(app, &bearer).await?;
    let attribute: AddressAttribute = (request.attribute_name.parse())
        .map_err(|_| Error::InvalidParameter("Only email and phone_number can be verified by a code.".into()))?;
    let (mut change, user) = bearer.begin(app, context).await?;
    let now = change.at();
    let address = Address::of(&user, attribute)
        .ok_or_else(|| Error::InvalidParameter(format!("User does not have {attribute}.").into()))?;
    let context = PoolContext::of_bearer(app, context, (&pool, &bearer), &request.client_metadata);
    let sending = Sending { purpose: Purpose::verify(attribute), source: "VerifyUserAttribute", counted: true };
    let details = codes::send(&context, &mut change, &user, sending, &address, now).await?;
    change.commit_unaudited(Unaudited::CodeSent, Response { code_delivery_details: details }).await
}
