//! What holds for any mix of requests and any order: found by trying many at random.

use std::collections::BTreeMap;

use keystead::{clock::Clock, dev::authenticator::Authenticator, random};
use serde_json::json;
use time::Duration;

use crate::support::{PASSWORD, Person, TestServer, all, client, pool};

fn dice(sides: usize) -> usize {
    usize::from(u16::from_be_bytes(random::bytes())) % sides
}

/// Wrong passwords as docs/cognito.md 4.7 counts them.
#[derive(Default)]
struct Lockout {
    failures: u32,
    last_failed: Duration,
    locked_until: Duration,
}

impl Lockout {
    /// What a guess comes to at this time.
    fn guess(&mut self, right: bool, now: Duration) -> &'static str {
        if self.locked_until > now {
            return "400 NotAuthorizedException: Password attempts exceeded";
        }
        if right {
            *self = Self::default();
            return "OK";
        }
        let quiet = now - self.last_failed > Duration::minutes(15);
        self.failures = if quiet { 1 } else { self.failures + 1 };
        self.last_failed = now;
        if self.failures >= 5 {
            self.locked_until = now + Duration::minutes(15).min(Duration::SECOND * 2_i32.pow(self.failures - 5));
        }
        "400 NotAuthorizedException: Incorrect username or password."
    }
}

#[tokio::test]
async fn guesses_in_any_order_are_counted_as_the_guide_says() {
    let server = TestServer::start().await;
    for round in 0..8 {
        let (person, mut model) = (server.user(&format!("user{round}")).await, Lockout::default());
        let (start, mut told) = (server.clock.now(), Vec::new());
        for _ in 0..45 {
            // Multiples of seven seconds: no lock (a power of two) and no quiet time (900) ends near one, so that the moment
            // a call takes decides nothing.
            let wait = [0, 0, 0, 0, 7, 7, 14, 63, 504, 896, 903][dice(11)];
            server.clock.advance(Duration::seconds(wait));
            let now = server.clock.now() - start + Duration::hours(1);
            let right = dice(8) == 0;
            let password = if right { PASSWORD } else { "Wrong-Passw0rd" };
            let answer = person.password_sign_in(client(), password).await;
            let said = if answer.status == 200 { "OK".to_owned() } else { answer.refused() };
            told.push(format!("after {wait} s {} : {said}", if right { "right" } else { "wrong" }));
            assert_eq!(said, model.guess(right, now), "{}", told.join("\n"));
        }
    }
}

#[tokio::test]
async fn any_mix_of_deletes_comes_to_what_each_would_have_come_to_alone() {
    let server = TestServer::start().await;
    let replica = server.replica().await;
    let (mut ada, mut bob) = (server.signed_in("ada").await, server.signed_in("bob").await);
    let ended = ada.clone();
    ended.call("GlobalSignOut", json!({})).await.ok();
    // The clock decides which sessions a sign-out ended.
    ada.sign_in().await;
    let (carl, dora) = (server.signed_in("carl").await, server.signed_in("dora").await);
    server.operator("AdminDisableUser", json!({"UserPoolId": pool(), "Username": "carl"})).await.ok();
    server.sql("UPDATE users SET status = 'RESET_REQUIRED' WHERE username = 'dora'").await;
    for round in 0..15 {
        let mut ids = Vec::new();
        for owner in [&mut ada, &mut bob] {
            for _ in 0..2 {
                owner.authenticator = Authenticator::new();
                ids.push((owner.username.clone(), owner.add_passkey().await));
            }
        }
        ids.push(("nobody".to_owned(), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned()));
        ids.push(("nobody".to_owned(), "not base64url".to_owned()));
        let people: [(&str, &Person); 5] =
            [("live", &ada), ("live", &bob), ("ended", &ended), ("disabled", &carl), ("reset", &dora)];
        let asked: Vec<_> = (0..30).map(|_| (people[dice(5)], ids[dice(ids.len())].clone(), dice(2))).collect();
        let outcomes = all(asked.iter().map(|((_, person), (_, id), at)| {
            let (person, id) = (person.at([&server, &replica][*at]), id.clone());
            async move { person.delete_passkey(&id).await.outcome() }
        }))
        .await;
        let mut own: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (((kind, person), (owner, id), _), outcome) in asked.iter().zip(&outcomes) {
            let alone = match *kind {
                "ended" | "disabled" => "NotAuthorizedException",
                "reset" => "PasswordResetRequiredException",
                _ if *owner != person.username => "ResourceNotFoundException",
                _ => {
                    own.entry(id).or_default().push(outcome);
                    continue;
                }
            };
            assert_eq!(outcome, alone, "round {round}: {kind} {} asked for {owner}'s", person.username);
        }
        for (id, mut outcomes) in own.clone() {
            outcomes.sort_unstable();
            let mut expected = vec!["ResourceNotFoundException"; outcomes.len()];
            expected[0] = "OK";
            assert_eq!(outcomes, expected, "round {round}: {id}");
        }
        // What nobody who may asked for is still there; then all goes, for the next round.
        for owner in [&ada, &bob] {
            let left = ids.iter().filter(|(name, id)| *name == owner.username && !own.contains_key(id.as_str()));
            let left: Vec<_> = left.map(|(_, id)| id.clone()).collect();
            assert_eq!(owner.listed().await, left, "round {round}");
            for id in left {
                owner.delete_passkey(&id).await.ok();
            }
        }
    }
}
