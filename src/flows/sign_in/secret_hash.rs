//! `SECRET_HASH`: how a confidential app client proves its identity.

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    admission,
    context::Door,
    error::{Error, Result},
    sealing::equal,
    secret::Secret,
    store::clients::{Client, ClientSecret},
};

/// Checks a request's SECRET_HASH (docs/cognito.md 4.6). A client without secrets must not send one.
///
/// The hash is base64(HMAC-SHA256(secret, username ‖ client ID)). If the hash is right, [`admission`] from then on
/// counts the request as one of the client and no longer as one of a stranger.
pub fn check(door: Door, client: &Client, username: &str, given: Option<&str>) -> Result<()> {
    if !door.asks_for_secrets() {
        return Ok(());
    }
    let unable = || Error::NotAuthorized(format!("Unable to verify secret hash for client {}", client.id).into());
    match (client.secrets.as_slice(), given) {
        ([], None) => Ok(()),
        ([], Some(_)) => Err(unable()),
        (_, None) => Err(Error::NotAuthorized(
            format!("Client {} is configured with secret but SECRET_HASH was not received", client.id).into(),
        )),
        (secrets, Some(given)) => {
            let fits =
                |one: &ClientSecret| equal(hash(one.value.expose(), username, &client.id).as_bytes(), given.as_bytes());
            // Every secret is tried, so that the time does not reveal which one matches.
            if secrets.iter().filter(|one| fits(one)).count() == 0 {
                return Err(unable());
            }
            admission::proved(admission::client(&client.pool_id, &client.id));
            Ok(())
        }
    }
}

/// Whether the given secret is one of the client's. If the client has no secrets, whether no secret is given.
///
/// If a secret matches, [`admission`] from then on counts the request as one of the client.
pub fn secret_fits(client: &Client, given: Option<&Secret>) -> bool {
    let Some(given) = given else { return client.secrets.is_empty() };
    let fits = client.secrets.iter().filter(|one| equal(one.value.expose().as_bytes(), given.expose().as_bytes()));
    let fits = fits.count() > 0;
    if fits {
        admission::proved(admission::client(&client.pool_id, &client.id));
    }
    fits
}

fn hash(secret: &str, username: &str, client_id: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(username.as_bytes());
    context.update(client_id.as_bytes());
    BASE64_STANDARD.encode(context.sign())
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn a_known_vector() {
        let made = hash("client-secret-for-tests-0123456789", "alice", "1example23456789");
        assert_eq!(made, "UZw9rwJSvUki5vZE+EGGWfJEMp2SD9cU1gBLo+QiEGw=");
    }
}
