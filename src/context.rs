//! [`Context`]: what the code that handles a request knows about it.

use std::net::IpAddr;

use uuid::Uuid;

/// Who makes a request, and through which door. The request's content is the handler's own input.
#[derive(Clone, Debug)]
pub struct Context {
    /// The `x-amzn-RequestId`; the same in the log and in audit rows.
    pub request_id: Uuid,
    /// The operation's name, without the target's prefix.
    pub operation: String,
    /// The caller's address.
    pub address: IpAddr,
    pub door: Door,
    /// Identifies the browser of a person on the pages; `None` elsewhere.
    pub browser: Option<String>,
}

/// The door that a request comes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The API, called by anyone.
    Api,
    /// The API, with an operator's signature.
    Operator,
    /// The pages, on behalf of the person who looks at them.
    Pages,
}

impl Door {
    /// Whether unknown people look like known ones. `wanted` is the app client's setting; the pages never reveal who
    /// has an account.
    pub fn hides_existence(self, wanted: bool) -> bool {
        self == Self::Pages || wanted
    }

    /// Whether a confidential app client must prove itself.
    ///
    /// The pages are Keystead's own, whatever client they sign in for, and a person who fills in a form knows no
    /// secret.
    pub fn asks_for_secrets(self) -> bool {
        self != Self::Pages
    }

    /// Whether each request comes from one person, so that its address can be counted.
    ///
    /// `has_secret` says whether the app client has a secret. Such a client is a server, which asks for many people.
    pub fn is_one_person(self, has_secret: bool) -> bool {
        match self {
            Self::Api => !has_secret,
            Self::Pages => true,
            Self::Operator => false,
        }
    }

    /// Whether a client's `ExplicitAuthFlows` limit what it may do. They do not limit signing in to Keystead's own
    /// pages.
    pub fn is_bound_by_flows(self) -> bool {
        self != Self::Pages
    }
}
