//! A string that must not be shown. Its `Debug` output does not contain the string.

use std::{convert::Infallible, fmt, str::FromStr};

/// A password, key or token in memory.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Returns the string itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for Secret {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_gives_its_text_only_to_who_asks_for_it() {
        let from_text: Secret = "correct horse".parse().unwrap();
        let from_json: Secret = serde_json::from_str("\"correct horse\"").unwrap();
        for secret in [Secret::from("correct horse".to_owned()), from_text, from_json] {
            assert_eq!(secret.expose(), "correct horse");
            assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "[secret] Some([secret])");
            assert!(secret == secret.clone() && secret != Secret::from("correct horses".to_owned()));
        }
    }
}
