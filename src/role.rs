//! The roles of operators' keys, with the names by which they are stored.

/// What an operator's key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// May do everything.
    Administrator,
    /// May call the operations that read, and those that change users.
    Support,
    /// May call only the operations that read.
    ReadOnly,
}

impl Role {
    /// Returns the role with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "administrator" => Self::Administrator,
            "support" => Self::Support,
            "read-only" => Self::ReadOnly,
            _ => return None,
        })
    }
}
