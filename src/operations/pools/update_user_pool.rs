//! UpdateUserPool: replaces a pool's configuration.
//!
//! These keep their values if the request omits them: the name, the tags, `MfaConfiguration`,
//! `UserAttributeUpdateSettings` and the members of `Policies`. `LambdaConfig` does so too if the operator's key is
//! bound to one pool. Other omitted members go back to their defaults (docs/cognito.md 3.3). The request has no members
//! for the schema, the username configuration and the WebAuthn configuration, which also stay.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPool.html>

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    check_add_ons, check_addresses, check_factors, check_senders, check_triggers,
    create_user_pool::{PoliciesInput, sms_mfa},
    first_factors, stored_members,
};
use crate::{
    app::App,
    caller::Operator,
    change::Changed,
    context::Context,
    error::{Error, Result},
    factor::MfaConfiguration,
    operations::Empty,
    store::audit::Event,
    store::{
        self,
        pools::{AcrLevel, AdminCreateUserConfig, DeviceConfiguration, UpdateSettings},
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    user_pool_id: String,
    #[serde(default)]
    pool_name: Option<String>,
    #[serde(default)]
    policies: PoliciesInput,
    #[serde(default)]
    deletion_protection: Option<String>,
    #[serde(default)]
    mfa_configuration: Option<MfaConfiguration>,
    #[serde(default)]
    auto_verified_attributes: Vec<String>,
    #[serde(default)]
    user_attribute_update_settings: Option<UpdateSettings>,
    #[serde(default)]
    admin_create_user_config: AdminCreateUserConfig,
    #[serde(default)]
    device_configuration: Option<DeviceConfiguration>,
    #[serde(default)]
    acr_configuration: BTreeMap<String, AcrLevel>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Empty>> {
    let mut change = operator.begin(app, context, &request.user_pool_id).await?;
    let mut pool = change.pool().await?;
    let before = pool.clone();
    if let Some(name) = request.pool_name {
        pool.name = name;
    }
    let settings = &mut pool.settings;
    if let Some(policy) = request.policies.password_policy {
        settings.policies.password_policy = policy;
    }
    if let Some(factors) = request.policies.sign_in_policy.and_then(|policy| policy.allowed_first_auth_factors) {
        settings.policies.sign_in_policy.allowed_first_auth_factors = first_factors(&factors)?;
    }
    settings.deletion_protection = request.deletion_protection.unwrap_or_else(|| "INACTIVE".into());
    if let Some(mfa) = request.mfa_configuration {
        settings.mfa_configuration = mfa;
    }
    if let Some(mfa) = sms_mfa(&request.rest) {
        settings.sms_mfa_configuration = Some(mfa);
    }
    settings.admin_create_user_config = request.admin_create_user_config;
    settings.device_configuration = request.device_configuration;
    settings.acr_configuration = request.acr_configuration;
    let functions = settings.rest.get("LambdaConfig").cloned().unwrap_or_else(|| json!({}));
    // The functions of all pools are called at the same addresses. So a key that belongs to one pool must not change
    // `LambdaConfig`: its operator could make the pool call the functions of other pools.
    let changes = |new: &Value| without_older(new.clone()) != without_older(functions.clone());
    if operator.is_bound && request.rest.get("LambdaConfig").is_some_and(changes) {
        return Err(Error::AccessDenied(
            "LambdaConfig: only an operator whose key is not bound to one user pool may change it.".into(),
        ));
    }
    // An operator who may not change the functions must not reset them by omission either.
    let kept = (operator.is_bound && !request.rest.contains_key("LambdaConfig")).then_some(functions);
    // Tags have operations of their own, and the tier stays too (docs/cognito.md 3.3), unless the request has them.
    let stay = ["UserPoolTags", "UserPoolTier"].map(|member| (member, settings.rest.remove(member)));
    settings.rest = stored_members(&request.rest);
    for (member, value) in stay {
        if let (Some(value), false) = (value, request.rest.contains_key(member)) {
            settings.rest.insert(member.into(), value);
        }
    }
    if let Some(functions) = kept {
        settings.rest.insert("LambdaConfig".into(), functions);
    }
    settings.auto_verified_attributes = request.auto_verified_attributes;
    let kept = &settings.user_attribute_update_settings.attributes_require_verification_before_update;
    match request.user_attribute_update_settings {
        Some(update) => settings.user_attribute_update_settings = update,
        // For attributes that are no longer verified automatically, the kept `UserAttributeUpdateSettings` would have
        // no effect, and nobody would notice that.
        None => {
            if let Some(name) = kept.iter().find(|name| !settings.auto_verified_attributes.contains(name)) {
                return Err(Error::InvalidParameter(
                    format!("AutoVerifiedAttributes lacks {name}, which UserAttributeUpdateSettings has verified before an update: list it, or send these settings too.").into(),
                ));
            }
        }
    }
    check_factors(settings)?;
    check_addresses(settings)?;
    check_triggers(settings)?;
    check_add_ons(app, settings)?;
    check_senders(app, &pool, Some(&before), operator.is_bound)?;
    let now = change.at();
    let changed = store::pools::update(&mut change, &pool, now).await?;
    change.commit_if(changed, Event::PoolUpdated.of_pool(), Empty {}).await
}

/// Returns `LambdaConfig` without the older member `PreTokenGeneration`, which DescribeUserPool shows in addition to
/// `PreTokenGenerationConfig`.
fn without_older(mut functions: Value) -> Value {
    if functions["PreTokenGenerationConfig"].is_object()
        && let Some(functions) = functions.as_object_mut()
    {
        functions.remove("PreTokenGeneration");
    }
    functions
}
