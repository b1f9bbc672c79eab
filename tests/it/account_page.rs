//! What the account page shows of a person, and what it leads to.

use std::collections::BTreeSet;

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
async fn all_passkeys_and_many_sessions_are_shown_on_a_page_of_less_than_60_kb_beside_its_logo() {
    let server = TestServer::start().await;
    let (mut browser, mut ada) = signed_in(&server, "ada").await;
    for count in 1..=20 {
        ada.authenticator = Default::default();
        ada.add_passkey().await;
        if count == 12 {
            let page = browser.get(&account()).await.text;
            assert!(page.contains("12 of at most 20") && page.contains("/passkeys/add?"), "{page}");
        }
    }
    for _ in 0..30 {
        ada.sign_in().await;
    }
    let branding = json!({"UserPoolId": pool(), "Branding": {"DisplayName": "x".repeat(64)}});
    server.operator("SetUserPoolBranding", branding).await.ok();
    let page = browser.get(&account()).await.text;
    assert_eq!(page.matches("name=\"credential_id\"").count(), 20);
    for label in ["Rename Passkey", "Delete Passkey", "Rename Passkey (20)", "Delete Passkey (20)"] {
        assert_eq!(page.matches(&format!("aria-label=\"{label}\"")).count(), 1, "{label}");
    }
    assert!(page.contains("20 of at most 20") && !page.contains("/passkeys/add?"), "{page}");
    assert!(page.contains("You’ve reached the maximum number of passkeys."), "{page}");
    let script = browser.get("/assets/pages.js").await.text.len();
    assert!(page.len() + script < 60_000, "{} + {script}", page.len());
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
        facts
            .replace("</span>", "")
            .replace("<span class=\"when\">", "<span>")
            .split("<span>")
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let platform = shown(&mut browser, "'platform'", "{internal,hybrid}", true).await;
    assert_eq!(platform[..3], ["Built into a device", "Synced across your devices", "Never used"]);
    let (added, time) = platform[3].split_once("<time").unwrap();
    assert!(added.ends_with("Added ") && time.contains("data-time=\"day\">20"), "{platform:?}");
    let page = browser.get(&account()).await.text;
    let named = "<bdi>Google Password Manager</bdi>";
    assert!(page.contains(named), "the provider in place of a generated name: {page}");
    assert!(page.contains("aria-hidden=\"true\">G</span>"), "its initial: {page}");
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
    assert!(browser.get(&account()).await.text.contains("<bdi>Example Keys</bdi>"));
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
    let change = browser.get(&format!("{address}&change=phone")).await;
    assert_eq!(change.heading(), "Change your phone number");
    let refused = browser.submit(&change, "phone", &[("phone", "12345")]).await;
    assert!(refused.notice().starts_with("This isn’t a phone number."), "{}", refused.notice());
    assert!(
        refused.text.contains("value=\"12345\"") && refused.text.contains("aria-invalid=\"true\""),
        "{}",
        refused.text
    );
    let asked = browser.submit(&refused, "phone", &[("phone", "+49 (0)30 12-34.567")]).await;
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
    let page = browser.get(&account()).await.text;
    assert!(page.contains("<bdi>ada@example.com</bdi>") && !page.contains("type=\"email\""), "{page}");
    let page = browser.get(&format!("{}&change=email", account())).await;
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
    let change = format!("{}&change=email", account());
    assert!(browser.get(&account()).await.text.contains(&change.replace('&', "&#38;")));
    assert_eq!(browser.get(&change).await.heading(), "Change your email address");
    server.sql(r#"UPDATE app_clients SET configuration = configuration || '{"WriteAttributes": ["name"]}'"#).await;
    let shown = browser.get(&account()).await.text;
    assert!(!shown.contains("change=email") && shown.contains("id=\"email\""), "{shown}");
    assert_eq!(browser.get(&change).await.heading(), "Your account");
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
    let writes = |page: &str| page.contains("change=email");
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
        ("ask_delete", id.as_str(), "Delete this passkey?", "passkey-deleted"),
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
    let page = browser.get(&format!("{}&change=email", account())).await;
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

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
    Version/18.5 Mobile/15E148 Safari/604.1";

/// The names of the sessions on the page, and their facts.
fn sessions(page: &str) -> Vec<(String, String)> {
    let list = page.split("aria-labelledby=\"sessions\"").nth(1).unwrap().split("</section>").next().unwrap();
    let between = |text: &str, start: &str, end: &str| {
        text.split(start).nth(1).unwrap_or_else(|| panic!("{start}: {text}")).split(end).next().unwrap().to_owned()
    };
    let rows = list.split("<li>").skip(1);
    rows.map(|row| (between(row, "<bdi>", "</bdi>"), between(row, "class=\"facts\">", "</p>"))).collect()
}

#[tokio::test]
async fn sessions_are_told_apart_by_browser_system_and_address() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let login = format!("/login?client_id={}", pages_client());
    let mut browsers = Vec::new();
    for user_agent in [FIREFOX, SAFARI, "<b>nobody knows</b>"] {
        server.clock.advance(time::Duration::seconds(1));
        let mut browser = Browser::new(&server);
        browser.headers.push(("user-agent", user_agent.to_owned()));
        browser.sign_in(&login, "ada").await;
        browsers.push(browser);
    }
    let page = browsers[0].get(&account()).await.text;
    let found = sessions(&page);
    let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Browser", "Safari on iOS", "Firefox on Linux"], "{page}");
    assert!(found.iter().all(|(_, facts)| facts.contains("<span>127.0.0.1</span>")), "{found:?}");
    assert!(!page.contains("nobody knows"), "{page}");
    assert!(page.contains("Sign out of Safari on iOS, since <time datetime=\""), "{page}");
}

#[tokio::test]
async fn no_two_buttons_that_end_sessions_have_the_same_name() {
    let server = TestServer::start().await;
    let (mut browser, mut ada) = signed_in(&server, "ada").await;
    for _ in 0..3 {
        ada.sign_in().await;
    }
    let page = browser.get(&account()).await.text;
    let names: Vec<_> =
        page.split("class=\"spoken\">").skip(1).map(|rest| rest.split("</span>").next().unwrap()).collect();
    // What the person hears has no seconds.
    let heard = |name: &&str| {
        let (before, time) = name.split_once("<time datetime=\"").unwrap();
        format!("{before}{}", time.split_once("data-time").unwrap().1)
    };
    let different: BTreeSet<_> = names.iter().map(heard).collect();
    assert_eq!((names.len(), different.len()), (4, 4), "{names:?}");
}

#[tokio::test]
async fn a_session_of_an_application_is_shown_with_the_browser_that_signed_in() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    browser.headers.push(("user-agent", FIREFOX.to_owned()));
    browser.sign_in(&format!("/login?client_id={}", pages_client()), "ada").await;
    assert!(!browser.get(&account()).await.text.contains("Last used"), "nobody used it since");
    server.clock.advance(time::Duration::minutes(5));
    let address = format!(
        "/oauth2/authorize?response_type=code&client_id={}&redirect_uri={CALLBACK}&scope=openid",
        pages_client()
    );
    let code = browser.get(&address).await.sent("code").unwrap();
    // The application's server redeems the code.
    assert_eq!(Browser::new(&server).exchange(&code).await.status, 200);
    let found = sessions(&browser.get(&account()).await.text);
    let of_application = found.iter().find(|(name, _)| name != "Firefox on Linux").expect("the application's session");
    assert!(of_application.1.contains("<span>Firefox on Linux</span><span>127.0.0.1</span>"), "{found:?}");
    let of_browser = found.iter().find(|(name, _)| name == "Firefox on Linux").expect("the browser's session");
    assert!(of_browser.1.contains("Last used <time"), "when the application opened its session: {found:?}");
}

#[tokio::test]
async fn a_server_that_signs_people_in_is_not_shown_as_their_browser() {
    let server = TestServer::start().await;
    let (mut browser, _) = signed_in(&server, "ada").await;
    let count =
        async || server.count("sessions WHERE NOT browser AND (address IS NOT NULL OR user_agent IS NOT NULL)").await;
    let before = count().await;
    let input = json!({"UserPoolId": pool(), "ClientId": crate::support::client(), "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "ada", "PASSWORD": PASSWORD}});
    server.operator("AdminInitiateAuth", input).await.ok();
    assert_eq!(count().await, before);
    assert_eq!(sessions(&browser.get(&account()).await.text).len(), 3);
}

#[tokio::test]
async fn the_page_leads_back_to_a_registered_application_only() {
    let server = TestServer::start().await;
    let (mut browser, _) = signed_in(&server, "ada").await;
    let page = browser.get(&account()).await.text;
    assert!(page.contains("<a href=\"http://localhost:3000/\">Back to localhost:3000</a>"), "{page}");
    let elsewhere = format!("{}&return_to=https://evil.example/&redirect=https://evil.example/", account());
    assert!(!browser.get(&elsewhere).await.text.contains("href=\"https://evil.example"));
    let callbacks = r#"{"CallbackURLs": ["http://localhost:3000/a", "https://app.example.com/b"]}"#;
    server.sql(&format!("UPDATE app_clients SET configuration = configuration || '{callbacks}'")).await;
    let page = browser.get(&account()).await.text;
    assert!(page.contains("<a href=\"https://app.example.com/\">Back to app.example.com</a>"), "{page}");
}

#[tokio::test]
async fn pages_have_an_icon() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let login = format!("/login?client_id={}", pages_client());
    let page = browser.get(&login).await.text;
    assert!(page.contains("<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg "), "{page}");
    let logo = BASE64_STANDARD.encode("<svg xmlns='http://www.w3.org/2000/svg'></svg>");
    let branding = json!({"UserPoolId": pool(), "Branding": {"Logo": logo}});
    server.operator("SetUserPoolBranding", branding).await.ok();
    let page = browser.get(&login).await.text;
    assert!(page.contains("<link rel=\"icon\" href=\"/assets/logo/"), "{page}");
}

#[tokio::test]
async fn a_passkey_is_renamed_on_a_page_with_a_way_back() {
    let server = TestServer::start().await;
    let (mut browser, mut ada) = signed_in(&server, "ada").await;
    let id = ada.add_passkey().await;
    let address = format!("{}&rename={id}", account());
    assert!(browser.get(&account()).await.text.contains(&address.replace('&', "&#38;")));
    let page = browser.get(&address).await;
    assert_eq!(page.heading(), "Rename Passkey");
    assert!(page.text.contains(">Cancel</a>"), "{}", page.text);
    let refused = browser.submit(&page, "rename", &[("name", " ")]).await;
    assert_eq!((refused.status, refused.heading().as_str()), (400, "Rename Passkey"));
    assert!(refused.text.contains("aria-invalid=\"true\""), "{}", refused.text);
    let done = browser.submit(&refused, "rename", &[("name", "My phone")]).await;
    assert_eq!(browser.follow(done).await.notice(), "The passkey was renamed.");
    assert_eq!(browser.get(&address).await.heading(), "Rename My phone");
    let gone = browser.get(&format!("{}&rename=bm90aGluZw", account())).await;
    assert_eq!((gone.status, gone.notice().as_str()), (400, "This passkey doesn’t exist anymore."));
}

#[tokio::test]
async fn who_deletes_a_passkey_sees_its_provider_and_date() {
    let server = TestServer::start().await;
    let (mut browser, mut ada) = signed_in(&server, "ada").await;
    let id = ada.add_passkey().await;
    server.sql("UPDATE webauthn_credentials SET aaguid = 'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4'").await;
    let page = browser.get(&format!("{}&ask={id}", account())).await;
    assert_eq!(page.heading(), "Delete this passkey?");
    assert!(
        page.text.contains("<bdi>Google Password Manager</bdi>") && page.text.contains("Added <time"),
        "{}",
        page.text
    );
    assert!(page.text.contains("<button class=\"danger\">Delete passkey</button>"), "{}", page.text);
    server.sql("UPDATE webauthn_credentials SET friendly_name = 'My phone'").await;
    let page = browser.get(&format!("{}&ask={id}", account())).await;
    assert_eq!(page.heading(), "Delete “My phone”?");
    assert!(page.text.contains("<span>Google Password Manager</span>"), "{}", page.text);
}

#[tokio::test]
async fn who_has_a_second_step_is_told_beside_the_passkeys_that_they_rest() {
    let server = TestServer::start().await;
    let (mut browser, mut ada) = signed_in(&server, "ada").await;
    ada.add_passkey().await;
    let app = json!({"UserPoolId": pool(), "MfaConfiguration": "OPTIONAL",
        "SoftwareTokenMfaConfiguration": {"Enabled": true},
        "WebAuthnConfiguration": {"RelyingPartyId": "localhost", "UserVerification": "preferred"}});
    server.operator("SetUserPoolMfaConfig", app).await.ok();
    let card = |page: &str, name: &str| {
        let labelled = format!("aria-labelledby=\"{name}\"");
        page.split(&labelled).nth(1).unwrap().split("</section>").next().unwrap().to_owned()
    };
    let now = "not with a passkey";
    let page = browser.get(&account()).await.text;
    assert!(!card(&page, "passkeys").contains(now), "{page}");
    let before = card(&page, "mfa");
    let (warning, switch) = (before.find("you can’t sign in with passkeys here"), before.find("Turn on"));
    assert!(warning.is_some() && warning < switch, "it is said before the switch: {before}");
    server.sql("UPDATE users SET mfa = mfa || '{\"enabled\": [\"SOFTWARE_TOKEN_MFA\"]}'").await;
    let page = browser.get(&account()).await.text;
    assert!(card(&page, "passkeys").contains(now), "{page}");
}

#[tokio::test]
async fn an_authenticator_app_on_the_same_phone_takes_the_key_by_a_link() {
    let server = TestServer::start().await;
    let (mut browser, _) = signed_in(&server, "ada").await;
    let app = json!({"UserPoolId": pool(), "MfaConfiguration": "OPTIONAL",
        "SoftwareTokenMfaConfiguration": {"Enabled": true}});
    server.operator("SetUserPoolMfaConfig", app).await.ok();
    let page = browser.get(&account()).await;
    let page = browser.submit(&page, "mfa_on", &[("method", "SOFTWARE_TOKEN_MFA")]).await;
    let (_, fields) = page.form("setup");
    let secret = &fields["secret"];
    assert!(page.text.contains("<a class=\"button secondary small\" href=\"otpauth://totp/"), "{}", page.text);
    assert!(page.text.contains(&format!("?secret={secret}&#38;issuer=")), "{}", page.text);
    assert!(page.text.contains("data-copy=\"key\""), "{}", page.text);
    let key = page.text.split("<code id=\"key\" dir=\"ltr\">").nth(1).unwrap().split("</code>").next().unwrap();
    let groups: Vec<_> = key.split("<span>").skip(1).map(|rest| rest.trim_end_matches("</span>")).collect();
    assert!(groups.len() >= 8 && groups.iter().all(|group| group.len() == 4), "{groups:?}");
    assert_eq!(groups.concat(), *secret);
}

#[tokio::test]
async fn a_wrong_password_marks_its_field() {
    let server = TestServer::start().await;
    let (mut browser, _) = signed_in(&server, "ada").await;
    let page = browser.get(&account()).await;
    let field = |page: &str, id: &str| {
        page.split("<input ")
            .find(|tag| tag.contains(&format!("id=\"{id}\"")))
            .unwrap()
            .split('>')
            .next()
            .unwrap()
            .to_owned()
    };
    let marked = "aria-invalid=\"true\"";
    assert!(!page.text.contains(marked));
    let wrong = browser.submit(&page, "password", &[("old", "Wr0ng-password"), ("new", "N3w-Passw0rd")]).await;
    assert!(
        field(&wrong.text, "old").contains(marked) && !field(&wrong.text, "new").contains(marked),
        "{}",
        wrong.text
    );
    let weak = browser.submit(&page, "password", &[("old", PASSWORD), ("new", "weak")]).await;
    assert!(!field(&weak.text, "old").contains(marked) && field(&weak.text, "new").contains(marked), "{}", weak.text);
    let mut other = Browser::new(&server);
    let page = other.get(&format!("/login?client_id={}", pages_client())).await;
    let page = other.submit(&page, "name", &[("username", "ada")]).await;
    assert!(!page.text.contains(marked));
    let wrong = other.submit(&page, "password", &[("password", "Wr0ng-password")]).await;
    assert!(field(&wrong.text, "password").contains(marked), "{}", wrong.text);
}

#[tokio::test]
async fn a_fresh_sign_in_for_a_new_address_leads_to_its_form() {
    let server = TestServer::start().await;
    let (mut browser, _) = signed_in(&server, "ada").await;
    let policy = json!({"UserPoolId": pool(), "PasskeyPolicy": {"StepUpSeconds": 60}});
    server.operator("SetUserPoolPasskeyPolicy", policy).await.ok();
    server.clock.advance(time::Duration::seconds(61));
    let asked = browser.get(&format!("{}&change=email", account())).await;
    assert!(asked.location().starts_with("/login?"), "{}", asked.location());
    let page = browser.follow(asked).await;
    let page = browser.submit(&page, "name", &[("username", "ada")]).await;
    let on = browser.submit(&page, "password", &[("password", PASSWORD)]).await;
    assert_eq!(browser.follow(on).await.heading(), "Change your email address");
}

#[tokio::test]
async fn a_development_server_says_which_redirect_uri_came() {
    let server = TestServer::start().await;
    let address = format!(
        "/oauth2/authorize?response_type=code&client_id={}&redirect_uri=http://localhost:4000/%3Cback%3E",
        pages_client()
    );
    let page = Browser::new(&server).get(&address).await;
    assert_eq!(page.status, 400);
    assert!(page.text.contains(&format!("client_id: {}\n", pages_client())), "{}", page.text);
    assert!(page.text.contains("redirect_uri: http://localhost:4000/&#60;back&#62;"), "{}", page.text);
    let public = TestServer::with(&["--development-inbox=false"]).await;
    let page = Browser::new(&public).get(&address).await;
    assert_eq!(page.status, 400);
    assert!(!page.text.contains("localhost:4000"), "{}", page.text.split("<main").nth(1).unwrap());
}

#[tokio::test]
async fn a_page_that_waits_for_a_code_or_an_app_is_loaded_again_as_it_was() {
    let server = TestServer::start().await;
    server
        .sql(r#"UPDATE user_pools SET configuration = configuration || '{"AutoVerifiedAttributes": ["email"]}'"#)
        .await;
    let app = json!({"UserPoolId": pool(), "MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": true}});
    server.operator("SetUserPoolMfaConfig", app).await.ok();
    let (mut browser, _) = signed_in(&server, "ada").await;
    let page = browser.get(&format!("{}&change=email", account())).await;
    browser.submit(&page, "email", &[("email", "ada@new.example.com")]).await;
    let at = browser.at.clone();
    let sent = server.sql_text("SELECT encode(hash, 'hex') FROM codes").await;
    for _ in 0..3 {
        assert_eq!(browser.get(&at).await.heading(), "Enter the code");
    }
    assert_eq!(server.sql_text("SELECT encode(hash, 'hex') FROM codes").await, sent, "no other code was sent");
    let page = browser.get(&account()).await;
    let setup = browser.submit(&page, "mfa_on", &[("method", "SOFTWARE_TOKEN_MFA")]).await;
    let at = browser.at.clone();
    let (_, first) = setup.form("setup");
    let (_, again) = browser.get(&at).await.form("setup");
    assert_eq!(first["secret"], again["secret"]);
}
