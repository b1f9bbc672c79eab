//! Tests of sealed values that can and cannot be opened, and of keys in files.

use proptest::prelude::*;

use super::*;

#[test]
fn a_sealed_value_opens_only_in_its_context_and_unchanged() {
    let key = SealingKey::new(&[7; 32]);
    let sealed = key.seal("a", b"plain");
    assert_eq!(key.open("a", &sealed).unwrap(), b"plain");
    assert!(matches!(key.open("b", &sealed), Err(Error::Broken)));
    for index in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[index] ^= 1;
        assert!(key.open("a", &changed).is_err(), "byte {index}");
    }
    assert!(matches!(SealingKey::new(&[8; 32]).open("a", &sealed), Err(Error::OtherKey { .. })));
    assert_ne!(key.seal("a", b"plain"), sealed);
}

#[test]
fn what_is_sealed_apart_opens_only_in_its_context_and_unchanged() {
    let key = SealingKey::new(&[7; 32]);
    let sealed = key.seal_apart("a", b"plain");
    assert_eq!(sealed.len(), b"plain".len() + APART_OVERHEAD);
    assert_eq!(key.open_apart("a", &sealed).unwrap(), b"plain");
    assert!(matches!(key.open_apart("b", &sealed), Err(Error::Broken)));
    for index in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[index] ^= 1;
        assert!(key.open_apart("a", &changed).is_err(), "byte {index}");
        assert!(key.open_apart("a", &sealed[..index]).is_err(), "the first {index} bytes");
    }
    assert!(matches!(SealingKey::new(&[8; 32]).open_apart("a", &sealed), Err(Error::OtherKey { .. })));
    assert_ne!(key.seal_apart("a", b"plain"), sealed);
}

#[test]
fn the_two_seals_are_told_apart() {
    let key = SealingKey::new(&[7; 32]);
    let (apart, plain) = (key.seal_apart("a", b"plain"), key.seal("a", b"plain"));
    assert!(key.open("a", &apart).is_err() && key.open_apart("a", &plain).is_err());
    assert_eq!(
        (key.open_any("a", &apart).unwrap(), key.open_any("a", &plain).unwrap()),
        (b"plain".into(), b"plain".into())
    );
}

proptest! {
    /// A sealed value opens only in its own context, and not at all if it was changed or cut.
    #[test]
    fn what_is_sealed_comes_back_or_nothing_does(
        plain in proptest::collection::vec(any::<u8>(), 0..200),
        context in ".{0,20}",
        other in ".{0,20}",
        at in any::<proptest::sample::Index>(),
        flip in 1_u8..,
    ) {
        let key = SealingKey::new(&[7; 32]);
        let sealed = key.seal(&context, &plain);
        prop_assert_eq!(key.open(&context, &sealed).unwrap(), plain);
        prop_assert_eq!(key.open(&other, &sealed).is_ok(), other == context);
        let at = at.index(sealed.len());
        prop_assert!(key.open(&context, &sealed[..at]).is_err());
        let mut changed = sealed;
        changed[at] ^= flip;
        prop_assert!(key.open(&context, &changed).is_err());
    }
}

#[test]
fn derivations_are_stable_and_separate() {
    let key = SealingKey::new(&[7; 32]);
    assert_eq!(key.derive("p", b"x"), key.derive("p", b"x"));
    assert_ne!(key.derive("p", b"x"), key.derive("q", b"x"));
    assert_ne!(key.derive("p", b"x"), SealingKey::new(&[8; 32]).derive("p", b"x"));
}

#[test]
fn what_the_releases_so_far_sealed_and_derived_holds() {
    let key = SealingKey::new(&[7; 32]);
    let sealed = bytes("4bb06f8e000102030405060708090a0b68ed8819739b397f87d885b38e5e4d0c39ffe1ebc0");
    assert_eq!(key.open("a", &sealed).unwrap(), b"plain");
    let derived = "f6a14c53a07506d5ad18ef0d7b4533307863dc849b74c1e70adbe57224dc7f24";
    assert_eq!(hex(&key.derive("p", b"x")), derived);
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

#[test]
fn nothing_can_be_sealed_too() {
    let key = SealingKey::new(&[7; 32]);
    let sealed = key.seal("a", b"");
    assert_eq!(sealed.len(), KEY_ID_LEN + NONCE_LEN + TAG_LEN);
    assert_eq!(key.open("a", &sealed).unwrap(), b"");
}

#[test]
fn a_value_that_is_too_short_is_broken_whatever_key_it_names() {
    for length in 0..KEY_ID_LEN + NONCE_LEN + TAG_LEN {
        let opened = SealingKey::new(&[7; 32]).open("a", &vec![0; length]);
        assert!(matches!(opened, Err(Error::Broken)), "{length} bytes");
    }
}

#[test]
fn a_value_of_another_key_names_both_keys() {
    let refusal = SealingKey::new(&[7; 32]).open("a", &[0; 40]).unwrap_err().to_string();
    assert!(refusal.contains("(00000000, ours is 4bb06f8e)"), "{refusal}");
}

#[test]
fn a_key_shows_its_id_alone() {
    assert_eq!(format!("{:?}", SealingKey::new(&[7; 32])), "SealingKey(4bb06f8e)");
}

#[test]
fn a_key_is_32_bytes_in_base64_and_white_space_around_them() {
    let text = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    for good in [text.to_owned(), format!("{text}\n"), format!(" \t{text}\r\n")] {
        assert_eq!(SealingKey::from_base64(&good).unwrap().id, SealingKey::new(&[7; 32]).id, "{good:?}");
    }
    let of_length = |length| BASE64_STANDARD.encode(vec![7; length]);
    for bad in ["".into(), "words".into(), of_length(31), of_length(33), text.replace('=', ""), text.replace('c', "c ")]
    {
        assert!(matches!(SealingKey::from_base64(&bad), Err(Error::Malformed)), "{bad:?}");
    }
}

/// An unused path in a folder of its own. The folder is removed when this is dropped.
struct Place(std::path::PathBuf);

impl Place {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("keystead-sealing-{}", random::uuid()));
        std::fs::create_dir(&folder).unwrap();
        Self(folder.join("key"))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_dir_all(self.0.parent().unwrap()).ok();
    }
}

#[test]
fn a_file_that_is_not_there_is_made_only_if_that_is_asked_for() {
    let place = Place::new();
    let missing = SealingKey::from_file(&place.0, false);
    assert!(matches!(missing, Err(Error::File { path, .. }) if path == place.0.display().to_string()));
    assert!(!place.0.exists());
    let made = SealingKey::from_file(&place.0, true).unwrap();
    // The key in the file is kept, and no new key replaces it.
    for create in [false, true] {
        assert_eq!(SealingKey::from_file(&place.0, create).unwrap().id, made.id, "{create}");
    }
    let elsewhere = Place::new();
    assert_ne!(SealingKey::from_file(&elsewhere.0, true).unwrap().id, made.id);
}

#[test]
fn a_file_that_holds_no_key_is_malformed() {
    let place = Place::new();
    write_private(&place.0, "words").unwrap();
    assert!(matches!(SealingKey::from_file(&place.0, true), Err(Error::Malformed)));
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_use_is_exposed() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    SealingKey::from_file(&place.0, true).unwrap();
    for (mode, exposed) in
        [(0o600, false), (0o400, false), (0o640, true), (0o620, true), (0o610, true), (0o604, true), (0o602, true)]
    {
        std::fs::set_permissions(&place.0, std::fs::Permissions::from_mode(mode)).unwrap();
        let refused = matches!(SealingKey::from_file(&place.0, false), Err(Error::Exposed(_)));
        assert_eq!(refused, exposed, "{mode:o}");
        assert!(refused || SealingKey::from_file(&place.0, false).is_ok(), "{mode:o}");
    }
}

#[test]
fn a_private_file_is_its_owners_alone_and_never_written_again() {
    let place = Place::new();
    write_private(&place.0, "first").unwrap();
    assert_eq!(write_private(&place.0, "second").unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read_to_string(&place.0).unwrap(), "first\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&place.0).unwrap().permissions().mode() & 0o7777, 0o600);
    }
}

#[test]
fn a_hash_is_that_of_the_standard() {
    assert_eq!(hex(&sha256(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn hexadecimal_has_two_small_digits_for_each_byte() {
    assert_eq!(hex(&[0, 1, 0x0a, 0xa0, 0xff]), "00010aa0ff");
    assert_eq!(hex(&[]), "");
}

#[test]
fn only_the_same_bytes_are_equal() {
    assert!(equal(b"", b"") && equal(b"ab", b"ab"));
    for (a, b) in [("a", "b"), ("ab", "a"), ("", "a"), ("ab", "cb"), ("aa", "ab")] {
        assert!(!equal(a.as_bytes(), b.as_bytes()) && !equal(b.as_bytes(), a.as_bytes()), "{a} {b}");
    }
}
