//! Operations on the signed-in user's own account.

pub(crate) mod associate_software_token;
pub(crate) mod change_password;
pub(crate) mod delete_user;
pub(crate) mod delete_user_attributes;
mod enrolling;
pub(crate) mod get_user;
pub(crate) mod get_user_attribute_verification_code;
pub(crate) mod get_user_auth_factors;
pub(crate) mod set_user_mfa_preference;
pub(crate) mod set_user_settings;
pub(crate) mod update_user_attributes;
pub(crate) mod verify_software_token;
pub(crate) mod verify_user_attribute;
