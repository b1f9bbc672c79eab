//! Tests of tokens with known parts, of chains of successors, and of tokens with a spoiled part.

use super::*;
use crate::sealing::hex;

#[test]
fn a_rotated_token_is_recognised_and_a_forged_one_is_not() {
    let key = SealingKey::new(&[1; 32]);
    let first = RefreshToken::new(Uuid::from_u128(5));
    let second = first.successor(&key);
    let third = second.successor(&key);
    let standing = |token: &RefreshToken| token.standing(&key, Use::Api, &third.hash(Use::Api), 2);
    assert_eq!(standing(&third), Standing::Current);
    assert_eq!(standing(&second), Standing::Rotated(1));
    assert_eq!(standing(&first), Standing::Rotated(2));
    let mut forged = first.clone();
    forged.secret[0] ^= 1;
    assert_eq!(standing(&forged), Standing::Forged);
    assert_eq!(standing(&third.successor(&key)), Standing::Forged);
    assert!(RefreshToken::parse(&third.text()).unwrap() == third);
    assert!(RefreshToken::parse("eyJ.a.b").is_none());
}

const USES: [Use; 3] = [Use::Api, Use::OAuth, Use::Cookie];

/// Makes a token with known parts.
fn known() -> RefreshToken {
    RefreshToken {
        origin_jti: Uuid::from_u128(0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f),
        generation: 7,
        secret: [9; 32],
    }
}

#[test]
fn tokens_and_hashes_are_those_of_the_releases_so_far() {
    let text = "AAECAwQFBgcICQoLDA0ODwAAAAcJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQ";
    assert_eq!(known().text(), text);
    assert!(RefreshToken::parse(text).unwrap() == known());
    let hashes = USES.map(|of| hex(&known().hash(of)));
    assert_eq!(hashes[0], "41fadc04d1144b62a673bafa5fb7fc93bddb599495da2d1295fd1916f6a5f7e5");
    assert_eq!(hashes[1], "63b77083993296148c40c3573ce3b5190de5ed6d5f8a9717877f3eefb7324928");
    assert_eq!(hashes[2], "fa6ec479edbb3e3d8725f7beddd845617820d0c71cdcb574b5bb7dd29240b3c2");
    let next = known().successor(&SealingKey::new(&[1; 32]));
    assert!(next.origin_jti == known().origin_jti && next.generation == 8);
    assert_eq!(hex(&next.secret), "a01f7c13af2d2298d7345938fd64ae52f40504b13ae8c2b35bb543b499ea3ad4");
}

#[test]
fn what_has_not_the_length_of_a_token_is_none() {
    for length in 0..60 {
        let text = BASE64_URL_SAFE_NO_PAD.encode(vec![1; length]);
        assert_eq!(RefreshToken::parse(&text).is_some(), length == 52, "{length} bytes");
    }
    assert!(RefreshToken::parse(&format!("{}=", known().text())).is_none());
}

#[test]
fn a_first_token_is_of_its_session_and_like_no_other() {
    let session = Uuid::from_u128(5);
    let (one, two) = (RefreshToken::new(session), RefreshToken::new(session));
    assert_eq!((one.origin_jti, one.generation), (session, 0));
    assert!(one.secret != two.secret && one.secret != [0; 32]);
}

#[test]
fn a_token_of_one_use_is_forged_for_another() {
    let key = SealingKey::new(&[1; 32]);
    for (of, asked) in USES.iter().flat_map(|of| USES.map(|asked| (*of, asked))) {
        let standing = known().standing(&key, asked, &known().hash(of), 7);
        assert_eq!(standing, if of == asked { Standing::Current } else { Standing::Forged }, "{of:?} {asked:?}");
    }
}

#[test]
fn each_spoiled_part_makes_a_token_forged() {
    let key = SealingKey::new(&[1; 32]);
    let current = known().successor(&key).hash(Use::Api);
    let standing = |token: &RefreshToken, key: &SealingKey| token.standing(key, Use::Api, &current, 8);
    assert_eq!(standing(&known(), &key), Standing::Rotated(1));
    assert_eq!(standing(&RefreshToken { origin_jti: Uuid::nil(), ..known() }, &key), Standing::Forged);
    assert_eq!(standing(&RefreshToken { generation: 6, ..known() }, &key), Standing::Forged);
    assert_eq!(standing(&RefreshToken { generation: 8, ..known() }, &key), Standing::Forged);
    assert_eq!(standing(&RefreshToken { generation: u32::MAX, ..known() }, &key), Standing::Forged);
    assert_eq!(standing(&known(), &SealingKey::new(&[2; 32])), Standing::Forged);
}

#[test]
fn the_longest_chain_is_walked_and_no_longer_one() {
    let key = SealingKey::new(&[1; 32]);
    let mut current = known();
    for _ in 0..MAX_WALK {
        current = current.successor(&key);
    }
    let standing =
        |current: &RefreshToken| known().standing(&key, Use::Cookie, &current.hash(Use::Cookie), current.generation);
    assert_eq!(standing(&current), Standing::Rotated(MAX_WALK));
    assert_eq!(standing(&current.successor(&key)), Standing::Forged);
}
