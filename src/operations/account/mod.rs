//! The signed-in user's own account.

pub mod change_password;
pub mod delete_user;
pub mod get_user;
pub mod get_user_auth_factors;
