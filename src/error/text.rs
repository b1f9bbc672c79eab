//! The text of an error, for developers, and its key, for pages that say it in the words of a person's language.

use std::{borrow::Cow, fmt, ops::Deref};

/// A text in English, as the API sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    words: Cow<'static, str>,
    key: Option<Key>,
}

/// What an error is about, where its exception's name does not say that. Each has a message in every language of the pages.
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
    /// The last way to sign in would be gone.
    LastFactor,
    NoWayLeft,
    PasswordFirst,
    /// There is no proved address for a second factor's codes.
    NoMethod,
    /// The last second factor of a pool that requires one.
    LastMethod,
    /// An attribute's value does not fit the pool's schema: the attribute.
    Attribute(String),
    /// A member of the request is not as the service model wants it: the member.
    Member(String),
    /// What a function of the pool says to the person.
    FunctionSaid(String),
}

impl Text {
    /// A text with a key.
    pub fn keyed(key: Key, words: impl Into<Cow<'static, str>>) -> Self {
        Self { words: words.into(), key: Some(key) }
    }

    /// What it is about.
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
