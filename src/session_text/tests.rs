//! Tests of a good string, of strings with one part spoiled, and of a good string that is opened with one wrong input.

use time::Duration;

use super::*;

const POOL: &str = "us-east-1_Ab1";
const CLIENT: &str = "3n4b5urk1ft4fl3mg5e62d9ado";
const INVALID: &str = "Invalid session provided";
const EXPIRED: &str = "Invalid session for the user, session is expired.";

fn key() -> SealingKey {
    SealingKey::new(&[7; 32])
}

/// When the strings of these tests expire.
fn end() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::days(20_000)
}

fn before() -> OffsetDateTime {
    end() - Duration::SECOND
}

fn good() -> String {
    seal(&key(), POOL, CLIENT, Uuid::from_u128(5), end())
}

/// Makes a string with this content, sealed for this context.
fn made(context: &str, plain: &[u8]) -> String {
    format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(key().seal(context, plain)))
}

/// The content of the good string.
fn plain() -> Vec<u8> {
    [Uuid::from_u128(5).as_bytes(), &end().unix_timestamp().to_be_bytes()[..], b"pool client"].concat()
}

fn words<T>(outcome: Result<T>) -> String {
    let Err(error) = outcome else { panic!("it was accepted") };
    assert_eq!((error.code(), error.key()), ("NotAuthorizedException", Some(&Key::SessionGone)));
    error.to_string()
}

#[test]
fn a_string_opens_for_its_client_and_names_its_challenge() {
    assert_eq!(open(&key(), POOL, CLIENT, &good(), before()).unwrap(), Uuid::from_u128(5));
}

#[test]
fn a_string_of_any_client_says_whose_it_is() {
    let opened = open_any(&key(), &good(), before()).unwrap();
    assert_eq!((opened.pool_id.as_str(), opened.client_id.as_str(), opened.id), (POOL, CLIENT, Uuid::from_u128(5)));
}

#[test]
fn a_string_begins_with_a_letter_and_needs_no_quotes() {
    let good = good();
    assert!(good.starts_with("AYAB"), "{good}");
    assert!(good.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{good}");
}

#[test]
fn a_string_is_good_until_the_second_in_which_it_expires() {
    for (now, outcome) in [
        (before() - Duration::days(1), Ok(())),
        (end() - Duration::NANOSECOND, Ok(())),
        (end(), Err(EXPIRED)),
        (end() + Duration::SECOND, Err(EXPIRED)),
        (end() + Duration::days(10_000), Err(EXPIRED)),
    ] {
        let opened = open(&key(), POOL, CLIENT, &good(), now).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(opened, outcome.map_err(str::to_owned), "{now}");
    }
}

#[test]
fn a_string_is_invalid_for_another_client_or_pool() {
    for (pool, client) in [
        ("us-east-1_Ab2", CLIENT),
        (POOL, "another"),
        ("us-east-1_Ab2", "another"),
        ("", ""),
        (CLIENT, POOL),
        (POOL, &CLIENT[1..]),
    ] {
        assert_eq!(words(open(&key(), pool, client, &good(), before())), INVALID, "{pool} {client}");
    }
}

#[test]
fn a_string_that_was_not_made_here_is_invalid() {
    let good = good();
    let other = seal(&SealingKey::new(&[8; 32]), POOL, CLIENT, Uuid::from_u128(5), end());
    for text in [
        "",
        "AYAB",
        "session",
        &good["AYAB".len()..],
        &good.to_lowercase(),
        &good[..good.len() - 1],
        &format!("{good}A"),
        &format!("{good}="),
        &format!("AYAB{good}"),
        &other,
        &made("another purpose", &plain()),
    ] {
        assert_eq!(words(open(&key(), POOL, CLIENT, text, before())), INVALID, "{text}");
        // At a time when a good string has expired, the error for a bad string is still that it is invalid.
        assert_eq!(words(open_any(&key(), text, end())), INVALID, "{text}");
    }
}

#[test]
fn each_changed_character_makes_a_string_invalid() {
    let good = good();
    for at in 0..good.len() {
        let letter = if good.as_bytes()[at] == b'x' { "y" } else { "x" };
        let changed = format!("{}{letter}{}", &good[..at], &good[at + 1..]);
        assert_eq!(words(open_any(&key(), &changed, before())), INVALID, "{at}");
    }
}

#[test]
fn content_that_is_not_a_sessions_is_invalid() {
    assert!(open_any(&key(), &made(CONTEXT, &plain()), before()).is_ok());
    let text = plain();
    let spaceless: Vec<_> = text.iter().copied().filter(|byte| *byte != b' ').collect();
    let not_utf8 = [&text[..24], &[0xff, b' ', b'c']].concat();
    for content in [&[][..], &text[..15], &text[..16], &text[..23], &text[..24], &spaceless, &not_utf8] {
        assert_eq!(words(open_any(&key(), &made(CONTEXT, content), before())), INVALID, "{content:?}");
    }
}

#[test]
fn each_refusal_says_what_became_of_the_session() {
    for (error, text) in [
        (expired(), EXPIRED),
        (used(), "Invalid session for the user, session can only be used once."),
        (unfit(), "Invalid session for the user."),
        (invalid(), INVALID),
    ] {
        assert_eq!(words(Err::<(), _>(error)), text);
    }
}
