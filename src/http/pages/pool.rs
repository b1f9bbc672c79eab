//! What the settings of a user pool mean for its pages.

use crate::{factor::Factor, flows::accounts::factors::relying_party_of, http::visit::Visit, store::pools::Pool};

/// Returns the message ID of the label for what users of the pool enter as their name.
pub fn name_label(pool: &Pool) -> &'static str {
    let by = |list: &[String], name: &str| list.iter().any(|one| one == name);
    let settings = &pool.settings;
    let is = |name| by(&settings.username_attributes, name);
    if !settings.username_attributes.is_empty() {
        return match (is("email"), is("phone_number")) {
            (true, true) => "email-or-phone",
            (true, false) => "email",
            _ => "phone",
        };
    }
    let also = |name| by(&settings.alias_attributes, name);
    match (also("email"), also("phone_number")) {
        (true, true) => "username-email-or-phone",
        (true, false) => "username-or-email",
        (false, true) => "username-or-phone",
        (false, false) => "username",
    }
}

/// Returns the query parameters that make a sign-in end with the question whether to add a passkey, if the pool has
/// passkeys.
pub fn invitation(pool: &Pool) -> &'static [(&'static str, &'static str)] {
    if has_passkeys(pool) { &[("then", "add"), ("invited", "1")] } else { &[] }
}

/// The host on which a pool's passkeys work, if the visited one is another.
pub struct PasskeyHost {
    pub name: String,
    /// The address of the same page there, if this server is known to be there.
    pub href: Option<String>,
}

/// Returns the host on which the pool's passkeys work if they do not work on the visited one. Only a server for
/// development says this on its pages; browsers tell the person nothing.
pub fn other_passkey_host(visit: &Visit, pool: &Pool) -> Option<PasskeyHost> {
    let rp = relying_party_of(pool, &[]).filter(|_| visit.app.config.is_local() && has_passkeys(pool))?;
    let host = visit.header("host")?;
    if rp.allows(&format!("http://{host}")) {
        return None;
    }
    let port = host.rsplit_once(':').map_or("", |(_, port)| port);
    let query = visit.query.text(&[], &[]);
    let href = (rp.id == "localhost").then(|| format!("http://localhost:{port}{}?{query}", visit.path));
    Some(PasskeyHost { name: rp.id, href })
}

/// Whether users of the pool can sign in with passkeys.
pub fn has_passkeys(pool: &Pool) -> bool {
    pool.allows_factor(Factor::WebAuthn) && relying_party_of(pool, &[]).is_some()
}
