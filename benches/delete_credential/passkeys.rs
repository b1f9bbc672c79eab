//! Deleting and listing passkeys, with the tokens of distinct users: straight, one statement for each, and over HTTP.

use base64::{Engine, prelude::*};
use futures_util::future::join_all;
use keystead::{
    clock::{Clock, SystemClock},
    random,
    store::{self, Connections, audit::Trail},
};
use serde_json::json;

use crate::{
    Bench,
    support::{
        client::{Connection, call, connect},
        load::Target,
        measure::{UsedUp, Work, measure},
    },
    table::{Pairs, Row},
};

pub async fn deletes(bench: &Bench<'_>, count: usize, targets: &mut Vec<Target>) -> Result<(), UsedUp> {
    let mut pairs = Pairs::default();
    for _ in 0..bench.options.rounds {
        let bare = bench.straight(count, count, targets, delete_straight).await?;
        pairs.add(bare, bench.over_http(count, targets, delete_served).await?);
    }
    pairs.print("DELETE straight", "DeleteWebAuthnCredential", count, bench.cryptography.rsa_verification);
    Ok(())
}

pub async fn lists(bench: &Bench<'_>, count: usize, targets: &[Target]) -> Result<(), UsedUp> {
    let mut pairs = Pairs::default();
    // Through one pool, of as many connections as Keystead's.
    let pool_size = bench.options.config.database_connections as usize;
    for _ in 0..bench.options.rounds {
        let bare = bench.straight(count, pool_size, &mut targets.to_vec(), list_straight).await?;
        pairs.add(bare, bench.over_http(count, &mut targets.to_vec(), list_served).await?);
    }
    pairs.print("SELECT straight", "ListWebAuthnCredentials", count, bench.cryptography.rsa_verification);
    Ok(())
}

impl Bench<'_> {
    /// Work on a pool of connections of its own. As many as are used: a pool hands them out in turn, and idle ones have
    /// cold caches.
    async fn straight(
        &self,
        connections: usize,
        pool_size: usize,
        targets: &mut Vec<Target>,
        work: impl for<'a> Fn(&'a mut (Connections, String), &'a Target) -> Work<'a> + Copy + Send + 'static,
    ) -> Result<Row, UsedUp> {
        let limits = self.options.config.database_limits();
        let options = self.stage.cluster.connect_options("bench");
        let db = Connections::new(options, limits, u32::try_from(pool_size).unwrap());
        // They are made before the time begins: making one costs as much as many statements.
        drop(join_all((0..pool_size).map(|_| db.acquire())).await);
        let pool = &self.database.pool;
        let running = self.meter.start(self.served).await;
        let measured =
            measure(connections, self.options.time(), targets, async |_| (db.clone(), pool.clone()), work).await;
        let cost = running.stop(measured.as_ref().map_or(0, |measured| measured.count)).await;
        db.close_all().await;
        Ok(Row { measured: measured?, cost })
    }

    async fn over_http(
        &self,
        connections: usize,
        targets: &mut Vec<Target>,
        work: impl for<'a> Fn(&'a mut Connection, &'a Target) -> Work<'a> + Copy + Send + 'static,
    ) -> Result<Row, UsedUp> {
        let address = self.served.address;
        let running = self.meter.start(self.served).await;
        let measured = measure(connections, self.options.time(), targets, async |_| connect(address).await, work).await;
        let cost = running.stop(measured.as_ref().map_or(0, |measured| measured.count)).await;
        Ok(Row { measured: measured?, cost })
    }
}

fn delete_straight<'a>((db, pool): &'a mut (Connections, String), target: &'a Target) -> Work<'a> {
    Box::pin(async move {
        let trail = Trail::by_user(SystemClock.now(), random::uuid());
        let mut db = db.acquire().await.unwrap();
        let done =
            store::passkeys::delete(&mut db, pool, target.sub, target.origin_jti, &target.id, &trail).await.unwrap();
        assert!(matches!(done, store::passkeys::Deletion::Done(_)), "{done:?}");
    })
}

fn delete_served<'a>(connection: &'a mut Connection, target: &'a Target) -> Work<'a> {
    Box::pin(async move {
        let id = BASE64_URL_SAFE_NO_PAD.encode(&target.id);
        let input = json!({"AccessToken": &*target.token, "CredentialId": id});
        let (status, body) = call(connection, "DeleteWebAuthnCredential", &input).await;
        assert_eq!(status, 200, "{body}");
    })
}

fn list_straight<'a>((db, pool): &'a mut (Connections, String), target: &'a Target) -> Work<'a> {
    Box::pin(async move {
        let mut db = db.acquire().await.unwrap();
        let listed = store::passkeys::list_live(&mut db, pool, target.sub, target.origin_jti, None, 21).await.unwrap();
        assert!(listed.is_some());
    })
}

fn list_served<'a>(connection: &'a mut Connection, target: &'a Target) -> Work<'a> {
    Box::pin(async move {
        let (status, body) = call(connection, "ListWebAuthnCredentials", &json!({"AccessToken": &*target.token})).await;
        assert_eq!(status, 200, "{body}");
    })
}
