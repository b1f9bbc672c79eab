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
        keys::NewKey,
        pools::{Branding, PasskeyPolicy, Pool, SessionsOnDelete},
    },
    tokens::{self, SigningAlgorithm},
};

/// What signs the tokens of a new pool, as in Amazon Cognito.
const ALGORITHM: SigningAlgorithm = SigningAlgorithm::Rs256;

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
    let (access, id) = tokio::task::spawn_blocking(|| (tokens::new_key(ALGORITHM), tokens::new_key(ALGORITHM)))
        .await
        .map_err(Error::internal)?;
    let keys = [("access", access?), ("id", id?)];
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
    for (token_use, (public, private)) in &keys {
        let key = NewKey { token_use, public, private, signs_from: None };
        store::keys::insert(&mut change, &app.sealing, &pool.id, key, now).await?;
    }
    change.commit(Event::PoolCreated.of_pool(), pool).await
}
