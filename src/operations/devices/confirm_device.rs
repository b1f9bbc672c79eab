//! ConfirmDevice: confirms the new device of a session, and stores the verifier of the device's own password. The
//! device is then remembered, unless the pool lets the user decide.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ConfirmDevice.html>

use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    caller::Bearer,
    change::Changed,
    context::Context,
    error::{Error, Result},
    flows::{
        self,
        accounts::step_up,
        sign_in::{device_keys, devices},
    },
    store::{self, audit::Event, devices::Device},
};

/// The maximum number of devices of a user.
const MAX_DEVICES: i64 = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    device_key: String,
    #[serde(default)]
    device_name: Option<String>,
    #[serde(default)]
    device_secret_verifier_config: Option<Secrets>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Secrets {
    #[serde(default)]
    password_verifier: String,
    #[serde(default)]
    salt: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    user_confirmation_necessary: bool,
}

pub async fn handle(app: &App, context: &Context, bearer: Bearer, request: Request) -> Result<Changed<Response>> {
    let pool = flows::pool_of(app, &bearer).await?;
    let Some(configuration) = pool.devices() else {
        return Err(Error::InvalidParameter("Devices are not remembered in this user pool.".into()));
    };
    let asks = configuration.device_only_remembered_on_user_prompt == Some(true);
    let verifier = request
        .device_secret_verifier_config
        .and_then(|secrets| device_keys::DeviceVerifier::parse(&secrets.salt, &secrets.password_verifier))
        .ok_or_else(|| {
            Error::InvalidParameter(
                "DeviceSecretVerifierConfig: Salt and PasswordVerifier must be numbers of SRP, in base64.".into(),
            )
        })?;
    let (mut change, _) = bearer.begin(app, context).await?;
    let now = change.at();
    // A remembered device may replace the second factor, so the pool may require a recent sign-in.
    step_up::check(app, &mut change, &pool, &bearer).await?;
    // Only the device key that was issued together with this session's tokens is accepted.
    let own = store::sessions::device_key(&mut change, &pool.id, bearer.origin_jti).await?;
    if own.as_ref() != Some(&request.device_key) {
        return Err(devices::no_such_device());
    }
    if store::devices::count(&mut change, &pool.id, bearer.sub).await? >= MAX_DEVICES {
        return Err(Error::LimitExceeded(format!("A user may have {MAX_DEVICES} devices; forget one first.").into()));
    }
    let device = Device {
        verifier: verifier.seal(app, &pool.id, bearer.sub, &request.device_key),
        group_key: device_keys::group_key(app, &pool.id),
        key: request.device_key,
        name: request.device_name,
        remembered: !asks,
        last_address: context.address.to_string(),
        created_at: now,
        updated_at: now,
        last_used_at: now,
    };
    if !store::devices::insert(&mut change, &pool.id, bearer.sub, &device).await? {
        return Err(Error::DeviceKeyExists("The device was confirmed before.".into()));
    }
    let answer = Response { user_confirmation_necessary: asks };
    change.commit(Event::DeviceConfirmed.of_user(bearer.sub), answer).await
}
