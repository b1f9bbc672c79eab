//! The official AWS SDK for Rust, unmodified, through a passkey's whole life.

use aws_sdk_cognitoidentityprovider::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
    error::ProvideErrorMetadata,
    operation::RequestId,
    types::{
        AuthFactorType, AuthFlowType, ChallengeNameType, ExplicitAuthFlowsType, SignInPolicyType, UserPoolPolicyType,
        UserVerificationType, WebAuthnConfigurationType,
    },
};
use aws_smithy_types::{Document, Number};
use keystead::dev::authenticator::{Authenticator, Spoil};
use serde_json::Value;

use crate::support::{ORIGIN, PASSWORD, TestServer};

/// The SDK as an operator of the server or load balancer at this address would set it up.
pub fn client(url: &str) -> Client {
    let credentials =
        Credentials::new("AKIATESTTESTTESTTEST", "test-secret-access-key-0123456789abcdefgh", None, None, "test");
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(credentials)
        .build();
    Client::from_conf(config)
}

fn json(document: &Document) -> Value {
    match document {
        Document::Object(map) => map.iter().map(|(key, value)| (key.clone(), json(value))).collect(),
        Document::Array(items) => items.iter().map(json).collect(),
        Document::String(text) => text.as_str().into(),
        Document::Bool(flag) => (*flag).into(),
        Document::Number(Number::PosInt(n)) => (*n).into(),
        Document::Number(Number::NegInt(n)) => (*n).into(),
        Document::Number(Number::Float(n)) => (*n).into(),
        Document::Null => Value::Null,
    }
}

fn document(json: &Value) -> Document {
    match json {
        Value::Object(map) => Document::Object(map.iter().map(|(key, value)| (key.clone(), document(value))).collect()),
        Value::Array(items) => Document::Array(items.iter().map(document).collect()),
        Value::String(text) => Document::String(text.clone()),
        Value::Bool(flag) => Document::Bool(*flag),
        Value::Number(n) => Document::Number(n.as_u64().map_or_else(
            || n.as_i64().map_or_else(|| Number::Float(n.as_f64().unwrap()), Number::NegInt),
            Number::PosInt,
        )),
        Value::Null => Document::Null,
    }
}

#[tokio::test]
async fn a_passkeys_whole_life() {
    let server = TestServer::start().await;
    let sdk = client(&server.url);
    // An operator makes a pool with passkeys, a client and a user.
    let factors = SignInPolicyType::builder()
        .allowed_first_auth_factors(AuthFactorType::Password)
        .allowed_first_auth_factors(AuthFactorType::WebAuthn)
        .build();
    let policies = UserPoolPolicyType::builder().sign_in_policy(factors).build();
    let made = sdk.create_user_pool().pool_name("shop").policies(policies).send().await.unwrap();
    let pool = made.user_pool().unwrap().id().unwrap().to_owned();
    let web_authn = WebAuthnConfigurationType::builder()
        .relying_party_id("localhost")
        .user_verification(UserVerificationType::Required)
        .build();
    sdk.set_user_pool_mfa_config().user_pool_id(&pool).web_authn_configuration(web_authn).send().await.unwrap();
    let made = sdk
        .create_user_pool_client()
        .user_pool_id(&pool)
        .client_name("web")
        .explicit_auth_flows(ExplicitAuthFlowsType::AllowUserAuth)
        .explicit_auth_flows(ExplicitAuthFlowsType::AllowRefreshTokenAuth)
        .send()
        .await
        .unwrap();
    let app = made.user_pool_client().unwrap().client_id().unwrap().to_owned();
    let temporary = "Temp0rary!";
    sdk.admin_create_user().user_pool_id(&pool).username("ada").temporary_password(temporary).send().await.unwrap();
    // The user signs in for the first time, with a new password.
    let challenge = sdk
        .initiate_auth()
        .auth_flow(AuthFlowType::UserAuth)
        .client_id(&app)
        .auth_parameters("USERNAME", "ada")
        .auth_parameters("PREFERRED_CHALLENGE", "PASSWORD")
        .auth_parameters("PASSWORD", temporary)
        .send()
        .await
        .unwrap();
    assert_eq!(challenge.challenge_name(), Some(&ChallengeNameType::NewPasswordRequired));
    let signed_in = sdk
        .respond_to_auth_challenge()
        .client_id(&app)
        .challenge_name(ChallengeNameType::NewPasswordRequired)
        .session(challenge.session().unwrap())
        .challenge_responses("USERNAME", "ada")
        .challenge_responses("NEW_PASSWORD", PASSWORD)
        .send()
        .await
        .unwrap();
    let access = signed_in.authentication_result().unwrap().access_token().unwrap().to_owned();
    // Registers a passkey and sees it.
    let started = sdk.start_web_authn_registration().access_token(&access).send().await.unwrap();
    let options = json(started.credential_creation_options());
    let mut authenticator = Authenticator::new();
    let credential = authenticator.create(&options, ORIGIN, &Spoil::default()).unwrap();
    let complete = sdk.complete_web_authn_registration().access_token(&access).credential(document(&credential));
    assert!(complete.send().await.unwrap().request_id().is_some());
    let listed = sdk.list_web_authn_credentials().access_token(&access).send().await.unwrap();
    let [passkey] = listed.credentials() else { panic!("{listed:?}") };
    assert_eq!(passkey.credential_id(), credential["id"].as_str().unwrap());
    let factors = sdk.get_user_auth_factors().access_token(&access).send().await.unwrap();
    assert!(factors.configured_user_auth_factors().contains(&AuthFactorType::WebAuthn));
    // Signs in with it.
    let begin = || {
        sdk.initiate_auth()
            .auth_flow(AuthFlowType::UserAuth)
            .client_id(&app)
            .auth_parameters("USERNAME", "ada")
            .auth_parameters("PREFERRED_CHALLENGE", "WEB_AUTHN")
            .send()
    };
    let challenge = begin().await.unwrap();
    assert_eq!(challenge.challenge_name(), Some(&ChallengeNameType::WebAuthn));
    let options = &challenge.challenge_parameters().unwrap()["CREDENTIAL_REQUEST_OPTIONS"];
    let assertion = authenticator.get(&options.parse().unwrap(), ORIGIN, &Spoil::default()).unwrap();
    let answer = sdk
        .respond_to_auth_challenge()
        .client_id(&app)
        .challenge_name(ChallengeNameType::WebAuthn)
        .session(challenge.session().unwrap())
        .challenge_responses("USERNAME", "ada")
        .challenge_responses("CREDENTIAL", assertion.to_string())
        .send()
        .await
        .unwrap();
    let access = answer.authentication_result().unwrap().access_token().unwrap().to_owned();
    // Deletes it: 200 with nothing in it, then it is not there.
    let delete =
        || sdk.delete_web_authn_credential().access_token(&access).credential_id(passkey.credential_id()).send();
    delete().await.unwrap();
    let again = delete().await.unwrap_err().into_service_error();
    assert!(again.is_resource_not_found_exception(), "{again:?}");
    assert_eq!(again.message(), Some("The passkey does not exist."));
    assert_eq!(begin().await.unwrap().challenge_name(), Some(&ChallengeNameType::SelectChallenge));
    // Signs out everywhere.
    sdk.global_sign_out().access_token(&access).send().await.unwrap();
    let refusal = sdk.get_user().access_token(&access).send().await.unwrap_err().into_service_error();
    assert!(refusal.is_not_authorized_exception());
    assert_eq!(refusal.message(), Some("Access Token has been revoked"));
}

#[tokio::test]
async fn errors_arrive_as_the_sdks_own_types() {
    let server = TestServer::start().await;
    let sdk = client(&server.url);
    let error = sdk.describe_user_pool().user_pool_id("us-east-1_Nowhere00").send().await.unwrap_err();
    let error = error.into_service_error();
    assert!(error.is_resource_not_found_exception(), "{error:?}");
    let error = sdk.initiate_auth().client_id("nobody").auth_flow(AuthFlowType::UserAuth).send().await.unwrap_err();
    let error = error.into_service_error();
    assert!(error.is_resource_not_found_exception());
    assert_eq!(error.message(), Some("User pool client nobody does not exist."));
}

#[tokio::test]
async fn lists_are_paginated_by_the_sdk() {
    let server = TestServer::start().await;
    for n in 0..5 {
        server.user(&format!("user{n}")).await;
    }
    let pages =
        client(&server.url).list_users().user_pool_id(crate::support::pool()).limit(2).into_paginator().items().send();
    let users: Vec<_> = pages.collect::<Result<_, _>>().await.unwrap();
    assert_eq!(users.len(), 5);
}
