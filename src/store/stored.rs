//! JSON in the database that this release may not understand.

use sqlx::{Database, Decode, Postgres, Type, error::BoxDynError, types::Json};

/// A JSON column. If this release does not understand the value, only [`Self::read`] fails and not the query. So in a
/// list or a batch, only that one row fails.
#[derive(Debug)]
pub(super) struct Stored<T>(Result<T, String>);

impl<T> Stored<T> {
    /// Returns the value. If this release does not understand it, the error names the column (with its table) and the
    /// row.
    pub(super) fn read(self, column: &str, row: impl std::fmt::Display) -> sqlx::Result<T> {
        self.0.map_err(|why| {
            let said = format!("{column} of {row} is not understood by this release ({why}); see `keystead doctor`");
            sqlx::Error::Decode(said.into())
        })
    }
}

impl<T> Type<Postgres> for Stored<T> {
    fn type_info() -> <Postgres as Database>::TypeInfo {
        Json::<T>::type_info()
    }

    fn compatible(ty: &<Postgres as Database>::TypeInfo) -> bool {
        Json::<T>::compatible(ty)
    }
}

impl<'r, T> Decode<'r, Postgres> for Stored<T>
where
    Json<T>: Decode<'r, Postgres>,
{
    fn decode(value: <Postgres as Database>::ValueRef<'r>) -> Result<Self, BoxDynError> {
        let decoded = Json::<T>::decode(value).map(|json| json.0);
        Ok(Self(decoded.map_err(|cause| cause.to_string())))
    }
}
