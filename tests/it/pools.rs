//! User pools: their life, defaults, and the configuration errors that Amazon Cognito has.

use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, TestServer, pool, pool_with};

async fn make(server: &TestServer, input: Value) -> Value {
    server.operator("CreateUserPool", input).await.ok()["UserPool"].clone()
}

#[tokio::test]
async fn a_new_pool_has_the_defaults_of_the_api() {
    let server = TestServer::start().await;
    let mut made = make(&server, json!({"PoolName": "shop"})).await;
    let id = made["Id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("us-east-1_") && id.len() == "us-east-1_".len() + 9, "{id}");
    let described = server.operator("DescribeUserPool", json!({"UserPoolId": id})).await.ok()["UserPool"].clone();
    assert_eq!(made, described);
    let schema = made["SchemaAttributes"].as_array().unwrap().len();
    assert_eq!(schema, 21);
    for member in ["Id", "Arn", "CreationDate", "LastModifiedDate", "SchemaAttributes"] {
        assert!(made.as_object_mut().unwrap().remove(member).is_some(), "{member}");
    }
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(made, @r#"
    {
      "AccountRecoverySetting": {
        "RecoveryMechanisms": [
          {
            "Name": "verified_email",
            "Priority": 1
          },
          {
            "Name": "verified_phone_number",
            "Priority": 2
          }
        ]
      },
      "AcrConfiguration": {
        "Level1": {
          "AcrValue": "urn:cognito:loa:1"
        },
        "Level2": {
          "AcrValue": "urn:cognito:loa:2"
        },
        "Level3": {
          "AcrValue": "urn:cognito:loa:3"
        },
        "Level4": {
          "AcrValue": "urn:cognito:loa:4"
        }
      },
      "AdminCreateUserConfig": {
        "AllowAdminCreateUserOnly": false,
        "UnusedAccountValidityDays": 7
      },
      "DeletionProtection": "INACTIVE",
      "EmailConfiguration": {
        "EmailSendingAccount": "COGNITO_DEFAULT"
      },
      "EstimatedNumberOfUsers": 0,
      "IssuerConfiguration": {
        "Type": "ORIGINAL"
      },
      "KeyConfiguration": {
        "KeyType": "AWS_OWNED_KEY"
      },
      "LambdaConfig": {},
      "MfaConfiguration": "OFF",
      "Name": "shop",
      "Policies": {
        "PasswordPolicy": {
          "MinimumLength": 8,
          "RequireLowercase": true,
          "RequireNumbers": true,
          "RequireSymbols": true,
          "RequireUppercase": true,
          "TemporaryPasswordValidityDays": 7
        },
        "SignInPolicy": {
          "AllowedFirstAuthFactors": [
            "PASSWORD"
          ]
        }
      },
      "UserAttributeUpdateSettings": {
        "AttributesRequireVerificationBeforeUpdate": []
      },
      "UserPoolTags": {},
      "UserPoolTier": "ESSENTIALS",
      "VerificationMessageTemplate": {
        "DefaultEmailOption": "CONFIRM_WITH_CODE"
      }
    }
    "#) });
}

#[tokio::test]
async fn an_update_keeps_policies_and_the_protection_from_deletion() {
    let server = TestServer::start().await;
    let input = json!({"PoolName": "shop", "DeletionProtection": "ACTIVE",
        "Policies": {"PasswordPolicy": {"MinimumLength": 12}, "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}});
    let id = make(&server, input).await["Id"].clone();
    let refusal = server.operator("DeleteUserPool", json!({"UserPoolId": id})).await.refused();
    assert!(refusal.contains("deletion protection is activated"), "{refusal}");
    let update = json!({"UserPoolId": id, "Policies": {"PasswordPolicy": {"MinimumLength": 10}}});
    assert_eq!(server.operator("UpdateUserPool", update).await.text, "");
    let pool = server.operator("DescribeUserPool", json!({"UserPoolId": id})).await.ok()["UserPool"].clone();
    assert_eq!(pool["Policies"]["PasswordPolicy"]["MinimumLength"], 10);
    assert_eq!(pool["Policies"]["SignInPolicy"]["AllowedFirstAuthFactors"], json!(["PASSWORD", "WEB_AUTHN"]));
    assert_eq!(pool["DeletionProtection"], "ACTIVE");
    server.operator("UpdateUserPool", json!({"UserPoolId": id, "DeletionProtection": "INACTIVE"})).await.ok();
    server.operator("DeleteUserPool", json!({"UserPoolId": id})).await.ok();
    let refusal = server.operator("DescribeUserPool", json!({"UserPoolId": id})).await.refused();
    assert_eq!(refusal, format!("400 ResourceNotFoundException: User pool {} does not exist.", id.as_str().unwrap()));
}

#[tokio::test]
async fn an_update_keeps_second_factors_and_the_proof_of_new_addresses_unless_it_sends_others() {
    let server = TestServer::start().await;
    let verify = json!({"AttributesRequireVerificationBeforeUpdate": ["email"]});
    let input = json!({"PoolName": "shop", "AutoVerifiedAttributes": ["email"], "UserAttributeUpdateSettings": verify});
    let id = make(&server, input).await["Id"].clone();
    let totp =
        json!({"UserPoolId": id, "MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": true}});
    server.operator("SetUserPoolMfaConfig", totp).await.ok();
    let shown = async || {
        let pool = server.operator("DescribeUserPool", json!({"UserPoolId": id})).await.ok()["UserPool"].clone();
        (pool["MfaConfiguration"].clone(), pool["UserAttributeUpdateSettings"].clone())
    };
    let update = json!({"UserPoolId": id, "AutoVerifiedAttributes": ["email", "phone_number"]});
    server.operator("UpdateUserPool", update).await.ok();
    assert_eq!(shown().await, (json!("OPTIONAL"), verify.clone()));
    // What is kept does not go without saying, either.
    let refused = server.operator("UpdateUserPool", json!({"UserPoolId": id})).await.refused();
    let text = "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes";
    assert_eq!(refused, format!("400 InvalidParameterException: {text}"));
    assert_eq!(shown().await, (json!("OPTIONAL"), verify));
    let none = json!({"AttributesRequireVerificationBeforeUpdate": []});
    let update = json!({"UserPoolId": id, "MfaConfiguration": "OFF", "UserAttributeUpdateSettings": none});
    server.operator("UpdateUserPool", update).await.ok();
    assert_eq!(shown().await, (json!("OFF"), none));
}

#[tokio::test]
async fn what_is_not_said_to_be_mutable_is_not() {
    let server = TestServer::start().await;
    let schema = json!([{"Name": "tenantId", "AttributeDataType": "String"},
        {"Name": "birthdate", "AttributeDataType": "String"}, {"Name": "plan", "AttributeDataType": "String", "Mutable": true}]);
    let (pool, client) = pool_with(&server, json!({"Schema": schema}), json!({})).await;
    let added = json!({"UserPoolId": pool, "CustomAttributes": [{"Name": "team", "AttributeDataType": "String"}]});
    server.operator("AddCustomAttributes", added).await.ok();
    let attributes = json!([{"Name": "custom:tenantId", "Value": "a"}, {"Name": "birthdate", "Value": "2000-01-01"},
        {"Name": "custom:plan", "Value": "a"}, {"Name": "name", "Value": "Ada"}]);
    let input =
        json!({"UserPoolId": pool, "Username": "ada", "UserAttributes": attributes, "MessageAction": "SUPPRESS"});
    server.operator("AdminCreateUser", input).await.ok();
    let input = json!({"UserPoolId": pool, "Username": "ada", "Password": PASSWORD, "Permanent": true});
    server.operator("AdminSetUserPassword", input).await.ok();
    let mut ada = Person::new(&server, "ada", "");
    ada.sign_in_to(&client).await;
    let write = async |name: &str| {
        let input = json!({"UserAttributes": [{"Name": name, "Value": "1999-09-09"}]});
        ada.call("UpdateUserAttributes", input).await.outcome()
    };
    for (name, outcome) in [
        ("custom:tenantId", "InvalidParameterException"),
        ("birthdate", "InvalidParameterException"),
        // Never set, and no more the user's to set.
        ("custom:team", "InvalidParameterException"),
        ("custom:plan", "OK"),
        // A standard attribute that the request did not list.
        ("name", "OK"),
    ] {
        assert_eq!(write(name).await, outcome, "{name}");
    }
    let deleted = ada.call("DeleteUserAttributes", json!({"UserAttributeNames": ["custom:tenantId"]})).await;
    assert_eq!(deleted.outcome(), "InvalidParameterException");
    let input =
        json!({"UserPoolId": pool, "Username": "ada", "UserAttributes": [{"Name": "custom:team", "Value": "x"}]});
    server.operator("AdminUpdateUserAttributes", input).await.ok();
}

#[tokio::test]
async fn pools_are_listed_in_pages_with_tokens_that_cannot_be_made_up() {
    let server = TestServer::start().await;
    for name in ["a", "b", "c"] {
        make(&server, json!({"PoolName": name})).await;
    }
    let (mut names, mut token) = (Vec::new(), Value::Null);
    loop {
        let page = server.operator("ListUserPools", json!({"MaxResults": 2, "NextToken": token})).await.ok();
        names
            .extend(page["UserPools"].as_array().unwrap().iter().map(|pool| pool["Name"].as_str().unwrap().to_owned()));
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    names.sort_unstable();
    assert_eq!(names, ["a", "b", "c", "template"]);
    let refusal = server.operator("ListUserPools", json!({"MaxResults": 2, "NextToken": "bm9uc2Vuc2U"})).await;
    assert_eq!(refusal.outcome(), "InvalidParameterException");
}

#[tokio::test]
async fn the_web_authn_configuration_is_set_and_read() {
    let server = TestServer::start().await;
    let web_authn = json!({"RelyingPartyId": "example.com", "UserVerification": "required", "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"});
    let input = json!({"UserPoolId": pool(), "MfaConfiguration": "OFF", "WebAuthnConfiguration": web_authn});
    let expected = json!({"MfaConfiguration": "OFF", "WebAuthnConfiguration": web_authn});
    assert_eq!(server.operator("SetUserPoolMfaConfig", input).await.ok(), expected);
    assert_eq!(server.operator("GetUserPoolMfaConfig", json!({"UserPoolId": pool()})).await.ok(), expected);
    // Leaving the block out resets the factor configuration only.
    let left_out = server.operator("SetUserPoolMfaConfig", json!({"UserPoolId": pool()})).await.ok();
    assert_eq!(
        left_out["WebAuthnConfiguration"],
        json!({"RelyingPartyId": "example.com", "UserVerification": "required", "FactorConfiguration": "SINGLE_FACTOR"})
    );
    for rp_id in ["com", "co.uk", "https://example.com", "127.0.0.1"] {
        let input = json!({"UserPoolId": pool(), "WebAuthnConfiguration": {"RelyingPartyId": rp_id}});
        assert_eq!(
            server.operator("SetUserPoolMfaConfig", input).await.outcome(),
            "InvalidParameterException",
            "{rp_id}"
        );
    }
}

#[tokio::test]
async fn the_measured_configuration_errors() {
    let server = TestServer::start().await;
    let factors = |list: Value| json!({"SignInPolicy": {"AllowedFirstAuthFactors": list}});
    let set = "SetUserPoolMfaConfig";
    let multi = json!({"FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"});
    for (operation, input, text) in [
        (
            "CreateUserPool",
            json!({"PoolName": "x", "Policies": factors(json!(["WEB_AUTHN"]))}),
            "PASSWORD should be configured as one of the allowed first auth factors",
        ),
        (
            "UpdateUserPool",
            json!({"UserPoolId": pool(), "MfaConfiguration": "ON"}),
            "WEB_AUTHN cannot be used as an auth factor when MFA is enabled if not configured for MFA",
        ),
        (
            set,
            json!({"UserPoolId": pool(), "MfaConfiguration": "ON"}),
            "Cannot set WebAuthn factor configuration to SINGLE_FACTOR if MFA is required and WebAuthn is an allowed first auth factor",
        ),
        (
            "CreateUserPool",
            json!({"PoolName": "x", "MfaConfiguration": "ON", "Policies": factors(json!(["PASSWORD", "EMAIL_OTP"]))}),
            "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled",
        ),
        (
            set,
            json!({"UserPoolId": pool(), "MfaConfiguration": "OFF", "SoftwareTokenMfaConfiguration": {"Enabled": false}}),
            "Invalid MFA configuration given, can't turn off MFA and configure an MFA together.",
        ),
        (
            set,
            json!({"UserPoolId": pool(), "MfaConfiguration": "OPTIONAL", "EmailMfaConfiguration": {}}),
            "Cannot set EmailMfaConfiguration when user pool EmailConfiguration contains an EmailSendingAccount of COGNITO_DEFAULT",
        ),
        (
            set,
            json!({"UserPoolId": pool(), "MfaConfiguration": "ON", "WebAuthnConfiguration": multi}),
            "Invalid MFA configuration given, can't disable all MFAs with a required or optional configuration.",
        ),
    ] {
        let refusal = server.operator(operation, input).await.refused();
        assert_eq!(refusal, format!("400 InvalidParameterException: {text}"));
    }
}

#[tokio::test]
async fn unsupported_members_are_refused_by_name_and_harmless_ones_are_not() {
    let server = TestServer::start().await;
    for (member, value) in [("KeyConfiguration", json!({"KeyType": "CUSTOMER_MANAGED_KEY"}))] {
        let refusal = server.operator("CreateUserPool", json!({"PoolName": "x", member: value})).await.refused();
        assert_eq!(
            refusal,
            format!("400 InvalidParameterException: {member} is not supported by Keystead yet; leave it out.")
        );
    }
    make(&server, json!({"PoolName": "x", "LambdaConfig": {}, "AutoVerifiedAttributes": [], "UserPoolAddOns": {"AdvancedSecurityMode": "OFF"}})).await;
}

#[tokio::test]
async fn what_would_lock_people_out_of_their_names_and_mail_is_refused() {
    let server = TestServer::start().await;
    for (members, text) in [
        (
            json!({"UsernameAttributes": ["email"], "AliasAttributes": ["preferred_username"]}),
            "Only one of the aliasAttributes or usernameAttributes can be set in a user pool.",
        ),
        (
            json!({"UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]}}),
            "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes",
        ),
    ] {
        let mut input = members;
        input["PoolName"] = json!("x");
        let refusal = server.operator("CreateUserPool", input).await.refused();
        assert_eq!(refusal, format!("400 InvalidParameterException: {text}"));
    }
}

#[tokio::test]
async fn custom_attributes_get_their_prefix() {
    let server = TestServer::start().await;
    let schema = json!([{"Name": "plan", "AttributeDataType": "String", "Mutable": true}, {"Name": "email", "AttributeDataType": "String", "Required": true}]);
    let made = make(&server, json!({"PoolName": "x", "Schema": schema})).await;
    let find = |name: &str| {
        made["SchemaAttributes"].as_array().unwrap().iter().find(|attribute| attribute["Name"] == name).cloned()
    };
    assert!(find("custom:plan").is_some());
    assert_eq!(find("email").unwrap()["Required"], true);
}

#[tokio::test]
async fn contradictory_attributes_of_a_pool_are_refused() {
    let server = TestServer::start().await;
    let bounds = |name: &str, kind: &str, constraints: &str, low: &str, high: &str| {
        let (min, max) = if kind == "String" { ("MinLength", "MaxLength") } else { ("MinValue", "MaxValue") };
        json!({"Name": name, "AttributeDataType": kind, constraints: {min: low, max: high}})
    };
    let text = "StringAttributeConstraints";
    let number = "NumberAttributeConstraints";
    for (attribute, refusal) in [
        (json!({"Name": "x"}), "Invalid AttributeDataType input, consider using the provided AttributeDataType enum."),
        (
            json!({"Name": "email", "AttributeDataType": "Number"}),
            "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email",
        ),
        (
            json!({"Name": "email", "DeveloperOnlyAttribute": true}),
            "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email",
        ),
        (bounds("email", "String", text, "x", "9"), "Invalid StringAttributeConstraints for schema attribute email"),
        (bounds("n", "Number", number, "1", "x"), "Invalid NumberAttributeConstraints for schema attribute n"),
        (
            bounds("email", "String", text, "0", "2049"),
            "user.email: String attributes cannot have a length of more than 2048",
        ),
        (bounds("n", "Number", number, "2", "1"), "user.n: Max value cannot be less than min value."),
    ] {
        let answer = server.operator("CreateUserPool", json!({"PoolName": "x", "Schema": [attribute]})).await.refused();
        assert_eq!(answer, format!("400 InvalidParameterException: {refusal}"));
    }
    let attributes = json!([{"Name": "a", "AttributeDataType": "String", number: {"MinValue": "1"}},
        {"Name": "b", "AttributeDataType": "String", "DeveloperOnlyAttribute": true}]);
    let id = make(&server, json!({"PoolName": "x", "Schema": attributes})).await["Id"].clone();
    let again = json!({"UserPoolId": id, "CustomAttributes": [{"Name": "a", "AttributeDataType": "String"}]});
    let refusal = server.operator("AddCustomAttributes", again).await.refused();
    assert_eq!(refusal, "400 InvalidParameterException: custom:a: Existing attribute already has name custom:a.");
    let pool = server.operator("DescribeUserPool", json!({"UserPoolId": id})).await.ok()["UserPool"].clone();
    let of = |name: &str| pool["SchemaAttributes"].as_array().unwrap().iter().find(|one| one["Name"] == name).cloned();
    assert!(of("custom:a").unwrap().get(number).is_none() && of("dev:custom:b").is_some());
}

#[tokio::test]
async fn the_type_of_a_standard_attribute_need_not_be_given() {
    let server = TestServer::start().await;
    let schema = json!([{"Name": "email", "Required": true, "Mutable": true}, {"Name": "updated_at"},
        {"Name": "tenant", "AttributeDataType": "String"}]);
    let made = server.operator("CreateUserPool", json!({"PoolName": "cdk", "Schema": schema})).await.ok();
    let made = made["UserPool"]["SchemaAttributes"].as_array().unwrap().clone();
    let of = |name: &str| made.iter().find(|one| one["Name"] == name).unwrap().clone();
    assert_eq!((&of("email")["AttributeDataType"], &of("email")["Required"]), (&json!("String"), &json!(true)));
    assert_eq!(of("updated_at")["AttributeDataType"], "Number");
    assert_eq!(of("custom:tenant")["AttributeDataType"], "String");
    let custom = json!({"PoolName": "cdk", "Schema": [{"Name": "tenant"}]});
    assert_eq!(server.operator("CreateUserPool", custom).await.outcome(), "InvalidParameterException");
}

#[tokio::test]
async fn an_updates_sms_configuration_is_that_of_mfa() {
    let server = TestServer::start().await;
    let sms = |caller: &str| json!({"SnsCallerArn": format!("arn:aws:iam::000000000000:role/{caller}")});
    let made = server.operator("CreateUserPool", json!({"PoolName": "sms", "SmsConfiguration": sms("old")})).await.ok();
    let id = made["UserPool"]["Id"].clone();
    server.operator("UpdateUserPool", json!({"UserPoolId": id, "SmsConfiguration": sms("new")})).await.ok();
    let shown = server.operator("GetUserPoolMfaConfig", json!({"UserPoolId": id})).await.ok();
    assert_eq!(shown["SmsMfaConfiguration"]["SmsConfiguration"], sms("new"));
    // What is set there is read from the pool, too.
    let mfa = json!({"UserPoolId": id, "MfaConfiguration": "OPTIONAL", "SmsMfaConfiguration":
        {"SmsConfiguration": sms("newest"), "SmsAuthenticationMessage": "Use {####}"}});
    server.operator("SetUserPoolMfaConfig", mfa).await.ok();
    let shown = server.operator("DescribeUserPool", json!({"UserPoolId": id})).await.ok()["UserPool"].clone();
    assert_eq!(
        (&shown["SmsConfiguration"], &shown["SmsAuthenticationMessage"]),
        (&sms("newest"), &json!("Use {####}"))
    );
    // An update does not switch on what was switched off.
    let app =
        json!({"UserPoolId": id, "MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": true}});
    server.operator("SetUserPoolMfaConfig", app).await.ok();
    server.operator("UpdateUserPool", json!({"UserPoolId": id, "SmsConfiguration": sms("newest")})).await.ok();
    let shown = server.operator("GetUserPoolMfaConfig", json!({"UserPoolId": id})).await.ok();
    assert_eq!(shown.get("SmsMfaConfiguration"), None);
}
