//! Risk configurations: blocked and skipped addresses, and what is refused because nothing would enforce it.

use serde_json::{Value, json};

use crate::{
    cli::keystead,
    support::{
        Answer, Browser, CALLBACK, PASSWORD, TestServer, client, initiate, pages_client, pool, respond, second_client,
    },
};

const BLOCKED: &str = "203.0.113.9";
const OTHER: &str = "198.51.100.9";
const REFUSAL: &str = "400 NotAuthorizedException: Request not allowed due to security reasons.";

async fn server(args: &[&str]) -> TestServer {
    TestServer::with(&[&["--trusted-proxies=127.0.0.1/32"], args].concat()).await
}

async fn set(server: &TestServer, client_id: Option<&str>, mut members: Value) -> Answer {
    members["UserPoolId"] = json!(pool());
    if let Some(client_id) = client_id {
        members["ClientId"] = json!(client_id);
    }
    server.operator("SetRiskConfiguration", members).await
}

async fn describe(server: &TestServer, client_id: Option<&str>) -> Value {
    let mut input = json!({"UserPoolId": pool()});
    if let Some(client_id) = client_id {
        input["ClientId"] = json!(client_id);
    }
    server.operator("DescribeRiskConfiguration", input).await.ok()["RiskConfiguration"].clone()
}

fn networks(blocked: &[&str], skipped: &[&str]) -> Value {
    json!({"RiskExceptionConfiguration": {"BlockedIPRangeList": blocked, "SkippedIPRangeList": skipped}})
}

/// A call from this address.
async fn call(server: &TestServer, address: &str, operation: &str, input: Value) -> Answer {
    server.post(operation, input.to_string(), &[("x-forwarded-for", address)]).await
}

async fn sign_in(server: &TestServer, client_id: &str, address: &str) -> Answer {
    let input = initiate(client_id, "USER_PASSWORD_AUTH", json!({"USERNAME": "ada", "PASSWORD": PASSWORD}));
    call(server, address, "InitiateAuth", input).await
}

#[tokio::test]
async fn nobody_signs_in_from_a_blocked_network() {
    let server = server(&[]).await;
    server.user("ada").await;
    set(&server, None, networks(&["203.0.113.0/24", "2001:db8::/32"], &[])).await.ok();
    for address in [BLOCKED, "2001:db8::7"] {
        assert_eq!(sign_in(&server, client(), address).await.refused(), REFUSAL);
    }
    let tokens = sign_in(&server, client(), OTHER).await.ok()["AuthenticationResult"].clone();
    // Nor does anybody answer a challenge, sign up or recover a password from there.
    let begin = initiate(client(), "USER_AUTH", json!({"USERNAME": "ada"}));
    let begun = call(&server, OTHER, "InitiateAuth", begin).await.ok();
    let answer = respond(
        client(),
        "SELECT_CHALLENGE",
        &begun["Session"],
        json!({"USERNAME": "ada", "ANSWER": "PASSWORD", "PASSWORD": PASSWORD}),
    );
    assert_eq!(call(&server, BLOCKED, "RespondToAuthChallenge", answer).await.refused(), REFUSAL);
    let forgot = json!({"ClientId": client(), "Username": "ada"});
    assert_eq!(call(&server, BLOCKED, "ForgotPassword", forgot).await.refused(), REFUSAL);
    let reset = json!({"ClientId": client(), "Username": "ada", "ConfirmationCode": "123456", "Password": PASSWORD});
    assert_eq!(call(&server, BLOCKED, "ConfirmForgotPassword", reset).await.refused(), REFUSAL);
    let sign_up = json!({"ClientId": client(), "Username": "eve", "Password": PASSWORD});
    assert_eq!(call(&server, BLOCKED, "SignUp", sign_up).await.refused(), REFUSAL);
    // Whoever is signed in stays so.
    let refresh = initiate(client(), "REFRESH_TOKEN_AUTH", json!({"REFRESH_TOKEN": tokens["RefreshToken"]}));
    call(&server, BLOCKED, "InitiateAuth", refresh).await.ok();
    call(&server, BLOCKED, "GetUser", json!({"AccessToken": tokens["AccessToken"]})).await.ok();
    // Without the list, all is as before; other replicas know at once.
    let replica = server.replica().await;
    set(&server, None, json!({})).await.ok();
    sign_in(&replica, client(), BLOCKED).await.ok();
}

#[tokio::test]
async fn a_browser_that_is_signed_in_gets_no_code_in_a_blocked_network() {
    let server = server(&[]).await;
    server.user("ada").await;
    let mut browser = Browser::new(&server);
    let query = format!("response_type=code&client_id={}&redirect_uri={CALLBACK}&scope=openid", pages_client());
    browser.sign_in(&format!("/login?{query}"), "ada").await;
    set(&server, Some(pages_client()), networks(&["203.0.113.0/24"], &[])).await.ok();
    browser.headers.push(("x-forwarded-for", BLOCKED.into()));
    let back = browser.get(&format!("/oauth2/authorize?{query}")).await;
    assert_eq!((back.sent("code"), back.sent("error").as_deref()), (None, Some("access_denied")));
}

#[tokio::test]
async fn the_pages_say_that_the_network_is_blocked() {
    let server = server(&[]).await;
    server.user("ada").await;
    set(&server, Some(pages_client()), networks(&["203.0.113.0/24"], &[])).await.ok();
    let mut browser = Browser::new(&server);
    browser.headers.push(("x-forwarded-for", BLOCKED.into()));
    let page = browser.get(&format!("/login?client_id={}", pages_client())).await;
    let page = browser.submit(&page, "name", &[("username", "ada")]).await;
    assert_eq!(page.notice(), "You can’t sign in from this network. Try another one, or ask for help.");
}

#[tokio::test]
async fn the_configuration_of_a_client_takes_the_place_of_its_pools() {
    let server = server(&[]).await;
    server.user("ada").await;
    set(&server, None, networks(&["203.0.113.0/24"], &[])).await.ok();
    set(&server, Some(second_client()), networks(&["198.51.100.0/24"], &[])).await.ok();
    assert_eq!(sign_in(&server, client(), BLOCKED).await.refused(), REFUSAL);
    sign_in(&server, client(), OTHER).await.ok();
    sign_in(&server, second_client(), BLOCKED).await.ok();
    assert_eq!(sign_in(&server, second_client(), OTHER).await.refused(), REFUSAL);
    // A skipped network is excepted from a larger blocked one.
    set(&server, None, networks(&["203.0.113.0/24"], &["203.0.113.8/29"])).await.ok();
    sign_in(&server, client(), BLOCKED).await.ok();
    assert_eq!(sign_in(&server, client(), "203.0.113.1").await.refused(), REFUSAL);
}

#[tokio::test]
async fn a_server_that_signs_people_in_says_where_they_are() {
    let server = server(&[]).await;
    server.user("ada").await;
    set(&server, None, networks(&["203.0.113.0/24", "127.0.0.0/8"], &[])).await.ok();
    let sign_in = async |address: Option<&str>| {
        let mut input =
            initiate(client(), "ADMIN_USER_PASSWORD_AUTH", json!({"USERNAME": "ada", "PASSWORD": PASSWORD}));
        input["UserPoolId"] = json!(pool());
        if let Some(address) = address {
            input["ContextData"] =
                json!({"IpAddress": address, "ServerName": "s", "ServerPath": "/", "HttpHeaders": []});
        }
        server.operator("AdminInitiateAuth", input).await
    };
    assert_eq!(sign_in(Some(BLOCKED)).await.refused(), REFUSAL);
    sign_in(Some(OTHER)).await.ok();
    // The address of the server itself does not count.
    sign_in(None).await.ok();
    assert_eq!(sign_in(Some("nowhere")).await.outcome(), "InvalidParameterException");
}

#[tokio::test]
async fn a_configuration_is_given_back_and_removed() {
    let server = server(&[]).await;
    let email = json!({"Subject": "Hello", "HtmlBody": "<p>Hello", "TextBody": "Hello there"});
    let configuration = json!({
        "CompromisedCredentialsRiskConfiguration": {"EventFilter": ["SIGN_IN"], "Actions": {"EventAction": "NO_ACTION"}},
        "AccountTakeoverRiskConfiguration": {
            "Actions": {"LowAction": {"Notify": false, "EventAction": "NO_ACTION"}},
            "NotifyConfiguration": {"SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/a@example.com", "From": "a@example.com",
                "ReplyTo": "b@example.com", "BlockEmail": email, "NoActionEmail": email, "MfaEmail": email}},
        "RiskExceptionConfiguration": {"BlockedIPRangeList": ["10.10.10.10/32"], "SkippedIPRangeList": ["10.10.10.12/32"]}});
    let told = set(&server, None, configuration.clone()).await.ok()["RiskConfiguration"].clone();
    for (member, value) in configuration.as_object().unwrap() {
        assert_eq!(&told[member], value, "{member}");
    }
    assert!(told["LastModifiedDate"].is_number() && told["UserPoolId"] == pool() && told.get("ClientId").is_none());
    assert_eq!(describe(&server, None).await, told);
    server.clock.advance(time::Duration::minutes(1));
    assert_eq!(set(&server, None, configuration).await.ok()["RiskConfiguration"], told, "nothing changed");
    // That of a client is its own.
    assert_eq!(describe(&server, Some(client())).await, json!({"UserPoolId": pool(), "ClientId": client()}));
    set(&server, None, json!({})).await.ok();
    assert_eq!(describe(&server, None).await, json!({"UserPoolId": pool()}));
    let unknown = set(&server, Some("nobody"), json!({})).await.refused();
    assert_eq!(unknown, "400 ResourceNotFoundException: User pool client nobody does not exist.");
    for bad in ["10.10.10.10", "10.10.10.10/33", "nonsense", ""] {
        let refusal = set(&server, None, networks(&[bad], &[])).await.refused();
        assert!(refusal.starts_with("400 InvalidParameterException: BlockedIPRangeList: "), "{bad}: {refusal}");
    }
}

fn protections() -> Vec<(&'static str, Value)> {
    let takeover = |action: Value| json!({"AccountTakeoverRiskConfiguration": {"Actions": {"HighAction": action}}});
    let block = json!({"Actions": {"EventAction": "BLOCK"}});
    let medium = json!({"MediumAction": {"Notify": false, "EventAction": "MFA_IF_CONFIGURED"}});
    vec![
        ("CompromisedCredentialsRiskConfiguration", json!({"CompromisedCredentialsRiskConfiguration": block})),
        (
            "MediumAction.EventAction: MFA_IF_CONFIGURED",
            json!({"AccountTakeoverRiskConfiguration": {"Actions": medium}}),
        ),
        ("HighAction.EventAction: BLOCK", takeover(json!({"Notify": false, "EventAction": "BLOCK"}))),
        ("HighAction.EventAction: MFA_REQUIRED", takeover(json!({"Notify": false, "EventAction": "MFA_REQUIRED"}))),
        ("HighAction.Notify: true", takeover(json!({"Notify": true, "EventAction": "NO_ACTION"}))),
    ]
}

#[tokio::test]
async fn protection_that_nothing_enforces_is_refused_by_name() {
    let server = server(&[]).await;
    for (named, members) in protections() {
        let refusal = set(&server, None, members).await.refused();
        assert!(refusal.starts_with("400 InvalidParameterException: ") && refusal.contains(named), "{refusal}");
        assert!(refusal.contains("accept-unenforced-protection"), "{refusal}");
    }
    for add_ons in [
        json!({"AdvancedSecurityMode": "ENFORCED"}),
        json!({"AdvancedSecurityMode": "AUDIT", "AdvancedSecurityAdditionalFlows": {"CustomAuthMode": "ENFORCED"}}),
    ] {
        let create = json!({"PoolName": "x", "UserPoolAddOns": add_ons});
        let update = json!({"UserPoolId": pool(), "UserPoolAddOns": add_ons});
        for (operation, input) in [("CreateUserPool", create), ("UpdateUserPool", update)] {
            let refusal = server.operator(operation, input).await.refused();
            assert!(refusal.starts_with("400 InvalidParameterException: UserPoolAddOns."), "{operation}: {refusal}");
        }
    }
    assert_eq!(describe(&server, None).await, json!({"UserPoolId": pool()}));
}

#[tokio::test]
async fn protection_that_nothing_enforces_is_stored_if_the_servers_operator_accepts_it() {
    let server = server(&["--accept-unenforced-protection"]).await;
    for (_, members) in protections() {
        let told = set(&server, None, members.clone()).await.ok()["RiskConfiguration"].clone();
        let (member, value) = members.as_object().unwrap().iter().next().unwrap();
        assert_eq!(&told[member], value);
    }
    let enforced = json!({"AdvancedSecurityMode": "ENFORCED"});
    let update = json!({"UserPoolId": pool(), "UserPoolAddOns": enforced});
    server.operator("UpdateUserPool", update).await.ok();
    let told = server.operator("DescribeUserPool", json!({"UserPoolId": pool()})).await.ok();
    assert_eq!(told["UserPool"]["UserPoolAddOns"], enforced);
    // What AUDIT does, it does as well.
    server.user("ada").await;
    sign_in(&server, client(), OTHER).await.ok();
    let input = json!({"UserPoolId": pool(), "Username": "ada"});
    server.operator("AdminListUserAuthEvents", input).await.ok();
}

#[test]
fn doctor_says_that_unenforced_protection_is_accepted() {
    let said = |flags: &[&str]| {
        let output = keystead().args(["doctor", "--data-dir", "/nonexistent"]).args(flags).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(said(&["--accept-unenforced-protection"]).contains("note  accept-unenforced-protection: is set"));
    assert!(said(&["--accept-unenforced-protection=true"]).contains("note  accept-unenforced-protection: is set"));
    assert!(!said(&[]).contains("accept-unenforced-protection"));
}
