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
