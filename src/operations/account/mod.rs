//! The signed-in user's own account.

pub mod associate_software_token;
pub mod change_password;
pub mod delete_user;
pub mod delete_user_attributes;
mod enrolling;
pub mod get_user;
pub mod get_user_attribute_verification_code;
pub mod get_user_auth_factors;
pub mod set_user_mfa_preference;
pub mod update_user_attributes;
pub mod verify_software_token;
pub mod verify_user_attribute;
