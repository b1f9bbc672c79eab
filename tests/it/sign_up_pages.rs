//! Signing up on the pages: who keeps the password, and what strangers learn.

use serde_json::{Value, json};

use crate::support::{
    Browser, CALLBACK, PASSWORD, Shown, TestServer,
    functions::{Functions, Reply, arn},
    initiate, pages_client, pool, pool_with, respond,
};

/// A client with pages, of a pool whose people are called by their address.
async fn by_address(server: &TestServer, mut members: Value) -> String {
    let client = json!({"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid"], "CallbackURLs": [CALLBACK]});
    members["UsernameAttributes"] = json!(["email"]);
    members["AutoVerifiedAttributes"] = json!(["email"]);
    pool_with(server, members, client).await.1
}

async fn sign_up(browser: &mut Browser, client: &str, email: &str, password: &str) -> Shown {
    let page = browser.get(&format!("/signup?client_id={client}")).await;
    browser.submit(&page, "sign_up", &[("email", email), ("password", password)]).await
}

/// Opens the link of an address's n-th message and presses the button, with a password where that is not empty.
async fn open_link(server: &TestServer, browser: &mut Browser, email: &str, n: usize, password: &str) -> Shown {
    let message = server.message(email, n).await;
    let link = message.split("href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let link = url::Url::parse(&link).unwrap();
    browser.get(&format!("/confirmUser?{}", link.query().unwrap())).await;
    let fields: Vec<_> = link.query_pairs().collect();
    let fields = fields.iter().map(|(name, value)| (&**name, &**value));
    let fields: Vec<_> = fields.chain([("password", password)]).filter(|(_, value)| !value.is_empty()).collect();
    browser.post("/confirmUser", &fields).await
}

#[tokio::test]
async fn a_link_keeps_the_password_of_the_browser_that_signed_up_only() {
    let server = TestServer::start().await;
    let by_link = json!({"VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"},
        "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}});
    let client = by_address(&server, by_link).await;
    let signs_in = async |email: &str, password: &str| {
        let input = initiate(&client, "USER_PASSWORD_AUTH", json!({"USERNAME": email, "PASSWORD": password}));
        server.call("InitiateAuth", input).await.status == 200
    };
    let confirmed = async |email: &str| {
        server.count(&format!("users WHERE attributes ->> 'email' = '{email}' AND status = 'CONFIRMED'")).await == 1
    };
    // In the same browser.
    let mut own = Browser::new(&server);
    sign_up(&mut own, &client, "own@example.com", PASSWORD).await;
    let done = open_link(&server, &mut own, "own@example.com", 1, "").await;
    assert_eq!((done.status, done.heading().as_str()), (200, "Account confirmed"));
    assert!(signs_in("own@example.com", PASSWORD).await);
    // The same, sent twice: the password is the one that was chosen last.
    let mut twice = Browser::new(&server);
    sign_up(&mut twice, &client, "twice@example.com", "First-one-1!").await;
    sign_up(&mut twice, &client, "twice@example.com", PASSWORD).await;
    assert_eq!(open_link(&server, &mut twice, "twice@example.com", 2, "").await.heading(), "Account confirmed");
    assert!(signs_in("twice@example.com", PASSWORD).await && !signs_in("twice@example.com", "First-one-1!").await);
    // In another one somebody else may have signed up with the address, also by the API, and also if the owner did since.
    sign_up(&mut Browser::new(&server), &client, "first@example.com", "Strangers-1!").await;
    sign_up(&mut Browser::new(&server), &client, "second@example.com", "Strangers-1!").await;
    let by_api = json!({"ClientId": client, "Username": "third@example.com", "Password": "Strangers-1!"});
    server.call("SignUp", by_api).await.ok();
    for (email, n) in [("first@example.com", 1), ("second@example.com", 2), ("third@example.com", 2)] {
        let mut owner = Browser::new(&server);
        if n == 2 {
            assert_eq!(sign_up(&mut owner, &client, email, PASSWORD).await.heading(), "Confirm your account");
        }
        let asked = open_link(&server, &mut owner, email, n, "").await;
        assert!(
            asked.text.contains("Choose a password to finish.") && !confirmed(email).await,
            "{email}: {}",
            asked.text
        );
        let weak = open_link(&server, &mut owner, email, n, "weak").await;
        assert!(weak.notice().starts_with("Choose a stronger password.") && !confirmed(email).await);
        let blank = open_link(&server, &mut owner, email, n, " Owners-own-1!").await;
        assert!(blank.notice().starts_with("You can’t use this password.") && !confirmed(email).await);
        let done = open_link(&server, &mut owner, email, n, "Owners-own-1!").await;
        assert_eq!((done.status, done.heading().as_str()), (200, "Account confirmed"), "{email}");
        assert!(!signs_in(email, "Strangers-1!").await && signs_in(email, "Owners-own-1!").await, "{email}");
    }
    // Of an application's own sign-up the link confirms what was chosen there, as with Amazon Cognito; and who has no
    // password needs none.
    let by_api = json!({"ClientId": client, "Username": "fifth@example.com", "Password": PASSWORD});
    server.call("SignUp", by_api).await.ok();
    let done = open_link(&server, &mut Browser::new(&server), "fifth@example.com", 1, "Not-asked-1!").await;
    assert_eq!(done.heading(), "Account confirmed");
    assert!(signs_in("fifth@example.com", PASSWORD).await);
    sign_up(&mut Browser::new(&server), &client, "sixth@example.com", "").await;
    open_link(&server, &mut Browser::new(&server), "sixth@example.com", 1, "").await;
    assert!(confirmed("sixth@example.com").await);
}

#[tokio::test]
async fn a_sign_up_says_where_its_code_goes_whether_or_not_it_goes_there() {
    let server = TestServer::start().await;
    let client = by_address(&server, json!({})).await;
    let known = json!({"ClientId": client, "Username": "nils@example.com", "Password": PASSWORD});
    server.call("SignUp", known).await.ok();
    let disabled = json!({"ClientId": client, "Username": "nora@example.com", "Password": PASSWORD});
    server.call("SignUp", disabled).await.ok();
    server.sql("UPDATE users SET enabled = false WHERE username_key = 'nora@example.com'").await;
    // Also in capitals, and more often than codes are sent.
    for _ in 0..8 {
        let mut seen = Vec::new();
        for email in ["NILS@example.com", "NORA@example.com", "NOBODY@example.com"] {
            let page = sign_up(&mut Browser::new(&server), &client, email, PASSWORD).await;
            let said = page.text.contains(&format!("We sent a code to {email}."));
            seen.push((page.status, page.heading(), said));
        }
        assert!(seen.iter().all(|one| *one == seen[0]) && seen[0].2, "{seen:?}");
    }
}

#[tokio::test]
async fn a_wrong_code_does_not_tell_whether_somebody_waits_for_one() {
    let server = TestServer::start().await;
    let client = json!({"PreventUserExistenceErrors": "ENABLED"});
    let (pool, client) = pool_with(&server, json!({"AutoVerifiedAttributes": ["email"]}), client).await;
    server.user_in(&pool, "known").await;
    let waiting = json!({"ClientId": client, "Username": "waiting", "Password": PASSWORD,
        "UserAttributes": [{"Name": "email", "Value": "waiting@example.com"}]});
    server.call("SignUp", waiting).await.ok();
    for round in 0..2 {
        for name in ["known", "waiting", "nobody"] {
            let input = json!({"ClientId": client, "Username": name, "ConfirmationCode": "000000"});
            let refusal = server.call("ConfirmSignUp", input).await.refused();
            let expected = "400 CodeMismatchException: Invalid verification code provided, please try again.";
            assert_eq!(refusal, expected, "{name} {round}");
        }
        server.clock.advance(time::Duration::hours(25));
    }
    // Who has the right one learns that it has expired.
    let code = server.code("waiting@example.com", 1).await;
    let input = json!({"ClientId": client, "Username": "waiting", "ConfirmationCode": code});
    assert_eq!(server.call("ConfirmSignUp", input).await.outcome(), "ExpiredCodeException");
}

#[tokio::test]
async fn a_function_that_fails_after_a_confirmation_does_not_hold_the_person_up() {
    let (server, functions) = Functions::start(&[]).await;
    let settings = json!({"UserPoolId": pool(), "AutoVerifiedAttributes": ["email"],
        "LambdaConfig": {"PostConfirmation": arn("f")}});
    server.operator("UpdateUserPool", settings).await.ok();
    for (n, reply) in [Reply::Throw("no"), Reply::Raw(500, "{}"), Reply::Raw(200, "garbage")].into_iter().enumerate() {
        functions.on("f", move |_| reply.clone());
        let (name, email) = (format!("ada{n}"), format!("ada{n}@example.com"));
        let mut browser = Browser::new(&server);
        let page = browser.get(&format!("/signup?client_id={}", pages_client())).await;
        let entered = [("username", name.as_str()), ("email", &email), ("password", PASSWORD)];
        let page = browser.submit(&page, "sign_up", &entered).await;
        let code = server.code(&email, 1).await;
        let done = browser.submit(&page, "confirm", &[("code", &code)]).await;
        assert_eq!(done.status, 303, "{}", done.text);
        // A new password is set just so.
        let mut browser = Browser::new(&server);
        let page = browser.get(&format!("/forgot?client_id={}", pages_client())).await;
        let page = browser.submit(&page, "forgot", &[("username", &name)]).await;
        let code = server.code(&email, 2).await;
        let done = browser.submit(&page, "reset", &[("code", &code), ("password", "Another-1!")]).await;
        assert!(done.location().contains("done=password"), "{} {}", done.status, done.text);
    }
}

#[tokio::test]
async fn a_code_for_a_new_password_that_comes_late_tells_nobody_apart() {
    let server = TestServer::start().await;
    let members = json!({"AutoVerifiedAttributes": ["email"]});
    let (pool, client) = pool_with(&server, members, json!({"PreventUserExistenceErrors": "ENABLED"})).await;
    server.user_in(&pool, "known").await;
    let email = json!([{"Name": "email", "Value": "known@example.com"}, {"Name": "email_verified", "Value": "true"}]);
    let known = json!({"UserPoolId": pool, "Username": "known", "UserAttributes": email});
    server.operator("AdminUpdateUserAttributes", known).await.ok();
    for name in ["known", "nobody"] {
        server.call("ForgotPassword", json!({"ClientId": client, "Username": name})).await.ok();
    }
    for (minutes, outcome) in [(1, "CodeMismatchException"), (60, "ExpiredCodeException")] {
        server.clock.advance(time::Duration::minutes(minutes));
        for name in ["known", "nobody"] {
            let input =
                json!({"ClientId": client, "Username": name, "ConfirmationCode": "000000", "Password": PASSWORD});
            assert_eq!(server.call("ConfirmForgotPassword", input).await.outcome(), outcome, "{name}");
        }
    }
}

#[tokio::test]
async fn a_phone_number_is_the_same_however_it_is_written() {
    let server = TestServer::start().await;
    let client = json!({"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid"], "CallbackURLs": [CALLBACK]});
    let members = json!({"UsernameAttributes": ["phone_number"]});
    let (_, client) = pool_with(&server, members, client).await;
    let number = "+49 (0)30 12-34567";
    let mut browser = Browser::new(&server);
    let page = browser.get(&format!("/signup?client_id={client}")).await;
    browser.submit(&page, "sign_up", &[("phone_number", number), ("password", PASSWORD)]).await;
    server.sql("UPDATE users SET status = 'CONFIRMED' WHERE attributes ->> 'phone_number' = '+49301234567'").await;
    let done = browser.sign_in(&format!("/login?client_id={client}"), number).await;
    assert!(done.location().starts_with("/account"), "{} {}", done.status, done.text);
}

#[tokio::test]
async fn a_sign_up_sent_twice_is_one() {
    let server = TestServer::start().await;
    let by_link = json!({"VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"}});
    for (members, email) in [(json!({}), "ada@example.com"), (by_link, "eve@example.com")] {
        let client = by_address(&server, members).await;
        let mut browser = Browser::new(&server);
        sign_up(&mut browser, &client, email, PASSWORD).await;
        let page = sign_up(&mut browser, &client, email, PASSWORD).await;
        if email.starts_with("ada") {
            let code = server.code(email, 2).await;
            let done = browser.submit(&page, "confirm", &[("code", &code)]).await;
            assert_eq!(browser.follow(done).await.heading(), "Your account");
        } else {
            assert_eq!(open_link(&server, &mut browser, email, 2, "").await.heading(), "Account confirmed");
        }
        let input = initiate(&client, "USER_PASSWORD_AUTH", json!({"USERNAME": email, "PASSWORD": PASSWORD}));
        server.call("InitiateAuth", input).await.ok();
    }
}

#[tokio::test]
async fn where_a_link_is_sent_no_code_is_asked_for_and_the_sign_in_leads_to_a_passkey() {
    let server = TestServer::start().await;
    let factors = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}});
    let members = json!({"Policies": factors,
        "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"}});
    let client = by_address(&server, members).await;
    let pool = server.sql_text(&format!("SELECT user_pool_id FROM app_clients WHERE client_id = '{client}'")).await;
    let rp = json!({"UserPoolId": pool, "WebAuthnConfiguration": {"RelyingPartyId": "localhost"}});
    server.operator("SetUserPoolMfaConfig", rp).await.ok();
    let mut browser = Browser::new(&server);
    // As an invitation leads on to another sign-up.
    let page = browser.get(&format!("/signup?client_id={client}&then=add&invited=1")).await;
    let entered = [("email", "ada@example.com"), ("password", PASSWORD)];
    let page = browser.submit(&page, "sign_up", &entered).await;
    let page = browser.submit(&page, "resend", &[]).await;
    assert!(page.notice().starts_with("We sent the message again"), "{}", page.text);
    assert!(page.text.contains("We sent a link to ada@example.com.") && page.text.contains("Send a new link"));
    assert!(!page.text.contains("name=\"code\""), "{}", page.text);
    let confirmed = open_link(&server, &mut browser, "ada@example.com", 2, "").await;
    // The page that waited leads on where the link's own does; for who just signed up, not for who was signed in before.
    server.user_in(&pool, "other@example.com").await;
    let mut first = Browser::new(&server);
    first.sign_in(&format!("/login?client_id={client}"), "other@example.com").await;
    for page in [page, confirmed] {
        let login = page.text.split("href=\"/login?").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
        assert_eq!(login.matches("invited").count(), 1, "{login}");
        let mut browser = first.clone();
        let page = browser.get(&format!("/login?{login}")).await;
        assert!(page.text.contains("value=\"ada@example.com\""), "{}", page.text);
        assert_eq!(page.heading(), "Sign in");
        let page = browser.submit(&page, "name", &[("username", "ada@example.com")]).await;
        let on = browser.submit(&page, "password", &[("password", PASSWORD)]).await;
        assert_eq!(browser.follow(on).await.heading(), "Sign in faster next time?");
    }
}

#[tokio::test]
async fn who_has_no_way_to_sign_in_looks_like_nobody() {
    let server = TestServer::start().await;
    let factors = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}});
    let client = json!({"PreventUserExistenceErrors": "ENABLED", "ExplicitAuthFlows": ["ALLOW_USER_AUTH"]});
    let (pool, client) = pool_with(&server, json!({"Policies": factors}), client).await;
    server.user_in(&pool, "ada").await;
    server.sql("UPDATE users SET password_hash = NULL").await;
    let begin = async |username: &str| {
        let input = initiate(&client, "USER_AUTH", json!({"USERNAME": username}));
        server.call("InitiateAuth", input).await.ok()
    };
    let answer = begin("ada").await;
    let available = answer["AvailableChallenges"].to_string();
    assert!(available.contains("PASSWORD"), "{answer}");
    // It leads nowhere, as for nobody.
    for (username, answer) in [("ada", answer), ("nobody", begin("nobody").await)] {
        let input = respond(
            &client,
            "SELECT_CHALLENGE",
            &answer["Session"],
            json!({"USERNAME": username, "ANSWER": "PASSWORD", "PASSWORD": PASSWORD}),
        );
        let refusal = server.call("RespondToAuthChallenge", input).await.refused();
        assert_eq!(refusal, "400 NotAuthorizedException: Incorrect username or password.", "{username}");
    }
}

#[tokio::test]
async fn an_old_link_does_not_tell_an_address_of_today() {
    let server = TestServer::start().await;
    let by_link = json!({"VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"}});
    let client = by_address(&server, by_link).await;
    let mut browser = Browser::new(&server);
    sign_up(&mut browser, &client, "old@example.com", PASSWORD).await;
    let confirmed = open_link(&server, &mut browser, "old@example.com", 1, "").await;
    assert!(confirmed.text.contains("login_hint=old%40example.com"), "{}", confirmed.text);
    server.sql("UPDATE users SET attributes = attributes || '{\"email\": \"new@example.com\"}'").await;
    let again = open_link(&server, &mut Browser::new(&server), "old@example.com", 1, "").await;
    assert!(again.text.contains("is already confirmed") && !again.text.contains("new"), "{}", again.text);
}

#[tokio::test]
async fn where_a_function_words_the_mail_a_code_is_taken_beside_the_link() {
    let (server, functions) = Functions::start(&[]).await;
    functions.on("CustomMessage", |_| Reply::Response(json!({"emailMessage": "Here: {####}"})));
    let members = json!({"LambdaConfig": {"CustomMessage": arn("CustomMessage")},
        "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"}});
    let client = by_address(&server, members).await;
    let mut browser = Browser::new(&server);
    let page = sign_up(&mut browser, &client, "ada@example.com", PASSWORD).await;
    // All of it: a link without a text, which nobody sees, has digits too.
    let message = server.message("ada@example.com", 1).await;
    let code = message.strip_prefix("Here: ").unwrap().to_owned();
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{message}");
    let done = browser.submit(&page, "confirm", &[("code", &code)]).await;
    assert_eq!(browser.follow(done).await.heading(), "Your account");
}

#[tokio::test]
async fn a_password_that_is_chosen_the_second_time_is_not_dropped() {
    let server = TestServer::start().await;
    let factors = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}});
    let client = by_address(&server, json!({"Policies": factors})).await;
    let mut browser = Browser::new(&server);
    sign_up(&mut browser, &client, "ada@example.com", "").await;
    let page = sign_up(&mut browser, &client, "ada@example.com", PASSWORD).await;
    let code = server.code("ada@example.com", 2).await;
    browser.submit(&page, "confirm", &[("code", &code)]).await;
    let input = initiate(&client, "USER_PASSWORD_AUTH", json!({"USERNAME": "ada@example.com", "PASSWORD": PASSWORD}));
    server.call("InitiateAuth", input).await.ok();
}

#[tokio::test]
async fn a_mistyped_address_is_mended_in_the_browser_that_signed_up() {
    let server = TestServer::start().await;
    let members = json!({"AutoVerifiedAttributes": ["email"]});
    let client = json!({"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid"], "CallbackURLs": [CALLBACK]});
    let (_, client) = pool_with(&server, members, client).await;
    let sign_up = async |browser: &mut Browser, email: &str| {
        let page = browser.get(&format!("/signup?client_id={client}")).await;
        let entered = [("username", "ada"), ("email", email), ("password", PASSWORD)];
        browser.submit(&page, "sign_up", &entered).await
    };
    let mut ada = Browser::new(&server);
    sign_up(&mut ada, "adda@example.com").await;
    let old = server.code("adda@example.com", 1).await;
    let taken = sign_up(&mut Browser::new(&server), "eve@example.com").await;
    assert!(taken.notice().starts_with("This username is taken."), "{}", taken.text);
    let page = sign_up(&mut ada, "ada@example.com").await;
    assert_eq!(page.heading(), "Confirm your account", "{}", page.text);
    let code = server.code("ada@example.com", 1).await;
    // The code that went elsewhere is worth nothing.
    let wrong = ada.submit(&page, "confirm", &[("code", &old)]).await;
    assert_eq!(wrong.status, 400);
    let done = ada.submit(&wrong, "confirm", &[("code", &code)]).await;
    assert_eq!(ada.follow(done).await.heading(), "Your account");
    let proved = "users WHERE attributes ->> 'email' = 'ada@example.com' AND attributes ->> 'email_verified' = 'true'";
    assert_eq!(server.count(proved).await, 1);
}

#[tokio::test]
async fn the_browser_in_which_the_password_was_proved_is_as_good_for_the_link() {
    let server = TestServer::start().await;
    let by_link = json!({"VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"}});
    let client = by_address(&server, by_link).await;
    sign_up(&mut Browser::new(&server), &client, "ada@example.com", PASSWORD).await;
    let mut other = Browser::new(&server);
    let page = other.get(&format!("/login?client_id={client}")).await;
    let page = other.submit(&page, "name", &[("username", "ada@example.com")]).await;
    let waits = other.submit(&page, "password", &[("password", PASSWORD)]).await;
    assert!(waits.text.contains("We sent a link to"), "{}", waits.text);
    assert_eq!(open_link(&server, &mut other, "ada@example.com", 2, "").await.heading(), "Account confirmed");
}
