//! Tests of harmless CBOR, and of CBOR that is refused.

use serde_cbor_2::{Value, to_vec};

use super::*;

fn nested(levels: usize) -> Vec<u8> {
    let mut value = Value::Null;
    for _ in 0..levels {
        value = Value::Array(vec![value]);
    }
    to_vec(&value).unwrap()
}

#[test]
fn only_integers_and_texts_are_keys_and_nesting_is_bounded() {
    let map = |key: Value| to_vec(&Value::Map([(key, Value::Bytes(vec![1]))].into())).unwrap();
    assert!(harmless_map(&map(Value::Integer(-7))));
    assert!(harmless_map(&map(Value::Text("credProtect".into()))));
    for key in [Value::Array(vec![]), Value::Map([].into()), Value::Bytes(vec![1]), Value::Bool(true)] {
        assert!(!harmless_map(&map(key)));
    }
    assert!(harmless(&nested(MAX_NESTING), 1));
    assert!(!harmless(&nested(MAX_NESTING + 1), 1));
    // The map with an array as a key is inside an array.
    assert!(!harmless(&to_vec(&vec![Value::Map([(Value::Array(vec![]), Value::Null)].into())]).unwrap(), 1));
}

#[test]
fn items_are_counted_and_must_be_whole() {
    let two = [to_vec(&1).unwrap(), to_vec(&"a").unwrap()].concat();
    assert!(harmless(&two, 2));
    assert!(!harmless(&two, 1));
    assert!(harmless(&[], 1));
    assert!(!harmless_map(&[]));
    assert!(!harmless_map(&two));
    assert!(!harmless(&[0xa1, 0x01], 1), "a map that breaks off");
}

#[test]
fn values_of_every_kind_are_harmless() {
    let kinds = [
        ("an integer", "17"),
        ("an integer of 8 bytes", "1bffffffffffffffff"),
        ("a negative integer", "26"),
        ("the least integer", "3bffffffffffffffff"),
        ("bytes", "43010203"),
        ("a text", "63616263"),
        ("false", "f4"),
        ("true", "f5"),
        ("null", "f6"),
        ("undefined", "f7"),
        ("a float of 2 bytes", "f93c00"),
        ("a float of 8 bytes", "fb3ff199999999999a"),
        ("an array", "8201820203"),
        ("a map", "a201020304"),
        ("a map in a map", "a101a16161a0"),
    ];
    for (kind, hex) in kinds {
        let bytes: Vec<u8> =
            (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect();
        assert!(harmless(&bytes, 1), "{kind}");
        assert_eq!(harmless_map(&bytes), kind.starts_with("a map"), "{kind}");
        assert!(!harmless(&bytes[..bytes.len() - 1], 1) || bytes.len() == 1, "{kind} that breaks off");
    }
}

#[test]
fn maps_are_nested_no_deeper_than_arrays() {
    let nested = |levels: usize| [[0xa1, 0x01].repeat(levels), vec![0xf6]].concat();
    assert!(harmless_map(&nested(MAX_NESTING)));
    assert!(!harmless_map(&nested(MAX_NESTING + 1)));
    // This is one array of 100 empty arrays. The empty arrays are not nested in each other.
    assert!(harmless(&[vec![0x98, 100], vec![0x80; 100]].concat(), 1));
}

#[test]
fn no_more_items_than_the_limit_are_harmless() {
    for count in 0..5 {
        for limit in 0..5 {
            assert_eq!(harmless(&vec![0x01; count], limit), count <= limit, "{count} of {limit}");
        }
    }
}
