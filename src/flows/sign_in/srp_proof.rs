//! Signing in with a password that is proved without being sent (docs/cognito.md 4.5): PASSWORD_VERIFIER and its
//! answer.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    flows::{
        accounts::password::{self, Known},
        sign_in::{
            decoys,
            proof::Proof,
            step::{Available, Outcome, Parameters, Person, SignIn, shown},
        },
    },
    pending::{Answered, Challenge, Pending},
    random,
    sealing::{equal, hex},
    session_text,
    srp::{self, ClientPublic, Verifier},
    store,
};

/// The length of the server's secret exponent, in bytes.
const SECRET: usize = 32;

/// Returns a PASSWORD_VERIFIER challenge. An unknown person gets a made-up salt, the same on every call.
pub async fn start(
    sign_in: &SignIn<'_>,
    person: &Person,
    client_public: &str,
    available: Available,
    known: &Known,
) -> Result<Outcome> {
    start_with(sign_in, person, client_public, available, known, None).await
}

/// Like [`start`], but also for a sign-in by custom challenges, where `custom` has the challenges answered so far.
pub async fn start_with(
    sign_in: &SignIn<'_>,
    person: &Person,
    client_public: &str,
    available: Available,
    known: &Known,
    custom: Option<Vec<Answered>>,
) -> Result<Outcome> {
    let verifier = verifier(sign_in, person, known).await?;
    let user_id = user_id(sign_in, person);
    let offer = offer(sign_in, verifier.v, client_public).await?;
    let state = Pending::PasswordVerifier { srp: offer.state, srp_id: user_id.clone(), custom };
    let named = [
        ("SALT", hex(&verifier.salt)),
        ("SRP_B", offer.public),
        ("USERNAME", user_id.clone()),
        ("USER_ID_FOR_SRP", user_id),
    ];
    challenge(sign_in, person, state, named, available).await
}

/// Returns a challenge that asks for an SRP proof. The secret block among its parameters contains the session.
pub async fn challenge<const N: usize>(
    sign_in: &SignIn<'_>,
    person: &Person,
    state: Pending,
    parameters: [(&str, String); N],
    available: Available,
) -> Result<Outcome> {
    let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
    let mut outcome = sign_in.challenge(person, state, parameters, available.factors).await?;
    if let Outcome::Next(next) = &mut outcome {
        // Some clients send back this block instead of the `Session`.
        let block = BASE64_STANDARD.encode(&next.session);
        next.parameters.insert("SECRET_BLOCK".into(), Value::String(block));
    }
    Ok(outcome)
}

/// The server's half of an SRP exchange.
pub struct Offer {
    /// The server's state, which the challenge keeps as its `srp`.
    pub state: String,
    /// The server's public value, `SRP_B`.
    pub public: String,
}

/// Begins an SRP exchange in which the client proves the password of the verifier `v`.
pub async fn offer(sign_in: &SignIn<'_>, v: Vec<u8>, client_public: &str) -> Result<Offer> {
    let app = sign_in.app;
    if ClientPublic::parse(client_public).is_none() {
        let hexadecimal = !client_public.is_empty() && client_public.bytes().all(|byte| byte.is_ascii_hexdigit());
        return Err(Error::InvalidParameter(match hexadecimal {
            true => "SRP_A is not a number of the SRP group.".into(),
            false => format!(
                "1 validation error detected: Value '{}' at 'a' failed to satisfy constraint: Member must satisfy regular \
                 expression pattern: ^[0-9a-fA-F]+$",
                shown(client_public)
            )
            .into(),
        }));
    }
    let secret: [u8; SECRET] = random::bytes();
    let public = app.passwords.compute(move || srp::public(&v, &secret)).await?;
    let state = app.seal_for_strangers(&context(sign_in), &[&secret[..], client_public.as_bytes()].concat());
    Ok(Offer { state: BASE64_STANDARD.encode(state), public })
}

/// Whether the responses to a pending challenge (given by its ID and [`Offer::state`]) prove the password of the
/// verifier `v`.
///
/// `identity` has the two names that are part of the proof: the pool's name and the username, or the device's group key
/// and the device's key.
pub async fn is_proved(
    sign_in: &SignIn<'_>,
    (id, srp_state): (Uuid, &str),
    v: Vec<u8>,
    identity: (String, String),
    responses: &Parameters,
) -> Result<bool> {
    let app = sign_in.app;
    let signature = sign_in.required(responses, "PASSWORD_CLAIM_SIGNATURE")?;
    let timestamp = sign_in.required(responses, "TIMESTAMP")?.to_owned();
    let block = sign_in.required(responses, "PASSWORD_CLAIM_SECRET_BLOCK")?;
    let state = BASE64_STANDARD.decode(srp_state).map_err(Error::internal)?;
    let state = app.sealing.open_any(&context(sign_in), &state).map_err(Error::internal)?;
    let (secret, client_public) = state.split_at_checked(SECRET).ok_or_else(|| Error::internal("a short SRP state"))?;
    let client_public = std::str::from_utf8(client_public).ok().and_then(ClientPublic::parse);
    let client_public = client_public.ok_or_else(|| Error::internal("a broken SRP state"))?;
    let block_bytes = BASE64_STANDARD.decode(block).unwrap_or_default();
    let own_block = session_of(responses).is_some_and(|text| {
        let now = app.clock.now();
        session_text::open(&app.sealing, &sign_in.pool.id, &sign_in.client.id, &text, now).is_ok_and(|own| own.id == id)
    });
    let secret = secret.to_vec();
    let expected = app
        .passwords
        .compute(move || {
            let identity = (identity.0.as_str(), identity.1.as_str());
            srp::signature(&v, &secret, &client_public, identity, &block_bytes, &timestamp)
        })
        .await?;
    Ok(equal(BASE64_STANDARD.encode(expected).as_bytes(), signature.as_bytes()) && own_block)
}

/// The `Session` that a secret block contains.
pub fn session_of(responses: &Parameters) -> Option<String> {
    let block = BASE64_STANDARD.decode(responses.get("PASSWORD_CLAIM_SECRET_BLOCK")?).ok()?;
    String::from_utf8(block).ok()
}

/// Checks the proof of a password. A wrong proof counts as a wrong password and uses up the challenge.
pub async fn finish(
    sign_in: &SignIn<'_>,
    person: Person,
    pending: Challenge,
    responses: &Parameters,
    known: Known,
) -> Result<Proof> {
    let (app, pool) = (sign_in.app, sign_in.pool);
    for member in ["PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP", "PASSWORD_CLAIM_SECRET_BLOCK"] {
        sign_in.required(responses, member)?;
    }
    if !known.unlocked {
        password::refuse_locked(app, pool, &person.username, person.user.as_ref()).await?;
    }
    let verifier = verifier(sign_in, &person, &known).await?;
    let Pending::PasswordVerifier { srp: state, srp_id, custom } = &pending.state else {
        return Err(session_text::unfit());
    };
    let identity = (srp::pool_name(&pool.id).to_owned(), srp_id.clone());
    let fits = is_proved(sign_in, (pending.id, state), verifier.v, identity, responses).await?;
    match (person.user, custom) {
        (Some(user), Some(custom)) if fits => {
            let custom = custom.clone();
            Ok(Proof::PasswordOfCustom { username: person.username, user, pending, custom })
        }
        (Some(user), None) if fits => {
            Ok(Proof::Password { username: person.username, user, answers: Some(Box::new(pending)) })
        }
        (Some(user), _) if !sign_in.hides_existence() && password::lacks_password(&user) => {
            Err(Error::PasswordResetRequired)
        }
        (user, _) => {
            sign_in.use_up_alone(&pending).await?;
            password::count_failure(app, pool, &person.username, user.as_ref()).await?;
            Err(Error::wrong_credentials("the proof of the password is wrong, or nobody has this name"))
        }
    }
}

/// The SRP verifier of the person's password. If there is none, a made-up verifier that no password matches.
async fn verifier(sign_in: &SignIn<'_>, person: &Person, known: &Known) -> Result<Verifier> {
    let (app, pool) = (sign_in.app, sign_in.pool);
    // The query runs for an unknown person, too, so that known and unknown persons take the same time.
    let sub = person.user.as_ref().map_or_else(Uuid::nil, |user| user.sub);
    let sealed = match &known.srp_verifier {
        Some(read) => read.clone(),
        None => store::users::srp_verifier(&app.db, &pool.id, sub).await?,
    };
    if let Some(sealed) = sealed {
        return password::open_verifier(app, pool, sub, &sealed);
    }
    if person.user.as_ref().is_some_and(|user| user.password_hash.is_some()) {
        tracing::info!("this user has no SRP verifier yet: it is made when the password is next set or sent as text");
    }
    let id = decoys::id(app, pool, &person.username);
    let derived = |purpose: &str| decoys::seed(app, pool, purpose, &id);
    let mut salt = [0; srp::SALT];
    salt.copy_from_slice(&derived("decoy salt")[..srp::SALT]);
    let v = (0..srp::NUMBER / 32).flat_map(|n| derived(&format!("decoy verifier {n}"))).collect();
    Ok(Verifier { salt: password::plain_salt(salt), v })
}

/// The username that is part of the proof.
fn user_id(sign_in: &SignIn<'_>, person: &Person) -> String {
    match &person.user {
        Some(user) => user.username.clone(),
        None => decoys::id(sign_in.app, sign_in.pool, &person.username),
    }
}

fn context(sign_in: &SignIn<'_>) -> String {
    format!("srp {} {}", sign_in.pool.id, sign_in.client.id)
}
