//! Remembered devices.

pub(crate) mod admin_forget_device;
pub(crate) mod admin_get_device;
pub(crate) mod admin_list_devices;
pub(crate) mod admin_update_device_status;
pub(crate) mod confirm_device;
pub(crate) mod forget_device;
pub(crate) mod get_device;
pub(crate) mod list_devices;
pub(crate) mod update_device_status;

use serde::{Deserialize, Serialize};
use time::Duration;
use uuid::Uuid;

use crate::{
    app::App,
    change::{Change, Changed},
    clock::epoch_seconds,
    error::Result,
    flows::{accounts::attributes::Attribute, sign_in::devices::no_such_device},
    operations::Empty,
    page,
    store::{self, audit::Event, devices::Device},
};

/// The maximum and default number of devices on a page.
const PAGE: i64 = 60;

/// The input of operations on a device of the signed-in user.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Own {
    device_key: String,
}

/// The input of an operator's operations on a user's device.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OfUser {
    user_pool_id: String,
    username: String,
    device_key: String,
}

/// The service model's `DeviceType`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeviceType {
    device_key: String,
    device_attributes: Vec<Attribute>,
    device_create_date: f64,
    device_last_modified_date: f64,
    device_last_authenticated_date: f64,
}

impl From<Device> for DeviceType {
    fn from(device: Device) -> Self {
        let status = if device.remembered { "remembered" } else { "not_remembered" };
        let named = [
            ("device_status", Some("valid".to_owned())),
            ("device_name", device.name),
            ("dev:device_remembered_status", Some(status.to_owned())),
            ("last_ip_used", Some(device.last_address)),
        ];
        let attributes = named.into_iter().filter(|(_, value)| value.is_some());
        Self {
            device_key: device.key,
            device_attributes: attributes.map(|(name, value)| Attribute { name: name.to_owned(), value }).collect(),
            device_create_date: epoch_seconds(device.created_at),
            device_last_modified_date: epoch_seconds(device.updated_at),
            device_last_authenticated_date: epoch_seconds(device.last_used_at),
        }
    }
}

/// A response that holds one device.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeviceOutput {
    device: DeviceType,
}

/// A page of devices, ordered by key.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DevicesPage {
    devices: Vec<DeviceType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pagination_token: Option<String>,
}

async fn one(app: &App, pool_id: &str, sub: Uuid, key: &str) -> Result<DeviceOutput> {
    let found = store::devices::find(&app.db, pool_id, sub, key).await?;
    Ok(DeviceOutput { device: found.ok_or_else(no_such_device)?.into() })
}

async fn list(app: &App, pool_id: &str, sub: Uuid, limit: Option<i64>, token: Option<&str>) -> Result<DevicesPage> {
    let (list, limit) = (format!("devices of {sub} in {pool_id}"), limit.filter(|limit| *limit > 0).unwrap_or(PAGE));
    let after: Option<String> = page::open(&app.sealing, &list, token)?;
    let found = store::devices::list(&app.db, pool_id, sub, &after.unwrap_or_default(), limit + 1).await?;
    let (found, pagination_token) = page::cut(&app.sealing, &list, found, limit, |device| device.key.clone());
    Ok(DevicesPage { devices: found.into_iter().map(DeviceType::from).collect(), pagination_token })
}

/// The maximum lifetime of an access token.
const ACCESS: Duration = Duration::DAY;

/// Forgets a device, and ends the sessions whose sign-in used or named the device. The transaction must have locked the
/// user's row.
///
/// `asks` is the calling user's session, or `None` if an operator calls. If the sign-in of the calling session used or
/// named the device, that session does not end at once: its access token stays valid until the token expires, but the
/// session can no longer be refreshed.
async fn forget(mut change: Change<'_>, sub: Uuid, key: &str, asks: Option<Uuid>) -> Result<Changed<Empty>> {
    let (pool_id, now) = (change.pool_id.clone(), change.at());
    if !store::devices::delete(&mut change, &pool_id, sub, key).await? {
        return Err(no_such_device());
    }
    let stays = asks.map(|origin_jti| (origin_jti, now + ACCESS));
    store::sessions::end_of_device(&mut change, &pool_id, sub, key, stays, now).await?;
    change.commit(Event::DeviceForgotten.of_user(sub), Empty {}).await
}

/// Sets whether a device is remembered. Without a `status`, the device is remembered.
async fn set_status(mut change: Change<'_>, sub: Uuid, key: &str, status: Option<&str>) -> Result<Changed<Empty>> {
    let (pool_id, now) = (change.pool_id.clone(), change.at());
    let remembered = status != Some("not_remembered");
    let changed = store::devices::remember(&mut change, &pool_id, sub, key, remembered, now).await?;
    if !changed.ok_or_else(no_such_device)? {
        return change.unchanged(Empty {}).await;
    }
    let event = if remembered { Event::DeviceRemembered } else { Event::DeviceNotRemembered };
    change.commit(event.of_user(sub), Empty {}).await
}
