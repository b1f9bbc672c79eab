//! What the steps of a sign-in prove. Each factor gives a [`Proof`], and none knows what comes next: see [`super::next`].

use crate::{
    factor::ChallengeName,
    flows::sign_in::step::Outcome,
    pending::{Answered, Carried},
    store::{Transaction, challenges::Challenge, sessions::OpenedWith, users::User},
};

/// What answering a challenge comes to.
pub enum Step {
    /// Another challenge of the same factor.
    Asked(Outcome),
    Proved(Box<Proof>),
}

impl From<Proof> for Step {
    fn from(proof: Proof) -> Self {
        Self::Proved(Box::new(proof))
    }
}

/// What was proved. A transaction in it holds the user's row and has used the challenge up; it is not committed.
pub enum Proof {
    /// The password of this user, as the user was read. The challenge that it answers, if any, is used up by what follows.
    Password { username: String, user: User, answers: Option<uuid::Uuid> },
    /// The same in the middle of custom challenges, by SRP.
    PasswordOfCustom { username: String, user: User, pending: Challenge, custom: Vec<Answered> },
    /// A password of the user's own, stored in place of a temporary one. `custom`: the challenges answered before, in the middle
    /// of custom ones.
    NewPassword { tx: Transaction, username: String, user: User, custom: Option<Vec<Answered>> },
    /// A second factor, by the challenge of this name.
    SecondFactor { tx: Transaction, username: String, user: User, challenge: ChallengeName, carried: Carried },
    /// That the client is this remembered device.
    Device { tx: Transaction, username: String, user: User, key: String },
    /// A factor that is enough by itself: a code, a passkey, the session of a sign-up that was just confirmed.
    Enough { tx: Transaction, user: User, with: OpenedWith, methods: Vec<&'static str> },
    /// What the pool's own functions found to be enough.
    Custom { tx: Transaction, user: User, methods: Vec<&'static str> },
}
