//! A cache of the parsed signing keys of pools. The key with a given ID never changes, so a cached key is never wrong.
//! A pool may have been deleted since its keys were cached, but the statement that serves a request checks that the
//! pool and the session still exist. Keys are read again after a minute.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use time::{Duration, OffsetDateTime};

use crate::{
    error::{Error, Result},
    sealing::SealingKey,
    store::{self, Connections},
    tokens::{PoolKeys, SigningKey},
};

/// For how long cached keys are used. This is also the time after which every replica has seen a new key.
const FRESH: Duration = Duration::minutes(1);
/// If the cache has this many pools, those whose keys are older than [`FRESH`] are dropped before another is added.
const LIMIT: usize = 1_000;

/// The cache.
#[derive(Default)]
pub struct KeyRing {
    pools: RwLock<HashMap<String, (OffsetDateTime, Arc<PoolKeys>)>>,
}

impl KeyRing {
    /// Returns the keys of a pool; `None` if there is no such pool.
    pub async fn of_pool(
        &self,
        db: &Connections,
        sealing: &SealingKey,
        pool_id: &str,
        now: OffsetDateTime,
    ) -> Result<Option<Arc<PoolKeys>>> {
        if let Some(keys) = self.known(pool_id, now) {
            return Ok(Some(keys));
        }
        let stored = store::keys::list(db, sealing, pool_id).await?;
        if stored.is_empty() {
            return Ok(None);
        }
        let current = |token_use: &str| {
            let key = stored.iter().find(|key| key.token_use == token_use && key.state == "current");
            let key = key.ok_or_else(|| Error::internal(format!("pool {pool_id} has no current {token_use} key")))?;
            SigningKey::from_pkcs8(key.public.kid.clone(), &key.private)
        };
        let verifying = |token_use: &str| {
            let keys = stored.iter().filter(|key| key.token_use == token_use);
            keys.map(|key| Ok((key.public.kid.clone(), key.public.decoding()?))).collect::<Result<_>>()
        };
        let (access, id) = (current("access")?, current("id")?);
        let keys = Arc::new(PoolKeys { access, id, verifying: verifying("access")?, verifying_ids: verifying("id")? });
        let mut pools = self.pools.write().unwrap_or_else(PoisonError::into_inner);
        if pools.len() >= LIMIT {
            pools.retain(|_, (read_at, _)| now - *read_at < FRESH);
        }
        pools.insert(pool_id.to_owned(), (now, keys.clone()));
        Ok(Some(keys))
    }

    /// Like [`Self::of_pool`], but never queries the database. Returns `None` if this replica has not read the keys
    /// within the last minute.
    pub fn known(&self, pool_id: &str, now: OffsetDateTime) -> Option<Arc<PoolKeys>> {
        let pools = self.pools.read().unwrap_or_else(PoisonError::into_inner);
        pools.get(pool_id).filter(|(read_at, _)| now - *read_at < FRESH).map(|(_, keys)| keys.clone())
    }
}
