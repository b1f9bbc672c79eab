//! Checks CBOR from strangers before anything makes values of it: in one pass, without memory.
//!
//! A map whose keys are themselves arrays or maps costs a parser quadratic time. So keys must be integers or texts,
//! which is all that CTAP2's canonical form has; and nesting is bounded.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The deepest nesting allowed, deeper than that of any attestation statement or extension.
const MAX_NESTING: usize = 16;

/// Whether these bytes are at most `limit` items, one after another, and harmless.
pub(super) fn harmless(bytes: &[u8], limit: usize) -> bool {
    let items = serde_cbor_2::Deserializer::from_slice(bytes).into_iter::<Item>();
    items.enumerate().all(|(before, item)| item.is_ok() && before < limit)
}

/// Whether these bytes are one harmless map.
pub(super) fn harmless_map(bytes: &[u8]) -> bool {
    // Major type 5 (RFC 8949, section 3.1).
    bytes.first().is_some_and(|first| first >> 5 == 5) && harmless(bytes, 1)
}

struct Item;

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Look { nesting: 0 }.deserialize(from).map(|()| Self)
    }
}

/// Checks a value at this depth.
#[derive(Clone, Copy)]
struct Look {
    nesting: usize,
}

impl Look {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.nesting >= MAX_NESTING {
            return Err(E::custom("nested too deeply"));
        }
        Ok(Self { nesting: self.nesting + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Look {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("harmless CBOR")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i128<E>(self, _: i128) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while entries.next_key_seed(Key)?.is_some() {
            entries.next_value_seed(inner)?;
        }
        Ok(())
    }
}

/// A key of a map: an integer or a text.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl Visitor<'_> for Key {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer or a text as a key")
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
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
        // A key of a key, somewhere inside.
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
        let nested = |levels: usize| [vec![0xa1, 0x01].repeat(levels), vec![0xf6]].concat();
        assert!(harmless_map(&nested(MAX_NESTING)));
        assert!(!harmless_map(&nested(MAX_NESTING + 1)));
        // Siblings are not nested.
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
}
