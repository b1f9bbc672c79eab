//! Tests of the translated patterns, and of the names in the model.

use super::*;

#[test]
fn every_pattern_compiles() {
    let model = model();
    assert_eq!(model.operation_names().len(), 153 + 11);
    let patterns = model.shapes.values().filter(|shape| shape.regex().is_some()).count();
    assert!(patterns > 50, "{patterns}");
}

#[test]
fn patterns_match_as_in_the_api() {
    let token = model().shape("TokenModelType").regex().unwrap();
    assert!(token.is_match("eyJ.a-b_c=."));
    assert!(!token.is_match("") && !token.is_match("a b") && !token.is_match("a\n"));
    let password = model().shape("PasswordType").regex().unwrap();
    assert!(password.is_match("pä$$ wörd") && !password.is_match(" a b") && !password.is_match("a b "));
    let username = model().shape("UsernameType").regex().unwrap();
    assert!(username.is_match("ada@example.com") && !username.is_match("ada l"));
    assert!(model().shape("UserPoolIdType").regex().unwrap().is_match("us-east-1_Ab1"));
}

#[test]
fn patterns_that_are_translated_by_hand_match_what_they_say() {
    let matches = |shape: &str, text: &str| model().shape(shape).regex().unwrap().is_match(text);
    for (text, fits) in
        [("bucket", true), ("a.b-c_D9", true), ("", true), ("bucket.", false), ("a/b", false), ("a\n", false)]
    {
        assert_eq!(matches("S3BucketType", text), fits, "{text:?}");
    }
    let longest = "a".repeat(63);
    for (text, fits) in [
        ("auth", true),
        ("auth.example.com", true),
        ("a", true),
        (&longest, true),
        ("", false),
        ("-auth", false),
        ("auth-", false),
        ("auth.", false),
        (".auth", false),
        ("Auth", false),
        ("auth\n", false),
    ] {
        assert_eq!(matches("DomainType", text), fits, "{text:?}");
    }
    // Classes with `\s`, `\w` and `\S` distinguish only ASCII characters.
    assert!(matches("UserPoolNameType", "my pool\t1") && !matches("UserPoolNameType", "my\u{a0}pool"));
    assert!(matches("ClientIdType", "a_1+") && !matches("ClientIdType", "ä"));
    assert!(matches("PasswordType", "a\u{a0}") && !matches("PasswordType", "a\t"));
}

#[test]
fn operations_are_found_by_their_exact_names() {
    let model = model();
    let names = model.operation_names();
    assert!(names.is_sorted());
    assert!(names.iter().all(|name| model.operation(name).is_some()));
    assert!(model.operation("getUser").is_none() && model.operation("").is_none());
    let own: Vec<_> =
        names.into_iter().filter(|name| model.operation(name).is_some_and(|one| one.is_extension)).collect();
    assert_eq!(
        own,
        [
            "AdminDeleteWebAuthnCredential",
            "AdminListWebAuthnCredentials",
            "GetPasskeySignals",
            "GetUserPoolBranding",
            "GetUserPoolPasskeyPolicy",
            "GetUserPoolTokenSigning",
            "ListWebAuthnCredentialDetails",
            "SetUserPoolBranding",
            "SetUserPoolPasskeyPolicy",
            "SetUserPoolTokenSigning",
            "UpdateWebAuthnCredential",
        ]
    );
    assert!(model.operation("AdminGetUser").unwrap().signed && !model.operation("GetUser").unwrap().signed);
}

#[test]
fn members_of_an_output_are_named_sorted() {
    let members = |operation: &str| model().output_members(operation);
    assert_eq!(
        members("GetUser"),
        ["MFAOptions", "PreferredMfaSetting", "UserAttributes", "UserMFASettingList", "Username"]
    );
    for none in ["DeleteUser", "AddCustomAttributes", "NoSuchOperation"] {
        assert_eq!(members(none), Vec::<&str>::new(), "{none}");
    }
}
