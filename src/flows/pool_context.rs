//! [`PoolContext`]: a request's [`Context`] together with the user pool that it concerns.

use std::ops::Deref;

use serde_json::{Map, Value};

use crate::{
    app::App,
    caller::Bearer,
    context::Context,
    store::{clients::ClientAndPool, pools::Pool},
};

/// The client ID that triggers see if no app client is involved.
const NO_CLIENT: &str = "CLIENT_ID_NOT_APPLICABLE";

/// A request as the flows see it: the app, the pool, the app client, and the request's [`Context`], to which this type
/// dereferences.
#[derive(Clone, Copy)]
pub struct PoolContext<'a> {
    pub app: &'a App,
    pub request: &'a Context,
    pub pool: &'a Pool,
    /// The ID of the app client. Operators mostly act without one; see [`Self::of_operator`].
    pub client_id: &'a str,
    /// `ClientMetadata`: what the caller passes on to the pool's triggers.
    pub metadata: &'a Map<String, Value>,
}

impl<'a> PoolContext<'a> {
    /// The context of a request that names an app client.
    pub fn of_client(
        app: &'a App,
        request: &'a Context,
        named: &'a ClientAndPool,
        metadata: &'a Map<String, Value>,
    ) -> Self {
        Self { app, request, pool: &named.pool, client_id: &named.client.id, metadata }
    }

    /// The context of a signed-in user's request, through the app client that the token was issued to.
    pub fn of_bearer(
        app: &'a App,
        request: &'a Context,
        (pool, bearer): (&'a Pool, &'a Bearer),
        metadata: &'a Map<String, Value>,
    ) -> Self {
        Self { app, request, pool, client_id: &bearer.client_id, metadata }
    }

    /// The context of an operator's request that names no app client.
    pub fn of_operator(app: &'a App, request: &'a Context, pool: &'a Pool, metadata: &'a Map<String, Value>) -> Self {
        Self { app, request, pool, client_id: NO_CLIENT, metadata }
    }

    /// Whether an app client is involved.
    pub fn has_client(&self) -> bool {
        self.client_id != NO_CLIENT
    }
}

impl Deref for PoolContext<'_> {
    type Target = Context;

    fn deref(&self) -> &Context {
        self.request
    }
}
