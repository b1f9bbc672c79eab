//! SetUserPoolSessionConfiguration: limits how many sessions with tokens a user of a pool may have.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SetUserPoolSessionConfiguration.html>
//!
//! Some seconds after a sign-in that exceeds the limit, Keystead ends the session that was opened first. Amazon Cognito
//! ends the least recently used session, before it answers the sign-in. While `UserSessionTracking` is off, only the
//! server's own limit applies, but sessions can still be listed and ended individually. Browser sessions on the sign-in
//! pages have no tokens and do not count.

use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    store::audit::Event,
    store::{self, pools::SessionLimit},
};

/// The request, which the response repeats.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SessionConfiguration {
    user_pool_id: String,
    user_session_tracking: Tracking,
    token_session: TokenSession,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Tracking {
    Enabled,
    Disabled,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TokenSession {
    max_per_user: i32,
}

impl SessionConfiguration {
    /// Makes the output from the limit of a pool.
    pub fn of(user_pool_id: String, limit: SessionLimit) -> Self {
        Self {
            user_pool_id,
            user_session_tracking: if limit.tracking { Tracking::Enabled } else { Tracking::Disabled },
            token_session: TokenSession { max_per_user: limit.tokens_per_user },
        }
    }
}

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: SessionConfiguration,
) -> Result<Changed<SessionConfiguration>> {
    let pool_id = &request.user_pool_id;
    let limit = SessionLimit {
        tracking: request.user_session_tracking == Tracking::Enabled,
        tokens_per_user: request.token_session.max_per_user,
    };
    let mut change = operator.begin(app, context, pool_id).await?;
    let now = change.at();
    let changed = store::pools::set_session_limit(&mut change, pool_id, limit, now).await?;
    if !changed.ok_or_else(|| Error::no_such_pool(pool_id))? {
        return change.unchanged(request).await;
    }
    change.commit(Event::PoolSessionConfigurationSet.of_pool(), request).await
}
