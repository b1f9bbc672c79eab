//! Every answer of the tests against the service model: what an operation gives is what its output declares.

use std::{
    collections::BTreeSet,
    fs::File,
    io::Write,
    sync::{LazyLock, Mutex},
};

use serde_json::Value;

static MODEL: LazyLock<Value> = LazyLock::new(|| {
    let mut model: Value = serde_json::from_str(include_str!("../../../src/wire/cognito-idp.json")).unwrap();
    let own: Value = serde_json::from_str(include_str!("../../../src/wire/keystead.json")).unwrap();
    for part in ["operations", "shapes"] {
        model[part].as_object_mut().unwrap().extend(own[part].as_object().unwrap().clone());
    }
    model
});

/// Panics when a success is not of the operation's output shape.
#[track_caller]
pub fn check_output(operation: &str, text: &str) {
    let declared = &MODEL["operations"][operation];
    let Some(output) = declared["output"].as_str() else {
        assert!(declared.is_null() || text.is_empty(), "{operation} has no output: {text}");
        return;
    };
    let value = if text.is_empty() { Value::Object(Default::default()) } else { serde_json::from_str(text).unwrap() };
    let mut problems = Vec::new();
    check(&value, output, operation, &mut problems);
    assert!(problems.is_empty(), "{problems:?}: {text}");
}

/// Refusals that arise before an operation runs, or to anyone; they are declared nowhere.
const COMMON: [&str; 14] = [
    "AccessDeniedException",
    "ForbiddenException",
    "IncompleteSignatureException",
    "InternalErrorException",
    "InvalidSignatureException",
    "MalformedHttpRequestException",
    "MissingAuthenticationTokenException",
    "NotAuthorizedException",
    "RequestEntityTooLargeException",
    "RequestTimeoutException",
    "SerializationException",
    "TooManyRequestsException",
    "UnknownOperationException",
    "UnrecognizedClientException",
];

/// Panics when a refusal is none that the operation declares.
#[track_caller]
pub fn check_error(operation: &str, name: &str) {
    let Some(declared) = MODEL["operations"][operation]["errors"].as_array() else { return };
    let known = COMMON.contains(&name) || name == "InvalidParameterException";
    assert!(known || declared.iter().any(|one| one == name), "{operation} does not declare {name}");
}

/// The members of structures (`Shape.Member`) that answers gave, in a file for `script/check-answers`, which knows after the
/// whole run which none gave.
static GIVEN: LazyLock<Mutex<(BTreeSet<String>, File)>> = LazyLock::new(|| {
    let file = File::create(concat!(env!("CARGO_TARGET_TMPDIR"), "/given-members")).unwrap();
    Mutex::new((BTreeSet::new(), file))
});

fn note_given(shape: &str, member: &str) {
    let mut given = GIVEN.lock().unwrap();
    let name = format!("{shape}.{member}");
    if given.0.insert(name.clone()) {
        writeln!(given.1, "{name}").unwrap();
    }
}

fn check(value: &Value, shape: &str, path: &str, problems: &mut Vec<String>) {
    let shape_name = shape;
    let shape = &MODEL["shapes"][shape];
    if shape["document"] == true {
        return;
    }
    let fits = match shape["type"].as_str().unwrap() {
        "structure" => value.is_object(),
        "map" => value.is_object(),
        "list" => value.is_array(),
        "string" | "blob" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" | "long" => value.is_i64(),
        "timestamp" => value.is_number(),
        other => panic!("a shape of type {other}"),
    };
    if !fits {
        problems.push(format!("{path} is not of type {}", shape["type"]));
        return;
    }
    if let Some(values) = shape["enum"].as_array().filter(|values| !values.is_empty())
        && !values.contains(value)
    {
        problems.push(format!("{path} is none of {values:?}"));
    }
    match shape["type"].as_str().unwrap() {
        "structure" => {
            for (name, value) in value.as_object().unwrap() {
                match shape["members"][name].as_str() {
                    Some(member) => {
                        note_given(shape_name, name);
                        check(value, member, &format!("{path}.{name}"), problems);
                    }
                    None => problems.push(format!("{path}.{name} is no member")),
                }
            }
            // Amazon Cognito, too, describes a prefix with an empty structure in place of a certificate.
            let of_prefix = shape_name == "CustomDomainConfigType" && value == &serde_json::json!({});
            for name in shape["required"].as_array().into_iter().flatten() {
                if value.get(name.as_str().unwrap()).is_none() && !of_prefix {
                    problems.push(format!("{path} lacks {name}"));
                }
            }
        }
        "map" => {
            for (name, value) in value.as_object().unwrap() {
                check(value, shape["value"].as_str().unwrap(), &format!("{path}.{name}"), problems);
            }
        }
        "list" => {
            for value in value.as_array().unwrap() {
                check(value, shape["member"].as_str().unwrap(), &format!("{path}[]"), problems);
            }
        }
        _ => {}
    }
}
