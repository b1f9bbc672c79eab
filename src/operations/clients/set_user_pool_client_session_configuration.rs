//! SetUserPoolClientSessionConfiguration: says for how long an app client silently uses a browser's sign-in on the pages.
//!
//! A browser stays signed in for as long as the client allows through which it signed in, and for an hour at least.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SetUserPoolClientSessionConfiguration.html>

use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    store::{self, audit::Event},
};

/// The request, which the response repeats.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ClientSessionConfiguration {
    user_pool_id: String,
    client_id: String,
    #[serde(rename = "SSOSession")]
    sso_session: SsoSession,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SsoSession {
    max_validity_minutes: i32,
}

impl ClientSessionConfiguration {
    /// Makes the output for a client.
    pub fn of(user_pool_id: String, client_id: String, max_validity_minutes: i32) -> Self {
        Self { user_pool_id, client_id, sso_session: SsoSession { max_validity_minutes } }
    }
}

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: ClientSessionConfiguration,
) -> Result<Changed<ClientSessionConfiguration>> {
    let (pool_id, client_id) = (&request.user_pool_id, &request.client_id);
    let limit = store::pools::session_limit(&app.db, pool_id).await?.ok_or_else(|| Error::no_such_pool(pool_id))?;
    if !limit.tracking {
        return Err(Error::InvalidParameter(
            "User session tracking must be enabled for the user pool: call SetUserPoolSessionConfiguration first."
                .into(),
        ));
    }
    let mut change = operator.begin(app, context, pool_id).await?;
    let minutes = request.sso_session.max_validity_minutes;
    let changed = store::clients::set_sso_minutes(&mut change, pool_id, client_id, minutes).await?;
    if !changed.ok_or_else(|| Error::no_such_client(client_id))? {
        return change.unchanged(request).await;
    }
    let client_id = client_id.clone();
    change.commit(Event::ClientSessionConfigurationSet.of(&client_id), request).await
}
