//! The cookie that ties forms to the browser that requested them; [`super::pages::cookies`] explains it.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::{random, sealing::SealingKey};

/// The cookie's value, and whether it still has to be sent to the browser.
pub struct FormSecret {
    pub value: String,
    pub is_new: bool,
}

/// Returns a new random value for the cookie.
pub fn new() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(random::bytes::<32>())
}

/// Returns the full name of a cookie that the pages set.
pub fn cookie_name(public_url: &str, what: &str) -> String {
    if public_url.starts_with("https://") { format!("__Host-keystead-{what}") } else { format!("keystead-{what}") }
}

impl FormSecret {
    /// Takes the value of the browser's cookie, or makes a new value if there is no cookie of the right length.
    pub fn of(cookie: Option<&str>) -> Self {
        let given = cookie.filter(|value| value.len() == 43);
        Self { value: given.map_or_else(new, str::to_owned), is_new: given.is_none() }
    }

    /// Returns the token that forms carry. It is derived from the secret.
    pub fn token(&self, sealing: &SealingKey) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(sealing.derive("form token", self.value.as_bytes()))
    }

    /// Returns a string that identifies the browser. Flows compare it to check that the browser which continues a flow
    /// is the one that began it.
    pub fn mark(&self, sealing: &SealingKey) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(sealing.derive("browser", self.value.as_bytes()))
    }
}
