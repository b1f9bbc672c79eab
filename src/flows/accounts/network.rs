//! Networks from which nobody may sign in (`RiskExceptionConfiguration`).

use std::net::IpAddr;

use crate::{
    error::{Error, Key, Result, Text},
    store::clients::Client,
};

/// Fails if sign-ins through this client are refused from the person's address. `None` means that the address is not
/// known, as when a server signs somebody in and does not say where that person is.
pub fn check(client: &Client, address: Option<IpAddr>) -> Result<()> {
    if address.is_some_and(|address| client.risk_exceptions.block(address)) {
        tracing::info!("refused: the risk configuration blocks the person's network");
        let text = "Request not allowed due to security reasons.";
        return Err(Error::NotAuthorized(Text::keyed(Key::NetworkBlocked, text)));
    }
    Ok(())
}
