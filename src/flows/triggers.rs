//! The triggers of a pool (`LambdaConfig`): which event each receives, and how its response is used.
//!
//! Events and responses are those of the Amazon Cognito developer guide, "Customizing user pool workflows with Lambda
//! triggers". A trigger is never called inside a transaction, because the call may take seconds, in which rows would be
//! locked.

use serde_json::{Map, Value, json};

use crate::{
    app::App,
    delivery::Medium,
    error::{Error, Key, Result, Text},
    factor::ChallengeName,
    flows::accounts::attributes::Attribute,
    flows::pool_context::PoolContext,
    pending::Answered,
    store::{pools::Pool, users::User},
    triggers::Failure,
};

/// The triggers for which a pool may have functions, named as in `LambdaConfig`.
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
    CustomEmailSender,
    CustomSmsSender,
    UserMigration,
}

impl Trigger {
    /// The trigger that sends messages of this medium in Keystead's place.
    pub fn sender(medium: Medium) -> Self {
        match medium {
            Medium::Email => Self::CustomEmailSender,
            Medium::Sms => Self::CustomSmsSender,
        }
    }

    /// The name in `LambdaConfig`.
    pub fn name(self) -> &'static str {
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
            Self::CustomEmailSender => "CustomEmailSender",
            Self::CustomSmsSender => "CustomSMSSender",
            Self::UserMigration => "UserMigration",
        }
    }
}

/// The ARN of the pool's function for a trigger, if it has one.
pub fn function(pool: &Pool, trigger: Trigger) -> Option<&str> {
    let functions = pool.settings.rest.get("LambdaConfig")?;
    let versioned = match trigger {
        Trigger::PreTokenGeneration => &functions["PreTokenGenerationConfig"],
        _ => &functions[trigger.name()],
    };
    versioned["LambdaArn"].as_str().or_else(|| functions[trigger.name()].as_str())
}

/// A user's attributes as triggers receive them: as strings, with the subject and the status.
pub fn attributes_of(user: &User) -> Map<String, Value> {
    let mut out = user.attributes.clone();
    out.insert("sub".into(), json!(user.sub));
    out.insert("cognito:user_status".into(), json!(user.status.text()));
    out
}

impl PoolContext<'_> {
    /// Makes the event of a trigger.
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

    /// Calls the pool's function for a trigger, if it has one.
    pub async fn call(&self, trigger: Trigger, event: impl FnOnce() -> Value) -> Result<Option<Map<String, Value>>> {
        let Some(arn) = function(self.pool, trigger) else { return Ok(None) };
        let name = trigger.name();
        let called = self.app.triggers.call(&self.pool.id, arn, &event()).await;
        called.map(Some).map_err(|failure| {
            match &failure {
                // The function's own text is not logged, because it may contain anything.
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

/// Maps a failure to the error that the API reference has for it.
fn refusal(name: &str, failure: Failure) -> Error {
    match failure {
        Failure::Refused(text) => {
            let said = format!("{}.", text.trim_end_matches('.'));
            let words = format!("{name} failed with error {said}");
            Error::UserLambdaValidation(Text::keyed(Key::FunctionSaid(said), words))
        }
        Failure::Unrecognizable => unrecognizable(),
        Failure::Unreachable(why) => {
            Error::UnexpectedLambda(format!("{name} invocation failed due to error {why}.").into())
        }
        Failure::Busy => Error::TooManyRequests("Too many triggers are at work; try again in a second.".into()),
    }
}

/// The error for a response that does not say what to do.
pub fn unrecognizable() -> Error {
    Error::InvalidLambdaResponse("Unrecognizable lambda output".into())
}

/// What a pre sign-up trigger decides about a new user.
#[derive(Default)]
pub struct PreSignUp {
    pub confirm: bool,
    /// The addresses that count as verified: `email`, `phone_number`.
    pub verified: Vec<&'static str>,
}

/// Calls the pre sign-up trigger, before a user is created. `source` is `PreSignUp_SignUp` or
/// `PreSignUp_AdminCreateUser`.
pub async fn pre_sign_up(
    context: &PoolContext<'_>,
    source: &str,
    username: &str,
    attributes: &Map<String, Value>,
    validation_data: &[Attribute],
) -> Result<PreSignUp> {
    let event = || {
        let data: Map<_, _> =
            validation_data.iter().map(|one| (one.name.clone(), json!(one.value.as_deref().unwrap_or("")))).collect();
        // If the caller gives no validation data or no client metadata, that member is null (docs/cognito.md 3.4).
        let given = |map: &Map<String, Value>| if map.is_empty() { Value::Null } else { json!(map) };
        let (data, metadata) = (given(&data), given(context.metadata));
        let request = json!({"userAttributes": attributes, "validationData": data, "clientMetadata": metadata});
        let response = json!({"autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false});
        context.event(source, username, request, response)
    };
    let Some(response) = context.call(Trigger::PreSignUp, event).await? else { return Ok(PreSignUp::default()) };
    let says = |member: &str| response.get(member) == Some(&Value::Bool(true));
    let verified = [("autoVerifyEmail", "email"), ("autoVerifyPhone", "phone_number")];
    Ok(PreSignUp {
        confirm: says("autoConfirmUser"),
        verified: verified.into_iter().filter(|(member, _)| says(member)).map(|(_, name)| name).collect(),
    })
}

/// Calls the post confirmation trigger, after a user was confirmed.
///
/// `source` is `PostConfirmation_ConfirmSignUp` or `PostConfirmation_ConfirmForgotPassword`.
pub async fn post_confirmation(context: &PoolContext<'_>, source: &str, user: &User) -> Result<()> {
    let event = || {
        let request = json!({"userAttributes": attributes_of(user), "clientMetadata": context.metadata});
        context.event(source, &user.username, request, json!({}))
    };
    context.call(Trigger::PostConfirmation, event).await.map(|_| ())
}

/// Calls the pre authentication trigger, before the server checks any proof of a person.
///
/// `user` is `None` for an unknown person, if the client hides which users exist.
pub async fn pre_authentication(context: &PoolContext<'_>, username: &str, user: Option<&User>) -> Result<()> {
    let event = || {
        let request = json!({
            "userAttributes": user.map(attributes_of).unwrap_or_default(),
            "validationData": context.metadata,
            "userNotFound": user.is_none(),
        });
        context.event("PreAuthentication_Authentication", username_of(username, user), request, json!({}))
    };
    context.call(Trigger::PreAuthentication, event).await.map(|_| ())
}

/// Calls the post authentication trigger, after a person signed in.
pub async fn post_authentication(context: &PoolContext<'_>, user: &User, new_device: bool) -> Result<()> {
    let event = || {
        let request = json!({
            "userAttributes": attributes_of(user),
            "newDeviceUsed": new_device,
            "clientMetadata": context.metadata,
        });
        context.event("PostAuthentication_Authentication", &user.username, request, json!({}))
    };
    context.call(Trigger::PostAuthentication, event).await.map(|_| ())
}

fn username_of<'a>(typed: &'a str, user: Option<&'a User>) -> &'a str {
    user.map_or(typed, |user| &user.username)
}

/// Calls one of the three triggers of custom challenges. Fails if the pool does not have the trigger.
async fn auth_challenge(
    context: &PoolContext<'_>,
    trigger: Trigger,
    (username, user): (&str, Option<&User>),
    mut request: Value,
    response: Value,
) -> Result<Map<String, Value>> {
    let event = || {
        request["userAttributes"] = user.map(attributes_of).unwrap_or_default().into();
        request["clientMetadata"] = context.metadata.clone().into();
        request["userNotFound"] = user.is_none().into();
        let source = format!("{}_Authentication", trigger.name());
        context.event(&source, username_of(username, user), request, response)
    };
    let answer = context.call(trigger, event).await?;
    answer.ok_or_else(|| {
        Error::InvalidParameter("Custom auth lambda trigger is not configured for the user pool.".into())
    })
}

/// What a define auth challenge trigger decides.
pub enum Decision {
    /// The person must answer this challenge next.
    Ask(ChallengeName),
    Issue,
    Fail,
}

/// Calls the define auth challenge trigger, which decides what comes next in a sign-in by custom challenges. `session`
/// has the challenges answered so far.
pub async fn define_auth_challenge(
    context: &PoolContext<'_>,
    username: &str,
    user: Option<&User>,
    session: &[Answered],
) -> Result<Decision> {
    let request = json!({"session": session});
    let response = json!({"challengeName": null, "issueTokens": null, "failAuthentication": null});
    let response = auth_challenge(context, Trigger::DefineAuthChallenge, (username, user), request, response).await?;
    let says = |member: &str| response.get(member) == Some(&Value::Bool(true));
    match response.get("challengeName").and_then(Value::as_str).filter(|name| !name.is_empty()) {
        _ if says("failAuthentication") => Ok(Decision::Fail),
        _ if says("issueTokens") => Ok(Decision::Issue),
        Some(name) => name.parse().map(Decision::Ask).map_err(|_| unrecognizable()),
        None => Err(unrecognizable()),
    }
}

/// A challenge that a create auth challenge trigger made.
pub struct CustomChallenge {
    pub public: Map<String, Value>,
    pub private: Value,
    pub metadata: Option<String>,
}

/// Calls the create auth challenge trigger, which makes a custom challenge.
pub async fn create_auth_challenge(
    context: &PoolContext<'_>,
    username: &str,
    user: Option<&User>,
    session: &[Answered],
) -> Result<CustomChallenge> {
    let request = json!({"challengeName": ChallengeName::CustomChallenge, "session": session});
    let response =
        json!({"publicChallengeParameters": null, "privateChallengeParameters": null, "challengeMetadata": null});
    let mut response =
        auth_challenge(context, Trigger::CreateAuthChallenge, (username, user), request, response).await?;
    let public = match response.remove("publicChallengeParameters") {
        Some(Value::Object(public)) if public.values().all(Value::is_string) => public,
        None | Some(Value::Null) => Map::new(),
        Some(_) => return Err(unrecognizable()),
    };
    Ok(CustomChallenge {
        public,
        private: response.remove("privateChallengeParameters").unwrap_or(Value::Null),
        metadata: response.get("challengeMetadata").and_then(Value::as_str).map(str::to_owned),
    })
}

/// Calls the verify auth challenge response trigger. Returns whether the answer to a custom challenge is right.
pub async fn verify_auth_challenge(
    context: &PoolContext<'_>,
    username: &str,
    user: Option<&User>,
    private: &Value,
    answer: &str,
) -> Result<bool> {
    let (trigger, response) = (Trigger::VerifyAuthChallengeResponse, json!({"answerCorrect": null}));
    let request = json!({"privateChallengeParameters": private, "challengeAnswer": answer});
    let response = auth_challenge(context, trigger, (username, user), request, response).await?;
    match response.get("answerCorrect") {
        Some(Value::Bool(correct)) => Ok(*correct),
        _ => Err(unrecognizable()),
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

/// Calls the user migration trigger for a user who does not exist in this pool.
///
/// `password` is `None` if the user forgot it. Returns `None` if there is no trigger, if the trigger does not know the
/// user, or if the trigger says that the password is wrong.
pub async fn user_migration(
    context: &PoolContext<'_>,
    username: &str,
    password: Option<&str>,
) -> Result<Option<Migrated>> {
    let source = match password {
        Some(_) => "UserMigration_Authentication",
        None => "UserMigration_ForgotPassword",
    };
    let event = || {
        let mut request = json!({"validationData": context.metadata, "clientMetadata": context.metadata});
        if let Some(password) = password {
            request["password"] = json!(password);
        }
        let response = json!({"userAttributes": null, "forceAliasCreation": null, "finalUserStatus": null,
            "messageAction": null, "desiredDeliveryMediums": null});
        context.event(source, username, request, response)
    };
    let response = match context.call(Trigger::UserMigration, event).await {
        // This is how a function says that there is no such user, or that the password is wrong.
        Err(Error::UserLambdaValidation(_)) | Ok(None) => return Ok(None),
        Err(other) => return Err(other),
        Ok(Some(response)) => response,
    };
    let Some(attributes) = response.get("userAttributes").and_then(Value::as_object) else { return Ok(None) };
    let mut username = None;
    let mut list = Vec::new();
    for (name, value) in attributes {
        let Some(text) = value.as_str() else {
            return Err(unrecognizable());
        };
        match name.as_str() {
            "username" => username = Some(text.to_owned()),
            // The pool assigns its own subjects.
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

/// Calls the custom message trigger with an event that was made together with the message.
///
/// Returns `None` if the pool has no such trigger any more.
pub async fn custom_message(app: &App, pool: &Pool, event: &Value) -> Result<Option<Map<String, Value>>, Failure> {
    match function(pool, Trigger::CustomMessage) {
        Some(arn) => app.triggers.call(&pool.id, arn, event).await.map(Some),
        None => Ok(None),
    }
}

/// Lets the pool's sender function send a message, whose code the event gets encrypted. The event was made together
/// with the message.
///
/// Returns `false` if the pool has no such function any more.
pub async fn custom_sender(
    app: &App,
    pool: &Pool,
    medium: Medium,
    mut event: Value,
    code: &str,
) -> Result<bool, Failure> {
    let Some(arn) = function(pool, Trigger::sender(medium)) else { return Ok(false) };
    event["request"]["code"] = json!(app.triggers.encrypted(code)?);
    app.triggers.order(&pool.id, arn, &event).await.map(|()| true)
}
