//! Pages of lists: opaque, tamper-evident tokens that hold the last key of the page before.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::{Error, Result},
    sealing::SealingKey,
};

/// The key to go on after; `None` for the first page. `list` names the list, so that tokens of others do not open.
pub fn open<K: DeserializeOwned>(key: &SealingKey, list: &str, token: Option<&str>) -> Result<Option<K>> {
    let Some(token) = token else { return Ok(None) };
    let invalid =
        || Error::InvalidParameter("Invalid pagination token; use the one from the last page unchanged.".into());
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    let plain = key.open(&format!("page of {list}"), &sealed).map_err(|_| invalid())?;
    serde_json::from_slice(&plain).map(Some).map_err(|_| invalid())
}

/// Cuts a list that was read one row too far down to `limit` rows, and makes the token of the next page if there is one.
pub fn cut<T, K: Serialize>(
    key: &SealingKey,
    list: &str,
    mut rows: Vec<T>,
    limit: i64,
    last: impl Fn(&T) -> K,
) -> (Vec<T>, Option<String>) {
    let limit = usize::try_from(limit).unwrap_or(0);
    if rows.len() <= limit {
        return (rows, None);
    }
    rows.truncate(limit);
    let token = rows.last().map(|row| {
        let plain = serde_json::to_vec(&last(row)).expect("keys are plain values");
        BASE64_URL_SAFE_NO_PAD.encode(key.seal(&format!("page of {list}"), &plain))
    });
    (rows, token)
}
