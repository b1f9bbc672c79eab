//! A user with a password and an authenticator.

use keystead::dev::authenticator::{Authenticator, Spoil};
use serde_json::{Value, json};

use super::{Answer, PASSWORD, TestServer, client, initiate, target};

/// The origin of every ceremony.
pub const ORIGIN: &str = "http://localhost:3000";

#[derive(Clone)]
pub struct Person {
    pub username: String,
    pub sub: String,
    pub access_token: String,
    pub id_token: String,
    pub refresh_token: String,
    pub authenticator: Authenticator,
    pub url: String,
    http: reqwest::Client,
}

impl Person {
    pub fn new(server: &TestServer, username: &str, sub: &str) -> Self {
        Self {
            username: username.into(),
            sub: sub.into(),
            access_token: String::new(),
            id_token: String::new(),
            refresh_token: String::new(),
            authenticator: Authenticator::new(),
            url: server.url.clone(),
            http: server.http.clone(),
        }
    }

    /// Someone who talks to a server that is not a [`TestServer`].
    pub fn at_url(url: &str, username: &str) -> Self {
        Self {
            username: username.into(),
            sub: String::new(),
            access_token: String::new(),
            id_token: String::new(),
            refresh_token: String::new(),
            authenticator: Authenticator::new(),
            url: url.into(),
            http: reqwest::Client::new(),
        }
    }

    /// The same person, talking to another replica.
    pub fn at(&self, server: &TestServer) -> Self {
        self.at_url_of(&server.url)
    }

    /// The same person, talking to the server at this address.
    pub fn at_url_of(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    async fn post(&self, operation: &str, input: Value) -> Answer {
        let request = self
            .http
            .post(&self.url)
            .header("x-amz-target", target(operation))
            .header("content-type", "application/x-amz-json-1.1");
        Answer::of_operation(operation, request.body(input.to_string()).send().await.expect("an answer")).await
    }

    /// A call without an access token.
    pub async fn post_public(&self, operation: &str, input: Value) -> Answer {
        self.post(operation, input).await
    }

    /// A call with the access token.
    pub async fn call(&self, operation: &str, mut input: Value) -> Answer {
        input["AccessToken"] = json!(self.access_token);
        self.post(operation, input).await
    }

    /// A password sign-in through the first client.
    pub async fn password_sign_in(&self, client_id: &str, password: &str) -> Answer {
        let input = initiate(client_id, "USER_PASSWORD_AUTH", json!({"USERNAME": self.username, "PASSWORD": password}));
        self.post("InitiateAuth", input).await
    }

    pub async fn sign_in(&mut self) {
        let answer = self.password_sign_in(client(), PASSWORD).await.ok();
        self.keep_tokens(&answer);
    }

    pub async fn sign_in_to(&mut self, client_id: &str) {
        let answer = self.password_sign_in(client_id, PASSWORD).await.ok();
        self.keep_tokens(&answer);
    }

    /// The passkeys after signing in again, because the issuer's port may have changed.
    pub async fn listed_with_new_sign_in(&mut self, client_id: &str) -> Vec<String> {
        self.sign_in_to(client_id).await;
        self.listed().await
    }

    /// Deletes a passkey; `None` when the connection broke or nothing came back in ten seconds.
    pub async fn try_delete(&self, id: &str) -> Option<Answer> {
        let input = json!({"AccessToken": self.access_token, "CredentialId": id}).to_string();
        let request = self
            .http
            .post(&self.url)
            .timeout(std::time::Duration::from_secs(10))
            .header("x-amz-target", "AWSCognitoIdentityProviderService.DeleteWebAuthnCredential");
        let answer = request.body(input).send().await.ok()?;
        Some(Answer::of(answer).await)
    }

    pub fn keep_tokens(&mut self, answer: &Value) {
        let text = |member: &str| answer["AuthenticationResult"][member].as_str().unwrap_or_default().to_owned();
        self.access_token = text("AccessToken");
        self.id_token = text("IdToken");
        self.refresh_token = text("RefreshToken");
        assert!(!self.access_token.is_empty(), "{answer}");
    }

    /// The creation options of a new registration.
    pub async fn start_registration(&self) -> Value {
        self.call("StartWebAuthnRegistration", json!({})).await.ok()["CredentialCreationOptions"].clone()
    }

    /// Registers a passkey and returns its ID.
    pub async fn add_passkey(&mut self) -> String {
        let options = self.start_registration().await;
        let credential = self.authenticator.create(&options, ORIGIN, &Spoil::default()).unwrap();
        self.call("CompleteWebAuthnRegistration", json!({"Credential": credential})).await.ok();
        credential["id"].as_str().unwrap().to_owned()
    }

    /// The IDs that ListWebAuthnCredentials shows.
    pub async fn listed(&self) -> Vec<String> {
        let answer = self.call("ListWebAuthnCredentials", json!({})).await.ok();
        let ids = answer["Credentials"].as_array().unwrap().iter();
        ids.map(|credential| credential["CredentialId"].as_str().unwrap().to_owned()).collect()
    }

    pub async fn delete_passkey(&self, id: &str) -> Answer {
        self.call("DeleteWebAuthnCredential", json!({"CredentialId": id})).await
    }

    /// A WEB_AUTHN challenge: the session and the request options.
    pub async fn passkey_challenge(&self) -> (String, Value) {
        let input =
            initiate(client(), "USER_AUTH", json!({"USERNAME": self.username, "PREFERRED_CHALLENGE": "WEB_AUTHN"}));
        let answer = self.post("InitiateAuth", input).await.ok();
        assert_eq!(answer["ChallengeName"], "WEB_AUTHN", "{answer}");
        let options = answer["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().unwrap();
        (answer["Session"].as_str().unwrap().to_owned(), serde_json::from_str(options).unwrap())
    }

    /// The answer to a WEB_AUTHN challenge.
    pub async fn respond(&self, session: &str, credential: &Value) -> Answer {
        let input = super::respond(
            client(),
            "WEB_AUTHN",
            &json!(session),
            json!({"USERNAME": self.username, "CREDENTIAL": credential.to_string()}),
        );
        self.post("RespondToAuthChallenge", input).await
    }

    /// A whole sign-in with the passkey; each field of the assertion may be spoiled.
    pub async fn passkey_sign_in(&mut self, spoil: &Spoil) -> Answer {
        let (session, options) = self.passkey_challenge().await;
        let credential = self.authenticator.get(&options, ORIGIN, spoil).unwrap();
        self.respond(&session, &credential).await
    }
}
