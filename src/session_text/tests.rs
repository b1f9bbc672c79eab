//! Tests of a good string, of strings with one part spoiled, and of a good string that is opened with one wrong input.

use serde_json::json;
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

fn challenge(state: Pending) -> Challenge {
    Challenge {
        id: Uuid::from_u128(5),
        client_id: CLIENT.into(),
        sub: Some(Uuid::from_u128(6)),
        state,
        bounds: Bounds { pages: false, decoy: None },
        expires_at: end(),
        kept: Kept::Sealed { user_version: 7 },
    }
}

fn sealed(challenge: &Challenge) -> String {
    of_challenge(&key(), POOL, challenge).unwrap()
}

/// The good strings of each form.
fn all_good() -> [String; 3] {
    let challenge = challenge(Pending::Password {});
    [sealed(&challenge), of_row(&key(), POOL, &challenge), of_row_in_older_form(&key(), POOL, &challenge)]
}

/// Makes a string with this content, sealed for this context.
fn made(context: &str, plain: &[u8]) -> String {
    format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(key().seal_apart(context, plain)))
}

/// Makes a string of the older form.
fn made_older(context: &str, plain: &[u8]) -> String {
    format!("{OLDER_PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(key().seal(context, plain)))
}

/// The content of a good string.
fn plain() -> Value {
    json!({"pool": POOL, "client": CLIENT, "id": Uuid::from_u128(5), "expires": end().unix_timestamp(),
        "state": {"version": 1, "kind": "PASSWORD", "data": {}}})
}

/// The content of a good string of the older form.
fn plain_older() -> Vec<u8> {
    [Uuid::from_u128(5).as_bytes(), &end().unix_timestamp().to_be_bytes()[..], b"pool client"].concat()
}

fn words<T>(outcome: Result<T>) -> String {
    let Err(error) = outcome else { panic!("it was accepted") };
    assert_eq!((error.code(), error.key()), ("NotAuthorizedException", Some(&Key::SessionGone)));
    error.to_string()
}

#[test]
fn a_string_opens_for_its_client_and_names_its_challenge() {
    for good in all_good() {
        let opened = open(&key(), POOL, CLIENT, &good, before()).unwrap();
        assert_eq!((opened.id, opened.pool_id.as_str()), (Uuid::from_u128(5), POOL));
    }
}

#[test]
fn a_string_of_any_client_says_whose_it_is() {
    for good in all_good() {
        let opened = open_any(&key(), &good, before()).unwrap();
        assert_eq!((opened.pool_id.as_str(), opened.client_id.as_str(), opened.id), (POOL, CLIENT, Uuid::from_u128(5)));
    }
}

#[test]
fn a_challenge_comes_back_as_it_was_and_a_row_does_not() {
    let challenge = challenge(Pending::Password {});
    let [sealed, row, older] = all_good().map(|text| open_any(&key(), &text, before()).unwrap().challenge);
    assert_eq!(format!("{sealed:?}"), format!("{:?}", Some(challenge)));
    assert!(row.is_none() && older.is_none());
}

#[test]
fn a_string_begins_with_a_letter_and_needs_no_quotes() {
    for good in all_good() {
        assert!(good.starts_with("AYA"), "{good}");
        assert!(good.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{good}");
    }
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
        for good in all_good() {
            let opened = open(&key(), POOL, CLIENT, &good, now).map(|_| ()).map_err(|error| error.to_string());
            assert_eq!(opened, outcome.map_err(str::to_owned), "{now}");
        }
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
        for good in all_good() {
            assert_eq!(words(open(&key(), pool, client, &good, before())), INVALID, "{pool} {client}");
        }
    }
}

#[test]
fn a_string_that_was_not_made_here_is_invalid() {
    let others = SealingKey::new(&[8; 32]);
    let challenge = challenge(Pending::Password {});
    for good in all_good() {
        for text in [
            "",
            "AYAB",
            "AYAC",
            "session",
            &good["AYAB".len()..],
            &good.to_lowercase(),
            &good[..good.len() - 1],
            &format!("{good}A"),
            &format!("{good}="),
            &format!("AYAB{good}"),
            &format!("AYAC{good}"),
            &format!("AYAB{}", &good[4..]).replace(&good, ""),
            &format!("AYAC{}", &good[4..]).replace(&good, ""),
            &of_challenge(&others, POOL, &challenge).unwrap(),
            &of_row(&others, POOL, &challenge),
            &of_row_in_older_form(&others, POOL, &challenge),
            &made("another purpose", plain().to_string().as_bytes()),
            &made_older("another purpose", &plain_older()),
        ] {
            assert_eq!(words(open(&key(), POOL, CLIENT, text, before())), INVALID, "{text}");
            // At a time when a good string has expired, the error for a bad string is still that it is invalid.
            assert_eq!(words(open_any(&key(), text, end())), INVALID, "{text}");
        }
    }
}

#[test]
fn each_changed_character_makes_a_string_invalid() {
    for good in all_good() {
        for at in 0..good.len() {
            let letter = if good.as_bytes()[at] == b'x' { "y" } else { "x" };
            let changed = format!("{}{letter}{}", &good[..at], &good[at + 1..]);
            assert_eq!(words(open_any(&key(), &changed, before())), INVALID, "{at}");
        }
    }
}

#[test]
fn content_that_is_not_a_sessions_is_invalid() {
    assert!(open_any(&key(), &made(CONTEXT, plain().to_string().as_bytes()), before()).is_ok());
    for (member, value) in [
        ("pool", Value::Null),
        ("client", json!(5)),
        ("id", json!("five")),
        ("expires", json!("soon")),
        ("expires", json!(i64::MAX)),
        ("state", json!({"version": 1, "kind": "TELEPATHY", "data": {}})),
        ("state", json!({"version": 1, "kind": "WEB_AUTHN", "data": {}})),
        ("state", json!({"kind": "PASSWORD", "data": {}})),
    ] {
        let mut content = plain();
        content[member] = value;
        let content = content.to_string();
        assert_eq!(words(open_any(&key(), &made(CONTEXT, content.as_bytes()), before())), INVALID, "{content}");
    }
    assert!(open_any(&key(), &made_older(CONTEXT, &plain_older()), before()).is_ok());
    let text = plain_older();
    let spaceless: Vec<_> = text.iter().copied().filter(|byte| *byte != b' ').collect();
    let not_utf8 = [&text[..24], &[0xff, b' ', b'c']].concat();
    for content in [&[][..], &text[..15], &text[..16], &text[..23], &text[..24], &spaceless, &not_utf8] {
        assert_eq!(words(open_any(&key(), &made_older(CONTEXT, content), before())), INVALID, "{content:?}");
    }
}

fn sent(to: &str) -> pending::SentCode {
    pending::SentCode { code: "c".repeat(44), salt: "s".repeat(24), to: to.to_owned() }
}

fn passkeys(number: usize) -> Pending {
    let passkey = pending::PasskeyBefore {
        id: "i".repeat(16),
        // An ES256 key has 77 bytes.
        key: "k".repeat(103),
        sign_count: 4_294_967_295,
        backup_eligible: false,
        roaming: false,
    };
    let read = pending::ReadBefore {
        name: "n".repeat(22),
        pool: i64::MAX,
        client: i64::MAX,
        user_verification: false,
        both_factors: false,
        passkeys: vec![passkey; number],
    };
    passkeys_read(Some(Box::new(read)))
}

fn passkeys_read(read: Option<Box<pending::ReadBefore>>) -> Pending {
    let (challenge, rp_id) = ("c".repeat(43), "auth.application.example".to_owned());
    Pending::WebAuthn(pending::Ceremony { challenge, rp_id, discoverable: false, read })
}

#[test]
fn strings_for_one_kind_have_one_length_whatever_they_contain() {
    let decoy = |state: &Pending| Challenge {
        sub: None,
        bounds: Bounds { pages: false, decoy: Some("d".repeat(44)) },
        kept: Kept::Sealed { user_version: 0 },
        ..challenge(state.clone())
    };
    for states in [
        [Pending::EmailOtp(EmailOtp::First(sent("a@b"))), Pending::EmailOtp(EmailOtp::First(sent(&"a".repeat(120))))],
        [Pending::SmsOtp(sent("+1")), Pending::SmsOtp(sent("+12345678901"))],
        [passkeys(0), passkeys(6)],
        [Pending::SelectChallenge {}, Pending::SelectChallenge {}],
    ] {
        let [one, other] = &states;
        let lengths = [
            sealed(&challenge(one.clone())),
            sealed(&challenge(other.clone())),
            sealed(&decoy(one)),
            of_row(&key(), POOL, &challenge(one.clone())),
        ]
        .map(|text| text.len());
        assert!(lengths.iter().all(|length| *length == lengths[0] && *length <= 4_096), "{lengths:?} {one:?}");
    }
}

#[test]
fn the_pages_strings_are_short() {
    let decoy = || Bounds { pages: true, decoy: Some("d".repeat(44)) };
    for (state, length) in [
        (Pending::SelectChallenge {}, 586),
        (passkeys_read(None), 586),
        (Pending::EmailOtp(EmailOtp::First(sent(&"a".repeat(60)))), 735),
    ] {
        let of_pages = Challenge { bounds: Bounds { pages: true, decoy: None }, ..challenge(state.clone()) };
        let of_decoy = Challenge { bounds: decoy(), sub: None, ..of_pages.clone() };
        assert_eq!([sealed(&of_pages).len(), sealed(&of_decoy).len()], [length; 2], "{of_pages:?}");
    }
}

#[test]
fn passkeys_that_do_not_fit_are_left_out_and_other_content_becomes_a_row() {
    let read_of = |text: &str| match open_any(&key(), text, before()).unwrap().challenge.unwrap().state {
        Pending::WebAuthn(ceremony) => ceremony.read.map(|read| read.passkeys.len()),
        other => panic!("{other:?}"),
    };
    let [six, twenty] = [6, 20].map(|number| sealed(&challenge(passkeys(number))));
    assert_eq!((read_of(&six), read_of(&twenty), six.len()), (Some(6), None, twenty.len()));
    let long = challenge(Pending::SmsOtp(sent(&"9".repeat(600))));
    assert_eq!(of_challenge(&key(), POOL, &long), None);
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
