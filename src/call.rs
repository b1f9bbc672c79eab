//! [`Call`]: one API request, as it came. Operations see only its [`Context`].

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::{
    budgets,
    context::Context,
    error::{Error, Result},
    wire,
};

/// One request to the API, before anything in it is trusted.
pub struct Call {
    /// What is known about the request.
    pub context: Context,
    /// Whether the operation reads or writes.
    pub access: Access,
    /// Method, path with query, and headers, for checking the signature.
    pub head: Head,
    /// The body as it came.
    pub body: Bytes,
    /// Deepest nesting allowed in the body.
    pub max_nesting: usize,
}

/// How an operation affects the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
    /// Writes single users and what belongs to them.
    WriteUsers,
}

impl Access {
    /// The budget that the operation draws on.
    pub fn kind(self) -> budgets::Kind {
        match self {
            Self::Read => budgets::Kind::Read,
            Self::Write | Self::WriteUsers => budgets::Kind::Write,
        }
    }
}

/// A request's head as text. Headers that are not text are left out.
pub struct Head {
    /// `POST`
    pub method: String,
    /// Path and query.
    pub uri: String,
    /// Lower-case names and values, in the order in which they came.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The first value of a header, by its lower-case name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

impl Call {
    /// The body as JSON, checked against the service model, without nulls and unknown members.
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
