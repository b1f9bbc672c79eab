//! [`Context`]: what all that is done for a request knows of it.

use std::net::IpAddr;

use uuid::Uuid;

/// Who asks, through which door. What was asked is the handler's own input.
#[derive(Clone, Debug)]
pub struct Context {
    /// `x-amzn-RequestId`; the same in the log and in audit rows.
    pub request_id: Uuid,
    /// The operation's name, without the target's prefix.
    pub operation: String,
    /// The caller's address.
    pub address: IpAddr,
    pub door: Door,
    /// A mark of the browser in which a person looks at the pages; `None` elsewhere.
    pub browser: Option<String>,
}

/// Through which door a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The API, for anybody.
    Api,
    /// The API, signed by an operator.
    Operator,
    /// The pages, in the name of a person who looks at them.
    Pages,
}

impl Door {
    /// Whether unknown people look like known ones. `wanted`: what the app client wants. The pages never tell who has an account.
    pub fn hides_existence(self, wanted: bool) -> bool {
        self == Self::Pages || wanted
    }

    /// Whether a confidential app client must prove itself. The pages are Keystead's own, whatever client they sign in for, and
    /// whoever fills in a form knows no secret.
    pub fn asks_for_secrets(self) -> bool {
        self != Self::Pages
    }

    /// Whether a client's `ExplicitAuthFlows` bound what it may do. The pages let everybody in to Keystead's own pages.
    pub fn is_bound_by_flows(self) -> bool {
        self != Self::Pages
    }
}
