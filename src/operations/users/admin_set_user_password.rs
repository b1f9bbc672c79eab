//! AdminSetUserPassword: sets a permanent password (which confirms the user) or a temporary one.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminSetUserPassword.html>

use serde::Deserialize;

use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::Result,
    flows::{
        self,
        accounts::{names, password},
    },
    operations::Empty,
    secret::Secret,
    store::{
        audit::Event,
        users::{Status, User},
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    username: String,
    password: Secret,
    #[serde(default)]
    permanent: bool,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Empty>> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let policy = &pool.settings.policies.password_policy;
    password::check_policy(policy, request.password.expose()).map_err(password::does_not_conform)?;
    password::check_history(app, &pool, user.sub, &request.password).await?;
    let new = password::new(app, &pool, user.sub, &user.username, request.password).await?;
    let status = if request.permanent { Status::Confirmed } else { Status::ForceChangePassword };
    let mut change = operator.begin(app, context, &pool.id).await?;
    let now = change.at();
    let user = change.user(user.sub).await?;
    password::store(&mut change, &pool, user.sub, &new, status, now).await?;
    if user.status == Status::Unconfirmed {
        // This confirms the user, so a preferred username becomes an alias.
        let user = User { status, ..user };
        names::put(&mut change, &pool, &user, false, now).await?.map_err(|taken| taken.alias_exists())?;
    }
    change.commit(Event::PasswordSet.of_user(user.sub), Empty {}).await
}
