//! The only code of Keystead that draws random bytes, for identifiers, secrets and challenges. (Cryptographic libraries
//! draw their own bytes for keys and signatures, and PostgreSQL draws those of some row IDs.)
#![expect(clippy::disallowed_methods, reason = "this is the one file that draws randomness")]

use time::OffsetDateTime;
use uuid::Uuid;

const LOWER: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const ALPHANUMERIC: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Fills `bytes` with random bytes from the generator of aws-lc.
pub fn fill(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("the operating system has randomness");
}

/// Returns `N` random bytes.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// Makes a random UUID (version 4).
pub fn uuid() -> Uuid {
    uuid::Builder::from_random_bytes(bytes()).into_uuid()
}

/// Makes a UUID of version 7. It sorts by `now` and has 74 random bits.
pub fn time_ordered_uuid(now: OffsetDateTime) -> Uuid {
    let millis = (now.unix_timestamp_nanos() / 1_000_000).try_into().unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes()).into_uuid()
}

/// Makes an app client ID: 26 digits and lower-case letters (134 bits).
pub fn client_id() -> String {
    text(LOWER, 26)
}

/// Makes an app client's secret: 52 letters and digits (about 300 bits).
pub fn client_secret() -> String {
    text(ALPHANUMERIC, 52)
}

/// Makes the nine letters and digits that follow the region in a user pool ID.
pub fn pool_suffix() -> String {
    text(ALPHANUMERIC, 9)
}

/// Makes an operator's access key ID: `AKIA` and 16 upper-case letters and digits, the form that AWS tools expect.
pub fn access_key_id() -> String {
    format!("AKIA{}", text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16))
}

/// Makes an operator's secret access key: 40 letters and digits (238 bits).
pub fn secret_access_key() -> String {
    text(ALPHANUMERIC, 40)
}

/// Makes a code of this many decimal digits.
pub fn code(digits: usize) -> String {
    text(b"0123456789", digits)
}

/// Makes a password that satisfies every password policy whose `MinimumLength` is at most `least`. It has 28 characters
/// or more.
pub fn password(least: usize) -> String {
    format!("{}aA1!", text(ALPHANUMERIC, least.max(28) - 4))
}

/// Draws `length` characters from `alphabet`, each with the same probability. A byte that would favor some characters
/// is drawn again.
fn text(alphabet: &[u8], length: usize) -> String {
    let fair = 256 - 256 % alphabet.len();
    let mut out = String::with_capacity(length);
    while out.len() < length {
        let [byte] = bytes::<1>();
        if usize::from(byte) < fair {
            out.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_their_documented_form() {
        assert!(client_id().len() == 26 && client_id() != client_id());
        assert!(client_id().bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase()));
        assert!(pool_suffix().len() == 9);
        assert!(access_key_id().len() == 20);
        assert!((24..=64).contains(&client_secret().len()));
    }

    #[test]
    fn passwords_are_as_long_as_the_policy_wants() {
        assert_eq!([0, 28, 99].map(|least| password(least).len()), [28, 28, 99]);
    }

    #[test]
    fn time_ordered_uuids_sort_by_time() {
        let at = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        let later = at + time::Duration::seconds(1);
        assert!(time_ordered_uuid(at) < time_ordered_uuid(later));
    }
}
