//! Every limit has a number, a test, and an off switch: budgets, quotas, the web ACL.

use serde_json::json;

use crate::support::{TestServer, client, pool};

fn acl(toml: &str) -> keystead::config::tables::AclRules {
    toml::from_str(toml).unwrap()
}

#[tokio::test]
async fn a_users_reads_and_writes_have_budgets_of_their_own() {
    let server = TestServer::with(&["--user-reads-per-second=3", "--user-writes-per-second=2"]).await;
    let (ada, eve) = (server.signed_in("ada").await, server.signed_in("eve").await);
    let mut outcomes = Vec::new();
    for _ in 0..5 {
        outcomes.push(ada.call("GetUser", json!({})).await.outcome());
    }
    assert_eq!(outcomes[..3], ["OK", "OK", "OK"]);
    assert!(outcomes.contains(&"TooManyRequestsException".to_owned()), "{outcomes:?}");
    let mut outcomes = Vec::new();
    for _ in 0..4 {
        outcomes.push(ada.delete_passkey("AAAA").await.outcome());
    }
    assert_eq!(outcomes[..2], ["ResourceNotFoundException", "ResourceNotFoundException"]);
    assert!(outcomes.contains(&"TooManyRequestsException".to_owned()), "{outcomes:?}");
    eve.call("GetUser", json!({})).await.ok();
}

#[tokio::test]
async fn an_address_has_a_budget() {
    let server = TestServer::with(&["--address-requests-per-second=2"]).await;
    let mut outcomes = Vec::new();
    for _ in 0..5 {
        outcomes.push(server.call("GetUser", json!({"AccessToken": "a"})).await.outcome());
    }
    assert!(outcomes.contains(&"TooManyRequestsException".to_owned()), "{outcomes:?}");
}

#[tokio::test]
async fn an_address_without_a_budget_left_is_told_so_at_every_document() {
    let server = TestServer::with(&["--address-requests-per-second=1"]).await;
    let keys = format!("/{}/.well-known/jwks.json", pool());
    for path in [keys.as_str(), "/assets/logo/x/1", "/.well-known/webauthn"] {
        let mut refused = Vec::new();
        for _ in 0..20 {
            let status = server.http.get(format!("{}{path}", server.url)).send().await.unwrap().status().as_u16();
            if ![200, 404].contains(&status) {
                refused.push(status);
            }
        }
        assert!(!refused.is_empty() && refused.iter().all(|status| *status == 429), "{path}: {refused:?}");
    }
}

#[tokio::test]
async fn deletions_have_an_hourly_quota_when_it_is_set() {
    let server = TestServer::with(&["--passkey-deletions-per-hour=1"]).await;
    let mut ada = server.signed_in("ada").await;
    let (first, second) = (ada.add_passkey().await, {
        ada.authenticator = Default::default();
        ada.add_passkey().await
    });
    assert_eq!(ada.delete_passkey(&first).await.outcome(), "OK");
    let refusal = ada.delete_passkey(&second).await.refused();
    assert_eq!(refusal, "400 LimitExceededException: A user may delete 1 passkeys in an hour; try again later.");
    server.clock.advance(time::Duration::minutes(59));
    assert_eq!(ada.delete_passkey(&second).await.outcome(), "LimitExceededException");
    ada.sign_in().await;
    server.clock.advance(time::Duration::minutes(2));
    assert_eq!(ada.delete_passkey(&second).await.outcome(), "OK");
}

#[tokio::test]
async fn the_web_acl_blocks_networks_on_every_operation() {
    let server = TestServer::configured(|config| config.web_acl = acl("block = ['127.0.0.0/8']")).await;
    for operation in keystead::operations::SUPPORTED {
        let answer = server.call(operation, json!({})).await;
        assert_eq!((answer.status, answer.outcome().as_str()), (400, "ForbiddenException"), "{operation}");
    }
    let health = server.http.get(format!("{}/health/live", server.url)).send().await.unwrap();
    assert_eq!(health.status(), 200);
}

#[tokio::test]
async fn a_pools_web_acl_covers_every_kind_of_caller_of_that_pool_alone() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let other = server.operator("CreateUserPool", json!({"PoolName": "other"})).await.ok()["UserPool"]["Id"].clone();
    let guarded = TestServer::on(
        server.options(),
        {
            let mut config = crate::support::config(&[]);
            config.web_acl = acl(&format!("[pools.'{}']\nallow = ['10.0.0.0/8']", pool()));
            config
        },
        server.clock.clone(),
    )
    .await;
    let by_token = ada.at(&guarded).delete_passkey("AAAA").await;
    assert_eq!(
        by_token.refused(),
        "400 ForbiddenException: Request not allowed by the web ACL; ask the server's operator."
    );
    let by_client = guarded.call("InitiateAuth", json!({"ClientId": client(), "AuthFlow": "USER_AUTH"})).await;
    assert_eq!(by_client.outcome(), "ForbiddenException");
    let by_operator = guarded.operator("DescribeUserPool", json!({"UserPoolId": pool()})).await;
    assert_eq!(by_operator.outcome(), "ForbiddenException");
    guarded.operator("DescribeUserPool", json!({"UserPoolId": other})).await.ok();
}

#[tokio::test]
async fn the_web_acl_counts_requests_per_address() {
    let server = TestServer::configured(|config| config.web_acl = acl("requests_per_five_minutes = 3")).await;
    let mut outcomes = Vec::new();
    for _ in 0..4 {
        outcomes.push(server.call("GetUser", json!({"AccessToken": "a"})).await.outcome());
    }
    assert_eq!(outcomes[3], "ForbiddenException");
    assert_eq!(outcomes[2], "NotAuthorizedException");
}

#[tokio::test]
async fn the_clients_address_is_believed_from_trusted_proxies_only() {
    let rules = "block = ['203.0.113.0/24']";
    let ask = async |server: &TestServer, forwarded: &str| {
        server.post("GetUser", r#"{"AccessToken":"a"}"#, &[("x-forwarded-for", forwarded)]).await.outcome()
    };
    let direct = TestServer::configured(|config| config.web_acl = acl(rules)).await;
    assert_eq!(ask(&direct, "203.0.113.9").await, "NotAuthorizedException", "anyone can write the header");
    let behind = TestServer::configured(|config| {
        config.web_acl = acl(rules);
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
    })
    .await;
    assert_eq!(ask(&behind, "203.0.113.9").await, "ForbiddenException");
    assert_eq!(ask(&behind, "203.0.113.9, 10.0.0.1").await, "ForbiddenException", "a chain of trusted proxies");
    assert_eq!(
        ask(&behind, "203.0.113.9, 198.51.100.1").await,
        "NotAuthorizedException",
        "only the last untrusted address counts"
    );
}

#[tokio::test]
async fn an_address_that_a_trusted_proxy_writes_is_read_in_every_form_or_refused() {
    let server = TestServer::configured(|config| {
        config.web_acl = acl("block = ['2001:db8::/32']");
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let ask = async |forwarded: &str| {
        server.post("GetUser", r#"{"AccessToken":"a"}"#, &[("x-forwarded-for", forwarded)]).await.outcome()
    };
    for blocked in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711", "203.0.113.9, [2001:db8::1]"] {
        assert_eq!(ask(blocked).await, "ForbiddenException", "{blocked}");
    }
    for unreadable in ["unknown", "203.0.113.9, unknown", "[2001:db8::1", "2001:db8::1]:80", "a.example:80", ""] {
        assert_eq!(ask(unreadable).await, "MalformedHttpRequestException", "{unreadable}");
        let document = format!("/{}/.well-known/jwks.json", pool());
        for path in [document.as_str(), "/login", "/oauth2/userInfo", "/assets/logo/x/1", "/.well-known/webauthn"] {
            let request = server.http.get(format!("{}{path}", server.url)).header("x-forwarded-for", unreadable);
            assert_eq!(request.send().await.unwrap().status(), 400, "{path}");
        }
    }
    let own = server.post("GetUser", r#"{"AccessToken":"a"}"#, &[]).await;
    assert_eq!(own.outcome(), "NotAuthorizedException", "the proxy's own request");
}

#[tokio::test]
async fn a_flood_of_password_sign_ins_is_refused_and_the_rest_goes_on() {
    let server = TestServer::with(&[
        "--password-queue=2",
        "--password-threads=1",
        "--password-memory-kib=65536",
        "--free-password-failures=0",
    ])
    .await;
    let ada = server.signed_in("ada").await;
    let outcomes = crate::support::all((0..40).map(|_| {
        let ada = ada.clone();
        async move { ada.password_sign_in(client(), "Wrong-passw0rd").await.outcome() }
    }));
    let (outcomes, read) = tokio::join!(outcomes, ada.call("GetUser", json!({})));
    read.ok();
    assert!(outcomes.iter().any(|outcome| outcome == "TooManyRequestsException"), "{outcomes:?}");
    assert!(
        outcomes
            .iter()
            .all(|outcome| ["TooManyRequestsException", "NotAuthorizedException"].contains(&outcome.as_str()))
    );
}

#[tokio::test]
async fn a_revoked_token_does_not_use_up_its_users_budget() {
    let server = TestServer::with(&["--user-reads-per-second=4"]).await;
    let stolen = server.signed_in("ada").await;
    let mut ada = stolen.clone();
    ada.sign_in().await;
    let revoked = json!({"ClientId": client(), "Token": stolen.refresh_token});
    assert_eq!(server.call("RevokeToken", revoked).await.outcome(), "OK");
    let mut outcomes = Vec::new();
    for _ in 0..20 {
        outcomes.push(stolen.call("GetUser", json!({})).await.outcome());
    }
    assert!(outcomes.contains(&"TooManyRequestsException".to_owned()), "{outcomes:?}");
    for _ in 0..3 {
        ada.call("GetUser", json!({})).await.ok();
    }
}

#[tokio::test]
async fn an_ipv6_network_is_counted_as_one_address() {
    use keystead::budgets::Budgets;
    let mut config = crate::support::config(&[]);
    config.address_requests_per_second = 2;
    let budgets = Budgets::new(&config);
    let spend = |address: &str| budgets.spend_address(address.parse().unwrap()).is_ok();
    assert!(spend("2001:db8::1") && spend("2001:db8::2") && !spend("2001:db8::3"));
    assert!(spend("2001:db8:0:1::1") && spend("192.0.2.1") && spend("192.0.2.2") && spend("192.0.2.1"));
}

#[tokio::test]
async fn addresses_without_end_are_counted_by_larger_networks() {
    use std::net::{IpAddr, Ipv4Addr};

    use keystead::budgets::Budgets;
    let mut config = crate::support::config(&[]);
    config.address_sign_ins_per_minute = 1;
    let budgets = Budgets::new(&config);
    let spend = |address: IpAddr| budgets.spend_sign_in("pool", address).is_ok();
    let address = |n: u32| Ipv4Addr::from_bits((10 << 24) + n).into();
    for n in 0..=200_000 {
        assert!(spend(address(n)), "{n}");
    }
    assert_eq!((0xc8_0000..0xc8_2000).filter(|n| spend(address(*n))).count(), 1, "all of one network of 16 bits");
    assert!(spend("192.0.2.1".parse().unwrap()) && !spend("192.0.9.9".parse().unwrap()));
    assert!(spend("2001:db8:ffff::1".parse().unwrap()) && !spend("2001:db8:ffff:1::1".parse().unwrap()));
}

#[tokio::test]
async fn a_blocked_address_gets_no_public_documents_either() {
    let server = TestServer::configured(|config| config.web_acl = acl("block = ['127.0.0.0/8']")).await;
    for document in ["jwks.json", "openid-configuration"] {
        let url = format!("{}/{}/.well-known/{document}", server.url, pool());
        assert_eq!(server.http.get(url).send().await.unwrap().status(), 403, "{document}");
    }
}
