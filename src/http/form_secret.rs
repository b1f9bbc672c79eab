//! The cookie that ties forms to the browser that asked for them, as [`super::pages::cookies`] says.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::{random, sealing::SealingKey};

/// Its value, and whether the browser is still to be given it.
pub struct FormSecret {
    pub value: String,
    pub is_new: bool,
}

/// A new value.
pub fn new() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(random::bytes::<32>())
}

/// The name of a cookie of the pages.
pub fn cookie_name(public_url: &str, what: &str) -> String {
    if public_url.starts_with("https://") { format!("__Host-keystead-{what}") } else { format!("keystead-{what}") }
}

impl FormSecret {
    /// The browser's, or a new one.
    pub fn of(cookie: Option<&str>) -> Self {
        let given = cookie.filter(|value| value.len() == 43);
        Self { value: given.map_or_else(new, str::to_owned), is_new: given.is_none() }
    }

    /// The token that forms carry.
    pub fn token(&self, sealing: &SealingKey) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(sealing.derive("form token", self.value.as_bytes()))
    }

    /// What the browser is known by where something is to be done by the same one only.
    pub fn mark(&self, sealing: &SealingKey) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(sealing.derive("browser", self.value.as_bytes()))
    }
}
