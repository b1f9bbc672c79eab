//! Checks an app client's OAuth 2.0 settings.

use serde_json::Value;
use url::Url;

use crate::{
    error::{Error, Result},
    store::{self, Connection, clients::Client},
};

/// Scopes that every pool has.
const STANDARD_SCOPES: [&str; 5] = ["phone", "email", "openid", "profile", "aws.cognito.signin.user.admin"];

/// Checks the settings against each other, and the scopes against the pool's resource servers.
pub async fn check(db: &mut Connection, client: &Client) -> Result<()> {
    let settings = &client.settings;
    let refuse = |text: String| Err(Error::InvalidParameter(text.into()));
    if let Some(provider) = settings.list("SupportedIdentityProviders").iter().find(|name| **name != "COGNITO") {
        return refuse(format!("The provider {provider} does not exist for User Pool {}", client.pool_id));
    }
    let flows = settings.list("AllowedOAuthFlows");
    let scopes = settings.list("AllowedOAuthScopes");
    let uses_oauth = settings.rest.get("AllowedOAuthFlowsUserPoolClient") == Some(&Value::Bool(true));
    if uses_oauth && (flows.is_empty() || scopes.is_empty()) {
        return refuse(
            "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows."
                .into(),
        );
    }
    let machine = flows.contains(&"client_credentials");
    let refuse_flow = |text: String| Err(Error::InvalidOAuthFlow(text.into()));
    if machine && flows.len() > 1 {
        return refuse_flow(
            "client_credentials flow can not be selected along with code flow or implicit flow.".into(),
        );
    }
    if machine && client.secrets.is_empty() {
        return refuse_flow(
            "client_credentials flow can not be selected if client does not have a client secret.".into(),
        );
    }
    if let Some(scope) = scopes.iter().find(|scope| machine && STANDARD_SCOPES.contains(scope)) {
        return refuse_flow(format!("{scope} is not supported with client_credentials flow"));
    }
    if uses_oauth && !machine && settings.list("CallbackURLs").is_empty() {
        return refuse_flow("CallbackUrls can not be empty when code flow or implicit flow is selected".into());
    }
    // The URLs are checked only if the client uses OAuth.
    for member in ["CallbackURLs", "LogoutURLs"].into_iter().filter(|_| uses_oauth) {
        if let Some(bad) = settings.list(member).iter().find(|text| !is_redirect_uri(text)) {
            return refuse(format!(
                "{member}: {bad} must be an absolute URI without a fragment; http is for localhost only."
            ));
        }
    }
    if let Some(uri) = settings.rest.get("DefaultRedirectURI").and_then(Value::as_str)
        && !settings.list("CallbackURLs").contains(&uri)
    {
        return refuse("DefaultRedirectURI must be in CallbackURLs.".into());
    }
    let custom: Vec<_> =
        scopes.into_iter().filter(|scope| !STANDARD_SCOPES.contains(scope)).map(str::to_owned).collect();
    let unknown = match custom.is_empty() {
        true => Vec::new(),
        false => store::resource_servers::unknown_scopes(db, &client.pool_id, &custom).await?,
    };
    match unknown.first() {
        Some(scope) => Err(Error::ScopeDoesNotExist(format!("Invalid scope requested: {scope}").into())),
        None => Ok(()),
    }
}

/// Whether browsers and apps may be redirected to this URI.
fn is_redirect_uri(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    // With these schemes, a browser would run code or show content by itself instead of going to an application.
    let runs = ["javascript", "data", "vbscript", "blob", "file", "about"].contains(&url.scheme());
    url.fragment().is_none() && !runs && (url.scheme() != "http" || local)
}
