//! The list of operations: the table, the service model and the README agree.

use keystead::{operations::SUPPORTED, wire::model};
use serde_json::json;

use crate::support::TestServer;

#[tokio::test]
async fn every_operation_of_the_list_is_reachable_and_no_other() {
    let server = TestServer::start().await;
    for operation in model().operation_names() {
        let refusal = server.operator(operation, json!({})).await.refused();
        let unbuilt = refusal.contains(&format!("The operation {operation} is not supported by Keystead yet"));
        assert_eq!(unbuilt, !SUPPORTED.contains(&operation), "{operation}: {refusal}");
    }
}

#[tokio::test]
async fn operations_ask_for_a_signature_exactly_where_the_model_does() {
    let server = TestServer::start().await;
    for operation in SUPPORTED {
        let outcome = server.call(operation, json!({})).await.outcome();
        let signed = model().operation(operation).expect(operation).signed;
        assert_eq!(outcome == "MissingAuthenticationTokenException", signed, "{operation}");
    }
}

#[test]
fn the_readmes_table_names_exactly_the_supported_operations() {
    let readme = include_str!("../../README.md");
    let table = readme.split("<!-- operations -->").nth(1).expect("the README marks its table of operations");
    let mut named: Vec<_> =
        table.split('`').skip(1).step_by(2).filter(|name| model().operation(name).is_some()).collect();
    let mut supported = SUPPORTED.to_vec();
    named.sort_unstable();
    supported.sort_unstable();
    assert_eq!(named, supported);
}
