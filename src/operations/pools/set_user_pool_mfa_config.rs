//! SetUserPoolMfaConfig: replaces the pool's MFA configuration, and the WebAuthn configuration if the request has one.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SetUserPoolMfaConfig.html>
//!
//! What becomes of a member that the request leaves out is in the table
//! [`members::MFA`](crate::operations::members).
//!
//! The checks and their order are those that were measured on Amazon Cognito (docs/cognito.md 3.2). The response
//! contains what is stored.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    check_factors,
    get_user_pool_mfa_config::{Response, shown},
};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    factor::{Factor, MfaConfiguration},
    grants,
    operations::members,
    store::audit::Event,
    store::{
        self, Connection,
        pools::{Pool, PoolSettings, SoftwareTokenMfa, WebAuthnConfiguration},
    },
};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mfa_configuration: Option<MfaConfiguration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sms_mfa_configuration: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    software_token_mfa_configuration: Option<SoftwareTokenMfa>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email_mfa_configuration: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    web_authn_configuration: Option<WebAuthnConfiguration>,
}

pub async fn handle(
    app: &App,
    context: &Context,
    operator: Operator,
    mut request: Request,
) -> Result<Changed<Response>> {
    let mut change = operator.begin(app, context, &request.user_pool_id).await?;
    let mut pool = change.pool().await?;
    // If the request leaves out `WebAuthnConfiguration`, the factor configuration is reset and the rest is kept
    // (docs/cognito.md 3.1).
    if request.web_authn_configuration.is_none() {
        let kept = pool.settings.web_authn_configuration.clone();
        request.web_authn_configuration =
            kept.map(|kept| WebAuthnConfiguration { factor_configuration: "SINGLE_FACTOR".into(), ..kept });
    }
    let request: Request = members::MFA.updated(&shown(&pool), &request)?;
    check(&request, &pool.settings)?;
    if operator.is_bound {
        check_own_rp_id(app, &mut change, &pool, request.web_authn_configuration.as_ref()).await?;
    }
    pool.settings.mfa_configuration = request.mfa_configuration.unwrap_or_default();
    pool.settings.software_token_mfa_configuration = request.software_token_mfa_configuration;
    // A pool has one configuration for text messages, which DescribeUserPool shows, too.
    for member in ["SmsConfiguration", "SmsAuthenticationMessage"] {
        if let Some(value) = request.sms_mfa_configuration.as_ref().and_then(|mfa| mfa.get(member)) {
            pool.settings.rest.insert(member.into(), value.clone());
        }
    }
    pool.settings.sms_mfa_configuration = request.sms_mfa_configuration;
    pool.settings.email_mfa_configuration = request.email_mfa_configuration;
    pool.settings.web_authn_configuration = request.web_authn_configuration;
    check_factors(&pool.settings)?;
    let now = change.at();
    let changed = store::pools::update(&mut change, &pool, now).await?;
    change.commit_if(changed, Event::PoolMfaConfigurationSet.of_pool(), shown(&pool)).await
}

/// Fails on the configuration errors of docs/cognito.md 3.2, in the order that was measured, or if the RP ID is not
/// valid.
fn check(request: &Request, settings: &PoolSettings) -> Result<()> {
    let refuse = |text: &'static str| Err(Error::InvalidParameter(text.into()));
    let mfa = request.mfa_configuration.unwrap_or_default();
    let any_method = request.sms_mfa_configuration.is_some()
        || request.software_token_mfa_configuration.is_some()
        || request.email_mfa_configuration.is_some();
    if mfa == MfaConfiguration::Off && any_method {
        return refuse("Invalid MFA configuration given, can't turn off MFA and configure an MFA together.");
    }
    let sender = settings.rest.get("EmailConfiguration").and_then(|email| email["EmailSendingAccount"].as_str());
    if request.email_mfa_configuration.is_some() && sender.unwrap_or("COGNITO_DEFAULT") == "COGNITO_DEFAULT" {
        return refuse(
            "Cannot set EmailMfaConfiguration when user pool EmailConfiguration contains an EmailSendingAccount of COGNITO_DEFAULT",
        );
    }
    let factors = &settings.policies.sign_in_policy.allowed_first_auth_factors;
    let multi = request.web_authn_configuration.as_ref().is_some_and(|w| w.factor_configuration != "SINGLE_FACTOR");
    if mfa == MfaConfiguration::On && factors.contains(&Factor::WebAuthn) && !multi {
        return refuse(
            "Cannot set WebAuthn factor configuration to SINGLE_FACTOR if MFA is required and WebAuthn is an allowed first auth factor",
        );
    }
    if mfa != MfaConfiguration::Off && !any_method {
        return refuse(
            "Invalid MFA configuration given, can't disable all MFAs with a required or optional configuration.",
        );
    }
    if let Some(rp_id) = request.web_authn_configuration.as_ref().and_then(|w| w.relying_party_id.as_deref()) {
        check_rp_id(rp_id)?;
    }
    Ok(())
}

/// Checks an RP ID that is set with a key that is bound to one pool.
///
/// The RP ID must not change while the pool has related origins. A new RP ID must be the pool's custom domain (which an
/// operator of the whole deployment gave to the pool), a name above that domain, or a name that the server's settings
/// allow. The reason is that everyone with the same RP ID can use its passkeys.
async fn check_own_rp_id(
    app: &App,
    db: &mut Connection,
    pool: &Pool,
    new: Option<&WebAuthnConfiguration>,
) -> Result<()> {
    let old = pool.settings.web_authn_configuration.as_ref().and_then(|one| one.relying_party_id.as_deref());
    let Some(new) = new.map(|new| new.relying_party_id.as_deref()).filter(|new| *new != old) else {
        return Ok(());
    };
    let refuse = |text: &'static str| Err(Error::AccessDenied(text.into()));
    if !pool.passkey_policy.related_origins.is_empty() {
        return refuse(
            "RelyingPartyId: the pool's RelatedOrigins were set for the present one; only an operator whose key is not bound to one user pool may change it.",
        );
    }
    let Some(rp_id) = new else { return Ok(()) };
    let domains = store::domains::list(&mut *db, &pool.id).await?;
    let below = |name: &str| name == rp_id || name.strip_suffix(rp_id).is_some_and(|rest| rest.ends_with('.'));
    let own = domains.iter().any(|one| one.certificate_arn.is_some() && below(&one.domain));
    if own || grants::allow_relying_party(&app.config, &pool.id, rp_id) {
        return Ok(());
    }
    refuse(
        "RelyingPartyId: a key that belongs to one user pool may set a name at or above the pool's custom domain, or one that the setting relying-party-ids lists.",
    )
}

/// Fails unless the RP ID is a registrable domain, a name below a registrable domain (WebAuthn section 5.1.3), or
/// `localhost` (for development).
fn check_rp_id(rp_id: &str) -> Result<()> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if rp_id == "localhost" {
        return Ok(());
    }
    if !rp_id.split('.').all(label) || rp_id.parse::<std::net::IpAddr>().is_ok() {
        return Err(Error::InvalidParameter(
            "RelyingPartyId must be a domain name in lower case, without scheme or port.".into(),
        ));
    }
    if psl::domain_str(rp_id).is_none() {
        return Err(Error::InvalidParameter(
            "RelyingPartyId must not be a public suffix: use a domain that you own.".into(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_rp_id;

    #[test]
    fn rp_ids_are_registrable_domains() {
        for good in ["localhost", "example.com", "login.example.co.uk", "xn--bcher-kva.example"] {
            assert!(check_rp_id(good).is_ok(), "{good}");
        }
        for bad in [
            "com",
            "co.uk",
            "github.io",
            "127.0.0.1",
            "https://example.com",
            "Example.com",
            "a..com",
            ".com",
            "example.com:443",
        ] {
            assert!(check_rp_id(bad).is_err(), "{bad}");
        }
    }
}
