//! Refreshing and revoking.

pub mod get_tokens_from_refresh_token;
pub mod global_sign_out;
pub mod revoke_token;

use crate::{sealing::equal, secret::Secret, store::clients::Client};

/// Whether the secret given is one of the client's; a client without any takes none.
fn secret_fits(client: &Client, given: Option<&Secret>) -> bool {
    let Some(given) = given else { return client.secrets.is_empty() };
    let fits = client.secrets.iter().filter(|one| equal(one.value.expose().as_bytes(), given.expose().as_bytes()));
    fits.count() > 0
}
