//! App clients.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestServer, all, initiate, pool, pool_with};

async fn make(server: &TestServer, mut input: Value) -> Value {
    input["UserPoolId"] = json!(pool());
    input["ClientName"] = json!("app");
    server.operator("CreateUserPoolClient", input).await.ok()["UserPoolClient"].clone()
}

#[tokio::test]
async fn a_new_client_has_the_defaults_of_the_api() {
    let server = TestServer::start().await;
    let mut made = make(&server, json!({})).await;
    let id = made["ClientId"].as_str().unwrap().to_owned();
    assert!(id.len() == 26 && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{id}");
    let described = server.operator("DescribeUserPoolClient", json!({"UserPoolId": pool(), "ClientId": id})).await.ok();
    assert_eq!(described["UserPoolClient"], made);
    for member in ["UserPoolId", "ClientId", "CreationDate", "LastModifiedDate"] {
        assert!(made.as_object_mut().unwrap().remove(member).is_some(), "{member}");
    }
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(made, @r#"
    {
      "AllowedOAuthFlowsUserPoolClient": false,
      "AuthSessionValidity": 3,
      "ClientName": "app",
      "EnablePropagateAdditionalUserContextData": false,
      "EnableTokenRevocation": true,
      "RefreshTokenValidity": 30,
      "TokenValidityUnits": {}
    }
    "#) });
}

#[tokio::test]
async fn secrets_are_made_kept_sealed_and_shown_to_operators() {
    let server = TestServer::start().await;
    let made = make(&server, json!({"GenerateSecret": true})).await;
    let secret = made["ClientSecret"].as_str().unwrap();
    assert_eq!(secret.len(), 52);
    let described = server
        .operator("DescribeUserPoolClient", json!({"UserPoolId": pool(), "ClientId": made["ClientId"]}))
        .await
        .ok();
    assert_eq!(described["UserPoolClient"]["ClientSecret"], secret);
    assert_eq!(server.count(&format!("app_clients WHERE position('{secret}' IN secrets::text) > 0")).await, 0);
    let both = json!({"UserPoolId": pool(), "ClientName": "x", "GenerateSecret": true, "ClientSecret": "abcdefghijklmnopqrstuvwxyz"});
    assert_eq!(server.operator("CreateUserPoolClient", both).await.outcome(), "InvalidParameterException");
}

#[tokio::test]
async fn keys_that_only_read_or_look_after_users_read_no_secrets() {
    let server = TestServer::start().await;
    for (key, role) in [("AKREAD", "read-only"), ("AKSUPPORT", "support"), ("AKADMIN", "administrator")] {
        server.key(key, role, None).await;
    }
    server.key("AKPOOL", "read-only", Some(pool())).await;
    let made = make(&server, json!({"GenerateSecret": true})).await;
    let secret = made["ClientSecret"].as_str().unwrap();
    let named = json!({"UserPoolId": pool(), "ClientId": made["ClientId"]});
    for key in ["AKREAD", "AKSUPPORT", "AKPOOL"] {
        for operation in ["DescribeUserPoolClient", "ListUserPoolClientSecrets"] {
            let answer = server.operator_as(key, operation, named.clone()).await;
            answer.ok();
            assert!(
                !answer.text.contains(secret) && !answer.text.contains("\"ClientSecret\""),
                "{key}: {}",
                answer.text
            );
        }
        let described = server.operator_as(key, "DescribeUserPoolClient", named.clone()).await.ok();
        assert_eq!(described["UserPoolClient"]["ClientName"], "app", "the rest is read");
    }
    let described = server.operator_as("AKADMIN", "DescribeUserPoolClient", named).await.ok();
    assert_eq!(described["UserPoolClient"]["ClientSecret"], secret);
}

#[tokio::test]
async fn attributes_that_a_client_reads_and_writes_are_the_pools() {
    let server = TestServer::start().await;
    let schema = json!([{"Name": "email", "AttributeDataType": "String", "Required": true, "Mutable": true},
        {"Name": "tenantId", "AttributeDataType": "String"}, {"Name": "plan", "AttributeDataType": "String", "Mutable": true}]);
    let (pool, client) = pool_with(&server, json!({"Schema": schema}), json!({})).await;
    let of = |kind: &str, list: Value| json!({"UserPoolId": pool, "ClientName": "app", kind: list});
    for (list, fits) in [
        (json!(["email", "custom:plan"]), true),
        (json!(["email", "custom:none"]), false),
        (json!(["email", "plan"]), false),
        (json!(["custom:plan"]), false),
        (json!(["email", "custom:tenantId"]), false),
        (json!(["email", "email_verified"]), false),
        (json!(["email", "sub"]), false),
    ] {
        let answer = server.operator("CreateUserPoolClient", of("WriteAttributes", list.clone())).await;
        let mut update = of("WriteAttributes", list.clone());
        update["ClientId"] = json!(client);
        let updated = server.operator("UpdateUserPoolClient", update).await;
        if fits {
            assert_eq!(answer.ok()["UserPoolClient"]["WriteAttributes"], list);
            updated.ok();
            continue;
        }
        let text =
            |doing| format!("400 InvalidParameterException: Invalid write attributes specified while {doing} a client");
        assert_eq!(answer.refused(), text("creating"), "{list}");
        assert_eq!(updated.refused(), text("updating"), "{list}");
    }
    let read = json!(["custom:tenantId", "sub", "email_verified"]);
    let answer = server.operator("CreateUserPoolClient", of("ReadAttributes", read.clone())).await.ok();
    assert_eq!(answer["UserPoolClient"]["ReadAttributes"], read, "what is required need not be read");
    let refused = server.operator("CreateUserPoolClient", of("ReadAttributes", json!(["custom:none"]))).await.refused();
    assert_eq!(refused, "400 InvalidParameterException: Invalid read attributes specified while creating a client");
}

#[tokio::test]
async fn an_empty_list_of_attributes_is_the_default_and_is_not_read_back() {
    let server = TestServer::start().await;
    let flows = json!(["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]);
    let made = make(&server, json!({"ReadAttributes": [], "WriteAttributes": [], "ExplicitAuthFlows": flows})).await;
    let named = json!({"UserPoolId": pool(), "ClientId": made["ClientId"]});
    let shown = server.operator("DescribeUserPoolClient", named).await.ok()["UserPoolClient"].clone();
    for member in ["ReadAttributes", "WriteAttributes"] {
        assert!(made.get(member).is_none() && shown.get(member).is_none(), "{shown}");
    }
    let mut ada = server.user("ada").await;
    ada.sign_in_to(made["ClientId"].as_str().unwrap()).await;
    ada.call("UpdateUserAttributes", json!({"UserAttributes": [{"Name": "name", "Value": "Ada"}]})).await.ok();
    assert!(ada.call("GetUser", json!({})).await.text.contains(r#"{"Name":"name","Value":"Ada"}"#));
}

#[tokio::test]
async fn contradictory_settings_are_refused() {
    let server = TestServer::start().await;
    for input in [
        json!({"AccessTokenValidity": 2, "TokenValidityUnits": {"AccessToken": "minutes"}}),
        json!({"IdTokenValidity": 2, "TokenValidityUnits": {"IdToken": "days"}}),
        json!({"RefreshTokenValidity": 10, "TokenValidityUnits": {"RefreshToken": "minutes"}}),
        json!({"RefreshTokenValidity": 3651}),
        json!({"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "USER_PASSWORD_AUTH"]}),
        json!({"ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"], "RefreshTokenRotation": {"Feature": "ENABLED"}}),
    ] {
        let mut whole = input.clone();
        whole["UserPoolId"] = json!(pool());
        whole["ClientName"] = json!("x");
        assert_eq!(
            server.operator("CreateUserPoolClient", whole).await.outcome(),
            "InvalidParameterException",
            "{input}"
        );
    }
}

#[tokio::test]
async fn clients_are_listed_and_deleted() {
    let server = TestServer::start().await;
    let made = make(&server, json!({})).await;
    let listed = server.operator("ListUserPoolClients", json!({"UserPoolId": pool(), "MaxResults": 60})).await.ok();
    let listed = listed["UserPoolClients"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 4);
    assert!(listed.contains(&json!({"ClientId": made["ClientId"], "UserPoolId": pool(), "ClientName": "app"})));
    let named = json!({"UserPoolId": pool(), "ClientId": made["ClientId"]});
    assert_eq!(server.operator("DeleteUserPoolClient", named.clone()).await.text, "");
    let refusal = server.operator("DescribeUserPoolClient", named).await.refused();
    let id = made["ClientId"].as_str().unwrap();
    assert_eq!(refusal, format!("400 ResourceNotFoundException: User pool client {id} does not exist."));
    let refusal = server.call("InitiateAuth", json!({"ClientId": id, "AuthFlow": "USER_AUTH"})).await.refused();
    assert_eq!(refusal, format!("400 ResourceNotFoundException: User pool client {id} does not exist."));
}

#[tokio::test]
async fn a_deleted_clients_sessions_end_with_it() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    ada.call("ListWebAuthnCredentials", json!({})).await.ok();
    let input = json!({"UserPoolId": pool(), "ClientId": crate::support::client()});
    server.operator("DeleteUserPoolClient", input).await.ok();
    for operation in ["GetUser", "ListWebAuthnCredentials", "StartWebAuthnRegistration", "GetUserAuthFactors"] {
        let refusal = ada.call(operation, json!({})).await.refused();
        assert_eq!(refusal, "400 NotAuthorizedException: Access Token has been revoked", "{operation}");
    }
}

#[tokio::test]
async fn a_secret_is_rotated_without_a_moment_in_which_none_fits() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let flows = json!(["ALLOW_USER_PASSWORD_AUTH"]);
    let made = make(&server, json!({"GenerateSecret": true, "ExplicitAuthFlows": flows})).await;
    let (id, old) = (made["ClientId"].as_str().unwrap(), made["ClientSecret"].as_str().unwrap().to_owned());
    let named = json!({"UserPoolId": pool(), "ClientId": id});
    let added = server.operator("AddUserPoolClientSecret", named.clone()).await.ok();
    let new = added["ClientSecretDescriptor"]["ClientSecretValue"].as_str().unwrap().to_owned();
    assert!(new.len() == 52 && new != old);
    let sign_in = |secret: &str| {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
        let hash = BASE64_STANDARD.encode(aws_lc_rs::hmac::sign(&key, format!("ada{id}").as_bytes()));
        server.call(
            "InitiateAuth",
            initiate(id, "USER_PASSWORD_AUTH", json!({"USERNAME": "ada", "PASSWORD": PASSWORD, "SECRET_HASH": hash})),
        )
    };
    for secret in [&old, &new] {
        sign_in(secret).await.ok();
    }
    let refusal = server.operator("AddUserPoolClientSecret", named.clone()).await.refused();
    assert!(refusal.starts_with("400 LimitExceededException: An app client may have 2 secrets"), "{refusal}");
    let listed = server.operator("ListUserPoolClientSecrets", named.clone()).await;
    assert!(!listed.text.contains(&old) && !listed.text.contains(&new), "{}", listed.text);
    let listed = listed.ok()["ClientSecrets"].as_array().unwrap().clone();
    assert_eq!(listed[1]["ClientSecretId"], added["ClientSecretDescriptor"]["ClientSecretId"]);
    let mut delete = named.clone();
    delete["ClientSecretId"] = listed[0]["ClientSecretId"].clone();
    server.operator("DeleteUserPoolClientSecret", delete.clone()).await.ok();
    sign_in(&new).await.ok();
    assert_eq!(sign_in(&old).await.outcome(), "NotAuthorizedException");
    assert_eq!(
        server.operator("DeleteUserPoolClientSecret", delete.clone()).await.outcome(),
        "ResourceNotFoundException"
    );
    delete["ClientSecretId"] = listed[1]["ClientSecretId"].clone();
    assert_eq!(server.operator("DeleteUserPoolClientSecret", delete).await.outcome(), "InvalidParameterException");
    let described = server.operator("DescribeUserPoolClient", named).await.ok();
    assert_eq!(described["UserPoolClient"]["ClientSecret"], new);
}

#[tokio::test]
async fn of_two_who_delete_both_secrets_one_is_refused() {
    let server = std::sync::Arc::new(TestServer::start().await);
    for _ in 0..20 {
        let made = make(&server, json!({"GenerateSecret": true})).await;
        let named = json!({"UserPoolId": pool(), "ClientId": made["ClientId"]});
        server.operator("AddUserPoolClientSecret", named.clone()).await.ok();
        let listed = server.operator("ListUserPoolClientSecrets", named.clone()).await.ok();
        let deleting = [0, 1].map(|n| {
            let (server, mut input) = (server.clone(), named.clone());
            input["ClientSecretId"] = listed["ClientSecrets"][n]["ClientSecretId"].clone();
            async move { server.operator("DeleteUserPoolClientSecret", input).await.outcome() }
        });
        let mut outcomes = all(deleting).await;
        outcomes.sort();
        assert_eq!(outcomes, ["InvalidParameterException", "OK"]);
    }
}

#[tokio::test]
async fn a_public_client_gets_no_secret_later() {
    let server = TestServer::start().await;
    let made = make(&server, json!({})).await;
    let named = json!({"UserPoolId": pool(), "ClientId": made["ClientId"]});
    assert_eq!(server.operator("AddUserPoolClientSecret", named).await.outcome(), "InvalidParameterException");
}

#[tokio::test]
async fn a_secret_that_the_release_before_wrote_still_fits() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let made = make(&server, json!({"GenerateSecret": true, "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]})).await;
    server.sql("UPDATE app_clients SET secrets = '[]' WHERE secret IS NOT NULL").await;
    let (id, secret) = (made["ClientId"].as_str().unwrap(), made["ClientSecret"].as_str().unwrap());
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    let hash = BASE64_STANDARD.encode(aws_lc_rs::hmac::sign(&key, format!("ada{id}").as_bytes()));
    let input =
        initiate(id, "USER_PASSWORD_AUTH", json!({"USERNAME": "ada", "PASSWORD": PASSWORD, "SECRET_HASH": hash}));
    server.call("InitiateAuth", input).await.ok();
    let named = json!({"UserPoolId": pool(), "ClientId": id});
    server.operator("AddUserPoolClientSecret", named.clone()).await.ok();
    let listed = server.operator("ListUserPoolClientSecrets", named).await.ok();
    assert_eq!(listed["ClientSecrets"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn rotation_needs_no_list_of_flows() {
    let server = TestServer::start().await;
    let client = json!({"UserPoolId": pool(), "ClientName": "cdk", "RefreshTokenRotation": {"Feature": "ENABLED"}});
    let made = server.operator("CreateUserPoolClient", client).await.ok();
    // With rotation, one of the default flows is off, and the others are on.
    let id = made["UserPoolClient"]["ClientId"].as_str().unwrap();
    let refresh = initiate(id, "REFRESH_TOKEN_AUTH", json!({"REFRESH_TOKEN": "x"}));
    let off = server.call("InitiateAuth", refresh).await.refused();
    assert_eq!(off, "400 InvalidParameterException: REFRESH_TOKEN_AUTH flow not enabled for this client");
    server.user("ada").await;
    let srp = initiate(id, "USER_SRP_AUTH", json!({"USERNAME": "ada", "SRP_A": "2"}));
    assert_eq!(server.call("InitiateAuth", srp).await.ok()["ChallengeName"], "PASSWORD_VERIFIER");
}

#[tokio::test]
async fn flows_that_nobody_gave_are_the_default_and_are_not_read_back() {
    let server = TestServer::start().await;
    let flows = json!(["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]);
    let made = make(&server, json!({"ExplicitAuthFlows": flows})).await;
    assert_eq!(made["ExplicitAuthFlows"], flows);
    let mut named = json!({"UserPoolId": pool(), "ClientId": made["ClientId"]});
    let updated = server.operator("UpdateUserPoolClient", named.clone()).await.ok()["UserPoolClient"].clone();
    assert_eq!(updated.get("ExplicitAuthFlows"), None);
    let described = server.operator("DescribeUserPoolClient", named.clone()).await.ok();
    assert_eq!(described["UserPoolClient"].get("ExplicitAuthFlows"), None);
    server.user("ada").await;
    let id = made["ClientId"].as_str().unwrap();
    let password = initiate(id, "USER_PASSWORD_AUTH", json!({"USERNAME": "ada", "PASSWORD": PASSWORD}));
    assert_ne!(server.call("InitiateAuth", password.clone()).await.outcome(), "OK", "it is no default flow");
    named["ExplicitAuthFlows"] = flows;
    server.operator("UpdateUserPoolClient", named).await.ok();
    server.call("InitiateAuth", password).await.ok();
}

#[tokio::test]
async fn rotation_stays_until_an_update_switches_it_off() {
    let server = TestServer::start().await;
    let flows = json!(["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]);
    let made = make(&server, json!({"RefreshTokenRotation": {"Feature": "ENABLED"}})).await;
    let mut update = json!({"UserPoolId": pool(), "ClientId": made["ClientId"], "ExplicitAuthFlows": flows});
    let refused = server.operator("UpdateUserPoolClient", update.clone()).await.refused();
    assert!(refused.contains("or send RefreshTokenRotation with the feature DISABLED"), "{refused}");
    update["RefreshTokenRotation"] = json!({"Feature": "DISABLED"});
    server.operator("UpdateUserPoolClient", update).await.ok();
}
