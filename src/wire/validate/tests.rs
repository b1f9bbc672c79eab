//! Tests of inputs that fit the model, and of the errors for inputs that do not.

use serde_json::json;

use super::*;

fn refused(operation: &str, input: Value) -> String {
    let error = validated(operation, input).expect_err("a refusal");
    format!("{}: {error}", error.code())
}

#[test]
fn constraint_failures_are_collected_without_sensitive_values() {
    assert_eq!(
        refused("ConfirmSignUp", json!({"ClientId": "c", "Username": "ada", "ConfirmationCode": ""})),
        "InvalidParameterException: 2 validation errors detected: Value '' at 'confirmationCode' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: [\\S]+; Value '' at 'confirmationCode' failed \
         to satisfy constraint: Member must have length greater than or equal to 1"
    );
    assert_eq!(
        refused("GetUser", json!({"AccessToken": "two words"})),
        "InvalidParameterException: 1 validation error detected: Value at 'accessToken' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: [A-Za-z0-9-_=.]+"
    );
    assert_eq!(
        refused("DeleteWebAuthnCredential", json!({"AccessToken": "a"})),
        "InvalidParameterException: 1 validation error detected: Value null at 'credentialId' failed to satisfy \
         constraint: Member must not be null"
    );
    assert_eq!(
        refused("InitiateAuth", json!({"ClientId": "c", "AuthFlow": "MAGIC"})),
        "InvalidParameterException: 1 validation error detected: Value 'MAGIC' at 'authFlow' failed to satisfy \
         constraint: Member must satisfy enum value set: [USER_SRP_AUTH, REFRESH_TOKEN_AUTH, REFRESH_TOKEN, \
         CUSTOM_AUTH, ADMIN_NO_SRP_AUTH, USER_PASSWORD_AUTH, ADMIN_USER_PASSWORD_AUTH, USER_AUTH]"
    );
    assert_eq!(
        refused("ListUserPools", json!({"MaxResults": 61})),
        "InvalidParameterException: 1 validation error detected: Value '61' at 'maxResults' failed to satisfy \
         constraint: Member must have value less than or equal to 60"
    );
}

#[test]
fn nested_members_and_lists_are_named() {
    let input = json!({"ClientId": "c", "Username": "ada", "UserAttributes": [{"Name": "email"}, {"Value": "x"}]});
    assert!(refused("SignUp", input).contains("at 'userAttributes.2.member.name' failed"));
    let input = json!({"UserPoolId": "us_a", "ClientName": "c", "ExplicitAuthFlows": ["NOPE"]});
    let refusal = refused("CreateUserPoolClient", input);
    assert!(refusal.contains("Value '[NOPE]' at 'explicitAuthFlows' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: ["), "{refusal}");
}

#[test]
fn wrong_types_are_serialization_errors() {
    let cases = [
        (json!({"AccessToken": {}}), "Start of structure or map found where not expected."),
        (json!({"AccessToken": true}), "TRUE_VALUE can not be converted to a String"),
        (json!({"AccessToken": 5}), "NUMBER_VALUE can not be converted to a String"),
        (json!([]), "Expected map or null"),
    ];
    for (input, text) in cases {
        assert_eq!(refused("GetUser", input), format!("SerializationException: {text}"));
    }
}

#[test]
fn nulls_and_unknown_members_are_dropped() {
    let input = json!({"ClientId": "c", "Username": "ada", "ValidationData": null, "Stray": 1});
    assert_eq!(Value::Object(validated("SignUp", input).unwrap()), json!({"ClientId": "c", "Username": "ada"}));
}

/// Checks a value as a member named `it` that has this shape.
fn checked(shape: Value, value: Value) -> Result<Value> {
    let shape: &'static Shape = Box::leak(Box::new(serde_json::from_value(shape).unwrap()));
    let (failures, first) = (Vec::new(), String::new());
    let mut check = Check { model: model(), failures, first, count: 0, hidden: false, strict: false };
    let cleaned = check.value(value, shape, "it")?;
    assert_eq!(check.failures, Vec::<String>::new());
    Ok(cleaned)
}

fn shape(shape: Value) -> Shape {
    serde_json::from_value(shape).unwrap()
}

#[test]
fn bounds_are_inclusive() {
    let bounded = shape(json!({"type": "integer", "min": 2, "max": 4}));
    let rule = |what: &str, than: &str| vec![format!("Member must have {what} {than}")];
    for (number, broken) in [
        (i64::MIN, Some("greater than or equal to 2")),
        (1, Some("greater than or equal to 2")),
        (2, None),
        (3, None),
        (4, None),
        (5, Some("less than or equal to 4")),
        (i64::MAX, Some("less than or equal to 4")),
    ] {
        let rules = |what| broken.map(|than| rule(what, than)).unwrap_or_default();
        assert_eq!(number_rules(number, &bounded), rules("value"), "{number}");
        assert_eq!(length_rules(number, &bounded), rules("length"), "{number}");
    }
    let boundless = shape(json!({"type": "integer"}));
    assert_eq!(number_rules(i64::MIN, &boundless), Vec::<String>::new());
    assert_eq!(number_rules(i64::MAX, &boundless), Vec::<String>::new());
}

#[test]
fn a_text_has_each_of_its_rules_and_characters_count() {
    let bounded = shape(json!({"type": "string", "min": 2, "max": 3, "pattern": "[a-zä]+", "enum": ["ab", "äää"]}));
    let pattern = "Member must satisfy regular expression pattern: [a-zä]+";
    let values = "Member must satisfy enum value set: [ab, äää]";
    let (short, long) =
        ("Member must have length greater than or equal to 2", "Member must have length less than or equal to 3");
    for (text, rules) in [
        ("ab", vec![]),
        ("äää", vec![]),
        ("abc", vec![values]),
        ("AB", vec![pattern, values]),
        ("a", vec![short, values]),
        ("", vec![pattern, short, values]),
        ("ääää", vec![long, values]),
        ("ÄÄÄÄ", vec![pattern, long, values]),
    ] {
        assert_eq!(string_rules(text, &bounded), rules, "{text}");
    }
    let free = shape(json!({"type": "string"}));
    assert_eq!(string_rules("", &free), Vec::<String>::new());
}

#[test]
fn each_kind_takes_its_own_values_alone() {
    let texts = [
        ("boolean", "a Boolean"),
        ("integer", "an Integer"),
        ("long", "a Long"),
        ("timestamp", "a Timestamp"),
        ("string", "a String"),
        ("blob", "a String"),
    ];
    for (kind, wanted) in texts {
        for (value, given, kinds) in [
            (json!(true), "TRUE_VALUE", &["boolean"][..]),
            (json!(false), "FALSE_VALUE", &["boolean"]),
            (json!(-7), "NUMBER_VALUE", &["integer", "long", "timestamp"]),
            (json!("text"), "STRING_VALUE", &["string", "blob"]),
            (json!(null), "NULL_VALUE", &[]),
        ] {
            let outcome = checked(json!({"type": kind}), value.clone()).map_err(|error| error.to_string());
            let refusal = format!("{given} can not be converted to {wanted}");
            assert_eq!(outcome, if kinds.contains(&kind) { Ok(value) } else { Err(refusal) }, "{kind}");
        }
        for value in [json!({}), json!([])] {
            let refusal = checked(json!({"type": kind}), value).unwrap_err();
            assert_eq!(refusal.code(), "SerializationException");
            assert_eq!(refusal.to_string(), "Start of structure or map found where not expected.", "{kind}");
        }
    }
}

#[test]
fn only_lists_are_lists_and_only_maps_are_maps() {
    let list = json!({"type": "list", "member": "StringType"});
    let map = json!({"type": "map", "value": "StringType"});
    let structure = json!({"type": "structure", "members": {"Name": "StringType"}});
    let words = |shape: &Value, value: Value| checked(shape.clone(), value).unwrap_err().to_string();
    for value in [json!("text"), json!(1), json!({"Name": "x"}), json!(null)] {
        assert_eq!(words(&list, value), "Expected list or null");
    }
    for value in [json!("text"), json!(1), json!(["x"]), json!(null)] {
        assert_eq!(words(&map, value.clone()), "Expected map or null");
        assert_eq!(words(&structure, value), "Expected map or null");
    }
    assert_eq!(checked(list, json!(["a", "b"])).unwrap(), json!(["a", "b"]));
    assert_eq!(checked(map, json!({"a": "b", "c": null})).unwrap(), json!({"a": "b"}));
    assert_eq!(checked(structure, json!({"Name": "x", "name": "y"})).unwrap(), json!({"Name": "x"}));
}

#[test]
fn members_of_lists_and_maps_have_their_kind() {
    let list = json!({"type": "list", "member": "StringType"});
    let map = json!({"type": "map", "value": "StringType"});
    let words = |shape: &Value, value: Value| checked(shape.clone(), value).unwrap_err().to_string();
    for (value, text) in [
        (json!(5), "NUMBER_VALUE can not be converted to a String"),
        (json!({}), "Start of structure or map found where not expected."),
    ] {
        assert_eq!(words(&list, json!(["a", value])), text);
        assert_eq!(words(&map, json!({"a": "b", "c": value})), text);
    }
    assert_eq!(words(&list, json!([null])), "NULL_VALUE can not be converted to a String");
}

#[test]
fn documents_are_taken_as_they_are() {
    let document = json!({"type": "structure", "document": true});
    for value in [json!({"x": null, "y": [1, null]}), json!("text"), json!(null), json!([])] {
        assert_eq!(checked(document.clone(), value.clone()).unwrap(), value);
    }
}

#[test]
fn a_whole_number_may_be_written_with_a_fraction_of_0() {
    for (text, number) in [
        ("0", Some(0)),
        ("-7", Some(-7)),
        ("7.0", Some(7)),
        ("-7.0", Some(-7)),
        ("1e3", Some(1_000)),
        ("9223372036854775807", Some(i64::MAX)),
        ("-9223372036854775808", Some(i64::MIN)),
        ("8e15", Some(8_000_000_000_000_000)),
        ("-8e15", Some(-8_000_000_000_000_000)),
        ("9e15", None),
        ("-9e15", None),
        ("9223372036854775808", None),
        ("7.5", None),
        ("-0.1", None),
        ("1e300", None),
    ] {
        assert_eq!(whole(&serde_json::from_str(text).unwrap()), number, "{text}");
        let integer = checked(json!({"type": "integer"}), serde_json::from_str(text).unwrap());
        let fraction = "A number with a fraction can not be converted to an Integer";
        match number {
            Some(number) => assert_eq!(integer.unwrap().to_string(), number.to_string()),
            None => assert_eq!(integer.unwrap_err().to_string(), fraction),
        }
    }
}

#[test]
fn a_required_member_may_be_false_or_0_or_empty_but_not_null() {
    let required = |value| refused("ListUserPools", json!({"MaxResults": value}));
    assert!(validated("ListUserPools", json!({"MaxResults": 1})).is_ok());
    assert!(required(json!(0)).contains("greater than or equal to 1"));
    let null = "InvalidParameterException: 1 validation error detected: Value null at 'maxResults' failed to satisfy \
                constraint: Member must not be null";
    assert_eq!(required(json!(null)), null);
    assert_eq!(refused("ListUserPools", json!({})), null);
    let empty =
        json!({"UserPoolId": "us_a", "ProviderName": "provider", "ProviderType": "OIDC", "ProviderDetails": {}});
    assert_eq!(Value::Object(validated("CreateIdentityProvider", empty.clone()).unwrap()), empty);
}

#[test]
fn the_first_violation_gives_the_error_its_key() {
    let error = validated("ConfirmSignUp", json!({"ClientId": "c", "ConfirmationCode": "two words"})).unwrap_err();
    assert!(error.to_string().starts_with("2 validation errors detected: "), "{error}");
    assert_eq!(error.key(), Some(&Key::Member("confirmationCode".into())));
}

#[test]
fn fifty_violations_are_named_and_all_are_counted() {
    for (count, named) in [(1, 1), (2, 2), (49, 49), (50, 50), (51, 50), (200, 50)] {
        let attributes = vec![json!({}); count];
        let error = validated("SignUp", json!({"ClientId": "c", "Username": "ada", "UserAttributes": attributes}));
        let error = error.unwrap_err();
        let text = error.to_string();
        let errors = if count == 1 { "error" } else { "errors" };
        assert!(text.starts_with(&format!("{count} validation {errors} detected: Value null at ")), "{text}");
        assert_eq!(text.matches("failed to satisfy constraint: Member must not be null").count(), named, "{count}");
        assert!(text.contains(&format!("at 'userAttributes.{named}.member.name' failed")), "{text}");
        assert_eq!(error.key(), Some(&Key::Member("userAttributes.1.member.name".into())));
    }
}

#[test]
fn what_is_within_a_sensitive_member_is_hidden_and_what_follows_is_shown() {
    let long = "x".repeat(131_073);
    let context = json!({"IpAddress": long});
    let input = json!({"AuthFlow": "USER_AUTH", "AuthParameters": {"PASSWORD": long}, "ClientId": "c",
        "ClientMetadata": {"k": long}, "UserContextData": context});
    let rule = "failed to satisfy constraint: Member must have length less than or equal to 131072";
    let shown = format!("{}…", "x".repeat(256));
    assert_eq!(
        refused("InitiateAuth", input),
        format!(
            "InvalidParameterException: 3 validation errors detected: Value at 'authParameters.PASSWORD.member' {rule}; \
             Value '{shown}' at 'clientMetadata.k.member' {rule}; Value at 'userContextData.ipAddress' {rule}"
        )
    );
    assert!(
        refused("GetUser", json!({}))
            .contains(": Value at 'accessToken' failed to satisfy constraint: Member must not")
    );
}

#[test]
fn the_rules_of_a_lists_texts_are_told_once_for_the_list() {
    let input = |urls: Value| json!({"UserPoolId": "us_a", "ClientName": "c", "CallbackURLs": urls});
    let refusal = refused("CreateUserPoolClient", input(json!(["", "https://a.example", "", "two words"])));
    assert_eq!(
        refusal,
        "InvalidParameterException: 1 validation error detected: Value '[, https://a.example, , two words]' at \
         'callbackURLs' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy regular \
         expression pattern: [\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+, Member must have length greater than or equal to 1]"
    );
    let good = input(json!(["https://a.example"]));
    assert_eq!(Value::Object(validated("CreateUserPoolClient", good.clone()).unwrap()), good);
}

#[test]
fn lists_and_maps_have_their_lengths() {
    let attributes = |count: usize| {
        let attributes = vec![json!({"Name": "a"}); count];
        validated("AddCustomAttributes", json!({"UserPoolId": "us_a", "CustomAttributes": attributes}))
            .map_err(|error| error.to_string())
    };
    assert!(attributes(1).is_ok() && attributes(25).is_ok());
    let rule = "at 'customAttributes' failed to satisfy constraint: Member must have length";
    let (none, many) = (attributes(0).unwrap_err(), attributes(26).unwrap_err());
    assert!(none.contains(&format!("Value '[]' {rule} greater than or equal to 1")), "{none}");
    assert!(many.contains(&format!("{rule} less than or equal to 25")), "{many}");
    let levels = |count: usize| {
        let levels: Map<_, _> = (0..count).map(|level| (format!("Level{level}"), json!("x"))).collect();
        let input = json!({"UserPoolId": "us_a", "ProviderName": "provider", "ProviderType": "OIDC", "ProviderDetails": {},
            "AcrMapping": levels});
        validated("CreateIdentityProvider", input).map_err(|error| error.to_string())
    };
    assert!(levels(0).is_ok() && levels(4).is_ok());
    let many = levels(5).unwrap_err();
    let rule =
        "Value '{}' at 'acrMapping' failed to satisfy constraint: Member must have length less than or equal to 4";
    assert!(many.contains(rule), "{many}");
}

#[test]
fn a_sensitive_lists_texts_are_not_told() {
    let policy = json!({"UsernamelessClients": ["two words"]});
    let refusal = refused("SetUserPoolPasskeyPolicy", json!({"UserPoolId": "us_a", "PasskeyPolicy": policy}));
    assert!(refusal.contains(": Value at 'passkeyPolicy.usernamelessClients' failed"), "{refusal}");
    assert!(!refusal.contains("two words"), "{refusal}");
}

#[test]
fn keysteads_own_operations_take_no_unknown_members() {
    let policy = |policy: Value| json!({"UserPoolId": "us_a", "PasskeyPolicy": policy});
    let input = policy(json!({"KeepLastFactors": true}));
    assert_eq!(
        refused("SetUserPoolPasskeyPolicy", input),
        "InvalidParameterException: passkeyPolicy.keepLastFactors is no member of this operation's input."
    );
    let mut input = policy(json!({}));
    input["Stray"] = json!(null);
    let refusal = refused("SetUserPoolPasskeyPolicy", input);
    assert_eq!(refusal, "InvalidParameterException: stray is no member of this operation's input.");
    let good = policy(json!({"KeepLastFactor": false}));
    assert_eq!(Value::Object(validated("SetUserPoolPasskeyPolicy", good.clone()).unwrap()), good);
    // In operations of the user-pools API, unknown members are dropped at every depth.
    let nested =
        json!({"PoolName": "p", "Policies": {"PasswordPolicy": {"MinimumLength": 8, "Stray": 1}, "Stray": {}}});
    let kept = json!({"PoolName": "p", "Policies": {"PasswordPolicy": {"MinimumLength": 8}}});
    assert_eq!(Value::Object(validated("CreateUserPool", nested).unwrap()), kept);
}

#[test]
fn a_path_begins_its_members_with_small_letters() {
    for (path, name, joined) in [
        ("", "ClientId", "clientId"),
        ("", "CSS", "cSS"),
        ("", "x", "x"),
        ("userAttributes.1.member", "Name", "userAttributes.1.member.name"),
        ("a", "", "a."),
    ] {
        assert_eq!(join(path, name), joined);
    }
}

#[test]
fn long_texts_and_lists_are_cut_at_characters() {
    for (length, whole) in [(0, true), (255, true), (256, true), (257, false), (1_000, false)] {
        let text = "ä".repeat(length);
        let shown = if whole { text.clone() } else { format!("{}…", "ä".repeat(256)) };
        assert_eq!(cut(&text), shown, "{length}");
        assert_eq!(shown_list(&[json!(text)]), format!("[{shown}]"), "{length}");
    }
    let mixed = [json!("a"), json!(1), json!(true), json!(null), json!({"a": 1}), json!([1])];
    assert_eq!(shown_list(&mixed), "[a, 1, true, null, …, …]");
    assert_eq!(shown_list(&[]), "[]");
    assert_eq!(shown_list(&vec![json!(1); 21]), format!("[{}]", ["1"; 20].join(", ")));
}
