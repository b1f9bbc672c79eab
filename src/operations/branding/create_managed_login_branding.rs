//! CreateManagedLoginBranding: gives an app client a style.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateManagedLoginBranding.html>

use serde::Deserialize;

use super::{BrandingOutput, style::Style};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    flows, random,
    store::{
        self,
        audit::Event,
        page_settings::{Kind, PageSettings},
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    client_id: String,
    #[serde(flatten)]
    style: Style,
}

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: Request,
) -> Result<Changed<BrandingOutput>> {
    let Request { user_pool_id, client_id, style } = request;
    style.check()?;
    let look = style.look()?;
    let pool = flows::pool(app, &user_pool_id).await?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    if !store::clients::lock(&mut change, &pool.id, &client_id).await? {
        return Err(Error::no_such_client(&client_id));
    }
    let now = change.at();
    let row = PageSettings {
        id: random::uuid(),
        kind: Kind::ManagedLoginBranding.text().to_owned(),
        client_id,
        settings: serde_json::to_value(&style).map_err(Error::internal)?,
        created_at: now,
        updated_at: now,
    };
    if !store::page_settings::insert(&mut change, &pool.id, &row, &look).await? {
        let text =
            format!("App client {} has a style already; change it with UpdateManagedLoginBranding.", row.client_id);
        return Err(Error::ManagedLoginBrandingExists(text.into()));
    }
    let client_id = row.client_id.clone();
    change.commit(Event::ManagedLoginBrandingCreated.of(&client_id), BrandingOutput::of(&pool.id, row)).await
}
