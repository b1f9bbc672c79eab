//! The account page's rows for passkeys and sessions.

use std::{borrow::Cow, collections::HashMap};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{Account, user_agent};
use crate::{
    app::App,
    http::pages::{
        dated::{Dated, PLACE, without_place},
        purpose::account_path,
    },
    operations::session_id_of,
    store::{passkeys::PasskeyDetails, sessions::LiveSession},
    texts::Texts,
};

pub(super) struct PasskeyRow {
    pub(super) id: String,
    pub(super) name: String,
    /// The first letter of the provider's name or, if the provider is unknown, of the passkey's.
    pub(super) initial: String,
    pub(super) facts: Vec<Cow<'static, str>>,
    pub(super) dates: Vec<Dated>,
    /// The address of the page that renames the passkey.
    pub(super) rename: String,
    pub(super) rename_label: Cow<'static, str>,
    pub(super) delete_label: Cow<'static, str>,
}

pub(super) struct SessionRow {
    pub(super) id: String,
    pub(super) name: Cow<'static, str>,
    pub(super) facts: Vec<Cow<'static, str>>,
    pub(super) dates: Vec<Dated>,
    pub(super) end_label: Dated,
    pub(super) current: bool,
}

/// Counts equal names, so that each button has a name of its own.
#[derive(Default)]
struct Numbers(HashMap<String, u32>);

impl Numbers {
    /// Returns what to add to a name: nothing at first, then ` (2)` and so on.
    fn of(&mut self, name: String) -> String {
        let count = self.0.entry(name).or_default();
        *count += 1;
        if *count == 1 { String::new() } else { format!(" ({count})") }
    }
}

impl Account<'_> {
    pub(super) fn passkey_rows(&self, texts: &Texts, passkeys: &[PasskeyDetails]) -> Vec<PasskeyRow> {
        let mut numbers = Numbers::default();
        let row = |one| {
            let mut row = self.passkey_row(texts, one);
            let called = format!("{}{}", row.name, numbers.of(row.name.clone()));
            row.rename_label = texts.say1("rename-it", "name", &called);
            row.delete_label = texts.say1("delete-it", "name", &called);
            row
        };
        passkeys.iter().map(row).collect()
    }

    pub(super) fn passkey_row(&self, texts: &Texts, passkey: &PasskeyDetails) -> PasskeyRow {
        let name = passkey_name(texts, &self.visit.app, passkey);
        let provider = self.visit.app.providers.name(passkey.aaguid);
        let initial = provider.unwrap_or(&name).chars().find(|c| c.is_alphanumeric()).into_iter();
        let mut facts: Vec<Cow<'static, str>> =
            provider.filter(|provider| *provider != name).map(|name| name.to_owned().into()).into_iter().collect();
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
        let mut dates = vec![Dated::to_the_day(&texts.say1("added-on", "date", PLACE), passkey.created_at)];
        match passkey.last_used_at {
            Some(at) => dates.push(Dated::to_the_day(&texts.say1("last-used-on", "date", PLACE), at)),
            None => facts.push(texts.say("never-used")),
        }
        let id = BASE64_URL_SAFE_NO_PAD.encode(&passkey.credential_id);
        PasskeyRow {
            rename: account_path(self.visit, &[("rename", &id)]),
            id,
            initial: initial.flat_map(char::to_uppercase).collect(),
            rename_label: texts.say1("rename-it", "name", &name),
            delete_label: texts.say1("delete-it", "name", &name),
            name,
            facts,
            dates,
        }
    }

    pub(super) fn session_rows(&self, texts: &Texts, sessions: &[LiveSession]) -> Vec<SessionRow> {
        let mut numbers = Numbers::default();
        let row = |one| {
            let mut row = self.session_row(texts, one);
            let end = &mut row.end_label;
            end.after.push_str(&numbers.of(format!("{}{}{}", end.before, end.time.shown, end.after)));
            row
        };
        sessions.iter().map(row).collect()
    }

    fn session_row(&self, texts: &Texts, one: &LiveSession) -> SessionRow {
        let browser = match user_agent::names(one.user_agent.as_deref().unwrap_or_default()) {
            (Some(browser), Some(system)) => Some(texts.say2("browser-on", ("browser", browser), ("system", system))),
            (browser, system) => browser.or(system).map(Cow::Borrowed),
        };
        let (name, browser): (Cow<'static, str>, _) = match one.browser {
            true => (browser.unwrap_or_else(|| texts.say("session-pages")), None),
            false => (one.client_name.clone().into(), browser),
        };
        let mut dates = vec![Dated::to_the_minute(&texts.say1("session-since", "date", PLACE), one.auth_time)];
        dates.extend(one.used_at.map(|at| Dated::to_the_minute(&texts.say1("last-used-on", "date", PLACE), at)));
        let end = texts.say2("end-it", ("name", &without_place(&name)), ("date", PLACE));
        SessionRow {
            id: session_id_of(one),
            facts: browser.into_iter().chain(one.address.clone().map(Cow::Owned)).collect(),
            dates,
            end_label: Dated::to_the_minute(&end, one.auth_time),
            current: one.origin_jti == self.browser.session.origin_jti,
            name,
        }
    }
}

/// Whether the passkey still has the name that was generated for it.
pub(super) fn is_unnamed(passkey: &PasskeyDetails) -> bool {
    ["Passkey", "Roaming passkey", "Platform passkey"].contains(&passkey.friendly_name.as_str())
}

/// Returns a passkey's name as the page shows it. A generated name is replaced by the provider's name or, if the
/// provider is unknown, by the word for a passkey.
pub(super) fn passkey_name(texts: &Texts, app: &App, passkey: &PasskeyDetails) -> String {
    match (is_unnamed(passkey), app.providers.name(passkey.aaguid)) {
        (false, _) => passkey.friendly_name.clone(),
        (true, Some(provider)) => provider.to_owned(),
        (true, None) => texts.say("passkey").into_owned(),
    }
}
