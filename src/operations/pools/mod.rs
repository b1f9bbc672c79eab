//! User pools and their configuration.

pub(crate) mod add_custom_attributes;
pub(crate) mod create_user_pool;
pub(crate) mod delete_user_pool;
pub(crate) mod describe_user_pool;
pub(crate) mod get_log_delivery_configuration;
pub(crate) mod get_signing_certificate;
pub(crate) mod get_user_pool_mfa_config;
pub(crate) mod get_user_pool_session_configuration;
pub(crate) mod list_user_pools;
mod schema;
pub(crate) mod set_log_delivery_configuration;
pub(crate) mod set_user_pool_mfa_config;
pub(crate) mod set_user_pool_session_configuration;
pub(crate) mod update_user_pool;

use serde_json::{Map, Value, json};

use crate::{
    app::App,
    clock::epoch_seconds,
    delivery,
    error::{Error, Result},
    factor::{Factor, MfaConfiguration},
    grants,
    operations::{members, risk::protection},
    store::{
        self,
        pools::{Pool, PoolSettings},
    },
};

/// Settings that GetUserPoolMfaConfig shows and DescribeUserPool does not.
const MFA_MEMBERS: [&str; 4] =
    ["WebAuthnConfiguration", "SoftwareTokenMfaConfiguration", "SmsMfaConfiguration", "EmailMfaConfiguration"];

/// The made-up ID of the AWS account that all user pools seem to belong to.
pub const ACCOUNT_ID: &str = "000000000000";

/// A pool's Amazon Resource Name.
pub fn arn(app: &App, pool_id: &str) -> String {
    format!("arn:aws:cognito-idp:{}:{ACCOUNT_ID}:userpool/{pool_id}", app.config.region)
}

/// Returns a pool as a `UserPoolType`.
async fn shown(app: &App, pool: &Pool) -> Result<Value> {
    let mut out = match serde_json::to_value(&pool.settings).map_err(Error::internal)? {
        Value::Object(settings) => settings,
        _ => Map::new(),
    };
    for member in MFA_MEMBERS {
        out.remove(member);
    }
    members::POOL.add_defaults(&mut out);
    let mut put = |member: &str, value: Value| out.insert(member.to_owned(), value);
    let levels = (1..=4).map(|level| (format!("Level{level}"), json!({"AcrValue": pool.settings.acr_name(level)})));
    put("AcrConfiguration", Value::Object(levels.collect()));
    // The older members for messages repeat the texts of `VerificationMessageTemplate`.
    let template = out.get("VerificationMessageTemplate").cloned().unwrap_or_default();
    for (member, older) in [
        ("SmsMessage", "SmsVerificationMessage"),
        ("EmailSubject", "EmailVerificationSubject"),
        ("EmailMessage", "EmailVerificationMessage"),
    ] {
        if template[member].is_string() {
            out.insert(older.to_owned(), template[member].clone());
        }
    }
    // The older member `PreTokenGeneration` repeats the ARN in `PreTokenGenerationConfig`.
    if let Some(functions) = out.get_mut("LambdaConfig")
        && functions["PreTokenGenerationConfig"]["LambdaArn"].is_string()
    {
        functions["PreTokenGeneration"] = functions["PreTokenGenerationConfig"]["LambdaArn"].clone();
    }
    let mut put = |member: &str, value: Value| out.insert(member.to_owned(), value);
    put("Id", json!(pool.id));
    put("Name", json!(pool.name));
    put("Arn", json!(arn(app, &pool.id)));
    put("CreationDate", json!(epoch_seconds(pool.created_at)));
    put("LastModifiedDate", json!(epoch_seconds(pool.updated_at)));
    put("EstimatedNumberOfUsers", json!(store::users::estimate(&app.db, &pool.id).await?));
    for domain in store::domains::list(&app.db, &pool.id).await? {
        let member = if domain.certificate_arn.is_some() { "CustomDomain" } else { "Domain" };
        out.insert(member.to_owned(), json!(domain.domain));
    }
    Ok(Value::Object(out))
}

/// Makes a pool's name and settings from a request. `before` is the pool that the request updates, or `None` if the pool
/// is new.
fn configured(before: Option<&Pool>, request: &Map<String, Value>) -> Result<(String, PoolSettings)> {
    let sign_in = request.get("Policies").map(|policies| &policies["SignInPolicy"]["AllowedFirstAuthFactors"]);
    check_first_factors(sign_in.and_then(Value::as_array).map_or(&[], Vec::as_slice))?;
    let mut members = match before {
        Some(pool) => {
            let mut members = members::object(&pool.settings)?;
            members.insert("PoolName".into(), json!(pool.name));
            members::POOL.merged(members, request)
        }
        None => {
            let mut members = members::POOL.merged(Map::new(), request);
            let given = members.remove("Schema").map_or_else(|| Ok(Vec::new()), serde_json::from_value);
            let schema = schema::of_new_pool(given.map_err(|_| Error::Serialization(None))?)?;
            members.insert("SchemaAttributes".into(), json!(schema));
            members
        }
    };
    members.remove("UserPoolId");
    let name = members.remove("PoolName").and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
    let mut settings: PoolSettings = members::parsed(members)?;
    // If the pool can send text messages, it has MFA by text message (API reference: CreateUserPool, SmsConfiguration). An
    // update does not switch it on again if SetUserPoolMfaConfig has switched it off.
    let switched_off = before.is_some_and(|pool| {
        pool.settings.rest.contains_key("SmsConfiguration") && pool.settings.sms_mfa_configuration.is_none()
    });
    if let Some(configuration) = request.get("SmsConfiguration").filter(|_| !switched_off) {
        let mut mfa = json!({"SmsConfiguration": configuration});
        if let Some(message) = request.get("SmsAuthenticationMessage") {
            mfa["SmsAuthenticationMessage"] = message.clone();
        }
        settings.sms_mfa_configuration = Some(mfa);
    }
    Ok((name, settings))
}

/// Refuses mistakes and contradictions in a pool's settings of usernames, addresses and message templates.
fn check_addresses(settings: &PoolSettings) -> Result<()> {
    let refuse = |text: &'static str| Err(Error::InvalidParameter(text.into()));
    if !settings.username_attributes.is_empty() && !settings.alias_attributes.is_empty() {
        return refuse("Only one of the aliasAttributes or usernameAttributes can be set in a user pool.");
    }
    let before = &settings.user_attribute_update_settings.attributes_require_verification_before_update;
    if before.iter().any(|name| !settings.auto_verified_attributes.contains(name)) {
        return refuse(
            "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes",
        );
    }
    let template = settings.rest.get("VerificationMessageTemplate");
    let email = settings.rest.get("EmailConfiguration");
    for member in ["From", "ReplyToEmailAddress"] {
        let text = email.and_then(|email| email.get(member)).and_then(Value::as_str).unwrap_or_default();
        if !text.is_empty() && !delivery::is_mailbox(text) {
            return Err(Error::InvalidParameter(format!("EmailConfiguration.{member} is not an address.").into()));
        }
    }
    let invitation = settings.admin_create_user_config.invite_message_template.as_ref();
    let invitations = ["EmailMessage", "SMSMessage"].map(|member| invitation.and_then(|one| one.get(member)));
    // A message without the code would lock people out.
    let without_code = |text: Option<&Value>| text.and_then(Value::as_str).is_some_and(|text| !text.contains("{####}"));
    let texts = ["EmailMessage", "SmsMessage"].map(|member| template.and_then(|template| template.get(member)));
    let top = ["EmailVerificationMessage", "SmsVerificationMessage", "SmsAuthenticationMessage"];
    if texts.into_iter().chain(invitations).chain(top.map(|member| settings.rest.get(member))).any(without_code) {
        return refuse("A message template must contain the placeholder {####}.");
    }
    Ok(())
}

/// Refuses mail senders that the server's settings do not allow, as Amazon Cognito refuses identities of other
/// accounts.
///
/// On a local server, no mail reaches anyone by mistake, so there the settings restrict only keys that belong to one
/// pool. `before` is the pool before the change, or `None` if the pool is new. A key that belongs to the pool may keep
/// the senders that the pool already has.
fn check_senders(app: &App, pool: &Pool, before: Option<&Pool>, by_key_of_pool: bool) -> Result<()> {
    let old = before.map(grants::senders).unwrap_or_default();
    let free = !by_key_of_pool && app.config.is_local();
    for (member, sender) in grants::senders(pool) {
        let stays = by_key_of_pool && old.contains(&(member, sender));
        if !free && !stays && !grants::allow_sender(&app.config, &pool.id, sender) {
            let text = format!(
                "EmailConfiguration.{member}: {sender} is no sender of this server; its operator lists senders in the setting mail-senders."
            );
            return Err(Error::InvalidEmailRoleAccessPolicy(text.into()));
        }
    }
    Ok(())
}

/// Refuses add-ons that would protect users and have no effect here.
fn check_add_ons(app: &App, settings: &PoolSettings) -> Result<()> {
    let add_ons = settings.rest.get("UserPoolAddOns");
    protection::refuse(&app.config, add_ons.and_then(protection::of_add_ons))
}

/// Checks the triggers of a pool for contradictions and for what is not supported. As in Amazon Cognito, this does not
/// check whether the functions can be called.
fn check_triggers(settings: &PoolSettings) -> Result<()> {
    let Some(functions) = settings.rest.get("LambdaConfig") else { return Ok(()) };
    if functions.get("InboundFederation").is_some() {
        let text = "LambdaConfig.InboundFederation is not supported by Keystead; leave it out.";
        return Err(Error::InvalidParameter(text.into()));
    }
    let has_sender = ["CustomEmailSender", "CustomSMSSender"].iter().any(|member| functions.get(*member).is_some());
    if has_sender && functions.get("KMSKeyID").is_none() {
        return Err(Error::InvalidParameter(
            "LambdaConfig: CustomEmailSender and CustomSMSSender need KMSKeyID, the ARN of a key.".into(),
        ));
    }
    let (old, new) = (&functions["PreTokenGeneration"], &functions["PreTokenGenerationConfig"]["LambdaArn"]);
    if old.is_string() && new.is_string() && old != new {
        return Err(Error::InvalidParameter(
            "LambdaConfig: PreTokenGeneration and PreTokenGenerationConfig must name the same function.".into(),
        ));
    }
    Ok(())
}

/// Refuses names that are no first factors of a pool.
fn check_first_factors(named: &[Value]) -> Result<()> {
    let known = |name: &str| name.parse().is_ok_and(|factor: Factor| factor != Factor::PasswordSrp);
    match named.iter().filter_map(Value::as_str).find(|name| !known(name)) {
        Some(name) => Err(Error::InvalidParameter(
            format!("AllowedFirstAuthFactors: {name} is not supported by Keystead as a first factor.").into(),
        )),
        None => Ok(()),
    }
}

/// Checks the first factors, the MFA and the `acr` names of a pool for contradictions (docs/cognito.md 3.2).
fn check_factors(settings: &PoolSettings) -> Result<()> {
    let factors = &settings.policies.sign_in_policy.allowed_first_auth_factors;
    let refuse = |text: &'static str| Err(Error::InvalidParameter(text.into()));
    if !factors.contains(&Factor::Password) {
        return refuse("PASSWORD should be configured as one of the allowed first auth factors");
    }
    if settings.mfa_configuration == MfaConfiguration::On {
        if Factor::SENT.iter().any(|factor| factors.contains(factor)) {
            return refuse(
                "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled",
            );
        }
        let multi =
            settings.web_authn_configuration.as_ref().is_some_and(|w| w.factor_configuration != "SINGLE_FACTOR");
        if factors.contains(&Factor::WebAuthn) && !multi {
            return refuse("WEB_AUTHN cannot be used as an auth factor when MFA is enabled if not configured for MFA");
        }
    }
    let mut levels: Vec<_> = (1..=4).map(|level| settings.acr_name(level)).collect();
    levels.sort_unstable();
    levels.dedup();
    if levels.len() < 4 {
        return refuse("AcrConfiguration: each level needs a name of its own, default names included.");
    }
    let methods = [
        settings.software_token_mfa_configuration.as_ref().is_some_and(|one| one.enabled),
        settings.sms_mfa_configuration.is_some(),
        settings.email_mfa_configuration.is_some(),
    ];
    if settings.mfa_configuration != MfaConfiguration::Off && !methods.contains(&true) {
        return refuse(
            "SMS configuration and Auto verification for phone_number are required when MFA is required/optional",
        );
    }
    Ok(())
}
