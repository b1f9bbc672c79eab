//! What the account page shows of a person, and what it leads to.

use base64::{Engine, prelude::BASE64_STANDARD};
use keystead::dev::authenticator::AAGUID;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    Browser, CALLBACK, PASSWORD, Person, TestServer, initiate, pages_client, pool, pool_with, scratch_directory,
};

fn account() -> String {
    format!("/account?client_id={}", pages_client())
}

async fn signed_in(server: &TestServer, username: &str) -> (Browser, Person) {
    let mut person = server.user(username).await;
    person.sign_in().await;
    let mut browser = Browser::new(server);
    browser.sign_in(&format!("/login?client_id={}", pages_client()), username).await;
    (browser, person)
}

#[tokio::test]
async fn many_passkeys_and_sessions_are_shown_in_pages_of_less_than_60_kb() {
    let server = TestServer::start().await;
    let (mut browser, mut ada) = signed_in(&server, "ada").await;
    for _ in 0..13 {
        ada.authenticator = Default::default();
        ada.add_passkey().await;
    }
    for _ in 0..30 {
        ada.sign_in().await;
    }
    let logo = format!("<svg xmlns='http://www.w3.org/2000/svg'><!--{}--></svg>", "x".repeat(16 * 1024 - 100));
    let branding = json!({"UserPoolId": pool(),
        "Branding": {"DisplayName": "x".repeat(64), "Logo": BASE64_STANDARD.encode(&logo)}});
    server.operator("SetUserPoolBranding", branding).await.ok();
    let first = browser.get(&account()).await;
    assert_eq!(first.text.matches("name=\"credential_id\"").count(), 2 * 10, "a form to rename and one to delete");
    let script = browser.get("/assets/pages.js").await.text.len();
    assert!(first.text.len() + script + logo.len() < 60_000, "{} + {script}", first.text.len());
    let next = format!("{}&from=10", account());
    assert!(first.text.contains(&next.replace('&', "&#38;")), "{}", first.text);
    let rest = browser.get(&next).await;
    assert_eq!(rest.text.matches("name=\"credential_id\"").count(), 2 * 3);
    for nowhere in ["13", "-1", "99999999999999999999", "x"] {
        let shown = browser.get(&format!("{}&from={nowhere}", account())).await.text;
        assert_eq!(shown.matches("name=\"credential_id\"").count(), 2 * 10, "{nowhere}: the first ones");
    }
}

#[tokio::test]
async fn a_passkey_is_shown_with_what_is_known_of_it() {
    let server = TestServer::start().await;
    let (mut browser, mut ada) = signed_in(&server, "ada").await;
    ada.add_passkey().await;
    let shown = async |browser: &mut Browser, attachment: &str, transports: &str, synced: bool| {
        server
            .sql(&format!(
                "UPDATE webauthn_credentials SET attachment = {attachment}, transports = '{transports}',
                     backup_state = {synced}, aaguid = 'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4'"
            ))
            .await;
        let page = browser.get(&account()).await.text;
        let facts = page.split("<p class=\"facts\">").nth(1).unwrap().split("</p>").next().unwrap();
        facts.replace("</span>", "").split("<span>").skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let platform = shown(&mut browser, "'platform'", "{internal,hybrid}", true).await;
    assert_eq!(platform[..2], ["Built into a device", "Synced across your devices"]);
    assert!(platform[2].starts_with("Added 20") && platform[3] == "Never used", "{platform:?}");
    let page = browser.get(&account()).await.text;
    assert!(page.contains("<h3>Google Password Manager</h3>"), "the provider in place of a generated name: {page}");
    for (transports, kind) in [
        ("{usb,nfc}", "Security key"),
        ("{hybrid}", "Phone or another device"),
        ("{usb,hybrid}", "Security key or another device"),
        ("{}", "Security key or another device"),
    ] {
        let facts = shown(&mut browser, "'cross-platform'", transports, false).await;
        assert_eq!(facts[..2], [kind, "Only on one device"]);
    }
}

#[tokio::test]
async fn providers_are_named_by_a_newer_list_from_a_file() {
    let list = scratch_directory("providers");
    std::fs::write(&list, json!({Uuid::from_bytes(AAGUID).to_string(): {"name": "Example Keys"}}).to_string()).unwrap();
    let server = TestServer::configured(|config| config.passkey_providers_file = Some(list.clone())).await;
    std::fs::remove_file(&list).unwrap();
    let (mut browser, mut ada) = signed_in(&server, "ada").await;
    ada.add_passkey().await;
    assert!(browser.get(&account()).await.text.contains("<h3>Example Keys</h3>"));
}

#[tokio::test]
async fn a_phone_number_is_entered_verified_and_made_a_second_factor() {
    let server = TestServer::start().await;
    let client = json!({"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid"], "CallbackURLs": [CALLBACK]});
    let (pool, client) = pool_with(&server, json!({"AutoVerifiedAttributes": ["phone_number"]}), client).await;
    let sms = json!({"UserPoolId": pool, "MfaConfiguration": "OPTIONAL", "SmsMfaConfiguration": {
        "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/x"}}});
    server.operator("SetUserPoolMfaConfig", sms).await.ok();
    server.user_in(&pool, "ada").await;
    let mut browser = Browser::new(&server);
    browser.sign_in(&format!("/login?client_id={client}"), "ada").await;
    let address = format!("/account?client_id={client}");
    let page = browser.get(&address).await;
    let refused = browser.submit(&page, "mfa_on", &[("method", "SMS_MFA")]).await;
    assert_eq!(
        refused.notice(),
        "You can’t turn this on yet. First verify the email address or phone number that it uses."
    );
    let refused = browser.submit(&page, "phone", &[("phone", "12345")]).await;
    assert!(refused.notice().starts_with("This isn’t a phone number."), "{}", refused.notice());
    let asked = browser.submit(&page, "phone", &[("phone", "+49 (0)30 12-34.567")]).await;
    assert_eq!(asked.heading(), "Enter the code");
    let code = server.code("+49301234567", 1).await;
    let wrong = browser.submit(&asked, "phone_code", &[("code", "000000")]).await;
    assert_eq!(wrong.notice(), "This code isn’t right. Check it, or ask for a new one.");
    let done = browser.submit(&asked, "phone_code", &[("code", &code)]).await;
    let page = browser.follow(done).await;
    assert_eq!(page.notice(), "Your phone number is verified.");
    let on = browser.submit(&page, "mfa_on", &[("method", "SMS_MFA")]).await;
    assert_eq!(browser.follow(on).await.notice(), "Two-step verification is on.");
}

#[tokio::test]
async fn a_proved_address_stays_until_the_new_one_is_proved() {
    let server = TestServer::start().await;
    let (mut browser, _) = signed_in(&server, "ada").await;
    let attributes =
        json!([{"Name": "email", "Value": "ada@example.com"}, {"Name": "email_verified", "Value": "true"}]);
    let known = json!({"UserPoolId": pool(), "Username": "ada", "UserAttributes": attributes});
    server.operator("AdminUpdateUserAttributes", known).await.ok();
    let has = async |email: &str| {
        server
            .count(&format!(
                "users WHERE attributes ->> 'email' = '{email}' AND attributes ->> 'email_verified' = 'true'"
            ))
            .await
            == 1
    };
    let page = browser.get(&account()).await;
    let asked = browser.submit(&page, "email", &[("email", "new@example.com")]).await;
    assert!(asked.text.contains("We sent a code to new@example.com."), "{}", asked.text);
    assert!(has("ada@example.com").await);
    // Another code, to the same address.
    server.code("new@example.com", 1).await;
    let again = browser.submit(&asked, "email", &[]).await;
    let code = server.code("new@example.com", 2).await;
    let wrong = browser.submit(&again, "email_code", &[("code", "000000")]).await;
    assert!(has("ada@example.com").await);
    let done = browser.submit(&wrong, "email_code", &[("code", &code)]).await;
    assert!(done.location().contains("done=email-verified"), "{} {}", done.status, done.text);
    assert!(has("new@example.com").await);
}

#[tokio::test]
async fn who_deletes_the_last_way_to_sign_in_is_told_before() {
    let server = TestServer::start().await;
    let (mut browser, mut ada) = signed_in(&server, "ada").await;
    let id = ada.add_passkey().await;
    let ask = async |browser: &mut Browser| {
        let page = browser.get(&account()).await;
        browser.submit(&page, "ask_delete", &[("credential_id", &id)]).await
    };
    let asked = ask(&mut browser).await;
    assert!(asked.text.contains("This is your only passkey. You’ll have to sign in another way."), "{}", asked.text);
    server.sql("UPDATE users SET password_hash = NULL").await;
    let asked = ask(&mut browser).await;
    assert!(asked.text.contains("This is the last way to sign in to your account."), "{}", asked.text);
    let policy = json!({"UserPoolId": pool(), "PasskeyPolicy": {"KeepLastFactor": true}});
    server.operator("SetUserPoolPasskeyPolicy", policy).await.ok();
    let refused = ask(&mut browser).await;
    assert!(refused.notice().starts_with("This is the last way to sign in"), "{}", refused.notice());
    assert_eq!(refused.heading(), "Your account");
}

#[tokio::test]
async fn an_address_that_the_client_may_not_write_is_only_shown() {
    let server = TestServer::start().await;
    let (mut browser, _) = signed_in(&server, "ada").await;
    let writable = browser.get(&account()).await.text;
    assert!(writable.contains("name=\"step\" value=\"email\""));
    server.sql(r#"UPDATE app_clients SET configuration = configuration || '{"WriteAttributes": ["name"]}'"#).await;
    let shown = browser.get(&account()).await.text;
    assert!(!shown.contains("name=\"step\" value=\"email\"") && shown.contains("id=\"email\""), "{shown}");
}

#[tokio::test]
async fn what_may_be_changed_is_up_to_the_client_that_signed_the_browser_in() {
    let server = TestServer::start().await;
    let (mut browser, _) = signed_in(&server, "ada").await;
    let settings = json!({"UserPoolId": pool(), "ClientName": "reads", "AllowedOAuthFlowsUserPoolClient": true,
        "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"], "CallbackURLs": [CALLBACK],
        "WriteAttributes": ["name"]});
    let made = server.operator("CreateUserPoolClient", settings).await.ok();
    let reads = made["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned();
    let writes = |page: &str| page.contains("name=\"step\" value=\"email\"");
    assert!(writes(&browser.get(&format!("/account?client_id={reads}")).await.text));
    let mut browser = Browser::new(&server);
    browser.sign_in(&format!("/login?client_id={reads}"), "ada").await;
    assert!(!writes(&browser.get(&account()).await.text));
}

#[tokio::test]
async fn a_fresh_sign_in_leads_on_to_what_it_was_asked_for() {
    let server = TestServer::start().await;
    let (mut browser, mut ada) = signed_in(&server, "ada").await;
    let id = ada.add_passkey().await;
    let policy = json!({"UserPoolId": pool(), "PasskeyPolicy": {"StepUpSeconds": 60}});
    server.operator("SetUserPoolPasskeyPolicy", policy).await.ok();
    for (step, credential, heading, confirmed) in [
        ("ask_delete", id.as_str(), "Delete “Passkey”?", "passkey-deleted"),
        ("ask_delete_account", "", "Delete your account?", ""),
    ] {
        let page = browser.get(&account()).await;
        server.clock.advance(time::Duration::seconds(61));
        let asked = browser.submit(&page, step, &[("credential_id", credential)]).await;
        assert!(asked.location().starts_with("/login?"), "{}", asked.location());
        let page = browser.follow(asked).await;
        assert_eq!(page.notice(), "To make this change, please sign in again.");
        let page = browser.submit(&page, "name", &[("username", "ada")]).await;
        let on = browser.submit(&page, "password", &[("password", PASSWORD)]).await;
        let asked = browser.follow(on).await;
        assert_eq!(asked.heading(), heading);
        // Nothing is done by an address alone.
        assert_eq!(ada.listed().await.len(), if confirmed.is_empty() { 0 } else { 1 });
        let step = if confirmed.is_empty() { "delete_account" } else { "delete" };
        let done = browser.submit(&asked, step, &[]).await;
        assert!(confirmed.is_empty() || done.location().contains(confirmed), "{} {}", done.status, done.location());
    }
    assert_eq!(server.count("users WHERE username = 'ada'").await, 0);
}

#[tokio::test]
async fn what_goes_wrong_is_said_in_plain_words_of_the_persons_language() {
    let server = TestServer::start().await;
    let client = json!({"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid"], "CallbackURLs": [CALLBACK]});
    let members = json!({"AliasAttributes": ["email", "phone_number"], "AutoVerifiedAttributes": ["email"],
        "Schema": [{"Name": "birthdate", "Required": true, "AttributeDataType": "String", "Mutable": true}]});
    let (_, client) = pool_with(&server, members, client).await;
    let good = [
        ("username", "ada"),
        ("password", PASSWORD),
        ("email", "ada@example.com"),
        ("phone_number", "+49301234567"),
        ("birthdate", "1999-12-31"),
    ];
    let mut english: Vec<String> = Vec::new();
    for language in ["en", "ar", "de", "es", "fr", "ja", "pt"] {
        let mut said = Vec::new();
        let mut browser = Browser::new(&server);
        for (name, value) in [
            ("username", "Ada Lovelace"),
            ("username", "ada@example.com"),
            ("username", &*"x".repeat(200)),
            ("password", " A-blank-1"),
            ("password", "short"),
            ("email", "nobody"),
            ("phone_number", "911"),
            ("birthdate", "yesterday"),
        ] {
            let page = browser.get(&format!("/signup?client_id={client}&lang={language}")).await;
            let entered = good.map(|(field, usual)| (field, if field == name { value } else { usual }));
            let refused = browser.submit(&page, "sign_up", &entered).await;
            assert_eq!(refused.status, 400, "{name} {value}");
            said.push(refused.notice());
        }
        let page = browser.get(&format!("/forgot?client_id={client}&lang={language}")).await;
        let refused = browser.submit(&page, "forgot", &[("username", "Ada Lovelace")]).await;
        said.push(refused.notice());
        for notice in &said {
            assert!(!notice.is_empty() && !notice.contains("onstraint") && !notice.contains("Value at"), "{notice}");
        }
        match language {
            "en" => english = said,
            _ => said.iter().zip(&english).for_each(|(own, english)| assert_ne!(own, english, "{language}")),
        }
    }
    let starts = [
        "You can’t use this username. It",
        "You can’t use this username, because it looks",
        "You can’t use this username. It",
    ];
    for (said, start) in english.iter().zip(starts.into_iter().chain([
        "You can’t use this password.",
        "Choose a stronger password.",
        "This isn’t an email address.",
        "This isn’t a phone number.",
        "Please check this field: Date of birth",
        "You can’t use this username.",
    ])) {
        assert!(said.starts_with(start), "{said} / {start}");
    }
}

#[tokio::test]
async fn where_a_code_went_does_not_tell_who_is_known() {
    let server = TestServer::start().await;
    let members = json!({"AutoVerifiedAttributes": ["email"],
        "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}});
    let client = json!({"ExplicitAuthFlows": ["ALLOW_USER_AUTH"], "PreventUserExistenceErrors": "ENABLED"});
    let (pool, client) = pool_with(&server, members, client).await;
    let email = |name: &str| json!([{"Name": "email", "Value": format!("{name}@example.com")}, {"Name": "email_verified", "Value": "true"}]);
    let (mut same, mut other) = (0, 0);
    for n in 0..12 {
        let (known, waiting, nobody) = (format!("known{n}"), format!("waiting{n}"), format!("nobody{n}"));
        server.user_in(&pool, &known).await;
        let verified = json!({"UserPoolId": pool, "Username": known, "UserAttributes": email(&known)});
        server.operator("AdminUpdateUserAttributes", verified).await.ok();
        let sign_up = json!({"ClientId": client, "Username": waiting, "Password": PASSWORD,
            "UserAttributes": [{"Name": "email", "Value": format!("{waiting}@example.com")}]});
        server.call("SignUp", sign_up).await.ok();
        for name in [known, waiting, nobody] {
            let named = json!({"ClientId": client, "Username": name});
            let destination = |answer: Value| answer["CodeDeliveryDetails"]["Destination"].as_str().unwrap().to_owned();
            let forgot = destination(server.call("ForgotPassword", named.clone()).await.ok());
            let resent = destination(server.call("ResendConfirmationCode", named).await.ok());
            let sign_in = initiate(&client, "USER_AUTH", json!({"USERNAME": name, "PREFERRED_CHALLENGE": "EMAIL_OTP"}));
            let challenge = server.call("InitiateAuth", sign_in).await.ok();
            if let Some(code) = challenge["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"].as_str() {
                assert_eq!(code, forgot, "{name}: where a code that signs in goes");
            }
            if resent == forgot { same += 1 } else { other += 1 }
        }
    }
    // Two made-up addresses may be the same by chance (one in 676).
    assert!(same <= 2 && other >= 34, "{same} {other}");
}

#[tokio::test]
async fn an_old_sign_in_does_not_lead_around_a_fresh_one() {
    let server = TestServer::start().await;
    let (mut browser, _) = signed_in(&server, "ada").await;
    let policy = json!({"UserPoolId": pool(), "PasskeyPolicy": {"StepUpSeconds": 60}});
    server.operator("SetUserPoolPasskeyPolicy", policy).await.ok();
    let page = browser.get(&account()).await;
    server.clock.advance(time::Duration::seconds(61));
    for (step, entered) in [
        ("email", vec![("email", "thief@example.com")]),
        ("mfa_on", vec![("method", "SOFTWARE_TOKEN_MFA")]),
        ("mfa_off", vec![("method", "SOFTWARE_TOKEN_MFA")]),
    ] {
        let (action, fields) = page.form("email");
        let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.retain(|(name, _)| !["step", "email"].contains(name));
        fields.extend(entered);
        fields.push(("step", step));
        let asked = browser.post(&action, &fields).await;
        assert!(asked.location().starts_with("/login?") && asked.location().contains("fresh=1"), "{step}");
    }
    assert_eq!(server.count("users WHERE attributes ? 'email'").await, 0);
}

#[tokio::test]
async fn a_first_password_is_not_chosen_by_who_finds_the_page_open() {
    let server = TestServer::start().await;
    let (mut browser, _) = signed_in(&server, "ada").await;
    let page = browser.get(&account()).await;
    server.sql("UPDATE users SET password_hash = NULL, srp_verifier = NULL WHERE username = 'ada'").await;
    let refused = browser.submit(&page, "password", &[("old", "whatever-1"), ("new", "Thief0!pass")]).await;
    assert_eq!(refused.status, 400);
    assert_eq!(server.count("users WHERE password_hash IS NOT NULL").await, 0);
}
