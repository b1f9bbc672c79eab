//! The audit trail of what operators change: who, what, in which user pool, by which request.

use std::collections::BTreeSet;

use keystead::{call::Access, operations};
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestServer, client, initiate, pool, second_client, srp_client};

/// Operators' writes that are sign-ins, which their session records.
const SIGN_INS: &[&str] = &["AdminInitiateAuth", "AdminRespondToAuthChallenge"];

struct Trail {
    server: TestServer,
    called: BTreeSet<&'static str>,
}

impl Trail {
    /// Makes a call whose one row of the trail must be this: `event` or `event target`.
    async fn notes(&mut self, operation: &'static str, input: Value, expected: &str) -> Value {
        let answer = self.server.operator(operation, input.clone()).await;
        let told = answer.ok();
        let request_id = answer.header("x-amzn-requestid").unwrap();
        let pool_id = match operation {
            "CreateUserPool" => told["UserPool"]["Id"].as_str().unwrap(),
            "TagResource" | "UntagResource" => pool(),
            _ => input["UserPoolId"].as_str().unwrap(),
        };
        let rows = format!(
            "SELECT string_agg(concat_ws(' ', actor, event, target), ', ') FROM audit_events
             WHERE request_id = '{request_id}' AND user_pool_id = '{pool_id}'"
        );
        let noted: Option<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(rows)).fetch_one(&self.server.db).await.unwrap();
        assert_eq!(noted.unwrap_or_default(), format!("operator:AKIATESTTESTTESTTEST {expected}"), "{operation}");
        self.called.insert(operation);
        told
    }

    /// The same of a call that names this pool.
    async fn of_pool(&mut self, operation: &'static str, mut input: Value, expected: &str) -> Value {
        input["UserPoolId"] = json!(pool());
        self.notes(operation, input, expected).await
    }
}

#[tokio::test]
async fn every_change_by_an_operator_is_noted() {
    let mut trail =
        Trail { server: TestServer::with(&["--log-delivery-file=/dev/null"]).await, called: BTreeSet::new() };
    let other = trail.notes("CreateUserPool", json!({"PoolName": "other"}), "pool.created").await;
    let other = json!({"UserPoolId": other["UserPool"]["Id"]});
    let mut renamed = other.clone();
    renamed["PoolName"] = json!("another");
    trail.notes("UpdateUserPool", renamed, "pool.updated").await;
    trail.notes("DeleteUserPool", other, "pool.deleted").await;
    let attribute = json!({"CustomAttributes": [{"Name": "plan", "AttributeDataType": "String"}]});
    trail.of_pool("AddCustomAttributes", attribute, "pool.attributes_added").await;
    trail
        .of_pool(
            "SetUserPoolMfaConfig",
            json!({"MfaConfiguration": "OFF",
        "WebAuthnConfiguration": {"RelyingPartyId": "localhost", "UserVerification": "required"}}),
            "pool.mfa_configuration_set",
        )
        .await;
    let policy = json!({"PasskeyPolicy": {"KeepLastFactor": true}});
    trail.of_pool("SetUserPoolPasskeyPolicy", policy, "pool.passkey_policy_set").await;
    trail.of_pool("SetUserPoolBranding", json!({"Branding": {"DisplayName": "Shop"}}), "pool.branding_set").await;
    let signing = json!({"TokenSigning": {"Algorithm": "ES256"}});
    trail.of_pool("SetUserPoolTokenSigning", signing, "pool.token_signing_set ES256").await;
    let sessions = json!({"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 3}});
    trail.of_pool("SetUserPoolSessionConfiguration", sessions, "pool.session_configuration_set").await;
    let blocked = json!({"RiskExceptionConfiguration": {"BlockedIPRangeList": ["203.0.113.0/24"]}});
    trail.of_pool("SetRiskConfiguration", blocked, "risk_configuration.set").await;
    let group = json!({"LogGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:shop"});
    let logs = json!({"LogConfigurations": [
        {"EventSource": "userNotification", "LogLevel": "ERROR", "CloudWatchLogsConfiguration": group}]});
    trail.of_pool("SetLogDeliveryConfiguration", logs, "pool.log_delivery_set").await;
    let described = trail.server.operator("DescribeUserPool", json!({"UserPoolId": pool()})).await.ok();
    let arn = described["UserPool"]["Arn"].clone();
    trail.notes("TagResource", json!({"ResourceArn": arn, "Tags": {"a": "b"}}), "pool.tagged").await;
    trail.notes("UntagResource", json!({"ResourceArn": arn, "TagKeys": ["a"]}), "pool.untagged").await;

    let named = json!({"Domain": "shop"});
    trail.of_pool("CreateUserPoolDomain", named.clone(), "domain.created shop").await;
    let managed = json!({"Domain": "shop", "ManagedLoginVersion": 2});
    trail.of_pool("UpdateUserPoolDomain", managed, "domain.updated shop").await;
    trail.of_pool("DeleteUserPoolDomain", named, "domain.deleted shop").await;
    let server = json!({"Identifier": "api", "Name": "API"});
    trail.of_pool("CreateResourceServer", server, "resource_server.created api").await;
    let renamed = json!({"Identifier": "api", "Name": "The API"});
    trail.of_pool("UpdateResourceServer", renamed, "resource_server.updated api").await;
    trail.of_pool("DeleteResourceServer", json!({"Identifier": "api"}), "resource_server.deleted api").await;

    let made = json!({"UserPoolId": pool(), "ClientName": "web", "GenerateSecret": true});
    let answer = trail.server.operator("CreateUserPoolClient", made).await;
    let id = answer.ok()["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned();
    let event = format!(
        "audit_events WHERE event = 'client.created' AND target = '{id}' AND request_id = '{}'",
        answer.header("x-amzn-requestid").unwrap()
    );
    assert_eq!(trail.server.count(&event).await, 1);
    trail.called.insert("CreateUserPoolClient");
    let web = json!({"ClientId": id});
    let renamed = json!({"ClientId": id, "ClientName": "site"});
    trail.of_pool("UpdateUserPoolClient", renamed, &format!("client.updated {id}")).await;
    let added = trail.of_pool("AddUserPoolClientSecret", web.clone(), &format!("client.secret_added {id}")).await;
    let secret = json!({"ClientId": id, "ClientSecretId": added["ClientSecretDescriptor"]["ClientSecretId"]});
    trail.of_pool("DeleteUserPoolClientSecret", secret, &format!("client.secret_deleted {id}")).await;
    let sso = json!({"ClientId": id, "SSOSession": {"MaxValidityMinutes": 5}});
    let event = format!("client.session_configuration_set {id}");
    trail.of_pool("SetUserPoolClientSessionConfiguration", sso, &event).await;
    let customization = json!({"ClientId": id, "CSS": "a{}"});
    trail.of_pool("SetUICustomization", customization, &format!("ui_customization.set {id}")).await;
    let style = json!({"ClientId": id, "UseCognitoProvidedValues": true});
    let event = format!("managed_login_branding.created {id}");
    let style = trail.of_pool("CreateManagedLoginBranding", style, &event).await["ManagedLoginBranding"].clone();
    let style = json!({"ManagedLoginBrandingId": style["ManagedLoginBrandingId"]});
    let mut changed = style.clone();
    changed["Settings"] = json!({"categories": {}});
    let event = format!("managed_login_branding.updated {id}");
    trail.of_pool("UpdateManagedLoginBranding", changed, &event).await;
    let event = format!("managed_login_branding.deleted {id}");
    trail.of_pool("DeleteManagedLoginBranding", style, &event).await;
    let links = json!({"cognito:default": "https://example.com/terms"});
    let made = json!({"UserPoolId": pool(), "ClientId": id, "TermsName": "privacy-policy", "TermsSource": "LINK",
        "Enforcement": "NONE", "Links": links});
    let answer = trail.server.operator("CreateTerms", made).await;
    let terms_id = answer.ok()["Terms"]["TermsId"].as_str().unwrap().to_owned();
    let event = format!("audit_events WHERE event = 'terms.created' AND target = '{terms_id}'");
    assert_eq!(trail.server.count(&event).await, 1);
    trail.called.insert("CreateTerms");
    let changed = json!({"TermsId": terms_id, "TermsName": "terms-of-use"});
    trail.of_pool("UpdateTerms", changed, &format!("terms.updated {terms_id}")).await;
    trail.of_pool("DeleteTerms", json!({"TermsId": terms_id}), &format!("terms.deleted {terms_id}")).await;
    trail.of_pool("DeleteUserPoolClient", web, &format!("client.deleted {id}")).await;

    let mut ada = trail.server.signed_in("ada").await;
    let credential = ada.add_passkey().await;
    let user = || json!({"Username": "ada"});
    let with = |more: Value| {
        let all = [user(), more].into_iter().filter_map(|one| one.as_object().cloned()).flatten();
        Value::Object(all.collect())
    };
    trail.of_pool("CreateGroup", json!({"GroupName": "staff"}), "group.created staff").await;
    let described = json!({"GroupName": "staff", "Description": "who works here"});
    trail.of_pool("UpdateGroup", described, "group.updated staff").await;
    let member = with(json!({"GroupName": "staff"}));
    trail.of_pool("AdminAddUserToGroup", member.clone(), "group.joined staff").await;
    trail.of_pool("AdminRemoveUserFromGroup", member, "group.left staff").await;
    trail.of_pool("DeleteGroup", json!({"GroupName": "staff"}), "group.deleted staff").await;

    let new = json!({"Username": "eve", "MessageAction": "SUPPRESS"});
    trail.of_pool("AdminCreateUser", new, "user.created").await;
    let attributes = with(json!({"UserAttributes": [{"Name": "name", "Value": "Ada"}]}));
    trail.of_pool("AdminUpdateUserAttributes", attributes, "user.updated").await;
    let names = with(json!({"UserAttributeNames": ["name"]}));
    trail.of_pool("AdminDeleteUserAttributes", names, "user.updated").await;
    let deleted = with(json!({"CredentialId": credential}));
    trail.of_pool("AdminDeleteWebAuthnCredential", deleted, "passkey.deleted").await;
    let sessions =
        trail.server.operator("AdminListUserSessions", json!({"UserPoolId": pool(), "Username": "ada"})).await;
    let session = with(json!({"SessionId": sessions.ok()["Sessions"][0]["SessionId"]}));
    trail.of_pool("AdminRevokeUserSession", session, "session.ended").await;
    trail.of_pool("AdminDisableUser", user(), "user.disabled").await;
    trail.of_pool("AdminEnableUser", user(), "user.enabled").await;
    let password = with(json!({"Password": PASSWORD, "Permanent": true}));
    trail.of_pool("AdminSetUserPassword", password, "password.set").await;
    let begin = initiate(client(), "USER_PASSWORD_AUTH", json!({"USERNAME": "ada", "PASSWORD": PASSWORD}));
    trail.server.call("InitiateAuth", begin).await.ok();
    trail.of_pool("AdminUserGlobalSignOut", user(), "user.signed_out").await;
    let address = json!([{"Name": "email", "Value": "ada@example.com"}, {"Name": "email_verified", "Value": "true"}]);
    trail.of_pool("AdminUpdateUserAttributes", with(json!({"UserAttributes": address})), "user.updated").await;
    let preference = with(json!({"EmailMfaSettings": {"Enabled": true, "PreferredMfa": false}}));
    trail.of_pool("AdminSetUserMFAPreference", preference, "mfa.changed").await;
    let preference = with(json!({"EmailMfaSettings": {"Enabled": false, "PreferredMfa": false}}));
    trail.of_pool("AdminSetUserMFAPreference", preference, "mfa.changed").await;
    let phone =
        json!([{"Name": "phone_number", "Value": "+12065550100"}, {"Name": "phone_number_verified", "Value": "true"}]);
    trail.of_pool("AdminUpdateUserAttributes", with(json!({"UserAttributes": phone})), "user.updated").await;
    let options = json!([{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}]);
    trail.of_pool("AdminSetUserSettings", with(json!({"MFAOptions": options})), "mfa.changed").await;
    trail.of_pool("AdminSetUserSettings", with(json!({"MFAOptions": []})), "mfa.changed").await;
    // An authenticator app that waits for its first code, and a device that was confirmed.
    let remembers = json!({"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": true}});
    trail.of_pool("UpdateUserPool", remembers, "pool.updated").await;
    let app = json!({"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": true}});
    trail.of_pool("SetUserPoolMfaConfig", app, "pool.mfa_configuration_set").await;
    let answer = ada.password_sign_in(client(), PASSWORD).await.ok();
    ada.keep_tokens(&answer);
    ada.call("AssociateSoftwareToken", json!({})).await.ok();
    trail.of_pool("AdminDeleteSoftwareToken", user(), "mfa.changed").await;
    let device = &answer["AuthenticationResult"]["NewDeviceMetadata"];
    let key = device["DeviceKey"].as_str().unwrap();
    let verifier = srp_client::verifier((device["DeviceGroupKey"].as_str().unwrap(), key), "forty random bytes");
    let confirm = json!({"DeviceKey": key, "DeviceSecretVerifierConfig": verifier});
    ada.call("ConfirmDevice", confirm).await.ok();
    let status = with(json!({"DeviceKey": key, "DeviceRememberedStatus": "not_remembered"}));
    trail.of_pool("AdminUpdateDeviceStatus", status, "device.not_remembered").await;
    trail.of_pool("AdminForgetDevice", with(json!({"DeviceKey": key})), "device.forgotten").await;
    trail.of_pool("AdminResetUserPassword", user(), "password.reset_required").await;
    trail.of_pool("AdminDeleteUser", user(), "user.deleted").await;
    let sign_up = json!({"ClientId": client(), "Username": "bob", "Password": PASSWORD});
    trail.server.call("SignUp", sign_up).await.ok();
    trail.of_pool("AdminConfirmSignUp", json!({"Username": "bob"}), "user.confirmed").await;

    let role = "arn:aws:iam::123456789012:role/import";
    let job = json!({"UserPoolId": pool(), "JobName": "move", "CloudWatchLogsRoleArn": role});
    let job = trail.server.operator("CreateUserImportJob", job).await.ok()["UserImportJob"].clone();
    let id = job["JobId"].as_str().unwrap();
    let url = job["PreSignedUrl"].as_str().unwrap().replace("http://localhost:9229", &trail.server.url);
    let upload = trail.server.http.put(url).header("x-amz-server-side-encryption", "aws:kms");
    assert_eq!(upload.body("cognito:username\n").send().await.unwrap().status().as_u16(), 200);
    for event in ["import.created", "import.uploaded"] {
        let noted = format!("audit_events WHERE event = '{event}' AND target = '{id}'");
        assert_eq!(trail.server.count(&noted).await, 1, "{event}");
    }
    trail.called.insert("CreateUserImportJob");
    trail.of_pool("StartUserImportJob", json!({"JobId": id}), &format!("import.started {id}")).await;
    let job = json!({"UserPoolId": pool(), "JobName": "again", "CloudWatchLogsRoleArn": role});
    let job = trail.server.operator("CreateUserImportJob", job).await.ok()["UserImportJob"]["JobId"].clone();
    let id = job.as_str().unwrap();
    trail.of_pool("StopUserImportJob", json!({"JobId": id}), &format!("import.stopped {id}")).await;

    // Nothing is forgotten: an operator's call is one that asks for a signature.
    for operation in operations::SUPPORTED.iter().filter(|one| operations::access(one) != Access::Read) {
        let unsigned = trail.server.call(operation, json!({})).await.outcome();
        let seen = trail.called.contains(operation) || SIGN_INS.contains(operation);
        assert_eq!(unsigned == "MissingAuthenticationTokenException", seen, "{operation} {unsigned}");
    }
}

#[tokio::test]
async fn what_changes_nothing_is_not_noted() {
    let server = TestServer::start().await;
    server.user("ada").await;
    let user = json!({"UserPoolId": pool(), "Username": "ada"});
    let before = server.count("audit_events").await;
    for operation in ["AdminEnableUser", "AdminUserGlobalSignOut"] {
        server.operator(operation, user.clone()).await.ok();
    }
    let mut names = user;
    names["UserAttributeNames"] = json!(["name"]);
    server.operator("AdminDeleteUserAttributes", names).await.ok();
    assert_eq!(server.count("audit_events").await, before);
}

#[tokio::test]
async fn what_was_there_already_is_noted_once() {
    let server = TestServer::start().await;
    let domain = json!({"UserPoolId": pool(), "Domain": "shop"});
    let api = json!({"UserPoolId": pool(), "Identifier": "api", "Name": "API"});
    server.operator("CreateUserPoolDomain", domain.clone()).await.ok();
    server.operator("CreateResourceServer", api.clone()).await.ok();
    let flows = json!(["ALLOW_USER_AUTH"]);
    let own = json!({"UserPoolId": pool(), "ClientId": second_client(), "ExplicitAuthFlows": flows});
    let arn = format!("arn:aws:cognito-idp:us-east-1:000000000000:userpool/{}", pool());
    let twice = [
        ("UpdateUserPool", json!({"UserPoolId": pool()})),
        ("SetUserPoolMfaConfig", json!({"UserPoolId": pool(), "MfaConfiguration": "OFF"})),
        ("UpdateUserPoolClient", own),
        ("UpdateUserPoolDomain", domain),
        ("UpdateResourceServer", api),
        ("TagResource", json!({"ResourceArn": arn, "Tags": {"a": "b"}})),
    ];
    for (operation, input) in twice {
        server.operator(operation, input.clone()).await.ok();
        let once = server.count("audit_events").await;
        server.operator(operation, input).await.ok();
        assert_eq!(server.count("audit_events").await, once, "{operation}");
    }
}
