//! The pre token generation trigger: what it receives, and what it changes in tokens (Amazon Cognito developer guide,
//! "Pre token generation Lambda trigger").

use serde_json::{Map, Value, json};

use crate::{
    error::Result,
    flows::pool_context::PoolContext,
    flows::triggers::{Trigger, attributes_of},
    store::{
        groups::{Membership, preferred_role},
        users::User,
    },
};

/// The changes that a pre token generation trigger makes to the claims of one token.
#[derive(Default)]
pub struct ClaimsOverride {
    pub set: Map<String, Value>,
    pub suppressed: Vec<String>,
}

/// All changes that a pre token generation trigger makes to the ID token and the access token.
#[derive(Default)]
pub struct TokensOverride {
    pub id: ClaimsOverride,
    pub access: ClaimsOverride,
    pub scopes_added: Vec<String>,
    pub scopes_suppressed: Vec<String>,
    pub groups: Option<GroupsOverride>,
}

/// The groups and roles that replace those of the user (`groupOverrideDetails`).
pub struct GroupsOverride {
    pub groups: Vec<String>,
    pub roles: Vec<String>,
    pub preferred_role: Option<String>,
}

/// The reason why tokens are made: the `triggerSource` of a pre token generation trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Authentication,
    HostedAuth,
    NewPasswordChallenge,
    AuthenticateDevice,
    RefreshTokens,
    ClientCredentials,
}

impl Source {
    /// The name in the trigger's event.
    pub fn text(self) -> &'static str {
        match self {
            Self::Authentication => "TokenGeneration_Authentication",
            Self::HostedAuth => "TokenGeneration_HostedAuth",
            Self::NewPasswordChallenge => "TokenGeneration_NewPasswordChallenge",
            Self::AuthenticateDevice => "TokenGeneration_AuthenticateDevice",
            Self::RefreshTokens => "TokenGeneration_RefreshTokens",
            Self::ClientCredentials => "TokenGeneration_ClientCredentials",
        }
    }
}

/// The subject of the tokens that are made.
#[derive(Clone, Copy)]
pub enum Holder<'a> {
    /// A user, with the groups that the user is in.
    User(&'a User, &'a [Membership]),
    /// The app client itself (RFC 6749 section 4.4). The trigger is called for a client only if its event version is 3
    /// (`V3_0`).
    Client,
}

/// Calls the pre token generation trigger before tokens are signed. Returns `None` if there is no trigger to call.
pub async fn ask(
    context: &PoolContext<'_>,
    source: Source,
    holder: Holder<'_>,
    scopes: &[&str],
) -> Result<Option<TokensOverride>> {
    let settings = &context.pool.settings.rest;
    let version =
        settings.get("LambdaConfig").and_then(|one| one["PreTokenGenerationConfig"]["LambdaVersion"].as_str());
    let version = version.unwrap_or("V1_0");
    let first = version == "V1_0";
    let (username, attributes, memberships) = match holder {
        Holder::User(user, memberships) => (user.username.as_str(), attributes_of(user), memberships),
        Holder::Client if version == "V3_0" => ("ClientCredentials", Map::new(), [].as_slice()),
        Holder::Client => return Ok(None),
    };
    let event = || {
        let groups: Vec<_> = memberships.iter().map(|one| &one.name).collect();
        let roles: Vec<_> = memberships.iter().filter_map(|one| one.role_arn.as_ref()).collect();
        let configuration = json!({"groupsToOverride": groups, "iamRolesToOverride": roles, "preferredRole": preferred_role(memberships)});
        let mut request = json!({
            "userAttributes": attributes,
            "groupConfiguration": configuration,
            "clientMetadata": context.metadata,
        });
        let mut response = json!({"claimsOverrideDetails": null});
        if !first {
            request["scopes"] = json!(scopes);
            response = json!({"claimsAndScopeOverrideDetails": null});
        }
        let mut event = context.event(source.text(), username, request, response);
        event["version"] = json!(version.get(1..2));
        event
    };
    let Some(response) = context.call(Trigger::PreTokenGeneration, event).await? else { return Ok(None) };
    let none = Value::Null;
    if first {
        let details = response.get("claimsOverrideDetails").unwrap_or(&none);
        return Ok(Some(TokensOverride { id: claims(details), groups: groups(details), ..TokensOverride::default() }));
    }
    let details = response.get("claimsAndScopeOverrideDetails").unwrap_or(&none);
    let access = &details["accessTokenGeneration"];
    Ok(Some(TokensOverride {
        id: claims(&details["idTokenGeneration"]),
        access: claims(access),
        scopes_added: texts(&access["scopesToAdd"]),
        scopes_suppressed: texts(&access["scopesToSuppress"]),
        groups: groups(details),
    }))
}

fn claims(details: &Value) -> ClaimsOverride {
    ClaimsOverride {
        set: details["claimsToAddOrOverride"].as_object().cloned().unwrap_or_default(),
        suppressed: texts(&details["claimsToSuppress"]),
    }
}

/// Reads `groupOverrideDetails`. If it is empty or null, the tokens have no groups. If it is missing, the groups stay.
fn groups(details: &Value) -> Option<GroupsOverride> {
    let details = details.get("groupOverrideDetails")?;
    Some(GroupsOverride {
        groups: texts(&details["groupsToOverride"]),
        roles: texts(&details["iamRolesToOverride"]),
        preferred_role: details["preferredRole"].as_str().map(str::to_owned),
    })
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Claims that a trigger cannot change, besides those that begin with `aws:` or `dev:` (developer guide, "Pre token
/// generation Lambda trigger").
const RESERVED: [&str; 26] = [
    "acr",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "client_id",
    "cognito:groups",
    "cognito:preferred_role",
    "cognito:roles",
    "cognito:username",
    "device_key",
    "event_id",
    "exp",
    "iat",
    "identities",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "origin_jti",
    "scope",
    "sub",
    "token_use",
    "username",
    "version",
];

impl ClaimsOverride {
    /// Changes a token's claims, except those that a trigger cannot change.
    pub fn apply(&self, token: &mut Map<String, Value>) {
        let own = |name: &str| RESERVED.contains(&name) || name.starts_with("aws:") || name.starts_with("dev:");
        for (name, value) in self.set.iter().filter(|(name, _)| !own(name)) {
            token.insert(name.clone(), value.clone());
        }
        for name in self.suppressed.iter().filter(|name| !own(name)) {
            token.remove(name);
        }
    }
}

impl TokensOverride {
    /// Returns the scopes of an access token that had the scopes `had` before the change. A trigger cannot add scopes
    /// that begin with `aws.cognito`.
    pub fn scopes(&self, had: &str) -> String {
        let kept = had.split(' ').filter(|scope| !self.scopes_suppressed.iter().any(|one| one == scope));
        let added = self.scopes_added.iter().map(String::as_str);
        let added = added.filter(|scope| !scope.contains(char::is_whitespace) && !scope.starts_with("aws.cognito"));
        let mut scopes: Vec<&str> = kept.chain(added).filter(|scope| !scope.is_empty()).collect();
        let mut seen = std::collections::HashSet::new();
        scopes.retain(|scope| seen.insert(*scope));
        scopes.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_changes_no_claim_that_others_rely_on() {
        let mut token = json!({"sub": "a", "email": "e", "exp": 1}).as_object().cloned().unwrap();
        let set = json!({"sub": "b", "exp": 9, "plan": "gold"}).as_object().cloned().unwrap();
        ClaimsOverride { set, suppressed: vec!["email".into(), "sub".into()] }.apply(&mut token);
        assert_eq!(Value::Object(token), json!({"sub": "a", "exp": 1, "plan": "gold"}));
    }

    #[test]
    fn scopes_are_added_and_suppressed_but_none_of_the_services_own() {
        let change = TokensOverride {
            scopes_added: vec!["photos/read".into(), "aws.cognito.x".into(), "a b".into(), "photos/read".into()],
            scopes_suppressed: vec!["openid".into()],
            ..TokensOverride::default()
        };
        assert_eq!(change.scopes("openid email"), "email photos/read");
    }
}
