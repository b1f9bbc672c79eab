//! ListUsers' filter: any text is refused with an error of the API, or means the same when it is written out again.
#![no_main]

use keystead::{error::Error, operations::parse_users_filter, store::users::Field};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match parse_users_filter(text) {
        Ok(filter) => {
            let name = match &filter.field {
                Field::Username => "username",
                Field::Sub => "sub",
                Field::UserStatus => "cognito:user_status",
                Field::Enabled => "status",
                Field::Attribute(name) => name,
            };
            let sign = if filter.prefix { "^=" } else { "=" };
            let value = filter.value.replace('\\', r"\\").replace('"', "\\\"");
            assert_eq!(parse_users_filter(&format!("{name} {sign} \"{value}\"")).unwrap(), filter);
        }
        Err(error) => {
            assert!(matches!(error, Error::InvalidParameter(_)));
            assert!(error.to_string().len() < 512);
        }
    }
});
