//! People who register, list, sign in with and delete passkeys, several at once for each user, and write down what they
//! were answered.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use keystead::{
    dev::authenticator::{Authenticator, Spoil},
    random, store,
    webauthn::{ALGORITHMS, RelyingParty, creation_options, verify_registration},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{history::Recorder, life::Says, system::System};

const ORIGIN: &str = "http://localhost";
/// Sessions and passkeys of a user that are still looked at.
const SESSIONS: usize = 5;
const PASSKEYS: usize = 24;

/// What a call came to.
enum Answer {
    Ok(Value),
    /// The exception's name and message.
    Refused(String, String),
    /// No answer, or one that does not tell whether anything was done.
    Unknown,
}

#[derive(Clone)]
struct Session {
    number: u64,
    access_token: String,
    refresh_token: String,
    /// The passkey that opened it.
    passkey: String,
}

#[derive(Default)]
struct Possessions {
    /// ID and the authenticator that holds it, newest last; deleted ones too.
    passkeys: Vec<(String, Authenticator)>,
    sessions: Vec<Session>,
    /// Every session's number and the passkey that opened it.
    all_sessions: Vec<(u64, String)>,
    /// Deletions that were or may have been done: of which passkey, by which session, when.
    deletions: Vec<(String, u64, u64, Option<u64>)>,
}

/// A user of one of the pools.
pub struct User {
    pub name: String,
    client_id: String,
    ends_sessions: bool,
    has: Mutex<Possessions>,
}

impl User {
    /// A new user with one passkey.
    pub async fn new(system: &System, pool: usize, recorder: &Recorder) -> Self {
        let (pool_id, client_id) = &system.pools[pool];
        let (sub, now) = (random::uuid(), system.app.clock.now());
        let insert = "INSERT INTO users (user_pool_id, sub, username, username_key, status, created_at, updated_at)
                      VALUES ($1, $2, $2::text, $2::text, 'CONFIRMED', now(), now())";
        sqlx::query(insert).bind(pool_id).bind(sub).execute(&system.app.db).await.unwrap();
        let rp = RelyingParty {
            id: "localhost".into(),
            user_verification_required: false,
            app_origins: Vec::new(),
            related_origins: Vec::new(),
        };
        let mut authenticator = Authenticator::new();
        let options = creation_options(&rp, &[1; 32], (sub, "u"), &ALGORITHMS, &[]);
        let credential = authenticator.create(&options, ORIGIN, &Spoil::default()).unwrap();
        let verified = verify_registration(&rp, &[1; 32], &ALGORITHMS, &credential).unwrap();
        let mut db = system.app.db.acquire().await.unwrap();
        store::passkeys::insert(&mut db, pool_id, sub, "localhost", "first", &verified, 0, now).await.unwrap();
        let id = credential["id"].as_str().unwrap().to_owned();
        recorder.passkey(&id, Says::Born, 0, Some(recorder.now()));
        let has = Mutex::new(Possessions { passkeys: vec![(id, authenticator)], ..Possessions::default() });
        Self { name: sub.to_string(), client_id: client_id.clone(), ends_sessions: pool == 1, has }
    }

    /// Writes into the histories of sessions what the deletions of passkeys did to them.
    pub fn record_ended_sessions(&self, recorder: &Recorder) {
        if !self.ends_sessions {
            return;
        }
        let has = self.has.lock().unwrap();
        for (number, opened_with) in &has.all_sessions {
            for (passkey, by, start, end) in &has.deletions {
                let own = passkey == opened_with;
                let what = match (by == number, own, end) {
                    // The deleting session goes on.
                    (true, ..) => continue,
                    (_, true, Some(_)) => Says::Doomed,
                    (_, true, None) => Says::MaybeDied,
                    (_, false, Some(_)) => Says::Ended,
                    (_, false, None) => Says::MaybeDied,
                };
                recorder.session(*number, what, *start, *end);
            }
        }
    }
}

static NEXT_SESSION: AtomicU64 = AtomicU64::new(1);

/// One client of a user, at work until told to stop.
pub struct Client {
    pub user: Arc<User>,
    pub urls: Vec<String>,
    pub recorder: Recorder,
    pub http: reqwest::Client,
}

impl Client {
    pub async fn work(self, over: Arc<AtomicBool>) {
        while !over.load(Ordering::Relaxed) {
            match dice(100) {
                0..25 => self.register().await,
                25..45 => self.list().await,
                45..70 => self.sign_in().await,
                70..93 => self.delete().await,
                _ => self.revoke().await,
            }
        }
    }

    async fn call(&self, operation: &str, input: Value) -> Answer {
        let url = &self.urls[dice(self.urls.len())];
        let request = self
            .http
            .post(url)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("AWSCognitoIdentityProviderService.{operation}"))
            .body(input.to_string());
        let Ok(answer) = request.send().await else {
            // Nobody listens, perhaps: not too often.
            tokio::time::sleep(Duration::from_millis(5)).await;
            return Answer::Unknown;
        };
        let status = answer.status().as_u16();
        let Ok(text) = answer.text().await else { return Answer::Unknown };
        let body: Value = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        match status {
            200 => {
                self.recorder.count();
                Answer::Ok(body)
            }
            400 => {
                self.recorder.count();
                let text = |member: &str| body[member].as_str().unwrap_or_default().to_owned();
                Answer::Refused(text("__type"), text("message"))
            }
            _ => Answer::Unknown,
        }
    }

    fn session(&self) -> Option<Session> {
        let has = self.user.has.lock().unwrap();
        has.sessions.get(dice(has.sessions.len().max(1))).cloned()
    }

    /// Notes whether a session was accepted, and whether the answer is worth more.
    fn used(&self, session: &Session, answer: &Answer, start: u64) -> bool {
        let end = Some(self.recorder.now());
        match answer {
            Answer::Unknown => false,
            Answer::Refused(code, message) if code == "NotAuthorizedException" => {
                assert_eq!(message, "Access Token has been revoked");
                self.recorder.session(session.number, Says::Gone, start, end);
                let mut has = self.user.has.lock().unwrap();
                // Asked again later, now and then: it must stay ended.
                if dice(3) == 0 {
                    has.sessions.retain(|other| other.number != session.number);
                }
                false
            }
            Answer::Refused(code, _) if code == "TooManyRequestsException" => false,
            _ => {
                self.recorder.session(session.number, Says::There, start, end);
                true
            }
        }
    }

    async fn register(&self) {
        let Some(session) = self.session() else { return self.sign_in().await };
        let start = self.recorder.now();
        let answer = self.call("StartWebAuthnRegistration", json!({"AccessToken": session.access_token})).await;
        if !self.used(&session, &answer, start) {
            return;
        }
        let Answer::Ok(options) = answer else { return };
        let mut authenticator = Authenticator::new();
        let options = &options["CredentialCreationOptions"];
        let credential = authenticator.create(options, ORIGIN, &Spoil::default()).unwrap();
        let id = credential["id"].as_str().unwrap().to_owned();
        let start = self.recorder.now();
        {
            let mut has = self.user.has.lock().unwrap();
            has.passkeys.push((id.clone(), authenticator));
            if has.passkeys.len() > PASSKEYS {
                has.passkeys.remove(0);
            }
        }
        let input = json!({"AccessToken": session.access_token, "Credential": credential});
        let answer = self.call("CompleteWebAuthnRegistration", input).await;
        self.used(&session, &answer, start);
        match answer {
            Answer::Ok(_) => self.recorder.passkey(&id, Says::Born, start, Some(self.recorder.now())),
            Answer::Unknown => self.recorder.passkey(&id, Says::MaybeBorn, start, None),
            Answer::Refused(..) => {}
        }
    }

    /// Writes down which of the user's passkeys were seen, by an answer that shows them all.
    fn seen(&self, shown: &BTreeSet<String>, known: &[String], start: u64) {
        let end = Some(self.recorder.now());
        for id in known {
            let what = if shown.contains(id) { Says::There } else { Says::NotThere };
            self.recorder.passkey(id, what, start, end);
        }
    }

    fn known(&self) -> Vec<String> {
        self.user.has.lock().unwrap().passkeys.iter().map(|(id, _)| id.clone()).collect()
    }

    async fn list(&self) {
        let Some(session) = self.session() else { return };
        let (known, start) = (self.known(), self.recorder.now());
        let mut shown = BTreeSet::new();
        let mut next = Value::Null;
        loop {
            let mut input = json!({"AccessToken": session.access_token});
            if !next.is_null() {
                input["NextToken"] = next;
            }
            let answer = self.call("ListWebAuthnCredentials", input).await;
            if !self.used(&session, &answer, start) {
                return;
            }
            let Answer::Ok(body) = answer else { return };
            let ids = body["Credentials"].as_array().unwrap().iter();
            shown.extend(ids.map(|credential| credential["CredentialId"].as_str().unwrap().to_owned()));
            next = body["NextToken"].clone();
            if next.is_null() {
                return self.seen(&shown, &known, start);
            }
        }
    }

    async fn sign_in(&self) {
        let (id, mut authenticator) = {
            let has = self.user.has.lock().unwrap();
            has.passkeys[dice(has.passkeys.len())].clone()
        };
        let (known, start) = (self.known(), self.recorder.now());
        let input = json!({"ClientId": self.user.client_id, "AuthFlow": "USER_AUTH",
            "AuthParameters": {"USERNAME": self.user.name, "PREFERRED_CHALLENGE": "WEB_AUTHN"}});
        let Answer::Ok(body) = self.call("InitiateAuth", input).await else { return };
        if body["ChallengeName"] != "WEB_AUTHN" {
            return self.seen(&BTreeSet::new(), &known, start);
        }
        let options = body["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().unwrap();
        let mut options: Value = options.parse().unwrap();
        let offered = options["allowCredentials"].as_array().unwrap().iter();
        let offered = offered.map(|credential| credential["id"].as_str().unwrap().to_owned()).collect();
        self.seen(&offered, &known, start);
        // A deleted passkey is tried as well.
        options["allowCredentials"] = json!([]);
        let assertion = authenticator.get(&options, ORIGIN, &Spoil::default()).unwrap();
        let input = json!({"ClientId": self.user.client_id, "ChallengeName": "WEB_AUTHN", "Session": body["Session"],
            "ChallengeResponses": {"USERNAME": self.user.name, "CREDENTIAL": assertion.to_string()}});
        let start = self.recorder.now();
        let answer = self.respond(&input).await;
        let end = Some(self.recorder.now());
        match answer {
            Answer::Ok(body) => {
                self.recorder.passkey(&id, Says::There, start, end);
                let number = NEXT_SESSION.fetch_add(1, Ordering::Relaxed);
                self.recorder.session(number, Says::Born, start, end);
                let token = |name: &str| body["AuthenticationResult"][name].as_str().unwrap().to_owned();
                let session = Session {
                    number,
                    access_token: token("AccessToken"),
                    refresh_token: token("RefreshToken"),
                    passkey: id,
                };
                let mut has = self.user.has.lock().unwrap();
                has.all_sessions.push((number, session.passkey.clone()));
                has.sessions.push(session);
                if has.sessions.len() > SESSIONS {
                    has.sessions.remove(0);
                }
            }
            Answer::Refused(code, message) if code == "NotAuthorizedException" => {
                assert_eq!(message, "Incorrect username or password.");
                self.recorder.passkey(&id, Says::NotThere, start, end);
            }
            Answer::Refused(..) | Answer::Unknown => {}
        }
    }

    /// Answers a challenge. Now and then the same answer is sent twice at once, and again afterwards, to any replica; it
    /// may sign in only once.
    async fn respond(&self, input: &Value) -> Answer {
        let send = || self.call("RespondToAuthChallenge", input.clone());
        let mut answers = match dice(3) {
            0 => {
                let (one, other) = tokio::join!(send(), send());
                vec![one, other]
            }
            _ => vec![send().await],
        };
        if dice(3) == 0 {
            answers.push(send().await);
        }
        self.recorder.signed_in(answers.iter().filter(|answer| matches!(answer, Answer::Ok(_))).count());
        // A success counts, whichever got it. Otherwise the outcome is unknown if one of the outcomes is.
        let rank = |answer: &Answer| match answer {
            Answer::Ok(_) => 0,
            Answer::Unknown => 1,
            Answer::Refused(_, message) if message.contains("can only be used once") => 3,
            Answer::Refused(..) => 2,
        };
        let best = answers.into_iter().min_by_key(rank);
        best.unwrap_or(Answer::Unknown)
    }

    async fn delete(&self) {
        let Some(session) = self.session() else { return };
        let known = self.known();
        let id = &known[dice(known.len())];
        let start = self.recorder.now();
        let input = json!({"AccessToken": session.access_token, "CredentialId": id});
        let answer = self.call("DeleteWebAuthnCredential", input).await;
        let end = self.recorder.now();
        let accepted = self.used(&session, &answer, start);
        let deleted = |end: Option<u64>| {
            let what = if end.is_none() { Says::MaybeDied } else { Says::Died };
            self.recorder.passkey(id, what, start, end);
            self.user.has.lock().unwrap().deletions.push((id.clone(), session.number, start, end));
        };
        match answer {
            Answer::Ok(_) => deleted(Some(end)),
            Answer::Refused(code, _) if accepted && code == "ResourceNotFoundException" => {
                self.recorder.passkey(id, Says::NotThere, start, Some(end));
            }
            Answer::Refused(..) => {}
            Answer::Unknown => deleted(None),
        }
        // The last passkey is the last way in: another is made while a session lives.
        if dice(4) == 0 {
            self.register().await;
        }
    }

    async fn revoke(&self) {
        let Some(session) = self.session() else { return };
        let start = self.recorder.now();
        let input = json!({"ClientId": self.user.client_id, "Token": session.refresh_token});
        match self.call("RevokeToken", input).await {
            Answer::Ok(_) => self.recorder.session(session.number, Says::Ended, start, Some(self.recorder.now())),
            Answer::Unknown => self.recorder.session(session.number, Says::MaybeDied, start, None),
            Answer::Refused(..) => {}
        }
    }
}

/// A number below `sides`.
pub fn dice(sides: usize) -> usize {
    usize::try_from(Uuid::from_bytes(random::bytes()).as_u128() % sides as u128).expect("it is below a usize")
}
