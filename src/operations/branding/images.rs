//! Images that the pages show.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::sealing::sha256;

/// Derives an image's content type from its first bytes. `None` if it is no image that the pages can show.
pub fn content_type(image: &[u8]) -> Option<&'static str> {
    let start = image.trim_ascii_start();
    match start {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ if start.starts_with(b"<svg") || start.starts_with(b"<?xml") => Some("image/svg+xml"),
        _ => None,
    }
}

/// Identifies an image by its content, for its address: another image has another address.
pub fn version(image: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&sha256(image)[..9])
}
