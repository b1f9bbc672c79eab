//! Remembered devices.
//!
//! A remembered device proves itself with a password of its own, by SRP (docs/cognito.md 4.5) with the device's group
//! key and key in place of the names of the pool and the user. The proof may replace a second factor.

use serde_json::Map;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    flows::{
        accounts::password,
        sessions::issue::SessionDevice,
        sign_in::{
            device_keys::DeviceVerifier,
            proof::{Proof, Step},
            second_factor, srp_proof,
            step::{Available, Outcome, Parameters, Person, SignIn},
        },
    },
    pending::{Challenge, Pending},
    random,
    sealing::hex,
    session_text,
    store::{self, Connection, devices::Device, pools::Pool, users::User},
};

/// The error for an unknown device. After this error, Amplify forgets the device's key and signs in without it.
pub fn no_such_device() -> Error {
    Error::ResourceNotFound("Device does not exist.".into())
}

/// Returns the user's device that a sign-in names. `None` if the sign-in names no device or the pool does not remember
/// devices. Fails if the user has no such device.
pub async fn named(sign_in: &SignIn<'_>, db: &mut Connection, user: &User) -> Result<Option<Device>> {
    let (Some(key), Some(_)) = (sign_in.device_key, sign_in.pool.devices()) else { return Ok(None) };
    let found = store::devices::find(db, &sign_in.pool.id, user.sub, key).await?;
    found.ok_or_else(no_such_device).map(Some)
}

/// Makes a new device key, which the client may confirm, for a session whose client has no device yet. `None` if the
/// pool does not remember devices.
pub fn new(sign_in: &SignIn<'_>) -> Option<SessionDevice> {
    sign_in.pool.devices()?;
    Some(SessionDevice::New(format!("{}_{}", sign_in.app.config.region, random::uuid())))
}

/// Returns the device of a sign-in in which no device proves itself: the known device that the sign-in names, or a new
/// one.
pub async fn unproved(sign_in: &SignIn<'_>, db: &mut Connection, user: &User) -> Result<Option<SessionDevice>> {
    match named(sign_in, db, user).await? {
        Some(device) => Ok(Some(SessionDevice::Named(device.key))),
        None => Ok(new(sign_in)),
    }
}

/// Whether the proof of a remembered device replaces a second factor in this pool.
pub fn stands_in(pool: &Pool) -> bool {
    pool.devices().is_some_and(|one| one.challenge_required_on_new_device == Some(true))
}

/// Returns the challenge for a remembered device, after the password was proved.
pub async fn ask(sign_in: &SignIn<'_>, person: &Person, device: &Device) -> Result<Outcome> {
    let password_set_at = person.user.as_ref().and_then(password::set_at);
    let state = Pending::DeviceSrpAuth { device: device.key.clone(), password_set_at };
    sign_in.challenge(person, state, Map::new(), Vec::new()).await
}

/// Checks the answer to one of a device's two challenges.
pub async fn respond(sign_in: &SignIn<'_>, person: Person, pending: Challenge, responses: &Parameters) -> Result<Step> {
    let Some(user) = &person.user else { return Err(session_text::unfit()) };
    let (Pending::DeviceSrpAuth { device: key, .. } | Pending::DevicePasswordVerifier { device: key, .. }) =
        &pending.state
    else {
        return Err(session_text::unfit());
    };
    if responses.get("DEVICE_KEY").is_some_and(|given| given != key) {
        return Err(session_text::unfit());
    }
    let (app, pool) = (sign_in.app, sign_in.pool);
    password::refuse_locked(app, pool, &person.username, Some(user)).await?;
    let device = store::devices::find(&app.db, &pool.id, user.sub, key).await?.ok_or_else(no_such_device)?;
    let verifier = DeviceVerifier::open(app, &pool.id, user.sub, &device)?;
    if let Pending::DeviceSrpAuth { password_set_at, .. } = &pending.state {
        let offer = srp_proof::offer(sign_in, verifier.v, sign_in.required(responses, "SRP_A")?).await?;
        let (device, password_set_at) = (key.clone(), password_set_at.clone());
        let state = Pending::DevicePasswordVerifier { srp: offer.state, device, password_set_at };
        let parameters = [
            ("SALT", hex(&verifier.salt)),
            ("SRP_B", offer.public),
            ("DEVICE_KEY", key.clone()),
            ("USERNAME", user.username.clone()),
            ("USER_ID_FOR_SRP", user.username.clone()),
        ];
        sign_in.use_up_alone(&pending).await?;
        return srp_proof::challenge(sign_in, &person, state, parameters, Available::nothing()).await.map(Step::Asked);
    }
    let Pending::DevicePasswordVerifier { srp, .. } = &pending.state else { return Err(session_text::unfit()) };
    let identity = (device.group_key.clone(), key.clone());
    let proved = srp_proof::is_proved(sign_in, (pending.id, srp), verifier.v, identity, responses).await?;
    finish(sign_in, person, pending, &device, proved).await
}

/// Uses up the challenge. If the proof is right, notes that the device was used.
async fn finish(
    sign_in: &SignIn<'_>,
    person: Person,
    pending: Challenge,
    device: &Device,
    proved: bool,
) -> Result<Step> {
    let (app, pool) = (sign_in.app, sign_in.pool);
    let now = app.clock.now();
    let sub = person.user.as_ref().map_or_else(Uuid::nil, |user| user.sub);
    let mut tx = app.db.begin().await?;
    let user = second_factor::recheck(sign_in, &mut tx, &pending, sub).await?;
    let address = sign_in.context.address.to_string();
    // The device must still be remembered: it may have been forgotten since the challenge.
    if !proved || !store::devices::use_remembered(&mut tx, &pool.id, sub, &device.key, &address, now).await? {
        // A wrong proof uses up the challenge, too.
        drop(tx);
        store::challenges::use_up(&app.db, &pool.id, &pending, now).await?;
        password::count_failure(app, pool, &person.username, Some(&user)).await?;
        return Err(Error::wrong_credentials("the proof of the device is wrong"));
    }
    let (username, key) = (person.username, device.key.clone());
    Ok(Proof::Device { tx, username, user, key }.into())
}
