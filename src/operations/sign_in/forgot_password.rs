//! ForgotPassword: sends a code for setting a new password.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ForgotPassword.html>
//!
//! If the app client hides which users exist, the response for an unknown, disabled or unreachable user looks like that
//! for any other user.

use super::{CodeOutput, CodeRequest};
use crate::{
    app::App,
    caller::PublicClient,
    context::Context,
    error::{Error, Result},
    flows::{
        accounts::{auth_events, forgotten, network, sign_up},
        messages::{
            self,
            codes::{self, Sending},
            purpose::Purpose,
        },
        pool_context::PoolContext,
    },
    store::{self, clients::ClientAndPool, users::User},
};

pub async fn handle(app: &App, context: &Context, caller: PublicClient, request: CodeRequest) -> Result<CodeOutput> {
    let ClientAndPool { client, pool, .. } = &*caller;
    let context = PoolContext::of_client(app, context, &caller, &request.client_metadata);
    forgotten::check_allowed(pool)?;
    network::check(client, Some(context.address))?;
    sign_up::migrate(&context, client, &request.username, request.secret_hash.as_deref()).await?;
    let (_turn, user) =
        sign_up::person(app, &context, &caller, &request.username, request.secret_hash.as_deref()).await?;
    let hides = client.settings.hides_existence(context.door);
    let pretended = async |user: Option<&User>| {
        let purpose = Purpose::ForgotPassword;
        let details = codes::pretend_to_send(&context, &request.username, user, purpose, "ForgotPassword").await?;
        Ok(CodeOutput { code_delivery_details: details })
    };
    let Some(user) = user else { return pretended(None).await };
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFoundForClient)?;
    match forgotten::address(pool, &user) {
        Ok(address) => {
            let sending = Sending { purpose: Purpose::ForgotPassword, source: "ForgotPassword", counted: true };
            let details = codes::send(&context, &mut tx, &user, sending, &address, now).await?;
            tx.commit().await?;
            messages::sent(app);
            auth_events::note(app, &context, pool, user.sub, "ForgotPassword", "InProgress", None);
            Ok(CodeOutput { code_delivery_details: details })
        }
        Err(_) if hides => {
            drop(tx);
            pretended(Some(&user)).await
        }
        Err(refusal) => Err(refusal),
    }
}
