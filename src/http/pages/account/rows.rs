//! The account page's rows for passkeys and sessions.

use std::{borrow::Cow, collections::HashMap};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use super::Account;
use crate::{
    app::App,
    operations::session_id_of,
    store::{passkeys::PasskeyDetails, sessions::LiveSession},
    texts::Texts,
};

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const MINUTE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");

pub(super) struct PasskeyRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) facts: Vec<Cow<'static, str>>,
    pub(super) rename_label: Cow<'static, str>,
    pub(super) delete_label: Cow<'static, str>,
}

pub(super) struct SessionRow {
    pub(super) id: String,
    pub(super) name: Cow<'static, str>,
    pub(super) since: Cow<'static, str>,
    pub(super) end_label: Cow<'static, str>,
    pub(super) current: bool,
}

impl Account<'_> {
    pub(super) fn passkey_row(&self, texts: &Texts, passkey: &PasskeyDetails) -> PasskeyRow {
        let name = passkey_name(texts, &self.visit.app, passkey);
        let provider = self.visit.app.providers.name(passkey.aaguid).filter(|provider| *provider != name);
        let mut facts: Vec<Cow<'static, str>> = provider.map(|name| name.to_owned().into()).into_iter().collect();
        facts.extend(match passkey.attachment.as_deref() {
            Some("platform") => Some(texts.say("on-device")),
            // The transports show what kind of authenticator holds the passkey.
            Some("cross-platform") => {
                let has = |name: &str| passkey.transports.iter().any(|one| one == name);
                let id = match (has("hybrid"), has("usb") || has("nfc") || has("ble")) {
                    (true, false) => "on-phone",
                    (false, true) => "on-key",
                    _ => "on-other",
                };
                Some(texts.say(id))
            }
            _ => None,
        });
        facts.push(texts.say(if passkey.backup_state { "synced" } else { "one-device" }));
        facts.push(texts.say1("added-on", "date", day(passkey.created_at)));
        facts.push(match passkey.last_used_at {
            Some(at) => texts.say1("last-used-on", "date", day(at)),
            None => texts.say("never-used"),
        });
        PasskeyRow {
            id: BASE64_URL_SAFE_NO_PAD.encode(&passkey.credential_id),
            rename_label: texts.say1("rename-it", "name", &name),
            delete_label: texts.say1("delete-it", "name", &name),
            name,
            facts,
        }
    }

    pub(super) fn session_row(&self, texts: &Texts, one: &LiveSession, names: &HashMap<String, String>) -> SessionRow {
        let name: Cow<'static, str> = match (one.browser, names.get(&one.client_id)) {
            (true, _) => texts.say("session-pages"),
            (false, Some(name)) => name.clone().into(),
            (false, None) => one.client_id.clone().into(),
        };
        let date = one.auth_time.format(MINUTE).unwrap_or_default();
        SessionRow {
            id: session_id_of(one),
            since: texts.say1("session-since", "date", &date),
            end_label: texts.say2("end-it", ("name", &name), ("date", &date)),
            current: one.origin_jti == self.browser.session.origin_jti,
            name,
        }
    }
}

/// Returns a passkey's name as the page shows it. A generated name is replaced by the provider's name or, if the
/// provider is unknown, by the word for a passkey.
pub(super) fn passkey_name(texts: &Texts, app: &App, passkey: &PasskeyDetails) -> String {
    let generated = ["Passkey", "Roaming passkey", "Platform passkey"].contains(&passkey.friendly_name.as_str());
    match (generated, app.providers.name(passkey.aaguid)) {
        (false, _) => passkey.friendly_name.clone(),
        (true, Some(provider)) => provider.to_owned(),
        (true, None) => texts.say("passkey").into_owned(),
    }
}

fn day(at: OffsetDateTime) -> String {
    at.format(DAY).unwrap_or_default()
}
