//! The API: a file per operation, in a folder per family. This file is the table: one line per operation.
//!
//! A line names the handler; the handler's first argument after the call says who may reach it (see [`crate::caller`]).

mod account;
mod clients;
mod devices;
mod domains;
mod groups;
mod imports;
mod passkeys;
mod pools;
mod resource_servers;
mod sessions;
mod sign_in;
mod tags;
mod tokens;
mod users;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    app::App,
    budgets::Kind,
    call::Call,
    caller::Caller,
    error::{Error, Result},
    wire,
};

pub use clients::create_user_pool_client::create as create_client;
pub use imports::uploaded_to;
pub use pools::create_user_pool::create as create_pool;
pub use users::list_users::parse as parse_users_filter;

/// The operations that exist here, in the README's order. A test compares this list with [`call`] and the README.
pub const SUPPORTED: &[&str] = &[
    "CreateUserPool",
    "DescribeUserPool",
    "UpdateUserPool",
    "DeleteUserPool",
    "ListUserPools",
    "SetUserPoolMfaConfig",
    "GetUserPoolMfaConfig",
    "AddCustomAttributes",
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
    "CreateUserPoolDomain",
    "DescribeUserPoolDomain",
    "UpdateUserPoolDomain",
    "DeleteUserPoolDomain",
    "CreateResourceServer",
    "DescribeResourceServer",
    "UpdateResourceServer",
    "DeleteResourceServer",
    "ListResourceServers",
    "GetCSVHeader",
    "CreateUserImportJob",
    "StartUserImportJob",
    "DescribeUserImportJob",
    "ListUserImportJobs",
    "StopUserImportJob",
    "CreateUserPoolClient",
    "DescribeUserPoolClient",
    "UpdateUserPoolClient",
    "DeleteUserPoolClient",
    "ListUserPoolClients",
    "AddUserPoolClientSecret",
    "DeleteUserPoolClientSecret",
    "ListUserPoolClientSecrets",
    "AdminCreateUser",
    "AdminSetUserPassword",
    "AdminGetUser",
    "AdminDeleteUser",
    "AdminDisableUser",
    "AdminEnableUser",
    "AdminConfirmSignUp",
    "AdminUpdateUserAttributes",
    "AdminDeleteUserAttributes",
    "AdminResetUserPassword",
    "AdminSetUserMFAPreference",
    "AdminDeleteSoftwareToken",
    "AdminGetUserAuthFactors",
    "AdminListUserAuthEvents",
    "AdminUserGlobalSignOut",
    "AdminListUserSessions",
    "AdminRevokeUserSession",
    "ListUsers",
    "AdminListDevices",
    "AdminGetDevice",
    "AdminUpdateDeviceStatus",
    "AdminForgetDevice",
    "CreateGroup",
    "GetGroup",
    "UpdateGroup",
    "DeleteGroup",
    "ListGroups",
    "AdminAddUserToGroup",
    "AdminRemoveUserFromGroup",
    "AdminListGroupsForUser",
    "ListUsersInGroup",
    "AdminInitiateAuth",
    "AdminRespondToAuthChallenge",
    "SignUp",
    "ConfirmSignUp",
    "ResendConfirmationCode",
    "ForgotPassword",
    "ConfirmForgotPassword",
    "InitiateAuth",
    "RespondToAuthChallenge",
    "GetTokensFromRefreshToken",
    "RevokeToken",
    "GetUser",
    "GetUserAuthFactors",
    "UpdateUserAttributes",
    "DeleteUserAttributes",
    "GetUserAttributeVerificationCode",
    "VerifyUserAttribute",
    "AssociateSoftwareToken",
    "VerifySoftwareToken",
    "SetUserMFAPreference",
    "ChangePassword",
    "DeleteUser",
    "GlobalSignOut",
    "ListUserSessions",
    "RevokeUserSession",
    "ConfirmDevice",
    "ListDevices",
    "GetDevice",
    "UpdateDeviceStatus",
    "ForgetDevice",
    "StartWebAuthnRegistration",
    "CompleteWebAuthnRegistration",
    "ListWebAuthnCredentials",
    "DeleteWebAuthnCredential",
];

/// Answers a call: the output as JSON text, or an error of the API.
pub async fn call(app: &App, call: &Call) -> Result<String> {
    match call.operation.as_str() {
        // pools
        "CreateUserPool" => answer(app, call, pools::create_user_pool::handle).await,
        "DescribeUserPool" => answer(app, call, pools::describe_user_pool::handle).await,
        "UpdateUserPool" => answer(app, call, pools::update_user_pool::handle).await,
        "DeleteUserPool" => answer(app, call, pools::delete_user_pool::handle).await,
        "ListUserPools" => answer(app, call, pools::list_user_pools::handle).await,
        "SetUserPoolMfaConfig" => answer(app, call, pools::set_user_pool_mfa_config::handle).await,
        "GetUserPoolMfaConfig" => answer(app, call, pools::get_user_pool_mfa_config::handle).await,
        "AddCustomAttributes" => answer(app, call, pools::add_custom_attributes::handle).await,
        // tags
        "TagResource" => answer(app, call, tags::tag_resource::handle).await,
        "UntagResource" => answer(app, call, tags::untag_resource::handle).await,
        "ListTagsForResource" => answer(app, call, tags::list_tags_for_resource::handle).await,
        // domains
        "CreateUserPoolDomain" => answer(app, call, domains::create_user_pool_domain::handle).await,
        "DescribeUserPoolDomain" => answer(app, call, domains::describe_user_pool_domain::handle).await,
        "UpdateUserPoolDomain" => answer(app, call, domains::update_user_pool_domain::handle).await,
        "DeleteUserPoolDomain" => answer(app, call, domains::delete_user_pool_domain::handle).await,
        // resource servers
        "CreateResourceServer" => answer(app, call, resource_servers::create_resource_server::handle).await,
        "DescribeResourceServer" => answer(app, call, resource_servers::describe_resource_server::handle).await,
        "UpdateResourceServer" => answer(app, call, resource_servers::update_resource_server::handle).await,
        "DeleteResourceServer" => answer(app, call, resource_servers::delete_resource_server::handle).await,
        "ListResourceServers" => answer(app, call, resource_servers::list_resource_servers::handle).await,
        // imports
        "GetCSVHeader" => answer(app, call, imports::get_csv_header::handle).await,
        "CreateUserImportJob" => answer(app, call, imports::create_user_import_job::handle).await,
        "StartUserImportJob" => answer(app, call, imports::start_user_import_job::handle).await,
        "DescribeUserImportJob" => answer(app, call, imports::describe_user_import_job::handle).await,
        "ListUserImportJobs" => answer(app, call, imports::list_user_import_jobs::handle).await,
        "StopUserImportJob" => answer(app, call, imports::stop_user_import_job::handle).await,
        // clients
        "CreateUserPoolClient" => answer(app, call, clients::create_user_pool_client::handle).await,
        "DescribeUserPoolClient" => answer(app, call, clients::describe_user_pool_client::handle).await,
        "UpdateUserPoolClient" => answer(app, call, clients::update_user_pool_client::handle).await,
        "DeleteUserPoolClient" => answer(app, call, clients::delete_user_pool_client::handle).await,
        "ListUserPoolClients" => answer(app, call, clients::list_user_pool_clients::handle).await,
        "AddUserPoolClientSecret" => answer(app, call, clients::add_user_pool_client_secret::handle).await,
        "DeleteUserPoolClientSecret" => answer(app, call, clients::delete_user_pool_client_secret::handle).await,
        "ListUserPoolClientSecrets" => answer(app, call, clients::list_user_pool_client_secrets::handle).await,
        // users
        "AdminCreateUser" => answer(app, call, users::admin_create_user::handle).await,
        "AdminSetUserPassword" => answer(app, call, users::admin_set_user_password::handle).await,
        "AdminGetUser" => answer(app, call, users::admin_get_user::handle).await,
        "AdminDeleteUser" => answer(app, call, users::admin_delete_user::handle).await,
        "AdminDisableUser" => answer(app, call, users::admin_disable_user::handle).await,
        "AdminEnableUser" => answer(app, call, users::admin_enable_user::handle).await,
        "AdminConfirmSignUp" => answer(app, call, users::admin_confirm_sign_up::handle).await,
        "AdminUpdateUserAttributes" => answer(app, call, users::admin_update_user_attributes::handle).await,
        "AdminDeleteUserAttributes" => answer(app, call, users::admin_delete_user_attributes::handle).await,
        "AdminResetUserPassword" => answer(app, call, users::admin_reset_user_password::handle).await,
        "AdminSetUserMFAPreference" => answer(app, call, users::admin_set_user_mfa_preference::handle).await,
        "AdminDeleteSoftwareToken" => answer(app, call, users::admin_delete_software_token::handle).await,
        "AdminListUserAuthEvents" => answer(app, call, users::admin_list_user_auth_events::handle).await,
        "AdminGetUserAuthFactors" => answer(app, call, users::admin_get_user_auth_factors::handle).await,
        "AdminUserGlobalSignOut" => answer(app, call, users::admin_user_global_sign_out::handle).await,
        "ListUsers" => answer(app, call, users::list_users::handle).await,
        // groups
        "CreateGroup" => answer(app, call, groups::create_group::handle).await,
        "GetGroup" => answer(app, call, groups::get_group::handle).await,
        "UpdateGroup" => answer(app, call, groups::update_group::handle).await,
        "DeleteGroup" => answer(app, call, groups::delete_group::handle).await,
        "ListGroups" => answer(app, call, groups::list_groups::handle).await,
        "AdminAddUserToGroup" => answer(app, call, groups::admin_add_user_to_group::handle).await,
        "AdminRemoveUserFromGroup" => answer(app, call, groups::admin_remove_user_from_group::handle).await,
        "AdminListGroupsForUser" => answer(app, call, groups::admin_list_groups_for_user::handle).await,
        "ListUsersInGroup" => answer(app, call, groups::list_users_in_group::handle).await,
        // sign-up and sign-in
        "SignUp" => answer(app, call, sign_in::sign_up::handle).await,
        "ConfirmSignUp" => answer(app, call, sign_in::confirm_sign_up::handle).await,
        "ResendConfirmationCode" => answer(app, call, sign_in::resend_confirmation_code::handle).await,
        "ForgotPassword" => answer(app, call, sign_in::forgot_password::handle).await,
        "ConfirmForgotPassword" => answer(app, call, sign_in::confirm_forgot_password::handle).await,
        "InitiateAuth" => answer(app, call, sign_in::initiate_auth::handle).await,
        "RespondToAuthChallenge" => answer(app, call, sign_in::respond_to_auth_challenge::handle).await,
        "AdminInitiateAuth" => answer(app, call, sign_in::admin_initiate_auth::handle).await,
        "AdminRespondToAuthChallenge" => answer(app, call, sign_in::admin_respond_to_auth_challenge::handle).await,
        // tokens
        "GetTokensFromRefreshToken" => answer(app, call, tokens::get_tokens_from_refresh_token::handle).await,
        "RevokeToken" => answer(app, call, tokens::revoke_token::handle).await,
        "GlobalSignOut" => answer(app, call, tokens::global_sign_out::handle).await,
        // sessions
        "ListUserSessions" => answer(app, call, sessions::list_user_sessions::handle).await,
        "RevokeUserSession" => answer(app, call, sessions::revoke_user_session::handle).await,
        "AdminListUserSessions" => answer(app, call, sessions::admin_list_user_sessions::handle).await,
        "AdminRevokeUserSession" => answer(app, call, sessions::admin_revoke_user_session::handle).await,
        // account
        "GetUser" => answer(app, call, account::get_user::handle).await,
        "GetUserAuthFactors" => answer(app, call, account::get_user_auth_factors::handle).await,
        "UpdateUserAttributes" => answer(app, call, account::update_user_attributes::handle).await,
        "DeleteUserAttributes" => answer(app, call, account::delete_user_attributes::handle).await,
        "GetUserAttributeVerificationCode" => {
            answer(app, call, account::get_user_attribute_verification_code::handle).await
        }
        "VerifyUserAttribute" => answer(app, call, account::verify_user_attribute::handle).await,
        "AssociateSoftwareToken" => answer(app, call, account::associate_software_token::handle).await,
        "VerifySoftwareToken" => answer(app, call, account::verify_software_token::handle).await,
        "SetUserMFAPreference" => answer(app, call, account::set_user_mfa_preference::handle).await,
        "ChangePassword" => answer(app, call, account::change_password::handle).await,
        "DeleteUser" => answer(app, call, account::delete_user::handle).await,
        // devices
        "ConfirmDevice" => answer(app, call, devices::confirm_device::handle).await,
        "ListDevices" => answer(app, call, devices::list_devices::handle).await,
        "GetDevice" => answer(app, call, devices::get_device::handle).await,
        "UpdateDeviceStatus" => answer(app, call, devices::update_device_status::handle).await,
        "ForgetDevice" => answer(app, call, devices::forget_device::handle).await,
        "AdminListDevices" => answer(app, call, devices::admin_list_devices::handle).await,
        "AdminGetDevice" => answer(app, call, devices::admin_get_device::handle).await,
        "AdminUpdateDeviceStatus" => answer(app, call, devices::admin_update_device_status::handle).await,
        "AdminForgetDevice" => answer(app, call, devices::admin_forget_device::handle).await,
        // passkeys
        "StartWebAuthnRegistration" => answer(app, call, passkeys::start_web_authn_registration::handle).await,
        "CompleteWebAuthnRegistration" => answer(app, call, passkeys::complete_web_authn_registration::handle).await,
        "ListWebAuthnCredentials" => answer(app, call, passkeys::list_web_authn_credentials::handle).await,
        "DeleteWebAuthnCredential" => answer(app, call, passkeys::delete_web_authn_credential::handle).await,
        other if wire::model().operation(other).is_some() => Err(Error::InvalidParameter(
            format!("The operation {other} is not supported by Keystead yet. The README lists those that are.").into(),
        )),
        _ => Err(Error::UnknownOperation("Unknown operation: X-Amz-Target names none of this API.".into())),
    }
}

/// Finds out who calls, checks the input, and runs the handler.
async fn answer<C: Caller, Q: DeserializeOwned, A: Serialize>(
    app: &App,
    call: &Call,
    handle: impl AsyncFn(&App, &Call, C, Q) -> Result<A>,
) -> Result<String> {
    let proof = C::prove(app, call).await?;
    let input = call.input()?;
    let caller = C::identify(app, call, proof, &input).await?;
    let _turn = match caller.user() {
        Some((pool_id, sub)) if call.kind() == Kind::Write => Some(app.turns.take(pool_id, &sub.to_string()).await?),
        _ => None,
    };
    let request = serde_json::from_value(Value::Object(input)).map_err(|_| Error::Serialization(None))?;
    let response = handle(app, call, caller, request).await.map_err(|error| declared(call, error))?;
    serde_json::to_string(&response).map_err(Error::internal)
}

/// The error in a form that the operation declares: flows are shared by operations that declare different ones, and typed
/// clients know only those.
fn declared(call: &Call, error: Error) -> Error {
    let declares = |name: &str| {
        let operation = wire::model().operation(&call.operation);
        operation.is_some_and(|operation| operation.errors.iter().any(|one| one == name))
    };
    match error {
        error if declares(error.code()) => error,
        Error::LimitExceeded(text) => Error::TooManyRequests(text),
        Error::AliasExists(text) | Error::CodeDeliveryFailure(text) => Error::InvalidParameter(text),
        other => other,
    }
}

/// The output of operations that have nothing to say.
#[derive(Serialize)]
struct Empty {}
