//! The test vector of docs/cognito.md 4.5, and edge cases of numbers.

use base64::{Engine, prelude::BASE64_STANDARD};

use super::*;
use crate::sealing::hex;

const SALT_HEX: &str = "a244c038c0fd9192b9b5538344ce41ab";

fn alice() -> Verifier {
    let mut salt = [0; SALT];
    for (n, byte) in salt.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&SALT_HEX[2 * n..2 * n + 2], 16).unwrap();
    }
    verifier("Test1Pool", "alice", "Passw0rd!", salt)
}

/// Checks every intermediate result of the test vector in docs/cognito.md 4.5.
#[test]
fn the_vector_holds() {
    let alice = alice();
    let x = private_key("Test1Pool", "alice", "Passw0rd!", &alice.salt);
    assert_eq!(hex(&x), "bfd848ac230926c834dead8d4dc6c8e276e43a0e6e2fb865f6bb6ef1b6eb4180");
    let v = element(&alice.v).retrieve();
    assert_eq!(hex(&hash(&[&number(&v)])), "12354bab46137faa86db8f85f059384d3d9590ed61c995499342eda1d96efbe5");
    let a = power(&generator(), &[0x11; 128]).retrieve();
    assert_eq!(hex(&hash(&[&number(&a)])), "f9f3f0f4857fcc7a83f7a2d602d3783150c9cc42175f8c53bf8d15aa0fd3761f");
    let secret = [0x22; 128];
    let b = server_public(&alice.v, &secret);
    assert_eq!(hex(&hash(&[&number(&b)])), "410b708dd8316bc9bae86c86a4bb78ae5fa50dec850adc0b62609fed34b5d16b");
    let client = ClientPublic::parse(&hexadecimal(&a)).unwrap();
    assert_eq!(hex(&session_key(&alice.v, &secret, &client)), "9b4157a571f0a7d040ac20e6a6a2c989");
    let block: Vec<u8> = (0..32).collect();
    let at = "Tue Feb 3 04:05:06 UTC 2026";
    let signed = signature(&alice.v, &secret, &client, ("Test1Pool", "alice"), &block, at);
    assert_eq!(BASE64_STANDARD.encode(signed), "2lBmZOBZchWHzlLbjiyoAY+AGMysiZKH32rowx5DinM=");
}

#[test]
fn numbers_that_make_the_secret_known_are_refused() {
    let n = hexadecimal(modulus());
    assert!(n.starts_with("ffffffffffffffffc90fdaa2") && n.ends_with("93ad2caffffffffffffffff"));
    for bad in ["", "0", "00", &n, "xyz", "-1", &"f".repeat(769)] {
        assert!(ClientPublic::parse(bad).is_none(), "{bad}");
    }
    assert!(ClientPublic::parse("1").is_some() && ClientPublic::parse("ABCDEF").is_some());
}

#[test]
fn k_is_the_hash_of_the_group() {
    assert_eq!(hex(&hash(&[&number(modulus()), &[2]])), K);
}

#[test]
fn numbers_have_up_to_768_digits() {
    for (hex, number) in [
        ("2".to_owned(), Some(2_u8)),
        ("002".into(), Some(2)),
        (format!("{:0>768}", "2"), Some(2)),
        (format!("{:0>769}", "2"), None),
        (format!("{:0>1536}", "2"), None),
        ("0x2".into(), None),
        ("2 ".into(), None),
        ("²".into(), None),
    ] {
        let parsed = ClientPublic::parse(&hex).map(|number| number.0);
        assert_eq!(parsed, number.map(U3072::from_u8), "{hex}");
    }
    // N - 1 is no multiple of N.
    let digits = hexadecimal(modulus());
    let (most, last) = digits.split_at(767);
    assert_eq!(last, "f");
    assert!(ClientPublic::parse(&format!("{most}e")).is_some());
}

#[test]
fn numbers_are_written_as_java_writes_them() {
    let cases: [(&[u8], &[u8]); 7] = [
        (&[], &[]),
        (&[0], &[0]),
        (&[0, 0, 0], &[0]),
        (&[0, 1], &[1]),
        (&[0x7f, 0], &[0x7f, 0]),
        (&[0x80], &[0, 0x80]),
        (&[0, 0, 0xff, 0], &[0, 0xff, 0]),
    ];
    for (bytes, written) in cases {
        assert_eq!(padded(bytes), written, "{bytes:?}");
    }
    assert_eq!(number(&U3072::ZERO), [0]);
    assert_eq!(number(&U3072::from_u8(0x80)), [0, 0x80]);
}

#[test]
fn what_the_server_sends_is_its_number_without_leading_zeros() {
    let alice = alice();
    let sent = public(&alice.v, &[0x22; 128]);
    let number = server_public(&alice.v, &[0x22; 128]);
    assert_eq!(U3072::from_be_hex(&format!("{sent:0>768}")), number);
    assert_ne!(public(&alice.v, &[0x23; 128]), sent);
    assert_eq!(hexadecimal(&U3072::from_u16(0x0abc)), "abc");
}

#[test]
fn each_part_of_a_password_makes_another_verifier() {
    let alice = alice();
    assert_eq!((alice.salt, alice.v.len()), (verifier("P", "u", "p", alice.salt).salt, NUMBER));
    for (pool, username, password, salt) in [
        ("Test2Pool", "alice", "Passw0rd!", alice.salt),
        ("Test1Pool", "bob", "Passw0rd!", alice.salt),
        ("Test1Pool", "alice", "passw0rd!", alice.salt),
        ("Test1Pool", "alice", "Passw0rd!", [1; SALT]),
    ] {
        let other = verifier(pool, username, password, salt);
        assert!(other.v != alice.v, "{pool} {username} {password} {salt:?}");
    }
    assert!(verifier("Test1Pool", "alice", "Passw0rd!", alice.salt) == alice);
}

#[test]
fn the_name_of_a_pool_is_what_follows_its_region() {
    for (pool_id, name) in [("us-east-1_Ab1", "Ab1"), ("local_a_b", "a_b"), ("nameless", "nameless"), ("x_", "")] {
        assert_eq!(pool_name(pool_id), name, "{pool_id}");
    }
}
