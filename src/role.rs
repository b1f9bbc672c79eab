//! The roles of operators' keys, as they are stored.

/// What an operator's key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Administrator,
    /// Users and reading.
    Support,
    /// Reading.
    ReadOnly,
}

impl Role {
    /// The role with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "administrator" => Self::Administrator,
            "support" => Self::Support,
            "read-only" => Self::ReadOnly,
            _ => return None,
        })
    }
}
