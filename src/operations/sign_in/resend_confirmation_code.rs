//! ResendConfirmationCode: sends a new code for a sign-up.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ResendConfirmationCode.html>

use super::{CodeOutput, CodeRequest};
use crate::{
    app::App,
    caller::PublicClient,
    context::Context,
    error::{Error, Result},
    flows::{
        accounts::{auth_events, sign_up},
        messages::{
            self,
            codes::{self, Sending},
            purpose::Purpose,
        },
        pool_context::PoolContext,
    },
    store::{
        self,
        clients::ClientAndPool,
        users::{Status, User},
    },
};

pub async fn handle(app: &App, context: &Context, caller: PublicClient, request: CodeRequest) -> Result<CodeOutput> {
    let ClientAndPool { client, pool, .. } = &*caller;
    let (_turn, user) =
        sign_up::person(app, context, &caller, &request.username, request.secret_hash.as_deref()).await?;
    let hides = client.settings.hides_existence(context.door);
    let context = PoolContext::of_client(app, context, &caller, &request.client_metadata);
    let pretended = async |user: Option<&User>| {
        let details = codes::pretend_to_send(&context, &request.username, user, Purpose::SignUp, "ResendCode").await?;
        Ok(CodeOutput { code_delivery_details: details })
    };
    let Some(user) = user else { return pretended(None).await };
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let user = store::users::lock(&mut tx, &pool.id, user.sub).await?.ok_or(Error::UserNotFoundForClient)?;
    let refusal = match sign_up::address_to_verify(pool, &user, &request.username) {
        _ if user.status != Status::Unconfirmed => "User is already confirmed.",
        Some(address) => {
            let sending = Sending { purpose: Purpose::SignUp, source: "ResendCode", counted: true };
            let details = codes::send(&context, &mut tx, &user, sending, &address, now).await?;
            tx.commit().await?;
            messages::sent(app);
            auth_events::note(app, &context, pool, user.sub, "ResendCode", "Pass", None);
            return Ok(CodeOutput { code_delivery_details: details });
        }
        None => "Cannot resend codes. Auto verification not turned on.",
    };
    drop(tx);
    if hides { pretended(Some(&user)).await } else { Err(Error::InvalidParameter(refusal.into())) }
}
