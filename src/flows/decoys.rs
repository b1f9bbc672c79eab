//! People who do not exist, where existence is hidden: what their answers are made from, the same on every call.

use uuid::Uuid;

use crate::{
    app::App,
    flows::attributes::{is_email, is_phone},
    store::pools::Pool,
};

/// The username that an unknown person would have: of the form of a known one's, and the same by whatever name the person is
/// called, this one included.
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

/// Bytes that decide something of an unknown person, whose username this is.
pub fn seed(app: &App, pool: &Pool, purpose: &str, id: &str) -> [u8; 32] {
    app.sealing.derive(purpose, format!("{} {id}", pool.id).as_bytes())
}
