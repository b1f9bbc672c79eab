//! Tests of what is kept of a registration besides the public key.

use super::*;

fn kept(transports: &[&str]) -> Vec<String> {
    sane_transports(Some(transports.iter().map(|&one| one.to_owned()).collect()))
}

#[test]
fn transports_are_short_words_each_once_and_sorted() {
    assert_eq!(sane_transports(None), Vec::<String>::new());
    assert_eq!(kept(&["usb", "ble", "usb", "smart-card", "x25519"]), ["ble", "smart-card", "usb", "x25519"]);
    for bad in ["", "USB", "us b", "usb_c", "usb\n", "üsb"] {
        assert_eq!(kept(&["nfc", bad]), ["nfc"], "{bad:?}");
    }
    let (longest, longer) = ("a".repeat(32), "a".repeat(33));
    assert_eq!(kept(&[&longest, &longer]), [longest]);
}

#[test]
fn ten_transports_are_kept() {
    let many: Vec<_> = (10..30).map(|number| format!("t{number}")).collect();
    assert_eq!(sane_transports(Some(many.clone())), many[..10]);
    // Transports that are not sane do not count toward the ten.
    let bad = std::iter::repeat_n("BAD".to_owned(), 20).chain(many.clone()).collect();
    assert_eq!(sane_transports(Some(bad)), many[..10]);
}

#[test]
fn only_the_two_attachments_are_kept() {
    for (attachment, kept) in [("platform", true), ("cross-platform", true), ("", false), ("Platform", false)] {
        assert_eq!(sane_attachment(Some(attachment.into())).as_deref(), kept.then_some(attachment));
    }
    assert_eq!(sane_attachment(None), None);
}

/// Checks a credential for which the authenticator attested one ID and the client stated another.
fn checked(attested: &[u8], stated: &[u8]) -> Result<Vec<u8>, Error> {
    let made = NewCredential {
        id: attested.to_vec(),
        public_key: Vec::new(),
        algorithm: -7,
        sign_count: 0,
        aaguid: uuid::Uuid::nil(),
        transports: Vec::new(),
        attachment: None,
        attestation_format: "none".into(),
        backup_eligible: false,
        backup_state: false,
        user_verified: false,
    };
    checked_id(made, stated).map(|made| made.id)
}

#[test]
fn an_id_is_the_attested_one_and_has_1_to_1023_bytes() {
    for length in [1, 2, 1022, 1023] {
        assert_eq!(checked(&vec![7; length], &vec![7; length]), Ok(vec![7; length]));
    }
    for length in [0, 1024, 2000] {
        let refused = checked(&vec![7; length], &vec![7; length]);
        assert_eq!(refused, Err(Error::Malformed("its ID must have 1 to 1023 bytes".into())), "{length}");
    }
    for (attested, stated) in [("a", "b"), ("a", ""), ("", "a"), ("a", "aa")] {
        let other = Error::Malformed("rawId is not the ID that the authenticator attested".into());
        assert_eq!(checked(attested.as_bytes(), stated.as_bytes()), Err(other), "{attested} {stated}");
    }
}
