//! Checks CBOR from untrusted sources before it is parsed into values. The check takes one pass and builds no values.
//!
//! A map whose keys are arrays or maps can cost a parser quadratic time. So keys must be integers or text strings; the
//! maps that WebAuthn and COSE define have no other keys. Nesting is bounded, too.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The maximum depth of nesting. No attestation statement or extension in use is nested more deeply.
const MAX_NESTING: usize = 16;

/// Whether these bytes are a sequence of at most `limit` CBOR items, all of them harmless.
pub(super) fn harmless(bytes: &[u8], limit: usize) -> bool {
    let items = serde_cbor_2::Deserializer::from_slice(bytes).into_iter::<Item>();
    items.enumerate().all(|(before, item)| item.is_ok() && before < limit)
}

/// Whether these bytes are exactly one CBOR map, and the map is harmless.
pub(super) fn harmless_map(bytes: &[u8]) -> bool {
    // Maps are major type 5 (RFC 8949, section 3.1).
    bytes.first().is_some_and(|first| first >> 5 == 5) && harmless(bytes, 1)
}

struct Item;

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Look { nesting: 0 }.deserialize(from).map(|()| Self)
    }
}

/// Checks a value that is inside this many arrays or maps (`nesting`).
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

/// Checks a key of a map: it must be an integer or a text string.
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
mod tests;
