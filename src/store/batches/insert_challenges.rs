//! Stores challenges of sign-ins.

use time::OffsetDateTime;

use crate::{
    group_commit::{Batch, BatchResult},
    pending,
    store::{Connections, challenges::Challenge},
};

/// The arguments of one call of [`crate::store::challenges::insert`].
pub struct NewChallenge {
    pub pool_id: String,
    pub challenge: Challenge,
    pub now: OffsetDateTime,
}

/// Inserts challenges.
pub struct InsertChallenges {
    pub db: Connections,
}

impl Batch for InsertChallenges {
    type Request = NewChallenge;
    type Answer = ();

    async fn run(&self, requests: Vec<NewChallenge>) -> BatchResult<()> {
        let count = requests.len();
        let (mut pools, mut ids, mut kinds, mut clients) = (vec![], vec![], vec![], vec![]);
        let (mut subs, mut data, mut times, mut expiries) = (vec![], vec![], vec![], vec![]);
        for NewChallenge { pool_id, challenge, now } in requests {
            let (kind, members) = pending::write(&challenge.state, &challenge.bounds);
            pools.push(pool_id);
            ids.push(challenge.id);
            kinds.push(kind.to_owned());
            clients.push(challenge.client_id);
            subs.push(challenge.sub);
            data.push(members);
            times.push(now);
            expiries.push(challenge.expires_at);
        }
        let mut db = self.db.acquire().await.map_err(super::not_begun)?;
        sqlx::query!(
            "INSERT INTO challenges (user_pool_id, id, kind, client_id, sub, data, created_at, expires_at)
             SELECT * FROM unnest((SELECT $1::text[]), (SELECT $2::uuid[]), (SELECT $3::text[]), (SELECT $4::text[]),
                 (SELECT $5::uuid[]), (SELECT $6::jsonb[]), (SELECT $7::timestamptz[]), (SELECT $8::timestamptz[]))",
            &pools,
            &ids,
            &kinds,
            &clients,
            &subs as &[Option<uuid::Uuid>],
            &data,
            &times,
            &expiries
        )
        .execute(&mut db)
        .await?;
        Ok(vec![Some(()); count])
    }
}
