//! Request parsing and constraints: any body of any operation is an error of the API or an input that stays as it is
//! when it is checked again.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use keystead::{
    call::{Call, Head},
    context::{Context, Door},
    error::Error,
    operations::SUPPORTED,
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use uuid::Uuid;

fn call(operation: &str, body: Vec<u8>) -> Call {
    Call {
        context: Context {
            request_id: Uuid::nil(),
            operation: operation.to_owned(),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            door: Door::Api,
            browser: None,
            user_agent: None,
        },
        access: keystead::operations::access(operation),
        head: Head { method: "POST".into(), uri: "/".into(), headers: Vec::new() },
        body: Bytes::from(body),
        max_nesting: 64,
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((which, body)) = keystead_fuzz::kind(data) else { return };
    let operation = SUPPORTED[usize::from(which) % SUPPORTED.len()];
    match call(operation, body.to_vec()).input() {
        Ok(input) => {
            let json: Value = serde_json::from_slice(body).expect("what was accepted is JSON");
            assert!(json.is_object());
            let again = call(operation, serde_json::to_vec(&input).unwrap()).input();
            assert_eq!(again.expect("what was accepted once is accepted again"), input);
        }
        Err(error) => {
            assert!(matches!(error, Error::Serialization(_) | Error::InvalidParameter(_)), "{error:?}");
            assert_eq!(error.status(), 400);
            // A message repeats some of the input, and not all of a long one.
            assert!(error.to_string().len() < 128 * 1024);
        }
    }
});
