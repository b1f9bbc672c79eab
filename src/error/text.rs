//! An error's text, which is in English for developers, and its key, by which the sign-in pages find an explanation in
//! the person's language.

use std::{borrow::Cow, fmt, ops::Deref};

/// The English wording of an error, as the API sends it, and a key if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    words: Cow<'static, str>,
    key: Option<Key>,
}

/// The specific reason of an error, if the exception's name does not tell it. The sign-in pages have a message for each
/// key in each of their languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// This code of an authenticator app was used before.
    CodeUsed,
    PasskeyLimit,
    PasskeyGone,
    /// The passkey's flag BE (backup eligibility) is not the one of its registration.
    PasskeyChanged,
    UserDisabled,
    /// The username is locked for a while, because of wrong passwords.
    PasswordAttempts,
    WrongCredentials,
    /// The pool or the app client blocks sign-ins from the person's network.
    NetworkBlocked,
    SignUpClosed,
    /// The session between two steps of a sign-in has expired, was used before, or is invalid.
    SessionGone,
    NameIsAddress,
    NotAPhoneNumber,
    NotAnAddress,
    PasswordNeeded,
    /// The change would remove the last way to sign in.
    LastFactor,
    NoWayLeft,
    PasswordFirst,
    /// The user has no verified address for the codes of a second factor.
    NoMethod,
    /// The change would remove the last second factor, and the pool requires one.
    LastMethod,
    /// The value of this attribute does not fit the pool's schema.
    Attribute(String),
    /// This member of the request violates the service model.
    Member(String),
    /// A message to the person from one of the pool's functions (triggers).
    FunctionSaid(String),
}

impl Text {
    /// Makes a text with a key.
    pub fn keyed(key: Key, words: impl Into<Cow<'static, str>>) -> Self {
        Self { words: words.into(), key: Some(key) }
    }

    /// Returns the specific reason, if there is one.
    pub fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }
}

impl<W: Into<Cow<'static, str>>> From<W> for Text {
    fn from(words: W) -> Self {
        Self { words: words.into(), key: None }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.words
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}
