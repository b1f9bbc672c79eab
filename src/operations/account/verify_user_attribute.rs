//! VerifyUserAttribute: checks a code that was sent to an address, and marks the address as verified. A new address
//! that waited for this code replaces the previous one.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_VerifyUserAttribute.html>

use serde::Deserialize;
use serde_json::Value;

use crate::{
    app::App,
    caller::SignedIn,
    change::{Changed, Unaudited},
    context::Context,
    error::{Error, Result},
    factor::AddressAttribute,
    flows::{
        self,
        accounts::change_attributes,
        messages::{
            codes::{self, Given},
            purpose::Purpose,
        },
    },
    operations::Empty,
    store::audit::Event,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    attribute_name: String,
    code: String,
}

pub async fn handle(app: &App, context: &Context, caller: SignedIn, request: Request) -> Result<Changed<Empty>> {
    let bearer = caller.bearer;
    let pool = flows::pool_of(app, &bearer).await?;
    let attribute: AddressAttribute = (request.attribute_name.parse())
        .map_err(|_| Error::InvalidParameter("Only email and phone_number can be verified by a code.".into()))?;
    let (mut change, user) = bearer.begin(app, context).await?;
    let now = change.at();
    let given = Given { purpose: Purpose::verify(attribute), code: &request.code, by: Some(context.address) };
    let code = match codes::redeem(app, &mut change, &pool, &user, given, now).await? {
        Ok(code) => code,
        Err(refusal) => return change.refuse(refusal).await,
    };
    let mut attributes = user.attributes.clone();
    let current = attributes.get(attribute.name()).is_some_and(|value| *value == code.destination);
    if !current && !code.pending {
        // The user's address changed after the code was sent.
        return change.refuse(codes::void()).await;
    }
    attributes.insert(attribute.to_string(), Value::String(code.destination));
    attributes.insert(attribute.verified().into(), Value::String("true".into()));
    let changes_something = attributes != user.attributes;
    change_attributes::store(&mut change, &pool, user, attributes, now).await?;
    if !changes_something {
        // Nothing changes, except that the code is used up.
        return change.commit_unaudited(Unaudited::CodeUsed, Empty {}).await;
    }
    change.commit(Event::AddressVerified.of_user(bearer.sub), Empty {}).await
}
