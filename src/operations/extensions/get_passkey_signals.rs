//! GetPasskeySignals: returns what the signed-in user's passkey manager should be told.
//!
//! The output contains the arguments of `PublicKeyCredential.signalAllAcceptedCredentials` and, if the pool's policy
//! has `SignalUserDetails`, of `signalCurrentUserDetails` (Web Authentication Level 3, section 5.1.10).

use serde_json::{Map, Value};

use crate::{
    app::App,
    caller::SignedIn,
    context::Context,
    error::{Error, Result},
    flows::{
        self,
        accounts::signals::{self, Signals},
    },
};

pub async fn handle(app: &App, _: &Context, caller: SignedIn, _: Map<String, Value>) -> Result<Signals> {
    let pool = flows::pool_of(app, &caller.bearer).await?;
    let mut db = app.db.acquire().await?;
    let signals = signals::of_user(&mut db, &pool, &caller.user).await?;
    signals.ok_or_else(|| {
        Error::WebAuthnConfigurationMissing(
            "The user pool has no relying party ID; set one with SetUserPoolMfaConfig.".into(),
        )
    })
}
