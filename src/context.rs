//! [`Context`]: what the code that handles a request knows about the request.

use std::net::IpAddr;

use uuid::Uuid;

/// Where a request comes from, through which door, and which operation it calls. The request's content is not included,
/// because handlers get the content as their input.
#[derive(Clone, Debug)]
pub struct Context {
    /// The `x-amzn-RequestId`, which is also in the log and in audit rows.
    pub request_id: Uuid,
    /// The name of the operation that is carried out, without the prefix of `X-Amz-Target`. Empty while a page carries
    /// out no operation.
    pub operation: String,
    /// The caller's address.
    pub address: IpAddr,
    pub door: Door,
    /// Identifies the browser of a person who visits the pages. `None` for the API.
    pub browser: Option<String>,
    /// The caller's `User-Agent`, as far as it is kept: printable ASCII, at most 256 characters.
    pub user_agent: Option<String>,
}

/// The longest `User-Agent` that is kept, in bytes.
const LONGEST_USER_AGENT: usize = 256;

/// Returns as much of a `User-Agent` as is kept.
pub fn kept_user_agent(header: &str) -> String {
    header.chars().filter(|c| *c == ' ' || c.is_ascii_graphic()).take(LONGEST_USER_AGENT).collect()
}

/// The door, that is the interface, through which a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The API, called by anyone.
    Api,
    /// The API, with an operator's signature.
    Operator,
    /// The pages, on behalf of the person who visits them.
    Pages,
}

impl Door {
    /// Whether responses for unknown people must look like those for known people. `wanted` is the app client's
    /// setting. It does not matter on the pages, where responses always look alike.
    pub fn hides_existence(self, wanted: bool) -> bool {
        self == Self::Pages || wanted
    }

    /// Whether a confidential app client must prove that it knows its secret.
    ///
    /// On the pages, this is not necessary, because they are Keystead's own, and a person who fills in a form does not
    /// know the client's secret.
    pub fn asks_for_secrets(self) -> bool {
        self != Self::Pages
    }

    /// Whether the address of a request is that of one person, so that requests can be counted by address.
    ///
    /// `has_secret` says whether the app client has a secret. A client with a secret is a server, which sends requests
    /// for many people.
    pub fn is_one_person(self, has_secret: bool) -> bool {
        match self {
            Self::Api => !has_secret,
            Self::Pages => true,
            Self::Operator => false,
        }
    }

    /// Whether an app client's `ExplicitAuthFlows` apply. They do not apply to sign-ins on Keystead's own pages.
    pub fn is_bound_by_flows(self) -> bool {
        self != Self::Pages
    }
}
