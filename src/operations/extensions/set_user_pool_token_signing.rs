//! SetUserPoolTokenSigning: chooses what signs a pool's access and ID tokens (decision 0046).
//!
//! - `Algorithm`: `RS256` (as in Amazon Cognito), `ES256` or `EdDSA` (Ed25519).
//! - `DelaySeconds` (0 to 86400, by default 900): how long new keys are published before they sign anything, so that
//!   whoever caches the key set has them in time.
//! - `NewKeys`: whether to make new keys although the pool has keys of this algorithm.
//!
//! If the pool is about to change to another algorithm, and this call demands the present one, the change is taken
//! back. If it demands the coming one again, with a `DelaySeconds`, the change only gets another time.

use serde::Deserialize;
use time::Duration;

use super::TokenSigning;
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    store::{self, audit::Event, keys::NewKey},
    tokens::{self, SigningAlgorithm},
};

/// The default of `DelaySeconds`. Key sets may be cached for five minutes (`http::discovery`), and some verifiers cache
/// them for ten.
const DELAY: i64 = 15 * 60;
/// The most keys that a pool publishes. Some verifiers refuse larger key sets (docs/token-signing.md).
const MOST_KEYS: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    token_signing: TokenSigningInput,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TokenSigningInput {
    algorithm: SigningAlgorithm,
    #[serde(default)]
    delay_seconds: Option<i64>,
    #[serde(default)]
    new_keys: bool,
}

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    request: Request,
) -> Result<Changed<TokenSigning>> {
    let TokenSigningInput { algorithm, delay_seconds, new_keys } = request.token_signing;
    let pool_id = &request.user_pool_id;
    // Before the transaction, because it may take long.
    let made = move || (tokens::new_key(algorithm), tokens::new_key(algorithm));
    let (access, id) = tokio::task::spawn_blocking(made).await.map_err(Error::internal)?;
    let made = [("access", access?), ("id", id?)];

    let mut change = operator.begin(app, context, pool_id).await?;
    let now = change.at();
    let starts = now + Duration::seconds(delay_seconds.unwrap_or(DELAY));
    store::pools::lock_settings(&mut change, pool_id).await?.ok_or_else(|| Error::no_such_pool(pool_id))?;
    // What is due counts as done, even if the job was not there yet.
    store::keys::promote(&mut change, pool_id, now).await?;
    let keys = store::keys::list_infos(&mut *change, pool_id).await?;
    let before = TokenSigning::of(&keys)?;
    let (current, next) = (before.algorithm, before.next);

    if new_keys || next.map_or(current, |next| next.algorithm) != algorithm {
        store::keys::delete_next(&mut change, pool_id).await?;
        if new_keys || current != algorithm {
            let staying = keys.iter().filter(|key| key.state != "next").count();
            if staying + made.len() > MOST_KEYS {
                let text = format!(
                    "The user pool would have more than {MOST_KEYS} keys. Try again when retired keys are removed, a day after their last use."
                );
                return Err(Error::LimitExceeded(text.into()));
            }
            for (token_use, (public, private)) in &made {
                let key = NewKey { token_use, public, private, signs_from: Some(starts) };
                store::keys::insert(&mut change, &app.sealing, pool_id, key, now).await?;
            }
        }
    } else if delay_seconds.is_some() && next.is_some_and(|next| next.starts != starts) {
        store::keys::update_signs_from(&mut change, pool_id, starts).await?;
    } else {
        return change.unchanged(before).await;
    }
    // Without a delay, the new keys sign at once.
    store::keys::promote(&mut change, pool_id, now).await?;
    let answer = TokenSigning::of(&store::keys::list_infos(&mut *change, pool_id).await?)?;
    let changed = change.commit(Event::PoolTokenSigningSet.of(algorithm.name()), answer).await?;
    app.keys.forget(pool_id);
    Ok(changed)
}
