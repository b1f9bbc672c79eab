//! GetUserPoolTokenSigning: returns what signs a pool's tokens, and the keys that verify them.

use super::{OfPool, TokenSigning};
use crate::{
    app::App,
    caller::Operator,
    context::Context,
    error::{Error, Result},
    store,
};

pub async fn handle(app: &App, _: &Context, _: Operator, request: OfPool) -> Result<TokenSigning> {
    let keys = store::keys::list_infos(&app.db, &request.user_pool_id).await?;
    // A pool has keys until it is deleted.
    if keys.is_empty() {
        return Err(Error::no_such_pool(&request.user_pool_id));
    }
    TokenSigning::of(&keys)
}
