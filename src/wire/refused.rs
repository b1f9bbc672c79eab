//! Members of inputs that Keystead does not support and refuses by name.
//!
//! A member is listed here if ignoring it would mislead the caller: the caller might believe, for example, that
//! something is protected or that something happens. Members that only describe something are not listed; they are
//! stored and returned.

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};

/// Whether a member with this value may be ignored, so that tools that always send the member with such a value are not
/// refused.
type Harmless = fn(&Value) -> bool;

/// The refused members: the operation, the member, and the check for values that may be ignored.
const REFUSED: &[(&str, &str, Harmless)] = &[
    ("CreateUserPool", "DcrConfiguration", empty),
    ("CreateUserPool", "IssuerConfiguration", as_ever),
    ("CreateUserPool", "KeyConfiguration", as_ever),
    ("UpdateUserPool", "DcrConfiguration", empty),
    ("UpdateUserPool", "IssuerConfiguration", as_ever),
    ("UpdateUserPool", "KeyConfiguration", as_ever),
    ("CreateUserPoolClient", "EnablePropagateAdditionalUserContextData", is_false),
    ("UpdateUserPoolClient", "EnablePropagateAdditionalUserContextData", is_false),
    ("CreateUserPoolClient", "PublishSecretsInAWSSecretsManager", is_false),
    ("UpdateUserPoolClient", "PublishSecretsInAWSSecretsManager", is_false),
    ("ListUserPoolClients", "ClientType", never),
    ("CreateUserPoolDomain", "Routing", empty),
    ("UpdateUserPoolDomain", "Routing", empty),
];

/// Fails if the input has a member that Keystead does not support. The error text names the member.
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

/// Whether the issuer and the owner of the key are those that every pool here has. DescribeUserPool shows them, so that a
/// program may send them back.
fn as_ever(value: &Value) -> bool {
    empty(value) || *value == json!({"Type": "ORIGINAL"}) || *value == json!({"KeyType": "AWS_OWNED_KEY"})
}

fn is_false(value: &Value) -> bool {
    value == &Value::Bool(false)
}

#[cfg(test)]
mod tests;
