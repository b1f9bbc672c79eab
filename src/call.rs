//! [`Call`]: one API request as it arrived. Operations do not get the call, but its [`Context`] and its checked input.

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::{
    budgets,
    context::Context,
    error::{Error, Result},
    wire,
};

/// One request to the API, before its caller and its input are checked.
pub struct Call {
    /// What is known about the request.
    pub context: Context,
    /// What the operation does to the data.
    pub access: Access,
    /// Method, path with query, and headers, for checking the signature.
    pub head: Head,
    /// The body as it arrived.
    pub body: Bytes,
    /// The deepest nesting of objects and arrays that the body may have.
    pub max_nesting: usize,
}

/// What an operation does to the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
    /// Writes individual users and what belongs to them.
    WriteUsers,
}

impl Access {
    /// Returns the kind of budget from which a call of such an operation is taken.
    pub fn kind(self) -> budgets::Kind {
        match self {
            Self::Read => budgets::Kind::Read,
            Self::Write | Self::WriteUsers => budgets::Kind::Write,
        }
    }
}

/// The head of a request, as strings.
pub struct Head {
    /// The method, such as `POST`.
    pub method: String,
    /// Path and query; for the pages and the OAuth endpoints, only the path.
    pub uri: String,
    /// Names in lower case, and values. Values of the same name are in the order in which they arrived. For API calls,
    /// headers whose values are not visible ASCII are left out, and so are all headers of a call without a signature.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// Returns the first value of a header, by its lower-case name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

impl Call {
    /// Parses the body as JSON and checks it against the service model. The result has no nulls and no unknown members.
    pub fn input(&self) -> Result<Map<String, Value>> {
        if !wire::depth_within(&self.body, self.max_nesting) {
            return Err(Error::Serialization(Some("The request is nested too deeply".into())));
        }
        let json = serde_json::from_slice(&self.body).map_err(|_| Error::Serialization(None))?;
        let input = wire::validated(&self.context.operation, json)?;
        wire::refuse_unsupported(&self.context.operation, &input)?;
        Ok(input)
    }
}
