//! AdminListUserAuthEvents: lists a user's authentication events, newest first. Fails in pools that do not record them.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminListUserAuthEvents.html>
//!
//! Unlike in Amazon Cognito, events have no `EventRisk`, because risks are not assessed.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::App,
    caller::Operator,
    clock::epoch_seconds,
    context::Context,
    error::{Error, Result},
    flows::{self, accounts::auth_events},
    page,
    store::{self, auth_events::AuthEvent},
};

/// The maximum and default number of events on a page.
const PAGE: i64 = 60;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    username: String,
    #[serde(default)]
    max_results: Option<i64>,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    auth_events: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub async fn handle(app: &App, _: &Context, _: Operator, request: Request) -> Result<Response> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    if !auth_events::kept(&pool) {
        return Err(Error::UserPoolAddOnNotEnabled(
            "User pool add-ons are not enabled; set AdvancedSecurityMode to AUDIT with UpdateUserPool.".into(),
        ));
    }
    let list = format!("events of {} in {}", user.sub, pool.id);
    let limit = request.max_results.filter(|limit| *limit > 0).unwrap_or(PAGE);
    let after: Option<Uuid> = page::open(&app.sealing, &list, request.next_token.as_deref())?;
    let found = store::auth_events::list(&app.db, &pool.id, user.sub, after, limit + 1).await?;
    let (found, next_token) = page::cut(&app.sealing, &list, found, limit, |event| event.id);
    Ok(Response { auth_events: found.into_iter().map(shown).collect(), next_token })
}

/// Returns an event as an `AuthEventType`.
fn shown(event: AuthEvent) -> Value {
    let answer = if event.response == "Fail" { "Failure" } else { "Success" };
    let challenges: Vec<_> =
        event.challenge.iter().map(|name| json!({"ChallengeName": name, "ChallengeResponse": answer})).collect();
    json!({
        "EventId": event.id,
        "EventType": event.kind,
        "CreationDate": epoch_seconds(event.at),
        "EventResponse": event.response,
        "ChallengeResponses": challenges,
        "EventContextData": {"IpAddress": event.address},
    })
}
