//! The names of passkey providers and other authenticators, by AAGUID. The list comes from a file, or else is built in.
//!
//! The built-in list (`passkey_providers.json`) is the community's list of passkey providers, which takes most of its
//! entries for security keys from the FIDO Metadata Service; NOTICE names the source. An AAGUID is only a claim of the
//! authenticator: it is good enough for a name on a page, but proves nothing.

use std::{collections::HashMap, path::Path};

use serde::Deserialize;
use uuid::Uuid;

/// The largest size of a list's file, in bytes. The community's own file has a few million bytes, because it includes
/// icons.
const LONGEST: u64 = 32 * 1024 * 1024;

/// Names by AAGUID.
pub struct PasskeyProviders(HashMap<Uuid, String>);

/// An entry of the list: the name alone, or an object with more members, as in the community's list (`aaguid.json`).
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Name(String),
    Described { name: String },
}

impl PasskeyProviders {
    /// Reads the list in this file. Without a file, or if its list is empty, reads the built-in list.
    pub fn new(file: Option<&Path>) -> Result<Self, String> {
        let Some(path) = file else { return Self::parse(include_str!("passkey_providers.json")) };
        let said = |cause: String| format!("passkey-providers-file: {}: {cause}", path.display());
        let size = std::fs::metadata(path).map_err(|cause| said(cause.to_string()))?.len();
        if size > LONGEST {
            return Err(said(format!("it is larger than {LONGEST} bytes")));
        }
        let text = std::fs::read_to_string(path).map_err(|cause| said(cause.to_string()))?;
        let list = Self::parse(&text).map_err(said)?;
        if list.0.is_empty() {
            tracing::warn!(file = %path.display(), "the list of passkey providers is empty; the built-in one is used");
            return Self::new(None);
        }
        Ok(list)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let entries: HashMap<Uuid, Entry> = serde_json::from_str(text).map_err(|cause| cause.to_string())?;
        let name = |entry| match entry {
            Entry::Name(name) | Entry::Described { name } => name,
        };
        Ok(Self(entries.into_iter().map(|(aaguid, entry)| (aaguid, name(entry))).collect()))
    }

    /// Returns the provider's name, if it is known. An authenticator that does not identify itself has an AAGUID of
    /// zeros, for which there is no name.
    pub fn name(&self, aaguid: Uuid) -> Option<&str> {
        self.0.get(&aaguid).map(String::as_str).filter(|_| !aaguid.is_nil())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_list_names_the_common_ones() {
        let list = PasskeyProviders::new(None).unwrap();
        let name = |text: &str| list.name(Uuid::parse_str(text).unwrap());
        assert_eq!(name("ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4"), Some("Google Password Manager"));
        assert_eq!(name("bada5566-a7aa-401f-bd96-45619a55120d"), Some("1Password"));
        assert_eq!(name("00000000-0000-0000-0000-000000000000"), None);
        assert!(list.0.len() > 300);
    }

    #[test]
    fn files_have_the_names_alone_or_described() {
        let id = "11111111-1111-1111-1111-111111111111";
        for text in [format!(r#"{{"{id}": "A"}}"#), format!(r#"{{"{id}": {{"name": "A", "icon_dark": "data:"}}}}"#)] {
            assert_eq!(PasskeyProviders::parse(&text).unwrap().name(Uuid::parse_str(id).unwrap()), Some("A"));
        }
        for text in ["[]", r#"{"x": "A"}"#, r#"{"11111111-1111-1111-1111-111111111111": 1}"#] {
            assert!(PasskeyProviders::parse(text).is_err(), "{text}");
        }
    }
}
