//! The API's operations, one file each, in a folder per family. This file lists them in a table with one line per
//! operation.
//!
//! Each line names an operation's handler, and says whether the operation reads, writes, or writes only users.
//! Operators with the role `support` may call only operations that read or that write only users. The type of the
//! handler's argument after the context says who may call the operation (see [`crate::caller`]).

mod account;
mod branding;
mod clients;
#[cfg(test)]
mod conformance;
mod devices;
mod domains;
mod extensions;
mod groups;
mod imports;
pub mod members;
mod passkeys;
mod pools;
mod resource_servers;
mod risk;
mod sessions;
mod sign_in;
mod tags;
mod terms;
mod tokens;
mod users;

use std::pin::Pin;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    admission,
    app::App,
    budgets::Kind,
    call::{Access, Call},
    caller::{Bearer, Caller, Enroller, Operator, PublicClient, Recognized, RememberedClient, SignedIn},
    change::Changed,
    context::Context,
    error::{Error, Result},
    wire,
};

pub use clients::create_user_pool_client::create as create_client;
pub use imports::uploaded_to;
pub use pools::create_user_pool::create as create_pool;
pub use risk::protection;
pub use sessions::{Associated, session_id_of};
pub use users::list_users::parse as parse_users_filter;

/// Turns the table into the list of operations, the dispatch to their handlers, and (for a test) a function that lists
/// the input members that an operation does not read.
macro_rules! operations {
    (@answer Read, $app:ident, $call:ident, $handle:expr) => { boxed($app, $call, $handle) };
    (@answer $writes:ident, $app:ident, $call:ident, $handle:expr) => { boxed_write($app, $call, $handle) };
    ($($name:literal: $access:ident => $family:ident::$operation:ident,)*) => {
        /// The supported operations, in the README's order.
        pub const SUPPORTED: &[&str] = &[$($name),*];

        /// What an operation does to the data. An unknown name counts as a write; the call is refused anyway.
        pub fn access(operation: &str) -> Access {
            match operation {
                $($name => Access::$access,)*
                _ => Access::Write,
            }
        }

        /// Answers a call with the output as JSON text, or with an error of the API.
        pub async fn call(app: &App, call: &Call) -> Result<String> {
            match call.context.operation.as_str() {
                $($name => operations!(@answer $access, app, call, $family::$operation::handle).await,)*
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
    "CreateUserPool": Write => pools::create_user_pool,
    "DescribeUserPool": Read => pools::describe_user_pool,
    "UpdateUserPool": Write => pools::update_user_pool,
    "DeleteUserPool": Write => pools::delete_user_pool,
    "ListUserPools": Read => pools::list_user_pools,
    "SetUserPoolMfaConfig": Write => pools::set_user_pool_mfa_config,
    "GetUserPoolMfaConfig": Read => pools::get_user_pool_mfa_config,
    "SetUserPoolSessionConfiguration": Write => pools::set_user_pool_session_configuration,
    "GetUserPoolSessionConfiguration": Read => pools::get_user_pool_session_configuration,
    "SetLogDeliveryConfiguration": Write => pools::set_log_delivery_configuration,
    "GetLogDeliveryConfiguration": Read => pools::get_log_delivery_configuration,
    "AddCustomAttributes": Write => pools::add_custom_attributes,
    "GetSigningCertificate": Read => pools::get_signing_certificate,
    // risk
    "SetRiskConfiguration": Write => risk::set_risk_configuration,
    "DescribeRiskConfiguration": Read => risk::describe_risk_configuration,
    // tags
    "TagResource": Write => tags::tag_resource,
    "UntagResource": Write => tags::untag_resource,
    "ListTagsForResource": Read => tags::list_tags_for_resource,
    // domains
    "CreateUserPoolDomain": Write => domains::create_user_pool_domain,
    "DescribeUserPoolDomain": Read => domains::describe_user_pool_domain,
    "UpdateUserPoolDomain": Write => domains::update_user_pool_domain,
    "DeleteUserPoolDomain": Write => domains::delete_user_pool_domain,
    // resource servers
    "CreateResourceServer": Write => resource_servers::create_resource_server,
    "DescribeResourceServer": Read => resource_servers::describe_resource_server,
    "UpdateResourceServer": Write => resource_servers::update_resource_server,
    "DeleteResourceServer": Write => resource_servers::delete_resource_server,
    "ListResourceServers": Read => resource_servers::list_resource_servers,
    // import
    "GetCSVHeader": Read => imports::get_csv_header,
    "CreateUserImportJob": Write => imports::create_user_import_job,
    "StartUserImportJob": Write => imports::start_user_import_job,
    "DescribeUserImportJob": Read => imports::describe_user_import_job,
    "ListUserImportJobs": Read => imports::list_user_import_jobs,
    "StopUserImportJob": Write => imports::stop_user_import_job,
    // app clients
    "CreateUserPoolClient": Write => clients::create_user_pool_client,
    "DescribeUserPoolClient": Read => clients::describe_user_pool_client,
    "UpdateUserPoolClient": Write => clients::update_user_pool_client,
    "DeleteUserPoolClient": Write => clients::delete_user_pool_client,
    "ListUserPoolClients": Read => clients::list_user_pool_clients,
    "AddUserPoolClientSecret": Write => clients::add_user_pool_client_secret,
    "DeleteUserPoolClientSecret": Write => clients::delete_user_pool_client_secret,
    "ListUserPoolClientSecrets": Read => clients::list_user_pool_client_secrets,
    "SetUserPoolClientSessionConfiguration": Write => clients::set_user_pool_client_session_configuration,
    "GetUserPoolClientSessionConfiguration": Read => clients::get_user_pool_client_session_configuration,
    // branding
    "SetUICustomization": Write => branding::set_ui_customization,
    "GetUICustomization": Read => branding::get_ui_customization,
    "CreateManagedLoginBranding": Write => branding::create_managed_login_branding,
    "DescribeManagedLoginBranding": Read => branding::describe_managed_login_branding,
    "DescribeManagedLoginBrandingByClient": Read => branding::describe_managed_login_branding_by_client,
    "UpdateManagedLoginBranding": Write => branding::update_managed_login_branding,
    "DeleteManagedLoginBranding": Write => branding::delete_managed_login_branding,
    // terms
    "CreateTerms": Write => terms::create_terms,
    "DescribeTerms": Read => terms::describe_terms,
    "DescribeTermsByClient": Read => terms::describe_terms_by_client,
    "UpdateTerms": Write => terms::update_terms,
    "DeleteTerms": Write => terms::delete_terms,
    "ListTerms": Read => terms::list_terms,
    // users
    "AdminCreateUser": WriteUsers => users::admin_create_user,
    "AdminSetUserPassword": WriteUsers => users::admin_set_user_password,
    "AdminGetUser": Read => users::admin_get_user,
    "AdminDeleteUser": WriteUsers => users::admin_delete_user,
    "AdminDisableUser": WriteUsers => users::admin_disable_user,
    "AdminEnableUser": WriteUsers => users::admin_enable_user,
    "AdminConfirmSignUp": WriteUsers => users::admin_confirm_sign_up,
    "AdminUpdateUserAttributes": WriteUsers => users::admin_update_user_attributes,
    "AdminDeleteUserAttributes": WriteUsers => users::admin_delete_user_attributes,
    "AdminResetUserPassword": WriteUsers => users::admin_reset_user_password,
    "AdminSetUserMFAPreference": WriteUsers => users::admin_set_user_mfa_preference,
    "AdminSetUserSettings": WriteUsers => users::admin_set_user_settings,
    "AdminDeleteSoftwareToken": WriteUsers => users::admin_delete_software_token,
    "AdminGetUserAuthFactors": Read => users::admin_get_user_auth_factors,
    "AdminListUserAuthEvents": Read => users::admin_list_user_auth_events,
    "AdminUserGlobalSignOut": WriteUsers => users::admin_user_global_sign_out,
    "AdminListUserSessions": Read => sessions::admin_list_user_sessions,
    "AdminRevokeUserSession": WriteUsers => sessions::admin_revoke_user_session,
    "ListUsers": Read => users::list_users,
    // devices of users
    "AdminListDevices": Read => devices::admin_list_devices,
    "AdminGetDevice": Read => devices::admin_get_device,
    "AdminUpdateDeviceStatus": WriteUsers => devices::admin_update_device_status,
    "AdminForgetDevice": WriteUsers => devices::admin_forget_device,
    // groups
    "CreateGroup": Write => groups::create_group,
    "GetGroup": Read => groups::get_group,
    "UpdateGroup": Write => groups::update_group,
    "DeleteGroup": Write => groups::delete_group,
    "ListGroups": Read => groups::list_groups,
    "AdminAddUserToGroup": WriteUsers => groups::admin_add_user_to_group,
    "AdminRemoveUserFromGroup": WriteUsers => groups::admin_remove_user_from_group,
    "AdminListGroupsForUser": Read => groups::admin_list_groups_for_user,
    "ListUsersInGroup": Read => groups::list_users_in_group,
    // sign-in by a server
    "AdminInitiateAuth": WriteUsers => sign_in::admin_initiate_auth,
    "AdminRespondToAuthChallenge": WriteUsers => sign_in::admin_respond_to_auth_challenge,
    // sign-up and sign-in
    "SignUp": Write => sign_in::sign_up,
    "ConfirmSignUp": Write => sign_in::confirm_sign_up,
    "ResendConfirmationCode": Write => sign_in::resend_confirmation_code,
    "ForgotPassword": Write => sign_in::forgot_password,
    "ConfirmForgotPassword": Write => sign_in::confirm_forgot_password,
    "InitiateAuth": Write => sign_in::initiate_auth,
    "RespondToAuthChallenge": Write => sign_in::respond_to_auth_challenge,
    "GetTokensFromRefreshToken": Write => tokens::get_tokens_from_refresh_token,
    "RevokeToken": Write => tokens::revoke_token,
    // account
    "GetUser": Read => account::get_user,
    "GetUserAuthFactors": Read => account::get_user_auth_factors,
    "UpdateUserAttributes": Write => account::update_user_attributes,
    "DeleteUserAttributes": Write => account::delete_user_attributes,
    "GetUserAttributeVerificationCode": Write => account::get_user_attribute_verification_code,
    "VerifyUserAttribute": Write => account::verify_user_attribute,
    "AssociateSoftwareToken": Write => account::associate_software_token,
    "VerifySoftwareToken": Write => account::verify_software_token,
    "SetUserMFAPreference": Write => account::set_user_mfa_preference,
    "SetUserSettings": Write => account::set_user_settings,
    "ChangePassword": Write => account::change_password,
    "DeleteUser": Write => account::delete_user,
    "GlobalSignOut": Write => tokens::global_sign_out,
    "ListUserSessions": Read => sessions::list_user_sessions,
    "RevokeUserSession": Write => sessions::revoke_user_session,
    // devices
    "ConfirmDevice": Write => devices::confirm_device,
    "ListDevices": Read => devices::list_devices,
    "GetDevice": Read => devices::get_device,
    "UpdateDeviceStatus": Write => devices::update_device_status,
    "ForgetDevice": Write => devices::forget_device,
    // passkeys
    "StartWebAuthnRegistration": Write => passkeys::start_web_authn_registration,
    "CompleteWebAuthnRegistration": Write => passkeys::complete_web_authn_registration,
    "ListWebAuthnCredentials": Read => passkeys::list_web_authn_credentials,
    "DeleteWebAuthnCredential": Write => passkeys::delete_web_authn_credential,
    // Keystead's own: passkeys
    "UpdateWebAuthnCredential": Write => extensions::update_web_authn_credential,
    "ListWebAuthnCredentialDetails": Read => extensions::list_web_authn_credential_details,
    "GetPasskeySignals": Read => extensions::get_passkey_signals,
    // Keystead's own: passkeys of users, pools
    "AdminListWebAuthnCredentials": Read => extensions::admin_list_web_authn_credentials,
    "AdminDeleteWebAuthnCredential": WriteUsers => extensions::admin_delete_web_authn_credential,
    "SetUserPoolPasskeyPolicy": Write => extensions::set_user_pool_passkey_policy,
    "GetUserPoolPasskeyPolicy": Read => extensions::get_user_pool_passkey_policy,
    "SetUserPoolBranding": Write => extensions::set_user_pool_branding,
    "GetUserPoolBranding": Read => extensions::get_user_pool_branding,
    "SetUserPoolTokenSigning": Write => extensions::set_user_pool_token_signing,
    "GetUserPoolTokenSigning": Read => extensions::get_user_pool_token_signing,
}

/// The result that a writing operation must return, depending on its caller.
///
/// For users and operators, it is a [`Changed`], which proves that the change was audited or that the handler stated
/// why no audit row is needed. Handlers for a [`PublicClient`] or a [`RememberedClient`], such as those for signing up and signing in, write
/// their audit rows themselves and may return any type.
trait WrittenBy<C> {
    type Answer: Serialize;

    fn answer(self) -> Self::Answer;
}

impl<A: Serialize> WrittenBy<PublicClient> for A {
    type Answer = A;

    fn answer(self) -> A {
        self
    }
}

impl<A: Serialize> WrittenBy<RememberedClient> for A {
    type Answer = A;

    fn answer(self) -> A {
        self
    }
}

/// Implements [`WrittenBy`] for callers whose handlers must return a [`Changed`].
macro_rules! noted {
    ($($caller:ty),*) => {$(
        impl<A: Serialize> WrittenBy<$caller> for Changed<A> {
            type Answer = A;

            fn answer(self) -> A {
                self.into_inner()
            }
        }
    )*};
}

noted!(Operator, Bearer, SignedIn, Enroller);

type Answered<'a> = Pin<Box<dyn Future<Output = Result<String>> + 'a>>;

/// Calls [`answer`] with its future on the heap. Without that, the future of [`call`] would be as large as the largest
/// operation's. In builds without optimization, the stack frame of [`call`] would even reserve room for all operations
/// at once.
fn boxed<'a, C: Caller + 'a, Q: DeserializeOwned + 'a, A: Serialize + 'a>(
    app: &'a App,
    call: &'a Call,
    handle: impl AsyncFn(&App, &Context, C, Q) -> Result<A> + 'a,
) -> Answered<'a> {
    Box::pin(answer(app, call, handle, |answer| answer))
}

/// Like [`boxed`], for an operation that writes.
fn boxed_write<'a, C: Caller + 'a, Q: DeserializeOwned + 'a, W: WrittenBy<C> + 'a>(
    app: &'a App,
    call: &'a Call,
    handle: impl AsyncFn(&App, &Context, C, Q) -> Result<W> + 'a,
) -> Answered<'a> {
    Box::pin(answer(app, call, handle, W::answer))
}

/// Identifies the caller, checks the input, and runs the handler.
async fn answer<C: Caller, Q: DeserializeOwned, W, A: Serialize>(
    app: &App,
    call: &Call,
    handle: impl AsyncFn(&App, &Context, C, Q) -> Result<W>,
    unwrap: fn(W) -> A,
) -> Result<String> {
    let input = call.input();
    let recognized = input.as_ref().map_or(Ok(Recognized::Nobody), |input| C::recognize(app, call, input))?;
    recognized.count();
    let mut turn = None;
    if let Recognized::Bearer(bearer) = &recognized
        && call.access.kind() == Kind::Write
    {
        // The call waits for its user's turn before it takes a place among the requests being answered, because it
        // needs no place while it waits.
        turn = Some(app.user_queue.of_bearer(&bearer.pool_id, bearer.sub).await?);
    }
    // The call takes a place only now that its body has arrived, so that a slow sender takes up no place. (Calls by the
    // pages already have a place.)
    admission::sit().await?;
    let proof = C::prove(app, call).await?;
    let input = input?;
    let caller = C::identify(app, call, proof, recognized, &input).await?;
    if let Some((pool_id, sub)) = caller.user()
        && turn.is_none()
        && call.access.kind() == Kind::Write
    {
        turn = Some(app.user_queue.of_bearer(pool_id, sub).await?);
    }
    let request = serde_json::from_value(Value::Object(input)).map_err(|_| Error::Serialization(None))?;
    let context = Context { door: C::DOOR.unwrap_or(call.context.door), ..call.context.clone() };
    let response = handle(app, &context, caller, request).await.map_err(|error| declared(&context, error))?;
    drop(turn);
    serde_json::to_string(&unwrap(response)).map_err(Error::internal)
}

/// Turns some errors that the operation does not declare into more common ones. Flows are shared by operations that
/// declare different errors, and typed clients know only the errors that are declared.
fn declared(context: &Context, error: Error) -> Error {
    let declares = |name: &str| {
        let operation = wire::model().operation(&context.operation);
        operation.is_some_and(|operation| operation.errors.iter().any(|one| one == name))
    };
    match error {
        error if declares(error.code()) => error,
        Error::LimitExceeded(text) => Error::TooManyRequests(text),
        Error::AliasExists(text) | Error::CodeDeliveryFailure(text) => Error::InvalidParameter(text),
        other => other,
    }
}

/// The empty output of operations that return nothing.
#[derive(Serialize)]
struct Empty {}
