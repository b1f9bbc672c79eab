//! What a pool has beside its users: resource servers, domains, tags.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{TestServer, all, make_pool, pool};

async fn make_server(server: &TestServer, identifier: &str) -> Value {
    let scopes = json!([{"ScopeName": "read", "ScopeDescription": "reads"}]);
    let input = json!({"UserPoolId": pool(), "Identifier": identifier, "Name": "photos", "Scopes": scopes});
    server.operator("CreateResourceServer", input).await.ok()["ResourceServer"].clone()
}

#[tokio::test]
async fn a_resource_server_is_made_changed_listed_and_removed() {
    let server = TestServer::start().await;
    let made = make_server(&server, "https://photos.example").await;
    assert_eq!(made["Scopes"], json!([{"ScopeName": "read", "ScopeDescription": "reads"}]));
    let named = json!({"UserPoolId": pool(), "Identifier": "https://photos.example"});
    assert_eq!(server.operator("DescribeResourceServer", named.clone()).await.ok()["ResourceServer"], made);
    let mut again = named.clone();
    again["Name"] = json!("again");
    let refusal = server.operator("CreateResourceServer", again.clone()).await.refused();
    let text = format!("https://photos.example already exists in user pool {}.", pool());
    assert_eq!(refusal, format!("400 InvalidParameterException: {text}"));
    let updated = server.operator("UpdateResourceServer", again).await.ok()["ResourceServer"].clone();
    assert_eq!((&updated["Name"], updated.get("Scopes")), (&json!("again"), None));
    make_server(&server, "albums").await;
    let mut page = json!({"UserPoolId": pool(), "MaxResults": 1});
    let first = server.operator("ListResourceServers", page.clone()).await.ok();
    assert_eq!(first["ResourceServers"][0]["Identifier"], "albums");
    page["NextToken"] = first["NextToken"].clone();
    let second = server.operator("ListResourceServers", page).await.ok();
    assert_eq!(second["ResourceServers"], json!([updated]));
    assert_eq!(second.get("NextToken"), None);
    assert_eq!(server.operator("DeleteResourceServer", named.clone()).await.text, "");
    for operation in ["DescribeResourceServer", "DeleteResourceServer"] {
        let refusal = server.operator(operation, named.clone()).await.refused();
        let text = "Resource server https://photos.example does not exist.";
        assert_eq!(refusal, format!("400 ResourceNotFoundException: {text}"));
    }
}

#[tokio::test]
async fn a_pool_has_25_resource_servers_at_most_however_many_come_at_once() {
    let server = Arc::new(TestServer::start().await);
    for n in 0..20 {
        make_server(&server, &format!("server-{n}")).await;
    }
    let making = (0..15).map(|n| {
        let input = json!({"UserPoolId": pool(), "Identifier": format!("more-{n}"), "Name": "more"});
        let server = server.clone();
        async move { server.operator("CreateResourceServer", input).await.outcome() }
    });
    let outcomes = all(making).await;
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "OK").count(), 5, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "LimitExceededException").count(), 10, "{outcomes:?}");
}

#[tokio::test]
async fn clients_may_be_allowed_the_scopes_that_exist() {
    let server = TestServer::start().await;
    make_server(&server, "photos").await;
    let client = |scope: &str| {
        json!({"UserPoolId": pool(), "ClientName": "x", "CallbackURLs": ["https://a.example"], "AllowedOAuthScopes": [scope],
            "AllowedOAuthFlows": ["code"], "AllowedOAuthFlowsUserPoolClient": true})
    };
    for known in ["photos/read", "openid"] {
        server.operator("CreateUserPoolClient", client(known)).await.ok();
    }
    for unknown in ["photos/write", "photos", "other/read", "photos/"] {
        let refusal = server.operator("CreateUserPoolClient", client(unknown)).await.refused();
        assert_eq!(refusal, format!("400 ScopeDoesNotExistException: Invalid scope requested: {unknown}"));
    }
}

#[tokio::test]
async fn contradictory_oauth_settings_are_refused() {
    let server = TestServer::start().await;
    let cases = [
        (json!({"AllowedOAuthFlowsUserPoolClient": true}), "InvalidParameterException"),
        (json!({"AllowedOAuthFlows": ["client_credentials", "code"]}), "InvalidOAuthFlowException"),
        (json!({"AllowedOAuthFlows": ["client_credentials"]}), "InvalidOAuthFlowException"),
        (
            json!({"AllowedOAuthFlows": ["client_credentials"], "GenerateSecret": true, "AllowedOAuthScopes": ["email"]}),
            "InvalidOAuthFlowException",
        ),
        (
            json!({"AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"], "AllowedOAuthFlowsUserPoolClient": true}),
            "InvalidOAuthFlowException",
        ),
        (
            json!({"CallbackURLs": ["http://shop.example/"], "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"], "AllowedOAuthFlowsUserPoolClient": true}),
            "InvalidParameterException",
        ),
        (
            json!({"CallbackURLs": ["/relative"], "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"], "AllowedOAuthFlowsUserPoolClient": true}),
            "InvalidParameterException",
        ),
        (
            json!({"LogoutURLs": ["https://shop.example/#part"], "CallbackURLs": ["https://a.example"], "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"], "AllowedOAuthFlowsUserPoolClient": true}),
            "InvalidParameterException",
        ),
        (json!({"DefaultRedirectURI": "https://shop.example/"}), "InvalidParameterException"),
        (json!({"SupportedIdentityProviders": ["Google"]}), "InvalidParameterException"),
        (
            json!({"CallbackURLs": ["http://localhost:3000/", "myapp://back", "https://shop.example/?a=b"],
                "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"], "AllowedOAuthFlowsUserPoolClient": true}),
            "OK",
        ),
        (json!({"CallbackURLs": ["anything"]}), "OK"),
    ];
    for (mut input, outcome) in cases {
        input["UserPoolId"] = json!(pool());
        input["ClientName"] = json!("x");
        assert_eq!(server.operator("CreateUserPoolClient", input.clone()).await.outcome(), outcome, "{input}");
    }
}

fn domain(pool_id: &str, name: &str) -> Value {
    json!({"UserPoolId": pool_id, "Domain": name})
}

fn custom_domain(pool_id: &str, name: &str, certificate: &str) -> Value {
    let arn = format!("arn:aws:acm:us-east-1:123456789012:certificate/{certificate}");
    json!({"UserPoolId": pool_id, "Domain": name, "CustomDomainConfig": {"CertificateArn": arn}})
}

#[tokio::test]
async fn a_pool_has_a_prefix_and_a_custom_domain() {
    let server = TestServer::start().await;
    assert_eq!(
        server.operator("CreateUserPoolDomain", domain(pool(), "shop")).await.ok(),
        json!({"ManagedLoginVersion": 1})
    );
    let custom = custom_domain(pool(), "auth.shop.example", "one");
    let made = server.operator("CreateUserPoolDomain", custom).await.ok();
    assert_eq!(made["CloudFrontDomain"], "auth.shop.example");
    let shown = server.operator("DescribeUserPool", json!({"UserPoolId": pool()})).await.ok()["UserPool"].clone();
    assert_eq!((&shown["Domain"], &shown["CustomDomain"]), (&json!("shop"), &json!("auth.shop.example")));
    let mut change = custom_domain(pool(), "auth.shop.example", "two");
    change["ManagedLoginVersion"] = json!(2);
    server.operator("UpdateUserPoolDomain", change).await.ok();
    let described = server.operator("DescribeUserPoolDomain", json!({"Domain": "auth.shop.example"})).await.ok();
    let described = &described["DomainDescription"];
    assert_eq!((&described["UserPoolId"], &described["ManagedLoginVersion"]), (&json!(pool()), &json!(2)));
    assert!(described["CustomDomainConfig"]["CertificateArn"].as_str().unwrap().ends_with("/two"));
    let refusal = server.operator("UpdateUserPoolDomain", custom_domain(pool(), "shop", "x")).await.refused();
    assert!(refusal.starts_with("400 ResourceNotFoundException"), "a prefix stays one: {refusal}");
    let refusal = server.operator("CreateUserPoolDomain", domain(pool(), "login.example.com")).await.refused();
    assert!(refusal.starts_with("400 InvalidParameterException: Domain: a prefix has no dots"), "{refusal}");
    for name in ["shop", "auth.shop.example"] {
        server.operator("DeleteUserPoolDomain", domain(pool(), name)).await.ok();
        let described = server.operator("DescribeUserPoolDomain", json!({"Domain": name})).await.ok();
        assert_eq!(described, json!({"DomainDescription": {}}));
    }
    let refusal = server.operator("DeleteUserPoolDomain", domain(pool(), "shop")).await.refused();
    assert_eq!(refusal, "400 InvalidParameterException: No such domain or user pool exists.");
}

#[tokio::test]
async fn a_domain_is_one_pools_and_keeps_it_from_being_deleted() {
    let server = Arc::new(TestServer::start().await);
    let (other, _) = make_pool(&server).await;
    let making = [pool(), &other].map(|pool_id| {
        let (server, input) = (server.clone(), domain(pool_id, "wanted"));
        async move { server.operator("CreateUserPoolDomain", input).await.outcome() }
    });
    let outcomes = all(making).await;
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "OK").count(), 1, "{outcomes:?}");
    let winner = if outcomes[0] == "OK" { pool() } else { &other };
    let loser = if outcomes[0] == "OK" { &other } else { pool() };
    let refusal = server.operator("CreateUserPoolDomain", domain(loser, "wanted")).await.refused();
    assert_eq!(refusal, "400 InvalidParameterException: Domain already associated with another user pool.");
    let refusal = server.operator("CreateUserPoolDomain", domain(winner, "second")).await.refused();
    assert_eq!(refusal, "400 InvalidParameterException: User pool already has a domain configured.");
    let refusal = server.operator("DeleteUserPool", json!({"UserPoolId": winner})).await.refused();
    let text = "User pool cannot be deleted. It has a domain configured that should be deleted first.";
    assert_eq!(refusal, format!("400 InvalidParameterException: {text}"));
    server.operator("DeleteUserPoolDomain", domain(winner, "wanted")).await.ok();
    make_server(&server, "photos").await;
    server.operator("DeleteUserPool", json!({"UserPoolId": winner})).await.ok();
}

#[tokio::test]
async fn a_pool_is_tagged_and_keeps_its_tags_when_it_is_updated() {
    let server = TestServer::start().await;
    let described = server.operator("DescribeUserPool", json!({"UserPoolId": pool()})).await.ok();
    let arn = described["UserPool"]["Arn"].clone();
    let tags = json!({"ResourceArn": arn, "Tags": {"team": "a", "stage": "test"}});
    server.operator("TagResource", tags).await.ok();
    server.operator("UntagResource", json!({"ResourceArn": arn, "TagKeys": ["stage", "none"]})).await.ok();
    server.operator("UpdateUserPool", json!({"UserPoolId": pool()})).await.ok();
    let listed = server.operator("ListTagsForResource", json!({"ResourceArn": arn})).await.ok();
    assert_eq!(listed, json!({"Tags": {"team": "a"}}));
    let described = server.operator("DescribeUserPool", json!({"UserPoolId": pool()})).await.ok();
    assert_eq!(described["UserPool"]["UserPoolTags"], json!({"team": "a"}));
    let many: serde_json::Map<_, _> = (0..50).map(|n| (format!("tag-{n}"), json!("x"))).collect();
    let refusal = server.operator("TagResource", json!({"ResourceArn": arn, "Tags": many})).await.refused();
    assert_eq!(refusal, "400 InvalidParameterException: A user pool may have 50 tags.");
    let gone = arn.as_str().unwrap().replace(pool(), "us-east-1_000000000");
    let refusal = server.operator("ListTagsForResource", json!({"ResourceArn": gone})).await.refused();
    assert!(refusal.starts_with("400 ResourceNotFoundException"), "{refusal}");
    let other = "arn:aws:s3:us-east-1:123456789012:bucket/x";
    let refusal = server.operator("ListTagsForResource", json!({"ResourceArn": other})).await.refused();
    assert!(refusal.starts_with("400 InvalidParameterException"), "{refusal}");
}
