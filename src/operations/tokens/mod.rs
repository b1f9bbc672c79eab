//! Refreshing and revoking.

pub mod get_tokens_from_refresh_token;
pub mod global_sign_out;
pub mod revoke_token;

use crate::{sealing::equal, secret::Secret, store::clients::Client};

/// Whether the secret given is the client's; a client without one takes none.
fn secret_fits(client: &Client, given: Option<&Secret>) -> bool {
    match (&client.secret, given) {
        (None, None) => true,
        (Some(secret), Some(given)) => equal(secret.expose().as_bytes(), given.expose().as_bytes()),
        _ => false,
    }
}
