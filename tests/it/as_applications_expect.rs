//! What applications, templates and tools that were written for Amazon Cognito send, and what they expect.
//! `docs/cognito.md` has the sources.

use keystead::dev::authenticator::{Algorithm, Attestation, Spoil};
use serde_json::{Value, json};

use crate::support::{Browser, ORIGIN, PASSWORD, Person, TestServer, client, initiate, pool, pool_with, respond};

async fn attributes_of(server: &TestServer, pool: &str, username: &str) -> Vec<(String, String)> {
    let shown = server.operator("AdminGetUser", json!({"UserPoolId": pool, "Username": username})).await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = shown["UserAttributes"].as_array().unwrap().iter();
    list.map(|one| (text(&one["Name"]), text(&one["Value"]))).filter(|(name, _)| name != "sub").collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn the_type_of_a_standard_attribute_need_not_be_given() {
    let server = TestServer::start().await;
    let schema = json!([{"Name": "email", "Required": true, "Mutable": true}, {"Name": "updated_at"},
        {"Name": "tenant", "AttributeDataType": "String"}]);
    let made = server.operator("CreateUserPool", json!({"PoolName": "cdk", "Schema": schema})).await.ok();
    let made = made["UserPool"]["SchemaAttributes"].as_array().unwrap().clone();
    let of = |name: &str| made.iter().find(|one| one["Name"] == name).unwrap().clone();
    assert_eq!((&of("email")["AttributeDataType"], &of("email")["Required"]), (&json!("String"), &json!(true)));
    assert_eq!(of("updated_at")["AttributeDataType"], "Number");
    assert_eq!(of("custom:tenant")["AttributeDataType"], "String");
    let custom = json!({"PoolName": "cdk", "Schema": [{"Name": "tenant"}]});
    assert_eq!(server.operator("CreateUserPool", custom).await.outcome(), "InvalidParameterException");
}

#[tokio::test]
async fn a_blank_value_deletes_an_attribute() {
    let server = TestServer::start().await;
    let schema = json!([{"Name": "name", "Required": true, "Mutable": true}]);
    let (pool, client) = pool_with(&server, json!({"Schema": schema}), json!({})).await;
    let given = [("name", "Ada"), ("nickname", "A."), ("email", "ada@example.com"), ("email_verified", "true")];
    let given: Vec<_> = given.iter().map(|(name, value)| json!({"Name": name, "Value": value})).collect();
    let input = json!({"UserPoolId": pool, "Username": "ada", "UserAttributes": given, "MessageAction": "SUPPRESS"});
    server.operator("AdminCreateUser", input).await.ok();
    let set = json!({"UserPoolId": pool, "Username": "ada", "Password": PASSWORD, "Permanent": true});
    server.operator("AdminSetUserPassword", set).await.ok();
    let mut ada = Person::new(&server, "ada", "");
    ada.sign_in_to(&client).await;
    let blank = |name: &str| json!({"UserAttributes": [{"Name": name, "Value": ""}]});
    ada.call("UpdateUserAttributes", blank("nickname")).await.ok();
    let left = [("name", "Ada"), ("email", "ada@example.com"), ("email_verified", "true")];
    assert_eq!(attributes_of(&server, &pool, "ada").await, pairs(&left));
    // A blank value of what is not there changes nothing; a required one stays.
    ada.call("UpdateUserAttributes", blank("nickname")).await.ok();
    assert_eq!(ada.call("UpdateUserAttributes", blank("name")).await.outcome(), "InvalidParameterException");
    assert_eq!(attributes_of(&server, &pool, "ada").await, pairs(&left));
    // With the address goes its mark.
    let input = json!({"UserPoolId": pool, "Username": "ada", "UserAttributes": [{"Name": "email", "Value": ""}]});
    server.operator("AdminUpdateUserAttributes", input).await.ok();
    assert_eq!(attributes_of(&server, &pool, "ada").await, pairs(&[("name", "Ada")]));
}

#[tokio::test]
async fn pass_phrases_have_spaces_inside() {
    let server = TestServer::start().await;
    let phrase = "Correct 1 horse! staple";
    let sign_up = json!({"ClientId": client(), "Username": "eve", "Password": phrase});
    server.call("SignUp", sign_up).await.ok();
    let mut ada = server.user("ada").await;
    let set =
        |password: &str| json!({"UserPoolId": pool(), "Username": "ada", "Password": password, "Permanent": true});
    server.operator("AdminSetUserPassword", set(phrase)).await.ok();
    let tokens = ada.password_sign_in(client(), phrase).await.ok();
    ada.keep_tokens(&tokens);
    let change = json!({"PreviousPassword": phrase, "ProposedPassword": "Another 1 horse! staple"});
    ada.call("ChangePassword", change).await.ok();
    for outside in [" Correct 1 horse!", "Correct 1 horse! ", "C"] {
        assert_eq!(server.operator("AdminSetUserPassword", set(outside)).await.outcome(), "InvalidParameterException");
    }
    let made = json!({"UserPoolId": pool(), "Username": "bob", "TemporaryPassword": phrase});
    server.operator("AdminCreateUser", made).await.ok();
    let challenge = Person::new(&server, "bob", "").password_sign_in(client(), phrase).await.ok();
    let answer = |password: &str| {
        let responses = json!({"USERNAME": "bob", "NEW_PASSWORD": password});
        respond(client(), "NEW_PASSWORD_REQUIRED", &challenge["Session"], responses)
    };
    let refused = server.call("RespondToAuthChallenge", answer("Correct 1 horse! ")).await.outcome();
    assert_eq!(refused, "InvalidPasswordException", "nobody could change it later");
    server.call("RespondToAuthChallenge", answer("Battery 2 horse! staple")).await.ok();
}

#[tokio::test]
async fn a_blank_password_is_none() {
    let server = TestServer::start().await;
    let members = json!({"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
        "AutoVerifiedAttributes": ["email"]});
    let (pool, client) = pool_with(&server, members, json!({})).await;
    let email = |name: &str| json!([{"Name": "email", "Value": format!("{name}@example.com")}]);
    let sign_up = json!({"ClientId": client, "Username": "eve", "Password": "", "UserAttributes": email("eve")});
    server.call("SignUp", sign_up).await.ok();
    let made = json!({"UserPoolId": pool, "Username": "bob", "TemporaryPassword": "", "UserAttributes": email("bob")});
    let made = server.operator("AdminCreateUser", made).await.ok();
    assert_eq!(made["User"]["UserStatus"], "CONFIRMED");
    let set = json!({"UserPoolId": pool, "Username": "bob", "Password": "", "Permanent": true});
    assert_eq!(server.operator("AdminSetUserPassword", set).await.outcome(), "InvalidParameterException");
}

#[tokio::test]
async fn required_attributes_are_supplied_with_the_first_password() {
    let server = TestServer::start().await;
    let schema = json!([{"Name": "email", "Required": true, "Mutable": true}, {"Name": "given_name", "Required": true, "Mutable": true}]);
    let (pool, client) = pool_with(&server, json!({"Schema": schema}), json!({})).await;
    let input = json!({"UserPoolId": pool, "Username": "ada", "TemporaryPassword": "Temp0rary!",
        "UserAttributes": [{"Name": "email", "Value": "ada@example.com"}]});
    server.operator("AdminCreateUser", input).await.ok();
    let asked = initiate(&client, "USER_PASSWORD_AUTH", json!({"USERNAME": "ada", "PASSWORD": "Temp0rary!"}));
    let challenge = server.call("InitiateAuth", asked).await.ok();
    let required = challenge["ChallengeParameters"]["requiredAttributes"].as_str().unwrap();
    assert_eq!(required, r#"["userAttributes.given_name"]"#);
    let answer = |more: &[(&str, &str)]| {
        let mut responses = json!({"USERNAME": "ada", "NEW_PASSWORD": PASSWORD});
        for (name, value) in more {
            responses[format!("userAttributes.{name}")] = json!(value);
        }
        respond(&client, "NEW_PASSWORD_REQUIRED", &challenge["Session"], responses)
    };
    let refused = server.call("RespondToAuthChallenge", answer(&[])).await.refused();
    assert_eq!(refused, "400 InvalidParameterException: Invalid attributes given, given_name is missing");
    let both = [("given_name", "Ada"), ("email", "ada@example.com")];
    let refused = server.call("RespondToAuthChallenge", answer(&both)).await.refused();
    assert_eq!(refused, "400 NotAuthorizedException: Cannot modify an already provided email");
    let tokens = server.call("RespondToAuthChallenge", answer(&both[..1])).await.ok();
    assert!(tokens["AuthenticationResult"]["IdToken"].is_string());
    assert!(attributes_of(&server, &pool, "ada").await.contains(&("given_name".into(), "Ada".into())));
}

#[tokio::test]
async fn rotation_needs_no_list_of_flows() {
    let server = TestServer::start().await;
    let client = json!({"UserPoolId": pool(), "ClientName": "cdk", "RefreshTokenRotation": {"Feature": "ENABLED"}});
    let made = server.operator("CreateUserPoolClient", client).await.ok();
    assert_eq!(made["UserPoolClient"]["ExplicitAuthFlows"], json!(["ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"]));
}

#[tokio::test]
async fn an_updates_sms_configuration_is_that_of_mfa() {
    let server = TestServer::start().await;
    let sms = |caller: &str| json!({"SnsCallerArn": format!("arn:aws:iam::000000000000:role/{caller}")});
    let made = server.operator("CreateUserPool", json!({"PoolName": "sms", "SmsConfiguration": sms("old")})).await.ok();
    let id = made["UserPool"]["Id"].clone();
    server.operator("UpdateUserPool", json!({"UserPoolId": id, "SmsConfiguration": sms("new")})).await.ok();
    let shown = server.operator("GetUserPoolMfaConfig", json!({"UserPoolId": id})).await.ok();
    assert_eq!(shown["SmsMfaConfiguration"]["SmsConfiguration"], sms("new"));
}

#[tokio::test]
async fn an_update_that_leaves_the_tier_out_keeps_it() {
    let server = TestServer::start().await;
    let made = server.operator("CreateUserPool", json!({"PoolName": "plus", "UserPoolTier": "PLUS"})).await.ok();
    let id = made["UserPool"]["Id"].clone();
    server.operator("UpdateUserPool", json!({"UserPoolId": id})).await.ok();
    let shown = server.operator("DescribeUserPool", json!({"UserPoolId": id})).await.ok();
    assert_eq!(shown["UserPool"]["UserPoolTier"], "PLUS");
    server.operator("UpdateUserPool", json!({"UserPoolId": id, "UserPoolTier": "LITE"})).await.ok();
    let shown = server.operator("DescribeUserPool", json!({"UserPoolId": id})).await.ok();
    assert_eq!(shown["UserPool"]["UserPoolTier"], "LITE");
}

#[tokio::test]
async fn errors_have_the_words_that_applications_look_for() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mfa = json!({"UserPoolId": pool(), "Username": "ada",
        "SoftwareTokenMfaSettings": {"Enabled": true, "PreferredMfa": true}});
    assert_eq!(
        server.operator("AdminSetUserMFAPreference", mfa).await.refused(),
        "400 InvalidParameterException: User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA"
    );
    assert_eq!(
        server.operator("ListUsers", json!({"UserPoolId": pool(), "AttributesToGet": ["shoe"]})).await.refused(),
        "400 InvalidParameterException: One or more requested attributes do not exist."
    );
    let weak = json!({"ClientId": client(), "Username": "ada", "ConfirmationCode": "123456", "Password": "password"});
    assert_eq!(
        server.call("ConfirmForgotPassword", weak).await.refused(),
        "400 InvalidPasswordException: Password does not conform to policy: Password must have uppercase characters"
    );
}

#[tokio::test]
async fn where_operators_alone_recover_everybody_is_told_so() {
    let server = TestServer::start().await;
    let recovery = json!({"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]});
    let settings = json!({"PreventUserExistenceErrors": "ENABLED"});
    let (pool, client) = pool_with(&server, json!({"AccountRecoverySetting": recovery}), settings).await;
    server.user_in(&pool, "ada").await;
    for username in ["ada", "nobody"] {
        let refused = server.call("ForgotPassword", json!({"ClientId": client, "Username": username})).await.refused();
        assert_eq!(refused, "400 NotAuthorizedException: Contact administrator to reset password.");
    }
    // An operator's reset is mailed, and its code is good.
    let verified = json!([{"Name": "email", "Value": "ada@example.com"}, {"Name": "email_verified", "Value": "true"}]);
    let named = json!({"UserPoolId": pool, "Username": "ada", "UserAttributes": verified});
    server.operator("AdminUpdateUserAttributes", named).await.ok();
    server.operator("AdminResetUserPassword", json!({"UserPoolId": pool, "Username": "ada"})).await.ok();
    let code = server.code("ada@example.com", 1).await;
    let reset = json!({"ClientId": client, "Username": "ada", "ConfirmationCode": code, "Password": "N3w-Passw0rd"});
    server.call("ConfirmForgotPassword", reset).await.ok();
}

#[tokio::test]
async fn long_rsa_keys_are_registered_and_sign_in() {
    let server = TestServer::start().await;
    for (bits, attestation) in [(3072, Attestation::None), (4096, Attestation::Packed)] {
        let mut ada = server.signed_in(&format!("ada{bits}")).await;
        (ada.authenticator.prefer, ada.authenticator.rsa_bits) = (Some(Algorithm::Rs256), Some(bits));
        ada.authenticator.attestation = attestation;
        let options = ada.start_registration().await;
        let spoiled =
            ada.authenticator.create(&options, ORIGIN, &Spoil { signature: true, ..Spoil::default() }).unwrap();
        if attestation == Attestation::Packed {
            let refused = ada.call("CompleteWebAuthnRegistration", json!({"Credential": spoiled})).await.outcome();
            assert_eq!(refused, "InvalidParameterException", "{bits}");
        }
        ada.add_passkey().await;
        ada.passkey_sign_in(&Spoil::default()).await.ok();
        let refused = ada.passkey_sign_in(&Spoil { signature: true, ..Spoil::default() }).await;
        assert_eq!(refused.outcome(), "NotAuthorizedException", "{bits}");
    }
}

#[tokio::test]
async fn documents_can_be_read_by_pages_of_other_origins_and_by_monitors() {
    let server = TestServer::start().await;
    let at = |path: &str| format!("{}{path}", server.url);
    let (keys, discovery) =
        (format!("/{}/.well-known/jwks.json", pool()), format!("/{}/.well-known/openid-configuration", pool()));
    let own = format!("/.well-known/oauth-authorization-server/{}", pool());
    for path in [keys.as_str(), &discovery, &own, "/health/live", "/health/ready"] {
        let head = server.http.head(at(path)).send().await.unwrap();
        assert_eq!(head.status(), 200, "{path}");
        let asked = [("origin", "https://app.example"), ("access-control-request-method", "GET")];
        let mut preflight = server.http.request(reqwest::Method::OPTIONS, at(path));
        for (name, value) in asked {
            preflight = preflight.header(name, value);
        }
        let preflight = preflight.send().await.unwrap();
        assert_eq!(
            (preflight.status().as_u16(), &preflight.headers()["access-control-allow-origin"]),
            (200, &"*".parse().unwrap()),
            "{path}"
        );
    }
    let unknown = server.http.get(at("/us-east-1_Nobody123/.well-known/jwks.json")).send().await.unwrap();
    assert_eq!(
        (unknown.status().as_u16(), &unknown.headers()["access-control-allow-origin"]),
        (404, &"*".parse().unwrap())
    );
    let read = async |path: &str| server.http.get(at(path)).send().await.unwrap().json::<Value>().await.unwrap();
    let metadata = read(&own).await;
    assert_eq!(
        (&metadata, &metadata["issuer"]),
        (&read(&discovery).await, &json!(format!("http://localhost:9229/{}", pool())))
    );
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
}

#[tokio::test]
async fn who_signs_in_with_an_address_is_shown_the_address() {
    let server = TestServer::start().await;
    let members = json!({"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"],
        "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}});
    let settings = json!({"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid"], "CallbackURLs": ["http://localhost:3000/"]});
    let (pool, client) = pool_with(&server, members, settings).await;
    let web_authn = json!({"UserPoolId": pool, "WebAuthnConfiguration": {"RelyingPartyId": "localhost"}});
    server.operator("SetUserPoolMfaConfig", web_authn).await.ok();
    let policy = json!({"UserPoolId": pool, "PasskeyPolicy": {"SignalUserDetails": true}});
    server.operator("SetUserPoolPasskeyPolicy", policy).await.ok();
    let email = "ada@example.com";
    let mut ada = server.user_in(&pool, email).await;
    ada.sign_in_to(&client).await;
    let options = ada.start_registration().await;
    assert_eq!((&options["user"]["name"], &options["user"]["displayName"]), (&json!(email), &json!(email)));
    let signals = ada.call("GetPasskeySignals", json!({})).await.ok();
    assert_eq!(signals["CurrentUserDetails"], json!({"Name": email, "DisplayName": email}));
    let mut browser = Browser::new(&server);
    let account = format!("/account?client_id={client}");
    let signed_in = browser.sign_in(&format!("/login?client_id={client}"), email).await;
    assert!(signed_in.location().starts_with("/account"), "{} {}", signed_in.status, signed_in.text);
    let page = browser.get(&account).await;
    assert!(page.text.contains(&format!("<p class=\"who\"><span>{email}</span></p>")), "{}", page.text);
}
