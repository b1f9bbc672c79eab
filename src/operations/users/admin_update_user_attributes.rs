//! AdminUpdateUserAttributes. An operator may also mark an address as verified.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminUpdateUserAttributes.html>

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    app::App,
    caller::Operator,
    change::{Changed, Unaudited},
    context::Context,
    error::Result,
    flows::pool_context::PoolContext,
    flows::{
        self,
        accounts::{
            attributes::{Attribute, check_verified, checked_change},
            change_attributes,
        },
    },
    operations::Empty,
    store::audit::Event,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    username: String,
    user_attributes: Vec<Attribute>,
    /// Input for the pool's triggers.
    #[serde(default)]
    client_metadata: Map<String, Value>,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Empty>> {
    let (pool, user) = flows::pool_and_user(app, &request.user_pool_id, &request.username).await?;
    let new = checked_change(&pool, &request.user_attributes, None, true)?;
    let mut change = operator.begin(app, context, &pool.id).await?;
    let (user, now) = (change.user(user.sub).await?, change.at());
    let (sub, before) = (user.sub, user.attributes.clone());
    if new.set.keys().any(|name| name.ends_with("_verified")) {
        let kept = user.attributes.clone().into_iter().filter(|(name, _)| !new.deleted.contains(name));
        let both: Map<_, _> = kept.chain(new.set.clone()).collect();
        check_verified(&both)?;
    }
    let (user, to_prove) = change_attributes::update(&mut change, &pool, user, new, false, now).await?;
    let context = PoolContext::of_operator(app, context, &pool, &request.client_metadata);
    let changes_something = user.attributes != before || !to_prove.is_empty();
    change_attributes::prove(&context, &mut change, &user, to_prove, false, now).await?;
    if !changes_something {
        return change.commit_unaudited(Unaudited::CodesVoided, Empty {}).await;
    }
    change.commit(Event::UserUpdated.of_user(sub), Empty {}).await
}
