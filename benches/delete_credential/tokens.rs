//! Sign-ins with passwords, and new tokens for refresh tokens.

use std::time::{Duration, Instant};

use keystead::{app::App, secret::Secret};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{sign_in::Person, support::client::call};

const PASSWORD: &str = "Right-Passw0rd";

/// Gives everybody the same password.
pub async fn give_passwords(app: &App, pool: &str, people: &[Person]) {
    let hash = app.passwords.hash(Secret::from(PASSWORD.to_owned())).await.unwrap();
    let subs: Vec<Uuid> = people.iter().map(|person| person.sub).collect();
    sqlx::query(
        "UPDATE users SET password_hash = $1, password_set_at = now() WHERE user_pool_id = $2 AND sub = ANY($3)",
    )
    .bind(hash)
    .bind(pool)
    .bind(subs)
    .execute(&app.db)
    .await
    .unwrap();
}

/// Signs in with USER_PASSWORD_AUTH.
pub async fn password(person: &mut Person) -> Option<Duration> {
    let input = json!({"ClientId": person.client, "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": person.name, "PASSWORD": PASSWORD}});
    let at = Instant::now();
    let (status, body) = call(&mut person.connection, "InitiateAuth", &input).await;
    assert_eq!(status, 200, "{body}");
    Some(at.elapsed())
}

/// Signs everybody in, for refresh tokens.
pub async fn get_refresh_tokens(people: &mut [Person]) {
    for person in people {
        let (_, _, body) = person.two_calls().await;
        let body: Value = body.parse().unwrap();
        person.refresh_token = body["AuthenticationResult"]["RefreshToken"].as_str().unwrap().to_owned();
    }
}

/// Gets new tokens for the same refresh token.
pub async fn refresh(person: &mut Person) -> Option<Duration> {
    let input = json!({"ClientId": person.client, "RefreshToken": person.refresh_token});
    let at = Instant::now();
    let (status, body) = call(&mut person.connection, "GetTokensFromRefreshToken", &input).await;
    assert_eq!(status, 200, "{body}");
    Some(at.elapsed())
}
