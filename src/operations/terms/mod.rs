//! Documents with terms of app clients: links to the terms of use and to the privacy policy, by language. The sign-up
//! page shows them.

pub(crate) mod create_terms;
pub(crate) mod delete_terms;
pub(crate) mod describe_terms;
pub(crate) mod describe_terms_by_client;
pub(crate) mod list_terms;
pub(crate) mod update_terms;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;
use uuid::Uuid;

use super::branding::shown;
use crate::{
    error::{Error, Result},
    store::page_settings::{Kind, PageSettings},
};

/// The languages that a document may have, each with the prefix `cognito:`.
const LANGUAGES: [&str; 13] = [
    "default",
    "dutch",
    "english",
    "french",
    "spanish",
    "german",
    "bahasa-indonesia",
    "italian",
    "japanese",
    "korean",
    "portuguese-brazil",
    "chinese-simplified",
    "chinese-traditional",
];

/// What a request says about a document, and what the database stores of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Document {
    terms_name: String,
    terms_source: String,
    enforcement: String,
    #[serde(default)]
    links: BTreeMap<String, String>,
}

impl Document {
    /// The kind of the document's row. The service model allows no other names.
    fn kind(&self) -> Result<Kind> {
        let kind = Kind::TERMS.into_iter().find(|kind| kind.text() == self.terms_name);
        kind.ok_or_else(|| Error::internal(format!("the service model lets TermsName be {}", self.terms_name)))
    }

    /// Checks the languages, which the service model states as a pattern of the map's keys, and the links. A link with
    /// another scheme could run a script in the sign-up page.
    fn check(&self) -> Result<()> {
        for (language, link) in &self.links {
            let known = language.strip_prefix("cognito:").is_some_and(|name| LANGUAGES.contains(&name));
            if !known {
                let languages = LANGUAGES.map(|name| format!("cognito:{name}")).join(", ");
                return Err(Error::InvalidParameter(format!("Links: the languages are {languages}.").into()));
            }
            if !Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
                let text = format!("Links: the link of {language} must be an http or https URL.");
                return Err(Error::InvalidParameter(text.into()));
            }
        }
        Ok(())
    }

    fn read(row: &PageSettings) -> Result<Self> {
        serde_json::from_value(row.settings.clone()).map_err(Error::internal)
    }

    fn stored(&self) -> Result<Value> {
        serde_json::to_value(self).map_err(Error::internal)
    }
}

/// The output of the operations on a document.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TermsOutput {
    terms: Map<String, Value>,
}

impl TermsOutput {
    fn of(pool_id: &str, row: PageSettings) -> Self {
        let client_id = json!(row.client_id);
        let mut terms = shown(pool_id, "TermsId", row);
        terms.insert("ClientId".into(), client_id);
        Self { terms }
    }
}

/// The input of operations that need nothing but a document.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TermsId {
    user_pool_id: String,
    terms_id: String,
}

/// Reads an ID. The service model's pattern allows only UUIDs.
fn parsed(id: &str) -> Result<Uuid> {
    id.parse().map_err(|_| no_such_terms(id))
}

fn no_such_terms(id: &str) -> Error {
    Error::ResourceNotFound(format!("Terms {id} do not exist.").into())
}

fn exists(client_id: &str, name: &str) -> Error {
    Error::TermsExists(format!("App client {client_id} has {name} already; change them with UpdateTerms.").into())
}
