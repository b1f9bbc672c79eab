//! Decoys: made-up data for names that no user has, used where the existence of users is hidden. The data is derived
//! from the name, so it is the same on every call.

use uuid::Uuid;

use crate::{
    app::App,
    flows::accounts::attributes::{is_email, is_phone},
    sealing::equal,
    store::pools::Pool,
};

/// The made-up username for a name that no user has.
///
/// It has the same form as a real user's username. For a made-up username, the result is that username itself, so a
/// client may continue a sign-in with either name.
pub fn id(app: &App, pool: &Pool, typed: &str) -> String {
    let key = pool.username_key(typed);
    // A subject may be written in several ways; all of them name the same user.
    if let Ok(sub) = Uuid::try_parse(&key) {
        return sub.to_string();
    }
    let settings = &pool.settings;
    let by_address = (is_email(&key) || is_phone(&key)) && !settings.alias_attributes.is_empty();
    if settings.username_attributes.is_empty() && !by_address {
        return key;
    }
    let seed = seed(app, pool, "decoy subject", &key);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&seed[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// Derives bytes that decide one property (`purpose`) of the decoy with this made-up username.
pub fn seed(app: &App, pool: &Pool, purpose: &str, id: &str) -> [u8; 32] {
    app.sealing.derive(purpose, format!("{} {id}", pool.id).as_bytes())
}

/// The number of bytes in a made-up credential ID by which the server, and nobody else, recognizes it.
const MARK: usize = 8;

/// Makes up a credential ID of this length (16 to 32 bytes).
pub fn credential_id(app: &App, pool: &Pool, seed: &[u8], length: usize) -> Vec<u8> {
    let mut id = app.sealing.derive("decoy credential ID", seed)[..length - MARK].to_vec();
    id.extend(credential_mark(app, pool, &id));
    id
}

/// Whether a credential ID was made up for a decoy. A client that tries to register such an ID got it from a decoy, so
/// the response must be the same as for a real passkey's ID.
pub fn is_credential_id(app: &App, pool: &Pool, id: &[u8]) -> bool {
    let Some((random, mark)) = id.split_last_chunk::<MARK>() else { return false };
    equal(&credential_mark(app, pool, random), mark)
}

fn credential_mark(app: &App, pool: &Pool, random: &[u8]) -> [u8; MARK] {
    let derived = app.sealing.derive("decoy credential mark", &[pool.id.as_bytes(), b" ", random].concat());
    let mut mark = [0; MARK];
    mark.copy_from_slice(&derived[..MARK]);
    mark
}
