//! The shapes of the API: the service model, the check of a request against it, and what is refused by name.
//! Pure: no database, no HTTP.

mod depth;
mod model;
mod refused;
mod validate;

pub use depth::depth_within;
#[cfg(test)]
pub use model::sample_input;
pub use model::{Model, Operation, model};
pub use refused::refuse_unsupported;
pub use validate::validated;

/// Whether operations accept a text as a user's name (`UsernameType`).
pub fn is_username(text: &str) -> bool {
    is_of("UsernameType", 128, text)
}

/// Whether operations accept a text as a password (`PasswordType`).
pub fn is_password(text: &str) -> bool {
    is_of("PasswordType", 256, text)
}

fn is_of(shape: &str, longest: usize, text: &str) -> bool {
    let pattern = model().shape(shape).regex();
    (1..=longest).contains(&text.chars().count()) && pattern.is_some_and(|pattern| pattern.is_match(text))
}
