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

/// Whether operations can name a user so (`UsernameType`).
pub fn is_username(text: &str) -> bool {
    let shape = model().shape("UsernameType");
    (1..=128).contains(&text.chars().count()) && shape.regex().is_some_and(|pattern| pattern.is_match(text))
}
