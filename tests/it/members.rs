//! Walks the tables of `keystead::operations::members`: what an update does with each member that it leaves out, and what
//! is read back if nothing was given.

use keystead::operations::members::{
    CLIENT, DOMAIN, GROUP, LeftOut, MFA, Member, POOL, RESOURCE_SERVER, SESSIONS, TABLES, Table,
};
use serde_json::{Value, json};

use crate::support::{TestServer, pool};

/// One configuration on a server.
struct Subject<'a> {
    server: &'a TestServer,
    table: &'static Table,
    /// The members that name it, and those that each update needs.
    named: Value,
    /// The operation that reads it, and where in the answer it stands.
    read: (&'static str, &'static str),
}

impl Subject<'_> {
    async fn read(&self) -> Value {
        let answer = self.server.operator(self.read.0, self.named.clone()).await.ok();
        let mut read = answer.pointer(self.read.1).unwrap().clone();
        if self.table.update == POOL.update {
            read["PoolName"] = read["Name"].clone();
        }
        // A prefix is described with an empty structure.
        if read["CustomDomainConfig"] == json!({}) {
            read["CustomDomainConfig"] = Value::Null;
        }
        read
    }

    async fn update(&self, members: &Value) -> String {
        let answer = self.server.operator(self.table.update, with(&self.named, members)).await;
        if answer.status == 200 { "OK".into() } else { answer.refused() }
    }

    /// Gives every member a value, then leaves each out in turn.
    async fn walk(&self, given: &Value) {
        let changeable =
            |member: &&Member| !matches!(member.left_out, LeftOut::Never | LeftOut::AtCreation | LeftOut::Refused);
        let members: Vec<_> = self.table.members.iter().filter(changeable).collect();
        let mut names: Vec<_> = members.iter().map(|member| member.name).collect();
        names.sort_unstable();
        let mut sampled: Vec<_> = given.as_object().unwrap().keys().map(String::as_str).collect();
        sampled.sort_unstable();
        assert_eq!(sampled, names, "{}: give each member that may be left out a value here", self.table.update);
        for member in members {
            let name = member.name;
            let what = format!("{}.{name}", self.table.update);
            assert_eq!(self.update(given).await, "OK", "{what}");
            let before = self.read().await;
            assert_ne!(before[name], member.default().unwrap_or_default(), "{what}: the value is the default");
            let request = with(&with(given, &json!({name: null})), &together(name));
            let outcome = self.update(&request).await;
            let after = self.read().await;
            let expected = match (member.left_out, name) {
                (LeftOut::Reset, _) | (LeftOut::Own(_), "LambdaConfig") => member.default().unwrap_or_default(),
                (LeftOut::Kept | LeftOut::PartsKept, _) => before[name].clone(),
                (LeftOut::Own(_), "WebAuthnConfiguration") => {
                    with(&before[name], &json!({"FactorConfiguration": "SINGLE_FACTOR"}))
                }
                (LeftOut::Own(_), "CustomDomainConfig") => {
                    let text = "400 InvalidParameterException: Cannot convert custom domain to prefix domain.";
                    assert_eq!(outcome, text);
                    continue;
                }
                (other, _) => panic!("{what}: {other:?}"),
            };
            assert_eq!(outcome, "OK", "{what}");
            assert_eq!(after[name], expected, "{what}");
            for other in names.iter().filter(|other| request[**other] == given[**other] && **other != name) {
                assert_eq!(after[*other], before[*other], "{other}, when {what} is left out");
            }
        }
    }

    /// Compares what is read back of a configuration to which nothing was given with the defaults.
    async fn has_defaults(&self) {
        let read = self.read().await;
        for member in self.table.members.iter().filter(|member| self.named.get(member.name).is_none()) {
            // A name is always given. The parts of the policies have defaults of their own
            // (`pools::a_new_pool_has_the_defaults_of_the_api`).
            if !["PoolName", "ClientName", "Policies"].contains(&member.name) {
                assert_eq!(read[member.name], member.default().unwrap_or_default(), "{}", member.name);
            }
        }
    }
}

/// What cannot stay in a request, or must be in it, when this member is left out.
fn together(left_out: &str) -> Value {
    match left_out {
        // Only what is verified automatically can be verified before an update.
        "AutoVerifiedAttributes" => {
            json!({"UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": []}})
        }
        // MFA cannot be switched off together with the configuration of its methods.
        "MfaConfiguration" => json!({"SoftwareTokenMfaConfiguration": null, "SmsMfaConfiguration": null,
            "EmailMfaConfiguration": null}),
        "AllowedOAuthFlows" | "AllowedOAuthScopes" => json!({"AllowedOAuthFlowsUserPoolClient": false}),
        "CallbackURLs" => json!({"AllowedOAuthFlowsUserPoolClient": false, "DefaultRedirectURI": null}),
        _ => json!({}),
    }
}

/// The members of the first with those of the second; null takes one away.
fn with(members: &Value, more: &Value) -> Value {
    let mut out = members.clone();
    for (name, value) in more.as_object().unwrap() {
        match value {
            Value::Null => {
                out.as_object_mut().unwrap().remove(name);
            }
            value => out[name] = value.clone(),
        }
    }
    out
}

const ROLE: &str = "arn:aws:iam::123456789012:role/one";

async fn new_pool<'a>(server: &'a TestServer, table: &'static Table, members: &Value) -> Subject<'a> {
    let input = with(&json!({"PoolName": "walked"}), members);
    let made = server.operator("CreateUserPool", input).await.ok();
    let read =
        if table.update == POOL.update { ("DescribeUserPool", "/UserPool") } else { ("GetUserPoolMfaConfig", "") };
    Subject { server, table, named: json!({"UserPoolId": made["UserPool"]["Id"]}), read }
}

async fn new_client<'a>(server: &'a TestServer, members: &Value) -> Subject<'a> {
    let input = with(&json!({"UserPoolId": pool(), "ClientName": "walked"}), members);
    let made = server.operator("CreateUserPoolClient", input).await.ok();
    let named = json!({"UserPoolId": pool(), "ClientId": made["UserPoolClient"]["ClientId"]});
    Subject { server, table: &CLIENT, named, read: ("DescribeUserPoolClient", "/UserPoolClient") }
}

async fn new_group(server: &TestServer) -> Subject<'_> {
    let named = json!({"UserPoolId": pool(), "GroupName": "staff"});
    server.operator("CreateGroup", named.clone()).await.ok();
    Subject { server, table: &GROUP, named, read: ("GetGroup", "/Group") }
}

async fn new_resource_server(server: &TestServer) -> Subject<'_> {
    let named = json!({"UserPoolId": pool(), "Identifier": "api", "Name": "API"});
    server.operator("CreateResourceServer", named.clone()).await.ok();
    Subject { server, table: &RESOURCE_SERVER, named, read: ("DescribeResourceServer", "/ResourceServer") }
}

async fn new_domain<'a>(server: &'a TestServer, domain: &str, members: &Value) -> Subject<'a> {
    let named = json!({"UserPoolId": pool(), "Domain": domain});
    server.operator("CreateUserPoolDomain", with(&named, members)).await.ok();
    Subject { server, table: &DOMAIN, named, read: ("DescribeUserPoolDomain", "/DomainDescription") }
}

fn all_of_a_pool() -> Value {
    json!({
        "PoolName": "other",
        "Policies": {"PasswordPolicy": {"MinimumLength": 12, "RequireSymbols": false},
            "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}},
        "DeletionProtection": "ACTIVE",
        "LambdaConfig": {"PreSignUp": "arn:aws:lambda:us-east-1:123456789012:function:one"},
        "AutoVerifiedAttributes": ["email"],
        "SmsVerificationMessage": "Verify with {####}",
        "EmailVerificationMessage": "Verify with {####}",
        "EmailVerificationSubject": "Verify",
        "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"},
        "SmsAuthenticationMessage": "Sign in with {####}",
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
        "MfaConfiguration": "OPTIONAL",
        "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": true},
        "EmailConfiguration": {"EmailSendingAccount": "DEVELOPER",
            "SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/shop.example"},
        "SmsConfiguration": {"SnsCallerArn": ROLE},
        "UserPoolTags": {"team": "a"},
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": true, "UnusedAccountValidityDays": 3},
        "UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"},
        "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]},
        "UserPoolTier": "PLUS",
        "AcrConfiguration": {"Level1": {"AcrValue": "one"}},
    })
}

#[tokio::test]
async fn an_update_of_a_pool_follows_the_table() {
    let server = TestServer::start().await;
    let subject = new_pool(&server, &POOL, &all_of_a_pool()).await;
    subject.walk(&all_of_a_pool()).await;
}

#[tokio::test]
async fn an_update_of_a_pools_mfa_follows_the_table() {
    let server = TestServer::start().await;
    let subject = new_pool(&server, &MFA, &json!({"EmailConfiguration": all_of_a_pool()["EmailConfiguration"]})).await;
    let all = json!({
        "MfaConfiguration": "OPTIONAL",
        "SoftwareTokenMfaConfiguration": {"Enabled": true},
        "SmsMfaConfiguration": {"SmsConfiguration": {"SnsCallerArn": ROLE}},
        "EmailMfaConfiguration": {"Subject": "Sign in", "Message": "Sign in with {####}"},
        "WebAuthnConfiguration": {"RelyingPartyId": "localhost", "UserVerification": "required",
            "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"},
    });
    subject.walk(&all).await;
}

#[tokio::test]
async fn an_update_of_a_client_follows_the_table() {
    let server = TestServer::start().await;
    let all = json!({
        "ClientName": "other",
        "RefreshTokenValidity": 12,
        "AccessTokenValidity": 10,
        "IdTokenValidity": 20,
        "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours"},
        "ReadAttributes": ["email"],
        "WriteAttributes": ["email", "name"],
        "ExplicitAuthFlows": ["ALLOW_USER_AUTH"],
        "SupportedIdentityProviders": ["COGNITO"],
        "CallbackURLs": ["https://shop.example/"],
        "LogoutURLs": ["https://shop.example/"],
        "DefaultRedirectURI": "https://shop.example/",
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid"],
        "AllowedOAuthFlowsUserPoolClient": true,
        "AnalyticsConfiguration": {"ApplicationArn": "arn:aws:mobiletargeting:us-east-1:123456789012:apps/one"},
        "PreventUserExistenceErrors": "ENABLED",
        "EnableTokenRevocation": false,
        "AuthSessionValidity": 5,
        "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
    });
    let subject = new_client(&server, &all).await;
    subject.walk(&all).await;
}

#[tokio::test]
async fn updates_of_what_else_a_pool_has_follow_the_tables() {
    let server = TestServer::start().await;
    new_group(&server).await.walk(&json!({"Description": "who works here", "RoleArn": ROLE, "Precedence": 3})).await;
    let scopes = json!({"Scopes": [{"ScopeName": "read", "ScopeDescription": "reads"}]});
    new_resource_server(&server).await.walk(&scopes).await;
    let certificate = "arn:aws:acm:us-east-1:123456789012:certificate/one";
    let custom = json!({"ManagedLoginVersion": 2, "CustomDomainConfig": {"CertificateArn": certificate}});
    new_domain(&server, "auth.shop.example", &custom).await.walk(&custom).await;
}

#[tokio::test]
async fn what_only_creation_has_stays() {
    let server = TestServer::start().await;
    for (member, shown, value) in [
        ("Schema", "SchemaAttributes", json!([{"Name": "plan", "AttributeDataType": "String"}])),
        ("AliasAttributes", "AliasAttributes", json!(["email"])),
        ("UsernameAttributes", "UsernameAttributes", json!(["email"])),
        ("UsernameConfiguration", "UsernameConfiguration", json!({"CaseSensitive": false})),
    ] {
        let subject = new_pool(&server, &POOL, &json!({member: value})).await;
        let before = subject.read().await;
        assert!(member == "Schema" || before[shown] == value, "{before}");
        subject.update(&json!({"PoolName": "other"})).await;
        assert_eq!(subject.read().await[shown], before[shown], "{member}");
    }
    for given in [json!({"GenerateSecret": true}), json!({"ClientSecret": "abcdefghijklmnopqrstuvwxyz"})] {
        let subject = new_client(&server, &given).await;
        let before = subject.read().await["ClientSecret"].clone();
        assert!(before.is_string());
        subject.update(&json!({"ClientName": "other"})).await;
        assert_eq!(subject.read().await["ClientSecret"], before);
    }
}

#[tokio::test]
async fn what_nobody_gave_is_read_back_as_the_tables_say() {
    let server = TestServer::start().await;
    let subjects = [
        new_pool(&server, &POOL, &json!({})).await,
        new_pool(&server, &MFA, &json!({})).await,
        new_client(&server, &json!({})).await,
        new_group(&server).await,
        new_resource_server(&server).await,
        new_domain(&server, "shop", &json!({})).await,
    ];
    for subject in &subjects {
        subject.has_defaults().await;
    }
    // All members of the limit of sessions must always be given.
    let walked = subjects.iter().map(|subject| subject.table.update).chain([SESSIONS.update]);
    let mut missing: Vec<_> = TABLES.iter().map(|table| table.update).collect();
    walked.for_each(|update| missing.retain(|other| *other != update));
    assert_eq!(missing, Vec::<&str>::new(), "walk these tables here too");
}
