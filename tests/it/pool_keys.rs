//! What the key of one user pool cannot take from the server and from other pools: host names, senders of mail, relying parties.

use serde_json::{Value, json};

use crate::support::{Browser, TestServer, pages_client, pool, pool_with};

const KEY: &str = "AKPOOL";

fn domain(pool_id: &str, name: &str, custom: bool) -> Value {
    let arn = "arn:aws:acm:us-east-1:123456789012:certificate/x";
    match custom {
        true => json!({"UserPoolId": pool_id, "Domain": name, "CustomDomainConfig": {"CertificateArn": arn}}),
        false => json!({"UserPoolId": pool_id, "Domain": name}),
    }
}

fn sender(pool_id: &str, member: &str, text: &str) -> Value {
    json!({"UserPoolId": pool_id, "EmailConfiguration": {"EmailSendingAccount": "DEVELOPER", member: text}})
}

fn relying_party(pool_id: &str, rp_id: &str) -> Value {
    json!({"UserPoolId": pool_id, "WebAuthnConfiguration": {"RelyingPartyId": rp_id}})
}

/// A server of another host, a pool, and a key of that pool alone.
async fn stage(args: &[&str]) -> (TestServer, String) {
    let all = [&["--public-url=https://id.example.com", "--own-hosts=keystead.internal"], args].concat();
    let server = TestServer::with(&all).await;
    let (other, _) = pool_with(&server, json!({}), json!({})).await;
    server.key(KEY, "administrator", Some(&other)).await;
    (server, other)
}

/// Whether the sign-in page of the first pool is shown under a host name.
async fn shows_sign_in(server: &TestServer, host: &str) -> bool {
    let mut browser = Browser::new(server);
    browser.headers.push(("host", host.into()));
    browser.get(&format!("/login?client_id={}", pages_client())).await.status == 200
}

#[tokio::test]
async fn custom_domains_are_added_by_deployment_operators_alone() {
    let (server, other) = stage(&[]).await;
    let input = domain(&other, "login.customer.example", true);
    assert_eq!(server.operator_as(KEY, "CreateUserPoolDomain", input.clone()).await.outcome(), "AccessDeniedException");
    assert!(shows_sign_in(&server, "login.customer.example").await);
    server.operator("CreateUserPoolDomain", input.clone()).await.ok();
    assert!(!shows_sign_in(&server, "login.customer.example").await, "it is the other pool's");
    // What it has, the key may change and give up.
    server.operator_as(KEY, "UpdateUserPoolDomain", input.clone()).await.ok();
    let input = json!({"UserPoolId": other, "Domain": "login.customer.example"});
    server.operator_as(KEY, "DeleteUserPoolDomain", input).await.ok();
}

#[tokio::test]
async fn the_servers_own_names_are_nobodys_domain() {
    let (server, other) = stage(&[]).await;
    for name in [
        "localhost",
        "keystead",
        "127.0.0.1",
        "10.0.0.1",
        "127.1",
        "2130706433",
        "id.example.com",
        "x.id.example.com",
        "keystead.internal",
    ] {
        for custom in [false, true] {
            // The first label of a host is a prefix like another, where it stands before this server's.
            if name == "keystead" && !custom {
                continue;
            }
            let input = domain(&other, name, custom);
            let refused = server.operator("CreateUserPoolDomain", input.clone()).await.refused();
            assert!(refused.starts_with("400 InvalidParameterException: Domain: "), "{name}: {refused}");
            assert_ne!(server.operator_as(KEY, "CreateUserPoolDomain", input).await.outcome(), "OK", "{name}");
        }
    }
}

#[tokio::test]
async fn a_prefix_stands_before_the_servers_host_and_nowhere_else() {
    let (server, other) = stage(&[]).await;
    server.operator_as(KEY, "CreateUserPoolDomain", domain(&other, "keystead", false)).await.ok();
    assert!(!shows_sign_in(&server, "keystead.id.example.com").await);
    for host in [
        "keystead",
        "keystead:9229",
        "keystead.",
        "keystead.internal",
        "id.example.com",
        "id.example.com:443",
        "localhost",
    ] {
        assert!(shows_sign_in(&server, host).await, "{host}");
    }
    // Rows of a release that took such names.
    for name in ["localhost", "127.0.0.1", "id.example.com"] {
        server.sql(&format!("UPDATE domains SET domain = '{name}'")).await;
        assert!(shows_sign_in(&server, name).await, "{name}");
    }
}

#[tokio::test]
async fn mail_comes_from_senders_that_the_settings_list() {
    let (server, other) =
        stage(&["--mail-senders=post@example.org,@example.net", "--mail-from=Us <us@example.com>"]).await;
    for member in ["From", "ReplyToEmailAddress"] {
        for (text, fits) in [
            (if member == "From" { "Us <us@example.com>" } else { "us@example.com" }, true),
            ("post@example.org", true),
            ("any@example.net", true),
            ("ceo@bank.example", false),
            ("post@example.org.evil.example", false),
        ] {
            for by_key_of_pool in [true, false] {
                let input = sender(&other, member, text);
                let answer = match by_key_of_pool {
                    true => server.operator_as(KEY, "UpdateUserPool", input).await,
                    false => server.operator("UpdateUserPool", input).await,
                };
                let expected = if fits { "OK" } else { "InvalidEmailRoleAccessPolicyException" };
                assert_eq!(answer.outcome(), expected, "{member} {text}");
            }
        }
    }
    let made = json!({"PoolName": "x", "EmailConfiguration": sender(&other, "From", "ceo@bank.example")["EmailConfiguration"]});
    assert_eq!(server.operator("CreateUserPool", made).await.outcome(), "InvalidEmailRoleAccessPolicyException");
}

#[tokio::test]
async fn senders_may_be_one_pools_and_on_a_local_server_operators_are_free() {
    let server = TestServer::configured(|config| {
        config.pools.insert(pool().into(), toml::from_str("mail_senders = ['shop@shop.example']").unwrap());
    })
    .await;
    let (other, _) = pool_with(&server, json!({}), json!({})).await;
    for (key, pool_id) in [("AKONE", pool()), ("AKTWO", other.as_str())] {
        server.key(key, "administrator", Some(pool_id)).await;
    }
    let one = server.operator_as("AKONE", "UpdateUserPool", sender(pool(), "From", "shop@shop.example")).await;
    let two = server.operator_as("AKTWO", "UpdateUserPool", sender(&other, "From", "shop@shop.example")).await;
    assert_eq!((one.outcome().as_str(), two.outcome().as_str()), ("OK", "InvalidEmailRoleAccessPolicyException"));
    server.operator("UpdateUserPool", sender(&other, "From", "shop@shop.example")).await.ok();
    server.operator_as("AKTWO", "UpdateUserPool", sender(&other, "From", "shop@shop.example")).await.ok();
}

#[tokio::test]
async fn a_key_of_one_pool_has_the_relying_parties_of_its_own_domain_and_of_the_settings() {
    let (server, other) = stage(&["--relying-party-ids=shared.example"]).await;
    server.operator("CreateUserPoolDomain", domain(&other, "login.customer.example", true)).await.ok();
    server.operator_as(KEY, "CreateUserPoolDomain", domain(&other, "shop", false)).await.ok();
    let set = async |rp_id: &str| {
        server.operator_as(KEY, "SetUserPoolMfaConfig", relying_party(&other, rp_id)).await.outcome()
    };
    for (rp_id, fits) in [
        ("customer.example", true),
        ("login.customer.example", true),
        ("shared.example", true),
        ("x.login.customer.example", false),
        ("mer.example", false),
        ("bank.example", false),
        ("example.com", false),
        ("localhost", false),
    ] {
        assert_eq!(set(rp_id).await, if fits { "OK" } else { "AccessDeniedException" }, "{rp_id}");
    }
    // What a deployment operator set may stay.
    server.operator("SetUserPoolMfaConfig", relying_party(&other, "bank.example")).await.ok();
    assert_eq!(set("bank.example").await, "OK");
    let local = TestServer::start().await;
    local.key(KEY, "administrator", Some(pool())).await;
    let answer = local.operator_as(KEY, "SetUserPoolMfaConfig", relying_party(pool(), "localhost")).await;
    assert_eq!(answer.outcome(), "OK");
}

#[tokio::test]
async fn related_origins_do_not_move_to_the_relying_party_of_another_pool() {
    let (server, other) = stage(&["--relying-party-ids=victim.example,own.example"]).await;
    server.operator("SetUserPoolMfaConfig", relying_party(pool(), "victim.example")).await.ok();
    server.operator("SetUserPoolMfaConfig", relying_party(&other, "own.example")).await.ok();
    let policy = json!({"UserPoolId": other, "PasskeyPolicy": {"RelatedOrigins": ["https://evil.example"]}});
    server.operator("SetUserPoolPasskeyPolicy", policy).await.ok();
    let moved = server.operator_as(KEY, "SetUserPoolMfaConfig", relying_party(&other, "victim.example")).await;
    assert_eq!(moved.outcome(), "AccessDeniedException");
    // The key could not set the name again.
    let cleared = json!({"UserPoolId": other, "WebAuthnConfiguration": {"UserVerification": "required"}});
    let cleared = server.operator_as(KEY, "SetUserPoolMfaConfig", cleared).await;
    assert_eq!(cleared.outcome(), "AccessDeniedException");
    let mut browser = Browser::new(&server);
    browser.headers.push(("host", "victim.example".into()));
    assert_eq!(browser.get("/.well-known/webauthn").await.status, 404);
}
