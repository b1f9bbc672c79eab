//! CreateUserPool: creates a pool with two signing keys.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPool.html>

use serde::Serialize;
use serde_json::{Map, Value};

use super::{check_add_ons, check_addresses, check_factors, check_senders, check_triggers, configured, shown};
use crate::{
    app::App,
    caller::Operator,
    change::{Change, Changed},
    context::Context,
    error::{Error, Result},
    random,
    store::audit::Event,
    store::{
        self,
        pools::{Branding, PasskeyPolicy, Pool, SessionsOnDelete},
    },
    tokens,
};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    user_pool: Value,
}

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: Map<String, Value>,
) -> Result<Changed<Response>> {
    let created = make(app, async || operator.begin(app, context, "").await, request).await?;
    let user_pool = shown(app, &created).await?;
    Ok(created.with(Response { user_pool }))
}

/// Creates a pool on behalf of the server itself, for the demo at the first start.
pub async fn create(app: &App, request: Map<String, Value>) -> Result<Pool> {
    make(app, async || Change::by_service(app, "").await, request).await.map(Changed::into_inner)
}

async fn make<'a>(
    app: &'a App,
    begin: impl AsyncFnOnce() -> Result<Change<'a>>,
    request: Map<String, Value>,
) -> Result<Changed<Pool>> {
    let (name, settings) = configured(None, &request)?;
    check_factors(&settings)?;
    check_addresses(&settings)?;
    check_triggers(&settings)?;
    check_add_ons(app, &settings)?;
    let (access, id) =
        tokio::task::spawn_blocking(|| (tokens::new_key(), tokens::new_key())).await.map_err(Error::internal)?;
    let ((access_public, access_private), (id_public, id_private)) = (access?, id?);
    let now = app.clock.now();
    let mut pool = Pool {
        id: String::new(),
        name,
        settings,
        sessions_on_passkey_delete: SessionsOnDelete::Keep,
        passkey_policy: PasskeyPolicy::default(),
        branding: Branding::default(),
        created_at: now,
        updated_at: now,
    };
    check_senders(app, &pool, None, false)?;
    let mut change = begin().await?;
    loop {
        pool.id = format!("{}_{}", app.config.region, random::pool_suffix());
        if store::pools::insert(&mut change, &pool).await? {
            break;
        }
    }
    change.pool_id.clone_from(&pool.id);
    store::keys::insert(&mut change, &app.sealing, &pool.id, "access", &access_public, &access_private, now).await?;
    store::keys::insert(&mut change, &app.sealing, &pool.id, "id", &id_public, &id_private, now).await?;
    change.commit(Event::PoolCreated.of_pool(), pool).await
}
