//! Members that Keystead does not support, refused by name.
//!
//! A member is listed here if dropping it silently would change what the caller believes (about security, or about mail
//! being sent). Members that only describe something are stored and given back, and are not listed.

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// Whether the presence of a member means nothing, so that tools that always send it are not refused.
type Harmless = fn(&Value) -> bool;

/// (operation, member, when it is harmless)
const REFUSED: &[(&str, &str, Harmless)] = &[
    ("CreateUserPool", "UserPoolAddOns", without_enforcement),
    ("CreateUserPool", "DcrConfiguration", empty),
    ("CreateUserPool", "IssuerConfiguration", empty),
    ("CreateUserPool", "KeyConfiguration", empty),
    ("UpdateUserPool", "DcrConfiguration", empty),
    ("UpdateUserPool", "IssuerConfiguration", empty),
    ("UpdateUserPool", "KeyConfiguration", empty),
    ("UpdateUserPool", "UserPoolAddOns", without_enforcement),
    ("CreateUserPoolClient", "EnablePropagateAdditionalUserContextData", is_false),
    ("UpdateUserPoolClient", "EnablePropagateAdditionalUserContextData", is_false),
    ("CreateUserPoolClient", "PublishSecretsInAWSSecretsManager", is_false),
    ("UpdateUserPoolClient", "PublishSecretsInAWSSecretsManager", is_false),
    ("ListUserPoolClients", "ClientType", never),
    ("CreateUserImportJob", "PasswordHashingAlgorithm", never),
    ("CreateUserPoolDomain", "Routing", empty),
    ("UpdateUserPoolDomain", "Routing", empty),
];

/// Refuses a request that carries a member which Keystead does not support, naming it.
pub fn refuse_unsupported(operation: &str, input: &Map<String, Value>) -> Result<()> {
    for (_, member, harmless) in REFUSED.iter().filter(|(name, ..)| *name == operation) {
        if input.get(*member).is_some_and(|value| !harmless(value)) {
            return Err(Error::InvalidParameter(
                format!("{member} is not supported by Keystead yet; leave it out.").into(),
            ));
        }
    }
    Ok(())
}

fn never(_: &Value) -> bool {
    false
}

fn empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

fn is_false(value: &Value) -> bool {
    value == &Value::Bool(false)
}

/// Only `ENFORCED` is refused: `AUDIT` keeps what users do, but nothing here blocks a sign-in for its risk.
fn without_enforcement(value: &Value) -> bool {
    value["AdvancedSecurityMode"] != "ENFORCED"
}

#[cfg(test)]
mod tests;
