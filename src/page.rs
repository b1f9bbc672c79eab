//! Pagination of lists by opaque, tamper-evident tokens, which contain the last key of the previous page.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::{Error, Result},
    sealing::SealingKey,
};

/// Opens a token. Returns the last list key of the previous page; `None` for the first page, which has no token. Tokens
/// are bound to the name of their list, `list`, so that tokens of other lists are refused.
pub fn open<K: DeserializeOwned>(key: &SealingKey, list: &str, token: Option<&str>) -> Result<Option<K>> {
    let Some(token) = token else { return Ok(None) };
    let invalid =
        || Error::InvalidParameter("Invalid pagination token; use the one from the last page unchanged.".into());
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    let plain = key.open(&format!("page of {list}"), &sealed).map_err(|_| invalid())?;
    serde_json::from_slice(&plain).map(Some).map_err(|_| invalid())
}

/// Cuts a page to `limit` rows. The caller reads one row more than `limit`. If that row exists, there is a next page,
/// and its token is returned.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// All pages together are the whole list, in order, for any page size.
        #[test]
        fn pages_make_up_the_list(list in proptest::collection::btree_set(any::<u32>(), 0..60), limit in 1_i64..20) {
            let key = SealingKey::new(&[1; 32]);
            let (mut seen, mut token, mut pages) = (Vec::new(), None, 0);
            loop {
                let after: Option<u32> = open(&key, "numbers", token.as_deref()).unwrap();
                let rest = list.iter().copied().filter(|n| after.is_none_or(|after| *n > after));
                let (page, next) = cut(&key, "numbers", rest.take(limit as usize + 1).collect(), limit, |n| *n);
                prop_assert!(page.len() <= limit as usize);
                seen.extend(page);
                pages += 1;
                token = next;
                if token.is_none() {
                    break;
                }
            }
            prop_assert_eq!(seen, list.iter().copied().collect::<Vec<_>>());
            prop_assert!(pages <= list.len() / limit as usize + 1);
        }

        /// A token that was changed, or that belongs to another list, is refused.
        #[test]
        fn tokens_are_tamper_evident(last in any::<u32>(), at in any::<prop::sample::Index>(), flip in 1_u8..) {
            let key = SealingKey::new(&[1; 32]);
            let token = cut(&key, "numbers", vec![last, last], 1, |n| *n).1.unwrap();
            let opened = open::<u32>(&key, "numbers", Some(&token)).unwrap();
            prop_assert_eq!(opened, Some(last));
            prop_assert!(open::<u32>(&key, "others", Some(&token)).is_err());
            let mut sealed = BASE64_URL_SAFE_NO_PAD.decode(&token).unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= flip;
            let changed = BASE64_URL_SAFE_NO_PAD.encode(sealed);
            prop_assert!(open::<u32>(&key, "numbers", Some(&changed)).is_err());
        }
    }
}
