//! Members of answers that no other test asks for.

use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, TestServer, pool, pool_with};

#[tokio::test]
async fn a_pool_gives_back_what_only_describes_it() {
    let server = TestServer::start().await;
    let sms =
        json!({"SnsCallerArn": "arn:aws:iam::123456789012:role/sms", "ExternalId": "x", "SnsRegion": "eu-west-1"});
    let email = json!({"EmailSendingAccount": "DEVELOPER", "From": "id@example.com", "ReplyToEmailAddress": "re@example.com",
        "SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/example.com", "ConfigurationSet": "set"});
    let template = json!({"DefaultEmailOption": "CONFIRM_WITH_CODE", "EmailMessage": "{####}", "EmailSubject": "s", "SmsMessage": "{####}"});
    let schema = json!([{"Name": "n", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MinValue": "1", "MaxValue": "2"}}]);
    let members = json!({"PoolName": "x", "SmsConfiguration": sms, "EmailConfiguration": email, "Schema": schema,
        "VerificationMessageTemplate": template, "SmsAuthenticationMessage": "In: {####}",
        "UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT", "AdvancedSecurityAdditionalFlows": {"CustomAuthMode": "AUDIT"}},
        "AdminCreateUserConfig": {"InviteMessageTemplate": {"SMSMessage": "{username} {####}"}}});
    let made = server.operator("CreateUserPool", members.clone()).await.ok()["UserPool"].clone();
    let read = server.operator("DescribeUserPool", json!({"UserPoolId": made["Id"]})).await.ok()["UserPool"].clone();
    for member in ["SmsConfiguration", "EmailConfiguration", "SmsAuthenticationMessage", "UserPoolAddOns"] {
        assert_eq!(read[member], members[member], "{member}");
    }
    assert_eq!((&read["SmsVerificationMessage"], &read["EmailVerificationSubject"]), (&json!("{####}"), &json!("s")));
    let set = json!({"UserPoolId": made["Id"], "MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": true},
        "SmsMfaConfiguration": {"SmsAuthenticationMessage": "Second: {####}", "SmsConfiguration": sms},
        "EmailMfaConfiguration": {"Message": "{####}", "Subject": "s"}});
    let answer = server.operator("SetUserPoolMfaConfig", set).await.ok();
    let read = server.operator("GetUserPoolMfaConfig", json!({"UserPoolId": made["Id"]})).await.ok();
    assert_eq!(read, answer);
    assert_eq!(read["SmsMfaConfiguration"]["SmsConfiguration"], sms);
}

#[tokio::test]
async fn a_client_gives_back_what_only_describes_it() {
    let server = TestServer::start().await;
    let members = json!({"UserPoolId": pool(), "ClientName": "x", "WriteAttributes": ["name"], "LogoutURLs": ["https://a.example/out"],
        "CallbackURLs": ["https://a.example"], "DefaultRedirectURI": "https://a.example", "SupportedIdentityProviders": ["COGNITO"],
        "AnalyticsConfiguration": {"ApplicationId": "0123456789abcdef0123456789abcdef", "ApplicationArn": "arn:aws:mobiletargeting:us-east-1:123456789012:apps/x",
            "ExternalId": "x", "RoleArn": "arn:aws:iam::123456789012:role/x", "UserDataShared": false}});
    let made = server.operator("CreateUserPoolClient", members.clone()).await.ok()["UserPoolClient"].clone();
    for (member, value) in members.as_object().unwrap() {
        assert_eq!(made[member], *value, "{member}");
    }
}

#[tokio::test]
async fn second_factors_are_shown_to_the_user_and_to_operators() {
    let server = TestServer::start().await;
    let email = json!({"EmailSendingAccount": "DEVELOPER", "From": "id@example.com"});
    let (pool, client) = pool_with(&server, json!({"EmailConfiguration": email}), json!({})).await;
    let mut ada = server.user_in(&pool, "ada").await;
    ada.sign_in_to(&client).await;
    let set =
        json!({"UserPoolId": pool, "MfaConfiguration": "OPTIONAL", "EmailMfaConfiguration": {"Message": "{####}"}});
    server.operator("SetUserPoolMfaConfig", set).await.ok();
    let attributes = json!([{"Name": "email", "Value": "a@b.example"}, {"Name": "email_verified", "Value": "true"}]);
    let named = json!({"UserPoolId": pool, "Username": "ada"});
    let mut update = named.clone();
    update["UserAttributes"] = attributes;
    server.operator("AdminUpdateUserAttributes", update).await.ok();
    let prefer = json!({"EmailMfaSettings": {"Enabled": true, "PreferredMfa": true}});
    ada.call("SetUserMFAPreference", prefer).await.ok();
    let shown = [
        ada.call("GetUser", json!({})).await.ok(),
        ada.call("GetUserAuthFactors", json!({})).await.ok(),
        server.operator("AdminGetUser", named.clone()).await.ok(),
        server.operator("AdminGetUserAuthFactors", named).await.ok(),
    ];
    for one in shown {
        assert_eq!(
            (&one["PreferredMfaSetting"], &one["UserMFASettingList"]),
            (&json!("EMAIL_OTP"), &json!(["EMAIL_OTP"]))
        );
    }
}

#[tokio::test]
async fn operators_sign_somebody_in_step_by_step() {
    let server = TestServer::start().await;
    let mut ada = server.signed_in("ada").await;
    ada.add_passkey().await;
    let begin = json!({"UserPoolId": pool(), "ClientId": crate::support::client(), "AuthFlow": "USER_AUTH", "AuthParameters": {"USERNAME": "ada"}});
    let asked = server.operator("AdminInitiateAuth", begin).await.ok();
    assert_eq!(asked["ChallengeName"], "SELECT_CHALLENGE");
    assert!(asked["AvailableChallenges"].as_array().unwrap().contains(&json!("WEB_AUTHN")), "{asked}");
    let answer = |challenge: &str, session: &Value, responses: Value| json!({"UserPoolId": pool(), "ClientId": crate::support::client(), "ChallengeName": challenge, "Session": session, "ChallengeResponses": responses});
    let chosen = answer("SELECT_CHALLENGE", &asked["Session"], json!({"USERNAME": "ada", "ANSWER": "PASSWORD"}));
    let next = server.operator("AdminRespondToAuthChallenge", chosen).await.ok();
    assert_eq!(next["ChallengeName"], "PASSWORD");
    let password = answer("PASSWORD", &next["Session"], json!({"USERNAME": "ada", "PASSWORD": PASSWORD}));
    let done = server.operator("AdminRespondToAuthChallenge", password).await.ok();
    assert!(done["AuthenticationResult"]["IdToken"].is_string() && done["ChallengeParameters"] == json!({}), "{done}");
}

/// The names on all pages of a list, two on each.
async fn listed(
    server: &TestServer,
    operation: &str,
    limit: &str,
    list: &str,
    name: &str,
    mut input: Value,
) -> Vec<String> {
    input[limit] = json!(2);
    let mut out = Vec::new();
    loop {
        let page = server.operator(operation, input.clone()).await.ok();
        out.extend(page[list].as_array().unwrap().iter().map(|one| one[name].as_str().unwrap().to_owned()));
        input["NextToken"] = page["NextToken"].clone();
        if input["NextToken"].is_null() {
            return out;
        }
    }
}

#[tokio::test]
async fn clients_and_groups_of_a_user_come_page_by_page() {
    let server = TestServer::start().await;
    server.user("ada").await;
    for name in ["a", "b", "c"] {
        server.operator("CreateGroup", json!({"UserPoolId": pool(), "GroupName": name})).await.ok();
        let member = json!({"UserPoolId": pool(), "GroupName": name, "Username": "ada"});
        server.operator("AdminAddUserToGroup", member).await.ok();
        server.operator("CreateUserPoolClient", json!({"UserPoolId": pool(), "ClientName": name})).await.ok();
    }
    let of_ada = json!({"UserPoolId": pool(), "Username": "ada"});
    assert_eq!(
        listed(&server, "AdminListGroupsForUser", "Limit", "Groups", "GroupName", of_ada).await,
        ["a", "b", "c"]
    );
    let clients = listed(
        &server,
        "ListUserPoolClients",
        "MaxResults",
        "UserPoolClients",
        "ClientId",
        json!({"UserPoolId": pool()}),
    )
    .await;
    assert_eq!(clients.len(), 6);
    assert!(clients.is_sorted_by(|one, next| one < next));
}

#[tokio::test]
async fn a_user_shows_and_lists_their_devices() {
    let server = TestServer::start().await;
    let devices = json!({"ChallengeRequiredOnNewDevice": true});
    let (pool, client) = pool_with(&server, json!({"DeviceConfiguration": devices}), json!({})).await;
    let mut ada: Person = server.user_in(&pool, "ada").await;
    let mut keys = Vec::new();
    for _ in 0..2 {
        let tokens = ada.password_sign_in(&client, PASSWORD).await.ok();
        ada.keep_tokens(&tokens);
        let metadata = &tokens["AuthenticationResult"]["NewDeviceMetadata"];
        let identity = (metadata["DeviceGroupKey"].as_str().unwrap(), metadata["DeviceKey"].as_str().unwrap());
        let secrets = crate::support::srp_client::verifier(identity, "secret");
        ada.call("ConfirmDevice", json!({"DeviceKey": identity.1, "DeviceSecretVerifierConfig": secrets})).await.ok();
        keys.push(identity.1.to_owned());
    }
    keys.sort();
    let shown = ada.call("GetDevice", json!({"DeviceKey": keys[0]})).await.ok();
    assert_eq!(shown["Device"]["DeviceKey"], json!(keys[0]));
    let first = ada.call("ListDevices", json!({"Limit": 1})).await.ok();
    let second = ada.call("ListDevices", json!({"Limit": 1, "PaginationToken": first["PaginationToken"]})).await.ok();
    let seen = [&first, &second].map(|page| page["Devices"][0]["DeviceKey"].as_str().unwrap().to_owned());
    assert_eq!((seen.to_vec(), second.get("PaginationToken")), (keys, None));
}
