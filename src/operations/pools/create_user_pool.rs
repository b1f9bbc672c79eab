//! CreateUserPool: creates a pool with two signing keys.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPool.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    check_add_ons, check_addresses, check_factors, check_senders, check_triggers, first_factors, schema, shown,
    stored_members,
};
use crate::{
    app::App,
    caller::Operator,
    change::{Change, Changed},
    context::Context,
    error::{Error, Result},
    factor::{Factor, MfaConfiguration},
    random,
    store::audit::Event,
    store::{
        self,
        pools::{
            AcrLevel, AdminCreateUserConfig, Branding, DeviceConfiguration, PasskeyPolicy, PasswordPolicy, Policies,
            Pool, PoolSettings, SchemaAttribute, SessionsOnDelete, SignInPolicy, UpdateSettings, UsernameConfiguration,
        },
    },
    tokens,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    pub pool_name: String,
    #[serde(default)]
    pub policies: PoliciesInput,
    #[serde(default)]
    pub deletion_protection: Option<String>,
    #[serde(default)]
    pub mfa_configuration: Option<MfaConfiguration>,
    #[serde(default)]
    pub schema: Vec<SchemaAttribute>,
    #[serde(default)]
    pub username_attributes: Vec<String>,
    #[serde(default)]
    pub alias_attributes: Vec<String>,
    #[serde(default)]
    pub auto_verified_attributes: Vec<String>,
    #[serde(default)]
    pub user_attribute_update_settings: UpdateSettings,
    #[serde(default)]
    pub username_configuration: Option<UsernameConfiguration>,
    #[serde(default)]
    pub admin_create_user_config: AdminCreateUserConfig,
    #[serde(default)]
    pub device_configuration: Option<DeviceConfiguration>,
    #[serde(default)]
    pub acr_configuration: BTreeMap<String, AcrLevel>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub struct PoliciesInput {
    pub password_policy: Option<PasswordPolicy>,
    pub sign_in_policy: Option<SignInPolicyInput>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub struct SignInPolicyInput {
    pub allowed_first_auth_factors: Option<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    user_pool: Value,
}

pub async fn handle(app: &App, context: &Context, operator: Operator, request: Request) -> Result<Changed<Response>> {
    let created = make(app, async || operator.begin(app, context, "").await, request).await?;
    let user_pool = shown(app, &created).await?;
    Ok(created.with(Response { user_pool }))
}

/// Creates a pool on behalf of the server itself, for the demo at the first start.
pub async fn create(app: &App, request: Request) -> Result<Pool> {
    make(app, async || Change::by_service(app, "").await, request).await.map(Changed::into_inner)
}

async fn make<'a>(
    app: &'a App,
    begin: impl AsyncFnOnce() -> Result<Change<'a>>,
    request: Request,
) -> Result<Changed<Pool>> {
    let factors = request.policies.sign_in_policy.and_then(|policy| policy.allowed_first_auth_factors);
    let factors = factors.map(|named| first_factors(&named)).transpose()?;
    let settings = PoolSettings {
        policies: Policies {
            password_policy: request.policies.password_policy.unwrap_or_default(),
            sign_in_policy: SignInPolicy {
                allowed_first_auth_factors: factors.unwrap_or_else(|| vec![Factor::Password]),
            },
        },
        deletion_protection: request.deletion_protection.unwrap_or_else(|| "INACTIVE".into()),
        mfa_configuration: request.mfa_configuration.unwrap_or_default(),
        software_token_mfa_configuration: None,
        // If the pool can send text messages, it has MFA by text message (API reference: CreateUserPool,
        // SmsConfiguration).
        sms_mfa_configuration: sms_mfa(&request.rest),
        email_mfa_configuration: None,
        schema_attributes: schema::of_new_pool(request.schema)?,
        username_attributes: request.username_attributes,
        alias_attributes: request.alias_attributes,
        auto_verified_attributes: request.auto_verified_attributes,
        user_attribute_update_settings: request.user_attribute_update_settings,
        username_configuration: request.username_configuration,
        admin_create_user_config: request.admin_create_user_config,
        device_configuration: request.device_configuration,
        acr_configuration: request.acr_configuration,
        web_authn_configuration: None,
        rest: stored_members(&request.rest),
    };
    check_factors(&settings)?;
    check_addresses(&settings)?;
    check_triggers(&settings)?;
    check_add_ons(app, &settings)?;
    let (access, id) =
        tokio::task::spawn_blocking(|| (tokens::new_key(), tokens::new_key())).await.map_err(Error::internal)?;
    let ((access_public, access_private), (id_public, id_private)) = (access?, id?);
    let now = app.clock.now();
    let mut pool = Pool {
        id: String::new(),
        name: request.pool_name,
        settings,
        sessions_on_passkey_delete: SessionsOnDelete::Keep,
        passkey_policy: PasskeyPolicy::default(),
        branding: Branding::default(),
        created_at: now,
        updated_at: now,
    };
    check_senders(app, &pool, None, false)?;
    let mut change = begin().await?;
    loop {
        pool.id = format!("{}_{}", app.config.region, random::pool_suffix());
        if store::pools::insert(&mut change, &pool).await? {
            break;
        }
    }
    change.pool_id.clone_from(&pool.id);
    store::keys::insert(&mut change, &app.sealing, &pool.id, "access", &access_public, &access_private, now).await?;
    store::keys::insert(&mut change, &app.sealing, &pool.id, "id", &id_public, &id_private, now).await?;
    change.commit(Event::PoolCreated.of_pool(), pool).await
}

/// The configuration of MFA by text message, if the request configures text messages.
pub fn sms_mfa(rest: &Map<String, Value>) -> Option<Value> {
    let configuration = rest.get("SmsConfiguration")?;
    let mut out = json!({"SmsConfiguration": configuration});
    if let Some(message) = rest.get("SmsAuthenticationMessage") {
        out["SmsAuthenticationMessage"] = message.clone();
    }
    Some(out)
}
