//! What the steps of a sign-in prove.
//!
//! Each factor gives a [`Proof`]. None of them knows what comes next; [`super::next`] decides that.

use crate::{
    factor::ChallengeName,
    flows::sign_in::step::Outcome,
    pending::{Answered, Carried},
    store::{Transaction, challenges::Challenge, sessions::OpenedWith, users::User},
};

/// The result of answering a challenge.
pub enum Step {
    /// The same factor asks another challenge.
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
    /// The password of this user, as the user was read. If it answers a challenge, the next step uses that challenge
    /// up.
    Password { username: String, user: User, answers: Option<uuid::Uuid> },
    /// A password proved by SRP in the middle of custom challenges.
    PasswordOfCustom { username: String, user: User, pending: Challenge, custom: Vec<Answered> },
    /// The user's own new password, stored in place of a temporary one. In the middle of custom challenges, `custom`
    /// has the challenges answered so far.
    NewPassword { tx: Transaction, username: String, user: User, custom: Option<Vec<Answered>> },
    /// A second factor, proved by the challenge of this name.
    SecondFactor { tx: Transaction, username: String, user: User, challenge: ChallengeName, carried: Carried },
    /// The client is this remembered device.
    Device { tx: Transaction, username: String, user: User, key: String },
    /// A factor that is enough by itself: a code, a passkey, or the session of a sign-up that was just confirmed.
    Enough { tx: Transaction, user: User, with: OpenedWith, methods: Vec<&'static str> },
    /// The pool's own functions decided that the sign-in is complete.
    Custom { tx: Transaction, user: User, methods: Vec<&'static str> },
}
