//! VerifyUserAttribute: the code comes back; the address it was sent to is the user's.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_VerifyUserAttribute.html>

use serde::Deserialize;
use serde_json::Value;

use crate::{
    app::App,
    call::Call,
    caller::SignedIn,
    error::{Error, Result},
    flows::{
        self,
        addresses::address_attribute,
        change_attributes, changes,
        codes::{self, Given},
        purpose::Purpose,
    },
    operations::Empty,
    store,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    attribute_name: String,
    code: String,
}

pub async fn handle(app: &App, call: &Call, caller: SignedIn, request: Request) -> Result<Empty> {
    let bearer = caller.bearer;
    let pool = flows::pool_of(app, &bearer).await?;
    let attribute = address_attribute(&request.attribute_name)
        .ok_or_else(|| Error::InvalidParameter("Only email and phone_number can be verified by a code.".into()))?;
    let trail = flows::trail(app, call, "user");
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, bearer.sub).await?;
    bearer.live(app, &mut tx, call).await?;
    let user = user.ok_or(Error::UserNotFound)?;
    let given = Given { purpose: Purpose::verify(attribute), code: &request.code, by: Some(call.address) };
    let code = match codes::redeem(app, &mut tx, &pool, &user, given, trail.at).await? {
        Ok(code) => code,
        Err(refusal) => {
            tx.commit().await?;
            return Err(refusal);
        }
    };
    let mut attributes = user.attributes.clone();
    let current = attributes.get(attribute).is_some_and(|value| *value == code.destination);
    if !current && !code.pending {
        // The address was changed after the code went out.
        tx.commit().await?;
        return Err(codes::void());
    }
    attributes.insert(attribute.into(), Value::String(code.destination));
    attributes.insert(format!("{attribute}_verified"), Value::String("true".into()));
    let changes_something = attributes != user.attributes;
    change_attributes::store(&mut tx, &pool, user, attributes, trail.at).await?;
    if changes_something {
        changes::note(app, &mut tx, &pool.id, &trail, "address.verified", bearer.sub, None).await?;
    }
    tx.commit().await?;
    Ok(Empty {})
}
