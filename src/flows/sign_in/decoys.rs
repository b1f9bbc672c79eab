//! Decoys for people who do not exist, used where existence is hidden. Their answers are derived from the name, so they
//! are the same on every call.

use uuid::Uuid;

use crate::{
    app::App,
    flows::accounts::attributes::{is_email, is_phone},
    sealing::equal,
    store::pools::Pool,
};

/// The username that an unknown person would have.
///
/// It has the same form as a known user's username, and it is the same by whatever name the person is called, including
/// this username itself.
pub fn id(app: &App, pool: &Pool, typed: &str) -> String {
    let key = pool.username_key(typed);
    // A subject may be written in several ways; each names the same person.
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

/// Bytes that decide one thing (`purpose`) about the unknown person with this username.
pub fn seed(app: &App, pool: &Pool, purpose: &str, id: &str) -> [u8; 32] {
    app.sealing.derive(purpose, format!("{} {id}", pool.id).as_bytes())
}

/// How many bytes of a made-up credential ID let the server, and nobody else, recognize it.
const MARK: usize = 8;

/// Makes up a credential ID of this length (16 to 32 bytes).
pub fn credential_id(app: &App, pool: &Pool, seed: &[u8], length: usize) -> Vec<u8> {
    let mut id = app.sealing.derive("decoy credential ID", seed)[..length - MARK].to_vec();
    id.extend(credential_mark(app, pool, &id));
    id
}

/// Whether a credential ID was made up for a decoy. Whoever registers one got it from a decoy, and is answered as if it
/// were real.
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
