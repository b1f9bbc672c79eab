//! Tests of the depth of individual inputs, and of arbitrary JSON values.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::depth_within;

#[test]
fn nesting_is_counted_outside_strings_only() {
    assert!(depth_within(br#"{"a":[1,{"b":[]}]}"#, 4));
    assert!(!depth_within(br#"{"a":[1,{"b":[]}]}"#, 3));
    assert!(depth_within(br#"{"a":"[[[[\"[[["}"#, 1));
    assert!(depth_within(b"[][][][]", 1));
}

#[test]
fn a_string_ends_at_its_quote_and_not_at_an_escaped_one() {
    // Each of these has two levels of nesting, and the second level comes after a string.
    for text in [r#"["",[]]"#, r#"["\\",[]]"#, r#"["\"",[]]"#, r#"["\\\"",[]]"#, r#"["a\n]",[]]"#, r#"{"[":[]}"#] {
        assert!(depth_within(text.as_bytes(), 2) && !depth_within(text.as_bytes(), 1), "{text}");
    }
}

#[test]
fn a_value_without_nesting_has_no_depth() {
    for text in ["", "1", "null", r#""[""#] {
        assert!(depth_within(text.as_bytes(), 0), "{text}");
    }
    assert!(!depth_within(b"[]", 0) && !depth_within(b"{}", 0));
}

#[test]
fn closing_more_than_was_opened_gains_nothing() {
    assert!(!depth_within(b"]]}}[[", 1) && depth_within(b"]]}}[[", 2));
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<i32>().prop_map(|one| json!(one)),
        ".{0,8}".prop_map(|one| json!(one)),
        r#"["\\\[\]{}]{0,8}"#.prop_map(|one| json!(one))
    ];
    leaf.prop_recursive(6, 40, 4, |inner| {
        let lists = prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from);
        let maps = prop::collection::btree_map(r#"["\\\[\]{}a]{0,4}"#, inner, 0..4);
        prop_oneof![lists, maps.prop_map(|members| Value::Object(members.into_iter().collect()))]
    })
}

proptest! {
    #[test]
    fn the_depth_is_that_of_the_parsed_value(value in any_json()) {
        let (text, depth) = (value.to_string(), depth(&value));
        prop_assert!(depth_within(text.as_bytes(), depth), "{text} {depth}");
        prop_assert!(depth == 0 || !depth_within(text.as_bytes(), depth - 1), "{text} {depth}");
    }
}
