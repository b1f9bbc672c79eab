//! Second factors: authenticator apps, codes that are sent, passkeys that verify their user.

use keystead::dev::authenticator::Spoil;
use serde_json::{Value, json};
use time::Duration;
use totp_rs::{Builder, Secret};

use crate::support::{PASSWORD, Person, TestServer, all, initiate, pool_with};

const EMAIL: &str = "ada@example.com";
const MISMATCH: &str = "400 CodeMismatchException: Invalid code received for user";

struct Stage {
    server: TestServer,
    pool: String,
    client: String,
    ada: Person,
}

impl Stage {
    /// A pool with authenticator apps and codes by mail as second factors, and a confirmed user with a verified address.
    async fn with(mfa: &str) -> Self {
        Self::on(TestServer::start().await, mfa).await
    }

    async fn on(server: TestServer, mfa: &str) -> Self {
        let factors = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}});
        let email = json!({"EmailSendingAccount": "DEVELOPER", "From": "id@example.com"});
        let members = json!({"Policies": factors, "EmailConfiguration": email});
        let flows = ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"];
        let (pool, client) = pool_with(&server, members, json!({"ExplicitAuthFlows": flows})).await;
        let mut ada = server.user_in(&pool, "ada").await;
        let attributes = json!([{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "true"}]);
        let input = json!({"UserPoolId": pool, "Username": "ada", "UserAttributes": attributes});
        server.operator("AdminUpdateUserAttributes", input).await.ok();
        ada.sign_in_to(&client).await;
        let stage = Self { server, pool, client, ada };
        stage.configure(mfa).await;
        stage
    }

    async fn configure(&self, mfa: &str) {
        let web_authn =
            json!({"RelyingPartyId": "localhost", "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"});
        let input = json!({"UserPoolId": self.pool, "MfaConfiguration": mfa, "WebAuthnConfiguration": web_authn,
            "SoftwareTokenMfaConfiguration": {"Enabled": true}, "EmailMfaConfiguration": {"Message": "Second: {####}"}});
        self.server.operator("SetUserPoolMfaConfig", input).await.ok();
    }

    /// Ada's authenticator app, set up and switched on.
    async fn app(&self) -> App {
        let secret = self.ada.call("AssociateSoftwareToken", json!({})).await.ok()["SecretCode"].clone();
        let app = App::new(secret.as_str().unwrap());
        let verified = self.ada.call("VerifySoftwareToken", json!({"UserCode": app.code(self)})).await.ok();
        assert_eq!(verified["Status"], "SUCCESS");
        self.prefer(json!({"SoftwareTokenMfaSettings": {"Enabled": true}})).await;
        // The code that verified the app is used up.
        self.server.clock.advance(Duration::seconds(60));
        app
    }

    async fn prefer(&self, settings: Value) {
        assert_eq!(self.ada.call("SetUserMFAPreference", settings).await.text, "");
    }

    async fn password(&self) -> Value {
        self.ada.password_sign_in(&self.client, PASSWORD).await.ok()
    }

    fn answer(&self, challenge: &Value, member: &str, value: &str) -> Value {
        json!({"ClientId": self.client, "ChallengeName": challenge["ChallengeName"], "Session": challenge["Session"],
            "ChallengeResponses": {"USERNAME": "ada", member: value}})
    }

    async fn respond(&self, challenge: &Value, member: &str, value: &str) -> crate::support::Answer {
        self.server.call("RespondToAuthChallenge", self.answer(challenge, member, value)).await
    }
}

struct App(totp_rs::Totp);

impl App {
    fn new(secret: &str) -> Self {
        let secret = Secret::try_from_base32(secret).unwrap();
        Self(Builder::new().with_secret(secret).build().unwrap())
    }

    fn code(&self, stage: &Stage) -> String {
        use keystead::clock::Clock;
        self.0.generate(stage.server.clock.now().unix_timestamp() as u64).to_string()
    }

    fn wrong(&self, stage: &Stage) -> String {
        // Not the code of a step near now either.
        use keystead::clock::Clock;
        let now = stage.server.clock.now().unix_timestamp() as u64;
        let near: Vec<_> = (0..5).map(|n| self.0.generate(now + 60 - 30 * n).to_string()).collect();
        (0..).map(|n| format!("{n:06}")).find(|code| !near.contains(code)).unwrap()
    }
}

/// The code that an authenticator app with this key shows now.
pub fn totp(secret: &str, server: &TestServer) -> String {
    use keystead::clock::Clock;
    App::new(secret).0.generate(server.clock.now().unix_timestamp() as u64).to_string()
}

fn tokens(answer: &Value) -> bool {
    answer["AuthenticationResult"]["AccessToken"].is_string()
}

#[tokio::test]
async fn an_app_is_asked_for_after_the_password() {
    let stage = Stage::with("OPTIONAL").await;
    assert!(tokens(&stage.password().await), "nothing is switched on yet");
    let app = stage.app().await;
    let challenge = stage.password().await;
    assert_eq!(challenge["ChallengeName"], "SOFTWARE_TOKEN_MFA");
    assert_eq!(challenge["ChallengeParameters"]["USER_ID_FOR_SRP"], "ada");
    let wrong = stage.respond(&challenge, "SOFTWARE_TOKEN_MFA_CODE", &app.wrong(&stage)).await.refused();
    assert_eq!(wrong, MISMATCH);
    let code = app.code(&stage);
    assert!(tokens(&stage.respond(&challenge, "SOFTWARE_TOKEN_MFA_CODE", &code).await.ok()));
    // A code is used once, even within its half minute.
    let again = stage.password().await;
    let refusal = stage.respond(&again, "SOFTWARE_TOKEN_MFA_CODE", &code).await.refused();
    assert_eq!(refusal, "400 ExpiredCodeException: Your software token has already been used once.");
    let user = stage.ada.call("GetUser", json!({})).await.ok();
    assert_eq!(user["UserMFASettingList"], json!(["SOFTWARE_TOKEN_MFA"]));
    stage.prefer(json!({"SoftwareTokenMfaSettings": {"Enabled": false}})).await;
    assert!(tokens(&stage.password().await));
}

#[tokio::test]
async fn a_code_of_an_app_raced_by_many_signs_in_once() {
    let stage = Stage::with("OPTIONAL").await;
    let app = stage.app().await;
    for round in 0..10 {
        stage.server.clock.advance(Duration::seconds(90));
        let code = app.code(&stage);
        let mut inputs = Vec::new();
        for _ in 0..6 {
            inputs.push(stage.answer(&stage.password().await, "SOFTWARE_TOKEN_MFA_CODE", &code));
        }
        let outcomes = all(inputs.into_iter().map(|input| {
            let person = Person::new(&stage.server, "ada", "");
            async move { person.call("RespondToAuthChallenge", input).await.outcome() }
        }))
        .await;
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == "OK").count(), 1, "{round}: {outcomes:?}");
    }
}

#[tokio::test]
async fn who_knows_the_password_gets_no_more_guesses_by_repeating_it() {
    let stage = Stage::with("OPTIONAL").await;
    let app = stage.app().await;
    for _ in 0..5 {
        let challenge = stage.password().await;
        let refusal = stage.respond(&challenge, "SOFTWARE_TOKEN_MFA_CODE", &app.wrong(&stage)).await.refused();
        assert_eq!(refusal, MISMATCH);
    }
    let refusal = stage.ada.password_sign_in(&stage.client, PASSWORD).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Password attempts exceeded");
    stage.server.clock.advance(Duration::seconds(2));
    let challenge = stage.password().await;
    assert!(tokens(&stage.respond(&challenge, "SOFTWARE_TOKEN_MFA_CODE", &app.code(&stage)).await.ok()));
}

#[tokio::test]
async fn a_required_factor_is_set_up_in_the_middle_of_a_sign_in() {
    let stage = Stage::with("OPTIONAL").await;
    stage.configure("ON").await;
    let attributes = json!({"UserPoolId": stage.pool, "Username": "ada", "UserAttributeNames": ["email"]});
    stage.server.operator("AdminDeleteUserAttributes", attributes).await.ok();
    let challenge = stage.password().await;
    assert_eq!(challenge["ChallengeName"], "MFA_SETUP");
    assert_eq!(challenge["ChallengeParameters"]["MFAS_CAN_SETUP"], "[\"SOFTWARE_TOKEN_MFA\"]");
    let early = stage.respond(&challenge, "ANSWER", "x").await.outcome();
    assert_eq!(early, "InvalidParameterException", "nothing was verified");
    let session = challenge["Session"].clone();
    let offered = stage.server.call("AssociateSoftwareToken", json!({"Session": session})).await.ok();
    let app = App::new(offered["SecretCode"].as_str().unwrap());
    let verify =
        |code: String| json!({"Session": offered["Session"], "UserCode": code, "FriendlyDeviceName": "My phone"});
    let wrong = stage.server.call("VerifySoftwareToken", verify(app.wrong(&stage))).await.refused();
    assert_eq!(wrong, "400 EnableSoftwareTokenMFAException: Code mismatch and fail enable Software Token MFA");
    let verified = stage.server.call("VerifySoftwareToken", verify(app.code(&stage))).await.ok();
    let mut challenge = challenge;
    challenge["Session"] = verified["Session"].clone();
    assert!(tokens(&stage.respond(&challenge, "ANSWER", "x").await.ok()));
    let challenge = stage.password().await;
    assert_eq!(challenge["ChallengeName"], "SOFTWARE_TOKEN_MFA", "it is switched on");
    assert_eq!(challenge["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"], "My phone");
    let again = stage.server.call("AssociateSoftwareToken", json!({"Session": session})).await.outcome();
    assert_eq!(again, "NotAuthorizedException", "the session was used up");
}

#[tokio::test]
async fn other_sessions_set_nothing_up() {
    let stage = Stage::with("OPTIONAL").await;
    stage.app().await;
    let challenge = stage.password().await;
    for operation in ["AssociateSoftwareToken", "VerifySoftwareToken"] {
        let input = json!({"Session": challenge["Session"], "UserCode": "123456"});
        let refusal = stage.server.call(operation, input).await.refused();
        assert_eq!(refusal, "400 NotAuthorizedException: Invalid session for the user.", "{operation}");
        let refusal = stage.server.call(operation, json!({"UserCode": "123456"})).await.outcome();
        assert_eq!(refusal, "InvalidParameterException", "{operation}: nobody asks");
    }
}

#[tokio::test]
async fn a_code_by_mail_is_a_second_factor_and_no_first() {
    let stage = Stage::with("OPTIONAL").await;
    stage.prefer(json!({"EmailMfaSettings": {"Enabled": true, "PreferredMfa": true}})).await;
    let challenge = stage.password().await;
    assert_eq!(challenge["ChallengeName"], "EMAIL_OTP");
    assert_eq!(challenge["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"], "a***@e***");
    assert!(stage.server.message(EMAIL, 1).await.starts_with("Second: "));
    let code = stage.server.code(EMAIL, 1).await;
    let wrong = if code == "00000000" { "00000001" } else { "00000000" };
    assert_eq!(stage.respond(&challenge, "EMAIL_OTP_CODE", wrong).await.refused(), MISMATCH);
    // It cannot be turned into the choice of another first factor.
    let mut choose = stage.answer(&challenge, "ANSWER", "PASSWORD");
    choose["ChallengeName"] = json!("SELECT_CHALLENGE");
    assert_eq!(stage.server.call("RespondToAuthChallenge", choose).await.outcome(), "NotAuthorizedException");
    assert!(tokens(&stage.respond(&challenge, "EMAIL_OTP_CODE", &code).await.ok()));
}

#[tokio::test]
async fn who_has_two_chooses() {
    let stage = Stage::with("OPTIONAL").await;
    let app = stage.app().await;
    stage.prefer(json!({"EmailMfaSettings": {"Enabled": true}})).await;
    let challenge = stage.password().await;
    assert_eq!(challenge["ChallengeName"], "SELECT_MFA_TYPE");
    assert_eq!(challenge["ChallengeParameters"]["MFAS_CAN_CHOOSE"], "[\"SOFTWARE_TOKEN_MFA\",\"EMAIL_OTP\"]");
    assert_eq!(stage.respond(&challenge, "ANSWER", "SMS_MFA").await.outcome(), "InvalidParameterException");
    let chosen = stage.respond(&challenge, "ANSWER", "SOFTWARE_TOKEN_MFA").await.ok();
    assert_eq!(chosen["ChallengeName"], "SOFTWARE_TOKEN_MFA");
    assert!(tokens(&stage.respond(&chosen, "SOFTWARE_TOKEN_MFA_CODE", &app.code(&stage)).await.ok()));
    let both = json!({"EmailMfaSettings": {"Enabled": true, "PreferredMfa": true},
        "SoftwareTokenMfaSettings": {"Enabled": true, "PreferredMfa": true}});
    assert_eq!(stage.ada.call("SetUserMFAPreference", both).await.outcome(), "InvalidParameterException");
    stage.prefer(json!({"EmailMfaSettings": {"Enabled": true, "PreferredMfa": true}})).await;
    assert_eq!(stage.password().await["ChallengeName"], "EMAIL_OTP");
}

#[tokio::test]
async fn a_passkey_alone_is_enough_only_where_it_counts_as_both() {
    let mut stage = Stage::with("OPTIONAL").await;
    stage.ada.add_passkey().await;
    stage.app().await;
    let offered = async |stage: &Stage| {
        let input =
            initiate(&stage.client, "USER_AUTH", json!({"USERNAME": "ada", "PREFERRED_CHALLENGE": "WEB_AUTHN"}));
        stage.server.call("InitiateAuth", input).await.ok()
    };
    let answer = offered(&stage).await;
    assert_eq!(answer["AvailableChallenges"], json!(["PASSWORD_SRP", "PASSWORD"]));
    stage.prefer(json!({"WebAuthnMfaSettings": {"Enabled": true}})).await;
    let finish = async |stage: &mut Stage, answer: &Value, spoil: &Spoil| {
        let options = answer["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().unwrap();
        let options: Value = serde_json::from_str(options).unwrap();
        assert_eq!(options["userVerification"], "required");
        let credential = stage.ada.authenticator.get(&options, crate::support::ORIGIN, spoil).unwrap();
        stage.respond(answer, "CREDENTIAL", &credential.to_string()).await
    };
    let answer = offered(&stage).await;
    let unverified = Spoil { user_verified: Some(false), ..Default::default() };
    assert_eq!(finish(&mut stage, &answer, &unverified).await.outcome(), "NotAuthorizedException");
    let answer = offered(&stage).await;
    assert!(tokens(&finish(&mut stage, &answer, &Spoil::default()).await.ok()));
    // Withdrawn between the challenge and its answer.
    let answer = offered(&stage).await;
    stage.prefer(json!({"WebAuthnMfaSettings": {"Enabled": false}})).await;
    assert_eq!(finish(&mut stage, &answer, &Spoil::default()).await.outcome(), "NotAuthorizedException");
}

#[tokio::test]
async fn a_challenge_dies_with_the_password_that_was_proved() {
    let stage = Stage::with("OPTIONAL").await;
    let app = stage.app().await;
    let challenge = stage.password().await;
    let input = json!({"UserPoolId": stage.pool, "Username": "ada", "Password": "N3w-Passw0rd", "Permanent": true});
    stage.server.operator("AdminSetUserPassword", input).await.ok();
    let refusal = stage.respond(&challenge, "SOFTWARE_TOKEN_MFA_CODE", &app.code(&stage)).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Invalid session for the user.");
}

#[tokio::test]
async fn what_is_not_set_up_is_not_switched_on() {
    let stage = Stage::with("OPTIONAL").await;
    let no_delivery = |method: &str| format!("User does not have delivery config set to turn on {method}");
    for (method, settings, text) in [
        (
            "SOFTWARE_TOKEN_MFA",
            json!({"SoftwareTokenMfaSettings": {"Enabled": true}}),
            "User has not verified software token mfa".to_owned(),
        ),
        ("SMS_MFA", json!({"SMSMfaSettings": {"Enabled": true}}), no_delivery("SMS_MFA")),
    ] {
        let refusal = stage.ada.call("SetUserMFAPreference", settings.clone()).await.refused();
        assert_eq!(refusal, format!("400 InvalidParameterException: {text}"));
        let mut by_operator = settings;
        by_operator["UserPoolId"] = json!(stage.pool);
        by_operator["Username"] = json!("ada");
        let refusal = stage.server.operator("AdminSetUserMFAPreference", by_operator).await.refused();
        assert_eq!(refusal, format!("400 InvalidParameterException: {}", no_delivery(method)));
    }
    let app = stage.app().await;
    // A new app replaces the old one once it is verified, and not before.
    stage.ada.call("AssociateSoftwareToken", json!({})).await.ok();
    let challenge = stage.password().await;
    assert!(tokens(&stage.respond(&challenge, "SOFTWARE_TOKEN_MFA_CODE", &app.code(&stage)).await.ok()));
    assert_eq!(stage.server.count("software_tokens WHERE octet_length(secret) > 32").await, 1, "sealed");
}

#[tokio::test]
async fn a_pool_without_second_factors_has_none_to_set_up() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let refusal = ada.call("AssociateSoftwareToken", json!({})).await.refused();
    assert_eq!(
        refusal,
        "400 SoftwareTokenMFANotFoundException: Software Token MFA has not been enabled by the userPool"
    );
}

#[tokio::test]
async fn an_address_that_is_a_second_factor_is_not_moved_before_it_is_proved() {
    let stage = Stage::with("OPTIONAL").await;
    stage.prefer(json!({"EmailMfaSettings": {"Enabled": true}})).await;
    // By who knows a temporary password alone.
    let input = json!({"UserPoolId": stage.pool, "Username": "ada", "Password": "Temp0rary!", "Permanent": false});
    stage.server.operator("AdminSetUserPassword", input).await.ok();
    let challenge = stage.ada.password_sign_in(&stage.client, "Temp0rary!").await.ok();
    assert_eq!(challenge["ChallengeName"], "NEW_PASSWORD_REQUIRED");
    let mut moved = stage.answer(&challenge, "NEW_PASSWORD", "N3w-Passw0rd");
    moved["ChallengeResponses"]["userAttributes.email"] = json!("evil@example.com");
    let refusal = stage.server.call("RespondToAuthChallenge", moved).await.refused();
    assert_eq!(
        refusal,
        "400 InvalidParameterException: The email is a second factor of this user and cannot be changed here."
    );
    let next = stage.respond(&challenge, "NEW_PASSWORD", PASSWORD).await.ok();
    assert_eq!(next["ChallengeName"], "EMAIL_OTP", "the new password alone is not enough");
    // By the signed-in user: the old address asks on until the new one is proved.
    let change = json!({"UserAttributes": [{"Name": "email", "Value": "new@example.com"}]});
    stage.ada.call("UpdateUserAttributes", change).await.ok();
    assert_eq!(stage.password().await["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"], "a***@e***");
    let code = stage.server.code("new@example.com", 1).await;
    stage.ada.call("VerifyUserAttribute", json!({"AttributeName": "email", "Code": code})).await.ok();
    assert_eq!(stage.password().await["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"], "n***@e***");
    // By an operator, who takes the proof away: nobody signs in with one factor.
    let unproved = json!([{"Name": "email_verified", "Value": "false"}]);
    let input = json!({"UserPoolId": stage.pool, "Username": "ada", "UserAttributes": unproved});
    stage.server.operator("AdminUpdateUserAttributes", input).await.ok();
    let outcome = stage.ada.password_sign_in(&stage.client, PASSWORD).await.outcome();
    assert_eq!(outcome, "InvalidParameterException");
}

#[tokio::test]
async fn a_first_password_before_a_second_factor_leaves_no_failures() {
    let stage = Stage::with("OPTIONAL").await;
    stage.prefer(json!({"EmailMfaSettings": {"Enabled": true}})).await;
    let input = json!({"UserPoolId": stage.pool, "Username": "ada", "Password": "Temp0rary!", "Permanent": false});
    stage.server.operator("AdminSetUserPassword", input).await.ok();
    let challenge = stage.ada.password_sign_in(&stage.client, "Temp0rary!").await.ok();
    for _ in 0..2 {
        stage.ada.password_sign_in(&stage.client, "Wr0ng-Passw0rd").await.refused();
    }
    let next = stage.respond(&challenge, "NEW_PASSWORD", PASSWORD).await.ok();
    assert_eq!(next["ChallengeName"], "EMAIL_OTP");
    assert_eq!(stage.server.count("login_attempts").await, 0);
}

#[tokio::test]
async fn one_mailbox_is_not_both_factors() {
    let stage = Stage::with("OPTIONAL").await;
    let input = json!({"ClientId": stage.client, "Username": "ada"});
    stage.server.call("ForgotPassword", input.clone()).await.ok();
    let code = stage.server.code(EMAIL, 1).await;
    stage.prefer(json!({"EmailMfaSettings": {"Enabled": true}})).await;
    let outcome = stage.server.call("ForgotPassword", input).await.outcome();
    assert_eq!(outcome, "InvalidParameterException");
    // Nor with the code that was sent before.
    let input =
        json!({"ClientId": stage.client, "Username": "ada", "ConfirmationCode": code, "Password": "N3w-Passw0rd"});
    assert_ne!(stage.server.call("ConfirmForgotPassword", input).await.outcome(), "OK");
    stage.password().await;
}

#[tokio::test]
async fn a_sign_in_that_waits_for_an_app_ends_with_its_password_and_with_another_app() {
    let mut stage = Stage::with("OPTIONAL").await;
    stage.configure("ON").await;
    let attributes = json!({"UserPoolId": stage.pool, "Username": "ada", "UserAttributeNames": ["email"]});
    stage.server.operator("AdminDeleteUserAttributes", attributes).await.ok();
    let refusal = "400 NotAuthorizedException: Invalid session for the user.";
    let waiting = stage.password().await;
    let input = json!({"UserPoolId": stage.pool, "Username": "ada", "Password": PASSWORD, "Permanent": true});
    stage.server.operator("AdminSetUserPassword", input).await.ok();
    let session = json!({"Session": waiting["Session"]});
    assert_eq!(stage.server.call("AssociateSoftwareToken", session).await.refused(), refusal, "another password");
    let (mallorys, owners) = (stage.password().await, stage.password().await);
    let offered = stage.server.call("AssociateSoftwareToken", json!({"Session": owners["Session"]})).await.ok();
    let app = App::new(offered["SecretCode"].as_str().unwrap());
    let verify = json!({"Session": owners["Session"], "UserCode": app.code(&stage)});
    let verified = stage.server.call("VerifySoftwareToken", verify).await.ok();
    let session = json!({"Session": mallorys["Session"]});
    assert_eq!(stage.server.call("AssociateSoftwareToken", session).await.refused(), refusal, "another app");
    // The session before was replaced by that of VerifySoftwareToken.
    let used = "400 NotAuthorizedException: Invalid session for the user, session can only be used once.";
    assert_eq!(stage.respond(&owners, "ANSWER", "x").await.refused(), used);
    let next = json!({"ChallengeName": owners["ChallengeName"], "Session": verified["Session"]});
    let tokens = stage.respond(&next, "ANSWER", "x").await.ok();
    stage.ada.keep_tokens(&tokens);
    let off = json!({"SoftwareTokenMfaSettings": {"Enabled": false}});
    let refusal = stage.ada.call("SetUserMFAPreference", off).await.refused();
    assert_eq!(
        refusal,
        "400 InvalidParameterException: A second factor is required in this user pool: the last one cannot be switched off."
    );
}

#[tokio::test]
async fn a_sign_in_that_waits_for_an_app_ends_with_its_client_and_with_the_pools_apps() {
    let stage = Stage::with("OPTIONAL").await;
    stage.configure("ON").await;
    let attributes = json!({"UserPoolId": stage.pool, "Username": "ada", "UserAttributeNames": ["email"]});
    stage.server.operator("AdminDeleteUserAttributes", attributes).await.ok();
    let session = json!({"Session": stage.password().await["Session"]});
    let offered = stage.server.call("AssociateSoftwareToken", session.clone()).await.ok();
    let app = App::new(offered["SecretCode"].as_str().unwrap());
    let verify = json!({"Session": session["Session"], "UserCode": app.code(&stage)});
    let off = json!({"UserPoolId": stage.pool, "MfaConfiguration": "OFF"});
    stage.server.operator("SetUserPoolMfaConfig", off).await.ok();
    let refusal = stage.server.call("VerifySoftwareToken", verify.clone()).await.refused();
    assert_eq!(
        refusal,
        "400 SoftwareTokenMFANotFoundException: Software Token MFA has not been enabled by the userPool"
    );
    stage.configure("ON").await;
    let client = json!({"UserPoolId": stage.pool, "ClientId": stage.client});
    stage.server.operator("DeleteUserPoolClient", client).await.ok();
    let gone = "400 NotAuthorizedException: Invalid session for the user.";
    assert_eq!(stage.server.call("AssociateSoftwareToken", session).await.refused(), gone);
    assert_eq!(stage.server.call("VerifySoftwareToken", verify).await.refused(), gone);
}

#[tokio::test]
async fn guesses_at_an_app_that_is_set_up_do_not_use_up_the_connections() {
    let stage = Stage::with("OPTIONAL").await;
    stage.configure("ON").await;
    let attributes = json!({"UserPoolId": stage.pool, "Username": "ada", "UserAttributeNames": ["email"]});
    stage.server.operator("AdminDeleteUserAttributes", attributes).await.ok();
    let session = stage.password().await["Session"].clone();
    stage.server.call("AssociateSoftwareToken", json!({"Session": session})).await.ok();
    let outcomes = all((0..40).map(|_| {
        let person = Person::new(&stage.server, "ada", "");
        let input = json!({"Session": session, "UserCode": "000000"});
        async move { person.post_public("VerifySoftwareToken", input).await.outcome() }
    }))
    .await;
    assert!(!outcomes.iter().any(|outcome| outcome == "InternalErrorException"), "{outcomes:?}");
}

#[tokio::test]
async fn a_challenge_of_a_method_that_was_switched_off_opens_nothing() {
    let stage = Stage::with("OPTIONAL").await;
    let app = stage.app().await;
    stage.prefer(json!({"EmailMfaSettings": {"Enabled": true, "PreferredMfa": true}})).await;
    let challenge = stage.password().await;
    let code = stage.server.code(EMAIL, 1).await;
    let mut off = json!({"EmailMfaSettings": {"Enabled": false}});
    off["UserPoolId"] = json!(stage.pool);
    off["Username"] = json!("ada");
    stage.server.operator("AdminSetUserMFAPreference", off).await.ok();
    let refusal = stage.respond(&challenge, "EMAIL_OTP_CODE", &code).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Invalid session for the user.");
    let challenge = stage.password().await;
    assert!(tokens(&stage.respond(&challenge, "SOFTWARE_TOKEN_MFA_CODE", &app.code(&stage)).await.ok()));
}

#[tokio::test]
async fn an_operator_takes_a_lost_app_off_and_another_can_be_set_up() {
    let stage = Stage::with("OPTIONAL").await;
    let lost = stage.app().await;
    let named = json!({"UserPoolId": stage.pool, "Username": "ada"});
    let factors = stage.server.operator("AdminGetUserAuthFactors", named.clone()).await.ok();
    assert_eq!(factors["UserMFASettingList"], json!(["SOFTWARE_TOKEN_MFA"]));
    let waiting = stage.password().await;
    stage.server.operator("AdminDeleteSoftwareToken", named.clone()).await.ok();
    let code = lost.code(&stage);
    let refusal = stage.respond(&waiting, "SOFTWARE_TOKEN_MFA_CODE", &code).await.outcome();
    assert_eq!(refusal, "NotAuthorizedException");
    assert!(tokens(&stage.password().await));
    let refusal = stage.server.operator("AdminDeleteSoftwareToken", named.clone()).await.refused();
    assert_eq!(refusal, "400 ResourceNotFoundException: The user has no software token.");
    let found = stage.app().await;
    assert_eq!(stage.password().await["ChallengeName"], "SOFTWARE_TOKEN_MFA");
    assert_ne!(found.code(&stage), lost.code(&stage));
}

#[tokio::test]
async fn who_has_no_password_does_not_switch_on_what_locks_them_out() {
    let stage = Stage::with("OPTIONAL").await;
    let mut ada = stage.ada.clone();
    ada.add_passkey().await;
    stage.server.sql("UPDATE users SET password_hash = NULL WHERE username = 'ada'").await;
    let settings = json!({"EmailMfaSettings": {"Enabled": true}});
    let refusal = ada.call("SetUserMFAPreference", settings.clone()).await.refused();
    assert!(
        refusal.starts_with("400 InvalidParameterException: With a second factor nothing would be left"),
        "{refusal}"
    );
    assert_eq!(stage.server.count("users WHERE mfa ->> 'enabled' LIKE '%EMAIL_OTP%'").await, 0);
    // A passkey that is both factors goes with it.
    let both = json!({"EmailMfaSettings": {"Enabled": true}, "WebAuthnMfaSettings": {"Enabled": true}});
    ada.call("SetUserMFAPreference", both).await.ok();
}

#[tokio::test]
async fn second_factors_are_changed_however_much_was_changed_in_a_day() {
    let stage = Stage::on(TestServer::with(&["--user-changes-per-day=1"]).await, "OPTIONAL").await;
    let attributes = json!({"UserAttributes": [{"Name": "name", "Value": "Ada"}]});
    stage.ada.call("UpdateUserAttributes", attributes).await.ok();
    stage.app().await;
    for enabled in [false, true] {
        stage.prefer(json!({"SoftwareTokenMfaSettings": {"Enabled": enabled}})).await;
    }
    stage.app().await;
    for event in ["mfa.changed", "software_token.verified", "user.changes_left_out"] {
        assert_eq!(stage.server.count(&format!("audit_events WHERE event = '{event}'")).await, 1, "{event}");
    }
}

#[tokio::test]
async fn a_reset_code_is_void_once_its_address_is_a_second_factor() {
    let stage = Stage::with("OPTIONAL").await;
    let phone =
        json!([{"Name": "phone_number", "Value": "+15555550100"}, {"Name": "phone_number_verified", "Value": "true"}]);
    let input = json!({"UserPoolId": stage.pool, "Username": "ada", "UserAttributes": phone});
    stage.server.operator("AdminUpdateUserAttributes", input).await.ok();
    stage.server.call("ForgotPassword", json!({"ClientId": stage.client, "Username": "ada"})).await.ok();
    let code = stage.server.code(EMAIL, 1).await;
    stage.prefer(json!({"EmailMfaSettings": {"Enabled": true}})).await;
    let reset =
        json!({"ClientId": stage.client, "Username": "ada", "ConfirmationCode": code, "Password": "N3w-Passw0rd"});
    assert_eq!(stage.server.call("ConfirmForgotPassword", reset).await.outcome(), "ExpiredCodeException");
}

#[tokio::test]
async fn mfa_options_are_the_older_form_of_mfa_by_text_message() {
    let stage = Stage::with("OPTIONAL").await;
    let options = json!([{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}]);
    let set = async |options: Value| stage.ada.call("SetUserSettings", json!({"MFAOptions": options})).await;
    let user = json!({"UserPoolId": stage.pool, "Username": "ada"});
    // As with SetUserMFAPreference, a phone number that is not verified is not enough.
    let refusal = set(options.clone()).await.refused();
    assert_eq!(refusal, "400 InvalidParameterException: User does not have delivery config set to turn on SMS_MFA");
    let phone =
        json!([{"Name": "phone_number", "Value": "+12065550100"}, {"Name": "phone_number_verified", "Value": "true"}]);
    let update = json!({"UserPoolId": stage.pool, "Username": "ada", "UserAttributes": phone});
    stage.server.operator("AdminUpdateUserAttributes", update).await.ok();
    assert_eq!(set(options.clone()).await.text, "");
    let told = stage.ada.call("GetUser", json!({})).await.ok();
    assert_eq!((&told["UserMFASettingList"], &told["MFAOptions"]), (&json!(["SMS_MFA"]), &options));
    let told = stage.server.operator("AdminGetUser", user.clone()).await.ok();
    assert_eq!((&told["UserMFASettingList"], &told["MFAOptions"]), (&json!(["SMS_MFA"]), &options));
    let listed = stage.server.operator("ListUsers", json!({"UserPoolId": stage.pool})).await.ok();
    assert_eq!(listed["Users"][0]["MFAOptions"], options);
    let by_operator = async |options: Value| {
        let input = json!({"UserPoolId": stage.pool, "Username": "ada", "MFAOptions": options});
        stage.server.operator("AdminSetUserSettings", input).await
    };
    by_operator(json!([])).await.ok();
    let told = stage.server.operator("AdminGetUser", user).await.ok();
    assert!(told.get("UserMFASettingList").is_none() && told.get("MFAOptions").is_none(), "{told}");
    // They can say nothing of other factors.
    for other in [
        json!([{"DeliveryMedium": "EMAIL", "AttributeName": "email"}]),
        json!([{"DeliveryMedium": "SMS", "AttributeName": "email"}]),
        json!([{}]),
    ] {
        assert_eq!(set(other.clone()).await.outcome(), "InvalidParameterException", "{other}");
        assert_eq!(by_operator(other.clone()).await.outcome(), "InvalidParameterException", "{other}");
    }
}
