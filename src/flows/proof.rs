//! What the steps of a sign-in prove. Each factor gives a [`Proof`], and none knows what comes next: see [`super::next`].

use serde_json::{Value, json};

use crate::{
    flows::step::Outcome,
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
    PasswordOfCustom { username: String, user: User, pending: Challenge },
    /// A password of the user's own, stored in place of a temporary one.
    NewPassword { tx: Transaction, username: String, user: User, carried: Carried },
    /// A second factor, by the challenge of this name.
    SecondFactor { tx: Transaction, username: String, user: User, challenge: String, carried: Carried },
    /// That the client is this remembered device.
    Device { tx: Transaction, username: String, user: User, key: String },
    /// A factor that is enough by itself: a code, a passkey, the session of a sign-up that was just confirmed.
    Enough { tx: Transaction, user: User, with: OpenedWith, methods: Vec<&'static str> },
    /// What the pool's own functions found to be enough.
    Custom { tx: Transaction, user: User, methods: Vec<&'static str> },
}

/// What goes on with a sign-in through its further challenges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// The device that proved itself.
    pub device: Option<String>,
    /// The known device that the sign-in names.
    pub named_device: Option<String>,
    /// Of a sign-in by custom challenges: how far it is.
    pub custom: Option<Value>,
}

impl Carried {
    /// Puts it into a challenge's data.
    pub fn put(&self, data: &mut Value) {
        data["device"] = json!(self.device);
        data["namedDevice"] = json!(self.named_device);
        if let Some(custom) = &self.custom {
            data["custom"] = custom.clone();
        }
    }

    /// From a challenge's data.
    pub fn of(pending: &Challenge) -> Self {
        Self {
            device: pending.data["device"].as_str().map(str::to_owned),
            named_device: pending.data["namedDevice"].as_str().map(str::to_owned),
            custom: Some(pending.data["custom"].clone()).filter(|custom| !custom.is_null()),
        }
    }
}

/// Whether a challenge is part of a sign-in by custom challenges.
pub fn is_of_custom(pending: &Challenge) -> bool {
    pending.data["custom"].is_array()
}

/// Whether a user's challenge asks for a second factor.
pub fn is_second_factor(pending: &Challenge) -> bool {
    pending.data["mfa"] == true
}
