//! The API: a file per operation, in a folder per family. This file is the table: one line per operation.
//!
//! A line names the handler; the handler's first argument after the call says who may reach it (see [`crate::caller`]).

mod account;
mod clients;
#[cfg(test)]
mod conformance;
mod devices;
mod domains;
mod extensions;
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

use std::pin::Pin;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    admission,
    app::App,
    budgets::Kind,
    call::Call,
    caller::{Caller, Recognized},
    error::{Error, Result},
    wire,
};

pub use clients::create_user_pool_client::create as create_client;
pub use imports::uploaded_to;
pub use pools::create_user_pool::create as create_pool;
pub use sessions::{Associated, session_id_of};
pub use users::list_users::parse as parse_users_filter;

/// Makes of one line per operation the list, the dispatch, and (for a test) what each operation does not read.
macro_rules! operations {
    ($($name:literal => $family:ident::$operation:ident,)*) => {
        /// The operations that exist here, in the README's order.
        pub const SUPPORTED: &[&str] = &[$($name),*];

        /// Answers a call: the output as JSON text, or an error of the API.
        pub async fn call(app: &App, call: &Call) -> Result<String> {
            match call.operation.as_str() {
                $($name => boxed(app, call, $family::$operation::handle).await,)*
                other if wire::model().operation(other).is_some() => Err(Error::InvalidParameter(
                    format!("The operation {other} is not supported by Keystead yet. The README lists those that are.").into(),
                )),
                _ => Err(Error::UnknownOperation("Unknown operation: X-Amz-Target names none of this API.".into())),
            }
        }

        #[cfg(test)]
        fn unread(operation: &str, input: Value) -> Vec<String> {
            match operation {
                $($name => conformance::unread_by(input, $family::$operation::handle),)*
                _ => Vec::new(),
            }
        }
    };
}

operations! {
    // pools
    "CreateUserPool" => pools::create_user_pool,
    "DescribeUserPool" => pools::describe_user_pool,
    "UpdateUserPool" => pools::update_user_pool,
    "DeleteUserPool" => pools::delete_user_pool,
    "ListUserPools" => pools::list_user_pools,
    "SetUserPoolMfaConfig" => pools::set_user_pool_mfa_config,
    "GetUserPoolMfaConfig" => pools::get_user_pool_mfa_config,
    "SetUserPoolSessionConfiguration" => pools::set_user_pool_session_configuration,
    "GetUserPoolSessionConfiguration" => pools::get_user_pool_session_configuration,
    "AddCustomAttributes" => pools::add_custom_attributes,
    // tags
    "TagResource" => tags::tag_resource,
    "UntagResource" => tags::untag_resource,
    "ListTagsForResource" => tags::list_tags_for_resource,
    // domains
    "CreateUserPoolDomain" => domains::create_user_pool_domain,
    "DescribeUserPoolDomain" => domains::describe_user_pool_domain,
    "UpdateUserPoolDomain" => domains::update_user_pool_domain,
    "DeleteUserPoolDomain" => domains::delete_user_pool_domain,
    // resource servers
    "CreateResourceServer" => resource_servers::create_resource_server,
    "DescribeResourceServer" => resource_servers::describe_resource_server,
    "UpdateResourceServer" => resource_servers::update_resource_server,
    "DeleteResourceServer" => resource_servers::delete_resource_server,
    "ListResourceServers" => resource_servers::list_resource_servers,
    // import
    "GetCSVHeader" => imports::get_csv_header,
    "CreateUserImportJob" => imports::create_user_import_job,
    "StartUserImportJob" => imports::start_user_import_job,
    "DescribeUserImportJob" => imports::describe_user_import_job,
    "ListUserImportJobs" => imports::list_user_import_jobs,
    "StopUserImportJob" => imports::stop_user_import_job,
    // app clients
    "CreateUserPoolClient" => clients::create_user_pool_client,
    "DescribeUserPoolClient" => clients::describe_user_pool_client,
    "UpdateUserPoolClient" => clients::update_user_pool_client,
    "DeleteUserPoolClient" => clients::delete_user_pool_client,
    "ListUserPoolClients" => clients::list_user_pool_clients,
    "AddUserPoolClientSecret" => clients::add_user_pool_client_secret,
    "DeleteUserPoolClientSecret" => clients::delete_user_pool_client_secret,
    "ListUserPoolClientSecrets" => clients::list_user_pool_client_secrets,
    // users
    "AdminCreateUser" => users::admin_create_user,
    "AdminSetUserPassword" => users::admin_set_user_password,
    "AdminGetUser" => users::admin_get_user,
    "AdminDeleteUser" => users::admin_delete_user,
    "AdminDisableUser" => users::admin_disable_user,
    "AdminEnableUser" => users::admin_enable_user,
    "AdminConfirmSignUp" => users::admin_confirm_sign_up,
    "AdminUpdateUserAttributes" => users::admin_update_user_attributes,
    "AdminDeleteUserAttributes" => users::admin_delete_user_attributes,
    "AdminResetUserPassword" => users::admin_reset_user_password,
    "AdminSetUserMFAPreference" => users::admin_set_user_mfa_preference,
    "AdminDeleteSoftwareToken" => users::admin_delete_software_token,
    "AdminGetUserAuthFactors" => users::admin_get_user_auth_factors,
    "AdminListUserAuthEvents" => users::admin_list_user_auth_events,
    "AdminUserGlobalSignOut" => users::admin_user_global_sign_out,
    "AdminListUserSessions" => sessions::admin_list_user_sessions,
    "AdminRevokeUserSession" => sessions::admin_revoke_user_session,
    "ListUsers" => users::list_users,
    // devices of users
    "AdminListDevices" => devices::admin_list_devices,
    "AdminGetDevice" => devices::admin_get_device,
    "AdminUpdateDeviceStatus" => devices::admin_update_device_status,
    "AdminForgetDevice" => devices::admin_forget_device,
    // groups
    "CreateGroup" => groups::create_group,
    "GetGroup" => groups::get_group,
    "UpdateGroup" => groups::update_group,
    "DeleteGroup" => groups::delete_group,
    "ListGroups" => groups::list_groups,
    "AdminAddUserToGroup" => groups::admin_add_user_to_group,
    "AdminRemoveUserFromGroup" => groups::admin_remove_user_from_group,
    "AdminListGroupsForUser" => groups::admin_list_groups_for_user,
    "ListUsersInGroup" => groups::list_users_in_group,
    // sign-in by a server
    "AdminInitiateAuth" => sign_in::admin_initiate_auth,
    "AdminRespondToAuthChallenge" => sign_in::admin_respond_to_auth_challenge,
    // sign-up and sign-in
    "SignUp" => sign_in::sign_up,
    "ConfirmSignUp" => sign_in::confirm_sign_up,
    "ResendConfirmationCode" => sign_in::resend_confirmation_code,
    "ForgotPassword" => sign_in::forgot_password,
    "ConfirmForgotPassword" => sign_in::confirm_forgot_password,
    "InitiateAuth" => sign_in::initiate_auth,
    "RespondToAuthChallenge" => sign_in::respond_to_auth_challenge,
    "GetTokensFromRefreshToken" => tokens::get_tokens_from_refresh_token,
    "RevokeToken" => tokens::revoke_token,
    // account
    "GetUser" => account::get_user,
    "GetUserAuthFactors" => account::get_user_auth_factors,
    "UpdateUserAttributes" => account::update_user_attributes,
    "DeleteUserAttributes" => account::delete_user_attributes,
    "GetUserAttributeVerificationCode" => account::get_user_attribute_verification_code,
    "VerifyUserAttribute" => account::verify_user_attribute,
    "AssociateSoftwareToken" => account::associate_software_token,
    "VerifySoftwareToken" => account::verify_software_token,
    "SetUserMFAPreference" => account::set_user_mfa_preference,
    "ChangePassword" => account::change_password,
    "DeleteUser" => account::delete_user,
    "GlobalSignOut" => tokens::global_sign_out,
    "ListUserSessions" => sessions::list_user_sessions,
    "RevokeUserSession" => sessions::revoke_user_session,
    // devices
    "ConfirmDevice" => devices::confirm_device,
    "ListDevices" => devices::list_devices,
    "GetDevice" => devices::get_device,
    "UpdateDeviceStatus" => devices::update_device_status,
    "ForgetDevice" => devices::forget_device,
    // passkeys
    "StartWebAuthnRegistration" => passkeys::start_web_authn_registration,
    "CompleteWebAuthnRegistration" => passkeys::complete_web_authn_registration,
    "ListWebAuthnCredentials" => passkeys::list_web_authn_credentials,
    "DeleteWebAuthnCredential" => passkeys::delete_web_authn_credential,
    // Keystead's own: passkeys
    "UpdateWebAuthnCredential" => extensions::update_web_authn_credential,
    "ListWebAuthnCredentialDetails" => extensions::list_web_authn_credential_details,
    "GetPasskeySignals" => extensions::get_passkey_signals,
    // Keystead's own: passkeys of users, pools
    "AdminListWebAuthnCredentials" => extensions::admin_list_web_authn_credentials,
    "AdminDeleteWebAuthnCredential" => extensions::admin_delete_web_authn_credential,
    "SetUserPoolPasskeyPolicy" => extensions::set_user_pool_passkey_policy,
    "GetUserPoolPasskeyPolicy" => extensions::get_user_pool_passkey_policy,
    "SetUserPoolBranding" => extensions::set_user_pool_branding,
    "GetUserPoolBranding" => extensions::get_user_pool_branding,
}

/// [`answer`] on the heap: a future that held the state of every operation would be as large as the largest, and the stack
/// of a build without optimization would have room for all of them at once.
fn boxed<'a, C: Caller + 'a, Q: DeserializeOwned + 'a, A: Serialize + 'a>(
    app: &'a App,
    call: &'a Call,
    handle: impl AsyncFn(&App, &Call, C, Q) -> Result<A> + 'a,
) -> Pin<Box<dyn Future<Output = Result<String>> + 'a>> {
    Box::pin(answer(app, call, handle))
}

/// Finds out who calls, checks the input, and runs the handler.
async fn answer<C: Caller, Q: DeserializeOwned, A: Serialize>(
    app: &App,
    call: &Call,
    handle: impl AsyncFn(&App, &Call, C, Q) -> Result<A>,
) -> Result<String> {
    let input = call.input();
    let recognized = input.as_ref().map_or(Ok(Recognized::Nobody), |input| C::recognize(app, call, input))?;
    recognized.count();
    let mut turn = None;
    if let Recognized::Bearer(bearer) = &recognized
        && call.kind() == Kind::Write
    {
        // Before there is a place: who waits needs none.
        turn = Some(app.turns.of_bearer(&bearer.pool_id, bearer.sub).await?);
    }
    // Not before the body is here: a slow sender takes nobody's place. (Visits to the pages have a place already.)
    admission::sit().await?;
    let proof = C::prove(app, call).await?;
    let input = input?;
    let caller = C::identify(app, call, proof, recognized, &input).await?;
    if let Some((pool_id, sub)) = caller.user()
        && turn.is_none()
        && call.kind() == Kind::Write
    {
        turn = Some(app.turns.of_bearer(pool_id, sub).await?);
    }
    let request = serde_json::from_value(Value::Object(input)).map_err(|_| Error::Serialization(None))?;
    let response = handle(app, call, caller, request).await.map_err(|error| declared(call, error))?;
    drop(turn);
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
