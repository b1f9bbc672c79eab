//! The shapes of the API: the service model, the check of requests against it, and the members that are refused
//! although the model has them. This code uses no database and no HTTP.

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

/// Whether operations accept a string as a username (`UsernameType`).
pub fn is_username(text: &str) -> bool {
    is_of("UsernameType", 128, text)
}

/// Whether operations accept a string as a password (`PasswordType`).
pub fn is_password(text: &str) -> bool {
    is_of("PasswordType", 256, text)
}

fn is_of(shape: &str, longest: usize, text: &str) -> bool {
    let pattern = model().shape(shape).regex();
    (1..=longest).contains(&text.chars().count()) && pattern.is_some_and(|pattern| pattern.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_has_1_to_128_characters_and_no_space() {
        for (text, fits) in [
            ("a".to_owned(), true),
            ("ada@example.com".into(), true),
            ("ä".repeat(128), true),
            ("ä".repeat(129), false),
            (String::new(), false),
            ("ada l".into(), false),
            ("ada\n".into(), false),
        ] {
            assert_eq!(is_username(&text), fits, "{text:?}");
        }
    }

    #[test]
    fn a_password_has_2_to_256_characters_and_no_space_at_its_ends() {
        for (text, fits) in [
            ("p".to_owned(), false),
            ("pw".into(), true),
            ("pä$$wörd".into(), true),
            ("ä".repeat(129), true),
            ("ä".repeat(256), true),
            ("ä".repeat(257), false),
            (String::new(), false),
            ("pass word".into(), true),
            (" password".into(), false),
            ("password ".into(), false),
        ] {
            assert_eq!(is_password(&text), fits, "{text:?}");
        }
    }
}
