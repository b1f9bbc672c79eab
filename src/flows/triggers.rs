//! The triggers of a pool (`LambdaConfig`): which event each gets, and what is made of its response. Events and responses are
//! those of the Amazon Cognito developer guide, "Customizing user pool workflows with Lambda triggers".
//!
//! A function is never called inside a transaction: it may take seconds, and rows would be held all that time.

use serde_json::{Map, Value, json};

use crate::{
    app::App,
    error::{Error, Result},
    flows::attributes::Attribute,
    store::{groups::Membership, pools::Pool, users::User},
    triggers::Failure,
};

/// In whose name something happens, and what the client says to the triggers about it.
#[derive(Clone, Copy)]
pub struct Cause<'a> {
    pub app: &'a App,
    pub pool: &'a Pool,
    /// The app client, or [`NO_CLIENT`].
    pub client_id: &'a str,
    pub metadata: &'a Map<String, Value>,
}

/// The client of what operators do.
pub const NO_CLIENT: &str = "CLIENT_ID_NOT_APPLICABLE";

/// The functions that a pool may have, as `LambdaConfig` calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    PreSignUp,
    PostConfirmation,
    PreAuthentication,
    PostAuthentication,
    PreTokenGeneration,
    DefineAuthChallenge,
    CreateAuthChallenge,
    VerifyAuthChallengeResponse,
    CustomMessage,
    UserMigration,
}

impl Trigger {
    fn name(self) -> &'static str {
        match self {
            Self::PreSignUp => "PreSignUp",
            Self::PostConfirmation => "PostConfirmation",
            Self::PreAuthentication => "PreAuthentication",
            Self::PostAuthentication => "PostAuthentication",
            Self::PreTokenGeneration => "PreTokenGeneration",
            Self::DefineAuthChallenge => "DefineAuthChallenge",
            Self::CreateAuthChallenge => "CreateAuthChallenge",
            Self::VerifyAuthChallengeResponse => "VerifyAuthChallengeResponse",
            Self::CustomMessage => "CustomMessage",
            Self::UserMigration => "UserMigration",
        }
    }
}

/// The ARN of a pool's function, if it has one.
pub fn function(pool: &Pool, trigger: Trigger) -> Option<&str> {
    let functions = pool.settings.rest.get("LambdaConfig")?;
    let versioned = match trigger {
        Trigger::PreTokenGeneration => functions["PreTokenGenerationConfig"]["LambdaArn"].as_str(),
        _ => None,
    };
    versioned.or_else(|| functions[trigger.name()].as_str())
}

/// A user's attributes as triggers see them: texts, with the subject and the status.
pub fn attributes_of(user: &User) -> Map<String, Value> {
    let mut out = user.attributes.clone();
    out.insert("sub".into(), json!(user.sub));
    out.insert("cognito:user_status".into(), json!(user.status.text()));
    out
}

impl Cause<'_> {
    /// The event of a trigger.
    pub fn event(&self, source: &str, username: &str, request: Value, response: Value) -> Value {
        json!({
            "version": "1",
            "triggerSource": source,
            "region": self.app.config.region,
            "userPoolId": self.pool.id,
            "userName": username,
            "callerContext": {"awsSdkVersion": "keystead", "clientId": self.client_id},
            "request": request,
            "response": response,
        })
    }

    /// Calls a function of the pool, if it has one.
    async fn call(&self, trigger: Trigger, event: impl FnOnce() -> Value) -> Result<Option<Map<String, Value>>> {
        let Some(arn) = function(self.pool, trigger) else { return Ok(None) };
        let name = trigger.name();
        let called = self.app.triggers.call(&self.pool.id, arn, &event()).await;
        called.map(Some).map_err(|failure| {
            match &failure {
                // Not its text, which may hold anything.
                Failure::Refused(_) => tracing::info!(trigger = name, "a trigger refused"),
                Failure::Unrecognizable => {
                    tracing::warn!(trigger = name, arn, "a trigger's answer is no event with a response");
                }
                Failure::Unreachable(why) => tracing::warn!(trigger = name, arn, why, "a trigger was not reached"),
                Failure::Busy => tracing::warn!(trigger = name, arn, "too many triggers of this pool are at work"),
            }
            refusal(name, failure)
        })
    }
}

/// The errors that the API reference names for triggers.
fn refusal(name: &str, failure: Failure) -> Error {
    match failure {
        Failure::Refused(text) => {
            Error::UserLambdaValidation(format!("{name} failed with error {}.", text.trim_end_matches('.')).into())
        }
        Failure::Unrecognizable => Error::InvalidLambdaResponse("Unrecognizable lambda output".into()),
        Failure::Unreachable(why) => {
            Error::UnexpectedLambda(format!("{name} invocation failed due to error {why}.").into())
        }
        Failure::Busy => Error::TooManyRequests("Too many triggers are at work; try again in a second.".into()),
    }
}

/// What a pre sign-up trigger decides about a new user.
#[derive(Default)]
pub struct PreSignUp {
    pub confirm: bool,
    /// `email`, `phone_number`: taken as verified.
    pub verified: Vec<&'static str>,
}

/// Before a user is made. `source`: `PreSignUp_SignUp` or `PreSignUp_AdminCreateUser`.
pub async fn pre_sign_up(
    cause: &Cause<'_>,
    source: &str,
    username: &str,
    attributes: &Map<String, Value>,
    validation_data: &[Attribute],
) -> Result<PreSignUp> {
    let event = || {
        let data: Map<_, _> =
            validation_data.iter().map(|one| (one.name.clone(), json!(one.value.as_deref().unwrap_or("")))).collect();
        let request = json!({"userAttributes": attributes, "validationData": data, "clientMetadata": cause.metadata});
        let response = json!({"autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false});
        cause.event(source, username, request, response)
    };
    let Some(response) = cause.call(Trigger::PreSignUp, event).await? else { return Ok(PreSignUp::default()) };
    let says = |member: &str| response.get(member) == Some(&Value::Bool(true));
    let verified = [("autoVerifyEmail", "email"), ("autoVerifyPhone", "phone_number")];
    Ok(PreSignUp {
        confirm: says("autoConfirmUser"),
        verified: verified.into_iter().filter(|(member, _)| says(member)).map(|(_, name)| name).collect(),
    })
}

/// After a user was confirmed. `source`: `PostConfirmation_ConfirmSignUp` or `PostConfirmation_ConfirmForgotPassword`.
pub async fn post_confirmation(cause: &Cause<'_>, source: &str, user: &User) -> Result<()> {
    let event = || {
        let request = json!({"userAttributes": attributes_of(user), "clientMetadata": cause.metadata});
        cause.event(source, &user.username, request, json!({}))
    };
    cause.call(Trigger::PostConfirmation, event).await.map(|_| ())
}

/// Before somebody is asked to prove who they are. `user`: `None` for somebody unknown who is hidden.
pub async fn pre_authentication(cause: &Cause<'_>, username: &str, user: Option<&User>) -> Result<()> {
    let event = || {
        let request = json!({
            "userAttributes": user.map(attributes_of).unwrap_or_default(),
            "validationData": cause.metadata,
            "userNotFound": user.is_none(),
        });
        cause.event("PreAuthentication_Authentication", username_of(username, user), request, json!({}))
    };
    cause.call(Trigger::PreAuthentication, event).await.map(|_| ())
}

/// After somebody signed in.
pub async fn post_authentication(cause: &Cause<'_>, user: &User, new_device: bool) -> Result<()> {
    let event = || {
        let request = json!({
            "userAttributes": attributes_of(user),
            "newDeviceUsed": new_device,
            "clientMetadata": cause.metadata,
        });
        cause.event("PostAuthentication_Authentication", &user.username, request, json!({}))
    };
    cause.call(Trigger::PostAuthentication, event).await.map(|_| ())
}

fn username_of<'a>(typed: &'a str, user: Option<&'a User>) -> &'a str {
    user.map_or(typed, |user| &user.username)
}

/// What a pre token generation trigger changes in one token.
#[derive(Default)]
pub struct ClaimsOverride {
    pub set: Map<String, Value>,
    pub suppressed: Vec<String>,
}

/// What it changes in both.
#[derive(Default)]
pub struct TokensOverride {
    pub id: ClaimsOverride,
    pub access: ClaimsOverride,
    pub scopes_added: Vec<String>,
    pub scopes_suppressed: Vec<String>,
    pub groups: Option<GroupsOverride>,
}

/// `groupOverrideDetails`
pub struct GroupsOverride {
    pub groups: Vec<String>,
    pub roles: Vec<String>,
    pub preferred_role: Option<String>,
}

/// Before tokens are signed. `source`: `TokenGeneration_…`.
pub async fn pre_token_generation(
    cause: &Cause<'_>,
    source: &str,
    user: &User,
    memberships: &[Membership],
    scopes: &[&str],
) -> Result<Option<TokensOverride>> {
    let settings = &cause.pool.settings.rest;
    let version =
        settings.get("LambdaConfig").and_then(|one| one["PreTokenGenerationConfig"]["LambdaVersion"].as_str());
    let first = version.unwrap_or("V1_0") == "V1_0";
    let event = || {
        let groups: Vec<_> = memberships.iter().map(|one| &one.name).collect();
        let roles: Vec<_> = memberships.iter().filter_map(|one| one.role_arn.as_ref()).collect();
        let preferred = memberships.iter().find(|one| one.precedence.is_some()).and_then(|one| one.role_arn.as_ref());
        let configuration =
            json!({"groupsToOverride": groups, "iamRolesToOverride": roles, "preferredRole": preferred});
        let mut request = json!({
            "userAttributes": attributes_of(user),
            "groupConfiguration": configuration,
            "clientMetadata": cause.metadata,
        });
        let mut response = json!({"claimsOverrideDetails": null});
        if !first {
            request["scopes"] = json!(scopes);
            response = json!({"claimsAndScopeOverrideDetails": null});
        }
        let mut event = cause.event(source, &user.username, request, response);
        event["version"] = json!(version.and_then(|version| version.get(1..2)).unwrap_or("1"));
        event
    };
    let Some(response) = cause.call(Trigger::PreTokenGeneration, event).await? else { return Ok(None) };
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

/// An empty or null object suppresses the groups; where there is none they stay.
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

/// What a define auth challenge trigger decides.
pub enum Decision {
    /// Ask this next: `CUSTOM_CHALLENGE` or `PASSWORD_VERIFIER`.
    Ask(String),
    Issue,
    Fail,
}

/// What comes next in a sign-in by custom challenges, after `session`, the challenges answered so far.
pub async fn define_auth_challenge(
    cause: &Cause<'_>,
    username: &str,
    user: Option<&User>,
    session: &[Value],
) -> Result<Decision> {
    let event = || {
        let request = json!({
            "userAttributes": user.map(attributes_of).unwrap_or_default(),
            "session": session,
            "clientMetadata": cause.metadata,
            "userNotFound": user.is_none(),
        });
        let response = json!({"challengeName": null, "issueTokens": null, "failAuthentication": null});
        cause.event("DefineAuthChallenge_Authentication", username_of(username, user), request, response)
    };
    let Some(response) = cause.call(Trigger::DefineAuthChallenge, event).await? else {
        return Err(Error::InvalidParameter("Custom auth lambda trigger is not configured for the user pool.".into()));
    };
    let says = |member: &str| response.get(member) == Some(&Value::Bool(true));
    match response.get("challengeName").and_then(Value::as_str).filter(|name| !name.is_empty()) {
        _ if says("failAuthentication") => Ok(Decision::Fail),
        _ if says("issueTokens") => Ok(Decision::Issue),
        Some(name) => Ok(Decision::Ask(name.to_owned())),
        None => Err(Error::InvalidLambdaResponse("Unrecognizable lambda output".into())),
    }
}

/// A challenge that a create auth challenge trigger made.
pub struct CustomChallenge {
    pub public: Map<String, Value>,
    pub private: Value,
    pub metadata: Option<String>,
}

/// Makes a custom challenge.
pub async fn create_auth_challenge(
    cause: &Cause<'_>,
    username: &str,
    user: Option<&User>,
    session: &[Value],
) -> Result<CustomChallenge> {
    let event = || {
        let request = json!({
            "userAttributes": user.map(attributes_of).unwrap_or_default(),
            "challengeName": "CUSTOM_CHALLENGE",
            "session": session,
            "clientMetadata": cause.metadata,
            "userNotFound": user.is_none(),
        });
        let response =
            json!({"publicChallengeParameters": null, "privateChallengeParameters": null, "challengeMetadata": null});
        cause.event("CreateAuthChallenge_Authentication", username_of(username, user), request, response)
    };
    let Some(mut response) = cause.call(Trigger::CreateAuthChallenge, event).await? else {
        return Err(Error::InvalidParameter("Custom auth lambda trigger is not configured for the user pool.".into()));
    };
    let public = match response.remove("publicChallengeParameters") {
        Some(Value::Object(public)) if public.values().all(Value::is_string) => public,
        None | Some(Value::Null) => Map::new(),
        Some(_) => return Err(Error::InvalidLambdaResponse("Unrecognizable lambda output".into())),
    };
    Ok(CustomChallenge {
        public,
        private: response.remove("privateChallengeParameters").unwrap_or(Value::Null),
        metadata: response.get("challengeMetadata").and_then(Value::as_str).map(str::to_owned),
    })
}

/// Whether an answer is right.
pub async fn verify_auth_challenge(
    cause: &Cause<'_>,
    username: &str,
    user: Option<&User>,
    private: &Value,
    answer: &str,
) -> Result<bool> {
    let event = || {
        let request = json!({
            "userAttributes": user.map(attributes_of).unwrap_or_default(),
            "privateChallengeParameters": private,
            "challengeAnswer": answer,
            "clientMetadata": cause.metadata,
            "userNotFound": user.is_none(),
        });
        let response = json!({"answerCorrect": null});
        cause.event("VerifyAuthChallengeResponse_Authentication", username_of(username, user), request, response)
    };
    let Some(response) = cause.call(Trigger::VerifyAuthChallengeResponse, event).await? else {
        return Err(Error::InvalidParameter("Custom auth lambda trigger is not configured for the user pool.".into()));
    };
    match response.get("answerCorrect") {
        Some(Value::Bool(correct)) => Ok(*correct),
        _ => Err(Error::InvalidLambdaResponse("Unrecognizable lambda output".into())),
    }
}

/// A user whom a user migration trigger knows.
pub struct Migrated {
    pub username: Option<String>,
    pub attributes: Vec<Attribute>,
    /// Whether the user must set a new password.
    pub reset_required: bool,
    pub force_alias_creation: bool,
}

/// Asks for a user who is not here. `password`: `None` where it was forgotten. `None`: nobody there knows the user.
pub async fn user_migration(cause: &Cause<'_>, username: &str, password: Option<&str>) -> Result<Option<Migrated>> {
    let source = match password {
        Some(_) => "UserMigration_Authentication",
        None => "UserMigration_ForgotPassword",
    };
    let event = || {
        let mut request = json!({"validationData": cause.metadata, "clientMetadata": cause.metadata});
        if let Some(password) = password {
            request["password"] = json!(password);
        }
        let response = json!({"userAttributes": null, "forceAliasCreation": null, "finalUserStatus": null,
            "messageAction": null, "desiredDeliveryMediums": null});
        cause.event(source, username, request, response)
    };
    let response = match cause.call(Trigger::UserMigration, event).await {
        // Its way to say that there is no such user, or that the password is wrong.
        Err(Error::UserLambdaValidation(_)) | Ok(None) => return Ok(None),
        Err(other) => return Err(other),
        Ok(Some(response)) => response,
    };
    let Some(attributes) = response.get("userAttributes").and_then(Value::as_object) else { return Ok(None) };
    let mut username = None;
    let mut list = Vec::new();
    for (name, value) in attributes {
        let Some(text) = value.as_str() else {
            return Err(Error::InvalidLambdaResponse("Unrecognizable lambda output".into()));
        };
        match name.as_str() {
            "username" => username = Some(text.to_owned()),
            // A subject is this pool's own.
            "sub" => {}
            _ => list.push(Attribute { name: name.clone(), value: Some(text.to_owned()) }),
        }
    }
    Ok(Some(Migrated {
        username,
        attributes: list,
        reset_required: response.get("finalUserStatus").and_then(Value::as_str) == Some("RESET_REQUIRED"),
        force_alias_creation: response.get("forceAliasCreation") == Some(&Value::Bool(true)),
    }))
}

/// Calls a custom message trigger with an event that was made when the message was; `None`: the pool has none any more.
pub async fn custom_message(app: &App, pool: &Pool, event: &Value) -> Result<Option<Map<String, Value>>, Failure> {
    match function(pool, Trigger::CustomMessage) {
        Some(arn) => app.triggers.call(&pool.id, arn, event).await.map(Some),
        None => Ok(None),
    }
}

/// Claims that no trigger changes (developer guide, "Pre token generation Lambda trigger").
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
    /// Changes a token's claims, as far as a trigger may.
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
    /// The scopes of an access token that had these. Those of Amazon Cognito itself are nobody's to add.
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
