//! GetUserAttributeVerificationCode: sends a code to the user's e-mail address or phone.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUserAttributeVerificationCode.html>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    app::App,
    call::Call,
    caller::SignedIn,
    error::{Error, Result},
    flows::{
        self,
        addresses::{Address, DeliveryDetails, address_attribute},
        codes::{self, Sending},
        messages,
        purpose::Purpose,
        triggers::Cause,
    },
    store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    attribute_name: String,
    /// For triggers.
    #[serde(default)]
    client_metadata: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    code_delivery_details: DeliveryDetails,
}

pub async fn handle(app: &App, call: &Call, caller: SignedIn, request: Request) -> Result<Response> {
    let bearer = caller.bearer;
    let pool = flows::pool_of(app, &bearer).await?;
    let attribute = address_attribute(&request.attribute_name)
        .ok_or_else(|| Error::InvalidParameter("Only email and phone_number can be verified by a code.".into()))?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, bearer.sub).await?;
    bearer.live(app, &mut tx, call).await?;
    let user = user.ok_or(Error::UserNotFound)?;
    let address = Address::of(&user, attribute)
        .ok_or_else(|| Error::InvalidParameter(format!("User does not have {attribute}.").into()))?;
    let cause = Cause { app, pool: &pool, client_id: &bearer.client_id, metadata: &request.client_metadata };
    let sending = Sending { purpose: Purpose::verify(attribute), source: "VerifyUserAttribute", counted: true };
    let details = codes::send(&cause, &mut tx, &user, sending, &address, now).await?;
    tx.commit().await?;
    messages::sent(app);
    Ok(Response { code_delivery_details: details })
}
