//! The text of an error, for developers, and its key, for pages that explain it in the person's language.

use std::{borrow::Cow, fmt, ops::Deref};

/// An English text, as the API sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    words: Cow<'static, str>,
    key: Option<Key>,
}

/// The specific reason of an error, if the exception's name does not tell it. Each key has a message in every language
/// of the pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// The code of an authenticator app was used before.
    CodeUsed,
    PasskeyLimit,
    PasskeyGone,
    UserDisabled,
    /// The name is locked for a while after wrong passwords.
    PasswordAttempts,
    WrongCredentials,
    SignUpClosed,
    /// The state between two steps of a sign-in is gone.
    SessionGone,
    NameIsAddress,
    NotAPhoneNumber,
    NotAnAddress,
    PasswordNeeded,
    /// The change would remove the last way to sign in.
    LastFactor,
    NoWayLeft,
    PasswordFirst,
    /// There is no verified address for a second factor's codes.
    NoMethod,
    /// It is the last second factor, in a pool that requires one.
    LastMethod,
    /// The value of this attribute does not fit the pool's schema.
    Attribute(String),
    /// This member of the request violates the service model.
    Member(String),
    /// A message from a function of the pool to the person.
    FunctionSaid(String),
}

impl Text {
    /// A text with a key.
    pub fn keyed(key: Key, words: impl Into<Cow<'static, str>>) -> Self {
        Self { words: words.into(), key: Some(key) }
    }

    /// The specific reason, if there is one.
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
