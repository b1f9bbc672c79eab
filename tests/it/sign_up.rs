//! Signing up, confirming, recovering a password: codes that go out and come back.

use serde_json::{Value, json};
use time::Duration;

use crate::support::{PASSWORD, Person, TestServer, all, pool_with};

const EMAIL: &str = "ada@example.com";

/// A pool that verifies e-mail addresses and hides nobody, and its client.
async fn verifying(server: &TestServer) -> (String, String) {
    pool_with(server, json!({"AutoVerifiedAttributes": ["email"]}), json!({})).await
}

fn sign_up_of(client: &str, username: &str, email: &str) -> Value {
    json!({"ClientId": client, "Username": username, "Password": PASSWORD,
        "UserAttributes": [{"Name": "email", "Value": email}]})
}

fn of(client: &str, username: &str) -> Value {
    json!({"ClientId": client, "Username": username})
}

fn with_code(client: &str, username: &str, code: &str) -> Value {
    json!({"ClientId": client, "Username": username, "ConfirmationCode": code})
}

fn new_password(client: &str, username: &str, code: &str, password: &str) -> Value {
    json!({"ClientId": client, "Username": username, "ConfirmationCode": code, "Password": password})
}

/// A user who signed up and confirmed.
async fn confirmed(server: &TestServer, client: &str, username: &str, email: &str) -> Person {
    let sub = server.call("SignUp", sign_up_of(client, username, email)).await.ok()["UserSub"].clone();
    let code = server.code(email, 1).await;
    server.call("ConfirmSignUp", with_code(client, username, &code)).await.ok();
    Person::new(server, username, sub.as_str().unwrap())
}

async fn attribute(server: &TestServer, pool: &str, username: &str, name: &str) -> Option<String> {
    let user = server.operator("AdminGetUser", json!({"UserPoolId": pool, "Username": username})).await.ok();
    let found = user["UserAttributes"].as_array().unwrap().iter().find(|attribute| attribute["Name"] == name)?;
    found["Value"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn a_sign_up_is_confirmed_by_its_code() {
    let server = TestServer::start().await;
    let (pool, client) = verifying(&server).await;
    let answer = server.call("SignUp", sign_up_of(&client, "ada", EMAIL)).await.ok();
    let details = json!({"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "a***@e***"});
    assert_eq!((&answer["UserConfirmed"], &answer["CodeDeliveryDetails"]), (&json!(false), &details));
    assert_eq!(attribute(&server, &pool, "ada", "email_verified").await.as_deref(), Some("false"));
    let code = server.code(EMAIL, 1).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let refusal = server.call("ConfirmSignUp", with_code(&client, "ada", wrong)).await.refused();
    assert_eq!(refusal, "400 CodeMismatchException: Invalid verification code provided, please try again.");
    let session = server.call("ConfirmSignUp", with_code(&client, "ada", &code)).await.ok()["Session"].clone();
    assert!(session.as_str().is_some_and(|session| session.starts_with("AYAC")), "also for who sent none");
    assert_eq!(attribute(&server, &pool, "ada", "email_verified").await.as_deref(), Some("true"));
    let person = Person::new(&server, "ada", "");
    person.password_sign_in(&client, PASSWORD).await.ok();
    let refusal = server.call("ConfirmSignUp", with_code(&client, "ada", &code)).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: User cannot be confirmed. Current status is CONFIRMED");
}

#[tokio::test]
async fn a_code_raced_by_fifty_is_used_once() {
    let server = TestServer::start().await;
    let (_, client) = verifying(&server).await;
    server.call("SignUp", sign_up_of(&client, "ada", EMAIL)).await.ok();
    let code = server.code(EMAIL, 1).await;
    let outcomes = all((0..50).map(|_| {
        let (person, input) = (Person::new(&server, "ada", ""), with_code(&client, "ada", &code));
        async move { person.call("ConfirmSignUp", input).await.outcome() }
    }))
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "OK").count(), 1, "{outcomes:?}");
    assert_eq!(server.count("audit_events WHERE event = 'user.confirmed'").await, 1);
}

#[tokio::test]
async fn a_code_lives_a_day_and_a_new_one_replaces_it() {
    let server = TestServer::start().await;
    let (_, client) = verifying(&server).await;
    server.call("SignUp", sign_up_of(&client, "ada", EMAIL)).await.ok();
    let first = server.code(EMAIL, 1).await;
    server.clock.advance(Duration::DAY);
    let refusal = server.call("ConfirmSignUp", with_code(&client, "ada", &first)).await.refused();
    assert_eq!(refusal, "400 ExpiredCodeException: Invalid code provided, please request a code again.");
    let resent = server.call("ResendConfirmationCode", of(&client, "ada")).await.ok();
    assert_eq!(resent["CodeDeliveryDetails"]["Destination"], "a***@e***");
    let second = server.code(EMAIL, 2).await;
    if first != second {
        assert_eq!(
            server.call("ConfirmSignUp", with_code(&client, "ada", &first)).await.outcome(),
            "CodeMismatchException"
        );
    }
    server.call("ConfirmSignUp", with_code(&client, "ada", &second)).await.ok();
    let refusal = server.call("ResendConfirmationCode", of(&client, "ada")).await.refused();
    assert_eq!(refusal, "400 InvalidParameterException: User is already confirmed.");
}

#[tokio::test]
async fn the_code_of_the_mail_before_is_good_until_one_is_used() {
    let server = TestServer::start().await;
    let (_, client) = verifying(&server).await;
    server.call("SignUp", sign_up_of(&client, "ada", EMAIL)).await.ok();
    let first = server.code(EMAIL, 1).await;
    server.call("ResendConfirmationCode", of(&client, "ada")).await.ok();
    server.code(EMAIL, 2).await;
    server.call("ConfirmSignUp", with_code(&client, "ada", &first)).await.ok();
    let used = server.call("ConfirmSignUp", with_code(&client, "ada", &first)).await;
    assert_ne!(used.outcome(), "OK");
    // A code that resets a password is replaced by the next one.
    server.call("ForgotPassword", of(&client, "ada")).await.ok();
    let third = server.code(EMAIL, 3).await;
    server.call("ForgotPassword", of(&client, "ada")).await.ok();
    let fourth = server.code(EMAIL, 4).await;
    if third != fourth {
        let void = server.call("ConfirmForgotPassword", new_password(&client, "ada", &third, "N3w-password!")).await;
        assert_eq!(void.outcome(), "CodeMismatchException");
    }
    server.call("ConfirmForgotPassword", new_password(&client, "ada", &fourth, "N3wer-password!")).await.ok();
}

#[tokio::test]
async fn guesses_at_two_codes_count_together_and_the_third_gives_new_ones() {
    let server = TestServer::start().await;
    let (_, client) = verifying(&server).await;
    server.call("SignUp", sign_up_of(&client, "ada", EMAIL)).await.ok();
    let first = server.code(EMAIL, 1).await;
    let wrong = async || {
        let wrong = with_code(&client, "ada", if first == "000000" { "000001" } else { "000000" });
        server.call("ConfirmSignUp", wrong).await.outcome()
    };
    for _ in 0..4 {
        assert_eq!(wrong().await, "CodeMismatchException");
    }
    server.call("ResendConfirmationCode", of(&client, "ada")).await.ok();
    let second = server.code(EMAIL, 2).await;
    assert_eq!(wrong().await, "CodeMismatchException");
    for code in [&first, &second] {
        let refused = server.call("ConfirmSignUp", with_code(&client, "ada", code)).await;
        assert_eq!(refused.outcome(), "LimitExceededException");
    }
    server.call("ResendConfirmationCode", of(&client, "ada")).await.ok();
    let third = server.code(EMAIL, 3).await;
    if second != third {
        let void = server.call("ConfirmSignUp", with_code(&client, "ada", &second)).await;
        assert_eq!(void.outcome(), "CodeMismatchException");
    }
    server.call("ConfirmSignUp", with_code(&client, "ada", &third)).await.ok();
}

#[tokio::test]
async fn codes_are_stored_as_hashes_and_messages_sealed() {
    let server = TestServer::start().await;
    let (_, client) = verifying(&server).await;
    server.sql("CREATE TABLE kept AS SELECT * FROM outbox").await;
    server
        .sql(
            "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN INSERT INTO kept SELECT NEW.*; RETURN NEW; END $$;
             CREATE TRIGGER keep BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION keep()",
        )
        .await;
    server.call("SignUp", sign_up_of(&client, "ada", EMAIL)).await.ok();
    let code = server.code(EMAIL, 1).await;
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT kept::text || encode(sealed, 'escape') FROM kept UNION ALL SELECT codes::text || encode(hash, 'escape') FROM codes",
    )
    .fetch_all(&server.db)
    .await
    .unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows.iter().map(|row| row.replace(EMAIL, "")) {
        assert!(!row.contains(&code), "{row}");
    }
    let mut left = server.count("outbox WHERE kind = 'message.email'").await;
    for _ in 0..100 {
        if left == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        left = server.count("outbox WHERE kind = 'message.email'").await;
    }
    panic!("{left} delivered messages are kept");
}

#[tokio::test]
async fn codes_are_sent_five_times_an_hour() {
    let server = TestServer::start().await;
    let (_, client) = verifying(&server).await;
    server.call("SignUp", sign_up_of(&client, "ada", EMAIL)).await.ok();
    for _ in 0..5 {
        server.call("ResendConfirmationCode", of(&client, "ada")).await.ok();
    }
    let refusal = server.call("ResendConfirmationCode", of(&client, "ada")).await.refused();
    assert_eq!(refusal, "400 LimitExceededException: Attempt limit exceeded, please try after some time.");
    server.clock.advance(Duration::HOUR);
    server.call("ResendConfirmationCode", of(&client, "ada")).await.ok();
    let code = server.code(EMAIL, 7).await;
    server.call("ConfirmSignUp", with_code(&client, "ada", &code)).await.ok();
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_its_code() {
    let server = TestServer::start().await;
    let (_, client) = verifying(&server).await;
    let person = confirmed(&server, &client, "ada", EMAIL).await;
    let details = server.call("ForgotPassword", of(&client, "ada")).await.ok()["CodeDeliveryDetails"].clone();
    assert_eq!(details, json!({"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "a***@e***"}));
    let code = server.code(EMAIL, 2).await;
    person.password_sign_in(&client, PASSWORD).await.ok();
    let weak = server.call("ConfirmForgotPassword", new_password(&client, "ada", &code, "password")).await.outcome();
    assert_eq!(weak, "InvalidPasswordException");
    server.call("ConfirmForgotPassword", new_password(&client, "ada", &code, "N3w-Passw0rd")).await.ok();
    let refusal =
        server.call("ConfirmForgotPassword", new_password(&client, "ada", &code, "N3w-Passw0rd")).await.refused();
    assert_eq!(refusal, "400 ExpiredCodeException: Invalid code provided, please request a code again.");
    person.password_sign_in(&client, "N3w-Passw0rd").await.ok();
    let outcome = person.password_sign_in(&client, PASSWORD).await.outcome();
    assert_eq!(outcome, "NotAuthorizedException");
}

#[tokio::test]
async fn a_reset_code_lives_an_hour() {
    let server = TestServer::start().await;
    let (_, client) = verifying(&server).await;
    confirmed(&server, &client, "ada", EMAIL).await;
    server.call("ForgotPassword", of(&client, "ada")).await.ok();
    let code = server.code(EMAIL, 2).await;
    server.clock.advance(Duration::HOUR);
    let outcome = server.call("ConfirmForgotPassword", new_password(&client, "ada", &code, PASSWORD)).await.outcome();
    assert_eq!(outcome, "ExpiredCodeException");
}

#[tokio::test]
async fn a_password_is_not_recovered_without_a_verified_address() {
    let server = TestServer::start().await;
    let (pool, client) = verifying(&server).await;
    server.call("SignUp", sign_up_of(&client, "ada", EMAIL)).await.ok();
    let nowhere = "400 InvalidParameterException: Cannot reset password for the user as there is no registered/verified email or phone_number";
    assert_eq!(server.call("ForgotPassword", of(&client, "ada")).await.refused(), nowhere);
    server.operator("AdminConfirmSignUp", json!({"UserPoolId": pool, "Username": "ada"})).await.ok();
    assert_eq!(server.call("ForgotPassword", of(&client, "ada")).await.refused(), nowhere, "confirmed, not verified");
    let unknown = server.call("ForgotPassword", of(&client, "nobody")).await.refused();
    assert_eq!(unknown, "400 UserNotFoundException: Username/client id combination not found.");
}

#[tokio::test]
async fn recovery_goes_the_pools_way() {
    let server = TestServer::start().await;
    let recovery = json!({"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]});
    let pool = json!({"AutoVerifiedAttributes": ["email"], "AccountRecoverySetting": recovery});
    let (pool_id, client) = pool_with(&server, pool, json!({})).await;
    confirmed(&server, &client, "ada", EMAIL).await;
    let refusal = server.call("ForgotPassword", of(&client, "ada")).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: Contact administrator to reset password.");
    let verified =
        json!([{"Name": "phone_number", "Value": "+15555550100"}, {"Name": "phone_number_verified", "Value": "true"}]);
    let input = json!({"UserPoolId": pool_id, "Username": "ada", "UserAttributes": verified});
    server.operator("AdminUpdateUserAttributes", input).await.ok();
    let mechanisms =
        json!([{"Priority": 2, "Name": "verified_email"}, {"Priority": 1, "Name": "verified_phone_number"}]);
    let input = json!({"UserPoolId": pool_id, "AutoVerifiedAttributes": ["email"], "AccountRecoverySetting": {"RecoveryMechanisms": mechanisms}});
    server.operator("UpdateUserPool", input).await.ok();
    let details = server.call("ForgotPassword", of(&client, "ada")).await.ok()["CodeDeliveryDetails"].clone();
    assert_eq!(details["Destination"], "+*******0100");
    server.code("+15555550100", 1).await;
}

#[tokio::test]
async fn who_hides_users_tells_nothing_about_codes() {
    let server = TestServer::start().await;
    let client = json!({"PreventUserExistenceErrors": "ENABLED"});
    let (pool, client) = pool_with(&server, json!({"AutoVerifiedAttributes": ["email"]}), client).await;
    confirmed(&server, &client, "ada", EMAIL).await;
    server.operator("AdminCreateUser", json!({"UserPoolId": pool, "Username": "idle"})).await.ok();
    for name in ["ada", "nobody", "idle"] {
        let expired = server.call("ConfirmForgotPassword", new_password(&client, name, "123456", PASSWORD)).await;
        assert_eq!(expired.outcome(), "ExpiredCodeException", "{name}: nothing was asked for");
        for _ in 0..5 {
            let details = server.call("ForgotPassword", of(&client, name)).await.ok()["CodeDeliveryDetails"].clone();
            assert_eq!(
                (&details["AttributeName"], &details["DeliveryMedium"]),
                (&json!("email"), &json!("EMAIL")),
                "{name}"
            );
        }
        let limited = server.call("ForgotPassword", of(&client, name)).await.outcome();
        assert_eq!(limited, "LimitExceededException", "{name}");
    }
    for name in ["ada", "nobody", "idle"] {
        for n in 0..5 {
            let mismatch = server.call("ConfirmForgotPassword", new_password(&client, name, "12345", PASSWORD)).await;
            assert_eq!(mismatch.outcome(), "CodeMismatchException", "{name} {n}");
        }
        let limited = server.call("ConfirmForgotPassword", new_password(&client, name, "12345", PASSWORD)).await;
        assert_eq!(limited.outcome(), "LimitExceededException", "{name}");
        let again = server.call("ResendConfirmationCode", of(&client, name)).await.ok();
        assert_eq!(again["CodeDeliveryDetails"]["DeliveryMedium"], "EMAIL", "{name}");
        let code = server.call("ConfirmSignUp", with_code(&client, name, "12345")).await.outcome();
        assert_eq!(code, "CodeMismatchException", "{name}");
        // A code lives from the last time it was asked for.
    }
    server.clock.advance(Duration::minutes(50));
    for name in ["ada", "nobody", "idle"] {
        server.clock.advance(Duration::minutes(12));
        server.call("ForgotPassword", of(&client, name)).await.ok();
        server.clock.advance(Duration::minutes(50));
        server.call("ForgotPassword", of(&client, name)).await.ok();
        server.clock.advance(Duration::minutes(15));
        let outcome =
            server.call("ConfirmForgotPassword", new_password(&client, name, "12345", PASSWORD)).await.outcome();
        assert_eq!(outcome, "CodeMismatchException", "{name}");
    }
    let twice = [1, 2].map(|_| server.call("ForgotPassword", of(&client, "someone@else.org")));
    for answer in futures_util::future::join_all(twice).await {
        assert_eq!(answer.ok()["CodeDeliveryDetails"]["Destination"], "s***@e***");
    }
}

#[tokio::test]
async fn an_operator_makes_a_password_be_reset() {
    let server = TestServer::start().await;
    let (pool, client) = verifying(&server).await;
    let mut person = confirmed(&server, &client, "ada", EMAIL).await;
    let tokens = person.password_sign_in(&client, PASSWORD).await.ok();
    person.keep_tokens(&tokens);
    let named = json!({"UserPoolId": pool, "Username": "ada"});
    assert_eq!(server.operator("AdminResetUserPassword", named.clone()).await.text, "");
    let refusal = person.password_sign_in(&client, PASSWORD).await.refused();
    assert_eq!(refusal, "400 PasswordResetRequiredException: Password reset required for the user");
    assert_eq!(person.call("GetUser", json!({})).await.outcome(), "PasswordResetRequiredException");
    let code = server.code(EMAIL, 2).await;
    server.call("ConfirmForgotPassword", new_password(&client, "ada", &code, "N3w-Passw0rd")).await.ok();
    person.password_sign_in(&client, "N3w-Passw0rd").await.ok();
    server.operator("AdminCreateUser", json!({"UserPoolId": pool, "Username": "new"})).await.ok();
    let refusal =
        server.operator("AdminResetUserPassword", json!({"UserPoolId": pool, "Username": "new"})).await.refused();
    assert_eq!(refusal, "400 NotAuthorizedException: User password cannot be reset in the current state.");
}

#[tokio::test]
async fn an_invitation_carries_the_temporary_password() {
    let server = TestServer::start().await;
    let template =
        json!({"EmailSubject": "Welcome", "EmailMessage": "<p>Hello {username}, your password is <b>{####}</b></p>"});
    let pool = json!({"AdminCreateUserConfig": {"InviteMessageTemplate": template}});
    let (pool, client) = pool_with(&server, pool, json!({})).await;
    let create = |action: Option<&str>| {
        let email = json!([{"Name": "email", "Value": EMAIL}]);
        let mut input = json!({"UserPoolId": pool, "Username": "a<d>a", "UserAttributes": email});
        input["MessageAction"] = json!(action);
        input
    };
    let refusal = server.operator("AdminCreateUser", create(Some("RESEND"))).await.outcome();
    assert_eq!(refusal, "UserNotFoundException");
    server.operator("AdminCreateUser", create(None)).await.ok();
    let first = server.message(EMAIL, 1).await;
    assert!(first.starts_with("<p>Hello a&lt;d&gt;a, your password is <b>"), "{first}");
    server.operator("AdminCreateUser", create(Some("RESEND"))).await.ok();
    let second = server.message(EMAIL, 2).await;
    let password = |message: &str| message.split("<b>").nth(1).unwrap().split("</b>").next().unwrap().to_owned();
    let person = Person::new(&server, "a<d>a", "");
    let outcome = person.password_sign_in(&client, &password(&first)).await.outcome();
    assert_eq!(outcome, "NotAuthorizedException", "the first invitation is void");
    let challenge = person.password_sign_in(&client, &password(&second)).await.ok();
    assert_eq!(challenge["ChallengeName"], "NEW_PASSWORD_REQUIRED");
    let input = json!({"UserPoolId": pool, "Username": "a<d>a", "Password": PASSWORD, "Permanent": true});
    server.operator("AdminSetUserPassword", input).await.ok();
    let refusal = server.operator("AdminCreateUser", create(Some("RESEND"))).await.outcome();
    assert_eq!(refusal, "UnsupportedUserStateException");
}

#[tokio::test]
async fn people_sign_in_with_their_address_where_it_is_the_username() {
    let server = TestServer::start().await;
    let pool = json!({"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"],
        "UsernameConfiguration": {"CaseSensitive": false}});
    let (pool, client) = pool_with(&server, pool, json!({})).await;
    let input = json!({"ClientId": client, "Username": "ada", "Password": PASSWORD});
    let refusal = server.call("SignUp", input).await.refused();
    assert_eq!(refusal, "400 InvalidParameterException: Username should be an email.");
    let input = json!({"ClientId": client, "Username": EMAIL, "Password": PASSWORD});
    let sub = server.call("SignUp", input.clone()).await.ok()["UserSub"].clone();
    let mut again = input;
    again["Username"] = json!("ADA@example.com");
    let refusal = server.call("SignUp", again).await.refused();
    assert_eq!(refusal, "400 UsernameExistsException: An account with the given email already exists.");
    let code = server.code(EMAIL, 1).await;
    server.call("ConfirmSignUp", with_code(&client, EMAIL, &code)).await.ok();
    let mut person = Person::new(&server, EMAIL, "");
    let tokens = person.password_sign_in(&client, PASSWORD).await.ok();
    person.keep_tokens(&tokens);
    let user = person.call("GetUser", json!({})).await.ok();
    assert_eq!((&user["Username"], &user["UserAttributes"][0]["Value"]), (&sub, &sub));
    // A new address signs in, the old one does not any more.
    let change = json!({"UserAttributes": [{"Name": "email", "Value": "ada@new.example"}]});
    person.call("UpdateUserAttributes", change).await.ok();
    Person::new(&server, "ada@new.example", "").password_sign_in(&client, PASSWORD).await.ok();
    assert_eq!(person.password_sign_in(&client, PASSWORD).await.outcome(), "UserNotFoundException");
    let gone = server.operator(
        "AdminDeleteUserAttributes",
        json!({"UserPoolId": pool, "Username": sub, "UserAttributeNames": ["email"]}),
    );
    assert_eq!(gone.await.outcome(), "InvalidParameterException");
}

#[tokio::test]
async fn sign_ups_racing_for_an_address_give_one_user() {
    let server = TestServer::start().await;
    for round in 0..10 {
        let pool = json!({"UsernameAttributes": ["email"], "UsernameConfiguration": {"CaseSensitive": false}});
        let (pool, client) = pool_with(&server, pool, json!({})).await;
        let outcomes = all((0..12).map(|n| {
            let person = Person::new(&server, EMAIL, "");
            let name = if n % 2 == 0 { EMAIL } else { "ADA@Example.com" };
            let input = json!({"ClientId": client, "Username": name, "Password": PASSWORD});
            async move { person.call("SignUp", input).await.outcome() }
        }))
        .await;
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == "OK").count(), 1, "{round}: {outcomes:?}");
        assert!(outcomes.iter().all(|outcome| outcome == "OK" || outcome == "UsernameExistsException"), "{outcomes:?}");
        assert_eq!(server.count(&format!("users WHERE user_pool_id = '{pool}'")).await, 1);
    }
}

#[tokio::test]
async fn an_alias_is_the_persons_who_verified_it_first() {
    let server = TestServer::start().await;
    let pool = json!({"AliasAttributes": ["email", "preferred_username"], "AutoVerifiedAttributes": ["email"]});
    let (pool, client) = pool_with(&server, pool, json!({})).await;
    let refusal = server.call("SignUp", sign_up_of(&client, "x@y.z", EMAIL)).await.refused();
    assert_eq!(
        refusal,
        "400 InvalidParameterException: Username cannot be of email format, since user pool is configured for email alias."
    );
    server.call("SignUp", sign_up_of(&client, "ada", EMAIL)).await.ok();
    let by_alias = Person::new(&server, EMAIL, "");
    assert_eq!(
        by_alias.password_sign_in(&client, PASSWORD).await.outcome(),
        "UserNotFoundException",
        "not verified yet"
    );
    let code = server.code(EMAIL, 1).await;
    server.call("ConfirmSignUp", with_code(&client, "ada", &code)).await.ok();
    let signed_in = by_alias.password_sign_in(&client, PASSWORD).await.ok();
    assert!(signed_in["AuthenticationResult"]["AccessToken"].is_string());
    // Another one with the same address may sign up, and does not get the alias unless told to.
    server.call("SignUp", sign_up_of(&client, "eve", EMAIL)).await.ok();
    let code = server.code(EMAIL, 2).await;
    let refusal = server.call("ConfirmSignUp", with_code(&client, "eve", &code)).await.refused();
    assert_eq!(refusal, "400 AliasExistsException: An account with the given email already exists.");
    let mut force = with_code(&client, "eve", &code);
    force["ForceAliasCreation"] = json!(true);
    server.call("ConfirmSignUp", force).await.ok();
    assert_eq!(attribute(&server, &pool, "ada", "email_verified").await.as_deref(), Some("false"));
    let found = server.operator("AdminGetUser", json!({"UserPoolId": pool, "Username": EMAIL})).await.ok();
    assert_eq!(found["Username"], "eve");
    // The name of one person is not the alias of another.
    let named = json!({"UserPoolId": pool, "Username": "eve", "UserAttributes": [{"Name": "preferred_username", "Value": "e"}]});
    server.operator("AdminUpdateUserAttributes", named.clone()).await.ok();
    let mut other = named;
    other["Username"] = json!("ada");
    let refusal = server.operator("AdminUpdateUserAttributes", other).await.refused();
    assert_eq!(refusal, "400 AliasExistsException: An account with the given preferred_username already exists.");
    let refusal = server.call("SignUp", sign_up_of(&client, "e", "e@e.org")).await.refused();
    assert_eq!(refusal, "400 UsernameExistsException: User already exists");
}

#[tokio::test]
async fn a_chosen_name_cannot_be_taken_for_somebody_elses() {
    let server = TestServer::start().await;
    let pool = json!({"AliasAttributes": ["email", "phone_number", "preferred_username"], "AutoVerifiedAttributes": ["email"]});
    let (pool, client) = pool_with(&server, pool, json!({})).await;
    let named = |username: &str, name: &str| {
        let mut input = sign_up_of(&client, username, &format!("{username}@example.com"));
        input["UserAttributes"].as_array_mut().unwrap().push(json!({"Name": "preferred_username", "Value": name}));
        input
    };
    for name in ["ada@example.com", "+15555550100", "3c46320b-c60e-4a21-9d64-5829bfede1c4"] {
        assert_eq!(server.call("SignUp", named("eve", name)).await.outcome(), "InvalidParameterException", "{name}");
    }
    // Nobody holds a name before who they are is proved.
    server.call("SignUp", named("eve", "bob")).await.ok();
    server.call("SignUp", sign_up_of(&client, "bob", "bob@example.com")).await.ok();
    let code = server.code("eve@example.com", 1).await;
    let refusal = server.call("ConfirmSignUp", with_code(&client, "eve", &code)).await.refused();
    assert_eq!(refusal, "400 AliasExistsException: An account with the given preferred_username already exists.");
    let refusal = server.operator("AdminConfirmSignUp", json!({"UserPoolId": pool, "Username": "eve"})).await.outcome();
    assert_eq!(refusal, "InvalidParameterException");
    server.operator("AdminDeleteUser", json!({"UserPoolId": pool, "Username": "bob"})).await.ok();
    server.operator("AdminConfirmSignUp", json!({"UserPoolId": pool, "Username": "eve"})).await.ok();
    assert_eq!(
        server.call("SignUp", sign_up_of(&client, "bob", "b@example.com")).await.outcome(),
        "UsernameExistsException"
    );
}

#[tokio::test]
async fn names_and_aliases_racing_are_one_persons() {
    let server = TestServer::start().await;
    let pool = json!({"AliasAttributes": ["preferred_username"]});
    for round in 0..10 {
        let (pool, client) = pool_with(&server, pool.clone(), json!({})).await;
        for n in 0..4 {
            server.user_in(&pool, &format!("user{n}")).await;
        }
        let server = &server;
        let (pool, client) = (&pool, &client);
        let renames = (0..4).map(|n| async move {
            let name = json!([{"Name": "preferred_username", "Value": "star"}]);
            let input = json!({"UserPoolId": pool, "Username": format!("user{n}"), "UserAttributes": name});
            server.operator("AdminUpdateUserAttributes", input).await.outcome()
        });
        let sign_ups = (0..4).map(|_| async move {
            let input = json!({"ClientId": client, "Username": "star", "Password": PASSWORD});
            server.call("SignUp", input).await.outcome()
        });
        let (renames, sign_ups) =
            tokio::join!(futures_util::future::join_all(renames), futures_util::future::join_all(sign_ups));
        let all: Vec<_> = renames.into_iter().chain(sign_ups).collect();
        assert_eq!(all.iter().filter(|outcome| *outcome == "OK").count(), 1, "{round}: {all:?}");
    }
}

#[tokio::test]
async fn a_reset_code_is_void_once_the_account_was_rescued() {
    let server = TestServer::start().await;
    let (pool, client) = verifying(&server).await;
    let moved = json!([{"Name": "email", "Value": "new@example.com"}, {"Name": "email_verified", "Value": "true"}]);
    let rescues = [
        ("AdminUpdateUserAttributes", json!({"UserAttributes": moved})),
        ("AdminSetUserPassword", json!({"Password": "R3scued-Passw0rd", "Permanent": true})),
        ("AdminDisableUser", json!({})),
    ];
    for (n, (operation, mut rescue)) in rescues.into_iter().enumerate() {
        let (name, email) = (format!("ada{n}"), format!("ada{n}@example.com"));
        confirmed(&server, &client, &name, &email).await;
        server.call("ForgotPassword", of(&client, &name)).await.ok();
        let code = server.code(&email, 2).await;
        rescue["UserPoolId"] = json!(pool);
        rescue["Username"] = json!(name);
        server.operator(operation, rescue).await.ok();
        let outcome =
            server.call("ConfirmForgotPassword", new_password(&client, &name, &code, "Ev1l-Passw0rd")).await.outcome();
        assert!(
            ["ExpiredCodeException", "CodeMismatchException"].contains(&outcome.as_str()),
            "{operation}: {outcome}"
        );
    }
}

#[tokio::test]
async fn an_address_that_waits_is_dropped_when_another_is_set_and_never_passes_immutability() {
    let server = TestServer::start().await;
    let pool = json!({"AutoVerifiedAttributes": ["email"],
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]}});
    let (pool, client) = pool_with(&server, pool, json!({})).await;
    let mut person = confirmed(&server, &client, "ada", EMAIL).await;
    let tokens = person.password_sign_in(&client, PASSWORD).await.ok();
    person.keep_tokens(&tokens);
    let change = |to: &str| json!({"UserAttributes": [{"Name": "email", "Value": to}]});
    person.call("UpdateUserAttributes", change("evil@example.com")).await.ok();
    let code = server.code("evil@example.com", 1).await;
    let verified = json!([{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "true"}]);
    let input = json!({"UserPoolId": pool, "Username": "ada", "UserAttributes": verified});
    server.operator("AdminUpdateUserAttributes", input).await.ok();
    let outcome = person.call("VerifyUserAttribute", json!({"AttributeName": "email", "Code": code})).await.outcome();
    assert_eq!(outcome, "CodeMismatchException");
    assert_eq!(attribute(&server, &pool, "ada", "email").await.as_deref(), Some(EMAIL));
    let fixed = json!([{"Name": "email", "AttributeDataType": "String", "Mutable": false}]);
    let pool = json!({"AutoVerifiedAttributes": ["email"], "Schema": fixed,
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]}});
    let (_, client) = pool_with(&server, pool, json!({})).await;
    let mut person = confirmed(&server, &client, "eve", "eve@example.com").await;
    let tokens = person.password_sign_in(&client, PASSWORD).await.ok();
    person.keep_tokens(&tokens);
    let outcome = person.call("UpdateUserAttributes", change("evil@example.com")).await.outcome();
    assert_eq!(outcome, "InvalidParameterException");
}

#[tokio::test]
async fn an_address_gets_thirty_messages_an_hour_whoever_asks() {
    let server = TestServer::start().await;
    let (_, client) = verifying(&server).await;
    for n in 0..30 {
        server.call("SignUp", sign_up_of(&client, &format!("user{n}"), EMAIL)).await.ok();
    }
    let outcome = server.call("SignUp", sign_up_of(&client, "one-more", "ADA@example.com")).await.outcome();
    assert_eq!(outcome, "LimitExceededException");
    assert_eq!(server.count("users").await, 30, "and no user was made");
}

#[tokio::test]
async fn operators_are_not_held_up_by_who_asks_for_codes() {
    let server = TestServer::start().await;
    let (pool, client) = verifying(&server).await;
    confirmed(&server, &client, "ada", EMAIL).await;
    for _ in 0..5 {
        server.call("ForgotPassword", of(&client, "ada")).await.ok();
    }
    assert_eq!(server.call("ForgotPassword", of(&client, "ada")).await.outcome(), "LimitExceededException");
    server.operator("AdminResetUserPassword", json!({"UserPoolId": pool, "Username": "ada"})).await.ok();
}

#[tokio::test]
async fn users_do_not_delete_what_is_not_theirs_to_write() {
    let server = TestServer::start().await;
    let schema =
        json!([{"Name": "blocked", "AttributeDataType": "String", "DeveloperOnlyAttribute": true, "Mutable": true}]);
    let pool = json!({"AutoVerifiedAttributes": ["email"], "Schema": schema});
    let (_, client) = pool_with(&server, pool, json!({})).await;
    let mut person = confirmed(&server, &client, "ada", EMAIL).await;
    let tokens = person.password_sign_in(&client, PASSWORD).await.ok();
    person.keep_tokens(&tokens);
    for name in ["dev:custom:blocked", "email_verified", "identities"] {
        let refusal = person.call("DeleteUserAttributes", json!({"UserAttributeNames": [name]})).await.outcome();
        assert_eq!(refusal, "NotAuthorizedException", "{name}");
    }
}

#[tokio::test]
async fn an_address_is_one_address_and_nothing_else() {
    let server = TestServer::start().await;
    let (_, client) = verifying(&server).await;
    for email in ["a@b@c", "x<bob@y.com>", "\"ceo@corp.com\"<me@evil.com>", "a,b@c.d", "\u{212a}en@c.d", "@c", "c@"] {
        let refusal = server.call("SignUp", sign_up_of(&client, "ada", email)).await.refused();
        assert_eq!(refusal, "400 InvalidParameterException: Invalid email address format.", "{email}");
    }
}

#[tokio::test]
async fn names_that_swap_and_names_that_are_long_are_refused_rather_than_broken() {
    let server = TestServer::start().await;
    let pool = json!({"AliasAttributes": ["preferred_username"], "UsernameConfiguration": {"CaseSensitive": false}});
    let (pool, _) = pool_with(&server, pool, json!({})).await;
    let rename = |username: &str, name: &str| {
        let name = json!([{"Name": "preferred_username", "Value": name}]);
        json!({"UserPoolId": pool, "Username": username, "UserAttributes": name})
    };
    for name in ["ada", "eve"] {
        server.user_in(&pool, name).await;
    }
    let long: String = (0..1_000).map(|n| char::from_u32(0x23a + 4 * (n % 2)).unwrap()).collect();
    let outcome = server.operator("AdminUpdateUserAttributes", rename("ada", &long)).await.outcome();
    assert_eq!(outcome, "InvalidParameterException");
    server.operator("AdminUpdateUserAttributes", rename("ada", "one")).await.ok();
    server.operator("AdminUpdateUserAttributes", rename("eve", "two")).await.ok();
    let (first, second) = tokio::join!(
        server.operator("AdminUpdateUserAttributes", rename("ada", "two")),
        server.operator("AdminUpdateUserAttributes", rename("eve", "one"))
    );
    for outcome in [first.outcome(), second.outcome()] {
        assert!(["OK", "AliasExistsException", "TooManyRequestsException"].contains(&outcome.as_str()), "{outcome}");
    }
}

#[tokio::test]
async fn a_changed_address_is_verified_anew() {
    let server = TestServer::start().await;
    let (pool, client) = verifying(&server).await;
    let mut person = confirmed(&server, &client, "ada", EMAIL).await;
    let tokens = person.password_sign_in(&client, PASSWORD).await.ok();
    person.keep_tokens(&tokens);
    let change =
        json!({"UserAttributes": [{"Name": "email", "Value": "new@example.com"}, {"Name": "name", "Value": "Ada"}]});
    let answer = person.call("UpdateUserAttributes", change).await.ok();
    assert_eq!(
        answer["CodeDeliveryDetailsList"],
        json!([{"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "n***@e***"}])
    );
    assert_eq!(attribute(&server, &pool, "ada", "email").await.as_deref(), Some("new@example.com"));
    assert_eq!(attribute(&server, &pool, "ada", "email_verified").await.as_deref(), Some("false"));
    let code = server.code("new@example.com", 1).await;
    let verify = |code: &str| json!({"AttributeName": "email", "Code": code});
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(person.call("VerifyUserAttribute", verify(wrong)).await.outcome(), "CodeMismatchException");
    person.call("VerifyUserAttribute", verify(&code)).await.ok();
    assert_eq!(attribute(&server, &pool, "ada", "email_verified").await.as_deref(), Some("true"));
    // A code proves the address that it was sent to, whatever the user has meanwhile.
    person.call("GetUserAttributeVerificationCode", json!({"AttributeName": "email"})).await.ok();
    let code = server.code("new@example.com", 2).await;
    let change = json!({"UserPoolId": pool, "Username": "ada", "UserAttributes": [{"Name": "email", "Value": "third@example.com"}]});
    server.operator("AdminUpdateUserAttributes", change).await.ok();
    let outcome = person.call("VerifyUserAttribute", verify(&code)).await.outcome();
    assert!(["CodeMismatchException", "ExpiredCodeException"].contains(&outcome.as_str()), "{outcome}");
    assert_eq!(attribute(&server, &pool, "ada", "email_verified").await.as_deref(), Some("false"));
    person.call("DeleteUserAttributes", json!({"UserAttributeNames": ["email", "name"]})).await.ok();
    assert_eq!(attribute(&server, &pool, "ada", "email_verified").await, None);
    let refusal = person.call("GetUserAttributeVerificationCode", json!({"AttributeName": "email"})).await.refused();
    assert_eq!(refusal, "400 InvalidParameterException: User does not have email.");
}

#[tokio::test]
async fn a_new_address_waits_for_its_code_where_the_pool_says_so() {
    let server = TestServer::start().await;
    let pool = json!({"AutoVerifiedAttributes": ["email"],
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]}});
    let (pool, client) = pool_with(&server, pool, json!({})).await;
    let mut person = confirmed(&server, &client, "ada", EMAIL).await;
    let tokens = person.password_sign_in(&client, PASSWORD).await.ok();
    person.keep_tokens(&tokens);
    person
        .call("UpdateUserAttributes", json!({"UserAttributes": [{"Name": "email", "Value": "new@example.com"}]}))
        .await
        .ok();
    assert_eq!(attribute(&server, &pool, "ada", "email").await.as_deref(), Some(EMAIL));
    assert_eq!(attribute(&server, &pool, "ada", "email_verified").await.as_deref(), Some("true"));
    let code = server.code("new@example.com", 1).await;
    person.call("VerifyUserAttribute", json!({"AttributeName": "email", "Code": code})).await.ok();
    assert_eq!(attribute(&server, &pool, "ada", "email").await.as_deref(), Some("new@example.com"));
    assert_eq!(attribute(&server, &pool, "ada", "email_verified").await.as_deref(), Some("true"));
}

#[tokio::test]
async fn custom_attributes_are_added_to_a_pool_that_lives() {
    let server = TestServer::start().await;
    let (pool, client) = verifying(&server).await;
    let add = json!({"UserPoolId": pool, "CustomAttributes": [{"Name": "team", "AttributeDataType": "String", "Mutable": true}]});
    assert_eq!(server.operator("AddCustomAttributes", add.clone()).await.text, "");
    assert_eq!(server.operator("AddCustomAttributes", add).await.outcome(), "InvalidParameterException");
    let mut input = sign_up_of(&client, "ada", EMAIL);
    input["UserAttributes"] = json!([{"Name": "custom:team", "Value": "blue"}]);
    server.call("SignUp", input).await.ok();
    assert_eq!(attribute(&server, &pool, "ada", "custom:team").await.as_deref(), Some("blue"));
}

#[tokio::test]
async fn removing_a_user_frees_the_name_and_voids_the_code() {
    let server = TestServer::start().await;
    let pool = json!({"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"]});
    let (pool, client) = pool_with(&server, pool, json!({})).await;
    let input = json!({"ClientId": client, "Username": EMAIL, "Password": PASSWORD});
    server.call("SignUp", input.clone()).await.ok();
    let code = server.code(EMAIL, 1).await;
    server.operator("AdminDeleteUser", json!({"UserPoolId": pool, "Username": EMAIL})).await.ok();
    server.call("SignUp", input).await.ok();
    let outcome = server.call("ConfirmSignUp", with_code(&client, EMAIL, &code)).await.outcome();
    assert_eq!(outcome, "CodeMismatchException");
    server.operator("DeleteUserPool", json!({"UserPoolId": pool})).await.ok();
    keystead::jobs::delete_pools::once(&server.app).await.unwrap();
    assert_eq!(server.count("user_aliases").await + server.count("codes").await, 0);
}

/// The link in a message, as a browser reads it.
fn link_in(message: &str) -> url::Url {
    let link = message.split("href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    url::Url::parse(&link).unwrap()
}

#[tokio::test]
async fn a_sign_up_is_confirmed_by_a_link_and_only_by_its_button() {
    let server = TestServer::start().await;
    let template = json!({"DefaultEmailOption": "CONFIRM_WITH_LINK",
        "EmailMessageByLink": "Hello {username}, {##confirm <now>##}!", "EmailSubjectByLink": "Welcome"});
    let members = json!({"AutoVerifiedAttributes": ["email"], "VerificationMessageTemplate": template});
    let (_, client) = pool_with(&server, members, json!({"PreventUserExistenceErrors": "ENABLED"})).await;
    let input = json!({"ClientId": client, "Username": "ada&bob", "Password": PASSWORD,
        "UserAttributes": [{"Name": "email", "Value": "ada@example.com"}]});
    server.call("SignUp", input).await.ok();
    let message = server.message("ada@example.com", 1).await;
    assert!(
        message.starts_with("Hello ada&amp;bob, <a href=") && message.ends_with("confirm &lt;now&gt;</a>!"),
        "{message}"
    );
    let link = link_in(&message);
    assert!(link.as_str().starts_with("http://localhost:9229/confirmUser?"), "{link}");
    // What looks at mail follows links: that alone changes nothing.
    let url = format!("{}/confirmUser?{}", server.url, link.query().unwrap());
    let shown = server.http.get(&url).send().await.unwrap();
    let policy = shown.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(shown.headers()["referrer-policy"], "same-origin");
    let html = shown.text().await.unwrap();
    assert!(html.contains("value=\"ada&#38;bob\"") || html.contains("value=\"ada&amp;bob\""), "{html}");
    assert_eq!(server.count("users WHERE status = 'CONFIRMED'").await, 0);
    let post = async |pairs: &[(String, String)]| {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = server
            .http
            .post(format!("{}/confirmUser", server.url))
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let right: Vec<(String, String)> = link.query_pairs().into_owned().collect();
    // Nobody guesses by links, and nobody asks by links who signed up.
    for (field, value) in
        [("confirmation_code", "000000"), ("user_name", "nobody"), ("signature", "x"), ("client_id", "none")]
    {
        let mut wrong = right.clone();
        wrong.iter_mut().find(|(name, _)| name == field).unwrap().1 = value.into();
        let (status, html) = post(&wrong).await;
        assert!(status == 400 && html.contains("This link is incomplete"), "{status} {html}");
    }
    assert_eq!(server.count("code_attempts WHERE tried > 0").await, 0);
    let (status, html) = post(&right).await;
    assert!(status == 200 && html.contains("Your account is confirmed"), "{status} {html}");
    assert_eq!(server.count("users WHERE status = 'CONFIRMED' AND attributes ->> 'email_verified' = 'true'").await, 1);
    let (status, html) = post(&right).await;
    assert!(status == 200 && html.contains("is already confirmed"), "{status} {html}");
    let cut = server.http.get(format!("{}/confirmUser?client_id=x", server.url)).send().await.unwrap();
    assert_eq!(
        (cut.status().as_u16(), &cut.headers()["content-type"]),
        (400, &"text/html; charset=utf-8".parse().unwrap())
    );
    assert!(cut.text().await.unwrap().contains("This link is incomplete"));
}

#[tokio::test]
async fn a_reset_is_by_code_where_sign_ups_are_by_link() {
    let server = TestServer::start().await;
    let members = json!({"AutoVerifiedAttributes": ["email"], "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"}});
    let (_, client) = pool_with(&server, members, json!({})).await;
    let input = json!({"ClientId": client, "Username": "ada", "Password": PASSWORD, "UserAttributes": [{"Name": "email", "Value": "ada@example.com"}]});
    server.call("SignUp", input).await.ok();
    let code = link_in(&server.message("ada@example.com", 1).await)
        .query_pairs()
        .find(|(name, _)| name == "confirmation_code")
        .unwrap()
        .1
        .into_owned();
    // The code in the link is the code of the API, too.
    server.call("ConfirmSignUp", json!({"ClientId": client, "Username": "ada", "ConfirmationCode": code})).await.ok();
    server.call("ForgotPassword", json!({"ClientId": client, "Username": "ada"})).await.ok();
    assert!(server.message("ada@example.com", 2).await.starts_with("Your password reset code is "));
}

/// A sign-up as an e-mail address with a phone number beside it.
fn squatting(client: &str, phone: &str) -> Value {
    json!({"ClientId": client, "Username": EMAIL, "Password": PASSWORD,
        "UserAttributes": [{"Name": "phone_number", "Value": phone}]})
}

const PHONE: &str = "+15555550100";

#[tokio::test]
async fn a_sign_up_as_an_address_is_confirmed_by_that_address() {
    let server = TestServer::start().await;
    let pool = json!({"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email", "phone_number"]});
    let (_, client) = pool_with(&server, pool, json!({"PreventUserExistenceErrors": "ENABLED"})).await;
    let to_email = json!({"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "a***@e***"});
    let answer = server.call("SignUp", squatting(&client, PHONE)).await.ok();
    assert_eq!(answer["CodeDeliveryDetails"], to_email);
    let answer = server.call("ResendConfirmationCode", of(&client, EMAIL)).await.ok();
    assert_eq!(answer["CodeDeliveryDetails"], to_email);
    server.code(EMAIL, 2).await;
    assert_eq!(server.count("outbox WHERE kind = 'message.sms'").await, 0);
}

#[tokio::test]
async fn recovery_goes_to_the_address_that_is_the_name_and_not_to_the_phone_of_who_signed_up_as_it() {
    let server = TestServer::start().await;
    let pool = json!({"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["phone_number"]});
    let (pool, client) = pool_with(&server, pool, json!({})).await;
    server.call("SignUp", squatting(&client, PHONE)).await.ok();
    let code = server.code(PHONE, 1).await;
    server.call("ConfirmSignUp", with_code(&client, EMAIL, &code)).await.ok();
    let mut stranger = Person::new(&server, EMAIL, "");
    let tokens = stranger.password_sign_in(&client, PASSWORD).await.ok();
    stranger.keep_tokens(&tokens);
    // The owner of the address finds that it has an account, and asks for a new password.
    let answer = server.call("ForgotPassword", of(&client, EMAIL)).await.ok();
    assert_eq!(answer["CodeDeliveryDetails"]["Destination"], "a***@e***");
    let code = server.code(EMAIL, 1).await;
    server.call("ConfirmForgotPassword", new_password(&client, EMAIL, &code, "N3w-Passw0rd")).await.ok();
    assert_eq!(attribute(&server, &pool, EMAIL, "email_verified").await.as_deref(), Some("true"));
    assert_eq!(attribute(&server, &pool, EMAIL, "phone_number_verified").await.as_deref(), Some("false"));
    assert_eq!(
        stranger.call("GetUser", json!({})).await.outcome(),
        "NotAuthorizedException",
        "nothing is left to them"
    );
    server.call("ForgotPassword", of(&client, EMAIL)).await.ok();
    server.code(EMAIL, 2).await;
    assert_eq!(server.count("outbox WHERE kind = 'message.sms'").await, 0);
    // And the same the other way round, for operators too.
    let pool = json!({"UsernameAttributes": ["phone_number"], "AutoVerifiedAttributes": ["email"]});
    let (pool, client) = pool_with(&server, pool, json!({})).await;
    let input = json!({"ClientId": client, "Username": PHONE, "Password": PASSWORD,
        "UserAttributes": [{"Name": "email", "Value": "eve@example.com"}]});
    server.call("SignUp", input).await.ok();
    let code = server.code("eve@example.com", 1).await;
    server.call("ConfirmSignUp", with_code(&client, PHONE, &code)).await.ok();
    server.operator("AdminResetUserPassword", json!({"UserPoolId": pool, "Username": PHONE})).await.ok();
    let code = server.code(PHONE, 2).await;
    server.call("ConfirmForgotPassword", new_password(&client, PHONE, &code, "N3w-Passw0rd")).await.ok();
}

#[tokio::test]
async fn no_second_factor_is_left_of_whoever_signed_up_as_somebody_elses_address() {
    let server = TestServer::start().await;
    let pool = json!({"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["phone_number"]});
    let (pool, client) = pool_with(&server, pool, json!({})).await;
    let input = json!({"UserPoolId": pool, "MfaConfiguration": "OPTIONAL",
        "SoftwareTokenMfaConfiguration": {"Enabled": true}});
    server.operator("SetUserPoolMfaConfig", input).await.ok();
    server.call("SignUp", squatting(&client, PHONE)).await.ok();
    let code = server.code(PHONE, 1).await;
    server.call("ConfirmSignUp", with_code(&client, EMAIL, &code)).await.ok();
    let mut stranger = Person::new(&server, EMAIL, "");
    let tokens = stranger.password_sign_in(&client, PASSWORD).await.ok();
    stranger.keep_tokens(&tokens);
    let secret = stranger.call("AssociateSoftwareToken", json!({})).await.ok()["SecretCode"].clone();
    let code = super::mfa::totp(secret.as_str().unwrap(), &server);
    stranger.call("VerifySoftwareToken", json!({"UserCode": code})).await.ok();
    let on = json!({"SoftwareTokenMfaSettings": {"Enabled": true, "PreferredMfa": true}});
    assert_eq!(stranger.call("SetUserMFAPreference", on).await.text, "");
    stranger.call("GetUserAttributeVerificationCode", json!({"AttributeName": "phone_number"})).await.ok();
    server
        .sql(
            "INSERT INTO devices (user_pool_id, sub, device_key, group_key, verifier, remembered, last_address, created_at,
                 updated_at, last_used_at)
             SELECT user_pool_id, sub, 'key', 'group', '', true, '', created_at, created_at, created_at FROM users",
        )
        .await;
    server.call("ForgotPassword", of(&client, EMAIL)).await.ok();
    let code = server.code(EMAIL, 1).await;
    server.call("ConfirmForgotPassword", new_password(&client, EMAIL, &code, "N3w-Passw0rd")).await.ok();
    let answer = Person::new(&server, EMAIL, "").password_sign_in(&client, "N3w-Passw0rd").await.ok();
    assert!(answer["AuthenticationResult"]["AccessToken"].is_string(), "{answer}");
    for left in ["devices", "software_tokens", "codes"] {
        assert_eq!(server.count(left).await, 0, "{left}");
    }
    let user = server.operator("AdminGetUser", json!({"UserPoolId": pool, "Username": EMAIL})).await.ok();
    assert!(user["UserMFASettingList"].is_null() && user["PreferredMfaSetting"].is_null(), "{user}");
}

#[tokio::test]
async fn the_session_of_a_sign_up_as_somebody_elses_address_ends_when_the_address_is_proved() {
    let server = TestServer::start().await;
    let factors = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}});
    let pool =
        json!({"Policies": factors, "UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["phone_number"]});
    let (_, client) = pool_with(&server, pool, json!({})).await;
    server.call("SignUp", squatting(&client, PHONE)).await.ok();
    let code = server.code(PHONE, 1).await;
    let session = server.call("ConfirmSignUp", with_code(&client, EMAIL, &code)).await.ok()["Session"].clone();
    assert!(session.is_string());
    server.call("ForgotPassword", of(&client, EMAIL)).await.ok();
    let code = server.code(EMAIL, 1).await;
    server.call("ConfirmForgotPassword", new_password(&client, EMAIL, &code, "N3w-Passw0rd")).await.ok();
    let input = json!({"ClientId": client, "AuthFlow": "USER_AUTH", "AuthParameters": {"USERNAME": EMAIL},
        "Session": session});
    let answer = server.call("InitiateAuth", input).await.ok();
    assert!(answer["AuthenticationResult"].is_null(), "{answer}");
}

#[tokio::test]
async fn an_address_written_beside_a_proved_one_is_nobodys_name() {
    let server = TestServer::start().await;
    let pool =
        json!({"UsernameAttributes": ["email", "phone_number"], "AutoVerifiedAttributes": ["email", "phone_number"]});
    let (_, client) = pool_with(&server, pool, json!({})).await;
    let input = json!({"ClientId": client, "Username": PHONE, "Password": PASSWORD,
        "UserAttributes": [{"Name": "email", "Value": EMAIL}]});
    server.call("SignUp", input).await.ok();
    let code = server.code(PHONE, 1).await;
    server.call("ConfirmSignUp", with_code(&client, PHONE, &code)).await.ok();
    Person::new(&server, PHONE, "").password_sign_in(&client, PASSWORD).await.ok();
    let by_address = Person::new(&server, EMAIL, "").password_sign_in(&client, PASSWORD).await.outcome();
    assert_eq!(by_address, "UserNotFoundException");
    let input = json!({"ClientId": client, "Username": EMAIL, "Password": "0wn-Passw0rd"});
    server.call("SignUp", input).await.ok();
    let code = server.code(EMAIL, 1).await;
    server.call("ConfirmSignUp", with_code(&client, EMAIL, &code)).await.ok();
    Person::new(&server, EMAIL, "").password_sign_in(&client, "0wn-Passw0rd").await.ok();
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
