//! Tests of members that are refused, and of their values that may be ignored.

use serde_json::json;

use super::*;
use crate::wire::model;

#[test]
fn every_entry_names_a_member_of_its_operation() {
    for (operation, member, _) in REFUSED {
        let input = &model().operation(operation).expect(operation).input;
        assert!(model().shape(input).members.contains_key(*member), "{operation}.{member}");
    }
}

fn refusal(operation: &str, input: Value) -> Option<String> {
    let error = refuse_unsupported(operation, input.as_object().unwrap()).err()?;
    Some(format!("{}: {error}", error.code()))
}

#[test]
fn each_entry_is_refused_by_name_in_its_operation_alone() {
    for (operation, member, _) in REFUSED {
        // None of the checks in `REFUSED` considers this value harmless.
        let input = json!({"Other": 1, *member: {"Type": "ENFORCED"}});
        let text = format!("InvalidParameterException: {member} is not supported by Keystead yet; leave it out.");
        assert_eq!(refusal(operation, input.clone()), Some(text), "{operation}");
        assert_eq!(refusal("GetUser", input), None);
        assert_eq!(refusal(operation, json!({"Other": {}})), None, "{operation}");
    }
}

#[test]
fn harmless_values_are_not_refused() {
    for (operation, input) in [
        ("CreateUserPool", json!({"DcrConfiguration": {}, "KeyConfiguration": []})),
        ("UpdateUserPool", json!({"IssuerConfiguration": {}})),
        ("CreateUserPoolClient", json!({"EnablePropagateAdditionalUserContextData": false})),
        ("UpdateUserPoolClient", json!({"PublishSecretsInAWSSecretsManager": false})),
        ("UpdateUserPoolDomain", json!({"Routing": {}})),
        ("UpdateUserPool", json!({"IssuerConfiguration": {"Type": "ORIGINAL"}})),
        ("UpdateUserPool", json!({"KeyConfiguration": {"KeyType": "AWS_OWNED_KEY"}})),
    ] {
        assert_eq!(refusal(operation, input.clone()), None, "{operation} {input}");
    }
}

#[test]
fn each_rule_takes_its_own_values_for_harmless() {
    let values = [
        json!({}),
        json!([]),
        json!(false),
        json!(true),
        json!(""),
        json!([1]),
        json!({"Type": "ORIGINAL"}),
        json!({"KeyType": "AWS_OWNED_KEY"}),
        json!({"KeyType": "AWS_OWNED_KEY", "KmsKeyArn": "arn"}),
    ];
    for (rule, harmless) in
        [(never as Harmless, vec![]), (empty, vec![0, 1]), (is_false, vec![2]), (as_ever, vec![0, 1, 6, 7])]
    {
        let found: Vec<_> = (0..values.len()).filter(|at| rule(&values[*at])).collect();
        assert_eq!(found, harmless);
    }
}
