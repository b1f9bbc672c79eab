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
