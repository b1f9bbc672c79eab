//! What the steps of a sign-in prove.
//!
//! The module of each factor returns a [`Proof`]. It does not know what comes next; [`super::next`] decides that.

use crate::{
    factor::ChallengeName,
    flows::sign_in::step::Outcome,
    pending::{Answered, Carried, Challenge},
    store::{Transaction, sessions::OpenedWith, users::User},
};

/// The result of answering a challenge.
pub enum Step {
    /// Nothing more is proved yet: the client must first answer another challenge.
    Asked(Outcome),
    Proved(Box<Proof>),
}

impl From<Proof> for Step {
    fn from(proof: Proof) -> Self {
        Self::Proved(Box::new(proof))
    }
}

/// What was proved.
///
/// Where a variant has a transaction, the user's row is locked in it and the challenge is used up; the transaction is
/// not committed yet.
pub enum Proof {
    /// The password of this user, who was read without a lock. If the password answers a challenge, [`super::next`]
    /// uses up that challenge (`answers`).
    Password { username: String, user: User, answers: Option<Box<Challenge>> },
    /// A password proved by SRP in a sign-in by custom challenges.
    PasswordOfCustom { username: String, user: User, pending: Challenge, custom: Vec<Answered> },
    /// The user's own new password, stored in place of a temporary one. In a sign-in by custom challenges, `custom` has
    /// the challenges answered so far.
    NewPassword { tx: Transaction, username: String, user: User, custom: Option<Vec<Answered>> },
    /// A second factor, proved by the challenge of this name.
    SecondFactor { tx: Transaction, username: String, user: User, challenge: ChallengeName, carried: Carried },
    /// The proof of a remembered device, which `key` identifies.
    Device { tx: Transaction, username: String, user: User, key: String },
    /// A factor that is enough by itself: a sign-in code, a passkey, or the session of a sign-up that was just
    /// confirmed.
    Enough { tx: Transaction, user: User, with: OpenedWith, methods: Vec<&'static str> },
    /// The decision of the pool's define auth challenge trigger that the sign-in is complete.
    Custom { tx: Transaction, user: User, methods: Vec<&'static str> },
}
